//! Every statement of the room.

use std::collections::BTreeMap;

use tisheng_kernel::{Id, Instant, Seconds};
use tisheng_platform::db::Value;
use tisheng_platform::{DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::model::{Batch, Line, LineState};

const TAKE_TURN: &str = "insert into handover_turn (programme, at) values ($1, $2)
    on conflict (programme) do update set at = excluded.at";

/// Teachers with a valid certificate, in the order of their identifiers; the concatenation keeps
/// indexes on paths out of it.
const CERTIFIED: &str = "select person, number from certificate
    where programme = $1 and person > $2 and path || '' >= $3 and path || '' < $4 and state = 'valid'
    order by person limit $5";

/// Teachers who have earned something, in the order of their identifiers, with the number of a valid
/// certificate; those who have left by where they taught last.
const EARNING: &str = "select t.person, coalesce(max(c.number), '') from hour_total t
    join post o on o.id = (select l.id from post l where l.person = t.person order by l.since desc, l.id desc limit 1)
    left join certificate c on c.programme = t.programme and c.person = t.person and c.state = 'valid'
    where t.programme = $1 and t.person > $2 and o.path || '' >= $3 and o.path || '' < $4
    group by t.person order by t.person limit $5";

/// Whoever was handed over by an office of that part of the tree and has no certificate any more.
const WITHOUT: &str = "select distinct l.person from handover_line l join handover_batch b on b.id = l.batch
    where l.programme = $1 and l.person > $2 and l.year = $3 and l.state <> 'refused'
    and b.path >= $4 and b.path < $5
    and not exists (select 1 from certificate c
        where c.programme = l.programme and c.person = l.person and c.state = 'valid')
    order by l.person limit $6";

const HANDED: &str = "select year, cast(sum(seconds) as bigint) from handover_line
    where programme = $1 and person = $2 and state <> 'refused' group by year";

const WISH: &str = "select year, seconds from handover_wish where programme = $1 and person = $2";

const FORGET_WISH: &str = "delete from handover_wish where programme = $1 and person = $2";

const ADD_WISH: &str = "insert into handover_wish (programme, person, year, seconds) values";

const ADD_BATCH: &str = "insert into handover_batch
    (id, programme, path, year, code, job, asked_at, asked_by, lines, seconds)
    values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0)";

const BATCH: &str = "select id, programme, path, year, code, job, asked_at, lines, seconds, done_at
    from handover_batch where id = $1";

const BATCHES: &str = "select id, programme, path, year, code, job, asked_at, lines, seconds, done_at
    from handover_batch where programme = $1 and path >= $2 and path < $3
    and (lines > 0 or done_at is null) order by asked_at desc, id desc limit $4";

const GROW: &str = "update handover_batch set lines = lines + $2, seconds = seconds + $3 where id = $1";

const DONE: &str = "update handover_batch set done_at = $2 where id = $1 and done_at is null";

const ADD_LINES: &str =
    "insert into handover_line (programme, number, batch, person, year, seconds, certificate, state, note)
    values";

const LINES: &str = "select l.number, l.person, l.year, l.seconds, l.certificate, l.state, l.note, p.name,
    coalesce(n.name, ''), coalesce(n.code, '')
    from handover_line l join person p on p.id = l.person
    left join post q on q.person = l.person and q.until is null left join node n on n.id = q.school
    where l.batch = $1 and ($2 = '' or l.state = $2) and l.number > $3 order by l.number limit $4";

const LINES_OF: &str = "select number, person, year, seconds, certificate, state, note from handover_line
    where programme = $1 and person = $2 order by number";

const LINE: &str = "select l.number, l.person, l.year, l.seconds, l.certificate, l.state, l.note, p.name
    from handover_line l join handover_batch b on b.id = l.batch join person p on p.id = l.person
    where l.programme = $1 and l.number = $2 and b.path >= $3 and b.path < $4";

const SETTLE: &str = "update handover_line set state = $3, note = $4, settled_at = $5
    where programme = $1 and number = $2";

const SUMS: &str = "select l.year, l.state, count(*), cast(sum(l.seconds) as bigint)
    from handover_line l join handover_batch b on b.id = l.batch
    where b.programme = $1 and b.path >= $2 and b.path < $3 group by l.year, l.state";

const FOLLOW_HANDOVER_BATCH: &str = "update handover_batch set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

fn year(row: &Row<'_>, column: usize) -> Result<i32, DbError> {
    let year: i64 = row.get(column)?;
    i32::try_from(year).map_err(|_| DbError::Column { column, problem: format!("{year} is no year") })
}

fn batch(row: &Row<'_>) -> Result<Batch, DbError> {
    Ok(Batch {
        id: row.get(0)?,
        programme: row.get(1)?,
        path: row.get(2)?,
        year: year(row, 3)?,
        code: row.get(4)?,
        job: row.get(5)?,
        asked_at: row.get(6)?,
        lines: row.get(7)?,
        seconds: Seconds::new(row.get(8)?),
        done_at: row.get(9)?,
    })
}

fn line(row: &Row<'_>) -> Result<Line, DbError> {
    let state: String = row.get(5)?;
    Ok(Line {
        number: row.get(0)?,
        person: row.get(1)?,
        year: year(row, 2)?,
        seconds: Seconds::new(row.get(3)?),
        certificate: row.get(4)?,
        state: state.parse().map_err(|_| DbError::Column { column: 5, problem: state })?,
        note: row.get(6)?,
    })
}

/// Waits until nobody else finds out what is new in the programme; the turn ends with `tx`.
pub async fn take_turn(tx: &mut Tx, programme: Id<Programme>, at: Instant) -> Result<(), DbError> {
    tx.run(TAKE_TURN, args![programme, at]).await.map(drop)
}

/// The next teachers within `scope` who have a valid certificate, with its number.
pub async fn certified(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    (after, most): (Uuid, i64),
) -> Result<Vec<(Id<Person>, String)>, DbError> {
    with_number(tx, CERTIFIED, programme, scope, (after, most)).await
}

/// The next teachers within `scope` who have earned something, with the number of a certificate.
pub async fn earning(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    (after, most): (Uuid, i64),
) -> Result<Vec<(Id<Person>, String)>, DbError> {
    with_number(tx, EARNING, programme, scope, (after, most)).await
}

async fn with_number(
    tx: &mut Tx,
    which: &'static str,
    programme: Id<Programme>,
    scope: &Scope,
    (after, most): (Uuid, i64),
) -> Result<Vec<(Id<Person>, String)>, DbError> {
    let range = args![programme, after, &scope.from, &scope.until, most];
    tx.rows(which, range, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// The next people of whom hours of `year` were handed over and who have no certificate any more.
pub async fn without(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, year): (&Scope, i32),
    (after, most): (Uuid, i64),
) -> Result<Vec<(Id<Person>, String)>, DbError> {
    let range = args![programme, after, year, &scope.from, &scope.until, most];
    tx.rows(WITHOUT, range, |row| Ok((row.get(0)?, String::new()))).await
}

/// What was handed over of a person, by year.
pub async fn handed(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<BTreeMap<i32, Seconds>, DbError> {
    let pairs = tx.rows(HANDED, args![programme, person], year_and_seconds).await?;
    Ok(pairs.into_iter().collect())
}

fn year_and_seconds(row: &Row<'_>) -> Result<(i32, Seconds), DbError> {
    Ok((year(row, 0)?, Seconds::new(row.get(1)?)))
}

pub async fn wish(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<BTreeMap<i32, Seconds>, DbError> {
    Ok(tx.rows(WISH, args![programme, person], year_and_seconds).await?.into_iter().collect())
}

/// Puts `wish` in the place of the one before; an empty one is none.
pub async fn put_wish(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    wish: &BTreeMap<i32, Seconds>,
) -> Result<(), DbError> {
    tx.run(FORGET_WISH, args![programme, person]).await?;
    let rows: Vec<Vec<Value<'static>>> = wish
        .iter()
        .map(|(year, seconds)| vec![programme.into(), person.into(), (*year).into(), seconds.get().into()])
        .collect();
    tx.bulk(ADD_WISH, 4, "", rows).await.map(drop)
}

pub async fn add_batch(tx: &mut Tx, new: &Batch, by: Option<Uuid>) -> Result<(), DbError> {
    let row = args![new.id, new.programme, &new.path, new.year, &new.code, new.job, new.asked_at, by];
    tx.run(ADD_BATCH, row).await.map(drop)
}

pub async fn batch_of_id(tx: &mut Tx, id: Id<Batch>) -> Result<Option<Batch>, DbError> {
    tx.row_opt(BATCH, args![id], batch).await
}

/// The latest batches of offices within `scope`, the last one first.
pub async fn batches(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    most: i64,
) -> Result<Vec<Batch>, DbError> {
    tx.rows(BATCHES, args![programme, &scope.from, &scope.until, most], batch).await
}

/// Adds lines to a batch and to its sums.
pub async fn add_lines(tx: &mut Tx, of: &Batch, lines: &[Line]) -> Result<(), DbError> {
    let row = |line: &Line| -> Vec<Value<'static>> {
        vec![
            of.programme.into(),
            line.number.clone().into(),
            of.id.into(),
            line.person.into(),
            line.year.into(),
            line.seconds.get().into(),
            line.certificate.clone().into(),
            line.state.key().into(),
            line.note.clone().into(),
        ]
    };
    let rows: Vec<Vec<Value<'static>>> = lines.iter().map(row).collect();
    let count = i64::try_from(rows.len()).unwrap_or_default();
    let seconds: Seconds = lines.iter().map(|line| line.seconds).sum();
    tx.bulk(ADD_LINES, 9, "", rows).await?;
    tx.run(GROW, args![of.id, count, seconds.get()]).await.map(drop)
}

pub async fn done(tx: &mut Tx, id: Id<Batch>, at: Instant) -> Result<(), DbError> {
    tx.run(DONE, args![id, at]).await.map(drop)
}

/// A line with what the page and the file show beside.
#[derive(Debug, Clone)]
pub struct Told {
    pub line: Line,
    pub name: String,
    pub school: String,
    pub school_code: String,
}

/// At most `most` lines of a batch after a number; in one state, or all where it is empty.
pub async fn lines(
    tx: &mut Tx,
    of: Id<Batch>,
    state: &str,
    (after, most): (&str, i64),
) -> Result<Vec<Told>, DbError> {
    tx.rows(LINES, args![of, state, after, most], |row| {
        Ok(Told { line: line(row)?, name: row.get(7)?, school: row.get(8)?, school_code: row.get(9)? })
    })
    .await
}

/// Everything that was handed over of a person.
pub async fn lines_of(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Line>, DbError> {
    tx.rows(LINES_OF, args![programme, person], line).await
}

/// The line of that number in a batch of an office within `scope`, with the person's name.
pub async fn line_of_number(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    number: &str,
) -> Result<Option<(Line, String)>, DbError> {
    let asked = args![programme, number, &scope.from, &scope.until];
    tx.row_opt(LINE, asked, |row| Ok((line(row)?, row.get(7)?))).await
}

/// Writes what the receipt says of a line.
pub async fn settle(
    tx: &mut Tx,
    programme: Id<Programme>,
    number: &str,
    (state, note): (LineState, &str),
    at: Option<Instant>,
) -> Result<(), DbError> {
    tx.run(SETTLE, args![programme, number, state.key(), note, at]).await.map(drop)
}

/// Lines and seconds by year and state, of all offices within `scope`.
pub async fn sums(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
) -> Result<Vec<(i32, LineState, i64, Seconds)>, DbError> {
    tx.rows(SUMS, args![programme, &scope.from, &scope.until], |row| {
        let state: String = row.get(1)?;
        let state = state.parse().map_err(|_| DbError::Column { column: 1, problem: state })?;
        Ok((year(row, 0)?, state, row.get(2)?, Seconds::new(row.get(3)?)))
    })
    .await
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_HANDOVER_BATCH).await.map(drop)
}
