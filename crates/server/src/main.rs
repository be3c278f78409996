//! The binary `tisheng`.

#![allow(clippy::print_stdout, reason = "a command line program answers on standard output")]

mod assembly;
mod bench;
mod cli;
mod demo;
mod files;
mod reactions;
mod routes;
mod scheme_command;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tisheng: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a command ends with when it cannot do its work: a sentence for the operator.
type Ended = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;

async fn run(cli: Cli) -> Ended {
    match &cli.command {
        Command::Serve => serve::command(cli.settings()?.finish()?).await,
        Command::Migrate => assembly::migrate(cli.settings()?.finish()?).await,
        Command::Config => {
            let settings = cli.settings()?;
            print!("{}", settings.masked());
            settings.finish()?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Demo { scheme } => demo::command(cli.settings()?.finish()?, scheme.as_deref()).await,
        Command::Scheme(command) => scheme_command::run(command),
        Command::Bench(order) => bench::command(order, cli.data.as_deref()).await,
        Command::Verify => files::verify(cli.settings()?.finish()?).await,
        Command::Backup { to } => files::backup(cli.settings()?.finish()?, to).await,
    }
}
