//! Tables that only grow, and whose past months can be taken out and put back.
//!
//! On PostgreSQL each month is a part (partition) of its own; what fits no month lies in the part
//! `…_rest`, so that nothing is ever refused. A month that is taken out stays in the database as a
//! table by itself, which the server's own tools can copy and drop. On SQLite a month that is taken
//! out lies in a file of its own.
//!
//! A part is added while nobody else has the table open. PostgreSQL would take it beside them, but a
//! connection that is just then working out which parts there are may keep the list without the new
//! one for good (`RelationBuildPartitionDesc`, seen in 15 by halting it there): what it writes goes
//! to the rest, in which nobody looks for rows of a month that has a part. Others wait meanwhile, so
//! that as little as can be is done then: PostgreSQL looks through the whole rest, and through the new
//! part where no constraint says what is in it.
//!
//! Every step can be cut short and done again: rows are removed in one place only after they are
//! durable in the other.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::{Datelike, Months, NaiveDate};
use tisheng_kernel::Instant;

use super::{Db, DbError, Engine, Tx, quote_identifier, sqlite};
use crate::args;

/// A month, by UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

/// There is no such month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no month such as 2026-11")]
pub struct NoMonth(String);

impl Month {
    /// The month that `at` lies in.
    #[must_use]
    pub fn of(at: Instant) -> Self {
        let date = chrono::DateTime::from_timestamp_micros(at.micros()).unwrap_or_default().date_naive();
        Self(date.with_day(1).unwrap_or(date))
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// Its first moment, in microseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn begin(self) -> i64 {
        self.0.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros()
    }

    /// The table of the month's rows of `table`, where it is one of its own.
    fn part(self, table: &str) -> String {
        format!("{table}_{}", self.0.format("%Y_%m"))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let date = NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok();
        date.map(Self).filter(|month| month.to_string() == text).ok_or_else(|| NoMonth(text.to_owned()))
    }
}

/// Tables that lie by months, in the order in which they are taken out. Each has the column
/// `stored`, microseconds since 1970-01-01 UTC, in its key.
#[derive(Debug, Clone, Copy)]
pub struct Monthly {
    /// Their names; the first has a row for everything that the others speak of.
    pub tables: &'static [&'static str],
    /// The folder in the data folder for the files of months that are taken out (SQLite).
    pub folder: &'static str,
    /// Bytes of a table's rest from which on [`Self::ready`] makes no part (PostgreSQL).
    pub large: i64,
}

impl Monthly {
    fn file(&self, data: &Path, month: Month) -> PathBuf {
        data.join(self.folder).join(format!("{}-{month}.db", self.tables[0]))
    }

    /// Makes the parts for `month` where they are missing. Where rows of it lie in the rest already they
    /// stay there, and others come to them: whoever began to read before they moved would miss them.
    ///
    /// # Errors
    /// What the engine reports, such as that somebody has a table open for long, and that a rest is too
    /// large to be looked through while others wait; then rows of the month go to the rest.
    pub async fn ready(&self, db: &Db, month: Month) -> Result<(), DbError> {
        if db.engine() == Engine::Sqlite {
            return Ok(());
        }
        for table in self.tables {
            // In a transaction of its own: whoever has the table shut waits for those who have the rest open.
            let mut tx = db.write().await?;
            let is_settled = is_settled(&mut tx, table, month).await?;
            tx.commit().await?;
            if !is_settled {
                let mut tx = db.write().await?;
                tx.batch(&self.make(table, month)).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// Makes the part of `table` for `month`.
    fn make(&self, table: &str, month: Month) -> String {
        let (shut, found, join) = (shut(table), found(table, month), join(table, month));
        let (settled, rest, large) = (settled(table, month), rest(table), self.large);
        // Whoever waited there finds the work done, or a first row of the month in the rest.
        format!(
            "do $$ begin
                if pg_relation_size('{rest}') >= {large} then
                    raise exception '% is too large to be looked through while others wait', '{rest}';
                end if;
                {shut};
                if not ({settled}) then
                    {found};
                    {join};
                end if;
            end $$"
        )
    }

    /// Takes `month` out. Once it is out, doing it again takes out what has come since.
    ///
    /// # Errors
    /// What the engine or the disk reports, such as that somebody has a table open for long; what is not
    /// done yet is done by the next attempt.
    pub async fn take_out(&self, db: &Db, data: &Path, month: Month) -> Result<(), DbError> {
        match db {
            Db::Sqlite(db) => {
                let file = self.file(data, month);
                db.take_out(self.tables, month.begin()..month.next().begin(), file).await
            }
            Db::Postgres(_) => {
                // One table at a time: who holds one of them shut and waits for the next may wait for
                // somebody who came to them the other way around.
                for table in self.tables {
                    let part = month.part(table);
                    let mut tx = db.write().await?;
                    if is_part(&mut tx, &part).await? {
                        let (whole, part) = (quote_identifier(table), quote_identifier(&part));
                        let shut = shut(table);
                        tx.batch(&format!("{shut}; alter table {whole} detach partition {part}")).await?;
                    } else if !is_there(&mut tx, &part).await? {
                        tx.batch(&found(table, month)).await?;
                    }
                    tx.commit().await?;
                    let mut tx = db.write().await?;
                    tx.batch(&gather(table, month)).await?;
                    tx.commit().await?;
                }
                Ok(())
            }
        }
    }

    /// Puts `month` back; whether it was out. Where that is long, as where PostgreSQL makes sure that a
    /// table has rows of the month alone, nobody waits for it; a rest that has become large is looked
    /// through while others wait. Who began to read before may miss what came while the month was out.
    ///
    /// # Errors
    /// What the engine or the disk reports, such as that somebody has a table open for long; what is not
    /// done yet is done by the next attempt.
    pub async fn put_back(&self, db: &Db, data: &Path, month: Month) -> Result<bool, DbError> {
        match db {
            Db::Sqlite(db) => db.put_back(self.tables, self.file(data, month)).await,
            Db::Postgres(_) => {
                let mut was_out = false;
                // One at a time, as they are taken out; the first table last, so that what is back is
                // found by everything that speaks of it.
                for table in self.tables.iter().rev() {
                    let part = month.part(table);
                    let mut tx = db.write().await?;
                    if !is_out(&mut tx, &part).await? {
                        continue;
                    }
                    tx.batch(&make_sure(table, month)).await?;
                    tx.commit().await?;
                    // In one transaction: what lies in the rest is found there until the part is back. Where
                    // another part is made just then, one of the two is given up.
                    let mut tx = db.write().await?;
                    tx.batch(&gather(table, month)).await?;
                    tx.batch(&shut(table)).await?;
                    if is_out(&mut tx, &part).await? {
                        // What has come since.
                        tx.batch(&gather(table, month)).await?;
                        tx.batch(&join(table, month)).await?;
                        tx.batch(&unsure(table, month)).await?;
                    }
                    tx.commit().await?;
                    was_out = true;
                }
                Ok(was_out)
            }
        }
    }

    /// The months that are out, the earliest first.
    ///
    /// # Errors
    /// What the engine or the disk reports.
    pub async fn out(&self, db: &Db, data: &Path) -> Result<Vec<Month>, DbError> {
        let names = match db {
            Db::Sqlite(_) => files(&data.join(self.folder))?,
            Db::Postgres(_) => {
                let mut tx = db.read().await?;
                let sql = "select relname::text from pg_class where relkind = 'r' and not relispartition";
                tx.rows(sql, args![], |row| row.get::<String>(0)).await?
            }
        };
        let month = |name: &String| {
            let rest = name.strip_prefix(self.tables[0])?.get(1..)?;
            rest.trim_end_matches(".db").replace('_', "-").parse().ok()
        };
        let mut out: Vec<Month> = names.iter().filter_map(month).collect();
        out.sort_unstable();
        Ok(out)
    }
}

fn files(folder: &Path) -> Result<Vec<String>, DbError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(sqlite::disk(&error)),
    };
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    let names: Result<Vec<String>, _> = entries.map(name).collect();
    Ok(names
        .map_err(|error| sqlite::disk(&error))?
        .into_iter()
        .filter(|name| name.ends_with(".db"))
        .collect())
}

/// Whether PostgreSQL has a table `name`.
async fn is_there(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    tx.row("select to_regclass($1::text) is not null", args![name], |row| row.get(0)).await
}

/// Whether that is a part of another.
async fn is_part(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let sql =
        "select coalesce((select relispartition from pg_class where oid = to_regclass($1::text)), false)";
    tx.row(sql, args![name], |row| row.get(0)).await
}

/// Whether that is a table by itself.
async fn is_out(tx: &mut Tx, name: &str) -> Result<bool, DbError> {
    let sql =
        "select exists (select 1 from pg_class where oid = to_regclass($1::text) and not relispartition)";
    tx.row(sql, args![name], |row| row.get(0)).await
}

/// Whether the rows of `month` have their place: a table of their own, or the rest, in which some lie.
fn settled(table: &str, month: Month) -> String {
    let (part, rest) = (quote_identifier(&month.part(table)), rest(table));
    let (begin, end) = (month.begin(), month.next().begin());
    format!(
        "to_regclass('{part}') is not null
        or exists (select 1 from {rest} where stored >= {begin} and stored < {end})"
    )
}

/// Whether that is so.
async fn is_settled(tx: &mut Tx, table: &str, month: Month) -> Result<bool, DbError> {
    let settled = settled(table, month);
    tx.batch(&format!("select set_config('tisheng.settled', ({settled})::text, true)")).await?;
    tx.row("select current_setting('tisheng.settled')::boolean", args![], |row| row.get(0)).await
}

/// Waits until nobody has `table` open, and lets nobody open it before the end of the transaction. Whoever
/// comes meanwhile waits as well, so that it is given up where somebody has it open for long.
fn shut(table: &str) -> String {
    let whole = quote_identifier(table);
    // Everybody opens the parts through the whole.
    format!("set local lock_timeout = '2s'; lock table only {whole} in access exclusive mode")
}

/// The part of `table` for what no month takes.
fn rest(table: &str) -> String {
    quote_identifier(&format!("{table}_rest"))
}

/// Makes a table by itself for `month`.
fn found(table: &str, month: Month) -> String {
    let (whole, part) = (quote_identifier(table), quote_identifier(&month.part(table)));
    format!("create table {part} (like {whole} including all)")
}

/// Lets the engine see that the table of `month`, which is by itself, has rows of that month alone. What was
/// seen by an attempt that was cut short is not looked at again.
fn make_sure(table: &str, month: Month) -> String {
    let part = quote_identifier(&month.part(table));
    let (begin, end) = (month.begin(), month.next().begin());
    // Others read it once it is a part, which another attempt may make it.
    format!(
        "do $$ begin
            lock table {part} in access exclusive mode;
            if not (select relispartition from pg_class where oid = to_regclass('{part}')) then
                alter table {part} add constraint in_month check (stored >= {begin} and stored < {end});
            end if;
        exception when duplicate_object then null;
        end $$"
    )
}

/// Takes back what [`make_sure`] says of a table that is a part by now, and has that from being one.
fn unsure(table: &str, month: Month) -> String {
    let part = quote_identifier(&month.part(table));
    format!("alter table {part} drop constraint if exists in_month")
}

/// Makes the table of `month` a part; `table` is shut.
fn join(table: &str, month: Month) -> String {
    let (whole, part) = (quote_identifier(table), quote_identifier(&month.part(table)));
    let (begin, end) = (month.begin(), month.next().begin());
    format!("alter table {whole} attach partition {part} for values from ({begin}) to ({end})")
}

/// Moves rows of `month` from the rest into its own table.
fn gather(table: &str, month: Month) -> String {
    let (part, rest) = (quote_identifier(&month.part(table)), rest(table));
    let (begin, end) = (month.begin(), month.next().begin());
    format!(
        "with moved as (delete from {rest} where stored >= {begin} and stored < {end} returning *)
        insert into {part} select * from moved on conflict do nothing"
    )
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::Instant;

    use super::Month;

    #[test]
    fn months_are_read_and_follow_each_other() {
        let month: Month = "2026-12".parse().expect("a month");
        assert_eq!(month.next().to_string(), "2027-01");
        assert_eq!(Month::of(Instant::from_micros(month.begin())), month);
        assert_eq!(Month::of(Instant::from_micros(month.next().begin() - 1)), month);
        assert_eq!(month.part("t"), "t_2026_12");
        for wrong in ["2026-13", "2026-1", "26-01", "2026-01-01", ""] {
            wrong.parse::<Month>().expect_err(wrong);
        }
    }
}
