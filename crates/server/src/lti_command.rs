//! `tisheng lti …`: the keys that messages to learning tools are signed with.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use tisheng_gateway::lti;
use tisheng_platform::Ctx;
use tisheng_platform::config::Config;

use crate::say::say;
use crate::{Ended, assembly};

/// What to do with them.
#[derive(Debug, Subcommand)]
pub enum LtiCommand {
    /// List the keys that are published, the one that signs first.
    Keys,
    /// Make a key that signs from now on. The one before is published for seven days more; tools
    /// find the new one by themselves.
    Rotate,
}

/// Runs one of them.
pub async fn run(command: &LtiCommand, config: Config) -> Ended {
    let app = assembly::open(config).await?;
    let ctx = Ctx::system(Arc::clone(&app), "command line");
    match command {
        LtiCommand::Keys => {
            let mut tx = ctx.read().await?;
            for key in lti::published(&ctx, &mut tx).await.map_err(|e| format!("{e:?}"))? {
                let end = key.until.map(|at| format!("  published until {at}")).unwrap_or_default();
                say(&format!("{}  made {}{end}", key.kid, key.made_at))?;
            }
        }
        LtiCommand::Rotate => {
            let kid = lti::rotate(&ctx).await.map_err(|e| format!("{e:?}"))?;
            say(&format!("{kid} signs from now on"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
