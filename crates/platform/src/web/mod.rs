//! The web frame: who asks, forms with their errors, answers, pages and their layout.

pub mod assets;
pub mod device;
pub mod failure;
pub mod form;
pub mod layout;
pub mod menu;
pub mod once;
pub mod paging;
pub mod path;
pub mod rate;
pub mod serve;
pub mod session;
pub mod unsent;
pub mod upload;
pub mod whole;

pub use failure::Failure;
pub use form::{Checked, Fields, FormErrors};
pub use layout::Page;
pub use once::{Begun, Once};
pub use paging::{Cursor, Filters};
pub use path::Path;
pub use rate::Rate;

/// What a handler gives back.
pub type Answer = Result<axum::response::Response, Failure>;
