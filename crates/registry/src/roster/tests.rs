//! Stories of the loop, through its pages and its jobs.

mod days;
mod dirty;
mod list;
mod schools_and_roles;
mod teachers;
mod undoing;
mod world;
