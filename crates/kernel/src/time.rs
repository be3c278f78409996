//! Instants and the calendar of the territory.
//!
//! An instant is stored as whole microseconds of UTC in a 64-bit integer: the same text of SQL
//! then compares and subtracts times on both engines. People see China Standard Time, UTC+8
//! all year round.

use std::fmt;
use std::ops::{Add, Sub};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize};

/// Seconds by which China Standard Time is ahead of UTC.
const CST_SECONDS: i32 = 8 * 3600;

/// A moment, in microseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// The moment `micros` microseconds after 1970-01-01 UTC.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01 UTC, the form stored in the database.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The moment of the machine's clock. Only the outermost layer reads it; everything else is
    /// told the time.
    #[must_use]
    pub fn from_clock() -> Self {
        Self(Utc::now().timestamp_micros())
    }

    /// Midnight at the start of `date` in China Standard Time.
    #[must_use]
    pub fn start_of(date: NaiveDate) -> Self {
        let days = i64::from(date.num_days_from_ce()) - 719_163;
        Self((days * 86_400 - i64::from(CST_SECONDS)) * 1_000_000)
    }

    /// Seconds and nanoseconds since 1970; moments before it count as 1970.
    #[must_use]
    pub fn to_unix(self) -> (u64, u32) {
        let micros = u64::try_from(self.0).unwrap_or(0);
        let nanos = u32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000;
        (micros / 1_000_000, nanos)
    }

    /// The calendar date in China Standard Time.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        self.local().date_naive()
    }

    /// `2026年11月23日 14:05`, as officials write it.
    #[must_use]
    pub fn chinese(self) -> String {
        let t = self.local();
        format!("{}年{}月{}日 {:02}:{:02}", t.year(), t.month(), t.day(), t.hour(), t.minute())
    }

    /// `2026-11-23T14:05:09+08:00`, for machines.
    #[must_use]
    pub fn iso(self) -> String {
        self.local().to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false)
    }

    fn local(self) -> DateTime<FixedOffset> {
        let offset = FixedOffset::east_opt(CST_SECONDS).expect("eight hours is a valid offset");
        DateTime::from_timestamp_micros(self.0).unwrap_or_default().with_timezone(&offset)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chinese())
    }
}

impl Add<TimeDelta> for Instant {
    type Output = Self;

    fn add(self, span: TimeDelta) -> Self {
        Self(self.0.saturating_add(span.num_microseconds().unwrap_or(i64::MAX)))
    }
}

impl Sub for Instant {
    type Output = TimeDelta;

    fn sub(self, earlier: Self) -> TimeDelta {
        TimeDelta::microseconds(self.0.saturating_sub(earlier.0))
    }
}

/// Where the time comes from: the machine in service, a fixed or moved hand in tests and
/// simulations.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> Instant;

    /// The moment that the rest of the world goes by: another one only where a demonstration takes
    /// another day for today.
    fn wall(&self) -> Instant {
        self.now()
    }
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::from_clock()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeDelta};

    use super::Instant;

    #[test]
    fn a_day_begins_at_local_midnight() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date");
        let start = Instant::start_of(day);
        assert_eq!(start.date(), day);
        assert_eq!(start.chinese(), "2026年11月23日 00:00");
        assert_eq!((start + TimeDelta::microseconds(-1)).date(), day.pred_opt().expect("a date"));
    }

    #[test]
    fn shown_for_people_and_machines() {
        let at = Instant::from_micros(1_795_413_909_000_000);
        assert_eq!(at.iso(), "2026-11-23T14:05:09+08:00");
        assert_eq!(at.chinese(), "2026年11月23日 14:05");
    }
}
