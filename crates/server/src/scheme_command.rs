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
    read(&files(scheme)?)
}

/// The scheme that the files state; its mistakes are the sentence of the error.
pub fn read(files: &[(String, String)]) -> Result<Scheme, Box<dyn std::error::Error + Send + Sync>> {
    Scheme::from_files(files).map_err(told)
}

fn told(problems: Vec<tisheng_rules::Problem>) -> Box<dyn std::error::Error + Send + Sync> {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n").into()
}

/// Names and texts of the files of a scheme, in the order of their names: of one that comes with
/// the program, or of a folder.
pub fn files(scheme: &str) -> Result<Vec<(String, String)>, Box<dyn std::error::Error + Send + Sync>> {
    if let Some(files) = builtin::files(scheme) {
        return Ok(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect());
    }
    let folder = Path::new(scheme);
    let known: Vec<&str> = builtin::all().into_iter().map(|(code, _)| code).collect();
    let known = known.join("、");
    if !folder.is_dir() {
        let what = if folder.exists() {
            "是文件，不是目录"
        } else {
            "没有这个方案，也没有这个目录"
        };
        return Err(format!("{scheme}：{what}；请写方案所在的目录，或以下代码之一：{known}").into());
    }
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{scheme}：目录无法读取（{e}）"))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "toml"));
    paths.sort();
    if paths.is_empty() {
        return Err(format!("{scheme}：目录里没有方案文件（*.toml），说明见 schemes/README.md").into());
    }
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let bytes = std::fs::read(&path).map_err(|e| format!("{}：无法读取（{e}）", path.display()))?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let line =
                1 + e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
            format!("{}：第 {line} 行不是 UTF-8 编码，请另存为 UTF-8 后再试", path.display())
        })?;
        files.push((name, text));
    }
    Ok(files)
}
