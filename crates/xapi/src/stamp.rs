//! A statement as it is stored: what was sent, with what a store adds.

use uuid::Uuid;

use crate::json::{Object, Value, write_text};
use crate::{Statement, Version, time};

/// What a store adds to a statement.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'s> {
    /// The id of the statement.
    pub id: Uuid,
    /// Who vouches for it, as JSON.
    pub authority: &'s str,
    /// The version under which it was sent.
    pub version: Version,
}

/// A statement as it will be stored, but for the moment of storing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped {
    head: String,
    has_timestamp: bool,
}

impl Stamped {
    /// The statement as stored at `stored`, microseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn finish(self, stored: i64) -> String {
        let Self { head: mut out, has_timestamp } = self;
        let moment = time::written(stored);
        if !has_timestamp {
            out.push_str(",\"timestamp\":\"");
            out.push_str(&moment);
            out.push('"');
        }
        out.push_str(",\"stored\":\"");
        out.push_str(&moment);
        out.push_str("\"}");
        out
    }
}

impl Statement<'_> {
    /// The statement with what a store adds: everything as it was sent, but for times that are
    /// turned into UTC and context activities that become lists (Data 2.4.6.2).
    #[must_use]
    pub fn stamped(&self, stamp: &Stamp<'_>) -> Stamped {
        let mut out = String::with_capacity(1024);
        out.push_str("{\"id\":\"");
        out.push_str(&stamp.id.hyphenated().to_string());
        out.push('"');
        for (name, value) in self.root.object().into_iter().flatten() {
            if matches!(name.as_ref(), "id" | "stored" | "authority") {
                continue;
            }
            out.push(',');
            write_property(name, value, &mut out);
        }
        if self.root.get("version").is_none() {
            out.push_str(",\"version\":\"");
            out.push_str(stamp.version.of_statement());
            out.push('"');
        }
        out.push_str(",\"authority\":");
        out.push_str(stamp.authority);
        Stamped { head: out, has_timestamp: self.timestamp.is_some() }
    }
}

fn write_property(name: &str, value: &Value<'_>, out: &mut String) {
    write_text(name, out);
    out.push(':');
    match (name, value) {
        ("timestamp", Value::Text(text)) => write_utc(text, out),
        ("context", Value::Object(context)) => {
            write_all(context.iter().map(|(name, value)| (name.as_ref(), value)), out, |name, value, out| {
                match (name, value) {
                    ("contextActivities", Value::Object(groupings)) => write_groupings(groupings, out),
                    _ => value.write(out),
                }
            });
        }
        ("object", Value::Object(object)) if is_substatement(value) => {
            out.push('{');
            for (place, (name, value)) in object.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_property(name, value, out);
            }
            out.push('}');
        }
        _ => value.write(out),
    }
}

fn is_substatement(object: &Value<'_>) -> bool {
    object.get("objectType").and_then(Value::text) == Some("SubStatement")
}

fn write_all<'v, 'a: 'v>(
    properties: impl Iterator<Item = (&'v str, &'v Value<'a>)>,
    out: &mut String,
    each: impl Fn(&str, &Value<'a>, &mut String),
) {
    out.push('{');
    for (place, (name, value)) in properties.enumerate() {
        if place > 0 {
            out.push(',');
        }
        write_text(name, out);
        out.push(':');
        each(name, value, out);
    }
    out.push('}');
}

fn write_groupings(groupings: &Object<'_>, out: &mut String) {
    write_all(groupings.iter().map(|(name, value)| (name.as_ref(), value)), out, |_, value, out| {
        if matches!(value, Value::List(_)) {
            value.write(out);
        } else {
            out.push('[');
            value.write(out);
            out.push(']');
        }
    });
}

/// A moment as it was sent where it is of UTC, else turned into UTC (Data 4.5).
fn write_utc(text: &str, out: &mut String) {
    let of_utc = text.ends_with(['Z', 'z']) || text.ends_with("+00:00");
    match time::moment(text, Version::One).filter(|_| !of_utc) {
        Some(moment) => write_text(&time::written(moment), out),
        None => write_text(text, out),
    }
}
