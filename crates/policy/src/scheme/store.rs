//! Every statement of the room.

use std::str::FromStr;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Column;
use tisheng_platform::jobs::Job;
use tisheng_platform::web::paging::{Cursor, ROWS};
use tisheng_platform::{Ctx, DbError, Row, Scope, Shift, Tx, args};
use tisheng_registry::people::Person;

use super::model::{Change, Programme, State, Trial, Version};

const FOLLOW_PROGRAMME: &str = "update programme set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const PROGRAMME_AT: &str =
    "select p.id, p.node, p.path, p.code, p.title, v.id, v.digest, p.year_from, p.year_until
    from programme p join scheme_version v on v.id = p.scheme_version
    where p.closed_at is null and substr($1, 1, length(p.path)) = p.path
    order by length(p.path) desc, p.id desc limit 1";

const PROGRAMME: &str =
    "select p.id, p.node, p.path, p.code, p.title, v.id, v.digest, p.year_from, p.year_until
    from programme p join scheme_version v on v.id = p.scheme_version where p.id = $1";

const PROGRAMMES: &str =
    "select p.id, p.node, p.path, p.code, p.title, v.id, v.digest, p.year_from, p.year_until
    from programme p join scheme_version v on v.id = p.scheme_version
    where p.path >= $1 and p.path < $2 order by p.path, p.id";

const ADD_PROGRAMME: &str = "insert into programme
    (id, node, path, code, title, scheme_version, year_from, year_until, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (node, code) do nothing";

const RUN_BY: &str = "update programme
    set scheme_version = $2, title = $3, year_from = $4, year_until = $5, waiting = null
    where id = $1 and scheme_version = $6 and (waiting is null or waiting = $2)";

const TAKE_PLACE: &str = "update programme set waiting = $2
    where id = $1 and scheme_version = $3 and waiting is null";

const LEAVE_PLACE: &str = "update programme set waiting = null where id = $1 and waiting = $2";

const WAIT: &str = "update scheme_version set state = 'waiting', due_at = $2, called_off = null
    where id = $1 and state = 'draft'";

const CALL_OFF: &str = "update scheme_version set state = 'draft', due_at = null, called_off = $2
    where id = $1 and state = 'waiting'";

const WAITING: &str = "select v.id, v.programme, v.version, v.digest, v.state, v.note, v.created_at,
    v.in_force_at, v.superseded_at, v.due_at, v.called_off
    from programme p join scheme_version v on v.id = p.waiting where p.id = $1";

const ADD_VERSION: &str = "insert into scheme_version
    (id, programme, code, version, digest, files, state, note, created_at, created_by, in_force_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (programme, digest) do nothing";

const VERSION: &str =
    "select id, programme, version, digest, state, note, created_at, in_force_at, superseded_at, due_at,
    called_off from scheme_version where id = $1 and programme = $2";

const VERSIONS: &str =
    "select id, programme, version, digest, state, note, created_at, in_force_at, superseded_at, due_at,
    called_off from scheme_version where programme = $1 order by created_at desc, id desc";

const VERSION_OF_DIGEST: &str =
    "select id, programme, version, digest, state, note, created_at, in_force_at, superseded_at, due_at,
    called_off from scheme_version where programme = $1 and digest = $2";

const FILES: &str = "select files from scheme_version where id = $1";

const COME_INTO_FORCE: &str = "update scheme_version set state = 'in_force', in_force_at = $2
    where id = $1 and state in ('draft', 'waiting')";

const SUPERSEDE: &str = "update scheme_version set state = 'superseded', superseded_at = $2
    where programme = $1 and state = 'in_force'";

const WITHDRAW: &str = "update scheme_version set state = 'withdrawn' where id = $1 and state = 'draft'";

const ADD_TRIAL: &str = "insert into scheme_trial
    (id, programme, version, base, asked_at, asked_by, teachers, gaining, losing, other)
    values ($1, $2, $3, $4, $5, $6, 0, 0, 0, 0)";

const GIVE_JOB: &str = "update scheme_trial set job = $2 where id = $1";

const NEWEST_TRIAL: &str =
    "select id, version, base, job, asked_at, teachers, gaining, losing, other, done_at
    from scheme_trial where version = $1 order by asked_at desc, id desc limit 1";

const TRIAL_PLACE: &str = "select programme, version, base, job, cursor, teachers, done_at
    from scheme_trial where id = $1";

const COUNT_TEACHERS: &str = "select count(*) from post
    where until is null and path >= $1 and path < $2";

const ADVANCE: &str = "update scheme_trial set cursor = $3, teachers = teachers + $4, gaining = gaining + $5,
    losing = losing + $6, other = other + $7, done_at = $8
    where id = $1 and done_at is null and teachers = $2";

const ADD_CHANGES: &str = "insert into scheme_trial_change (trial, person, path, kind, was, becomes) values";

const CHANGES: &str = "select c.person, c.path, c.kind, c.was, c.becomes, p.name, n.name
    from scheme_trial_change c join person p on p.id = c.person left join node n on n.path = c.path
    where c.trial = $1 and c.path >= $2 and c.path < $3 and ($4 = '' or c.kind = $4) and c.person > $5
    order by c.person limit $6";

fn programme(row: &Row<'_>) -> Result<Programme, DbError> {
    Ok(Programme {
        id: row.get(0)?,
        node: row.get(1)?,
        path: row.get(2)?,
        code: row.get(3)?,
        title: row.get(4)?,
        version: row.get(5)?,
        digest: row.get(6)?,
        year_from: year(row, 7)?,
        year_until: year(row, 8)?,
    })
}

fn year(row: &Row<'_>, column: usize) -> Result<i32, DbError> {
    let value: i64 = row.get(column)?;
    i32::try_from(value).map_err(|e| DbError::Column { column, problem: e.to_string() })
}

/// A column that holds the code of a state or kind.
fn coded<T: FromStr<Err = String>>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    String::read(row, column)?.parse().map_err(|problem| DbError::Column { column, problem })
}

fn version(row: &Row<'_>) -> Result<Version, DbError> {
    Ok(Version {
        id: row.get(0)?,
        programme: row.get(1)?,
        label: row.get(2)?,
        digest: row.get(3)?,
        state: coded(row, 4)?,
        note: row.get(5)?,
        created_at: row.get(6)?,
        in_force_at: row.get(7)?,
        superseded_at: row.get(8)?,
        due_at: row.get(9)?,
        called_off: row.get::<Option<String>>(10)?.unwrap_or_default(),
    })
}

fn trial(row: &Row<'_>) -> Result<Trial, DbError> {
    Ok(Trial {
        id: row.get(0)?,
        version: row.get(1)?,
        base: row.get(2)?,
        job: row.get(3)?,
        asked_at: row.get(4)?,
        teachers: row.get(5)?,
        gaining: row.get(6)?,
        losing: row.get(7)?,
        other: row.get(8)?,
        done_at: row.get(9)?,
    })
}

/// The running programme nearest to the node at `path`: of the node itself or of one above it.
pub async fn programme_at(tx: &mut Tx, path: &str) -> Result<Option<Programme>, DbError> {
    tx.row_opt(PROGRAMME_AT, args![path], programme).await
}

pub async fn programme_of_id(tx: &mut Tx, id: Id<Programme>) -> Result<Option<Programme>, DbError> {
    tx.row_opt(PROGRAMME, args![id], programme).await
}

pub async fn programmes(tx: &mut Tx, scope: &Scope) -> Result<Vec<Programme>, DbError> {
    tx.rows(PROGRAMMES, args![&scope.from, &scope.until], programme).await
}

/// Says whether the row is new.
pub async fn add_programme(tx: &mut Tx, at: Instant, new: &Programme) -> Result<bool, DbError> {
    let row = args![
        new.id,
        new.node,
        &new.path,
        &new.code,
        &new.title,
        new.version,
        new.year_from,
        new.year_until,
        at
    ];
    Ok(tx.run(ADD_PROGRAMME, row).await? == 1)
}

/// What is written of a new version.
pub struct NewVersion<'a> {
    pub id: Id<Version>,
    pub programme: Id<Programme>,
    pub code: &'a str,
    pub label: &'a str,
    pub digest: &'a str,
    pub files: &'a str,
    pub state: State,
    pub note: &'a str,
}

/// Says whether the row is new: the same files are one version.
pub async fn add_version(ctx: &Ctx, tx: &mut Tx, new: &NewVersion<'_>) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    let in_force_at = (new.state == State::InForce).then_some(ctx.at);
    let row = args![
        new.id,
        new.programme,
        new.code,
        new.label,
        new.digest,
        new.files,
        new.state.code(),
        new.note,
        ctx.at,
        account,
        in_force_at
    ];
    Ok(tx.run(ADD_VERSION, row).await? == 1)
}

pub async fn version_of_id(
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Version>,
) -> Result<Option<Version>, DbError> {
    tx.row_opt(VERSION, args![id, programme], version).await
}

pub async fn version_of_digest(
    tx: &mut Tx,
    programme: Id<Programme>,
    digest: &str,
) -> Result<Option<Version>, DbError> {
    tx.row_opt(VERSION_OF_DIGEST, args![programme, digest], version).await
}

pub async fn versions(tx: &mut Tx, programme: Id<Programme>) -> Result<Vec<Version>, DbError> {
    tx.rows(VERSIONS, args![programme], version).await
}

/// The files of a version, as JSON.
pub async fn files(tx: &mut Tx, id: Id<Version>) -> Result<Option<String>, DbError> {
    tx.row_opt(FILES, args![id], |row| row.get(0)).await
}

/// Puts a version into force in place of the one that `programme` runs by, with its title and years.
/// Says no, and then the transaction is not to be kept, when the programme runs by another one since,
/// a third one waits, or the version can no longer come into force.
pub async fn come_into_force(
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Version>,
    (title, years): (&str, (i32, i32)),
    at: Instant,
) -> Result<bool, DbError> {
    let row = args![programme.id, id, title, years.0, years.1, programme.version];
    if tx.run(RUN_BY, row).await? == 0 {
        return Ok(false);
    }
    tx.run(SUPERSEDE, args![programme.id, at]).await?;
    Ok(tx.run(COME_INTO_FORCE, args![id, at]).await? == 1)
}

/// Lets a draft wait until `due_at`. Says no, and then the transaction is not to be kept, when the
/// programme runs by another version since, another one waits, or it is no draft.
pub async fn wait(
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Version>,
    due_at: Instant,
) -> Result<bool, DbError> {
    if tx.run(TAKE_PLACE, args![programme.id, id, programme.version]).await? == 0 {
        return Ok(false);
    }
    Ok(tx.run(WAIT, args![id, due_at]).await? == 1)
}

/// Takes a version that waits back to the drafts. Says whether it waited.
pub async fn call_off(
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Version>,
    why: &str,
) -> Result<bool, DbError> {
    if tx.run(LEAVE_PLACE, args![programme, id]).await? == 0 {
        return Ok(false);
    }
    Ok(tx.run(CALL_OFF, args![id, why]).await? == 1)
}

/// The version that waits for its day.
pub async fn waiting(tx: &mut Tx, programme: Id<Programme>) -> Result<Option<Version>, DbError> {
    tx.row_opt(WAITING, args![programme], version).await
}

/// Says whether it was a draft.
pub async fn withdraw(tx: &mut Tx, id: Id<Version>) -> Result<bool, DbError> {
    Ok(tx.run(WITHDRAW, args![id]).await? == 1)
}

pub async fn add_trial(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Trial>,
    programme: &Programme,
    draft: Id<Version>,
) -> Result<(), DbError> {
    let (account, _, _) = ctx.who.signature();
    tx.run(ADD_TRIAL, args![id, programme.id, draft, programme.version, ctx.at, account]).await.map(drop)
}

pub async fn give_job(tx: &mut Tx, id: Id<Trial>, job: Id<Job>) -> Result<(), DbError> {
    tx.run(GIVE_JOB, args![id, job]).await.map(drop)
}

pub async fn newest_trial(tx: &mut Tx, version: Id<Version>) -> Result<Option<Trial>, DbError> {
    tx.row_opt(NEWEST_TRIAL, args![version], trial).await
}

/// Where a trial stands.
pub struct Place {
    pub programme: Id<Programme>,
    pub version: Id<Version>,
    pub base: Id<Version>,
    pub job: Option<Id<Job>>,
    pub cursor: Option<Id<Person>>,
    pub teachers: i64,
    pub done_at: Option<Instant>,
}

pub async fn place(tx: &mut Tx, id: Id<Trial>) -> Result<Option<Place>, DbError> {
    tx.row_opt(TRIAL_PLACE, args![id], |row| {
        Ok(Place {
            programme: row.get(0)?,
            version: row.get(1)?,
            base: row.get(2)?,
            job: row.get(3)?,
            cursor: row.get(4)?,
            teachers: row.get(5)?,
            done_at: row.get(6)?,
        })
    })
    .await
}

/// How many teachers a trial has to look at.
pub async fn count_teachers(tx: &mut Tx, scope: &Scope) -> Result<i64, DbError> {
    tx.row(COUNT_TEACHERS, args![&scope.from, &scope.until], |row| row.get(0)).await
}

/// What a batch of a trial found.
pub struct Step<'a> {
    pub cursor: Option<Id<Person>>,
    pub seen: i64,
    pub changes: &'a [Change],
    pub counts: [i64; 3],
    pub done_at: Option<Instant>,
}

/// Writes a batch, unless another worker has gone on from the same place already.
pub async fn advance(tx: &mut Tx, id: Id<Trial>, before: i64, step: &Step<'_>) -> Result<bool, DbError> {
    let [gaining, losing, other] = step.counts;
    let row = args![id, before, step.cursor, step.seen, gaining, losing, other, step.done_at];
    if tx.run(ADVANCE, row).await? == 0 {
        return Ok(false);
    }
    let rows: Vec<_> = step
        .changes
        .iter()
        .map(|c| args![id, c.person, &c.path, c.kind.code(), &c.was, &c.becomes].to_vec())
        .collect();
    if !rows.is_empty() {
        tx.bulk(ADD_CHANGES, 6, "on conflict do nothing", rows).await?;
    }
    Ok(true)
}

/// A teacher who would change, as a page shows it.
pub struct ChangeLine {
    pub change: Change,
    pub name: String,
    pub school: String,
}

/// The teachers within `scope` who would change, from `cursor` on; one more than a page.
pub async fn changes(
    tx: &mut Tx,
    trial: Id<Trial>,
    scope: &Scope,
    kind: &str,
    cursor: &Cursor,
) -> Result<Vec<ChangeLine>, DbError> {
    let args = args![trial, &scope.from, &scope.until, kind, cursor.uuid(), ROWS + 1];
    tx.rows(CHANGES, args, |row| {
        Ok(ChangeLine {
            change: Change {
                person: row.get(0)?,
                path: row.get(1)?,
                kind: coded(row, 2)?,
                was: row.get(3)?,
                becomes: row.get(4)?,
            },
            name: row.get(5)?,
            school: row.get::<Option<String>>(6)?.unwrap_or_default(),
        })
    })
    .await
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_PROGRAMME).await.map(drop)
}
