//! Posts given, moved and ended together with the roles that go with them (ORG-3, ORG-4).
//!
//! A **posting** is what a clerk does with a post: somebody is registered and appointed, amended,
//! transferred, lent or released. Whoever takes up a post at a school holds the teacher's role
//! there; whoever leaves it loses that role and the others that the school gave
//! ([`access::goes_with_post`]), and is signed out. The import of rosters goes the same way.
//!
//! The teams of a school are made of those who hold a post or a role there; a role such as chief
//! information officer counts in the team as the duty of that name ([`duty_of`]).
//!
//! This room has no tables: posts are `people`'s, roles are `access`'s.

mod actions;
mod moves;
mod register;
mod teams;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_platform::App;

use crate::role::Role;

pub use actions::{amend, appoint, enlist, release, transfer};

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/organisation/{node}/people/new", get(register::form).post(register::submit))
        .route("/organisation/{node}/teams", get(teams::show).post(teams::enlist))
        .route("/organisation/{node}/teams/dismiss", post(teams::dismiss))
        .route("/people/{person}/post", get(moves::post_form).post(moves::amend))
        .route("/people/{person}/appoint", get(moves::appoint_form).post(moves::appoint))
        .route("/people/{person}/transfer", get(moves::transfer_form).post(moves::transfer))
        .route("/people/{person}/release", get(moves::release_form).post(moves::release))
        .route("/people/{person}/secondment", get(moves::second_form).post(moves::second))
        .route("/people/{person}/recall", post(moves::recall))
}

/// The duty in a team, by the code of the schemes, that a role at the school brings with it.
#[must_use]
pub const fn duty_of(role: Role) -> Option<&'static str> {
    match role {
        Role::Principal => Some("principal"),
        Role::Cio => Some("cio"),
        Role::GroupLead => Some("subject_lead"),
        _ => None,
    }
}
