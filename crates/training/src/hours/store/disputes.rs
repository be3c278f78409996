//! Disputes about lines, and about lines that are not there.

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::paging::{Cursor, ROWS};
use tisheng_platform::{Ctx, DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::super::dispute::{Dispute, DisputeState};
use super::super::model::Entry;
use super::coded;

const FOLLOW_HOUR_DISPUTE: &str = "update hour_dispute set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const ADD: &str =
    "insert into hour_dispute (programme, id, person, path, entry, title, text, opened_at, due_on,
    state, answer) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', '') on conflict do nothing";

const OF_TEACHER: &str =
    "select d.id, d.person, p.name, d.path, d.entry, d.title, d.text, d.opened_at, d.due_on,
    d.state, d.answer, d.answered_at from hour_dispute d join person p on p.id = d.person
    where d.programme = $1 and d.person = $2 order by d.id desc limit 100";

const OF_ID: &str = "select d.id, d.person, p.name, d.path, d.entry, d.title, d.text, d.opened_at, d.due_on,
    d.state, d.answer, d.answered_at from hour_dispute d join person p on p.id = d.person
    where d.programme = $1 and d.id = $2 and d.path >= $3 and d.path < $4";

const INBOX: &str = "select d.id, d.person, p.name, d.path, d.entry, d.title, d.text, d.opened_at, d.due_on,
    d.state, d.answer, d.answered_at from hour_dispute d join person p on p.id = d.person
    where d.programme = $1 and d.state = $2 and d.path >= $3 and d.path < $4
    and ($5 = '' or p.name = $5 or d.title like '%' || $5 || '%') and d.id > $6 order by d.id limit $7";

const OPEN: &str = "select count(*) from hour_dispute
    where programme = $1 and state = 'open' and path >= $2 and path < $3";

const ANSWER: &str = "update hour_dispute set state = $3, answer = $4, answered_at = $5, answered_by = $6
    where programme = $1 and id = $2 and state = 'open'";

const WITHDRAW: &str = "update hour_dispute set state = 'withdrawn', answered_at = $4
    where programme = $1 and id = $2 and person = $3 and state = 'open'";

fn dispute(row: &Row<'_>) -> Result<Dispute, DbError> {
    Ok(Dispute {
        id: row.get(0)?,
        person: row.get(1)?,
        name: row.get(2)?,
        path: row.get(3)?,
        entry: row.get(4)?,
        title: row.get(5)?,
        text: row.get(6)?,
        opened_at: row.get(7)?,
        due_on: row.get(8)?,
        state: coded(row, 9)?,
        answer: row.get(10)?,
        answered_at: row.get(11)?,
    })
}

/// What a new dispute says.
pub struct Opening<'a> {
    pub id: Id<Dispute>,
    pub person: Id<Person>,
    pub path: &'a str,
    pub entry: Option<Id<Entry>>,
    pub title: &'a str,
    pub text: &'a str,
    pub due_on: NaiveDate,
}

/// Says whether the row is new: a line has one open dispute.
pub async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    new: &Opening<'_>,
) -> Result<bool, DbError> {
    let row =
        args![programme, new.id, new.person, new.path, new.entry, new.title, new.text, ctx.at, new.due_on];
    Ok(tx.run(ADD, row).await? == 1)
}

/// A teacher's disputes, newest first.
pub async fn of_teacher(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Dispute>, DbError> {
    tx.rows(OF_TEACHER, args![programme, person], dispute).await
}

pub async fn of_id(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    id: Id<Dispute>,
) -> Result<Option<Dispute>, DbError> {
    tx.row_opt(OF_ID, args![programme, id, &scope.from, &scope.until], dispute).await
}

/// Disputes in `state` within `scope`, oldest first; one more than a page.
pub async fn inbox(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    state: DisputeState,
    words: &str,
    cursor: &Cursor,
) -> Result<Vec<Dispute>, DbError> {
    let args = args![programme, state.code(), &scope.from, &scope.until, words, cursor.uuid(), ROWS + 1];
    tx.rows(INBOX, args, dispute).await
}

/// How many disputes wait for an answer.
pub async fn open(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<i64, DbError> {
    tx.row(OPEN, args![programme, &scope.from, &scope.until], |row| row.get(0)).await
}

/// Says whether it was still open.
pub async fn answer(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Dispute>,
    state: DisputeState,
    answer: &str,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    Ok(tx.run(ANSWER, args![programme, id, state.code(), answer, ctx.at, account]).await? == 1)
}

/// Says whether it was the teacher's own and still open.
pub async fn withdraw(
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Dispute>,
    person: Id<Person>,
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(WITHDRAW, args![programme, id, person, at]).await? == 1)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_HOUR_DISPUTE).await.map(drop)
}
