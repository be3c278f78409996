//! `tisheng user …`: the first account of an installation, and a way back in for who lost theirs.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;

use chrono::Datelike;
use clap::Subcommand;
use tisheng_kernel::{Identity, PersonName, Sex};
use tisheng_platform::config::Config;
use tisheng_platform::web::Cursor;
use tisheng_platform::{App, Ctx, Tx};
use tisheng_policy::scheme;
use tisheng_registry::access::{self, Issued, Role};
use tisheng_registry::organisation::{self, Kind, Node};
use tisheng_registry::people::{self, NewPerson};

use crate::say::say;
use crate::scheme_files::{SchemeFiles, no_region};
use crate::{Ended, assembly};

/// Most people that are listed at once.
const MOST: i64 = 1000;

type Told<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make the first account: found the territory of a scheme with its programme, unless they
    /// are there, and its office. The number of the identity paper is read from standard input,
    /// so that no list of commands keeps it.
    First {
        /// Folder of the scheme, or the code of one that `tisheng scheme list` shows.
        #[arg(long)]
        scheme: String,
        /// The person's name.
        #[arg(long)]
        name: String,
        /// What is typed to sign in.
        #[arg(long)]
        login: String,
    },
    /// Print a new set-up address for an account; with it a new password is chosen.
    Reset {
        /// What is typed to sign in.
        login: String,
    },
    /// List who holds a role at an organisation.
    List {
        /// Code of the region or identification code of the school.
        #[arg(long)]
        organisation: String,
    },
}

/// Runs one of them.
pub async fn run(command: &UserCommand, config: Config) -> Ended {
    let app = assembly::open(config).await?;
    let ctx = Ctx::system(Arc::clone(&app), "command line");
    match command {
        UserCommand::First { scheme, name, login } => {
            let mut paper = String::new();
            std::io::stdin().take(200).read_to_string(&mut paper)?;
            let issued = first(&ctx, scheme, (name, paper.trim()), login).await?;
            show(&app, &issued)?;
        }
        UserCommand::Reset { login } => {
            let mut tx = ctx.write().await?;
            let person =
                access::owner(&ctx, &mut tx, login).await?.ok_or("no open account has this login")?;
            let issued = access::issue_setup_token(&ctx, &mut tx, person).await?;
            tx.commit().await?;
            show(&app, &issued)?;
        }
        UserCommand::List { organisation } => list(&ctx, organisation).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn show(app: &App, issued: &Issued) -> std::io::Result<()> {
    say(&issued.address(app))?;
    say(&format!("opens once, until {}; it is not shown again", issued.expires))
}

/// The office of the scheme's territory with its first account.
async fn first(ctx: &Ctx, scheme: &str, (name, paper): (&str, &str), login: &str) -> Told<Issued> {
    let name = PersonName::parse(name).map_err(|e| format!("--name “{name}”：{e}"))?;
    let identity = Identity::card(paper).map_err(|e| format!("标准输入中的证件号码：{e}"))?;
    let mut tx = ctx.write().await?;
    let root = territory(ctx, &mut tx, scheme).await?;
    let role = match root.kind {
        Kind::Province => Role::Province,
        Kind::City => Role::City,
        _ => Role::County,
    };
    let held = access::holders(ctx, &mut tx, root.id, Some(role), &Cursor::default(), 1).await?;
    if let Some(holder) = held.first() {
        let sentence = format!("{} is the office of {} already; use `user reset`", holder.name, root.name);
        return Err(sentence.into());
    }
    let new = NewPerson {
        name: &name,
        identity: &identity,
        phone: None,
        sex: Sex::Unknown,
        birth_year: None,
        kept_by: root.id,
    };
    let person = people::register(ctx, &mut tx, &new).await?;
    access::create_account(ctx, &mut tx, person, login)
        .await
        .map_err(|e| format!("--login “{login}”：{e}"))?;
    access::grant(ctx, &mut tx, person, role, root.id).await?;
    let issued = access::issue_setup_token(ctx, &mut tx, person).await?;
    tx.commit().await?;
    Ok(issued)
}

/// The node of the scheme's territory, founded with its regions and programme unless it is there.
async fn territory(ctx: &Ctx, tx: &mut Tx, scheme: &str) -> Told<Node> {
    let found = SchemeFiles::find(scheme)?;
    let rules = found.rules()?;
    let region = rules.identity.territory.value.as_ref().ok_or("the scheme names no territory")?.to_string();
    if let Some(root) = organisation::by_code(tx, &region).await? {
        return Ok(root);
    }
    let today = ctx.at.date();
    let from = today.with_ordinal(1).unwrap_or(today);
    organisation::seed_regions(ctx, tx, &found.regions, Some(&region), from).await?;
    let root = organisation::by_code(tx, &region).await?.ok_or_else(|| no_region(&region))?;
    scheme::open(ctx, tx, (root.id, &root.path), &found.files).await?;
    Ok(root)
}

async fn list(ctx: &Ctx, code: &str) -> Told<()> {
    let mut tx = ctx.read().await?;
    let node = organisation::by_code(&mut tx, code).await?.ok_or("no organisation has this code")?;
    say(&node.name)?;
    for holder in access::holders(ctx, &mut tx, node.id, None, &Cursor::default(), MOST).await? {
        let account = if holder.has_account { "" } else { "  no account" };
        say(&format!("  {}  {}{account}", holder.name, holder.grant.role))?;
    }
    Ok(())
}
