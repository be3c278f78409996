//! OpenID Connect Core 1.0: the authorization code flow with PKCE, discovery, key sets.
//!
//! What a service says of itself is kept for a day, its keys for half of one; a token signed with a
//! key that is not among them makes us ask again, at most once a minute.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use http::{HeaderName, HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tisheng_platform::Ctx;

use super::fault::{DoorError, declined};
use super::model::{Identity, Provider};
use super::store;
use super::token::{self, Expected, TokenFault};
use crate::address::with;
use crate::jose::{KeySet, TokenError, Unverified};

/// Hours for which what a service says of itself is taken without asking again.
const FOUND_HOURS: i64 = 24;
/// Hours for which a key set is taken without asking again: a key that its owner has withdrawn must
/// not count for long.
const KEY_HOURS: i64 = 12;
/// Seconds between two questions for the key set.
const KEY_PAUSE: i64 = 60;

/// What a service says of itself (OpenID Connect Discovery 1.0, 3), as far as it is used here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    end_session_endpoint: Option<String>,
    /// Whether we prove ourselves in a header, else in the form.
    basic: bool,
    /// Whether it names itself when it sends a browser back (RFC 9207).
    names_itself: bool,
}

impl Endpoints {
    /// Where a browser goes to sign out there as well and come back to `back`; `None` when the
    /// service does not offer it (OpenID Connect RP-Initiated Logout 1.0).
    #[must_use]
    pub fn sign_out_at(&self, provider: &Provider, back: &str) -> Option<String> {
        let to = self.end_session_endpoint.as_deref()?;
        Some(with(to, &[("client_id", provider.client.as_str()), ("post_logout_redirect_uri", back)]))
    }
}

/// A value nobody can guess, that may stand in an address.
#[must_use]
pub fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What goes along with one sign-in.
#[derive(Debug)]
pub struct Request<'r> {
    /// Where the service sends the browser back, exactly as registered there.
    pub back_at: &'r str,
    /// What it hands back there.
    pub state: &'r str,
    /// What the token repeats.
    pub nonce: &'r str,
    /// The secret of PKCE (RFC 7636).
    pub verifier: &'r str,
}

/// Where a browser goes to sign in.
#[must_use]
pub fn sign_in_at(provider: &Provider, endpoints: &Endpoints, request: &Request<'_>) -> String {
    let scope = format!("openid {}", provider.scopes);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(request.verifier.as_bytes()));
    let pairs = [
        ("response_type", "code"),
        ("response_mode", "query"),
        ("client_id", provider.client.as_str()),
        ("redirect_uri", request.back_at),
        ("scope", scope.trim_end()),
        ("state", request.state),
        ("nonce", request.nonce),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    with(&endpoints.authorization_endpoint, &pairs)
}

/// What the service says of itself, from what is kept or by asking. May ask another host.
///
/// # Errors
/// [`DoorError::Unreachable`], [`DoorError::Answer`].
pub async fn endpoints(ctx: &Ctx, provider: &Provider) -> Result<Endpoints, DoorError> {
    let mut tx = ctx.read().await?;
    let found = store::found(&mut tx, provider.id, &provider.address).await?;
    drop(tx);
    let kept = found.as_ref().and_then(|found| serde_json::from_str(&found.endpoints).ok());
    let is_fresh = found.is_some_and(|found| ctx.at - found.found_at < TimeDelta::hours(FOUND_HOURS));
    match kept {
        Some(kept) if is_fresh => Ok(kept),
        // Who has been found before stays where they were while they do not answer.
        Some(kept) => Ok(discover(ctx, provider).await.unwrap_or(kept)),
        None => discover(ctx, provider).await,
    }
}

/// Asks the service for what it says of itself, and keeps it. Asks another host.
///
/// # Errors
/// [`DoorError::Unreachable`], [`DoorError::Answer`].
pub async fn discover(ctx: &Ctx, provider: &Provider) -> Result<Endpoints, DoorError> {
    let at = format!("{}/.well-known/openid-configuration", provider.address.trim_end_matches('/'));
    let reply = ctx.app.outbound.get(&at, &[]).await?;
    if reply.status != StatusCode::OK {
        return Err(DoorError::Answer("没有找到 /.well-known/openid-configuration，请核对签发者地址"));
    }
    let said: Map<String, Value> = serde_json::from_slice(&reply.body)
        .map_err(|_| DoorError::Answer("/.well-known/openid-configuration 的内容不是 JSON"))?;
    let endpoints = checked(ctx, provider, &said)?;
    let text = serde_json::to_string(&endpoints).map_err(|_| DoorError::Answer("地址无法保存"))?;
    let mut tx = ctx.write().await?;
    store::keep_endpoints(&mut tx, provider.id, &provider.address, &text, ctx.at).await?;
    tx.commit().await?;
    Ok(endpoints)
}

/// What `said` means, when everything that is used of it is there and may be used.
fn checked(ctx: &Ctx, provider: &Provider, said: &Map<String, Value>) -> Result<Endpoints, DoorError> {
    if token::text(said, "issuer") != Some(&provider.address) {
        return Err(DoorError::Answer(
            "对方自称的签发者（issuer）与登记的地址不完全一致，请按对方的写法登记",
        ));
    }
    let address = |name: &str| match token::text(said, name) {
        Some(text) => ctx.app.outbound.admits(text).map(|_| Some(text.to_owned())),
        None => Ok(None),
    };
    let offers = |list: &str, wanted: &[&str], otherwise: bool| match said.get(list).and_then(Value::as_array)
    {
        Some(values) => values.iter().filter_map(Value::as_str).any(|value| wanted.contains(&value)),
        None => otherwise,
    };
    if !offers("response_types_supported", &["code"], true) {
        return Err(DoorError::Answer("对方不支持授权码方式（response_type=code）"));
    }
    if !offers("id_token_signing_alg_values_supported", &["RS256", "ES256"], true) {
        return Err(DoorError::Answer("对方的身份令牌签名算法中没有 RS256 或 ES256"));
    }
    if !offers("code_challenge_methods_supported", &["S256"], true) {
        return Err(DoorError::Answer("对方不支持 PKCE 的 S256 方式"));
    }
    let methods = "token_endpoint_auth_methods_supported";
    let missing = || DoorError::Answer("对方没有公布登录、令牌或密钥地址");
    Ok(Endpoints {
        authorization_endpoint: address("authorization_endpoint")?.ok_or_else(missing)?,
        token_endpoint: address("token_endpoint")?.ok_or_else(missing)?,
        jwks_uri: address("jwks_uri")?.ok_or_else(missing)?,
        userinfo_endpoint: address("userinfo_endpoint")?,
        end_session_endpoint: address("end_session_endpoint")?,
        basic: offers(methods, &["client_secret_basic"], true)
            || !offers(methods, &["client_secret_post"], true),
        names_itself: said.get("authorization_response_iss_parameter_supported") == Some(&Value::Bool(true)),
    })
}

/// Whether everything that a sign-in needs answers, in words for the office. Asks another host.
///
/// # Errors
/// [`DoorError`] with what is wrong.
pub async fn check(ctx: &Ctx, provider: &Provider) -> Result<String, DoorError> {
    let endpoints = discover(ctx, provider).await?;
    let keys = ask_for_keys(ctx, provider, &endpoints).await?;
    if keys.is_useless() {
        return Err(DoorError::Answer("对方公布的密钥中没有 RS256 或 ES256 的签名密钥"));
    }
    let sign_out =
        if endpoints.end_session_endpoint.is_some() { "支持同时退出" } else { "不支持同时退出" };
    Ok(format!("连接正常：登录、令牌和密钥地址都可以访问，{sign_out}。"))
}

/// What comes back with the browser.
#[derive(Debug)]
pub struct Returned<'r> {
    /// The code to be exchanged.
    pub code: &'r str,
    /// The service as it names itself; empty when it does not.
    pub issuer: &'r str,
}

/// Exchanges the code for tokens and says who the person is. Asks another host.
///
/// # Errors
/// [`DoorError`].
pub async fn exchange(
    ctx: &Ctx,
    provider: &Provider,
    returned: &Returned<'_>,
    (back_at, verifier, nonce): (&str, &str, &[u8]),
) -> Result<Identity, DoorError> {
    let endpoints = endpoints(ctx, provider).await?;
    // Another service may have sent the browser here with its own code (RFC 9207).
    let named = !returned.issuer.is_empty() || endpoints.names_itself;
    if named && returned.issuer != provider.address {
        return Err(TokenFault::Issuer.into());
    }
    let tokens = tokens(ctx, provider, &endpoints, returned.code, (back_at, verifier)).await?;
    let access = token::text(&tokens, "access_token").unwrap_or_default();
    let id_token = token::text(&tokens, "id_token").ok_or(TokenFault::Missing)?;
    let claims = verified(ctx, provider, &endpoints, id_token).await?;
    let expected = Expected {
        issuer: &provider.address,
        client: &provider.client,
        nonce,
        access_token: access,
        at: ctx.app.wall(),
    };
    let subject = token::subject(&claims, &expected)?.to_owned();
    let (mut shown, mut claim) = (token::shown(&claims), None);
    if let Some((name, _)) = &provider.claim {
        claim = token::named(&claims, name);
        if claim.is_none()
            && let Some(at) = &endpoints.userinfo_endpoint
        {
            let more = user_info(ctx, at, access, &subject).await?;
            claim = token::named(&more, name);
            shown = token::shown(&more);
        }
    }
    Ok(Identity { subject, shown, claim, factors: token::factors(&claims), ticket: String::new() })
}

/// The answer of the token endpoint.
async fn tokens(
    ctx: &Ctx,
    provider: &Provider,
    endpoints: &Endpoints,
    code: &str,
    (back_at, verifier): (&str, &str),
) -> Result<Map<String, Value>, DoorError> {
    let secret = match &provider.secret {
        Some(sealed) => {
            Some(ctx.app.keys.open(sealed).map_err(|_| DoorError::Answer("登记的密钥无法打开，请重新填写"))?)
        }
        None => None,
    };
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", back_at),
        ("code_verifier", verifier),
    ];
    let mut headers = vec![(header::ACCEPT, HeaderValue::from_static("application/json"))];
    match &secret {
        Some(secret) if endpoints.basic => headers.push(basic(&provider.client, secret)?),
        Some(secret) => {
            fields.extend([("client_id", provider.client.as_str()), ("client_secret", secret.as_str())])
        }
        None => fields.push(("client_id", &provider.client)),
    }
    let reply = ctx.app.outbound.post_form(&endpoints.token_endpoint, &headers, &fields).await?;
    let said: Map<String, Value> =
        serde_json::from_slice(&reply.body).map_err(|_| DoorError::Answer("令牌地址返回的内容不是 JSON"))?;
    if reply.status == StatusCode::OK {
        return Ok(said);
    }
    let error = token::text(&said, "error").unwrap_or_default();
    tracing::warn!(provider = %provider.id, status = %reply.status, error, "no tokens");
    Err(declined(error))
}

/// Name and secret in a header (RFC 6749, 2.3.1).
fn basic(client: &str, secret: &str) -> Result<(HeaderName, HeaderValue), DoorError> {
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pair = STANDARD.encode(format!("{}:{}", encoded(client), encoded(secret)));
    let mut value = HeaderValue::from_str(&format!("Basic {pair}"))
        .map_err(|_| DoorError::Answer("登记的密钥无法使用"))?;
    value.set_sensitive(true);
    Ok((header::AUTHORIZATION, value))
}

/// What the service says of the person whom `access` belongs to, who must be `subject`
/// (OpenID Connect Core, 5.3.4).
async fn user_info(
    ctx: &Ctx,
    at: &str,
    access: &str,
    subject: &str,
) -> Result<Map<String, Value>, DoorError> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {access}"))
        .map_err(|_| DoorError::Answer("访问令牌中有不允许的字符"))?;
    bearer.set_sensitive(true);
    let reply = ctx.app.outbound.get(at, &[(header::AUTHORIZATION, bearer)]).await?;
    let said: Map<String, Value> = serde_json::from_slice(&reply.body)
        .ok()
        .filter(|_| reply.status == StatusCode::OK)
        .ok_or(DoorError::Answer("用户信息地址没有返回 JSON"))?;
    if token::text(&said, "sub") == Some(subject) { Ok(said) } else { Err(TokenFault::Subject.into()) }
}

/// The claims of `text`, signed by the service.
async fn verified(
    ctx: &Ctx,
    provider: &Provider,
    endpoints: &Endpoints,
    text: &str,
) -> Result<Map<String, Value>, DoorError> {
    let token = Unverified::read(text).map_err(TokenFault::from)?;
    let mut tx = ctx.read().await?;
    let found = store::found(&mut tx, provider.id, &provider.address).await?;
    drop(tx);
    let kept = found.filter(|found| ctx.at - found.keys_at < TimeDelta::hours(KEY_HOURS));
    let verified = kept.and_then(|found| KeySet::read(found.keys.as_bytes())).map(|keys| token.verify(&keys));
    match verified {
        None => {}
        Some(Err(TokenError::UnknownKey)) if may_ask_again(ctx, provider).await? => {}
        Some(known) => return Ok(known.map_err(TokenFault::from)?),
    }
    let keys = ask_for_keys(ctx, provider, endpoints).await?;
    Ok(token.verify(&keys).map_err(TokenFault::from)?)
}

/// Whether the last question for the key set lies far enough back; then this one counts.
async fn may_ask_again(ctx: &Ctx, provider: &Provider) -> Result<bool, DoorError> {
    let mut tx = ctx.write().await?;
    let pause = ctx.at + TimeDelta::seconds(-KEY_PAUSE);
    let may = store::ask_for_keys(&mut tx, provider.id, ctx.at, pause).await?;
    tx.commit().await?;
    Ok(may)
}

/// Asks the service for its key set, and keeps it.
async fn ask_for_keys(ctx: &Ctx, provider: &Provider, endpoints: &Endpoints) -> Result<KeySet, DoorError> {
    let reply = ctx.app.outbound.get(&endpoints.jwks_uri, &[]).await?;
    let unclear = DoorError::Answer("密钥地址（jwks_uri）没有返回密钥");
    if reply.status != StatusCode::OK {
        return Err(unclear);
    }
    let Some(keys) = KeySet::read(&reply.body) else { return Err(unclear) };
    let text = String::from_utf8_lossy(&reply.body);
    let mut tx = ctx.write().await?;
    store::keep_keys(&mut tx, provider.id, &provider.address, &text, ctx.at).await?;
    tx.commit().await?;
    Ok(keys)
}
