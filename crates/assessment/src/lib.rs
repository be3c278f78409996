//! Judging: evidence, review, certificates
