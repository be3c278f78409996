//! Columns of scores (Assignment and Grade Services 2.0, 3.2).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tisheng_kernel::Id;
use tisheng_platform::web::{Filters, Path};
use tisheng_training::course::Course;

use super::{Call, Here, answer};
use crate::lti::actions::scores;
use crate::lti::fault::{Fault, Told};
use crate::lti::model::Line;
use crate::lti::names::{media, scope};
use crate::lti::store::grades;

/// Characters of a label, or of a word of the tool, at most.
const TEXT: usize = 200;

/// What a method needs.
fn needed(method: &Method) -> &'static [&'static str] {
    if method == Method::GET { &[scope::LINES_READ, scope::LINES] } else { &[scope::LINES] }
}

/// `GET`, `POST /lti/courses/{course}/lineitems`
pub async fn all(
    State(app): Here,
    Path(course): Path<Id<Course>>,
    method: Method,
    headers: HeaderMap,
    query: Filters,
    body: Bytes,
) -> Response {
    let needed = needed(&method);
    match Call::read(app, (method, &headers), course, (query, body), needed).await {
        Ok(call) => of_course(&call).await.unwrap_or_else(IntoResponse::into_response),
        Err(fault) => fault.into_response(),
    }
}

async fn of_course(call: &Call) -> Told<Response> {
    match call.method {
        Method::GET => {
            let mut tx = call.ctx.read().await?;
            let lines = grades::lines(&mut tx, call.course.id).await?;
            let asked =
                |name: &str, is: &str| call.query.text(name).is_empty() || call.query.text(name) == is;
            let link = call.course.id.to_string();
            let fitting = lines.iter().filter(|line| {
                asked("resource_id", &line.resource)
                    && asked("tag", &line.tag)
                    && asked("resource_link_id", if line.counts { &link } else { "" })
            });
            let content = Value::Array(fitting.map(|line| shown(call, line)).collect());
            Ok(answer(StatusCode::OK, media::LINES, &content))
        }
        Method::POST => {
            let line = read(call, None)?;
            let mut tx = call.ctx.write().await?;
            scores::add_line(&call.ctx, &mut tx, &line).await?;
            tx.commit().await?;
            Ok(answer(StatusCode::CREATED, media::LINE, &shown(call, &line)))
        }
        _ => Err(Fault::method()),
    }
}

/// `GET`, `PUT`, `DELETE /lti/courses/{course}/lineitems/{line}`
pub async fn one(
    State(app): Here,
    Path((course, line)): Path<(Id<Course>, Id<Line>)>,
    method: Method,
    headers: HeaderMap,
    query: Filters,
    body: Bytes,
) -> Response {
    let needed = needed(&method);
    match Call::read(app, (method, &headers), course, (query, body), needed).await {
        Ok(call) => of_line(&call, line).await.unwrap_or_else(IntoResponse::into_response),
        Err(fault) => fault.into_response(),
    }
}

async fn of_line(call: &Call, id: Id<Line>) -> Told<Response> {
    if call.method == Method::GET {
        let mut tx = call.ctx.read().await?;
        let line = scores::line(&mut tx, call.course.id, id).await?;
        return Ok(answer(StatusCode::OK, media::LINE, &shown(call, &line)));
    }
    let mut tx = call.ctx.write().await?;
    let line = scores::line(&mut tx, call.course.id, id).await?;
    let response = match call.method {
        Method::PUT => {
            let new = read(call, Some(&line))?;
            scores::amend_line(&call.ctx, &mut tx, (&line, &new)).await?;
            answer(StatusCode::OK, media::LINE, &shown(call, &new))
        }
        Method::DELETE => {
            scores::drop_line(&call.ctx, &mut tx, &line).await?;
            StatusCode::NO_CONTENT.into_response()
        }
        _ => return Err(Fault::method()),
    };
    tx.commit().await?;
    Ok(response)
}

/// What a tool says of a column: a new one, or `known` anew, which stays bound as it is.
fn read(call: &Call, known: Option<&Line>) -> Told<Line> {
    let said: Map<String, Value> = serde_json::from_slice(&call.body)
        .map_err(|error| Fault::malformed(format!("the line item is no JSON object: {error}")))?;
    let text = |name: &str| match said.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) if text.chars().count() <= TEXT && !text.contains('\0') => {
            Ok(text.trim().to_owned())
        }
        Some(_) => Err(Fault::malformed(format!("{name} has to be a text of at most {TEXT} characters"))),
    };
    let label = text("label")?;
    if label.is_empty() {
        return Err(Fault::malformed("label has to be given"));
    }
    let most = said.get("scoreMaximum").and_then(Value::as_f64).filter(|most| *most > 0.0);
    let most = most.ok_or_else(|| Fault::malformed("scoreMaximum has to be a number of more than 0"))?;
    let link = text("resourceLinkId")?;
    if !link.is_empty() && link != call.course.id.to_string() {
        return Err(Fault::malformed("resourceLinkId is no link of this course"));
    }
    Ok(Line {
        id: known.map_or_else(|| call.ctx.id(), |known| known.id),
        course: call.course.id,
        label,
        most,
        resource: text("resourceId")?,
        tag: text("tag")?,
        counts: known.map_or(!link.is_empty(), |known| known.counts),
        declared: known.is_some_and(|known| known.declared),
        starts: text("startDateTime")?,
        ends: text("endDateTime")?,
    })
}

fn shown(call: &Call, line: &Line) -> Value {
    let mut shown =
        json!({ "id": scores::line_at(&call.ctx, line), "label": line.label, "scoreMaximum": line.most });
    let link = if line.counts { line.course.to_string() } else { String::new() };
    for (name, value) in [
        ("resourceLinkId", &link),
        ("resourceId", &line.resource),
        ("tag", &line.tag),
        ("startDateTime", &line.starts),
        ("endDateTime", &line.ends),
    ] {
        if !value.is_empty() {
            shown[name] = Value::String(value.clone());
        }
    }
    shown
}
