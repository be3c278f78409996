//! Batches, lines and what can go wrong. Pure.

use std::collections::BTreeMap;

use tisheng_kernel::{HourLength, Id, Instant, Seconds, coded};
use tisheng_platform::DbError;
use tisheng_platform::jobs::Job;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

coded! {
    /// What became of a line.
    LineState, "移交状态", {
        /// Handed over, and nothing heard yet.
        Sent = "sent" "等待回执",
        /// The other system has it.
        Registered = "registered" "已登记",
        /// The other system has not taken it.
        Refused = "refused" "退回",
    }
}

impl LineState {
    /// The colour of its badge.
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Sent => "note",
            Self::Registered => "good",
            Self::Refused => "bad",
        }
    }
}

/// A file of what is new or different for one year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    pub id: Id<Batch>,
    pub programme: Id<Programme>,
    /// Path of the office that asked.
    pub path: String,
    pub year: i32,
    /// The beginning of its lines' numbers.
    pub code: String,
    /// The job that finds its lines.
    pub job: Id<Job>,
    pub asked_at: Instant,
    pub lines: i64,
    pub seconds: Seconds,
    pub done_at: Option<Instant>,
}

/// A line of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: String,
    pub person: Id<Person>,
    pub year: i32,
    pub seconds: Seconds,
    pub certificate: String,
    pub state: LineState,
    pub note: String,
}

/// Why something was not done; the sentence is for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// The scheme says nothing of handing over.
    #[error("本地的实施方案没有规定学时移交")]
    NotRuled,
    /// The year is none of the programme's.
    #[error("工程期限中没有这个年度")]
    NoYear,
    /// The year is not over, and the scheme hands over what is.
    #[error("按实施方案，{0}年度结束以后才移交这一年度的学时")]
    NotOver(i32),
    /// Nobody's hours of the year are new or different.
    #[error("{0}年度没有需要移交的学时：没有新的，也没有变动，所以没有生成文件")]
    Nothing(i32),
    /// A figure cannot be read.
    #[error("{year}年度的学时：{problem}")]
    Unreadable { year: i32, problem: String },
    /// The years do not add up to what was earned.
    #[error("各年度合计应为 {should}，现在是 {is}")]
    Sum { should: String, is: String },
    /// A year has more than it takes.
    #[error("每个年度最多 {0}")]
    TooMuch(String),
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for HandoverError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for HandoverError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

/// Reads what was typed for each year; an empty field is nothing.
///
/// # Errors
/// [`HandoverError::Unreadable`].
pub fn read_wish(typed: &[(i32, &str)], length: HourLength) -> Result<BTreeMap<i32, Seconds>, HandoverError> {
    let mut wish = BTreeMap::new();
    for (year, text) in typed {
        if text.is_empty() {
            continue;
        }
        let seconds = Seconds::parse_hours(text, length)
            .map_err(|error| HandoverError::Unreadable { year: *year, problem: error.to_string() })?;
        if seconds != Seconds::ZERO {
            wish.insert(*year, seconds);
        }
    }
    Ok(wish)
}

/// What is to be handed over of a year: the difference between what is right and what was handed
/// over before.
pub fn owed(right: &BTreeMap<i32, Seconds>, handed: &BTreeMap<i32, Seconds>, year: i32) -> Seconds {
    let of = |sums: &BTreeMap<i32, Seconds>| sums.get(&year).copied().unwrap_or(Seconds::ZERO);
    of(right) - of(handed)
}

/// The number of a batch's line.
pub fn number(code: &str, line: i64) -> String {
    format!("{code}-{line:04}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tisheng_kernel::{HourLength, Seconds};

    use super::{number, owed, read_wish};

    #[test]
    fn a_wish_is_read_year_by_year() {
        let length = HourLength::LESSON;
        let wish = read_wish(&[(2020, "20"), (2021, ""), (2022, "0")], length).expect("read");
        assert_eq!(wish, BTreeMap::from([(2020, Seconds::from_hours(20, length))]));
        let wrong = read_wish(&[(2021, "两个")], length).expect_err("unreadable");
        assert!(wrong.to_string().starts_with("2021年度的学时："), "{wrong}");
    }

    #[test]
    fn a_correction_is_the_difference() {
        let sums = |seconds| BTreeMap::from([(2021, Seconds::new(seconds))]);
        assert_eq!(owed(&sums(50), &sums(30), 2021), Seconds::new(20));
        assert_eq!(owed(&BTreeMap::new(), &sums(30), 2021), Seconds::new(-30));
        assert_eq!(owed(&sums(50), &sums(50), 2020), Seconds::ZERO);
        assert_eq!(number("K7Q2M", 12), "K7Q2M-0012");
    }
}
