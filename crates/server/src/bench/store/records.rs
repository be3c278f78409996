//! The rows of the record store.

use std::collections::HashMap;

use tisheng_platform::{DbError, Tx, args};
use uuid::Uuid;

const LATEST: &str = "select s.stored, s.id, s.credential, s.body, i.likeness, i.happened
    from xapi_statement s join xapi_id i on i.id = s.id order by s.stored desc limit $1";

const TERMS: &str = "select term, stored, via from xapi_term where stored >= $1";

/// A statement with its terms.
#[derive(Debug)]
pub struct Row {
    pub stored: i64,
    pub id: Uuid,
    pub credential: Uuid,
    pub body: String,
    pub likeness: Vec<u8>,
    pub happened: Option<i64>,
    pub terms: Vec<(Vec<u8>, i64)>,
}

/// The latest `many` statements.
pub async fn latest(tx: &mut Tx, many: i64) -> Result<Vec<Row>, DbError> {
    let mut rows = tx
        .rows(LATEST, args![many], |row| {
            Ok(Row {
                stored: row.get(0)?,
                id: row.get(1)?,
                credential: row.get(2)?,
                body: row.get(3)?,
                likeness: row.get(4)?,
                happened: row.get(5)?,
                terms: Vec::new(),
            })
        })
        .await?;
    let earliest = rows.last().map_or(0, |row| row.stored);
    let places: HashMap<i64, usize> =
        rows.iter().enumerate().map(|(place, row)| (row.stored, place)).collect();
    let terms = tx
        .rows(TERMS, args![earliest], |row| {
            Ok((row.get::<Vec<u8>>(0)?, row.get::<i64>(1)?, row.get::<i64>(2)?))
        })
        .await?;
    for (term, stored, via) in terms {
        if let Some(place) = places.get(&stored) {
            rows[*place].terms.push((term, via));
        }
    }
    rows.reverse();
    Ok(rows)
}
