//! Hours of training (学时): whole seconds, and the length of an hour that turns them into 学时.
//!
//! Seconds are integers, and a hundredth of a 学时 of 40, 45, 50 or 60 minutes is a whole number
//! of them: what a platform reports with two decimals is kept as it is, and sums and comparisons
//! are exact. Only what is shown is rounded, to two decimals.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::{Deserialize, Serialize};

/// A number of seconds worked. Negative in an entry that takes an earlier one back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(i64);

/// The text is not a number of 学时.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// Not a decimal number such as `12` or `12.50`.
    #[error("学时应为数字，如 12 或 12.5")]
    NotANumber,
    /// More decimals than hundredths.
    #[error("学时最多两位小数，请写成 1.25 这样的数")]
    TooFine,
    /// Beyond any life's work.
    #[error("学时数过大")]
    TooLarge,
}

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A number of seconds.
    #[must_use]
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// As long as so many minutes by the clock.
    #[must_use]
    pub const fn of_minutes(minutes: i64) -> Self {
        Self(minutes.saturating_mul(60))
    }

    /// The number of seconds, the form stored in the database.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// As many whole 学时 of the given length.
    #[must_use]
    pub fn from_hours(hours: u32, length: HourLength) -> Self {
        Self(i64::from(hours) * length.seconds())
    }

    /// Reads 学时 as written by people or files: `12`, `12.5`, `0.33`, full-width digits too. Where
    /// a hundredth of an hour is no whole number of seconds, the nearest second counts.
    ///
    /// # Errors
    /// [`HoursError`] says which part of the text cannot be used.
    pub fn parse_hours(text: &str, length: HourLength) -> Result<Self, HoursError> {
        let hundredths = parse_hundredths(text.trim())?;
        let scaled = hundredths.checked_mul(length.seconds()).ok_or(HoursError::TooLarge)?;
        Ok(Self(round_div(scaled, 100)))
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
        format!("{} 学时", self.plainly(length))
    }

    /// Shown in 学时 beside other words, whole numbers without decimals: `20`, `12.50`.
    #[must_use]
    pub fn plainly(self, length: HourLength) -> String {
        let shown = self.in_hours(length);
        shown.strip_suffix(".00").unwrap_or(&shown).to_owned()
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
        round_div(self.0.saturating_mul(100), length.seconds())
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
        return Err(HoursError::TooFine);
    }
    let whole: i64 = whole.parse().map_err(|_| HoursError::TooLarge)?;
    let cents: i64 = format!("{significant:0<2}").parse().map_err(|_| HoursError::NotANumber)?;
    let size = whole * 100 + cents;
    Ok(if negative { -size } else { size })
}

impl Add for Seconds {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Seconds {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Seconds {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Seconds {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Seconds {
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

    /// Seconds in one hour.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.minutes() * 60
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

    use super::{HourLength, HoursError, Seconds};

    #[test]
    fn shown_to_two_decimals() {
        assert_eq!(Seconds::of_minutes(562).in_hours(HourLength::LESSON), "12.49");
        assert_eq!(Seconds::of_minutes(750).in_hours(HourLength::CLOCK), "12.50");
        assert_eq!(Seconds::of_minutes(-15).in_hours(HourLength::LESSON), "-0.33");
        assert_eq!(Seconds::of_minutes(900).with_unit(HourLength::LESSON), "20 学时");
    }

    #[test]
    fn read_as_written() {
        assert_eq!(Seconds::parse_hours(" 12.5 ", HourLength::CLOCK), Ok(Seconds::of_minutes(750)));
        assert_eq!(Seconds::parse_hours("１２", HourLength::LESSON), Ok(Seconds::of_minutes(540)));
        assert_eq!(Seconds::parse_hours("0.33", HourLength::LESSON), Ok(Seconds::new(891)));
        assert_eq!(Seconds::parse_hours("2.500", HourLength::CLOCK), Ok(Seconds::of_minutes(150)));
        assert_eq!(Seconds::parse_hours("0.50", HourLength::LESSON), Ok(Seconds::new(1350)));
        assert_eq!(Seconds::parse_hours("1.234", HourLength::CLOCK), Err(HoursError::TooFine));
        assert_eq!(Seconds::parse_hours("十", HourLength::CLOCK), Err(HoursError::NotANumber));
        assert_eq!(Seconds::parse_hours("1.5E3", HourLength::CLOCK), Err(HoursError::NotANumber));
        assert_eq!(Seconds::parse_hours("99999999999", HourLength::CLOCK), Err(HoursError::TooLarge));
    }

    #[test]
    fn lengths_outside_reason_are_refused() {
        assert!(HourLength::new(0).is_err());
        assert!(HourLength::new(40).is_ok());
        assert!(HourLength::new(121).is_err());
    }

    #[test]
    fn share_of_a_whole_never_claims_completion_early() {
        assert_eq!(Seconds::new(899).percent_of(Seconds::new(900)), 99);
        assert_eq!(Seconds::new(1000).percent_of(Seconds::new(900)), 100);
        assert_eq!(Seconds::new(-5).percent_of(Seconds::new(900)), 0);
    }

    proptest! {
        #[test]
        fn two_decimals_are_kept(hundredths in -10_000_000i64..10_000_000, length in 20u16..=120) {
            let length = HourLength::new(length).expect("in range");
            let size = hundredths.unsigned_abs();
            let text = format!("{}{}.{:02}", if hundredths < 0 { "-" } else { "" }, size / 100, size % 100);
            let read = Seconds::parse_hours(&text, length).expect("a number of hours");
            prop_assert_eq!(read.in_hours(length), text);
        }

        #[test]
        fn sums_of_two_decimals_are_exact(
            parts in proptest::collection::vec(0i64..10_000, 0..50),
            length in proptest::sample::select(vec![40u16, 45, 50, 60]),
        ) {
            let length = HourLength::new(length).expect("in range");
            let read = |cents: i64| {
                Seconds::parse_hours(&format!("{}.{:02}", cents / 100, cents % 100), length).expect("hours")
            };
            let sum: Seconds = parts.iter().copied().map(read).sum();
            prop_assert_eq!(sum, read(parts.iter().sum()));
        }

        #[test]
        fn beyond_and_at_most_make_the_whole(a in 0i64..100_000, b in 0i64..100_000) {
            let (a, b) = (Seconds::new(a), Seconds::new(b));
            prop_assert_eq!(a.at_most(b) + a.beyond(b), a);
        }
    }
}
