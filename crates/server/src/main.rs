//! The binary `tisheng`.

use std::process::ExitCode;

use clap::Parser;
use tisheng_server::{Cli, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tisheng: {error}");
            ExitCode::FAILURE
        }
    }
}
