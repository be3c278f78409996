//! What speaks against a report. Pure.

use std::fmt;
use std::ops::Add;

use chrono::NaiveDate;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{HourLength, Period, Seconds};
use tisheng_rules::hours::HoursRule;

use super::model::{Channel, Report};
use super::worth::Worth;

/// Seconds of a day: nobody works more.
const DAY: Seconds = Seconds::of_minutes(24 * 60);

/// What there is of a teacher's day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Day {
    /// Time of it.
    pub seconds: Seconds,
    /// Records that name the day alone, and no time of it.
    pub untimed: i64,
}

impl Add for Day {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { seconds: self.seconds + other.seconds, untimed: self.untimed + other.untimed }
    }
}

impl Day {
    /// What `report` adds to it.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        Self { seconds: report.seconds, untimed: i64::from(is_untimed(report)) }
    }
}

/// Whether a report names a day alone: statements and scores tell their time, and are held against others by it.
fn is_untimed(report: &Report) -> bool {
    matches!(report.channel, Channel::Api | Channel::File)
}

/// Why a report can hardly be true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// Whoever hands it in has found something.
    Found(String),
    /// The same course seems to have come in another way, under this number.
    Twice {
        /// The way.
        channel: Channel,
        /// The number.
        number: String,
    },
    /// With it there would be more of the course than the catalogue says it is worth.
    Beyond {
        /// What it is worth.
        worth: Worth,
        /// What is booked of it already.
        booked: Seconds,
    },
    /// The day has not come yet.
    Future(NaiveDate),
    /// The day lies outside the programme.
    Outside(Period),
    /// With it the day would hold more than its 24 hours.
    LongDay {
        /// What is booked for the day already.
        booked: Seconds,
        /// How long a 学时 is.
        length: HourLength,
    },
    /// With it the day would hold more records than the scheme believes of one sitting, and nothing tells that
    /// there were more.
    Crowded {
        /// Those of the day already.
        records: i64,
        /// The most that is believed.
        most: u32,
    },
    /// The scheme knows no such category or kind.
    NoPlace,
    /// Whoever brings the file would vouch for their own hours.
    Own,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found(sentence) => f.write_str(sentence),
            Self::Twice { channel, number } => write!(
                f,
                "同一来源、同一内容的学时已由“{}”入账（编号 {number}），可能是重复报送",
                channel.title()
            ),
            Self::Beyond { worth: Worth { seconds, length }, booked } => {
                let (most, booked) = (seconds.with_unit(*length), booked.with_unit(*length));
                write!(f, "课程目录中这门课程最多计 {most}，已入账 {booked}，加上这一条就超过了")
            }
            Self::Future(day) => write!(f, "学习日期 {} 还没有到", chinese_date(*day)),
            Self::Outside(period) => write!(f, "学习日期不在工程期限（{}）之内", period.chinese()),
            Self::LongDay { booked, length } => {
                write!(f, "当天已入账 {}，加上这一条超过 24 小时", booked.with_unit(*length))
            }
            Self::Crowded { records, most } => {
                write!(f, "当天已入账 {records} 条只有日期、没有时刻的学时记录，加上这一条超过 {most} 条")
            }
            Self::NoPlace => f.write_str("方案中没有这个学时类别或项目"),
            Self::Own => f.write_str("导入人本人的学时须由他人核实"),
        }
    }
}

/// Whether with `report` its day would hold more than 24 hours, where `booked` is booked already.
#[must_use]
pub fn is_long_day(report: &Report, booked: Day) -> bool {
    report.is_clocked() && booked.seconds + report.seconds > DAY
}

/// Whether with `report` its day would hold more records without a time than a burst has: where no time is told,
/// all of them may have come at once.
fn crowded(report: &Report, rule: &HoursRule, booked: Day) -> Option<Doubt> {
    let most = *rule.plausibility.as_ref()?.burst;
    let is_crowded = is_untimed(report) && booked.untimed >= i64::from(most);
    is_crowded.then_some(Doubt::Crowded { records: booked.untimed, most })
}

/// What speaks against `report`, given today, the period, and what is booked for its day already.
#[must_use]
pub fn doubt(
    report: &Report,
    rule: &HoursRule,
    period: Option<Period>,
    today: NaiveDate,
    booked: Day,
) -> Option<Doubt> {
    let placed = rule.category(&report.category).is_some_and(|category| {
        report.kind.is_empty() || category.kinds.iter().any(|kind| kind.key == report.kind)
    });
    if !placed {
        return Some(Doubt::NoPlace);
    }
    if report.worked_on > today {
        return Some(Doubt::Future(report.worked_on));
    }
    if let Some(period) = period.filter(|period| !period.contains(report.worked_on)) {
        return Some(Doubt::Outside(period));
    }
    if is_long_day(report, booked) {
        return Some(Doubt::LongDay { booked: booked.seconds, length: *rule.length });
    }
    crowded(report, rule, booked)
}
