//! Long answers: pages by key, the next one linked.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::call::Call;
use super::problem::{Problem, Told};

/// Stands between the parts of a place.
const BETWEEN: char = '\u{1e}';

/// The parts of the place that a call goes on from; `N` empty texts for the beginning.
pub fn read<const N: usize>(call: &Call) -> Told<[String; N]> {
    let text = call.param("after");
    if text.is_empty() {
        return Ok(std::array::from_fn(|_| String::new()));
    }
    let wrong = || Problem::malformed("after 应取自上一页的 next，不能自己写");
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let joined = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or_else(wrong)?;
    let parts: Vec<String> = joined.split(BETWEEN).map(str::to_owned).collect();
    parts.try_into().map_err(|_| wrong())
}

/// A place as it is sent.
fn write(parts: &[&str]) -> String {
    URL_SAFE_NO_PAD.encode(parts.join(&BETWEEN.to_string()))
}

/// A page of `rows`, of which one more than `limit` was asked for; `place` gives the parts of the place
/// behind a row.
pub fn page<T>(
    call: &Call,
    limit: i64,
    mut rows: Vec<T>,
    place: impl Fn(&T) -> Vec<String>,
    written: impl Fn(&T) -> Value,
) -> Response {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| more).map(|row| {
        let parts = place(row);
        write(&parts.iter().map(String::as_str).collect::<Vec<_>>())
    });
    let items: Vec<Value> = rows.iter().map(written).collect();
    let mut response = json_answer(&json!({ "items": items, "next": next }));
    let link = next.as_deref().map(|next| link(call, next));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// The `Link` to the next page (RFC 8288), with the other parameters as they were.
fn link(call: &Call, next: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let kept = call.params.iter().filter(|(name, _)| name != "after");
    let query: Vec<String> = kept
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([("after", next)])
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let url = call.ctx.app.config.public_url.trim_end_matches('/');
    format!("<{url}/api/v1/{}?{}>; rel=\"next\"", call.resource, query.join("&"))
}

/// An answer in JSON.
pub fn json_answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
