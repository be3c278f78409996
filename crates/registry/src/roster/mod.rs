//! Rosters in and out: the clerk's loop (ORG-8).
//!
//! A **run** is one file on its way: brought, checked (which writes nothing but what it found),
//! mended and brought again, confirmed, taken in one transaction, and undone within seven days
//! if need be. The loop knows no kind of file; schools, teachers and roles are three [`Kind`]s,
//! and a room above may add its own ([`Kinds`]).
//!
//! Tables: `roster_run`, `roster_finding`, `roster_difference`, `roster_trace`. Invariants: a
//! file is taken whole or not at all; what is taken is what the data say at that moment and the
//! clerk has seen; every change that taking made has its trace.

mod actions;
mod board;
mod checking;
mod column;
mod difference;
mod finding;
mod invitations;
mod kind;
mod line;
mod model;
mod origin;
mod pages;
mod reading;
mod receive;
mod roles;
pub mod samples;
mod schoolbook;
mod schools;
mod sheets;
mod store;
mod taking;
mod teachers;
mod words;
mod work;

pub use actions::bring_teachers;
pub use column::{Column, Hint, optional, required};
pub use finding::{Finding, Findings, Weight};
pub use kind::{
    About, Alteration, Book, Choice, Desk, Difference, Entry, Item, Kind, Kinds, Line, Notes, Obstacle, Tie,
    Trace, What, Work, failed,
};
pub use model::{Run, State, Tally};
pub use origin::{Origin, Origins};
pub use pages::routes;
pub use receive::{Received, receive};
pub use roles::Roles;
pub use schools::Schools;
pub use store::follow;
pub use store::trail::trail;
pub use teachers::Teachers;
pub use words::{day, stages, subject};
pub use work::{PASSED, PUT_BACK, Passed, PutBack, handlers};

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Scope, Tx};
use uuid::Uuid;

/// The run `id`, wherever it was brought.
///
/// # Errors
/// What the database reports.
pub async fn run(tx: &mut Tx, id: Id<Run>) -> Result<Option<Run>, DbError> {
    store::one(tx, &Scope::everything(), id).await
}

/// Posts that a run of teachers made, after number `after`, with their numbers. A run
/// that was undone has none.
///
/// # Errors
/// What the database reports.
pub async fn posts_taken_up(
    tx: &mut Tx,
    run: Id<Run>,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Uuid)>, DbError> {
    store::subjects(tx, run, teachers::POST, after, limit).await
}

#[cfg(test)]
mod tests;
