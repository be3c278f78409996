//! Marks of unfinished work, homeless names, and files that have grown past one idea.

use crate::source::Tree;

/// Lines a file may have.
const MOST: usize = 500;
/// Lines a file of tests may have.
const MOST_TESTS: usize = 800;

/// Unfinished work and names that say nothing.
pub fn check(tree: &Tree) -> Vec<String> {
    // Put together here so that this file does not find itself.
    let marks =
        [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("#[ig", "nore"), concat!("allow(dead", "_code")];
    let mut breaches = Vec::new();
    for file in &tree.files {
        if file.path.contains("util") {
            breaches.push(format!("{}: a name that says what it holds, please", file.path));
        }
        for (number, line) in file.text.lines().enumerate() {
            // A mark may stand when it names its issue, as in `#12`.
            let tracked =
                line.contains('#') && line.split('#').any(|r| r.starts_with(|c: char| c.is_ascii_digit()));
            if marks.iter().any(|mark| line.contains(mark)) && !tracked {
                breaches.push(format!("{}:{}: unfinished work without an issue", file.path, number + 1));
            }
        }
    }
    breaches
}

/// Files that should be split by verb.
pub fn sizes(tree: &Tree) -> Vec<String> {
    let too_long = |path: &str, lines: usize| {
        let most = if path.ends_with("tests.rs") || path.contains("/tests/") { MOST_TESTS } else { MOST };
        (lines > most).then(|| format!("{path}: {lines} lines, at most {most}"))
    };
    tree.files.iter().filter_map(|file| too_long(&file.path, file.text.lines().count())).collect()
}

#[cfg(test)]
mod tests {
    use super::{check, sizes};
    use crate::source::{File, Tree};

    fn tree(path: &str, text: String) -> Tree {
        let files = vec![File { path: path.to_owned(), text }];
        Tree { files, migrations: Vec::new(), layers: Vec::new(), places: Vec::new() }
    }

    #[test]
    fn unfinished_work_needs_an_issue() {
        let mark = concat!("// TO", "DO later");
        assert_eq!(check(&tree("a.rs", mark.to_owned())).len(), 1);
        assert!(check(&tree("a.rs", format!("{mark} #12"))).is_empty());
    }

    #[test]
    fn long_files_are_named_and_tests_may_be_longer() {
        let text = "\n".repeat(600);
        assert_eq!(sizes(&tree("crates/a/src/x.rs", text.clone())).len(), 1);
        assert!(sizes(&tree("crates/a/src/tests.rs", text)).is_empty());
    }
}
