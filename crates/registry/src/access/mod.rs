//! Accounts, roles, signing in.
