//! What a person decides about reports that wait.

use std::collections::BTreeSet;

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::{Role, require};
use tisheng_registry::people;
use tisheng_registry::people::Person;

use super::super::doubt::Day;
use super::super::model::{Entry, HoursError, REVERSAL, Waiting, WaitingState};
use super::super::store::reports::Moving;
use super::super::store::{self, Booking};
use super::super::told::{Outcome, ToldRow, told};
use super::doubted::{disbelieve, doubted};
use super::long_day::believe;
use super::reversal::take_back;
use super::{Weighed, changed, free_revision, not_own, weigh};

/// The offices that put a report aside for good.
pub const OFFICES: [Role; 4] = [Role::Town, Role::County, Role::City, Role::Province];

/// A waiting report that the asker may decide about.
///
/// # Errors
/// 404 when there is none, or it belongs to another part of the tree.
pub async fn waiting(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
) -> Result<Waiting, Failure> {
    store::reports::of_id(tx, programme.id, &ctx.scope(), id).await?.ok_or(Failure::NotFound)
}

async fn in_state(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
    state: WaitingState,
) -> Result<Waiting, HoursError> {
    let waiting = waiting(ctx, tx, programme, id).await?;
    if let Some(person) = waiting.person {
        not_own(ctx, person)?;
    }
    if waiting.state == state { Ok(waiting) } else { Err(HoursError::Decided(waiting.state)) }
}

/// Says who a parked report is about; it then goes the way of every report.
///
/// # Errors
/// [`HoursError::Decided`], [`HoursError::Own`]; 404 for a report or a teacher that the asker may not see.
pub async fn match_person(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
    person: Id<Person>,
) -> Result<WaitingState, HoursError> {
    let parked = in_state(ctx, tx, programme, id, WaitingState::Parked).await?;
    people::visible(ctx, tx, person).await?;
    not_own(ctx, person)?;
    settle(ctx, tx, programme, parked, (person, "人工匹配教师")).await
}

/// A parked report whose teacher is known now goes the way of every report.
pub(super) async fn settle(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    parked: Waiting,
    (person, reason): (Id<Person>, &str),
) -> Result<WaitingState, HoursError> {
    let (id, from) = (parked.id, parked.state);
    store::turns::hold(tx, programme.id, person).await?;
    let teacher = people::teacher(tx, person).await?;
    let report = parked.report(person);
    let weighed = weigh(ctx, tx, programme, &report, (person, Day::default())).await?;
    let (state, why, against) = match &weighed {
        Weighed::Waits { state, why, against, .. } => (*state, why.as_str(), *against),
        Weighed::Same | Weighed::Fresh(_) => (from, parked.why.as_str(), None),
    };
    let long_day = matches!(weighed, Weighed::Waits { long_day: true, .. });
    let moving = Moving { state, person, path: &teacher.path, why, against, long_day };
    if !store::reports::move_on(tx, programme.id, id, from, &moving).await? {
        return Err(HoursError::Decided(parked.state));
    }
    audit::record(ctx, tx, "hours.report_matched", id.uuid(), &json!({ "person": person })).await?;
    let from = (id, from);
    match weighed {
        Weighed::Waits { .. } => Ok(state),
        Weighed::Same => {
            let end = (WaitingState::Dismissed, None, "与已入账的记录相同");
            end_waiting(ctx, tx, programme, from, end).await
        }
        Weighed::Fresh(revision) => {
            let named = Waiting { person: Some(person), ..parked };
            enter(ctx, tx, programme, &named, (revision, reason)).await
        }
    }
}

/// Hands a parked report on to the node above: it is about nobody here, but perhaps about somebody
/// elsewhere.
///
/// # Errors
/// [`HoursError::Decided`], [`HoursError::NobodyAbove`]; 404 outside the asker's part of the tree.
pub async fn pass_up(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
) -> Result<(), HoursError> {
    let parked = in_state(ctx, tx, programme, id, WaitingState::Parked).await?;
    let own = ctx.who.member().map_or(programme.path.as_str(), |member| member.path.as_str());
    let above = above(own).filter(|above| above.starts_with(&programme.path));
    let above = above.ok_or(HoursError::NobodyAbove)?;
    if !store::reports::pass_up(tx, programme.id, id, above).await? {
        return Err(HoursError::Decided(parked.state));
    }
    audit::record(ctx, tx, "hours.report_passed_up", id.uuid(), &json!({ "to": above })).await?;
    Ok(())
}

/// The path of the node above the one at `path`.
fn above(path: &str) -> Option<&str> {
    let stem = path.strip_suffix('/')?;
    stem.rfind('/').map(|at| &path[..=at]).filter(|above| above.len() > 1)
}

/// Puts a parked report aside: it is about nobody of the programme. Offices do so; a school passes
/// it on.
///
/// # Errors
/// [`HoursError::Decided`], [`HoursError::Own`], [`HoursError::NoReason`]; 404 outside the asker's part of the tree.
pub async fn dismiss(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
    reason: &str,
) -> Result<(), HoursError> {
    require(ctx, &OFFICES)?;
    put_aside(ctx, tx, programme, id, (WaitingState::Parked, WaitingState::Dismissed), reason).await
}

/// Does not believe a held report. The teacher sees the reason. An entry that stands and was doubted is
/// taken back.
///
/// # Errors
/// [`HoursError::Decided`], [`HoursError::Own`], [`HoursError::NoReason`]; 404 outside the asker's part of the tree.
pub async fn refuse(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
    reason: &str,
) -> Result<(), HoursError> {
    put_aside(ctx, tx, programme, id, (WaitingState::Held, WaitingState::Refused), reason).await
}

/// Keeps the entry that was there, against a later report of its number.
///
/// # Errors
/// [`HoursError::Decided`], [`HoursError::Own`], [`HoursError::NoReason`]; 404 outside the asker's part of the tree.
pub async fn keep(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
    reason: &str,
) -> Result<(), HoursError> {
    put_aside(ctx, tx, programme, id, (WaitingState::Conflict, WaitingState::Kept), reason).await
}

async fn put_aside(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
    (from, to): (WaitingState, WaitingState),
    reason: &str,
) -> Result<(), HoursError> {
    let waiting = in_state(ctx, tx, programme, id, from).await?;
    with_reason(reason)?;
    // The teacher before the report, as everywhere: of two that wait for each other one would be turned away.
    if let Some(person) = waiting.person {
        store::turns::hold(tx, programme.id, person).await?;
    }
    // Decided first: what is taken back ends the doubts that are still open about it.
    end_waiting(ctx, tx, programme, (id, from), (to, None, reason)).await?;
    if let Some(entry) = doubted(&waiting) {
        disbelieve(ctx, tx, programme, (entry, reason)).await?;
    }
    decided(ctx, tx, programme, &waiting, (to, reason)).await
}

pub(super) fn with_reason(reason: &str) -> Result<(), HoursError> {
    if reason.trim().is_empty() { Err(HoursError::NoReason) } else { Ok(()) }
}

/// Believes a held report: it becomes an entry as it is. One that stands already and was doubted stays.
///
/// # Errors
/// [`HoursError::Decided`], [`HoursError::Own`], [`HoursError::NoReason`], [`HoursError::ShortReason`],
/// [`HoursError::NumberTaken`]; 404 outside the asker's part of the tree.
pub async fn accept(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
    reason: &str,
) -> Result<(), HoursError> {
    let held = in_state(ctx, tx, programme, id, WaitingState::Held).await?;
    with_reason(reason)?;
    if doubted(&held).is_some() {
        let end = (WaitingState::Kept, None, reason);
        return end_waiting(ctx, tx, programme, (id, held.state), end).await.map(drop);
    }
    let known = store::of_number(tx, programme.id, &held.source, &held.source_id).await?;
    let revision = free_revision(tx, programme, &known).await?.ok_or(HoursError::NumberTaken)?;
    enter(ctx, tx, programme, &held, (revision, reason)).await.map(drop)
}

/// Takes the newer of two reports of one number: the entry that was there is taken back, and the
/// newer report becomes an entry.
///
/// # Errors
/// [`HoursError::Decided`], [`HoursError::Own`], [`HoursError::NoReason`], [`HoursError::ShortReason`]; 404 outside the asker's part of the tree.
pub async fn take_newer(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
    reason: &str,
) -> Result<(), HoursError> {
    let newer = in_state(ctx, tx, programme, id, WaitingState::Conflict).await?;
    with_reason(reason)?;
    let known = store::of_number(tx, programme.id, &newer.source, &newer.source_id).await?;
    let latest = known.last().ok_or(Failure::NotFound)?;
    // The newer report may be about somebody else.
    let people: BTreeSet<Id<Person>> = newer.person.into_iter().chain([latest.person]).collect();
    store::turns::hold_all(tx, programme.id, &people).await?;
    match take_back(ctx, tx, programme, latest, (REVERSAL, reason)).await {
        Ok(_) if Some(latest.person) != newer.person => changed(ctx, tx, programme, latest.person).await?,
        Ok(_) | Err(HoursError::Reversed) => {}
        Err(error) => return Err(error),
    }
    enter(ctx, tx, programme, &newer, (latest.revision + 1, reason)).await.map(drop)
}

/// Makes a waiting report an entry.
async fn enter(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    waiting: &Waiting,
    (revision, reason): (i64, &str),
) -> Result<WaitingState, HoursError> {
    let person = waiting.person.ok_or(Failure::NotFound)?;
    if waiting.worked_on > ctx.at.date() {
        return Err(HoursError::Future(waiting.worked_on));
    }
    let booking = Booking { id: ctx.id(), person, revision, reason, reverses: None };
    let Some(long_day) = believe(ctx, tx, programme, &waiting.report(person), &booking).await? else {
        return Err(HoursError::NumberTaken);
    };
    if long_day != waiting.long_day {
        store::reports::set_long_day(tx, programme.id, waiting.id, long_day).await?;
    }
    let end = (WaitingState::Entered, Some(booking.id), reason);
    let state = end_waiting(ctx, tx, programme, (waiting.id, waiting.state), end).await?;
    changed(ctx, tx, programme, person).await?;
    decided(ctx, tx, programme, waiting, (state, reason)).await?;
    Ok(state)
}

/// Tells whoever reported it what a person has decided.
async fn decided(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    waiting: &Waiting,
    (state, reason): (WaitingState, &str),
) -> Result<(), HoursError> {
    let Some(outcome) = Outcome::decided(state) else { return Ok(()) };
    let row = ToldRow { number: waiting.source_id.clone(), outcome, reason: reason.to_owned() };
    Ok(told(ctx, tx, programme, &waiting.source, vec![row]).await?)
}

async fn end_waiting(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    from: (Id<Waiting>, WaitingState),
    end: (WaitingState, Option<Id<Entry>>, &str),
) -> Result<WaitingState, HoursError> {
    let (state, entry, reason) = end;
    if !store::reports::decide(ctx, tx, programme.id, from, end).await? {
        return Err(HoursError::Decided(from.1));
    }
    let detail = json!({ "state": state.code(), "entry": entry, "reason": reason });
    audit::record(ctx, tx, "hours.report_decided", from.0.uuid(), &detail).await?;
    Ok(state)
}
