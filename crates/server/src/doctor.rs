//! `tisheng doctor`: what an installation needs, a line for each, with how to mend it.

use std::path::Path;
use std::process::{Command, ExitCode};

use tisheng_kernel::Instant;
use tisheng_platform::Db;
use tisheng_platform::config::{Config, FilesConfig, Settings};
use tisheng_platform::db::{Address, migrate};
use tisheng_platform::files::Files;
use tisheng_platform::keys::Keys;

use crate::say::say;
use crate::{Ended, assembly};

/// Less free space than this is little, in MiB.
const LITTLE: u64 = 2048;
/// 2020-01-01, before which no clock of this program can truly stand, in microseconds.
const NOT_BEFORE: i64 = 1_577_836_800_000_000;

/// What is well, or what is not and how to mend it.
type Finding = Result<String, String>;

/// Looks at everything and changes nothing; fails when something is not well.
pub async fn command(settings: Settings) -> Ended {
    let config = match settings.finish() {
        Ok(config) => config,
        Err(error) => {
            tell("config", &Err(format!("{error}; mend the file or the variable")))?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let findings = [
        ("config", Ok(format!("people use {}", config.public_url))),
        ("data folder", folder(&config.data)),
        ("keys", keys(&config.data)),
        ("files", files(&config)),
        ("free disk", free(&config.data)),
        ("clock", clock(Instant::from_clock())),
        ("database", database(&config).await),
    ];
    for (what, finding) in &findings {
        tell(what, finding)?;
    }
    let well = findings.iter().all(|(_, finding)| finding.is_ok());
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(what: &str, finding: &Finding) -> std::io::Result<()> {
    match finding {
        Ok(words) => say(&format!("ok    {what}: {words}")),
        Err(words) => say(&format!("mend  {what}: {words}")),
    }
}

fn folder(data: &Path) -> Finding {
    let shown = data.display();
    let probe = data.join(".doctor");
    std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe)).map_err(|error| {
        format!("{shown} cannot be written ({error}); make it and give it to the user who runs the program")
    })?;
    Ok(format!("{shown}"))
}

fn keys(data: &Path) -> Finding {
    let path = data.join(assembly::KEY_FILE);
    if !path.exists() {
        let made = "is made at the first start; if this installation ran before, put its copy back first";
        return Err(format!("{} is not there: it {made}", path.display()));
    }
    Keys::load_or_create(&path).map_err(|error| format!("{error}; put back the copy that you keep"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).map_err(|e| e.to_string())?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(format!("others may read {0}; chmod 600 {0}", path.display()));
        }
    }
    Ok("readable, by their owner alone".to_owned())
}

fn files(config: &Config) -> Finding {
    Files::open(config).map_err(|error| format!("{error:?}; see [files] in the configuration"))?;
    Ok(match config.files {
        FilesConfig::Local => "in the data folder".to_owned(),
        FilesConfig::S3 { ref bucket, .. } => format!("bucket {bucket}"),
    })
}

/// Free space of the disk below the data folder, as `df` tells it.
fn free(data: &Path) -> Finding {
    let told = Command::new("df").arg("-Pm").arg(data).output();
    let told = told.map_err(|error| format!("df does not run ({error}); look at the disk yourself"))?;
    let text = String::from_utf8_lossy(&told.stdout);
    let free = text.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok());
    match free {
        Some(free) if free >= LITTLE => Ok(format!("{free} MiB")),
        Some(free) => Err(format!("{free} MiB; free some space or move the data folder")),
        None => Err(format!("df says nothing of {}; make the folder", data.display())),
    }
}

fn clock(now: Instant) -> Finding {
    if now.micros() < NOT_BEFORE {
        return Err(format!("the machine says {now}; set its clock, for instance with chrony"));
    }
    Ok(format!("{now}"))
}

async fn database(config: &Config) -> Finding {
    let address = assembly::address(config);
    if let Address::File(path) = &address
        && !path.exists()
    {
        return Err(format!("{} is not there; `tisheng migrate` makes it", path.display()));
    }
    let db = Db::open(&address)
        .await
        .map_err(|error| format!("{error}; check data.database and that the server runs"))?;
    let waiting = migrate::waiting(&db).await.map_err(|error| format!("{error}; restore a backup"))?;
    if waiting.is_empty() {
        Ok(format!("{:?}, all migrations applied", db.engine()))
    } else {
        Err(format!("{} migrations are not applied; `tisheng migrate`", waiting.len()))
    }
}
