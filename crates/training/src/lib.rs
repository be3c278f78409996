//! Training: hours, choice of capabilities, school activities.

pub mod activity;
pub mod hours;
pub mod selection;
mod table;
