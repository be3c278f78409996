//! What we say to a tool (LTI 1.3, 5; Deep Linking 2.0, 4.4). Pure.

use serde_json::{Map, Value, json};
use tisheng_kernel::{Id, Instant};
use tisheng_training::course::Course;

use super::model::{Line, Opens, Tool};
use super::names::{VERSION, claim, message, role, scope};

/// Seconds within which a tool has to have taken a message.
const LIFE: i64 = 300;

/// To whom a message goes, in answer to what.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'m> {
    /// Our address, which is our name as well.
    pub here: &'m str,
    /// The tool.
    pub tool: &'m Tool,
    /// What the tool asks to see again.
    pub nonce: &'m str,
    /// Our name for the person.
    pub subject: &'m str,
    /// The moment of the world.
    pub at: Instant,
}

impl Envelope<'_> {
    /// What every message says.
    fn claims(&self, kind: &str, target: &str) -> Map<String, Value> {
        let now = self.at.micros() / 1_000_000;
        let claims = json!({
            "iss": self.here, "aud": self.tool.client, "azp": self.tool.client, "sub": self.subject,
            "iat": now, "exp": now + LIFE, "nonce": self.nonce,
            claim::MESSAGE: kind, claim::VERSION: VERSION, claim::DEPLOYMENT: self.tool.deployment,
            claim::TARGET: target,
            claim::PLATFORM: {
                "guid": self.here, "name": "提升", "product_family_code": "tisheng",
                "version": env!("CARGO_PKG_VERSION"), "url": self.here,
            },
        });
        match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }
}

/// What is opened.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'m> {
    /// The course.
    pub course: &'m Course,
    /// What it opens, where it was chosen in the tool.
    pub opens: Option<&'m Opens>,
    /// The column of its scores.
    pub line: &'m Line,
    /// The teacher's name, where the tool may know it.
    pub name: Option<&'m str>,
}

/// The message that opens a course for a teacher.
#[must_use]
pub fn launch(envelope: &Envelope<'_>, opening: &Opening<'_>) -> Value {
    let (here, course) = (envelope.here, opening.course);
    let mut claims = envelope.claims(message::LAUNCH, target(envelope.tool, course, opening.opens));
    let mut say = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    say(
        claim::LINK,
        json!({ "id": course.id.to_string(), "title": course.title, "description": course.summary }),
    );
    say(claim::ROLES, json!([role::LEARNER]));
    say(
        claim::CONTEXT,
        json!({ "id": course.id.to_string(), "label": course.code, "title": course.title, "type": [role::OFFERING] }),
    );
    say(
        claim::PRESENTATION,
        json!({ "document_target": "window", "locale": "zh-CN", "return_url": format!("{here}/courses/{}", course.id) }),
    );
    if let Some(opens) = opening.opens.filter(|opens| !opens.custom.is_empty()) {
        say(claim::CUSTOM, Value::Object(opens.custom.clone()));
    }
    let lines = lines_at(here, course.id);
    say(
        claim::GRADES,
        json!({ "scope": scope::GRADES, "lineitems": lines, "lineitem": format!("{lines}/{}", opening.line.id) }),
    );
    say(
        claim::MEMBERS,
        json!({ "context_memberships_url": members_at(here, course.id), "service_versions": ["2.0"] }),
    );
    if let Some(name) = opening.name {
        say("name", json!(name));
    }
    Value::Object(claims)
}

/// What a course opens.
#[must_use]
pub fn target<'m>(tool: &'m Tool, course: &'m Course, opens: Option<&'m Opens>) -> &'m str {
    match opens {
        Some(opens) if !opens.target.is_empty() => &opens.target,
        Some(_) => &tool.target,
        None => tool.target_of(&course.href),
    }
}

/// The message that lets somebody choose courses; the tool gives `data` back.
#[must_use]
pub fn pick(envelope: &Envelope<'_>, data: &str) -> Value {
    let mut claims = envelope.claims(message::PICK, &envelope.tool.picker);
    claims.insert(claim::ROLES.to_owned(), json!([role::DEVELOPER, role::ADMINISTRATOR]));
    claims.insert(
        claim::SETTINGS.to_owned(),
        json!({
            "deep_link_return_url": format!("{}/lti/picked", envelope.here),
            "accept_types": ["ltiResourceLink"], "accept_presentation_document_targets": ["window"],
            "accept_multiple": true, "accept_lineitem": true, "auto_create": false, "data": data,
        }),
    );
    let presentation = json!({ "document_target": "window", "locale": "zh-CN" });
    claims.insert(claim::PRESENTATION.to_owned(), presentation);
    Value::Object(claims)
}

/// The address of the columns of a course.
#[must_use]
pub fn lines_at(here: &str, course: Id<Course>) -> String {
    format!("{here}/lti/courses/{course}/lineitems")
}

/// The address of those who have opened a course.
#[must_use]
pub fn members_at(here: &str, course: Id<Course>) -> String {
    format!("{here}/lti/courses/{course}/members")
}
