//! Handing hours over to another system of continuing education, year by year (LEARN-7).
//!
//! The scheme says **when**: once a teacher has a valid certificate, or once a year is over, of everybody
//! who has earned something. What a teacher has earned is **spread** over years: those of the work,
//! or those that the teacher **wished** for, as far as the scheme lets a year take it. A **batch**
//! is a file of what that system does not have yet: for each teacher of a year the difference
//! between what is right and what was handed over before, so that a correction is a line with the
//! difference, and asking again gives nothing twice: where nothing is new, there is no file. The **receipt** says of each line whether it
//! was registered or refused; what was refused is handed over again.
//!
//! Tables: `handover_wish`, `handover_batch`, `handover_line`, `handover_turn`. Invariants: the
//! lines of a teacher's year that were not refused add up to what was handed over; a wish never
//! changes the sum; the whole number of an identity paper stands in the file alone, and every file
//! taken leaves the look in the audit trail.

mod actions;
mod model;
mod pages;
mod receipt;
mod store;
#[cfg(test)]
mod tests;

pub use actions::{BATCH_JOB, jobs};
pub use pages::routes;
pub use receipt::ReceiptFile;
pub use store::follow;
