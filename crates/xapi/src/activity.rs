//! Activities and their definitions (Data 2.4.4.1), and the definition that a store keeps of each.

use std::borrow::Cow;

use crate::check::{Check, Place};
use crate::json::{Object, Value};

const DEFINITION: [&str; 12] = [
    "name",
    "description",
    "type",
    "moreInfo",
    "extensions",
    "interactionType",
    "correctResponsesPattern",
    "choices",
    "scale",
    "source",
    "target",
    "steps",
];

/// Each type of interaction with the lists of components that belong to it.
const INTERACTIONS: [(&str, &[&str]); 10] = [
    ("true-false", &[]),
    ("choice", &["choices"]),
    ("fill-in", &[]),
    ("long-fill-in", &[]),
    ("matching", &["source", "target"]),
    ("performance", &["steps"]),
    ("sequencing", &["choices"]),
    ("likert", &["scale"]),
    ("numeric", &[]),
    ("other", &[]),
];

pub(crate) fn check(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    let Some(object) = check.object(place, value, &["objectType", "id", "definition"]) else { return };
    let mut named = false;
    for (name, value) in object {
        let here = place.of(name);
        match name.as_ref() {
            "objectType" => {
                check.one_of(&here, value, &["Activity"]);
            }
            "id" => {
                named = true;
                check.iri(&here, value);
            }
            "definition" => definition(check, &here, value),
            _ => {}
        }
    }
    if !named {
        check.missing(place, "id");
    }
}

fn definition(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    if *value == Value::Null {
        return;
    }
    let Some(object) = check.object(place, value, &DEFINITION) else { return };
    let interaction = value.get("interactionType").and_then(Value::text);
    let lists = INTERACTIONS.iter().find(|(kind, _)| Some(*kind) == interaction).map(|(_, lists)| *lists);
    for (name, value) in object {
        let here = place.of(name);
        match name.as_ref() {
            "name" | "description" => check.language_map(&here, value),
            "type" | "moreInfo" => {
                check.iri(&here, value);
            }
            "extensions" => check.extensions(&here, value),
            "interactionType" => {
                check.one_of(&here, value, &INTERACTIONS.map(|(kind, _)| kind));
            }
            "correctResponsesPattern" => {
                if interaction.is_none() {
                    check.missing(place, "interactionType");
                }
                for (index, pattern) in check.list(&here, value).unwrap_or_default().iter().enumerate() {
                    check.formed(&here.item(index), pattern, |_| true, "a string");
                }
            }
            "choices" | "scale" | "source" | "target" | "steps" => {
                match lists {
                    Some(lists) if !lists.contains(&name.as_ref()) => {
                        check.say(&here, "does not belong to this interactionType");
                    }
                    Some(_) => {}
                    None => check.missing(place, "interactionType"),
                }
                components(check, &here, value);
            }
            _ => {}
        }
    }
}

fn components(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    let mut ids: Vec<&str> = Vec::new();
    for (index, component) in check.list(place, value).unwrap_or_default().iter().enumerate() {
        let here = place.item(index);
        let Some(object) = check.object(&here, component, &["id", "description"]) else { continue };
        for (name, value) in object {
            match name.as_ref() {
                "id" => ids.extend(check.text(&here.of("id"), value)),
                _ => check.language_map(&here.of(name), value),
            }
        }
        if component.get("id").is_none() {
            check.missing(&here, "id");
        }
    }
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        check.say(place, "two components have the same id");
    }
}

/// Who a definition comes from, beside who gave the one that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The same: what is newer counts.
    Same,
    /// Somebody else: may add what is missing and change nothing.
    Other,
}

/// The definition that is kept of an activity once `given` has come in: property by property,
/// language by language. `None` when nothing changes.
#[must_use]
pub fn merged<'a>(kept: &Value<'a>, given: &Value<'a>, author: Author) -> Option<Value<'a>> {
    let (old, new) = (kept.object()?, given.object()?);
    let mut all: Object<'a> = old.clone();
    for (name, value) in new {
        let by_key = matches!(name.as_ref(), "name" | "description" | "extensions");
        let place = all.iter().position(|(known, _)| known == name);
        match place {
            None => all.push((name.clone(), value.clone())),
            Some(place) if by_key => {
                if let (Value::Object(known), Value::Object(more)) = (&mut all[place].1, value) {
                    put_all(known, more, author);
                }
            }
            Some(place) if author == Author::Same => all[place].1 = value.clone(),
            Some(_) => {}
        }
    }
    (all != *old).then_some(Value::Object(all))
}

fn put_all<'a>(known: &mut Object<'a>, more: &Object<'a>, author: Author) {
    for (name, value) in more {
        match known.iter_mut().find(|(known, _)| known == name) {
            None => known.push((name.clone(), value.clone())),
            Some(place) if author == Author::Same => place.1 = value.clone(),
            Some(_) => {}
        }
    }
}

/// The activity `id` with its definition, as the activities resource answers.
#[must_use]
pub fn with_definition(id: &str, definition: Option<&str>) -> String {
    let text = |text: &'static str| Value::Text(Cow::Borrowed(text));
    let head: Object<'_> = vec![
        (Cow::Borrowed("objectType"), text("Activity")),
        (Cow::Borrowed("id"), Value::Text(Cow::Borrowed(id))),
    ];
    let mut out = Value::Object(head).to_string();
    if let Some(definition) = definition {
        out.pop();
        out.push_str(",\"definition\":");
        out.push_str(definition);
        out.push('}');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Author, merged, with_definition};
    use crate::json::Value;

    fn of(text: &str) -> Value<'_> {
        Value::parse(text).expect("JSON")
    }

    #[test]
    fn languages_are_added_one_by_one() {
        let kept = of(r#"{"name":{"zh":"课","en":"course"},"type":"http://a.test/course"}"#);
        let given = of(r#"{"name":{"en":"lesson","fr":"cours"},"moreInfo":"http://a.test/"}"#);
        let same = merged(&kept, &given, Author::Same).expect("changed").to_string();
        assert_eq!(
            same,
            r#"{"name":{"zh":"课","en":"lesson","fr":"cours"},"type":"http://a.test/course","moreInfo":"http://a.test/"}"#
        );
        let other = merged(&kept, &given, Author::Other).expect("changed").to_string();
        assert!(other.contains(r#""en":"course","fr":"cours""#), "{other}");
        assert_eq!(merged(&kept, &kept, Author::Same), None);
        assert_eq!(merged(&kept, &of(r#"{"type":"http://b.test/"}"#), Author::Other), None);
    }

    #[test]
    fn an_unknown_activity_is_its_id() {
        assert_eq!(
            with_definition("http://a.test/1", None),
            r#"{"objectType":"Activity","id":"http://a.test/1"}"#
        );
        assert_eq!(
            with_definition("http://a.test/1", Some("{}")),
            r#"{"objectType":"Activity","id":"http://a.test/1","definition":{}}"#
        );
    }
}
