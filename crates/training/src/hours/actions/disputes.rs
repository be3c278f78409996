//! Opening, answering, mending and taking back a dispute.

use serde_json::json;
use tisheng_kernel::{Id, WorkCalendar};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit, jobs};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{self, Role};
use tisheng_registry::people::{self, Person};

use super::super::dispute::{Dispute, Exhibit, Verdict, decide_answer, decide_mended, due_on};
use super::super::model::{Entry, HoursError};
use super::super::store;
use super::super::store::disputes::Opening;
use super::super::told::{DISPUTE_ANSWERED, DisputeAnswered};
use super::not_own;

/// Opens a dispute of the asker's own: about a line, or about one that is missing.
///
/// # Errors
/// [`HoursError::Disputed`]; 404 for a line that is not the asker's.
pub async fn open(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    entry: Option<Id<Entry>>,
    (title, text): (&str, &str),
) -> Result<Id<Dispute>, HoursError> {
    let person: Id<Person> = Id::from_uuid(access::require(ctx, &[Role::Teacher])?.person);
    let about = match entry {
        Some(id) => {
            let found = store::entry_of_id(tx, programme.id, id).await?;
            let own = found.filter(|entry| entry.person == person).ok_or(Failure::NotFound)?;
            own.title
        }
        None => title.to_owned(),
    };
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    // What follows a transfer waits for it, and finds it where it was opened.
    store::turns::hold(tx, programme.id, person).await?;
    let teacher = people::teacher(tx, person).await?;
    let opening = Opening {
        id: ctx.id(),
        person,
        path: &teacher.path,
        entry,
        title: &about,
        text,
        due_on: due_on(&rules, &WorkCalendar::default(), ctx.at.date()),
    };
    if !store::disputes::add(ctx, tx, programme.id, &opening).await? {
        return Err(HoursError::Disputed);
    }
    let detail = json!({ "entry": entry, "due_on": opening.due_on });
    audit::record(ctx, tx, "hours.dispute_opened", opening.id.uuid(), &detail).await?;
    Ok(opening.id)
}

/// Adds what is handed in with a dispute, in the transaction in which it is opened.
///
/// # Errors
/// What the database reports.
pub async fn hand_in(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Dispute>,
    files: &[Exhibit],
) -> Result<(), HoursError> {
    for file in files {
        store::disputes::add_file(tx, (programme.id, id), file).await?;
        let detail = json!({ "file": file.id, "digest": file.blob.digest });
        audit::record(ctx, tx, "hours.dispute_file_added", id.uuid(), &detail).await?;
    }
    Ok(())
}

/// A dispute within the asker's part of the tree.
///
/// # Errors
/// 404 when there is none.
pub async fn dispute(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Dispute>,
) -> Result<Dispute, Failure> {
    store::disputes::of_id(tx, programme.id, &ctx.scope(), id).await?.ok_or(Failure::NotFound)
}

/// Answers a dispute. One that is upheld stays with the office as one to be mended, see [`mend`]; until
/// then the answer can be turned round.
///
/// # Errors
/// [`HoursError::Answered`], [`HoursError::NoReason`], [`HoursError::Own`]; 404 outside the
/// asker's part of the tree.
pub async fn answer(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Dispute>,
    (verdict, text): (Verdict, &str),
) -> Result<(), HoursError> {
    let found = dispute(ctx, tx, programme, id).await?;
    not_own(ctx, found.person)?;
    if text.trim().is_empty() {
        return Err(HoursError::NoReason);
    }
    let next = decide_answer(found.state, verdict)?;
    if !store::disputes::answer(ctx, tx, (programme.id, id), (found.state, next), text).await? {
        return Err(HoursError::Answered);
    }
    audit::record(ctx, tx, "hours.dispute_answered", id.uuid(), &json!({ "state": next.code() })).await?;
    let about = match found.entry {
        Some(entry) => store::entry_of_id(tx, programme.id, entry).await?,
        None => None,
    };
    let answered = DisputeAnswered {
        programme: programme.id,
        dispute: id,
        path: found.path,
        report: about.map(|entry| (entry.source, entry.source_id)),
        state: verdict.code().to_owned(),
        answer: text.trim().to_owned(),
    };
    Ok(jobs::emit(tx, ctx.at, DISPUTE_ANSWERED, &answered).await?)
}

/// Names the lines of the ledger by which an upheld dispute was mended: booked, taken back or entered
/// again since it was opened.
///
/// # Errors
/// [`HoursError::NotMending`], [`HoursError::NothingMended`], [`HoursError::Own`]; 404 outside the
/// asker's part of the tree.
pub async fn mend(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Dispute>,
    lines: &[Id<Entry>],
) -> Result<(), HoursError> {
    let found = dispute(ctx, tx, programme, id).await?;
    not_own(ctx, found.person)?;
    let entries = store::entries(tx, programme.id, found.person).await?;
    decide_mended(&found, &entries, lines)?;
    if !store::disputes::mended(ctx, tx, (programme.id, id), lines).await? {
        return Err(HoursError::NotMending);
    }
    audit::record(ctx, tx, "hours.dispute_mended", id.uuid(), &json!({ "lines": lines })).await?;
    Ok(())
}

/// Takes a dispute of the asker's own back.
///
/// # Errors
/// [`HoursError::Answered`] when it is not open any more or not the asker's.
pub async fn withdraw(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Dispute>,
) -> Result<(), HoursError> {
    let person: Id<Person> = Id::from_uuid(access::require(ctx, &[Role::Teacher])?.person);
    if !store::disputes::withdraw(tx, programme.id, id, person, ctx.at).await? {
        return Err(HoursError::Answered);
    }
    audit::record(ctx, tx, "hours.dispute_withdrawn", id.uuid(), &json!({})).await?;
    Ok(())
}
