//! Judging: evidence, review, certificates.

pub mod certificate;
pub mod evidence;
pub mod review;
