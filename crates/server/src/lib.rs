//! The assembled product: every room with its routes, its reactions and its menu, and the
//! commands of the binary `tisheng`. A library, so that tests start the whole of it in process.

#![allow(clippy::print_stdout, reason = "a command line program answers on standard output")]

pub mod assembly;
mod bench;
mod cli;
pub mod demo;
mod doctor;
mod files;
mod lrs_command;
mod lti_command;
pub mod menu;
pub mod reactions;
pub mod routes;
mod say;
mod scheme_command;
mod scheme_files;
pub mod serve;
mod token_command;
mod user_command;
pub mod verify;

use std::pin::Pin;
use std::process::ExitCode;

pub use cli::Cli;
use cli::{Command, ConfigCommand};
pub use say::nobody_reads;

/// What a command ends with when it cannot do its work: a sentence for the operator.
pub type Ended = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;

/// Does what the command line asks for. Boxed, so that the whole program is compiled in the parts of this
/// library and not once more, in one piece, in the binary.
///
/// # Errors
/// What keeps the command from its work, as a sentence for the operator.
pub fn run(cli: Cli) -> Pin<Box<dyn Future<Output = Ended>>> {
    Box::pin(async move {
        match &cli.command {
            Command::Serve => serve::command(cli.settings()?.finish()?).await,
            Command::Migrate => assembly::migrate(cli.settings()?.finish()?).await,
            Command::Config { command: None | Some(ConfigCommand::Check) } => {
                let settings = cli.settings()?;
                say::say(&settings.masked().to_string())?;
                settings.finish()?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Demo { scheme, today } => {
                demo::command(cli.settings()?.finish()?, scheme.as_deref(), *today).await
            }
            Command::Scheme(command) => scheme_command::run(command),
            Command::Bench(order) => bench::command(order, cli.data.as_deref()).await,
            Command::Verify { certificate: None, .. } => verify::command(cli.settings()?.finish()?).await,
            Command::Verify { certificate: Some(file), key } => {
                verify::certificate_command(&cli.settings()?.finish()?, file, key.as_deref())
            }
            Command::Mend => verify::mend_command(cli.settings()?.finish()?).await,
            Command::User(command) => user_command::run(command, cli.settings()?.finish()?).await,
            Command::Token(command) => token_command::run(command, cli.settings()?.finish()?).await,
            Command::Lrs(command) => lrs_command::run(command, cli.settings()?.finish()?).await,
            Command::Lti(command) => lti_command::run(command, cli.settings()?.finish()?).await,
            Command::Doctor => doctor::command(cli.settings()?).await,
            Command::Restore { from } => files::restore(cli.settings()?.finish()?, from),
            Command::Backup { to } => files::backup(cli.settings()?.finish()?, to).await,
        }
    })
}
