//! Content that runs in a browser at another origin (Fetch Standard, CORS protocol). Only origins of the
//! configuration read an answer, and cookies never count: whoever asks has the key of a credential.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tisheng_platform::App;

/// What such content may send.
const METHODS: &str = "GET, HEAD, PUT, POST, DELETE";
const HEADERS: &str =
    "authorization, content-type, x-experience-api-version, if-match, if-none-match, accept, accept-language";
/// What it may read of an answer beside its content.
const EXPOSED: &str =
    "x-experience-api-version, x-experience-api-consistent-through, etag, last-modified, retry-after";
/// Seconds for which a browser keeps what it was told: two hours, the most that browsers keep.
const KEPT: &str = "7200";

/// The origin of a request, when it is one of those that may read.
pub fn origin(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let sent = headers.get(header::ORIGIN)?;
    let is_known = |known: &String| known.as_bytes() == sent.as_bytes();
    app.config.xapi_origins.iter().any(is_known).then(|| sent.clone())
}

/// Whether a browser asks what it may send, before it sends anything.
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// What a browser may send.
pub fn preflight() -> Response {
    let told = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, KEPT),
    ];
    (StatusCode::NO_CONTENT, told).into_response()
}

/// Lets `origin` read the answer with these headers.
pub fn open(app: &App, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    if app.config.xapi_origins.is_empty() {
        return;
    }
    // Whoever keeps answers keeps one for each origin.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
}
