//! `tisheng backup` and `tisheng restore`: the data as a whole.
//!
//! A backup holds the database, the files and a list of both with their digests, as `sha256sum`
//! writes it. What is not in the list or not as the list says is not restored.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tisheng_platform::config::Config;
use tisheng_platform::{db, files};

use crate::say::say;
use crate::{Ended, assembly};

/// Name of the folder of stored files.
const FILES: &str = "files";
/// Name of the folder of months that are taken out of the record store.
const ARCHIVE: &str = tisheng_gateway::lrs::MONTHS.folder;
/// Name of the list.
const LIST: &str = "SHA256SUMS";
/// Wrong things named at most.
const NAMED: usize = 10;

/// Copies the database, then the files it speaks of: a file stored in between is one too many in
/// the copy, never one too few. The key file is left out on purpose: it is kept elsewhere.
pub async fn backup(config: Config, to: &Path) -> Ended {
    if to.exists() {
        return Err(format!("{} exists already; name a folder to make", to.display()).into());
    }
    let (stored, months) = (config.data.join(FILES), config.data.join(ARCHIVE));
    let app = assembly::open(config).await?;
    fs::create_dir_all(to)?;
    let database = to.join(assembly::DATABASE);
    app.db.backup(database.clone()).await?;
    db::examine(&database).map_err(|error| format!("the database is damaged: {error}"))?;
    let count = copy(&stored, &to.join(FILES))?;
    if months.is_dir() {
        copy(&months, &to.join(ARCHIVE))?;
    }
    let found = digests(to)?;
    let damaged: Vec<&str> =
        found.iter().filter(|(name, digest)| !is_named_by(name, digest)).map(first).collect();
    fs::write(to.join(LIST), written(&found))?;
    File::open(to.join(LIST))?.sync_all()?;
    say(&format!("database and {count} files copied to {}, with their digests", to.display()))?;
    say("keep keys.toml of the data folder in another place: without it personal data cannot be read")?;
    if damaged.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    // They are copied nevertheless: the rest of the backup is worth having.
    say(&format!("WRONG: {} stored files are not what they were: {}", damaged.len(), some(&damaged)))?;
    say("take them from an earlier backup, then make another")?;
    Ok(ExitCode::FAILURE)
}

/// Puts a backup into the data folder, which holds no database yet. The key file is brought from
/// where it is kept. Nothing is written before the whole backup has been found undamaged.
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
    check(from)?;
    db::examine(&source).map_err(|error| format!("the database of the backup is damaged: {error}"))?;
    fs::create_dir_all(&config.data)?;
    let count = copy(&from.join(FILES), &config.data.join(FILES))?;
    if from.join(ARCHIVE).is_dir() {
        copy(&from.join(ARCHIVE), &config.data.join(ARCHIVE))?;
    }
    // Last, and under its own name only when it is whole: a restoring that was cut short is begun again.
    let arriving = target.with_extension("arriving");
    fs::copy(&source, &arriving)?;
    File::open(&arriving)?.sync_all()?;
    fs::rename(&arriving, &target)?;
    say(&format!("database and {count} files put into {}", config.data.display()))?;
    if !config.data.join(assembly::KEY_FILE).exists() {
        say(&format!("now bring {} from where you keep it, before the first start", assembly::KEY_FILE))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Digests by the name of the file within the backup.
type Digests = BTreeMap<String, String>;

/// Holds every byte of the backup `folder` against its list.
///
/// # Errors
/// Names what is missing, what is other than it was, and what is there besides.
fn check(folder: &Path) -> Result<(), String> {
    let list = folder.join(LIST);
    let text = fs::read_to_string(&list).map_err(|error| {
        format!(
            "{} cannot be read ({error}): without it nobody can tell whether the backup is whole",
            list.display()
        )
    })?;
    let listed = read(&text).map_err(|line| format!("line {line} of {} is damaged", list.display()))?;
    let found = digests(folder).map_err(|error| format!("the backup cannot be read: {error}"))?;
    let differing = listed.iter().filter(|(name, digest)| found.get(*name) != Some(digest)).map(first);
    let besides = found.keys().filter(|name| !listed.contains_key(*name)).map(String::as_str);
    let wrong: Vec<&str> = differing.chain(besides).collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the backup is damaged, nothing was restored: {} files are missing or not what was saved: {}; take another backup",
        wrong.len(),
        some(&wrong)
    ))
}

fn first<'a>((name, _): (&'a String, &'a String)) -> &'a str {
    name
}

/// The first of many names.
fn some(names: &[&str]) -> String {
    let dots = if names.len() > NAMED { ", …" } else { "" };
    format!("{}{dots}", names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", "))
}

/// Whether a stored file is named by its digest, as it was when it was stored; the database is
/// named otherwise.
fn is_named_by(name: &str, digest: &str) -> bool {
    name.strip_prefix(FILES).is_none_or(|rest| rest.replace('/', "") == digest)
}

/// The list as `sha256sum` writes it.
fn written(digests: &Digests) -> String {
    digests.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect()
}

/// Reads a list; a line that is not one is told by its number.
fn read(text: &str) -> Result<Digests, usize> {
    let mut listed = Digests::new();
    for (at, line) in text.lines().enumerate() {
        let (digest, name) = line.split_once("  ").ok_or(at + 1)?;
        if digest.len() != 64 || listed.insert(name.to_owned(), digest.to_owned()).is_some() {
            return Err(at + 1);
        }
    }
    // The end of the last line tells that the list was not cut there.
    if text.ends_with('\n') { Ok(listed) } else { Err(listed.len()) }
}

/// The digest of every file in `folder` but the list.
fn digests(folder: &Path) -> std::io::Result<Digests> {
    let mut found = Digests::new();
    let mut open = vec![PathBuf::new()];
    while let Some(within) = open.pop() {
        for entry in fs::read_dir(folder.join(&within))? {
            let entry = entry?;
            let name = within.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                open.push(name);
            } else if name != Path::new(LIST) {
                let blob = files::digest_of(&entry.path())?;
                found.insert(name.to_string_lossy().into_owned(), blob.digest);
            }
        }
    }
    Ok(found)
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::{FILES, LIST, check, digests, is_named_by, read, written};
    use crate::assembly::DATABASE;

    /// A folder as `backup` leaves it.
    fn backup(rng: &mut ChaCha8Rng) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at(FILES).join("ab/cd")).expect("a folder");
        let mut bytes = vec![0; 40_000];
        for name in [DATABASE.to_owned(), format!("{FILES}/ab/cd/one"), format!("{FILES}/ab/cd/two")] {
            rng.fill(&mut bytes[..]);
            fs::write(at(&name), &bytes).expect("written");
        }
        fs::write(at(LIST), written(&digests(folder.path()).expect("read"))).expect("written");
        folder
    }

    fn refused(folder: &Path) -> bool {
        check(folder).is_err()
    }

    #[test]
    fn no_byte_of_a_backup_changes_unseen() {
        let mut rng = ChaCha8Rng::seed_from_u64(12);
        let folder = backup(&mut rng);
        check(folder.path()).expect("undamaged");
        let names = [DATABASE, "files/ab/cd/one", "files/ab/cd/two", LIST];
        for name in names {
            let path = folder.path().join(name);
            let whole = fs::read(&path).expect("read");
            for _ in 0..100 {
                let mut bytes = whole.clone();
                let at = rng.random_range(0..bytes.len());
                bytes[at] ^= 1 << rng.random_range(0..8);
                fs::write(&path, &bytes).expect("written");
                assert!(refused(folder.path()), "byte {at} of {name}");
            }
            fs::write(&path, &whole[..whole.len() - 1]).expect("written");
            assert!(refused(folder.path()), "{name} cut short");
            fs::remove_file(&path).expect("removed");
            assert!(refused(folder.path()), "{name} lost");
            fs::write(&path, &whole).expect("written");
        }
        check(folder.path()).expect("as it was");
        fs::write(folder.path().join("files/ab/cd/three"), b"more").expect("written");
        assert!(refused(folder.path()), "a file that was not saved");
    }

    #[test]
    fn a_list_is_read_as_written() {
        let digest = "0".repeat(64);
        let text = format!("{digest}  files/a b\n{digest}  tisheng.db\n");
        assert_eq!(written(&read(&text).expect("a list")), text);
        assert_eq!(read("no list"), Err(1));
        assert_eq!(read(&format!("{digest}  a\n{digest}  a\n")), Err(2));
    }

    #[test]
    fn a_stored_file_is_named_by_what_it_holds() {
        assert!(is_named_by("files/ab/cd/ef", "abcdef") && is_named_by(DATABASE, "anything"));
        assert!(!is_named_by("files/ab/cd/ef", "abcdee"));
    }
}
