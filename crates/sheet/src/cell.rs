//! What stands in a cell, and how a person reads it.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// From this size on a floating-point number no longer holds every digit that was typed.
const EXACT: f64 = 1e15;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// Text, as it was typed.
    Text(String),
    /// A number.
    Number(f64),
    /// A date.
    Date(NaiveDate),
    /// True or false.
    Bool(bool),
    /// An error of the spreadsheet itself, such as #N/A.
    Error(String),
}

impl Cell {
    /// Whether nothing but spaces stands here.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.chars().all(char::is_whitespace),
            _ => false,
        }
    }

    /// The text as a person reads it: full-width letters and digits made plain, spaces at both
    /// ends removed, whole numbers without a decimal point, dates as 2026-11-23.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => tidy(text),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < EXACT => format!("{number:.0}"),
            Self::Number(number) => number.to_string(),
            Self::Date(date) => date.to_string(),
            Self::Bool(true) => "是".to_owned(),
            Self::Bool(false) => "否".to_owned(),
            Self::Error(text) => text.clone(),
        }
    }

    /// Whether digits may have been lost: a long number kept as a number by the spreadsheet, or
    /// its scientific form typed as text (1.1E+17).
    #[must_use]
    pub fn is_rounded(&self) -> bool {
        match self {
            Self::Number(number) => number.abs() >= EXACT,
            Self::Text(text) => is_scientific(&tidy(text)),
            _ => false,
        }
    }
}

fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || c == '.');
    digits(mantissa) && exponent.strip_prefix('+').is_some_and(digits)
}

/// Full-width letters, digits and signs of numbers made plain, spaces of every kind at both ends
/// and invisible characters removed. Chinese punctuation and the characters of names stay.
#[must_use]
pub fn tidy(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}'))
        .map(|c| match c {
            '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '＋' | '－' | '．' | '／' | '＠' | '＿' => {
                char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c)
            }
            '\u{3000}' | '\u{a0}' => ' ',
            c => c,
        })
        .collect();
    plain.trim().to_owned()
}

/// The letters of column `index` (from 0) as Excel shows them: A, B, … Z, AA.
#[must_use]
pub fn column_letters(index: usize) -> String {
    let (mut rest, mut letters) = (index + 1, String::new());
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or(0);
        letters.insert(0, char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::{Cell, column_letters, tidy};

    #[test]
    fn numbers_read_as_they_were_typed_while_they_are_exact() {
        assert_eq!(Cell::Number(12.0).text(), "12");
        assert_eq!(Cell::Number(12.5).text(), "12.5");
        assert_eq!(Cell::Number(13_800_138_000.0).text(), "13800138000");
        assert!(!Cell::Number(13_800_138_000.0).is_rounded());
        assert!(Cell::Number(1.101_051_949_123_1e17).is_rounded());
        assert!(Cell::Text("1.10105E+17".to_owned()).is_rounded());
        assert!(Cell::Text("１.1Ｅ＋17".to_owned()).is_rounded());
        assert!(!Cell::Text("E+1".to_owned()).is_rounded());
        assert!(!Cell::Text("11010519491231002X".to_owned()).is_rounded());
    }

    #[test]
    fn full_width_and_invisible_characters_are_made_plain() {
        assert_eq!(tidy("　１１０１０５ｘ\u{200b} "), "110105x");
        assert_eq!(tidy("买买提·某某"), "买买提·某某");
        assert_eq!(tidy("𬭎㛃"), "𬭎㛃");
        assert_eq!(tidy("测试（一）小学"), "测试（一）小学");
    }

    #[test]
    fn letters_as_excel_shows_them() {
        let letters: Vec<String> = [0, 25, 26, 51, 52, 701, 702].map(column_letters).to_vec();
        assert_eq!(letters, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
