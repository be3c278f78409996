//! People, their posts, and the teams of schools (ORG-3, ORG-5).
//!
//! A **person** is one record for life: hours, evidence and results hang on it. A **post** is the
//! place of a teacher at a school; a transfer ends one post and begins the next, a leaver's post
//! ends in the state 离任, a seconded teacher keeps the post while working elsewhere. Officials
//! have no post; their record is kept by the node where it was entered.
//!
//! Identity and phone numbers are sealed; they are matched through a keyed index and shown
//! masked. Seeing one whole asks for a reason and leaves a row in the audit trail
//! ([`show_paper`], [`show_phone`]).
//!
//! Tables: `person`, `post`, `post_moved`, `secondment`, `team_member`. Invariants: one record for one paper
//! number; at most one open post a person; a team has a person once.

mod actions;
mod first_day;
pub mod intake;
mod matching;
mod model;
mod moves;
pub(crate) mod pages;
mod personal;
mod roll;
mod store;
mod team;

pub(crate) use actions::appoint;
pub use actions::{Amendment, Correction, NewPerson, NewPost, PeopleError, amend, correct, register};
pub(crate) use first_day::{left_for, redate};
pub(crate) use matching::phone_index;
pub use matching::{
    Clue, Match, find_by_paper, find_by_phone, match_person, of_kept, of_paper_key, paper_key, phone_key,
};
pub use model::{Person, Post, PostState, SUBJECTS, TITLES, Teacher, Team};
pub(crate) use moves::{BEYOND_SCHOOL, release, spans_schools, transfer};
pub use moves::{Departure, Secondment, Transfer, recall, second};
pub use pages::routes;
pub use personal::{show_paper, show_phone};
pub use roll::{RollEntry, enter_roll, roll};
pub(crate) use store::duties_by_school;
pub use store::{Order, RollFilter, RollLine};
pub use team::{Member, TeamSource, TeamState, dismiss, members, team_state};
pub(crate) use team::{enlist, school_of_team};

use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Scope, Shift, Tx};

use crate::organisation::Node;
use crate::role::{Permission, allows};

/// The person `id`, when the asker may see the record: their own, or one within their node for
/// those who look after people.
///
/// # Errors
/// [`Failure::NotFound`] when there is none, or it lies elsewhere.
pub async fn visible(ctx: &Ctx, tx: &mut Tx, id: Id<Person>) -> Result<Person, Failure> {
    let own = ctx.who.member().is_some_and(|member| member.person == id.uuid());
    let scope = if allows(ctx, Permission::SeePeople) { ctx.scope() } else { Scope::nothing() };
    let found = if own { store::person(tx, id).await? } else { store::visible(tx, &scope, id).await? };
    found.ok_or(Failure::NotFound)
}

/// The person `id` and the open post.
///
/// # Errors
/// [`Failure::NotFound`] when the person has no open post.
pub async fn teacher(tx: &mut Tx, id: Id<Person>) -> Result<Teacher, Failure> {
    store::teacher(tx, id).await?.ok_or(Failure::NotFound)
}

/// The person `id` and the open post; of a leaver, the last one.
///
/// # Errors
/// [`Failure::NotFound`] when the person never had a post.
pub async fn last_taught(tx: &mut Tx, id: Id<Person>) -> Result<Teacher, Failure> {
    store::last_taught(tx, id).await?.ok_or(Failure::NotFound)
}

/// The teachers with an open post at the school, in the order of a roll.
///
/// # Errors
/// What the database reports.
pub async fn teachers_of(tx: &mut Tx, school: Id<Node>) -> Result<Vec<Teacher>, DbError> {
    store::teachers_of(tx, school).await
}

/// Lets nobody else decide anything about `person` until `tx` ends: what was read of the person
/// beforehand by two at the same moment would hold for only one of them.
///
/// # Errors
/// What the database reports.
pub async fn hold(tx: &mut Tx, person: Id<Person>) -> Result<(), DbError> {
    store::hold(tx, person).await
}

/// The open post of `person`, if there is one.
///
/// # Errors
/// What the database reports.
pub async fn open_post(tx: &mut Tx, person: Id<Person>) -> Result<Option<Post>, DbError> {
    store::open_post(tx, person).await
}

/// The posts of a person, the latest first.
///
/// # Errors
/// What the database reports.
pub async fn posts(tx: &mut Tx, person: Id<Person>) -> Result<Vec<Post>, DbError> {
    store::posts_of(tx, person).await
}

/// How many open posts there are at `school`.
///
/// # Errors
/// What the database reports.
pub async fn posts_at(tx: &mut Tx, school: Id<Node>) -> Result<i64, DbError> {
    store::posts_at(tx, school).await
}

/// Follows a move of the tree with the paths that this room keeps. Posts count as changed at the moment
/// `ctx.at`: whoever sees the new place alone sees them for the first time.
pub(crate) async fn follow(ctx: &Ctx, tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    store::follow(tx, shift, ctx.at).await
}
