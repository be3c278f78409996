//! Self, peers, panel (ASSESS-2): how what was handed in is judged.
//!
//! The steps are those of the scheme. A **review** is a submission in the hands of one person
//! with a **duty**: the author's own, a peer's, a panel member's, the chair's. Peers and panel
//! members are drawn by a stored seed; nobody reviews their own, nobody's own panel judges them,
//! the head of a school is judged above it. A **panel** belongs to a school or an office. Criteria
//! are ticked piece by piece; the level follows from them and is the least of the pieces'. What a
//! deciding step comes to is a **decision**; after the notice it is the **result**, with its
//! explanation and the version of the rules.
//!
//! Neighbouring group (相邻教研组) is read as the colleagues of the author's stage at the same
//! school who teach other subjects.
//!
//! Tables: `panel_member`, `review_draw`, `review`, `judgement_draft`, `decision`, `objection`,
//! `result`. Invariants: a reviewer sees what was drawn for them while it is in their hands, and
//! nothing else, and whoever is to answer an objection the work until it is answered; what a reviewer has
//! typed is kept for them alone until it is handed in; a blind reviewer is told neither author nor school;
//! a submission is in a person's hands once a step; peers who decide nothing hold it no longer than the
//! rules give them; one result stands for a teacher and capability; none comes into force while an
//! objection to it is open; nobody judges a work as a peer and again in its panel; nobody settles a
//! disagreement, nor answers an objection, of which they are a side.
//!
//! Reacts to `evidence.submitted` with [`BEGIN_JOB`] and to its own [`FINAL`] with [`HOURS_JOB`],
//! which keeps the ledger's hours of results in line. Events: [`FINAL`] `{programme, person,
//! capability}`, [`RETURNED`] `{programme, person, capability, submission}`, [`PEER_ENDED`]
//! `{programme, person}`, [`OBJECTED`] `{programme, submission, objection}`, [`OBJECTION_ANSWERED`]
//! `{programme, person, submission, objection, state}`.

mod actions;
mod board;
mod draft;
mod earning;
mod jobs;
mod model;
mod objection;
mod pages;
mod panel;
mod ruling;
pub mod samples;
mod seats;
mod short;
mod steps;
mod store;

#[cfg(test)]
mod tests;

pub use actions::in_hand_of as in_hand;
pub use board::sees_board;
pub use jobs::jobs;
pub use model::{Duty, Marks, Review, ReviewState};
pub use objection::{Objection, actions::heads};
pub use pages::routes;
pub use short::{check_panels, draw_again};
pub use store::person::{InHand, keeps_of, peer_reviews, under_way};
pub use store::trail::trail;
pub use store::{Final, follow};

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

/// The job that begins the first step of a submission: the reaction to `evidence.submitted`.
pub const BEGIN_JOB: &str = "review.begin";
/// The job that books the hours of a result: the reaction to [`FINAL`].
pub const HOURS_JOB: &str = "review.hours";
/// The job that ends the seats of whoever has left: a reaction to changes of people, and to files of them.
pub const SEATS_JOB: &str = "review.seats";
/// The event of a result that stands.
pub const FINAL: &str = "result.final";
/// The event of a review of a colleague's work that was done or left alone for too long; `person` is
/// the reviewer.
pub const PEER_ENDED: &str = "review.peer_ended";
/// The event of an objection to a level on notice.
pub const OBJECTED: &str = "review.objected";
/// The event of its answer; `person` is the author.
pub const OBJECTION_ANSWERED: &str = "review.objection_answered";
/// The event of a submission that was returned.
pub const RETURNED: &str = "review.returned";

const LAPSE_JOB: &str = "review.lapse";
const PEERS_JOB: &str = "review.peers_end";
const NOTICE_JOB: &str = "review.notice_end";
const PANEL_JOB: &str = "review.panel";

/// How many objections are open, and at most `most` of them to a work that is not on notice, which
/// must not be.
///
/// # Errors
/// What the database reports.
pub async fn check_objections(
    tx: &mut Tx,
    programme: Uuid,
    most: i64,
) -> Result<(i64, Vec<Id<Objection>>), DbError> {
    objection::store::check(tx, programme, most).await
}

/// How many disagreements of panels are settled or wait for that, and at most `most` of them in the hands of somebody
/// who was a side of the work, which must not be.
///
/// # Errors
/// What the database reports.
pub async fn check_rulings(
    tx: &mut Tx,
    programme: Uuid,
    most: i64,
) -> Result<(i64, Vec<Id<Review>>), DbError> {
    store::check_rulings(tx, programme, most).await
}

/// The results that stand for a person.
///
/// # Errors
/// What the database reports.
pub async fn results(tx: &mut Tx, programme: Uuid, person: Uuid) -> Result<Vec<Final>, DbError> {
    store::results(tx, programme, person).await
}
