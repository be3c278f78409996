//! What holds of any input: nothing panics, what is valid stays valid, mistakes are named.

use proptest::prelude::*;
use tisheng_xapi::json::Value;
use tisheng_xapi::samples::{FULL, NESTED};
use tisheng_xapi::{Stamp, Statement, Version, read};
use uuid::Uuid;

/// Any JSON, of the words that statements are made of.
fn json() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("actor"),
        Just("verb"),
        Just("object"),
        Just("id"),
        Just("mbox"),
        Just("objectType"),
        Just("member"),
        Just("context"),
        Just("contextActivities"),
        Just("parent"),
        Just("definition"),
        Just("attachments"),
        Just("mailto:a@b.test"),
        Just("http://a.test"),
        Just("Group"),
        Just("SubStatement"),
        Just("StatementRef"),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<i32>().prop_map(|n| n.to_string()),
        word.clone().prop_map(|word| format!("\"{word}\"")),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        let pair = (word.clone(), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..5).prop_map(|all| format!("[{}]", all.join(","))),
            proptest::collection::vec(pair, 0..6).prop_map(|all| {
                let all: Vec<String> =
                    all.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", all.join(","))
            }),
        ]
    })
}

/// Everything that may be asked of a statement.
fn everything(statement: &Statement<'_>) -> String {
    let mut out = String::new();
    statement.write_ids(&mut out);
    statement.write_canonical(&Default::default(), &Default::default(), &mut out);
    let _ = (statement.terms(None), statement.likeness(), statement.voids(), statement.activities());
    let stamp = Stamp { id: Uuid::nil(), authority: "{\"mbox\":\"mailto:s@t.test\"}", version: Version::Two };
    statement.stamped(&stamp).finish(0)
}

proptest! {
    #[test]
    fn any_json_is_taken_or_refused(text in json()) {
        for version in Version::ALL {
            if let Ok(batch) = read(&text, version) {
                batch.statements.iter().for_each(|one| drop(everything(one)));
            }
        }
        // What a store gives back is not checked again, and may have been written by anybody.
        if let Ok(statement) = Statement::stored(&text) {
            everything(&statement);
        }
    }

    #[test]
    fn a_valid_statement_with_a_piece_changed(at in 0..FULL.len(), length in 0..40_usize, put in "[\\[\\]{}\",:0-9a-z]{0,4}") {
        for text in [FULL, NESTED] {
            let (from, to) = (at.min(text.len()), (at + length).min(text.len()));
            if !text.is_char_boundary(from) || !text.is_char_boundary(to) {
                continue;
            }
            let changed = format!("{}{put}{}", &text[..from], &text[to..]);
            for version in Version::ALL {
                if let Ok(batch) = read(&changed, version) {
                    for one in &batch.statements {
                        let stored = everything(one);
                        prop_assert!(read(&stored, Version::Two).is_ok() || version == Version::One, "{}", stored);
                        let again = Statement::stored(&stored).expect("JSON");
                        prop_assert!(again.likeness().fits(&one.likeness()), "{}", stored);
                    }
                }
            }
        }
    }

    #[test]
    fn a_number_is_refused_wherever_none_may_stand(at in 0..130_usize) {
        let value = Value::parse(FULL).expect("JSON");
        let mut walk = Walk { left: at, may: false };
        if let Some(text) = walk.changed(&value, false) {
            let taken = read(&text, Version::One).is_ok();
            prop_assert!(!taken || walk.may, "{}", text);
        }
    }
}

/// Puts a number in place of one value, counted in the order of writing.
struct Walk {
    left: usize,
    /// Whether a number may stand there.
    may: bool,
}

impl Walk {
    fn changed(&mut self, value: &Value<'_>, free: bool) -> Option<String> {
        if self.left == 0 {
            self.left = usize::MAX;
            self.may = free || matches!(value, Value::Number(_));
            return Some("7".to_owned());
        }
        self.left = self.left.saturating_sub(1);
        let mut found = false;
        let mut each = |name: &str, value: &Value<'_>| {
            let changed = self.changed(value, free || name == "extensions");
            found |= changed.is_some();
            changed.unwrap_or_else(|| value.to_string())
        };
        let text = match value {
            Value::Object(object) => {
                let all = object.iter().map(|(name, value)| format!("\"{name}\":{}", each(name, value)));
                format!("{{{}}}", all.collect::<Vec<_>>().join(","))
            }
            Value::List(values) => {
                format!("[{}]", values.iter().map(|value| each("", value)).collect::<Vec<_>>().join(","))
            }
            _ => return None,
        };
        found.then_some(text)
    }
}
