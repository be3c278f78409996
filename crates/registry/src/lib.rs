//! Who we are: organisations, people, accounts and roles, rosters.

pub mod organisation;
pub mod people;
pub mod access;
pub mod roster;
