//! Programmes and the scheme each runs by.
