//! What environments schools may have, as the schemes that run say.

use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::organisation::{Environment, EnvironmentSource, Environments};

use super::actions::{at, below};
use super::rulebook::rules;

/// How the room of organisations asks what environments a scheme knows; the assembly gives it over as a
/// part.
pub const ENVIRONMENTS: EnvironmentSource =
    EnvironmentSource(|ctx, tx, path| Box::pin(environments(ctx, tx, path)));

/// The environments of the scheme that runs at `path`, or else of those that run below it.
async fn environments(ctx: &Ctx, tx: &mut Tx, path: &str) -> Result<Environments, Failure> {
    let running = match at(tx, path).await {
        Ok(programme) => vec![programme],
        Err(Failure::NotFound) => below(tx, path).await?,
        Err(failure) => return Err(failure),
    };
    let mut known = Vec::new();
    for programme in running {
        let rules = rules(&ctx.app, tx, &programme).await?;
        known.extend(rules.framework.environments.iter().map(|one| Environment {
            key: one.key.clone(),
            title: one.title.clone(),
            description: (*one.description).clone(),
        }));
    }
    Ok(Environments::of(known))
}
