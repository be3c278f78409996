//! Points of a score, exact to a hundredth.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// A number of points in hundredths: `Score::points(85)` is 85.00.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(i64);

impl Score {
    /// No points.
    pub const ZERO: Self = Self(0);

    /// Whole points.
    #[must_use]
    pub const fn points(points: u32) -> Self {
        Self(points as i64 * 100)
    }

    /// A number of hundredths of a point, the form stored in the database.
    #[must_use]
    pub const fn from_hundredths(hundredths: i64) -> Self {
        Self(hundredths)
    }

    /// Hundredths of a point.
    #[must_use]
    pub const fn hundredths(self) -> i64 {
        self.0
    }

    /// `part` of `whole` times this many points, halves of a hundredth rounded up like those of hours; no more
    /// than all of them.
    #[must_use]
    pub fn share(self, part: i64, whole: i64) -> Self {
        if whole <= 0 {
            return Self::ZERO;
        }
        let (part, whole) = (i128::from(part.clamp(0, whole)), i128::from(whole));
        Self(i64::try_from((i128::from(self.0) * part + whole / 2) / whole).unwrap_or(self.0))
    }
}

impl Add for Score {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", size / 100, size % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::Score;

    #[test]
    fn a_share_never_exceeds_the_whole() {
        assert_eq!(Score::points(25).share(3, 4).to_string(), "18.75");
        assert_eq!(Score::points(25).share(9, 4), Score::points(25));
        assert_eq!(Score::points(25).share(-1, 4), Score::ZERO);
        assert_eq!(Score::points(10).share(1, 3).to_string(), "3.33");
        assert_eq!(Score::points(10).share(1, 0), Score::ZERO);
    }

    #[test]
    fn what_is_shown_is_rounded() {
        assert_eq!(Score::points(100).share(3, 7).to_string(), "42.86", "42.857");
        assert_eq!(Score::points(10).share(2, 3).to_string(), "6.67");
        assert_eq!(Score::points(1).share(1, 8).to_string(), "0.13", "a half is rounded up");
        assert_eq!(Score::points(1).share(1, 16).to_string(), "0.06");
        assert_eq!(Score::points(25).share(i64::MAX - 1, i64::MAX), Score::points(25));
    }
}
