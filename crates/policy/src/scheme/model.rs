//! Programmes, versions of their rules, and what may become of a version. Pure.

use std::fmt;
use std::str::FromStr;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::DbError;
use tisheng_platform::jobs::Job;
use tisheng_platform::web::Failure;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;

/// One run of the improvement project for the territory of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    /// Its identifier, part of the key of every large table.
    pub id: Id<Programme>,
    /// The node whose territory it covers.
    pub node: Id<Node>,
    /// The node's path.
    pub path: String,
    /// Code of the scheme it runs by.
    pub code: String,
    /// The short title of the scheme.
    pub title: String,
    /// The version in force.
    pub version: Id<Version>,
    /// Digest of the version in force, by which its rules are found without reading them again.
    pub digest: String,
    /// First calendar year.
    pub year_from: i32,
    /// Last calendar year.
    pub year_until: i32,
}

/// A file of a scheme: its name and its text.
pub type File = (String, String);

/// A version of a programme's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its identifier; results are frozen with it.
    pub id: Id<Version>,
    /// The programme.
    pub programme: Id<Programme>,
    /// What the scheme calls itself.
    pub label: String,
    /// Digest of its files.
    pub digest: String,
    /// What has become of it.
    pub state: State,
    /// Why there is this version.
    pub note: String,
    /// When it was handed in.
    pub created_at: Instant,
    /// Since when it is, or was, in force.
    pub in_force_at: Option<Instant>,
    /// Until when it was in force.
    pub superseded_at: Option<Instant>,
    /// The beginning of the day that was chosen for it.
    pub due_at: Option<Instant>,
    /// Why it was taken back from a day chosen before; empty when it was not.
    pub called_off: String,
}

/// What has become of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Handed in, judges nobody yet.
    Draft,
    /// Comes into force on the day chosen.
    Waiting,
    /// Everything new is judged by it.
    InForce,
    /// A later one is in force; results judged by it stay.
    Superseded,
    /// Given up before it was ever in force.
    Withdrawn,
}

impl State {
    /// Every state, in the order in which they may follow each other.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Waiting, Self::InForce, Self::Superseded, Self::Withdrawn];

    /// The form stored in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Waiting => "waiting",
            Self::InForce => "in_force",
            Self::Superseded => "superseded",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Draft => "草案",
            Self::Waiting => "待生效",
            Self::InForce => "执行中",
            Self::Superseded => "已被替代",
            Self::Withdrawn => "已作废",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::InForce => "good",
            Self::Draft => "warn",
            Self::Waiting => "note",
            Self::Superseded | Self::Withdrawn => "plain",
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.code() == text)
            .ok_or_else(|| format!("not a state of a scheme version: {text}"))
    }
}

/// How a teacher would change under a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Has not met everything looked at now, would have under the draft.
    Gaining,
    /// Has met it now, would not have under the draft.
    Losing,
    /// Something else would change, e.g. what is still missing, or the level.
    Other,
}

impl ChangeKind {
    /// Every kind, the gravest first.
    pub const ALL: [Self; 3] = [Self::Losing, Self::Gaining, Self::Other];

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gaining => "gaining",
            Self::Losing => "losing",
            Self::Other => "other",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Gaining => "由未达到变为达到",
            Self::Losing => "由达到变为未达到",
            Self::Other => "差距或等级有变化",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.chinese())
    }
}

impl FromStr for ChangeKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.code() == text)
            .ok_or_else(|| format!("not a kind of change: {text}"))
    }
}

/// A teacher who would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The teacher.
    pub person: Id<Person>,
    /// Path of the teacher's school.
    pub path: String,
    /// How.
    pub kind: ChangeKind,
    /// What holds now, in a sentence.
    pub was: String,
    /// What would hold, in a sentence.
    pub becomes: String,
}

/// A trial computation and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// Its identifier.
    pub id: Id<Trial>,
    /// The draft looked at.
    pub version: Id<Version>,
    /// The version in force that it was compared with.
    pub base: Id<Version>,
    /// The job that computes it.
    pub job: Option<Id<Job>>,
    /// When it was asked for.
    pub asked_at: Instant,
    /// Teachers looked at so far.
    pub teachers: i64,
    /// Those of [`ChangeKind::Gaining`].
    pub gaining: i64,
    /// Those of [`ChangeKind::Losing`].
    pub losing: i64,
    /// Those of [`ChangeKind::Other`].
    pub other: i64,
    /// When it ended.
    pub done_at: Option<Instant>,
}

impl Trial {
    /// How many teachers would change.
    #[must_use]
    pub const fn changed(&self) -> i64 {
        self.gaining + self.losing + self.other
    }
}

/// Why a version cannot be handed in or put into force.
#[derive(Debug, thiserror::Error)]
pub enum SchemeError {
    /// The files contradict themselves, the national floor or the language.
    #[error("方案文件有 {} 处问题", .0.len())]
    Faulty(Vec<tisheng_rules::Problem>),
    /// The scheme is another one than the programme runs by.
    #[error("这是方案“{found}”，本工程执行的是“{expected}”，代码应一致")]
    OtherScheme {
        /// Code in the files.
        found: String,
        /// Code of the programme.
        expected: String,
    },
    /// The territory is another one than the programme's.
    #[error("这是 {found} 的方案，本工程的地区是 {expected}，不能更换地区")]
    OtherTerritory {
        /// Code of the region in the files.
        found: String,
        /// Code of the programme's region.
        expected: String,
    },
    /// Other files bear the same version already.
    #[error("版本号“{0}”已经用过，而内容不同：请在 scheme.toml 中换一个 version")]
    SameLabel(String),
    /// The same files are a version already.
    #[error("内容与版本 {0} 完全相同，无需再次提交")]
    SameAs(String),
    /// Only a draft may be tried, put into force or withdrawn.
    #[error("只有草案可以这样操作，当前状态为“{}”", .0.chinese())]
    NotADraft(State),
    /// Nobody has computed who would change, or the version in force is another one since.
    #[error("请先完成换规试算：试算应以当前执行的版本为基准，完成后才能启用")]
    NotTried,
    /// The day chosen has gone by, or lies outside the period.
    #[error("{0}")]
    WrongDay(String),
    /// Another version waits for its day.
    #[error("版本 {0} 正在等待生效，同时只能有一个：请先撤回它，或提前启用它")]
    OneWaits(String),
    /// Only a version that waits can be taken back from its day.
    #[error("这个版本没有在等待生效，当前状态为“{}”", .0.chinese())]
    NotWaiting(State),
    /// Somebody else has changed which version is in force or waits.
    #[error("刚刚有人更换了现行版本或预定了生效日期，请刷新页面核对后再操作")]
    Overtaken,
    /// Anything that concerns no field.
    #[error("操作没有完成")]
    Failed(Failure),
}

impl From<Failure> for SchemeError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for SchemeError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<SchemeError> for Failure {
    fn from(error: SchemeError) -> Self {
        match error {
            SchemeError::Failed(failure) => failure,
            other => Self::Refused(other.to_string()),
        }
    }
}

/// Whether a version in `state` may be put into force, given the newest finished trial.
///
/// # Errors
/// [`SchemeError::NotADraft`] or [`SchemeError::NotTried`].
pub fn decide_in_force(
    state: State,
    in_force: Id<Version>,
    trial: Option<&Trial>,
) -> Result<(), SchemeError> {
    if !matches!(state, State::Draft | State::Waiting) {
        return Err(SchemeError::NotADraft(state));
    }
    match trial {
        Some(trial) if trial.done_at.is_some() && trial.base == in_force => Ok(()),
        _ => Err(SchemeError::NotTried),
    }
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::{Id, Instant};

    use super::{ChangeKind, SchemeError, State, Trial, decide_in_force};

    fn trial(base: Id<super::Version>, done: bool) -> Trial {
        let at = Instant::from_micros(1_000_000);
        Trial {
            id: Id::new(at),
            version: Id::new(at),
            base,
            job: None,
            asked_at: at,
            teachers: 3,
            gaining: 1,
            losing: 0,
            other: 1,
            done_at: done.then_some(at),
        }
    }

    #[test]
    fn only_a_tried_draft_comes_into_force() {
        let now: Id<super::Version> = Id::new(Instant::from_micros(5_000_000));
        let earlier: Id<super::Version> = Id::new(Instant::from_micros(1_000));
        for state in [State::Draft, State::Waiting] {
            assert!(decide_in_force(state, now, Some(&trial(now, true))).is_ok());
        }
        for open in [None, Some(trial(now, false)), Some(trial(earlier, true))] {
            let refused = decide_in_force(State::Draft, now, open.as_ref());
            assert!(matches!(refused, Err(SchemeError::NotTried)), "{open:?}");
        }
        let refused = decide_in_force(State::Superseded, now, Some(&trial(now, true)));
        assert!(matches!(refused, Err(SchemeError::NotADraft(State::Superseded))));
    }

    #[test]
    fn codes_are_read_as_written() {
        for state in State::ALL {
            assert_eq!(state.code().parse(), Ok(state));
        }
        for kind in ChangeKind::ALL {
            assert_eq!(kind.code().parse(), Ok(kind));
        }
    }
}
