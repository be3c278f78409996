//! Who we are: organisations, people, accounts and roles, rosters
