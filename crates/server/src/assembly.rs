//! Puts an installation together from its configuration.

use std::process::ExitCode;
use std::sync::Arc;

use tisheng_kernel::{Clock, Instant};
use tisheng_platform::config::Config;
use tisheng_platform::db::{Address, migrate};
use tisheng_platform::files::Files;
use tisheng_platform::keys::Keys;
use tisheng_platform::outbound::Outbound;
use tisheng_platform::web::whole::Turns;
use tisheng_platform::{App, Db};

use crate::say::say;
use crate::{Ended, demo, menu, routes};

/// The file of the installation's secrets, in the data folder.
pub(crate) const KEY_FILE: &str = "keys.toml";
/// The database of an installation that names none, in the data folder.
pub(crate) const DATABASE: &str = "tisheng.db";

/// The address of the database that `config` names.
pub fn address(config: &Config) -> Address {
    if config.database.is_empty() {
        Address::File(config.data.join(DATABASE))
    } else {
        Address::parse(&config.database)
    }
}

/// Opens database, files and keys for a command, with all migrations applied; in the folder of a
/// demonstration it is the demonstration's day.
pub async fn open(config: Config) -> Result<Arc<App>, Box<dyn std::error::Error + Send + Sync>> {
    let clock = demo::clock(&config.data).map_err(|e| format!("the calendar of the demonstration: {e}"))?;
    open_by(config, clock).await
}

/// Opens an installation that goes by `clock`.
pub async fn open_by(
    config: Config,
    clock: Arc<dyn Clock>,
) -> Result<Arc<App>, Box<dyn std::error::Error + Send + Sync>> {
    std::fs::create_dir_all(&config.data)
        .map_err(|e| format!("data folder {}: {e}", config.data.display()))?;
    let db = Db::open(&address(&config)).await?;
    for name in migrate::run(&db, Instant::from_clock()).await? {
        tracing::info!(name, "migration applied");
    }
    Ok(Arc::new(App {
        files: Files::open(&config)?,
        keys: Keys::load_or_create(&config.data.join(KEY_FILE))?,
        outbound: Outbound::new(&config.outbound_allow),
        clock,
        navigation: menu::of,
        turns: Turns::default(),
        parts: routes::parts()?,
        config,
        db,
    }))
}

/// `tisheng migrate`
pub async fn migrate(config: Config) -> Ended {
    std::fs::create_dir_all(&config.data)?;
    let db = Db::open(&address(&config)).await?;
    let applied = migrate::run(&db, Instant::from_clock()).await?;
    for name in &applied {
        say(name)?;
    }
    say(&format!("{} migrations applied", applied.len()))?;
    Ok(ExitCode::SUCCESS)
}
