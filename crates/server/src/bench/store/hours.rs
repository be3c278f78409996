//! The rows of the ledger.

use tisheng_platform::{DbError, Tx, args};
use uuid::Uuid;

const ENTRIES: &str =
    "select programme, person, id, category, kind, seconds, hour_length, worked_on, title, source,
    source_id, received_at from hour_entry where source = $1 order by id limit $2";

/// An entry.
#[derive(Debug)]
pub struct Row {
    pub programme: Uuid,
    pub person: Uuid,
    pub id: Uuid,
    pub category: String,
    pub kind: String,
    pub seconds: i64,
    pub length: i64,
    pub worked_on: String,
    pub title: String,
    pub source: String,
    pub number: String,
    pub received_at: i64,
}

/// The first `many` entries of a source.
pub async fn entries(tx: &mut Tx, source: &str, many: i64) -> Result<Vec<Row>, DbError> {
    tx.rows(ENTRIES, args![source, many], |row| {
        Ok(Row {
            programme: row.get(0)?,
            person: row.get(1)?,
            id: row.get(2)?,
            category: row.get(3)?,
            kind: row.get(4)?,
            seconds: row.get(5)?,
            length: row.get(6)?,
            worked_on: row.get(7)?,
            title: row.get(8)?,
            source: row.get(9)?,
            number: row.get(10)?,
            received_at: row.get(11)?,
        })
    })
    .await
}
