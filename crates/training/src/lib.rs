//! Training: hours, choice of capabilities, school activities.

pub mod hours;
pub mod selection;
pub mod activity;
