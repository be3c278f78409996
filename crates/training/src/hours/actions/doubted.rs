//! What has come since speaks against an entry that stands.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_policy::scheme::Programme;

use super::super::model::{Entry, HoursError, REVERSAL, Waiting, WaitingState};
use super::super::store;
use super::reversal::take_back;
use super::{Wait, changed, free_revision, wait};

/// Lets a person decide about what stands under `number` of `source`, since `why` speaks against it now.
/// The entry stands and counts until then, so that no result changes by itself: believed, it stays as
/// it is; not believed, it is taken back with the reason. What a person has decided about it before is
/// not asked again.
///
/// # Errors
/// What the database reports.
pub async fn doubt_entry(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (source, number): (&str, &str),
    why: &str,
) -> Result<(), HoursError> {
    let known = store::of_number(tx, programme.id, source, number).await?;
    let Some(entry) = known.last() else { return Ok(()) };
    store::turns::hold(tx, programme.id, entry.person).await?;
    if free_revision(tx, programme, &known).await?.is_some()
        || super::reversed(tx, programme, &known).await?.is_some()
    {
        return Ok(());
    }
    let report = entry.report();
    let digest = report.digest();
    let decided = store::reports::of_number(tx, programme.id, source, number).await?;
    if decided.iter().any(|row| row.state != WaitingState::Withdrawn) {
        return Ok(());
    }
    let withdrawn = store::reports::of_digest(tx, programme.id, &report, &digest).await?.map(|row| row.id);
    let why = format!("已入账，后来收到的记录使它存疑：{why}");
    let put = Wait {
        state: WaitingState::Held,
        why: &why,
        long_day: false,
        against: Some(entry.id),
        person: Some(entry.person),
        withdrawn,
    };
    wait(ctx, tx, programme, &report, &digest, &put).await?;
    audit::record(ctx, tx, "hours.entry_doubted", entry.id.uuid(), &json!({ "why": why })).await?;
    Ok(())
}

/// Nothing speaks any more against what stands under `number` of `source`: a doubt that still waits for
/// a person is over.
///
/// # Errors
/// What the database reports.
pub async fn trust_entry(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: (&str, &str),
) -> Result<(), HoursError> {
    end_doubt(ctx, tx, programme, report, "平台的记录有变化，疑点已消除").await
}

/// A doubt about what stood under a number is over, where there is one: nobody decides any more about what
/// was taken back meanwhile.
pub(super) async fn end_doubt(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (source, number): (&str, &str),
    reason: &str,
) -> Result<(), HoursError> {
    if store::reports::end_doubt(ctx, tx, programme.id, (source, number), reason).await? {
        let detail = json!({ "source": source, "number": number, "reason": reason });
        audit::record(ctx, tx, "hours.doubt_ended", programme.id.uuid(), &detail).await?;
    }
    Ok(())
}

/// The entry against which `waiting` speaks, where it is a doubt about one that stands.
pub(super) fn doubted(waiting: &Waiting) -> Option<Id<Entry>> {
    waiting.against.filter(|_| waiting.state == WaitingState::Held)
}

/// Takes the entry back that a person does not believe.
pub(super) async fn disbelieve(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (entry, reason): (Id<Entry>, &str),
) -> Result<(), HoursError> {
    let Some(entry) = store::entry_of_id(tx, programme.id, entry).await? else { return Ok(()) };
    match take_back(ctx, tx, programme, &entry, (REVERSAL, reason)).await {
        Ok(by) => {
            let detail = json!({ "by": by, "reason": reason });
            audit::record(ctx, tx, "hours.reversed", entry.id.uuid(), &detail).await?;
            changed(ctx, tx, programme, entry.person).await
        }
        Err(HoursError::Reversed) => Ok(()),
        Err(error) => Err(error),
    }
}
