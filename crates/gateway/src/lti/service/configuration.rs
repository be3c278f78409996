//! What we say of ourselves, and a tool that registers itself (Dynamic Registration 1.0).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tisheng_platform::Ctx;
use tisheng_platform::web::Answer;

use super::{Here, answer, bearer};
use crate::lti::actions::launch::here;
use crate::lti::actions::register;
use crate::lti::fault::{Fault, Told};
use crate::lti::keys;
use crate::lti::model::Tool;
use crate::lti::names::{PLATFORM, TOOL, message, scope};
use crate::lti::settings::Settings;

/// `GET /.well-known/jwks.json`
pub async fn keys(State(app): Here) -> Answer {
    let set = keys::set(&Ctx::system(app, "key set")).await?;
    let mut response = answer(StatusCode::OK, "application/json", &set);
    let keeping = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(header::CACHE_CONTROL, keeping);
    Ok(response)
}

/// `GET /.well-known/openid-configuration`
pub async fn show(State(app): Here) -> Response {
    let ctx = Ctx::system(app, "learning tool");
    let at = |path: &str| format!("{}{path}", here(&ctx));
    let scopes: Vec<&str> = std::iter::once("openid").chain(scope::ALL).collect();
    let content = json!({
        "issuer": here(&ctx),
        "authorization_endpoint": at("/lti/auth"),
        "token_endpoint": at("/lti/token"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "registration_endpoint": at("/lti/register"),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["RS256", "ES256"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": scopes,
        "response_types_supported": ["id_token"],
        "response_modes_supported": ["form_post"],
        "grant_types_supported": ["implicit", "client_credentials"],
        "subject_types_supported": ["pairwise"],
        "claims_supported": ["iss", "sub", "aud", "name"],
        PLATFORM: {
            "product_family_code": "tisheng", "version": env!("CARGO_PKG_VERSION"),
            "messages_supported": [{ "type": message::LAUNCH }, { "type": message::PICK }],
            "variables": [],
        },
    });
    answer(StatusCode::OK, "application/json", &content)
}

/// `POST /lti/register`
pub async fn register(State(app): Here, method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let ctx = Ctx::system(app, "learning tool");
    registered(&ctx, &method, &headers, &body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn registered(ctx: &Ctx, method: &Method, headers: &HeaderMap, body: &[u8]) -> Told<Response> {
    let token = bearer(headers).ok_or_else(|| Fault::token("the registration token is needed (Bearer)"))?;
    if *method != Method::POST {
        return Err(Fault::method());
    }
    let said: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| Fault::bad("invalid_client_metadata", format!("no JSON object: {error}")))?;
    let (tool, settings) = register::register(ctx, token, &said).await?;
    Ok(answer(StatusCode::OK, "application/json", &told(&tool, &settings)))
}

/// What the tool is registered as.
fn told(tool: &Tool, settings: &Settings) -> Value {
    let picks = (!settings.picker.is_empty())
        .then(|| json!({ "type": message::PICK, "target_link_uri": settings.picker }));
    let messages: Vec<Value> = std::iter::once(json!({ "type": message::LAUNCH })).chain(picks).collect();
    json!({
        "client_id": tool.client,
        "client_name": settings.name,
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": settings.login,
        "redirect_uris": settings.redirects,
        "jwks_uri": settings.key_set,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": scope::ALL.join(" "),
        TOOL: {
            "deployment_id": tool.deployment, "target_link_uri": settings.target,
            "claims": ["iss", "sub"], "messages": messages,
        },
    })
}
