//! The SQLite engine: one writer connection whose transactions share commits, a pool of readers.
//!
//! A commit costs one sync of the disk. Writers that queue up behind each other therefore share
//! it: each runs in a savepoint of one open transaction, and whoever finds nobody waiting (or the
//! group full) commits for all. What will take long runs alone in a transaction of its own. Nobody is
//! told "done" before the commit is durable.

mod months;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Connection, OpenFlags};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};

use super::{DbError, PATIENCE, Row, Value, Visit};

pub use months::disk;

/// How many transactions may share a commit.
const GROUP: usize = 64;
/// How many readers may be at work at once.
const READERS: usize = 8;
/// Statements kept prepared on each connection.
const STATEMENTS: usize = 512;

/// Without it the planner takes every index for equally good, and the first column of a key, which
/// all rows of a programme share, for one that finds ten. Some hundred rows of each index are
/// enough, and only of tables that are new or many times as large as when they were sampled last: a
/// plain `analyze` would read whole tables to count them.
const SAMPLE: &str = "pragma analysis_limit = 400; pragma optimize = 0x10002;";

/// A SQLite database in a file.
#[derive(Debug, Clone)]
pub struct Sqlite(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    writer: Arc<tokio::sync::Mutex<WriterState>>,
    waiting: AtomicUsize,
    readers: Mutex<Vec<Connection>>,
    /// How often the planner's statistics were renewed: a reader from before is not used again.
    renewed: AtomicUsize,
    permits: Arc<Semaphore>,
}

#[derive(Debug)]
struct WriterState {
    connection: Connection,
    /// Whether the shared transaction is open.
    open: bool,
    /// Those whose work is released into it and who wait to hear that it is durable.
    group: Vec<oneshot::Sender<Result<(), String>>>,
}

impl WriterState {
    fn begin(&mut self) -> Result<(), DbError> {
        if self.open && self.connection.is_autocommit() {
            // The engine has undone the shared transaction (disk full, `or rollback`): its group
            // hears so, and the savepoint below must not become a transaction of its own.
            self.flush();
        }
        if !self.open {
            self.connection.execute_batch("begin immediate")?;
            self.open = true;
        }
        let begun = self.connection.execute_batch("savepoint work");
        if begun.is_err() {
            self.flush();
        }
        Ok(begun?)
    }

    /// Begins a transaction for one writer. It needs no savepoint, for which the engine would first
    /// keep each page that it touches: twice the writing where much is changed.
    fn begin_alone(&mut self) -> Result<(), DbError> {
        self.flush();
        self.connection.execute_batch("begin immediate")?;
        self.open = true;
        Ok(())
    }

    /// Commits the shared transaction and tells everyone in the group how it went.
    fn flush(&mut self) {
        if !self.open {
            return;
        }
        let outcome = self.connection.execute_batch("commit").map_err(|e| e.to_string());
        if outcome.is_err() && !self.connection.is_autocommit() {
            // The failure is reported to the group below; a rollback that fails too leaves
            // nothing more to undo.
            let _ = self.connection.execute_batch("rollback");
        }
        self.open = false;
        for member in self.group.drain(..) {
            // A member that has gone away no longer wants to know.
            let _ = member.send(outcome.clone());
        }
    }
}

impl Sqlite {
    /// Opens the file at `path`, making it when missing.
    pub fn open(path: &Path) -> Result<Self, DbError> {
        let writer = Connection::open(path)?;
        tune(&writer, 192)?;
        spill(&writer)?;
        let state = WriterState { connection: writer, open: false, group: Vec::new() };
        Ok(Self(Arc::new(Shared {
            path: path.to_owned(),
            writer: Arc::new(tokio::sync::Mutex::new(state)),
            waiting: AtomicUsize::new(0),
            readers: Mutex::new(Vec::new()),
            renewed: AtomicUsize::new(0),
            permits: Arc::new(Semaphore::new(READERS)),
        })))
    }

    /// A reader with its own view of the data.
    pub async fn read(&self) -> Result<Reader, DbError> {
        let permit = Arc::clone(&self.0.permits)
            .acquire_owned()
            .await
            .map_err(|e| DbError::Connection(e.to_string()))?;
        let (pooled, renewed) = {
            let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
            (readers.pop(), self.0.renewed.load(Ordering::SeqCst))
        };
        let connection = match pooled {
            Some(connection) => connection,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let connection = Connection::open_with_flags(&self.0.path, flags)?;
                tune(&connection, 16)?;
                connection
            }
        };
        connection.execute_batch("begin")?;
        Ok(Reader { db: self.clone(), connection: Some(connection), renewed, _permit: permit })
    }

    /// The writer, once those before it are through.
    pub async fn write(&self) -> Result<Writer, DbError> {
        let mut state = self.turn().await?;
        aside(|| state.begin())?;
        Ok(Writer { db: self.clone(), state: Some(state), is_alone: false })
    }

    /// The same for a long transaction, which shares its commit with nobody: the open group is made
    /// durable first.
    pub async fn write_alone(&self) -> Result<Writer, DbError> {
        let mut state = self.turn().await?;
        aside(|| state.begin_alone())?;
        Ok(Writer { db: self.clone(), state: Some(state), is_alone: true })
    }

    async fn turn(&self) -> Result<OwnedMutexGuard<WriterState>, DbError> {
        let place = Place::take(self);
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.0.writer).lock_owned()).await;
        let state = turn.map_err(|_| DbError::Connection("other writers take too long".to_owned()))?;
        place.reached();
        Ok(state)
    }

    /// Samples how many rows each index finds, for the planner of this and all later connections.
    pub async fn tend(&self) -> Result<(), DbError> {
        let writer = self.write_alone().await?;
        aside(|| writer.connection().and_then(|c| Ok(c.execute_batch(SAMPLE)?)))?;
        writer.commit().await?;
        let mut readers = self.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.renewed.fetch_add(1, Ordering::SeqCst);
        readers.clear();
        Ok(())
    }

    /// Copies the database to `target` page by page, letting writers in between.
    pub async fn backup(&self, target: PathBuf) -> Result<(), DbError> {
        let path = self.0.path.clone();
        let copy = move || -> Result<(), DbError> {
            let source = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let mut copy = Connection::open(target)?;
            let backup = rusqlite::backup::Backup::new(&source, &mut copy)?;
            backup.run_to_completion(1024, Duration::from_millis(5), None)?;
            Ok(())
        };
        tokio::task::spawn_blocking(copy).await.map_err(|e| DbError::Engine(e.to_string()))?
    }
}

/// Looks through the database file `path`, which nobody has open, for damage.
///
/// # Errors
/// What is wrong with it first.
pub fn examine(path: &Path) -> Result<(), DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    // Unchanging: so nothing is written beside it, as there would be for a log of writes.
    let connection = Connection::open_with_flags(format!("file:{}?immutable=1", as_uri(path)), flags)?;
    let first: String = connection.query_row("pragma integrity_check(1)", (), |row| row.get(0))?;
    if first != "ok" {
        return Err(DbError::Engine(first));
    }
    let mut broken = connection.prepare("pragma foreign_key_check")?;
    match broken.query(())?.next()? {
        Some(row) => {
            Err(DbError::Engine(format!("a row of {} has lost its parent", row.get::<_, String>(0)?)))
        }
        None => Ok(()),
    }
}

/// The path as part of an address: what has a meaning there is written as its number.
fn as_uri(path: &Path) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(byte);
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().map(|b| if plain(b) { char::from(*b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn tune(connection: &Connection, cache_mib: i64) -> Result<(), DbError> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A plan that depends on the values asked for would be made anew with every value.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "journal_mode", "wal").or_else(|error| match error {
        // A read-only connection finds the mode set by the writer.
        rusqlite::Error::SqliteFailure(code, _) if code.code == rusqlite::ErrorCode::ReadOnly => Ok(()),
        other => Err(other),
    })?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -1024 * cache_mib)?;
    connection.pragma_update(None, "mmap_size", 1_i64 << 30)?;
    connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
    Ok(())
}

/// Keeps in a temporary file what a savepoint needs to be rolled back. Whatever shares a commit runs
/// in one, so in memory a write that grows long there would hold every page that it touches.
fn spill(writer: &Connection) -> Result<(), DbError> {
    Ok(writer.pragma_update(None, "temp_store", "file")?)
}

/// A place in the writers' queue. Someone who leaves the queue early may have been the one that
/// an open group counted on to commit, so leaving sees to that.
struct Place {
    db: Sqlite,
    waiting: bool,
}

impl Place {
    fn take(db: &Sqlite) -> Self {
        db.0.waiting.fetch_add(1, Ordering::SeqCst);
        Self { db: db.clone(), waiting: true }
    }

    fn reached(mut self) {
        self.waiting = false;
        self.db.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.waiting {
            return;
        }
        self.db.0.waiting.fetch_sub(1, Ordering::SeqCst);
        let writer = Arc::clone(&self.db.0.writer);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                let mut state = writer.lock_owned().await;
                aside(|| state.flush());
            });
        }
    }
}

/// A reading transaction.
#[derive(Debug)]
pub struct Reader {
    db: Sqlite,
    connection: Option<Connection>,
    /// The count of [`Shared::renewed`] when it was taken.
    renewed: usize,
    _permit: OwnedSemaphorePermit,
}

impl Reader {
    /// The connection of this transaction.
    pub fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("a reader holds its connection until it is dropped")
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if connection.execute_batch("rollback").is_ok() {
            let mut readers = self.db.0.readers.lock().unwrap_or_else(PoisonError::into_inner);
            if self.renewed == self.db.0.renewed.load(Ordering::SeqCst) {
                readers.push(connection);
            }
        }
    }
}

/// A writing transaction.
#[derive(Debug)]
pub struct Writer {
    db: Sqlite,
    state: Option<OwnedMutexGuard<WriterState>>,
    /// Whether the open transaction is its own.
    is_alone: bool,
}

impl Writer {
    /// The connection of this transaction, unless the engine has undone the transaction: then
    /// every further statement would be durable by itself.
    pub fn connection(&self) -> Result<&Connection, DbError> {
        let state = self.state.as_ref().expect("a writer holds its connection until it is committed");
        if state.connection.is_autocommit() {
            return Err(DbError::Engine("the engine has undone the transaction".to_owned()));
        }
        Ok(&state.connection)
    }

    /// Makes the work durable, together with that of the writers that queue behind, unless it is alone.
    pub async fn commit(mut self) -> Result<(), DbError> {
        let mut state = self.state.take().expect("a writer holds its connection until it is committed");
        // Outside a transaction there is no savepoint to release: this fails when the engine has
        // undone it, as the commit of a writer alone does.
        let released = if self.is_alone { Ok(()) } else { state.connection.execute_batch("release work") };
        if let Err(error) = released {
            self.state = Some(state);
            return Err(error.into());
        }
        let (told, durable) = oneshot::channel();
        state.group.push(told);
        let nobody_waits = self.db.0.waiting.load(Ordering::SeqCst) == 0;
        if self.is_alone || nobody_waits || state.group.len() >= GROUP {
            aside(|| state.flush());
        }
        drop(state);
        match durable.await {
            Ok(outcome) => outcome.map_err(DbError::GroupCommit),
            Err(_) => Err(DbError::GroupCommit("the writer went away".to_owned())),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let Some(mut state) = self.state.take() else { return };
        // Undoing cannot fail in a way that matters: what is not committed is gone at the latest
        // when the shared transaction ends.
        if self.is_alone {
            let _ = aside(|| state.connection.execute_batch("rollback"));
            state.open = !state.connection.is_autocommit();
            return;
        }
        let _ = state.connection.execute_batch("rollback to work; release work");
        if state.group.is_empty() || self.db.0.waiting.load(Ordering::SeqCst) == 0 {
            aside(|| state.flush());
        }
    }
}

/// Runs what may take long without holding up the tasks that share this thread.
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn prepared<'c>(connection: &'c Connection, sql: &str) -> Result<CachedStatement<'c>, DbError> {
    // `$1` is a name to SQLite, bound in order of appearance; `?1` is the first argument.
    connection.prepare_cached(&sql.replace('$', "?")).map_err(DbError::from)
}

fn bind(statement: &mut CachedStatement<'_>, args: &[Value<'_>]) -> Result<(), DbError> {
    // A placeholder without an argument would be null here and an error on the other engine.
    if statement.parameter_count() != args.len() {
        let wanted = statement.parameter_count();
        return Err(DbError::Engine(format!("{wanted} placeholders, {} arguments", args.len())));
    }
    for (index, value) in args.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    Ok(())
}

/// Gives each row of `sql` to `visit`.
pub fn each(
    connection: &Connection,
    sql: &str,
    args: &[Value<'_>],
    visit: &mut Visit<'_>,
) -> Result<(), DbError> {
    let mut statement = prepared(connection, sql)?;
    bind(&mut statement, args)?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        visit(&Row::Sqlite(row))?;
    }
    Ok(())
}

/// Runs `sql` and counts the rows it changed.
pub fn run(connection: &Connection, sql: &str, args: &[Value<'_>]) -> Result<u64, DbError> {
    let mut statement = prepared(connection, sql)?;
    bind(&mut statement, args)?;
    Ok(u64::try_from(statement.raw_execute()?).unwrap_or_default())
}

/// Inserts `rows` one by one through one prepared statement: on this engine the fastest way.
pub fn bulk<'v>(
    connection: &Connection,
    head: &str,
    width: usize,
    tail: &str,
    rows: &mut (dyn Iterator<Item = Vec<Value<'v>>> + Send),
) -> Result<u64, DbError> {
    let marks = vec!["?"; width].join(", ");
    let mut statement = prepared(connection, &format!("{head} ({marks}) {tail}"))?;
    let mut written = 0;
    for row in rows {
        bind(&mut statement, &row)?;
        written += u64::try_from(statement.raw_execute()?).unwrap_or_default();
    }
    Ok(written)
}

/// Checks the text of `sql` without running it.
pub fn prepare(connection: &Connection, sql: &str) -> Result<(), DbError> {
    connection.prepare(&sql.replace('$', "?")).map(drop).map_err(DbError::from)
}
