//! Every statement of the room.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Tx, args};

use crate::token::Token;

const CLAIM: &str = "insert into api_answer (token, key, digest, answer, at) values ($1, $2, $3, '', $4)
    on conflict (token, key) do nothing";

const FOUND: &str = "select digest, answer from api_answer where token = $1 and key = $2";

const ANSWERED: &str = "update api_answer set answer = $3 where token = $1 and key = $2";

const KEPT: &str = "select token, key, answer from api_answer where (token, key) > ($1, $2)
    order by token, key limit $3";

const FORGET: &str = "delete from api_answer where token = $1 and at < $2";

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
