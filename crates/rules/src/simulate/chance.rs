//! Chance for the play, from a seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of chances that depends on nothing but its seed.
pub(super) struct Chance(ChaCha8Rng);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A whole number below `bound`; 0 when there is none below it. The slight unevenness of the
    /// remainder is beyond what a play can show.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let drawn = self.0.next_u64();
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(drawn % bound).unwrap_or(0)
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// The same things in another order.
    pub(super) fn shuffled<T: Clone>(&mut self, things: &[T]) -> Vec<T> {
        let mut shuffled = things.to_vec();
        for at in (1..shuffled.len()).rev() {
            shuffled.swap(at, self.below(at + 1));
        }
        shuffled
    }
}
