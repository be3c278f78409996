//! `tisheng demo`: a territory with invented people, built through the rooms' own actions.

mod calendar;
mod school;
mod senders;
mod study;
mod territory;
mod works;

use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Clock, Instant, SystemClock};
use tisheng_platform::config::Config;
use tisheng_platform::{App, Ctx};
use tisheng_registry::samples::{PASSWORD, Persona};
use tisheng_rules::{Scheme, builtin};

use self::calendar::Calendar;
use self::senders::Senders;
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

/// The clock by which commands go in `folder`: that of the demonstration where it holds one, so that a key made
/// on the command line is of the demonstration's day; else the machine's.
///
/// # Errors
/// When the calendar cannot be read.
pub fn clock(folder: &Path) -> std::io::Result<Arc<dyn Clock>> {
    let calendar = Calendar::kept(folder)?.map(|calendar| Arc::new(calendar) as Arc<dyn Clock>);
    Ok(calendar.unwrap_or_else(|| Arc::new(SystemClock)))
}

/// Fills the data folder unless it is filled already, then serves it as if it were `today`; without
/// a day as if it were one within the period of its schemes.
pub async fn command(mut config: Config, scheme: Option<&str>, today: Option<NaiveDate>) -> Ended {
    // Whoever tries the demonstration reads the list of accounts, not its migrations.
    serve::logging("warn");
    let file = config.data.join(PERSONAS);
    let wanted = schemes(scheme)?;
    let calendar = Calendar::of(&config.data, today, file.exists(), &wanted, Instant::from_clock())?;
    // The tool stands on this machine, which is otherwise no place to be sent to.
    let known = Senders::read(&config.data)?;
    config.outbound_allow.push(match &known {
        Some(senders) => senders.tool_host(),
        None => senders::host(&senders::tool_address(config.listen.port())),
    });
    let app = assembly::open_by(config, Arc::new(calendar)).await?;
    let (data, address) = (&app.config.data, &app.config.public_url);
    let personas: Vec<Listed> = if file.exists() {
        if let Some(senders) = known.filter(|senders| senders.address != *address) {
            Senders { address: address.clone(), ..senders }.keep(data)?;
        }
        serde_json::from_str(&std::fs::read_to_string(&file)?)?
    } else {
        let (personas, senders) = fill(&app, &wanted).await?;
        senders.keep(data)?;
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
    say(&format!("三个学习平台的发送程序：make senders（见 {}）", data.join(senders::FILE).display()))?;
    say(&format!("演示日期：{}", chinese_date(app.now().date())))?;
    serve::serve(app).await
}

/// The schemes that the demonstration runs, with their rules.
fn schemes(
    scheme: Option<&str>,
) -> Result<Vec<(SchemeFiles, Scheme)>, Box<dyn std::error::Error + Send + Sync>> {
    let wanted = match scheme {
        Some(scheme) => vec![SchemeFiles::find(scheme)?],
        None => builtin::all().into_iter().filter_map(|(code, _)| SchemeFiles::built_in(code)).collect(),
    };
    let ruled = wanted.into_iter().map(|files| files.rules().map(|rules| (files, rules)));
    ruled.collect()
}

async fn fill(
    app: &Arc<App>,
    wanted: &[(SchemeFiles, Scheme)],
) -> Result<(Vec<Listed>, Senders), Box<dyn std::error::Error + Send + Sync>> {
    let mut personas = Vec::new();
    let mut senders = Senders::beside(&Ctx::system(Arc::clone(app), "demo"));
    for (number, (scheme, rules)) in (1_u32..).zip(wanted) {
        let code = rules.code();
        let ctx = Ctx::system(Arc::clone(app), "demo");
        let built = territory::build(&ctx, (scheme, rules), number, &senders.tool).await;
        let (built, territory) = built.map_err(|e| format!("{code}: {e:?}"))?;
        personas.extend(built.iter().map(|persona| Listed::of(code, persona)));
        senders.territories.push(territory);
    }
    Ok((personas, senders))
}
