//! Architecture checks that the compiler cannot make. Run from the root of the project:
//! `cargo run -p tisheng-tidy`. Prints each breach with its place and ends with 1 when there is
//! one.

#![allow(clippy::print_stdout, reason = "a command line tool answers on standard output")]

mod layers;
mod marks;
mod places;
mod source;
mod sql;

use std::path::Path;
use std::process::ExitCode;

use source::Tree;

fn main() -> ExitCode {
    let tree = match Tree::read(Path::new(".")) {
        Ok(tree) => tree,
        Err(error) => {
            println!("tidy runs at the root of the project: {error}");
            return ExitCode::FAILURE;
        }
    };
    let checks: [fn(&Tree) -> Vec<String>; 5] =
        [layers::check, sql::check, marks::check, marks::sizes, places::check];
    let breaches: Vec<String> = checks.iter().flat_map(|check| check(&tree)).collect();
    for breach in &breaches {
        println!("{breach}");
    }
    if breaches.is_empty() {
        println!("tidy: {} files, nothing out of place", tree.files.len());
        ExitCode::SUCCESS
    } else {
        println!("tidy: {} breaches", breaches.len());
        ExitCode::FAILURE
    }
}
