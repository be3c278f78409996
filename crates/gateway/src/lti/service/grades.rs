//! Scores that come, and those that stand (Assignment and Grade Services 2.0, 3.3 and 3.4).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tisheng_kernel::Id;
use tisheng_platform::web::{Filters, Path};
use tisheng_training::course::Course;

use super::{Call, Here, paged};
use crate::lti::actions::scores;
use crate::lti::fault::{Fault, Told};
use crate::lti::model::Line;
use crate::lti::names::{media, scope};
use crate::lti::score::Score;
use crate::lti::store::grades;

/// `POST /lti/courses/{course}/lineitems/{line}/scores`
pub async fn score(
    State(app): Here,
    Path((course, line)): Path<(Id<Course>, Id<Line>)>,
    method: Method,
    headers: HeaderMap,
    query: Filters,
    body: Bytes,
) -> Response {
    match Call::read(app, (method, &headers), course, (query, body), &[scope::SCORE]).await {
        Ok(call) => scored(&call, line).await.unwrap_or_else(IntoResponse::into_response),
        Err(fault) => fault.into_response(),
    }
}

async fn scored(call: &Call, id: Id<Line>) -> Told<Response> {
    if call.method != Method::POST {
        return Err(Fault::method());
    }
    let score = Score::read(&call.body, id, call.ctx.app.wall()).map_err(Fault::malformed)?;
    let mut tx = call.ctx.write().await?;
    let line = scores::line(&mut tx, call.course.id, id).await?;
    scores::take(&call.ctx, &mut tx, (&call.course, &line), &score).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /lti/courses/{course}/lineitems/{line}/results`
pub async fn results(
    State(app): Here,
    Path((course, line)): Path<(Id<Course>, Id<Line>)>,
    method: Method,
    headers: HeaderMap,
    query: Filters,
) -> Response {
    let asked = (method, &headers);
    match Call::read(app, asked, course, (query, Bytes::new()), &[scope::RESULTS]).await {
        Ok(call) => listed(&call, line).await.unwrap_or_else(IntoResponse::into_response),
        Err(fault) => fault.into_response(),
    }
}

async fn listed(call: &Call, id: Id<Line>) -> Told<Response> {
    if call.method != Method::GET {
        return Err(Fault::method());
    }
    let mut tx = call.ctx.read().await?;
    let line = scores::line(&mut tx, call.course.id, id).await?;
    let (limit, only) = (call.limit(), call.query.text("user_id"));
    let mut found = grades::results(&mut tx, id, (call.query.text("after"), only), limit + 1).await?;
    let at = scores::line_at(&call.ctx, &line);
    let more = i64::try_from(found.len()).is_ok_and(|found| found > limit);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| format!("{at}/results?limit={limit}&after={}", last.account));
    let result = |one: grades::Standing| {
        let mut result = json!({
            "id": format!("{at}/results?user_id={}", one.account), "scoreOf": at, "userId": one.account,
            "resultScore": one.given / one.most * line.most, "resultMaximum": line.most,
        });
        if !one.comment.is_empty() {
            result["comment"] = Value::String(one.comment);
        }
        result
    };
    let content = Value::Array(found.into_iter().map(result).collect());
    Ok(paged(media::RESULTS, &content, next))
}
