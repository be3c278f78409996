//! Courses, their terms, and what may be done with both. Pure.

use tisheng_kernel::{HourLength, Id, Instant, Seconds, coded};
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Stage;
use tisheng_rules::Scheme;

use crate::platform::Platform;

coded! {
    /// Where a course comes from (LEARN-1).
    Source, "课程来源", {
        /// 国家慕课课程资源
        Mooc = "mooc" "国家慕课",
        /// 自主研制培训资源
        Own = "own" "自主研制",
        /// 一线教师优秀实践案例资源
        Case = "case" "教师案例",
        /// 购买服务
        Bought = "bought" "购买服务",
    }
}

coded! {
    /// What has to be done for a course to count.
    Counts, "认定方式", {
        /// Learnt to its end: it counts once, with its whole worth.
        Completed = "completed" "学完",
        /// Passed, with a least score where the terms name one.
        Passed = "passed" "考核通过",
        /// The time spent, up to its worth.
        Time = "time" "按学习时长",
    }
}

coded! {
    /// Where a course stands.
    State, "课程状态", {
        /// No terms of it are in force yet.
        Submitted = "submitted" "待审核",
        /// It counts.
        Offered = "offered" "开设中",
        /// It is offered no more; what was credited stands.
        Retired = "retired" "已停开",
    }
}

coded! {
    /// Where terms stand.
    TermsState, "审核状态", {
        /// They wait for a decision.
        Submitted = "submitted" "待审核",
        /// They are or were in force.
        Approved = "approved" "已通过",
        /// They were sent back with a reason.
        Returned = "returned" "已退回",
        /// Later ones took their place.
        Superseded = "superseded" "已替换",
        /// The institution took them back before anybody decided.
        Withdrawn = "withdrawn" "已撤回",
    }
}

/// A course of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// Its identifier.
    pub id: Id<Course>,
    /// The programme.
    pub programme: Id<Programme>,
    /// Where it is learnt.
    pub platform: Id<Platform>,
    /// The platform's own number.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: Source,
    /// Stages it is for, comma between; empty for all.
    pub stages: String,
    /// Subjects it is for, comma between; empty for all.
    pub subjects: String,
    /// What it is about.
    pub summary: String,
    /// Where it is learnt; empty where it is only launched as a tool.
    pub href: String,
    /// The revision of the terms in force.
    pub revision: Option<i64>,
    /// Where it stands.
    pub state: State,
    /// How often the row was changed.
    pub version: i64,
}

/// How a course counts, what it teaches, for whom, and by which addresses it is known: all that the
/// office has to agree to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Which revision.
    pub revision: i64,
    /// What it is worth.
    pub worth: Seconds,
    /// Minutes of one hour in which that was stated.
    pub length: HourLength,
    /// How long its material lasts; nothing where unknown.
    pub material: Seconds,
    /// Code of the category.
    pub category: String,
    /// Code of the kind; empty for none.
    pub kind: String,
    /// What has to be done.
    pub counts: Counts,
    /// The least scaled score in thousandths, where passing asks for one.
    pub pass_permille: Option<i64>,
    /// Where the course comes from.
    pub source: Source,
    /// Stages, comma between; empty for all.
    pub stages: String,
    /// Subjects, comma between; empty for all.
    pub subjects: String,
    /// Codes of the capabilities it teaches, in order.
    pub capabilities: Vec<String>,
    /// Addresses by which the platform speaks of it, in order.
    pub activities: Vec<String>,
    /// Where they stand.
    pub state: TermsState,
    /// When they were handed in.
    pub submitted_at: Instant,
    /// Why they were returned.
    pub decision: String,
}

impl Terms {
    /// What has to be done, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        sentence(self.counts, self.pass_permille, self.worth.with_unit(self.length))
    }

    /// What `draft` says, as terms that wait from `at` on.
    #[must_use]
    pub fn of(draft: &Draft, revision: i64, at: Instant) -> Self {
        Self {
            revision,
            worth: draft.worth,
            length: draft.length,
            material: draft.material,
            category: draft.category.clone(),
            kind: draft.kind.clone(),
            counts: draft.counts,
            pass_permille: draft.pass_permille,
            source: draft.source,
            stages: draft.stages.clone(),
            subjects: draft.subjects.clone(),
            capabilities: sorted(&draft.capabilities),
            activities: sorted(&draft.activities),
            state: TermsState::Submitted,
            submitted_at: at,
            decision: String::new(),
        }
    }

    /// Whether both say the same of the course.
    #[must_use]
    pub fn agree(&self, other: &Self) -> bool {
        let (revision, state) = (self.revision, self.state);
        let decision = self.decision.clone();
        *self == Self { revision, state, submitted_at: self.submitted_at, decision, ..other.clone() }
    }
}

/// The words in the order of their bytes, each once.
pub(super) fn sorted(words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    words.sort();
    words.dedup();
    words
}

/// What terms say otherwise than those in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Of what.
    pub label: &'static str,
    /// What was said; empty for nothing.
    pub before: String,
    /// What is said; empty for nothing.
    pub after: String,
}

/// What `after` says otherwise than `before`, as `rules` name it.
#[must_use]
pub fn changes(rules: &Scheme, before: &Terms, after: &Terms) -> Vec<Change> {
    let (before, after) = (facts(rules, before), facts(rules, after));
    let pairs = before.into_iter().zip(after);
    pairs
        .filter(|((_, before), (_, after))| before != after)
        .map(|((label, before), (_, after))| Change { label, before, after })
        .collect()
}

/// What terms say, each fact in words.
fn facts(rules: &Scheme, terms: &Terms) -> [(&'static str, String); 8] {
    let category = rules.hours.category(&terms.category);
    let kind = category.and_then(|category| category.kinds.iter().find(|kind| kind.key == terms.kind));
    let named = category.map_or_else(|| terms.category.clone(), |category| category.title.to_string());
    let kind = kind.map(|kind| format!("（{}）", *kind.title)).unwrap_or_default();
    let material = terms.material.get() / 60;
    [
        ("认定", terms.sentence()),
        ("材料时长", if material > 0 { format!("{material} 分钟") } else { String::new() }),
        ("学时类别", format!("{named}{kind}")),
        ("课程来源", terms.source.title().to_owned()),
        ("能力点", terms.capabilities.join("、")),
        ("适用学段", stage_titles(&terms.stages).join("、")),
        ("适用学科", terms.subjects.replace(',', "、")),
        ("活动地址", terms.activities.join(" ")),
    ]
}

/// The titles of stages that are written with a comma between.
#[must_use]
pub fn stage_titles(stages: &str) -> Vec<&'static str> {
    let known = stages.split(',').filter_map(|key| key.parse::<Stage>().ok());
    known.map(|stage| stage.title()).collect()
}

/// What has to be done for `worth`, in a sentence.
fn sentence(counts: Counts, pass_permille: Option<i64>, worth: String) -> String {
    match (counts, pass_permille) {
        (Counts::Completed, _) => format!("学完计 {worth}"),
        (Counts::Passed, None) => format!("考核通过计 {worth}"),
        (Counts::Passed, Some(least)) => format!("考核达到 {} 分（百分制）计 {worth}", of_hundred(least)),
        (Counts::Time, _) => format!("按学习时长计，最多 {worth}"),
    }
}

/// Thousandths as a score of a hundred: `60`, `60.5`.
#[must_use]
pub fn of_hundred(permille: i64) -> String {
    let (whole, tenth) = (permille / 10, permille % 10);
    if tenth == 0 { whole.to_string() } else { format!("{whole}.{tenth}") }
}

/// What an institution says of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The platform's own number.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Where it comes from.
    pub source: Source,
    /// Stages, comma between; empty for all.
    pub stages: String,
    /// Subjects, comma between; empty for all.
    pub subjects: String,
    /// What it is about.
    pub summary: String,
    /// Where it is learnt.
    pub href: String,
    /// Codes of the capabilities it teaches, in order.
    pub capabilities: Vec<String>,
    /// Addresses by which the platform speaks of it, in order.
    pub activities: Vec<String>,
    /// What it is worth.
    pub worth: Seconds,
    /// Minutes of one hour in which that is stated.
    pub length: HourLength,
    /// How long its material lasts; nothing where unknown.
    pub material: Seconds,
    /// Code of the category.
    pub category: String,
    /// Code of the kind; empty for none.
    pub kind: String,
    /// What has to be done.
    pub counts: Counts,
    /// The least scaled score in thousandths.
    pub pass_permille: Option<i64>,
}

impl Draft {
    /// What has to be done, in a sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        sentence(self.counts, self.pass_permille, self.worth.with_unit(self.length))
    }
}

/// Holds what is said of a course against the scheme; gives the field and the sentence of each
/// thing that is wrong.
#[must_use]
pub fn decide(rules: &Scheme, draft: &Draft) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let category = rules.hours.category(&draft.category);
    let fits = category.is_some_and(|category| {
        if draft.kind.is_empty() {
            category.kinds.is_empty()
        } else {
            category.kinds.iter().any(|kind| kind.key == draft.kind)
        }
    });
    if !fits {
        wrong.push(("category", "方案中没有这个学时类别或项目".to_owned()));
    }
    for code in &draft.capabilities {
        if rules.framework.capability(code).is_none() {
            wrong.push(("capabilities", format!("方案中没有能力点“{code}”")));
        }
    }
    if draft.worth <= Seconds::ZERO {
        wrong.push(("hours", "学时应大于零".to_owned()));
    }
    if draft.counts != Counts::Passed && draft.pass_permille.is_some() {
        wrong.push(("pass", "只有“考核通过”才需要合格分数".to_owned()));
    }
    if !draft.href.is_empty() && !draft.href.starts_with("https://") && !draft.href.starts_with("http://") {
        wrong.push(("href", "学习网址应以 https:// 开头".to_owned()));
    }
    for iri in &draft.activities {
        if !is_iri(iri) {
            wrong.push(("activities", format!("“{iri}”不是完整的活动地址，应以 https:// 开头")));
        }
    }
    if draft.href.is_empty() && draft.activities.is_empty() {
        wrong.push((
            "activities",
            "学习网址和活动地址至少填一项，否则收到的学习记录无法对应到课程".to_owned(),
        ));
    }
    wrong
}

/// Whether `text` can be the address of an activity: a scheme, a colon, and something without
/// spaces behind it (RFC 3987 asks for more than any platform keeps to).
#[must_use]
pub fn is_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let starts = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let plain = scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    starts && plain && !rest.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Why a course was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum CourseError {
    /// Something that is said of it is wrong: field and sentence of each.
    #[error("{}", .0.first().map(|(_, sentence)| sentence.as_str()).unwrap_or_default())]
    Wrong(Vec<(&'static str, String)>),
    /// An address belongs to another course of the platform.
    #[error("活动地址“{0}”已属于本平台的另一门课程")]
    ActivityTaken(String),
    /// Nothing of it waits for a decision any more.
    #[error("这门课程没有待审核的内容，可能已由他人处理")]
    Decided,
    /// Returning asks for a reason.
    #[error("请填写退回的原因，机构会看到")]
    NoReason,
    /// Who hands a course in does not approve it.
    #[error("课程由本人提交，请由其他负责人审核")]
    Own,
    /// Somebody else has changed it.
    #[error("课程已被他人修改，请刷新后核对")]
    Stale,
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for CourseError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for CourseError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<CourseError> for Failure {
    fn from(error: CourseError) -> Self {
        match error {
            CourseError::Failed(failure) => failure,
            CourseError::Stale => Self::Stale(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::{HourLength, Instant, Seconds};
    use tisheng_rules::Scheme;
    use tisheng_rules::samples::third_scheme_files;

    use super::{Counts, Draft, Source, State, Terms, TermsState, decide, is_iri};

    fn draft() -> Draft {
        let rules = Scheme::from_files(third_scheme_files()).expect("a scheme");
        let category = &rules.hours.categories[0];
        Draft {
            code: "K1".to_owned(),
            title: "课程一".to_owned(),
            source: Source::Own,
            stages: String::new(),
            subjects: String::new(),
            summary: String::new(),
            href: "https://a.test/k1".to_owned(),
            capabilities: vec![rules.framework.capabilities[0].code.clone()],
            activities: Vec::new(),
            worth: Seconds::from_hours(2, HourLength::LESSON),
            length: HourLength::LESSON,
            material: Seconds::of_minutes(60),
            category: category.key.clone(),
            kind: category.kinds.first().map(|kind| kind.key.clone()).unwrap_or_default(),
            counts: Counts::Completed,
            pass_permille: None,
        }
    }

    #[test]
    fn each_mistake_is_named_with_its_field() {
        let rules = Scheme::from_files(third_scheme_files()).expect("a scheme");
        assert!(decide(&rules, &draft()).is_empty());
        let wrong = Draft {
            category: "nowhere".to_owned(),
            capabilities: vec!["Z99".to_owned()],
            worth: Seconds::ZERO,
            pass_permille: Some(600),
            href: String::new(),
            activities: vec!["课程 一".to_owned()],
            ..draft()
        };
        let fields: Vec<&str> = decide(&rules, &wrong).iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["category", "capabilities", "hours", "pass", "activities"]);
        let silent = Draft { href: String::new(), ..draft() };
        assert_eq!(decide(&rules, &silent).len(), 1);
    }

    #[test]
    fn addresses_of_activities() {
        for good in ["https://a.test/x", "urn:uuid:1", "http://例.test/课程"] {
            assert!(is_iri(good), "{good}");
        }
        for bad in ["", "课程", "a b:c", "https:", "1x:y", "https://a.test/a b"] {
            assert!(!is_iri(bad), "{bad}");
        }
    }

    #[test]
    fn terms_are_said_in_a_sentence() {
        let terms = |counts, pass_permille| Terms {
            revision: 1,
            worth: Seconds::from_hours(2, HourLength::LESSON),
            length: HourLength::LESSON,
            material: Seconds::ZERO,
            category: String::new(),
            kind: String::new(),
            counts,
            pass_permille,
            source: Source::Own,
            stages: String::new(),
            subjects: String::new(),
            capabilities: Vec::new(),
            activities: Vec::new(),
            state: TermsState::Approved,
            submitted_at: Instant::from_micros(0),
            decision: String::new(),
        };
        assert_eq!(terms(Counts::Completed, None).sentence(), "学完计 2 学时");
        assert_eq!(terms(Counts::Passed, Some(600)).sentence(), "考核达到 60 分（百分制）计 2 学时");
        assert_eq!(terms(Counts::Passed, Some(605)).sentence(), "考核达到 60.5 分（百分制）计 2 学时");
        assert_eq!(terms(Counts::Time, None).sentence(), "按学习时长计，最多 2 学时");
    }

    #[test]
    fn codes_and_words_are_read_again() {
        for state in State::ALL {
            assert_eq!(state.key().parse(), Ok(*state));
        }
        for counts in Counts::ALL {
            assert_eq!(counts.title().parse(), Ok(*counts));
        }
        assert!("x".parse::<Source>().is_err());
    }
}
