//! What is done with tools.

pub mod launch;
pub mod openings;
pub mod pick;
pub mod register;
pub mod scores;
pub mod tools;
