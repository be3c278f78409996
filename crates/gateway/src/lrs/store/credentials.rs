//! Credentials.

use std::collections::HashSet;

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::args;
use tisheng_platform::db::{DbError, Row};
use tisheng_platform::{Scope as Part, Tx};
use uuid::Uuid;

use crate::lrs::model::{Credential, Scope};
use crate::proof::Proof;

const ADD_CREDENTIAL: &str =
    "insert into lrs_credential (id, platform, name, key, secret, scopes, created_at, rate, quota)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

pub async fn add(tx: &mut Tx, new: &Credential, secret: &[u8], at: Instant) -> Result<(), DbError> {
    let scopes: Vec<&str> =
        Scope::ALL.iter().filter(|(scope, _)| new.scopes.contains(scope)).map(|(_, code)| *code).collect();
    let (id, scopes) = (new.id, scopes.join(" "));
    let args = args![id, new.platform, &new.name, &new.key, secret, scopes, at, new.rate, new.quota];
    tx.run(ADD_CREDENTIAL, args).await.map(drop)
}

fn credential(row: &Row<'_>) -> Result<Credential, DbError> {
    let scopes: String = row.get(4)?;
    let scopes: Result<HashSet<Scope>, _> = scopes.split_whitespace().map(str::parse).collect();
    Ok(Credential {
        id: row.get(0)?,
        platform: row.get::<Option<Uuid>>(1)?,
        name: row.get(2)?,
        key: row.get(3)?,
        scopes: scopes.map_err(|e| DbError::Column { column: 4, problem: e.to_string() })?,
        rate: u32::try_from(row.get::<i64>(5)?).unwrap_or(u32::MAX),
        quota: row.get(6)?,
        is_suspended: false,
    })
}

const OF_KEY: &str =
    "select c.id, c.platform, c.name, c.key, c.scopes, c.rate, c.quota, c.secret, c.earlier, c.earlier_until,
    (select count(*) from platform p where p.id = c.platform and p.state = 'suspended')
    from lrs_credential c where c.key = $1 and c.revoked_at is null";

pub async fn of_key(tx: &mut Tx, key: &str) -> Result<Option<Proof<Credential>>, DbError> {
    tx.row_opt(OF_KEY, args![key], |row| {
        let earlier: Option<Vec<u8>> = row.get(8)?;
        let holder = Credential { is_suspended: row.get::<i64>(10)? > 0, ..credential(row)? };
        Ok(Proof { holder, secret: row.get(7)?, earlier: earlier.zip(row.get(9)?) })
    })
    .await
}

const OUTSIDE: &str =
    "select n.id from node n where n.valid_to is null and not (n.path >= $1 and n.path < $2) limit 1";

/// Whether anything of the tree lies outside `part`.
pub async fn is_anything_outside(tx: &mut Tx, part: &Part) -> Result<bool, DbError> {
    let args = args![part.from.as_str(), part.until.as_str()];
    Ok(tx.row_opt(OUTSIDE, args, |row| row.get::<Uuid>(0)).await?.is_some())
}

const LIST: &str =
    "select id, platform, name, key, scopes, rate, quota, created_at, revoked_at from lrs_credential
    order by id";

/// Every credential, when it was made and when revoked.
pub async fn list(tx: &mut Tx) -> Result<Vec<(Credential, Instant, Option<Instant>)>, DbError> {
    tx.rows(LIST, args![], |row| Ok((credential(row)?, row.get(7)?, row.get(8)?))).await
}

/// Changed twice in a row, the secret that platforms still use stays good for its time.
const ROTATE: &str = "update lrs_credential set
    earlier = case when earlier_until > $4 then earlier else secret end,
    earlier_until = case when earlier_until > $4 and earlier_until < $3 then earlier_until
        else cast($3 as bigint) end,
    secret = $2 where id = $1 and revoked_at is null";

/// Puts a new secret in place of the old, which counts until `until`; whether there is such a credential.
pub async fn rotate(
    tx: &mut Tx,
    id: Id<Credential>,
    secret: &[u8],
    (at, until): (Instant, Instant),
) -> Result<bool, DbError> {
    Ok(tx.run(ROTATE, args![id, secret, until, at]).await? == 1)
}

const REVOKE: &str = "update lrs_credential set revoked_at = $2 where id = $1 and revoked_at is null";

/// Whether it was there and not revoked.
pub async fn revoke(tx: &mut Tx, id: Id<Credential>, at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(REVOKE, args![id, at]).await? == 1)
}

const BROUGHT: &str = "select coalesce(max(statements), 0) from lrs_usage where credential = $1 and day = $2";

/// How many statements a credential has brought on a day.
pub async fn brought(tx: &mut Tx, credential: Uuid, day: NaiveDate) -> Result<i64, DbError> {
    tx.row(BROUGHT, args![credential, day], |row| row.get(0)).await
}

const BRING: &str = "insert into lrs_usage (credential, day, statements) values ($1, $2, $3)
    on conflict (credential, day) do update set statements = lrs_usage.statements + excluded.statements
    returning statements";

/// Counts `more` statements of a credential; gives how many there are of this day.
pub async fn bring(tx: &mut Tx, credential: Uuid, day: NaiveDate, more: i64) -> Result<i64, DbError> {
    tx.row(BRING, args![credential, day, more], |row| row.get(0)).await
}
