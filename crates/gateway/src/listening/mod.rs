//! From statements to facts (LEARN-2): what a learning platform said to the record store is handed
//! to [`learning`], which makes hours of it.
//!
//! **Promise.** Every statement that came with a credential of a platform and speaks of somebody's
//! learning is a fact, once, under the statement's id; one that was taken back counts for nothing,
//! whichever of the two came first. Statements of which no hours can come are counted with the reason.
//!
//! The room has no tables: it may listen to the same statement any number of times.

mod model;

use std::collections::BTreeMap;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::Ctx;
use tisheng_platform::jobs::{Claimed, Handlers, JobError};
use tisheng_training::hours::Channel;
use tisheng_training::platform::Platform;
use tisheng_training::{learning, platform};
use tisheng_xapi::Statement;
use uuid::Uuid;

use crate::lrs::{self, Refusal, Stored, StoredEvent};

/// The job that follows when statements of platforms have been stored.
pub const JOB: &str = "xapi.listen";

/// Statements taken in one transaction.
const AT_ONCE: usize = 200;

/// Adds the job of the room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    handlers.gathering(JOB, listen)
}

async fn listen(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let mut by: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for event in claimed.payloads::<StoredEvent>()? {
        by.entry(event.platform).or_default().extend(event.statements);
    }
    let mut unheard = Unheard::new();
    for (platform, ids) in by {
        for ids in ids.chunks(AT_ONCE) {
            hear(&ctx, Id::from_uuid(platform), ids, &mut unheard).await?;
        }
    }
    if unheard.is_empty() {
        return Ok(());
    }
    // At the end and at once, so that an attempt that failed has counted nothing. A job that is begun again after
    // this counts once more: these figures say what a sender gets wrong, and no hour hangs on them.
    let mut tx = ctx.write().await?;
    for ((platform, refusal), (times, sample)) in unheard {
        lrs::note(&mut tx, platform, (refusal, times, &sample), ctx.at).await?;
    }
    Ok(tx.commit().await?)
}

/// Statements of which no hours can come, by platform and reason: how many, and what one of them is about.
type Unheard = BTreeMap<(Uuid, Refusal), (i64, String)>;

async fn hear(
    ctx: &Ctx,
    platform: Id<Platform>,
    ids: &[Uuid],
    unheard: &mut Unheard,
) -> Result<(), JobError> {
    let mut tx = ctx.write().await?;
    let Some(platform) = platform::of_id(&mut tx, platform).await? else { return Ok(()) };
    let stored = lrs::statements(&mut tx, ids).await?;
    let (mut said, mut voided) = (Vec::new(), Vec::new());
    for one in &stored {
        if one.voided_by.is_some() {
            voided.push(one.id.to_string());
        } else {
            let statement = read(one)?;
            match model::said(&statement, one.id, Instant::from_micros(one.stored)) {
                Some(fact) => said.push(fact),
                None => unheard_of(unheard, platform.id, &statement),
            }
        }
    }
    if !said.is_empty() {
        learning::take(ctx, &mut tx, (&platform, Channel::Xapi), &said).await?;
    }
    if !voided.is_empty() {
        learning::void(ctx, &mut tx, &platform, &voided).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Counts a statement that is no fact; one that takes another back is not meant to be one.
fn unheard_of(unheard: &mut Unheard, platform: Id<Platform>, statement: &Statement<'_>) {
    if statement.voids().is_some() {
        return;
    }
    let (times, sample) = unheard.entry((platform.uuid(), model::why_not(statement))).or_default();
    *times += 1;
    *sample = lrs::impersonal(statement.verb(), statement.activity());
}

fn read(stored: &Stored) -> Result<Statement<'_>, JobError> {
    Statement::stored(&stored.body).map_err(|error| JobError(format!("statement {}: {error}", stored.id)))
}
