//! SQL stands in `store.rs`; a table is written by the room that its migration names and read by
//! that room, rooms above it, and monitoring.

use std::collections::BTreeMap;

use crate::source::{File, Tree};

/// Words that begin a statement, as they stand in a string.
const BEGINNINGS: [&str; 5] = ["\"select ", "\"insert into ", "\"update ", "\"delete from ", "\"with "];

/// SQL outside stores, and tables touched by rooms that may not.
pub fn check(tree: &Tree) -> Vec<String> {
    let (owners, mut breaches) = owners(tree);
    for file in &tree.files {
        let room = file.room(&tree.layers);
        if !room.contains('/') || file.is_test() {
            continue;
        }
        if is_store(file) {
            breaches.extend(touches(tree, &owners, file, &room));
        } else {
            breaches.extend(strays(file));
        }
    }
    breaches
}

fn is_store(file: &File) -> bool {
    file.path.ends_with("/store.rs") || file.path.contains("/store/")
}

fn strays(file: &File) -> Vec<String> {
    let stray = |line: &str| BEGINNINGS.iter().any(|b| line.to_lowercase().contains(b));
    file.code_lines()
        .filter(|(_, line)| stray(line))
        .map(|(number, _)| format!("{}:{number}: SQL belongs in store.rs", file.path))
        .collect()
}

/// The owner of each table, from the first lines of the migrations.
fn owners(tree: &Tree) -> (BTreeMap<String, String>, Vec<String>) {
    let (mut owners, mut breaches) = (BTreeMap::new(), Vec::new());
    for (name, text) in &tree.migrations {
        let owner = text.lines().next().and_then(|l| l.strip_prefix("-- owner: ")).map(str::trim);
        let Some(owner) = owner.filter(|o| tree.layers.iter().any(|l| l == o)) else {
            breaches
                .push(format!("migrations/{name}: the first line names no room of LAYERS as `-- owner: …`"));
            continue;
        };
        for line in text.lines().filter_map(|l| l.trim().strip_prefix("create table ")) {
            let table = word(line.trim_start_matches("if not exists "));
            owners.insert(table.to_owned(), owner.to_owned());
        }
    }
    (owners, breaches)
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(text)
}

fn touches(tree: &Tree, owners: &BTreeMap<String, String>, file: &File, room: &str) -> Vec<String> {
    let own = tree.layers.iter().position(|l| l == room);
    let mut breaches = Vec::new();
    for (number, line) in file.code_lines() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        let lower = line.to_lowercase();
        for (verb, writes) in [
            ("insert into ", true),
            ("update ", true),
            ("delete from ", true),
            (" from ", false),
            (" join ", false),
        ] {
            for rest in lower.split(verb).skip(1) {
                let table = word(rest.trim_start());
                let Some(owner) = owners.get(table) else { continue };
                let above = tree.layers.iter().position(|l| l == owner) > own;
                if writes && owner != room {
                    breaches.push(format!(
                        "{}:{number}: {room} writes {table}, which belongs to {owner}",
                        file.path
                    ));
                } else if !writes && above {
                    breaches.push(format!(
                        "{}:{number}: {room} reads {table} of {owner}, which stands above it",
                        file.path
                    ));
                }
            }
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::{owners, strays, touches};
    use crate::source::{File, Tree};

    fn tree() -> Tree {
        Tree {
            files: Vec::new(),
            migrations: vec![
                ("1.sql".to_owned(), "-- owner: training/hours\ncreate table hour_entry (\n);".to_owned()),
                ("2.sql".to_owned(), "create table lost (\n);".to_owned()),
            ],
            layers: vec!["registry/people".to_owned(), "training/hours".to_owned()],
            places: Vec::new(),
        }
    }

    fn file(text: &str) -> File {
        File { path: "crates/registry/src/people/store.rs".to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_table_has_one_writer_and_is_read_from_above() {
        let tree = tree();
        let (owners, breaches) = owners(&tree);
        assert_eq!(breaches.len(), 1, "the migration without an owner: {breaches:?}");
        let write = file("const A: &str = \"insert into hour_entry (id) values ($1)\";");
        assert_eq!(touches(&tree, &owners, &write, "registry/people").len(), 1);
        assert!(touches(&tree, &owners, &write, "training/hours").is_empty());
        let read = file("const A: &str = \"select 1 from hour_entry\";");
        assert_eq!(touches(&tree, &owners, &read, "registry/people").len(), 1);
    }

    #[test]
    fn sql_outside_a_store_is_found() {
        assert_eq!(strays(&file("tx.run(\"delete from person\", &[])")).len(), 1);
        assert!(strays(&file("let select = 1;")).is_empty());
    }
}
