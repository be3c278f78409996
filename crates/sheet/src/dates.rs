//! Dates of every kind that clerks write.

use chrono::{Datelike, NaiveDate};

use crate::Cell;

/// The day Excel counts from (it believes 1900 was a leap year).
const EXCEL_EPOCH: i32 = 693_594;
/// Serial numbers taken for dates: 1927 to 2119.
const SERIALS: std::ops::RangeInclusive<f64> = 10_000.0..=80_000.0;

/// The date in `cell`: a date cell, a serial number, or text such as 1990年3月5日, 1990/3/5,
/// 1990.3.5, 1990-03-05, 19900305. A year and month alone mean the first of the month.
#[must_use]
pub fn date_of(cell: &Cell) -> Option<NaiveDate> {
    match cell {
        Cell::Date(date) => Some(*date),
        Cell::Number(serial) if SERIALS.contains(serial) => from_serial(*serial),
        Cell::Number(_) | Cell::Text(_) => from_text(&cell.text()),
        _ => None,
    }
}

fn from_serial(serial: f64) -> Option<NaiveDate> {
    // Within SERIALS, so the whole part fits.
    #[allow(clippy::cast_possible_truncation, reason = "bounded by SERIALS")]
    NaiveDate::from_num_days_from_ce_opt(EXCEL_EPOCH + serial.floor() as i32)
}

fn from_text(text: &str) -> Option<NaiveDate> {
    let day = text.split([' ', 'T']).next().unwrap_or(text);
    if day.len() == 8 && day.bytes().all(|b| b.is_ascii_digit()) {
        return NaiveDate::parse_from_str(day, "%Y%m%d").ok();
    }
    let mut parts = day.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let only_separators =
        day.chars().all(|c| c.is_ascii_digit() || matches!(c, '年' | '月' | '日' | '/' | '.' | '-' | '号'));
    if !only_separators {
        return None;
    }
    let year: i32 = parts.next()?.parse().ok()?;
    let month: u32 = parts.next()?.parse().ok()?;
    let day: u32 = parts.next().map_or(Some(1), |d| d.parse().ok())?;
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    (parts.next().is_none() && (1900..2200).contains(&date.year())).then_some(date)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::date_of;
    use crate::Cell;

    #[test]
    fn every_way_to_write_a_day() {
        let day = NaiveDate::from_ymd_opt(1990, 3, 5);
        for text in [
            "1990年3月5日",
            "1990/3/5",
            "1990.3.5",
            "1990-03-05",
            "19900305",
            "1990-3-5 00:00:00",
            "１９９０／３／５",
            " 1990年03月05号 ",
            "1990-03-05T00:00:00",
        ] {
            assert_eq!(date_of(&Cell::Text(text.to_owned())), day, "{text}");
        }
        assert_eq!(date_of(&Cell::Number(32_937.0)), day);
        assert_eq!(date_of(&Cell::Number(19_900_305.0)), day);
        assert_eq!(date_of(&Cell::Text("1990年3月".to_owned())), NaiveDate::from_ymd_opt(1990, 3, 1));
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in ["1990-13-01", "1990-02-30", "3月5日", "九零年", "1990", "", "1990-1-2-3", "90/3/5"]
        {
            assert_eq!(date_of(&Cell::Text(text.to_owned())), None, "{text}");
        }
    }
}
