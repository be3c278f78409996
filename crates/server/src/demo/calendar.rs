//! The calendar of a demonstration: it may believe that another day is today, so that it plays
//! within the period of its schemes, and deadlines and days of notice can be tried without waiting.

use std::path::Path;

use chrono::{Days, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use tisheng_kernel::{Clock, Instant};
use tisheng_rules::Scheme;

use super::school::LAST_LESSON;
use crate::scheme_files::SchemeFiles;

/// The file that keeps the calendar between starts, in the data folder.
const FILE: &str = "calendar.json";

/// The machine's clock, a number of whole days off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// Days that are added to the machine's date.
    days: i64,
}

impl Calendar {
    /// The calendar of the data in `folder`: of `today` where it is given; of the start before where
    /// there was one, so that nothing comes to lie in the future; or of a day within the period of
    /// the schemes. What an earlier release `filled` by the machine's date stays on it.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn of(
        folder: &Path,
        today: Option<NaiveDate>,
        filled: bool,
        schemes: &[(SchemeFiles, Scheme)],
        now: Instant,
    ) -> Result<Self, std::io::Error> {
        let file = folder.join(FILE);
        let calendar = match today {
            Some(today) => Self::showing(today, now),
            None if file.exists() => serde_json::from_slice(&std::fs::read(&file)?)?,
            None if filled => Self { days: 0 },
            None => Self::showing(within(schemes, now.date()), now),
        };
        std::fs::create_dir_all(folder)?;
        std::fs::write(&file, serde_json::to_vec(&calendar)?)?;
        Ok(calendar)
    }

    /// The calendar of the demonstration in `folder`; `None` where there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn kept(folder: &Path) -> Result<Option<Self>, std::io::Error> {
        match std::fs::read(folder.join(FILE)) {
            Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A calendar that shows `today` at the moment `now` of the machine.
    fn showing(today: NaiveDate, now: Instant) -> Self {
        Self { days: today.signed_duration_since(now.date()).num_days() }
    }
}

/// A day within the period of every scheme: `today` where it is one; else one at which much has
/// happened and much is still to come.
fn within(schemes: &[(SchemeFiles, Scheme)], today: NaiveDate) -> NaiveDate {
    let periods = || schemes.iter().filter_map(|(_, rules)| *rules.identity.period);
    let (from, until) = (periods().map(|p| p.from()).max(), periods().map(|p| p.until()).min());
    let (Some(from), Some(until)) = (from, until) else { return today };
    if (from..=until).contains(&today) {
        return today;
    }
    let days = u64::try_from((until - from).num_days()).unwrap_or(0);
    (from + Days::new((days * 2 / 5).max(LAST_LESSON + 1))).min(until)
}

impl Clock for Calendar {
    fn now(&self) -> Instant {
        self.wall() + TimeDelta::days(self.days)
    }

    fn wall(&self) -> Instant {
        Instant::from_clock()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeDelta};
    use tisheng_kernel::{Clock, Instant};

    use super::{Calendar, within};
    use crate::demo::schemes;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).expect("a date")
    }

    #[test]
    fn another_day_is_today_and_the_time_of_day_stays() {
        let noon = Instant::start_of(day(2026, 11, 23)) + TimeDelta::hours(12);
        let calendar = Calendar::showing(day(2021, 3, 10), noon);
        let shown = noon + TimeDelta::days(calendar.days);
        assert_eq!(shown.micros(), (Instant::start_of(day(2021, 3, 10)) + TimeDelta::hours(12)).micros());
        assert!(calendar.now() < calendar.wall());
    }

    #[test]
    fn the_day_lies_within_every_period() {
        let all = schemes(None).expect("the schemes");
        let shown = within(&all, day(2026, 11, 27));
        for (_, rules) in &all {
            let period = rules.identity.period.expect("a period");
            assert!(period.from() < shown && shown < period.until(), "{shown}");
            assert_eq!(within(&all, period.until()), period.until(), "a day within is kept");
        }
    }

    #[test]
    fn a_second_start_goes_on_from_the_first() {
        let folder = tempfile::tempdir().expect("a folder");
        let all = schemes(Some("sichuan-2020")).expect("a scheme");
        let start = |today, filled, now| Calendar::of(folder.path(), today, filled, &all, now).expect("kept");
        let first = Instant::start_of(day(2026, 11, 23));
        assert_eq!(Calendar::kept(folder.path()).expect("read"), None);
        let begun = start(None, false, first);
        assert_eq!(Calendar::kept(folder.path()).expect("read"), Some(begun));
        assert_ne!(begun.days, 0);
        let later = first + TimeDelta::days(3);
        assert_eq!(start(None, true, later), begun, "three days later it is three days later");
        let named = start(Some(day(2022, 5, 1)), true, later);
        assert_eq!(start(None, true, later), named, "a day that was named is gone on from");
    }

    #[test]
    fn what_was_filled_by_the_machines_date_stays_on_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let all = schemes(Some("sichuan-2020")).expect("a scheme");
        let kept = Calendar::of(folder.path(), None, true, &all, Instant::start_of(day(2026, 11, 23)));
        assert_eq!(kept.expect("kept").days, 0);
    }
}
