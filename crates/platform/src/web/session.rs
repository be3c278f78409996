//! Sessions: one row for each signed-in browser, found by the hash of a random cookie.
//!
//! The row carries who asks as it was when the role was taken up, so that a request costs one
//! read; whoever changes accounts or roles rewrites or ends the sessions concerned.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use chrono::TimeDelta;
use sha2::{Digest, Sha256};
use tisheng_kernel::Instant;
use uuid::Uuid;

use super::Failure;
use super::layout::Flash;
use crate::app::App;
use crate::args;
use crate::ctx::{Ctx, Member, Who};
use crate::db::{DbError, Tx};

const COOKIE: &str = "tisheng_session";
/// Minutes after which a session in use is prolonged: not at every request, a write each.
const PROLONG_AFTER_MINUTES: i64 = 10;

const FIND: &str = "select account, who, seen_at from session where token = $1 and expires_at > $2";
const START: &str = "insert into session (token, account, who, created_at, seen_at, expires_at)
    values ($1, $2, $3, $4, $4, $5)";
const TAKE_UP: &str = "update session set who = $2 where token = $1";
const PROLONG: &str = "update session set seen_at = $2, expires_at = $3 where token = $1";
const END: &str = "delete from session where token = $1";
const END_ALL: &str = "delete from session where account = $1";
const END_OTHERS: &str = "delete from session where account = $1 and token <> $2";
const SWEEP: &str = "delete from session where expires_at <= $1";

/// The secret in a browser's cookie, as the database knows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Vec<u8>);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).to_vec())
    }
}

fn expiry(app: &App, at: Instant) -> Instant {
    at + TimeDelta::hours(app.config.session_hours)
}

/// Starts a session of `account`; without a `member` it only remembers that the password was
/// right and a second factor is awaited. Gives the header that sets the cookie.
///
/// # Errors
/// What the database reports.
pub async fn start(
    ctx: &Ctx,
    tx: &mut Tx,
    account: Uuid,
    member: Option<&Member>,
) -> Result<HeaderValue, DbError> {
    let secret = hex::encode(rand::random::<[u8; 32]>());
    let who = member.map(write).transpose()?;
    tx.run(SWEEP, args![ctx.at]).await?;
    tx.run(START, args![&Token::of(&secret).0, account, who, ctx.at, expiry(&ctx.app, ctx.at)]).await?;
    Ok(cookie(&ctx.app, &secret))
}

/// Lets the session act as `member` from now on: second factor given, or role switched.
///
/// # Errors
/// What the database reports.
pub async fn take_up(tx: &mut Tx, token: &Token, member: &Member) -> Result<(), DbError> {
    tx.run(TAKE_UP, args![&token.0, write(member)?]).await.map(drop)
}

/// Ends one session. Gives the header that removes the cookie.
///
/// # Errors
/// What the database reports.
pub async fn end(ctx: &Ctx, tx: &mut Tx, token: &Token) -> Result<HeaderValue, DbError> {
    tx.run(END, args![&token.0]).await?;
    Ok(cookie(&ctx.app, ""))
}

/// Ends all sessions of `account`, but for `but` where one is given.
///
/// # Errors
/// What the database reports.
pub async fn end_all(tx: &mut Tx, account: Uuid, but: Option<&Token>) -> Result<u64, DbError> {
    match but {
        Some(token) => tx.run(END_OTHERS, args![account, &token.0]).await,
        None => tx.run(END_ALL, args![account]).await,
    }
}

fn write(member: &Member) -> Result<String, DbError> {
    serde_json::to_string(member).map_err(|e| DbError::Engine(e.to_string()))
}

fn cookie(app: &App, secret: &str) -> HeaderValue {
    let secure = if app.config.public_url.starts_with("https://") { "; Secure" } else { "" };
    let age = if secret.is_empty() { "; Max-Age=0" } else { "" };
    HeaderValue::from_str(&format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"))
        .expect("hexadecimal digits and attributes are valid in a header")
}

/// The value of the cookie `name`.
pub(super) fn cookie_value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A browser's session, whoever it belongs to.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who asks.
    pub ctx: Ctx,
    /// The session's secret, when there is a session.
    pub token: Option<Token>,
    /// The account whose password was right, also while the second factor is awaited.
    pub account: Option<Uuid>,
    /// What the page before wanted to say.
    pub flash: Option<Flash>,
}

impl FromRequestParts<Arc<App>> for Session {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let flash = cookie_value(&parts.headers, super::layout::FLASH_COOKIE).and_then(Flash::read);
        let Some(secret) = cookie_value(&parts.headers, COOKIE).filter(|s| !s.is_empty()) else {
            let ctx = Ctx::new(Arc::clone(app), Who::Stranger);
            return Ok(Self { ctx, token: None, account: None, flash });
        };
        let token = Token::of(secret);
        let at = app.now();
        let mut tx = app.db.read().await?;
        let found = tx
            .row_opt(FIND, args![&token.0, at], |row| {
                Ok((row.get::<Uuid>(0)?, row.get::<Option<String>>(1)?, row.get::<Instant>(2)?))
            })
            .await?;
        drop(tx);
        let Some((account, who, seen_at)) = found else {
            let ctx = Ctx::new(Arc::clone(app), Who::Stranger);
            return Ok(Self { ctx, token: None, account: None, flash });
        };
        if at - seen_at > TimeDelta::minutes(PROLONG_AFTER_MINUTES) {
            let mut tx = app.db.write().await?;
            tx.run(PROLONG, args![&token.0, at, expiry(app, at)]).await?;
            tx.commit().await?;
        }
        let member: Option<Member> = who.and_then(|text| serde_json::from_str(&text).ok());
        let who = member.map_or(Who::Stranger, |m| Who::Member(Box::new(m)));
        Ok(Self { ctx: Ctx::new(Arc::clone(app), who), token: Some(token), account: Some(account), flash })
    }
}

/// A request of a signed-in person; a stranger is sent to sign in and comes back afterwards.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who asks.
    pub ctx: Ctx,
    /// The session's secret.
    pub token: Token,
    /// What the page before wanted to say.
    pub flash: Option<Flash>,
}

impl SignedIn {
    /// The person who asks.
    #[must_use]
    pub fn member(&self) -> &Member {
        self.ctx.who.member().expect("a signed-in session has a member")
    }
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let session = Session::from_request_parts(parts, app).await?;
        match (session.token, &session.ctx.who) {
            (Some(token), Who::Member(_)) => Ok(Self { ctx: session.ctx, token, flash: session.flash }),
            _ => {
                let back = (parts.method == Method::GET)
                    .then(|| parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned());
                Err(Failure::SignIn { back })
            }
        }
    }
}
