//! One text of SQL on two engines: SQLite by default, PostgreSQL when the territory grows.
//!
//! A room opens a [`Tx`] with [`Db::read`] or [`Db::write`], runs constant statements with `$n`
//! placeholders through it, and ends a writing one with [`Tx::commit`]. A write that is dropped
//! without commit leaves nothing behind. `commit` returns once the work is durable.
//!
//! A statement that fails spoils its transaction on both engines: what follows is refused and so
//! is the commit. PostgreSQL does so by itself, but answers such a commit as if all were well.
//!
//! What a room awaits comes boxed: the compiler makes the code of a plain `async fn` anew for every
//! part of every room that awaits it, with the whole driver in it.

mod error;
pub mod migrate;
pub mod months;
mod postgres;
mod sqlite;
mod value;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use futures::future::BoxFuture;
use uuid::Uuid;

pub use error::DbError;
pub use postgres::quote_identifier;
pub use value::{Column, Row, Value};

/// How long somebody waits for a connection before being told that the installation is busy. An
/// import's transaction on SQLite is shorter than this.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is done with each row of a statement.
type Visit<'a> = dyn FnMut(&Row<'_>) -> Result<(), DbError> + Send + 'a;

/// Which engine answers. Rooms never ask; the migration runner, the tests and the bench do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in the data directory.
    Sqlite,
    /// A server.
    Postgres,
}

/// Where the data lives.
#[derive(Debug, Clone)]
pub enum Address {
    /// A SQLite file, made when missing.
    File(PathBuf),
    /// A PostgreSQL connection string.
    Server(String),
}

impl Address {
    /// Reads `postgres://…` as a server and anything else as the path of a file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::Server(text.to_owned())
        } else {
            Self::File(PathBuf::from(text))
        }
    }
}

/// The database of one installation. Cheap to clone.
#[derive(Debug, Clone)]
pub enum Db {
    /// One writer with group commit, a pool of readers.
    Sqlite(sqlite::Sqlite),
    /// A pool of connections.
    Postgres(postgres::Postgres),
}

impl Db {
    /// Connects to `address`.
    ///
    /// # Errors
    /// When the file cannot be opened or the server does not answer.
    pub async fn open(address: &Address) -> Result<Self, DbError> {
        match address {
            Address::File(path) => sqlite::Sqlite::open(path).map(Self::Sqlite),
            Address::Server(url) => postgres::Postgres::open(url).await.map(Self::Postgres),
        }
    }

    /// The engine behind this database.
    #[must_use]
    pub const fn engine(&self) -> Engine {
        match self {
            Self::Sqlite(_) => Engine::Sqlite,
            Self::Postgres(_) => Engine::Postgres,
        }
    }

    /// How many transactions of one kind are well written side by side. SQLite has one writer; what more
    /// than a few on a server gain is taken from those who read.
    #[must_use]
    pub const fn writers(&self) -> usize {
        match self {
            Self::Sqlite(_) => 1,
            Self::Postgres(_) => postgres::WRITERS,
        }
    }

    /// A transaction that only reads and sees one state of the data.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub fn read(&self) -> BoxFuture<'_, Result<Tx, DbError>> {
        Box::pin(async move {
            Ok(Tx::of(match self {
                Self::Sqlite(db) => Inner::Reader(db.read().await?),
                Self::Postgres(db) => Inner::Postgres(db.begin(postgres::READ).await?),
            }))
        })
    }

    /// As [`Self::read`], for statements of which one plan is right for any values, such as those that walk
    /// one index: PostgreSQL keeps their plans, where it otherwise makes one each time.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub fn read_planned(&self) -> BoxFuture<'_, Result<Tx, DbError>> {
        match self {
            Self::Sqlite(_) => self.read(),
            Self::Postgres(db) => {
                Box::pin(async move { Ok(Tx::of(Inner::Postgres(db.begin(postgres::READ_PLANNED).await?))) })
            }
        }
    }

    /// A transaction that may write. What somebody else holds for long is not waited for without end: its
    /// statement fails as [`DbError::Conflict`].
    ///
    /// # Errors
    /// When no connection is to be had.
    pub fn write(&self) -> BoxFuture<'_, Result<Tx, DbError>> {
        Box::pin(async move {
            Ok(Tx::of(match self {
                Self::Sqlite(db) => Inner::Writer(db.write().await?),
                Self::Postgres(db) => Inner::Postgres(db.begin(postgres::WRITE).await?),
            }))
        })
    }

    /// A transaction that may write and will take long, such as an import: on SQLite the work of
    /// others is made durable before it begins, so that nobody who is done waits for it; on PostgreSQL its
    /// statements are planned for the tables as they have become meanwhile, and it waits for others as long as
    /// it takes.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub fn write_alone(&self) -> BoxFuture<'_, Result<Tx, DbError>> {
        match self {
            Self::Sqlite(db) => Box::pin(async move { Ok(Tx::of(Inner::Writer(db.write_alone().await?))) }),
            Self::Postgres(db) => {
                Box::pin(async move { Ok(Tx::of(Inner::Postgres(db.begin(postgres::WRITE_ALONE).await?))) })
            }
        }
    }

    /// Lets the planner know how the rows lie by now. SQLite has to be told from time to time;
    /// PostgreSQL sees to it by itself.
    ///
    /// # Errors
    /// What the engine reports.
    pub async fn tend(&self) -> Result<(), DbError> {
        match self {
            Self::Sqlite(db) => db.tend().await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Copies the whole database to the new file `target` while it is in use (SQLite only; a
    /// PostgreSQL installation uses the server's own backup tools).
    ///
    /// # Errors
    /// When the engine is PostgreSQL or the file cannot be written.
    pub async fn backup(&self, target: PathBuf) -> Result<(), DbError> {
        match self {
            Self::Sqlite(db) => db.backup(target).await,
            Self::Postgres(_) => {
                Err(DbError::Unsupported("a copy of a PostgreSQL database is made with pg_basebackup"))
            }
        }
    }
}

/// Looks through the SQLite file at `path`, which nobody has open, for damage; nothing is written.
///
/// # Errors
/// What is wrong with it first, in the engine's words.
pub fn examine(path: &std::path::Path) -> Result<(), DbError> {
    sqlite::examine(path)
}

/// What is said to whoever goes on after a failed statement.
const SPOILED: &str = "an earlier statement of this transaction failed, nothing of it can be kept";

/// One transaction.
#[derive(Debug)]
pub struct Tx {
    inner: Inner,
    /// Whether a statement has failed: then nothing of the transaction may be committed.
    spoiled: bool,
    /// The rows that it holds, so that none is asked for twice.
    held: BTreeSet<(&'static str, [Uuid; 2])>,
}

#[derive(Debug)]
enum Inner {
    Reader(sqlite::Reader),
    Writer(sqlite::Writer),
    Postgres(postgres::Session),
}

impl Tx {
    const fn of(inner: Inner) -> Self {
        Self { inner, spoiled: false, held: BTreeSet::new() }
    }

    /// Whether others may write while this transaction is open. On SQLite nobody does: whoever writes holds
    /// everything.
    #[must_use]
    pub const fn has_rivals(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }

    /// Whether a row of `table` has to be held against others: not without rivals, and not when this transaction
    /// holds it. Whoever is told so holds it at once. Nothing of a transaction is ever undone but all of it, so what
    /// was held stays held.
    pub fn is_to_hold(&mut self, table: &'static str, row: [Uuid; 2]) -> bool {
        self.has_rivals() && self.held.insert((table, row))
    }

    /// Lets the next statements wait only briefly for what others hold, so that whoever writes for long goes on:
    /// they fail as [`DbError::Conflict`] before the server looks for those who wait for each other; or, with
    /// `false`, again as before. Nothing on SQLite, and nothing for [`Db::write_alone`].
    ///
    /// # Errors
    /// What the engine reports.
    pub async fn wait_briefly(&mut self, briefly: bool) -> Result<(), DbError> {
        self.usable()?;
        let outcome = match &mut self.inner {
            Inner::Reader(_) | Inner::Writer(_) => Ok(()),
            Inner::Postgres(tx) => tx.wait_briefly(briefly).await,
        };
        self.noted(outcome)
    }

    fn usable(&self) -> Result<(), DbError> {
        if self.spoiled { Err(DbError::Engine(SPOILED.to_owned())) } else { Ok(()) }
    }

    fn noted<T>(&mut self, outcome: Result<T, DbError>) -> Result<T, DbError> {
        self.spoiled |= outcome.is_err();
        outcome
    }

    /// Runs a statement and gives each row to `map`.
    ///
    /// # Errors
    /// What the engine reports, or what `map` returns.
    pub async fn rows<T: Send>(
        &mut self,
        sql: &'static str,
        args: &[Value<'_>],
        mut map: impl FnMut(&Row<'_>) -> Result<T, DbError> + Send,
    ) -> Result<Vec<T>, DbError> {
        let mut out = Vec::new();
        let mut push = |row: &Row<'_>| map(row).map(|mapped| out.push(mapped));
        self.visit(sql, args, &mut push).await?;
        Ok(out)
    }

    /// Runs a statement and gives each row to `visit` as it arrives, keeping none.
    ///
    /// # Errors
    /// What the engine reports, or what `visit` returns, which also ends the walk.
    pub async fn each(
        &mut self,
        sql: &'static str,
        args: &[Value<'_>],
        mut visit: impl FnMut(&Row<'_>) -> Result<(), DbError> + Send,
    ) -> Result<(), DbError> {
        self.visit(sql, args, &mut visit).await
    }

    fn visit<'a>(
        &'a mut self,
        sql: &'static str,
        args: &'a [Value<'_>],
        visit: &'a mut Visit<'_>,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async move {
            self.usable()?;
            let outcome = match &mut self.inner {
                Inner::Reader(tx) => sqlite::each(tx.connection(), sql, args, visit),
                Inner::Writer(tx) => tx.connection().and_then(|c| sqlite::each(c, sql, args, visit)),
                Inner::Postgres(tx) => tx.each(sql, args, visit).await,
            };
            self.noted(outcome)
        })
    }

    /// The row of a statement that gives at most one.
    ///
    /// # Errors
    /// What the engine reports, or what `map` returns.
    pub async fn row_opt<T: Send>(
        &mut self,
        sql: &'static str,
        args: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError> + Send,
    ) -> Result<Option<T>, DbError> {
        Ok(self.rows(sql, args, map).await?.into_iter().next())
    }

    /// The row of a statement that always gives one.
    ///
    /// # Errors
    /// [`DbError::NoRow`] when there is none; else as [`Tx::row_opt`].
    pub async fn row<T: Send>(
        &mut self,
        sql: &'static str,
        args: &[Value<'_>],
        map: impl FnMut(&Row<'_>) -> Result<T, DbError> + Send,
    ) -> Result<T, DbError> {
        self.row_opt(sql, args, map).await?.ok_or(DbError::NoRow)
    }

    /// Runs a statement that changes rows and says how many it changed.
    ///
    /// # Errors
    /// What the engine reports; a broken unique rule is [`DbError::Unique`].
    pub fn run<'a>(
        &'a mut self,
        sql: &'static str,
        args: &'a [Value<'_>],
    ) -> BoxFuture<'a, Result<u64, DbError>> {
        Box::pin(async move {
            self.usable()?;
            let outcome = match &mut self.inner {
                Inner::Reader(_) => Err(DbError::ReadOnly),
                Inner::Writer(tx) => tx.connection().and_then(|c| sqlite::run(c, sql, args)),
                Inner::Postgres(tx) => tx.run(sql, args).await,
            };
            self.noted(outcome)
        })
    }

    /// Writes many rows with one statement's shape: `head` is `insert into t (a, b) values`,
    /// `width` the number of its columns, `tail` what follows the values (such as
    /// `on conflict do nothing`, or nothing). Says how many rows were written.
    ///
    /// # Errors
    /// As [`Tx::run`]; rows before the one that failed go with the transaction.
    pub async fn bulk<'v>(
        &mut self,
        head: &'static str,
        width: usize,
        tail: &'static str,
        rows: impl IntoIterator<Item = Vec<Value<'v>>, IntoIter: Send> + Send,
    ) -> Result<u64, DbError> {
        self.insert(head, width, tail, &mut rows.into_iter()).await
    }

    fn insert<'a>(
        &'a mut self,
        head: &'static str,
        width: usize,
        tail: &'static str,
        rows: &'a mut (dyn Iterator<Item = Vec<Value<'_>>> + Send),
    ) -> BoxFuture<'a, Result<u64, DbError>> {
        Box::pin(async move {
            self.usable()?;
            let outcome = match &mut self.inner {
                Inner::Reader(_) => Err(DbError::ReadOnly),
                Inner::Writer(tx) => {
                    let connection = tx.connection();
                    connection.and_then(|c| sqlite::aside(|| sqlite::bulk(c, head, width, tail, rows)))
                }
                Inner::Postgres(tx) => tx.bulk(head, width, tail, rows).await,
            };
            self.noted(outcome)
        })
    }

    /// Runs the statements of a migration or a test, without parameters.
    ///
    /// # Errors
    /// What the engine reports.
    pub async fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        self.usable()?;
        let outcome = match &mut self.inner {
            Inner::Reader(_) => Err(DbError::ReadOnly),
            Inner::Writer(tx) => tx.connection().and_then(|c| Ok(c.execute_batch(sql)?)),
            Inner::Postgres(tx) => tx.batch(sql).await,
        };
        self.noted(outcome)
    }

    /// Prepares a statement without running it: the proof that its text is understood here.
    ///
    /// # Errors
    /// What the engine says against the text.
    pub async fn prepare(&mut self, sql: &str) -> Result<(), DbError> {
        self.usable()?;
        let outcome = match &mut self.inner {
            Inner::Reader(tx) => sqlite::prepare(tx.connection(), sql),
            Inner::Writer(tx) => tx.connection().and_then(|c| sqlite::prepare(c, sql)),
            Inner::Postgres(tx) => tx.prepare(sql).await,
        };
        self.noted(outcome)
    }

    /// Ends a writing transaction; on return its work is durable.
    ///
    /// # Errors
    /// When the work could not be made durable or one of its statements failed; then none of it
    /// happened.
    pub fn commit(self) -> BoxFuture<'static, Result<(), DbError>> {
        Box::pin(async move {
            self.usable()?;
            match self.inner {
                Inner::Reader(_) => Ok(()),
                Inner::Writer(tx) => tx.commit().await,
                Inner::Postgres(tx) => tx.commit().await,
            }
        })
    }
}

/// Arguments of a statement, in the order of its placeholders.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::db::Value::from($value)),*] };
}
