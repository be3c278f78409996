//! Looking again for the teachers of reports that found none, when somebody asks.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tisheng_kernel::Id;
use tisheng_platform::jobs::{self, Claimed, Handlers, Job, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Member, Scope, Tx, Who};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::require;
use tisheng_registry::people::{self, Person};
use uuid::Uuid;

use super::super::model::{HoursError, WaitingState};
use super::super::store::{self, open::Findable};
use super::{decide, moved, not_own};
use crate::hours::DESK;

/// The job that goes on with a search that somebody began.
pub const SEARCH_JOB: &str = "hours.search";

/// Reports that are settled in one transaction; a search of no more of them is done at once.
const AT_ONCE: i64 = 50;

/// What has become of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Searched {
    /// It is done; so many have found their teachers.
    Found(u32),
    /// It goes on as this job.
    GoesOn(Id<Job>),
}

/// What somebody searches for.
#[derive(Debug, Serialize, Deserialize)]
struct Search {
    programme: Id<Programme>,
    source: String,
    by: Member,
    total: i64,
}

/// Adds the jobs of the room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    moved::jobs(handlers).job(SEARCH_JOB, search_job)
}

/// Looks again for the teachers of all reports of `source` that the asker may decide about: whoever has come
/// onto the roll since is found by number and name.
///
/// # Errors
/// What the database reports; 404 for whoever decides about no hours.
pub async fn find_again(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    source: &str,
) -> Result<Searched, HoursError> {
    let by = require(ctx, &DESK)?.clone();
    let total = store::open::count_findable(tx, (programme.id, source), &ctx.scope()).await?;
    if total <= AT_ONCE {
        let some = findable(tx, (programme, source), &ctx.scope(), Uuid::nil()).await?;
        return Ok(Searched::Found(settle_some(ctx, tx, programme, &some).await?));
    }
    let search = Search { programme: programme.id, source: source.to_owned(), by, total };
    let key = ctx.id::<Job>().to_string();
    let job = jobs::enqueue_awaited(tx, ctx.at, SEARCH_JOB, &key, &search).await?;
    jobs::announce(tx, job, total).await?;
    Ok(Searched::GoesOn(job))
}

async fn findable(
    tx: &mut Tx,
    (programme, source): (&Programme, &str),
    scope: &Scope,
    after: Uuid,
) -> Result<Vec<Findable>, DbError> {
    store::open::findable(tx, (programme.id, source), scope, after, AT_ONCE).await
}

/// Settles those of `some` whose teachers are known now; says how many.
async fn settle_some(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    some: &[Findable],
) -> Result<u32, HoursError> {
    let mut matched = Vec::new();
    for one in some {
        let keys = (one.paper_key.as_deref(), one.phone_key.as_deref());
        let Some(person) = people::of_kept(tx, &ctx.scope(), &one.name, keys).await? else { continue };
        if not_own(ctx, person).is_err() || !has_post(tx, person).await? {
            continue;
        }
        matched.push((person, one.id));
    }
    let people: BTreeSet<Id<Person>> = matched.iter().map(|(person, _)| *person).collect();
    store::turns::hold_all(tx, programme.id, &people).await?;
    let mut found = 0;
    for (person, id) in matched {
        store::reports::hold(tx, programme.id, id).await?;
        let report = store::reports::of_id(tx, programme.id, &ctx.scope(), id).await?;
        let Some(report) = report.filter(|report| report.state == WaitingState::Parked) else { continue };
        match decide::settle(ctx, tx, programme, report, (person, ON_THE_ROLL)).await {
            Ok(_) => found += 1,
            Err(HoursError::Decided(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Whether somebody teaches somewhere: hours of those who have left wait for a decision of their own.
async fn has_post(tx: &mut Tx, person: Id<Person>) -> Result<bool, HoursError> {
    match people::teacher(tx, person).await {
        Ok(_) => Ok(true),
        Err(Failure::NotFound) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// Why a report is settled whose teacher has come onto the roll.
const ON_THE_ROLL: &str = "教师已进入名册，按证件号码或手机号和姓名匹配";

/// Searches all reports of a source, some in each transaction; the job says how many were looked at.
async fn search_all(
    ctx: &Ctx,
    (programme, source): (&Programme, &str),
    (claimed, total): (&Claimed, i64),
) -> Result<(), JobError> {
    let (mut after, mut looked) = (Uuid::nil(), 0_i64);
    loop {
        let mut tx = ctx.read().await?;
        let some = findable(&mut tx, (programme, source), &ctx.scope(), after).await?;
        drop(tx);
        let Some(last) = some.last() else { break };
        after = last.id.uuid();
        looked += i64::try_from(some.len()).unwrap_or_default();
        let mut tx = ctx.write().await?;
        settle_some(ctx, &mut tx, programme, &some).await.map_err(Failure::from)?;
        tx.commit().await?;
        jobs::progress(&ctx.app.db, claimed.id, looked, total.max(looked)).await?;
    }
    Ok(())
}

async fn search_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let search: Search = claimed.payload()?;
    let mut tx = ctx.read().await?;
    let programme = scheme::of_id(&mut tx, search.programme).await?;
    drop(tx);
    let asker = Ctx::new(ctx.app, Who::Member(Box::new(search.by)));
    search_all(&asker, (&programme, &search.source), (&claimed, search.total)).await
}
