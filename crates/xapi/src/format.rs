//! The forms in which statements are asked for (Communication 2.1.3, `format`).

use std::borrow::Cow;
use std::collections::HashMap;

use crate::json::{Object, Value, write_text};
use crate::language::Languages;
use crate::statement::each_activity;
use crate::{Statement, agent};

/// How statements are to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// As they came.
    #[default]
    Exact,
    /// Agents, activities and verbs by their identifiers alone.
    Ids,
    /// Activities as the store knows them, each text in one language.
    Canonical,
}

impl Format {
    /// Reads the parameter.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        match text {
            "exact" => Some(Self::Exact),
            "ids" => Some(Self::Ids),
            "canonical" => Some(Self::Canonical),
            _ => None,
        }
    }

    /// The parameter's value.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Ids => "ids",
            Self::Canonical => "canonical",
        }
    }
}

/// Definitions of activities as the store knows them, by IRI.
pub type Definitions = HashMap<String, String>;

impl Statement<'_> {
    /// The IRIs of its activities, those of a substatement included.
    #[must_use]
    pub fn activities(&self) -> Vec<&str> {
        let mut all = Vec::new();
        let sub = self.root.get("object");
        for root in std::iter::once(&self.root).chain(sub) {
            each_activity(root, &mut |activity, _| all.extend(activity.get("id").and_then(Value::text)));
        }
        all
    }

    /// The statement with nothing but identifiers, to the end of `out`.
    pub fn write_ids(&self, out: &mut String) {
        rewrite(&self.root, &Ids, out);
    }

    /// The statement with the store's own definitions and one language each, to the end of `out`.
    pub fn write_canonical(&self, definitions: &Definitions, languages: &Languages, out: &mut String) {
        rewrite(&self.root, &Canonical { definitions, languages }, out);
    }
}

/// What is written in place of the parts of a statement.
trait Style {
    fn verb(&self, verb: &Value<'_>, out: &mut String);
    fn activity(&self, activity: &Value<'_>, out: &mut String);
    fn agent(&self, agent: &Value<'_>, out: &mut String);
}

fn object<'v, 'a>(
    value: &'v Value<'a>,
    out: &mut String,
    mut each: impl FnMut(&str, &'v Value<'a>, &mut String),
) {
    out.push('{');
    for (place, (name, value)) in value.object().into_iter().flatten().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        each(name, value, out);
    }
    out.push('}');
}

fn list<'v, 'a>(value: &'v Value<'a>, out: &mut String, mut each: impl FnMut(&'v Value<'a>, &mut String)) {
    out.push('[');
    for (place, value) in value.each().iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        each(value, out);
    }
    out.push(']');
}

fn rewrite(statement: &Value<'_>, style: &impl Style, out: &mut String) {
    object(statement, out, |name, value, out| match name {
        "actor" | "authority" => style.agent(value, out),
        "verb" => style.verb(value, out),
        "object" => match value.get("objectType").and_then(Value::text) {
            Some("Agent" | "Group") => style.agent(value, out),
            Some("SubStatement") => rewrite(value, style, out),
            Some("StatementRef") => value.write(out),
            _ => style.activity(value, out),
        },
        "context" => object(value, out, |name, value, out| match name {
            "instructor" | "team" => style.agent(value, out),
            "contextActivities" => object(value, out, |_, activities, out| {
                list(activities, out, |activity, out| style.activity(activity, out));
            }),
            "contextAgents" | "contextGroups" => list(value, out, |one, out| {
                object(one, out, |name, value, out| match name {
                    "agent" | "group" => style.agent(value, out),
                    _ => value.write(out),
                });
            }),
            _ => value.write(out),
        }),
        _ => value.write(out),
    });
}

struct Ids;

/// Those properties of `value` that `kept` names.
fn only(value: &Value<'_>, kept: &[&str], out: &mut String) {
    let object = value.object().into_iter().flatten();
    let object: Object<'_> = object.filter(|(name, _)| kept.contains(&name.as_ref())).cloned().collect();
    Value::Object(object).write(out);
}

impl Style for Ids {
    fn verb(&self, verb: &Value<'_>, out: &mut String) {
        only(verb, &["id"], out);
    }

    fn activity(&self, activity: &Value<'_>, out: &mut String) {
        only(activity, &["id"], out);
    }

    fn agent(&self, value: &Value<'_>, out: &mut String) {
        const IDENTIFIERS: [&str; 5] = ["objectType", "mbox", "mbox_sha1sum", "openid", "account"];
        if agent::key(value).is_some() {
            return only(value, &IDENTIFIERS, out);
        }
        // A group without an identifier is known by its members alone.
        out.push_str("{\"objectType\":\"Group\",\"member\":");
        list(value.get("member").unwrap_or(&Value::List(Vec::new())), out, |member, out| {
            only(member, &IDENTIFIERS, out);
        });
        out.push('}');
    }
}

struct Canonical<'c> {
    definitions: &'c Definitions,
    languages: &'c Languages,
}

impl Canonical<'_> {
    /// A language map with the one language that fits best.
    fn one_language(&self, map: &Value<'_>, out: &mut String) {
        let entries: &[(Cow<'_, str>, Value<'_>)] = map.object().map_or(&[], |object| object.as_slice());
        let chosen = self.languages.choose(entries.iter().map(|(tag, _)| tag.as_ref()));
        let kept: Object<'_> = chosen.and_then(|place| entries.get(place)).cloned().into_iter().collect();
        Value::Object(kept).write(out);
    }

    fn definition(&self, definition: &Value<'_>, out: &mut String) {
        object(definition, out, |name, value, out| match name {
            "name" | "description" => self.one_language(value, out),
            "choices" | "scale" | "source" | "target" | "steps" => list(value, out, |component, out| {
                object(component, out, |name, value, out| match name {
                    "description" => self.one_language(value, out),
                    _ => value.write(out),
                });
            }),
            _ => value.write(out),
        });
    }
}

impl Style for Canonical<'_> {
    fn verb(&self, verb: &Value<'_>, out: &mut String) {
        object(verb, out, |name, value, out| match name {
            "display" => self.one_language(value, out),
            _ => value.write(out),
        });
    }

    fn activity(&self, activity: &Value<'_>, out: &mut String) {
        let id = activity.get("id").and_then(Value::text).unwrap_or_default();
        let known = self.definitions.get(id).and_then(|text| Value::parse(text).ok());
        only(activity, &["objectType", "id"], out);
        if let Some(definition) = known.as_ref().or_else(|| activity.get("definition")) {
            out.pop();
            out.push_str(",\"definition\":");
            self.definition(definition, out);
            out.push('}');
        }
    }

    fn agent(&self, agent: &Value<'_>, out: &mut String) {
        agent.write(out);
    }
}
