//! What the policy is.

pub mod scheme;
