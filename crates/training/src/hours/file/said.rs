//! Files that say the same: what two files say stands until both are undone.

use tisheng_platform::{DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::roster::{Book, Desk};
use uuid::Uuid;

use super::{ENTRY, REPORT, UNDONE, of_hours};
use crate::hours::actions::again::entered_as;
use crate::hours::model::{Entry, Report, WaitingState};
use crate::hours::store;

/// The file of `desk` is the first to say what it has made.
pub(super) async fn first(
    desk: &Desk,
    tx: &mut Tx,
    programme: &Programme,
    (thing, id): (&'static str, Uuid),
    book: &mut Book,
) -> Result<(), DbError> {
    store::said::say(tx, programme.id, id, desk.run).await?;
    book.made(thing, id);
    Ok(())
}

/// The file of `desk` says what other files have said before; says whether any has.
pub(super) async fn too(
    desk: &Desk,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
    book: &mut Book,
) -> Result<bool, DbError> {
    let waiting = store::reports::of_digest(tx, programme.id, report, &report.digest()).await?;
    let waiting = waiting.filter(|waiting| waiting.state != WaitingState::Withdrawn);
    let entry = entered_as(&desk.ctx, tx, programme, report).await.map_err(of_hours)?;
    let things = [(REPORT, waiting.map(|waiting| waiting.id.uuid())), (ENTRY, entry.map(|e| e.id.uuid()))];
    let mut said = false;
    for (thing, id) in things {
        let Some(id) = id else { continue };
        if store::said::say_too(tx, programme.id, id, desk.run).await? {
            book.made(thing, id);
            said = true;
        }
    }
    Ok(said)
}

/// An entry is taken back whose report had waited for its teacher: it waits again where another
/// file says so, and is withdrawn otherwise.
pub(super) async fn wait_again(
    desk: &Desk,
    tx: &mut Tx,
    programme: &Programme,
    entry: &Entry,
) -> Result<(), DbError> {
    let waited = store::reports::of_entry(tx, programme.id, (entry.person, entry.id)).await?;
    let Some(report) = waited else { return Ok(()) };
    // The file that is undone says it until its own line is reached.
    let others = store::said::others(tx, programme.id, report.uuid(), desk.run).await?;
    let to = if others { WaitingState::Parked } else { WaitingState::Withdrawn };
    store::reports::reopen(&desk.ctx, tx, programme.id, (report, to), UNDONE).await
}
