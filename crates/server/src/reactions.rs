//! What follows from what: the only place where an event of a lower room meets a higher one.

use tisheng_assessment::{certificate, evidence, handover, review};
use tisheng_gateway::{api, door, listening, lrs, token, webhook};
use tisheng_insight::monitoring;
use tisheng_platform::Ctx;
use tisheng_platform::jobs::{Claimed, Handlers, JobError};
use tisheng_policy::scheme;
use tisheng_registry::organisation::{MOVED, Moved};
use tisheng_registry::{access, roster};
use tisheng_training::{activity, course, hours, learning, platform, reconciliation, selection};

/// The job in which every room follows a move of the tree.
const FOLLOW_JOB: &str = "paths.follow";

/// Every kind of job and every reaction to an event.
pub fn handlers() -> Handlers {
    let rooms: [fn(Handlers) -> Handlers; 14] = [
        access::handlers,
        roster::handlers,
        scheme::jobs,
        hours::jobs,
        platform::jobs,
        learning::jobs,
        reconciliation::jobs,
        evidence::jobs,
        review::jobs,
        certificate::jobs,
        handover::jobs,
        monitoring::jobs,
        listening::jobs,
        webhook::jobs,
    ];
    rooms
        .iter()
        .fold(Handlers::default(), |handlers, room| room(handlers))
        .reaction(evidence::SUBMITTED, review::BEGIN_JOB)
        .reaction(hours::DELIVERED, platform::FILE_JOB)
        .reaction(course::APPROVED, learning::REPLAY_JOB)
        .reaction(lrs::STORED, listening::JOB)
        .reaction(hours::TOLD, webhook::HOURS_JOB)
        .reaction(hours::TOLD, reconciliation::MARK_JOB)
        .reaction(hours::DISPUTE_ANSWERED, webhook::DISPUTE_JOB)
        .reaction(review::FINAL, webhook::RESULT_JOB)
        .reaction(certificate::ISSUED, webhook::CERTIFICATE_JOB)
        .reaction("hours.changed", certificate::REFRESH_JOB)
        .reaction("choice.changed", certificate::REFRESH_JOB)
        .reaction("person.changed", certificate::REFRESH_JOB)
        .reaction("person.changed", review::SEATS_JOB)
        .reaction(review::FINAL, review::HOURS_JOB)
        .reaction(review::FINAL, certificate::REFRESH_JOB)
        .reaction(review::PEER_ENDED, certificate::REFRESH_JOB)
        .reaction("scheme.in_force", certificate::REFRESH_ALL_JOB)
        .reaction("standing.rules_read_anew", certificate::REFRESH_ALL_JOB)
        .job(FOLLOW_JOB, follow)
        .reaction(MOVED, FOLLOW_JOB)
}

/// Every room that keeps paths puts the new ones in place of the old. Doing it twice is harmless:
/// nothing stands at the old path any more.
async fn follow(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let moved: Moved = claimed.payload()?;
    let shift = moved.shift();
    let mut tx = ctx.write().await?;
    roster::follow(&mut tx, &shift).await?;
    scheme::follow(&mut tx, &shift).await?;
    hours::follow(&mut tx, &shift).await?;
    platform::follow(&mut tx, &shift).await?;
    learning::follow(&mut tx, &shift).await?;
    api::follow(&mut tx, &shift).await?;
    selection::follow(&mut tx, &shift).await?;
    activity::follow(&mut tx, &shift).await?;
    evidence::follow(&mut tx, &shift).await?;
    review::follow(&mut tx, &shift).await?;
    certificate::follow(&mut tx, &shift).await?;
    handover::follow(&mut tx, &shift).await?;
    monitoring::follow(&mut tx, &shift).await?;
    door::follow(&mut tx, &shift).await?;
    token::follow(&mut tx, &shift).await?;
    webhook::follow(&mut tx, &shift).await?;
    tx.commit().await?;
    Ok(())
}
