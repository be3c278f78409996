//! Dirty files.
