//! Work after the answer: jobs in a table, events in an outbox, both in the transaction of the
//! business itself.
//!
//! A job is claimed under a lease, which is renewed while the job is at work, and done by an
//! idempotent handler; a worker that dies leaves a lease that runs out, and the job is claimed
//! again. A handler that panics has failed, as one that returns an error. An event is turned into one job for each
//! reaction to it, exactly once, because both happen in one transaction.

use std::collections::HashMap;
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

/// Puts a job of `kind` on the table, to be done as soon as the transaction is committed. The
/// same `key` of the same kind is taken once: a second call gives the job of the first.
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
    let payload = serde_json::to_string(payload).map_err(|e| DbError::Engine(e.to_string()))?;
    let id: Id<Job> = Id::new(at);
    if tx.run(INSERT_JOB, args![id, kind, key, payload, at]).await? == 1 {
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

const INSERT_JOB: &str = "insert into job (id, kind, key, payload, run_at, attempts, done, total)
    values ($1, $2, $3, $4, $5, 0, 0, 0) on conflict (kind, key) do nothing";

const JOB_OF_KEY: &str = "select id from job where kind = $1 and key = $2";

const INSERT_EVENT: &str = "insert into outbox (id, topic, payload, at) values ($1, $2, $3, $4)";

const OPEN_EVENTS: &str =
    "select id, topic, payload from outbox where handled_at is null order by id limit $1";

const CLOSE_EVENT: &str = "update outbox set handled_at = $2 where id = $1 and handled_at is null";

const DUE: &str = "select id, kind, payload, attempts from job
    where done_at is null and attempts < $1 and run_at <= $2 and (lease_until is null or lease_until < $2)
    order by run_at, id limit $3";

const DUE_SKIPPING_LOCKED: &str = "select id, kind, payload, attempts from job
    where done_at is null and attempts < $1 and run_at <= $2 and (lease_until is null or lease_until < $2)
    order by run_at, id limit $3 for update skip locked";

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

    /// An event of `topic` leads to one job of `kind` with the event's payload.
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
    run_until_idle(app, handlers, &never).await
}

async fn run_until_idle(
    app: &Arc<App>,
    handlers: &Handlers,
    stop: &watch::Receiver<bool>,
) -> Result<usize, DbError> {
    let mut done = 0;
    while !*stop.borrow() {
        let events = dispatch(app, handlers).await?;
        let claimed = claim(app).await?;
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

/// The server's worker: does what is due, then rests for `rest`. Once `stop` holds true it ends the
/// job in hand, gives back those it has not begun, and returns.
pub async fn run_until(app: Arc<App>, handlers: Handlers, rest: Duration, mut stop: watch::Receiver<bool>) {
    let mut swept = None;
    while !*stop.borrow() {
        if let Err(error) = run_until_idle(&app, &handlers, &stop).await {
            tracing::error!(%error, "jobs cannot be claimed");
        }
        let at = app.now();
        if let Err(error) = crate::audit::seal(&app.db, at).await {
            tracing::error!(%error, "the audit trail cannot be sealed");
        }
        if crate::sweep::is_due(swept, at) {
            swept = Some(at);
            if let Err(error) = crate::sweep::sweep(&app, at).await {
                tracing::error!(%error, "what is past its keeping cannot be removed");
            }
        }
        // Whoever held the other end is gone: nobody will ever say stop, so resting alone counts.
        tokio::select! {
            () = tokio::time::sleep(rest) => {}
            Ok(()) = stop.changed() => {}
        }
    }
}

async fn dispatch(app: &Arc<App>, handlers: &Handlers) -> Result<usize, DbError> {
    let mut tx = app.db.read().await?;
    let events = tx.rows(OPEN_EVENTS, args![CLAIM * 10], event).await?;
    drop(tx);
    if events.is_empty() {
        return Ok(0);
    }
    let at = app.now();
    let mut tx = app.db.write().await?;
    for (id, topic, payload) in &events {
        if tx.run(CLOSE_EVENT, args![*id, at]).await? == 0 {
            continue;
        }
        for kind in handlers.reactions.get(topic.as_str()).into_iter().flatten() {
            let row = args![Id::<Job>::new(at), *kind, id.simple().to_string(), payload.as_str(), at];
            tx.run(INSERT_JOB, row).await?;
        }
    }
    tx.commit().await?;
    Ok(events.len())
}

fn event(row: &crate::db::Row<'_>) -> Result<(Uuid, String, String), DbError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

async fn claim(app: &Arc<App>) -> Result<Vec<Claimed>, DbError> {
    let at = app.now();
    let due = args![ATTEMPTS, at, CLAIM];
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
        Ok(()) => tx.run(FINISH, args![job.id, job.lease, at]).await?,
        Err(error) => {
            if job.attempts + 1 >= ATTEMPTS {
                tracing::error!(job = %job.id, kind = job.kind, %error, "a job failed for the last time");
            } else {
                tracing::warn!(job = %job.id, kind = job.kind, %error, "a job failed and will be tried again");
            }
            let pause = TimeDelta::seconds(1_i64 << (job.attempts * 2).clamp(0, 12));
            tx.run(POSTPONE, args![job.id, job.lease, at + pause, error.to_string()]).await?
        }
    };
    tx.commit().await
}
