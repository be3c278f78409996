//! `tisheng token …`: with what other systems speak with this one.

use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use clap::Subcommand;
use tisheng_gateway::token::{self, Issued, Scope, State, Token, USUAL_RATE, Wanted};
use tisheng_kernel::Id;
use tisheng_platform::config::Config;
use tisheng_platform::{App, Ctx, Tx};
use tisheng_registry::organisation::{self, Node};
use tisheng_training::platform;
use uuid::Uuid;

use crate::say::say;
use crate::{Ended, assembly};

type Wrong = Box<dyn std::error::Error + Send + Sync>;

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make one; it is printed once.
    Create {
        /// What people call it.
        #[arg(long)]
        name: String,
        /// Where it acts: the code of a region or school, or the identifier of a node.
        #[arg(long)]
        node: String,
        /// What it allows, such as hours:write; several times.
        #[arg(long, required = true)]
        scope: Vec<String>,
        /// Identifier of the learning platform in whose name hours and courses come.
        #[arg(long)]
        platform: Option<Uuid>,
        /// Days for which it lasts.
        #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(1..=3_650))]
        days: u32,
        /// Requests a second.
        #[arg(long, default_value_t = USUAL_RATE, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        rate: u32,
    },
    /// List them.
    List,
    /// Print one with a new secret; the old one is taken for a while.
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
pub async fn run(command: &TokenCommand, config: Config) -> Ended {
    let app = assembly::open(config).await?;
    let ctx = Ctx::system(Arc::<App>::clone(&app), "command line");
    let mut tx = ctx.write().await?;
    match command {
        TokenCommand::Create { name, node, scope, platform, days, rate } => {
            let scopes: Vec<Scope> = scope.iter().map(|text| scope_of(text)).collect::<Result<_, _>>()?;
            let platform = match platform {
                Some(id) => Some(known(&mut tx, *id).await?),
                None => None,
            };
            if let Some(scope) = scopes.iter().find(|scope| platform.is_none() && scope.needs_platform()) {
                return Err(format!("{} needs --platform", scope.key()).into());
            }
            let node = node_of(&mut tx, node).await?;
            let (name, node) = (name.clone(), (node.id, node.path));
            let wanted = Wanted { name, node, platform, scopes, rate: *rate, days: *days };
            let issued = token::create(&ctx, &mut tx, &wanted).await?;
            tx.commit().await?;
            print(&issued)?;
        }
        TokenCommand::List => {
            for token in token::list(&mut tx).await? {
                say(&line(&ctx, &token))?;
            }
        }
        TokenCommand::Rotate { key, hours } => {
            let found = of_key(&mut tx, key).await?;
            let grace = TimeDelta::hours(i64::from(*hours));
            let secret = token::rotate(&ctx, &mut tx, found.id, grace).await?;
            let secret = secret.ok_or("this token is revoked")?;
            tx.commit().await?;
            print(&Issued { id: found.id, key: found.key, secret })?;
        }
        TokenCommand::Revoke { key } => {
            let found = of_key(&mut tx, key).await?;
            if !token::revoke(&ctx, &mut tx, found.id).await? {
                return Err("this token is revoked already".into());
            }
            tx.commit().await?;
            say("revoked")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(issued: &Issued) -> std::io::Result<()> {
    say(&format!("key {}\ntoken {}\nthe token is not shown again", issued.key, issued.word()))
}

fn line(ctx: &Ctx, token: &Token) -> String {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.key()).collect();
    let state = match token.state(ctx.at) {
        State::Live => String::new(),
        State::Expired => "  expired".to_owned(),
        State::Revoked => "  revoked".to_owned(),
    };
    let used = token.used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {at}"));
    let Token { key, name, path, expires_at, .. } = token;
    format!("{key}  {name}  {path}  {}  until {expires_at}  {used}{state}", scopes.join(" "))
}

fn scope_of(text: &str) -> Result<Scope, Wrong> {
    let keys: Vec<&str> = Scope::ALL.iter().map(|scope| scope.key()).collect();
    let found = Scope::ALL.iter().copied().find(|scope| scope.key() == text);
    Ok(found.ok_or_else(|| format!("`{text}` is no scope; there are {}", keys.join(", ")))?)
}

async fn known(tx: &mut Tx, id: Uuid) -> Result<Id<platform::Platform>, Wrong> {
    let found = platform::of_id(tx, Id::from_uuid(id)).await?;
    Ok(found.ok_or("no learning platform has this identifier")?.id)
}

async fn node_of(tx: &mut Tx, text: &str) -> Result<Node, Wrong> {
    let by_code = organisation::by_code(tx, text).await?;
    let found = match (by_code, text.parse::<Uuid>()) {
        (Some(node), _) => Some(node),
        (None, Ok(id)) => organisation::of_id(tx, Id::from_uuid(id)).await?,
        (None, Err(_)) => None,
    };
    Ok(found.ok_or_else(|| format!("no node has the code or identifier {text}"))?)
}

async fn of_key(tx: &mut Tx, key: &str) -> Result<Token, Wrong> {
    Ok(token::of_key(tx, key).await?.ok_or("no token has this key")?)
}
