//! A run: one file on its way from upload to receipt, and what may happen to it when.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tisheng_kernel::number::thousands;
use tisheng_kernel::{Id, Instant, PersonName};
use tisheng_platform::{Ctx, Member};

use super::kind::{About, Choice, What};
use super::origin::Origin;

/// Days within which a taken file can be undone.
pub const UNDO_DAYS: i64 = 7;
/// Rows that one file may have.
pub const MOST_ROWS: u32 = 1_200_000;
/// Findings kept of one file; more are counted.
pub const MOST_FINDINGS: u32 = 20_000;
/// Differences of one sort kept of one file; more are counted.
pub const MOST_DIFFERENCES: u32 = 20_000;

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The check has been ordered or is at work.
    Checking,
    /// The file cannot be read at all.
    Unreadable,
    /// Rows are wrong; the clerk mends the file and brings it again.
    Wrong,
    /// It waits for the clerk's decision.
    Ready,
    /// The clerk has confirmed; taking it has been ordered or is at work.
    Taking,
    /// It is taken.
    Taken,
    /// The clerk has put it away without taking it.
    Dropped,
    /// The clerk wants it undone; that has been ordered or is at work.
    Undoing,
    /// It was taken and has been undone.
    Undone,
}

impl State {
    /// Every state, in the order of a run's life.
    pub const ALL: [Self; 9] = [
        Self::Checking,
        Self::Unreadable,
        Self::Wrong,
        Self::Ready,
        Self::Taking,
        Self::Taken,
        Self::Dropped,
        Self::Undoing,
        Self::Undone,
    ];

    /// The form stored in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Unreadable => "unreadable",
            Self::Wrong => "wrong",
            Self::Ready => "ready",
            Self::Taking => "taking",
            Self::Taken => "taken",
            Self::Dropped => "dropped",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }

    /// The state stored as `code`.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The word in the page.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Checking => "正在核对",
            Self::Unreadable => "无法读取",
            Self::Wrong => "有错误待更正",
            Self::Ready => "待确认",
            Self::Taking => "正在导入",
            Self::Taken => "已导入",
            Self::Dropped => "已放弃",
            Self::Undoing => "正在撤销",
            Self::Undone => "已撤销",
        }
    }

    /// The class of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Checking | Self::Taking | Self::Undoing => "note",
            Self::Unreadable | Self::Wrong => "bad",
            Self::Ready => "warn",
            Self::Taken => "good",
            Self::Dropped | Self::Undone => "plain",
        }
    }

    /// Whether the installation is at work on it, so that its page looks again by itself.
    #[must_use]
    pub const fn at_work(self) -> bool {
        matches!(self, Self::Checking | Self::Taking | Self::Undoing)
    }
}

/// How many rows of a file are what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Rows with something in them.
    pub rows: u32,
    /// Not known yet.
    pub new: u32,
    /// Known, and something changes.
    pub changed: u32,
    /// Known elsewhere; the clerk decides.
    pub moved: u32,
    /// Known exactly so.
    pub same: u32,
    /// Known and not named by the file.
    pub gone: u32,
    /// Taken, and waiting for a person.
    #[serde(default)]
    pub waiting: u32,
    /// Rows with an error.
    pub wrong: u32,
    /// Errors found.
    pub errors: u32,
    /// Things worth a look.
    pub warnings: u32,
    /// What was shown of it.
    #[serde(default)]
    pub shown: Shown,
}

/// The seals of what a check has shown; empty for what was checked before they were kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Of what rows change.
    pub rows: String,
    /// Of what the file does not name.
    pub rest: String,
}

impl Tally {
    /// Counts one row or thing as `what`.
    pub fn count(&mut self, what: What) {
        let figure = match what {
            What::New => &mut self.new,
            What::Changed => &mut self.changed,
            What::Moved => &mut self.moved,
            What::Same => &mut self.same,
            What::Gone => &mut self.gone,
            What::Waiting => &mut self.waiting,
        };
        *figure += 1;
    }

    /// The figure of `what`.
    #[must_use]
    pub const fn of(&self, what: What) -> u32 {
        match what {
            What::New => self.new,
            What::Changed => self.changed,
            What::Moved => self.moved,
            What::Same => self.same,
            What::Gone => self.gone,
            What::Waiting => self.waiting,
        }
    }

    /// The figure of `what` as a page shows it.
    #[must_use]
    pub fn shown(&self, what: &What) -> String {
        thousands(i64::from(self.of(*what)))
    }

    /// Whether anything is `what`.
    #[must_use]
    pub const fn has(&self, what: &What) -> bool {
        self.of(*what) > 0
    }
}

/// One file on its way.
#[derive(Debug, Clone)]
pub struct Run {
    /// The run.
    pub id: Id<Run>,
    /// The key of its kind.
    pub kind: String,
    /// The path of the node at which the clerk acts: who sees that node sees the run.
    pub path: String,
    /// Where it stands.
    pub state: State,
    /// Where the file comes from; `None` for our own template.
    pub origin: Option<Origin>,
    /// The file's name.
    pub file_name: String,
    /// SHA-256 of the file.
    pub digest: String,
    /// Bytes of the file.
    pub size: i64,
    /// The clerk, in the role of that moment.
    pub clerk: Member,
    /// When it was brought.
    pub brought_at: Instant,
    /// When the check ended.
    pub checked_at: Option<Instant>,
    /// When the clerk confirmed.
    pub confirmed_at: Option<Instant>,
    /// When it was taken.
    pub taken_at: Option<Instant>,
    /// When it was undone.
    pub undone_at: Option<Instant>,
    /// What was counted.
    pub tally: Tally,
    /// What the clerk decided for the file as a whole.
    pub choices: BTreeMap<String, String>,
    /// Why it cannot be read, taken or undone, or what the clerk should know; else empty.
    pub note: String,
    /// Grows with every change of state.
    pub version: i64,
}

impl Run {
    /// The choices of `about` that the clerk makes for this file.
    pub fn choices_of<'a>(&self, about: &'a About) -> impl Iterator<Item = &'a Choice> + use<'a> {
        let is_part = self.origin.as_ref().is_some_and(|origin| origin.is_part);
        about.choices.iter().filter(move |choice| !(is_part && choice.of_the_rest))
    }

    /// The number of its receipt, short enough to be read out: the day and the end of the identifier, which
    /// no other of the day has.
    #[must_use]
    pub fn number(&self) -> String {
        let id = self.id.to_string().to_uppercase();
        let tail = id.get(id.len().saturating_sub(6)..).unwrap_or(&id);
        format!("{}-{tail}", self.brought_at.date())
    }

    /// Whether the asker of `ctx` brought the file.
    #[must_use]
    pub fn is_of(&self, ctx: &Ctx) -> bool {
        ctx.who.member().is_some_and(|member| member.account == self.clerk.account)
    }

    /// The clerk's name as lists need it: its place among names, the words that its parts are found in, and its
    /// pinyin and initials alone.
    #[must_use]
    pub fn clerk_in_lists(&self) -> [String; 4] {
        let name = &self.clerk.name;
        match PersonName::parse(name) {
            Ok(read) => {
                let (pinyin, initials) = (read.pinyin(), read.initials());
                [read.sort_key(), format!("{name} {pinyin} {initials}"), pinyin, initials]
            }
            Err(_) => [name.clone(), name.clone(), String::new(), String::new()],
        }
    }

    /// The last moment at which it can be undone; `None` unless it is taken.
    #[must_use]
    pub fn undo_until(&self) -> Option<Instant> {
        self.taken_at.map(|at| at + TimeDelta::days(UNDO_DAYS))
    }

    /// Why it cannot be undone at `now`.
    ///
    /// # Errors
    /// The sentence for the clerk.
    pub fn may_be_undone(&self, now: Instant) -> Result<(), String> {
        match (self.state, self.undo_until()) {
            (State::Taken, Some(until)) if now <= until => Ok(()),
            (State::Taken, _) => Err(format!("导入已超过 {UNDO_DAYS} 天，不能再整批撤销；请逐条更正。")),
            (state, _) => Err(format!("这次导入现在是“{}”，不能撤销。", state.chinese())),
        }
    }

    /// Why it cannot be confirmed; `open` questions are without an answer.
    ///
    /// # Errors
    /// The sentence for the clerk.
    pub fn may_be_confirmed(&self, open: i64) -> Result<(), String> {
        if self.state != State::Ready {
            return Err(format!("这次导入现在是“{}”，不能确认。", self.state.chinese()));
        }
        if open > 0 {
            return Err(format!("还有 {open} 行没有决定，请先逐一决定。"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::TimeDelta;
    use tisheng_kernel::{Id, Instant};
    use tisheng_platform::Member;
    use uuid::Uuid;

    use super::{Run, State, Tally};

    fn run(state: State) -> Run {
        let at = Instant::from_micros(0);
        Run {
            id: Id::new(at),
            kind: "teachers".to_owned(),
            path: "/1/".to_owned(),
            state,
            origin: None,
            file_name: "名册.xlsx".to_owned(),
            digest: String::new(),
            size: 0,
            clerk: Member {
                account: Uuid::nil(),
                person: Uuid::nil(),
                name: "管理员甲".to_owned(),
                role: "clerk".to_owned(),
                role_title: "学校管理员".to_owned(),
                node: Uuid::nil(),
                node_name: "测试一小".to_owned(),
                path: "/1/".to_owned(),
                has_other_roles: false,
            },
            brought_at: at,
            checked_at: None,
            confirmed_at: None,
            taken_at: (state == State::Taken).then_some(at),
            undone_at: None,
            tally: Tally::default(),
            choices: BTreeMap::new(),
            note: String::new(),
            version: 1,
        }
    }

    #[test]
    fn a_receipt_has_a_number_to_read_out() {
        let number = run(State::Taken).number();
        let (day, tail) = number.rsplit_once('-').expect("a day and an end");
        assert_eq!((day, tail.len()), ("1970-01-01", 6), "{number}");
    }

    #[test]
    fn undone_within_seven_days_and_not_later() {
        let taken = run(State::Taken);
        let week = TimeDelta::days(7);
        assert!(taken.may_be_undone(Instant::from_micros(0) + week).is_ok());
        let late = taken.may_be_undone(Instant::from_micros(1) + week).expect_err("too late");
        assert!(late.contains("7 天"), "{late}");
        assert!(run(State::Ready).may_be_undone(Instant::from_micros(0)).is_err());
    }

    #[test]
    fn confirmed_when_ready_and_every_question_is_answered() {
        assert!(run(State::Ready).may_be_confirmed(0).is_ok());
        assert!(run(State::Ready).may_be_confirmed(2).expect_err("open").contains("2 行"));
        assert!(run(State::Wrong).may_be_confirmed(0).is_err());
        assert!(run(State::Taken).may_be_confirmed(0).is_err());
    }

    #[test]
    fn states_are_read_as_they_are_stored() {
        for state in State::ALL {
            assert_eq!(State::of(state.code()), Some(state));
        }
    }
}
