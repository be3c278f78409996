//! Who has met everything, and the proof of it (CERT-1, CERT-2, CERT-3).
//!
//! A **standing** is the verdict of the rules in force on one teacher: which gates are passed and
//! which are open. It follows from hours, choice and results, and is worked out again after every
//! change of them, and for all when new rules come into force. A valid certificate makes the
//! result final: it stays on the version of the rules that judged it. [`EXAMINE`] says before who
//! would change. A **certificate** states the facts of a teacher who has met everything: frozen,
//! numbered by the scheme, signed with the installation's key. It is valid until it is revoked or
//! superseded by a corrected one; its facts never change.
//!
//! Anyone may look a number up at `/verify`; the signature in the document proves it off line.
//!
//! Tables: `standing`, `certificate`, `certificate_sequence`, `certificate_batch`,
//! `certificate_left_out`. Invariants: a
//! standing equals a fresh computation; a teacher has at most one valid certificate in a
//! programme; a number is given once; a certificate stands where its holder teaches, or taught last.
//!
//! Events: [`STANDING_CHANGED`] `{programme, person}`, [`ISSUED`] ([`Done`]), and [`ALL_REFRESHED`]
//! `{programme}`.

mod arrival;
mod batch;
mod document;
mod dossier;
mod everybody;
mod facts;
mod issue;
mod model;
mod pages;
mod standing;
mod steps;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod trial;

pub use batch::{Asked, BATCH_JOB, Batch, LeftOut, PRINT_JOB, issue_batch, own_batch, print, ready, shown};
pub use document::{check_certificates, check_places, document, documents, mend_places, trail};
pub use everybody::{Refreshed, check_standings, refresh_all};
pub use facts::{Facts, Forged, Proven, public_key, read_key, verify_offline};
pub use issue::{issue, reissue, revoke};
pub use model::{Action, Certificate, CertificateError, CertificateState, Done, Standing};
pub use pages::{routes, sees_standings};
pub use standing::{FINAL_BY, refresh, verdict};
pub use steps::step_of;
pub use store::{follow, keeps_of};
pub use trial::EXAMINE;

use tisheng_kernel::Id;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::{DbError, Scope, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use tisheng_registry::roster;

/// The event of a standing that has changed.
pub const STANDING_CHANGED: &str = "standing.changed";
/// The event of a certificate that was issued, revoked or superseded; its payload is [`Done`].
pub const ISSUED: &str = "certificate.issued";
/// The event of all standings of a programme worked out again; payload `{programme}`.
pub const ALL_REFRESHED: &str = "standing.all_refreshed";
/// The job that works out all standings of a programme whose rules have changed: the reaction to
/// `scheme.in_force`; payload `{programme}`.
pub const REFRESH_ALL_JOB: &str = "standing.refresh_all";
/// The job that works a teacher's standing out again; payload `{programme, person}`.
pub const REFRESH_JOB: &str = "standing.refresh";
/// The job that moves standings along with their teachers after a file of them.
pub const FOLLOW_POSTS_JOB: &str = "standing.follow_posts";

/// The valid certificate of a teacher.
///
/// # Errors
/// What the database reports.
pub async fn valid(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Option<Certificate>, DbError> {
    store::valid_of(tx, programme, person).await
}

/// How many valid certificates below a node have a holder who has met everything no longer; beyond what
/// [`shown`] shows nobody counts on.
///
/// # Errors
/// What the database reports.
pub async fn unmet(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<i64, DbError> {
    store::listed::count_unmet(tx, programme, scope, batch::MANY + 1).await
}

/// Every certificate of a teacher, the latest first, whatever became of it.
///
/// # Errors
/// What the database reports.
pub async fn of_person(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Certificate>, DbError> {
    store::of_person(tx, programme, person).await
}

/// The certificate that was taken from a teacher last, while there is no valid one.
///
/// # Errors
/// What the database reports.
pub async fn revoked(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Option<Certificate>, DbError> {
    match store::valid_of(tx, programme, person).await? {
        Some(_) => Ok(None),
        None => store::revoked_of(tx, programme, person).await,
    }
}

/// The jobs of this room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    handlers
        .gathering(REFRESH_JOB, standing::refresh_job)
        .job(FOLLOW_POSTS_JOB, arrival::follow_posts_job)
        .reaction(roster::PASSED, FOLLOW_POSTS_JOB)
        .job(REFRESH_ALL_JOB, everybody::refresh_all_job)
        .job(BATCH_JOB, batch::batch_job)
        .job(PRINT_JOB, batch::print_job)
}
