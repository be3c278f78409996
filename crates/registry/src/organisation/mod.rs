//! The tree of organisations.
