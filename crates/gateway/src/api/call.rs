//! A request taken apart, its token let in, and handed to its resource.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::Value;
use tisheng_kernel::Id;
use tisheng_platform::{App, Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_rules::Scheme;
use tisheng_training::platform::{self, Platform};
use uuid::Uuid;

use super::problem::{Problem, Told};
use super::{catalogue, hours, json, progress, roster};
use crate::token::{self, Scope, Token};

/// Bytes of a request.
const MOST: usize = 2 << 20;
/// Bytes that are read of a request which is turned away, so that its sender's connection lasts.
const READ_AWAY: usize = 256 << 10;
/// Rows of a page unless fewer or more are asked for.
const USUAL_PAGE: i64 = 100;
/// Rows of a page.
const LARGEST_PAGE: i64 = 500;

/// A request whose token was let in.
#[derive(Debug)]
pub struct Call {
    pub ctx: Ctx,
    pub token: Token,
    pub method: Method,
    /// The path behind `/api/v1/`, and the query.
    pub resource: String,
    pub params: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// Answers every request to `/api/v1`.
pub async fn enter(State(app): State<Arc<App>>, request: Request) -> Response {
    answered(app, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(app: Arc<App>, request: Request) -> Told<Response> {
    let (parts, body) = request.into_parts();
    let admitted = token::admit(&app, &parts.headers).await.map_err(Problem::from);
    let body = read(&parts.headers, body, admitted.is_ok()).await;
    let (token, body) = (admitted?, body?);
    let resource = parts.uri.path().strip_prefix("/api/v1/").unwrap_or_default().to_owned();
    let params: Vec<(String, String)> = serde_urlencoded::from_str(parts.uri.query().unwrap_or_default())
        .map_err(|_| Problem::malformed("地址中的参数无法识别"))?;
    if params.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(Problem::malformed("参数中有无法识别的字符"));
    }
    let ctx = Ctx::new(app, token.who());
    let call = Call { ctx, token, method: parts.method, resource, params, headers: parts.headers, body };
    let segments: Vec<&str> = call.resource.split('/').collect();
    match segments[..] {
        ["hours"] => hours::answer(&call).await,
        ["people", id, "hours"] => hours::of_person(&call, id).await,
        ["organisations"] => roster::organisations(&call).await,
        ["people"] => roster::people(&call).await,
        ["courses"] => catalogue::answer(&call).await,
        ["progress"] => progress::answer(&call).await,
        _ => Err(Problem::absent()),
    }
}

async fn read(headers: &HeaderMap, body: Body, admitted: bool) -> Told<Bytes> {
    if !admitted {
        // What is not read ends the connection, and with it the next request of the same sender.
        return Ok(to_bytes(body, READ_AWAY).await.unwrap_or_default());
    }
    to_bytes(body, MOST).await.map_err(|_| unread(headers))
}

/// Why a content was not read to its end: it is larger than one may be, or ends before the length that
/// its sender has named. Nobody is told to send less of what was only cut off.
fn unread(headers: &HeaderMap) -> Problem {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    match length.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length <= MOST => Problem::malformed("内容没有收完，请重新发送"),
        _ => Problem::too_large(format!("一次请求最多 {} MB，请分批发送", MOST >> 20)),
    }
}

impl Call {
    /// Refuses methods other than those of `allow`, such as `GET, POST`.
    pub fn knows(&self, allow: &'static str) -> Told<()> {
        let known = allow.split(", ").any(|method| self.method.as_str() == method);
        if known { Ok(()) } else { Err(Problem::method(allow)) }
    }

    /// Refuses a token without `scope`.
    pub fn needs(&self, scope: Scope) -> Told<()> {
        if self.token.allows(scope) { Ok(()) } else { Err(Problem::scope(scope)) }
    }

    /// Refuses parameters that are none of `known`, and those given twice: one that is misspelt would be passed
    /// over in silence, and the answer taken for what was asked.
    pub fn takes(&self, known: &[&str]) -> Told<()> {
        for (place, (name, _)) in self.params.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(Problem::parameter(name, known));
            }
            if self.params[..place].iter().any(|(other, _)| other == name) {
                return Err(Problem::malformed(format!("参数 {name} 写了不止一次，请只写一次")));
            }
        }
        Ok(())
    }

    /// The parameter `name`; empty when it is not given.
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim())
    }

    /// Rows that the page may have.
    pub fn limit(&self) -> Told<i64> {
        match self.param("limit") {
            "" => Ok(USUAL_PAGE),
            text => {
                let limit = text.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit));
                limit.ok_or_else(|| Problem::malformed(format!("limit 应为 1 到 {LARGEST_PAGE} 的整数")))
            }
        }
    }

    /// The programme that runs where the token acts.
    pub async fn programme(&self, tx: &mut Tx) -> Told<Programme> {
        Ok(scheme::at(tx, &self.token.path).await?)
    }

    /// The platform in whose name the token speaks.
    pub async fn platform(&self, tx: &mut Tx) -> Told<Platform> {
        let id = self.token.platform.ok_or_else(Problem::no_platform)?;
        platform::of_id(tx, id).await?.ok_or_else(Problem::absent)
    }

    /// The platform in whose name the token reports, with the programme and its rules.
    pub async fn reporting(&self, tx: &mut Tx) -> Told<(Platform, Programme, Arc<Scheme>)> {
        let platform = self.platform(tx).await?;
        if platform.state != platform::State::Active {
            return Err(Problem::suspended());
        }
        let programme = scheme::of_id(tx, platform.programme).await?;
        let rules = scheme::rules(&self.ctx.app, tx, &programme).await?;
        Ok((platform, programme, rules))
    }

    /// The content as JSON.
    pub fn json(&self) -> Told<Value> {
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (kind, coding) = (header(header::CONTENT_TYPE), header(header::CONTENT_ENCODING));
        if !is_plain_json(kind) || !(coding.is_empty() || coding.eq_ignore_ascii_case("identity")) {
            return Err(Problem::kind());
        }
        let value = json::read(&self.body)?;
        if holds_nul(&value) {
            Err(Problem::malformed("内容中有无法识别的字符"))
        } else {
            Ok(value)
        }
    }
}

/// Whether a content type is that of JSON, in the only encoding that JSON has.
fn is_plain_json(kind: &str) -> bool {
    let mut parts = kind.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let charset = parts.filter_map(|part| part.split_once('='));
    let mut charset = charset.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    is_json && charset.all(|(_, said)| said.trim().trim_matches('"').eq_ignore_ascii_case("utf-8"))
}

/// Whether a text of `value` holds a character that no text has (U+0000): one engine stores it, the
/// other refuses.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}

/// The identifier that `text` is, in either way of writing.
pub fn id<T>(text: &str) -> Told<Id<T>> {
    text.parse::<Uuid>().map(Id::from_uuid).map_err(|_| Problem::absent())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, StatusCode, header};
    use axum::response::IntoResponse;

    use super::unread;

    #[test]
    fn what_was_cut_off_is_told_from_what_is_too_large() {
        let status = |length: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_LENGTH, length.parse().expect("a value"));
            unread(&headers).into_response().status()
        };
        assert_eq!(status("500"), StatusCode::BAD_REQUEST);
        assert_eq!(status("9000000"), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(unread(&HeaderMap::new()).into_response().status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
