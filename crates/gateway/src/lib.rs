//! To other systems and back: whoever stands outside and is let in, or is asked.

mod jose;

pub mod door;
pub mod listening;
pub mod lrs;
pub mod lti;
