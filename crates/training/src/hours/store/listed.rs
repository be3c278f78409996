//! What stands of one source, for the system that reported it.

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::{DbError, Row, Tx, args};
use tisheng_policy::scheme::Programme;

use super::super::model::{Channel, Entry};
use super::entry;

const OF_SOURCE: &str =
    "select e.id, e.person, e.category, e.kind, e.seconds, e.hour_length, e.worked_on, e.title,
    e.source, e.source_id, e.revision, e.received_at, e.reason, e.reverses, e.channel,
    (select d.office from hour_long_day d
        where d.programme = e.programme and d.person = e.person and d.entry = e.id),
    r.id, r.source, r.source_id, r.received_at, r.reason
    from hour_entry e left join hour_entry r on r.programme = $1 and r.reverses = e.id
    where e.programme = $1 and e.source = $2 and e.worked_on >= $3 and e.worked_on <= $4
    and (e.worked_on, e.id) >= ($5, $6) order by e.worked_on, e.id limit $7";

const FACTS_OF_NUMBER: &str = "select e.id,
    exists (select 1 from hour_entry r where r.programme = $1 and r.reverses = e.id)
    from hour_entry e where e.programme = $1 and e.source = $2 and e.source_id = $3 order by e.revision";

/// An entry as its source sees it, or the one that takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The entry.
    pub entry: Entry,
    /// Whether it was taken back.
    pub reversed: bool,
}

impl Listed {
    /// Where the list goes on behind it: its day, the entry of the source, and whether what took that back was
    /// listed, too.
    #[must_use]
    pub fn place(&self) -> (NaiveDate, Id<Entry>, bool) {
        let entry = &self.entry;
        (entry.worked_on, entry.reverses.unwrap_or(entry.id), entry.reverses.is_some())
    }
}

/// At most `most` entries of `source` for work from one day to another, both included, in the order of those
/// days; each with what took it back behind it, so that the sum of all is what stands. They begin after the
/// one at `place`, as [`Listed::place`] gives it.
///
/// # Errors
/// What the database reports.
pub async fn of_source(
    tx: &mut Tx,
    (programme, source): (Id<Programme>, &str),
    (from, until): (NaiveDate, NaiveDate),
    (day, last, is_whole): (&str, Id<Entry>, bool),
    most: i64,
) -> Result<Vec<Listed>, DbError> {
    // The one at the place is read once more: what takes it back may not have been listed.
    let row = args![programme, source, from, until, day, last, most.saturating_add(1)];
    let found = tx.rows(OF_SOURCE, row, |row| Ok((entry(row)?, reversal(row)?))).await?;
    let mut listed = Vec::new();
    for (entry, back) in found {
        let is_last = entry.id == last;
        if !is_last {
            listed.push(Listed { reversed: back.is_some(), entry: entry.clone() });
        }
        if let Some(back) = back.filter(|_| !(is_last && is_whole)) {
            listed.push(Listed { reversed: false, entry: back });
        }
    }
    listed.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(listed)
}

/// What takes the entry of a row back.
fn reversal(row: &Row<'_>) -> Result<Option<Entry>, DbError> {
    let Some(id) = row.get::<Option<Id<Entry>>>(16)? else { return Ok(None) };
    let taken = entry(row)?;
    Ok(Some(Entry {
        id,
        seconds: -taken.seconds,
        source: row.get(17)?,
        source_id: row.get(18)?,
        revision: 1,
        received_at: row.get(19)?,
        reason: row.get(20)?,
        reverses: Some(taken.id),
        channel: Channel::Own,
        long_day: None,
        ..taken
    }))
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
