//! Taking entries back, and entering again what was taken back by mistake.

use std::collections::BTreeSet;

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::{self, Person};

use super::super::model::{Channel, Entry, HoursError, OWN_SOURCES, REVERSAL, Report, WITHDRAWAL, Waiting};
use super::super::store::{self, Booking};
use super::super::told::{Outcome, ToldRow, told};
use super::doubted::end_doubt;
use super::long_day::believe;
use super::{changed, not_own, reversed};

/// Takes an entry back with an entry of its own. The entry stays where it is.
///
/// # Errors
/// [`HoursError::NoReason`], [`HoursError::Own`], [`HoursError::IsReversal`],
/// [`HoursError::Reversed`]; 404 when the programme has no such entry or the asker may not see its teacher.
pub async fn reverse(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    entry: Id<Entry>,
    reason: &str,
) -> Result<Id<Entry>, HoursError> {
    let entry = store::entry_of_id(tx, programme.id, entry).await?.ok_or(Failure::NotFound)?;
    people::visible(ctx, tx, entry.person).await?;
    not_own(ctx, entry.person)?;
    let id = take_back(ctx, tx, programme, &entry, (REVERSAL, reason)).await?;
    audit::record(ctx, tx, "hours.reversed", entry.id.uuid(), &json!({ "by": id, "reason": reason })).await?;
    changed(ctx, tx, programme, entry.person).await?;
    let row = ToldRow { number: entry.source_id, outcome: Outcome::Reversed, reason: reason.to_owned() };
    told(ctx, tx, programme, &entry.source, vec![row]).await?;
    Ok(id)
}

/// Enters what a person took back by mistake once more. The reversal stays where it is.
///
/// # Errors
/// [`HoursError::NoReason`], [`HoursError::ShortReason`], [`HoursError::Own`], [`HoursError::NotReversed`]; 404 when the
/// programme has no such entry or the asker may not see its teacher.
pub async fn restore(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    entry: Id<Entry>,
    reason: &str,
) -> Result<Id<Entry>, HoursError> {
    let entry = store::entry_of_id(tx, programme.id, entry).await?.ok_or(Failure::NotFound)?;
    people::visible(ctx, tx, entry.person).await?;
    not_own(ctx, entry.person)?;
    if reason.trim().is_empty() {
        return Err(HoursError::NoReason);
    }
    let known = store::of_number(tx, programme.id, &entry.source, &entry.source_id).await?;
    let is_latest = known.last().is_some_and(|latest| latest.id == entry.id);
    if !is_latest || reversed(tx, programme, &known).await?.is_none() {
        return Err(HoursError::NotReversed);
    }
    let booking =
        Booking { id: ctx.id(), person: entry.person, revision: entry.revision + 1, reason, reverses: None };
    if believe(ctx, tx, programme, &entry.report(), &booking).await?.is_none() {
        return Err(HoursError::NotReversed);
    }
    let detail = json!({ "as": booking.id, "reason": reason });
    audit::record(ctx, tx, "hours.restored", entry.id.uuid(), &detail).await?;
    changed(ctx, tx, programme, entry.person).await?;
    let row = ToldRow { number: entry.source_id, outcome: Outcome::Entered, reason: reason.to_owned() };
    told(ctx, tx, programme, &entry.source, vec![row]).await?;
    Ok(booking.id)
}

/// Writes the entry that takes `entry` back: a [`REVERSAL`] that somebody decided, or the
/// [`WITHDRAWAL`] of its source.
pub(in crate::hours) async fn take_back(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    entry: &Entry,
    (source, reason): (&str, &str),
) -> Result<Id<Entry>, HoursError> {
    if reason.trim().is_empty() {
        return Err(HoursError::NoReason);
    }
    if entry.reverses.is_some() {
        return Err(HoursError::IsReversal);
    }
    store::turns::hold(tx, programme.id, entry.person).await?;
    let report = Report {
        seconds: -entry.seconds,
        source: source.to_owned(),
        source_id: entry.id.to_string(),
        channel: Channel::Own,
        ..entry.report()
    };
    let booking =
        Booking { id: ctx.id(), person: entry.person, revision: 1, reason, reverses: Some(entry.id) };
    if !store::add(ctx, tx, programme.id, &report, &booking).await? {
        return Err(HoursError::Reversed);
    }
    end_doubt(ctx, tx, programme, (&entry.source, &entry.source_id), reason).await?;
    Ok(booking.id)
}

/// Takes back what a report of this source and number has entered, if it stands, and ends the
/// waiting of one that waits. For sources within the system whose own fact no longer holds, such
/// as an approval withdrawn; when it holds again, the same report is entered again.
///
/// # Errors
/// [`HoursError::NoReason`]; what the database reports.
pub async fn reverse_report(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (source, source_id): (&str, &str),
    reason: &str,
) -> Result<(), HoursError> {
    let known = store::of_number(tx, programme.id, source, source_id).await?;
    let waiting = store::reports::of_number(tx, programme.id, source, source_id).await?;
    store::turns::hold_all(tx, programme.id, &people_of(&known, &waiting)).await?;
    let ended = store::reports::withdraw(ctx, tx, programme.id, (source, source_id), reason).await?;
    let taken = take_back_number(ctx, tx, programme, (source, source_id), reason).await?;
    for entry in &taken {
        changed(ctx, tx, programme, entry.person).await?;
    }
    if (taken.is_empty() && !ended) || OWN_SOURCES.contains(&source) {
        return Ok(());
    }
    let row =
        ToldRow { number: source_id.to_owned(), outcome: Outcome::Withdrawn, reason: reason.to_owned() };
    Ok(told(ctx, tx, programme, source, vec![row]).await?)
}

/// Everybody of whom entries and reports of a number are: their turns are taken before anything is written of these,
/// as whoever decides about one of them does.
pub(super) fn people_of(entries: &[Entry], reports: &[Waiting]) -> BTreeSet<Id<Person>> {
    let of_entries = entries.iter().map(|entry| entry.person);
    of_entries.chain(reports.iter().filter_map(|report| report.person)).collect()
}

/// Takes back every entry of a number that stands, with a [`WITHDRAWAL`]; gives those. Whatever a
/// person once decided about a report of the number, it is weighed anew when it comes again; only what
/// was refused stays refused.
pub(super) async fn take_back_number(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (source, source_id): (&str, &str),
    reason: &str,
) -> Result<Vec<Entry>, HoursError> {
    let mut taken = Vec::new();
    for entry in store::of_number(tx, programme.id, source, source_id).await? {
        match take_back(ctx, tx, programme, &entry, (WITHDRAWAL, reason)).await {
            Ok(by) => {
                let detail = json!({ "by": by, "reason": reason });
                audit::record(ctx, tx, "hours.withdrawn", entry.id.uuid(), &detail).await?;
                taken.push(entry);
            }
            Err(HoursError::Reversed) => {}
            Err(error) => return Err(error),
        }
    }
    if !taken.is_empty() {
        store::reports::free(ctx, tx, programme.id, (source, source_id), reason).await?;
    }
    Ok(taken)
}
