//! Past months of growing tables in files of their own.
//!
//! Everything goes through one connection to the month's file with the database beside it, so that
//! it works while a server writes. Only rows that lie durably in the one are removed from the other.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::{DbError, Sqlite};

/// Rows moved in one transaction, so that nobody waits long for the writer.
const CHUNK: usize = 2_000;
/// How long one of those transactions waits for other writers.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the disk said.
pub fn disk(error: &std::io::Error) -> DbError {
    DbError::Engine(error.to_string())
}

impl Sqlite {
    /// Moves the rows of `tables` whose `stored` lies in `span` into `file`.
    pub async fn take_out(
        &self,
        tables: &'static [&'static str],
        span: Range<i64>,
        file: PathBuf,
    ) -> Result<(), DbError> {
        self.beside(move |live| {
            std::fs::create_dir_all(folder(&file)).map_err(|error| disk(&error))?;
            let connection = open(live, &file)?;
            for table in tables {
                copy(&connection, table, &span)?;
            }
            synced(folder(&file))?;
            for table in tables {
                remove(&connection, table)?;
            }
            Ok(())
        })
        .await
    }

    /// Moves the rows of `file` back; `false` when there is no such file.
    pub async fn put_back(&self, tables: &'static [&'static str], file: PathBuf) -> Result<bool, DbError> {
        self.beside(move |live| {
            if !file.exists() {
                return Ok(false);
            }
            let connection = open(live, &file)?;
            for table in tables {
                give_back(&connection, table)?;
            }
            connection.close().map_err(|(_, error)| error)?;
            std::fs::remove_file(&file).map_err(|error| disk(&error))?;
            synced(folder(&file))?;
            Ok(true)
        })
        .await
    }

    /// Does `work`, which is given the path of the database, without holding up anybody.
    async fn beside<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let live = self.0.path.clone();
        let done = tokio::task::spawn_blocking(move || work(&live)).await;
        done.map_err(|error| DbError::Engine(error.to_string()))?
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("."))
}

fn synced(folder: &Path) -> Result<(), DbError> {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| disk(&error))
}

/// A connection to `file` with the database as `live`.
fn open(live: &Path, file: &Path) -> Result<Connection, DbError> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute("attach database ?1 as live", [live.to_string_lossy()])?;
    connection.execute_batch("pragma main.synchronous = full; pragma live.synchronous = full;")?;
    Ok(connection)
}

/// Copies what is not in the file yet.
fn copy(connection: &Connection, table: &str, span: &Range<i64>) -> Result<(), DbError> {
    let known = |schema: &str| {
        let sql = format!("select sql from {schema}.sqlite_master where type = 'table' and name = ?1");
        connection.query_row(&sql, [table], |row| row.get::<_, String>(0)).optional()
    };
    if known("main")?.is_none() {
        let made = known("live")?.ok_or(DbError::NoRow)?;
        connection.execute_batch(&made)?;
    }
    let sql = format!(
        "insert or ignore into main.{table} select * from live.{table} where stored >= ?1 and stored < ?2"
    );
    connection.execute(&sql, (span.start, span.end))?;
    Ok(())
}

/// Removes from the database what lies in the file.
fn remove(connection: &Connection, table: &str) -> Result<(), DbError> {
    let keys = columns(connection, table, true)?.join(", ");
    walk(connection, table, |chunk| {
        format!("delete from live.{table} where ({keys}) in (select {keys} from main.{table} where {chunk})")
    })
}

fn give_back(connection: &Connection, table: &str) -> Result<(), DbError> {
    let all = columns(connection, table, false)?.join(", ");
    walk(connection, table, |chunk| {
        format!("insert or ignore into live.{table} ({all}) select {all} from main.{table} where {chunk}")
    })
}

/// The columns of the file's table, or those of its key in its order.
fn columns(connection: &Connection, table: &str, key: bool) -> Result<Vec<String>, DbError> {
    let sql = "select name from pragma_table_info(?1, 'main') where pk > 0 or not ?2 order by pk, cid";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map((table, key), |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Runs a statement, made by `statement` from a condition, for each chunk of the file's table in the
/// order of its key, each in a transaction of its own.
fn walk(connection: &Connection, table: &str, statement: impl Fn(&str) -> String) -> Result<(), DbError> {
    let keys = columns(connection, table, true)?;
    let (width, names) = (keys.len(), keys.join(", "));
    let marks =
        |from: usize| (from + 1..=from + width).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
    let mut behind: Vec<Value> = Vec::new();
    loop {
        let after =
            if behind.is_empty() { "1 = 1".to_owned() } else { format!("({names}) > ({})", marks(0)) };
        let sql = format!(
            "select {names} from main.{table} where {after} order by {names} limit 1 offset {}",
            CHUNK - 1
        );
        let last = connection
            .query_row(&sql, params_from_iter(&behind), |row| (0..width).map(|at| row.get(at)).collect())
            .optional()?;
        let last: Option<Vec<Value>> = last;
        let Some(last) = last else {
            connection.execute(&statement(&after), params_from_iter(&behind))?;
            return Ok(());
        };
        let until = format!("{after} and ({names}) <= ({})", marks(behind.len()));
        connection.execute(&statement(&until), params_from_iter(behind.iter().chain(&last)))?;
        behind = last;
    }
}
