//! The audit trail: who did what to what, when and why, chained so that a removed line shows.
//!
//! Each action writes its row in its own transaction ([`record`]); a job seals the rows that have
//! arrived since ([`seal`]) by hashing them onto the chain in batches, so that no action waits
//! for another. [`verify`] walks the chain again.

use serde::Serialize;
use sha2::{Digest, Sha256};
use tisheng_kernel::{Id, Instant};
use uuid::Uuid;

use crate::args;
use crate::ctx::Ctx;
use crate::db::{Db, DbError, Row, Tx, Value};

/// Marker of an audit row's identifier.
#[derive(Debug)]
pub struct Entry;

/// Rows hashed in one batch at most.
const BATCH: i64 = 1000;

/// Writes one row of the trail in the transaction of the action itself. `action` is a verb with
/// its room, such as `people.identity_shown`; `detail` holds what changed and never unmasked
/// personal data.
///
/// # Errors
/// What the database reports.
pub async fn record(
    ctx: &Ctx,
    tx: &mut Tx,
    action: &'static str,
    subject: Uuid,
    detail: &impl Serialize,
) -> Result<(), DbError> {
    let detail = serde_json::to_string(detail).map_err(|e| DbError::Engine(e.to_string()))?;
    let (account, role, node) = ctx.who.signature();
    let id: Id<Entry> = Id::new(ctx.at);
    let row = args![id, ctx.at, ctx.request.as_str(), account, role, node, action, subject, detail];
    tx.run(INSERT, row).await.map(drop)
}

/// Writes a row for each of many things to which one action was done, as [`record`] does for one.
///
/// # Errors
/// What the database reports.
pub async fn record_all<D: Serialize>(
    ctx: &Ctx,
    tx: &mut Tx,
    action: &'static str,
    done: impl IntoIterator<Item = (Uuid, D)>,
) -> Result<(), DbError> {
    let (account, role, node) = ctx.who.signature();
    let mut rows: Vec<Vec<Value<'_>>> = Vec::new();
    for (subject, detail) in done {
        let detail = serde_json::to_string(&detail).map_err(|e| DbError::Engine(e.to_string()))?;
        let id: Id<Entry> = Id::new(ctx.at);
        let row: &[Value<'_>] =
            args![id, ctx.at, ctx.request.as_str(), account, role, node, action, subject, detail];
        rows.push(row.to_vec());
    }
    tx.bulk(INSERT_ALL, 9, "", rows).await.map(drop)
}

const INSERT_ALL: &str =
    "insert into audit (id, at, request, account, role, node, action, subject, detail) values";

const INSERT: &str = "insert into audit (id, at, request, account, role, node, action, subject, detail)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const UNSEALED: &str = "select id, at, request, account, role, node, action, subject, detail
    from audit where seal is null order by id limit $1";

const SEALED: &str = "select id, at, request, account, role, node, action, subject, detail
    from audit where seal = $1 order by id";

const LAST_SEAL: &str = "select seq, hash from audit_seal order by seq desc limit 1";

const ALL_SEALS: &str = "select seq, rows, hash from audit_seal order by seq";

const ADD_SEAL: &str =
    "insert into audit_seal (seq, at, rows, hash) values ($1, $2, $3, $4) on conflict (seq) do nothing";

const ANY_UNSEALED: &str = "select 1 from audit where seal is null limit 1";

const MARK: &str = "update audit set seal = $1 where id = $2";

const TIMES: &str = "select coalesce(sum(case when action = $2 then 1 else -1 end), 0) from audit
    where subject = $1 and action in ($2, $3) and detail like $4";

/// What must stand in the trail, as often as it happened: one row for each transition of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What it happened to.
    pub subject: Uuid,
    /// The action.
    pub done: &'static str,
    /// The action that takes it back; the same as `done` where none does.
    pub undone: &'static str,
    /// What the detail of the rows is like, as SQL has it: `%` where the subject alone says it.
    pub like: String,
    /// How often it was done and not taken back.
    pub times: i64,
}

/// Those of `due` that the trail has told less often, or more, than they happened.
///
/// # Errors
/// What the database reports.
pub async fn untold<'d>(tx: &mut Tx, due: &'d [Due]) -> Result<Vec<&'d Due>, DbError> {
    let mut wrong = Vec::new();
    for one in due {
        let row = args![one.subject, one.done, one.undone, one.like.as_str()];
        let times: i64 = tx.row(TIMES, row, |r| r.get(0)).await?;
        if times != one.times {
            wrong.push(one);
        }
    }
    Ok(wrong)
}

/// One row as it enters the hash.
struct Line {
    id: Uuid,
    text: String,
}

fn line(row: &Row<'_>) -> Result<Line, DbError> {
    let id: Uuid = row.get(0)?;
    let at: Instant = row.get(1)?;
    let account: Option<Uuid> = row.get(3)?;
    let node: Option<Uuid> = row.get(5)?;
    let subject: Uuid = row.get(7)?;
    let parts = (
        id,
        at,
        row.get::<String>(2)?,
        account,
        row.get::<String>(4)?,
        node,
        row.get::<String>(6)?,
        subject,
        row.get::<String>(8)?,
    );
    let text = serde_json::to_string(&parts).map_err(|e| DbError::Engine(e.to_string()))?;
    Ok(Line { id, text })
}

fn chain(before: &str, lines: &[Line]) -> String {
    let mut hash = Sha256::new();
    hash.update(before.as_bytes());
    for line in lines {
        hash.update(line.text.as_bytes());
        hash.update(b"\n");
    }
    hex::encode(hash.finalize())
}

/// Hashes rows that have arrived since the last seal onto the chain; says how many. Where several
/// processes seal at once, one of them does it and the others leave it to the next time.
///
/// # Errors
/// What the database reports.
pub async fn seal(db: &Db, at: Instant) -> Result<usize, DbError> {
    let mut tx = db.read().await?;
    if tx.row_opt(ANY_UNSEALED, args![], |_| Ok(())).await?.is_none() {
        return Ok(0);
    }
    drop(tx);
    let mut tx = db.write().await?;
    // The seal before the rows: whoever sealed in between is seen in the rows, or holds the number.
    let last = tx.row_opt(LAST_SEAL, args![], |r| Ok((r.get::<i64>(0)?, r.get::<String>(1)?))).await?;
    let (seq, before) = last.unwrap_or_default();
    let lines = tx.rows(UNSEALED, args![BATCH], line).await?;
    let count = i64::try_from(lines.len()).unwrap_or(BATCH);
    let seal = args![seq + 1, at, count, chain(&before, &lines)];
    if lines.is_empty() || tx.run(ADD_SEAL, seal).await? == 0 {
        return Ok(0);
    }
    for line in &lines {
        tx.run(MARK, args![seq + 1, line.id]).await?;
    }
    tx.commit().await?;
    Ok(lines.len())
}

/// What [`verify`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Chain {
    /// Every sealed row is there as it was written; how many.
    Whole(i64),
    /// The first seal that does not fit its rows.
    Broken {
        /// Its number.
        seal: i64,
    },
}

/// Walks the chain from the beginning.
///
/// # Errors
/// What the database reports.
pub async fn verify(db: &Db) -> Result<Chain, DbError> {
    let mut tx = db.read().await?;
    let seals = tx
        .rows(ALL_SEALS, args![], |r| Ok((r.get::<i64>(0)?, r.get::<i64>(1)?, r.get::<String>(2)?)))
        .await?;
    let (mut before, mut total) = (String::new(), 0);
    for (place, (seal, rows, hash)) in seals.into_iter().enumerate() {
        let lines = tx.rows(SEALED, args![seal], line).await?;
        let expected = i64::try_from(place).unwrap_or(i64::MAX) + 1;
        if seal != expected || i64::try_from(lines.len()) != Ok(rows) || chain(&before, &lines) != hash {
            return Ok(Chain::Broken { seal });
        }
        before = hash;
        total += rows;
    }
    Ok(Chain::Whole(total))
}
