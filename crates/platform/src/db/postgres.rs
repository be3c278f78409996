//! The PostgreSQL engine: a pool of connections, a transaction on one of them.
//!
//! A statement that breaks a rule spoils the rest of its transaction here, unlike on SQLite, so
//! rooms ask with `on conflict do nothing` and look at the count instead of catching the error.

use std::pin::pin;
use std::str::FromStr;

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, QueueMode, RecyclingMethod, Runtime};
use futures::TryStreamExt;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Config, NoTls};

use super::{DbError, Row, Value, Visit};

/// How many placeholders one statement may have.
const PLACEHOLDERS: usize = 30_000;
/// Connections kept at most.
const CONNECTIONS: usize = 16;
/// Of them, for those who write one thing side by side.
pub const WRITERS: usize = CONNECTIONS / 4;

/// Begins a transaction that only reads. Its statements are planned for the values at hand: how many people
/// are below a place decides which way to them is short, and a plan for any place takes it for a small one.
pub const READ: &str = "begin isolation level repeatable read read only; \
    set local plan_cache_mode = force_custom_plan";

/// Begins a transaction that only reads by statements of which one plan is right for any values.
pub const READ_PLANNED: &str = "begin isolation level repeatable read read only";

/// Begins a transaction that writes. Whoever waits holds a connection, and what is waited for may be an import:
/// where that takes long, being told to come again is better than a pool full of those who wait.
pub const WRITE: &str = "begin; set local lock_timeout = '10s'";

/// For what a small transaction waits for while it may be in the way of a long one: less than the second after which
/// the server looks for those who wait for each other, and turns away whoever looked, be it the long one.
const BRIEFLY: &str = "set local lock_timeout = '800ms'";

/// As [`WRITE`] began.
const AS_BEFORE: &str = "set local lock_timeout = '10s'";

/// Begins a transaction that writes for long: a plan that was kept when a table was empty reads all of it for
/// each row once it is full.
pub const WRITE_ALONE: &str = "begin; set local plan_cache_mode = force_custom_plan";

/// A PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Postgres(Pool);

impl Postgres {
    /// Connects to the server named by `url`, with TLS when the address asks for it.
    pub async fn open(url: &str) -> Result<Self, DbError> {
        let config = Config::from_str(url).map_err(|e| DbError::Connection(e.to_string()))?;
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = if config.get_ssl_mode() == tokio_postgres::config::SslMode::Require {
            Manager::from_config(config, tls()?, recycling)
        } else {
            Manager::from_config(config, NoTls, recycling)
        };
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            // The one used last has its plans made and warm.
            .queue_mode(QueueMode::Lifo)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(super::PATIENCE))
            .build()
            .map_err(|e| DbError::Connection(e.to_string()))?;
        drop(pool.get().await.map_err(|e| DbError::Connection(e.to_string()))?);
        Ok(Self(pool))
    }

    /// A transaction opened by the statement `begin`.
    pub async fn begin(&self, begin: &'static str) -> Result<Session, DbError> {
        let client = self.0.get().await.map_err(|e| DbError::Connection(e.to_string()))?;
        // Whoever gives up waiting here leaves a transaction open: the session's end undoes it.
        let session = Session { client: Some(client), gives_way: begin == WRITE };
        session.client().batch_execute(begin).await?;
        Ok(session)
    }
}

fn tls() -> Result<tokio_postgres_rustls::MakeRustlsConnect, DbError> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(DbError::Connection("no trusted certificates on this machine".to_owned()));
    }
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}

/// A transaction.
#[derive(Debug)]
pub struct Session {
    client: Option<Object>,
    /// Whether others go before it: not before one that writes for long.
    gives_way: bool,
}

impl Session {
    fn client(&self) -> &Object {
        self.client.as_ref().expect("a transaction holds its connection until it ends")
    }

    /// Gives each row of `sql` to `visit` as it arrives.
    pub async fn each(
        &mut self,
        sql: &str,
        args: &[Value<'_>],
        visit: &mut Visit<'_>,
    ) -> Result<(), DbError> {
        let client = self.client();
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query_raw(&statement, args.iter().map(|v| v as &(dyn ToSql + Sync))).await?;
        let mut rows = pin!(rows);
        while let Some(row) = rows.try_next().await? {
            visit(&Row::Postgres(&row))?;
        }
        Ok(())
    }

    /// Runs `sql` and counts the rows it changed.
    pub async fn run(&mut self, sql: &str, args: &[Value<'_>]) -> Result<u64, DbError> {
        let client = self.client();
        let statement = client.prepare_cached(sql).await?;
        let args = args.iter().map(|v| v as &(dyn ToSql + Sync));
        Ok(client.execute_raw(&statement, args).await?)
    }

    /// Inserts `rows` in statements of as many rows as placeholders allow.
    pub async fn bulk<'v>(
        &mut self,
        head: &str,
        width: usize,
        tail: &str,
        rows: &mut (dyn Iterator<Item = Vec<Value<'v>>> + Send),
    ) -> Result<u64, DbError> {
        let most = PLACEHOLDERS / width.max(1);
        let mut written = 0;
        loop {
            let chunk: Vec<Value<'v>> = (&mut *rows).take(most).flatten().collect();
            if chunk.is_empty() {
                return Ok(written);
            }
            let mut rest = chunk.as_slice();
            for rows in powers(chunk.len() / width) {
                let (now, later) = rest.split_at(rows * width);
                written += self.run(&multi_row(head, width, rows, tail), now).await?;
                rest = later;
            }
        }
    }

    /// Runs several statements without parameters.
    pub async fn batch(&mut self, sql: &str) -> Result<(), DbError> {
        Ok(self.client().batch_execute(sql).await?)
    }

    /// Checks the text of `sql` without running it.
    pub async fn prepare(&mut self, sql: &str) -> Result<(), DbError> {
        self.client().prepare(sql).await?;
        Ok(())
    }

    /// Waits only briefly for others, or again as it did.
    pub async fn wait_briefly(&mut self, briefly: bool) -> Result<(), DbError> {
        if self.gives_way { self.batch(if briefly { BRIEFLY } else { AS_BEFORE }).await } else { Ok(()) }
    }

    /// Makes the work durable.
    pub async fn commit(mut self) -> Result<(), DbError> {
        let client = self.client.take().expect("a transaction holds its connection until it ends");
        client.batch_execute("commit").await?;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(Object::take(client));
            return;
        };
        runtime.spawn(async move {
            if client.batch_execute("rollback").await.is_err() {
                // A connection in an unknown state must not go back to the pool.
                drop(Object::take(client));
            }
        });
    }
}

/// `rows` as a sum of powers of two, the largest first: each text is kept prepared on each
/// connection, so there may only be a few of them.
fn powers(rows: usize) -> impl Iterator<Item = usize> {
    (0..usize::BITS).rev().map(|bit| 1 << bit).filter(move |power| rows & power != 0)
}

fn multi_row(head: &str, width: usize, rows: usize, tail: &str) -> String {
    let mut sql = String::with_capacity(head.len() + rows * width * 7);
    sql.push_str(head);
    for row in 0..rows {
        sql.push_str(if row == 0 { " (" } else { ", (" });
        for column in 0..width {
            if column > 0 {
                sql.push_str(", ");
            }
            sql.push('$');
            sql.push_str(&(row * width + column + 1).to_string());
        }
        sql.push(')');
    }
    sql.push(' ');
    sql.push_str(tail);
    sql
}

/// `name` as an identifier in SQL, for statements about databases that cannot take a parameter.
#[must_use]
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::{multi_row, powers, quote_identifier};

    #[test]
    fn any_number_of_rows_is_a_few_statements() {
        assert_eq!(powers(11).collect::<Vec<_>>(), [8, 2, 1]);
        assert_eq!(powers(0).count(), 0);
        assert_eq!(powers(5_000).sum::<usize>(), 5_000);
    }

    #[test]
    fn numbers_the_placeholders_of_all_rows() {
        let sql = multi_row("insert into t (a, b) values", 2, 2, "on conflict do nothing");
        assert_eq!(sql, "insert into t (a, b) values ($1, $2), ($3, $4) on conflict do nothing");
    }

    #[test]
    fn quotes_in_names_are_doubled() {
        assert_eq!(quote_identifier(r#"a"b"#), r#""a""b""#);
    }
}
