//! What a platform takes back of what it has reported.

use std::collections::BTreeSet;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::{self, Person};

use super::super::model::{Channel, Entry, HoursError, WITHDRAWAL, Waiting, WaitingState};
use super::super::store;
use super::reversal::{people_of, take_back_number};
use super::reversed;

/// A platform no longer says what it has reported under a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The platform's own number.
    pub number: String,
    /// Why, in a sentence that the teacher reads.
    pub reason: String,
}

/// What became of a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawn {
    /// What the platform reported counts no more. Said again, the answer is the same.
    Taken {
        /// The entry that was taken back; `None` where the report was still waiting.
        entry: Option<Id<Entry>>,
        /// The reason that was given first.
        reason: String,
    },
    /// It did not count any more: a person had decided so, for this reason.
    Decided(String),
    /// It follows from records of learning, and goes when those are voided.
    FromRecords,
    /// The platform has reported nothing under this number.
    Unknown,
}

/// Takes back what stands of a number of `source`, and ends the waiting of what waits. The entry
/// stays where it is, and the number may be reported anew. Gives the teachers whose hours have
/// changed, and whether anything was done.
pub(super) async fn withdraw(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    source: &str,
    withdrawal: &Withdrawal,
) -> Result<(Withdrawn, BTreeSet<Id<Person>>, bool), HoursError> {
    let number = withdrawal.number.as_str();
    let entries = store::of_number(tx, programme.id, source, number).await?;
    let reports = store::reports::of_number(tx, programme.id, source, number).await?;
    let nothing = |withdrawn| Ok((withdrawn, BTreeSet::new(), false));
    if (entries.is_empty() && reports.is_empty()) || !is_within(ctx, tx, &entries, &reports).await? {
        return nothing(Withdrawn::Unknown);
    }
    let follows = |channel: Channel| matches!(channel, Channel::Xapi | Channel::Lti);
    let mut waiting = reports.iter().filter(|report| report.state.waits());
    if entries.last().is_some_and(|entry| follows(entry.channel))
        || waiting.any(|report| follows(report.channel))
    {
        return nothing(Withdrawn::FromRecords);
    }
    let key = (source, number);
    store::turns::hold_all(tx, programme.id, &people_of(&entries, &reports)).await?;
    let ended = store::reports::withdraw(ctx, tx, programme.id, key, &withdrawal.reason).await?;
    let taken = take_back_number(ctx, tx, programme, key, &withdrawal.reason).await?;
    let concerned = taken.iter().map(|entry| entry.person).collect();
    Ok((stands(tx, programme, key).await?, concerned, ended || !taken.is_empty()))
}

/// Whether the asker may see the teachers of whom the number is. Whoever has no post any more is
/// still the platform's to speak of.
async fn is_within(
    ctx: &Ctx,
    tx: &mut Tx,
    entries: &[Entry],
    reports: &[Waiting],
) -> Result<bool, HoursError> {
    let scope = ctx.scope();
    if !reports.iter().all(|report| scope.holds(&report.path)) {
        return Ok(false);
    }
    for person in entries.iter().map(|entry| entry.person).collect::<BTreeSet<_>>() {
        match people::teacher(tx, person).await {
            Ok(teacher) if !scope.holds(&teacher.path) => return Ok(false),
            Ok(_) | Err(Failure::NotFound) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    Ok(true)
}

/// How it stands with a number of which nothing counts or waits.
async fn stands(
    tx: &mut Tx,
    programme: &Programme,
    (source, number): (&str, &str),
) -> Result<Withdrawn, HoursError> {
    let entries = store::of_number(tx, programme.id, source, number).await?;
    let reports = store::reports::of_number(tx, programme.id, source, number).await?;
    let mut found: Vec<(Option<Instant>, Option<Id<Entry>>, String)> = reports
        .iter()
        .filter(|report| report.state == WaitingState::Withdrawn)
        .map(|report| (report.decided_at, None, report.decision.clone()))
        .collect();
    if let Some(latest) = entries.last() {
        let by = store::of_number(tx, programme.id, WITHDRAWAL, &latest.id.to_string()).await?;
        found.extend(by.into_iter().map(|by| (Some(by.received_at), Some(latest.id), by.reason)));
    }
    // The last time; of one moment that of the entry.
    if let Some((_, entry, reason)) = found.into_iter().max_by_key(|(at, entry, _)| (*at, entry.is_some())) {
        return Ok(Withdrawn::Taken { entry, reason });
    }
    let reason = match reversed(tx, programme, &entries).await? {
        Some(reason) => reason,
        None => reports.last().map(|report| report.decision.clone()).unwrap_or_default(),
    };
    Ok(Withdrawn::Decided(reason))
}
