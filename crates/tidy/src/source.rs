//! The files of the project, read once.

use std::fs;
use std::io;
use std::path::Path;

/// A Rust file.
#[derive(Debug)]
pub struct File {
    /// From the root, with slashes.
    pub path: String,
    /// As it is.
    pub text: String,
}

impl File {
    /// `district/room` of a file in a district, the crate's name elsewhere.
    pub fn room(&self, layers: &[String]) -> String {
        let mut parts = self.path.trim_start_matches("crates/").split('/');
        let krate = parts.next().unwrap_or_default();
        let room = parts.nth(1).unwrap_or_default().trim_end_matches(".rs");
        let full = format!("{krate}/{room}");
        if layers.contains(&full) { full } else { krate.to_owned() }
    }

    /// Whether the file is test code as a whole.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/") || self.path.contains("/testkit/")
    }

    /// The lines outside the module of unit tests at the foot, numbered from 1.
    pub fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(n, line)| (n + 1, line)).take_while(|(_, l)| *l != "#[cfg(test)]")
    }
}

/// The project.
#[derive(Debug)]
pub struct Tree {
    /// Every Rust file under `crates/`.
    pub files: Vec<File>,
    /// Names and texts of the migrations.
    pub migrations: Vec<(String, String)>,
    /// The rooms in order, from `LAYERS`.
    pub layers: Vec<String>,
    /// Names of provinces and cities, which code must not know.
    pub places: Vec<String>,
}

impl Tree {
    /// Reads the project at `root`.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        collect(&root.join("crates"), root, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut migrations = Vec::new();
        for entry in fs::read_dir(root.join("migrations"))? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            migrations.push((name, fs::read_to_string(&path)?));
        }
        migrations.sort();
        let layers = fs::read_to_string(root.join("LAYERS"))?;
        let regions = fs::read_to_string(root.join("schemes/regions.csv"))?;
        Ok(Self {
            files,
            migrations,
            layers: layers
                .lines()
                .filter(|l| !l.is_empty() && !l.starts_with('#'))
                .map(str::to_owned)
                .collect(),
            places: regions.lines().skip(1).filter_map(place).collect(),
        })
    }
}

/// The name of a province or city without the word for its kind (省, 市).
fn place(line: &str) -> Option<String> {
    let mut cells = line.split(',');
    let name = cells.nth(1)?;
    let level = cells.nth(1)?;
    let short: String = name.trim_end_matches(['省', '市']).to_owned();
    (["province", "city"].contains(&level) && short.chars().count() >= 2).then_some(short)
}

fn collect(folder: &Path, root: &Path, files: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, root, files)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            let shown = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push(File { path: shown, text: fs::read_to_string(&path)? });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{File, place};

    #[test]
    fn a_file_belongs_to_its_room_or_its_crate() {
        let layers = ["training/hours".to_owned(), "platform".to_owned()];
        let room = |path: &str| File { path: path.to_owned(), text: String::new() }.room(&layers);
        assert_eq!(room("crates/training/src/hours/store.rs"), "training/hours");
        assert_eq!(room("crates/training/src/lib.rs"), "training");
        assert_eq!(room("crates/platform/src/db/mod.rs"), "platform");
    }

    #[test]
    fn only_provinces_and_cities_are_places() {
        assert_eq!(place("990000,某某省,,province"), Some("某某".to_owned()));
        assert_eq!(place("990101,某县,990100,county"), None);
    }
}
