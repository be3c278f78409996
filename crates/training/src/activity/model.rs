//! Activities, their states, and what may be done in each. Pure.

use std::str::FromStr;

use chrono::TimeDelta;
use tisheng_kernel::{Id, Instant, Seconds};
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;

/// Minutes before the beginning from which those who have come may sign in.
const EARLY: i64 = 30;

/// How an activity is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// 校本教研
    Research,
    /// 工作坊
    Workshop,
    /// 公开课、观摩课
    OpenLesson,
    /// 送教下乡、送培到校
    Visit,
}

impl Form {
    /// Every form, the usual first.
    pub const ALL: [Self; 4] = [Self::Research, Self::Workshop, Self::OpenLesson, Self::Visit];

    /// The form stored in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Research => "research",
            Self::Workshop => "workshop",
            Self::OpenLesson => "open_lesson",
            Self::Visit => "visit",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Research => "校本教研",
            Self::Workshop => "工作坊研修",
            Self::OpenLesson => "公开课（观摩课）",
            Self::Visit => "送教下乡、送培到校",
        }
    }
}

impl FromStr for Form {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|form| form.code() == text);
        found.ok_or_else(|| format!("not a form of an activity: {text}"))
    }
}

/// Where an activity stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is announced.
    Planned,
    /// Those in the room sign in with the code.
    Open,
    /// Nobody signs in any more; the record is being written.
    Closed,
    /// Record and list wait for the school's approval.
    Submitted,
    /// The hours are booked.
    Approved,
    /// It did not take place.
    Cancelled,
}

impl State {
    /// Every state in the order of an activity's life.
    pub const ALL: [Self; 6] =
        [Self::Planned, Self::Open, Self::Closed, Self::Submitted, Self::Approved, Self::Cancelled];

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Submitted => "submitted",
            Self::Approved => "approved",
            Self::Cancelled => "cancelled",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Planned => "已安排",
            Self::Open => "签到中",
            Self::Closed => "整理记录",
            Self::Submitted => "待审核",
            Self::Approved => "已认定学时",
            Self::Cancelled => "已取消",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Planned => "note",
            Self::Open | Self::Closed | Self::Submitted => "warn",
            Self::Approved => "good",
            Self::Cancelled => "plain",
        }
    }

    /// Whether the plan may still be edited.
    #[must_use]
    pub const fn is_editable(self) -> bool {
        matches!(self, Self::Planned)
    }

    /// Whether the attendance list may still be edited.
    #[must_use]
    pub const fn takes_attendance(self) -> bool {
        matches!(self, Self::Open | Self::Closed)
    }

    /// Where `step` leads from here.
    ///
    /// # Errors
    /// [`ActivityError::NotNow`] when the step is not to be taken in this state.
    pub fn after(self, step: Step) -> Result<Self, ActivityError> {
        match (self, step) {
            (Self::Planned | Self::Closed, Step::Open) => Ok(Self::Open),
            (Self::Open, Step::Close) => Ok(Self::Closed),
            (Self::Closed, Step::Submit) => Ok(Self::Submitted),
            (Self::Submitted, Step::Approve) => Ok(Self::Approved),
            (Self::Submitted, Step::Return) | (Self::Approved, Step::WithdrawApproval) => Ok(Self::Closed),
            (Self::Planned, Step::Cancel) => Ok(Self::Cancelled),
            (state, _) => Err(ActivityError::NotNow(state)),
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.code() == text);
        found.ok_or_else(|| format!("not a state of an activity: {text}"))
    }
}

/// What is done to an activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Lets those in the room sign in.
    Open,
    /// Ends the signing in.
    Close,
    /// Hands record and list to the school.
    Submit,
    /// Books the hours.
    Approve,
    /// Hands record and list back.
    Return,
    /// Takes the hours back.
    WithdrawApproval,
    /// It does not take place.
    Cancel,
}

impl Step {
    /// The verb of the audit trail.
    #[must_use]
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Open => "activity.opened",
            Self::Close => "activity.closed",
            Self::Submit => "activity.submitted",
            Self::Approve => "activity.approved",
            Self::Return => "activity.returned",
            Self::WithdrawApproval => "activity.approval_withdrawn",
            Self::Cancel => "activity.cancelled",
        }
    }
}

/// What is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How it is held.
    pub form: Form,
    /// What it is about.
    pub title: String,
    /// What is done, in a few sentences.
    pub content: String,
    /// Where.
    pub place: String,
    /// Who leads it, in words.
    pub host: String,
    /// From when.
    pub begins_at: Instant,
    /// Until when.
    pub ends_at: Instant,
    /// Code of the category its hours are booked under.
    pub category: String,
    /// Code of the kind; empty for none.
    pub kind: String,
    /// What it earns each who attended; no more than it lasts.
    pub seconds: Seconds,
    /// Path of the node whose teachers may attend: the school's own, or one above it.
    pub audience: String,
}

impl Plan {
    /// How long it lasts.
    #[must_use]
    pub fn lasts(&self) -> Seconds {
        Seconds::of_minutes((self.ends_at - self.begins_at).num_minutes())
    }

    /// Until when, in words beside its beginning: of the same day the clock is enough.
    #[must_use]
    pub fn ends(&self) -> String {
        let whole = self.ends_at.chinese();
        match whole.split_once(' ') {
            Some((_, clock)) if self.ends_at.date() == self.begins_at.date() => clock.to_owned(),
            _ => whole,
        }
    }
}

/// A school-based activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its identifier.
    pub id: Id<Activity>,
    /// The school that holds it.
    pub school: Id<Node>,
    /// The school's path.
    pub path: String,
    /// What is planned.
    pub plan: Plan,
    /// Where it stands.
    pub state: State,
    /// The code shown in the room while it is open; else empty.
    pub code: String,
    /// The minutes (活动纪要).
    pub record: String,
    /// Who planned it.
    pub planned_by: Id<Person>,
    /// How often it was approved.
    pub approvals: i64,
    /// Why it was returned, or its approval withdrawn.
    pub decision: String,
    /// Counts the changes.
    pub version: i64,
}

impl Activity {
    /// From when those who have come may sign in.
    #[must_use]
    pub fn doors(&self) -> Instant {
        self.plan.begins_at + TimeDelta::minutes(-EARLY)
    }

    /// Whether those who have come may sign in at `at`: nobody is there long before the beginning.
    ///
    /// # Errors
    /// [`ActivityError::TooEarly`].
    pub fn opens_at(&self, at: Instant) -> Result<(), ActivityError> {
        if at < self.doors() { Err(ActivityError::TooEarly(self.plan.begins_at)) } else { Ok(()) }
    }

    /// Whether it is over at `at`: what has not been held earns nothing.
    ///
    /// # Errors
    /// [`ActivityError::NotOver`].
    pub fn is_over(&self, at: Instant) -> Result<(), ActivityError> {
        if at < self.plan.ends_at { Err(ActivityError::NotOver(self.plan.ends_at)) } else { Ok(()) }
    }

    /// The number under which the hours of `person` are reported by the approval of that count:
    /// each approval counts once, and what it counted is taken back by its withdrawal.
    #[must_use]
    pub fn source_id(&self, person: Id<Person>, approval: i64) -> String {
        format!("{}:{person}:{approval}", self.id)
    }
}

/// Somebody on the attendance list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attendee {
    /// Who.
    pub person: Id<Person>,
    /// Name.
    pub name: String,
    /// Name of the school.
    pub school: String,
    /// When.
    pub signed_at: Instant,
    /// Whether by the code in the room; else somebody entered the name by hand.
    pub by_code: bool,
    /// Why it was entered by hand.
    pub reason: String,
}

/// Another approved activity that somebody attended at the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// Who is on both lists.
    pub person: Id<Person>,
    /// What the other was about.
    pub title: String,
    /// From when it was.
    pub begins_at: Instant,
    /// Until when.
    pub ends_at: Instant,
}

impl Overlap {
    /// What speaks against the hours, in a sentence.
    #[must_use]
    pub fn doubt(&self) -> String {
        let (begins, ends) = (self.begins_at.chinese(), self.ends_at.chinese());
        format!("与已认定的活动“{}”（{begins} 至 {ends}）时间重叠，同一时间只能参加一个活动", self.title)
    }
}

/// Why something cannot be done to an activity.
#[derive(Debug, thiserror::Error)]
pub enum ActivityError {
    /// Not in this state.
    #[error("活动当前为“{}”，不能这样操作", .0.chinese())]
    NotNow(State),
    /// The plan contradicts itself or the scheme: field and sentence.
    #[error("{1}")]
    Plan(&'static str, String),
    /// It begins later than one may sign in for it.
    #[error("活动于 {} 开始，最早提前 {EARLY} 分钟开始签到", .0.chinese())]
    TooEarly(Instant),
    /// It is still going on, or has not begun.
    #[error("活动于 {} 结束，结束后才能提交和认定学时", .0.chinese())]
    NotOver(Instant),
    /// Nobody was there.
    #[error("签到表上还没有人，不能提交")]
    Nobody,
    /// There are no minutes.
    #[error("请先填写活动纪要")]
    NoRecord,
    /// No reason was given.
    #[error("请填写原因")]
    NoReason,
    /// All who were to be entered stand on the list.
    #[error("{0}已在签到表上，不必补签")]
    OnList(String),
    /// None who was to be taken off stands on the list.
    #[error("{0}不在签到表上，不必移出")]
    OffList(String),
    /// Whoever planned it does not approve it.
    #[error("活动的组织者不能审核自己的活动，请由本页写明的审核人审核")]
    Own,
    /// No open activity that the asker may attend has this code.
    #[error("签到码不正确，或活动已结束签到，请核对现场显示的签到码")]
    WrongCode,
    /// Too many wrong codes.
    #[error("签到码错误次数过多，请 {0} 分钟后再试，或请组织者补签")]
    TooManyCodes(i64),
    /// Somebody else has changed it in the meantime.
    #[error("活动信息刚刚被他人修改，请刷新后再操作")]
    Stale,
    /// Anything that concerns no field.
    #[error("操作没有完成")]
    Failed(Failure),
}

impl From<Failure> for ActivityError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for ActivityError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<crate::hours::HoursError> for ActivityError {
    fn from(error: crate::hours::HoursError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<ActivityError> for Failure {
    fn from(error: ActivityError) -> Self {
        match error {
            ActivityError::Failed(failure) => failure,
            other => Self::Refused(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, State, Step};

    #[test]
    fn hours_are_booked_only_after_closing_and_submitting() {
        let life = [Step::Open, Step::Close, Step::Submit, Step::Approve, Step::WithdrawApproval];
        let mut state = State::Planned;
        for step in life {
            state = state.after(step).expect("the usual way");
        }
        assert_eq!(state, State::Closed);
        for early in [State::Planned, State::Open, State::Closed, State::Approved, State::Cancelled] {
            assert!(early.after(Step::Approve).is_err(), "{early:?}");
        }
        assert!(State::Approved.after(Step::Cancel).is_err());
    }

    #[test]
    fn codes_are_read_as_written() {
        for state in State::ALL {
            assert_eq!(state.code().parse(), Ok(state));
        }
        for form in Form::ALL {
            assert_eq!(form.code().parse(), Ok(form));
        }
    }
}
