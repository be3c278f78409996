//! Figures of months that are kept.

use std::collections::HashMap;

use tisheng_kernel::{Id, Seconds};
use tisheng_platform::{DbError, Row, Tx, args};
use tisheng_policy::scheme::Programme;

use super::{Of, sheet_row};
use crate::platform::Platform;
use crate::reconciliation::model::{Ledger, Month, Sheet, Sum};

const MONTHS_OF_NUMBER: &str = "select substr(worked_on, 1, 7) from hour_entry
    where programme = $1 and source = $2 and source_id = $3 order by revision";

const MONTHS: &str = "select distinct substr(worked_on, 1, 7) from hour_entry
    where programme = $1 and source = $2 order by 1";

const MARK: &str =
    "insert into month_ledger (programme, platform, month, records, seconds, latest, marked, counted)
    values ($1, $2, $3, 0, 0, null, 1, 0)
    on conflict (programme, platform, month) do update set marked = month_ledger.marked + 1 returning marked";

const MARKS: &str =
    "select marked, counted from month_ledger where programme = $1 and platform = $2 and month = $3";

const PUT: &str = "update month_ledger set records = $4, seconds = $5, latest = $6, counted = $7
    where programme = $1 and platform = $2 and month = $3 and counted < $7";

const ALL: &str = "select month, records, seconds, latest from month_ledger
    where programme = $1 and platform = $2 and counted = marked order by month";

const SHEETS: &str =
    "select month, revision, stated_at, own_figures, own_note, own_at, office_figures, office_note,
    office_at, stated_records, stated_seconds from month_sheet where programme = $1 and platform = $2";

const WAITING_BY_MONTH: &str = "select substr(worked_on, 1, 7), count(*) from hour_report
    where programme = $1 and source = $2 and state in ('parked', 'held', 'conflict') group by 1";

const SUM_STATEMENTS: &str = "update month_sheet set
    stated_records = (select count(*) from month_line l where l.platform = month_sheet.platform
        and l.month = month_sheet.month and l.revision = month_sheet.revision),
    stated_seconds = (select coalesce(cast(sum(l.seconds) as bigint), 0) from month_line l
        where l.platform = month_sheet.platform and l.month = month_sheet.month
        and l.revision = month_sheet.revision)
    where programme = $1";

const WRONG_STATEMENTS: &str = "select s.month from month_sheet s where s.programme = $1 and s.platform = $2
    and (s.stated_records, s.stated_seconds) <> (select count(*), coalesce(cast(sum(l.seconds) as bigint), 0)
        from month_line l where l.platform = s.platform and l.month = s.month and l.revision = s.revision)
    order by s.month";

/// The months in which the hours of a number lie, in the order of its revisions.
pub async fn months_of_number(
    tx: &mut Tx,
    platform: &Platform,
    number: &str,
) -> Result<Vec<String>, DbError> {
    tx.rows(MONTHS_OF_NUMBER, args![platform.programme, &platform.name, number], |row| row.get(0)).await
}

/// The months in which hours of `platform` lie.
pub async fn months(tx: &mut Tx, platform: &Platform) -> Result<Vec<String>, DbError> {
    tx.rows(MONTHS, args![platform.programme, &platform.name], |row| row.get(0)).await
}

/// Notes that something of a month has changed; gives how often it has.
pub async fn mark(
    tx: &mut Tx,
    (programme, platform): (Id<Programme>, Id<Platform>),
    month: &str,
) -> Result<i64, DbError> {
    tx.row(MARK, args![programme, platform, month], |row| row.get(0)).await
}

/// How often a month has changed, and how much of that is counted; `None` where nothing has.
pub async fn marks(tx: &mut Tx, of: Of<'_>) -> Result<Option<(i64, i64)>, DbError> {
    let asked = args![of.platform.programme, of.platform.id, of.month.to_string()];
    tx.row_opt(MARKS, asked, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Keeps what was counted of a month, up to the change `counted`.
pub async fn put(tx: &mut Tx, of: Of<'_>, ledger: Ledger, counted: i64) -> Result<(), DbError> {
    let row = args![
        of.platform.programme,
        of.platform.id,
        of.month.to_string(),
        ledger.sum.records,
        ledger.sum.seconds.get(),
        ledger.latest,
        counted
    ];
    tx.run(PUT, row).await.map(drop)
}

fn month(row: &Row<'_>) -> Result<Month, DbError> {
    let text: String = row.get(0)?;
    Month::read(&text).ok_or_else(|| DbError::Column { column: 0, problem: format!("not a month: {text}") })
}

/// The months of which everything is counted, with what stands in the ledger.
pub async fn all(tx: &mut Tx, platform: &Platform) -> Result<Vec<(Month, Ledger)>, DbError> {
    tx.rows(ALL, args![platform.programme, platform.id], |row| {
        let sum = Sum { records: row.get(1)?, seconds: Seconds::new(row.get(2)?) };
        Ok((month(row)?, Ledger { sum, latest: row.get(3)? }))
    })
    .await
}

/// What is kept of the months of `platform` for which anything was stated or confirmed.
pub async fn sheets(tx: &mut Tx, platform: &Platform) -> Result<HashMap<Month, Sheet>, DbError> {
    let asked = args![platform.programme, platform.id];
    let rows = tx.rows(SHEETS, asked, |row| Ok((month(row)?, sheet_row(row, 1)?))).await?;
    Ok(rows.into_iter().collect())
}

/// How many reports of each month wait for a person.
pub async fn waiting_by_month(tx: &mut Tx, platform: &Platform) -> Result<HashMap<Month, i64>, DbError> {
    let asked = args![platform.programme, &platform.name];
    let rows = tx.rows(WAITING_BY_MONTH, asked, |row| Ok((month(row)?, row.get(1)?))).await?;
    Ok(rows.into_iter().collect())
}

/// Sums up the statements that stand afresh.
pub async fn sum_statements(tx: &mut Tx, programme: Id<Programme>) -> Result<(), DbError> {
    tx.run(SUM_STATEMENTS, args![programme]).await.map(drop)
}

/// The months whose statements do not come to what is kept of them.
pub async fn wrong_statements(tx: &mut Tx, platform: &Platform) -> Result<Vec<String>, DbError> {
    let asked = args![platform.programme, platform.id];
    let wrong: Vec<String> = tx.rows(WRONG_STATEMENTS, asked, |row| row.get(0)).await?;
    Ok(wrong.into_iter().map(|month| format!("statement {month} of {}", platform.id)).collect())
}
