//! The learning platforms of training institutions (一网管理、分网学习, LEARN-2).
//!
//! A **platform** is run by one institution for one programme. Its name is the source under which
//! its hours stand in the ledger; it counts with its own length of an hour. Whatever it delivers,
//! by record store, LTI, API or file, leaves one **arrival** that says what became of it, so that
//! the office and the institution look at the same figures. One that has not delivered for longer
//! than agreed is **silent**.
//!
//! Tables: `platform`, `platform_column`, `platform_arrival`.
//!
//! Invariants: within a programme a name is one platform; a name that has hours under it is never
//! changed; every delivery that was acknowledged has its arrival in the same transaction.

mod actions;
mod model;
mod pages;
pub mod samples;
mod store;
#[cfg(test)]
mod tests;

pub use actions::{
    FILE_JOB, OFFICES, READERS, active, amend, arrived, by_name, columns, create, here, jobs, list, of_name,
    origins, resume, senders, suspend, unknown, visible,
};
pub use model::{Arrival, Draft, Platform, PlatformError, State};
pub use pages::routes;
pub use store::{all, follow, of_id};
