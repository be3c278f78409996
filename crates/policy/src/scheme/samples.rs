//! A programme for the town of the registry's samples: for the demo and the stories of higher
//! rooms.

use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Parts};
use tisheng_registry::organisation::Node;
use tisheng_rules::builtin;

use super::{ENVIRONMENTS, File, Programme, Rulebook, SchemeError, open};

/// The long-lived parts that this room needs.
#[must_use]
pub fn parts() -> Parts {
    Parts::default().with(Rulebook::default()).with(ENVIRONMENTS)
}

/// The files of a scheme as this room keeps them.
#[must_use]
pub fn owned(files: builtin::Files) -> Vec<File> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// Starts a programme for the territory of `node`, running by `files`.
///
/// # Errors
/// What the action reports.
pub async fn programme(ctx: &Ctx, node: &Node, files: &[File]) -> Result<Programme, Failure> {
    let mut tx = ctx.write().await?;
    let programme = open(ctx, &mut tx, (node.id, &node.path), files).await.map_err(|error| match error {
        SchemeError::Failed(failure) => failure,
        other => Failure::Internal(other.to_string()),
    })?;
    tx.commit().await?;
    Ok(programme)
}
