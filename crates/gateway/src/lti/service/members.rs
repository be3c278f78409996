//! Who has opened a course (Names and Role Provisioning Services 2.0).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tisheng_kernel::Id;
use tisheng_platform::web::{Filters, Path};
use tisheng_training::course::Course;

use super::{Call, Here, paged};
use crate::address::with;
use crate::lti::actions::launch::here;
use crate::lti::fault::{Fault, Told};
use crate::lti::message::members_at;
use crate::lti::names::{media, role, scope};
use crate::lti::store::grades;

/// `GET /lti/courses/{course}/members`
pub async fn list(
    State(app): Here,
    Path(course): Path<Id<Course>>,
    method: Method,
    headers: HeaderMap,
    query: Filters,
) -> Response {
    let asked = (method, &headers);
    match Call::read(app, asked, course, (query, Bytes::new()), &[scope::MEMBERS]).await {
        Ok(call) => listed(&call).await.unwrap_or_else(IntoResponse::into_response),
        Err(fault) => fault.into_response(),
    }
}

async fn listed(call: &Call) -> Told<Response> {
    if call.method != Method::GET {
        return Err(Fault::method());
    }
    let (ctx, course) = (&call.ctx, &call.course);
    let limit = call.limit();
    let only = call.query.text("role");
    let asked = only.is_empty() || only == role::LEARNER || only.eq_ignore_ascii_case("learner");
    let link = call.query.text("rlid");
    if !link.is_empty() && link != course.id.to_string() {
        return Err(Fault::absent());
    }
    let mut tx = ctx.read().await?;
    let mut found = if asked {
        grades::members(&mut tx, course.id, call.query.text("after"), limit + 1).await?
    } else {
        Vec::new()
    };
    let at = members_at(here(ctx), course.id);
    let more = i64::try_from(found.len()).is_ok_and(|found| found > limit);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|(account, _)| {
        let limit = limit.to_string();
        let kept = [("role", only), ("rlid", link)].into_iter().filter(|(_, value)| !value.is_empty());
        let place = [("limit", limit.as_str()), ("after", account.as_str())];
        with(&at, &place.into_iter().chain(kept).collect::<Vec<_>>())
    });
    let member = |(account, name): (String, String)| {
        let mut member = json!({ "status": "Active", "user_id": account, "roles": [role::LEARNER] });
        if call.tool.names {
            member["name"] = Value::String(name);
        }
        member
    };
    let content = json!({
        "id": at,
        "context": { "id": course.id.to_string(), "label": course.code, "title": course.title },
        "members": found.into_iter().map(member).collect::<Vec<_>>(),
    });
    Ok(paged(media::MEMBERS, &content, next))
}
