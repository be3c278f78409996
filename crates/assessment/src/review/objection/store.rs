//! Every statement about objections.

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Row, Scope, Shift, Tx, args};
use tisheng_training::hours::DisputeState;
use uuid::Uuid;

use super::Objection;
use crate::evidence::Submission;

const FOLLOW_OBJECTION: &str = "update objection set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOLLOW_ANSWER: &str = "update objection set answered_path = $3 || substr(answered_path, cast(cast($4 as bigint) as integer)) where answered_path >= $1 and answered_path < $2";

const FOLLOW_ABOVE: &str = "update objection set above = $3 || substr(above, cast(cast($4 as bigint) as integer)) where above >= $1 and above < $2";

const OF_SUBMISSION: &str =
    "select o.programme, o.id, o.submission, s.capability, a.name, n.name, o.body, o.path, o.person,
    p.name, o.level, o.text, o.opened_at, o.due_on, o.state, o.answer, o.answered_at,
    o.above
    from objection o join submission s on s.programme = o.programme and s.id = o.submission
    join person a on a.id = s.person join node n on n.id = s.school join person p on p.id = o.person
    where o.programme = $1 and o.submission = $2 order by o.id";
const BY_ID: &str =
    "select o.programme, o.id, o.submission, s.capability, a.name, n.name, o.body, o.path, o.person,
    p.name, o.level, o.text, o.opened_at, o.due_on, o.state, o.answer, o.answered_at,
    o.above
    from objection o join submission s on s.programme = o.programme and s.id = o.submission
    join person a on a.id = s.person join node n on n.id = s.school join person p on p.id = o.person
    where o.programme = $1 and o.id = $2";
const OWN: &str =
    "select o.programme, o.id, o.submission, s.capability, a.name, n.name, o.body, o.path, o.person,
    p.name, o.level, o.text, o.opened_at, o.due_on, o.state, o.answer, o.answered_at,
    o.above
    from objection o join submission s on s.programme = o.programme and s.id = o.submission
    join person a on a.id = s.person join node n on n.id = s.school join person p on p.id = o.person
    where o.programme = $1 and o.person = $2 order by o.id desc limit 20";
/// Where whoever answered stood.
const ANSWERED_AT: &str = "select answered_path from objection where programme = $1 and id = $2";
/// Those of panels that `$2` leads, of panels between `$3` and `$4`, and what was due before `$5` and goes to the
/// office at `$3` then.
const WAITING: &str =
    "select o.programme, o.id, o.submission, s.capability, a.name, n.name, o.body, o.path, o.person,
    p.name, o.level, o.text, o.opened_at, o.due_on, o.state, o.answer, o.answered_at,
    o.above
    from objection o join submission s on s.programme = o.programme and s.id = o.submission
    join person a on a.id = s.person join node n on n.id = s.school join person p on p.id = o.person
    where o.programme = $1 and o.state = 'open' and (o.path >= $3 and o.path < $4
        or o.above = $3 and o.due_on < $5
        or exists (select 1 from panel_member m where m.programme = o.programme and m.node = o.body
            and m.person = $2 and m.chair and m.until is null))
    order by o.due_on, o.id limit 100";
const OPEN_OF: &str = "select count(*) from objection
    where programme = $1 and submission = $2 and state = 'open'";
const LED: &str = "select count(*) from panel_member m
    join objection o on o.programme = m.programme and o.body = m.node and o.state = 'open'
    join submission s on s.programme = o.programme and s.id = o.submission and s.person <> $2
    where m.programme = $1 and m.person = $2 and m.chair and m.until is null and o.person <> $2
    and not exists (select 1 from objection b join account k on k.id = b.answered_by
        where b.programme = o.programme and b.submission = o.submission and b.person = o.person
        and b.path <> o.path and k.person = $2)
    and not exists (select 1 from review r where r.programme = o.programme and r.submission = o.submission
        and r.reviewer = $2 and r.done_at is not null)";
/// What `$3` objected to and was answered elsewhere than at `$4` by the person `$5`.
const ANSWERED: &str = "select count(*) from objection o join account k on k.id = o.answered_by
    where o.programme = $1 and o.submission = $2 and o.person = $3 and o.path <> $4 and k.person = $5";
const PATH_OF_PANEL: &str = "select path from panel_member where programme = $1 and node = $2 limit 1";
/// An open objection to what has come into force, or is not on notice.
const ASTRAY: &str = "select o.id from objection o
    join submission s on s.programme = o.programme and s.id = o.submission
    where o.programme = $1 and o.state = 'open' and s.state <> 'notice' order by o.id limit $2";
const OPEN: &str = "select count(*) from objection where programme = $1 and state = 'open'";

const ADD: &str =
    "insert into objection (programme, id, submission, body, path, person, level, text, opened_at, due_on,
    state, answer, above) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', '', $11)
    on conflict do nothing";
const ANSWER: &str = "update objection set state = $3, answer = $4, answered_at = $5, answered_by = $6,
        answered_path = $7
    where programme = $1 and id = $2 and state = 'open'";
const WITHDRAW: &str = "update objection set state = 'withdrawn', answered_at = $4
    where programme = $1 and id = $2 and person = $3 and state = 'open'";

fn objection(row: &Row<'_>) -> Result<Objection, DbError> {
    let wrong = |column: usize| DbError::Column { column, problem: "an unknown word".to_owned() };
    Ok(Objection {
        programme: row.get(0)?,
        id: row.get(1)?,
        submission: row.get(2)?,
        capability: row.get(3)?,
        author: row.get(4)?,
        school: row.get(5)?,
        body: row.get(6)?,
        path: row.get(7)?,
        person: row.get(8)?,
        name: row.get(9)?,
        level: row.get::<String>(10)?.parse().map_err(|_| wrong(10))?,
        text: row.get(11)?,
        opened_at: row.get(12)?,
        due_on: row.get(13)?,
        state: row.get::<String>(14)?.parse().map_err(|_| wrong(14))?,
        answer: row.get(15)?,
        answered_at: row.get(16)?,
        above: row.get(17)?,
    })
}

/// The objections to a work, the first one first.
pub async fn of_submission(tx: &mut Tx, of: &Submission) -> Result<Vec<Objection>, DbError> {
    tx.rows(OF_SUBMISSION, args![of.programme, of.id], objection).await
}

pub async fn by_id(tx: &mut Tx, programme: Uuid, id: Id<Objection>) -> Result<Option<Objection>, DbError> {
    tx.row_opt(BY_ID, args![programme, id], objection).await
}

/// What somebody has objected to lately.
pub async fn own(tx: &mut Tx, programme: Uuid, person: Uuid) -> Result<Vec<Objection>, DbError> {
    tx.rows(OWN, args![programme, person], objection).await
}

/// Open ones of the panels that `person` leads and of those within `scope`, and what is late on `today` and
/// goes to its head then; what is due first.
pub async fn waiting(
    tx: &mut Tx,
    programme: Uuid,
    (person, scope): (Uuid, &Scope),
    today: NaiveDate,
) -> Result<Vec<Objection>, DbError> {
    tx.rows(WAITING, args![programme, person, &scope.from, &scope.until, today], objection).await
}

/// Whether an objection to a work is open.
pub async fn holds(tx: &mut Tx, of: &Submission) -> Result<bool, DbError> {
    let open: i64 = tx.row(OPEN_OF, args![of.programme, of.id], |row| row.get(0)).await?;
    Ok(open > 0)
}

/// How many wait for `person` as the chair of a panel who has not judged the work.
pub async fn led(tx: &mut Tx, programme: Uuid, person: Uuid) -> Result<i64, DbError> {
    tx.row(LED, args![programme, person], |row| row.get(0)).await
}

/// Whether `person` answered what was objected before `of` was taken to the level above.
pub async fn has_answered(tx: &mut Tx, of: &Objection, person: Uuid) -> Result<bool, DbError> {
    let row = args![of.programme, of.submission, of.person, of.path.as_str(), person];
    let found: i64 = tx.row(ANSWERED, row, |row| row.get(0)).await?;
    Ok(found > 0)
}

/// The path of the node that has a panel.
pub async fn path_of_panel(tx: &mut Tx, programme: Uuid, node: Uuid) -> Result<Option<String>, DbError> {
    tx.row_opt(PATH_OF_PANEL, args![programme, node], |row| row.get(0)).await
}

/// How many are open, and at most `most` of them whose work is not on notice.
pub async fn check(tx: &mut Tx, programme: Uuid, most: i64) -> Result<(i64, Vec<Id<Objection>>), DbError> {
    let open = tx.row(OPEN, args![programme], |row| row.get(0)).await?;
    Ok((open, tx.rows(ASTRAY, args![programme, most], |row| row.get(0)).await?))
}

/// Says whether the person had no open one to this work.
pub async fn add(tx: &mut Tx, new: &Objection) -> Result<bool, DbError> {
    let row = args![
        new.programme,
        new.id,
        new.submission,
        new.body,
        new.path.as_str(),
        new.person,
        new.level.code(),
        new.text.as_str(),
        new.opened_at,
        new.due_on,
        new.above.as_deref(),
    ];
    Ok(tx.run(ADD, row).await? == 1)
}

/// An answer, by whom and when.
pub struct Answered<'a> {
    pub state: DisputeState,
    pub text: &'a str,
    pub at: Instant,
    pub account: Option<Uuid>,
    /// Of the node at which whoever answers has the role; empty for the installation itself.
    pub path: &'a str,
}

/// Says whether it was still open.
pub async fn answer(tx: &mut Tx, of: &Objection, answered: &Answered<'_>) -> Result<bool, DbError> {
    let Answered { state, text, at, account, path } = answered;
    Ok(tx.run(ANSWER, args![of.programme, of.id, state.code(), *text, *at, *account, *path]).await? == 1)
}

/// The path of the node at which whoever answered has the role; empty while nobody has, or before it was kept.
pub async fn answered_at(tx: &mut Tx, of: &Objection) -> Result<String, DbError> {
    tx.row(ANSWERED_AT, args![of.programme, of.id], |row| row.get(0)).await
}

/// Says whether it was the person's own and still open.
pub async fn withdraw(tx: &mut Tx, of: &Objection, person: Uuid, at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(WITHDRAW, args![of.programme, of.id, person, at]).await? == 1)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_OBJECTION).await?;
    shift.apply(tx, FOLLOW_ANSWER).await?;
    shift.apply(tx, FOLLOW_ABOVE).await.map(drop)
}
