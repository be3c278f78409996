//! What is done at the door.

pub mod arrive;
pub mod keep;
pub mod leave;
pub mod link;
