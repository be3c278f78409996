//! A new file of migrations is part of the next build: only the files that were there are looked at otherwise.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
