//! Webhooks: other systems are told of what has happened here (INT-1), signed after the Standard
//! Webhooks specification 1.0.
//!
//! **Promise.** Each event that a subscriber asked for is delivered at least once, always with the same
//! `webhook-id`; what fails is tried again with growing pauses, for a day and more. A subscriber that has
//! failed for days is stopped, is seen as stopped, and goes on where it was when somebody lets it.
//! Nobody is told of what lies outside his node, or of the hours of another platform.
//!
//! **Words.** A *message* is an event on its way to one subscriber. A *round* is the messages that are due,
//! sent one after the other. A subscriber *rests* after a failure.
//!
//! **Tables.** `webhook`, `webhook_message`.
//!
//! **Invariants.** A message is written once for each event and subscriber, whatever is done twice; a
//! delivered message is sent again only by a person.

mod actions;
mod delivery;
mod model;
mod pages;
mod store;
mod telling;
#[cfg(test)]
mod tests;

use tisheng_platform::jobs::Handlers;

pub use pages::routes;
pub use store::follow;

/// The job that tells what has become of reports of hours.
pub const HOURS_JOB: &str = "webhook.hours";
/// The job that tells that a dispute was answered.
pub const DISPUTE_JOB: &str = "webhook.dispute";
/// The job that tells of a final result.
pub const RESULT_JOB: &str = "webhook.result";
/// The job that tells that a certificate was issued or revoked.
pub const CERTIFICATE_JOB: &str = "webhook.certificate";

/// Adds the jobs of the room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    handlers
        .gathering(HOURS_JOB, telling::hours)
        .job(DISPUTE_JOB, telling::dispute)
        .job(RESULT_JOB, telling::result)
        .job(CERTIFICATE_JOB, telling::certificate)
        .job(delivery::JOB, delivery::round)
}
