//! The calendar of a demonstration: it may believe that another day is today, so that deadlines
//! and days of notice can be tried without waiting for them.

use chrono::{NaiveDate, TimeDelta};
use tisheng_kernel::{Clock, Instant};

/// The machine's clock, a number of whole days off.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    off: TimeDelta,
}

impl Calendar {
    /// A clock that shows `today` at the present time of day; without a date the machine's own.
    pub fn showing(today: Option<NaiveDate>, now: Instant) -> Self {
        let off = today.map_or_else(TimeDelta::zero, |date| date.signed_duration_since(now.date()));
        Self { off }
    }
}

impl Clock for Calendar {
    fn now(&self) -> Instant {
        Instant::from_clock() + self.off
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeDelta};
    use tisheng_kernel::{Clock, Instant};

    use super::Calendar;

    #[test]
    fn another_day_is_today_and_the_time_of_day_stays() {
        let today = NaiveDate::from_ymd_opt(2021, 3, 10).expect("a date");
        let noon =
            Instant::start_of(NaiveDate::from_ymd_opt(2026, 11, 23).expect("a date")) + TimeDelta::hours(12);
        let calendar = Calendar::showing(Some(today), noon);
        assert_eq!(
            (noon + calendar.off).micros(),
            (Instant::start_of(today) + TimeDelta::hours(12)).micros()
        );
        assert!(calendar.now() < Instant::from_clock());
    }

    #[test]
    fn no_date_is_the_machines_own_clock() {
        let now = Instant::from_clock();
        assert!(Calendar::showing(None, now).now() >= now);
    }
}
