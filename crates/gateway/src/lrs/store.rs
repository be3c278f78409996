//! Statements and how they are found.

use tisheng_platform::Tx;
use tisheng_platform::args;
use tisheng_platform::db::{DbError, Row, Value};
use tisheng_xapi::{Likeness, Term};
use uuid::Uuid;

pub mod credentials;
pub mod documents;

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

const KNOWN: &str = "select likeness, happened from xapi_id where id = $1";

/// What the statement `id` says, if it is there.
pub async fn known(tx: &mut Tx, id: Uuid) -> Result<Option<Likeness>, DbError> {
    tx.row_opt(KNOWN, args![id], |row| {
        let digest: Vec<u8> = row.get(0)?;
        let digest = digest
            .try_into()
            .map_err(|_| DbError::Column { column: 0, problem: "not a SHA-256".to_owned() })?;
        Ok(Likeness { digest, timestamp: row.get(1)? })
    })
    .await
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

pub async fn add_terms(tx: &mut Tx, rows: &[TermRow]) -> Result<(), DbError> {
    let rows = rows.iter().map(|row| {
        vec![Value::Bytes(&row.term.0), Value::from(row.stored), Value::from(row.id), Value::from(row.via)]
    });
    tx.bulk(ADD_TERMS, 4, "on conflict do nothing", rows.collect::<Vec<_>>()).await.map(drop)
}

const ADD_REFERENCES: &str = "insert into xapi_reference (target, referrer) values";

pub async fn add_references(tx: &mut Tx, rows: &[(Uuid, Uuid)]) -> Result<(), DbError> {
    let rows = rows.iter().map(|(target, referrer)| vec![Value::from(*target), Value::from(*referrer)]);
    tx.bulk(ADD_REFERENCES, 2, "on conflict do nothing", rows.collect::<Vec<_>>()).await.map(drop)
}

const REFERRERS: &str =
    "select r.referrer, i.stored from xapi_reference r join xapi_id i on i.id = r.referrer
    where r.target = $1 order by r.referrer";

/// Who has `target` for an object.
pub async fn referrers(tx: &mut Tx, target: Uuid) -> Result<Vec<(Uuid, i64)>, DbError> {
    tx.rows(REFERRERS, args![target], |row| Ok((row.get(0)?, row.get(1)?))).await
}

const AWAITED: &str = "select distinct s.id from xapi_statement s join xapi_reference r on r.target = s.id
    where s.stored between $1 and $2";

/// Which of the statements stored from `first` to `last` others have for an object.
pub async fn awaited(tx: &mut Tx, first: i64, last: i64) -> Result<Vec<Uuid>, DbError> {
    tx.rows(AWAITED, args![first, last], |row| row.get(0)).await
}

/// A statement as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    pub stored: i64,
    pub id: Uuid,
    pub credential: Uuid,
    pub target: Option<Uuid>,
    pub body: String,
    pub is_voided: bool,
}

const ONE: &str = "select s.stored, s.id, s.credential, s.target, s.body,
    case when s.voiding then 0 else (select count(*) from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)) end
    from xapi_id i join xapi_statement s on s.stored = i.stored and s.id = i.id where i.id = $1";

/// The statement `id`.
pub async fn one(tx: &mut Tx, id: Uuid) -> Result<Option<Kept>, DbError> {
    tx.row_opt(ONE, args![id], |row| {
        Ok(Kept {
            stored: row.get(0)?,
            id: row.get(1)?,
            credential: row.get(2)?,
            target: row.get(3)?,
            body: row.get(4)?,
            is_voided: row.get::<i64>(5)? > 0,
        })
    })
    .await
}

const VOIDED_BY: &str = "select v.statement from xapi_voided v join xapi_id i on i.id = v.target
    join xapi_statement s on s.stored = i.stored and s.id = i.id
    where v.target = $1 and not s.voiding and (v.wide or v.credential = s.credential)
    order by v.statement limit 1";

/// Which statement took `id` back.
pub async fn voided_by(tx: &mut Tx, id: Uuid) -> Result<Option<Uuid>, DbError> {
    tx.row_opt(VOIDED_BY, args![id], |row| row.get(0)).await
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
    pub digest: String,
}

const ATTACH: &str = "insert into xapi_attachment (statement, sha2, content_type, digest) values";

pub async fn attach(tx: &mut Tx, rows: &[(Uuid, &AttachmentRow)]) -> Result<(), DbError> {
    let rows = rows.iter().map(|(statement, one)| {
        vec![
            Value::from(*statement),
            Value::from(&one.sha2),
            Value::from(&one.content_type),
            Value::from(&one.digest),
        ]
    });
    tx.bulk(ATTACH, 4, "on conflict do nothing", rows.collect::<Vec<_>>()).await.map(drop)
}

const ATTACHED: &str =
    "select sha2, content_type, digest from xapi_attachment where statement = $1 order by sha2";

pub async fn attached(tx: &mut Tx, statement: Uuid) -> Result<Vec<AttachmentRow>, DbError> {
    tx.rows(ATTACHED, args![statement], |row| {
        Ok(AttachmentRow { sha2: row.get(0)?, content_type: row.get(1)?, digest: row.get(2)? })
    })
    .await
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

const REDEFINE: &str = "update xapi_activity set definition = $2 where iri = $1";

pub async fn redefine(tx: &mut Tx, iri: &str, definition: &str) -> Result<(), DbError> {
    tx.run(REDEFINE, args![iri, definition]).await.map(drop)
}

const HOW_MANY: &str = "select count(*) from (select 1 as one from xapi_term where term = $1 limit 1000) few";

/// How many statements a term finds, up to a thousand.
pub async fn how_many(tx: &mut Tx, term: Term) -> Result<i64, DbError> {
    tx.row(HOW_MANY, args![&term.0[..]], |row| row.get(0)).await
}

/// What is asked for, ready for the database.
#[derive(Debug, Clone)]
pub struct Search {
    /// The rarest first, at most four.
    pub terms: Vec<Term>,
    pub since: i64,
    pub until: i64,
    /// Behind which place the page begins.
    pub behind: (i64, Uuid),
    pub ascending: bool,
    /// Only what this credential wrote.
    pub only: Option<Uuid>,
    pub limit: i64,
}

const NEWEST: &str = "select s.stored, s.id, s.credential, s.target, s.body from xapi_statement s
    where s.stored > $1 and s.stored <= $2 and (s.stored, s.id) < ($3, $4)
    and (cast($5 as bigint) = 0 or s.credential = $6)
    and (s.voiding or not exists (select 1 from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)))
    order by s.stored desc, s.id desc limit $7";

const OLDEST: &str = "select s.stored, s.id, s.credential, s.target, s.body from xapi_statement s
    where s.stored > $1 and s.stored <= $2 and (s.stored, s.id) > ($3, $4)
    and (cast($5 as bigint) = 0 or s.credential = $6)
    and (s.voiding or not exists (select 1 from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)))
    order by s.stored, s.id limit $7";

const NEWEST_OF: &str = "select s.stored, s.id, s.credential, s.target, s.body
    from xapi_term t join xapi_statement s on s.stored = t.stored and s.id = t.id
    where t.term = $8 and t.stored > $1 and t.stored <= $2 and (t.stored, t.id) < ($3, $4)
    and (cast($5 as bigint) = 0 or s.credential = $6)
    and (cast($9 as bigint) < 1 or exists (select 1 from xapi_term a
        where a.term = $10 and a.stored = t.stored and a.id = t.id and a.via = t.via))
    and (cast($9 as bigint) < 2 or exists (select 1 from xapi_term b
        where b.term = $11 and b.stored = t.stored and b.id = t.id and b.via = t.via))
    and (cast($9 as bigint) < 3 or exists (select 1 from xapi_term c
        where c.term = $12 and c.stored = t.stored and c.id = t.id and c.via = t.via))
    and (s.voiding or not exists (select 1 from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)))
    order by t.stored desc, t.id desc limit $7";

const OLDEST_OF: &str = "select s.stored, s.id, s.credential, s.target, s.body
    from xapi_term t join xapi_statement s on s.stored = t.stored and s.id = t.id
    where t.term = $8 and t.stored > $1 and t.stored <= $2 and (t.stored, t.id) > ($3, $4)
    and (cast($5 as bigint) = 0 or s.credential = $6)
    and (cast($9 as bigint) < 1 or exists (select 1 from xapi_term a
        where a.term = $10 and a.stored = t.stored and a.id = t.id and a.via = t.via))
    and (cast($9 as bigint) < 2 or exists (select 1 from xapi_term b
        where b.term = $11 and b.stored = t.stored and b.id = t.id and b.via = t.via))
    and (cast($9 as bigint) < 3 or exists (select 1 from xapi_term c
        where c.term = $12 and c.stored = t.stored and c.id = t.id and c.via = t.via))
    and (s.voiding or not exists (select 1 from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)))
    order by t.stored, t.id limit $7";

/// A page of statements, those that are voided left out. One that is found over several references
/// comes several times, one after the other.
pub async fn search(tx: &mut Tx, search: &Search) -> Result<Vec<Kept>, DbError> {
    let kept = |row: &Row<'_>| {
        Ok(Kept {
            stored: row.get(0)?,
            id: row.get(1)?,
            credential: row.get(2)?,
            target: row.get(3)?,
            body: row.get(4)?,
            is_voided: false,
        })
    };
    let mut args = vec![
        Value::from(search.since),
        Value::from(search.until),
        Value::from(search.behind.0),
        Value::from(search.behind.1),
        Value::from(i64::from(search.only.is_some())),
        Value::from(search.only),
        Value::from(search.limit),
    ];
    let Some((rarest, others)) = search.terms.split_first() else {
        return tx.rows(if search.ascending { OLDEST } else { NEWEST }, &args, kept).await;
    };
    args.push(Value::Bytes(&rarest.0));
    args.push(Value::from(i64::try_from(others.len()).unwrap_or_default()));
    for place in 0..3 {
        args.push(others.get(place).map_or(Value::Null, |term| Value::Bytes(&term.0)));
    }
    tx.rows(if search.ascending { OLDEST_OF } else { NEWEST_OF }, &args, kept).await
}
