//! `tisheng demo`: a territory with invented people, built through the rooms' own actions.

mod calendar;
mod school;
mod study;
mod territory;

use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tisheng_kernel::Instant;
use tisheng_platform::config::Config;
use tisheng_platform::{App, Ctx};
use tisheng_registry::samples::{PASSWORD, Persona};
use tisheng_rules::builtin;

use self::calendar::Calendar;
use crate::say::say;
use crate::scheme_files::SchemeFiles;
use crate::{Ended, assembly, serve};

/// The file that says whom to sign in as, in the data folder.
const PERSONAS: &str = "personas.json";

/// Somebody to sign in as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed {
    /// The name.
    pub name: String,
    /// The role's key.
    pub role: String,
    /// The node's name.
    pub organisation: String,
    /// The scheme's code.
    pub scheme: String,
    /// What is typed to sign in.
    pub account: String,
    /// The password.
    pub password: String,
    /// The secret of the second factor; empty where none is asked for.
    pub totp_secret: String,
}

impl Listed {
    fn of(scheme: &str, persona: &Persona) -> Self {
        Self {
            name: persona.name.clone(),
            role: persona.role.key().to_owned(),
            organisation: persona.node.name.clone(),
            scheme: scheme.to_owned(),
            account: persona.login.clone(),
            password: PASSWORD.to_owned(),
            totp_secret: persona.secret.as_ref().map(|s| s.as_str().to_owned()).unwrap_or_default(),
        }
    }
}

/// Fills the data folder unless it is filled already, then serves it as if it were `today`.
pub async fn command(config: Config, scheme: Option<&str>, today: Option<NaiveDate>) -> Ended {
    // Whoever tries the demonstration reads the list of accounts, not its migrations.
    serve::logging("warn");
    let file = config.data.join(PERSONAS);
    let clock = Calendar::showing(today, Instant::from_clock());
    let app = assembly::open_by(config, Arc::new(clock)).await?;
    let personas: Vec<Listed> = if file.exists() {
        serde_json::from_str(&std::fs::read_to_string(&file)?)?
    } else {
        let personas = fill(&app, scheme).await?;
        std::fs::write(&file, serde_json::to_string_pretty(&personas)?)?;
        personas
    };
    say(&format!("{} 个演示账号，密码都是 {PASSWORD}（全部列在 {}）：", personas.len(), file.display()))?;
    let mut shown: Vec<(&str, &str)> = Vec::new();
    for one in &personas {
        let kind = (one.scheme.as_str(), one.role.as_str());
        if shown.contains(&kind) {
            continue;
        }
        shown.push(kind);
        say(&format!("  {:<24} {}（{}）", one.account, one.name, one.organisation))?;
    }
    serve::serve(app).await
}

async fn fill(
    app: &Arc<App>,
    scheme: Option<&str>,
) -> Result<Vec<Listed>, Box<dyn std::error::Error + Send + Sync>> {
    let wanted = match scheme {
        Some(scheme) => vec![SchemeFiles::find(scheme)?],
        None => builtin::all().into_iter().filter_map(|(code, _)| SchemeFiles::built_in(code)).collect(),
    };
    let mut personas = Vec::new();
    for (number, scheme) in (1_u32..).zip(&wanted) {
        let rules = scheme.rules()?;
        let code = rules.code();
        let ctx = Ctx::system(Arc::clone(app), "demo");
        let built =
            territory::build(&ctx, scheme, &rules, number).await.map_err(|e| format!("{code}: {e:?}"))?;
        personas.extend(built.iter().map(|persona| Listed::of(code, persona)));
    }
    Ok(personas)
}
