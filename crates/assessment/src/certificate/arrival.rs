//! After a file of teachers: those whom it moved stand at their new schools with their certificates, and those whom it
//! brought have a standing, which says what they are to do. The work grows with the file; only what
//! was undone, which leaves no trace, is looked for in the part of the tree of its clerk.

use tisheng_kernel::Id;
use tisheng_platform::jobs::{Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people::Person;
use tisheng_registry::roster::{self, Kind, Passed, Run, State, Teachers};
use uuid::Uuid;

use super::everybody::{STEP, Step, look, settle};
use super::standing::refresh;
use super::store::standing as store;
use super::store::{astray_within, follow_holder};

/// People written one by one in a transaction: others write as well.
const AT_ONCE: usize = 100;

/// A file of teachers was taken or undone.
pub(super) async fn follow_posts_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let passed: Passed = claimed.payload()?;
    if passed.kind != Teachers::ABOUT.key {
        return Ok(());
    }
    let mut tx = ctx.read().await?;
    let programmes = scheme::all(&mut tx).await?;
    // Where the run stands by now: the tree may have been moved since the event.
    let run = roster::run(&mut tx, passed.run).await?;
    drop(tx);
    let Some(run) = run else { return Ok(()) };
    for programme in &programmes {
        let done = if run.state == State::Undone {
            follow_back(&ctx, programme, &Scope::below(&run.path)).await
        } else {
            follow_run(&ctx, programme, &run).await
        };
        done?;
    }
    Ok(())
}

/// Whoever an undone file moved back stands within the part of its clerk, at a school where the open
/// post is not any more; of whoever it had brought back only the certificates do.
async fn follow_back(ctx: &Ctx, programme: &Programme, scope: &Scope) -> Result<(), Failure> {
    let mut tx = ctx.read().await?;
    let mut moved = store::moved_within(&mut tx, programme.id, scope).await?;
    moved.extend(astray_within(&mut tx, programme.id, scope).await?);
    drop(tx);
    follow(ctx, programme, &moved).await
}

/// Whoever took up a post by the file.
async fn follow_run(ctx: &Ctx, programme: &Programme, run: &Run) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let mut tx = ctx.read().await?;
        let posts = roster::posts_taken_up(&mut tx, run.id, after, STEP).await?;
        let Some((last, _)) = posts.last() else { return Ok(()) };
        after = *last;
        let all = || posts.iter().map(|(_, post)| *post);
        let (Some(first), Some(last)) = (all().min(), all().max()) else { return Ok(()) };
        let moved = store::moved_to(&mut tx, programme.id, (first, last)).await?;
        let scope = Scope::below(&programme.path);
        let newcomers = store::newcomers(&mut tx, programme.id, &scope, (first, last)).await?;
        drop(tx);
        follow(ctx, programme, &moved).await?;
        receive(ctx, programme, run.id.uuid(), newcomers).await?;
    }
}

/// Puts standings where their teachers' open posts are, and certificates with them.
async fn follow(ctx: &Ctx, programme: &Programme, moved: &[Id<Person>]) -> Result<(), Failure> {
    for some in moved.chunks(AT_ONCE) {
        let mut tx = ctx.write().await?;
        for person in some {
            // The line is held before the post is read: whoever moves the person meanwhile comes after.
            store::claim_standing(&mut tx, programme, *person, ctx.at).await?;
            store::follow_post(&mut tx, programme.id, *person).await?;
            follow_holder(&mut tx, programme.id, *person).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Gives a standing to teachers who have none. Those whom the file made stand side by side and are
/// read as one; those who were known before it may have everybody between them.
async fn receive(ctx: &Ctx, programme: &Programme, run: Uuid, teachers: Step) -> Result<(), Failure> {
    let (made, mut known): (Step, Step) = teachers.into_iter().partition(|(person, _)| person.uuid() > run);
    if let (Some((first, _)), Some((last, _))) = (made.first(), made.last()) {
        let mut tx = ctx.read().await?;
        let is_dense = store::are_side_by_side(&mut tx, *first, *last, made.len()).await?;
        drop(tx);
        if is_dense {
            let look = look(ctx.clone(), programme.clone(), made).await?;
            settle(ctx, programme, look.different).await?;
        } else {
            known.extend(made);
        }
    }
    for some in known.chunks(AT_ONCE) {
        let mut tx = ctx.write().await?;
        for (person, _) in some {
            refresh(ctx, &mut tx, programme, *person).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
