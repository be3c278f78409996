//! Deciding about several held reports at once, for one reason.

use std::collections::BTreeSet;

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::super::model::{HoursError, Waiting};
use super::super::store;
use super::decide::{accept, refuse, waiting, with_reason};

/// What somebody finds of held reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// They are right and become entries.
    Believed,
    /// They are not believed.
    Refused,
}

/// What became of reports that were decided about together.
#[derive(Debug, Default)]
pub struct Several {
    /// How many are decided.
    pub done: usize,
    /// Those that go on waiting: whose they are and what of, and why.
    pub left: Vec<(String, HoursError)>,
}

/// Decides about each of `ids` as if it were the only one; what cannot be decided holds up no other.
///
/// # Errors
/// [`HoursError::NoReason`]; 404 when one of them lies outside the asker's part of the tree.
pub async fn several(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    ids: &[Id<Waiting>],
    (finding, reason): (Finding, &str),
) -> Result<Several, HoursError> {
    with_reason(reason)?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.push(waiting(ctx, tx, programme, *id).await?);
    }
    // Two who decide about the same people take them in the same order.
    found.sort_by_key(|report| (report.person, report.id));
    found.dedup_by_key(|report| report.id);
    let people: BTreeSet<Id<Person>> = found.iter().filter_map(|report| report.person).collect();
    store::turns::hold_all(tx, programme.id, &people).await?;
    let mut several = Several::default();
    for report in found {
        // Nobody decides about it meanwhile: what is refused below has written nothing.
        store::reports::hold(tx, programme.id, report.id).await?;
        let done = match finding {
            Finding::Believed => accept(ctx, tx, programme, report.id, reason).await,
            Finding::Refused => refuse(ctx, tx, programme, report.id, reason).await,
        };
        match done {
            Ok(()) => several.done += 1,
            Err(HoursError::Failed(failure)) => return Err(failure.into()),
            Err(why) => several.left.push((format!("{}“{}”", report.name, report.title), why)),
        }
    }
    Ok(several)
}
