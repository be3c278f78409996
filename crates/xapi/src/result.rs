//! The result of a statement (Data 2.4.5).

use crate::check::{Check, Place};
use crate::json::Value;
use crate::time;

const RESULT: [&str; 6] = ["score", "success", "completion", "response", "duration", "extensions"];

pub(crate) fn check(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    let Some(object) = check.object(place, value, &RESULT) else { return };
    for (name, value) in object {
        let here = place.of(name);
        match name.as_ref() {
            "score" if *value != Value::Null => score(check, &here, value),
            "success" | "completion" => {
                check.boolean(&here, value);
            }
            "response" => {
                check.text(&here, value);
            }
            "duration" => {
                check.formed(&here, value, time::is_duration, "a duration of ISO 8601");
            }
            "extensions" => check.extensions(&here, value),
            _ => {}
        }
    }
}

/// A raw score may equal the lowest and the highest; those two differ.
fn score(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    let Some(object) = check.object(place, value, &["scaled", "raw", "min", "max"]) else { return };
    let (mut raw, mut min, mut max) = (None, None, None);
    for (name, value) in object {
        let here = place.of(name);
        let number = check.number(&here, value);
        match name.as_ref() {
            "raw" => raw = number,
            "min" => min = number,
            "max" => max = number,
            "scaled" if number.is_some_and(|scaled| !(-1.0..=1.0).contains(&scaled)) => {
                check.say(&here, "has to be between -1 and 1");
            }
            _ => {}
        }
    }
    if min.zip(max).is_some_and(|(min, max)| min >= max) {
        check.say(&place.of("min"), "has to be less than max");
    }
    if raw.zip(min).is_some_and(|(raw, min)| raw < min) {
        check.say(&place.of("raw"), "must not be less than min");
    }
    if raw.zip(max).is_some_and(|(raw, max)| raw > max) {
        check.say(&place.of("raw"), "must not be greater than max");
    }
}
