//! Progress at every node of the tree (MON-1).
//!
//! A **figure** counts teachers of a school who have come so far: chosen, learning, handed in,
//! assessed, met, certified. Figures are kept for each school and summed along the paths when
//! somebody looks, so a parent is the sum of its children in every cell, and looking costs as
//! many rows as there are schools, never as many as there are teachers. What stands beside them in many
//! rows a school (hours, choices, dimensions, works) is kept added up for the units that schools stand in
//! as well, and a node sums those. Every figure leads to exactly the people it counts. A unit that has ended stands beside the others wherever it has left
//! something that is counted ([`Life`]).
//!
//! Tables: `school_figure`, `school_hours`, `school_choice`, `school_dimension`, `school_work`,
//! `school_mark`, `school_unit`, `unit_sum`. Invariant: once all marks are counted, figures equal a fresh
//! count, and the sums of units those of their schools.

mod actions;
mod life;
mod measure;
mod model;
mod pages;
mod store;
#[cfg(test)]
mod tests;
mod work;

pub use actions::{check_figures, lagging, rebuild};
pub use life::Life;
pub use measure::{counties, idle, measured};
pub use model::{Behind, Cell, Cover, Coverage, Doing, Due, Figures, Idle, Lagging, Measured, Part, Stage};
pub(crate) use pages::SEERS;
pub use pages::routes;
pub use store::{Child, children, figures_below, follow};
pub use work::{Work, Works};

use tisheng_platform::jobs::Handlers;
use tisheng_registry::roster;

/// The job that finds the schools that events concern.
pub const MARK_JOB: &str = "monitoring.mark";
/// The job that counts a school again.
pub const COUNT_JOB: &str = "monitoring.count";
/// The job that counts every school that a file of teachers may concern.
pub const RECOUNT_JOB: &str = "monitoring.recount";

/// The job that counts every school of a programme again.
pub const REBUILD_JOB: &str = "monitoring.rebuild";

/// The event that a migration has added figures which nobody has counted yet.
const WIDENED: &str = "monitoring.widened";

/// The events after which figures may be others.
pub const EVENTS: [&str; 10] = [
    "person.changed",
    "choice.changed",
    "hours.changed",
    "offer.published",
    "activity.changed",
    "evidence.submitted",
    "evidence.moved",
    "result.final",
    "standing.changed",
    "certificate.issued",
];

/// The jobs of this room, and what they follow from.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    let handlers = handlers.gathering(MARK_JOB, actions::mark_job).job(COUNT_JOB, actions::count_job);
    let handlers = handlers.job(RECOUNT_JOB, actions::recount_job).reaction(roster::PASSED, RECOUNT_JOB);
    let handlers =
        handlers.job(REBUILD_JOB, actions::rebuild_job).reaction("standing.all_refreshed", REBUILD_JOB);
    let handlers = handlers.reaction(WIDENED, REBUILD_JOB);
    EVENTS.into_iter().fold(handlers, |handlers, event| handlers.reaction(event, MARK_JOB))
}
