//! Migrations: forward only, one text for both engines, each in its own transaction.
//!
//! The texts live in `migrations/` at the root of the project. A few words in braces stand for
//! what the engines call differently; see [`translate`]. The first line of a file names the room
//! that owns its tables.

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};
use tisheng_kernel::Instant;

use super::{Db, DbError, Engine};
use crate::args;

#[derive(RustEmbed)]
#[folder = "../../migrations"]
struct Texts;

/// A migration could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The statement text failed; nothing of this migration happened.
    #[error("migration {name}: {source}")]
    Failed {
        /// The file.
        name: String,
        /// What the engine said.
        source: DbError,
    },
    /// A migration that has been applied was edited afterwards.
    #[error("migration {0} was changed after it had been applied; add a new one instead")]
    Edited(String),
    /// The bookkeeping itself failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Names and texts of all migrations, in order.
pub fn texts() -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = Texts::iter()
        .filter_map(|name| {
            let file = Texts::get(&name)?;
            Some((name.to_string(), String::from_utf8_lossy(&file.data).into_owned()))
        })
        .collect();
    texts.sort();
    texts
}

/// Applies what has not been applied yet and returns the names. Running it again does nothing.
///
/// # Errors
/// See [`MigrateError`].
pub async fn run(db: &Db, at: Instant) -> Result<Vec<String>, MigrateError> {
    let mut done = Vec::new();
    for (name, text) in missing(db).await? {
        let digest = digest(&text);
        let failed = |source| MigrateError::Failed { name: name.clone(), source };
        let mut tx = db.write_alone().await?;
        // The row first: a second process that starts at the same moment waits here, however long it takes, and
        // then finds the work done.
        if tx.run(CLAIM, args![name.as_str(), digest, at]).await? == 0 {
            continue;
        }
        tx.batch(&translate(&text, db.engine())).await.map_err(failed)?;
        tx.commit().await?;
        done.push(name);
    }
    Ok(done)
}

/// Names of the migrations that have not been applied yet, in order.
///
/// # Errors
/// See [`MigrateError`].
pub async fn waiting(db: &Db) -> Result<Vec<String>, MigrateError> {
    Ok(missing(db).await?.into_iter().map(|(name, _)| name).collect())
}

async fn missing(db: &Db) -> Result<Vec<(String, String)>, MigrateError> {
    let mut tx = db.write().await?;
    tx.batch(&translate(BOOK, db.engine())).await?;
    let applied = tx
        .rows("select name, digest from migration", args![], |row| {
            Ok((row.get::<String>(0)?, row.get::<String>(1)?))
        })
        .await?;
    tx.commit().await?;
    let mut missing = Vec::new();
    for (name, text) in texts() {
        match applied.iter().find(|(known, _)| *known == name) {
            Some((_, known)) if *known == digest(&text) => {}
            Some(_) => return Err(MigrateError::Edited(name)),
            None => missing.push((name, text)),
        }
    }
    Ok(missing)
}

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

const CLAIM: &str =
    "insert into migration (name, digest, at) values ($1, $2, $3) on conflict (name) do nothing";

const BOOK: &str = "create table if not exists migration (
    name {text} primary key, digest {text} not null, at {int} not null
){strict};";

/// Puts the engine's own words for `{int}` (64 bits), `{bool}`, `{text}`, `{bytes}`, `{id}`
/// (UUID), `{real}`, `{strict}` (after a table's closing parenthesis), `{clustered}` (the same,
/// for a table stored in the order of its key), `{by_month:column}` (after that, for one whose
/// months are parts of their own on PostgreSQL; see [`super::months`]), `{rest_of:table}` (a
/// statement by itself: the part for what no month takes), `{rest_by:column of table}` (likewise: an
/// index on that part alone) and `{estimated:name on (expression) from table}` (likewise: PostgreSQL
/// takes samples of the expression, so that it knows how many rows a condition on it leaves; SQLite
/// guesses nothing from samples).
#[must_use]
pub fn translate(text: &str, engine: Engine) -> String {
    let text = parts(text, engine);
    let words: [(&str, &str, &str); 8] = [
        ("{int}", "integer", "bigint"),
        ("{bool}", "integer", "boolean"),
        ("{text}", "text", "text"),
        ("{bytes}", "blob", "bytea"),
        ("{id}", "blob", "uuid"),
        ("{real}", "real", "double precision"),
        ("{strict}", " strict", ""),
        ("{clustered}", " strict, without rowid", ""),
    ];
    words.iter().fold(text, |text, (word, sqlite, postgres)| {
        text.replace(word, if engine == Engine::Sqlite { sqlite } else { postgres })
    })
}

/// Puts the engine's own words for those that name a column or a table.
fn parts(text: &str, engine: Engine) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some((before, word)) = rest.split_once('{') {
        out.push_str(before);
        let (word, after) = word.split_once('}').unwrap_or((word, ""));
        match (word.split_once(':'), engine) {
            (None, _) => out.push_str(&format!("{{{word}}}")),
            (Some(_), Engine::Sqlite) => {}
            (Some(("by_month", column)), Engine::Postgres) => {
                out.push_str(&format!(" partition by range ({column})"));
            }
            (Some(("estimated", what)), Engine::Postgres) => {
                let table = what.rsplit(' ').next().unwrap_or_default();
                out.push_str(&format!("create statistics {what}; analyze {table};"));
            }
            (Some(("rest_by", what)), Engine::Postgres) => {
                let (column, table) = what.split_once(" of ").unwrap_or_default();
                out.push_str(&format!("create index {table}_rest_{column} on {table}_rest ({column});"));
            }
            (Some((_, table)), Engine::Postgres) => {
                out.push_str(&format!("create table {table}_rest partition of {table} default;"));
            }
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{BOOK, Engine, translate};

    #[test]
    fn months_are_parts_on_one_engine_alone() {
        let text = "create table t (at {int} primary key){clustered}{by_month:at};\n{rest_of:t}";
        let sqlite = "create table t (at integer primary key) strict, without rowid;\n";
        assert_eq!(translate(text, Engine::Sqlite), sqlite);
        let postgres = "create table t (at bigint primary key) partition by range (at);\n\
            create table t_rest partition of t default;";
        assert_eq!(translate(text, Engine::Postgres), postgres);
        let text = "{rest_by:at of t}\n";
        assert_eq!(translate(text, Engine::Sqlite), "\n");
        assert_eq!(translate(text, Engine::Postgres), "create index t_rest_at on t_rest (at);\n");
    }

    #[test]
    fn samples_of_expressions_are_taken_on_one_engine_alone() {
        let text = "{estimated:t_path on (path || '') from t}\n";
        assert_eq!(translate(text, Engine::Sqlite), "\n");
        assert_eq!(
            translate(text, Engine::Postgres),
            "create statistics t_path on (path || '') from t; analyze t;\n"
        );
    }

    #[test]
    fn each_engine_gets_its_own_words() {
        assert!(translate(BOOK, Engine::Sqlite).contains("at integer not null\n) strict;"));
        assert!(translate(BOOK, Engine::Postgres).contains("at bigint not null\n);"));
    }
}
