//! The school's view of all its submissions, and the public notice.

mod pages;
pub(super) mod store;

pub use pages::sees_board;
pub(super) use pages::{board, notice, notice_page, table};
