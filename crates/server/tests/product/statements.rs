//! Every SQL statement of the project is understood by both engines.

use std::fs;
use std::path::{Path, PathBuf};

use tisheng_testkit::{Engine, scratch, story};

/// Where a statement stands, and its text.
struct Statement {
    place: String,
    sql: String,
}

/// The statements of all stores, and of the platform's own tables.
fn statements() -> Vec<Statement> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    files.iter().flat_map(|path| of_file(&root, path)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let shown = path.to_string_lossy().replace('\\', "/");
        if path.is_dir() {
            collect(&path, files);
        } else if shown.ends_with("/store.rs")
            || (shown.ends_with(".rs") && (shown.contains("/store/") || shown.contains("/platform/src/")))
        {
            files.push(path);
        }
    }
}

fn of_file(root: &Path, path: &Path) -> Vec<Statement> {
    let text = fs::read_to_string(path).expect("a source file");
    let shown = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let consts = text.split("const ").skip(1).filter_map(|rest| {
        let (name, rest) = rest.split_once(": &str =")?;
        let sql = literal(rest.trim_start())?;
        let verbs = ["select ", "insert ", "update ", "delete ", "with "];
        let plain = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        (plain && verbs.iter().any(|verb| sql.starts_with(verb)))
            .then(|| Statement { place: format!("{shown} {name}"), sql: whole(sql) })
    });
    consts.collect()
}

/// The content of the string literal at the start of `text`.
fn literal(text: &str) -> Option<String> {
    let hashes = text.strip_prefix('r').map(|rest| rest.chars().take_while(|c| *c == '#').count());
    if let Some(hashes) = hashes {
        let close = format!("\"{}", "#".repeat(hashes));
        let body = text.get(hashes + 2..)?;
        return Some(body[..body.find(&close)?].to_owned());
    }
    let mut out = String::new();
    let mut chars = text.strip_prefix('"')?.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Some(out),
            '\\' if chars.peek() == Some(&'\n') => {
                while chars.peek().is_some_and(|c| c.is_whitespace()) {
                    chars.next();
                }
            }
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    None
}

/// The head of a bulk insert, made a statement by one row of placeholders.
fn whole(sql: String) -> String {
    if !sql.trim_end().ends_with("values") {
        return sql;
    }
    let columns =
        sql.split_once('(').map_or(0, |(_, rest)| rest.split(')').next().unwrap_or("").split(',').count());
    let marks: Vec<String> = (1..=columns).map(|n| format!("${n}")).collect();
    format!("{sql} ({})", marks.join(", "))
}

story!(every_statement_is_understood, |engine| async move {
    let found = statements();
    assert!(found.len() > 20, "the search has lost its way: {} statements", found.len());
    let scratch = scratch(engine).await;
    let mut wrong = Vec::new();
    for Statement { place, sql } in found {
        // On PostgreSQL a statement that fails spoils its transaction: a new one for each.
        let mut tx = scratch.db.write().await.expect("a transaction");
        if engine == Engine::Sqlite && sql.contains("skip locked") {
            continue;
        }
        if let Err(error) = tx.prepare(&sql).await {
            wrong.push(format!("{place}: {error}\n    {sql}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
});

#[test]
fn literals_are_read_as_the_compiler_reads_them() {
    assert_eq!(literal("\"a \\\n    b\";").as_deref(), Some("a b"));
    assert_eq!(literal("r#\"a \"b\"\"#;").as_deref(), Some("a \"b\""));
    assert_eq!(literal("\"a \\\"b\\\"\";").as_deref(), Some("a \"b\""));
    assert_eq!(whole("insert into t (a, b) values".to_owned()), "insert into t (a, b) values ($1, $2)");
}
