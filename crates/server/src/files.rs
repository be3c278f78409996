//! `tisheng backup`: the data as a whole, in another place.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use tisheng_platform::config::Config;

use crate::{Ended, assembly};

/// Copies the database, then the files it speaks of: a file stored in between is one too many in
/// the copy, never one too few. The key file is left out on purpose: it is kept elsewhere.
pub async fn backup(config: Config, to: &Path) -> Ended {
    if to.exists() {
        return Err(format!("{} exists already; name a folder to make", to.display()).into());
    }
    let files = config.data.join("files");
    let app = assembly::open(config).await?;
    fs::create_dir_all(to)?;
    app.db.backup(to.join("tisheng.db")).await?;
    let count = copy(&files, &to.join("files"))?;
    println!("database and {count} files copied to {}", to.display());
    println!("keep keys.toml of the data folder in another place: without it personal data cannot be read");
    Ok(ExitCode::SUCCESS)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<usize> {
    fs::create_dir_all(to)?;
    let mut count = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            count += copy(&entry.path(), &target)?;
        } else if !entry.file_name().to_string_lossy().starts_with('.') {
            fs::copy(entry.path(), target)?;
            count += 1;
        }
    }
    Ok(count)
}
