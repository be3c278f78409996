//! Every statement about our keys.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Row;
use tisheng_platform::{DbError, Tx, args};

use crate::lti::keys::Key;

const CURRENT: &str = "select id, kid, secret, public, made_at, signs_from, until, revoked_at from lti_key
    where revoked_at is null and signs_from <= $1 and (until is null or until > $1)
    order by signs_from desc, made_at desc, id desc limit 1";

const LISTED: &str = "select id, kid, secret, public, made_at, signs_from, until, revoked_at from lti_key
    where (revoked_at is null and (until is null or until > $1)) or revoked_at > $2
    order by made_at desc, id desc";

const ADD: &str = "insert into lti_key (id, kid, secret, public, made_at, signs_from, until)
    values ($1, $2, $3, $4, $5, $6, $7)";

const RETIRE: &str = "update lti_key set until = $1 where until is null";

const REVOKE: &str = "update lti_key set revoked_at = $2 where id = $1 and revoked_at is null";

const BEGIN: &str = "update lti_key set signs_from = $2 where id = $1";

const EXTEND: &str = "update lti_key set until = $2 where id = $1 and until < $2";

const FORGET: &str = "delete from lti_key where (revoked_at is null and until <= $1) or revoked_at <= $2";

fn key(row: &Row<'_>) -> Result<Key, DbError> {
    Ok(Key {
        id: row.get(0)?,
        kid: row.get(1)?,
        secret: row.get(2)?,
        public: row.get(3)?,
        made_at: row.get(4)?,
        signs_from: row.get(5)?,
        until: row.get(6)?,
        revoked_at: row.get(7)?,
    })
}

/// The key that signs at `at`.
pub async fn current(tx: &mut Tx, at: Instant) -> Result<Option<Key>, DbError> {
    tx.row_opt(CURRENT, args![at], key).await
}

/// The keys that are published at `at`, and those that were withdrawn after `since`; the last one
/// first.
pub async fn listed(tx: &mut Tx, at: Instant, since: Instant) -> Result<Vec<Key>, DbError> {
    tx.rows(LISTED, args![at, since], key).await
}

pub async fn add(tx: &mut Tx, new: &Key) -> Result<(), DbError> {
    let row = args![new.id, &new.kid, &new.secret, &new.public, new.made_at, new.signs_from, new.until];
    tx.run(ADD, row).await.map(drop)
}

/// The keys that no other was to follow so far are published until `until`.
pub async fn retire(tx: &mut Tx, until: Instant) -> Result<(), DbError> {
    tx.run(RETIRE, args![until]).await.map(drop)
}

/// Withdraws a key; says whether nobody has done so before.
pub async fn revoke(tx: &mut Tx, id: Id<Key>, at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(REVOKE, args![id, at]).await? == 1)
}

/// Lets a key sign from `at` on.
pub async fn begin(tx: &mut Tx, id: Id<Key>, at: Instant) -> Result<(), DbError> {
    tx.run(BEGIN, args![id, at]).await.map(drop)
}

/// Lets a key that is to end be published at least until `until`.
pub async fn extend(tx: &mut Tx, id: Id<Key>, until: Instant) -> Result<(), DbError> {
    tx.run(EXTEND, args![id, until]).await.map(drop)
}

/// Removes keys that are published no more at `at`, and those that were withdrawn up to `since`.
pub async fn forget(tx: &mut Tx, (at, since): (Instant, Instant)) -> Result<(), DbError> {
    tx.run(FORGET, args![at, since]).await.map(drop)
}
