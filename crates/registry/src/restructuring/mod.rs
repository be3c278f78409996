//! Moving a part of the tree with everything that stands in it (ORG-1).
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

use crate::organisation::{self, Moved, Node, OrganisationError};
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
    people::follow(tx, &shift).await?;
    access::follow(ctx, tx, &moved.from, &shift).await?;
    Ok(moved)
}
