//! OneRoster 1.2 (1EdTech): rosters and results for systems that speak that standard, and as files.
//!
//! **Promise.** Whoever has a token with `roster:read` reads the organisations, teachers, courses, classes
//! and enrolments of its node under `/ims/oneroster/rostering/v1p2`, with `progress:read` the final results
//! under `/ims/oneroster/gradebook/v1p2`; the same stands in the zip of CSV files that an office takes
//! away. Never the number of a paper or a phone.
//!
//! **Words.** The standard is about pupils; here teachers learn. A *user* is a teacher with an open post. A
//! *class* is a school's teachers in the project, in which each is enrolled as a student. A *course* is
//! the project itself, or one of the catalogue; it belongs to the project's
//! organisation, or to the highest that the reader sees, whose own parent is told to nobody. An *academic session* is a calendar year of the programme.
//! A *category* is a dimension of capabilities, a *line item* a capability for a class, a
//! *result* the final level of a teacher in it. Who has left, and what is closed, stays with the status
//! `tobedeleted`: other systems ask for what has changed since a moment, and have to be told. A *record* is one of these as JSON. A *walk*
//! goes from page to page of what was asked for. What is moved in the tree counts as changed with
//! everybody in it: whoever sees the new place alone sees it for the first time. Whoever sees the old place
//! alone is told that it went: what a move has taken away stays there, as it was then and with the status
//! `tobedeleted`, for as long as leavers do, behind everything else.
//!
//! **Who is what.** By role everybody is a teacher: `/teachers` are the users, `/students` are none. In a
//! class it is the enrolment that counts: `/classes/{id}/students` are those who learn in it, `/classes/
//! {id}/teachers` are none, so that no consumer gives anybody the rights of who teaches there. The years are
//! the terms of every class; they have no grading periods.
//!
//! The room has no tables: it reads those of others.

mod asked;
mod call;
mod export;
mod fault;
mod fields;
mod import;
mod pages;
mod query;
mod records;
mod sheets;
mod store;
#[cfg(test)]
mod tests;
mod totals;
mod ways;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use tisheng_platform::App;

pub use pages::routes as pages;
pub use totals::Totals;

/// The addresses for machines: no cookie counts.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/ims/oneroster/{*resource}", any(call::enter))
}
