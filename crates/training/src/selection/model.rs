//! Offers, choices and changes of them. Pure.

use std::collections::BTreeSet;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;
use tisheng_rules::Condition;

/// What has become of a version of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferState {
    /// The school is still putting it together.
    Draft,
    /// Teachers choose from it.
    Published,
    /// A later one is published; choices made from it stand.
    Superseded,
}

impl OfferState {
    /// The form stored in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Superseded => "superseded",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Draft => "草稿",
            Self::Published => "已发布",
            Self::Superseded => "已被替代",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Draft => "warn",
            Self::Published => "good",
            Self::Superseded => "plain",
        }
    }
}

impl FromStr for OfferState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Draft, Self::Published, Self::Superseded]
            .into_iter()
            .find(|state| state.code() == text)
            .ok_or_else(|| format!("not a state of an offer: {text}"))
    }
}

/// A version of what a school offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its identifier.
    pub id: Id<Offer>,
    /// The school.
    pub school: Id<Node>,
    /// Counts from 1 for each school.
    pub version: i64,
    /// What has become of it.
    pub state: OfferState,
    /// Why, in the school's words.
    pub note: String,
    /// When teachers could first choose from it.
    pub published_at: Option<Instant>,
}

/// What has become of a change that a teacher asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeState {
    /// The school has not decided.
    Asked,
    /// The choice is as asked for.
    Approved,
    /// The choice stays as it was.
    Refused,
    /// The teacher has taken it back.
    Withdrawn,
}

impl ChangeState {
    /// Every state, those that wait first.
    pub const ALL: [Self; 4] = [Self::Asked, Self::Approved, Self::Refused, Self::Withdrawn];

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Asked => "待审批",
            Self::Approved => "已同意",
            Self::Refused => "未同意",
            Self::Withdrawn => "已撤回",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Asked => "warn",
            Self::Approved => "good",
            Self::Refused => "bad",
            Self::Withdrawn => "plain",
        }
    }
}

impl FromStr for ChangeState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.code() == text);
        found.ok_or_else(|| format!("not a state of a change: {text}"))
    }
}

/// A change of a choice that a teacher asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceChange {
    /// Its identifier.
    pub id: Id<ChoiceChange>,
    /// The teacher.
    pub person: Id<Person>,
    /// The teacher's name.
    pub name: String,
    /// The teacher's school.
    pub school: String,
    /// The school's path.
    pub path: String,
    /// The offer chosen from.
    pub offer: Id<Offer>,
    /// The choice as it is to be.
    pub capabilities: Vec<String>,
    /// Why.
    pub reason: String,
    /// What has become of it.
    pub state: ChangeState,
    /// When it was asked for.
    pub asked_at: Instant,
    /// The reason of a refusal, or a remark.
    pub decision: String,
}

/// What a change would do to a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Chosen anew.
    pub added: Vec<String>,
    /// Given up; the work done for them is kept.
    pub dropped: Vec<String>,
}

/// Codes as people count them: A5 before A11.
#[must_use]
pub fn in_order(mut codes: Vec<String>) -> Vec<String> {
    codes.sort_by(|a, b| by_number(a).cmp(&by_number(b)));
    codes
}

/// What a code begins with and the number that it ends in.
fn by_number(code: &str) -> (&str, u64, &str) {
    let letters = code.trim_end_matches(|c: char| c.is_ascii_digit());
    (letters, code[letters.len()..].parse().unwrap_or(0), code)
}

/// What becomes of `before` when it is made `after`.
#[must_use]
pub fn difference(before: &[String], after: &[String]) -> Difference {
    let set = |codes: &[String]| -> BTreeSet<String> { codes.iter().cloned().collect() };
    let (was, will) = (set(before), set(after));
    Difference {
        added: in_order(will.difference(&was).cloned().collect()),
        dropped: in_order(was.difference(&will).cloned().collect()),
    }
}

/// A difference as a colleague reads it; empty when only the state or the note is another.
fn in_words(difference: &Difference) -> String {
    let part = |verb: &str, codes: &[String]| match codes {
        [] => String::new(),
        codes => format!("，{verb} {}", codes.join("、")),
    };
    part("增加", &difference.added) + &part("去掉", &difference.dropped)
}

/// What a form is filled in against: the newest version of a school's offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    mark: String,
    capabilities: Vec<String>,
}

impl Basis {
    /// The newest version with what it offers; `None` before there is one.
    #[must_use]
    pub fn of(newest: Option<(&Offer, Vec<String>)>) -> Self {
        let mark = |(offer, capabilities): (&Offer, Vec<String>)| Self {
            mark: format!(
                "{} {} {} {}",
                offer.version,
                offer.state.code(),
                hex::encode(Sha256::digest(&offer.note)),
                capabilities.join(",")
            ),
            capabilities,
        };
        newest.map_or(Self { mark: String::new(), capabilities: Vec::new() }, mark)
    }

    /// The text that a form carries.
    #[must_use]
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// What has changed since a form with `mark` was opened; `None` when nothing has.
    #[must_use]
    pub fn since(&self, mark: &str) -> Option<Difference> {
        let codes = mark.rsplit(' ').next().unwrap_or_default().split(',');
        let seen: Vec<String> = codes.filter(|code| !code.is_empty()).map(str::to_owned).collect();
        (self.mark != mark).then(|| difference(&seen, &self.capabilities))
    }
}

impl Difference {
    /// Whether nothing would change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.dropped.is_empty()
    }
}

/// Why an offer or a choice cannot be made as asked.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    /// Rules of the scheme that are not met.
    #[error("还有 {} 项规则未满足", .0.len())]
    Unmet(Vec<Condition>),
    /// A colleague has changed the offer since the form was opened.
    #[error("您打开本页之后，同事已更新选学范围{}。下面仍是您的勾选，请核对后再保存", in_words(.0))]
    Overtaken(Difference),
    /// There is nothing to publish.
    #[error("没有待发布的草稿，请先保存选学范围")]
    NoDraft,
    /// The school offers nothing yet.
    #[error("学校还没有发布选学范围，请联系学校管理团队")]
    NoOffer,
    /// The first choice has been made: what follows is a change.
    #[error("您已经完成选学；如需调整，请提出变更申请")]
    Chosen,
    /// There is no choice to change.
    #[error("您还没有选学，请先完成选学")]
    NotChosen,
    /// The change changes nothing.
    #[error("所选能力点与现在相同，没有需要变更的内容")]
    NoDifference,
    /// One change waits already.
    #[error("已有一项变更申请在等待审批，不能再提交一项；需要修改的，请先撤回那一项")]
    Waiting,
    /// No reason was given.
    #[error("请填写原因")]
    NoReason,
    /// Somebody has decided already.
    #[error("这项申请已经处理过")]
    Decided,
    /// Nobody decides about their own choice.
    #[error("不能审批本人的申请。请由本校其他负责人处理；本校没有其他负责人时，由上级工程办处理")]
    Own,
    /// Anything that concerns no field.
    #[error("操作没有完成")]
    Failed(Failure),
}

impl From<Failure> for SelectionError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for SelectionError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<SelectionError> for Failure {
    fn from(error: SelectionError) -> Self {
        match error {
            SelectionError::Failed(failure) => failure,
            other => Self::Refused(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeState, OfferState, difference, in_order};

    fn codes(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_change_adds_and_drops() {
        let change = difference(&codes("A1 A6 B2"), &codes("A6 B2 B5"));
        assert_eq!((change.added, change.dropped), (codes("B5"), codes("A1")));
        assert!(difference(&codes("A1 A6"), &codes("A6 A1 A6")).is_empty());
    }

    #[test]
    fn codes_stand_as_people_count_them() {
        assert_eq!(in_order(codes("B2 A11 A5 X HP10 HP9 A1")), codes("A1 A5 A11 B2 HP9 HP10 X"));
    }

    #[test]
    fn states_are_read_as_written() {
        for state in ChangeState::ALL {
            assert_eq!(state.code().parse(), Ok(state));
        }
        for state in [OfferState::Draft, OfferState::Published, OfferState::Superseded] {
            assert_eq!(state.code().parse(), Ok(state));
        }
    }
}
