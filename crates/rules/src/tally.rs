//! Adding up hours: what was earned, what counts, what does not and by which rule.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use tisheng_kernel::Seconds;

use crate::hours::{HourCategory, HoursRule, Surplus};

/// One line of the ledger, or the sum of several of one kind and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourEntry<'a> {
    /// Code of the category.
    pub category: &'a str,
    /// Code of the kind; `None` where the source gave none.
    pub kind: Option<&'a str>,
    /// Seconds worked; negative in a reversal.
    pub seconds: Seconds,
    /// The day of work, which decides the year; a reversal carries the day of what it reverses.
    pub worked_on: NaiveDate,
}

/// The sum of a kind or category. `counted + over = earned`, always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: String,
    /// The least asked for.
    pub minimum: Seconds,
    /// All that was earned.
    pub earned: Seconds,
    /// What counts towards the requirement.
    pub counted: Seconds,
    /// What is kept and shown but not counted.
    pub over: Seconds,
    /// What is still missing, after surplus has filled what the scheme lets it fill.
    pub missing: Seconds,
    /// The rule by which `over` is not counted, in a sentence.
    pub over_rule: Option<String>,
}

/// The sum of a category and of its kinds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategorySum {
    /// The category as a whole.
    pub sum: Sum,
    /// Its kinds in the order of the scheme.
    pub kinds: Vec<Sum>,
}

/// A teacher's hours under a scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The categories in the order of the scheme.
    pub categories: Vec<CategorySum>,
    /// The least asked for in all.
    pub minimum: Seconds,
    /// All that was earned.
    pub earned: Seconds,
    /// What counts.
    pub counted: Seconds,
    /// What does not count: over a ceiling, or in no category of the scheme.
    pub not_counted: Seconds,
    /// What is still missing.
    pub missing: Seconds,
    /// Entries whose category or kind the scheme does not know.
    pub unplaced: Seconds,
    /// What counts, spread over the years of work; adds up to `counted`.
    pub by_year: BTreeMap<i32, Seconds>,
}

impl Tally {
    /// The category of that code.
    #[must_use]
    pub fn category(&self, key: &str) -> Option<&CategorySum> {
        self.categories.iter().find(|category| category.sum.key == key)
    }

    /// The kind of that code in the category of that code.
    #[must_use]
    pub fn kind(&self, category: &str, kind: &str) -> Option<&Sum> {
        self.category(category)?.kinds.iter().find(|sum| sum.key == kind)
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.missing == Seconds::ZERO
    }
}

impl HoursRule {
    /// Adds up the entries of one teacher. The order of the entries makes no difference, and an
    /// entry with its reversal makes none either.
    #[must_use]
    pub fn tally(&self, entries: &[HourEntry<'_>]) -> Tally {
        let mut tally = self.sum_up(entries);
        let years: BTreeSet<i32> = entries.iter().map(|entry| entry.worked_on.year()).collect();
        let mut before = Seconds::ZERO;
        for year in years {
            let so_far: Vec<HourEntry<'_>> =
                entries.iter().filter(|entry| entry.worked_on.year() <= year).copied().collect();
            let counted = self.counted(&so_far);
            tally.by_year.insert(year, counted - before);
            before = counted;
        }
        tally
    }

    fn sum_up(&self, entries: &[HourEntry<'_>]) -> Tally {
        let mut categories: Vec<CategorySum> =
            self.categories.iter().map(|category| self.sum_category(category, entries)).collect();
        if *self.surplus == Surplus::Anywhere {
            fill_across(&mut categories);
        }
        let unplaced: Seconds =
            entries.iter().filter(|e| self.category(e.category).is_none()).map(|e| e.seconds).sum();
        let earned = categories.iter().map(|category| category.sum.earned).sum::<Seconds>() + unplaced;
        let counted: Seconds = categories.iter().map(|category| category.sum.counted).sum();
        let by_category: Seconds = categories.iter().map(|category| category.sum.missing).sum();
        Tally {
            categories,
            minimum: *self.total,
            earned,
            counted,
            not_counted: earned - counted,
            missing: by_category.max(self.total.beyond(counted)),
            unplaced,
            by_year: BTreeMap::new(),
        }
    }

    /// What counts of the entries, without the sentences.
    fn counted(&self, entries: &[HourEntry<'_>]) -> Seconds {
        let of_category = |category: &HourCategory| {
            let parts = parts_of(category, entries);
            let kinds = category.kinds.iter().zip(&parts.kinds);
            let within: Seconds =
                kinds.map(|(kind, earned)| capped(*earned, kind.ceiling.as_ref().map(|c| **c))).sum();
            capped(within + parts.loose, category.ceiling.as_ref().map(|c| **c))
        };
        self.categories.iter().map(of_category).sum()
    }

    fn sum_category(&self, category: &HourCategory, entries: &[HourEntry<'_>]) -> CategorySum {
        let parts = parts_of(category, entries);
        let mut kinds: Vec<Sum> = Vec::with_capacity(category.kinds.len());
        for (kind, earned) in category.kinds.iter().zip(&parts.kinds) {
            let minimum = kind.minimum.as_ref().map_or(Seconds::ZERO, |minimum| **minimum);
            let counted = capped(*earned, kind.ceiling.as_ref().map(|ceiling| **ceiling));
            let over_rule = kind.ceiling.as_ref().filter(|_| counted != *earned).map(|ceiling| {
                format!(
                    "“{}”最多计入 {}，超出部分保留但不计入{}",
                    *kind.title,
                    self.shown(**ceiling),
                    ceiling.source
                )
            });
            let sum = Sum {
                key: kind.key.clone(),
                title: kind.title.value.clone(),
                minimum,
                earned: *earned,
                counted,
                over: *earned - counted,
                missing: minimum.beyond(counted),
                over_rule,
            };
            kinds.push(sum);
        }
        if *self.surplus != Surplus::Stays {
            fill_kinds(&mut kinds, parts.loose);
        }
        let sum = self.category_as_whole(category, &kinds, parts.loose);
        let within = kinds.iter().map(|kind| kind.counted).sum::<Seconds>();
        fit_kinds(&mut kinds, within.beyond(sum.counted), sum.over_rule.as_deref());
        CategorySum { sum, kinds }
    }

    fn category_as_whole(&self, category: &HourCategory, kinds: &[Sum], loose: Seconds) -> Sum {
        let earned = kinds.iter().map(|kind| kind.earned).sum::<Seconds>() + loose;
        let within = kinds.iter().map(|kind| kind.counted).sum::<Seconds>() + loose;
        let counted = capped(within, category.ceiling.as_ref().map(|ceiling| **ceiling));
        let by_kind: Seconds = kinds.iter().map(|kind| kind.missing).sum();
        let over_ceiling = category.ceiling.as_ref().filter(|_| counted != within).map(|ceiling| {
            format!(
                "“{}”最多计入 {}，超出部分保留但不计入{}",
                *category.title,
                self.shown(**ceiling),
                ceiling.source
            )
        });
        let over_kind = || kinds.iter().find_map(|kind| kind.over_rule.clone());
        Sum {
            key: category.key.clone(),
            title: category.title.value.clone(),
            minimum: *category.minimum,
            earned,
            counted,
            over: earned - counted,
            missing: by_kind.max(category.minimum.beyond(counted)),
            over_rule: over_ceiling.or_else(over_kind),
        }
    }
}

/// What was earned in each kind of a category, and without a kind the scheme knows.
struct Parts {
    kinds: Vec<Seconds>,
    loose: Seconds,
}

fn parts_of(category: &HourCategory, entries: &[HourEntry<'_>]) -> Parts {
    let mut parts = Parts { kinds: vec![Seconds::ZERO; category.kinds.len()], loose: Seconds::ZERO };
    for entry in entries.iter().filter(|entry| entry.category == category.key) {
        let at = entry.kind.and_then(|kind| category.kinds.iter().position(|known| known.key == kind));
        match at.and_then(|at| parts.kinds.get_mut(at)) {
            Some(kind) => *kind += entry.seconds,
            None => parts.loose += entry.seconds,
        }
    }
    parts
}

fn capped(earned: Seconds, ceiling: Option<Seconds>) -> Seconds {
    ceiling.map_or(earned, |ceiling| earned.at_most(ceiling))
}

/// Takes from what counts of kinds the `excess` that the ceiling of their category cuts off, so that
/// the kinds never add up to more than it: first what the minima do not ask for, the last kind
/// before the others.
fn fit_kinds(kinds: &mut [Sum], mut excess: Seconds, rule: Option<&str>) {
    for keeps_minimum in [true, false] {
        for kind in kinds.iter_mut().rev() {
            let kept = if keeps_minimum { kind.minimum } else { Seconds::ZERO };
            let cut = kind.counted.beyond(kept).at_most(excess);
            if cut > Seconds::ZERO {
                kind.counted = kind.counted - cut;
                kind.over += cut;
                kind.over_rule = kind.over_rule.take().or_else(|| rule.map(str::to_owned));
                excess = excess - cut;
            }
        }
    }
}

/// Lets surplus of kinds, and hours without a kind, fill what other kinds lack.
fn fill_kinds(kinds: &mut [Sum], loose: Seconds) {
    let surplus: Seconds = kinds.iter().map(|kind| kind.counted.beyond(kind.minimum)).sum();
    let mut pool = surplus + loose.beyond(Seconds::ZERO);
    for kind in kinds {
        let filled = kind.missing.at_most(pool);
        kind.missing = kind.missing - filled;
        pool = pool - filled;
    }
}

/// Lets surplus of categories fill what others lack.
fn fill_across(categories: &mut [CategorySum]) {
    let mut pool: Seconds =
        categories.iter().map(|category| category.sum.counted.beyond(category.sum.minimum)).sum();
    for category in categories {
        let mut filled = category.sum.missing.at_most(pool);
        category.sum.missing = category.sum.missing - filled;
        pool = pool - filled;
        for kind in &mut category.kinds {
            let of_kind = kind.missing.at_most(filled);
            kind.missing = kind.missing - of_kind;
            filled = filled - of_kind;
        }
    }
}
