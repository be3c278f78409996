//! Every statement about what came of tools: choices, links, who has opened a course, scores.

use serde_json::{Map, Value};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Row;
use tisheng_platform::{DbError, Tx, args};
use tisheng_registry::people::Person;
use tisheng_training::course::Course;
use tisheng_training::platform::Platform;
use uuid::Uuid;

use crate::lti::model::{Item, Line, Opens, Pick, Tool};
use crate::lti::outcome::Last;
use crate::lti::score::Score;

const ADD_PICK: &str =
    "insert into lti_pick (id, data, tool, account, items, expires_at) values ($1, $2, $3, $4, '', $5)";
const FORGET_PICKS: &str = "delete from lti_pick where expires_at <= $1";
const OPEN_PICK: &str = "select id, tool, account, items from lti_pick where data = $1 and tool = $2
    and items = '' and expires_at > $3";
const PICK: &str = "select id, tool, account, items from lti_pick where id = $1 and items <> ''
    and expires_at > $2";
const FILL_PICK: &str = "update lti_pick set items = $2, expires_at = $3 where id = $1 and items = ''";
const END_PICK: &str = "delete from lti_pick where id = $1";

const ADD_LINK: &str = "insert into lti_link (course, tool, target, custom) values ($1, $2, $3, $4)
    on conflict (course) do update set tool = excluded.tool, target = excluded.target, custom = excluded.custom";
const LINK: &str = "select target, custom from lti_link where course = $1";

const OPENED: &str = "insert into lti_member (course, account, person, first_at, last_at)
    values ($1, $2, $3, $4, $4) on conflict (course, account) do update set last_at = excluded.last_at
    returning first_at";
const IS_MEMBER: &str = "select 1 from lti_member where course = $1 and account = $2";
const MEMBERS: &str = "select m.account, q.name from lti_member m join person q on q.id = m.person
    where m.course = $1 and m.account > $2 order by m.account limit $3";

const OPENINGS: &str = "select count(*), count(distinct m.person), max(m.last_at) from lti_member m
    join course c on c.id = m.course where c.platform = $1";
const SCORES: &str = "select count(*), max(s.received_at) from lti_score s join lti_line l on l.id = s.line
    join course c on c.id = l.course where c.platform = $1";

const ADD_LINE: &str =
    "insert into lti_line (course, id, label, most, resource, tag, counts, declared, starts, ends)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const LINES: &str = "select course, id, label, most, resource, tag, counts, declared, starts, ends
    from lti_line where course = $1 order by declared desc, id";
const LINE: &str = "select course, id, label, most, resource, tag, counts, declared, starts, ends
    from lti_line where course = $1 and id = $2";
const AMEND_LINE: &str = "update lti_line set label = $3, most = $4, resource = $5, tag = $6, starts = $7,
    ends = $8 where course = $1 and id = $2";
/// Whoever takes a score or drops the column at the same time waits.
const HOLD_LINE: &str = "update lti_line set label = label where course = $1 and id = $2";
const DROP_LINE: &str = "delete from lti_line where course = $1 and id = $2";
const DROP_SCORES: &str = "delete from lti_score where line = $1";

const KEEP_SCORE: &str = "insert into lti_score (line, account, at, fine, likeness, others, given, most,
    activity, grading, comment, began, ended, received_at, record)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    on conflict (line, account) do update set at = excluded.at, fine = excluded.fine, record = excluded.record,
    likeness = excluded.likeness, others = excluded.others, given = excluded.given, most = excluded.most,
    activity = excluded.activity, grading = excluded.grading, comment = excluded.comment,
    began = excluded.began, ended = excluded.ended, received_at = excluded.received_at";
const LAST: &str = "select at, fine, likeness, others from lti_score where line = $1 and account = $2";
const RESULTS: &str = "select account, given, most, comment from lti_score
    where line = $1 and account > $2 and ($3 = '' or account = $3) and grading = 'FullyGraded'
    and given is not null order by account limit $4";

/// Along the columns of courses, so that the next page begins where the last has ended.
const EVERY_SCORE: &str =
    "select l.course, l.id, s.account, s.at, s.fine, s.likeness, s.given, s.most, s.activity,
    s.grading, s.began, s.ended, s.record, c.platform, c.code
    from lti_line l join lti_score s on s.line = l.id join course c on c.id = l.course
    where l.declared and (l.course, l.id, s.account) > ($1, $2, $3)
    order by l.course, l.id, s.account limit $4";

fn items(row: &Row<'_>, column: usize) -> Result<Vec<Item>, DbError> {
    let text: String = row.get(column)?;
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(&text).map_err(|e| DbError::Column { column, problem: e.to_string() })
}

fn pick_row(row: &Row<'_>) -> Result<Pick, DbError> {
    Ok(Pick { id: row.get(0)?, tool: row.get(1)?, account: row.get(2)?, items: items(row, 3)? })
}

fn line_row(row: &Row<'_>) -> Result<Line, DbError> {
    Ok(Line {
        course: row.get(0)?,
        id: row.get(1)?,
        label: row.get(2)?,
        most: row.get(3)?,
        resource: row.get(4)?,
        tag: row.get(5)?,
        counts: row.get(6)?,
        declared: row.get(7)?,
        starts: row.get(8)?,
        ends: row.get(9)?,
    })
}

/// Somebody begins to choose; the tool gives `data` back.
pub async fn add_pick(
    tx: &mut Tx,
    (pick, data): (&Pick, &[u8]),
    (at, expires): (Instant, Instant),
) -> Result<(), DbError> {
    tx.run(FORGET_PICKS, args![at]).await?;
    tx.run(ADD_PICK, args![pick.id, data, pick.tool, pick.account, expires]).await.map(drop)
}

/// The choice that waits for the answer of a tool with `data`.
pub async fn open_pick(
    tx: &mut Tx,
    (data, tool): (&[u8], Id<Tool>),
    at: Instant,
) -> Result<Option<Pick>, DbError> {
    tx.row_opt(OPEN_PICK, args![data, tool, at], pick_row).await
}

/// The choice `id`, once the answer is there.
pub async fn pick(tx: &mut Tx, id: Id<Pick>, at: Instant) -> Result<Option<Pick>, DbError> {
    tx.row_opt(PICK, args![id, at], pick_row).await
}

/// Writes down what a tool gave back; says whether it is the first answer.
pub async fn fill_pick(tx: &mut Tx, id: Id<Pick>, items: &[Item], expires: Instant) -> Result<bool, DbError> {
    let text = serde_json::to_string(items).map_err(|e| DbError::Engine(e.to_string()))?;
    Ok(tx.run(FILL_PICK, args![id, text, expires]).await? == 1)
}

/// A choice has become courses.
pub async fn end_pick(tx: &mut Tx, id: Id<Pick>) -> Result<bool, DbError> {
    Ok(tx.run(END_PICK, args![id]).await? == 1)
}

/// Says what a course opens in a tool.
pub async fn add_link(
    tx: &mut Tx,
    (course, tool): (Id<Course>, Id<Tool>),
    opens: &Opens,
) -> Result<(), DbError> {
    let custom = Value::Object(opens.custom.clone()).to_string();
    tx.run(ADD_LINK, args![course, tool, &opens.target, custom]).await.map(drop)
}

/// What a course opens in the tool, where it was chosen there.
pub async fn link(tx: &mut Tx, course: Id<Course>) -> Result<Option<Opens>, DbError> {
    let read = |row: &Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?));
    tx.row_opt(LINK, args![course], read)
        .await?
        .map(|(target, custom)| {
            let custom: Map<String, Value> = serde_json::from_str(&custom)
                .map_err(|e| DbError::Column { column: 1, problem: e.to_string() })?;
            Ok(Opens { target, custom })
        })
        .transpose()
}

/// Notes that a teacher opens a course; says whether it is the first time.
pub async fn opened(
    tx: &mut Tx,
    (course, account, person): (Id<Course>, &str, Id<Person>),
    at: Instant,
) -> Result<bool, DbError> {
    let first: Instant = tx.row(OPENED, args![course, account, person, at], |row| row.get(0)).await?;
    Ok(first == at)
}

/// Whether a teacher has opened a course.
pub async fn is_member(tx: &mut Tx, course: Id<Course>, account: &str) -> Result<bool, DbError> {
    Ok(tx.row_opt(IS_MEMBER, args![course, account], |_| Ok(())).await?.is_some())
}

/// Accounts and names of those who have opened a course, after `after`.
pub async fn members(
    tx: &mut Tx,
    course: Id<Course>,
    after: &str,
    most: i64,
) -> Result<Vec<(String, String)>, DbError> {
    tx.rows(MEMBERS, args![course, after, most], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// How a tool is used: courses opened, by how many teachers, scores that stand, and the last of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    pub openings: i64,
    pub teachers: i64,
    pub opened_at: Option<Instant>,
    pub scores: i64,
    pub scored_at: Option<Instant>,
}

/// How the tool of a platform is used.
pub async fn usage(tx: &mut Tx, platform: Id<Platform>) -> Result<Usage, DbError> {
    let (openings, teachers, opened_at) =
        tx.row(OPENINGS, args![platform], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await?;
    let (scores, scored_at) = tx.row(SCORES, args![platform], |row| Ok((row.get(0)?, row.get(1)?))).await?;
    Ok(Usage { openings, teachers, opened_at, scores, scored_at })
}

pub async fn add_line(tx: &mut Tx, line: &Line) -> Result<(), DbError> {
    let row = args![
        line.course,
        line.id,
        &line.label,
        line.most,
        &line.resource,
        &line.tag,
        line.counts,
        line.declared,
        &line.starts,
        &line.ends
    ];
    tx.run(ADD_LINE, row).await.map(drop)
}

/// The columns of a course, the one made with it first.
pub async fn lines(tx: &mut Tx, course: Id<Course>) -> Result<Vec<Line>, DbError> {
    tx.rows(LINES, args![course], line_row).await
}

pub async fn line(tx: &mut Tx, course: Id<Course>, id: Id<Line>) -> Result<Option<Line>, DbError> {
    tx.row_opt(LINE, args![course, id], line_row).await
}

/// Writes what a tool says of a column anew.
pub async fn amend_line(tx: &mut Tx, line: &Line) -> Result<(), DbError> {
    let row = args![
        line.course,
        line.id,
        &line.label,
        line.most,
        &line.resource,
        &line.tag,
        &line.starts,
        &line.ends
    ];
    tx.run(AMEND_LINE, row).await.map(drop)
}

/// Removes a column with its scores.
pub async fn drop_line(tx: &mut Tx, line: &Line) -> Result<(), DbError> {
    tx.run(DROP_SCORES, args![line.id]).await?;
    tx.run(DROP_LINE, args![line.course, line.id]).await.map(drop)
}

/// Keeps a score in place of the one before, with the likenesses of `others` of its moment.
pub async fn keep_score(tx: &mut Tx, (score, others): (&Score, &str), at: Instant) -> Result<(), DbError> {
    let (given, most) = score.score.unzip();
    let (began, ended) = score.worked.unzip();
    let row = args![
        score.line,
        &score.user,
        score.at,
        score.fine,
        &score.likeness,
        others,
        given,
        most,
        &score.activity,
        &score.grading,
        &score.comment,
        began,
        ended,
        at,
        &score.number
    ];
    tx.run(KEEP_SCORE, row).await.map(drop)
}

/// Keeps `line` as it is until the transaction ends.
pub async fn hold_line(tx: &mut Tx, line: &Line) -> Result<(), DbError> {
    tx.run(HOLD_LINE, args![line.course, line.id]).await.map(drop)
}

pub async fn last(tx: &mut Tx, line: Id<Line>, account: &str) -> Result<Option<Last>, DbError> {
    tx.row_opt(LAST, args![line, account], |row| {
        Ok(Last { at: row.get(0)?, fine: row.get(1)?, likeness: row.get(2)?, others: row.get(3)? })
    })
    .await
}

/// A result: whose, the score and the highest possible, a remark.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub account: String,
    pub given: f64,
    pub most: f64,
    pub comment: String,
}

/// The scores of a column that stand, after `after`; of one teacher where `only` names one.
pub async fn results(
    tx: &mut Tx,
    line: Id<Line>,
    (after, only): (&str, &str),
    most: i64,
) -> Result<Vec<Standing>, DbError> {
    tx.rows(RESULTS, args![line, after, only, most], |row| {
        Ok(Standing { account: row.get(0)?, given: row.get(1)?, most: row.get(2)?, comment: row.get(3)? })
    })
    .await
}

/// A score as it is kept, without its remark, in the column of a course.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub course: Id<Course>,
    pub platform: Id<Platform>,
    /// The course as its platform calls it.
    pub code: String,
    pub score: Score,
}

/// Scores in the columns of courses, after `after`.
pub async fn every_score(
    tx: &mut Tx,
    after: Option<&(Id<Course>, Id<Line>, String)>,
    most: i64,
) -> Result<Vec<Kept>, DbError> {
    let beginning = (Id::from_uuid(Uuid::nil()), Id::from_uuid(Uuid::nil()), String::new());
    let (course, line, account) = after.unwrap_or(&beginning);
    tx.rows(EVERY_SCORE, args![*course, *line, account, most], |row| {
        let (given, highest): (Option<f64>, Option<f64>) = (row.get(6)?, row.get(7)?);
        let (began, ended): (Option<Instant>, Option<Instant>) = (row.get(10)?, row.get(11)?);
        Ok(Kept {
            course: row.get(0)?,
            platform: row.get(13)?,
            code: row.get(14)?,
            score: Score {
                line: row.get(1)?,
                number: row.get(12)?,
                user: row.get(2)?,
                at: row.get(3)?,
                fine: row.get(4)?,
                likeness: row.get(5)?,
                score: given.zip(highest),
                activity: row.get(8)?,
                grading: row.get(9)?,
                comment: String::new(),
                worked: began.zip(ended),
            },
        })
    })
    .await
}
