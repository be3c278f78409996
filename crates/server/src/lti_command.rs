//! `tisheng lti …`: the keys that messages to learning tools are signed with.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use tisheng_gateway::lti::{self, Rotated, Use};
use tisheng_platform::Ctx;
use tisheng_platform::config::Config;
use tisheng_platform::web::Failure;

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
        /// Withdraw the key of this name at once, for when somebody else may hold it; see `lti keys`. One
        /// that tools know signs in its place, where there is one. Without a name every key is
        /// withdrawn, and the new one signs from now on: tools that keep our keys for a while open
        /// nothing until they ask again.
        #[arg(long, value_name = "KID", num_args = 0..=1, allow_hyphen_values = true)]
        revoke: Option<Option<String>>,
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
        LtiCommand::Rotate { revoke: Some(None) } => {
            let kid = lti::revoke(&ctx).await.map_err(|e| format!("{e:?}"))?;
            say(&format!("{kid} signs from now on; all keys before it are withdrawn"))?;
        }
        LtiCommand::Rotate { revoke: Some(Some(kid)) } => {
            let withdrawn = lti::withdraw(&ctx, kid).await.map_err(|failure| match failure {
                Failure::NotFound => format!("no key called {kid} is published; see `tisheng lti keys`"),
                other => format!("{other:?}"),
            })?;
            say(&format!("{kid} is withdrawn; {} signs", withdrawn.signs))?;
            if let Some((next, from)) = withdrawn.next {
                say(&format!("{next} signs from {from}"))?;
            }
        }
        LtiCommand::Rotate { revoke: None } => {
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn a_key_whose_name_begins_with_a_hyphen_can_be_named() {
        for kid in ["-1hUqn7Fhv7U", "--1hUqn7Fhv7U", "1hUqn7Fhv7U"] {
            let cli = Cli::try_parse_from(["tisheng", "lti", "rotate", "--revoke", kid]).expect("a command");
            let Command::Lti(LtiCommand::Rotate { revoke: Some(Some(named)) }) = cli.command else {
                panic!("another command: {:?}", cli.command);
            };
            assert_eq!(named, kid);
        }
    }
}
