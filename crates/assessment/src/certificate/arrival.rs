//! After a file of teachers: those whom it moved stand at their new schools, and those whom it
//! brought have a standing, which says what they are to do. What is written grows with the file; what
//! is read, with the part of the tree of its clerk.

use tisheng_platform::jobs::{Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::roster::{self, Kind, Passed, Teachers};
use uuid::Uuid;

use super::everybody::{STEP, look, settle};
use super::standing::{refresh, told};
use super::store::standing as store;

/// A file of teachers was taken or undone.
pub(super) async fn follow_posts_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let passed: Passed = claimed.payload()?;
    if passed.kind != Teachers::ABOUT.key {
        return Ok(());
    }
    let mut tx = ctx.read().await?;
    let programmes = scheme::all(&mut tx).await.map_err(told)?;
    drop(tx);
    for programme in &programmes {
        follow_within(&ctx, programme, &Scope::below(&passed.path)).await.map_err(told)?;
    }
    let mut after = 0;
    loop {
        let mut tx = ctx.read().await?;
        let posts = roster::posts_taken_up(&mut tx, passed.run, after, STEP).await?;
        drop(tx);
        let Some((last, _)) = posts.last() else { return Ok(()) };
        after = *last;
        let all = || posts.iter().map(|(_, post)| *post);
        if let (Some(first), Some(last)) = (all().min(), all().max()) {
            follow_there(&ctx, (first, last)).await.map_err(told)?;
            for programme in &programmes {
                receive(&ctx, programme, (first, last)).await.map_err(told)?;
            }
        }
    }
}

/// Puts the standings of a part of the tree where their teachers' posts are: what a file moved, or
/// an undone one moved back, stood within the part of its clerk.
async fn follow_within(ctx: &Ctx, programme: &Programme, scope: &Scope) -> Result<(), Failure> {
    loop {
        let mut tx = ctx.read().await?;
        let moved = store::moved_within(&mut tx, programme.id, scope, STEP).await?;
        drop(tx);
        if moved.is_empty() {
            return Ok(());
        }
        let mut tx = ctx.write().await?;
        for person in moved {
            store::follow_post(&mut tx, programme.id, person).await?;
        }
        tx.commit().await?;
    }
}

/// The same for those who took up posts of a range of identifiers: somebody who comes back has a
/// standing that may be anywhere.
async fn follow_there(ctx: &Ctx, posts: (Uuid, Uuid)) -> Result<(), Failure> {
    let mut tx = ctx.read().await?;
    let moved = store::moved_to(&mut tx, posts).await?;
    drop(tx);
    if moved.is_empty() {
        return Ok(());
    }
    let mut tx = ctx.write().await?;
    for (programme, person) in moved {
        store::follow_post(&mut tx, programme, person).await?;
    }
    Ok(tx.commit().await?)
}

/// Gives a standing in a programme to those of them who have none.
async fn receive(ctx: &Ctx, programme: &Programme, posts: (Uuid, Uuid)) -> Result<(), Failure> {
    let scope = Scope::below(&programme.path);
    let mut tx = ctx.read().await?;
    let newcomers = store::newcomers(&mut tx, programme.id, &scope, posts).await?;
    let (Some((first, _)), Some((last, _))) = (newcomers.first(), newcomers.last()) else {
        return Ok(());
    };
    // Those of one file stand side by side and are read as one; others may have everybody between
    // them.
    let is_dense = store::are_side_by_side(&mut tx, *first, *last, newcomers.len()).await?;
    drop(tx);
    if is_dense {
        let look = look(ctx.clone(), programme.clone(), newcomers).await?;
        settle(ctx, programme, look.different).await?;
        return Ok(());
    }
    let mut tx = ctx.write().await?;
    for (person, _) in newcomers {
        refresh(ctx, &mut tx, programme, person).await?;
    }
    Ok(tx.commit().await?)
}
