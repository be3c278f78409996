//! The rows of the record store once more, as the bare engine writes them: into tables that are there
//! for as long as it takes. How such rows are written side by side, whatever they are.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tisheng_platform::db::{Engine, Value, migrate};
use tisheng_platform::{App, DbError, Tx};

use super::Failed;
use super::store::records::Row;

const BARE: &str = "
    drop table if exists bare_id;
    drop table if exists bare_statement;
    drop table if exists bare_term;
    create table bare_id (id {id} primary key, stored {int}, likeness {bytes}, happened {int}){clustered};
    create table bare_statement (stored {int} not null, id {id} not null, credential {id} not null,
        body {text} not null, primary key (stored, id)){clustered};
    create table bare_term (term {bytes} not null, stored {int} not null, id {id} not null, via {int} not null,
        primary key (term, stored, id, via)){clustered};";

/// Makes empty tables with the keys of the store's own.
pub async fn lay_out(app: &App) -> Result<(), DbError> {
    let mut tx = app.db.write().await?;
    tx.batch(&migrate::translate(BARE, app.db.engine())).await?;
    tx.commit().await
}

const BARE_IDS: &str = "insert into bare_id (id, stored, likeness, happened) values";
const BARE_STATEMENTS: &str = "insert into bare_statement (stored, id, credential, body) values";
const BARE_TERMS: &str = "insert into bare_term (term, stored, id, via) values";

/// Writes `rows` there.
pub async fn write(tx: &mut Tx, rows: &[Row]) -> Result<(), DbError> {
    let ids = rows
        .iter()
        .map(|row| vec![row.id.into(), row.stored.into(), Value::Bytes(&row.likeness), row.happened.into()]);
    tx.bulk(BARE_IDS, 4, "", ids.collect::<Vec<_>>()).await?;
    let statements = rows
        .iter()
        .map(|row| vec![row.stored.into(), row.id.into(), row.credential.into(), Value::from(&row.body)]);
    tx.bulk(BARE_STATEMENTS, 4, "", statements.collect::<Vec<_>>()).await?;
    let terms = rows.iter().flat_map(|row| {
        row.terms
            .iter()
            .map(|(term, via)| vec![Value::Bytes(term), row.stored.into(), row.id.into(), (*via).into()])
    });
    tx.bulk(BARE_TERMS, 4, "", terms.collect::<Vec<_>>()).await?;
    Ok(())
}

/// How some rows are written within a transaction.
pub type Writing<R> =
    for<'a> fn(&'a mut Tx, &'a [R]) -> Pin<Box<dyn Future<Output = Result<(), DbError>> + Send + 'a>>;

/// Writes `rows`, so many in a transaction, from so many tasks at once; gives how long it took.
pub async fn written<R: Send + Sync + 'static>(
    app: &Arc<App>,
    rows: Arc<Vec<R>>,
    (tasks, size): (u64, usize),
    write: Writing<R>,
) -> Result<Duration, Failed> {
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..tasks {
        let (app, rows, next) = (Arc::clone(app), Arc::clone(&rows), Arc::clone(&next));
        workers.spawn(async move {
            loop {
                let first = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                let Some(some) = rows.chunks(size).nth(first) else { return Ok(()) };
                let mut tx = app.db.write().await?;
                write(&mut tx, some).await?;
                tx.commit().await?;
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        let done: Result<(), DbError> = done?;
        done?;
    }
    Ok(started.elapsed())
}

/// Removes those tables, and lets the planner know what has been filled in.
pub async fn take_stock(app: &App) -> Result<(), DbError> {
    let mut tx = app.db.write().await?;
    tx.batch(
        "drop table if exists bare_id; drop table if exists bare_statement; drop table if exists bare_term;",
    )
    .await?;
    if app.db.engine() == Engine::Postgres {
        tx.batch("analyze").await?;
    }
    tx.commit().await?;
    app.db.tend().await
}
