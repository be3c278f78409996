//! What a teacher hands in.

pub mod content;
pub mod model;
