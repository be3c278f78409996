//! Work after the answer: jobs in a table, events in an outbox, both in the transaction of the
//! business itself.
//!
//! A job is claimed under a lease, which is renewed while the job is at work, and done by an
//! idempotent handler; a worker that dies leaves a lease that runs out, and the job is claimed
//! again. A handler that panics has failed, as one that returns an error. An event is turned into
//! one job for each reaction to it, or a part of one, exactly once, because both happen in one
//! transaction.
//!
//! Jobs run in two lanes, so that somebody who looks at a progress bar never waits behind a
//! thousand figures that are being counted again.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tisheng_kernel::{Id, Instant};
use tokio::sync::watch;
use uuid::Uuid;

use crate::app::App;
use crate::args;
use crate::ctx::Ctx;
use crate::db::{Db, DbError, Engine, Tx, Value};

/// Marker of a job's identifier.
#[derive(Debug)]
pub struct Job;

/// Minutes for which a claimed job belongs to its worker.
const LEASE_MINUTES: i64 = 5;
/// How often the lease of a job at work is renewed.
const RENEWAL: Duration = Duration::from_secs(60);
/// Attempts after which a job is left for a person.
const ATTEMPTS: i64 = 8;
/// Jobs claimed at once.
const CLAIM: i64 = 20;
/// Events looked at in one transaction.
const EVENTS_AT_ONCE: i64 = 200;
/// Events that one gathering job is given at most.
const GATHERED: usize = 100;

/// What a job is put off for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for it and looks at its progress.
    Awaited,
    /// Nobody sees when it is done.
    Background,
}

/// Puts a job of `kind` on the table, to be done in the background once `at` has come and the
/// transaction is committed. The same `key` of the same kind is taken once: a second call gives
/// the job of the first.
///
/// # Errors
/// What the database reports.
pub async fn enqueue(
    tx: &mut Tx,
    at: Instant,
    kind: &str,
    key: &str,
    payload: &(impl Serialize + Sync),
) -> Result<Id<Job>, DbError> {
    put(tx, Lane::Background, (at, kind, key), payload).await
}

/// The same for a job that somebody waits for.
///
/// # Errors
/// What the database reports.
pub async fn enqueue_awaited(
    tx: &mut Tx,
    at: Instant,
    kind: &str,
    key: &str,
    payload: &(impl Serialize + Sync),
) -> Result<Id<Job>, DbError> {
    put(tx, Lane::Awaited, (at, kind, key), payload).await
}

async fn put(
    tx: &mut Tx,
    lane: Lane,
    (at, kind, key): (Instant, &str, &str),
    payload: &(impl Serialize + Sync),
) -> Result<Id<Job>, DbError> {
    let payload = serde_json::to_string(payload).map_err(|e| DbError::Engine(e.to_string()))?;
    let id: Id<Job> = Id::new(at);
    if tx.run(INSERT_JOB, args![id, kind, key, payload, at, lane == Lane::Awaited]).await? == 1 {
        return Ok(id);
    }
    tx.row(JOB_OF_KEY, args![kind, key], |row| row.get(0)).await
}

/// Writes an event to the outbox.
///
/// # Errors
/// What the database reports.
pub async fn emit(
    tx: &mut Tx,
    at: Instant,
    topic: &'static str,
    payload: &(impl Serialize + Sync),
) -> Result<(), DbError> {
    let payload = serde_json::to_string(payload).map_err(|e| DbError::Engine(e.to_string()))?;
    tx.run(INSERT_EVENT, args![Id::<Job>::new(at), topic, payload, at]).await.map(drop)
}

const INSERT_JOB: &str = "insert into job (id, kind, key, payload, run_at, awaited, attempts, done, total)
    values ($1, $2, $3, $4, $5, $6, 0, 0, 0) on conflict (kind, key) do nothing";

const JOB_OF_KEY: &str = "select id from job where kind = $1 and key = $2";

const INSERT_EVENT: &str = "insert into outbox (id, topic, payload, at) values ($1, $2, $3, $4)";

const OPEN_EVENTS: &str =
    "select id, topic, payload from outbox where handled_at is null order by id limit $1";

const CLOSE_EVENT: &str = "update outbox set handled_at = $2 where id = $1 and handled_at is null";

const DUE: &str = "select id, kind, payload, attempts from job
    where done_at is null and awaited = $4 and attempts < $1 and run_at <= $2
    and (lease_until is null or lease_until < $2) order by run_at, id limit $3";

const DUE_SKIPPING_LOCKED: &str = "select id, kind, payload, attempts from job
    where done_at is null and awaited = $4 and attempts < $1 and run_at <= $2
    and (lease_until is null or lease_until < $2) order by run_at, id limit $3 for update skip locked";

const CLAIM_JOB: &str = "update job set lease_until = $2, lease = $3 where id = $1 and done_at is null";

const START: &str = "update job set lease_until = $3, attempts = attempts + 1
    where id = $1 and lease = $2 and done_at is null";

const RENEW: &str = "update job set lease_until = $3 where id = $1 and lease = $2 and done_at is null";

const RELEASE: &str = "update job set lease_until = null where id = $1 and lease = $2 and done_at is null";

const FINISH: &str =
    "update job set done_at = $3, lease_until = null, error = null where id = $1 and lease = $2";

const POSTPONE: &str =
    "update job set run_at = $3, lease_until = null, error = $4 where id = $1 and lease = $2";

const PROGRESS: &str = "update job set done = $2, total = $3 where id = $1";

const STATE: &str = "select done, total, done_at, error, attempts from job where id = $1";

/// How far a job has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Parts done.
    pub done: i64,
    /// Parts in all; 0 while unknown.
    pub total: i64,
    /// When it ended.
    pub done_at: Option<Instant>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Whether no further attempt will be made.
    pub given_up: bool,
}

/// How far job `id` has come.
///
/// # Errors
/// What the database reports.
pub async fn state(tx: &mut Tx, id: Id<Job>) -> Result<Option<State>, DbError> {
    tx.row_opt(STATE, args![id], |row| {
        let done_at = row.get(2)?;
        Ok(State {
            done: row.get(0)?,
            total: row.get(1)?,
            done_at,
            error: row.get(3)?,
            given_up: done_at.is_none() && row.get::<i64>(4)? >= ATTEMPTS,
        })
    })
    .await
}

/// Says in the open how far job `id` has come. Its own small transaction, so that others see it.
///
/// # Errors
/// What the database reports.
pub async fn progress(db: &Db, id: Id<Job>, done: i64, total: i64) -> Result<(), DbError> {
    let mut tx = db.write().await?;
    tx.run(PROGRESS, args![id, done, total]).await?;
    tx.commit().await
}

/// A job in the hands of a worker.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The job.
    pub id: Id<Job>,
    kind: String,
    payload: String,
    attempts: i64,
    lease: Uuid,
}

impl Claimed {
    /// What the job was given.
    ///
    /// # Errors
    /// When the payload was written by other code.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_str(&self.payload).map_err(|e| JobError(format!("payload: {e}")))
    }

    /// The payloads of the events that a gathering job was given, in their order.
    ///
    /// # Errors
    /// When one was written by other code.
    pub fn payloads<T: DeserializeOwned>(&self) -> Result<Vec<T>, JobError> {
        self.payload()
    }

    /// The same as they are written.
    fn parts(&self) -> Vec<String> {
        let parts = self.payloads::<serde_json::Value>().unwrap_or_default();
        parts.iter().map(ToString::to_string).collect()
    }
}

/// Why a job could not be done; it will be tried again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JobError(pub String);

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

type Outcome = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;
type Handler = Arc<dyn Fn(Ctx, Claimed) -> Outcome + Send + Sync>;

/// Who does which kind of job, and which jobs follow from which event.
#[derive(Default, Clone)]
pub struct Handlers {
    jobs: HashMap<&'static str, Handler>,
    reactions: HashMap<&'static str, Vec<&'static str>>,
    gathering: HashSet<&'static str>,
}

impl std::fmt::Debug for Handlers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handlers").field("reactions", &self.reactions).finish_non_exhaustive()
    }
}

impl Handlers {
    /// Jobs of `kind` are done by `handler`, which may be called again for the same job.
    #[must_use]
    pub fn job<F>(mut self, kind: &'static str, handler: fn(Ctx, Claimed) -> F) -> Self
    where
        F: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        self.jobs.insert(kind, Arc::new(move |ctx, claimed| Box::pin(handler(ctx, claimed))));
        self
    }

    /// Jobs of `kind` are given many events at once ([`Claimed::payloads`]). When one of them cannot
    /// be dealt with, each gets a job of its own, so that it holds up nobody else.
    #[must_use]
    pub fn gathering<F>(mut self, kind: &'static str, handler: fn(Ctx, Claimed) -> F) -> Self
    where
        F: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        self.gathering.insert(kind);
        self.job(kind, handler)
    }

    /// An event of `topic` leads to a job of `kind` with the event's payload.
    #[must_use]
    pub fn reaction(mut self, topic: &'static str, kind: &'static str) -> Self {
        self.reactions.entry(topic).or_default().push(kind);
        self
    }
}

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
        let claimed = claim(app, lane).await?;
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

/// The server's workers, one for each lane: they do what is due, then rest for `rest`. Once `stop`
/// holds true they end the jobs in hand, give back those not begun, and return.
pub async fn run_until(app: Arc<App>, handlers: Handlers, rest: Duration, stop: watch::Receiver<bool>) {
    tokio::join!(
        run_lane_until(&app, &handlers, Lane::Awaited, (rest, stop.clone())),
        run_lane_until(&app, &handlers, Lane::Background, (rest, stop)),
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
        if let Err(error) = run_lane(app, handlers, lane, &stop).await {
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
                follow(&mut tx, at, (kind, &id.simple().to_string()), payload).await?;
            }
        }
    }
    for (kind, events) in gathered {
        for some in events.chunks(GATHERED) {
            let payloads: Vec<&str> = some.iter().map(|(_, payload)| *payload).collect();
            let first = some.first().map(|(id, _)| id.simple().to_string()).unwrap_or_default();
            follow(&mut tx, at, (kind, &first), &list(&payloads)).await?;
        }
    }
    tx.commit().await?;
    Ok(events.len())
}

/// Puts a job that follows from an event on the table.
async fn follow(tx: &mut Tx, at: Instant, (kind, key): (&str, &str), payload: &str) -> Result<(), DbError> {
    let row = args![Id::<Job>::new(at), kind, key, payload, at, false];
    tx.run(INSERT_JOB, row).await.map(drop)
}

/// A list of payloads, itself a payload.
fn list(payloads: &[&str]) -> String {
    format!("[{}]", payloads.join(","))
}

fn event(row: &crate::db::Row<'_>) -> Result<(Uuid, String, String), DbError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

async fn claim(app: &Arc<App>, lane: Lane) -> Result<Vec<Claimed>, DbError> {
    let at = app.now();
    let due = args![ATTEMPTS, at, CLAIM, lane == Lane::Awaited];
    let lease = Id::<Job>::new(at).uuid();
    let found = |row: &crate::db::Row<'_>| {
        Ok(Claimed { id: row.get(0)?, kind: row.get(1)?, payload: row.get(2)?, attempts: row.get(3)?, lease })
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
    at + TimeDelta::minutes(LEASE_MINUTES)
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
        follow(tx, at, (&job.kind, &key), &list(&[part])).await?;
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
