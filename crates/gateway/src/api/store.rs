//! Every statement of the room.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::paging::{Cursor, ROWS};
use tisheng_platform::{Ctx, DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_training::platform::Platform;

use super::refused::Refused;
use crate::token::Token;

const CLAIM: &str = "insert into api_answer (token, key, digest, answer, at) values ($1, $2, $3, '', $4)
    on conflict (token, key) do nothing";

const FOUND: &str = "select digest, answer from api_answer where token = $1 and key = $2";

const ANSWERED: &str = "update api_answer set answer = $3 where token = $1 and key = $2";

const KEPT: &str = "select token, key, answer from api_answer where (token, key) > ($1, $2)
    order by token, key limit $3";

const FORGET: &str = "delete from api_answer where token = $1 and at < $2";

const REFUSE: &str =
    "insert into api_refused (id, programme, platform, digest, number, name, paper_masked, title,
    reason, path, sender, content, first_at, last_at, times, state, outcome)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, 1, 'open', '')
    on conflict (platform, digest) do update set reason = excluded.reason, path = excluded.path,
        sender = excluded.sender, last_at = excluded.last_at, times = api_refused.times + 1, state = 'open',
        outcome = ''";

const HAS_REFUSED: &str = "select 1 from api_refused where platform = $1 and state = 'open' limit 1";

const MENDED: &str = "update api_refused set state = 'mended', last_at = $3, outcome = '更正后重新报送',
        content = null
    where platform = $1 and number = $2 and state = 'open'";

const REFUSED: &str =
    "select id, number, name, paper_masked, title, reason, sender, first_at, last_at, times, state,
    outcome, content from api_refused where platform = $1 and path >= $2 and path < $3 and id = $4";

/// Refused rows in a state, about people in a part of the tree.
macro_rules! list {
    ($which:literal) => {
        concat!(
            "select id, number, name, paper_masked, title, reason, sender, first_at, last_at, times, state,
            outcome, content from api_refused where platform = $1 and ",
            $which,
            " and id > $4 order by id limit $5"
        )
    };
}

/// Of a wide part of the tree in their order, in which the concatenation keeps the statement.
const LIST_OPEN: &str = list!("state = 'open' and path || '' >= $2 and path || '' < $3");
const LIST_SETTLED: &str = list!("state <> 'open' and path || '' >= $2 and path || '' < $3");
/// Of a narrow one those of the place.
const LIST_OPEN_NEAR: &str = list!("path >= $2 and path < $3 and state || '' = 'open'");
const LIST_SETTLED_NEAR: &str = list!("path >= $2 and path < $3 and state || '' <> 'open'");

const COUNT_OPEN: &str = "select count(*) from api_refused
    where platform = $1 and state = 'open' and path || '' >= $2 and path || '' < $3";

const COUNT_OPEN_NEAR: &str = "select count(*) from api_refused
    where platform = $1 and path >= $2 and path < $3 and state || '' = 'open'";

const SAID_SINCE: &str = "select 1 from api_refused where platform = $1 and number = $2 and id <> $3
    and (last_at, id) > ($4, $3) limit 1";

const STILL_REFUSED: &str =
    "update api_refused set reason = $2, last_at = $3, decided_by = $4, times = times + 1
    where id = $1 and state = 'open'";

const SETTLED: &str =
    "update api_refused set state = 'taken', outcome = $2, last_at = $3, decided_by = $4, content = null
    where id = $1 and state = 'open'";

const FOLLOW_REFUSED: &str = "update api_refused set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

/// Claims a key; says whether it was free.
pub async fn claim(
    tx: &mut Tx,
    (token, key): (Id<Token>, &str),
    digest: &[u8],
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(CLAIM, args![token, key, digest, at]).await? == 1)
}

/// What was sent under a key, hashed, and what was answered.
pub async fn found(tx: &mut Tx, token: Id<Token>, key: &str) -> Result<(Vec<u8>, String), DbError> {
    tx.row(FOUND, args![token, key], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Keeps the answer under a claimed key.
pub async fn answered(tx: &mut Tx, (token, key): (Id<Token>, &str), answer: &str) -> Result<(), DbError> {
    tx.run(ANSWERED, args![token, key, answer]).await.map(drop)
}

/// Forgets the answers that a token got before `until`.
pub async fn forget(tx: &mut Tx, token: Id<Token>, until: Instant) -> Result<(), DbError> {
    tx.run(FORGET, args![token, until]).await.map(drop)
}

/// The next kept answers after the one at `place`, each with its token and key.
pub async fn kept(
    tx: &mut Tx,
    place: (Id<Token>, &str),
    most: i64,
) -> Result<Vec<(Id<Token>, String, String)>, DbError> {
    tx.rows(KEPT, args![place.0, place.1, most], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
}

/// A row that is refused.
pub struct Refusing<'a> {
    pub id: Id<Refused>,
    pub digest: Vec<u8>,
    pub number: &'a str,
    pub name: &'a str,
    pub paper_masked: &'a str,
    pub title: &'a str,
    pub reason: &'a str,
    pub path: &'a str,
    pub sender: &'a str,
    pub content: Option<Vec<u8>>,
}

/// Keeps a row that is refused; the same row again is one.
pub async fn refuse(
    tx: &mut Tx,
    (programme, platform): (Id<Programme>, Id<Platform>),
    row: &Refusing<'_>,
    at: Instant,
) -> Result<(), DbError> {
    let row = args![
        row.id,
        programme,
        platform,
        &row.digest,
        row.number,
        row.name,
        row.paper_masked,
        row.title,
        row.reason,
        row.path,
        row.sender,
        row.content.as_ref(),
        at
    ];
    tx.run(REFUSE, row).await.map(drop)
}

/// Whether a refused row of a platform is not settled.
pub async fn has_refused(tx: &mut Tx, platform: Id<Platform>) -> Result<bool, DbError> {
    Ok(tx.row_opt(HAS_REFUSED, args![platform], |_| Ok(())).await?.is_some())
}

/// What was refused under `number` has been sent anew and was taken.
pub async fn mended(tx: &mut Tx, platform: Id<Platform>, number: &str, at: Instant) -> Result<(), DbError> {
    tx.run(MENDED, args![platform, number, at]).await.map(drop)
}

fn a_refused(row: &Row<'_>) -> Result<Refused, DbError> {
    Ok(Refused {
        id: row.get(0)?,
        number: row.get(1)?,
        name: row.get(2)?,
        paper_masked: row.get(3)?,
        title: row.get(4)?,
        reason: row.get(5)?,
        sender: row.get(6)?,
        first_at: row.get(7)?,
        last_at: row.get(8)?,
        times: row.get(9)?,
        state: row.get(10)?,
        outcome: row.get(11)?,
        content: row.get(12)?,
    })
}

/// A refused row about somebody within `scope`.
pub async fn refused(
    tx: &mut Tx,
    platform: Id<Platform>,
    scope: &Scope,
    id: Id<Refused>,
) -> Result<Option<Refused>, DbError> {
    tx.row_opt(REFUSED, args![platform, &scope.from, &scope.until, id], a_refused).await
}

/// Refused rows about people within `scope`: those that wait, or those that are settled; one more than
/// a page.
pub async fn list_refused(
    tx: &mut Tx,
    platform: Id<Platform>,
    scope: &Scope,
    settled: bool,
    cursor: &Cursor,
) -> Result<Vec<Refused>, DbError> {
    let sql = match (scope.is_wide(), settled) {
        (true, false) => LIST_OPEN,
        (true, true) => LIST_SETTLED,
        (false, false) => LIST_OPEN_NEAR,
        (false, true) => LIST_SETTLED_NEAR,
    };
    let row = args![platform, &scope.from, &scope.until, cursor.uuid(), ROWS + 1];
    tx.rows(sql, row, a_refused).await
}

/// How many refused rows about people within `scope` wait.
pub async fn count_open(tx: &mut Tx, platform: Id<Platform>, scope: &Scope) -> Result<i64, DbError> {
    let sql = if scope.is_wide() { COUNT_OPEN } else { COUNT_OPEN_NEAR };
    tx.row(sql, args![platform, &scope.from, &scope.until], |row| row.get(0)).await
}

/// Whether the platform has said something else under the number of a refused row since.
pub async fn said_since(tx: &mut Tx, platform: Id<Platform>, row: &Refused) -> Result<bool, DbError> {
    if row.number.is_empty() {
        return Ok(false);
    }
    let asked = args![platform, &row.number, row.id, row.last_at];
    Ok(tx.row_opt(SAID_SINCE, asked, |_| Ok(())).await?.is_some())
}

/// A row was tried again and is refused for `reason`.
pub async fn still_refused(ctx: &Ctx, tx: &mut Tx, id: Id<Refused>, reason: &str) -> Result<(), DbError> {
    let (account, _, _) = ctx.who.signature();
    tx.run(STILL_REFUSED, args![id, reason, ctx.at, account]).await.map(drop)
}

/// A row was tried again and taken; what it said is kept with the hours. Says whether it still waited.
pub async fn settled(ctx: &Ctx, tx: &mut Tx, id: Id<Refused>, outcome: &str) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    Ok(tx.run(SETTLED, args![id, outcome, ctx.at, account]).await? == 1)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_REFUSED).await.map(drop)
}
