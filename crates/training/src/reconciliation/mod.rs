//! Reconciling with a platform, month by month (对账, MON-6).
//!
//! A **month** is that of the work. The ledger's lines of a platform are held against the
//! **statement** that the institution hands in as a file: by number where both have the same, by the
//! record that the platform sent, else by teacher, course and hours; what differs is named to the line. Each
//! side confirms the figures that it has seen; when both have confirmed the same, the month is
//! agreed. What comes or is taken back later changes the figures, and the month says so until both
//! have confirmed again.
//!
//! What the list of months shows is kept: what stands in the ledger is counted again after it has changed, and
//! `tisheng verify` holds it against a fresh count.
//!
//! Tables: `month_sheet`, `month_line`, `month_ledger`.
//!
//! Invariants: nobody confirms figures other than those of the moment; a statement changes nothing
//! in the ledger.

mod actions;
mod file;
mod kept;
mod model;
mod pages;
mod pairing;
mod store;
#[cfg(test)]
mod tests;

pub use file::StatementFile;
pub use kept::{MARK_JOB, check_months, jobs, rebuild};
pub use pages::routes;
