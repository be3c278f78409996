//! Moments of storing: given away in growing order, and up to which of them nothing is missing.

use std::collections::BTreeMap;

/// The moments of this process, microseconds since 1970-01-01 UTC. Groups of statements are written
/// side by side and come to their end in any order; whoever waits for one hears of it when all that
/// have earlier moments have ended as well. What somebody has been told of is therefore never behind
/// something that appears later.
#[derive(Debug)]
pub struct Moments<A> {
    /// The last that may not be given away any more; `None` until the database has been asked.
    last: Option<i64>,
    /// The groups in hand by their first moments, with what is to be told of those that have ended.
    in_hand: BTreeMap<i64, Option<A>>,
}

impl<A> Default for Moments<A> {
    fn default() -> Self {
        Self { last: None, in_hand: BTreeMap::new() }
    }
}

impl<A> Moments<A> {
    /// Whether it is not known yet where to go on.
    pub const fn is_new(&self) -> bool {
        self.last.is_none()
    }

    /// Statements up to `latest` are there already.
    pub fn go_on_after(&mut self, latest: i64) {
        self.last = self.last.max(Some(latest));
    }

    /// The first of `many` moments for a group that is taken in hand, each later than all before and
    /// not before `now`.
    pub fn begin(&mut self, now: i64, many: usize) -> i64 {
        let first = self.last.map_or(now, |last| now.max(last + 1));
        self.last = Some(first + i64::try_from(many).unwrap_or_default());
        self.in_hand.insert(first, None);
        first
    }

    /// The group from `first` on has ended: gives what is to be told now, of it and of later ones
    /// that had to wait for it.
    pub fn end(&mut self, first: i64, answer: A) -> Vec<A> {
        self.in_hand.insert(first, Some(answer));
        let mut told = Vec::new();
        while let Some(earliest) = self.in_hand.first_entry() {
            if earliest.get().is_none() {
                break;
            }
            told.extend(earliest.remove());
        }
        told
    }

    /// Up to which moment everything that is ever stored can be read by now. The clock says it where
    /// nothing is in hand, and nothing gets a moment up to there any more, even if it is set back.
    pub fn through(&mut self, now: i64) -> i64 {
        if let Some((first, _)) = self.in_hand.first_key_value() {
            return first - 1;
        }
        let through = self.last.map_or(now, |last| last.max(now));
        self.last = Some(through);
        through
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::Moments;

    #[test]
    fn whoever_is_later_hears_later() {
        let mut moments = Moments::default();
        let (first, second) = (moments.begin(1_000, 3), moments.begin(1_000, 1));
        assert!(second >= first + 3);
        assert!(moments.end(second, "second").is_empty());
        assert_eq!(moments.through(2_000), first - 1);
        assert_eq!(moments.end(first, "first"), ["first", "second"]);
        assert_eq!(moments.through(2_000), 2_000);
        assert!(moments.begin(500, 1) > 2_000, "the clock was set back");
    }

    #[derive(Debug, Clone)]
    enum Step {
        Begin { many: usize },
        End { which: usize },
        Ask,
    }

    fn steps() -> impl Strategy<Value = Vec<(i64, Step)>> {
        let step = prop_oneof![
            (1..5_usize).prop_map(|many| Step::Begin { many }),
            (0..8_usize).prop_map(|which| Step::End { which }),
            Just(Step::Ask),
        ];
        // The clock goes on and back.
        prop::collection::vec((0..1_000_i64, step), 1..60)
    }

    proptest! {
        /// Whatever is said to be complete stays as it was found, and whoever has been told finds
        /// his own there.
        #[test]
        fn nothing_appears_where_all_was_said_to_be_there(latest in 0..500_i64, steps in steps()) {
            let mut moments = Moments::default();
            moments.go_on_after(latest);
            let mut writing: BTreeMap<i64, usize> = BTreeMap::new();
            let (mut visible, mut given) = (BTreeSet::new(), BTreeSet::new());
            let (mut promised, mut complete) = (i64::MIN, BTreeSet::new());
            for (now, step) in steps {
                match step {
                    Step::Begin { many } => {
                        let first = moments.begin(now, many);
                        for moment in (first..).take(many) {
                            prop_assert!(moment > latest && given.last().is_none_or(|last| moment > *last));
                            given.insert(moment);
                        }
                        writing.insert(first, many);
                    }
                    Step::End { which } => {
                        let Some(first) = writing.keys().nth(which).copied() else { continue };
                        let many = writing.remove(&first).unwrap_or_default();
                        visible.extend((first..).take(many));
                        let told = moments.end(first, first + i64::try_from(many).unwrap_or_default() - 1);
                        let through = moments.through(now);
                        prop_assert!(told.iter().all(|last| *last <= through));
                    }
                    Step::Ask => {
                        let through = moments.through(now);
                        prop_assert!(through >= promised);
                        let up_to: BTreeSet<i64> = visible.range(..=through).copied().collect();
                        let before: BTreeSet<i64> = up_to.range(..=promised).copied().collect();
                        prop_assert_eq!(&before, &complete);
                        prop_assert!(writing.keys().all(|first| *first > through));
                        (promised, complete) = (through, up_to);
                    }
                }
            }
            for (first, many) in writing {
                visible.extend((first..).take(many));
                moments.end(first, first);
            }
            let up_to: BTreeSet<i64> = visible.range(..=promised).copied().collect();
            prop_assert_eq!(up_to, complete);
        }
    }
}
