//! Every address of the product, read from the rooms' sources: axum's router does not list them.

use std::fs;
use std::path::{Path, PathBuf};

/// What may stand behind an address.
const METHODS: [&str; 5] = ["get", "post", "patch", "delete", "head"];

/// An address and a method that it answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// The path as the router has it, with names in braces.
    pub path: String,
    /// The method, in capitals; `ANY` where the address itself sees to it.
    pub method: String,
}

impl Address {
    /// Whether machines ask here, with a credential in each request and no session.
    pub fn is_for_machines(&self) -> bool {
        self.method == "ANY"
    }
}

/// Every address, in the order of paths.
pub fn all() -> Vec<Address> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut files);
    let mut found: Vec<Address> =
        files.iter().flat_map(|file| of_source(&fs::read_to_string(file).expect("a source"))).collect();
    found.sort();
    found.dedup();
    found
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "tests" | "testkit" | "tidy") {
                collect(&path, files);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
}

/// The addresses in calls of `.route("…", get(…).post(…))`.
fn of_source(source: &str) -> Vec<Address> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    for call in source.split(".route(").skip(1) {
        let call = up_to_its_end(call);
        let Some((path, services)) = call.trim_start().strip_prefix('"').and_then(|c| c.split_once('"'))
        else {
            continue;
        };
        if services.trim_start_matches([',', ' ', '\n']).starts_with("any(") && !services.contains(").") {
            found.push(Address { path: path.to_owned(), method: "ANY".to_owned() });
        }
        for method in METHODS {
            let called = services.match_indices(&format!("{method}(")).any(|(at, _)| {
                !services[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
            });
            if called {
                found.push(Address { path: path.to_owned(), method: method.to_uppercase() });
            }
        }
    }
    found
}

/// `call` up to the bracket that closes it.
fn up_to_its_end(call: &str) -> &str {
    let mut depth = 1;
    for (at, c) in call.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &call[..at];
        }
    }
    call
}

#[test]
fn addresses_are_read_as_they_are_written() {
    let source = "Router::new().route(\"/a/{id}\", get(a::show).post(a::get(x)).layer(y(1)))\n.route(\n \"/b\",\n delete(b),\n)\n.route(\"/m\", any(c))";
    let found: Vec<String> = of_source(source).iter().map(|a| format!("{} {}", a.method, a.path)).collect();
    assert_eq!(found, ["GET /a/{id}", "POST /a/{id}", "DELETE /b", "ANY /m"]);
    assert!(all().len() > 150, "the search has lost its way: {}", all().len());
}
