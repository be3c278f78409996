//! A teacher's doubt and its answer. Pure.

use std::str::FromStr;

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant, WorkCalendar};
use tisheng_registry::people::Person;
use tisheng_rules::Scheme;

use super::model::Entry;

/// What has become of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeState {
    /// Waits for an answer.
    Open,
    /// The teacher was right; what followed is in the answer.
    Upheld,
    /// The line stands.
    Rejected,
    /// The teacher has taken it back.
    Withdrawn,
}

impl DisputeState {
    /// Every state, those that wait first.
    pub const ALL: [Self; 4] = [Self::Open, Self::Upheld, Self::Rejected, Self::Withdrawn];

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Upheld => "upheld",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Open => "待答复",
            Self::Upheld => "异议成立",
            Self::Rejected => "异议不成立",
            Self::Withdrawn => "已撤回",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Open => "warn",
            Self::Upheld => "good",
            Self::Rejected => "bad",
            Self::Withdrawn => "plain",
        }
    }
}

impl FromStr for DisputeState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.code() == text);
        found.ok_or_else(|| format!("not a state of a dispute: {text}"))
    }
}

/// A teacher's doubt about a line, or about one that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its identifier.
    pub id: Id<Dispute>,
    /// The teacher.
    pub person: Id<Person>,
    /// The teacher's name.
    pub name: String,
    /// Path of the teacher's school.
    pub path: String,
    /// The line; `None` when one is missing.
    pub entry: Option<Id<Entry>>,
    /// What it is about.
    pub title: String,
    /// What the teacher says.
    pub text: String,
    /// When it was opened.
    pub opened_at: Instant,
    /// The day by which it is to be answered.
    pub due_on: NaiveDate,
    /// What has become of it.
    pub state: DisputeState,
    /// The answer; empty while there is none.
    pub answer: String,
    /// When it was answered.
    pub answered_at: Option<Instant>,
}

impl Dispute {
    /// Whether the answer is late on `today`.
    #[must_use]
    pub fn is_late(&self, today: NaiveDate) -> bool {
        self.state == DisputeState::Open && self.due_on < today
    }
}

/// The day by which a dispute opened on `today` is to be answered: it has the working days that
/// the scheme gives the first instance of an appeal.
#[must_use]
pub fn due_on(scheme: &Scheme, calendar: &WorkCalendar, today: NaiveDate) -> NaiveDate {
    let appeal = scheme.assessment.appeals.first().map(|stage| *stage.days);
    calendar.after_working_days(today, appeal.unwrap_or(*scheme.assessment.appeal_within))
}
