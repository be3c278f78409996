//! Work after the answer: jobs in a table, events in an outbox, both in the transaction of the
//! business itself.
//!
//! A job is claimed under a lease, which is renewed while the job is at work, and done by an
//! idempotent handler; a worker that dies leaves a lease that runs out, and the job is claimed
//! again. A handler that panics has failed, as one that returns an error. An event is turned into
//! one job for each reaction to it, or a part of one, exactly once, because both happen in one
//! transaction.
//!
//! Jobs run in three lanes, so that somebody who looks at a progress bar never waits behind a
//! thousand figures that are being counted again, and nobody for a system that is slow to answer.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tisheng_kernel::{Id, Instant};
use uuid::Uuid;

use crate::args;
use crate::ctx::Ctx;
use crate::db::{Db, DbError, Tx};

mod worker;

pub use worker::{run_due, run_until, take_up_again};

/// Marker of a job's identifier.
#[derive(Debug)]
pub struct Job;

/// Attempts after which a job is left for a person.
const ATTEMPTS: i64 = 8;

/// What a job is put off for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for it and looks at its progress.
    Awaited,
    /// Nobody sees when it is done.
    Background,
    /// It asks another system, which may let it wait.
    Outbound,
}

impl Lane {
    /// The form stored in the database.
    const fn code(self) -> i64 {
        match self {
            Self::Background => 0,
            Self::Awaited => 1,
            Self::Outbound => 2,
        }
    }
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

/// The same for a job that asks another system. Several of them are done at once.
///
/// # Errors
/// What the database reports.
pub async fn enqueue_outbound(
    tx: &mut Tx,
    at: Instant,
    kind: &str,
    key: &str,
    payload: &(impl Serialize + Sync),
) -> Result<Id<Job>, DbError> {
    put(tx, Lane::Outbound, (at, kind, key), payload).await
}

async fn put(
    tx: &mut Tx,
    lane: Lane,
    (at, kind, key): (Instant, &str, &str),
    payload: &(impl Serialize + Sync),
) -> Result<Id<Job>, DbError> {
    let payload = serde_json::to_string(payload).map_err(|e| DbError::Engine(e.to_string()))?;
    let id: Id<Job> = Id::new(at);
    if tx.run(INSERT_JOB, args![id, kind, key, payload, at, lane.code(), None::<Uuid>]).await? == 1 {
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

const INSERT_JOB: &str =
    "insert into job (id, kind, key, payload, run_at, lane, part_of, attempts, done, total)
    values ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0) on conflict (kind, key) do nothing";

const JOB_OF_KEY: &str = "select id from job where kind = $1 and key = $2";

const INSERT_EVENT: &str = "insert into outbox (id, topic, payload, at) values ($1, $2, $3, $4)";

const PROGRESS: &str = "update job set done = $2, total = $3 where id = $1";

const REVIVE: &str = "update job set attempts = 0, run_at = $2, lease = null, lease_until = null
    where done_at is null and attempts >= $1";

/// Puts every job that failed for the last time on the table again, once what failed is mended; says how many.
///
/// # Errors
/// What the database reports.
pub async fn revive(tx: &mut Tx, at: Instant) -> Result<u64, DbError> {
    tx.run(REVIVE, args![ATTEMPTS, at]).await
}

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

/// Says how many parts a job just put on the table has, so that its progress is told from the first
/// moment on.
///
/// # Errors
/// What the database reports.
pub async fn announce(tx: &mut Tx, id: Id<Job>, total: i64) -> Result<(), DbError> {
    tx.run(PROGRESS, args![id, 0_i64, total]).await.map(drop)
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
    part_of: Option<Id<Job>>,
}

impl Claimed {
    /// What the job was given.
    ///
    /// # Errors
    /// When the payload was written by other code.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        serde_json::from_str(&self.payload).map_err(|e| JobError(format!("payload: {e}")))
    }

    /// The gathering job that this one is a part of. It could not be done as a whole, unless it was and
    /// only the answer to its commit was lost.
    #[must_use]
    pub const fn part_of(&self) -> Option<Id<Job>> {
        self.part_of
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
