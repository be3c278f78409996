//! When two statements say the same (Data 2.3.1).
//!
//! What a store assigns, what is no part of a statement (definitions of activities, displays of
//! verbs), the order of group members and case where it means nothing are left out; everything
//! else counts.

use sha2::{Digest, Sha256};

use crate::json::{Object, Value, plain_number};
use crate::{SIGNATURE, Statement, Version, scalar, time};

/// What two statements that say the same have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Likeness {
    /// Hash over everything that counts but the time.
    pub digest: [u8; 32],
    /// When it happened, where that was said: whoever leaves it out leaves it to the store.
    pub timestamp: Option<i64>,
}

impl Likeness {
    /// Whether two statements say the same.
    #[must_use]
    pub fn fits(&self, other: &Self) -> bool {
        let same_time =
            self.timestamp.is_none() || other.timestamp.is_none() || self.timestamp == other.timestamp;
        self.digest == other.digest && same_time
    }
}

impl Statement<'_> {
    /// What this statement has in common with every other that says the same.
    #[must_use]
    pub fn likeness(&self) -> Likeness {
        self.likened(false)
    }

    /// The same before it was signed: without the attachment that holds the signature.
    #[must_use]
    pub fn likeness_unsigned(&self) -> Likeness {
        self.likened(true)
    }

    fn likened(&self, unsigned: bool) -> Likeness {
        let mut out = Vec::with_capacity(1024);
        write_statement(&self.root, unsigned, &mut out);
        Likeness { digest: Sha256::digest(&out).into(), timestamp: self.timestamp }
    }
}

fn put(tag: u8, text: &str, out: &mut Vec<u8>) {
    out.push(tag);
    out.extend_from_slice(&(text.len() as u64).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// Writes the properties of `object` in the order of their names, each by `each`.
fn write_sorted(
    object: &Object<'_>,
    out: &mut Vec<u8>,
    counts: impl Fn(&str) -> bool,
    each: impl Fn(&str, &Value<'_>, &mut Vec<u8>),
) {
    let mut all: Vec<&(std::borrow::Cow<'_, str>, Value<'_>)> =
        object.iter().filter(|(name, _)| counts(name)).collect();
    all.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    out.push(b'{');
    for (name, value) in all {
        put(b'k', name, out);
        each(name, value, out);
    }
    out.push(b'}');
}

fn write_statement(value: &Value<'_>, unsigned: bool, out: &mut Vec<u8>) {
    let Some(object) = value.object() else { return write_value(value, out) };
    let assigned = ["id", "authority", "stored", "timestamp", "version"];
    write_sorted(
        object,
        out,
        |name| !(assigned.contains(&name) || unsigned && name == "attachments"),
        |name, value, out| match name {
            "actor" => write_agent(value, out),
            "verb" => write_without(value, "display", out),
            "object" => write_object(value, out),
            "context" => write_context(value, out),
            "result" => write_result(value, out),
            "attachments" => write_attachments(value, false, out),
            _ => write_value(value, out),
        },
    );
    if let Some(attachments) = value.get("attachments").filter(|_| unsigned) {
        write_attachments(attachments, true, out);
    }
}

fn write_value(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(b'0'),
        Value::Bool(value) => out.push(if *value { b't' } else { b'f' }),
        Value::Number(number) => {
            let (negative, digits, exponent) = plain_number(number);
            put(if negative { b'-' } else { b'+' }, &digits, out);
            out.extend_from_slice(&exponent.to_be_bytes());
        }
        Value::Text(text) => put(b's', text, out),
        Value::List(values) => {
            out.push(b'[');
            values.iter().for_each(|value| write_value(value, out));
            out.push(b']');
        }
        Value::Object(object) => write_sorted(object, out, |_| true, |_, value, out| write_value(value, out)),
    }
}

fn write_without(value: &Value<'_>, left_out: &str, out: &mut Vec<u8>) {
    match value.object() {
        Some(object) => {
            write_sorted(object, out, |name| name != left_out, |_, value, out| write_value(value, out));
        }
        None => write_value(value, out),
    }
}

fn lower(value: &Value<'_>, out: &mut Vec<u8>) {
    match value.text() {
        Some(text) => put(b's', &text.to_lowercase(), out),
        None => write_value(value, out),
    }
}

fn write_agent(value: &Value<'_>, out: &mut Vec<u8>) {
    let Some(object) = value.object() else { return write_value(value, out) };
    write_sorted(
        object,
        out,
        |_| true,
        |name, value, out| match (name, value) {
            ("mbox", Value::Text(text)) => put(b's', &scalar::normal_mailbox(text), out),
            ("mbox_sha1sum", value) => lower(value, out),
            ("member", Value::List(members)) => {
                let mut all: Vec<Vec<u8>> = members
                    .iter()
                    .map(|member| {
                        let mut out = Vec::new();
                        write_agent(member, &mut out);
                        out
                    })
                    .collect();
                all.sort_unstable();
                out.push(b'[');
                out.extend(all.into_iter().flatten());
                out.push(b']');
            }
            (_, value) => write_value(value, out),
        },
    );
}

fn write_object(value: &Value<'_>, out: &mut Vec<u8>) {
    match value.get("objectType").and_then(Value::text) {
        Some("Agent" | "Group") => write_agent(value, out),
        Some("SubStatement") => {
            write_statement(value, false, out);
            // Unlike the statement's own, this time is never assigned by a store.
            let moment = value.get("timestamp").and_then(Value::text);
            let moment = moment.and_then(|text| time::moment(text, Version::One));
            out.extend_from_slice(&moment.unwrap_or_default().to_be_bytes());
        }
        Some("StatementRef") => write_reference(value, out),
        _ => write_without(value, "definition", out),
    }
}

fn write_reference(value: &Value<'_>, out: &mut Vec<u8>) {
    match value.object() {
        Some(object) => write_sorted(
            object,
            out,
            |_| true,
            |name, value, out| if name == "id" { lower(value, out) } else { write_value(value, out) },
        ),
        None => write_value(value, out),
    }
}

fn write_result(value: &Value<'_>, out: &mut Vec<u8>) {
    let Some(object) = value.object() else { return write_value(value, out) };
    write_sorted(
        object,
        out,
        |_| true,
        |name, value, out| match (name, value) {
            ("duration", Value::Text(text)) => {
                put(b's', time::comparable_duration(text).trim_end_matches('S'), out);
            }
            (_, value) => write_value(value, out),
        },
    );
}

fn write_context(value: &Value<'_>, out: &mut Vec<u8>) {
    let Some(object) = value.object() else { return write_value(value, out) };
    write_sorted(
        object,
        out,
        |_| true,
        |name, value, out| match (name, value) {
            ("registration" | "language", value) => lower(value, out),
            ("statement", value) => write_reference(value, out),
            ("instructor" | "team", value) => write_agent(value, out),
            ("contextActivities", Value::Object(groupings)) => write_sorted(
                groupings,
                out,
                |_| true,
                |_, activities, out| {
                    out.push(b'[');
                    activities.each().iter().for_each(|one| write_without(one, "definition", out));
                    out.push(b']');
                },
            ),
            ("contextAgents" | "contextGroups", Value::List(list)) => {
                out.push(b'[');
                for one in list {
                    let parts = one.object().into_iter().flatten();
                    let parts: Object<'_> =
                        parts.map(|(name, value)| (name.clone(), value.clone())).collect();
                    write_sorted(
                        &parts,
                        out,
                        |_| true,
                        |name, value, out| match name {
                            "agent" | "group" => write_agent(value, out),
                            _ => write_value(value, out),
                        },
                    );
                }
                out.push(b']');
            }
            (_, value) => write_value(value, out),
        },
    );
}

fn write_attachments(value: &Value<'_>, unsigned: bool, out: &mut Vec<u8>) {
    let signs = |one: &Value<'_>| one.get("usageType").and_then(Value::text) == Some(SIGNATURE);
    let kept: Vec<&Value<'_>> = value.each().iter().filter(|one| !(unsigned && signs(one))).collect();
    if kept.is_empty() && unsigned {
        return;
    }
    out.push(b'a');
    for one in kept {
        match one.object() {
            Some(object) => write_sorted(
                object,
                out,
                |_| true,
                |name, value, out| if name == "sha2" { lower(value, out) } else { write_value(value, out) },
            ),
            None => write_value(value, out),
        }
    }
}
