//! `tisheng lti …`: the keys that messages to learning tools are signed with.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use tisheng_gateway::lti::{self, Rotated, Use};
use tisheng_platform::Ctx;
use tisheng_platform::config::Config;

use crate::say::say;
use crate::{Ended, assembly};

/// What to do with them.
#[derive(Debug, Subcommand)]
pub enum LtiCommand {
    /// List the keys that are published, the last one first, and those withdrawn within 30 days.
    Keys,
    /// Make a key that is published at once and signs from tomorrow, so that tools know it by then.
    /// The one before is published for seven days more.
    Rotate {
        /// Withdraw every key that there is, at once, and let the new one sign from now on: for when
        /// somebody else may hold one. Tools that keep our keys for a while open nothing until then.
        #[arg(long)]
        revoke: bool,
    },
}

/// Runs one of them.
pub async fn run(command: &LtiCommand, config: Config) -> Ended {
    let app = assembly::open(config).await?;
    let ctx = Ctx::system(Arc::clone(&app), "command line");
    match command {
        LtiCommand::Keys => {
            let mut tx = ctx.read().await?;
            for (key, used) in lti::listed(&ctx, &mut tx).await.map_err(|e| format!("{e:?}"))? {
                let used = match used {
                    Use::Waits(from) => format!("signs from {from}"),
                    Use::Signs => "signs".to_owned(),
                    Use::Verifies(until) => format!("published until {until}"),
                    Use::Revoked(at) => format!("withdrawn {at}"),
                };
                say(&format!("{}  made {}  {used}", key.kid, key.made_at))?;
            }
        }
        LtiCommand::Rotate { revoke: true } => {
            let kid = lti::revoke(&ctx).await.map_err(|e| format!("{e:?}"))?;
            say(&format!("{kid} signs from now on; all keys before it are withdrawn"))?;
        }
        LtiCommand::Rotate { revoke: false } => {
            match lti::rotate(&ctx).await.map_err(|e| format!("{e:?}"))? {
                Rotated::Made(kid, from) => say(&format!("{kid} signs from {from}"))?,
                Rotated::Waits(kid, from) => {
                    say(&format!("{kid} was made before and signs from {from}; nothing is changed"))?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
