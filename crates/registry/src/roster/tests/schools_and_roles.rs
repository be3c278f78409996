//! Rolls of schools and lists of roles.
