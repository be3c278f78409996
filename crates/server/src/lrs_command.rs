//! `tisheng lrs …`: who may speak with the record store.

use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use clap::Subcommand;
use tisheng_gateway::lrs::{self, Credential, Scope};
use tisheng_kernel::Id;
use tisheng_platform::config::Config;
use tisheng_platform::{Ctx, Tx};
use uuid::Uuid;

use crate::{Ended, assembly};

/// What to do with the record store.
#[derive(Debug, Subcommand)]
pub enum LrsCommand {
    /// Keys of machines.
    #[command(subcommand)]
    Credential(CredentialCommand),
}

/// What to do with keys of machines.
#[derive(Debug, Subcommand)]
pub enum CredentialCommand {
    /// Make one; key and secret are printed once.
    Create {
        /// What people call it.
        #[arg(long)]
        name: String,
        /// What it allows, in the words of the standard, such as statements/write; several times.
        #[arg(long, required = true)]
        scope: Vec<Scope>,
        /// Identifier of the learning platform that it belongs to.
        #[arg(long)]
        platform: Option<Uuid>,
    },
    /// List them.
    List,
    /// Print a new secret; the old one is taken for a while.
    Rotate {
        /// The key.
        key: String,
        /// Hours for which the old secret is taken.
        #[arg(long, default_value_t = 24)]
        hours: u32,
    },
    /// Take one no more. A running server notices within seconds.
    Revoke {
        /// The key.
        key: String,
    },
}

/// Runs one of them.
pub async fn run(LrsCommand::Credential(command): &LrsCommand, config: Config) -> Ended {
    let app = assembly::open(config).await?;
    let ctx = Ctx::system(Arc::clone(&app), "command line");
    let mut tx = ctx.write().await?;
    match command {
        CredentialCommand::Create { name, scope, platform } => {
            let issued = lrs::create(&ctx, &mut tx, name, scope, *platform).await?;
            tx.commit().await?;
            println!("key {}\nsecret {}\nthe secret is not shown again", issued.key, issued.secret);
        }
        CredentialCommand::List => {
            for listed in lrs::list(&mut tx).await? {
                let scopes = Scope::ALL.iter().filter(|(scope, _)| listed.credential.scopes.contains(scope));
                let scopes: Vec<&str> = scopes.map(|(_, code)| *code).collect();
                let end = listed.revoked.map(|at| format!("  revoked {at}")).unwrap_or_default();
                println!("{}  {}  {}{end}", listed.credential.key, listed.credential.name, scopes.join(" "));
            }
        }
        CredentialCommand::Rotate { key, hours } => {
            let id = of_key(&mut tx, key).await?;
            let secret = lrs::rotate(&ctx, &mut tx, id, TimeDelta::hours(i64::from(*hours))).await?;
            let secret = secret.ok_or("this key is revoked")?;
            tx.commit().await?;
            println!("secret {secret}\nthe secret is not shown again");
        }
        CredentialCommand::Revoke { key } => {
            let id = of_key(&mut tx, key).await?;
            if !lrs::revoke(&ctx, &mut tx, id).await? {
                return Err("this key is revoked already".into());
            }
            tx.commit().await?;
            println!("revoked");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn of_key(tx: &mut Tx, key: &str) -> Result<Id<Credential>, Box<dyn std::error::Error + Send + Sync>> {
    let found = lrs::list(tx).await?.into_iter().find(|listed| listed.credential.key == key);
    Ok(found.ok_or("no credential has this key")?.credential.id)
}
