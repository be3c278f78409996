//! What a teacher's result is, without a word: for counting over many.

use tisheng_kernel::{Level, Score, Seconds};

use crate::certification::{Gate, GateKind, Measure, ScorePart};
use crate::scheme::Scheme;
use crate::sums::{Amount, Sums};
use crate::verdict::Facts;

/// The result of a teacher under a scheme: what [`Verdict`](crate::Verdict) explains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Whether every condition holds.
    pub met: bool,
    /// Codes of the conditions that do not hold, in the order of the scheme.
    pub open: Vec<String>,
    /// The score of 100, for ranking only.
    pub score: Score,
    /// The level of the whole result; `None` while not everything is met.
    pub level: Option<Level>,
}

/// One condition of a gate: what a teacher sees as a line.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Check<'s> {
    /// The hours of the category at this place.
    Category(usize),
    /// The hours in all, where the categories do not add up to them.
    Total,
    /// The hours of a kind, by the places of its category and of itself.
    Kind(usize, usize),
    /// The choice rule.
    Choice,
    /// Every chosen capability judged, none 不合格.
    Levels,
    /// The work of that code accepted.
    Work(&'s str),
}

impl Scheme {
    /// Holds the facts about one teacher against the scheme: [`Scheme::verdict`] without the
    /// sentences.
    #[must_use]
    pub fn outcome(&self, facts: &Facts<'_>) -> Outcome {
        self.outcome_of(facts, &self.hours.sums(facts.hours))
    }

    pub(crate) fn outcome_of(&self, facts: &Facts<'_>, sums: &Sums) -> Outcome {
        let open: Vec<String> = self
            .checks()
            .filter(|(_, check)| !self.holds(*check, facts, sums))
            .map(|(gate, check)| self.key_of(gate, check))
            .collect();
        let score = self.score(facts, sums);
        let met = open.is_empty();
        let wanted = &self.certification.excellent;
        let is_excellent =
            score >= Score::points(*wanted.score) && excellent_among(facts) >= *wanted.capabilities;
        let level = met.then_some(if is_excellent { Level::Excellent } else { Level::Pass });
        Outcome { met, open, score, level }
    }

    /// The conditions of every gate in the order of the scheme.
    pub(crate) fn checks(&self) -> impl Iterator<Item = (&Gate, Check<'_>)> {
        self.certification.gates.iter().flat_map(|gate| {
            let checks: Vec<Check<'_>> = match &gate.kind {
                GateKind::Hours => self.hour_checks(),
                GateKind::HourKinds => self.kind_checks(),
                GateKind::Choice => vec![Check::Choice],
                GateKind::Levels => vec![Check::Levels],
                GateKind::Work(work) => vec![Check::Work(work)],
            };
            checks.into_iter().map(move |check| (gate, check))
        })
    }

    fn hour_checks(&self) -> Vec<Check<'_>> {
        let needed: Seconds = self.hours.categories.iter().map(|category| *category.minimum).sum();
        let total = (*self.hours.total > needed).then_some(Check::Total);
        (0..self.hours.categories.len()).map(Check::Category).chain(total).collect()
    }

    fn kind_checks(&self) -> Vec<Check<'_>> {
        let mut checks = Vec::new();
        for (at, category) in self.hours.categories.iter().enumerate() {
            for (within, kind) in category.kinds.iter().enumerate() {
                checks.extend(kind.minimum.as_ref().map(|_| Check::Kind(at, within)));
            }
        }
        checks
    }

    /// The code under which a condition is kept with results.
    pub(crate) fn key_of(&self, gate: &Gate, check: Check<'_>) -> String {
        let category = |at: usize| self.hours.categories.get(at);
        let part = match check {
            Check::Category(at) => category(at).map(|category| category.key.clone()),
            Check::Total => Some("total".to_owned()),
            Check::Kind(at, within) => category(at)
                .and_then(|category| Some(format!("{}.{}", category.key, category.kinds.get(within)?.key))),
            Check::Choice | Check::Levels | Check::Work(_) => None,
        };
        part.map_or_else(|| gate.key.clone(), |part| format!("{}.{part}", gate.key))
    }

    /// Whether a condition holds.
    pub(crate) fn holds(&self, check: Check<'_>, facts: &Facts<'_>, sums: &Sums) -> bool {
        let is_passed = |code: &str| facts.results.get(code).is_some_and(|level| level.is_passed());
        match check {
            Check::Category(at) => sums.categories.get(at).is_some_and(|category| category.whole.is_met()),
            Check::Total => self.hours.total.beyond(sums.counted) == Seconds::ZERO,
            Check::Kind(at, within) => sums
                .categories
                .get(at)
                .and_then(|category| category.kinds.get(within))
                .is_some_and(Amount::is_met),
            Check::Choice => self.is_choice_met(facts.chosen, facts.offered, facts.held),
            Check::Levels => !facts.chosen.is_empty() && facts.chosen.iter().all(|code| is_passed(code)),
            Check::Work(work) => is_passed(work),
        }
    }

    /// The score of 100 from the components whose figures there are.
    fn score(&self, facts: &Facts<'_>, sums: &Sums) -> Score {
        let (mut reached, mut of, mut is_whole) = (Score::ZERO, Score::ZERO, true);
        for part in &self.certification.score {
            match self.points(part, facts, sums) {
                Some(points) => {
                    reached = reached + points;
                    of = of + Score::points(*part.weight);
                }
                None => is_whole = false,
            }
        }
        if is_whole { reached } else { Score::points(100).share(reached.hundredths(), of.hundredths()) }
    }

    /// The points that a component gives; `None` where it is left out because nobody reports its
    /// figure.
    pub(crate) fn points(&self, part: &ScorePart, facts: &Facts<'_>, sums: &Sums) -> Option<Score> {
        let of = Score::points(*part.weight);
        let peers = facts.peer_reviews;
        let place = |key: &str| self.hours.categories.iter().position(|category| category.key == *key);
        Some(match &part.measure {
            Measure::Capabilities => self.mean_of_levels(facts, of),
            Measure::Category(key) => {
                let amounts = place(key).and_then(|at| sums.categories.get(at));
                share_of_amount(amounts.map(|category| &category.whole), of)
            }
            Measure::Kind(category, kind) => {
                let amount = place(category).and_then(|at| {
                    let mut kinds = self.hours.categories.get(at)?.kinds.iter();
                    let within = kinds.position(|known| known.key == *kind)?;
                    sums.categories.get(at)?.kinds.get(within)
                });
                share_of_amount(amount, of)
            }
            Measure::Work(key) => of.share(self.points_of(facts.results.get(key).copied()), 100),
            Measure::PeerReviews if peers.drawn == 0 => return None,
            Measure::PeerReviews => of.share(peers.in_time.into(), peers.drawn.into()),
            Measure::Reported(key) => of.share((*facts.reported.get(key)?).into(), 100),
        })
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

/// How many of the chosen capabilities are 优秀.
pub(crate) fn excellent_among(facts: &Facts<'_>) -> u32 {
    let is_excellent = |code: &&String| facts.results.get(*code) == Some(&Level::Excellent);
    u32::try_from(facts.chosen.iter().filter(is_excellent).count()).unwrap_or(u32::MAX)
}

/// The share of the points that counted hours reach of the minimum.
fn share_of_amount(amount: Option<&Amount>, of: Score) -> Score {
    let Some(amount) = amount else { return Score::ZERO };
    if amount.minimum == Seconds::ZERO {
        return if amount.counted > Seconds::ZERO { of } else { Score::ZERO };
    }
    of.share(amount.counted.get(), amount.minimum.get())
}
