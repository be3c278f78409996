//! Dates and numbers as Chinese officials write them.

use chrono::{Datelike, NaiveDate};

/// `2026年11月23日`.
#[must_use]
pub fn chinese_date(date: NaiveDate) -> String {
    format!("{}年{}月{}日", date.year(), date.month(), date.day())
}

/// `2026年11月`.
#[must_use]
pub fn chinese_month(date: NaiveDate) -> String {
    format!("{}年{}月", date.year(), date.month())
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADate {
    /// It has another form.
    #[error("日期应写作 2021年9月1日、2021-09-01 或 20210901")]
    Form,
    /// It names a day that is in no calendar.
    #[error("没有{year}年{month}月{day}日这一天，请核对")]
    NoSuchDay {
        /// The year.
        year: i32,
        /// The month.
        month: u32,
        /// The day.
        day: u32,
    },
}

/// Reads `2026年11月23日`, `2026-11-23`, `2026/11/23`, `2026.11.23` and `20261123`, full-width
/// digits too.
///
/// # Errors
/// [`NotADate`].
pub fn parse_date(text: &str) -> Result<NaiveDate, NotADate> {
    let plain = crate::text::tidy(text);
    let parts: Vec<&str> = if plain.len() == 8 && plain.bytes().all(|b| b.is_ascii_digit()) {
        vec![&plain[..4], &plain[4..6], &plain[6..]]
    } else {
        let end = plain.strip_suffix('日').unwrap_or(&plain);
        end.split(['年', '月', '-', '/', '.']).map(str::trim).collect()
    };
    let [year, month, day] = parts.as_slice() else { return Err(NotADate::Form) };
    if year.len() != 4 {
        return Err(NotADate::Form);
    }
    let number = |part: &str| part.parse::<u32>().map_err(|_| NotADate::Form);
    let year = i32::try_from(number(year)?).map_err(|_| NotADate::Form)?;
    let (month, day) = (number(month)?, number(day)?);
    NaiveDate::from_ymd_opt(year, month, day).ok_or(NotADate::NoSuchDay { year, month, day })
}

/// `1,234,567`.
#[must_use]
pub fn thousands(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        shown.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// `part` of `whole` in per cent with one decimal, e.g. `37.5%`; `—` of nothing.
///
/// Rounded half up, but to 99.9% at most while some are missing: 100.0% is shown only of all.
#[must_use]
pub fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "—".to_owned();
    }
    let (part, whole) = (i128::from(part), i128::from(whole));
    let rounded = (part * 2000 + whole).div_euclid(whole * 2);
    let per_mille = if part < whole { rounded.min(999) } else { rounded };
    let sign = if per_mille < 0 { "-" } else { "" };
    let size = per_mille.unsigned_abs();
    format!("{sign}{}.{}%", size / 10, size % 10)
}

/// A small number in Chinese figures for headings: 一, 十, 十二, 二十一; digits from 100 on.
#[must_use]
pub fn chinese_ordinal(value: u32) -> String {
    const DIGITS: [&str; 10] = ["〇", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |d: u32| DIGITS.get(d as usize).copied().unwrap_or_default();
    match value {
        0..=9 => digit(value).to_owned(),
        10..=99 => {
            let tens = if value < 20 { "" } else { digit(value / 10) };
            let ones = if value.is_multiple_of(10) { "" } else { digit(value % 10) };
            format!("{tens}十{ones}")
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::{NotADate, chinese_date, chinese_month, chinese_ordinal, parse_date, percent, thousands};

    #[test]
    fn dates_of_every_kind() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 3).expect("a date");
        for text in
            ["2026年11月3日", "2026-11-03", "2026/11/3", "2026.11.3", "20261103", "２０２６年１１月３日"]
        {
            assert_eq!(parse_date(text), Ok(day), "{text}");
        }
        for text in ["26-11-3", "11月3日", "明天", "2026", ""] {
            assert_eq!(parse_date(text), Err(NotADate::Form), "{text}");
        }
        assert_eq!(parse_date("2026-02-30"), Err(NotADate::NoSuchDay { year: 2026, month: 2, day: 30 }));
        assert_eq!(chinese_month(day), "2026年11月");
    }

    #[test]
    fn numbers_as_written() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(-1_234_567), "-1,234,567");
        assert_eq!(thousands(900), "900");
        assert_eq!(percent(3, 8), "37.5%");
        assert_eq!(percent(999_999, 1_000_000), "99.9%");
        assert_eq!(percent(2, 3), "66.7%");
        assert_eq!(percent(1, 2000), "0.1%");
        assert_eq!(percent(8, 8), "100.0%");
        assert_eq!(percent(1, 0), "—");
        assert_eq!(chinese_ordinal(7), "七");
        assert_eq!(chinese_ordinal(10), "十");
        assert_eq!(chinese_ordinal(21), "二十一");
        assert_eq!(chinese_ordinal(120), "120");
    }

    proptest! {
        #[test]
        fn a_date_is_read_as_shown(offset in 0u64..60_000) {
            let day = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date") + chrono::Days::new(offset);
            prop_assert_eq!(parse_date(&chinese_date(day)), Ok(day));
        }

        #[test]
        fn thousands_only_adds_commas(value: i64) {
            prop_assert_eq!(thousands(value).replace(',', ""), value.to_string());
        }
    }
}
