//! Who we are: organisations, people, accounts and roles, rosters.

pub mod role;

mod table;

pub mod organisation;

pub mod people;

pub mod access;

pub mod posting;

pub mod restructuring;

pub mod roster;

pub mod samples;

#[cfg(test)]
mod tests;
