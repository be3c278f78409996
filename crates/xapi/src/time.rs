//! Timestamps and durations (ISO 8601).

use crate::Version;

const SECOND: i64 = 1_000_000;

/// The moment that `text` names, in microseconds since 1970-01-01 UTC.
///
/// Version 1.0.3 takes ISO 8601 in its extended and basic forms, and a moment without a zone as
/// one of UTC; version 2.0 takes RFC 3339. Neither takes an offset of minus nothing, which would
/// say that the zone is unknown.
#[must_use]
pub fn moment(text: &str, version: Version) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't'])?;
    if !text.is_ascii() {
        return None;
    }
    let date = date.as_bytes();
    let (year, month, day, extended) = match date.len() {
        10 if date[4] == b'-' && date[7] == b'-' => (&date[..4], &date[5..7], &date[8..], true),
        8 if version == Version::One => (&date[..4], &date[4..6], &date[6..], false),
        _ => return None,
    };
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) {
        return None;
    }
    let zone_at = time.find(['Z', 'z', '+', '-']);
    let (clock, zone) = time.split_at(zone_at.unwrap_or(time.len()));
    let (clock, micros) = match clock.split_once(['.', ',']) {
        Some((clock, fraction)) => (clock, fraction_micros(fraction)?),
        None => (clock, 0),
    };
    let clock = clock.as_bytes();
    let (hour, minute, second) = match clock.len() {
        8 if extended && clock[2] == b':' && clock[5] == b':' => (&clock[..2], &clock[3..5], &clock[6..]),
        5 if extended && clock[2] == b':' && version == Version::One && micros == 0 => {
            (&clock[..2], &clock[3..], &b"0"[..])
        }
        6 if !extended => (&clock[..2], &clock[2..4], &clock[4..]),
        _ => return None,
    };
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    // A leap second is the last one of its minute here.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset = if zone.is_empty() {
        if version == Version::Two { return None } else { 0 }
    } else {
        offset_seconds(zone, version)?
    };
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second.min(59);
    Some((seconds - offset) * SECOND + micros)
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

fn fraction_micros(digits: &str) -> Option<i64> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let six: String = digits.chars().chain("000000".chars()).take(6).collect();
    six.parse().ok()
}

fn offset_seconds(zone: &str, version: Version) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let (sign, digits) = zone.split_at(1);
    let digits = digits.as_bytes();
    let (hours, minutes) = match digits.len() {
        5 if digits[2] == b':' => (&digits[..2], &digits[3..]),
        4 if version == Version::One => (&digits[..2], &digits[2..]),
        2 if version == Version::One => (digits, &b"0"[..]),
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let offset = hours * 3600 + minutes * 60;
    if hours > 23 || minutes > 59 || (sign == "-" && offset == 0) {
        return None;
    }
    Some(if sign == "-" { -offset } else { offset })
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar, counted in years that begin in March.
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A moment as RFC 3339 in UTC with six digits behind the seconds: exactly the microsecond, and in
/// the order of time when sorted as text.
#[must_use]
pub fn written(micros: i64) -> String {
    let (days, of_day) = (micros.div_euclid(86_400 * SECOND), micros.rem_euclid(86_400 * SECOND));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted - era * 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (seconds, micros) = (of_day / SECOND, of_day % SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// The parts of a duration, in the order in which they may stand.
const PARTS: [(bool, u8); 6] =
    [(false, b'Y'), (false, b'M'), (false, b'D'), (true, b'H'), (true, b'M'), (true, b'S')];

/// Gives each part of a duration to `visit`: whether it is of a time of day, its letter, its number
/// as written. `None` when `text` is no duration (ISO 8601:2004, 4.4.3.2).
fn parts(text: &str, mut visit: impl FnMut(bool, u8, &str)) -> Option<()> {
    let body = text.strip_prefix('P')?;
    if let Some(weeks) = body.strip_suffix('W') {
        is_amount(weeks).then(|| visit(false, b'W', weeks))?;
        return Some(());
    }
    let (mut place, mut of_day, mut begin, mut last_was_whole, mut any) = (0, false, 0, true, false);
    for (at, byte) in body.bytes().enumerate() {
        match byte {
            b'T' if !of_day && begin == at => {
                (of_day, begin, any) = (true, at + 1, false);
            }
            b'0'..=b'9' | b'.' | b',' => {}
            letter => {
                let found = PARTS.iter().skip(place).position(|part| *part == (of_day, letter))?;
                let amount = &body[begin..at];
                if !is_amount(amount) || !last_was_whole {
                    return None;
                }
                last_was_whole = !amount.contains(['.', ',']);
                visit(of_day, letter, amount);
                (place, begin, any) = (place + found + 1, at + 1, true);
            }
        }
    }
    (any && begin == body.len()).then_some(())
}

fn is_amount(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once(['.', ',']) {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

/// Whether `text` is a duration.
#[must_use]
pub fn is_duration(text: &str) -> bool {
    parts(text, |_, _, _| {}).is_some()
}

/// Whole seconds of a duration; `None` when it is none, or counts in months or years, which have no
/// fixed length.
#[must_use]
pub fn duration_seconds(text: &str) -> Option<i64> {
    let (mut sum, mut fixed) = (0.0_f64, true);
    parts(text, |of_day, letter, amount| {
        let each = match (of_day, letter) {
            (false, b'W') => 604_800.0,
            (false, b'D') => 86_400.0,
            (true, b'H') => 3_600.0,
            (true, b'M') => 60.0,
            (true, _) => 1.0,
            (false, _) => {
                fixed &= amount.bytes().all(|byte| byte == b'0');
                0.0
            }
        };
        sum += each * amount.replace(',', ".").parse::<f64>().unwrap_or(0.0);
    })?;
    // Longer than any life: not what a duration of learning is.
    #[allow(clippy::cast_possible_truncation, reason = "bounded just before")]
    (fixed && sum < 1e12).then_some(sum as i64)
}

/// A duration as it is compared: seconds cut to hundredths (Data 4.6).
#[must_use]
pub fn comparable_duration(text: &str) -> &str {
    let Some(point) = text.strip_suffix('S').and_then(|rest| rest.rfind(['.', ','])) else { return text };
    text.get(..text.len().min(point + 3)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{comparable_duration, duration_seconds, is_duration, moment, written};
    use crate::Version::{One, Two};

    #[test]
    fn moments_of_both_versions() {
        let noon = 1_795_413_909_000_000;
        for text in ["2026-11-23T06:05:09Z", "2026-11-23T14:05:09+08:00", "2026-11-23T06:05:09.000+00:00"] {
            assert_eq!((moment(text, One), moment(text, Two)), (Some(noon), Some(noon)), "{text}");
        }
        for text in
            ["20261123T060509Z", "2026-11-23T06:05:09", "2026-11-23T14:05:09+0800", "2026-11-23T14:05:09+08"]
        {
            assert_eq!((moment(text, One), moment(text, Two)), (Some(noon), None), "{text}");
        }
        assert_eq!(moment("2026-11-23T06:05:09.1234567Z", Two), Some(noon + 123_456));
        for text in [
            "2026-11-23",
            "01/011/2015",
            "2026-02-29T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T06:05:09-00:00",
            "2026-11-23T06:05:09-0000",
            "2026-11-23T06:05:09-00",
            "2026-11-23T06:05:09.Z",
            "should fail",
            "２026-11-23T06:05:09Z",
            "2026-13-01T00:00:00Z",
            "T",
            "2026-11-23T06:05:09+08:60",
        ] {
            assert_eq!((moment(text, One), moment(text, Two)), (None, None), "{text}");
        }
    }

    #[test]
    fn durations_have_their_parts_in_order() {
        for right in [
            "PT4H35M59.14S",
            "PT16559.14S",
            "P3Y1M29DT4H35M59.14S",
            "P3Y",
            "P4W",
            "PT0S",
            "P1DT12H",
            "PT1,5H",
        ] {
            assert!(is_duration(right), "{right}");
        }
        for wrong in [
            "",
            "P",
            "PT",
            "P1",
            "P4W1D",
            "PA1H0M0S",
            "P1H",
            "PT1D",
            "P1M1Y",
            "PT1.5H1M",
            "P1DT",
            "pt1s",
            "P-1D",
            "PT1.S",
            "P0001-01-01T00:00:00",
        ] {
            assert!(!is_duration(wrong), "{wrong}");
        }
        assert_eq!(duration_seconds("P1DT1H1M1.9S"), Some(90_061));
        assert_eq!(duration_seconds("P1M"), None);
        assert_eq!(duration_seconds("P0Y0M1W"), None, "weeks stand alone");
        assert_eq!(comparable_duration("PT0.1267S"), comparable_duration("PT0.12S"));
        assert_ne!(comparable_duration("PT0.13S"), comparable_duration("PT0.12S"));
        assert_eq!(comparable_duration("PT1H"), "PT1H");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(micros in -62_135_596_800_000_000_i64..253_402_300_799_999_999) {
            prop_assert_eq!(moment(&written(micros), Two), Some(micros));
        }

        #[test]
        fn any_text_is_a_moment_or_not(text in "\\PC{0,40}") {
            let _ = (moment(&text, One), is_duration(&text), comparable_duration(&text));
        }
    }
}
