//! Lists the schemes of the repository, so that a new one is a new directory and no code.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let schemes = here.join("../../schemes").canonicalize()?;
    println!("cargo::rerun-if-changed={}", schemes.display());
    let mut listing = String::from("const SCHEMES: &[(&str, Files)] = &[\n");
    for directory in sorted(&schemes)?.into_iter().filter(|path| path.is_dir()) {
        listing.push_str(&entry_of(&directory)?);
    }
    listing.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("schemes.rs"), listing)
}

/// `("code", &[("scheme.toml", include_str!("…")), …]),`
fn entry_of(directory: &Path) -> io::Result<String> {
    let mut entry = format!("    ({:?}, &[\n", name_of(directory));
    for file in sorted(directory)?.into_iter().filter(|path| path.extension().is_some_and(|e| e == "toml")) {
        writeln!(entry, "        ({:?}, include_str!({:?})),", name_of(&file), file.display().to_string())
            .map_err(io::Error::other)?;
    }
    entry.push_str("    ]),\n");
    Ok(entry)
}

fn sorted(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    Ok(paths)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
