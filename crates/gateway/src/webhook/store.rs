//! Every statement of the room.

use tisheng_kernel::{Id, Instant, UnknownCode};
use tisheng_platform::db::Column;
use tisheng_platform::web::paging::ROWS;
use tisheng_platform::{DbError, Row, Scope as Part, Shift, Tx, args};
use tisheng_registry::organisation::Node;
use tisheng_training::platform::Platform;
use uuid::Uuid;

use super::model::{Event, Message, MessageState, State, Webhook};

const FOLLOW_WEBHOOK: &str = "update webhook set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const ADD: &str = "insert into webhook (id, name, node, path, platform, url, events, secret, state, failures,
    created_at, version) values ($1, $2, $3, $4, $5, $6, $7, $8, 'active', 0, $9, 1)";

const OF_ID: &str =
    "select id, name, node, path, platform, url, events, secret, state, failures, failing_since,
    resting_until, created_at, version from webhook where id = $1";

const WITHIN: &str =
    "select id, name, node, path, platform, url, events, secret, state, failures, failing_since,
    resting_until, created_at, version from webhook where path >= $1 and path < $2 order by id desc";

const OF_PLATFORM: &str =
    "select id, name, node, path, platform, url, events, secret, state, failures, failing_since,
    resting_until, created_at, version from webhook where platform = $1 order by id desc";

/// Those who listen at a node above the path: each beginning of it is a node's.
const ABOVE: &str =
    "select id, name, node, path, platform, url, events, secret, state, failures, failing_since,
    resting_until, created_at, version from webhook
    where platform is null and path <= $1 and substr($1, 1, length(path)) = path order by id";

const SET_STATE: &str =
    "update webhook set state = $3, failures = 0, failing_since = null, resting_until = null,
    version = version + 1 where id = $1 and version = $2";

const FAILED: &str = "update webhook set failures = $2, failing_since = $3, resting_until = $4, state = $5
    where id = $1 and state = 'active'";

const RECOVERED: &str = "update webhook set failures = 0, failing_since = null, resting_until = null
    where id = $1 and failures > 0";

const BEGIN_ROUND: &str = "update webhook set round = $2, round_until = $4
    where id = $1 and (round is null or round = $2 or round_until <= $3)";

const ROUND_UNTIL: &str = "select round_until from webhook where id = $1";

const END_ROUND: &str = "update webhook set round = null, round_until = null where id = $1 and round = $2";

const IS_ACTIVE: &str = "select exists (select 1 from webhook where id = $1 and state = 'active')";

const COUNT_OPEN: &str = "select count(*) from webhook where node = $1 and id <> $2 and state <> 'ended'
    and (platform = $3 or (platform is null and cast($4 as bigint) = 1))";

const IS_TOLD: &str =
    "select exists (select 1 from webhook_message where webhook = $1 and id >= $2 and id <= $3)";

const WRITE: &str =
    "insert into webhook_message (webhook, id, event, payload, state, attempts, at, next_at, answer)
    values ($1, $2, $3, $4, 'waiting', 0, $5, $5, '') on conflict (webhook, id) do nothing";

const DUE: &str =
    "select id, event, payload, state, attempts, at, next_at, answer, refusals from webhook_message
    where webhook = $1 and state = 'waiting' and next_at <= $2 order by at, id limit $3";

const NEXT: &str = "select min(next_at) from webhook_message where webhook = $1 and state = 'waiting'";

const TRIED: &str =
    "update webhook_message set state = $3, attempts = attempts + 1, next_at = $4, answer = $5,
    done_at = $6, refusals = refusals + $7 where webhook = $1 and id = $2 and state = 'waiting'";

const AGAIN: &str = "update webhook_message set state = 'waiting', attempts = 0, refusals = 0, next_at = $3,
    done_at = null where webhook = $1 and id = $2";

const ALL_AGAIN: &str = "update webhook_message set next_at = $2
    where webhook = $1 and state = 'waiting' and next_at > $2";

const LATEST: &str =
    "select id, event, payload, state, attempts, at, next_at, answer, refusals from webhook_message
    where webhook = $1 order by at desc, id limit $2";

const COUNTS: &str = "select state, count(*) from webhook_message where webhook = $1 group by state";

const FORGET: &str = "delete from webhook_message where webhook = $1 and state <> 'waiting' and done_at < $2";

fn coded<T: std::str::FromStr<Err = UnknownCode>>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    let term = String::read(row, column)?.parse();
    term.map_err(|e: UnknownCode| DbError::Column { column, problem: e.to_string() })
}

fn webhook(row: &Row<'_>) -> Result<Webhook, DbError> {
    let events: String = row.get(6)?;
    let events: Result<Vec<Event>, _> = events.split_whitespace().map(str::parse).collect();
    Ok(Webhook {
        id: row.get(0)?,
        name: row.get(1)?,
        node: row.get(2)?,
        path: row.get(3)?,
        platform: row.get(4)?,
        url: row.get(5)?,
        events: events.map_err(|e| DbError::Column { column: 6, problem: e.to_string() })?,
        secret: row.get(7)?,
        state: coded(row, 8)?,
        failures: row.get(9)?,
        failing_since: row.get(10)?,
        resting_until: row.get(11)?,
        created_at: row.get(12)?,
        version: row.get(13)?,
    })
}

fn message(row: &Row<'_>) -> Result<Message, DbError> {
    Ok(Message {
        id: row.get(0)?,
        event: row.get(1)?,
        payload: row.get(2)?,
        state: coded::<MessageState>(row, 3)?,
        attempts: row.get(4)?,
        at: row.get(5)?,
        next_at: row.get(6)?,
        answer: row.get(7)?,
        refusals: row.get(8)?,
    })
}

pub async fn add(tx: &mut Tx, new: &Webhook) -> Result<(), DbError> {
    let events: Vec<&str> = new.events.iter().map(|event| event.key()).collect();
    let row = args![
        new.id,
        &new.name,
        new.node,
        &new.path,
        new.platform,
        &new.url,
        events.join(" "),
        &new.secret,
        new.created_at
    ];
    tx.run(ADD, row).await.map(drop)
}

pub async fn of_id(tx: &mut Tx, id: Id<Webhook>) -> Result<Option<Webhook>, DbError> {
    tx.row_opt(OF_ID, args![id], webhook).await
}

/// Those who listen within a part of the tree, the latest first.
pub async fn within(tx: &mut Tx, part: &Part) -> Result<Vec<Webhook>, DbError> {
    tx.rows(WITHIN, args![&part.from, &part.until], webhook).await
}

/// Those who listen for a platform, the latest first.
pub async fn of_platform(tx: &mut Tx, platform: Id<Platform>) -> Result<Vec<Webhook>, DbError> {
    tx.rows(OF_PLATFORM, args![platform], webhook).await
}

/// Those who listen at a node at or above `path`, and for no platform.
pub async fn above(tx: &mut Tx, path: &str) -> Result<Vec<Webhook>, DbError> {
    tx.rows(ABOVE, args![path], webhook).await
}

/// Puts a subscriber in `state` as if it had never failed; says whether the version was still that one.
pub async fn set_state(
    tx: &mut Tx,
    (id, version): (Id<Webhook>, i64),
    state: State,
) -> Result<bool, DbError> {
    Ok(tx.run(SET_STATE, args![id, version, state.key()]).await? == 1)
}

/// Notes that a subscriber has failed `failures` times since `since` and rests.
pub async fn failed(
    tx: &mut Tx,
    id: Id<Webhook>,
    (failures, since, until): (i64, Instant, Instant),
    state: State,
) -> Result<(), DbError> {
    tx.run(FAILED, args![id, failures, since, until, state.key()]).await.map(drop)
}

/// Notes that a subscriber takes messages again.
pub async fn recovered(tx: &mut Tx, id: Id<Webhook>) -> Result<(), DbError> {
    tx.run(RECOVERED, args![id]).await.map(drop)
}

/// Lets the job `round` send to a subscriber; not while another does, unless its time is over.
pub async fn begin_round(
    tx: &mut Tx,
    (id, round): (Id<Webhook>, Uuid),
    at: Instant,
    until: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(BEGIN_ROUND, args![id, round, at, until]).await? == 1)
}

/// Until when somebody sends to a subscriber; `None` while nobody does.
pub async fn round_until(tx: &mut Tx, id: Id<Webhook>) -> Result<Option<Instant>, DbError> {
    Ok(tx.row_opt(ROUND_UNTIL, args![id], |row| row.get(0)).await?.flatten())
}

/// The job `round` has ended.
pub async fn end_round(tx: &mut Tx, (id, round): (Id<Webhook>, Uuid)) -> Result<(), DbError> {
    tx.run(END_ROUND, args![id, round]).await.map(drop)
}

/// Whether a subscriber is told at the moment.
pub async fn is_active(tx: &mut Tx, id: Id<Webhook>) -> Result<bool, DbError> {
    tx.row(IS_ACTIVE, args![id], |row| row.get(0)).await
}

/// How many subscribers at `node` for the same platform, or for none, have not ended, beside `other`.
pub async fn count_open(
    tx: &mut Tx,
    (node, platform): (Id<Node>, Option<Id<Platform>>),
    other: Option<Id<Webhook>>,
) -> Result<i64, DbError> {
    let other = other.map_or(Uuid::nil(), Id::uuid);
    let named = platform.map_or(Uuid::nil(), Id::uuid);
    tx.row(COUNT_OPEN, args![node, other, named, i64::from(platform.is_none())], |row| row.get(0)).await
}

/// Whether a subscriber was told something under an id from `first` to `last`.
pub async fn is_told(
    tx: &mut Tx,
    webhook: Id<Webhook>,
    (first, last): (Id<Message>, Id<Message>),
) -> Result<bool, DbError> {
    tx.row(IS_TOLD, args![webhook, first, last], |row| row.get(0)).await
}

/// Writes a message, unless it is there; says whether it was not.
pub async fn write(
    tx: &mut Tx,
    (webhook, id): (Id<Webhook>, Id<Message>),
    (event, payload): (Event, &str),
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(WRITE, args![webhook, id, event.key(), payload, at]).await? == 1)
}

/// The messages that are due at `at`, the first first.
pub async fn due(tx: &mut Tx, webhook: Id<Webhook>, at: Instant, most: i64) -> Result<Vec<Message>, DbError> {
    tx.rows(DUE, args![webhook, at, most], message).await
}

/// When the next message is due.
pub async fn next(tx: &mut Tx, webhook: Id<Webhook>) -> Result<Option<Instant>, DbError> {
    tx.row(NEXT, args![webhook], |row| row.get(0)).await
}

/// Notes what an attempt has come to, and whether the message was refused itself.
pub async fn tried(
    tx: &mut Tx,
    (webhook, id): (Id<Webhook>, Id<Message>),
    (state, answer, refused): (MessageState, &str, bool),
    (next_at, done_at): (Instant, Option<Instant>),
) -> Result<(), DbError> {
    let row = args![webhook, id, state.key(), next_at, answer, done_at, i64::from(refused)];
    tx.run(TRIED, row).await.map(drop)
}

/// Makes everything due at `at` that waits for longer.
pub async fn all_again(tx: &mut Tx, webhook: Id<Webhook>, at: Instant) -> Result<(), DbError> {
    tx.run(ALL_AGAIN, args![webhook, at]).await.map(drop)
}

/// Puts a message on its way again; says whether there is one.
pub async fn again(
    tx: &mut Tx,
    (webhook, id): (Id<Webhook>, Id<Message>),
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(AGAIN, args![webhook, id, at]).await? == 1)
}

/// The latest messages, the latest first.
pub async fn latest(tx: &mut Tx, webhook: Id<Webhook>) -> Result<Vec<Message>, DbError> {
    tx.rows(LATEST, args![webhook, ROWS], message).await
}

/// How many messages stand how.
pub async fn counts(tx: &mut Tx, webhook: Id<Webhook>) -> Result<Vec<(MessageState, i64)>, DbError> {
    tx.rows(COUNTS, args![webhook], |row| Ok((coded(row, 0)?, row.get(1)?))).await
}

/// Forgets messages that came to an end before `until`.
pub async fn forget(tx: &mut Tx, webhook: Id<Webhook>, until: Instant) -> Result<(), DbError> {
    tx.run(FORGET, args![webhook, until]).await.map(drop)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_WEBHOOK).await.map(drop)
}
