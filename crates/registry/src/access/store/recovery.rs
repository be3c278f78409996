//! Statements about recovery codes.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Value;
use tisheng_platform::{DbError, Tx, args};

use crate::access::model::Account;

const ADD: &str = "insert into recovery_code (account, digest) values";

const FORGET: &str = "delete from recovery_code where account = $1";

const SPEND: &str =
    "update recovery_code set used_at = $3 where account = $1 and digest = $2 and used_at is null";

const LEFT: &str = "select count(*) from recovery_code where account = $1 and used_at is null";

pub async fn add(tx: &mut Tx, account: Id<Account>, digests: &[Vec<u8>]) -> Result<(), DbError> {
    let rows: Vec<Vec<Value<'_>>> =
        digests.iter().map(|digest| vec![account.into(), digest.into()]).collect();
    tx.bulk(ADD, 2, "", rows).await.map(drop)
}

pub async fn forget(tx: &mut Tx, account: Id<Account>) -> Result<(), DbError> {
    tx.run(FORGET, args![account]).await.map(drop)
}

/// Says whether there was such a code that had not been used.
pub async fn spend(tx: &mut Tx, account: Id<Account>, digest: &[u8], at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(SPEND, args![account, digest, at]).await? == 1)
}

/// How many are left.
pub async fn left(tx: &mut Tx, account: Id<Account>) -> Result<i64, DbError> {
    tx.row(LEFT, args![account], |row| row.get(0)).await
}
