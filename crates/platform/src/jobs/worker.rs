//! The workers: events become jobs, jobs are claimed under a lease and done.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tisheng_kernel::{Id, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{ATTEMPTS, Claimed, Handler, Handlers, INSERT_JOB, Job, JobError, Lane};
use crate::app::App;
use crate::args;
use crate::ctx::Ctx;
use crate::db::{DbError, Engine, Tx, Value};

/// Seconds for which a claimed job belongs to its worker: so long somebody may wait when a server
/// dies beside others.
const LEASE_SECONDS: i64 = 30;
/// How often the lease of a job at work is renewed.
const RENEWAL: Duration = Duration::from_secs(10);
/// Jobs claimed at once.
const CLAIM: i64 = 20;
/// Jobs of the outbound lane that are done at once.
const OUTBOUND_AT_ONCE: usize = 8;
/// How often new jobs of that lane are looked for while others are at work.
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// Events looked at in one transaction.
const EVENTS_AT_ONCE: i64 = 200;
/// Events that one gathering job is given at most.
const GATHERED: usize = 100;

const OPEN_EVENTS: &str =
    "select id, topic, payload from outbox where handled_at is null order by id limit $1";

const CLOSE_EVENT: &str = "update outbox set handled_at = $2 where id = $1 and handled_at is null";

const DUE: &str = "select id, kind, payload, attempts, part_of from job
    where done_at is null and lane = $4 and attempts < $1 and run_at <= $2
    and (lease_until is null or lease_until < $2) order by run_at, id limit $3";

const DUE_SKIPPING_LOCKED: &str = "select id, kind, payload, attempts, part_of from job
    where done_at is null and lane = $4 and attempts < $1 and run_at <= $2
    and (lease_until is null or lease_until < $2) order by run_at, id limit $3 for update skip locked";

const CLAIM_JOB: &str = "update job set lease_until = $2, lease = $3 where id = $1 and done_at is null";

const FREE_ALL: &str = "update job set lease_until = null where done_at is null and lease_until is not null";

const START: &str = "update job set lease_until = $3, attempts = attempts + 1
    where id = $1 and lease = $2 and done_at is null";

const RENEW: &str = "update job set lease_until = $3 where id = $1 and lease = $2 and done_at is null";

const RELEASE: &str = "update job set lease_until = null where id = $1 and lease = $2 and done_at is null";

const FINISH: &str =
    "update job set done_at = $3, lease_until = null, error = null where id = $1 and lease = $2";

const POSTPONE: &str =
    "update job set run_at = $3, lease_until = null, error = $4 where id = $1 and lease = $2";

/// Works until nothing is due, and says how many jobs were done. Tests call it between steps;
/// the server calls it in a loop.
///
/// # Errors
/// What the database reports.
pub async fn run_due(app: &Arc<App>, handlers: &Handlers) -> Result<usize, DbError> {
    let (_keep, never) = watch::channel(false);
    let mut done = 0;
    loop {
        let before = done;
        for lane in [Lane::Awaited, Lane::Background] {
            done += run_lane(app, handlers, lane, &never).await?;
        }
        done += run_outbound(app, handlers, &never).await?;
        if done == before {
            return Ok(done);
        }
    }
}

/// Works in one lane until nothing is due there, and says how many jobs were done.
async fn run_lane(
    app: &Arc<App>,
    handlers: &Handlers,
    lane: Lane,
    stop: &watch::Receiver<bool>,
) -> Result<usize, DbError> {
    let mut done = 0;
    while !*stop.borrow() {
        let events = dispatch(app, handlers).await?;
        let claimed = claim(app, lane, CLAIM).await?;
        if events == 0 && claimed.is_empty() {
            break;
        }
        for job in claimed {
            if *stop.borrow() {
                release(app, &job).await?;
            } else if start(app, &job).await? {
                work(app, handlers, job).await?;
                done += 1;
            }
        }
    }
    Ok(done)
}

/// Works in the outbound lane, on several jobs at once, until nothing is due there; says how many were
/// done. Whatever is put on the table meanwhile does not wait for those that are slow.
async fn run_outbound(
    app: &Arc<App>,
    handlers: &Handlers,
    stop: &watch::Receiver<bool>,
) -> Result<usize, DbError> {
    let (mut at_work, mut done, mut failed) = (JoinSet::new(), 0, None);
    loop {
        if failed.is_none() && !*stop.borrow() && at_work.len() < OUTBOUND_AT_ONCE {
            match claim(app, Lane::Outbound, i64::try_from(OUTBOUND_AT_ONCE - at_work.len()).unwrap_or(1))
                .await
            {
                Ok(claimed) => {
                    for job in claimed {
                        at_work.spawn(begin(Arc::clone(app), handlers.clone(), job));
                    }
                }
                Err(error) => failed = Some(error),
            }
        }
        if at_work.is_empty() {
            return failed.map_or(Ok(done), Err);
        }
        match tokio::time::timeout(LOOK_AGAIN, at_work.join_next()).await {
            Ok(Some(Ok(Ok(true)))) => done += 1,
            Ok(Some(Ok(Err(error)))) => failed = Some(error),
            Ok(Some(Err(stopped))) => failed = Some(DbError::Engine(stopped.to_string())),
            Ok(Some(Ok(Ok(false))) | None) | Err(_) => {}
        }
    }
}

/// Does a job, unless somebody else has it by now; says whether it was done.
async fn begin(app: Arc<App>, handlers: Handlers, job: Claimed) -> Result<bool, DbError> {
    if !start(&app, &job).await? {
        return Ok(false);
    }
    work(&app, &handlers, job).await?;
    Ok(true)
}

/// Takes up at once what a server that died had in hand, where nobody else can be at work: a
/// SQLite file has one server. Beside others the leases run out by themselves.
///
/// # Errors
/// What the database reports.
pub async fn take_up_again(app: &Arc<App>) -> Result<(), DbError> {
    if app.db.engine() == Engine::Sqlite {
        change(app, FREE_ALL, args![]).await?;
    }
    Ok(())
}

/// The server's workers, one for each lane: they do what is due, then rest for `rest`. Once `stop`
/// holds true they end the jobs in hand, give back those not begun, and return.
pub async fn run_until(app: Arc<App>, handlers: Handlers, rest: Duration, stop: watch::Receiver<bool>) {
    tokio::join!(
        run_lane_until(&app, &handlers, Lane::Awaited, (rest, stop.clone())),
        run_lane_until(&app, &handlers, Lane::Background, (rest, stop.clone())),
        run_lane_until(&app, &handlers, Lane::Outbound, (rest, stop)),
    );
}

async fn run_lane_until(
    app: &Arc<App>,
    handlers: &Handlers,
    lane: Lane,
    (rest, mut stop): (Duration, watch::Receiver<bool>),
) {
    let mut swept = None;
    while !*stop.borrow() {
        let ran = match lane {
            Lane::Outbound => run_outbound(app, handlers, &stop).await,
            Lane::Awaited | Lane::Background => run_lane(app, handlers, lane, &stop).await,
        };
        if let Err(error) = ran {
            tracing::error!(%error, "jobs cannot be claimed");
        }
        if lane == Lane::Background {
            keep_house(app, &mut swept).await;
        }
        // Whoever held the other end is gone: nobody will ever say stop, so resting alone counts.
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            Ok(()) = stop.changed() => {}
        }
    }
}

/// What the background worker does between jobs: the audit trail is sealed, what is past its
/// keeping goes.
async fn keep_house(app: &Arc<App>, swept: &mut Option<Instant>) {
    let at = app.now();
    if let Err(error) = crate::audit::seal(&app.db, at).await {
        tracing::error!(%error, "the audit trail cannot be sealed");
    }
    if crate::sweep::is_due(*swept, at) {
        *swept = Some(at);
        if let Err(error) = crate::sweep::sweep(app, at).await {
            tracing::error!(%error, "what is past its keeping cannot be removed");
        }
    }
}

async fn dispatch(app: &Arc<App>, handlers: &Handlers) -> Result<usize, DbError> {
    let mut tx = app.db.read().await?;
    let events = tx.rows(OPEN_EVENTS, args![EVENTS_AT_ONCE], event).await?;
    drop(tx);
    if events.is_empty() {
        return Ok(0);
    }
    let at = app.now();
    let mut gathered: BTreeMap<&str, Vec<(Uuid, &str)>> = BTreeMap::new();
    let mut tx = app.db.write().await?;
    for (id, topic, payload) in &events {
        if tx.run(CLOSE_EVENT, args![*id, at]).await? == 0 {
            continue;
        }
        for kind in handlers.reactions.get(topic.as_str()).into_iter().flatten() {
            if handlers.gathering.contains(kind) {
                gathered.entry(kind).or_default().push((*id, payload));
            } else {
                follow(&mut tx, at, (kind, &id.simple().to_string(), None), payload).await?;
            }
        }
    }
    for (kind, events) in gathered {
        for some in events.chunks(GATHERED) {
            let payloads: Vec<&str> = some.iter().map(|(_, payload)| *payload).collect();
            let first = some.first().map(|(id, _)| id.simple().to_string()).unwrap_or_default();
            follow(&mut tx, at, (kind, &first, None), &list(&payloads)).await?;
        }
    }
    tx.commit().await?;
    Ok(events.len())
}

/// Puts a job that follows from an event on the table, or a part of one that could not be done.
async fn follow(
    tx: &mut Tx,
    at: Instant,
    (kind, key, part_of): (&str, &str, Option<Id<Job>>),
    payload: &str,
) -> Result<(), DbError> {
    let row = args![Id::<Job>::new(at), kind, key, payload, at, Lane::Background.code(), part_of];
    tx.run(INSERT_JOB, row).await.map(drop)
}

/// A list of payloads, itself a payload.
fn list(payloads: &[&str]) -> String {
    format!("[{}]", payloads.join(","))
}

fn event(row: &crate::db::Row<'_>) -> Result<(Uuid, String, String), DbError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

async fn claim(app: &Arc<App>, lane: Lane, most: i64) -> Result<Vec<Claimed>, DbError> {
    let at = app.now();
    let due = args![ATTEMPTS, at, most, lane.code()];
    let lease = Id::<Job>::new(at).uuid();
    let found = |row: &crate::db::Row<'_>| {
        Ok(Claimed {
            id: row.get(0)?,
            kind: row.get(1)?,
            payload: row.get(2)?,
            attempts: row.get(3)?,
            lease,
            part_of: row.get(4)?,
        })
    };
    let mut tx = app.db.read().await?;
    if tx.rows(DUE, due, found).await?.is_empty() {
        return Ok(Vec::new());
    }
    drop(tx);
    let mut tx = app.db.write().await?;
    let sql = if app.db.engine() == Engine::Postgres { DUE_SKIPPING_LOCKED } else { DUE };
    let jobs = tx.rows(sql, due, found).await?;
    for job in &jobs {
        tx.run(CLAIM_JOB, args![job.id, lease_end(at), lease]).await?;
    }
    tx.commit().await?;
    Ok(jobs)
}

fn lease_end(at: Instant) -> Instant {
    at + TimeDelta::seconds(LEASE_SECONDS)
}

async fn change(app: &Arc<App>, sql: &'static str, args: &[Value<'_>]) -> Result<bool, DbError> {
    let mut tx = app.db.write().await?;
    let changed = tx.run(sql, args).await?;
    tx.commit().await?;
    Ok(changed > 0)
}

/// Begins an attempt, unless the lease ran out while the worker did other jobs and somebody else
/// has taken the job.
async fn start(app: &Arc<App>, job: &Claimed) -> Result<bool, DbError> {
    change(app, START, args![job.id, job.lease, lease_end(app.now())]).await
}

async fn release(app: &Arc<App>, job: &Claimed) -> Result<bool, DbError> {
    change(app, RELEASE, args![job.id, job.lease]).await
}

/// Calls the handler in a task of its own: a panic ends the task, not the worker, and a handler
/// that writes does not wait for the renewal of its own lease.
async fn attempt(app: &Arc<App>, handler: &Handler, job: &Claimed) -> Result<(), JobError> {
    let mut task = tokio::spawn(handler(Ctx::system(Arc::clone(app), "job"), job.clone()));
    loop {
        match tokio::time::timeout(RENEWAL, &mut task).await {
            Ok(Ok(outcome)) => return outcome,
            Ok(Err(stopped)) => return Err(JobError(stopped.to_string())),
            Err(_) => {
                if let Err(error) = change(app, RENEW, args![job.id, job.lease, lease_end(app.now())]).await {
                    tracing::warn!(job = %job.id, %error, "a lease cannot be renewed");
                }
            }
        }
    }
}

async fn work(app: &Arc<App>, handlers: &Handlers, job: Claimed) -> Result<(), DbError> {
    let outcome = match handlers.jobs.get(job.kind.as_str()) {
        Some(handler) => attempt(app, handler, &job).await,
        None => Err(JobError(format!("nobody does jobs of kind {}", job.kind))),
    };
    let at = app.now();
    let mut tx = app.db.write().await?;
    match outcome {
        Ok(()) => {
            tx.run(FINISH, args![job.id, job.lease, at]).await?;
        }
        Err(error) if handlers.gathering.contains(job.kind.as_str()) && job.parts().len() > 1 => {
            tracing::warn!(job = %job.id, kind = job.kind, %error, "a job for many events is done one by one");
            take_apart(&mut tx, at, &job).await?;
        }
        Err(error) => postpone(&mut tx, at, &job, error).await?,
    }
    tx.commit().await
}

/// Each event of a gathering job gets a job of its own.
async fn take_apart(tx: &mut Tx, at: Instant, job: &Claimed) -> Result<(), DbError> {
    if tx.run(FINISH, args![job.id, job.lease, at]).await? == 0 {
        return Ok(());
    }
    for (place, part) in job.parts().iter().enumerate() {
        let key = format!("{}.{place}", job.id);
        follow(tx, at, (&job.kind, &key, Some(job.id)), &list(&[part])).await?;
    }
    Ok(())
}

async fn postpone(tx: &mut Tx, at: Instant, job: &Claimed, error: JobError) -> Result<(), DbError> {
    if job.attempts + 1 >= ATTEMPTS {
        tracing::error!(job = %job.id, kind = job.kind, %error, "a job failed for the last time");
    } else {
        tracing::warn!(job = %job.id, kind = job.kind, %error, "a job failed and will be tried again");
    }
    let pause = TimeDelta::seconds(1_i64 << (job.attempts * 2).clamp(0, 12));
    tx.run(POSTPONE, args![job.id, job.lease, at + pause, error.to_string()]).await.map(drop)
}
