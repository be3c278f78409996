//! `tisheng scheme …`: policy files checked, explained, compared and played through.

use std::process::ExitCode;

use clap::Subcommand;
use tisheng_rules::{Scheme, builtin, diff, explain, simulate};

use crate::Ended;
use crate::say::say;
use crate::scheme_files::SchemeFiles;

/// What to do with a scheme. A scheme is the path of its folder, or the code of one that comes
/// with the program.
#[derive(Debug, Subcommand)]
pub enum SchemeCommand {
    /// List the schemes that come with the program.
    List,
    /// Check a scheme: every mistake with line and column, and what would be right.
    Check {
        /// Folder or code.
        scheme: String,
    },
    /// Say the rules in Chinese sentences, each with its place in the official text.
    Explain {
        /// Folder or code.
        scheme: String,
    },
    /// Say what the second scheme rules otherwise than the first.
    Diff {
        /// Folder or code.
        first: String,
        /// Folder or code.
        second: String,
    },
    /// Play a whole period through; the same seed gives the same output, byte for byte.
    Simulate {
        /// Folder or code.
        scheme: String,
        /// How many teachers.
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
        teachers: u32,
        /// The seed of chance.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

/// Runs one of them.
pub fn run(command: &SchemeCommand) -> Ended {
    match command {
        SchemeCommand::List => {
            for (code, _) in builtin::all() {
                say(&format!("{code}  {}", *load(code)?.identity.title))?;
            }
        }
        SchemeCommand::Check { scheme } => return check(scheme),
        SchemeCommand::Explain { scheme } => say(&explain(&load(scheme)?))?,
        SchemeCommand::Diff { first, second } => {
            let differences = diff(&load(first)?, &load(second)?);
            for difference in &differences {
                say(&difference.to_string())?;
            }
            say(&format!("共 {} 处不同", differences.len()))?;
        }
        SchemeCommand::Simulate { scheme, teachers, seed } => {
            say(&simulate(&load(scheme)?, *teachers, *seed))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check(scheme: &str) -> Ended {
    match Scheme::from_files(&SchemeFiles::find(scheme)?.files) {
        Ok(scheme) => {
            say(&format!("{} {}：没有问题", scheme.code(), scheme.version()))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(problems) => {
            for problem in &problems {
                say(&problem.to_string())?;
            }
            say(&format!("共 {} 个问题", problems.len()))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn load(scheme: &str) -> Result<Scheme, Box<dyn std::error::Error + Send + Sync>> {
    SchemeFiles::find(scheme)?.rules()
}
