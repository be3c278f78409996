//! A request taken apart, its token let in, and answered.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tisheng_platform::{App, Ctx};
use tisheng_policy::scheme;

use super::asked::Asked;
use super::fault::{Fault, Told};
use super::query::Query;
use super::records::Ground;
use super::totals::Totals;
use super::ways;
use crate::proof::basic;
use crate::token::{self, LASTS, Scope, Token};

/// Bytes of a request: the form of the token endpoint is the only content.
const MOST: usize = 64 << 10;
/// How many records there are in all. It belongs to what is asked for and not to the page: on the first
/// page and on the last it is what there is at that moment; on a page between, what was counted when
/// the walk began, at most ten minutes before. Whoever goes from one `next` to the other until there
/// is none misses nothing that has come meanwhile behind the page, whatever stood here before.
const TOTAL: HeaderName = HeaderName::from_static("x-total-count");
/// Scopes of the standard, and what of ours each needs.
const SCOPES: [(&str, Scope); 3] = [
    ("https://purl.imsglobal.org/spec/or/v1p2/scope/roster.readonly", Scope::RosterRead),
    ("https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly", Scope::RosterRead),
    ("https://purl.imsglobal.org/spec/or/v1p2/scope/gradebook.readonly", Scope::ProgressRead),
];

/// Answers every request to `/ims/oneroster`.
pub async fn enter(State(app): State<Arc<App>>, request: Request) -> Response {
    answered(app, request).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answered(app: Arc<App>, request: Request) -> Told<Response> {
    let (parts, body) = request.into_parts();
    let resource = parts.uri.path().strip_prefix("/ims/oneroster/").unwrap_or_default().to_owned();
    let body = to_bytes(body, MOST).await.unwrap_or_default();
    if resource == "token" {
        return Ok(give_token(&app, &parts.method, &parts.headers, &body).await?.into_response());
    }
    let token = token::admit(&app, &parts.headers).await?;
    if parts.method != Method::GET {
        return Err(Fault::method("GET"));
    }
    let params: Vec<(String, String)> =
        serde_urlencoded::from_str(parts.uri.query().unwrap_or_default()).unwrap_or_default();
    if params.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(Fault::data("a parameter holds a character that no text has"));
    }
    let segments: Vec<&str> = resource.split('/').collect();
    let asked = match segments[..] {
        [service, "v1p2", ref rest @ ..] => Asked::read(service, rest),
        _ => None,
    };
    let asked = asked.ok_or_else(Fault::absent)?;
    let collection = asked.collection;
    let scope = if collection.is_of_gradebook() { Scope::ProgressRead } else { Scope::RosterRead };
    if !token.allows(scope) {
        return Err(Fault::forbidden(scope.key()));
    }
    let query = Query::read(&params)?;
    let ctx = Ctx::new(Arc::clone(&app), token.who());
    let mut tx = ctx.read().await?;
    let programme = scheme::at(&mut tx, &token.path).await?;
    let rules = scheme::rules(&app, &mut tx, &programme).await?;
    let part = ctx.scope();
    let address = app.config.public_url.trim_end_matches('/');
    let ground = Ground::new(&programme, &rules, (&part, token.node.uuid()), address);
    let reached = ways::go(&ground, &mut tx, &asked).await?;
    let ground = ground.in_part(&reached.part, reached.within);
    let (many, one) = collection.names();
    if let Some(id) = asked.id {
        if reached.is_empty {
            return Err(Fault::absent());
        }
        let record = query.select(ground.one(&mut tx, collection, (id, &query)).await?);
        return Ok(json_answer(&json!({ one: record })));
    }
    let totals = (app.parts.get::<Totals>(), ctx.at);
    let (page, total) = match reached.is_empty {
        true => ground.nothing(collection, &query)?,
        false => ground.page(&mut tx, collection, &query, totals).await?,
    };
    let records: Vec<Value> = page.into_iter().map(|record| query.select(record)).collect();
    let mut response = json_answer(&json!({ many: records }));
    let headers = response.headers_mut();
    headers.insert(TOTAL, HeaderValue::from(total));
    let links = links(&format!("{address}/ims/oneroster/{resource}"), &params, &query, total);
    if let Ok(links) = HeaderValue::from_str(&links) {
        headers.insert(header::LINK, links);
    }
    Ok(response)
}

/// The `Link` header: first and last page, and those beside this one.
fn links(address: &str, params: &[(String, String)], query: &Query, total: i64) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let kept: Vec<String> = params
        .iter()
        .filter(|(name, _)| name != "limit" && name != "offset")
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let to = |offset: i64, relation: &str| {
        let place = [format!("limit={}", query.limit), format!("offset={offset}")];
        let all: Vec<&str> = kept.iter().chain(&place).map(String::as_str).collect();
        format!("<{address}?{}>; rel=\"{relation}\"", all.join("&"))
    };
    let last = (total - 1).max(0) / query.limit * query.limit;
    let mut links = vec![to(0, "first"), to(last, "last")];
    if query.offset > 0 {
        links.push(to((query.offset - query.limit).clamp(0, last), "prev"));
    }
    if query.offset.saturating_add(query.limit) < total {
        links.push(to(query.offset + query.limit, "next"));
    }
    links.join(", ")
}

/// The answers of the token endpoint are kept by nobody (RFC 6749 5.1).
const UNKEPT: [(HeaderName, &str); 2] = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];

/// `POST token`: key and secret changed for an access (RFC 6749 4.4, client credentials).
async fn give_token(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    body: &[u8],
) -> Told<impl IntoResponse + use<>> {
    if method != Method::POST {
        return Err(Fault::method("POST"));
    }
    let form: Vec<(String, String)> = serde_urlencoded::from_bytes(body).unwrap_or_default();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credentials = given
        .and_then(basic)
        .or_else(|| Some((field("client_id")?.to_owned(), field("client_secret")?.to_owned())));
    let known = match &credentials {
        Some((key, secret)) => token::give_access(app, (key, secret)).await?,
        None => None,
    };
    let answer = match (known, field("grant_type")) {
        (None, _) => Err("invalid_client"),
        (_, None) => Err("invalid_request"),
        (Some((token, word)), Some("client_credentials")) => {
            let granted = granted(&token, field("scope").unwrap_or_default());
            if granted.is_empty() { Err("invalid_scope") } else { Ok((word, granted)) }
        }
        _ => Err("unsupported_grant_type"),
    };
    Ok((
        UNKEPT,
        answer.map_or_else(oauth_error, |(word, scope)| {
            json_answer(&json!({
                "access_token": word, "token_type": "bearer", "expires_in": LASTS, "scope": scope,
            }))
        }),
    ))
}

/// The scopes of the standard that `token` has, of those that are wanted; of all when none is named.
fn granted(token: &Token, wanted: &str) -> String {
    let is_wanted = |name: &str| wanted.trim().is_empty() || wanted.split_whitespace().any(|one| one == name);
    let granted = SCOPES.iter().filter(|(name, scope)| token.allows(*scope) && is_wanted(name));
    granted.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

/// A refusal as RFC 6749 5.2 has it: 401 for a client that is not known, told how it shows itself.
fn oauth_error(error: &str) -> Response {
    let mut response = json_answer(&json!({ "error": error }));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    if error == "invalid_client" {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let how = HeaderValue::from_static("Basic realm=\"OneRoster\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, how);
    }
    response
}

fn json_answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
