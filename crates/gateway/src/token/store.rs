//! Every statement of the room.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Row, Scope as Part, Shift, Tx, args};
use tisheng_training::platform::Platform;
use uuid::Uuid;

use super::model::{Scope, Token};
use crate::proof::Proof;

const FOLLOW_API_TOKEN: &str = "update api_token set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const ADD: &str =
    "insert into api_token (id, name, node, path, platform, key, secret, scopes, rate, expires_at,
    created_at, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const OF_KEY: &str =
    "select id, name, node, path, platform, key, scopes, rate, expires_at, created_at, used_at, revoked_at,
    secret, earlier, earlier_until from api_token where key = $1";

const OF_ID: &str =
    "select id, name, node, path, platform, key, scopes, rate, expires_at, created_at, used_at,
    revoked_at from api_token where id = $1";

const WITHIN: &str =
    "select id, name, node, path, platform, key, scopes, rate, expires_at, created_at, used_at,
    revoked_at from api_token where path >= $1 and path < $2 order by id desc";

const OF_PLATFORM: &str =
    "select id, name, node, path, platform, key, scopes, rate, expires_at, created_at, used_at,
    revoked_at from api_token where platform = $1 order by id desc";

/// Changed twice in a row, the secret that systems still use stays good for its time.
const ROTATE: &str = "update api_token set
    earlier = case when earlier_until > $4 then earlier else secret end,
    earlier_until = case when earlier_until > $4 and earlier_until < $3 then earlier_until
        else cast($3 as bigint) end,
    secret = $2 where id = $1 and revoked_at is null";

const REVOKE: &str = "update api_token set revoked_at = $2 where id = $1 and revoked_at is null";

const USED: &str = "update api_token set used_at = $2 where id = $1 and (used_at is null or used_at < $2)";

fn token(row: &Row<'_>) -> Result<Token, DbError> {
    let scopes: String = row.get(6)?;
    let scopes: Result<Vec<Scope>, _> = scopes.split_whitespace().map(str::parse).collect();
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        node: row.get(2)?,
        path: row.get(3)?,
        platform: row.get(4)?,
        key: row.get(5)?,
        scopes: scopes.map_err(|e| DbError::Column { column: 6, problem: e.to_string() })?,
        rate: u32::try_from(row.get::<i64>(7)?).unwrap_or(u32::MAX),
        expires_at: row.get(8)?,
        created_at: row.get(9)?,
        used_at: row.get(10)?,
        revoked_at: row.get(11)?,
    })
}

pub async fn add(tx: &mut Tx, new: &Token, secret: &[u8], by: Option<Uuid>) -> Result<(), DbError> {
    let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.key()).collect();
    let row = args![
        new.id,
        &new.name,
        new.node,
        &new.path,
        new.platform,
        &new.key,
        secret,
        scopes.join(" "),
        new.rate,
        new.expires_at,
        new.created_at,
        by
    ];
    tx.run(ADD, row).await.map(drop)
}

/// The token of `key`, whatever its state.
pub async fn of_key(tx: &mut Tx, key: &str) -> Result<Option<Proof<Token>>, DbError> {
    tx.row_opt(OF_KEY, args![key], |row| {
        let earlier: Option<Vec<u8>> = row.get(13)?;
        Ok(Proof { holder: token(row)?, secret: row.get(12)?, earlier: earlier.zip(row.get(14)?) })
    })
    .await
}

/// The token `id`, whatever its state.
///
/// # Errors
/// What the database reports.
pub async fn of_id(tx: &mut Tx, id: Id<Token>) -> Result<Option<Token>, DbError> {
    tx.row_opt(OF_ID, args![id], token).await
}

/// The tokens that act within a part of the tree, the latest first.
pub async fn within(tx: &mut Tx, part: &Part) -> Result<Vec<Token>, DbError> {
    tx.rows(WITHIN, args![&part.from, &part.until], token).await
}

/// The tokens of a platform, the latest first.
pub async fn of_platform(tx: &mut Tx, platform: Id<Platform>) -> Result<Vec<Token>, DbError> {
    tx.rows(OF_PLATFORM, args![platform], token).await
}

/// Puts a new secret in place of the old, which counts until `until`; whether the token is not revoked.
pub async fn rotate(
    tx: &mut Tx,
    id: Id<Token>,
    secret: &[u8],
    (at, until): (Instant, Instant),
) -> Result<bool, DbError> {
    Ok(tx.run(ROTATE, args![id, secret, until, at]).await? == 1)
}

/// Whether it was not revoked before.
pub async fn revoke(tx: &mut Tx, id: Id<Token>, at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(REVOKE, args![id, at]).await? == 1)
}

/// Notes when a token was used.
pub async fn used(tx: &mut Tx, id: Id<Token>, at: Instant) -> Result<(), DbError> {
    tx.run(USED, args![id, at]).await.map(drop)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_API_TOKEN).await.map(drop)
}
