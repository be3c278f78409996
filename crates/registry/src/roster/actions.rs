//! What clerks do with a run. Loading one is authorising: it is there for whoever may bring such
//! a file and sees the node at which it was brought.

use std::collections::BTreeMap;

use tisheng_kernel::Id;
use tisheng_platform::files::Blob;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit};

use super::kind::{About, Entry, Kind, Kinds};
use super::model::{Run, State, Tally};
use super::origin::Origin;
use super::teachers::Teachers;
use super::{store, work};

/// The kind called `key`, when the asker may bring such a file.
///
/// # Errors
/// [`Failure::NotFound`] otherwise.
pub fn kind_for(ctx: &Ctx, key: &str) -> Result<Entry, Failure> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let entry = ctx.app.parts.get::<Kinds>().find(key).ok_or(Failure::NotFound)?;
    if entry.about.open_to(member) { Ok(entry) } else { Err(Failure::NotFound) }
}

/// The run `id` with its kind, when the asker may see it.
///
/// # Errors
/// [`Failure::NotFound`] otherwise.
pub async fn visible(ctx: &Ctx, tx: &mut Tx, id: Id<Run>) -> Result<(Run, &'static About), Failure> {
    let run = store::one(tx, &ctx.scope(), id).await?.ok_or(Failure::NotFound)?;
    let entry = kind_for(ctx, &run.kind)?;
    Ok((run, entry.about))
}

/// Begins a run for a stored file of `origin` and orders its check.
///
/// # Errors
/// [`Failure::NotFound`] when the asker may not bring such a file.
pub async fn bring(
    ctx: &Ctx,
    tx: &mut Tx,
    (about, origin): (&'static About, Option<Origin>),
    file_name: &str,
    blob: &Blob,
) -> Result<Run, Failure> {
    let clerk = ctx.who.member().filter(|member| about.open_to(member)).ok_or(Failure::NotFound)?;
    let run = Run {
        id: ctx.id(),
        kind: about.key.to_owned(),
        path: clerk.path.clone(),
        state: State::Checking,
        origin,
        file_name: file_name.chars().take(120).collect(),
        digest: blob.digest.clone(),
        size: blob.size,
        clerk: clerk.clone(),
        brought_at: ctx.at,
        checked_at: None,
        confirmed_at: None,
        taken_at: None,
        undone_at: None,
        tally: Tally::default(),
        choices: BTreeMap::new(),
        note: String::new(),
        version: 1,
    };
    store::bring(tx, &run).await?;
    work::order(tx, ctx.at, &run, State::Checking).await?;
    let from = run.origin.as_ref().map(|origin| origin.name.as_str());
    let detail = (about.key, &blob.digest, blob.size, from);
    audit::record(ctx, tx, "roster.brought", run.id.uuid(), &detail).await?;
    Ok(run)
}

/// Begins a run for a stored roll of teachers that was made of another kind of file, of `origin`.
///
/// # Errors
/// As [`bring`].
pub async fn bring_teachers(
    ctx: &Ctx,
    tx: &mut Tx,
    origin: Origin,
    (file_name, blob): (&str, &Blob),
) -> Result<Run, Failure> {
    bring(ctx, tx, (&Teachers::ABOUT, Some(origin)), file_name, blob).await
}

/// Says of the row of question `seq` whether it is taken.
///
/// # Errors
/// [`Failure::Refused`] when the run no longer waits for an answer.
pub async fn answer(ctx: &Ctx, tx: &mut Tx, run: &Run, seq: i64, take: bool) -> Result<(), Failure> {
    waiting(run)?;
    if !store::answer(tx, run.id, seq, take).await? {
        return Err(Failure::NotFound);
    }
    Ok(audit::record(ctx, tx, "roster.answered", run.id.uuid(), &(seq, take)).await?)
}

/// Says of every row in question whether it is taken.
///
/// # Errors
/// As [`answer`].
pub async fn answer_all(ctx: &Ctx, tx: &mut Tx, run: &Run, take: bool) -> Result<u64, Failure> {
    waiting(run)?;
    let answered = store::answer_all(tx, run.id, take).await?;
    audit::record(ctx, tx, "roster.answered", run.id.uuid(), &("all", take)).await?;
    Ok(answered)
}

fn waiting(run: &Run) -> Result<(), Failure> {
    if matches!(run.state, State::Ready | State::Wrong) {
        return Ok(());
    }
    Err(Failure::Refused(format!("这次导入现在是“{}”，不能再改动决定。", run.state.chinese())))
}

/// Confirms `run` with the clerk's `choices` and orders that it be taken.
///
/// # Errors
/// [`Failure::Refused`] with the reason; [`Failure::Stale`] when it has changed since it was shown.
pub async fn confirm(
    ctx: &Ctx,
    tx: &mut Tx,
    run: &Run,
    choices: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    let open = store::open_questions(tx, run.id).await?;
    run.may_be_confirmed(open).map_err(Failure::Refused)?;
    if !store::confirmed(tx, run, choices, ctx.at).await? {
        return Err(changed_meanwhile());
    }
    order_next(ctx, tx, run, State::Taking).await?;
    Ok(audit::record(ctx, tx, "roster.confirmed", run.id.uuid(), &(&run.digest, choices)).await?)
}

/// Puts `run` away without taking it.
///
/// # Errors
/// [`Failure::Refused`] when it is taken or being worked on.
pub async fn put_away(ctx: &Ctx, tx: &mut Tx, run: &Run) -> Result<(), Failure> {
    if !matches!(run.state, State::Ready | State::Wrong | State::Unreadable) {
        return Err(Failure::Refused(format!("这次导入现在是“{}”，不能放弃。", run.state.chinese())));
    }
    if !store::move_on(tx, run.id, run.state, State::Dropped, &run.note).await? {
        return Err(changed_meanwhile());
    }
    Ok(audit::record(ctx, tx, "roster.dropped", run.id.uuid(), &run.digest).await?)
}

/// Orders that `run` be undone.
///
/// # Errors
/// [`Failure::Refused`] with the reason, such as that seven days have passed.
pub async fn undo(ctx: &Ctx, tx: &mut Tx, run: &Run) -> Result<(), Failure> {
    run.may_be_undone(ctx.at).map_err(Failure::Refused)?;
    if !store::move_on(tx, run.id, State::Taken, State::Undoing, "").await? {
        return Err(changed_meanwhile());
    }
    order_next(ctx, tx, run, State::Undoing).await?;
    Ok(audit::record(ctx, tx, "roster.undo_ordered", run.id.uuid(), &run.digest).await?)
}

async fn order_next(ctx: &Ctx, tx: &mut Tx, run: &Run, state: State) -> Result<(), DbError> {
    let next = Run { version: run.version + 1, ..run.clone() };
    work::order(tx, ctx.at, &next, state).await
}

fn changed_meanwhile() -> Failure {
    Failure::Stale("这次导入的状态刚刚有了变化。".to_owned())
}
