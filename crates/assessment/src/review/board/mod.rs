//! The school's view of all its submissions, and the public notice.

mod pages;
pub(super) mod store;

pub(super) use pages::{board, notice, table};
