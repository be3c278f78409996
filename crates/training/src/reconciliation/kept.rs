//! Figures of months that are kept, so that a list of them reads no ledger: what has become of reports marks their
//! months, and a job counts those anew.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tisheng_kernel::Id;
use tisheng_platform::jobs::{self, Claimed, Handlers, JobError};
use tisheng_platform::{Ctx, DbError};
use tisheng_policy::scheme::Programme;

use super::model::Month;
use super::store::{self, Of};
use crate::hours::Told;
use crate::platform::{self, Platform};

/// The job that marks the months of reports that have come to something.
pub const MARK_JOB: &str = "reconciliation.mark";
/// The job that counts a month.
const COUNT_JOB: &str = "reconciliation.count";
/// The job that counts every month of every platform.
const REBUILD_JOB: &str = "reconciliation.rebuild";
/// The event that a migration has added figures which nobody has counted yet.
const WIDENED: &str = "reconciliation.widened";

/// For so long changes of a month are gathered: until it is counted, a list counts it in passing.
const GATHERED: TimeDelta = TimeDelta::minutes(10);

/// A month that has changed.
#[derive(Debug, Serialize, Deserialize)]
struct Changed {
    platform: Id<Platform>,
    month: String,
    /// How often it had changed then.
    mark: i64,
}

/// Adds the jobs of the room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    let handlers = handlers.gathering(MARK_JOB, mark_job).job(COUNT_JOB, count_job);
    handlers.job(REBUILD_JOB, rebuild_job).reaction(WIDENED, REBUILD_JOB)
}

async fn mark_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let mut tx = ctx.read().await?;
    let mut changed: BTreeSet<(Id<Programme>, Id<Platform>, String)> = BTreeSet::new();
    for told in claimed.payloads::<Told>()? {
        let Some(platform) = platform::of_name(&mut tx, told.programme, &told.source).await? else {
            continue;
        };
        for row in &told.rows {
            for month in store::kept::months_of_number(&mut tx, &platform, &row.number).await? {
                changed.insert((platform.programme, platform.id, month));
            }
        }
    }
    drop(tx);
    let mut tx = ctx.write().await?;
    for (programme, platform, month) in changed {
        let mark = store::kept::mark(&mut tx, (programme, platform), &month).await?;
        let key = format!("{platform}.{month}.{mark}");
        let changed = Changed { platform, month, mark };
        jobs::enqueue(&mut tx, ctx.at + GATHERED, COUNT_JOB, &key, &changed).await?;
    }
    Ok(tx.commit().await?)
}

/// Counts a month, unless a count since the change has been here before.
async fn count_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let Changed { platform, month, mark } = claimed.payload()?;
    let mut tx = ctx.read().await?;
    let Some(platform) = platform::of_id(&mut tx, platform).await? else { return Ok(()) };
    let Some(month) = Month::read(&month) else { return Ok(()) };
    let of = Of { platform: &platform, month };
    let marks = store::kept::marks(&mut tx, of).await?;
    drop(tx);
    if marks.is_some_and(|(_, counted)| counted < mark) {
        count(&ctx, of).await?;
    }
    Ok(())
}

/// Counts without holding up a writer. The mark is read before anything is counted, so that a change whose mark
/// is known is in the figures; what another has counted since stays.
async fn count(ctx: &Ctx, of: Of<'_>) -> Result<(), DbError> {
    let mut tx = ctx.read().await?;
    let Some((marked, _)) = store::kept::marks(&mut tx, of).await? else { return Ok(()) };
    let ledger = store::ledger(&mut tx, of).await?;
    drop(tx);
    let mut tx = ctx.write().await?;
    store::kept::put(&mut tx, of, ledger, marked).await?;
    tx.commit().await
}

async fn rebuild_job(ctx: Ctx, _: Claimed) -> Result<(), JobError> {
    let mut tx = ctx.read().await?;
    let platforms = platform::all(&mut tx).await?;
    drop(tx);
    for platform in &platforms {
        recount(&ctx, platform).await?;
    }
    Ok(())
}

/// Counts every month of `platform`; gives how many.
async fn recount(ctx: &Ctx, platform: &Platform) -> Result<usize, DbError> {
    let mut tx = ctx.read().await?;
    let months = store::kept::months(&mut tx, platform).await?;
    drop(tx);
    for month in months.iter().filter_map(|month| Month::read(month)) {
        let mut tx = ctx.write().await?;
        let of = Of { platform, month };
        store::kept::mark(&mut tx, (platform.programme, platform.id), &month.to_string()).await?;
        tx.commit().await?;
        count(ctx, of).await?;
    }
    Ok(months.len())
}

/// Counts every month of the platforms of a programme afresh, and sums up their statements; says how many.
///
/// # Errors
/// What the database reports.
pub async fn rebuild(ctx: &Ctx, programme: Id<Programme>) -> Result<usize, DbError> {
    let mut tx = ctx.write().await?;
    store::kept::sum_statements(&mut tx, programme).await?;
    tx.commit().await?;
    let mut count = 0;
    for platform in of_programme(ctx, programme).await? {
        count += recount(ctx, &platform).await?;
    }
    Ok(count)
}

async fn of_programme(ctx: &Ctx, programme: Id<Programme>) -> Result<Vec<Platform>, DbError> {
    let mut platforms = platform::all(&mut ctx.read().await?).await?;
    platforms.retain(|platform| platform.programme == programme);
    Ok(platforms)
}

/// How many months are kept and counted, and those whose figures are not what a fresh count gives.
///
/// # Errors
/// What the database reports.
pub async fn check_months(ctx: &Ctx, programme: Id<Programme>) -> Result<(usize, Vec<String>), DbError> {
    let (mut count, mut wrong) = (0, Vec::new());
    for platform in of_programme(ctx, programme).await? {
        let mut tx = ctx.read().await?;
        for (month, kept) in store::kept::all(&mut tx, &platform).await? {
            let of = Of { platform: &platform, month };
            count += 1;
            if store::ledger(&mut tx, of).await? != kept {
                wrong.push(format!("{month} of {}", platform.id));
            }
        }
        wrong.extend(store::kept::wrong_statements(&mut tx, &platform).await?);
    }
    Ok((count, wrong))
}
