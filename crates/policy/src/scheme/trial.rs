//! 换规试算: who would change if a draft were put into force.
//!
//! What a change means for a teacher is known by higher rooms; the assembly hands the best
//! [`Examine`] it has over as a long-lived part. The job goes through the teachers in batches and
//! remembers where it is, so that a killed worker's successor goes on from there.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::jobs::{Claimed, Handlers, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope, audit, jobs};
use tisheng_registry::people::Person;
use tisheng_rules::Scheme;

use super::actions;
use super::model::{Change, ChangeKind, Programme, Trial};
use super::rulebook::rules_of;
use super::store::{self, Step};

/// The kind of the job that computes a trial.
pub const JOB: &str = "scheme.trial";

/// What is to be compared.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The programme whose teachers are looked at.
    pub programme: Programme,
    /// The rules in force.
    pub now: Arc<Scheme>,
    /// The rules of the draft.
    pub draft: Arc<Scheme>,
}

/// Some teachers, looked at.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// How many were looked at; none ends the trial.
    pub seen: i64,
    /// The last of them, in the order of their identifiers.
    pub last: Option<Id<Person>>,
    /// Those who would change.
    pub changes: Vec<Change>,
}

/// The future of an [`Examine`].
pub type Examined = Pin<Box<dyn Future<Output = Result<Batch, Failure>> + Send>>;

/// Looks at the teachers after the given one, as many as it likes at a time.
#[derive(Debug, Clone, Copy)]
pub struct Examine(pub fn(Ctx, Comparison, Option<Id<Person>>) -> Examined);

/// Adds the job of trials.
#[must_use]
pub(super) fn handlers(handlers: Handlers) -> Handlers {
    handlers.job(JOB, work)
}

async fn work(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let trial: Id<Trial> = claimed.payload()?;
    Ok(compute(&ctx, trial).await?)
}

async fn compute(ctx: &Ctx, id: Id<Trial>) -> Result<(), Failure> {
    let mut tx = ctx.read().await?;
    let place = store::place(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    if place.done_at.is_some() {
        return Ok(());
    }
    let comparison = Comparison {
        programme: actions::of_id(&mut tx, place.programme).await?,
        now: rules_of(&ctx.app, &mut tx, place.base).await?,
        draft: rules_of(&ctx.app, &mut tx, place.version).await?,
    };
    let total = store::count_teachers(&mut tx, &Scope::below(&comparison.programme.path)).await?;
    drop(tx);
    let Examine(examine) = *ctx.app.parts.get::<Examine>();
    let (mut cursor, mut teachers) = (place.cursor, place.teachers);
    loop {
        let batch = examine(ctx.clone(), comparison.clone(), cursor).await?;
        let count = |kind| i64::try_from(batch.changes.iter().filter(|c| c.kind == kind).count());
        let counts = [ChangeKind::Gaining, ChangeKind::Losing, ChangeKind::Other]
            .map(|kind| count(kind).unwrap_or(i64::MAX));
        cursor = batch.last.or(cursor);
        let done_at = (batch.seen == 0).then(|| ctx.app.now());
        let step = Step { cursor, seen: batch.seen, changes: &batch.changes, counts, done_at };
        let mut tx = ctx.write().await?;
        if !store::advance(&mut tx, id, teachers, &step).await? {
            return Ok(());
        }
        teachers += batch.seen;
        if done_at.is_some() {
            let detail = json!({ "trial": id, "teachers": teachers });
            audit::record(ctx, &mut tx, "scheme.trial_done", place.version.uuid(), &detail).await?;
        }
        tx.commit().await?;
        if let Some(job) = place.job {
            jobs::progress(&ctx.app.db, job, teachers, total.max(teachers)).await?;
        }
        if done_at.is_some() {
            return Ok(());
        }
    }
}
