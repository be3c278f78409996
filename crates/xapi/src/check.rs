//! What is wrong with a statement and where: every breach of a rule, not only the first.

use std::fmt;

use crate::json::{Object, Value};
use crate::{Version, language, scalar, time};

/// Breaches named at most: whoever makes more of them has one mistake, made often.
const MOST: usize = 20;

/// A breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a path from the root: `$.actor.mbox`, `$[3].verb`.
    pub at: String,
    /// What would be right.
    pub rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.rule)
    }
}

/// A place within a value, known by the way to it. Costs nothing until something is wrong there.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'p> {
    Root,
    Property(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    pub fn of<'p>(&'p self, name: &'p str) -> Place<'p> {
        Place::Property(self, name)
    }

    pub const fn item(&self, index: usize) -> Place<'_> {
        Place::Item(self, index)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("$"),
            Self::Property(parent, name) => {
                let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                if plain { write!(f, "{parent}.{name}") } else { write!(f, "{parent}[{name:?}]") }
            }
            Self::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// The breaches found so far.
#[derive(Debug)]
pub(crate) struct Check {
    pub version: Version,
    found: Vec<Violation>,
}

impl Check {
    pub const fn new(version: Version) -> Self {
        Self { version, found: Vec::new() }
    }

    pub fn say(&mut self, place: &Place<'_>, rule: impl Into<String>) {
        if self.found.len() < MOST {
            self.found.push(Violation { at: place.to_string(), rule: rule.into() });
        }
    }

    pub fn finish(self) -> Result<(), Vec<Violation>> {
        if self.found.is_empty() { Ok(()) } else { Err(self.found) }
    }

    pub const fn is_clean(&self) -> bool {
        self.found.is_empty()
    }

    fn not(&mut self, place: &Place<'_>, wanted: &str, found: &Value<'_>) {
        self.say(place, format!("has to be {wanted}, is {}", found.kind()));
    }

    /// The properties of an object, each of them allowed.
    pub fn object<'v, 'a>(
        &mut self,
        place: &Place<'_>,
        value: &'v Value<'a>,
        allowed: &[&str],
    ) -> Option<&'v Object<'a>> {
        let Some(object) = value.object() else {
            self.not(place, "an object", value);
            return None;
        };
        for (name, value) in object {
            if !allowed.contains(&name.as_ref()) {
                let near = allowed.iter().find(|known| known.eq_ignore_ascii_case(name));
                match near {
                    Some(known) => self.say(&place.of(name), format!("is written `{known}`")),
                    None => self.say(&place.of(name), "is not a property that may stand here"),
                }
            } else if *value == Value::Null {
                self.say(&place.of(name), "must not be null");
            }
        }
        Some(object)
    }

    pub fn missing(&mut self, place: &Place<'_>, name: &str) {
        self.say(&place.of(name), "is required");
    }

    pub fn text<'v>(&mut self, place: &Place<'_>, value: &'v Value<'_>) -> Option<&'v str> {
        if value.text().is_none() && *value != Value::Null {
            self.not(place, "a string", value);
        }
        value.text()
    }

    pub fn list<'v, 'a>(&mut self, place: &Place<'_>, value: &'v Value<'a>) -> Option<&'v [Value<'a>]> {
        match value {
            Value::List(values) => {
                for (index, _) in values.iter().enumerate().filter(|(_, value)| **value == Value::Null) {
                    self.say(&place.item(index), "must not be null");
                }
                Some(values)
            }
            Value::Null => None,
            other => {
                self.not(place, "an array", other);
                None
            }
        }
    }

    pub fn boolean(&mut self, place: &Place<'_>, value: &Value<'_>) -> Option<bool> {
        match value {
            Value::Bool(value) => Some(*value),
            Value::Null => None,
            other => {
                self.not(place, "a boolean", other);
                None
            }
        }
    }

    /// A number, as near as a double comes to it.
    pub fn number(&mut self, place: &Place<'_>, value: &Value<'_>) -> Option<f64> {
        match value {
            Value::Number(number) => number.parse().ok(),
            Value::Null => None,
            other => {
                self.not(place, "a number", other);
                None
            }
        }
    }

    /// A text of a form that `is` recognises.
    pub fn formed<'v>(
        &mut self,
        place: &Place<'_>,
        value: &'v Value<'_>,
        is: impl FnOnce(&str) -> bool,
        form: &str,
    ) -> Option<&'v str> {
        let text = self.text(place, value)?;
        if is(text) {
            return Some(text);
        }
        self.say(place, format!("has to be {form}"));
        None
    }

    pub fn iri<'v>(&mut self, place: &Place<'_>, value: &'v Value<'_>) -> Option<&'v str> {
        self.formed(place, value, scalar::is_iri, "an IRI with a scheme")
    }

    pub fn uuid(&mut self, place: &Place<'_>, value: &Value<'_>) -> Option<uuid::Uuid> {
        let text = self.text(place, value)?;
        let uuid = scalar::uuid(text);
        if uuid.is_none() {
            self.say(place, "has to be a UUID in its standard form");
        }
        uuid
    }

    pub fn timestamp(&mut self, place: &Place<'_>, value: &Value<'_>) -> Option<i64> {
        let text = self.text(place, value)?;
        let moment = time::moment(text, self.version);
        if moment.is_none() {
            let form = match self.version {
                Version::One => "a date and time of ISO 8601",
                Version::Two => "a date and time of RFC 3339",
            };
            self.say(place, format!("has to be {form}"));
        }
        moment
    }

    pub fn one_of<'v>(&mut self, place: &Place<'_>, value: &'v Value<'_>, words: &[&str]) -> Option<&'v str> {
        let text = self.text(place, value)?;
        if words.contains(&text) {
            return Some(text);
        }
        self.say(place, format!("has to be one of {}", words.join(", ")));
        None
    }

    pub fn language_map(&mut self, place: &Place<'_>, value: &Value<'_>) {
        let Some(object) = value.object() else {
            if *value != Value::Null {
                self.not(place, "a language map", value);
            }
            return;
        };
        for (tag, text) in object {
            let here = place.of(tag);
            if !language::is_language(tag) {
                self.say(&here, "has to be named by a language tag of RFC 5646");
            }
            if *text == Value::Null {
                self.say(&here, "must not be null");
            }
            self.text(&here, text);
        }
    }

    /// Extensions: named by IRIs, of any content (Data 4.1).
    pub fn extensions(&mut self, place: &Place<'_>, value: &Value<'_>) {
        let Some(object) = value.object() else {
            if *value != Value::Null {
                self.not(place, "an object", value);
            }
            return;
        };
        for (name, _) in object {
            if !scalar::is_iri(name) {
                self.say(&place.of(name), "an extension has to be named by an IRI with a scheme");
            }
        }
    }
}
