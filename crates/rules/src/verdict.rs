//! Whether a teacher has met everything, what is missing, and how the result ranks.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tisheng_kernel::{Level, Score, Seconds};

use crate::certificate::CertificateFacts;
use crate::certification::{Gate, GateKind, ScorePart};
use crate::condition::Condition;
use crate::outcome::{Check, Outcome, excellent_among};
use crate::scheme::Scheme;
use crate::source::Source;
use crate::sums::Sums;
use crate::tally::{HourEntry, Sum, Tally};
use crate::under_way::{PeerReviews, UnderWay, in_words};

/// Everything about one teacher that the result follows from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The teacher's hours that stand: booked, not held, not parked.
    pub hours: &'a [HourEntry<'a>],
    /// Codes of the capabilities chosen.
    pub chosen: &'a [String],
    /// Codes of the capabilities offered when the choice was made.
    pub offered: &'a [String],
    /// Codes of those among the chosen that were offered earlier still.
    pub held: &'a [String],
    /// Final levels, by code of capability or work.
    pub results: &'a BTreeMap<String, Level>,
    /// Figures from 0 to 100 that other rooms report, by the code that the score asks for. A part
    /// whose figure nobody reports is left out of the score, and the rest stands for the whole.
    pub reported: &'a BTreeMap<String, u8>,
    /// The reviews of colleagues' work that fell to the teacher. The part of the score that measures
    /// them is left out as long as none did.
    pub peer_reviews: PeerReviews,
    /// How far work has come that has no result yet, by code of capability or work: for the words
    /// alone. `None` where nobody has looked.
    pub under_way: Option<&'a BTreeMap<String, UnderWay>>,
}

static NO_RESULTS: BTreeMap<String, Level> = BTreeMap::new();
static NO_FIGURES: BTreeMap<String, u8> = BTreeMap::new();

/// A teacher of whom nothing is known.
impl Default for Facts<'_> {
    fn default() -> Self {
        Self {
            hours: &[],
            chosen: &[],
            offered: &[],
            held: &[],
            results: &NO_RESULTS,
            reported: &NO_FIGURES,
            peer_reviews: PeerReviews::default(),
            under_way: None,
        }
    }
}

impl Facts<'_> {
    /// How far a capability or work has come, where it is known to be under way.
    fn state_of(&self, code: &str) -> Option<UnderWay> {
        self.under_way?.get(code).copied()
    }
}

/// To whom and when a certificate is issued.
#[derive(Debug, Clone, Copy)]
pub struct CertificateHolder<'a> {
    /// The teacher's name.
    pub name: &'a str,
    /// The school at the time of issue.
    pub school: &'a str,
    /// Day of issue.
    pub date: NaiveDate,
}

/// One component of the score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScoreLine {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: String,
    /// Points reached.
    pub points: Score,
    /// Points there are.
    pub of: Score,
    /// Whether it is left out because nobody reports its figure.
    #[serde(default)]
    pub left_out: bool,
}

/// The result of a teacher under a scheme, with its explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether every gate is passed.
    pub met: bool,
    /// The gates in the order of the scheme.
    pub gates: Vec<Condition>,
    /// The hours behind the gates.
    pub tally: Tally,
    /// The components of the score.
    pub score_lines: Vec<ScoreLine>,
    /// The score of 100, for ranking only.
    pub score: Score,
    /// The level of the whole result; `None` while not everything is met. 优秀 is a candidacy:
    /// the school's quota decides.
    pub level: Option<Level>,
    /// How the level came about, in a sentence.
    pub sentence: String,
}

/// The level of a capability or work from the levels of all its pieces: the least of them.
/// `None` while there is no piece.
#[must_use]
pub fn capability_level(pieces: &[Level]) -> Option<Level> {
    Level::least(pieces.iter().copied())
}

impl Verdict {
    /// The gates that stand by themselves: what is counted when somebody asks how many are passed.
    pub fn wholes(&self) -> impl Iterator<Item = &Condition> {
        self.gates.iter().filter(|gate| gate.part_of.is_empty())
    }

    /// The gates that stand by themselves, each followed by its parts.
    pub fn listed(&self) -> impl Iterator<Item = &Condition> {
        self.wholes().flat_map(|whole| {
            let parts = self.gates.iter().filter(|part| part.part_of == whole.key);
            std::iter::once(whole).chain(parts)
        })
    }
}

impl Scheme {
    /// Holds the facts about one teacher against the scheme.
    #[must_use]
    pub fn verdict(&self, facts: &Facts<'_>) -> Verdict {
        let sums = self.hours.sums(facts.hours);
        let Outcome { met, level, score, .. } = self.outcome_of(facts, &sums);
        let tally = self.hours.tally(facts.hours);
        let gates: Vec<Condition> = self
            .checks()
            .filter_map(|(gate, check)| self.condition(gate, check, facts, &sums, &tally))
            .collect();
        let score_lines: Vec<ScoreLine> =
            self.certification.score.iter().map(|part| self.score_line(part, facts, &sums)).collect();
        let sentence = self.level_in_words(level, score, facts, &gates);
        let left_out: Vec<&str> =
            score_lines.iter().filter(|line| line.left_out).map(|line| line.title.as_str()).collect();
        let left_out = match left_out.as_slice() {
            [_, ..] if met => {
                format!("“{}”没有记录，不计入得分，其余各项折算为 100 分。", left_out.join("、"))
            }
            _ => String::new(),
        };
        Verdict { met, gates, tally, score_lines, score, level, sentence: sentence + &left_out }
    }

    fn level_in_words(
        &self,
        level: Option<Level>,
        score: Score,
        facts: &Facts<'_>,
        gates: &[Condition],
    ) -> String {
        let wanted = &self.certification.excellent;
        let excellent = excellent_among(facts);
        match level {
            None => {
                let open = |waiting: bool| -> Vec<&str> {
                    let of = gates.iter().filter(|gate| !gate.met && gate.waiting == waiting);
                    of.map(|gate| gate.title.as_str()).collect()
                };
                let missing = match open(false).as_slice() {
                    [] => String::new(),
                    titles => format!("，还差：{}", titles.join("、")),
                };
                let waiting = match open(true).as_slice() {
                    [] => String::new(),
                    titles => format!("“{}”正在评审或公示，请等待结果。", titles.join("、")),
                };
                format!("尚未达到全部要求{missing}。{waiting}")
            }
            Some(Level::Excellent) => format!(
                "全部要求已达到；得分 {score}，{excellent} 个能力点优秀，具备优秀资格（以本校名额为限）{}。",
                wanted.score.source
            ),
            Some(_) => format!(
                "全部要求已达到，结果为合格；评为优秀需得分不低于 {} 且至少 {} 个能力点优秀，现得分 {score}，{excellent} 个优秀{}。",
                *wanted.score, *wanted.capabilities, wanted.score.source
            ),
        }
    }

    /// What is printed on the certificate of a teacher with this verdict. `level` is the final one,
    /// after the school's quota of 优秀.
    #[must_use]
    pub fn certificate_facts(
        &self,
        verdict: &Verdict,
        chosen: &[String],
        level: Level,
        holder: &CertificateHolder<'_>,
    ) -> CertificateFacts {
        let by_category = self.hours.categories.iter().zip(&verdict.tally.categories);
        let breakdown: Vec<String> = by_category
            .map(|(category, sums)| format!("{} {}", *category.title, self.hours.shown(sums.sum.counted)))
            .collect();
        let capabilities: Vec<String> = chosen.iter().map(|code| self.framework.label(code)).collect();
        CertificateFacts {
            name: holder.name.to_owned(),
            school: holder.school.to_owned(),
            programme: self.identity.short_title.value.clone(),
            period: self.identity.period.map(|period| period.chinese()).unwrap_or_default(),
            hours: self.hours.shown(verdict.tally.counted),
            breakdown: breakdown.join("、"),
            capabilities: capabilities.join("、"),
            level: level.chinese().to_owned(),
            date: holder.date,
        }
    }

    /// A condition in words, as it holds or does not.
    fn condition(
        &self,
        gate: &Gate,
        check: Check<'_>,
        facts: &Facts<'_>,
        sums: &Sums,
        tally: &Tally,
    ) -> Option<Condition> {
        let told = match check {
            Check::Category(at) => self.category_condition(at, tally)?,
            Check::Total => self.total_condition(gate, tally),
            Check::Kind(at, within) => self.kind_condition(at, within, tally)?,
            Check::Choice => self.choice_condition(gate, facts),
            Check::Levels => self.levels_condition(gate, facts),
            Check::Work(work) => self.work_condition(gate, work, facts),
        };
        Some(Condition { key: self.key_of(gate, check), met: self.holds(check, facts, sums), ..told })
    }

    fn category_condition(&self, at: usize, tally: &Tally) -> Option<Condition> {
        let (category, sums) = (self.hours.categories.get(at)?, tally.categories.get(at)?);
        let are_kinds_listed = self.certification.gates.iter().any(|other| other.kind == GateKind::HourKinds);
        // What a ceiling of a kind cuts off is told beside that kind.
        let told = |rule: &String| {
            let mut kinds = category.kinds.iter().zip(&sums.kinds);
            kinds.any(|(kind, sum)| kind.minimum.is_some() && sum.over_rule.as_ref() == Some(rule))
        };
        let over_rule = sums.sum.over_rule.clone().filter(|rule| !(are_kinds_listed && told(rule)));
        Some(self.sum_condition(&Sum { over_rule, ..sums.sum.clone() }, &category.minimum.source))
    }

    fn total_condition(&self, gate: &Gate, tally: &Tally) -> Condition {
        let total = Sum {
            key: "total".to_owned(),
            title: gate.title.value.clone(),
            minimum: tally.minimum,
            earned: tally.earned,
            counted: tally.counted,
            over: tally.not_counted,
            missing: tally.minimum.beyond(tally.counted),
            over_rule: None,
        };
        self.sum_condition(&total, &self.hours.total.source)
    }

    fn kind_condition(&self, at: usize, within: usize, tally: &Tally) -> Option<Condition> {
        let category = self.hours.categories.get(at)?;
        let minimum = category.kinds.get(within)?.minimum.as_ref()?;
        let sum = tally.categories.get(at)?.kinds.get(within)?;
        let whole = self.certification.gates.iter().find(|other| other.kind == GateKind::Hours);
        let part_of = whole.map(|whole| self.key_of(whole, Check::Category(at)));
        let condition = self.sum_condition(sum, &minimum.source);
        Some(Condition { part_of: part_of.unwrap_or_default(), ..condition })
    }

    fn sum_condition(&self, sum: &Sum, source: &Source) -> Condition {
        let length = *self.hours.length;
        let need = self.hours.shown(sum.minimum);
        let met = sum.missing == Seconds::ZERO;
        let mut sentence = format!("“{}”不少于 {need}，计入 {}", sum.title, self.hours.shown(sum.counted));
        if !met {
            sentence.push_str(&format!("，还差 {}", self.hours.shown(sum.missing)));
        }
        sentence.push('。');
        if let Some(rule) = &sum.over_rule {
            sentence.push_str(&format!("另有 {} 未计入：{rule}。", self.hours.shown(sum.over)));
        }
        let reached = (sum.minimum - sum.missing).percent_of(sum.minimum);
        Condition {
            key: sum.key.clone(),
            title: sum.title.clone(),
            part_of: String::new(),
            met,
            have: sum.counted.plainly(length),
            need: sum.minimum.with_unit(length),
            percent: if met { 100 } else { reached.min(99) },
            waiting: false,
            sentence,
            source: source.to_string(),
        }
    }

    fn choice_condition(&self, gate: &Gate, facts: &Facts<'_>) -> Condition {
        let conditions = self.choice_conditions(facts.chosen, facts.offered, facts.held);
        let met = conditions.iter().all(|condition| condition.met);
        let open: Vec<&str> = conditions.iter().filter(|c| !c.met).map(|c| c.sentence.as_str()).collect();
        let have = facts.chosen.len();
        let sentence = match have {
            _ if met => format!("已选学 {have} 个能力点，符合选学要求。"),
            0 => "还没有选学。".to_owned(),
            _ => open.concat(),
        };
        let need = self.to_choose(facts.offered);
        // Enough in number and wrong in kind is not all there is to do.
        let percent = if met { 100 } else { (have * 100 / need.max(1)).min(99) };
        Condition {
            have: have.to_string(),
            need: format!("{need} 个"),
            percent: u8::try_from(percent).unwrap_or(99),
            ..Condition::holds(gate.key.as_str(), gate.title.as_str(), met)
        }
        .saying(sentence, &gate.title.source)
    }

    fn levels_condition(&self, gate: &Gate, facts: &Facts<'_>) -> Condition {
        let level = |code: &String| facts.results.get(code).copied();
        let passed = facts.chosen.iter().filter(|code| level(code).is_some_and(Level::is_passed)).count();
        // What failed and is handed in again is under way.
        let open = facts.chosen.iter().filter(|code| !level(code).is_some_and(Level::is_passed));
        let open: Vec<&str> = open.map(String::as_str).collect();
        let (failed, waiting): (Vec<&str>, Vec<&str>) = self
            .framework
            .in_order(&open)
            .into_iter()
            .partition(|code| facts.results.contains_key(*code) && facts.state_of(code).is_none());
        if facts.chosen.is_empty() {
            let need = u32::try_from(self.to_choose(facts.offered)).unwrap_or(u32::MAX);
            return Condition::counted(gate.key.as_str(), gate.title.as_str(), 0, need.max(1))
                .saying("选学之后，所选能力点须全部测评合格。", &gate.title.source);
        }
        let mut sentence = format!("所选 {} 个能力点须全部测评合格，已合格 {passed} 个", facts.chosen.len());
        if !failed.is_empty() {
            sentence.push_str(&format!("；不合格：{}", failed.join("、")));
        }
        sentence.push_str(&in_words(&waiting, facts.under_way));
        sentence.push('。');
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let need = count(facts.chosen.len()).max(1);
        let is_waiting = |code: &&str| facts.state_of(code).is_some_and(UnderWay::is_waiting);
        Condition {
            waiting: failed.is_empty() && !waiting.is_empty() && waiting.iter().all(is_waiting),
            ..Condition::counted(gate.key.as_str(), gate.title.as_str(), count(passed), need)
        }
        .saying(sentence, &gate.title.source)
    }

    fn work_condition(&self, gate: &Gate, work: &str, facts: &Facts<'_>) -> Condition {
        let label = self.framework.label(work);
        let level = facts.results.get(work).copied();
        let met = level.is_some_and(Level::is_passed);
        let state = facts.state_of(work);
        let sentence = match (level, state) {
            (Some(level), _) if met => format!("“{label}”已通过，等级为{level}。"),
            (_, Some(state)) => format!("“{label}”{}。", state.chinese()),
            (Some(level), None) => format!("“{label}”{level}，须重新提交并通过。"),
            (None, None) if facts.under_way.is_some() => format!("“{label}”尚未提交。"),
            (None, None) => format!("“{label}”尚未提交或尚未完成测评。"),
        };
        let shown = match (level, state) {
            (Some(level), _) if met => level.chinese(),
            (_, Some(UnderWay::OnNotice(_))) => "公示中",
            (_, Some(UnderWay::Returned)) => "已退回",
            (_, Some(_)) => "已提交",
            (level, None) => level.map_or("未完成", Level::chinese),
        };
        Condition {
            have: shown.to_owned(),
            need: Level::Pass.chinese().to_owned(),
            waiting: !met && state.is_some_and(UnderWay::is_waiting),
            ..Condition::holds(gate.key.as_str(), gate.title.as_str(), met)
        }
        .saying(sentence, &gate.title.source)
    }

    fn score_line(&self, part: &ScorePart, facts: &Facts<'_>, sums: &Sums) -> ScoreLine {
        let points = self.points(part, facts, sums);
        ScoreLine {
            key: part.key.clone(),
            title: part.title.value.clone(),
            points: points.unwrap_or_default(),
            of: Score::points(*part.weight),
            left_out: points.is_none(),
        }
    }
}
