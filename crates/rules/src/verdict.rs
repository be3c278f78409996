//! Whether a teacher has met everything, what is missing, and how the result ranks.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tisheng_kernel::{Level, Score, Seconds};

use crate::certificate::CertificateFacts;
use crate::certification::{Gate, GateKind, Measure, ScorePart};
use crate::condition::Condition;
use crate::scheme::Scheme;
use crate::source::Source;
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
        let tally = self.hours.tally(facts.hours);
        let rule = &self.certification;
        let gates: Vec<Condition> =
            rule.gates.iter().flat_map(|gate| self.gate(gate, facts, &tally)).collect();
        let score_lines: Vec<ScoreLine> =
            rule.score.iter().map(|part| self.score_line(part, facts, &tally)).collect();
        let score = whole(&score_lines);
        let met = gates.iter().all(|gate| gate.met);
        let excellent =
            facts.chosen.iter().filter(|code| facts.results.get(*code) == Some(&Level::Excellent)).count();
        let excellent = u32::try_from(excellent).unwrap_or(u32::MAX);
        let wanted = &rule.excellent;
        let is_excellent = score >= Score::points(*wanted.score) && excellent >= *wanted.capabilities;
        let level = met.then_some(if is_excellent { Level::Excellent } else { Level::Pass });
        let mut sentence = match level {
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
        };
        let left_out: Vec<&str> =
            score_lines.iter().filter(|line| line.left_out).map(|line| line.title.as_str()).collect();
        if met && !left_out.is_empty() {
            sentence
                .push_str(&format!("“{}”没有记录，不计入得分，其余各项折算为 100 分。", left_out.join("、")));
        }
        Verdict { met, gates, tally, score_lines, score, level, sentence }
    }

    /// Whether everything is met: [`Verdict::met`] without the sentences, for counting over many
    /// teachers.
    #[must_use]
    pub fn is_met(&self, facts: &Facts<'_>) -> bool {
        let tally = self.hours.tally(facts.hours);
        let level = |code: &str| facts.results.get(code).copied();
        let passed = |code: &str| level(code).is_some_and(Level::is_passed);
        let none_missing = |sum: &Sum| sum.missing == Seconds::ZERO;
        self.certification.gates.iter().all(|gate| match &gate.kind {
            GateKind::Hours => tally.is_met(),
            GateKind::HourKinds => {
                tally.categories.iter().flat_map(|category| &category.kinds).all(none_missing)
            }
            GateKind::Choice => self.is_choice_met(facts.chosen, facts.offered),
            GateKind::Levels => !facts.chosen.is_empty() && facts.chosen.iter().all(|code| passed(code)),
            GateKind::Work(work) => passed(work),
        })
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

    fn gate(&self, gate: &Gate, facts: &Facts<'_>, tally: &Tally) -> Vec<Condition> {
        match &gate.kind {
            GateKind::Hours => self.hours_gates(gate, tally),
            GateKind::HourKinds => self.kind_gates(gate, tally),
            GateKind::Choice => vec![self.choice_gate(gate, facts)],
            GateKind::Levels => vec![self.levels_gate(gate, facts)],
            GateKind::Work(work) => vec![self.work_gate(gate, work, facts)],
        }
    }

    fn hours_gates(&self, gate: &Gate, tally: &Tally) -> Vec<Condition> {
        let are_kinds_listed = self.certification.gates.iter().any(|other| other.kind == GateKind::HourKinds);
        let by_category = self.hours.categories.iter().zip(&tally.categories).map(|(category, sums)| {
            // What a ceiling of a kind cuts off is told beside that kind.
            let told = |rule: &String| {
                let mut kinds = category.kinds.iter().zip(&sums.kinds);
                kinds.any(|(kind, sum)| kind.minimum.is_some() && sum.over_rule.as_ref() == Some(rule))
            };
            let over_rule = sums.sum.over_rule.clone().filter(|rule| !(are_kinds_listed && told(rule)));
            let sum = Sum { over_rule, ..sums.sum.clone() };
            self.sum_condition(format!("{}.{}", gate.key, category.key), &sum, &category.minimum.source)
        });
        let mut gates: Vec<Condition> = by_category.collect();
        let needed: Seconds = self.hours.categories.iter().map(|category| *category.minimum).sum();
        if *self.hours.total > needed {
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
            gates.push(self.sum_condition(format!("{}.total", gate.key), &total, &self.hours.total.source));
        }
        gates
    }

    fn kind_gates(&self, gate: &Gate, tally: &Tally) -> Vec<Condition> {
        let mut gates = Vec::new();
        let whole = self.certification.gates.iter().find(|other| other.kind == GateKind::Hours);
        for (category, sums) in self.hours.categories.iter().zip(&tally.categories) {
            for (kind, sum) in category.kinds.iter().zip(&sums.kinds) {
                if let Some(minimum) = &kind.minimum {
                    let key = format!("{}.{}.{}", gate.key, category.key, kind.key);
                    let part_of = whole.map(|whole| format!("{}.{}", whole.key, category.key));
                    let condition = self.sum_condition(key, sum, &minimum.source);
                    gates.push(Condition { part_of: part_of.unwrap_or_default(), ..condition });
                }
            }
        }
        gates
    }

    fn sum_condition(&self, key: String, sum: &Sum, source: &Source) -> Condition {
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
            key,
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

    fn choice_gate(&self, gate: &Gate, facts: &Facts<'_>) -> Condition {
        let conditions = self.choice_conditions(facts.chosen, facts.offered);
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

    fn levels_gate(&self, gate: &Gate, facts: &Facts<'_>) -> Condition {
        let level = |code: &String| facts.results.get(code).copied();
        let passed = facts.chosen.iter().filter(|code| level(code).is_some_and(Level::is_passed)).count();
        // What failed and is handed in again is under way.
        let open = facts.chosen.iter().filter(|code| !level(code).is_some_and(Level::is_passed));
        let (failed, waiting): (Vec<&str>, Vec<&str>) = open
            .map(String::as_str)
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

    fn work_gate(&self, gate: &Gate, work: &str, facts: &Facts<'_>) -> Condition {
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

    fn score_line(&self, part: &ScorePart, facts: &Facts<'_>, tally: &Tally) -> ScoreLine {
        let of = Score::points(*part.weight);
        let peers = facts.peer_reviews;
        let left_out = match &part.measure {
            Measure::Reported(key) => !facts.reported.contains_key(key),
            Measure::PeerReviews => peers.drawn == 0,
            _ => false,
        };
        let points = match &part.measure {
            Measure::Capabilities => self.mean_of_levels(facts, of),
            Measure::Category(key) => share_of_sum(tally.category(key).map(|category| &category.sum), of),
            Measure::Kind(category, kind) => share_of_sum(tally.kind(category, kind), of),
            Measure::Work(key) => of.share(self.points_of(facts.results.get(key).copied()), 100),
            Measure::PeerReviews => of.share(peers.in_time.into(), peers.drawn.into()),
            Measure::Reported(key) => of.share(facts.reported.get(key).copied().unwrap_or(0).into(), 100),
        };
        ScoreLine { key: part.key.clone(), title: part.title.value.clone(), points, of, left_out }
    }

    fn mean_of_levels(&self, facts: &Facts<'_>, of: Score) -> Score {
        let points = facts.chosen.iter().map(|code| self.points_of(facts.results.get(code).copied())).sum();
        of.share(points, i64::try_from(facts.chosen.len() * 100).unwrap_or(i64::MAX))
    }

    /// What a level is worth of 100.
    fn points_of(&self, level: Option<Level>) -> i64 {
        match level {
            Some(Level::Excellent) => i64::from(*self.certification.points.excellent),
            Some(Level::Pass) => i64::from(*self.certification.points.pass),
            Some(Level::Fail) | None => 0,
        }
    }
}

/// The score of 100 from the components whose figures there are.
fn whole(lines: &[ScoreLine]) -> Score {
    let counted = || lines.iter().filter(|line| !line.left_out);
    let points: Score = counted().map(|line| line.points).sum();
    let of: Score = counted().map(|line| line.of).sum();
    if lines.iter().any(|line| line.left_out) {
        Score::points(100).share(points.hundredths(), of.hundredths())
    } else {
        points
    }
}

/// The share of the points that counted hours reach of the minimum.
fn share_of_sum(sum: Option<&Sum>, of: Score) -> Score {
    let Some(sum) = sum else { return Score::ZERO };
    if sum.minimum == Seconds::ZERO {
        return if sum.counted > Seconds::ZERO { of } else { Score::ZERO };
    }
    of.share(sum.counted.get(), sum.minimum.get())
}
