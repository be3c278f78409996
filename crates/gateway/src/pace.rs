//! How often a credential may ask: a bucket of tokens for each, in the memory of this process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tisheng_kernel::Instant;
use uuid::Uuid;

/// Credentials counted at most; beyond that all begin anew.
const MOST: usize = 10_000;
/// Microseconds in a second.
const SECOND: i64 = 1_000_000;

/// For each credential the moment at which its bucket is full again.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<Uuid, i64>>);

impl Pace {
    /// Takes a token of `credential`, of which there are `rate` in a second: as many at once, then
    /// one after the other.
    ///
    /// # Errors
    /// The whole seconds to wait when there is none; then nothing is taken.
    pub fn allow(&self, credential: Uuid, rate: u32, at: Instant) -> Result<(), u32> {
        let (now, interval) = (at.micros(), SECOND / i64::from(rate.max(1)));
        let mut full_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An empty bucket fills in a second: what is further away was before the clock was set back.
        let known = full_at.get(&credential).filter(|full| **full <= now + SECOND);
        let full = known.map_or(now, |full| now.max(*full));
        let wait = full + interval - (now + SECOND);
        if wait > 0 {
            return Err(u32::try_from((wait + SECOND - 1) / SECOND).unwrap_or(u32::MAX));
        }
        if full_at.len() >= MOST {
            full_at.clear();
        }
        full_at.insert(credential, full + interval);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::Instant;
    use uuid::Uuid;

    use super::Pace;

    #[test]
    fn each_credential_has_its_own_rate() {
        let (pace, one, two) = (Pace::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        let at = |micros: i64| Instant::from_micros(7_000_000 + micros);
        for _ in 0..4 {
            assert_eq!(pace.allow(one, 4, at(0)), Ok(()));
        }
        assert_eq!(pace.allow(one, 4, at(0)), Err(1));
        assert_eq!(pace.allow(two, 1, at(0)), Ok(()));
        assert_eq!(pace.allow(two, 1, at(999_999)), Err(1));
        assert_eq!(pace.allow(one, 4, at(250_000)), Ok(()));
        assert_eq!(pace.allow(two, 1, at(1_000_000)), Ok(()));
        assert_eq!(pace.allow(two, 1, at(0)), Ok(()), "a clock set back locks nobody out");
    }
}
