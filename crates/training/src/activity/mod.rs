//! School-based activities (校本研修活动, LEARN-4): planned, held, recorded, approved.
//!
//! An organiser **plans** an activity; while it is **open** a code is shown in the room and those
//! who are there sign in with it; afterwards the list is mended by hand where it must be, with a
//! reason, the **minutes** are written, and both are **submitted**. The school **approves**, and
//! the hours of everyone on the list are reported to the ledger; an approval that is withdrawn
//! takes them back. Where the school has nobody but the organiser who may approve, the project offices
//! above it do.
//!
//! Tables: `activity`, `attendance`, `attendance_miss`.
//!
//! Invariants: hours are booked by an approval and by nothing else, each approval once; nobody
//! approves what they planned; an approved list is not edited; what is not over is not approved;
//! of two activities at the same time the ledger takes one by itself.

mod actions;
mod model;
mod pages;
mod store;
#[cfg(test)]
mod tests;

pub use actions::{
    APPROVERS, ORGANISERS, SOURCE, activity, approve, cancel, close, count_miss, enlist, hand_back, open,
    plan, replan, sign_in, strike, submit, withdraw_approval, write_record,
};
pub use model::{Activity, ActivityError, Attendee, Form, Overlap, Plan, State, Step};
pub use pages::routes;
pub use store::{follow, keeps_of};
