//! Adding up hours: what was earned, what counts, what does not and by which rule.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use tisheng_kernel::Seconds;

use crate::hours::{HourCategory, HoursRule};
use crate::source::Sourced;
use crate::sums::{Amount, CategoryAmounts, Ceiling, Sums};

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
        let mut tally = self.told(&self.sums(entries));
        let years: BTreeSet<i32> = entries.iter().map(|entry| entry.worked_on.year()).collect();
        let mut before = Seconds::ZERO;
        for year in years {
            let so_far: Vec<HourEntry<'_>> =
                entries.iter().filter(|entry| entry.worked_on.year() <= year).copied().collect();
            let counted = self.sums(&so_far).counted;
            tally.by_year.insert(year, counted - before);
            before = counted;
        }
        tally
    }

    /// Sums with the names of what they are sums of.
    fn told(&self, sums: &Sums) -> Tally {
        let categories = self.categories.iter().zip(&sums.categories);
        Tally {
            categories: categories.map(|(category, amounts)| self.category_sum(category, amounts)).collect(),
            minimum: *self.total,
            earned: sums.earned,
            counted: sums.counted,
            not_counted: sums.earned - sums.counted,
            missing: sums.missing,
            unplaced: sums.unplaced,
            by_year: BTreeMap::new(),
        }
    }

    fn category_sum(&self, category: &HourCategory, amounts: &CategoryAmounts) -> CategorySum {
        let sum = |key: &str, title: &Sourced<String>, amount: &Amount| Sum {
            key: key.to_owned(),
            title: title.value.clone(),
            minimum: amount.minimum,
            earned: amount.earned,
            counted: amount.counted,
            over: amount.earned - amount.counted,
            missing: amount.missing,
            over_rule: amount.cut_by.and_then(|ceiling| self.over_rule(category, ceiling)),
        };
        let kinds = category.kinds.iter().zip(&amounts.kinds);
        CategorySum {
            sum: sum(&category.key, &category.title, &amounts.whole),
            kinds: kinds.map(|(kind, amount)| sum(&kind.key, &kind.title, amount)).collect(),
        }
    }

    fn over_rule(&self, category: &HourCategory, ceiling: Ceiling) -> Option<String> {
        let (title, most) = match ceiling {
            Ceiling::Category => (&category.title, category.ceiling.as_ref()?),
            Ceiling::Kind(at) => {
                let kind = category.kinds.get(at)?;
                (&kind.title, kind.ceiling.as_ref()?)
            }
        };
        let shown = self.shown(**most);
        Some(format!("“{}”最多计入 {shown}，超出部分保留但不计入{}", **title, most.source))
    }
}
