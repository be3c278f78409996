//! Every statement about services and those on the way to them.

pub mod links;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Row;
use tisheng_platform::{DbError, Scope, Shift, Tx, args};
use tisheng_registry::organisation::Node;

use super::model::{Kind, Provider, SecondFactor};

const BY_ID: &str =
    "select p.id, p.node, n.name, p.path, p.kind, p.name, p.address, p.client, p.secret, p.scopes,
        p.claim, p.claim_holds, p.second_factor, p.factors, p.local_allowed, p.state, p.version
    from identity_provider p join node n on n.id = p.node where p.id = $1";

const VISIBLE: &str =
    "select p.id, p.node, n.name, p.path, p.kind, p.name, p.address, p.client, p.secret, p.scopes,
        p.claim, p.claim_holds, p.second_factor, p.factors, p.local_allowed, p.state, p.version
    from identity_provider p join node n on n.id = p.node where p.id = $1 and p.path >= $2 and p.path < $3";

const BELOW: &str =
    "select p.id, p.node, n.name, p.path, p.kind, p.name, p.address, p.client, p.secret, p.scopes,
        p.claim, p.claim_holds, p.second_factor, p.factors, p.local_allowed, p.state, p.version
    from identity_provider p join node n on n.id = p.node
    where p.path >= $1 and p.path < $2 order by p.path, p.made_at, p.id limit 500";

const ABOVE: &str =
    "select p.id, p.node, n.name, p.path, p.kind, p.name, p.address, p.client, p.secret, p.scopes,
        p.claim, p.claim_holds, p.second_factor, p.factors, p.local_allowed, p.state, p.version
    from identity_provider p join node n on n.id = p.node
    where p.state = 'active' and $1 >= p.path and $1 < substr(p.path, 1, length(p.path) - 1) || '0'
    order by p.path desc, p.made_at, p.id";

const OFFERED: &str = "select p.id, p.node, n.name, p.path, p.kind, p.name, p.address, p.client, p.secret, p.scopes,
        p.claim, p.claim_holds, p.second_factor, p.factors, p.local_allowed, p.state, p.version
    from identity_provider p join node n on n.id = p.node
    where p.state = 'active' and ($1 = '' or p.name like $2 escape '\\' or exists (
        select 1 from node s where s.kind in ('province', 'city', 'county', 'town') and s.valid_to is null
            and (s.path = p.path or (s.path > p.path and s.path < substr(p.path, 1, length(p.path) - 1) || '0'))
            and (s.name like $2 escape '\\' or s.pinyin like $3 escape '\\' or s.initials like $3 escape '\\')))
    order by case when $1 = '' then 0 else 0 - length(p.path) end, p.path, p.made_at, p.id limit $4";

const INSERT: &str =
    "insert into identity_provider (id, node, path, kind, name, address, client, secret, scopes,
        claim, claim_holds, second_factor, factors, local_allowed, state, made_at, version)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'suspended', $15, 1)";

const CHANGE: &str = "update identity_provider set name = $3, address = $4, client = $5, secret = $6, scopes = $7,
        claim = $8, claim_holds = $9, second_factor = $10, factors = $11, local_allowed = $12, version = version + 1
    where id = $1 and version = $2";

const SET_STATE: &str =
    "update identity_provider set state = $3, version = version + 1 where id = $1 and version = $2";

const REWRITE_PATHS: &str = "update identity_provider set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOUND: &str = "select endpoints, found_at, keys, keys_at, keys_asked_at from provider_found
    where provider = $1 and address = $2";

const KEEP_ENDPOINTS: &str = "insert into provider_found
        (provider, address, endpoints, found_at, keys, keys_at, keys_asked_at, checked_at, check_said)
    values ($1, $2, $3, $4, '', 0, 0, null, '')
    on conflict (provider) do update set
        keys = case when provider_found.address = excluded.address then provider_found.keys else '' end,
        keys_at = case when provider_found.address = excluded.address then provider_found.keys_at else 0 end,
        address = excluded.address, endpoints = excluded.endpoints, found_at = excluded.found_at";

const ASK_FOR_KEYS: &str =
    "update provider_found set keys_asked_at = $2 where provider = $1 and keys_asked_at <= $3";

const KEEP_KEYS: &str = "update provider_found set keys = $3, keys_at = $4, keys_asked_at = $4 where provider = $1 and address = $2";

const KEEP_CHECK: &str = "insert into provider_found
        (provider, address, endpoints, found_at, keys, keys_at, keys_asked_at, checked_at, check_said)
    values ($1, $2, '', 0, '', 0, 0, $3, $4)
    on conflict (provider) do update set checked_at = excluded.checked_at, check_said = excluded.check_said";

const LAST_CHECK: &str =
    "select checked_at, check_said from provider_found where provider = $1 and checked_at is not null";

const BEGIN: &str = "insert into door_attempt (state, provider, browser, nonce, verifier, back, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7)";

const ATTEMPT: &str = "select nonce, verifier, back from door_attempt
    where state = $1 and provider = $2 and browser = $3 and expires_at > $4";

const TAKE_ATTEMPT: &str = "delete from door_attempt where state = $1";

const FORGET_ATTEMPTS: &str = "delete from door_attempt where expires_at <= $1";

fn known<T: std::str::FromStr>(column: usize, code: &str) -> Result<T, DbError> {
    code.parse().map_err(|_| DbError::Column { column, problem: format!("unknown code {code}") })
}

fn provider(row: &Row<'_>) -> Result<Provider, DbError> {
    let (claim, holds): (String, String) = (row.get(10)?, row.get(11)?);
    let (factor, factors): (String, String) = (row.get(12)?, row.get(13)?);
    Ok(Provider {
        id: row.get(0)?,
        node: row.get(1)?,
        node_name: row.get(2)?,
        path: row.get(3)?,
        kind: known::<Kind>(4, &row.get::<String>(4)?)?,
        name: row.get(5)?,
        address: row.get(6)?,
        client: row.get(7)?,
        secret: row.get(8)?,
        scopes: row.get(9)?,
        claim: if claim.is_empty() { None } else { Some((claim, known(11, &holds)?)) },
        second_factor: if factor == "provider" {
            SecondFactor::Provider(factors.split_whitespace().map(str::to_owned).collect())
        } else {
            SecondFactor::Own
        },
        local_allowed: row.get(14)?,
        is_active: row.get::<String>(15)? == "active",
        version: row.get(16)?,
    })
}

/// The service, whoever asks.
pub async fn by_id(tx: &mut Tx, id: Id<Provider>) -> Result<Option<Provider>, DbError> {
    tx.row_opt(BY_ID, args![id], provider).await
}

pub async fn visible(tx: &mut Tx, scope: &Scope, id: Id<Provider>) -> Result<Option<Provider>, DbError> {
    tx.row_opt(VISIBLE, args![id, &scope.from, &scope.until], provider).await
}

/// The services of a part of the tree, from above down.
pub async fn below(tx: &mut Tx, scope: &Scope) -> Result<Vec<Provider>, DbError> {
    tx.rows(BELOW, args![&scope.from, &scope.until], provider).await
}

/// The active services in whose territory `path` lies, the nearest first.
pub async fn above(tx: &mut Tx, path: &str) -> Result<Vec<Provider>, DbError> {
    tx.rows(ABOVE, args![path], provider).await
}

/// At most `most` active services; with a text only those whose territory, or a region in it, has
/// it in its name, the nearest first.
pub async fn offered(tx: &mut Tx, wanted: &str, most: i64) -> Result<Vec<Provider>, DbError> {
    let anywhere = pattern("%", wanted);
    let sounding = pattern("", &wanted.to_lowercase());
    tx.rows(OFFERED, args![wanted, anywhere, sounding, most], provider).await
}

/// `text` as a pattern that finds it behind `before`.
fn pattern(before: &str, text: &str) -> String {
    let plain = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("{before}{plain}%")
}

/// What is stored of a service besides its state.
#[derive(Debug)]
pub struct Kept<'k> {
    pub name: &'k str,
    pub address: &'k str,
    pub client: &'k str,
    pub secret: Option<&'k [u8]>,
    pub scopes: &'k str,
    pub claim: &'k str,
    pub claim_holds: &'k str,
    pub second_factor: &'k str,
    pub factors: &'k str,
    pub local_allowed: bool,
}

pub async fn insert(
    tx: &mut Tx,
    id: Id<Provider>,
    (node, kind): (&Node, Kind),
    kept: &Kept<'_>,
    at: Instant,
) -> Result<(), DbError> {
    let row = args![
        id,
        node.id,
        &node.path,
        kind.key(),
        kept.name,
        kept.address,
        kept.client,
        kept.secret,
        kept.scopes,
        kept.claim,
        kept.claim_holds,
        kept.second_factor,
        kept.factors,
        kept.local_allowed,
        at,
    ];
    tx.run(INSERT, row).await.map(drop)
}

/// Says whether the version was still the same.
pub async fn change(
    tx: &mut Tx,
    (id, version): (Id<Provider>, i64),
    kept: &Kept<'_>,
) -> Result<bool, DbError> {
    let row = args![
        id,
        version,
        kept.name,
        kept.address,
        kept.client,
        kept.secret,
        kept.scopes,
        kept.claim,
        kept.claim_holds,
        kept.second_factor,
        kept.factors,
        kept.local_allowed,
    ];
    Ok(tx.run(CHANGE, row).await? == 1)
}

/// Says whether the version was still the same.
pub async fn set_state(
    tx: &mut Tx,
    (id, version): (Id<Provider>, i64),
    is_active: bool,
) -> Result<bool, DbError> {
    let state = if is_active { "active" } else { "suspended" };
    Ok(tx.run(SET_STATE, args![id, version, state]).await? == 1)
}

/// Follows a move of the tree with the paths of this room.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, REWRITE_PATHS).await.map(drop)
}

/// What a service said of itself.
#[derive(Debug)]
pub struct Found {
    /// JSON; empty when it has not been asked.
    pub endpoints: String,
    pub found_at: Instant,
    /// JSON; empty when it has not been asked.
    pub keys: String,
    pub keys_at: Instant,
}

/// What the service said of itself at `address`.
pub async fn found(tx: &mut Tx, id: Id<Provider>, address: &str) -> Result<Option<Found>, DbError> {
    tx.row_opt(FOUND, args![id, address], |row| {
        Ok(Found { endpoints: row.get(0)?, found_at: row.get(1)?, keys: row.get(2)?, keys_at: row.get(3)? })
    })
    .await
}

pub async fn keep_endpoints(
    tx: &mut Tx,
    id: Id<Provider>,
    address: &str,
    endpoints: &str,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(KEEP_ENDPOINTS, args![id, address, endpoints, at]).await.map(drop)
}

/// Says whether nobody has asked since `pause`; from now on somebody has.
pub async fn ask_for_keys(
    tx: &mut Tx,
    id: Id<Provider>,
    at: Instant,
    pause: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(ASK_FOR_KEYS, args![id, at, pause]).await? == 1)
}

pub async fn keep_keys(
    tx: &mut Tx,
    id: Id<Provider>,
    address: &str,
    keys: &str,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(KEEP_KEYS, args![id, address, keys, at]).await.map(drop)
}

pub async fn keep_check(
    tx: &mut Tx,
    id: Id<Provider>,
    address: &str,
    at: Instant,
    said: &str,
) -> Result<(), DbError> {
    tx.run(KEEP_CHECK, args![id, address, at, said]).await.map(drop)
}

/// When an office last tried the service, and what came of it.
pub async fn last_check(tx: &mut Tx, id: Id<Provider>) -> Result<Option<(Instant, String)>, DbError> {
    tx.row_opt(LAST_CHECK, args![id], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Somebody on the way to a service.
#[derive(Debug)]
pub struct Attempt {
    pub nonce: Vec<u8>,
    pub verifier: Vec<u8>,
    pub back: String,
}

/// Remembers somebody on the way, and forgets those who did not come back.
pub async fn begin(
    tx: &mut Tx,
    (state, provider, browser): (&[u8], Id<Provider>, &[u8]),
    attempt: &Attempt,
    (at, expires): (Instant, Instant),
) -> Result<(), DbError> {
    tx.run(FORGET_ATTEMPTS, args![at]).await?;
    let Attempt { nonce, verifier, back } = attempt;
    tx.run(BEGIN, args![state, provider, browser, nonce, verifier, back, expires]).await.map(drop)
}

/// Takes what `browser` began under `state`, once.
pub async fn take_attempt(
    tx: &mut Tx,
    (state, provider, browser): (&[u8], Id<Provider>, &[u8]),
    at: Instant,
) -> Result<Option<Attempt>, DbError> {
    let found = tx
        .row_opt(ATTEMPT, args![state, provider, browser, at], |row| {
            Ok(Attempt { nonce: row.get(0)?, verifier: row.get(1)?, back: row.get(2)? })
        })
        .await?;
    let Some(attempt) = found else { return Ok(None) };
    Ok((tx.run(TAKE_ATTEMPT, args![state]).await? == 1).then_some(attempt))
}
