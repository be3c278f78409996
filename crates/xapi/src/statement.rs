//! Statements: read and checked, asked for what a store needs, written with what a store adds.

use std::collections::HashSet;

use uuid::Uuid;

use crate::agent::{self, Wanted};
use crate::attachment::{self, Attachment};
use crate::check::{Check, Place, Violation};
use crate::json::{JsonError, Value};
use crate::term::{Term, TermKind, Terms};
use crate::{Version, activity, context, result, scalar, time};

/// The verb that takes a statement back (Data 2.3.2).
pub const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";
/// The use of an attachment that signs its statement (Data 2.6).
pub const SIGNATURE: &str = "http://adlnet.gov/expapi/attachments/signature";

const STATEMENT: [&str; 11] = [
    "id",
    "actor",
    "verb",
    "object",
    "result",
    "context",
    "timestamp",
    "stored",
    "authority",
    "version",
    "attachments",
];
const SUBSTATEMENT: [&str; 8] =
    ["objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments"];

/// What the object of a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An activity.
    Activity,
    /// An agent or a group.
    Agent,
    /// Another statement, known by its id.
    Reference(Uuid),
    /// A statement within this one.
    SubStatement,
}

/// What was sent cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It breaks rules of the standard; each with its place.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Rules(Vec<Violation>),
}

/// A statement that keeps every rule of its version.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement<'a> {
    /// As it was sent.
    pub root: Value<'a>,
    /// Its id, when the sender gave one.
    pub id: Option<Uuid>,
    /// When it happened, in microseconds since 1970-01-01 UTC, when the sender said so.
    pub timestamp: Option<i64>,
    /// The headers of its attachments, those of a substatement included.
    pub attachments: Vec<Attachment>,
}

/// The statements of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch<'a> {
    /// In the order in which they were sent.
    pub statements: Vec<Statement<'a>>,
    /// Whether they came as a list, be it of one.
    pub is_list: bool,
}

/// Reads the statement or the statements of a request.
///
/// # Errors
/// [`Refusal`] with every breach of a rule; a request is taken whole or not at all.
pub fn read(text: &str, version: Version) -> Result<Batch<'_>, Refusal> {
    let root = Value::parse(text)?;
    let mut check = Check::new(version);
    let batch = match root {
        Value::List(values) => {
            let mut ids = HashSet::new();
            let mut statements = Vec::with_capacity(values.len());
            for (index, value) in values.into_iter().enumerate() {
                let place = Place::Item(&Place::Root, index);
                let statement = checked(&mut check, &place, value);
                if statement.id.is_some_and(|id| !ids.insert(id)) {
                    check.say(&place.of("id"), "is the id of another statement in the same request");
                }
                statements.push(statement);
            }
            Batch { statements, is_list: true }
        }
        one => Batch { statements: vec![checked(&mut check, &Place::Root, one)], is_list: false },
    };
    check.finish().map_err(Refusal::Rules)?;
    Ok(batch)
}

/// Reads one statement.
///
/// # Errors
/// As [`read`]; a list is refused.
pub fn read_one(text: &str, version: Version) -> Result<Statement<'_>, Refusal> {
    let root = Value::parse(text)?;
    let mut check = Check::new(version);
    let statement = checked(&mut check, &Place::Root, root);
    check.finish().map_err(Refusal::Rules)?;
    Ok(statement)
}

fn checked<'a>(check: &mut Check, place: &Place<'_>, root: Value<'a>) -> Statement<'a> {
    let (mut id, mut timestamp) = (None, None);
    let mut attachments = Vec::new();
    if let Some(object) = check.object(place, &root, &STATEMENT) {
        for (name, value) in object.iter().filter(|(_, value)| *value != Value::Null) {
            let here = place.of(name);
            match name.as_ref() {
                "id" => id = check.uuid(&here, value),
                "timestamp" => timestamp = check.timestamp(&here, value),
                "stored" => {
                    check.timestamp(&here, value);
                }
                "authority" => agent::check_authority(check, &here, value),
                "version" => {
                    let version = check.version;
                    let form = format!("{version} or a version that it includes");
                    check.formed(&here, value, |text| version.takes(text), &form);
                }
                _ => {}
            }
        }
        body(check, place, &root, true, &mut attachments);
    }
    Statement { root, id, timestamp, attachments }
}

/// What statements and substatements have in common.
fn body(
    check: &mut Check,
    place: &Place<'_>,
    root: &Value<'_>,
    outermost: bool,
    attachments: &mut Vec<Attachment>,
) {
    let of_activity = matches!(object_type(root), "Activity");
    for (name, value) in root.object().into_iter().flatten().filter(|(_, value)| *value != Value::Null) {
        let here = place.of(name);
        match name.as_ref() {
            "actor" => agent::check(check, &here, value, Wanted::Either),
            "verb" => verb(check, &here, value),
            "object" => object(check, &here, value, outermost, attachments),
            "result" => result::check(check, &here, value),
            "context" => context::check(check, &here, value, of_activity),
            "attachments" => attachments.extend(attachment::check(check, &here, value)),
            _ => {}
        }
    }
    for required in ["actor", "verb", "object"] {
        if root.get(required).is_none() {
            check.missing(place, required);
        }
    }
    if verb_id(root) == Some(VOIDED) && object_type(root) != "StatementRef" {
        check.say(&place.of("object"), "of a voiding statement has to be a StatementRef");
    }
}

fn verb(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    let Some(object) = check.object(place, value, &["id", "display"]) else { return };
    for (name, value) in object {
        let here = place.of(name);
        if name == "id" {
            check.iri(&here, value);
        } else if name == "display" {
            check.language_map(&here, value);
        }
    }
    if value.get("id").is_none() {
        check.missing(place, "id");
    }
}

fn object_type<'v>(statement: &'v Value<'_>) -> &'v str {
    let object = statement.get("object");
    object.and_then(|object| object.get("objectType")).and_then(Value::text).unwrap_or("Activity")
}

fn verb_id<'v>(statement: &'v Value<'_>) -> Option<&'v str> {
    statement.get("verb")?.get("id")?.text()
}

fn object(
    check: &mut Check,
    place: &Place<'_>,
    value: &Value<'_>,
    outermost: bool,
    attachments: &mut Vec<Attachment>,
) {
    match value.get("objectType").map(|kind| (kind.text(), kind)) {
        None | Some((Some("Activity"), _)) => activity::check(check, place, value),
        Some((Some("Agent" | "Group"), _)) => agent::check(check, place, value, Wanted::Either),
        Some((Some("StatementRef"), _)) => check_reference(check, place, value),
        Some((Some("SubStatement"), _)) if outermost => {
            if let Some(object) = check.object(place, value, &SUBSTATEMENT) {
                if let Some((_, moment)) = object.iter().find(|(name, _)| name == "timestamp") {
                    check.timestamp(&place.of("timestamp"), moment);
                }
                body(check, place, value, false, attachments);
            }
        }
        Some((Some("SubStatement"), _)) => check.say(place, "a substatement must not contain another"),
        // Nothing else looks at the properties of such an object.
        Some((_, Value::Null)) => check.say(&place.of("objectType"), "must not be null"),
        Some((_, kind)) => {
            let words = ["Activity", "Agent", "Group", "StatementRef", "SubStatement"];
            check.one_of(&place.of("objectType"), kind, &words);
        }
    }
}

pub(crate) fn check_reference(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    if check.object(place, value, &["objectType", "id"]).is_none() {
        return;
    }
    match value.get("objectType") {
        Some(kind) => {
            check.one_of(&place.of("objectType"), kind, &["StatementRef"]);
        }
        None => check.missing(place, "objectType"),
    }
    match value.get("id") {
        Some(id) => {
            check.uuid(&place.of("id"), id);
        }
        None => check.missing(place, "id"),
    }
}

impl<'a> Statement<'a> {
    /// A statement as a store gives it back, which has been checked when it came.
    ///
    /// # Errors
    /// [`JsonError`] when it is not what a store wrote.
    pub fn stored(text: &'a str) -> Result<Self, JsonError> {
        let root = Value::parse(text)?;
        let text = |name: &str| root.get(name).and_then(Value::text);
        let id = text("id").and_then(scalar::uuid);
        let timestamp = text("timestamp").and_then(|text| time::moment(text, Version::One));
        let mut attachments = Vec::new();
        let mut check = Check::new(Version::Two);
        let sub = root.get("object").and_then(|object| object.get("attachments"));
        for value in root.get("attachments").into_iter().chain(sub) {
            attachments.extend(attachment::check(&mut check, &Place::Root, value));
        }
        Ok(Self { id, timestamp, attachments, root })
    }

    /// What the object is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match object_type(&self.root) {
            "Agent" | "Group" => Kind::Agent,
            "SubStatement" => Kind::SubStatement,
            "StatementRef" => {
                let id = self.root.get("object").and_then(|o| o.get("id")).and_then(Value::text);
                Kind::Reference(id.and_then(scalar::uuid).unwrap_or_default())
            }
            _ => Kind::Activity,
        }
    }

    /// The statement that this one takes back.
    #[must_use]
    pub fn voids(&self) -> Option<Uuid> {
        match self.kind() {
            Kind::Reference(id) if self.verb() == VOIDED => Some(id),
            _ => None,
        }
    }

    /// The verb's IRI.
    #[must_use]
    pub fn verb(&self) -> &str {
        verb_id(&self.root).unwrap_or_default()
    }

    /// The object's IRI, where it is an activity.
    #[must_use]
    pub fn activity(&self) -> Option<&str> {
        let object = self.root.get("object").filter(|_| self.kind() == Kind::Activity);
        object.and_then(|object| object.get("id")).and_then(Value::text)
    }

    /// The key of the authority, where the statement names one.
    #[must_use]
    pub fn authority_key(&self) -> Option<String> {
        self.root.get("authority").and_then(agent::key)
    }

    /// By what the statement is found. `authority` is the key of whoever vouches for it.
    #[must_use]
    pub fn terms(&self, authority: Option<&str>) -> Vec<Term> {
        let mut terms = Terms::default();
        if let Some(key) = authority {
            terms.add(TermKind::RelatedAgent, key);
        }
        let related = (TermKind::RelatedAgent, TermKind::RelatedActivity);
        terms_of(&self.root, &mut terms, (TermKind::Agent, TermKind::Activity));
        terms.add(TermKind::Verb, self.verb());
        let context = self.root.get("context");
        let registration = context.and_then(|context| context.get("registration")).and_then(Value::text);
        if let Some(registration) = registration {
            terms.add(TermKind::Registration, registration.to_ascii_lowercase());
        }
        if let Some(sub) = self.root.get("object").filter(|_| self.kind() == Kind::SubStatement) {
            terms_of(sub, &mut terms, related);
        }
        terms.finish()
    }

    /// Gives each activity that the statement names with a definition to `visit`.
    pub fn each_definition<'v>(&'v self, mut visit: impl FnMut(&'v str, &'v Value<'a>)) {
        let sub = self.root.get("object").filter(|_| self.kind() == Kind::SubStatement);
        for root in std::iter::once(&self.root).chain(sub) {
            each_activity(root, &mut |activity, _| {
                let id = activity.get("id").and_then(Value::text);
                if let (Some(id), Some(definition)) = (id, activity.get("definition")) {
                    visit(id, definition);
                }
            });
        }
    }
}

/// Gives each activity of a statement to `visit`, and whether it is the object.
pub(crate) fn each_activity<'v, 'a>(statement: &'v Value<'a>, visit: &mut impl FnMut(&'v Value<'a>, bool)) {
    if let Some(object) = statement.get("object").filter(|_| object_type(statement) == "Activity") {
        visit(object, true);
    }
    let groupings = statement.get("context").and_then(|context| context.get("contextActivities"));
    for (_, activities) in groupings.and_then(Value::object).into_iter().flatten() {
        for activity in activities.each() {
            visit(activity, false);
        }
    }
}

fn terms_of<'v>(statement: &'v Value<'_>, terms: &mut Terms<'v>, own: (TermKind, TermKind)) {
    let mut put = |kind: TermKind, agent: &Value<'_>| agent::each_key(agent, |key| terms.add(kind, key));
    if let Some(actor) = statement.get("actor") {
        put(own.0, actor);
    }
    if let Some(object) =
        statement.get("object").filter(|_| matches!(object_type(statement), "Agent" | "Group"))
    {
        put(own.0, object);
    }
    let context = statement.get("context");
    let inside = |name: &str| context.and_then(|context| context.get(name));
    for agent in [inside("instructor"), inside("team")].into_iter().flatten() {
        put(TermKind::RelatedAgent, agent);
    }
    for (list, who) in [("contextAgents", "agent"), ("contextGroups", "group")] {
        for one in inside(list).map(Value::each).unwrap_or_default() {
            if let Some(agent) = one.get(who) {
                put(TermKind::RelatedAgent, agent);
            }
        }
    }
    each_activity(statement, &mut |activity, is_object| {
        if let Some(id) = activity.get("id").and_then(Value::text) {
            terms.add(if is_object { own.1 } else { TermKind::RelatedActivity }, id);
        }
    });
}
