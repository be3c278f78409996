//! Reports that come again.

use tisheng_kernel::Id;
use tisheng_platform::web::paging::{Cursor, Slice};
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::{breadth, require};
use tisheng_registry::people::{self, Person};

use super::super::model::{Entry, HoursError, Logged, Report, Waiting, WaitingState};
use super::super::store;
use super::{Found, decide, find, free_revision, not_own};
use crate::hours::DESK;

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

/// Looks again for the teachers of reports of `source` that the asker may decide about: whoever has come
/// onto the roll since is found by paper and name. Says how many were found.
///
/// # Errors
/// What the database reports; 404 for whoever decides about no hours.
pub async fn find_again(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    source: &str,
) -> Result<u32, HoursError> {
    require(ctx, &DESK)?;
    let (mut found, mut cursor) = (0, Cursor::default());
    for _ in 0..PAGES {
        let asked = store::desk::Asked::of(WaitingState::Parked, source);
        let parked =
            store::desk::reports(tx, programme.id, (&ctx.scope(), breadth(ctx)), asked, &cursor).await?;
        let slice = Slice::cut(parked, |row| (String::new(), row.id.to_string()));
        for waiting in slice.rows {
            let Some(person) = of_paper(ctx, tx, &waiting).await? else { continue };
            if not_own(ctx, person).is_err() {
                continue;
            }
            decide::settle(ctx, tx, programme, waiting, (person, ON_THE_ROLL)).await?;
            found += 1;
        }
        match slice.next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    Ok(found)
}

/// Pages of reports that are looked through at once.
const PAGES: usize = 20;

/// The teacher within the asker's sight whose paper and name a report names.
async fn of_paper(ctx: &Ctx, tx: &mut Tx, waiting: &Waiting) -> Result<Option<Id<Person>>, HoursError> {
    let Some(key) = &waiting.paper_key else { return Ok(None) };
    let mut found = people::of_paper_key(ctx, tx, key).await?.into_iter().filter(|p| p.name == waiting.name);
    Ok(match (found.next(), found.next()) {
        (Some(one), None) => Some(one.id),
        _ => None,
    })
}

/// Why a report is settled whose teacher has come onto the roll.
const ON_THE_ROLL: &str = "教师已进入名册，按证件号码和姓名匹配";

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
