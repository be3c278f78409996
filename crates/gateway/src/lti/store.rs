//! Every statement of the room: tools and those on the way to them here, keys, courses and scores
//! beside.

pub mod grades;
pub mod keys;
pub mod openings;
pub mod passes;

use std::str::FromStr;

use tisheng_kernel::{Id, Instant, UnknownCode};
use tisheng_platform::db::{Column, Row};
use tisheng_platform::{Ctx, DbError, Tx, args};
use tisheng_training::platform::Platform;

use super::model::{Tool, ToolState};
use super::settings::Settings;

const OF_ID: &str = "select id, platform, client, deployment, name, login, target, redirects, key_set, keys,
    keys_at, keys_asked_at, keys_failed, picker, names, whole, state, version from lti_tool where id = $1";

const OF_PLATFORM: &str = "select id, platform, client, deployment, name, login, target, redirects, key_set,
    keys, keys_at, keys_asked_at, keys_failed, picker, names, whole, state, version from lti_tool where platform = $1";

const OF_CLIENT: &str = "select id, platform, client, deployment, name, login, target, redirects, key_set,
    keys, keys_at, keys_asked_at, keys_failed, picker, names, whole, state, version from lti_tool where client = $1";

const ADD: &str = "insert into lti_tool (id, platform, client, deployment, name, login, target, redirects,
    key_set, keys, keys_at, keys_asked_at, picker, names, whole, state, made_at, version)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, $11, $12, $13, 'suspended', $14, 1)
    on conflict do nothing";

const AMEND: &str = "update lti_tool set name = $3, login = $4, target = $5, redirects = $6,
    keys = case when $7 <> '' and key_set = $7 then keys else $8 end,
    keys_at = case when $7 <> '' and key_set = $7 then keys_at else 0 end,
    keys_asked_at = case when key_set = $7 then keys_asked_at else 0 end,
    keys_failed = case when key_set = $7 then keys_failed else 0 end,
    key_set = $7, picker = $9, names = $10, whole = $11, version = version + 1 where id = $1 and version = $2";

const TOUCH: &str = "update lti_tool set version = version + 1 where id = $1 and version = $2";

const SET_STATE: &str =
    "update lti_tool set state = $3, version = version + 1 where id = $1 and version = $2";

const KEEP_KEYS: &str = "update lti_tool set keys = $3, keys_at = $4, keys_asked_at = $4, keys_failed = 0 where id = $1 and key_set = $2";

const MISS_KEYS: &str = "update lti_tool set keys_failed = keys_failed + 1 where id = $1 and key_set = $2";

const ASK_FOR_KEYS: &str = "update lti_tool set keys_asked_at = $2 where id = $1 and keys_asked_at <= $3";

const HOLD: &str = "update lti_tool set version = version where id = $1";

fn known<T: FromStr<Err = UnknownCode>>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    let code = String::read(row, column)?.parse();
    code.map_err(|e: UnknownCode| DbError::Column { column, problem: e.to_string() })
}

fn tool(row: &Row<'_>) -> Result<Tool, DbError> {
    Ok(Tool {
        id: row.get(0)?,
        platform: row.get(1)?,
        client: row.get(2)?,
        deployment: row.get(3)?,
        name: row.get(4)?,
        login: row.get(5)?,
        target: row.get(6)?,
        redirects: row.get::<String>(7)?.lines().map(str::to_owned).collect(),
        key_set: row.get(8)?,
        keys: row.get(9)?,
        keys_at: row.get(10)?,
        keys_asked_at: row.get(11)?,
        keys_failed: row.get(12)?,
        picker: row.get(13)?,
        names: row.get(14)?,
        whole: row.get(15)?,
        state: known(row, 16)?,
        version: row.get(17)?,
    })
}

/// The tool `id`, whoever asks.
pub async fn of_id(tx: &mut Tx, id: Id<Tool>) -> Result<Option<Tool>, DbError> {
    tx.row_opt(OF_ID, args![id], tool).await
}

/// The tool of a platform.
pub async fn of_platform(tx: &mut Tx, platform: Id<Platform>) -> Result<Option<Tool>, DbError> {
    tx.row_opt(OF_PLATFORM, args![platform], tool).await
}

/// The tool that is registered as `client`.
pub async fn of_client(tx: &mut Tx, client: &str) -> Result<Option<Tool>, DbError> {
    tx.row_opt(OF_CLIENT, args![client], tool).await
}

/// Enters a tool, which may not be opened yet; says whether the platform had none.
pub async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, platform): (Id<Tool>, Id<Platform>),
    (client, deployment): (&str, &str),
    settings: &Settings,
) -> Result<bool, DbError> {
    let row = args![
        id,
        platform,
        client,
        deployment,
        &settings.name,
        &settings.login,
        &settings.target,
        settings.redirects.join("\n"),
        &settings.key_set,
        &settings.keys,
        &settings.picker,
        settings.names,
        settings.whole,
        ctx.at
    ];
    Ok(tx.run(ADD, row).await? == 1)
}

/// Writes what is said of a tool; says whether the version was still that one. Keys that were
/// fetched stay while their address does.
pub async fn amend(
    tx: &mut Tx,
    (id, version): (Id<Tool>, i64),
    settings: &Settings,
) -> Result<bool, DbError> {
    let row = args![
        id,
        version,
        &settings.name,
        &settings.login,
        &settings.target,
        settings.redirects.join("\n"),
        &settings.key_set,
        &settings.keys,
        &settings.picker,
        settings.names,
        settings.whole
    ];
    Ok(tx.run(AMEND, row).await? == 1)
}

/// Lets a tool be opened, or no longer; says whether the version was still that one.
pub async fn set_state(
    tx: &mut Tx,
    (id, version): (Id<Tool>, i64),
    state: ToolState,
) -> Result<bool, DbError> {
    Ok(tx.run(SET_STATE, args![id, version, state.key()]).await? == 1)
}

/// Until the end of the transaction nobody else opens courses of a tool: what is made at the first
/// opening is made once.
pub async fn hold(tx: &mut Tx, id: Id<Tool>) -> Result<(), DbError> {
    tx.run(HOLD, args![id]).await.map(drop)
}

/// Notes that something of a tool is changed that stands beside it; says whether the version was
/// still that one.
pub async fn touch(tx: &mut Tx, (id, version): (Id<Tool>, i64)) -> Result<bool, DbError> {
    Ok(tx.run(TOUCH, args![id, version]).await? == 1)
}

/// Notes that no keys could be had at `address`, unless it is the tool's no more.
pub async fn miss_keys(tx: &mut Tx, (id, address): (Id<Tool>, &str)) -> Result<(), DbError> {
    tx.run(MISS_KEYS, args![id, address]).await.map(drop)
}

/// Keeps the keys that were found at `address`, unless it is the tool's no more.
pub async fn keep_keys(
    tx: &mut Tx,
    (id, address): (Id<Tool>, &str),
    keys: &str,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(KEEP_KEYS, args![id, address, keys, at]).await.map(drop)
}

/// Notes that the tool is asked for its keys at `at`; says whether it was not since `pause`.
pub async fn ask_for_keys(tx: &mut Tx, id: Id<Tool>, at: Instant, pause: Instant) -> Result<bool, DbError> {
    Ok(tx.run(ASK_FOR_KEYS, args![id, at, pause]).await? == 1)
}
