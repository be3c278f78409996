//! The small resources: what the store is, activities, persons.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use tisheng_xapi::json::Value;
use tisheng_xapi::scalar::is_iri;
use tisheng_xapi::{Statement, Term, TermKind, Version, agent};
use uuid::Uuid;

use super::call::Call;
use super::fault::{Fault, Told};
use super::statement_calls::json_answer;
use super::store;
use super::store::search::{self, Search};
use super::writing::credential_term;

/// Statements in which names of a person are looked for.
const LOOKED_AT: i64 = 50;

/// `/about`
pub fn about() -> Response {
    let versions = Version::ALL.map(Version::latest);
    json_answer(serde_json::json!({ "version": versions, "extensions": {} }).to_string())
}

/// A moment of the store as HTTP writes it.
pub fn http_date(micros: i64) -> String {
    let moment = DateTime::from_timestamp_micros(micros).unwrap_or_default();
    moment.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// `/activities`: an activity as the store knows it.
pub async fn activity(call: &Call) -> Told<Response> {
    if !call.is_read() {
        return Err(Fault::method());
    }
    call.knows(&["activityId"])?;
    let iri = call.required("activityId")?;
    if !is_iri(iri) {
        return Err(Fault::bad("the parameter activityId has to be an IRI"));
    }
    if !call.credential.reads() {
        return Err(Fault::forbidden("statements/read or statements/read/mine"));
    }
    let mut tx = call.app.db.read_planned().await?;
    let definition = store::definition(&mut tx, iri).await?;
    let definition = definition.as_ref().map(|(definition, _)| definition.as_str());
    Ok(json_answer(tisheng_xapi::activity::with_definition(iri, definition)))
}

/// `/agents`: everything that is known of the person behind an agent.
pub async fn person(call: &Call) -> Told<Response> {
    if !call.is_read() {
        return Err(Fault::method());
    }
    call.knows(&["agent"])?;
    let text = call.required("agent")?;
    let found = agent::parameter(text, call.version, false)
        .map_err(|e| Fault::bad(format!("the parameter agent: {e}")))?;
    if !call.credential.reads() {
        return Err(Fault::forbidden("statements/read or statements/read/mine"));
    }
    let mut names: Vec<String> = Vec::new();
    names.extend(found.value.get("name").and_then(Value::text).map(str::to_owned));
    let mut terms = vec![Term::of(TermKind::Agent, &found.key)];
    if !call.credential.reads_all() {
        terms.push(credential_term(call.credential.id.uuid()));
    }
    let behind = (i64::MAX, Uuid::max());
    let wanted = Search { terms, bound: i64::MIN, behind, ascending: false, limit: LOOKED_AT };
    let mut tx = call.app.db.read_planned().await?;
    for kept in search::search(&mut tx, &wanted).await?.kept {
        let statement = Statement::stored(&kept.body).map_err(|e| Fault::internal(&e.to_string()))?;
        for place in ["actor", "object"] {
            let whole = statement.root.get(place);
            let members = whole.and_then(|agent| agent.get("member")).map(Value::each).unwrap_or_default();
            let same = |agent: &&Value<'_>| agent::key(agent).as_deref() == Some(found.key.as_str());
            let agents = whole.into_iter().chain(members).filter(same);
            for name in agents.filter_map(|agent| agent.get("name").and_then(Value::text)) {
                if !names.iter().any(|known| known == name) {
                    names.push(name.to_owned());
                }
            }
        }
    }
    let mut json = String::from("{\"objectType\":\"Person\"");
    if !names.is_empty() {
        json.push_str(&format!(",\"name\":{}", serde_json::json!(names)));
    }
    for name in ["mbox", "mbox_sha1sum", "openid", "account"] {
        if let Some(value) = found.value.get(name) {
            json.push_str(&format!(",\"{name}\":[{value}]"));
        }
    }
    json.push('}');
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}
