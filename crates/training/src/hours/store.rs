//! Every statement of the room: entries and their sums here, what waits and disputes beside.

pub mod bulk;
pub mod desk;
pub mod disputes;
pub mod listed;
pub mod moved;
pub mod open;
pub mod reports;
pub mod said;
pub mod teachers;
pub mod turns;

use std::str::FromStr;

use chrono::NaiveDate;
use tisheng_kernel::text::tidy;
use tisheng_kernel::{HourLength, Id, Seconds, UnknownCode};
use tisheng_platform::db::Column;
use tisheng_platform::{Ctx, DbError, Row, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::doubt::{Day, Doubt};
use super::model::{Entry, RESULTS, Report};

const KEEPS_OF: &str = "select 1 from programme p
    where exists (select 1 from hour_entry e where e.programme = p.id and e.person = $1)
    or exists (select 1 from hour_report r where r.programme = p.id and r.person = $1)
    or exists (select 1 from hour_dispute d where d.programme = p.id and d.person = $1) limit 1";

const ADD_ENTRY: &str = "insert into hour_entry (programme, person, id, category, kind, seconds, hour_length,
    worked_on, title, source, source_id, revision, received_at, actor, reason, reverses, channel)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
    on conflict do nothing";

const NOTE_LONG_DAY: &str =
    "insert into hour_long_day (programme, person, entry, office) values ($1, $2, $3, $4)";

const ADD_TO_TOTAL: &str = "insert into hour_total (programme, person, category, kind, seconds, entries)
    values ($1, $2, $3, $4, $5, 1) on conflict (programme, person, category, kind)
    do update set seconds = hour_total.seconds + excluded.seconds, entries = hour_total.entries + 1";

const ENTRIES: &str = "select id, person, category, kind, seconds, hour_length, worked_on, title, source,
    source_id, revision, received_at, reason, reverses, channel, (select d.office from hour_long_day d
        where d.programme = hour_entry.programme and d.person = hour_entry.person and d.entry = hour_entry.id)
    from hour_entry where programme = $1 and person = $2 order by id";

const ENTRY: &str = "select id, person, category, kind, seconds, hour_length, worked_on, title, source,
    source_id, revision, received_at, reason, reverses, channel, (select d.office from hour_long_day d
        where d.programme = hour_entry.programme and d.person = hour_entry.person and d.entry = hour_entry.id)
    from hour_entry where programme = $1 and id = $2";

const OF_NUMBER: &str = "select id, person, category, kind, seconds, hour_length, worked_on, title, source,
    source_id, revision, received_at, reason, reverses, channel, (select d.office from hour_long_day d
        where d.programme = hour_entry.programme and d.person = hour_entry.person and d.entry = hour_entry.id)
    from hour_entry where programme = $1 and source = $2 and source_id = $3 order by revision";

const HAS_SOURCE: &str = "select 1 from hour_entry where programme = $1 and source = $2
    union all select 1 from hour_report where programme = $1 and source = $2 limit 1";

const BOOKED_ON: &str = "select cast(coalesce(sum(e.seconds), 0) as bigint),
    cast(coalesce(sum(case when e.channel in ('api', 'file') and not exists (select 1 from hour_entry r
        where r.programme = e.programme and r.reverses = e.id) then 1 else 0 end), 0) as bigint)
    from hour_entry e
    where e.programme = $1 and e.person = $2 and e.worked_on = $3 and e.source <> $4
    and not exists (select 1 from hour_entry o where o.id = e.reverses and o.source = $4)";

/// What came in another way under another number and says the same of the day or of the hours; what was taken
/// back does not count.
const ALIKE: &str = "select channel, source_id, title from hour_entry e
    where programme = $1 and person = $2 and source = $3 and (worked_on = $4 or seconds = $5)
    and source_id <> $6 and channel <> $7 and reverses is null
    and not exists (select 1 from hour_entry r where r.programme = $1 and r.reverses = e.id) order by id";

/// What was taken back does not count.
const BOOKED_OF_COURSE: &str = "select cast(coalesce(sum(seconds), 0) as bigint) from hour_entry e
    where programme = $1 and person = $2 and source = $3 and title = $4 and reverses is null
    and not exists (select 1 from hour_entry r where r.programme = $1 and r.reverses = e.id)";

const TOTALS: &str = "select category, kind, seconds, entries from hour_total
    where programme = $1 and person = $2 order by category, kind";

const COUNT_TOTALS: &str = "select count(*) from hour_total where programme = $1";

/// What is left of the sums once every entry is taken off.
const WRONG_TOTALS: &str = "select t.person from (
        select person, category, kind, seconds, entries from hour_total where programme = $1
        union all
        select person, category, kind, -seconds, -1 from hour_entry where programme = $1
    ) t group by t.person, t.category, t.kind
    having sum(t.seconds) <> 0 or sum(t.entries) <> 0 order by t.person limit $2";

const CLEAR_TOTALS: &str = "delete from hour_total where programme = $1";

const SUM_AGAIN: &str = "insert into hour_total (programme, person, category, kind, seconds, entries)
    select programme, person, category, kind, cast(sum(seconds) as bigint), count(*)
    from hour_entry where programme = $1 group by programme, person, category, kind";

/// A column that holds the key of a term.
pub(super) fn termed<T: FromStr<Err = UnknownCode>>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    let term = String::read(row, column)?.parse();
    term.map_err(|e: UnknownCode| DbError::Column { column, problem: e.to_string() })
}

/// A column that holds the code of a state.
pub(super) fn coded<T: FromStr<Err = String>>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    String::read(row, column)?.parse().map_err(|problem| DbError::Column { column, problem })
}

pub(super) fn length(row: &Row<'_>, column: usize) -> Result<HourLength, DbError> {
    let minutes: i64 = row.get(column)?;
    u16::try_from(minutes)
        .ok()
        .and_then(|minutes| HourLength::new(minutes).ok())
        .ok_or_else(|| DbError::Column { column, problem: format!("not a length of an hour: {minutes}") })
}

pub(super) fn entry(row: &Row<'_>) -> Result<Entry, DbError> {
    Ok(Entry {
        id: row.get(0)?,
        person: row.get(1)?,
        category: row.get(2)?,
        kind: row.get(3)?,
        seconds: Seconds::new(row.get(4)?),
        length: length(row, 5)?,
        worked_on: row.get(6)?,
        title: row.get(7)?,
        source: row.get(8)?,
        source_id: row.get(9)?,
        revision: row.get(10)?,
        received_at: row.get(11)?,
        reason: row.get(12)?,
        reverses: row.get(13)?,
        channel: termed(row, 14)?,
        long_day: row.get(15)?,
    })
}

/// What an entry has beside what its report says.
pub struct Booking<'a> {
    pub id: Id<Entry>,
    pub person: Id<Person>,
    pub revision: i64,
    pub reason: &'a str,
    pub reverses: Option<Id<Entry>>,
}

/// Notes that `entry` lets its day hold more than 24 hours, and for whom that was believed.
pub async fn note_long_day(
    tx: &mut Tx,
    programme: Id<Programme>,
    (person, entry): (Id<Person>, Id<Entry>),
    office: &str,
) -> Result<(), DbError> {
    tx.run(NOTE_LONG_DAY, args![programme, person, entry, office]).await.map(drop)
}

/// Writes an entry and adds it to the sums; says whether the number was free, and the entry that
/// it takes back still stood.
pub async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    report: &Report,
    booking: &Booking<'_>,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    let row = args![
        programme,
        booking.person,
        booking.id,
        &report.category,
        &report.kind,
        report.seconds.get(),
        report.length.minutes(),
        report.worked_on,
        &report.title,
        &report.source,
        &report.source_id,
        booking.revision,
        ctx.at,
        account,
        booking.reason,
        booking.reverses,
        report.channel.key()
    ];
    if tx.run(ADD_ENTRY, row).await? == 0 {
        return Ok(false);
    }
    let sum = args![programme, booking.person, &report.category, &report.kind, report.seconds.get()];
    tx.run(ADD_TO_TOTAL, sum).await?;
    Ok(true)
}

/// The entries of a teacher in the order of booking.
pub async fn entries(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Entry>, DbError> {
    tx.rows(ENTRIES, args![programme, person], entry).await
}

pub async fn entry_of_id(
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Entry>,
) -> Result<Option<Entry>, DbError> {
    tx.row_opt(ENTRY, args![programme, id], entry).await
}

/// The entries of one number of a source, by revision.
pub async fn of_number(
    tx: &mut Tx,
    programme: Id<Programme>,
    source: &str,
    source_id: &str,
) -> Result<Vec<Entry>, DbError> {
    tx.rows(OF_NUMBER, args![programme, source, source_id], entry).await
}

/// Whether anything stands or waits with `source` as its source.
pub async fn has_source(tx: &mut Tx, programme: Id<Programme>, source: &str) -> Result<bool, DbError> {
    Ok(tx.row_opt(HAS_SOURCE, args![programme, source], |_| Ok(())).await?.is_some())
}

/// The entry of a teacher about the same course as `report` that came in another way: a course is learnt once,
/// and by the one way its day is that of the work, by the other that of the report. Signs of another width are
/// the same: some ways change them.
pub async fn alike(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    report: &Report,
) -> Result<Option<Doubt>, DbError> {
    let args = args![
        programme,
        person,
        &report.source,
        report.worked_on,
        report.seconds.get(),
        &report.source_id,
        report.channel.key()
    ];
    let there = tx
        .rows(ALIKE, args, |row| {
            Ok((row.get::<String>(2)?, Doubt::Twice { channel: termed(row, 0)?, number: row.get(1)? }))
        })
        .await?;
    let title = tidy(&report.title);
    Ok(there.into_iter().find(|(other, _)| tidy(other) == title).map(|(_, doubt)| doubt))
}

/// What is booked for a day, without what is not time of that day; records that were taken back do not count.
pub async fn booked_on(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    day: NaiveDate,
) -> Result<Day, DbError> {
    let read = |row: &Row<'_>| Ok(Day { seconds: Seconds::new(row.get(0)?), untimed: row.get(1)? });
    tx.row(BOOKED_ON, args![programme, person, day, RESULTS], read).await
}

/// What is booked of the course that a report speaks of.
pub async fn booked_of_course(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    report: &Report,
) -> Result<Seconds, DbError> {
    let args = args![programme, person, &report.source, &report.title];
    tx.row(BOOKED_OF_COURSE, args, |row| row.get(0)).await.map(Seconds::new)
}

/// A teacher's sum of one category and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Code of the category.
    pub category: String,
    /// Code of the kind; empty for none.
    pub kind: String,
    /// Seconds earned, reversals taken off.
    pub seconds: Seconds,
    /// How many lines the sum is of.
    pub entries: i64,
}

impl Total {
    /// As the rules look at it; every sum counts as of `day`, since years do not matter to sums.
    #[must_use]
    pub fn for_rules(&self, day: NaiveDate) -> tisheng_rules::HourEntry<'_> {
        tisheng_rules::HourEntry {
            category: &self.category,
            kind: Some(self.kind.as_str()).filter(|kind| !kind.is_empty()),
            seconds: self.seconds,
            worked_on: day,
        }
    }
}

pub(super) fn total(row: &Row<'_>, first: usize) -> Result<Total, DbError> {
    Ok(Total {
        category: row.get(first)?,
        kind: row.get(first + 1)?,
        seconds: Seconds::new(row.get(first + 2)?),
        entries: row.get(first + 3)?,
    })
}

pub async fn totals(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Total>, DbError> {
    tx.rows(TOTALS, args![programme, person], |row| total(row, 0)).await
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    reports::follow(tx, shift).await?;
    disputes::follow(tx, shift).await
}

/// How many sums there are.
pub async fn count_totals(tx: &mut Tx, programme: Id<Programme>) -> Result<i64, DbError> {
    tx.row(COUNT_TOTALS, args![programme], |row| row.get(0)).await
}

/// The teachers of sums that are not those of the entries.
pub async fn wrong_totals(
    tx: &mut Tx,
    programme: Id<Programme>,
    most: i64,
) -> Result<Vec<Id<Person>>, DbError> {
    tx.rows(WRONG_TOTALS, args![programme, most], |row| row.get(0)).await
}

/// Writes every sum anew from the entries; says how many.
pub async fn sum_again(tx: &mut Tx, programme: Id<Programme>) -> Result<u64, DbError> {
    tx.run(CLEAR_TOTALS, args![programme]).await?;
    tx.run(SUM_AGAIN, args![programme]).await
}

/// Whether the room keeps hours of a person: booked, waiting or disputed.
///
/// # Errors
/// What the database reports.
pub async fn keeps_of(tx: &mut Tx, person: Uuid) -> Result<bool, DbError> {
    Ok(tx.row_opt(KEEPS_OF, args![person], |_| Ok(())).await?.is_some())
}
