//! The jobs behind the loop. Each begins by looking whether its run still stands where the job
//! belongs, and ends by moving it on in the transaction of the work itself: done twice, or begun
//! and killed and done again, it comes to the same.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::jobs::{self, Claimed, Handlers, JobError};
use tisheng_platform::{App, Ctx, DbError, Scope, Tx, Who, audit};

use super::checking::Refusal;
use super::kind::{Desk, Entry, Kinds, Obstacle};
use super::model::{Run, State};
use super::store;
use super::taking::Halt;
use crate::people::Person;

/// The event that a file has been taken or undone; its payload is a [`Passed`].
pub const PASSED: &str = "roster.passed";

/// The event that a part of an undone file has opened posts again; its payload is a [`PutBack`].
pub const PUT_BACK: &str = "roster.put_back";

/// Who stands again at the school where an undone file had ended the post.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PutBack {
    /// They.
    pub people: Vec<Id<Person>>,
}

/// Traces put back at once.
const BATCH: i64 = 2_000;

/// What kind of file has been taken or undone, and where.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Passed {
    /// The run.
    pub run: Id<Run>,
    /// The key of its kind.
    pub kind: String,
    /// The path of the node at which the clerk acted.
    pub path: String,
}

/// The jobs of the loop; the assembly adds them to its own.
#[must_use]
pub fn handlers(to: Handlers) -> Handlers {
    to.job("roster.check", check).job("roster.take", take).job("roster.undo", undo)
}

/// Orders the job that `run`, about to be in `state`, waits for.
pub(super) async fn order(tx: &mut Tx, at: Instant, run: &Run, state: State) -> Result<(), DbError> {
    let kind = match state {
        State::Checking => "roster.check",
        State::Taking => "roster.take",
        State::Undoing => "roster.undo",
        _ => return Ok(()),
    };
    // The same run may be checked or undone again later: the version tells the orders apart.
    let key = format!("{}-{}", run.id, run.version);
    jobs::enqueue_awaited(tx, at, kind, &key, &run.id).await.map(drop)
}

async fn find(ctx: &Ctx, claimed: &Claimed, state: State) -> Result<Option<(Run, Entry)>, JobError> {
    let id: Id<Run> = claimed.payload()?;
    let mut tx = ctx.read().await?;
    let Some(run) = store::one(&mut tx, &Scope::everything(), id).await? else { return Ok(None) };
    if run.state != state {
        return Ok(None);
    }
    let entry = ctx.app.parts.get::<Kinds>().find(&run.kind);
    let entry = entry.ok_or_else(|| JobError(format!("no kind of file is called {}", run.kind)))?;
    Ok(Some((run, entry)))
}

/// The desk of the clerk who brought `run`.
pub(super) fn desk_of(app: &Arc<App>, run: &Run) -> Desk {
    let ctx = Ctx::new(Arc::clone(app), Who::Member(Box::new(run.clerk.clone())));
    Desk {
        scope: ctx.scope(),
        today: ctx.at.date(),
        member: run.clerk.clone(),
        run: run.id.uuid(),
        choices: run.choices.clone(),
        origin: run.origin.clone(),
        ctx,
    }
}

async fn check(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let Some((run, entry)) = find(&ctx, &claimed, State::Checking).await? else { return Ok(()) };
    let desk = desk_of(&ctx.app, &run);
    let outcome = (entry.check)(&desk, &run).await;
    ctx.app.parts.get::<Kinds>().board.clear(desk.run);
    let (state, tally, note) = match outcome {
        // What sent the file back to be checked again stays to be read beside the result.
        Ok(checked) => (checked.state(), checked.tally, run.note.clone()),
        Err(Refusal::Unreadable(sentence)) => (State::Unreadable, run.tally, sentence),
        Err(Refusal::Db(error)) => return Err(error.into()),
    };
    let at = ctx.app.now();
    let mut tx = ctx.write().await?;
    store::checked(&mut tx, run.id, state, &tally, &note, at).await?;
    Ok(tx.commit().await?)
}

async fn take(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let Some((run, entry)) = find(&ctx, &claimed, State::Taking).await? else { return Ok(()) };
    let desk = desk_of(&ctx.app, &run);
    let mut tx = ctx.write_alone().await?;
    let answers = store::answers(&mut tx, run.id).await?;
    let outcome = (entry.take)(&desk, &run, &mut tx, &answers).await;
    ctx.app.parts.get::<Kinds>().board.clear(desk.run);
    match outcome {
        Ok(tally) => {
            if !store::taken(&mut tx, run.id, &tally, ctx.app.now()).await? {
                // Another worker has been here: its work counts, this one's is dropped.
                return Ok(());
            }
            audit::record(&desk.ctx, &mut tx, "roster.taken", desk.run, &(&run.kind, &run.digest, &tally))
                .await?;
            jobs::emit(&mut tx, desk.ctx.at, PASSED, &passed(&run)).await?;
            Ok(tx.commit().await?)
        }
        Err(Halt::Overtaken) => {
            drop(tx);
            check_again(&ctx, run).await
        }
        Err(Halt::Unreadable(sentence)) => {
            drop(tx);
            let mut tx = ctx.write().await?;
            store::move_on(&mut tx, run.id, State::Taking, State::Unreadable, &sentence).await?;
            Ok(tx.commit().await?)
        }
        Err(Halt::Db(error)) => Err(error.into()),
    }
}

async fn check_again(ctx: &Ctx, mut run: Run) -> Result<(), JobError> {
    const NOTE: &str = "核对之后系统中的数据有了变化，没有导入任何内容；已重新核对，请查看后再确认。";
    let mut tx = ctx.write().await?;
    if store::move_on(&mut tx, run.id, State::Taking, State::Checking, NOTE).await? {
        run.version += 1;
        order(&mut tx, ctx.at, &run, State::Checking).await?;
    }
    Ok(tx.commit().await?)
}

async fn undo(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let Some((run, entry)) = find(&ctx, &claimed, State::Undoing).await? else { return Ok(()) };
    let desk = desk_of(&ctx.app, &run);
    let mut tx = ctx.write_alone().await?;
    let outcome = put_back(&desk, &run, entry, &mut tx).await;
    ctx.app.parts.get::<Kinds>().board.clear(desk.run);
    let sentence = match outcome {
        Ok(()) => {
            if store::undone(&mut tx, run.id, ctx.app.now()).await? {
                audit::record(&desk.ctx, &mut tx, "roster.undone", desk.run, &(&run.kind, &run.digest))
                    .await?;
                jobs::emit(&mut tx, desk.ctx.at, PASSED, &passed(&run)).await?;
                tx.commit().await?;
            }
            return Ok(());
        }
        Err(Obstacle::BuiltOn(sentence)) => sentence,
        Err(Obstacle::Db(DbError::Reference(_) | DbError::Unique(_))) => {
            "导入的内容已经被后续业务使用，不能整批撤销；请逐条更正。".to_owned()
        }
        Err(Obstacle::Db(error)) => return Err(error.into()),
    };
    drop(tx);
    let mut tx = ctx.write().await?;
    store::move_on(&mut tx, run.id, State::Undoing, State::Taken, &sentence).await?;
    Ok(tx.commit().await?)
}

async fn put_back(desk: &Desk, run: &Run, entry: Entry, tx: &mut Tx) -> Result<(), Obstacle> {
    let board = &desk.ctx.app.parts.get::<Kinds>().board;
    let (mut before, mut done) = (i64::MAX, 0_u32);
    loop {
        let (traces, next) = store::traces_backwards(tx, run.id, before, BATCH).await?;
        if traces.is_empty() {
            store::clear_traces(tx, run.id).await?;
            return Ok(());
        }
        done = done.saturating_add(u32::try_from(traces.len()).unwrap_or_default());
        (entry.undo)(desk, tx, traces).await?;
        board.set(desk.run, done.min(run.tally.rows), run.tally.rows);
        before = next;
        tokio::task::yield_now().await;
    }
}

fn passed(run: &Run) -> Passed {
    Passed { run: run.id, kind: run.kind.clone(), path: run.path.clone() }
}
