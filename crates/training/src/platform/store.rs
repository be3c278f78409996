//! Every statement of the room.

use tisheng_kernel::{HourLength, Id, Instant, Seconds, UnknownCode};
use tisheng_platform::db::Column;
use tisheng_platform::{Ctx, DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;

use super::model::{Arrival, Draft, Platform, State};
use crate::hours::{Channel, Tally};

const FOLLOW_PLATFORM: &str = "update platform set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const ADD: &str =
    "insert into platform (id, programme, institution, path, name, home_page, hour_length, category,
    kind, silent_hours, contact, state, last_arrival, created_at, version)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'active', null, $12, 1)
    on conflict (programme, name) do nothing";

const AMEND: &str = "update platform set institution = $3, path = $4, name = $5, home_page = $6, hour_length = $7,
    category = $8, kind = $9, silent_hours = $10, contact = $11, version = version + 1
    where id = $1 and version = $2
    and not exists (select 1 from platform o where o.programme = platform.programme and o.name = $5 and o.id <> $1)";

const SET_STATE: &str =
    "update platform set state = $3, version = version + 1 where id = $1 and version = $2 and state <> $3";

const OF_ID: &str = "select id, programme, institution, path, name, home_page, hour_length, category, kind,
    silent_hours, contact, state, last_arrival, created_at, version from platform where id = $1";

const OF_NAME: &str = "select id, programme, institution, path, name, home_page, hour_length, category, kind,
    silent_hours, contact, state, last_arrival, created_at, version from platform
    where programme = $1 and name = $2";

const LIST: &str = "select id, programme, institution, path, name, home_page, hour_length, category, kind,
    silent_hours, contact, state, last_arrival, created_at, version from platform
    where programme = $1 and path >= $2 and path < $3 order by name";

const ALL: &str = "select id, programme, institution, path, name, home_page, hour_length, category, kind,
    silent_hours, contact, state, last_arrival, created_at, version from platform order by name, id";

const ARRIVED: &str =
    "insert into platform_arrival (programme, platform, id, at, channel, records, entered, same,
    waiting, noted, refused, seconds) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    on conflict do nothing";

const HEARD: &str = "select max(received_at) from hour_entry where programme = $1 and source = $2";

const TOUCH: &str = "update platform set last_arrival = $2 where id = $1
    and (last_arrival is null or last_arrival < $2)";

const ARRIVALS: &str = "select at, channel, records, entered, same, waiting, noted, refused, seconds
    from platform_arrival where programme = $1 and platform = $2 order by id desc limit $3";

const SINCE: &str = "select channel, cast(sum(records) as bigint), cast(sum(entered) as bigint),
    cast(sum(same) as bigint), cast(sum(waiting) as bigint), cast(sum(noted) as bigint),
    cast(sum(refused) as bigint), cast(sum(seconds) as bigint), max(at)
    from platform_arrival where platform = $1 and at >= $2 group by channel order by channel";

const COLUMNS: &str = "select field, title from platform_column where platform = $1 order by field";

const CLEAR_COLUMNS: &str = "delete from platform_column where platform = $1";

const ADD_COLUMN: &str = "insert into platform_column (platform, field, title) values ($1, $2, $3)
    on conflict (platform, field) do update set title = excluded.title";

fn platform(row: &Row<'_>) -> Result<Platform, DbError> {
    let minutes: i64 = row.get(6)?;
    let length = u16::try_from(minutes).ok().and_then(|minutes| HourLength::new(minutes).ok());
    let state = String::read(row, 11)?.parse();
    Ok(Platform {
        id: row.get(0)?,
        programme: row.get(1)?,
        institution: row.get(2)?,
        path: row.get(3)?,
        name: row.get(4)?,
        home_page: row.get(5)?,
        length: length.ok_or_else(|| wrong(6, format!("not a length of an hour: {minutes}")))?,
        category: row.get(7)?,
        kind: row.get(8)?,
        silent_hours: row.get(9)?,
        contact: row.get(10)?,
        state: state.map_err(|e: UnknownCode| wrong(11, e.to_string()))?,
        last_arrival: row.get(12)?,
        created_at: row.get(13)?,
        version: row.get(14)?,
    })
}

fn wrong(column: usize, problem: String) -> DbError {
    DbError::Column { column, problem }
}

/// Enters a platform; says whether its name was free.
pub async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, programme, path): (Id<Platform>, Id<Programme>, &str),
    draft: &Draft,
) -> Result<bool, DbError> {
    let row = args![
        id,
        programme,
        draft.institution,
        path,
        &draft.name,
        &draft.home_page,
        draft.length.minutes(),
        &draft.category,
        &draft.kind,
        draft.silent_hours,
        &draft.contact,
        ctx.at
    ];
    Ok(tx.run(ADD, row).await? == 1)
}

/// Writes what an office says of a platform; says whether the version was still that one and the
/// name is nobody else's.
pub async fn amend(
    tx: &mut Tx,
    (id, version, path): (Id<Platform>, i64, &str),
    draft: &Draft,
) -> Result<bool, DbError> {
    let row = args![
        id,
        version,
        draft.institution,
        path,
        &draft.name,
        &draft.home_page,
        draft.length.minutes(),
        &draft.category,
        &draft.kind,
        draft.silent_hours,
        &draft.contact
    ];
    Ok(tx.run(AMEND, row).await? == 1)
}

/// Puts a platform in `state`; says whether the version was still that one.
pub async fn set_state(
    tx: &mut Tx,
    (id, version): (Id<Platform>, i64),
    state: State,
) -> Result<bool, DbError> {
    Ok(tx.run(SET_STATE, args![id, version, state.key()]).await? == 1)
}

/// The platform `id`.
///
/// # Errors
/// What the database reports.
pub async fn of_id(tx: &mut Tx, id: Id<Platform>) -> Result<Option<Platform>, DbError> {
    tx.row_opt(OF_ID, args![id], platform).await
}

/// The platform called `name`.
pub async fn of_name(tx: &mut Tx, programme: Id<Programme>, name: &str) -> Result<Option<Platform>, DbError> {
    tx.row_opt(OF_NAME, args![programme, name], platform).await
}

/// The platforms of all programmes, by name.
///
/// # Errors
/// What the database reports.
pub async fn all(tx: &mut Tx) -> Result<Vec<Platform>, DbError> {
    tx.rows(ALL, args![], platform).await
}

/// The platforms of institutions within `scope`, by name.
pub async fn list(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<Vec<Platform>, DbError> {
    tx.rows(LIST, args![programme, &scope.from, &scope.until], platform).await
}

/// Takes what the ledger has under the name of a platform that is just being entered for its last arrival.
pub async fn heard_before(
    tx: &mut Tx,
    (programme, id): (Id<Programme>, Id<Platform>),
    name: &str,
) -> Result<(), DbError> {
    let heard: Option<Instant> = tx.row(HEARD, args![programme, name], |row| row.get(0)).await?;
    match heard {
        Some(at) => tx.run(TOUCH, args![id, at]).await.map(drop),
        None => Ok(()),
    }
}

/// Writes down the delivery `id`, unless it is written down already.
pub async fn arrived(
    ctx: &Ctx,
    tx: &mut Tx,
    (platform, id): (&Platform, Id<Arrival>),
    channel: Channel,
    tally: &Tally,
) -> Result<(), DbError> {
    let row = args![
        platform.programme,
        platform.id,
        id,
        ctx.at,
        channel.key(),
        tally.records,
        tally.entered,
        tally.same,
        tally.waiting,
        tally.noted,
        tally.refused,
        tally.seconds.get()
    ];
    tx.run(ARRIVED, row).await?;
    tx.run(TOUCH, args![platform.id, ctx.at]).await.map(drop)
}

fn tally(row: &Row<'_>, first: usize) -> Result<Tally, DbError> {
    let count = |place: usize| -> Result<u32, DbError> {
        let value: i64 = row.get(first + place)?;
        u32::try_from(value).map_err(|_| wrong(first + place, format!("not a count: {value}")))
    };
    Ok(Tally {
        records: count(0)?,
        entered: count(1)?,
        same: count(2)?,
        waiting: count(3)?,
        noted: count(4)?,
        refused: count(5)?,
        seconds: Seconds::new(row.get(first + 6)?),
    })
}

fn channel(row: &Row<'_>, column: usize) -> Result<Channel, DbError> {
    String::read(row, column)?.parse().map_err(|e: UnknownCode| wrong(column, e.to_string()))
}

/// The latest deliveries, the latest first.
pub async fn arrivals(tx: &mut Tx, platform: &Platform, most: i64) -> Result<Vec<Arrival>, DbError> {
    tx.rows(ARRIVALS, args![platform.programme, platform.id, most], |row| {
        Ok(Arrival { at: row.get(0)?, channel: channel(row, 1)?, tally: tally(row, 2)? })
    })
    .await
}

/// What came since `since`, by channel, with the last moment of each.
pub async fn since(tx: &mut Tx, platform: Id<Platform>, since: Instant) -> Result<Vec<Arrival>, DbError> {
    tx.rows(SINCE, args![platform, since], |row| {
        Ok(Arrival { channel: channel(row, 0)?, tally: tally(row, 1)?, at: row.get(8)? })
    })
    .await
}

/// What the platform calls our columns: our name and its title.
pub async fn columns(tx: &mut Tx, platform: Id<Platform>) -> Result<Vec<(String, String)>, DbError> {
    tx.rows(COLUMNS, args![platform], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Writes down what the platform calls our columns, in place of what was known.
pub async fn name_columns(
    tx: &mut Tx,
    platform: Id<Platform>,
    columns: &[(String, String)],
) -> Result<(), DbError> {
    tx.run(CLEAR_COLUMNS, args![platform]).await?;
    for (field, title) in columns {
        tx.run(ADD_COLUMN, args![platform, field, title]).await?;
    }
    Ok(())
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_PLATFORM).await.map(drop)
}
