//! Documents that belong to an activity, an agent or both (Communication 2.2 to 2.7).

use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use tisheng_kernel::Instant;
use tisheng_xapi::json::Value;
use tisheng_xapi::multipart::essence;
use tisheng_xapi::scalar::{is_iri, uuid};
use tisheng_xapi::{Version, agent};

use super::call::Call;
use super::fault::{Fault, Told};
use super::model::Scope;
use super::resources::http_date;
use super::statement_calls::json_answer;
use super::store::documents::{self, Document};

/// Bytes of a stateId or profileId: it is part of a key.
const LONGEST_NAME: usize = 1_000;

/// What comes before the owner of documents: no byte of a text in UTF-8.
const OWNER: [u8; 1] = [0xff];

/// Attempts at a change that somebody else is in the way of.
const ATTEMPTS: usize = 5;

/// Whose documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// Of an agent at an activity.
    State,
    /// Of an activity.
    Activity,
    /// Of an agent.
    Agent,
}

impl Resource {
    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::State => &["activityId", "agent", "registration", "stateId", "since"],
            Self::Activity => &["activityId", "profileId", "since"],
            Self::Agent => &["agent", "profileId", "since"],
        }
    }

    const fn name(self) -> &'static str {
        if matches!(self, Self::State) { "stateId" } else { "profileId" }
    }

    const fn scope(self) -> Scope {
        if matches!(self, Self::State) { Scope::State } else { Scope::Profile }
    }
}

/// What a request is about.
struct Asked<'c> {
    space: Vec<u8>,
    registration: String,
    name: Option<&'c str>,
}

impl<'c> Asked<'c> {
    fn of(call: &'c Call, resource: Resource) -> Told<Self> {
        call.knows(resource.parameters())?;
        let mut space = Sha256::new_with_prefix([resource as u8]);
        if let Some(owner) = call.credential.owner() {
            space.update(OWNER);
            space.update(owner.as_bytes());
        }
        if resource != Resource::Agent {
            let iri = call.required("activityId")?;
            if !is_iri(iri) {
                return Err(Fault::bad("the parameter activityId has to be an IRI"));
            }
            space.update(iri.as_bytes());
        }
        // An IRI has no line break: its end cannot be taken for the beginning of the agent.
        space.update(b"\n");
        if resource != Resource::Activity {
            let found = agent::parameter(call.required("agent")?, call.version, true)
                .map_err(|e| Fault::bad(format!("the parameter agent: {e}")))?;
            space.update(found.key.as_bytes());
        }
        let registration = match call.param("registration") {
            None => String::new(),
            Some(text) => uuid(text)
                .ok_or_else(|| Fault::bad("the parameter registration has to be a UUID"))?
                .hyphenated()
                .to_string(),
        };
        call.moment("since")?;
        Ok(Self { space: space.finalize().to_vec(), registration, name: call.param(resource.name()) })
    }

    fn place(&self, resource: Resource) -> Told<documents::Place<'_>> {
        let name = self.name;
        let name =
            name.ok_or_else(|| Fault::bad(format!("the parameter {} is required", resource.name())))?;
        if name.len() > LONGEST_NAME {
            let said = format!("the parameter {} is longer than {LONGEST_NAME} bytes", resource.name());
            return Err(Fault::bad(said));
        }
        Ok((&self.space, &self.registration, name))
    }
}

pub async fn answer(call: &Call, resource: Resource) -> Told<Response> {
    let asked = Asked::of(call, resource)?;
    if !call.credential.keeps(resource.scope(), !call.is_read()) {
        return Err(Fault::forbidden(resource.scope().code()));
    }
    match call.method {
        Method::GET | Method::HEAD if asked.name.is_none() => names(call, &asked).await,
        Method::GET | Method::HEAD => {
            let mut tx = call.app.db.read_planned().await?;
            let document = documents::document(&mut tx, asked.place(resource)?).await?;
            Ok(shown(document.ok_or_else(Fault::absent)?))
        }
        Method::PUT | Method::POST => {
            let place = asked.place(resource)?;
            for _ in 0..ATTEMPTS {
                if change(call, resource, place).await? {
                    return Ok(StatusCode::NO_CONTENT.into_response());
                }
            }
            Err(Fault::busy())
        }
        Method::DELETE if asked.name.is_none() && resource == Resource::State => {
            let mut tx = call.app.db.write().await?;
            documents::delete_all(&mut tx, &asked.space, &asked.registration).await?;
            tx.commit().await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Method::DELETE => {
            let place = asked.place(resource)?;
            for _ in 0..ATTEMPTS {
                if remove(call, place).await? {
                    return Ok(StatusCode::NO_CONTENT.into_response());
                }
            }
            Err(Fault::busy())
        }
        _ => Err(Fault::method()),
    }
}

async fn names(call: &Call, asked: &Asked<'_>) -> Told<Response> {
    let since = Instant::from_micros(call.moment("since")?.unwrap_or(i64::MIN));
    let mut tx = call.app.db.read_planned().await?;
    let found = documents::names(&mut tx, &asked.space, &asked.registration, since).await?;
    let latest = found.iter().map(|(_, updated)| updated.micros()).max();
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let mut response = json_answer(serde_json::json!(names).to_string());
    if let Some(date) = latest.and_then(|latest| HeaderValue::from_str(&http_date(latest)).ok()) {
        response.headers_mut().insert(header::LAST_MODIFIED, date);
    }
    Ok(response)
}

fn shown(document: Document) -> Response {
    let mut response = document.content.into_response();
    let fields: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, &document.content_type),
        (header::ETAG, &format!("\"{}\"", document.etag)),
        (header::LAST_MODIFIED, &http_date(document.updated.micros())),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    // What somebody has put here must not act in the name of this site in a browser.
    let sandbox = HeaderValue::from_static("default-src 'none'; sandbox");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, sandbox);
    response
}

/// Whether the tag that is kept is what the headers of the request say.
fn allowed(call: &Call, kept: Option<&str>) -> Told<()> {
    let tags = |text: &str| -> Vec<String> {
        text.split(',')
            .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"').to_ascii_lowercase())
            .collect()
    };
    let lists =
        |header: &str| kept.is_some_and(|kept| tags(header).iter().any(|tag| tag == "*" || tag == kept));
    let missed = call.header(&header::IF_MATCH).is_some_and(|header| !lists(header));
    let met = call.header(&header::IF_NONE_MATCH).is_some_and(lists);
    if missed || met { Err(Fault::precondition()) } else { Ok(()) }
}

/// Puts or merges the document of the request; `false` when somebody else was quicker.
async fn change(call: &Call, resource: Resource, place: documents::Place<'_>) -> Told<bool> {
    let mut tx = call.app.db.write().await?;
    let kept = documents::document(&mut tx, place).await?;
    let tag = kept.as_ref().map(|kept| kept.etag.as_str());
    allowed(call, tag)?;
    let blind = call.header(&header::IF_MATCH).is_none() && call.header(&header::IF_NONE_MATCH).is_none();
    let guarded = resource != Resource::State || call.version == Version::Two;
    if call.method == Method::PUT && blind && guarded {
        if kept.is_some() {
            let sentence = "the document is there: read it, and send If-Match with its ETag, \
                or If-None-Match: * to write only a new one";
            return Err(Fault::conflict(sentence));
        }
        if call.version == Version::One {
            // Communication 2.6 and 2.7 have profiles put with a header always.
            return Err(Fault::bad("a new profile is put with the header If-None-Match: *"));
        }
    }
    let kind = call.header(&header::CONTENT_TYPE).unwrap_or("application/octet-stream").to_owned();
    let content = if call.method == Method::POST {
        merged(&kind, &call.body, kept.as_ref())?
    } else {
        call.body.to_vec()
    };
    let etag = hex::encode(Sha1::digest(&content));
    let new = Document { content_type: kind, etag, content, updated: call.at };
    if !documents::keep(&mut tx, place, &new, tag).await? {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

fn is_json(kind: &str) -> bool {
    essence(kind).eq_ignore_ascii_case("application/json")
}

/// What a document becomes by a POST: its properties with those that are sent in place or beside.
fn merged(kind: &str, sent: &[u8], kept: Option<&Document>) -> Told<Vec<u8>> {
    if !is_json(kind) {
        return match kept {
            None => Ok(sent.to_vec()),
            Some(_) => Err(Fault::bad("a document can only be merged as application/json")),
        };
    }
    let new = object(sent).ok_or_else(|| Fault::bad("the content has to be a JSON object"))?;
    let Some(kept) = kept else { return Ok(sent.to_vec()) };
    let old = object(&kept.content).filter(|_| is_json(&kept.content_type));
    let old = old.ok_or_else(|| Fault::bad("what is there is no JSON object and cannot be merged with"))?;
    let (Value::Object(mut all), Value::Object(new)) = (old, new) else {
        return Err(Fault::bad("the content has to be a JSON object"));
    };
    for (name, value) in new {
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some(place) => place.1 = value,
            None => all.push((name, value)),
        }
    }
    Ok(Value::Object(all).to_string().into_bytes())
}

fn object(bytes: &[u8]) -> Option<Value<'_>> {
    let value = Value::parse(std::str::from_utf8(bytes).ok()?).ok()?;
    value.object().is_some().then_some(value)
}

/// Deletes a document; `false` when somebody else changed it in between.
async fn remove(call: &Call, place: documents::Place<'_>) -> Told<bool> {
    let mut tx = call.app.db.write().await?;
    let kept = documents::document(&mut tx, place).await?;
    allowed(call, kept.as_ref().map(|kept| kept.etag.as_str()))?;
    let Some(kept) = kept else { return Ok(true) };
    if !documents::delete(&mut tx, place, &kept.etag).await? {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}
