//! Statements as they are written.

use tisheng_platform::Tx;
use tisheng_platform::args;
use tisheng_platform::db::{DbError, Value};
use tisheng_xapi::{Likeness, Term};
use uuid::Uuid;

pub mod credentials;
pub mod documents;
pub mod refused;
pub mod search;

const CLAIM: &str = "insert into xapi_id (id, stored, likeness, happened) values";
const CLAIM_ONCE: &str = "on conflict (id) do nothing";

/// Claims ids; gives how many were free.
pub async fn claim(tx: &mut Tx, ids: &[(Uuid, i64, Likeness)]) -> Result<u64, DbError> {
    let rows = ids.iter().map(|(id, stored, likeness)| {
        vec![
            Value::from(*id),
            Value::from(*stored),
            Value::Bytes(&likeness.digest),
            Value::from(likeness.timestamp),
        ]
    });
    tx.bulk(CLAIM, 4, CLAIM_ONCE, rows.collect::<Vec<_>>()).await
}

const AWAIT: &str = "insert into xapi_id (id) values";

/// Keeps a place for statements that others refer to, where they are not there.
pub async fn wait_for(tx: &mut Tx, ids: &[Uuid]) -> Result<(), DbError> {
    let rows = ids.iter().map(|id| vec![Value::from(*id)]);
    tx.bulk(AWAIT, 1, CLAIM_ONCE, rows.collect::<Vec<_>>()).await.map(drop)
}

const ARRIVE: &str = "update xapi_id set stored = $2, likeness = $3, happened = $4
    where id = $1 and likeness is null";

/// Claims an id whose place was kept; whether nobody else has.
pub async fn arrive(tx: &mut Tx, id: Uuid, stored: i64, likeness: &Likeness) -> Result<bool, DbError> {
    Ok(tx.run(ARRIVE, args![id, stored, &likeness.digest[..], likeness.timestamp]).await? == 1)
}

/// What is known of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A statement that says this.
    There(Likeness),
    /// Others refer to it.
    Awaited,
}

const KNOWN: &str = "select likeness, happened from xapi_id where id = $1";

/// What is known of `id`.
pub async fn known(tx: &mut Tx, id: Uuid) -> Result<Option<Known>, DbError> {
    tx.row_opt(KNOWN, args![id], |row| {
        let Some(digest) = row.get::<Option<Vec<u8>>>(0)? else { return Ok(Known::Awaited) };
        let digest = digest
            .try_into()
            .map_err(|_| DbError::Column { column: 0, problem: "not a SHA-256".to_owned() })?;
        Ok(Known::There(Likeness { digest, timestamp: row.get(1)? }))
    })
    .await
}

const LATEST: &str = "select coalesce(max(stored), 0) from xapi_statement";

/// The latest moment of storing; 0 when there is none.
pub async fn latest(tx: &mut Tx) -> Result<i64, DbError> {
    tx.row(LATEST, args![], |row| row.get(0)).await
}

const NEXT: &str = "select min(stored) from xapi_statement where stored >= $1";

/// The first moment of storing from `from` on.
pub async fn next(tx: &mut Tx, from: i64) -> Result<Option<i64>, DbError> {
    tx.row(NEXT, args![from], |row| row.get(0)).await
}

const COUNT: &str = "select count(*) from xapi_statement where stored >= $1 and stored < $2";

/// How many statements were stored from `from` until before `until`.
pub async fn count(tx: &mut Tx, from: i64, until: i64) -> Result<i64, DbError> {
    tx.row(COUNT, args![from, until], |row| row.get(0)).await
}

const TIED: &str = "select s.stored, s.id from xapi_statement s where s.stored > $1 and s.stored < $2
    and (s.target is not null or exists (select 1 from xapi_reference r where r.target = s.id))
    order by s.stored limit $3";

/// Statements stored after `from` and before `until` that refer to others, or others to them.
pub async fn tied(tx: &mut Tx, from: i64, until: i64, most: i64) -> Result<Vec<(i64, Uuid)>, DbError> {
    tx.rows(TIED, args![from, until, most], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// A statement as a row.
#[derive(Debug)]
pub struct NewRow {
    pub stored: i64,
    pub id: Uuid,
    pub credential: Uuid,
    pub voiding: bool,
    pub target: Option<Uuid>,
    pub body: String,
}

const ADD: &str = "insert into xapi_statement (stored, id, credential, voiding, target, body) values";

pub async fn add(tx: &mut Tx, rows: &[NewRow]) -> Result<(), DbError> {
    let rows = rows.iter().map(|row| {
        vec![
            Value::from(row.stored),
            Value::from(row.id),
            Value::from(row.credential),
            Value::from(row.voiding),
            Value::from(row.target),
            Value::from(&row.body),
        ]
    });
    tx.bulk(ADD, 6, "", rows.collect::<Vec<_>>()).await.map(drop)
}

/// By what a statement is found, and over how many references.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TermRow {
    pub term: Term,
    pub stored: i64,
    pub id: Uuid,
    pub via: i64,
}

const ADD_TERMS: &str = "insert into xapi_term (term, stored, id, via) values";

/// Adds terms of statements that are new: whether a row is there already need not be asked.
pub async fn add_terms(tx: &mut Tx, rows: &[TermRow]) -> Result<(), DbError> {
    write_terms(tx, "", rows).await
}

/// Adds those of `rows` that are not there.
pub async fn complete_terms(tx: &mut Tx, rows: &[TermRow]) -> Result<(), DbError> {
    write_terms(tx, "on conflict do nothing", rows).await
}

async fn write_terms(tx: &mut Tx, tail: &'static str, rows: &[TermRow]) -> Result<(), DbError> {
    let rows = rows.iter().map(|row| {
        vec![Value::Bytes(&row.term.0), Value::from(row.stored), Value::from(row.id), Value::from(row.via)]
    });
    tx.bulk(ADD_TERMS, 4, tail, rows.collect::<Vec<_>>()).await.map(drop)
}

const ADD_REFERENCES: &str = "insert into xapi_reference (target, referrer) values";

pub async fn add_references(tx: &mut Tx, rows: &[(Uuid, Uuid)]) -> Result<(), DbError> {
    let rows = rows.iter().map(|(target, referrer)| vec![Value::from(*target), Value::from(*referrer)]);
    tx.bulk(ADD_REFERENCES, 2, "on conflict do nothing", rows.collect::<Vec<_>>()).await.map(drop)
}

const REFERRERS: &str = "select s.id, s.stored, s.credential from xapi_reference r
    join xapi_id i on i.id = r.referrer
    join xapi_statement s on s.stored = i.stored and s.id = i.id
    where r.target = $1 order by s.id";

/// Who has `target` for an object: id, moment of storing, credential.
pub async fn referrers(tx: &mut Tx, target: Uuid) -> Result<Vec<(Uuid, i64, Uuid)>, DbError> {
    tx.rows(REFERRERS, args![target], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
}

const VOID: &str = "insert into xapi_voided (target, statement, credential, wide) values";

/// Takes statements back: target, by which statement, of which credential, whether of others too.
pub async fn void(tx: &mut Tx, rows: &[(Uuid, Uuid, Uuid, bool)]) -> Result<(), DbError> {
    let rows = rows.iter().map(|(target, statement, credential, wide)| {
        vec![Value::from(*target), Value::from(*statement), Value::from(*credential), Value::from(*wide)]
    });
    tx.bulk(VOID, 4, "on conflict do nothing", rows.collect::<Vec<_>>()).await.map(drop)
}

/// Data of an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentRow {
    pub sha2: String,
    pub content_type: String,
    /// Name of the stored file.
    pub digest: String,
    /// Bytes.
    pub size: i64,
}

const ATTACH: &str = "insert into xapi_attachment (statement, sha2, content_type, digest, size) values";

pub async fn attach(tx: &mut Tx, rows: &[(Uuid, &AttachmentRow)]) -> Result<(), DbError> {
    let rows = rows.iter().map(|(statement, one)| {
        vec![
            Value::from(*statement),
            Value::from(&one.sha2),
            Value::from(&one.content_type),
            Value::from(&one.digest),
            Value::from(one.size),
        ]
    });
    tx.bulk(ATTACH, 5, "on conflict do nothing", rows.collect::<Vec<_>>()).await.map(drop)
}

const ATTACHED: &str =
    "select sha2, content_type, digest, size from xapi_attachment where statement = $1 order by sha2";

pub async fn attached(tx: &mut Tx, statement: Uuid) -> Result<Vec<AttachmentRow>, DbError> {
    tx.rows(ATTACHED, args![statement], |row| {
        Ok(AttachmentRow {
            sha2: row.get(0)?,
            content_type: row.get(1)?,
            digest: row.get(2)?,
            size: row.get(3)?,
        })
    })
    .await
}

const FILES: &str = "select distinct digest from xapi_attachment where digest > $1 order by digest limit 500";

/// Names of stored files after `after`.
pub async fn files(tx: &mut Tx, after: &str) -> Result<Vec<String>, DbError> {
    tx.rows(FILES, args![after], |row| row.get(0)).await
}

const DEFINITION: &str = "select definition, credential from xapi_activity where iri = $1";

/// What is kept of the activity `iri`, and who described it first.
pub async fn definition(tx: &mut Tx, iri: &str) -> Result<Option<(String, Uuid)>, DbError> {
    tx.row_opt(DEFINITION, args![iri], |row| Ok((row.get(0)?, row.get(1)?))).await
}

const FOUND_ACTIVITY: &str = "insert into xapi_activity (iri, credential, definition) values ($1, $2, $3)
    on conflict (iri) do nothing";

/// Keeps a first definition; whether there was none.
pub async fn found_activity(tx: &mut Tx, iri: &str, by: Uuid, definition: &str) -> Result<bool, DbError> {
    Ok(tx.run(FOUND_ACTIVITY, args![iri, by, definition]).await? == 1)
}

const REDEFINE: &str = "update xapi_activity set definition = $2 where iri = $1 and definition = $3";

/// Puts `definition` in place of `old`; whether that was still there.
pub async fn redefine(tx: &mut Tx, iri: &str, definition: &str, old: &str) -> Result<bool, DbError> {
    Ok(tx.run(REDEFINE, args![iri, definition, old]).await? == 1)
}
