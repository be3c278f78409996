//! How evidence is judged: the steps in order, who takes them, appeals and sampling.

use tisheng_kernel::Level;

use crate::reader::Section;
use crate::source::Sourced;
use crate::territory::TierKey;

/// What a step of the assessment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StepKind {
    /// 自评: by the author.
    #[default]
    SelfReview,
    /// 互评: by colleagues.
    Peers,
    /// 考核小组: by an appointed panel.
    Panel,
    /// 公示: nobody judges, objections are heard.
    Notice,
    /// 抽检: some are judged again.
    SpotCheck,
}

impl StepKind {
    const WORDS: [(&'static str, Self); 5] = [
        ("self", Self::SelfReview),
        ("peers", Self::Peers),
        ("panel", Self::Panel),
        ("notice", Self::Notice),
        ("spot_check", Self::SpotCheck),
    ];

    /// The word used in scheme files and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// Where reviewers are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pool {
    /// The author.
    #[default]
    Author,
    /// 同一教研组
    SubjectGroup,
    /// 相邻教研组
    NeighbouringGroup,
    /// 本校
    School,
    /// 外校
    OtherSchool,
    /// 县（市、区）
    County,
    /// 市（州）
    City,
    /// 省
    Province,
}

impl Pool {
    const WORDS: [(&'static str, Self); 8] = [
        ("author", Self::Author),
        ("subject_group", Self::SubjectGroup),
        ("neighbouring_group", Self::NeighbouringGroup),
        ("school", Self::School),
        ("other_school", Self::OtherSchool),
        ("county", Self::County),
        ("city", Self::City),
        ("province", Self::Province),
    ];

    /// What it is called.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Author => "教师本人",
            Self::SubjectGroup => "同一教研组",
            Self::NeighbouringGroup => "相邻教研组",
            Self::School => "本校",
            Self::OtherSchool => "外校考核小组",
            Self::County => "县级",
            Self::City => "市级",
            Self::Province => "省级",
        }
    }
}

/// What the judgements of a step do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Decision {
    /// They inform the later steps and the author, and decide nothing.
    #[default]
    Advises,
    /// When all agree that is the level; when not, the chair decides.
    ChairDecides,
    /// The level that more than half gave or bettered.
    Majority,
    /// The lowest level given.
    Lowest,
    /// Nothing is judged: without an objection the result stands.
    Stands,
}

impl Decision {
    const WORDS: [(&'static str, Self); 5] = [
        ("advises", Self::Advises),
        ("chair_decides", Self::ChairDecides),
        ("majority", Self::Majority),
        ("lowest", Self::Lowest),
        ("stands", Self::Stands),
    ];

    /// The level that the judgements of a step come to; `None` while they come to none: the step
    /// decides nothing, nobody has judged, or the chair has yet to settle a disagreement.
    #[must_use]
    pub fn level(self, given: &[Level], chair: Option<Level>) -> Option<Level> {
        let first = given.first().copied()?;
        match self {
            Self::Advises | Self::Stands => None,
            Self::ChairDecides if given.iter().all(|level| *level == first) => Some(first),
            Self::ChairDecides => chair,
            Self::Lowest => Level::least(given.iter().copied()),
            Self::Majority => Level::ALL.into_iter().find(|level| {
                let reached = given.iter().filter(|one| *one >= level).count();
                reached * 2 > given.len()
            }),
        }
    }

    /// The rule in a few words.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Advises => "供参考，不作结论",
            Self::ChairDecides => "意见一致即为结论，不一致时由组长决定",
            Self::Majority => "以过半数达到的等级为结论",
            Self::Lowest => "以最低等级为结论",
            Self::Stands => "无异议即生效",
        }
    }
}

/// One step of the assessment.
#[derive(Debug, Clone)]
pub struct Step {
    /// Code, stored with each judgement.
    pub key: String,
    /// What kind of step.
    pub kind: StepKind,
    /// Its name.
    pub title: Sourced<String>,
    /// How many judge one submission; 0 for a notice.
    pub reviewers: Sourced<u32>,
    /// Where they are taken from, the first that has enough people.
    pub drawn_from: Sourced<Vec<Pool>>,
    /// Whether the author's name is hidden from them.
    pub blind: Sourced<bool>,
    /// Working days the step may take.
    pub days: Sourced<u32>,
    /// Days after which a submission taken by a reviewer and left alone goes to another.
    pub claim_lapses: Option<Sourced<u32>>,
    /// What the judgements do.
    pub decision: Sourced<Decision>,
}

/// An instance that answers an appeal.
#[derive(Debug, Clone)]
pub struct AppealStage {
    /// Which level answers.
    pub by: Sourced<TierKey>,
    /// Working days it has.
    pub days: Sourced<u32>,
}

/// A level that judges a sample again.
#[derive(Debug, Clone)]
pub struct SamplingRule {
    /// Which level draws.
    pub by: TierKey,
    /// The least number of teachers per school; 0 when the level does not go school by school.
    pub per_school: Sourced<u32>,
    /// The share of all results, in per cent.
    pub percent: Sourced<u32>,
    /// The share of those judged 优秀, in per cent.
    pub excellent_percent: Sourced<u32>,
    /// What the draw is spread over.
    pub strata: Sourced<Vec<String>>,
}

/// What follows when a sample overturns a school's results.
#[derive(Debug, Clone)]
pub struct SamplingConsequence {
    /// From this share overturned, in per cent.
    pub overturned_percent: Sourced<u32>,
    /// What the school must do.
    pub follows: Sourced<String>,
}

/// Everything a scheme says about assessment.
#[derive(Debug, Clone)]
pub struct AssessmentRule {
    /// The steps in order.
    pub steps: Vec<Step>,
    /// Working days after the notice in which an appeal may be made.
    pub appeal_within: Sourced<u32>,
    /// Who answers an appeal, in order; the last answer is final.
    pub appeals: Vec<AppealStage>,
    /// Where the work of a panel's member is judged instead.
    pub panel_members_by: Sourced<Vec<Pool>>,
    /// Which level judges the principal.
    pub principal_by: Sourced<TierKey>,
    /// Which levels draw samples.
    pub samplings: Vec<SamplingRule>,
    /// What samples lead to.
    pub consequences: Vec<SamplingConsequence>,
}

impl AssessmentRule {
    /// The step of that code.
    #[must_use]
    pub fn step(&self, key: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// The first step.
    #[must_use]
    pub fn first_step(&self) -> Option<&Step> {
        self.steps.first()
    }

    /// The step after the one of that code; `None` after the last.
    #[must_use]
    pub fn step_after(&self, key: &str) -> Option<&Step> {
        let at = self.steps.iter().position(|step| step.key == key)?;
        self.steps.get(at + 1)
    }

    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            steps: s.sections("step", read_step),
            appeal_within: s.count("appeal_within"),
            appeals: s.sections("appeal", |a| AppealStage {
                by: a.word("by", &TierKey::WORDS),
                days: a.count("days"),
            }),
            panel_members_by: s.words("panel_members_by", &Pool::WORDS),
            principal_by: s.word("principal_by", &TierKey::WORDS),
            samplings: s.sections("sampling", |r| SamplingRule {
                by: r.word("by", &TierKey::WORDS).value,
                per_school: r.count("per_school"),
                percent: r.count("percent"),
                excellent_percent: r.count("excellent_percent"),
                strata: r.texts("strata"),
            }),
            consequences: s.sections("consequence", |c| SamplingConsequence {
                overturned_percent: c.count("overturned_percent"),
                follows: c.text("follows"),
            }),
        }
    }
}

fn read_step(s: &Section<'_>) -> Step {
    Step {
        key: s.key("key"),
        kind: s.word("kind", &StepKind::WORDS).value,
        title: s.text("title"),
        reviewers: s.count("reviewers"),
        drawn_from: s.words("drawn_from", &Pool::WORDS),
        blind: s.flag("blind"),
        days: s.count("days"),
        claim_lapses: s.optional_count("claim_lapses"),
        decision: s.word("decision", &Decision::WORDS),
    }
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::Level::{Excellent, Fail, Pass};

    use super::Decision;

    #[test]
    fn a_panel_that_agrees_needs_no_chair() {
        assert_eq!(Decision::ChairDecides.level(&[Pass, Pass], None), Some(Pass));
        assert_eq!(Decision::ChairDecides.level(&[Pass, Fail], None), None);
        assert_eq!(Decision::ChairDecides.level(&[Pass, Fail], Some(Fail)), Some(Fail));
    }

    #[test]
    fn other_rules_settle_themselves() {
        assert_eq!(Decision::Lowest.level(&[Excellent, Pass], None), Some(Pass));
        assert_eq!(Decision::Majority.level(&[Excellent, Pass, Fail], None), Some(Pass));
        assert_eq!(Decision::Majority.level(&[Excellent, Fail], None), Some(Fail));
        assert_eq!(Decision::Majority.level(&[Excellent, Excellent, Fail], None), Some(Excellent));
    }

    #[test]
    fn advice_and_silence_decide_nothing() {
        assert_eq!(Decision::Advises.level(&[Pass, Pass], Some(Pass)), None);
        assert_eq!(Decision::Stands.level(&[Pass], None), None);
        assert_eq!(Decision::Lowest.level(&[], Some(Pass)), None);
    }
}
