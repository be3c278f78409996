//! Coming into force: at once, or on a day that was chosen; calling that day off.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::jobs::{Claimed, Handlers, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit, jobs};

use super::actions::{begin_trial, of_id, owned, version, years};
use super::due::{decide_due, news};
use super::model::{Programme, SchemeError, State, Version, decide_in_force};
use super::rulebook::rules_of;
use super::{store, trial};

/// The kind of the job that puts a version into force on its day.
const JOB: &str = "scheme.day_of_force";

/// The jobs of this room: trials, and the day on which a version comes into force.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    trial::handlers(handlers).job(JOB, work)
}

/// What the job of a day is given.
#[derive(Debug, Serialize, Deserialize)]
struct Day {
    programme: Id<Programme>,
    version: Id<Version>,
    due_at: Instant,
}

/// Puts a draft into force, or one that waits before its day. Everything judged from now on is
/// judged by it; final results stay on the version they were judged by.
///
/// # Errors
/// [`SchemeError::NotADraft`], [`SchemeError::NotTried`], [`SchemeError::OneWaits`]; 404 for those
/// who do not own the programme.
pub async fn put_in_force(ctx: &Ctx, tx: &mut Tx, id: Id<Version>) -> Result<Version, SchemeError> {
    let (_, programme) = owned(ctx, tx).await?;
    let next = version(tx, &programme, id).await?;
    let trial = store::newest_trial(tx, id).await?;
    decide_in_force(next.state, programme.version, trial.as_ref())?;
    nobody_else_waits(tx, &programme, id).await?;
    if !come_into_force(ctx, tx, &programme, &next).await? {
        return Err(SchemeError::Overtaken);
    }
    Ok(next)
}

/// Lets a tried draft wait for the beginning of `day`; today is at once.
///
/// # Errors
/// [`SchemeError::WrongDay`]; else as [`put_in_force`], which also refuses what waits already.
pub async fn put_off(ctx: &Ctx, tx: &mut Tx, id: Id<Version>, day: NaiveDate) -> Result<State, SchemeError> {
    let (_, programme) = owned(ctx, tx).await?;
    let draft = version(tx, &programme, id).await?;
    if draft.state != State::Draft {
        return Err(SchemeError::NotADraft(draft.state));
    }
    let trial = store::newest_trial(tx, id).await?;
    decide_in_force(draft.state, programme.version, trial.as_ref())?;
    let scheme = rules_of(&ctx.app, tx, id).await?;
    let due_at = decide_due(day, ctx.at.date(), *scheme.identity.period)?;
    if due_at <= ctx.at {
        put_in_force(ctx, tx, id).await?;
        return Ok(State::InForce);
    }
    nobody_else_waits(tx, &programme, id).await?;
    if !store::wait(tx, &programme, id, due_at).await? {
        return Err(SchemeError::Overtaken);
    }
    let job = Day { programme: programme.id, version: id, due_at };
    let key = ctx.id::<Day>().to_string();
    jobs::enqueue(tx, due_at, JOB, &key, &job).await?;
    let detail = json!({ "day": day, "would_change": trial.map(|trial| trial.changed()) });
    audit::record(ctx, tx, "scheme.day_chosen", id.uuid(), &detail).await?;
    Ok(State::Waiting)
}

/// Takes a version that waits back to the drafts, where another day may be chosen for it.
///
/// # Errors
/// [`SchemeError::NotWaiting`]; 404 for those who do not own the programme.
pub async fn call_off(ctx: &Ctx, tx: &mut Tx, id: Id<Version>, why: &str) -> Result<(), SchemeError> {
    let (_, programme) = owned(ctx, tx).await?;
    let waiting = version(tx, &programme, id).await?;
    if !store::call_off(tx, programme.id, id, why).await? {
        return Err(SchemeError::NotWaiting(waiting.state));
    }
    let detail = json!({ "due_at": waiting.due_at, "reason": why });
    audit::record(ctx, tx, "scheme.day_called_off", id.uuid(), &detail).await?;
    Ok(())
}

/// What everybody who works by `programme` is told of its rules, in a sentence: a version waits for
/// its day, or came into force not long ago.
///
/// # Errors
/// What the database reports.
pub async fn told(ctx: &Ctx, tx: &mut Tx, programme: &Programme) -> Result<Option<String>, DbError> {
    let versions = store::versions(tx, programme.id).await?;
    Ok(news(&versions, ctx.at).map(|(_, sentence)| sentence))
}

/// Looks at the versions of a programme: how many there are, and which are not as they must be.
/// Exactly the one that the programme runs by is in force, and what waits has its day and the one place
/// that there is.
///
/// # Errors
/// What the database reports.
pub async fn check_versions(
    tx: &mut Tx,
    programme: &Programme,
) -> Result<(usize, Vec<Id<Version>>), Failure> {
    let versions = store::versions(tx, programme.id).await?;
    let place = store::waiting(tx, programme.id).await?.map(|waiting| waiting.id);
    let is_right = |one: &Version| {
        let (runs, waits) = (one.state == State::InForce, one.state == State::Waiting);
        runs == (one.id == programme.version)
            && waits == (place == Some(one.id))
            && (!waits || one.due_at.is_some())
    };
    let wrong = versions.iter().filter(|one| !is_right(one)).map(|one| one.id).collect();
    Ok((versions.len(), wrong))
}

/// One version waits at a time, and none overtakes it: its trial was made against the rules that
/// are in force until its day.
async fn nobody_else_waits(tx: &mut Tx, programme: &Programme, id: Id<Version>) -> Result<(), SchemeError> {
    match store::waiting(tx, programme.id).await? {
        Some(other) if other.id != id => Err(SchemeError::OneWaits(other.label)),
        _ => Ok(()),
    }
}

/// Puts `next` in place of the version that `programme` runs by, and has it computed who changed.
/// Says no when another version has come into force since the programme was read, or `next` is
/// neither draft nor waiting any more.
async fn come_into_force(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    next: &Version,
) -> Result<bool, SchemeError> {
    let scheme = rules_of(&ctx.app, tx, next.id).await?;
    let runs_by = (scheme.identity.short_title.as_str(), years(&scheme));
    if !store::come_into_force(tx, programme, next.id, runs_by, ctx.at).await? {
        return Ok(false);
    }
    let trial = begin_trial(ctx, tx, programme, next.id).await?;
    let detail = json!({ "before": programme.version, "due_at": next.due_at, "trial": trial });
    audit::record(ctx, tx, "scheme.in_force", next.id.uuid(), &detail).await?;
    jobs::emit(tx, ctx.at, "scheme.in_force", &json!({ "programme": programme.id })).await?;
    Ok(true)
}

async fn work(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let day: Day = claimed.payload()?;
    let mut tx = ctx.write().await?;
    let programme = of_id(&mut tx, day.programme).await?;
    let waiting = store::waiting(&mut tx, programme.id).await?;
    // Called off, put off to another day, or in force already: then this day is nobody's.
    let Some(next) = waiting.filter(|next| next.id == day.version && next.due_at == Some(day.due_at)) else {
        return Ok(());
    };
    if !come_into_force(&ctx, &mut tx, &programme, &next).await.map_err(Failure::from)? {
        return Err(Failure::from(SchemeError::Overtaken).into());
    }
    tx.commit().await?;
    Ok(())
}
