//! JSON as it was sent, where each field of an object is named once: of two that differ one would be
//! passed over in silence, and nobody could say which (RFC 8259, 4).

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::problem::{Problem, Told};

/// Characters of a field's name that a problem repeats.
const SHOWN: usize = 40;

/// The value that `bytes` are.
pub fn read(bytes: &[u8]) -> Told<Value> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Problem::malformed("内容应为 UTF-8 编码"));
    }
    serde_json::from_slice::<Once>(bytes).map(|once| once.0).map_err(|error| {
        let line = error.line();
        if error.is_data() {
            let said = error.to_string();
            let name = said.rsplit_once(" at line").map_or(said.as_str(), |(name, _)| name);
            Problem::malformed(format!("字段 {name} 在同一个对象里写了两次（第 {line} 行），只能写一次"))
        } else {
            Problem::malformed(format!("内容不是有效的 JSON（第 {line} 行）"))
        }
    })
}

/// A value in which no field is named twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let Once(value) = fields.next_value()?;
            if all.contains_key(&name) {
                return Err(A::Error::custom(name.chars().take(SHOWN).collect::<String>()));
            }
            all.insert(name, value);
        }
        Ok(Value::Object(all))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;
    use serde_json::Value;

    use super::read;

    #[test]
    fn a_field_is_named_once_and_nothing_else_is_odd() {
        for fine in ["{}", "[1, -2, 2.5, true, null, \"a\"]", r#"{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}"#]
        {
            assert_eq!(read(fine.as_bytes()).ok(), serde_json::from_str::<Value>(fine).ok(), "{fine}");
        }
        let deep = "[".repeat(5_000);
        for odd in [r#"{"a": 1, "a": 1}"#, r#"[{"b": {"a": 1, "\u0061": 2}}]"#, "{", "1e999", "", &deep] {
            assert!(read(odd.as_bytes()).is_err(), "{odd:.20}");
        }
        assert!(read(b"\"\xc4\xe3\"").is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_no_json_twice_is_read_as_it_was(text in ".{0,60}") {
            if let Ok(value) = read(text.as_bytes()) {
                assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
            }
        }
    }
}
