//! What a teacher hands in.
