//! Stories of the loop, through its pages and its jobs.

mod dirty;
mod schools_and_roles;
mod teachers;
mod world;
