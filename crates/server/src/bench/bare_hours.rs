//! The ledger's rows once more, as the bare engine writes them: into tables that are there for as long
//! as it takes, with the keys of the ledger's own.

use tisheng_platform::db::migrate;
use tisheng_platform::{App, DbError, Tx, args};

use super::store::hours::Row;

const BARE: &str = "
    drop table if exists bare_entry;
    drop table if exists bare_total;
    create table bare_entry (programme {id} not null, person {id} not null, id {id} not null,
        category {text} not null, kind {text} not null, seconds {int} not null, hour_length {int} not null,
        worked_on {text} not null, title {text} not null, source {text} not null, source_id {text} not null,
        received_at {int} not null,
        primary key (programme, person, id), unique (programme, source, source_id)){clustered};
    create index bare_entry_id on bare_entry (id);
    create index bare_entry_source on bare_entry (programme, source, worked_on, id);
    create table bare_total (programme {id} not null, person {id} not null, category {text} not null,
        kind {text} not null, seconds {int} not null, primary key (programme, person, category, kind)){clustered};";

const GONE: &str = "drop table if exists bare_entry; drop table if exists bare_total;";

const ENTRIES: &str = "insert into bare_entry (programme, person, id, category, kind, seconds, hour_length,
    worked_on, title, source, source_id, received_at) values";

const TOTAL: &str = "insert into bare_total (programme, person, category, kind, seconds)
    values ($1, $2, $3, $4, $5) on conflict (programme, person, category, kind)
    do update set seconds = bare_total.seconds + excluded.seconds";

/// Makes empty tables.
pub async fn lay_out(app: &App) -> Result<(), DbError> {
    let mut tx = app.db.write().await?;
    tx.batch(&migrate::translate(BARE, app.db.engine())).await?;
    tx.commit().await
}

/// Writes `rows` there, and adds each to the sum of its teacher.
pub async fn write(tx: &mut Tx, rows: &[Row]) -> Result<(), DbError> {
    let entries = rows.iter().map(|row| {
        args![
            row.programme,
            row.person,
            row.id,
            &row.category,
            &row.kind,
            row.seconds,
            row.length,
            &row.worked_on,
            &row.title,
            &row.source,
            &row.number,
            row.received_at
        ]
        .to_vec()
    });
    tx.bulk(ENTRIES, 12, "", entries.collect::<Vec<_>>()).await?;
    for row in rows {
        tx.run(TOTAL, args![row.programme, row.person, &row.category, &row.kind, row.seconds]).await?;
    }
    Ok(())
}

/// Removes the tables.
pub async fn clear(app: &App) -> Result<(), DbError> {
    let mut tx = app.db.write().await?;
    tx.batch(GONE).await?;
    tx.commit().await
}
