//! When a teacher has met everything, and how results are ranked.

use crate::reader::Section;
use crate::source::Sourced;

/// What a gate looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GateKind {
    /// The hours in all and in each category.
    #[default]
    Hours,
    /// The hours in each kind.
    HourKinds,
    /// The choice rule.
    Choice,
    /// Every chosen capability judged, none 不合格.
    Levels,
    /// The work of that code accepted.
    Work(String),
}

/// A condition for having met everything.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Code, stored with results.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// What it looks at.
    pub kind: GateKind,
}

/// What a component of the score measures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Measure {
    /// The mean of the levels of the chosen capabilities.
    #[default]
    Capabilities,
    /// Counted hours of the category, against its minimum.
    Category(String),
    /// Counted hours of a kind, as category and kind, against its minimum.
    Kind(String, String),
    /// The level of the work.
    Work(String),
    /// The share of the reviews of colleagues' work that the teacher did in time.
    PeerReviews,
    /// A figure from 0 to 100 that another room reports, such as the use of learning spaces.
    Reported(String),
}

/// A component of the score.
#[derive(Debug, Clone)]
pub struct ScorePart {
    /// Code, stored with results.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// How many of the 100 points it can give.
    pub weight: Sourced<u32>,
    /// What it measures.
    pub measure: Measure,
}

/// What each level is worth, in per cent of a component's points.
#[derive(Debug, Clone)]
pub struct LevelPoints {
    /// 优秀
    pub excellent: Sourced<u32>,
    /// 合格
    pub pass: Sourced<u32>,
}

/// When a whole result is 优秀.
#[derive(Debug, Clone)]
pub struct ExcellentRule {
    /// The least score.
    pub score: Sourced<u32>,
    /// How many capabilities must be 优秀.
    pub capabilities: Sourced<u32>,
    /// The share of a school's teachers that may be 优秀, in per cent.
    pub quota_percent: Sourced<u32>,
}

impl ExcellentRule {
    /// How many of a school's `teachers` may be 优秀: the share rounded down, but one where
    /// there is anyone at all.
    #[must_use]
    pub fn places(&self, teachers: u32) -> u32 {
        let share = u64::from(teachers) * u64::from(*self.quota_percent) / 100;
        let share = u32::try_from(share).unwrap_or(u32::MAX);
        if *self.quota_percent == 0 { 0 } else { share.max(1).min(teachers) }
    }
}

/// The conditions, the score and the rule for 优秀.
#[derive(Debug, Clone)]
pub struct CertificationRule {
    /// The conditions, all of which must be met.
    pub gates: Vec<Gate>,
    /// The components of the score, which only ranks.
    pub score: Vec<ScorePart>,
    /// What levels are worth.
    pub points: LevelPoints,
    /// When a whole result is 优秀.
    pub excellent: ExcellentRule,
}

impl CertificationRule {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            gates: s.sections("gate", read_gate),
            score: s.sections("score", read_part),
            points: s.section("points", |p| LevelPoints {
                excellent: p.count("excellent"),
                pass: p.count("pass"),
            }),
            excellent: s.section("excellent", |e| ExcellentRule {
                score: e.count("score"),
                capabilities: e.count("capabilities"),
                quota_percent: e.count("quota_percent"),
            }),
        }
    }
}

fn read_gate(s: &Section<'_>) -> Gate {
    const KINDS: [(&str, u8); 5] =
        [("hours", 0), ("hour_kinds", 1), ("choice", 2), ("levels", 3), ("work", 4)];
    let kind = match s.word("kind", &KINDS).value {
        0 => GateKind::Hours,
        1 => GateKind::HourKinds,
        2 => GateKind::Choice,
        3 => GateKind::Levels,
        _ => GateKind::Work(s.key("of")),
    };
    Gate { key: s.key("key"), title: s.text("title"), kind }
}

fn read_part(s: &Section<'_>) -> ScorePart {
    const MEASURES: [(&str, u8); 6] = [
        ("capabilities", 0),
        ("category", 1),
        ("kind", 2),
        ("work", 3),
        ("peer_reviews", 4),
        ("reported", 5),
    ];
    let measure = match s.word("measure", &MEASURES).value {
        0 => Measure::Capabilities,
        1 => Measure::Category(s.key("of")),
        2 => Measure::Kind(s.key("in"), s.key("of")),
        3 => Measure::Work(s.key("of")),
        4 => Measure::PeerReviews,
        _ => Measure::Reported(s.key("of")),
    };
    ScorePart { key: s.key("key"), title: s.text("title"), weight: s.count("weight"), measure }
}
