//! Every statement of the room but those of lists, which stand in `board/store.rs`, and those that
//! write many rows at once.

pub mod bulk;
pub mod drafts;
pub mod person;
pub mod trail;

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::{DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::earning::Earned;
use super::model::{Candidate, Duty, Marks, Review, ReviewState};
use super::objection;
use crate::evidence::Submission;

const FOLLOW_PANEL_MEMBER: &str = "update panel_member set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const REVIEW: &str =
    "select programme, id, submission, step, duty, reviewer, pool, body, blind, state, drawn_at,
    due_on, lapses_at, done_at, level, marks, remark from review where programme = $1 and id = $2";
const OF_SUBMISSION: &str =
    "select programme, id, submission, step, duty, reviewer, pool, body, blind, state,
    drawn_at, due_on, lapses_at, done_at, level, marks, remark from review
    where programme = $1 and submission = $2 order by drawn_at, id";
const QUEUE: &str =
    "select programme, id, submission, step, duty, reviewer, pool, body, blind, state, drawn_at,
    due_on, lapses_at, done_at, level, marks, remark from review
    where programme = $1 and reviewer = $2 and state = 'open' order by drawn_at, id limit 200";
const LATELY: &str =
    "select programme, id, submission, step, duty, reviewer, pool, body, blind, state, drawn_at,
    due_on, lapses_at, done_at, level, marks, remark from review
    where programme = $1 and reviewer = $2 and state = 'done' and duty <> 'self'
    order by drawn_at desc, id desc limit 20";
const ADD: &str =
    "insert into review (programme, id, submission, step, duty, reviewer, pool, body, blind, state,
    drawn_at, due_on, lapses_at, marks, remark)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', $10, $11, $12, '[]', '') on conflict do nothing";
const JUDGE: &str = "update review set state = 'done', done_at = $3, level = $4, marks = $5, remark = $6
    where programme = $1 and id = $2 and state = 'open'";
const TAKE_BACK: &str = "update review set state = $3 where programme = $1 and id = $2 and state = 'open'";
const VOID: &str = "update review set state = 'void'
    where programme = $1 and submission = $2 and (state = 'open' or duty = 'self' and $3)";

const SET_ASIDE: &str = "update review set state = 'void'
    where programme = $1 and submission = $2 and step = $3 and state in ('open', 'done')";

const SEED: &str = "select seed from review_draw where programme = $1 and submission = $2 and step = $3";
const ADD_SEED: &str = "insert into review_draw (programme, submission, step, seed, drawn_at)
    values ($1, $2, $3, $4, $5) on conflict do nothing";
const HOLD: &str = "update review_draw set drawn_at = drawn_at
    where programme = $1 and submission = $2 and step = $3";
const DROP_SEEDS: &str = "delete from review_draw where programme = $1 and submission = $2";

const SUBJECT_GROUP: &str = "select person from post
    where school = $1 and subject = $2 and until is null and state = 'active'";
const NEIGHBOURS: &str = "select person from post
    where school = $1 and subject <> $2 and stage = $3 and until is null and state = 'active'";
const SCHOOL: &str = "select person from post where school = $1 and until is null and state = 'active'";
const REGION: &str =
    "select person from post where path >= $1 and path < $2 and school <> $3 and subject = $4
    and until is null and state = 'active' order by person limit 500";
const PANEL_OF: &str = "select person, node, chair from panel_member
    where programme = $1 and node = $2 and until is null";
const PANELS_BELOW: &str = "select p.person, p.node, p.chair from panel_member p join node n on n.id = p.node
    where p.programme = $1 and p.path >= $2 and p.path < $3 and p.node <> $4 and p.until is null
    and n.kind = 'school'";
const CHAIR_OF: &str = "select person from panel_member
    where programme = $1 and node = $2 and chair and until is null";
const SITS_IN_PANEL: &str = "select count(*) from panel_member
    where programme = $1 and node = $2 and person = $3 and until is null";
const LEADS_SCHOOL: &str = "select count(*) from role_grant
    where person = $1 and role = 'principal' and node = $2 and until is null";

const DECIDE: &str = "insert into decision (programme, submission, step, level, way, explanation, decided_at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
const DECISIONS: &str = "select step, level, way, explanation, decided_at, notice_until from decision
    where programme = $1 and submission = $2 order by decided_at";
const UNDECIDE: &str = "delete from decision where programme = $1 and submission = $2 and step = $3";
const PUT_UP: &str =
    "update decision set notice_until = $4 where programme = $1 and submission = $2 and step = $3";
const SUPERSEDE: &str = "update result set superseded_by = $4
    where programme = $1 and person = $2 and capability = $3 and superseded_by is null";
const ADD_RESULT: &str = "insert into result (programme, id, person, capability, submission, level, final_at,
    scheme_version, explanation) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const RESULTS: &str =
    "select id, capability, submission, level, final_at, scheme_version, explanation from result
    where programme = $1 and person = $2 and superseded_by is null order by capability";
const EARNED: &str = "select r.id, r.level, r.scheme_version, coalesce(s.submitted_at, r.final_at),
    r.superseded_by is null from result r join submission s on s.programme = $1 and s.id = r.submission
    where r.programme = $1 and r.person = $2 and r.capability = $3 order by r.id";
const WAITING: &str = "select id from submission where programme = $1 and state = 'panel'
    and superseded_by is null and path >= $2 and path < $3 and id > $4 order by id limit 200";

const RULINGS: &str = "select count(*) from review
    where programme = $1 and duty = 'chair' and state in ('open', 'done')";
/// Rulings of whoever had made the work, judged it or objected to it by then.
const ONE_SIDED: &str = "select r.id from review r
    join submission s on s.programme = r.programme and s.id = r.submission
    where r.programme = $1 and r.duty = 'chair' and r.state in ('open', 'done')
    and (s.person = r.reviewer
        or exists (select 1 from review j where j.programme = r.programme and j.submission = r.submission
            and j.reviewer = r.reviewer and j.duty in ('peer', 'panel') and j.state = 'done'
            and j.done_at <= r.drawn_at)
        or exists (select 1 from objection o where o.programme = r.programme and o.submission = r.submission
            and o.person = r.reviewer and o.state <> 'withdrawn' and o.opened_at <= r.drawn_at))
    order by r.id limit $2";

fn wrong(column: usize) -> DbError {
    DbError::Column { column, problem: "an unknown word".to_owned() }
}

fn review(row: &Row<'_>) -> Result<Review, DbError> {
    Ok(Review {
        programme: row.get(0)?,
        id: row.get(1)?,
        submission: row.get(2)?,
        step: row.get(3)?,
        duty: row.get::<String>(4)?.parse().map_err(|_| wrong(4))?,
        reviewer: row.get(5)?,
        pool: row.get(6)?,
        body: row.get(7)?,
        blind: row.get(8)?,
        state: row.get::<String>(9)?.parse::<ReviewState>().map_err(|_| wrong(9))?,
        drawn_at: row.get(10)?,
        due_on: row.get(11)?,
        lapses_at: row.get(12)?,
        done_at: row.get(13)?,
        level: row.get::<Option<String>>(14)?.and_then(|code| code.parse().ok()),
        marks: serde_json::from_str(&row.get::<String>(15)?).map_err(|_| wrong(15))?,
        remark: row.get(16)?,
    })
}

pub async fn by_id(tx: &mut Tx, programme: Uuid, id: Id<Review>) -> Result<Option<Review>, DbError> {
    tx.row_opt(REVIEW, args![programme, id], review).await
}

pub async fn of_submission(tx: &mut Tx, of: &Submission) -> Result<Vec<Review>, DbError> {
    tx.rows(OF_SUBMISSION, args![of.programme, of.id], review).await
}

pub async fn queue(tx: &mut Tx, programme: Uuid, reviewer: Uuid) -> Result<Vec<Review>, DbError> {
    tx.rows(QUEUE, args![programme, reviewer], review).await
}

pub async fn lately(tx: &mut Tx, programme: Uuid, reviewer: Uuid) -> Result<Vec<Review>, DbError> {
    tx.rows(LATELY, args![programme, reviewer], review).await
}

/// Puts a submission into somebody's hands; says whether it was not there before.
pub async fn add(tx: &mut Tx, new: &Review) -> Result<bool, DbError> {
    let row = args![
        new.programme,
        new.id,
        new.submission,
        new.step.as_str(),
        new.duty.code(),
        new.reviewer,
        new.pool.as_str(),
        new.body,
        new.blind,
        new.drawn_at,
        new.due_on,
        new.lapses_at,
    ];
    Ok(tx.run(ADD, row).await? == 1)
}

/// Says whether the review was still open.
pub async fn judge(
    tx: &mut Tx,
    of: &Review,
    at: Instant,
    level: Level,
    marks: &[Marks],
    remark: &str,
) -> Result<bool, DbError> {
    let marks = serde_json::to_string(marks).map_err(|e| DbError::Engine(e.to_string()))?;
    Ok(tx.run(JUDGE, args![of.programme, of.id, at, level.code(), marks, remark]).await? == 1)
}

/// Says whether the review was still open.
pub async fn take_back(tx: &mut Tx, of: &Review, state: ReviewState) -> Result<bool, DbError> {
    Ok(tx.run(TAKE_BACK, args![of.programme, of.id, state.code()]).await? == 1)
}

/// Voids what is open, and on a withdrawal the author's own judgement too.
pub async fn void(tx: &mut Tx, of: &Submission, own_too: bool) -> Result<(), DbError> {
    tx.run(VOID, args![of.programme, of.id, own_too]).await.map(drop)
}

/// Takes what a step decided and the judgements that led to it out of force. The judgements stay as
/// they were given.
pub async fn set_aside(tx: &mut Tx, of: &Submission, step: &str) -> Result<(), DbError> {
    tx.run(SET_ASIDE, args![of.programme, of.id, step]).await?;
    tx.run(UNDECIDE, args![of.programme, of.id, step]).await.map(drop)
}

/// The seed of a step: the one kept, or `new`, which is kept from now on.
pub async fn seed(
    tx: &mut Tx,
    of: &Submission,
    step: &str,
    new: &str,
    at: Instant,
) -> Result<String, DbError> {
    tx.run(ADD_SEED, args![of.programme, of.id, step, new, at]).await?;
    tx.row(SEED, args![of.programme, of.id, step], |row| row.get(0)).await
}

/// Lets the judgements of a step come one after the other, so that the last one sees all others.
pub async fn hold(
    tx: &mut Tx,
    programme: Uuid,
    submission: Id<Submission>,
    step: &str,
) -> Result<(), DbError> {
    tx.run(HOLD, args![programme, submission, step]).await.map(drop)
}

pub async fn drop_seeds(tx: &mut Tx, of: &Submission) -> Result<(), DbError> {
    tx.run(DROP_SEEDS, args![of.programme, of.id]).await.map(drop)
}

fn colleague(row: &Row<'_>) -> Result<Candidate, DbError> {
    Ok(Candidate { person: row.get(0)?, body: None, chair: false })
}

fn member(row: &Row<'_>) -> Result<Candidate, DbError> {
    Ok(Candidate { person: row.get(0)?, body: Some(row.get(1)?), chair: row.get(2)? })
}

pub async fn subject_group(tx: &mut Tx, of: &Submission) -> Result<Vec<Candidate>, DbError> {
    tx.rows(SUBJECT_GROUP, args![of.school, of.subject.as_str()], colleague).await
}

pub async fn neighbours(tx: &mut Tx, of: &Submission) -> Result<Vec<Candidate>, DbError> {
    tx.rows(NEIGHBOURS, args![of.school, of.subject.as_str(), of.stage.as_str()], colleague).await
}

pub async fn school(tx: &mut Tx, of: &Submission) -> Result<Vec<Candidate>, DbError> {
    tx.rows(SCHOOL, args![of.school], colleague).await
}

/// Colleagues of the subject at other schools within `scope`.
pub async fn region(tx: &mut Tx, of: &Submission, scope: &Scope) -> Result<Vec<Candidate>, DbError> {
    tx.rows(REGION, args![&scope.from, &scope.until, of.school, of.subject.as_str()], colleague).await
}

pub async fn panel_of(tx: &mut Tx, programme: Uuid, node: Uuid) -> Result<Vec<Candidate>, DbError> {
    tx.rows(PANEL_OF, args![programme, node], member).await
}

/// The panels of other schools within `scope`.
pub async fn panels_below(tx: &mut Tx, of: &Submission, scope: &Scope) -> Result<Vec<Candidate>, DbError> {
    tx.rows(PANELS_BELOW, args![of.programme, &scope.from, &scope.until, of.school], member).await
}

pub async fn chair_of(tx: &mut Tx, programme: Uuid, node: Uuid) -> Result<Option<Uuid>, DbError> {
    tx.row_opt(CHAIR_OF, args![programme, node], |row| row.get(0)).await
}

pub async fn sits_in_own_panel(tx: &mut Tx, of: &Submission) -> Result<bool, DbError> {
    let count: i64 =
        tx.row(SITS_IN_PANEL, args![of.programme, of.school, of.person], |row| row.get(0)).await?;
    Ok(count > 0)
}

pub async fn leads_school(tx: &mut Tx, of: &Submission) -> Result<bool, DbError> {
    let count: i64 = tx.row(LEADS_SCHOOL, args![of.person, of.school], |row| row.get(0)).await?;
    Ok(count > 0)
}

/// How a deciding step came to its level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Key of the step.
    pub step: String,
    /// The level.
    pub level: Level,
    /// `agreed`, `chair` or `rule`.
    pub way: String,
    /// Why, piece by piece.
    pub explanation: String,
    /// When.
    pub decided_at: Instant,
    /// The last day of the notice.
    pub notice_until: Option<NaiveDate>,
}

/// Keeps a decision; a step decides once.
pub async fn decide(tx: &mut Tx, of: &Submission, decided: &Decided) -> Result<(), DbError> {
    let row = args![
        of.programme,
        of.id,
        decided.step.as_str(),
        decided.level.code(),
        decided.way.as_str(),
        decided.explanation.as_str(),
        decided.decided_at,
    ];
    tx.run(DECIDE, row).await.map(drop)
}

/// The decisions on a submission, the last one standing.
pub async fn decisions(tx: &mut Tx, of: &Submission) -> Result<Vec<Decided>, DbError> {
    tx.rows(DECISIONS, args![of.programme, of.id], |row| {
        Ok(Decided {
            step: row.get(0)?,
            level: row.get::<String>(1)?.parse().map_err(|_| wrong(1))?,
            way: row.get(2)?,
            explanation: row.get(3)?,
            decided_at: row.get(4)?,
            notice_until: row.get(5)?,
        })
    })
    .await
}

pub async fn put_up(tx: &mut Tx, of: &Submission, step: &str, until: NaiveDate) -> Result<(), DbError> {
    tx.run(PUT_UP, args![of.programme, of.id, step, until]).await.map(drop)
}

/// A level that stands.
#[derive(Debug, Clone)]
pub struct Final {
    /// Its identifier.
    pub id: Id<Final>,
    /// Code of the capability or work.
    pub capability: String,
    /// The revision judged.
    pub submission: Id<Submission>,
    /// The level.
    pub level: Level,
    /// Since when it stands.
    pub final_at: Instant,
    /// The version of the rules it was judged by.
    pub scheme_version: Uuid,
    /// Why, piece by piece.
    pub explanation: String,
}

/// Writes a result in the place of the one before.
pub async fn add_result(tx: &mut Tx, of: &Submission, result: &Final) -> Result<(), DbError> {
    let capability = result.capability.as_str();
    tx.run(SUPERSEDE, args![of.programme, of.person, capability, result.id]).await?;
    let row = args![
        of.programme,
        result.id,
        of.person,
        capability,
        result.submission,
        result.level.code(),
        result.final_at,
        result.scheme_version,
        result.explanation.as_str(),
    ];
    tx.run(ADD_RESULT, row).await.map(drop)
}

pub async fn results(tx: &mut Tx, programme: Uuid, person: Uuid) -> Result<Vec<Final>, DbError> {
    tx.rows(RESULTS, args![programme, person], |row| {
        Ok(Final {
            id: row.get(0)?,
            capability: row.get(1)?,
            submission: row.get(2)?,
            level: row.get::<String>(3)?.parse().map_err(|_| wrong(3))?,
            final_at: row.get(4)?,
            scheme_version: row.get(5)?,
            explanation: row.get(6)?,
        })
    })
    .await
}

/// Every result of a person for a capability or work, the first one first.
pub async fn earned(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    capability: &str,
) -> Result<Vec<Earned>, DbError> {
    tx.rows(EARNED, args![programme, person, capability], |row| {
        Ok(Earned {
            id: row.get(0)?,
            level: row.get::<String>(1)?.parse().map_err(|_| wrong(1))?,
            scheme_version: row.get(2)?,
            worked_on: row.get::<Instant>(3)?.date(),
            stands: row.get(4)?,
        })
    })
    .await
}

/// Up to 200 submissions that a panel is to judge within `scope`, after `after`.
pub async fn waiting(
    tx: &mut Tx,
    programme: Uuid,
    scope: &Scope,
    after: Uuid,
) -> Result<Vec<Id<Submission>>, DbError> {
    tx.rows(WAITING, args![programme, &scope.from, &scope.until, after], |row| row.get(0)).await
}

/// How many disagreements are settled or wait for that, and at most `most` of them in the hands of somebody who was a
/// side of the work when they came there.
pub async fn check_rulings(
    tx: &mut Tx,
    programme: Uuid,
    most: i64,
) -> Result<(i64, Vec<Id<Review>>), DbError> {
    let rulings = tx.row(RULINGS, args![programme], |row| row.get(0)).await?;
    Ok((rulings, tx.rows(ONE_SIDED, args![programme, most], |row| row.get(0)).await?))
}

/// The duty of a drawn reviewer in a step.
pub const fn duty_in(kind: tisheng_rules::assessment::StepKind) -> Duty {
    match kind {
        tisheng_rules::assessment::StepKind::Panel => Duty::Panel,
        _ => Duty::Peer,
    }
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_PANEL_MEMBER).await?;
    objection::store::follow(tx, shift).await
}
