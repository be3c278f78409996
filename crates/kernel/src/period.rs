//! Stretches of days, and the working days of notice periods (公示期).

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use crate::number::chinese_date;

/// Whole days from the first to the last, both counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Period {
    from: NaiveDate,
    until: NaiveDate,
}

/// The last day lies before the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("结束日期早于开始日期")]
pub struct EndsBeforeItBegins;

impl Period {
    /// The days from `from` to `until`, both counted.
    ///
    /// # Errors
    /// [`EndsBeforeItBegins`] when `until` lies before `from`.
    pub fn new(from: NaiveDate, until: NaiveDate) -> Result<Self, EndsBeforeItBegins> {
        if until < from { Err(EndsBeforeItBegins) } else { Ok(Self { from, until }) }
    }

    /// The first day.
    #[must_use]
    pub const fn from(&self) -> NaiveDate {
        self.from
    }

    /// The last day.
    #[must_use]
    pub const fn until(&self) -> NaiveDate {
        self.until
    }

    /// Whether `day` is one of its days.
    #[must_use]
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.from <= day && day <= self.until
    }

    /// Whether the two have a day in common.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.from <= other.until && other.from <= self.until
    }

    /// How many days, at least one.
    #[must_use]
    pub fn days(&self) -> i64 {
        (self.until - self.from).num_days() + 1
    }

    /// The calendar years it touches, in order.
    #[must_use]
    pub fn years(&self) -> Vec<i32> {
        (self.from.year()..=self.until.year()).collect()
    }

    /// The months it touches, as their first days.
    #[must_use]
    pub fn months(&self) -> Vec<NaiveDate> {
        let mut month = self.from.with_day(1);
        let mut months = Vec::new();
        while let Some(first) = month.filter(|first| *first <= self.until) {
            months.push(first);
            month = first.checked_add_months(chrono::Months::new(1));
        }
        months
    }

    /// `2020年1月1日至2022年12月31日`.
    #[must_use]
    pub fn chinese(&self) -> String {
        format!("{}至{}", chinese_date(self.from), chinese_date(self.until))
    }
}

/// Which days are worked: Monday to Friday, but for the days the state moves each year.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkCalendar {
    /// Weekdays that are holidays.
    pub holidays: BTreeSet<NaiveDate>,
    /// Saturdays and Sundays that are worked (调休).
    pub worked_weekends: BTreeSet<NaiveDate>,
}

impl WorkCalendar {
    /// Whether `day` is worked.
    #[must_use]
    pub fn is_worked(&self, day: NaiveDate) -> bool {
        match day.weekday() {
            Weekday::Sat | Weekday::Sun => self.worked_weekends.contains(&day),
            _ => !self.holidays.contains(&day),
        }
    }

    /// The last day of a notice period of `days` working days that is put up on `start`; the day
    /// itself is not counted. With 0 days, `start`.
    #[must_use]
    pub fn after_working_days(&self, start: NaiveDate, days: u32) -> NaiveDate {
        let mut day = start;
        let mut left = days;
        while left > 0 {
            let Some(next) = day.checked_add_days(Days::new(1)) else { return day };
            day = next;
            left -= u32::from(self.is_worked(day));
        }
        day
    }

    /// How many working days lie after `start` up to and including `end`.
    #[must_use]
    pub fn working_days_between(&self, start: NaiveDate, end: NaiveDate) -> usize {
        start.iter_days().skip(1).take_while(|day| *day <= end).filter(|day| self.is_worked(*day)).count()
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::{EndsBeforeItBegins, Period, WorkCalendar};

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).expect("a date")
    }

    #[test]
    fn a_period_counts_both_ends() {
        let term = Period::new(day(2020, 9, 1), day(2021, 1, 31)).expect("in order");
        assert!(term.contains(day(2020, 9, 1)) && term.contains(day(2021, 1, 31)));
        assert!(!term.contains(day(2021, 2, 1)));
        assert_eq!(term.days(), 153);
        assert_eq!(term.years(), [2020, 2021]);
        assert_eq!(term.months().len(), 5);
        assert_eq!(term.chinese(), "2020年9月1日至2021年1月31日");
        assert_eq!(Period::new(day(2022, 6, 1), day(2020, 12, 31)), Err(EndsBeforeItBegins));
    }

    #[test]
    fn notice_skips_weekends_and_holidays() {
        let plain = WorkCalendar::default();
        let friday = day(2026, 11, 20);
        assert_eq!(plain.after_working_days(friday, 5), day(2026, 11, 27));
        let with_holiday = WorkCalendar {
            holidays: [day(2026, 11, 24)].into(),
            worked_weekends: [day(2026, 11, 22)].into(),
        };
        assert_eq!(with_holiday.after_working_days(friday, 5), day(2026, 11, 27));
        assert_eq!(with_holiday.after_working_days(friday, 1), day(2026, 11, 22));
    }

    proptest! {
        #[test]
        fn as_many_working_days_as_asked(offset in 0u64..3000, days in 0u32..40) {
            let calendar = WorkCalendar::default();
            let start = day(2020, 1, 1) + chrono::Days::new(offset);
            let end = calendar.after_working_days(start, days);
            prop_assert_eq!(calendar.working_days_between(start, end), days as usize);
        }
    }
}
