//! A teacher's doubt and its answer. Pure.

use std::str::FromStr;

use chrono::NaiveDate;
use tisheng_content::Content;
use tisheng_kernel::{Id, Instant, WorkCalendar};
use tisheng_platform::files::Blob;
use tisheng_registry::people::Person;
use tisheng_rules::Scheme;

use super::model::{Entry, HoursError};

/// What has become of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisputeState {
    /// Waits for an answer.
    Open,
    /// The teacher was right; what is wrong in the ledger is still to be mended.
    Mending,
    /// The teacher was right, and the ledger is mended.
    Upheld,
    /// The line stands.
    Rejected,
    /// The teacher has taken it back.
    Withdrawn,
}

impl DisputeState {
    /// Every state, those that wait first.
    pub const ALL: [Self; 5] = [Self::Open, Self::Mending, Self::Upheld, Self::Rejected, Self::Withdrawn];

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Mending => "mending",
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
            Self::Mending => "异议成立，待更正",
            Self::Upheld => "异议成立",
            Self::Rejected => "异议不成立",
            Self::Withdrawn => "已撤回",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Open | Self::Mending => "warn",
            Self::Upheld => "good",
            Self::Rejected => "bad",
            Self::Withdrawn => "plain",
        }
    }

    /// Whether an answer due on `due` is late on `today`.
    #[must_use]
    pub fn is_late(self, due: NaiveDate, today: NaiveDate) -> bool {
        self == Self::Open && due < today
    }

    /// Whether it still waits for a person.
    #[must_use]
    pub const fn waits(self) -> bool {
        matches!(self, Self::Open | Self::Mending)
    }
}

impl FromStr for DisputeState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.code() == text);
        found.ok_or_else(|| format!("not a state of a dispute: {text}"))
    }
}

/// What a dispute is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The teacher is right.
    Upheld,
    /// The line stands.
    Rejected,
}

impl Verdict {
    /// The word for whoever is told.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Upheld => DisputeState::Upheld.code(),
            Self::Rejected => DisputeState::Rejected.code(),
        }
    }
}

/// What a dispute becomes by an answer: what is upheld is to be mended first, and as long as it is not,
/// the answer can be turned round.
///
/// # Errors
/// [`HoursError::Answered`].
pub fn decide_answer(state: DisputeState, verdict: Verdict) -> Result<DisputeState, HoursError> {
    match (state, verdict) {
        (DisputeState::Open, Verdict::Upheld) => Ok(DisputeState::Mending),
        (DisputeState::Open | DisputeState::Mending, Verdict::Rejected) => Ok(DisputeState::Rejected),
        _ => Err(HoursError::Answered),
    }
}

/// The lines of a teacher's ledger that can have mended a dispute: what was booked or taken back since
/// it was opened.
pub fn since<'a>(dispute: &Dispute, entries: &'a [Entry]) -> impl Iterator<Item = &'a Entry> + use<'a> {
    let opened = dispute.opened_at;
    entries.iter().filter(move |entry| entry.received_at >= opened)
}

/// Whether `lines` can have mended `dispute`: some, and all of them since it was opened.
///
/// # Errors
/// [`HoursError::NotMending`], [`HoursError::NothingMended`].
pub fn decide_mended(dispute: &Dispute, entries: &[Entry], lines: &[Id<Entry>]) -> Result<(), HoursError> {
    if dispute.state != DisputeState::Mending {
        return Err(HoursError::NotMending);
    }
    let is_since = |line: &Id<Entry>| since(dispute, entries).any(|entry| entry.id == *line);
    if lines.is_empty() || !lines.iter().all(is_since) {
        return Err(HoursError::NothingMended);
    }
    Ok(())
}

/// A picture or document handed in with a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exhibit {
    /// Its identifier.
    pub id: Id<Exhibit>,
    /// Its name, as the teacher gave it.
    pub title: String,
    /// What its bytes are.
    pub content: Content,
    /// Where they are kept.
    pub blob: Blob,
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
    /// Who answered; empty while nobody has.
    pub answered_by: String,
    /// When lines of the ledger were named that mended it.
    pub mended_at: Option<Instant>,
}

impl Dispute {
    /// Whether the answer is late on `today`.
    #[must_use]
    pub fn is_late(&self, today: NaiveDate) -> bool {
        self.state.is_late(self.due_on, today)
    }
}

/// The day by which a dispute opened on `today` is to be answered: it has the working days that
/// the scheme gives the first instance of an appeal.
#[must_use]
pub fn due_on(scheme: &Scheme, calendar: &WorkCalendar, today: NaiveDate) -> NaiveDate {
    let appeal = scheme.assessment.appeals.first().map(|stage| *stage.days);
    calendar.after_working_days(today, appeal.unwrap_or(*scheme.assessment.appeal_within))
}

#[cfg(test)]
mod tests {
    use super::{DisputeState, Verdict, decide_answer};

    #[test]
    fn what_is_upheld_is_to_be_mended_and_can_be_turned_round_until_then() {
        for state in DisputeState::ALL {
            let upheld = decide_answer(state, Verdict::Upheld).ok();
            assert_eq!(upheld, (state == DisputeState::Open).then_some(DisputeState::Mending), "{state:?}");
            let rejected = decide_answer(state, Verdict::Rejected).ok();
            assert_eq!(rejected, state.waits().then_some(DisputeState::Rejected), "{state:?}");
            assert_eq!(state.code().parse(), Ok(state));
        }
    }
}
