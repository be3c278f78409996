//! Every statement about our keys.

use tisheng_kernel::Instant;
use tisheng_platform::db::Row;
use tisheng_platform::{DbError, Tx, args};

use crate::lti::keys::Key;

const CURRENT: &str = "select id, kid, secret, public, made_at, until from lti_key where until is null
    order by made_at desc, id desc limit 1";

const PUBLISHED: &str = "select id, kid, secret, public, made_at, until from lti_key
    where until is null or until > $1 order by made_at desc, id desc";

const ADD: &str =
    "insert into lti_key (id, kid, secret, public, made_at, until) values ($1, $2, $3, $4, $5, $6)";

const RETIRE: &str = "update lti_key set until = $1 where until is null";

const FORGET: &str = "delete from lti_key where until <= $1";

fn key(row: &Row<'_>) -> Result<Key, DbError> {
    Ok(Key {
        id: row.get(0)?,
        kid: row.get(1)?,
        secret: row.get(2)?,
        public: row.get(3)?,
        made_at: row.get(4)?,
        until: row.get(5)?,
    })
}

/// The key that signs.
pub async fn current(tx: &mut Tx) -> Result<Option<Key>, DbError> {
    tx.row_opt(CURRENT, args![], key).await
}

/// The keys that are published at `at`, the latest first.
pub async fn published(tx: &mut Tx, at: Instant) -> Result<Vec<Key>, DbError> {
    tx.rows(PUBLISHED, args![at], key).await
}

pub async fn add(tx: &mut Tx, new: &Key) -> Result<(), DbError> {
    let row = args![new.id, &new.kid, &new.secret, &new.public, new.made_at, new.until];
    tx.run(ADD, row).await.map(drop)
}

/// No key signs any more; those that did are published until `until`.
pub async fn retire(tx: &mut Tx, until: Instant) -> Result<(), DbError> {
    tx.run(RETIRE, args![until]).await.map(drop)
}

/// Removes keys that are published no more.
pub async fn forget(tx: &mut Tx, at: Instant) -> Result<(), DbError> {
    tx.run(FORGET, args![at]).await.map(drop)
}
