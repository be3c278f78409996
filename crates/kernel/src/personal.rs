//! Numbers of people in free text: what must not stand in anything that is published.

use std::ops::Range;

use crate::identity::{Identity, Phone};
use crate::text::half_width;

/// Characters of an identity card's number (GB 11643).
const CARD: usize = 18;
/// Digits of a mobile phone's number.
const PHONE: usize = 11;

/// Whether `text` holds the number of an identity card or of a mobile phone, also in full width or
/// with spaces and hyphens within.
#[must_use]
pub fn holds_personal_number(text: &str) -> bool {
    !found(text).is_empty()
}

/// The same text with every such number hidden.
#[must_use]
pub fn without_personal_numbers(text: &str) -> String {
    let (mut hidden, mut shown_to) = (String::with_capacity(text.len()), 0);
    for place in found(text) {
        hidden.push_str(text.get(shown_to..place.start).unwrap_or_default());
        hidden.push_str("****");
        shown_to = place.end;
    }
    hidden.push_str(text.get(shown_to..).unwrap_or_default());
    hidden
}

/// Where such numbers stand, in bytes.
fn found(text: &str) -> Vec<Range<usize>> {
    let letters: Vec<(usize, char)> = text.char_indices().map(|(at, c)| (at, half_width(c))).collect();
    let byte = |at: usize| letters.get(at).map_or(text.len(), |(byte, _)| *byte);
    let (mut places, mut at) = (Vec::new(), 0);
    while at < letters.len() {
        match number_at(&letters, at) {
            Some(after) => {
                places.push(byte(at)..byte(after));
                at = after;
            }
            None => at += 1,
        }
    }
    places
}

/// The place after the number that begins at `at`; a part of a longer number is none.
fn number_at(letters: &[(usize, char)], at: usize) -> Option<usize> {
    let is_digit = |at: usize| letters.get(at).is_some_and(|(_, c)| c.is_ascii_digit());
    if !is_digit(at) || at.checked_sub(1).is_some_and(is_digit) {
        return None;
    }
    let card = taken(letters, at, CARD).filter(|(number, _)| Identity::card(number).is_ok());
    if let Some((number, after)) = card {
        // What follows a check character that is a letter is no part of the number.
        return (number.ends_with('X') || !is_digit(after)).then_some(after);
    }
    // With the number of the country before it or without.
    [PHONE, PHONE + 2, PHONE + 4].into_iter().find_map(|count| {
        let (number, after) = taken(letters, at, count)?;
        let national = number.strip_prefix("0086").or_else(|| number.strip_prefix("86"));
        let is_phone = Phone::parse(national.filter(|_| count > PHONE).unwrap_or(&number)).is_ok();
        (is_phone && !is_digit(after)).then_some(after)
    })
}

/// `count` digits from `at` on, single spaces and hyphens between them left out, and the place after.
fn taken(letters: &[(usize, char)], at: usize, count: usize) -> Option<(String, usize)> {
    let (mut number, mut at, mut was_gap) = (String::with_capacity(count), at, true);
    while number.len() < count {
        match letters.get(at)?.1 {
            c if c.is_ascii_digit() || matches!(c, 'x' | 'X') => {
                number.push(c.to_ascii_uppercase());
                was_gap = false;
            }
            ' ' | '-' if !was_gap => was_gap = true,
            _ => return None,
        }
        at += 1;
    }
    Some((number, at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{holds_personal_number, without_personal_numbers};
    use crate::identity::check_character;

    #[test]
    fn numbers_of_people_are_found_however_they_are_written() {
        for text in [
            "本人证件 11010519491231002X",
            "证件11010519491231002x，电话另附",
            "电话 13900000001",
            "１３９０００００００１",
            "139-0000-0001",
            "139 0000 0001",
            "+8613900000001",
            "8613900000001",
            "0086 13900000001",
            "11010519491231002X2021年",
            "11010519491231002X13900000001",
            "1101051949 1231002X 13900000001",
        ] {
            assert!(holds_personal_number(text), "{text}");
            let hidden = without_personal_numbers(text);
            assert!(!holds_personal_number(&hidden), "{hidden}");
        }
        assert_eq!(without_personal_numbers("请拨 13900000001。"), "请拨 ****。");
    }

    #[test]
    fn other_numbers_stay() {
        for text in [
            "",
            "第 3 号，2021年4月19日",
            "编号 510000202100000047",
            "110105194912310021",
            "共 13900000001000 条",
        ] {
            assert!(!holds_personal_number(text), "{text}");
            assert_eq!(without_personal_numbers(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_number_gets_through(
            before in "[^0-9０-９]{0,6}", after in "[^0-9０-９]{0,6}", year in 1950..2004_i32, serial in 0..1000_u32,
        ) {
            let digits = format!("510104{year}0412{serial:03}");
            let card = format!("{digits}{}", check_character(&digits).expect("seventeen digits"));
            let text = format!("{before}{card}{after}");
            prop_assert!(holds_personal_number(&text));
            prop_assert!(!without_personal_numbers(&text).contains(&card));
        }
    }
}
