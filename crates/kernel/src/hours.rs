//! Hours of training (学时): whole minutes, and the length of an hour that turns them into 学时.
//!
//! Minutes are integers and a 学时 is a rational number of them, so sums and comparisons are
//! exact; only what is shown is rounded, to two decimals.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

/// A number of minutes worked. Negative in an entry that takes an earlier one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minutes(i64);

/// The text is not a number of 学时 that makes whole minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Not a decimal number such as `12` or `12.50`.
    #[error("学时应为数字，如 12 或 12.5")]
    NotANumber,
    /// More decimals than hundredths, or a number that makes no whole minutes and is not the
    /// rounding of one.
    #[error("学时折合的分钟数不是整数，请检查小数部分")]
    NotWholeMinutes,
    /// Beyond any life's work.
    #[error("学时数过大")]
    TooLarge,
}

impl Minutes {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A number of minutes.
    #[must_use]
    pub const fn new(minutes: i64) -> Self {
        Self(minutes)
    }

    /// The number of minutes, the form stored in the database.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// As many whole 学时 of the given length.
    #[must_use]
    pub fn from_hours(hours: u32, length: HourLength) -> Self {
        Self(i64::from(hours) * length.minutes())
    }

    /// Reads 学时 as written by people or files: `12`, `12.5`, `0.33` (a third of a 45-minute
    /// hour, rounded as it is shown), full-width digits too.
    ///
    /// # Errors
    /// [`HoursError`] says which part of the text cannot be used.
    pub fn parse_hours(text: &str, length: HourLength) -> Result<Self, HoursError> {
        let hundredths = parse_hundredths(text.trim())?;
        let scaled = hundredths.checked_mul(length.minutes()).ok_or(HoursError::TooLarge)?;
        if scaled % 100 == 0 {
            return Ok(Self(scaled / 100));
        }
        let nearest = Self(round_div(scaled, 100));
        if nearest.hundredths(length) == hundredths { Ok(nearest) } else { Err(HoursError::NotWholeMinutes) }
    }

    /// Shown in 学时 with two decimals, e.g. `12.50`.
    #[must_use]
    pub fn in_hours(self, length: HourLength) -> String {
        let hundredths = self.hundredths(length);
        let sign = if hundredths < 0 { "-" } else { "" };
        let size = hundredths.unsigned_abs();
        format!("{sign}{}.{:02}", size / 100, size % 100)
    }

    /// Shown in 学时 with its unit, whole numbers without decimals: `20 学时`, `12.50 学时`.
    #[must_use]
    pub fn with_unit(self, length: HourLength) -> String {
        let shown = self.in_hours(length);
        format!("{} 学时", shown.strip_suffix(".00").unwrap_or(&shown))
    }

    /// The smaller of the two.
    #[must_use]
    pub fn at_most(self, ceiling: Self) -> Self {
        self.min(ceiling)
    }

    /// What is left after taking `other` away, never below nothing.
    #[must_use]
    pub fn beyond(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }

    /// How much of `whole` this is, in whole per cent rounded down and at most 100; an empty
    /// whole is complete.
    #[must_use]
    pub fn percent_of(self, whole: Self) -> u8 {
        if whole.0 <= 0 {
            return 100;
        }
        u8::try_from((self.0.max(0).saturating_mul(100) / whole.0).min(100)).unwrap_or(100)
    }

    fn hundredths(self, length: HourLength) -> i64 {
        round_div(self.0.saturating_mul(100), length.minutes())
    }
}

/// Division rounded to the nearest, halves away from zero.
fn round_div(value: i64, by: i64) -> i64 {
    let half = by / 2;
    if value >= 0 { value.saturating_add(half) / by } else { value.saturating_sub(half) / by }
}

fn parse_hundredths(text: &str) -> Result<i64, HoursError> {
    let plain: String = text.chars().map(crate::text::half_width).collect();
    let (negative, digits) = plain.strip_prefix('-').map_or((false, plain.as_str()), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return Err(HoursError::NotANumber);
    }
    if whole.len() > 9 {
        return Err(HoursError::TooLarge);
    }
    let significant = fraction.trim_end_matches('0');
    if significant.len() > 2 {
        return Err(HoursError::NotWholeMinutes);
    }
    let whole: i64 = whole.parse().map_err(|_| HoursError::TooLarge)?;
    let cents: i64 = format!("{significant:0<2}").parse().map_err(|_| HoursError::NotANumber)?;
    let size = whole * 100 + cents;
    Ok(if negative { -size } else { size })
}

impl Add for Minutes {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Minutes {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Minutes {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Minutes {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Minutes {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::ZERO, Add::add)
    }
}

/// How many minutes one 学时 lasts, as a scheme or a training platform counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct HourLength(u16);

/// No 学时 is shorter than 20 minutes or longer than 120.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("每学时的分钟数应在 20 到 120 之间")]
pub struct NotAnHourLength;

impl HourLength {
    /// A lesson of 45 minutes.
    pub const LESSON: Self = Self(45);
    /// A clock hour.
    pub const CLOCK: Self = Self(60);

    /// An hour of so many minutes.
    ///
    /// # Errors
    /// [`NotAnHourLength`] outside 20 to 120 minutes.
    pub const fn new(minutes: u16) -> Result<Self, NotAnHourLength> {
        if minutes < 20 || minutes > 120 { Err(NotAnHourLength) } else { Ok(Self(minutes)) }
    }

    /// Minutes in one hour.
    #[must_use]
    pub fn minutes(self) -> i64 {
        i64::from(self.0)
    }
}

impl TryFrom<u16> for HourLength {
    type Error = NotAnHourLength;
    fn try_from(minutes: u16) -> Result<Self, Self::Error> {
        Self::new(minutes)
    }
}

impl From<HourLength> for u16 {
    fn from(length: HourLength) -> Self {
        length.0
    }
}

impl fmt::Display for HourLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} 分钟", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HourLength, HoursError, Minutes};

    #[test]
    fn shown_to_two_decimals() {
        assert_eq!(Minutes::new(562).in_hours(HourLength::LESSON), "12.49");
        assert_eq!(Minutes::new(750).in_hours(HourLength::CLOCK), "12.50");
        assert_eq!(Minutes::new(-15).in_hours(HourLength::LESSON), "-0.33");
        assert_eq!(Minutes::new(900).with_unit(HourLength::LESSON), "20 学时");
    }

    #[test]
    fn read_as_written() {
        assert_eq!(Minutes::parse_hours(" 12.5 ", HourLength::CLOCK), Ok(Minutes::new(750)));
        assert_eq!(Minutes::parse_hours("１２", HourLength::LESSON), Ok(Minutes::new(540)));
        assert_eq!(Minutes::parse_hours("0.33", HourLength::LESSON), Ok(Minutes::new(15)));
        assert_eq!(Minutes::parse_hours("2.500", HourLength::CLOCK), Ok(Minutes::new(150)));
        assert_eq!(Minutes::parse_hours("0.50", HourLength::LESSON), Err(HoursError::NotWholeMinutes));
        assert_eq!(Minutes::parse_hours("1.234", HourLength::CLOCK), Err(HoursError::NotWholeMinutes));
        assert_eq!(Minutes::parse_hours("十", HourLength::CLOCK), Err(HoursError::NotANumber));
        assert_eq!(Minutes::parse_hours("1.5E3", HourLength::CLOCK), Err(HoursError::NotANumber));
        assert_eq!(Minutes::parse_hours("99999999999", HourLength::CLOCK), Err(HoursError::TooLarge));
    }

    #[test]
    fn lengths_outside_reason_are_refused() {
        assert!(HourLength::new(0).is_err());
        assert!(HourLength::new(40).is_ok());
        assert!(HourLength::new(121).is_err());
    }

    #[test]
    fn share_of_a_whole_never_claims_completion_early() {
        assert_eq!(Minutes::new(899).percent_of(Minutes::new(900)), 99);
        assert_eq!(Minutes::new(1000).percent_of(Minutes::new(900)), 100);
        assert_eq!(Minutes::new(-5).percent_of(Minutes::new(900)), 0);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(minutes in -1_000_000i64..1_000_000, length in 20u16..=99) {
            let length = HourLength::new(length).expect("in range");
            let shown = Minutes::new(minutes).in_hours(length);
            prop_assert_eq!(Minutes::parse_hours(&shown, length), Ok(Minutes::new(minutes)));
        }

        #[test]
        fn beyond_and_at_most_make_the_whole(a in 0i64..100_000, b in 0i64..100_000) {
            let (a, b) = (Minutes::new(a), Minutes::new(b));
            prop_assert_eq!(a.at_most(b) + a.beyond(b), a);
        }
    }
}
