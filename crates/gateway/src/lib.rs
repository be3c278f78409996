//! To other systems and back.

pub mod lrs;
