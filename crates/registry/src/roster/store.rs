//! The tables of the runs; the list of runs beside.

pub mod listed;
pub mod trail;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Row, Scope, Shift, Tx, Value, args};

use super::finding::{Finding, Weight};
use super::kind::{Alteration, Difference, Trace, What};
use super::model::{Run, State, Tally};

const FOLLOW_ROSTER_RUN: &str = "update roster_run set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const BRING: &str = "insert into roster_run
    (id, kind, path, state, file_name, digest, size, clerk, brought_at, tally, origin, choices, note, version,
    clerk_key, clerk_words, clerk_pinyin, clerk_initials)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '{}', '', 1, $12, $13, $14, $15)";

const ONE: &str = "select id, kind, path, state, file_name, digest, size, clerk, brought_at, checked_at,
    confirmed_at, taken_at, undone_at, tally, choices, note, version, origin
    from roster_run where id = $1 and path >= $2 and path < $3";

const CHECKED: &str = "update roster_run set state = $2, tally = $3, note = $4, checked_at = $5,
    row_count = $6, version = version + 1 where id = $1 and state = 'checking'";

const MOVE_ON: &str = "update roster_run set state = $3, note = $4, version = version + 1
    where id = $1 and state = $2";

const CONFIRMED: &str = "update roster_run set state = 'taking', choices = $2, confirmed_at = $3, note = '',
    version = version + 1 where id = $1 and state = 'ready' and version = $4";

const TAKEN: &str = "update roster_run set state = 'taken', tally = $2, taken_at = $3,
    row_count = $4, version = version + 1 where id = $1 and state = 'taking'";

const UNDONE: &str = "update roster_run set state = 'undone', undone_at = $2, note = '',
    version = version + 1 where id = $1 and state = 'undoing'";

const CLEAR_FINDINGS: &str = "delete from roster_finding where run = $1";
const CLEAR_DIFFERENCES: &str = "delete from roster_difference where run = $1";
const CLEAR_TRACES: &str = "delete from roster_trace where run = $1";

const ADD_FINDINGS: &str =
    "insert into roster_finding (run, seq, line, place, field, weight, message, about) values";
const ADD_DIFFERENCES: &str =
    "insert into roster_difference (run, seq, line, what, subject, place, fields) values";
const ADD_TRACES: &str = "insert into roster_trace (run, seq, thing, subject, before, made) values";

const FINDINGS: &str = "select seq, line, place, field, weight, message, answer, about from roster_finding
    where run = $1 and ($2 = '' or weight = $2) and ($3 = '' or field = $3) and seq > $4
    order by seq limit $5";

const FIELDS: &str = "select field, weight, count(*) from roster_finding where run = $1
    group by field, weight order by count(*) desc, field";

const DIFFERENCES: &str = "select seq, line, what, subject, place, fields from roster_difference
    where run = $1 and what = $2 and seq > $3 order by seq limit $4";

const OPEN_QUESTIONS: &str =
    "select count(*) from roster_finding where run = $1 and weight = 'question' and answer is null";

const ANSWERS: &str = "select line, answer from roster_finding
    where run = $1 and weight = 'question' and answer is not null";

const ANSWER: &str =
    "update roster_finding set answer = $3 where run = $1 and weight = 'question' and seq = $2";

const ANSWER_ALL: &str = "update roster_finding set answer = $2 where run = $1 and weight = 'question'";

const TRACES_BACKWARDS: &str = "select seq, thing, subject, before, made from roster_trace
    where run = $1 and seq < $2 order by seq desc limit $3";

const SUBJECTS: &str =
    "select seq, subject from roster_trace where run = $1 and thing = $2 and before = '' and seq > $3
    order by seq limit $4";

const COUNT_TRACES: &str = "select count(*) from roster_trace where run = $1 and thing = $2 and before = ''";

fn json<T: DeserializeOwned>(text: &str, column: usize) -> Result<T, DbError> {
    serde_json::from_str(text).map_err(|e| DbError::Column { column, problem: e.to_string() })
}

fn text(value: &impl Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|e| DbError::Engine(e.to_string()))
}

fn number(row: &Row<'_>, column: usize) -> Result<u32, DbError> {
    u32::try_from(row.get::<i64>(column)?).map_err(|e| DbError::Column { column, problem: e.to_string() })
}

fn run(row: &Row<'_>) -> Result<Run, DbError> {
    let state = row.get::<String>(3)?;
    Ok(Run {
        id: row.get(0)?,
        kind: row.get(1)?,
        path: row.get(2)?,
        state: State::of(&state).ok_or(DbError::Column { column: 3, problem: state })?,
        file_name: row.get(4)?,
        digest: row.get(5)?,
        size: row.get(6)?,
        clerk: json(&row.get::<String>(7)?, 7)?,
        brought_at: row.get(8)?,
        checked_at: row.get(9)?,
        confirmed_at: row.get(10)?,
        taken_at: row.get(11)?,
        undone_at: row.get(12)?,
        tally: json(&row.get::<String>(13)?, 13)?,
        choices: json(&row.get::<String>(14)?, 14)?,
        note: row.get(15)?,
        version: row.get(16)?,
        origin: match row.get::<String>(17)? {
            none if none.is_empty() => None,
            some => Some(json(&some, 17)?),
        },
    })
}

/// Writes a run that has just been brought.
pub async fn bring(tx: &mut Tx, run: &Run) -> Result<(), DbError> {
    let [key, words, pinyin, initials] = run.clerk_in_lists();
    let row = args![
        run.id,
        run.kind.as_str(),
        run.path.as_str(),
        run.state.code(),
        run.file_name.as_str(),
        run.digest.as_str(),
        run.size,
        text(&run.clerk)?,
        run.brought_at,
        text(&run.tally)?,
        run.origin.as_ref().map(text).transpose()?.unwrap_or_default(),
        key,
        words,
        pinyin,
        initials,
    ];
    tx.run(BRING, row).await.map(drop)
}

/// The run `id` within `scope`.
pub async fn one(tx: &mut Tx, scope: &Scope, id: Id<Run>) -> Result<Option<Run>, DbError> {
    tx.row_opt(ONE, args![id, scope.from.as_str(), scope.until.as_str()], run).await
}

/// The check of `id` has ended in `state`; says whether it was still being checked.
pub async fn checked(
    tx: &mut Tx,
    id: Id<Run>,
    state: State,
    tally: &Tally,
    note: &str,
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(CHECKED, args![id, state.code(), text(tally)?, note, at, tally.rows]).await? == 1)
}

/// Moves `id` from one state to the next; says whether it was in the first.
pub async fn move_on(tx: &mut Tx, id: Id<Run>, from: State, to: State, note: &str) -> Result<bool, DbError> {
    Ok(tx.run(MOVE_ON, args![id, from.code(), to.code(), note]).await? == 1)
}

/// The clerk has confirmed `run` with `choices`; says whether it was still as shown.
pub async fn confirmed(
    tx: &mut Tx,
    run: &Run,
    choices: &BTreeMap<String, String>,
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(CONFIRMED, args![run.id, text(choices)?, at, run.version]).await? == 1)
}

/// `id` is taken; says whether it was still to be taken.
pub async fn taken(tx: &mut Tx, id: Id<Run>, tally: &Tally, at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(TAKEN, args![id, text(tally)?, at, tally.rows]).await? == 1)
}

/// `id` is undone; says whether it was still to be undone.
pub async fn undone(tx: &mut Tx, id: Id<Run>, at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(UNDONE, args![id, at]).await? == 1)
}

/// Forgets what an earlier check of `id` found.
pub async fn clear_check(tx: &mut Tx, id: Id<Run>) -> Result<(), DbError> {
    tx.run(CLEAR_FINDINGS, args![id]).await?;
    tx.run(CLEAR_DIFFERENCES, args![id]).await.map(drop)
}

/// Writes findings, the first as number `from`.
pub async fn add_findings(tx: &mut Tx, id: Id<Run>, from: u32, findings: &[Finding]) -> Result<(), DbError> {
    let rows: Vec<Vec<Value<'_>>> = findings
        .iter()
        .zip(from..)
        .map(|(finding, seq)| {
            let place = finding.place.and_then(|place| i64::try_from(place).ok());
            args![
                id,
                seq,
                finding.row,
                place,
                finding.column,
                finding.weight.code(),
                finding.message.as_str(),
                finding.about.as_str()
            ]
            .to_vec()
        })
        .collect();
    tx.bulk(ADD_FINDINGS, 8, "", rows).await.map(drop)
}

/// Writes differences, the first as number `from`.
pub async fn add_differences(
    tx: &mut Tx,
    id: Id<Run>,
    from: u32,
    differences: &[Difference],
) -> Result<(), DbError> {
    let mut rows: Vec<Vec<Value<'_>>> = Vec::with_capacity(differences.len());
    for (difference, seq) in differences.iter().zip(from..) {
        let fields = text(&difference.fields)?;
        let Difference { row, what, subject, place, .. } = difference;
        rows.push(args![id, seq, *row, what.code(), subject.as_str(), place.as_str(), fields].to_vec());
    }
    tx.bulk(ADD_DIFFERENCES, 7, "", rows).await.map(drop)
}

/// Writes traces, the first as number `from`.
pub async fn add_traces(tx: &mut Tx, id: Id<Run>, from: u32, traces: Vec<Trace>) -> Result<(), DbError> {
    let rows: Vec<Vec<Value<'_>>> = traces
        .into_iter()
        .zip(from..)
        .map(|(trace, seq)| args![id, seq, trace.thing, trace.subject, trace.before, trace.made].to_vec())
        .collect();
    tx.bulk(ADD_TRACES, 6, "", rows).await.map(drop)
}

/// A finding as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its number.
    pub seq: i64,
    /// The row; 0 for the file.
    pub row: u32,
    /// Whom or what the row is about, as the file has it.
    pub about: String,
    /// The place of the column in the sheet.
    pub place: Option<i64>,
    /// The heading of the column.
    pub field: String,
    /// How much it weighs.
    pub weight: Weight,
    /// What is wrong and how to mend it.
    pub message: String,
    /// The answer to a question.
    pub answer: Option<bool>,
}

/// Findings of `id` after number `after`, of one weight and one column (empty: all).
pub async fn findings(
    tx: &mut Tx,
    id: Id<Run>,
    weight: &str,
    field: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Kept>, DbError> {
    tx.rows(FINDINGS, args![id, weight, field, after, limit], |row| {
        let weight = row.get::<String>(4)?;
        Ok(Kept {
            seq: row.get(0)?,
            row: number(row, 1)?,
            place: row.get(2)?,
            field: row.get(3)?,
            weight: Weight::of(&weight).ok_or(DbError::Column { column: 4, problem: weight })?,
            message: row.get(5)?,
            answer: row.get(6)?,
            about: row.get(7)?,
        })
    })
    .await
}

/// How often each column was found fault with, by weight.
pub async fn fields(tx: &mut Tx, id: Id<Run>) -> Result<Vec<(String, String, i64)>, DbError> {
    tx.rows(FIELDS, args![id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
}

/// Differences of one sort after number `after`, with their numbers.
pub async fn differences(
    tx: &mut Tx,
    id: Id<Run>,
    what: What,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Difference)>, DbError> {
    tx.rows(DIFFERENCES, args![id, what.code(), after, limit], |row| {
        let code = row.get::<String>(2)?;
        let fields: Vec<Alteration> = json(&row.get::<String>(5)?, 5)?;
        let difference = Difference {
            row: number(row, 1)?,
            what: What::of(&code).ok_or(DbError::Column { column: 2, problem: code })?,
            subject: row.get(3)?,
            place: row.get(4)?,
            fields,
        };
        Ok((row.get(0)?, difference))
    })
    .await
}

/// How many questions of `id` have no answer.
pub async fn open_questions(tx: &mut Tx, id: Id<Run>) -> Result<i64, DbError> {
    tx.row(OPEN_QUESTIONS, args![id], |row| row.get(0)).await
}

/// The answers given, by row.
pub async fn answers(tx: &mut Tx, id: Id<Run>) -> Result<HashMap<u32, bool>, DbError> {
    let rows = tx.rows(ANSWERS, args![id], |row| Ok((number(row, 0)?, row.get::<bool>(1)?))).await?;
    Ok(rows.into_iter().collect())
}

/// Answers the question `seq` of `id`.
pub async fn answer(tx: &mut Tx, id: Id<Run>, seq: i64, answer: bool) -> Result<bool, DbError> {
    Ok(tx.run(ANSWER, args![id, seq, answer]).await? == 1)
}

/// Answers every question of `id`.
pub async fn answer_all(tx: &mut Tx, id: Id<Run>, answer: bool) -> Result<u64, DbError> {
    tx.run(ANSWER_ALL, args![id, answer]).await
}

/// Up to `limit` traces before number `before`, the last first; also the number to go on from.
pub async fn traces_backwards(
    tx: &mut Tx,
    id: Id<Run>,
    before: i64,
    limit: i64,
) -> Result<(Vec<Trace>, i64), DbError> {
    let rows = tx
        .rows(TRACES_BACKWARDS, args![id, before, limit], |row| {
            let (thing, subject, before, made) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            let trace = Trace { thing, subject, before, made };
            Ok((row.get::<i64>(0)?, trace))
        })
        .await?;
    let next = rows.last().map_or(0, |(seq, _)| *seq);
    Ok((rows.into_iter().map(|(_, trace)| trace).collect(), next))
}

/// Forgets the traces of `id`, which has been undone.
pub async fn clear_traces(tx: &mut Tx, id: Id<Run>) -> Result<(), DbError> {
    tx.run(CLEAR_TRACES, args![id]).await.map(drop)
}

/// Up to `limit` subjects that `id` made as `thing`, after number `after`, with their numbers.
pub async fn subjects(
    tx: &mut Tx,
    id: Id<Run>,
    thing: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, uuid::Uuid)>, DbError> {
    tx.rows(SUBJECTS, args![id, thing, after, limit], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// How many of `thing` the run `id` made.
pub async fn made(tx: &mut Tx, id: Id<Run>, thing: &str) -> Result<i64, DbError> {
    tx.row(COUNT_TRACES, args![id, thing], |row| row.get(0)).await
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_ROSTER_RUN).await.map(drop)
}
