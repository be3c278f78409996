//! `tisheng lrs …`: who may speak with the record store, and its past months.

use std::process::ExitCode;
use std::sync::Arc;

use chrono::TimeDelta;
use clap::Subcommand;
use tisheng_gateway::lrs::{self, Credential, Scope, USUAL_RATE, Wanted};
use tisheng_kernel::Id;
use tisheng_platform::config::Config;
use tisheng_platform::db::months::Month;
use tisheng_platform::{App, Ctx, DbError, Tx};
use tisheng_registry::organisation;
use tisheng_training::platform::{self, Platform, State};
use uuid::Uuid;

use crate::say::say;
use crate::{Ended, assembly};

/// What to do with the record store.
#[derive(Debug, Subcommand)]
pub enum LrsCommand {
    /// Keys of machines.
    #[command(subcommand)]
    Credential(CredentialCommand),
    /// List the months in which statements were stored.
    Months,
    /// Take a past month out of the tables: into a file in the folder `months` of the data folder,
    /// or on PostgreSQL into tables by themselves. Cut short, it goes on when given again.
    Detach {
        /// Such as 2026-11.
        month: Month,
    },
    /// Put a month back that was taken out.
    Attach {
        /// Such as 2026-11.
        month: Month,
    },
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
        /// Requests a second.
        #[arg(long, default_value_t = USUAL_RATE, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        rate: u32,
        /// Statements a day; any number without it.
        #[arg(long)]
        quota: Option<u32>,
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
pub async fn run(command: &LrsCommand, config: Config) -> Ended {
    let app = assembly::open(config).await?;
    match command {
        LrsCommand::Credential(command) => return credential(command, &app).await,
        LrsCommand::Months => {
            for state in lrs::months(&app).await? {
                let out = if state.is_out { "  detached" } else { "" };
                say(&format!("{}  {} statements{out}", state.month, state.statements))?;
            }
        }
        LrsCommand::Detach { month } => {
            lrs::take_out(&app, *month).await?;
            say(&format!("{month} detached; `tisheng lrs attach {month}` puts it back"))?;
        }
        LrsCommand::Attach { month } => {
            lrs::put_back(&app, *month).await?;
            say(&format!("{month} attached"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn credential(command: &CredentialCommand, app: &Arc<App>) -> Ended {
    let ctx = Ctx::system(Arc::clone(app), "command line");
    let mut tx = ctx.write().await?;
    match command {
        CredentialCommand::Create { name, scope, platform, rate, quota } => {
            let (platform, rate, quota) = (*platform, *rate, *quota);
            if let Some(id) = platform {
                in_use(&platforms(&mut tx).await?, id)?;
            }
            let wanted = Wanted { platform, rate, quota, ..Wanted::new(name, scope) };
            let issued = lrs::create(&ctx, &mut tx, &wanted).await?;
            tx.commit().await?;
            say(&format!("key {}\nsecret {}\nthe secret is not shown again", issued.key, issued.secret))?;
        }
        CredentialCommand::List => {
            let all = platforms(&mut tx).await?;
            for listed in lrs::list(&mut tx).await? {
                let end = listed.revoked.map(|at| format!("  revoked {at}")).unwrap_or_default();
                say(&format!("{}{end}", told(&listed.credential, &all)))?;
            }
        }
        CredentialCommand::Rotate { key, hours } => {
            let id = of_key(&mut tx, key).await?;
            let secret = lrs::rotate(&ctx, &mut tx, id, TimeDelta::hours(i64::from(*hours))).await?;
            let secret = secret.ok_or("this key is revoked")?;
            tx.commit().await?;
            say(&format!("secret {secret}\nthe secret is not shown again"))?;
        }
        CredentialCommand::Revoke { key } => {
            let id = of_key(&mut tx, key).await?;
            if !lrs::revoke(&ctx, &mut tx, id).await? {
                return Err("this key is revoked already".into());
            }
            tx.commit().await?;
            say("revoked")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every platform, with the places in which its institution lies: the same name may stand in several.
async fn platforms(tx: &mut Tx) -> Result<Vec<(Platform, String)>, DbError> {
    let mut all = Vec::new();
    for platform in platform::all(tx).await? {
        let above = organisation::ancestors(tx, &platform.path).await?;
        let places: Vec<&str> = above.iter().map(|node| node.name.as_str()).collect();
        let place = places.join(" ");
        all.push((platform, place));
    }
    Ok(all)
}

/// A credential in a line.
fn told(credential: &Credential, all: &[(Platform, String)]) -> String {
    let Credential { platform, key, name, rate, quota, .. } = credential;
    let scopes = Scope::ALL.iter().filter(|(scope, _)| credential.scopes.contains(scope));
    let scopes: Vec<&str> = scopes.map(|(_, code)| *code).collect();
    let of = all.iter().find(|(one, _)| Some(one.id.uuid()) == *platform);
    let of = of.map(|(one, place)| format!("  of {} ({place})", one.name)).unwrap_or_default();
    let quota = quota.map(|quota| format!(", {quota} statements a day")).unwrap_or_default();
    format!("{key}  {name}{of}  {}  {rate} requests a second{quota}", scopes.join(" "))
}

/// Refuses a platform that nobody has entered, or that is suspended; names those that there are.
fn in_use(all: &[(Platform, String)], id: Uuid) -> Result<(), String> {
    let known = |(one, place): &(Platform, String)| {
        format!("\n  {}  {} ({place})  {}", one.id, one.name, one.state.key())
    };
    let known = match all {
        [] => "; none is entered yet: an office does so in the pages".to_owned(),
        all => format!("; there are{}", all.iter().map(known).collect::<String>()),
    };
    match all.iter().find(|(one, _)| one.id.uuid() == id) {
        Some((one, _)) if one.state == State::Active => Ok(()),
        Some((one, _)) => Err(format!("the platform {} ({id}) is suspended{known}", one.name)),
        None => Err(format!("there is no platform {id}{known}")),
    }
}

async fn of_key(tx: &mut Tx, key: &str) -> Result<Id<Credential>, Box<dyn std::error::Error + Send + Sync>> {
    let found = lrs::list(tx).await?.into_iter().find(|listed| listed.credential.key == key);
    Ok(found.ok_or("no credential has this key")?.credential.id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tisheng_gateway::lrs::Credential;
    use tisheng_kernel::{HourLength, Id, Instant};
    use tisheng_training::platform::{Platform, State};
    use uuid::Uuid;

    use super::{in_use, told};

    fn platform(number: u128, name: &str, state: State) -> Platform {
        Platform {
            id: Id::from_uuid(Uuid::from_u128(number)),
            programme: Id::from_uuid(Uuid::nil()),
            institution: Id::from_uuid(Uuid::nil()),
            path: "/1/".to_owned(),
            name: name.to_owned(),
            home_page: "https://a.test".to_owned(),
            length: HourLength::LESSON,
            category: "online".to_owned(),
            kind: String::new(),
            silent_hours: 24,
            contact: String::new(),
            state,
            last_arrival: None,
            created_at: Instant::from_micros(0),
            version: 1,
        }
    }

    #[test]
    fn a_platform_is_there_and_in_use_or_the_others_are_named() {
        let all = [(1, "甲县", State::Active), (2, "乙县", State::Suspended)];
        let all = all.map(|(number, place, state)| (platform(number, "同名平台", state), place.to_owned()));
        let of = |number: u128| in_use(&all, Uuid::from_u128(number));
        assert_eq!(of(1), Ok(()));
        let suspended = of(2).expect_err("suspended");
        assert!(suspended.contains("同名平台") && suspended.contains("is suspended"), "{suspended}");
        let unknown = of(3).expect_err("unknown");
        assert!(unknown.contains("no platform"), "{unknown}");
        for said in ["同名平台 (甲县)  active", "同名平台 (乙县)  suspended"] {
            assert!(unknown.contains(said), "{unknown}");
        }
        assert!(in_use(&[], Uuid::nil()).expect_err("none").contains("none is entered"));
    }

    #[test]
    fn a_credential_names_its_platform_and_where_that_lies() {
        let all = [(platform(1, "同名平台", State::Active), "某省 甲县".to_owned())];
        let mut credential = Credential {
            id: Id::from_uuid(Uuid::nil()),
            platform: Some(Uuid::from_u128(1)),
            name: "正式环境".to_owned(),
            key: "k1".to_owned(),
            scopes: HashSet::new(),
            rate: 5,
            quota: None,
            is_suspended: false,
        };
        let line = told(&credential, &all);
        assert!(line.starts_with("k1  正式环境  of 同名平台 (某省 甲县)  "), "{line}");
        credential.platform = None;
        assert!(!told(&credential, &all).contains(" of "), "nobody's");
    }
}
