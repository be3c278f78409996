//! Past months of statements: taken out of the tables, and put back.

use tisheng_platform::db::months::Month;
use tisheng_platform::{App, DbError};

use super::{MONTHS, store, writing};

/// Statements tied in one transaction.
const AT_ONCE: i64 = 200;

/// A month in which statements were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthState {
    /// Which.
    pub month: Month,
    /// How many of its statements are in the tables.
    pub statements: i64,
    /// Whether it has been taken out.
    pub is_out: bool,
}

/// A month stays where it is.
#[derive(Debug, thiserror::Error)]
pub enum MonthError {
    /// It has not ended.
    #[error("{0} has not ended: statements still come in it")]
    Present(Month),
    /// There is nothing of it.
    #[error("no statements of {0} are there")]
    Empty(Month),
    /// It has not been taken out.
    #[error("{0} has not been taken out")]
    NotOut(Month),
    /// What the database or the disk says; doing it again goes on where it ended.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Every month with statements, the earliest first.
///
/// # Errors
/// What the database reports.
pub async fn months(app: &App) -> Result<Vec<MonthState>, DbError> {
    let mut states: Vec<MonthState> = MONTHS
        .out(&app.db, &app.config.data)
        .await?
        .into_iter()
        .map(|month| MonthState { month, statements: 0, is_out: true })
        .collect();
    let mut tx = app.db.read().await?;
    let mut from = i64::MIN;
    while let Some(stored) = store::next(&mut tx, from).await? {
        let month = Month::of(tisheng_kernel::Instant::from_micros(stored));
        from = month.next().begin();
        let statements = store::count(&mut tx, month.begin(), from).await?;
        match states.iter_mut().find(|state| state.month == month) {
            Some(state) => state.statements = statements,
            None => states.push(MonthState { month, statements, is_out: false }),
        }
    }
    states.sort_unstable_by_key(|state| state.month);
    Ok(states)
}

/// Takes `month` out: its statements can be neither found nor read until it is put back. Their ids
/// stay taken. Cut short, it is done again and goes on.
///
/// # Errors
/// [`MonthError`].
pub async fn take_out(app: &App, month: Month) -> Result<(), MonthError> {
    if month >= Month::of(app.now()) {
        return Err(MonthError::Present(month));
    }
    if !months(app).await?.iter().any(|state| state.month == month) {
        return Err(MonthError::Empty(month));
    }
    Ok(MONTHS.take_out(&app.db, &app.config.data, month).await?)
}

/// Puts `month` back. Cut short, it is done again and goes on.
///
/// # Errors
/// [`MonthError`].
pub async fn put_back(app: &App, month: Month) -> Result<(), MonthError> {
    let was_out = MONTHS.put_back(&app.db, &app.config.data, month).await?;
    // Also where that was done by an attempt that was cut short after it.
    tie_again(app, month).await?;
    if was_out { Ok(()) } else { Err(MonthError::NotOut(month)) }
}

/// What has come while the month was out may refer to its statements, or they to it.
async fn tie_again(app: &App, month: Month) -> Result<(), DbError> {
    let (mut from, until) = (month.begin() - 1, month.next().begin());
    loop {
        let mut tx = app.db.write().await?;
        let some = store::tied(&mut tx, from, until, AT_ONCE).await?;
        let Some((last, _)) = some.last() else { return Ok(()) };
        from = *last;
        for (_, id) in some {
            writing::tie(&mut tx, id).await?;
        }
        tx.commit().await?;
    }
}
