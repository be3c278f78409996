//! Reports that come again.

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::super::model::{Entry, HoursError, Logged, Report, Waiting, WaitingState};
use super::super::store;
use super::{Found, decide, find, free_revision, not_own};

/// A report that waits for its teacher, or was put aside for want of one, is brought again: whoever brings it now may see more of the
/// tree, or the teacher has been entered since.
pub(super) async fn look_again(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
    parked: Waiting,
) -> Result<(Logged, Option<Id<Person>>), HoursError> {
    let id = parked.id;
    let person = match find(ctx, tx, &report.whom).await? {
        Found::One(person) if not_own(ctx, person).is_ok() => person,
        Found::One(_) | Found::NotSure(_) if parked.state == WaitingState::Parked => {
            return Ok((Logged::Parked(id), None));
        }
        Found::One(_) | Found::NotSure(_) => return Ok((Logged::Same, None)),
    };
    let logged = match decide::settle(ctx, tx, programme, parked, (person, FOUND_LATER)).await? {
        WaitingState::Entered => {
            let known = store::of_number(tx, programme.id, &report.source, &report.source_id).await?;
            known.last().map_or(Logged::Same, |entry| Logged::Entered(entry.id))
        }
        WaitingState::Held => Logged::Held(id),
        WaitingState::Conflict => Logged::Conflict(id),
        _ => Logged::Same,
    };
    Ok((logged, Some(person)))
}

/// Why a report that waited for its teacher is settled without a person.
const FOUND_LATER: &str = "再次报送时已匹配到教师";

/// The entry that says what `report` says and stands.
pub(in crate::hours) async fn entered_as(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
) -> Result<Option<Entry>, HoursError> {
    let known = store::of_number(tx, programme.id, &report.source, &report.source_id).await?;
    if known.is_empty() || free_revision(tx, programme, &known).await?.is_some() {
        return Ok(None);
    }
    let Found::One(person) = find(ctx, tx, &report.whom).await? else { return Ok(None) };
    Ok(known.into_iter().rfind(|entry| entry.says(report, person)))
}
