//! The binary `tisheng`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use tisheng_server::{Cli, nobody_reads, run};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(code) => code,
        Err(error) if nobody_reads(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever reads this may have gone, too.
            let _ = writeln!(io::stderr(), "tisheng: {error}");
            ExitCode::FAILURE
        }
    }
}
