//! The command line.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Parser, Subcommand};
use tisheng_platform::config::{ConfigError, Settings};

use crate::bench::Order;
use crate::lrs_command::LrsCommand;
use crate::lti_command::LtiCommand;
use crate::scheme_command::SchemeCommand;
use crate::token_command::TokenCommand;
use crate::user_command::UserCommand;

/// 提升：中小学教师信息技术应用能力提升工程管理平台
#[derive(Debug, Parser)]
#[command(name = "tisheng", version, about)]
pub struct Cli {
    /// Configuration file (TOML). Environment variables TISHENG_… win over it.
    #[arg(long, global = true)]
    pub config: Option<PathBuf>,
    /// Folder of the database, the key file and stored files.
    #[arg(long, global = true)]
    pub data: Option<PathBuf>,
    /// Where to listen, such as 127.0.0.1:8080; port 0 picks a free one.
    #[arg(long, global = true)]
    pub listen: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do with the configuration.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum ConfigCommand {
    /// Show the configuration in force, secrets masked, or what is wrong with it.
    Check,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the platform; applies migrations first.
    Serve,
    /// Apply migrations that have not been applied yet.
    Migrate,
    /// Show the configuration in force, secrets masked, or what is wrong with it.
    Config {
        /// The only one: what it does is what the command does without it.
        #[command(subcommand)]
        command: Option<ConfigCommand>,
    },
    /// Check everything that must hold: the audit chain, totals of hours, standings, figures,
    /// certificates, stored files.
    Verify {
        /// Check this certificate instead, off line: its facts and whether they were signed.
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
        /// The signing key as the platform shows it at /.well-known/tisheng-signing-key; without it
        /// the key file in the data folder.
        #[arg(long, requires = "certificate")]
        key: Option<String>,
    },
    /// Work out again what is derived: totals of hours, standings, figures of schools.
    Mend,
    /// Fill a demonstration with invented people, unless it is filled, and serve it.
    Demo {
        /// Only the territory of this scheme, given as a folder or as a code; without it every scheme
        /// that comes with the program.
        #[arg(long)]
        scheme: Option<String>,
        /// The day that the demonstration takes for today, such as 2021-03-10. Later starts may only
        /// name later days. Without it the first start takes a day within the scheme's period, and
        /// time runs on from there, also between starts.
        #[arg(long, value_name = "DATE")]
        today: Option<NaiveDate>,
    },
    /// Schemes: the policy of a territory as files.
    #[command(subcommand)]
    Scheme(SchemeCommand),
    /// Fill a synthetic province and measure how fast the platform is in it.
    Bench(Order),
    /// Copy database and files while the platform runs (SQLite with local files).
    Backup {
        /// The folder to make.
        to: PathBuf,
    },
    /// Put a backup into an empty data folder (SQLite with local files).
    Restore {
        /// The folder that `backup` made.
        from: PathBuf,
    },
    /// Accounts: the first one, a way back in, a list.
    #[command(subcommand)]
    User(UserCommand),
    /// The record store: who may speak with it, and its past months.
    #[command(subcommand)]
    Lrs(LrsCommand),
    /// Learning tools: the keys that messages to them are signed with.
    #[command(subcommand)]
    Lti(LtiCommand),
    /// With what other systems speak with this one.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Look at everything an installation needs, and say how to mend what is not well.
    Doctor,
}

impl Cli {
    /// The settings that file, environment and options give together.
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        let mut settings = Settings::default();
        if let Some(path) = &self.config {
            settings = settings.file(path)?;
        }
        settings = settings.environment(std::env::vars())?;
        if let Some(folder) = &self.data {
            settings.set("--data", "data.folder", folder.display().to_string())?;
        }
        if let Some(listen) = &self.listen {
            settings.set("--listen", "server.listen", listen.clone())?;
        }
        Ok(settings)
    }
}
