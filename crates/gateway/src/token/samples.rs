//! Tokens for the stories of higher rooms and the demonstration.

use tisheng_platform::{Ctx, DbError, Tx};
use tisheng_registry::organisation::Node;
use tisheng_training::platform::Platform;

use super::actions::create;
use super::model::{Issued, Scope, USUAL_RATE, Wanted};

/// A token at `node` for a year, in the name of `platform` where one is given.
///
/// # Errors
/// What the database reports.
pub async fn token(
    ctx: &Ctx,
    tx: &mut Tx,
    (node, platform): (&Node, Option<&Platform>),
    scopes: &[Scope],
) -> Result<Issued, DbError> {
    let wanted = Wanted {
        name: "样例令牌".to_owned(),
        node: (node.id, node.path.clone()),
        platform: platform.map(|platform| platform.id),
        scopes: scopes.to_vec(),
        rate: USUAL_RATE,
        days: 365,
    };
    create(ctx, tx, &wanted).await
}
