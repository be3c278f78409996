//! The layers around all routes, and answers that are files.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::Entry;
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, Version, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate};
use tower_http::csrf::{CsrfLayer, ProtectionError};

use super::{Answer, Failure, assets, failure, unsent};
use crate::app::App;
use crate::args;
use crate::files::Blob;

/// Bytes of a form without files.
const FORM_BYTES: usize = 1 << 20;

/// Everything a page may load comes from here, nothing stands in the page itself.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    media-src 'self'; font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'self'";

/// The addresses of all rooms, by who asks at them.
#[derive(Debug, Default)]
pub struct Rooms {
    /// People with browsers: cookies say who asks, and a form is taken from our own pages alone.
    pub pages: Router<Arc<App>>,
    /// Machines: each request carries its own credential, and no cookie counts.
    pub machines: Router<Arc<App>>,
}

impl From<Router<Arc<App>>> for Rooms {
    fn from(pages: Router<Arc<App>>) -> Self {
        Self { pages, machines: Router::new() }
    }
}

/// The routes of the frame itself and the layers around `rooms`.
pub fn framed(rooms: impl Into<Rooms>, app: Arc<App>) -> Router {
    let rooms = rooms.into();
    Router::new()
        .merge(rooms.pages)
        .route("/assets/{name}", get(assets::asset))
        .route("/livez", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .merge(unsent::routes())
        .fallback(|| async { Failure::NotFound })
        .method_not_allowed_fallback(|| async { Failure::FormOnly })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), unsent::keep))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), failure::keep_frame))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(same_site(&app))
        .merge(rooms.machines)
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            Failure::Internal("a handler panicked".to_owned()).into_response()
        }))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(is_whole)))
        // Around all others: what they answer by themselves is guarded as well.
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

type Refusal = fn(ProtectionError) -> Response;

/// Forms are taken from our own pages alone. Older browsers send only `Origin`, and a proxy may
/// have put its own name into `Host`: the address that people use counts as ours in any case.
fn same_site(app: &App) -> CsrfLayer<Refusal> {
    let refusal: Refusal = |_| {
        let advice = "请求不是从本系统的页面发出的，没有执行。请回到本系统的页面，刷新后重新提交。";
        Failure::Refused(advice.to_owned()).into_response()
    };
    let layer = CsrfLayer::new().with_rejection_response(refusal);
    let Some(origin) = origin(&app.config.public_url) else { return layer };
    layer.clone().add_trusted_origin(origin).unwrap_or(layer)
}

/// The origin of `address` as browsers send it: lower case, without the port of its scheme.
fn origin(address: &str) -> Option<String> {
    let address: Uri = address.parse().ok()?;
    let (scheme, authority) = (address.scheme_str()?, address.authority()?.as_str().to_lowercase());
    let port = if scheme == "https" { ":443" } else { ":80" };
    Some(format!("{scheme}://{}", authority.strip_suffix(port).unwrap_or(&authority)))
}

/// Whether an answer may be compressed: a file that can be asked for in parts goes as it is, since
/// places in it mean its own bytes, and most of them are compressed already.
fn is_whole(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(header::ACCEPT_RANGES)
}

/// `GET /readyz`: whether the database takes writes.
async fn ready(State(app): State<Arc<App>>) -> Answer {
    let mut tx = app.db.write().await?;
    tx.run("delete from session where expires_at <= $1", args![0_i64]).await?;
    tx.commit().await?;
    Ok("ready\n".into_response())
}

async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.config.is_https() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
        secure_cookies(headers);
    }
    response
}

/// Adds `Secure` to the cookies that lack it.
fn secure_cookies(headers: &mut HeaderMap) {
    let Entry::Occupied(mut cookies) = headers.entry(header::SET_COOKIE) else { return };
    for cookie in cookies.iter_mut() {
        let text = cookie.to_str().unwrap_or_default();
        if !text.split(';').any(|part| part.trim() == "Secure") {
            *cookie =
                HeaderValue::from_str(&format!("{text}; Secure")).unwrap_or(HeaderValue::from_static(""));
        }
    }
}

/// How a browser is to treat a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Saved under its name.
    Attachment,
    /// Shown in the page; only for kinds that cannot carry scripts.
    Inline,
}

/// The answer that is a file made on the spot, saved as `name`.
pub fn download(name: &str, content_type: &'static str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_DISPOSITION, disposition(Disposition::Attachment, name)),
    ];
    (headers, bytes).into_response()
}

/// The answer that is a picture or the like taken out of a stored file, shown in the page; only for kinds
/// that cannot carry scripts.
pub fn inline(content_type: &'static str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=600")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
    ];
    (headers, bytes).into_response()
}

fn disposition(kind: Disposition, name: &str) -> HeaderValue {
    let kind = match kind {
        Disposition::Attachment => "attachment",
        Disposition::Inline => "inline",
    };
    let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
    HeaderValue::from_str(&format!("{kind}; filename*=UTF-8''{name}"))
        .expect("percent-encoded names are valid in a header")
}

/// The answer that is a stored file, or the part of it that a `Range` header asks for.
///
/// # Errors
/// When the file cannot be read.
pub async fn stored(
    app: &App,
    request: &HeaderMap,
    blob: &Blob,
    content_type: &str,
    name: &str,
    kind: Disposition,
) -> Answer {
    let size = u64::try_from(blob.size).unwrap_or(0);
    let asked = request.get(header::RANGE).and_then(|v| v.to_str().ok()).map(|text| range(text, size));
    let (status, span) = match asked {
        None | Some(Asked::Unclear) => (StatusCode::OK, 0..size),
        Some(Asked::Part(span)) => (StatusCode::PARTIAL_CONTENT, span),
        Some(Asked::Outside) => {
            let whole = format!("bytes */{size}");
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, whole)]).into_response());
        }
    };
    let length = span.end - span.start;
    let body = if length == 0 {
        Body::from(Bytes::new())
    } else {
        Body::from_stream(app.files.stream(&blob.digest, span.clone()).await?)
    };
    let content_type =
        HeaderValue::from_str(content_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, content_type);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_DISPOSITION, disposition(kind, name));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=600"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if status == StatusCode::PARTIAL_CONTENT {
        let part = format!("bytes {}-{}/{size}", span.start, span.end - 1);
        headers.insert(header::CONTENT_RANGE, HeaderValue::from_str(&part).expect("digits are valid"));
    }
    Ok(response)
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Part(std::ops::Range<u64>),
    Outside,
    Unclear,
}

/// Reads one byte range (RFC 9110, 14.1.2); several at once are answered with the whole.
fn range(text: &str, size: u64) -> Asked {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|spec| spec.trim().split_once('-')) else {
        return Asked::Unclear;
    };
    let span = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(tail)) if first.is_empty() => size.saturating_sub(tail)..size,
        _ => return Asked::Unclear,
    };
    if span.start < span.end { Asked::Part(span) } else { Asked::Outside }
}

#[cfg(test)]
mod tests {
    use super::{Asked, origin, range};

    #[test]
    fn an_origin_is_written_as_browsers_send_it() {
        assert_eq!(origin("https://Tisheng.test:443/sub").as_deref(), Some("https://tisheng.test"));
        assert_eq!(origin("http://10.0.0.1:8080").as_deref(), Some("http://10.0.0.1:8080"));
        assert_eq!(origin("tisheng.test"), None);
    }

    #[test]
    fn ranges_as_browsers_ask_for_them() {
        assert_eq!(range("bytes=0-99", 1000), Asked::Part(0..100));
        assert_eq!(range("bytes=900-", 1000), Asked::Part(900..1000));
        assert_eq!(range("bytes=-100", 1000), Asked::Part(900..1000));
        assert_eq!(range("bytes=0-5000", 1000), Asked::Part(0..1000));
        assert_eq!(range("bytes=1000-", 1000), Asked::Outside);
        assert_eq!(range("bytes=5-1", 1000), Asked::Unclear);
        assert_eq!(range("bytes=0-1,4-5", 1000), Asked::Unclear);
    }
}
