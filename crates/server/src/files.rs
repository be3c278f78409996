//! `tisheng backup` and `tisheng restore`: the data as a whole.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use tisheng_platform::config::Config;

use crate::say::say;
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
    app.db.backup(to.join(assembly::DATABASE)).await?;
    let count = copy(&files, &to.join("files"))?;
    say(&format!("database and {count} files copied to {}", to.display()))?;
    say("keep keys.toml of the data folder in another place: without it personal data cannot be read")?;
    Ok(ExitCode::SUCCESS)
}

/// Puts a backup into the data folder, which holds no database yet. The key file is brought from
/// where it is kept.
pub fn restore(config: Config, from: &Path) -> Ended {
    let source = from.join(assembly::DATABASE);
    if !source.is_file() {
        return Err(format!("{} is not there; name a folder that `backup` made", source.display()).into());
    }
    if !config.database.is_empty() {
        return Err("data.database names a database of its own; restore it with its server's tools".into());
    }
    let target = config.data.join(assembly::DATABASE);
    if target.exists() {
        return Err(format!("{} exists already; name an empty data folder", target.display()).into());
    }
    fs::create_dir_all(&config.data)?;
    let count = copy(&from.join("files"), &config.data.join("files"))?;
    // Last, and under its own name only when it is whole: a restoring that was cut short is begun again.
    let arriving = target.with_extension("arriving");
    fs::copy(&source, &arriving)?;
    fs::rename(&arriving, &target)?;
    say(&format!("database and {count} files put into {}", config.data.display()))?;
    if !config.data.join(assembly::KEY_FILE).exists() {
        say(&format!("now bring {} from where you keep it, before the first start", assembly::KEY_FILE))?;
    }
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
