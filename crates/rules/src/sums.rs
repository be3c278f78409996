//! The numbers behind a tally: what was earned, what counts and what is missing, without a word.

use tisheng_kernel::Seconds;

use crate::hours::{CategoryRole, HourCategory, HoursRule, Surplus};
use crate::tally::HourEntry;

/// The ceiling that keeps hours from being counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceiling {
    /// That of the kind at this place of its category.
    Kind(usize),
    /// That of the category.
    Category,
}

/// The numbers of one kind or category.
#[derive(Debug, Clone, Copy, Default)]
pub struct Amount {
    pub minimum: Seconds,
    pub earned: Seconds,
    pub counted: Seconds,
    /// What is missing, after surplus has filled what the scheme lets it fill.
    pub missing: Seconds,
    /// What cuts off the rest.
    pub cut_by: Option<Ceiling>,
}

impl Amount {
    /// Whether nothing is missing.
    pub fn is_met(&self) -> bool {
        self.missing == Seconds::ZERO
    }
}

/// The numbers of a category and of its kinds, in the order of the scheme.
#[derive(Debug)]
pub struct CategoryAmounts {
    pub whole: Amount,
    pub kinds: Vec<Amount>,
}

/// The numbers of a teacher's hours under a scheme.
#[derive(Debug)]
pub struct Sums {
    pub categories: Vec<CategoryAmounts>,
    pub earned: Seconds,
    pub counted: Seconds,
    pub missing: Seconds,
    /// What stands in no category of the scheme.
    pub unplaced: Seconds,
}

impl HoursRule {
    /// Adds up the entries of one teacher, in any order.
    pub(crate) fn sums(&self, entries: &[HourEntry<'_>]) -> Sums {
        let mut categories: Vec<CategoryAmounts> =
            self.categories.iter().map(|category| self.amounts(category, entries)).collect();
        if *self.surplus == Surplus::Anywhere {
            fill_across(&mut categories);
        }
        let unplaced: Seconds =
            entries.iter().filter(|e| self.category(e.category).is_none()).map(|e| e.seconds).sum();
        let earned = categories.iter().map(|category| category.whole.earned).sum::<Seconds>() + unplaced;
        let counted: Seconds = categories.iter().map(|category| category.whole.counted).sum();
        let by_category: Seconds = categories.iter().map(|category| category.whole.missing).sum();
        let missing = by_category.max(self.total.beyond(counted));
        Sums { categories, earned, counted, missing, unplaced }
    }

    /// The least practice with which a teacher can meet everything, as far as minima, ceilings of categories and
    /// surplus say: nobody has met everything with less. Where surplus may cross categories, what others can
    /// hold above their minima stands for practice.
    #[must_use]
    pub fn least_practice(&self) -> Seconds {
        let (practice, others): (Vec<&HourCategory>, Vec<&HourCategory>) =
            self.categories.iter().partition(|category| category.role == CategoryRole::Practice);
        let minima = |of: &[&HourCategory]| of.iter().map(|category| *category.minimum).sum::<Seconds>();
        let of_others: Option<Seconds> =
            others.iter().map(|category| category.ceiling.as_ref().map(|ceiling| **ceiling)).sum();
        let by_total = of_others.map_or(Seconds::ZERO, |most| self.total.beyond(most));
        let by_minima = match *self.surplus {
            Surplus::Stays | Surplus::WithinCategory => minima(&practice),
            Surplus::Anywhere => {
                of_others.map_or(Seconds::ZERO, |most| minima(&practice).beyond(most.beyond(minima(&others))))
            }
        };
        by_minima.max(by_total)
    }

    fn amounts(&self, category: &HourCategory, entries: &[HourEntry<'_>]) -> CategoryAmounts {
        let (mut kinds, loose) = earned(category, entries);
        for (at, (kind, amount)) in category.kinds.iter().zip(&mut kinds).enumerate() {
            amount.minimum = kind.minimum.as_ref().map_or(Seconds::ZERO, |minimum| **minimum);
            amount.counted = capped(amount.earned, kind.ceiling.as_ref().map(|ceiling| **ceiling));
            amount.missing = amount.minimum.beyond(amount.counted);
            amount.cut_by = (amount.counted != amount.earned).then_some(Ceiling::Kind(at));
        }
        if *self.surplus != Surplus::Stays {
            fill_kinds(&mut kinds, loose);
        }
        let whole = as_whole(category, &kinds, loose);
        let within = kinds.iter().map(|kind| kind.counted).sum::<Seconds>();
        fit_kinds(&mut kinds, within.beyond(whole.counted), whole.cut_by);
        CategoryAmounts { whole, kinds }
    }
}

/// What was earned in each kind of a category, and without a kind that the scheme knows.
fn earned(category: &HourCategory, entries: &[HourEntry<'_>]) -> (Vec<Amount>, Seconds) {
    let mut kinds = vec![Amount::default(); category.kinds.len()];
    let mut loose = Seconds::ZERO;
    for entry in entries.iter().filter(|entry| entry.category == category.key) {
        let at = entry.kind.and_then(|kind| category.kinds.iter().position(|known| known.key == kind));
        match at.and_then(|at| kinds.get_mut(at)) {
            Some(kind) => kind.earned += entry.seconds,
            None => loose += entry.seconds,
        }
    }
    (kinds, loose)
}

fn as_whole(category: &HourCategory, kinds: &[Amount], loose: Seconds) -> Amount {
    let within = kinds.iter().map(|kind| kind.counted).sum::<Seconds>() + loose;
    let counted = capped(within, category.ceiling.as_ref().map(|ceiling| **ceiling));
    let by_kind: Seconds = kinds.iter().map(|kind| kind.missing).sum();
    let over_ceiling = (counted != within).then_some(Ceiling::Category);
    Amount {
        minimum: *category.minimum,
        earned: kinds.iter().map(|kind| kind.earned).sum::<Seconds>() + loose,
        counted,
        missing: by_kind.max(category.minimum.beyond(counted)),
        cut_by: over_ceiling.or_else(|| kinds.iter().find_map(|kind| kind.cut_by)),
    }
}

fn capped(earned: Seconds, ceiling: Option<Seconds>) -> Seconds {
    ceiling.map_or(earned, |ceiling| earned.at_most(ceiling))
}

/// Takes from what counts of kinds the `excess` that the ceiling of their category cuts off, so that
/// the kinds never add up to more than it: first what the minima do not ask for, the last kind
/// before the others.
fn fit_kinds(kinds: &mut [Amount], mut excess: Seconds, ceiling: Option<Ceiling>) {
    for keeps_minimum in [true, false] {
        for kind in kinds.iter_mut().rev() {
            let kept = if keeps_minimum { kind.minimum } else { Seconds::ZERO };
            let cut = kind.counted.beyond(kept).at_most(excess);
            if cut > Seconds::ZERO {
                kind.counted = kind.counted - cut;
                kind.cut_by = kind.cut_by.or(ceiling);
                excess = excess - cut;
            }
        }
    }
}

/// Lets surplus of kinds, and hours without a kind, fill what other kinds lack.
fn fill_kinds(kinds: &mut [Amount], loose: Seconds) {
    let surplus: Seconds = kinds.iter().map(|kind| kind.counted.beyond(kind.minimum)).sum();
    let mut pool = surplus + loose.beyond(Seconds::ZERO);
    for kind in kinds {
        let filled = kind.missing.at_most(pool);
        kind.missing = kind.missing - filled;
        pool = pool - filled;
    }
}

/// Lets surplus of categories fill what others lack.
fn fill_across(categories: &mut [CategoryAmounts]) {
    let surplus = |category: &CategoryAmounts| category.whole.counted.beyond(category.whole.minimum);
    let mut pool: Seconds = categories.iter().map(surplus).sum();
    for category in categories {
        let mut filled = category.whole.missing.at_most(pool);
        category.whole.missing = category.whole.missing - filled;
        pool = pool - filled;
        for kind in &mut category.kinds {
            let of_kind = kind.missing.at_most(filled);
            kind.missing = kind.missing - of_kind;
            filled = filled - of_kind;
        }
    }
}
