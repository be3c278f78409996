//! Judging: evidence, review, certificates.

pub mod evidence;
pub mod review;
pub mod certificate;
