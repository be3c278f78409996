//! Reports, entries, what keeps a report from becoming an entry. Pure.

use std::str::FromStr;

use chrono::NaiveDate;
use sha2::{Digest, Sha256};
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{HourLength, Id, Instant, Seconds, coded};
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;
use tisheng_registry::people::Person;
use uuid::Uuid;

/// The source of entries that take others back; its ids are the ids of those.
pub const REVERSAL: &str = "冲销";

/// The source of entries that undo what a source itself no longer says, such as a file brought by
/// mistake; its ids are the ids of those. The number is free to be reported again.
pub const WITHDRAWAL: &str = "撤回";

/// The source of hours earned at school activities.
pub const ACTIVITIES: &str = "校本研修";

/// The source of hours earned by accepted evidence.
pub const RESULTS: &str = "能力点考核";

/// The names that belong to this system: no file may speak in one of them.
pub const OWN_SOURCES: [&str; 4] = [REVERSAL, WITHDRAWAL, ACTIVITIES, RESULTS];

/// Letters and digits that a reason has at least which lets a day hold more than its 24 hours: what was
/// looked at, and what speaks for it.
pub const LEAST_REASON: usize = 10;

/// Whom a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// A teacher of the register.
    Known(Id<Person>),
    /// Somebody as another system describes them.
    Described(Described),
}

/// A teacher as another system describes them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    /// Name.
    pub name: String,
    /// Number of an identity paper; may be empty.
    pub paper: String,
    /// Mobile phone; may be empty.
    pub phone: String,
    /// Name of the school; may be empty.
    pub school: String,
}

coded! {
    /// The way in which a report came.
    Channel, "报送方式", {
        /// From a room of this system, such as an approved activity.
        Own = "own" "本系统",
        /// Statements of the record store.
        Xapi = "xapi" "学习记录（xAPI）",
        /// Scores of a tool.
        Lti = "lti" "学习工具（LTI）",
        /// The hours API.
        Api = "api" "学时接口",
        /// A file.
        File = "file" "学时文件",
    }
}

/// What a source says somebody worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Who worked.
    pub whom: Whom,
    /// Code of the category.
    pub category: String,
    /// Code of the kind; empty where the category has none.
    pub kind: String,
    /// Seconds worked, more than none.
    pub seconds: Seconds,
    /// Seconds of one hour as the source counts.
    pub length: HourLength,
    /// The day of work.
    pub worked_on: NaiveDate,
    /// The course or activity.
    pub title: String,
    /// Name of the source, as shown.
    pub source: String,
    /// The source's own number of this report.
    pub source_id: String,
    /// The way in which it came; not part of what it says.
    pub channel: Channel,
    /// Why it can hardly be true, where whoever hands it in has found something; not part of what
    /// it says.
    pub doubt: Option<String>,
}

impl Report {
    /// Whether the seconds are time of the day named. What an accepted piece of evidence earns is
    /// set by the scheme, however long the work took.
    #[must_use]
    pub fn is_clocked(&self) -> bool {
        self.source != RESULTS
    }

    /// What the report says, as a digest: the same report twice has the same one.
    #[must_use]
    pub fn digest(&self) -> String {
        let whom = match &self.whom {
            Whom::Known(person) => person.to_string(),
            Whom::Described(d) => format!("{}\n{}\n{}\n{}", d.name, d.paper, d.phone, d.school),
        };
        let (seconds, length, day) = (self.seconds.get(), self.length.minutes(), self.worked_on);
        let text = format!("{whom}\n{}\n{}\n{seconds}\n{length}\n{day}", self.category, self.kind);
        hex::encode(Sha256::digest(text))
    }
}

/// The number of a report whose source has none of its own: the same work reported again has the
/// same one.
#[must_use]
pub fn number_of(whom: &str, title: &str, worked_on: NaiveDate, seconds: Seconds) -> String {
    let text = format!("{whom}\n{title}\n{worked_on}\n{}", seconds.get());
    let digest = hex::encode(Sha256::digest(text));
    format!("auto-{}", digest.get(..24).unwrap_or(&digest))
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logged {
    /// It is in the ledger now.
    Entered(Id<Entry>),
    /// It was taken before.
    Same,
    /// The source has reported something else under this number: a person decides.
    Conflict(Id<Waiting>),
    /// It is about nobody that is known for sure: a person decides.
    Parked(Id<Waiting>),
    /// It can hardly be true: a person decides.
    Held(Id<Waiting>),
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its identifier.
    pub id: Id<Entry>,
    /// Who worked.
    pub person: Id<Person>,
    /// Code of the category.
    pub category: String,
    /// Code of the kind; empty for none.
    pub kind: String,
    /// Seconds; negative in a reversal.
    pub seconds: Seconds,
    /// Seconds of one hour as the source counts.
    pub length: HourLength,
    /// The day of work.
    pub worked_on: NaiveDate,
    /// The course or activity.
    pub title: String,
    /// Name of the source, as shown.
    pub source: String,
    /// The source's own number.
    pub source_id: String,
    /// The way in which it came.
    pub channel: Channel,
    /// Which report of that number.
    pub revision: i64,
    /// When it was booked.
    pub received_at: Instant,
    /// Why, of a reversal or a decision.
    pub reason: String,
    /// The entry it takes back.
    pub reverses: Option<Id<Entry>>,
    /// The office that believed it although the day holds more than its 24 hours with it; empty where
    /// that was not noted.
    pub long_day: Option<String>,
}

impl Entry {
    /// As the rules look at it.
    #[must_use]
    pub fn for_rules(&self) -> tisheng_rules::HourEntry<'_> {
        tisheng_rules::HourEntry {
            category: &self.category,
            kind: Some(self.kind.as_str()).filter(|kind| !kind.is_empty()),
            seconds: self.seconds,
            worked_on: self.worked_on,
        }
    }

    /// The report that it was made of.
    #[must_use]
    pub fn report(&self) -> Report {
        Report {
            whom: Whom::Known(self.person),
            category: self.category.clone(),
            kind: self.kind.clone(),
            seconds: self.seconds,
            length: self.length,
            worked_on: self.worked_on,
            title: self.title.clone(),
            source: self.source.clone(),
            source_id: self.source_id.clone(),
            channel: self.channel,
            doubt: None,
        }
    }

    /// Whether `report` about `person` says the same.
    #[must_use]
    pub fn says(&self, report: &Report, person: Id<Person>) -> bool {
        self.person == person
            && self.category == report.category
            && self.kind == report.kind
            && self.seconds == report.seconds
            && self.length == report.length
            && self.worked_on == report.worked_on
    }
}

/// What has become of a report that could not be entered by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingState {
    /// About nobody known for sure.
    Parked,
    /// Can hardly be true.
    Held,
    /// Says otherwise than an entry of the same number.
    Conflict,
    /// Has become an entry.
    Entered,
    /// About nobody of the programme.
    Dismissed,
    /// Not believed.
    Refused,
    /// The entry that was there stays.
    Kept,
    /// Its source no longer says so; reported again, it is weighed again.
    Withdrawn,
}

impl WaitingState {
    /// Every state; those that wait for a person first.
    pub const ALL: [Self; 8] = [
        Self::Parked,
        Self::Held,
        Self::Conflict,
        Self::Entered,
        Self::Dismissed,
        Self::Refused,
        Self::Kept,
        Self::Withdrawn,
    ];

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Parked => "parked",
            Self::Held => "held",
            Self::Conflict => "conflict",
            Self::Entered => "entered",
            Self::Dismissed => "dismissed",
            Self::Refused => "refused",
            Self::Kept => "kept",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Parked => "待匹配教师",
            Self::Held => "待核实",
            Self::Conflict => "前后不一致",
            Self::Entered => "已入账",
            Self::Dismissed => "已排除",
            Self::Refused => "未予认定",
            Self::Kept => "保留原记录",
            Self::Withdrawn => "已撤回",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Parked | Self::Held | Self::Conflict => "warn",
            Self::Entered => "good",
            Self::Dismissed | Self::Kept | Self::Withdrawn => "plain",
            Self::Refused => "bad",
        }
    }

    /// Whether it still waits for a person.
    #[must_use]
    pub const fn waits(self) -> bool {
        matches!(self, Self::Parked | Self::Held | Self::Conflict)
    }

    /// Whether it has come to an end without an entry of its own.
    #[must_use]
    pub const fn is_left_out(self) -> bool {
        matches!(self, Self::Dismissed | Self::Refused | Self::Kept | Self::Withdrawn)
    }
}

impl FromStr for WaitingState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.code() == text);
        found.ok_or_else(|| format!("not a state of a report: {text}"))
    }
}

/// A report that could not be entered by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its identifier.
    pub id: Id<Waiting>,
    /// What has become of it.
    pub state: WaitingState,
    /// Path of the node whose clerks decide.
    pub path: String,
    /// The teacher, once known.
    pub person: Option<Id<Person>>,
    /// Name as reported.
    pub name: String,
    /// Identity paper as reported, masked.
    pub paper_masked: String,
    /// School as reported.
    pub school: String,
    /// Code of the category.
    pub category: String,
    /// Code of the kind; empty for none.
    pub kind: String,
    /// Seconds reported.
    pub seconds: Seconds,
    /// Seconds of one hour as the source counts.
    pub length: HourLength,
    /// The day of work.
    pub worked_on: NaiveDate,
    /// The course or activity.
    pub title: String,
    /// Name of the source, as shown.
    pub source: String,
    /// The source's own number.
    pub source_id: String,
    /// The way in which it came.
    pub channel: Channel,
    /// Why it waits, in a sentence.
    pub why: String,
    /// The entry that says otherwise.
    pub against: Option<Id<Entry>>,
    /// When it arrived.
    pub received_at: Instant,
    /// When it was decided.
    pub decided_at: Option<Instant>,
    /// The reason given for the decision.
    pub decision: String,
    /// The entry it became.
    pub entry: Option<Id<Entry>>,
    /// Under which its paper would be found.
    pub paper_key: Option<Vec<u8>>,
    /// The account of whoever decided.
    pub decided_by: Option<Uuid>,
    /// Whether the day holds more than its 24 hours with it.
    pub long_day: bool,
}

impl Waiting {
    /// Whether whoever brings it again may find its teacher: it waits for that, or somebody who did
    /// not know the teacher put it aside.
    #[must_use]
    pub fn may_be_found(&self) -> bool {
        match self.state {
            WaitingState::Parked => true,
            WaitingState::Dismissed => self.person.is_none(),
            _ => false,
        }
    }

    /// The report again, about the teacher `person`.
    #[must_use]
    pub fn report(&self, person: Id<Person>) -> Report {
        Report {
            whom: Whom::Known(person),
            category: self.category.clone(),
            kind: self.kind.clone(),
            seconds: self.seconds,
            length: self.length,
            worked_on: self.worked_on,
            title: self.title.clone(),
            source: self.source.clone(),
            source_id: self.source_id.clone(),
            channel: self.channel,
            doubt: None,
        }
    }
}

/// Why something cannot be done to the ledger.
#[derive(Debug, thiserror::Error)]
pub enum HoursError {
    /// A report of no seconds, or fewer.
    #[error("学时应大于零")]
    NotPositive,
    /// Only what was taken back by a person, and not entered again since, can be restored.
    #[error("只有被冲销、此后没有重新入账的记录可以恢复")]
    NotReversed,
    /// There is nobody above to pass a report on to.
    #[error("已经由最上级处理，不能再转上级")]
    NobodyAbove,
    /// Only what was earned can be taken back, not the taking back.
    #[error("冲销记录本身不能再冲销；如需恢复，请重新报送")]
    IsReversal,
    /// It was taken back before.
    #[error("这条记录已经冲销过，不会重复冲销")]
    Reversed,
    /// The day of the work has not come yet.
    #[error("学习日期 {} 还没有到，不能入账；请不予认定，由报送方更正后重新报送", chinese_date(*.0))]
    Future(NaiveDate),
    /// No reason was given.
    #[error("请填写原因")]
    NoReason,
    /// With it the day holds more than its 24 hours, and the reason is too short to say why that is so.
    #[error(
        "当天合计超过 24 小时：认定须写明核实了什么、依据是什么，不少于 {LEAST_REASON} 个字，教师可以看到"
    )]
    ShortReason,
    /// Nobody decides about their own hours.
    #[error("不能处理与本人有关的记录，请由其他人员处理")]
    Own,
    /// Somebody has decided already.
    #[error("这条报送已经处理过，当前状态为“{}”", .0.chinese())]
    Decided(WaitingState),
    /// Another report of the number has become an entry in the meantime.
    #[error("来源的同一编号已有入账记录，请按“前后不一致”处理")]
    NumberTaken,
    /// The line is disputed already.
    #[error("这条记录已有一项异议在处理中")]
    Disputed,
    /// The dispute has been answered.
    #[error("这项异议已经答复")]
    Answered,
    /// The dispute is not one that is to be mended.
    #[error("这项异议现在不需要更正")]
    NotMending,
    /// No line was named that mends the dispute, or one that was there before it.
    #[error("请勾选更正这项异议的入账或冲销记录")]
    NothingMended,
    /// Anything that concerns no field.
    #[error("操作没有完成")]
    Failed(Failure),
}

impl From<Failure> for HoursError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for HoursError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<HoursError> for Failure {
    fn from(error: HoursError) -> Self {
        match error {
            HoursError::Failed(failure) => failure,
            other => Self::Refused(other.to_string()),
        }
    }
}
