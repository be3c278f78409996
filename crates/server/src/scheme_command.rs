//! `tisheng scheme …`: policy files checked, explained, compared and played through.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use tisheng_rules::{Scheme, builtin, diff, explain, simulate};

use crate::Ended;

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
        #[arg(long, default_value_t = 1000)]
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
            for (code, files) in builtin::all() {
                let scheme = Scheme::from_files(files).map_err(told)?;
                println!("{code}  {}", *scheme.identity.title);
            }
        }
        SchemeCommand::Check { scheme } => return check(scheme),
        SchemeCommand::Explain { scheme } => print!("{}", explain(&load(scheme)?)),
        SchemeCommand::Diff { first, second } => {
            let differences = diff(&load(first)?, &load(second)?);
            for difference in &differences {
                println!("{difference}");
            }
            println!("共 {} 处不同", differences.len());
        }
        SchemeCommand::Simulate { scheme, teachers, seed } => {
            print!("{}", simulate(&load(scheme)?, *teachers, *seed));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn check(scheme: &str) -> Ended {
    match Scheme::from_files(&files(scheme)?) {
        Ok(scheme) => {
            println!("{} {}：没有问题", scheme.code(), scheme.version());
            Ok(ExitCode::SUCCESS)
        }
        Err(problems) => {
            for problem in &problems {
                println!("{problem}");
            }
            println!("共 {} 个问题", problems.len());
            Ok(ExitCode::FAILURE)
        }
    }
}

fn load(scheme: &str) -> Result<Scheme, Box<dyn std::error::Error + Send + Sync>> {
    Scheme::from_files(&files(scheme)?).map_err(told)
}

fn told(problems: Vec<tisheng_rules::Problem>) -> Box<dyn std::error::Error + Send + Sync> {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n").into()
}

/// Names and texts of a scheme's files, in the order of their names.
fn files(scheme: &str) -> Result<Vec<(String, String)>, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(files) = builtin::files(scheme) {
        return Ok(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
    }
    let folder = Path::new(scheme);
    let entries = std::fs::read_dir(folder).map_err(|e| {
        let known: Vec<&str> = builtin::all().into_iter().map(|(code, _)| code).collect();
        format!("{scheme}: {e}; give a folder, or one of {}", known.join(", "))
    })?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push((name, std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?));
    }
    Ok(files)
}
