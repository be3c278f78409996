//! Judging: evidence, review, certificates, and what is handed over of them.

pub mod certificate;
pub mod evidence;
pub mod handover;
pub mod review;
