//! Every statement of the room: what others keep, read as the standard wants it, page by page.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Row, Scope as Part, Tx, args};
use tisheng_policy::scheme::Programme;
use uuid::Uuid;

/// Records before the page, and records of it.
pub type Page = (i64, i64);

const ORGS: &str = "select n.id, n.parent, n.kind, n.name, n.code, n.valid_to, coalesce(max(h.at), 0)
    from node n left join node_history h on h.node = n.id where n.path >= $1 and n.path < $2
    group by n.id, n.parent, n.kind, n.name, n.code, n.valid_to, n.path
    order by n.path limit $3 offset $4";

const COUNT_ORGS: &str = "select count(*) from node where path >= $1 and path < $2";

const ORG: &str = "select n.id, n.parent, n.kind, n.name, n.code, n.valid_to, coalesce(max(h.at), 0)
    from node n left join node_history h on h.node = n.id where n.id = $3 and n.path >= $1 and n.path < $2
    group by n.id, n.parent, n.kind, n.name, n.code, n.valid_to";

const SCHOOLS: &str = "select n.id, n.parent, n.kind, n.name, n.code, n.valid_to, coalesce(max(h.at), 0)
    from node n left join node_history h on h.node = n.id
    where n.path >= $1 and n.path < $2 and n.kind = 'school' and n.valid_to is null
    group by n.id, n.parent, n.kind, n.name, n.code, n.valid_to, n.path
    order by n.path limit $3 offset $4";

const COUNT_SCHOOLS: &str =
    "select count(*) from node where path >= $1 and path < $2 and kind = 'school' and valid_to is null";

const USERS: &str = "select p.person, o.name, p.school, p.since, p.subject, p.stage, p.id
    from post p join person o on o.id = p.person
    where p.until is null and p.path >= $1 and p.path < $2
    order by p.path, p.sort_key, p.person limit $3 offset $4";

const COUNT_USERS: &str = "select count(*) from post where until is null and path >= $1 and path < $2";

const USER: &str = "select p.person, o.name, p.school, p.since, p.subject, p.stage, p.id
    from post p join person o on o.id = p.person
    where p.until is null and p.path >= $1 and p.path < $2 and p.person = $3";

const RESULTS: &str = "select r.id, r.person, r.capability, r.level, r.final_at, p.school
    from post p join result r on r.programme = $3 and r.person = p.person and r.superseded_by is null
    where p.until is null and p.path >= $1 and p.path < $2
    order by p.path, p.sort_key, p.person, r.capability limit $4 offset $5";

const COUNT_RESULTS: &str = "select count(*)
    from post p join result r on r.programme = $3 and r.person = p.person and r.superseded_by is null
    where p.until is null and p.path >= $1 and p.path < $2";

const RESULT: &str = "select r.id, r.person, r.capability, r.level, r.final_at, p.school
    from result r join post p on p.person = r.person and p.until is null
    where r.programme = $3 and r.id = $4 and r.superseded_by is null and p.path >= $1 and p.path < $2";

/// An organisation.
#[derive(Debug, Clone)]
pub struct Org {
    pub id: Uuid,
    pub parent: Option<Uuid>,
    pub kind: String,
    pub name: String,
    pub code: Option<String>,
    pub is_open: bool,
    /// The latest change that is known.
    pub changed_at: Instant,
}

/// A teacher in the open post.
#[derive(Debug, Clone)]
pub struct User {
    pub person: Uuid,
    pub name: String,
    pub school: Uuid,
    pub since: String,
    pub subject: String,
    pub stage: String,
    /// When the post was given.
    pub changed_at: Instant,
}

/// A final result.
#[derive(Debug, Clone)]
pub struct ResultRow {
    pub id: Uuid,
    pub person: Uuid,
    pub capability: String,
    pub level: String,
    pub final_at: Instant,
    pub school: Uuid,
}

/// The moment at which an identifier was made.
fn made_at(id: Uuid) -> Instant {
    let stamp = id.get_timestamp().map(|stamp| stamp.to_unix());
    let (seconds, nanos) = stamp.unwrap_or_default();
    let seconds = i64::try_from(seconds).unwrap_or_default();
    Instant::from_micros(seconds * 1_000_000 + i64::from(nanos) / 1_000)
}

fn org(row: &Row<'_>) -> Result<Org, DbError> {
    let id: Uuid = row.get(0)?;
    let changed: Instant = row.get(6)?;
    Ok(Org {
        id,
        parent: row.get(1)?,
        kind: row.get(2)?,
        name: row.get(3)?,
        code: row.get(4)?,
        is_open: row.get::<Option<String>>(5)?.is_none(),
        changed_at: changed.max(made_at(id)),
    })
}

fn user(row: &Row<'_>) -> Result<User, DbError> {
    Ok(User {
        person: row.get(0)?,
        name: row.get(1)?,
        school: row.get(2)?,
        since: row.get(3)?,
        subject: row.get(4)?,
        stage: row.get(5)?,
        changed_at: made_at(row.get(6)?),
    })
}

fn result(row: &Row<'_>) -> Result<ResultRow, DbError> {
    Ok(ResultRow {
        id: row.get(0)?,
        person: row.get(1)?,
        capability: row.get(2)?,
        level: row.get(3)?,
        final_at: row.get(4)?,
        school: row.get(5)?,
    })
}

pub async fn orgs(tx: &mut Tx, part: &Part, (offset, limit): Page) -> Result<Vec<Org>, DbError> {
    tx.rows(ORGS, args![&part.from, &part.until, limit, offset], org).await
}

pub async fn count_orgs(tx: &mut Tx, part: &Part) -> Result<i64, DbError> {
    tx.row(COUNT_ORGS, args![&part.from, &part.until], |row| row.get(0)).await
}

pub async fn org_of(tx: &mut Tx, part: &Part, id: Uuid) -> Result<Option<Org>, DbError> {
    tx.row_opt(ORG, args![&part.from, &part.until, id], org).await
}

pub async fn schools(tx: &mut Tx, part: &Part, (offset, limit): Page) -> Result<Vec<Org>, DbError> {
    tx.rows(SCHOOLS, args![&part.from, &part.until, limit, offset], org).await
}

pub async fn count_schools(tx: &mut Tx, part: &Part) -> Result<i64, DbError> {
    tx.row(COUNT_SCHOOLS, args![&part.from, &part.until], |row| row.get(0)).await
}

pub async fn users(tx: &mut Tx, part: &Part, (offset, limit): Page) -> Result<Vec<User>, DbError> {
    tx.rows(USERS, args![&part.from, &part.until, limit, offset], user).await
}

pub async fn count_users(tx: &mut Tx, part: &Part) -> Result<i64, DbError> {
    tx.row(COUNT_USERS, args![&part.from, &part.until], |row| row.get(0)).await
}

pub async fn user_of(tx: &mut Tx, part: &Part, person: Uuid) -> Result<Option<User>, DbError> {
    tx.row_opt(USER, args![&part.from, &part.until, person], user).await
}

pub async fn results(
    tx: &mut Tx,
    (programme, part): (Id<Programme>, &Part),
    (offset, limit): Page,
) -> Result<Vec<ResultRow>, DbError> {
    tx.rows(RESULTS, args![&part.from, &part.until, programme, limit, offset], result).await
}

pub async fn count_results(tx: &mut Tx, programme: Id<Programme>, part: &Part) -> Result<i64, DbError> {
    tx.row(COUNT_RESULTS, args![&part.from, &part.until, programme], |row| row.get(0)).await
}

pub async fn result_of(
    tx: &mut Tx,
    (programme, part): (Id<Programme>, &Part),
    id: Uuid,
) -> Result<Option<ResultRow>, DbError> {
    tx.row_opt(RESULT, args![&part.from, &part.until, programme, id], result).await
}
