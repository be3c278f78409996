//! Every statement of the room; those that write many rows at once or count beside.

// Requests for a change, of whom and at which school, as `change` reads them.
macro_rules! requests {
    ($rest:expr) => {
        concat!(
            "select c.id, c.person, p.name, c.offer, c.capabilities, c.reason, c.state, c.asked_at, c.decision, n.name, c.path
            from choice_change c join person p on p.id = c.person join node n on n.path = c.path where ",
            $rest
        )
    };
}

pub mod above;
pub mod bulk;
pub mod counted;
pub mod teachers;

use std::str::FromStr;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Column;
use tisheng_platform::web::paging::{Cursor, ROWS, literal};
use tisheng_platform::{Ctx, DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::model::{ChangeState, ChoiceChange, Offer, OfferState, in_order};
pub use teachers::{Narrow, TeacherChoice, teachers};

const KEEPS_OF: &str = "select 1 from programme p
    where exists (select 1 from choice c where c.programme = p.id and c.person = $1) limit 1";

const FOLLOW_OFFER: &str = "update offer set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOLLOW_CHOICE_CHANGE: &str = "update choice_change set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const OFFER_IN_STATE: &str = "select id, school, version, state, note, published_at
    from offer where programme = $1 and school = $2 and state = $3";

const OFFERS: &str = "select id, school, version, state, note, published_at
    from offer where programme = $1 and school = $2 order by version desc";

const LAST_VERSION: &str =
    "select cast(coalesce(max(version), 0) as bigint) from offer where programme = $1 and school = $2";

const ADD_OFFER: &str =
    "insert into offer (id, programme, school, path, version, state, note, created_at, created_by)
    values ($1, $2, $3, $4, $5, 'draft', $6, $7, $8) on conflict do nothing";

const NOTE_OFFER: &str = "update offer set note = $2 where id = $1 and state = 'draft'";

const HOLD_OFFERS: &str = "update offer set note = note where programme = $1 and school = $2";

const CLEAR_OFFER: &str = "delete from offer_capability where offer = $1";

const OFFER_CAPABILITIES: &str = "insert into offer_capability (offer, capability) values";

const CAPABILITIES_OF_OFFER: &str =
    "select capability from offer_capability where offer = $1 order by capability";

const OFFERED: &str = "select c.capability from offer o join offer_capability c on c.offer = o.id
    where o.programme = $1 and o.school = $2 and o.state = 'published' order by c.capability";

const OFFERED_TO: &str = "select o.capability from choice c join offer_capability o on o.offer = c.offer
    where c.programme = $1 and c.person = $2 order by o.capability";

const SUPERSEDE: &str = "update offer set state = 'superseded'
    where programme = $1 and school = $2 and state = 'published'";

const PUBLISH: &str = "update offer set state = 'published', published_at = $2, published_by = $3
    where id = $1 and state = 'draft'";

const CHOSEN: &str = "select capability from choice_capability
    where programme = $1 and person = $2 and dropped_at is null order by capability";

const CHOICE: &str = "select offer, chosen_at from choice where programme = $1 and person = $2";

const ADD_CHOICE: &str = "insert into choice (programme, person, offer, chosen_at, changed_at)
    values ($1, $2, $3, $4, $4) on conflict (programme, person) do nothing";

const MOVE_CHOICE: &str =
    "update choice set offer = $3, changed_at = $4 where programme = $1 and person = $2";

const TAKE: &str = "insert into choice_capability (programme, person, capability, chosen_at)
    values ($1, $2, $3, $4) on conflict (programme, person, capability)
    do update set dropped_at = null, chosen_at = excluded.chosen_at";

const DROP: &str = "update choice_capability set dropped_at = $4
    where programme = $1 and person = $2 and capability = $3 and dropped_at is null";

const ADD_CHANGE: &str = "insert into choice_change
    (programme, id, person, path, offer, capabilities, reason, state, asked_at, decision)
    values ($1, $2, $3, $4, $5, $6, $7, 'asked', $8, '') on conflict do nothing";

const CHANGE: &str = requests!("c.programme = $1 and c.id = $2 and c.path >= $3 and c.path < $4");

const CHANGES: &str = requests!(
    "c.programme = $1 and c.state = $2 and c.path >= $3 and c.path < $4
    and ($5 = '' or p.name like $5 || '%' escape '\\' or p.initials like $5 || '%' escape '\\') and c.id > $6
    order by c.id limit $7"
);

const CHANGES_OF: &str = requests!("c.programme = $1 and c.person = $2 order by c.id desc limit 20");

const WAITING_CHANGES: &str = "select count(*) from choice_change
    where programme = $1 and state = 'asked' and path >= $2 and path < $3";

const DECIDE: &str =
    "update choice_change set state = $3, decision = $4, decided_at = $5, decided_by = $6, above = $7
    where programme = $1 and id = $2 and state = 'asked'";

const WITHDRAW: &str = "update choice_change set state = 'withdrawn', decided_at = $4
    where programme = $1 and id = $2 and person = $3 and state = 'asked'";

fn coded<T: FromStr<Err = String>>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    String::read(row, column)?.parse().map_err(|problem| DbError::Column { column, problem })
}

fn offer(row: &Row<'_>) -> Result<Offer, DbError> {
    Ok(Offer {
        id: row.get(0)?,
        school: row.get(1)?,
        version: row.get(2)?,
        state: coded(row, 3)?,
        note: row.get(4)?,
        published_at: row.get(5)?,
    })
}

fn change(row: &Row<'_>) -> Result<ChoiceChange, DbError> {
    let capabilities: String = row.get(4)?;
    Ok(ChoiceChange {
        id: row.get(0)?,
        person: row.get(1)?,
        name: row.get(2)?,
        offer: row.get(3)?,
        capabilities: serde_json::from_str(&capabilities)
            .map(in_order)
            .map_err(|e| DbError::Column { column: 4, problem: e.to_string() })?,
        reason: row.get(5)?,
        state: coded(row, 6)?,
        asked_at: row.get(7)?,
        decision: row.get(8)?,
        school: row.get(9)?,
        path: row.get(10)?,
    })
}

/// The offer of a school in `state`; there is at most one draft and one published.
pub async fn offer_in(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
    state: OfferState,
) -> Result<Option<Offer>, DbError> {
    tx.row_opt(OFFER_IN_STATE, args![programme, school, state.code()], offer).await
}

/// All versions of a school's offer, newest first.
pub async fn offers(tx: &mut Tx, programme: Id<Programme>, school: Id<Node>) -> Result<Vec<Offer>, DbError> {
    tx.rows(OFFERS, args![programme, school], offer).await
}

/// Holds what a school offers.
pub async fn hold_offers(tx: &mut Tx, programme: Id<Programme>, school: Id<Node>) -> Result<(), DbError> {
    tx.run(HOLD_OFFERS, args![programme, school]).await.map(drop)
}

/// Begins the next version; `None` when somebody else has just begun it.
pub async fn add_draft(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    (school, path): (Id<Node>, &str),
    note: &str,
) -> Result<Option<Id<Offer>>, DbError> {
    let last: i64 = tx.row(LAST_VERSION, args![programme, school], |row| row.get(0)).await?;
    let (account, _, _) = ctx.who.signature();
    let id: Id<Offer> = ctx.id();
    let row = args![id, programme, school, path, last + 1, note, ctx.at, account];
    Ok((tx.run(ADD_OFFER, row).await? == 1).then_some(id))
}

/// Writes what a draft offers, in place of what it offered.
pub async fn write_draft(
    tx: &mut Tx,
    id: Id<Offer>,
    capabilities: &[String],
    note: &str,
) -> Result<(), DbError> {
    tx.run(NOTE_OFFER, args![id, note]).await?;
    tx.run(CLEAR_OFFER, args![id]).await?;
    let rows: Vec<_> = capabilities.iter().map(|code| args![id, code].to_vec()).collect();
    if !rows.is_empty() {
        tx.bulk(OFFER_CAPABILITIES, 2, "on conflict do nothing", rows).await?;
    }
    Ok(())
}

pub async fn capabilities_of(tx: &mut Tx, id: Id<Offer>) -> Result<Vec<String>, DbError> {
    tx.rows(CAPABILITIES_OF_OFFER, args![id], |row| row.get(0)).await.map(in_order)
}

pub async fn offered(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
) -> Result<Vec<String>, DbError> {
    tx.rows(OFFERED, args![programme, school], |row| row.get(0)).await.map(in_order)
}

pub async fn offered_to(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<String>, DbError> {
    tx.rows(OFFERED_TO, args![programme, person], |row| row.get(0)).await.map(in_order)
}

/// Puts a draft in the place of the published offer; says whether it was a draft.
pub async fn publish(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    offer: &Offer,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    tx.run(SUPERSEDE, args![programme, offer.school]).await?;
    Ok(tx.run(PUBLISH, args![offer.id, ctx.at, account]).await? == 1)
}

pub async fn chosen(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<String>, DbError> {
    tx.rows(CHOSEN, args![programme, person], |row| row.get(0)).await.map(in_order)
}

/// The offer that a teacher has chosen from, and when.
pub async fn choice(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Option<(Id<Offer>, Instant)>, DbError> {
    tx.row_opt(CHOICE, args![programme, person], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Says whether it is the teacher's first.
pub async fn add_choice(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    offer: Id<Offer>,
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(ADD_CHOICE, args![programme, person, offer, at]).await? == 1)
}

pub async fn move_choice(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    offer: Id<Offer>,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(MOVE_CHOICE, args![programme, person, offer, at]).await.map(drop)
}

/// Adds a capability to a choice, also one that was given up before.
pub async fn take(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    capability: &str,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(TAKE, args![programme, person, capability, at]).await.map(drop)
}

/// Gives a capability up; its row stays.
pub async fn give_up(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    capability: &str,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(DROP, args![programme, person, capability, at]).await.map(drop)
}

/// What a new request for a change says.
pub struct Asking<'a> {
    pub id: Id<ChoiceChange>,
    pub person: Id<Person>,
    pub path: &'a str,
    pub offer: Id<Offer>,
    pub capabilities: &'a [String],
    pub reason: &'a str,
}

/// Says whether it is new: a teacher has one request at a time.
pub async fn ask(
    tx: &mut Tx,
    programme: Id<Programme>,
    at: Instant,
    new: &Asking<'_>,
) -> Result<bool, DbError> {
    let capabilities = serde_json::to_string(new.capabilities).map_err(|e| DbError::Engine(e.to_string()))?;
    let row = args![programme, new.id, new.person, new.path, new.offer, capabilities, new.reason, at];
    Ok(tx.run(ADD_CHANGE, row).await? == 1)
}

pub async fn change_of_id(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    id: Id<ChoiceChange>,
) -> Result<Option<ChoiceChange>, DbError> {
    tx.row_opt(CHANGE, args![programme, id, &scope.from, &scope.until], change).await
}

/// Requests in `state` within `scope`, oldest first; one more than a page.
pub async fn changes(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    state: ChangeState,
    words: &str,
    cursor: &Cursor,
) -> Result<Vec<ChoiceChange>, DbError> {
    let words = literal(words);
    let args = args![programme, state.code(), &scope.from, &scope.until, words, cursor.uuid(), ROWS + 1];
    tx.rows(CHANGES, args, change).await
}

/// A teacher's requests, newest first.
pub async fn changes_of(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<ChoiceChange>, DbError> {
    tx.rows(CHANGES_OF, args![programme, person], change).await
}

pub async fn waiting_changes(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<i64, DbError> {
    tx.row(WAITING_CHANGES, args![programme, &scope.from, &scope.until], |row| row.get(0)).await
}

/// Says whether the request still waited.
pub async fn decide(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<ChoiceChange>,
    (state, decision): (ChangeState, &str),
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    let above = i64::from(access::is_office(ctx));
    let row = args![programme, id, state.code(), decision, ctx.at, account, above];
    Ok(tx.run(DECIDE, row).await? == 1)
}

/// Says whether it was the teacher's own and still waited.
pub async fn withdraw(
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<ChoiceChange>,
    person: Id<Person>,
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(WITHDRAW, args![programme, id, person, at]).await? == 1)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_OFFER).await?;
    shift.apply(tx, FOLLOW_CHOICE_CHANGE).await.map(drop)
}

/// Whether the room keeps a choice of a person.
///
/// # Errors
/// What the database reports.
pub async fn keeps_of(tx: &mut Tx, person: Uuid) -> Result<bool, DbError> {
    Ok(tx.row_opt(KEEPS_OF, args![person], |_| Ok(())).await?.is_some())
}
