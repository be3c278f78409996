//! Platforms, deliveries, silence. Pure.

use chrono::TimeDelta;
use tisheng_kernel::{HourLength, Id, Instant, coded};
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;

use crate::hours::{Channel, Tally};

/// A learning platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// Its identifier.
    pub id: Id<Platform>,
    /// The programme whose hours it reports.
    pub programme: Id<Programme>,
    /// The institution that runs it.
    pub institution: Id<Node>,
    /// The institution's path.
    pub path: String,
    /// How it stands in the ledger as a source.
    pub name: String,
    /// The address under which it names its learners.
    pub home_page: String,
    /// Minutes of one hour as it counts.
    pub length: HourLength,
    /// Code of the category in which its hours are booked unless a course says otherwise.
    pub category: String,
    /// Code of the kind; empty where the category has none.
    pub kind: String,
    /// Hours without a delivery after which it is taken to be broken.
    pub silent_hours: i64,
    /// Whom to call.
    pub contact: String,
    /// Whether it may deliver.
    pub state: State,
    /// When something came last; also before the platform was entered, where the ledger has hours under its
    /// name.
    pub last_arrival: Option<Instant>,
    /// When it was entered.
    pub created_at: Instant,
    /// How often the row was changed.
    pub version: i64,
}

impl Platform {
    /// For how many hours it has been silent beyond what was agreed; `None` while it is not.
    #[must_use]
    pub fn silent_for(&self, at: Instant) -> Option<i64> {
        // Hours that came before it was entered break no silence, and begin none.
        let since = self.last_arrival.map_or(self.created_at, |last| last.max(self.created_at));
        let silence = at - since;
        let silent = self.state == State::Active && silence > TimeDelta::hours(self.silent_hours);
        silent.then(|| silence.num_hours())
    }
}

coded! {
    /// Whether a platform may deliver.
    State, "平台状态", {
        /// It delivers.
        Active = "active" "使用中",
        /// What it sends is refused.
        Suspended = "suspended" "已停用",
    }
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When it came.
    pub at: Instant,
    /// How.
    pub channel: Channel,
    /// What became of it.
    pub tally: Tally,
}

/// What an office says of a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The institution that runs it.
    pub institution: Id<Node>,
    /// How it is to stand in the ledger as a source.
    pub name: String,
    /// The address under which it names its learners.
    pub home_page: String,
    /// Minutes of one hour as it counts.
    pub length: HourLength,
    /// Code of the category.
    pub category: String,
    /// Code of the kind; empty for none.
    pub kind: String,
    /// Hours of silence that are borne.
    pub silent_hours: i64,
    /// Whom to call.
    pub contact: String,
}

/// Why a platform was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// Another platform of the programme has this name.
    #[error("本工程已有同名的平台")]
    NameTaken,
    /// The name belongs to the system itself.
    #[error("“{0}”是本系统自己的来源，不能用作平台名称")]
    OwnSource(String),
    /// Hours stand under the name.
    #[error("已有学时以“{0}”为来源入账，名称不能再改；需要更名的，请登记新平台并停用原平台")]
    HasHours(String),
    /// The node is no institution within the programme.
    #[error("请选择本工程范围内的培训机构；没有的，先在“机构”中登记")]
    NoInstitution,
    /// The scheme has no such category or kind.
    #[error("方案中没有这个学时类别")]
    NoCategory,
    /// Somebody else has changed it.
    #[error("平台资料已被他人修改，请刷新后核对")]
    Stale,
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for PlatformError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for PlatformError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<PlatformError> for Failure {
    fn from(error: PlatformError) -> Self {
        match error {
            PlatformError::Failed(failure) => failure,
            PlatformError::Stale => Self::Stale(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tisheng_kernel::{HourLength, Id, Instant};
    use uuid::Uuid;

    use super::{Platform, State};

    fn platform(last_arrival: Option<Instant>) -> Platform {
        Platform {
            id: Id::from_uuid(Uuid::nil()),
            programme: Id::from_uuid(Uuid::nil()),
            institution: Id::from_uuid(Uuid::nil()),
            path: "/1/".to_owned(),
            name: "平台甲".to_owned(),
            home_page: "https://a.test".to_owned(),
            length: HourLength::LESSON,
            category: "online".to_owned(),
            kind: String::new(),
            silent_hours: 24,
            contact: String::new(),
            state: State::Active,
            last_arrival,
            created_at: Instant::from_micros(0),
            version: 1,
        }
    }

    #[test]
    fn silence_is_counted_from_the_last_delivery_or_the_beginning() {
        let at = |hours: i64| Instant::from_micros(0) + TimeDelta::hours(hours);
        assert_eq!(platform(None).silent_for(at(24)), None);
        assert_eq!(platform(None).silent_for(at(25)), Some(25));
        assert_eq!(platform(Some(at(20))).silent_for(at(44)), None);
        assert_eq!(platform(Some(at(20))).silent_for(at(46)), Some(26));
        let suspended = Platform { state: State::Suspended, ..platform(None) };
        assert_eq!(suspended.silent_for(at(99)), None);
    }
}
