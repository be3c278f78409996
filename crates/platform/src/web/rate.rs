//! How often somebody may do something: a bucket of tokens for each key, in the memory of this
//! process. Lists of failures that must survive a restart belong in a table instead.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

use tisheng_kernel::Instant;

/// Keys remembered at most.
const KEYS: usize = 100_000;
/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

/// A limit on one kind of request. The key says who is counted: account and address together where
/// there is an account, since a whole school may share one address.
#[derive(Debug)]
pub struct Rate {
    burst: i64,
    interval: i64,
    /// For each key (hashed, so that nothing about people stays in memory) the moment at which its
    /// bucket is full again. A key that is not there has a full bucket.
    full_at: Mutex<HashMap<u64, i64>>,
    hashing: RandomState,
}

impl Rate {
    /// `burst` requests at once, then one every `seconds`; each at least 1.
    #[must_use]
    pub fn new(burst: u32, seconds: u32) -> Self {
        Self {
            burst: i64::from(burst.max(1)),
            interval: i64::from(seconds.max(1)) * SECOND,
            full_at: Mutex::default(),
            hashing: RandomState::new(),
        }
    }

    /// Takes a token of `key` at the moment `at`.
    ///
    /// # Errors
    /// The whole seconds to wait when there is none; then nothing is taken.
    pub fn allow(&self, key: &impl Hash, at: Instant) -> Result<(), u32> {
        let (key, now, span) = (self.hashing.hash_one(key), at.micros(), self.burst * self.interval);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        // Never further away than an empty bucket takes to fill, also when the clock is set back.
        let full = full_at.get(&key).copied().unwrap_or(now).clamp(now, now + span);
        let wait = full + self.interval - (now + span);
        if wait > 0 {
            return Err(u32::try_from((wait + SECOND - 1) / SECOND).unwrap_or(u32::MAX));
        }
        if full_at.len() >= KEYS {
            forget(&mut full_at, now);
        }
        full_at.insert(key, full + self.interval);
        Ok(())
    }
}

/// Forgets full buckets; where that is not enough, the fuller half of the others.
fn forget(full_at: &mut HashMap<u64, i64>, now: i64) {
    full_at.retain(|_, full| *full > now);
    if full_at.len() > KEYS / 2 {
        let mut times: Vec<i64> = full_at.values().copied().collect();
        let (_, median, _) = times.select_nth_unstable(full_at.len() / 2);
        let median = *median;
        full_at.retain(|_, full| *full > median);
    }
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::Instant;

    use super::{KEYS, Rate, SECOND};

    const fn at(seconds: i64) -> Instant {
        Instant::from_micros(1_000 * SECOND + seconds * SECOND)
    }

    #[test]
    fn a_burst_then_one_by_one() {
        let rate = Rate::new(3, 10);
        for _ in 0..3 {
            assert_eq!(rate.allow(&"甲", at(0)), Ok(()));
        }
        assert_eq!(rate.allow(&"甲", at(0)), Err(10));
        assert_eq!(rate.allow(&"甲", at(4)), Err(6), "a refusal costs nothing");
        assert_eq!(rate.allow(&"乙", at(4)), Ok(()), "each key has its own bucket");
        assert_eq!(rate.allow(&"甲", at(10)), Ok(()));
        assert_eq!(rate.allow(&"甲", at(10)), Err(10));
        for _ in 0..3 {
            assert_eq!(rate.allow(&"甲", at(1_000)), Ok(()), "no more than a full bucket is saved up");
        }
        assert_eq!(rate.allow(&"甲", at(1_000)), Err(10));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let rate = Rate::new(1, 10);
        assert_eq!(rate.allow(&1, at(900)), Ok(()));
        assert_eq!(rate.allow(&1, at(0)), Err(10));
    }

    #[test]
    fn a_flood_of_keys_is_bounded_and_does_not_free_the_busiest() {
        let rate = Rate::new(5, 60);
        for _ in 0..5 {
            assert_eq!(rate.allow(&"busy", at(0)), Ok(()));
        }
        for n in 0..KEYS * 2 {
            assert_eq!(rate.allow(&n, at(0)), Ok(()));
        }
        assert!(rate.full_at.lock().expect("whole").len() <= KEYS);
        assert_eq!(rate.allow(&"busy", at(0)), Err(60));
    }
}
