//! Moving a part of the tree with everything that stands in it, and closing what is empty (ORG-1).
//!
//! The tree, posts and roles keep paths of their own, so that lists and permissions need no walk
//! up the tree; a move rewrites all of them in one transaction. Higher rooms that keep paths hear
//! of it through the event `organisation.moved` ([`Moved`]).

mod pages;
#[cfg(test)]
mod tests;

pub use pages::routes;

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::{Ctx, Tx};

use crate::organisation::{self, Close, Moved, Node, OrganisationError};
use crate::role::{Permission, permit};
use crate::{access, people};

/// Moves the node `(id, version)` under `parent` from the day `from` on.
///
/// # Errors
/// [`OrganisationError`].
pub async fn relocate(
    ctx: &Ctx,
    tx: &mut Tx,
    node: (Id<Node>, i64),
    parent: Id<Node>,
    from: NaiveDate,
    reason: &str,
) -> Result<Moved, OrganisationError> {
    let moved = organisation::relocate(ctx, tx, node, parent, from, reason).await?;
    let shift = moved.shift();
    people::follow(ctx, tx, &shift).await?;
    access::follow(ctx, tx, &moved.from, &shift).await?;
    Ok(moved)
}

/// Ends a node in which nobody holds a post any more: a teacher of a closed school would be
/// counted above and nowhere below.
///
/// # Errors
/// [`OrganisationError::StillTaught`], and as [`organisation::Close`] is refused.
pub async fn close(ctx: &Ctx, tx: &mut Tx, end: &Close<'_>) -> Result<(), OrganisationError> {
    permit(ctx, Permission::ShapeOrganisation)?;
    let node = organisation::visible(ctx, tx, end.node).await?;
    let teachers = people::posts_at(tx, node.id).await?;
    if teachers > 0 {
        return Err(OrganisationError::StillTaught(teachers));
    }
    organisation::close(ctx, tx, end).await
}
