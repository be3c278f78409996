//! What a teacher hands in (ASSESS-1).
//!
//! A **submission** is one revision of a teacher's work for one capability (or a work asked of
//! all, such as the integrated lesson recording). It asks for the **pieces** that the rules name
//! at the version it is pinned to; a piece holds **items**: a text typed in the page, files. A
//! draft is saved while it is typed. Handing in freezes it with a digest over all items; a
//! returned or failed revision is followed by a new one and kept as it was.
//!
//! Files arrive by form or resumably ([`tus`]), are known by their bytes and not by their names
//! ([`content`]), lose place, device and owner, are looked into for names that would tell a blind reviewer
//! whose they are, and are served only through routes that ask who
//! may see them: the author's here, the reviewers' in `review`.
//!
//! Tables: `submission`, `evidence_item`, `blob`, `upload`. Invariants: one current revision for
//! a teacher and capability; a frozen revision's items never change; a file's row names bytes
//! that are stored; states follow [`State::may_become`], each with its audit row.
//!
//! Events: [`SUBMITTED`] `{programme, submission}`.

mod actions;
pub mod content;
mod intake;
mod model;
mod pages;
pub mod samples;
mod store;
mod tus;

#[cfg(test)]
pub(crate) mod tests;

pub use actions::{Desk, Onward, advance, load, may_revise, reopen, rules_of, wanted};
pub use model::{Body, Consent, Item, State, StoredFile, Submission, digest};
pub use pages::{Naming, Shown, ShownPiece, routes, serve, serve_picture, serve_text, shown};
pub use store::trail::trail;
pub use store::{follow, keeps_of};

use tisheng_kernel::Id;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

/// The event of a revision that was handed in.
pub const SUBMITTED: &str = "evidence.submitted";
/// The event of a revision that went on, came back or gave way to the next.
pub const MOVED: &str = "evidence.moved";

/// The jobs of this room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    handlers.job(tus::EXPIRY_JOB, tus::expire)
}

/// The items of a revision, by piece and place. The caller says whether the asker may see them.
///
/// # Errors
/// What the database reports.
pub async fn items(tx: &mut Tx, programme: Uuid, of: Id<Submission>) -> Result<Vec<Item>, DbError> {
    store::items(tx, programme, of).await
}

/// The current revisions of a person.
///
/// # Errors
/// What the database reports.
pub async fn current(tx: &mut Tx, programme: Uuid, person: Uuid) -> Result<Vec<Submission>, DbError> {
    store::current(tx, programme, person).await
}

/// How many revisions were frozen, and those, at most `most`, of which something is no longer what the digest
/// froze.
///
/// # Errors
/// What the database reports.
pub async fn check_frozen(tx: &mut Tx, programme: Uuid, most: usize) -> Result<(usize, Vec<Uuid>), DbError> {
    let (mut count, mut wrong, mut after) = (0, Vec::new(), Uuid::nil());
    loop {
        let frozen = store::frozen(tx, programme, after).await?;
        let (Some(first), Some(last)) = (frozen.first(), frozen.last()) else { return Ok((count, wrong)) };
        let run = (first.id, last.id);
        let items = store::items_of_run(tx, programme, run).await?;
        let is_other = |one: &&store::Sealed| {
            let items = items.get(&one.id).map_or(&[][..], Vec::as_slice);
            digest(&one.capability, one.revision, items) != one.digest
        };
        wrong.extend(frozen.iter().filter(is_other).map(|one| one.id).take(most.saturating_sub(wrong.len())));
        (count, after) = (count + frozen.len(), run.1);
    }
}

/// Up to 1000 stored files in the order of their digests, after `after`, with their sizes: for
/// whoever checks that the bytes are there.
///
/// # Errors
/// What the database reports.
pub async fn stored_files(tx: &mut Tx, after: &str) -> Result<Vec<(String, i64)>, DbError> {
    store::blobs(tx, after).await
}
