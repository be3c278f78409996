//! Every statement of the room: the lines of a month here, the figures that are kept beside.

pub mod kept;

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant, Seconds};
use tisheng_platform::{Ctx, DbError, Row, Tx, args};
use tisheng_registry::people::Person;

use super::model::{Confirmed, Difference, Figures, Ledger, Month, Sheet, Side, Sum};
use super::pairing::{Booked, Ours, Theirs, pair};
use crate::platform::Platform;

const OURS: &str = "select count(*), coalesce(cast(sum(e.seconds) as bigint), 0), max(e.received_at)
    from hour_entry e where e.programme = $1 and e.source = $2 and e.worked_on >= $3 and e.worked_on < $4
    and not exists (select 1 from hour_entry r where r.programme = e.programme and r.reverses = e.id)";

const WAITING: &str = "select count(*) from hour_report where programme = $1 and source = $2
    and worked_on >= $3 and worked_on < $4 and state in ('parked', 'held', 'conflict')";

const UNMATCHED: &str = "select count(*) from learner l
    where l.programme = $1 and l.platform = $2 and l.state = 'unmatched'
    and exists (select 1 from learning_fact f where f.programme = l.programme and f.learner = l.id
        and f.at >= $3 and f.at < $4 and f.voided_at is null)";

/// The same for many months, whose first moments come packed in one text, one after the other from the
/// latest to the earliest; the month after the latest stands first.
const UNMATCHED_BY_MONTH: &str = "select m.place, count(*) from (
    with recursive n (place) as (
        select cast(0 as bigint) union all select place + 1 from n where place + 1 < cast($4 as bigint))
    select place, cast(substr(cast($3 as text), cast(place * 16 + 17 as integer), 16) as bigint) as first,
        cast(substr(cast($3 as text), cast(place * 16 + 1 as integer), 16) as bigint) as next from n) m
    join learner l on l.programme = $1 and l.platform = $2 and l.state = 'unmatched'
    where exists (select 1 from learning_fact f where f.programme = l.programme and f.learner = l.id
        and f.at >= m.first and f.at < m.next and f.voided_at is null)
    group by m.place";

/// Lines of a statement with which nothing in the ledger agrees letter by letter, each with what is
/// known of it here: its record, the teacher and the course behind it, what stands under its number,
/// what was credited for that teacher and course, why it waits, how it has gone.
const THEIRS_LEFT: &str = "with line as (
    select l.number, l.name, coalesce(k.title, l.title) as title, l.worked_on, l.seconds, f.record, a.person as learner,
        coalesce(a.person, l.person) as person, coalesce(f.course, k.id) as course, l.person as stated
    from month_line l
    left join learning_fact f on f.platform = l.platform and f.record = l.number and f.voided_at is null
    left join learner a on a.id = f.learner
    left join course k on k.programme = $1 and k.platform = l.platform and k.code = l.code
    where l.platform = $3 and l.month = $4 and l.revision = $5
    and not exists (select 1 from hour_entry e join person p on p.id = e.person
        where e.programme = $1 and e.source = $2 and e.source_id = l.number
        and abs(e.seconds - l.seconds) <= $6 and e.worked_on = l.worked_on
        and coalesce(l.person, e.person) = e.person and (l.person is not null or l.name in ('', p.name))
        and coalesce(k.title, l.title) in ('', e.title)
        and not exists (select 1 from hour_entry r where r.programme = e.programme and r.reverses = e.id))
), named as (
    select n.*, coalesce(c.title, n.title) as called, (select min(d.number) from learning_credit d
        where d.programme = $1 and d.person = n.person and d.course = n.course) as credit
    from line n left join course c on c.id = n.course
)
select n.number, n.name, coalesce(e.title, n.called), n.worked_on, n.seconds, n.person, e.seconds, e.worked_on, x.seconds, x.worked_on,
    coalesce((select min(w.why) from hour_report w where w.programme = $1 and w.source = $2
            and w.source_id in (n.number, n.credit) and w.state in ('parked', 'held', 'conflict')),
        case when n.record is not null and n.learner is null then '学习账号还没有对应到教师'
            when n.record is not null and n.course is null then '课程不在课程目录，或还没有审核通过' end),
    coalesce((select '已' || r.source || '：' || r.reason from hour_entry t
            join hour_entry r on r.programme = t.programme and r.reverses = t.id
            where t.programme = $1 and t.source = $2 and t.source_id in (n.number, n.credit) order by r.id desc limit 1),
        (select '未予认定：' || min(w.decision) from hour_report w where w.programme = $1 and w.source = $2
            and w.source_id in (n.number, n.credit) and w.state in ('refused', 'dismissed')),
        case when n.record is not null and n.credit is null then '按课程的认定方式没有计学时' end),
    n.stated, n.title, e.person, p.name, e.title,
    (select k.title from learning_credit d join course k on k.id = d.course
        where d.programme = $1 and d.person = e.person and d.number = e.source_id and k.platform = $3)
from named n
left join hour_entry e on e.programme = $1 and e.source = $2 and e.source_id = n.number
    and not exists (select 1 from hour_entry r where r.programme = e.programme and r.reverses = e.id)
left join person p on p.id = e.person
left join hour_entry x on x.programme = $1 and x.source = $2 and x.source_id = n.credit
    and not exists (select 1 from hour_entry r where r.programme = x.programme and r.reverses = x.id)
order by n.number";

/// Lines of the ledger with which nothing in the statement agrees letter by letter.
const OURS_LEFT: &str = "select e.source_id, p.name,
    coalesce((select k.title from learning_credit d join course k on k.id = d.course
        where d.programme = e.programme and d.person = e.person and d.number = e.source_id and k.platform = $5), e.title),
    e.worked_on, e.seconds, e.person
    from hour_entry e join person p on p.id = e.person
    where e.programme = $1 and e.source = $2 and e.worked_on >= $3 and e.worked_on < $4
    and not exists (select 1 from hour_entry r where r.programme = e.programme and r.reverses = e.id)
    and not exists (select 1 from month_line l where l.platform = $5 and l.month = $6 and l.revision = $7
        and l.number = e.source_id and abs(e.seconds - l.seconds) <= $8 and l.worked_on = e.worked_on)
    order by e.source_id";

const LINES: &str = "select e.source_id, p.name, e.title, e.worked_on, e.seconds
    from hour_entry e join person p on p.id = e.person
    where e.programme = $1 and e.source = $2 and e.worked_on >= $3 and e.worked_on < $4
    and not exists (select 1 from hour_entry r where r.programme = e.programme and r.reverses = e.id)
    order by e.worked_on, e.id limit $5";

const STANDS: &str = "select e.seconds, e.worked_on, e.person, p.name, e.title
    from hour_entry e join person p on p.id = e.person
    where e.programme = $1 and e.source = $2 and e.source_id = $3
    and not exists (select 1 from hour_entry r where r.programme = e.programme and r.reverses = e.id)";

const SHEET: &str = "select revision, stated_at, own_figures, own_note, own_at, office_figures, office_note,
    office_at, stated_records, stated_seconds from month_sheet
    where programme = $1 and platform = $2 and month = $3";

const OPEN: &str = "insert into month_sheet (programme, platform, month, revision, own_figures, own_note,
    office_figures, office_note, version) values ($1, $2, $3, 0, '', '', '', '', 1) on conflict do nothing";

const SET_REVISION: &str = "update month_sheet set revision = $4, stated_at = $5, version = version + 1,
    stated_records = (select count(*) from month_line l
        where l.platform = $2 and l.month = $3 and l.revision = $4),
    stated_seconds = (select coalesce(cast(sum(l.seconds) as bigint), 0) from month_line l
        where l.platform = $2 and l.month = $3 and l.revision = $4)
    where programme = $1 and platform = $2 and month = $3";

const LATEST_REVISION: &str =
    "select coalesce(max(revision), 0) from month_line where platform = $1 and month = $2";

const CONFIRM_OWN: &str = "update month_sheet set own_figures = $4, own_note = $5, own_by = $6, own_at = $7,
    version = version + 1 where programme = $1 and platform = $2 and month = $3";

const CONFIRM_OFFICE: &str = "update month_sheet set office_figures = $4, office_note = $5, office_by = $6,
    office_at = $7, version = version + 1 where programme = $1 and platform = $2 and month = $3";

const ADD_LINE: &str =
    "insert into month_line (platform, month, revision, number, name, title, worked_on, seconds, person, code)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// A platform's month, and how far two figures may lie apart and still be one.
#[derive(Debug, Clone, Copy)]
pub struct Of<'a> {
    pub platform: &'a Platform,
    pub month: Month,
}

impl Of<'_> {
    /// Half a hundredth of an hour: statements are written with two decimals.
    fn tolerance(&self) -> i64 {
        self.platform.length.seconds() / 200
    }
}

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: String,
    pub name: String,
    pub title: String,
    pub worked_on: NaiveDate,
    pub seconds: Seconds,
}

/// Whom and what a line of a statement means, beside its words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Where an identity paper or a phone says who.
    pub person: Option<Id<Person>>,
    /// The platform's number of the course; empty where it is not said.
    pub code: String,
}

/// What stands in the ledger for the month.
pub async fn ledger(tx: &mut Tx, of: Of<'_>) -> Result<Ledger, DbError> {
    let Of { platform, month } = of;
    let range = args![platform.programme, &platform.name, month.from(), month.until()];
    tx.row(OURS, range, |row| Ok(Ledger { sum: sum(row)?, latest: row.get(2)? })).await
}

/// What the month comes to, with the statement that `sheet` says.
pub async fn figures(tx: &mut Tx, of: Of<'_>, sheet: &Sheet) -> Result<Figures, DbError> {
    let Of { platform, month } = of;
    let ledger = ledger(tx, of).await?;
    let range = args![platform.programme, &platform.name, month.from(), month.until()];
    let waiting = tx.row(WAITING, range, |row| row.get(0)).await?;
    let mut figures = Figures::of(ledger, waiting, sheet);
    if sheet.revision > 0 {
        let differing = differences(tx, of, sheet.revision).await?.len();
        figures.differences = i64::try_from(differing).unwrap_or(i64::MAX);
    }
    Ok(figures)
}

fn sum(row: &Row<'_>) -> Result<Sum, DbError> {
    Ok(Sum { records: row.get(0)?, seconds: Seconds::new(row.get(1)?) })
}

/// What differs from the statement of `revision`, by number.
pub async fn differences(tx: &mut Tx, of: Of<'_>, revision: i64) -> Result<Vec<Difference>, DbError> {
    let theirs = theirs_left(tx, of, revision).await?;
    let ours = ours_left(tx, of, revision).await?;
    Ok(pair(theirs, ours, of.tolerance()))
}

async fn theirs_left(tx: &mut Tx, of: Of<'_>, revision: i64) -> Result<Vec<Theirs>, DbError> {
    let Of { platform, month } = of;
    let name = &platform.name;
    let asked = args![platform.programme, name, platform.id, month.to_string(), revision, of.tolerance()];
    tx.rows(THEIRS_LEFT, asked, |row| {
        let stands = |first: usize| -> Result<Option<(Seconds, NaiveDate)>, DbError> {
            let (seconds, day): (Option<i64>, Option<NaiveDate>) = (row.get(first)?, row.get(first + 1)?);
            Ok(seconds.map(Seconds::new).zip(day))
        };
        Ok(Theirs {
            number: row.get(0)?,
            name: row.get(1)?,
            course: row.get(2)?,
            worked_on: Some(row.get(3)?),
            seconds: Seconds::new(row.get(4)?),
            person: row.get(5)?,
            ours: stands(6)?,
            stated: row.get(12)?,
            title: row.get(13)?,
            booked: booked(row)?,
            elsewhere: stands(8)?,
            waits: row.get(10)?,
            gone: row.get(11)?,
        })
    })
    .await
}

/// Whom and what the line of the ledger under the very number is about.
fn booked(row: &Row<'_>) -> Result<Option<Booked>, DbError> {
    let Some(person) = row.get(14)? else { return Ok(None) };
    let by_catalogue: Option<String> = row.get(17)?;
    let courses = by_catalogue.into_iter().chain([row.get(16)?]).collect();
    Ok(Some(Booked { person, name: row.get(15)?, courses }))
}

async fn ours_left(tx: &mut Tx, of: Of<'_>, revision: i64) -> Result<Vec<Ours>, DbError> {
    let Of { platform, month } = of;
    let asked = args![
        platform.programme,
        &platform.name,
        month.from(),
        month.until(),
        platform.id,
        month.to_string(),
        revision,
        of.tolerance()
    ];
    tx.rows(OURS_LEFT, asked, |row| {
        Ok(Ours {
            number: row.get(0)?,
            name: row.get(1)?,
            course: row.get(2)?,
            worked_on: row.get(3)?,
            seconds: Seconds::new(row.get(4)?),
            person: row.get(5)?,
        })
    })
    .await
}

/// The lines of the ledger that stand, in the order of work; at most `most`.
pub async fn lines(tx: &mut Tx, of: Of<'_>, most: i64) -> Result<Vec<Line>, DbError> {
    let Of { platform, month } = of;
    let asked = args![platform.programme, &platform.name, month.from(), month.until(), most];
    tx.rows(LINES, asked, |row| {
        Ok(Line {
            number: row.get(0)?,
            name: row.get(1)?,
            title: row.get(2)?,
            worked_on: row.get(3)?,
            seconds: Seconds::new(row.get(4)?),
        })
    })
    .await
}

/// How many accounts of the platform have learnt something in the month and are nobody's yet.
pub async fn unmatched(tx: &mut Tx, of: Of<'_>) -> Result<i64, DbError> {
    let Of { platform, month } = of;
    let (from, until) = (Instant::start_of(month.from()), Instant::start_of(month.until()));
    tx.row(UNMATCHED, args![platform.programme, platform.id, from, until], |row| row.get(0)).await
}

/// The same for each of `months`, which follow each other, the latest first.
pub async fn unmatched_by_month(
    tx: &mut Tx,
    platform: &Platform,
    months: &[Month],
) -> Result<Vec<i64>, DbError> {
    let Some(latest) = months.first() else { return Ok(Vec::new()) };
    let days = std::iter::once(latest.until()).chain(months.iter().map(|month| month.from()));
    let packed: String = days.map(|day| format!("{:016}", Instant::start_of(day).micros())).collect();
    let count = i64::try_from(months.len()).unwrap_or(i64::MAX);
    let mut all = vec![0; months.len()];
    let asked = args![platform.programme, platform.id, packed, count];
    tx.each(UNMATCHED_BY_MONTH, asked, |row| {
        let place: i64 = row.get(0)?;
        if let Some(found) = usize::try_from(place).ok().and_then(|place| all.get_mut(place)) {
            *found = row.get(1)?;
        }
        Ok(())
    })
    .await?;
    Ok(all)
}

/// A line of the ledger that stands.
#[derive(Debug)]
pub struct Stands {
    /// What it is worth.
    pub seconds: Seconds,
    /// Its day.
    pub worked_on: NaiveDate,
    /// Whose it is.
    pub person: Id<Person>,
    /// Their name.
    pub name: String,
    /// The course.
    pub title: String,
}

/// What stands in the ledger under `number` of `platform`.
pub async fn stands(tx: &mut Tx, platform: &Platform, number: &str) -> Result<Option<Stands>, DbError> {
    let asked = args![platform.programme, &platform.name, number];
    tx.row_opt(STANDS, asked, |row| {
        let (seconds, worked_on) = (Seconds::new(row.get(0)?), row.get(1)?);
        Ok(Stands { seconds, worked_on, person: row.get(2)?, name: row.get(3)?, title: row.get(4)? })
    })
    .await
}

/// What is kept of a month.
pub async fn sheet(tx: &mut Tx, of: Of<'_>) -> Result<Sheet, DbError> {
    let asked = args![of.platform.programme, of.platform.id, of.month.to_string()];
    let found = tx.row_opt(SHEET, asked, |row| sheet_row(row, 0));
    Ok(found.await?.unwrap_or_default())
}

fn sheet_row(row: &Row<'_>, first: usize) -> Result<Sheet, DbError> {
    let said = |place: usize| -> Result<Confirmed, DbError> {
        Ok(Confirmed { figures: row.get(place)?, note: row.get(place + 1)?, at: row.get(place + 2)? })
    };
    Ok(Sheet {
        revision: row.get(first)?,
        stated: Sum { records: row.get(first + 8)?, seconds: Seconds::new(row.get(first + 9)?) },
        stated_at: row.get(first + 1)?,
        own: said(first + 2)?,
        office: said(first + 5)?,
    })
}

/// The row of a month, entered when there is none.
pub async fn open(tx: &mut Tx, of: Of<'_>) -> Result<(), DbError> {
    let row = args![of.platform.programme, of.platform.id, of.month.to_string()];
    tx.run(OPEN, row).await.map(drop)
}

/// The statement that stands from now on; 0 for none.
pub async fn set_revision(
    tx: &mut Tx,
    of: Of<'_>,
    (revision, at): (i64, Option<Instant>),
) -> Result<(), DbError> {
    let row = args![of.platform.programme, of.platform.id, of.month.to_string(), revision, at];
    tx.run(SET_REVISION, row).await.map(drop)
}

/// The latest revision of which there are lines; 0 for none.
pub async fn latest_revision(tx: &mut Tx, of: Of<'_>) -> Result<i64, DbError> {
    tx.row(LATEST_REVISION, args![of.platform.id, of.month.to_string()], |row| row.get(0)).await
}

/// A side has confirmed the figures of `mark`.
pub async fn confirm(
    ctx: &Ctx,
    tx: &mut Tx,
    of: Of<'_>,
    side: Side,
    (mark, note): (&str, &str),
) -> Result<(), DbError> {
    let sql = match side {
        Side::Institution => CONFIRM_OWN,
        Side::Office => CONFIRM_OFFICE,
    };
    let (account, _, _) = ctx.who.signature();
    let row = args![of.platform.programme, of.platform.id, of.month.to_string(), mark, note, account, ctx.at];
    tx.run(sql, row).await.map(drop)
}

/// Adds a line to the statement of `revision`.
pub async fn add_line(
    tx: &mut Tx,
    of: Of<'_>,
    revision: i64,
    (line, said): (&Line, &Said),
) -> Result<(), DbError> {
    let row = args![
        of.platform.id,
        of.month.to_string(),
        revision,
        &line.number,
        &line.name,
        &line.title,
        line.worked_on,
        line.seconds.get(),
        said.person,
        &said.code
    ];
    tx.run(ADD_LINE, row).await.map(drop)
}
