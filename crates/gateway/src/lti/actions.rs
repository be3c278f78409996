//! What is done with tools.

pub mod launch;
pub mod pick;
pub mod register;
pub mod scores;
pub mod tools;
