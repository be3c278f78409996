//! JSON that keeps what it was given: the order of properties and the spelling of numbers.
//!
//! A record store returns statements as they came, so values are not forced into the types of the
//! language. Text without escapes is borrowed from the input. A property named twice is refused,
//! since every reader would see something else in it; depth is bounded, since the reader recurses.

mod read;

use std::borrow::Cow;
use std::fmt;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written.
    Number(&'a str),
    /// Text, unescaped.
    Text(Cow<'a, str>),
    /// A list.
    List(Vec<Value<'a>>),
    /// Properties in their order, each name once.
    Object(Object<'a>),
}

/// The properties of an object.
pub type Object<'a> = Vec<(Cow<'a, str>, Value<'a>)>;

/// The text is not JSON, or more than is read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {at}: {problem}")]
pub struct JsonError {
    /// Offset of the byte at which reading stopped.
    pub at: usize,
    /// What is wrong there.
    pub problem: &'static str,
}

impl<'a> Value<'a> {
    /// Reads `text` as one value.
    ///
    /// # Errors
    /// [`JsonError`] for the first place that is not JSON (RFC 8259), a property named twice, or
    /// more than 64 levels.
    pub fn parse(text: &'a str) -> Result<Self, JsonError> {
        read::value(text)
    }

    /// The property `name`, where this is an object that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.object()?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The properties, where this is an object.
    #[must_use]
    pub const fn object(&self) -> Option<&Object<'a>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The text, where this is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The values of a list, or the value itself as a list of one.
    #[must_use]
    pub fn each(&self) -> &[Self] {
        match self {
            Self::List(values) => values,
            other => std::slice::from_ref(other),
        }
    }

    /// What kind of value this is, in words.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// Writes the value without white space to the end of `out`.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(number),
            Self::Text(text) => write_text(text, out),
            Self::List(values) => {
                out.push('[');
                for (place, value) in values.iter().enumerate() {
                    if place > 0 {
                        out.push(',');
                    }
                    value.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => {
                out.push('{');
                for (place, (name, value)) in object.iter().enumerate() {
                    if place > 0 {
                        out.push(',');
                    }
                    write_text(name, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

/// Writes `text` in quotation marks to the end of `out`.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            other => {
                out.push_str("\\u00");
                out.push(char::from(b"0123456789abcdef"[usize::from(other >> 4)]));
                out.push(char::from(b"0123456789abcdef"[usize::from(other & 15)]));
            }
        }
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

/// A number of JSON as its digits and the power of ten behind them, without zeros at either end:
/// equal for equal numbers, however they are written.
#[must_use]
pub fn plain_number(text: &str) -> (bool, String, i64) {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
    // An exponent beyond 64 bits counts as the largest: nobody writes it but to be difficult.
    let huge = if exponent.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 };
    let exponent: i64 = exponent.parse().unwrap_or(huge).clamp(i64::MIN / 2, i64::MAX / 2);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = String::with_capacity(whole.len() + fraction.len());
    digits.push_str(whole);
    digits.push_str(fraction);
    let behind = i64::try_from(fraction.len()).unwrap_or(i64::MAX / 4);
    let kept = digits.trim_end_matches('0').len();
    let zeros = i64::try_from(digits.len() - kept).unwrap_or_default();
    digits.truncate(kept);
    let digits = digits.trim_start_matches('0').to_owned();
    if digits.is_empty() { (false, digits, 0) } else { (negative, digits, exponent - behind + zeros) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Value, plain_number};

    #[test]
    fn order_and_spelling_survive() {
        let text = r#"{"b":1.50,"a":[true,null,"x\"\\\n\u0001é"],"c":{"z":-0.1e+2}}"#;
        let value = Value::parse(text).expect("JSON");
        assert_eq!(value.to_string(), r#"{"b":1.50,"a":[true,null,"x\"\\\n\u0001é"],"c":{"z":-0.1e+2}}"#);
        assert_eq!(Value::parse(" \"\\ud83d\\ude00\" ").expect("JSON"), Value::Text("😀".into()));
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            (r#"{"a":1,"a":2}"#, 7),
            (r#"{"a":01}"#, 6),
            ("[1,]", 3),
            ("\"\u{1}\"", 1),
            ("\"\\ud800\"", 7),
            ("nul", 0),
            ("1 2", 2),
            ("{a:1}", 1),
            ("[1.]", 3),
        ] {
            assert_eq!(Value::parse(text).expect_err(text).at, at, "{text}");
        }
        let deep = "[".repeat(65) + &"]".repeat(65);
        assert_eq!(Value::parse(&deep).expect_err("deep").problem, "more than 64 levels");
        let many: Vec<String> = (0..40).chain(20..21).map(|n| format!("\"{n}\":0")).collect();
        assert!(Value::parse(&format!("{{{}}}", many.join(","))).is_err());
    }

    #[test]
    fn equal_numbers_look_equal() {
        for (one, other) in [("1", "1.0"), ("10", "1e1"), ("0.5", "5E-1"), ("-0", "0.000"), ("120e-1", "12")]
        {
            assert_eq!(plain_number(one), plain_number(other), "{one} {other}");
        }
        assert_ne!(plain_number("9007199254740993"), plain_number("9007199254740992"));
        assert_ne!(plain_number("1"), plain_number("-1"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = Value::parse(&text);
        }

        #[test]
        fn agrees_with_another_reader(text in r#"[\[\]{}",:0-9a-e\\nul.tr-]{0,40}"#) {
            let ours = Value::parse(&text);
            // The other one lets a property be named twice, and turns numbers into its own.
            if let Ok(value) = &ours {
                // It refuses numbers beyond its range.
                let theirs: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
                if !theirs.is_null() {
                    let again: serde_json::Value = serde_json::from_str(&value.to_string()).expect("JSON");
                    prop_assert_eq!(theirs, again);
                }
            } else if let Ok(theirs) = serde_json::from_str::<serde_json::Value>(&text) {
                prop_assert!(text.matches('"').count() >= 4, "{} is {}", text, theirs);
            }
        }
    }
}
