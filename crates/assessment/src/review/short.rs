//! Works before a panel that fewer judge than their step needs. The board says so where nobody can be drawn; where
//! somebody can, they are drawn.

use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope, Tx};
use uuid::Uuid;

use super::board::store as board;
use super::steps::{Case, can_be_filled};
use super::{actions, store};
use crate::evidence::{State, Submission};

/// How many works have been handed in, and at most `most` of them that are before a panel and lack judges although
/// somebody can be drawn, which must not be.
///
/// # Errors
/// What the database reports.
pub async fn check_panels(
    ctx: &Ctx,
    programme: Uuid,
    most: usize,
) -> Result<(usize, Vec<Id<Submission>>), Failure> {
    let mut tx = ctx.read().await?;
    let states = board::counts(&mut tx, programme, &Scope::everything()).await?;
    drop(tx);
    let handed_in =
        states.iter().filter(|(state, _)| *state != State::Draft).map(|(_, count)| *count).sum::<i64>();
    let count = usize::try_from(handed_in).unwrap_or(usize::MAX);
    let (mut wrong, mut after) = (Vec::new(), Uuid::nil());
    loop {
        let mut tx = ctx.read().await?;
        let waiting = store::waiting(&mut tx, programme, &Scope::everything(), after).await?;
        let Some(last) = waiting.last() else { return Ok((count, wrong)) };
        after = last.uuid();
        for id in waiting {
            if wrong.len() >= most {
                return Ok((count, wrong));
            }
            if lacks(ctx, &mut tx, programme, id).await? {
                wrong.push(id);
            }
        }
    }
}

/// Draws for the works that lack judges although somebody can be drawn; says how many there were.
///
/// # Errors
/// What the database reports.
pub async fn draw_again(ctx: &Ctx, programme: Uuid) -> Result<usize, Failure> {
    let (_, short) = check_panels(ctx, programme, usize::MAX).await?;
    for id in &short {
        let mut tx = ctx.write().await?;
        actions::look_after(ctx, &mut tx, programme, *id).await?;
        tx.commit().await?;
    }
    Ok(short.len())
}

async fn lacks(ctx: &Ctx, tx: &mut Tx, programme: Uuid, id: Id<Submission>) -> Result<bool, Failure> {
    let case = Case::load(ctx, tx, programme, id).await?;
    can_be_filled(tx, &case).await
}
