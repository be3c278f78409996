//! Disputes about lines, and about lines that are not there.

use chrono::NaiveDate;
use tisheng_content::Refusal;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Column;
use tisheng_platform::files::Blob;
use tisheng_platform::{Ctx, DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::super::dispute::{Dispute, DisputeState, Exhibit};
use super::super::model::Entry;
use super::coded;

const FOLLOW_HOUR_DISPUTE: &str = "update hour_dispute set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const ADD: &str =
    "insert into hour_dispute (programme, id, person, path, entry, title, text, opened_at, due_on,
    state, answer) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', '') on conflict do nothing";

const OF_TEACHER: &str =
    "select d.id, d.person, p.name, d.path, d.entry, d.title, d.text, d.opened_at, d.due_on,
    d.state, d.answer, d.answered_at, coalesce(q.name, ''), d.mended_at
    from hour_dispute d join person p on p.id = d.person
    left join account a on a.id = d.answered_by left join person q on q.id = a.person
    where d.programme = $1 and d.person = $2 order by d.id desc limit 100";

const OF_ID: &str = "select d.id, d.person, p.name, d.path, d.entry, d.title, d.text, d.opened_at, d.due_on,
    d.state, d.answer, d.answered_at, coalesce(q.name, ''), d.mended_at
    from hour_dispute d join person p on p.id = d.person
    left join account a on a.id = d.answered_by left join person q on q.id = a.person
    where d.programme = $1 and d.id = $2 and d.path >= $3 and d.path < $4";

const COUNTS: &str = "select state, count(*) from hour_dispute
    where programme = $1 and state in ('open', 'mending') and path >= $2 and path < $3 group by state";

const MENDING: &str = "select id from hour_dispute where programme = $1 and entry = $2 and state = 'mending'
    and path >= $3 and path < $4";

const ANSWER: &str = "update hour_dispute set state = $4, answer = $5, answered_at = $6, answered_by = $7
    where programme = $1 and id = $2 and state = $3";

const MENDED: &str = "update hour_dispute set state = 'upheld', mended_at = $3, mended_by = $4
    where programme = $1 and id = $2 and state = 'mending'";

const ADD_MEND: &str =
    "insert into hour_mend (programme, dispute, entry) values ($1, $2, $3) on conflict do nothing";

const MENDS: &str = "select m.dispute, m.entry from hour_dispute d
    join hour_mend m on m.programme = d.programme and m.dispute = d.id
    where d.programme = $1 and d.person = $2 order by m.entry";

const ADD_FILE: &str = "insert into hour_dispute_file (programme, dispute, id, title, digest, content, size)
    values ($1, $2, $3, $4, $5, $6, $7)";

const FILES: &str = "select f.dispute, f.id, f.title, f.digest, f.content, f.size from hour_dispute d
    join hour_dispute_file f on f.programme = d.programme and f.dispute = d.id
    where d.programme = $1 and d.person = $2 order by f.id";

const FILE_DIGESTS: &str =
    "select distinct digest from hour_dispute_file where digest > $1 order by digest limit 1000";

const WITHDRAW: &str = "update hour_dispute set state = 'withdrawn', answered_at = $4
    where programme = $1 and id = $2 and person = $3 and state = 'open'";

pub(super) fn dispute(row: &Row<'_>) -> Result<Dispute, DbError> {
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
        answered_by: row.get(12)?,
        mended_at: row.get(13)?,
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

/// How many disputes wait in each state in which they do.
pub async fn counts(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
) -> Result<Vec<(DisputeState, i64)>, DbError> {
    let args = args![programme, &scope.from, &scope.until];
    tx.rows(COUNTS, args, |row| Ok((coded(row, 0)?, row.get(1)?))).await
}

/// The dispute within `scope` about a line that is to be mended.
pub async fn mending(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    entry: Id<Entry>,
) -> Result<Option<Id<Dispute>>, DbError> {
    let args = args![programme, entry, &scope.from, &scope.until];
    tx.row_opt(MENDING, args, |row| row.get(0)).await
}

/// Answers a dispute that is in the state `from`; says whether it still was.
pub async fn answer(
    ctx: &Ctx,
    tx: &mut Tx,
    (programme, id): (Id<Programme>, Id<Dispute>),
    (from, to): (DisputeState, DisputeState),
    answer: &str,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    let row = args![programme, id, from.code(), to.code(), answer, ctx.at, account];
    Ok(tx.run(ANSWER, row).await? == 1)
}

/// Writes down which lines mended a dispute; says whether it was still to be mended.
pub async fn mended(
    ctx: &Ctx,
    tx: &mut Tx,
    (programme, id): (Id<Programme>, Id<Dispute>),
    lines: &[Id<Entry>],
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    if tx.run(MENDED, args![programme, id, ctx.at, account]).await? == 0 {
        return Ok(false);
    }
    for line in lines {
        tx.run(ADD_MEND, args![programme, id, *line]).await?;
    }
    Ok(true)
}

/// Which lines mended the disputes of a teacher.
pub async fn mends(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<(Id<Dispute>, Id<Entry>)>, DbError> {
    tx.rows(MENDS, args![programme, person], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Adds what was handed in with a dispute.
pub async fn add_file(
    tx: &mut Tx,
    (programme, id): (Id<Programme>, Id<Dispute>),
    file: &Exhibit,
) -> Result<(), DbError> {
    let (digest, size) = (&file.blob.digest, file.blob.size);
    let row = args![programme, id, file.id, &file.title, digest, file.content.code(), size];
    tx.run(ADD_FILE, row).await.map(drop)
}

/// What was handed in with the disputes of a teacher.
pub async fn files(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<(Id<Dispute>, Exhibit)>, DbError> {
    tx.rows(FILES, args![programme, person], |row| {
        let content = String::read(row, 4)?.parse();
        let content = content.map_err(|e: Refusal| DbError::Column { column: 4, problem: e.to_string() })?;
        let blob = Blob { digest: row.get(3)?, size: row.get(5)? };
        Ok((row.get(0)?, Exhibit { id: row.get(1)?, title: row.get(2)?, content, blob }))
    })
    .await
}

/// Up to 1000 digests of files handed in with disputes, after `after`, in order: for whoever checks
/// that the bytes are there.
///
/// # Errors
/// What the database reports.
pub async fn stored_files(tx: &mut Tx, after: &str) -> Result<Vec<String>, DbError> {
    tx.rows(FILE_DIGESTS, args![after], |row| row.get(0)).await
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
