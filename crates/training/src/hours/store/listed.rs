//! What stands of one source, for the system that reported it.

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx, args};
use tisheng_policy::scheme::Programme;

use super::super::model::Entry;
use super::entry;

const OF_SOURCE: &str =
    "select e.id, e.person, e.category, e.kind, e.seconds, e.hour_length, e.worked_on, e.title,
    e.source, e.source_id, e.revision, e.received_at, e.reason, e.reverses, e.channel,
    (select d.office from hour_long_day d
        where d.programme = e.programme and d.person = e.person and d.entry = e.id),
    exists (select 1 from hour_entry r where r.programme = $1 and r.reverses = e.id)
    from hour_entry e where e.programme = $1 and e.source = $2 and e.worked_on >= $3 and e.worked_on <= $4
    and (e.worked_on, e.id) > ($5, $6) order by e.worked_on, e.id limit $7";

const FACTS_OF_NUMBER: &str = "select e.id,
    exists (select 1 from hour_entry r where r.programme = $1 and r.reverses = e.id)
    from hour_entry e where e.programme = $1 and e.source = $2 and e.source_id = $3 order by e.revision";

/// An entry as its source sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The entry.
    pub entry: Entry,
    /// Whether it was taken back.
    pub reversed: bool,
}

/// At most `most` entries of `source` for work from one day to another, both included, after the one
/// at `place`, in the order of those days.
///
/// # Errors
/// What the database reports.
pub async fn of_source(
    tx: &mut Tx,
    (programme, source): (Id<Programme>, &str),
    (from, until): (NaiveDate, NaiveDate),
    place: (&str, Id<Entry>),
    most: i64,
) -> Result<Vec<Listed>, DbError> {
    let row = args![programme, source, from, until, place.0, place.1, most];
    tx.rows(OF_SOURCE, row, |row| Ok(Listed { entry: entry(row)?, reversed: row.get(16)? })).await
}

/// The entries of a number, each with whether it was taken back.
///
/// # Errors
/// What the database reports.
pub async fn facts_of_number(
    tx: &mut Tx,
    programme: Id<Programme>,
    (source, number): (&str, &str),
) -> Result<Vec<(Id<Entry>, bool)>, DbError> {
    tx.rows(FACTS_OF_NUMBER, args![programme, source, number], |row| Ok((row.get(0)?, row.get(1)?))).await
}
