//! The day on which a version comes into force, and which version is in force at an instant. Pure.

use chrono::NaiveDate;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Instant, Period};

use super::model::{SchemeError, State, Version};

/// The moment at which a version comes into force for which `day` was chosen: the beginning of that
/// day. `period` is that of the version itself, which the programme runs by from then on; a version
/// without a period takes any day that has not gone by.
///
/// # Errors
/// [`SchemeError::WrongDay`] with what would be right.
pub fn decide_due(day: NaiveDate, today: NaiveDate, period: Option<Period>) -> Result<Instant, SchemeError> {
    if day < today {
        let today = chinese_date(today);
        return Err(SchemeError::WrongDay(format!("生效日期已经过去，请选择今天（{today}）或以后的日期")));
    }
    match period {
        Some(period) if !period.contains(day) => {
            let period = period.chinese();
            Err(SchemeError::WrongDay(format!("生效日期应在工程实施期内（{period}）")))
        }
        _ => Ok(Instant::start_of(day)),
    }
}

/// The version that is or was in force at `at`. For a moment to come, as things are planned now:
/// from its day on, the version that waits.
#[must_use]
pub fn in_force_at(versions: &[Version], at: Instant) -> Option<&Version> {
    let since = |version: &Version| match version.state {
        State::InForce | State::Superseded => version.in_force_at,
        State::Waiting => version.due_at,
        State::Draft | State::Withdrawn => None,
    };
    let begun = versions.iter().filter_map(|version| Some((since(version)?, version)));
    begun.filter(|(since, _)| *since <= at).max_by_key(|(since, _)| *since).map(|(_, version)| version)
}

/// What is told beforehand of a version that waits; empty for any other.
#[must_use]
pub fn announced(version: &Version, now: Instant) -> String {
    let Some(due) = version.due_at.filter(|_| version.state == State::Waiting) else { return String::new() };
    let (label, day) = (&version.label, chinese_date(due.date()));
    match (due.date() - now.date()).num_days() {
        1 => format!("规则版本 {label} 将于明天（{day}）起执行"),
        days if days > 1 => format!("规则版本 {label} 将于{day}起执行，还有 {days} 天"),
        _ => format!("规则版本 {label} 应于{day}起执行，正在启用"),
    }
}

/// Days for which everybody is reminded that the rules have changed.
const REMEMBERED: i64 = 30;

/// What everybody who works by a programme is told of its rules, with the version that is meant: one
/// waits for its day, or took the place of another not long ago.
#[must_use]
pub fn news(versions: &[Version], now: Instant) -> Option<(&Version, String)> {
    if let Some(next) = versions.iter().find(|version| version.state == State::Waiting) {
        return Some((next, announced(next, now)));
    }
    let current = versions.iter().find(|version| version.state == State::InForce)?;
    let since = current.in_force_at?.date();
    let is_new = (now.date() - since).num_days() <= REMEMBERED;
    let has_replaced = versions.iter().any(|version| version.state == State::Superseded);
    (is_new && has_replaced).then(|| {
        let (label, day) = (&current.label, chinese_date(since));
        (current, format!("规则已于{day}更新为版本 {label}"))
    })
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate, TimeDelta};
    use proptest::prelude::*;
    use tisheng_kernel::{Id, Instant, Period};

    use super::{announced, decide_due, in_force_at, news};
    use crate::scheme::model::{SchemeError, State, Version};

    fn day(after: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2023, 9, 1).expect("a date") + Days::new(after)
    }

    #[test]
    fn a_day_is_today_or_later_and_within_the_period() {
        let period = Period::new(day(0), day(100)).ok();
        let due = decide_due(day(10), day(10), period).expect("today");
        assert_eq!(due, Instant::start_of(day(10)));
        assert!(decide_due(day(100), day(10), period).is_ok());
        let cases = [(9, "已经过去"), (101, "工程实施期内")];
        for (chosen, says) in cases {
            let refused = decide_due(day(chosen), day(10), period);
            assert!(matches!(refused, Err(SchemeError::WrongDay(why)) if why.contains(says)));
        }
        assert!(decide_due(day(101), day(10), None).is_ok());
    }

    fn drafted(at: Instant) -> Version {
        Version {
            id: Id::new(at),
            programme: Id::new(at),
            label: String::new(),
            digest: String::new(),
            state: State::Draft,
            note: String::new(),
            created_at: at,
            in_force_at: None,
            superseded_at: None,
            due_at: None,
            called_off: String::new(),
        }
    }

    #[test]
    fn the_office_is_told_how_many_days_are_left() {
        let due_at = Some(Instant::start_of(day(10)));
        let waits = Version { state: State::Waiting, due_at, ..drafted(Instant::start_of(day(0))) };
        let told = |after| announced(&waits, Instant::start_of(day(after)) + TimeDelta::hours(9));
        assert!(told(0).contains("2023年9月11日起执行，还有 10 天"), "{}", told(0));
        assert!(told(9).contains("明天"));
        assert!(told(10).contains("正在启用"));
        let begun = Version { state: State::InForce, ..waits.clone() };
        assert_eq!(announced(&begun, Instant::start_of(day(0))), "");
    }

    #[test]
    fn a_change_of_the_rules_is_told_for_a_month() {
        let since = Instant::start_of(day(10));
        let at_work = |state, since: Instant| Version {
            label: "9".to_owned(),
            state,
            in_force_at: Some(since),
            ..drafted(since)
        };
        let first = [at_work(State::InForce, since)];
        assert!(news(&first, since).is_none(), "the first rules change nothing");
        let mut both =
            vec![at_work(State::Superseded, Instant::start_of(day(0))), at_work(State::InForce, since)];
        let told = |both: &[Version], after| news(both, Instant::start_of(day(after))).map(|(_, says)| says);
        assert_eq!(told(&both, 40).expect("told"), "规则已于2023年9月11日更新为版本 9");
        assert_eq!(told(&both, 41), None);
        both.push(Version {
            state: State::Waiting,
            due_at: Some(Instant::start_of(day(60))),
            ..drafted(since)
        });
        assert!(told(&both, 41).expect("told").contains("还有 19 天"));
    }

    /// What happens to a programme: a new version at once, one for a day, that one early, called
    /// off, or time goes on.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        AtOnce,
        For(u64),
        Early,
        CallOff,
        Days(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::AtOnce),
            (1_u64..20).prop_map(Step::For),
            Just(Step::Early),
            Just(Step::CallOff),
            (1_u64..15).prop_map(Step::Days),
        ]
    }

    /// A programme, the moment that it is, and which version was in force at each moment looked at.
    struct Run {
        versions: Vec<Version>,
        now: Instant,
        judged: Vec<(Instant, Id<Version>)>,
    }

    impl Run {
        fn begin() -> Self {
            let now = Instant::start_of(day(0));
            let first = Version { state: State::InForce, in_force_at: Some(now), ..drafted(now) };
            Self { versions: vec![first], now, judged: Vec::new() }
        }

        fn waiting(&self) -> Option<usize> {
            self.versions.iter().position(|version| version.state == State::Waiting)
        }

        fn force(&mut self, place: usize) {
            let now = self.now;
            for version in self.versions.iter_mut().filter(|version| version.state == State::InForce) {
                (version.state, version.superseded_at) = (State::Superseded, Some(now));
            }
            let next = &mut self.versions[place];
            (next.state, next.in_force_at) = (State::InForce, Some(now));
        }

        fn look(&mut self) {
            let in_force = self.versions.iter().find(|version| version.state == State::InForce);
            self.judged.push((self.now, in_force.expect("always one").id));
        }

        /// Time goes on; the day of a version that waits comes by itself.
        fn pass(&mut self, time: TimeDelta) {
            let until = self.now + time;
            if let Some(place) = self.waiting()
                && let Some(due) = self.versions[place].due_at.filter(|due| *due <= until)
            {
                self.now = due;
                self.force(place);
                self.look();
            }
            self.now = until;
        }

        fn take(&mut self, step: Step) {
            // No step falls on the beginning of a day, at which a version may come by itself.
            self.pass(TimeDelta::minutes(61));
            match (step, self.waiting()) {
                (Step::AtOnce, None) => {
                    self.versions.push(drafted(self.now));
                    self.force(self.versions.len() - 1);
                }
                (Step::For(days), None) => {
                    let due = Instant::start_of(self.now.date() + Days::new(days));
                    let waits = Version { state: State::Waiting, due_at: Some(due), ..drafted(self.now) };
                    self.versions.push(waits);
                }
                (Step::Early, Some(place)) => self.force(place),
                (Step::CallOff, Some(place)) => {
                    let version = &mut self.versions[place];
                    (version.state, version.due_at) = (State::Draft, None);
                }
                (Step::Days(days), _) => self.pass(TimeDelta::days(i64::try_from(days).expect("few"))),
                _ => {}
            }
            self.look();
        }
    }

    proptest! {
        #[test]
        fn the_version_in_force_then_is_found_for_every_moment(
            steps in proptest::collection::vec(step(), 1..30),
            ahead in 0_i64..40,
        ) {
            let mut run = Run::begin();
            steps.into_iter().for_each(|step| run.take(step));
            for (at, judged) in &run.judged {
                prop_assert_eq!(in_force_at(&run.versions, *at).map(|found| found.id), Some(*judged));
            }
            let beginning = Instant::start_of(day(0));
            prop_assert!(in_force_at(&run.versions, beginning + TimeDelta::microseconds(-1)).is_none());
            let later = run.now + TimeDelta::days(ahead);
            let planned = in_force_at(&run.versions, later).map(|found| found.id);
            let waiting = run.waiting().map(|place| &run.versions[place]);
            let due = waiting.filter(|version| version.due_at.is_some_and(|due| due <= later));
            let last = run.judged.last().map(|(_, id)| *id);
            prop_assert_eq!(planned, due.map(|version| version.id).or(last));
        }
    }
}
