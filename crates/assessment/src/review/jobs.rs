//! Work that nobody clicks for: steps that begin, claims that lapse, notices that end. Each job
//! may run again; it finds its work done.

use serde::{Deserialize, Serialize};
use tisheng_kernel::Id;
use tisheng_platform::jobs::{Claimed, Handlers, JobError};
use tisheng_platform::{Ctx, Scope};
use tisheng_registry::roster;
use uuid::Uuid;

use super::model::Review;
use super::steps::{Case, end_notice};
use super::{
    BEGIN_JOB, HOURS_JOB, LAPSE_JOB, NOTICE_JOB, PANEL_JOB, PEERS_JOB, SEATS_JOB, actions, earning, seats,
    store,
};
use crate::evidence::Submission;

#[derive(Deserialize)]
struct OfSubmission {
    programme: Uuid,
    submission: Id<Submission>,
}

#[derive(Deserialize)]
struct OfReview {
    programme: Uuid,
    review: Id<Review>,
}

/// A panel that has changed.
#[derive(Serialize, Deserialize)]
pub(super) struct OfPanel {
    /// The programme.
    pub programme: Uuid,
    /// The part of the tree whose submissions may have waited for it.
    pub path: String,
}

/// The jobs of this room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    handlers
        .job(BEGIN_JOB, begin)
        .job(LAPSE_JOB, lapse)
        .job(PEERS_JOB, peers_end)
        .job(NOTICE_JOB, notice_end)
        .job(PANEL_JOB, panel)
        .job(HOURS_JOB, earning::job)
        .job(SEATS_JOB, seats::job)
        .reaction(roster::PASSED, SEATS_JOB)
}

async fn begin(ctx: Ctx, job: Claimed) -> Result<(), JobError> {
    let of: OfSubmission = job.payload()?;
    let mut tx = ctx.write().await?;
    actions::look_after(&ctx, &mut tx, of.programme, of.submission).await?;
    tx.commit().await?;
    Ok(())
}

async fn lapse(ctx: Ctx, job: Claimed) -> Result<(), JobError> {
    let of: OfReview = job.payload()?;
    let mut tx = ctx.write().await?;
    actions::lapse(&ctx, &mut tx, of.programme, of.review).await?;
    tx.commit().await?;
    Ok(())
}

async fn peers_end(ctx: Ctx, job: Claimed) -> Result<(), JobError> {
    let of: OfSubmission = job.payload()?;
    let mut tx = ctx.write().await?;
    actions::end_peers(&ctx, &mut tx, of.programme, of.submission).await?;
    tx.commit().await?;
    Ok(())
}

async fn notice_end(ctx: Ctx, job: Claimed) -> Result<(), JobError> {
    let of: OfSubmission = job.payload()?;
    let mut tx = ctx.write().await?;
    let case = Case::load(&ctx, &mut tx, of.programme, of.submission).await?;
    end_notice(&ctx, &mut tx, &case).await?;
    tx.commit().await?;
    Ok(())
}

/// Draws anew for everything that may have waited for a panel, a transaction for each.
async fn panel(ctx: Ctx, job: Claimed) -> Result<(), JobError> {
    let of: OfPanel = job.payload()?;
    let scope = Scope::below(&of.path);
    let mut after = Uuid::nil();
    loop {
        let mut tx = ctx.read().await?;
        let waiting = store::waiting(&mut tx, of.programme, &scope, after).await?;
        drop(tx);
        let Some(last) = waiting.last() else { return Ok(()) };
        after = last.uuid();
        for id in waiting {
            let mut tx = ctx.write().await?;
            actions::look_after(&ctx, &mut tx, of.programme, id).await?;
            tx.commit().await?;
        }
    }
}
