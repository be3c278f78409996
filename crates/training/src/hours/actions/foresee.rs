//! What would become of a report, for the check of a file.

use std::collections::HashMap;

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::super::doubt::Day;
use super::super::model::{HoursError, Report, WaitingState};
use super::super::store;
use super::{Found, Weighed, find, not_own, weigh};

/// What [`log`] would do with a report, without doing it.
pub(in crate::hours) enum Foreseen {
    /// It was taken before, or waits already.
    Known,
    /// It would be entered for this teacher.
    Fresh(Id<Person>),
    /// A person would have to decide, for this reason.
    Waits(WaitingState, String),
}

/// What reports that are not entered yet would add to a teacher's day.
pub(in crate::hours) type Ahead = HashMap<(Id<Person>, NaiveDate), Day>;

/// Looks ahead at a report after those that make up `ahead`, for the check of a file.
pub(in crate::hours) async fn foresee(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
    ahead: &Ahead,
) -> Result<Foreseen, HoursError> {
    let known = store::reports::of_digest(tx, programme.id, report, &report.digest()).await?;
    let known = known.filter(|known| known.state != WaitingState::Withdrawn);
    if known.as_ref().is_some_and(|known| !known.may_be_found()) {
        return Ok(Foreseen::Known);
    }
    Ok(match find(ctx, tx, &report.whom).await? {
        Found::NotSure(_) if known.is_some() => Foreseen::Known,
        Found::One(person) if known.is_some() && not_own(ctx, person).is_err() => Foreseen::Known,
        Found::NotSure(why) => Foreseen::Waits(WaitingState::Parked, why.to_owned()),
        Found::One(person) => {
            let ahead = ahead.get(&(person, report.worked_on)).copied().unwrap_or_default();
            match weigh(ctx, tx, programme, report, (person, ahead)).await? {
                Weighed::Same => Foreseen::Known,
                Weighed::Fresh(_) => Foreseen::Fresh(person),
                Weighed::Waits { state, why, .. } => Foreseen::Waits(state, why),
            }
        }
    })
}
