//! Sessions: one row for each signed-in browser, found by the hash of a random cookie.
//!
//! The row carries who asks as it was when the role was taken up, so that a request costs one
//! read; whoever changes accounts or roles rewrites or ends the sessions concerned. A session ends
//! when it is not used, and in any case some days after it began.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use chrono::TimeDelta;
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use tisheng_kernel::Instant;
use uuid::Uuid;

use super::Failure;
use super::layout::Flash;
use super::unsent::Unsent;
use crate::app::App;
use crate::args;
use crate::ctx::{Ctx, Member, Who};
use crate::db::{DbError, Row, Tx};

/// Over HTTPS the name itself says that no other host of the same domain has set the cookie.
const COOKIE_HTTPS: &str = "__Host-tisheng_session";
const COOKIE_HTTP: &str = "tisheng_session";
/// Minutes within which the second factor has to be given or enrolled.
const HALFWAY_MINUTES: i64 = 30;
/// Days after which a session ends however much it is used.
const LONGEST_DAYS: i64 = 7;
/// Days for which an ended session is remembered, so that a form that came too late finds its person.
const REMEMBERED_DAYS: i64 = 1;
/// Minutes after which a session in use is prolonged: not at every request, a write each.
const PROLONG_AFTER_MINUTES: i64 = 10;

const FIND: &str =
    "select account, who, seen_at, created_at, expires_at, because from session where token = $1";
const START: &str = "insert into session (token, account, who, created_at, seen_at, expires_at, via, device)
    values ($1, $2, $3, $4, $4, $5, $6, $7)";
const TAKE_UP: &str = "update session set who = $2 where token = $1";
/// Nothing is prolonged that has been ended since it was found.
const PROLONG: &str = "update session set seen_at = $2, expires_at = $3 where token = $1 and expires_at = $4";
const END: &str = "delete from session where token = $1";
/// What is ended ran out when it was last seen: whoever asks by a clock that is behind, or looked at it before
/// this was written, comes after that, too.
const END_ALL: &str = "update session set expires_at = seen_at where account = $1 and expires_at > $2";
const END_BECAUSE: &str =
    "update session set expires_at = seen_at, because = $3 where account = $1 and expires_at > $2";
const END_VIA: &str = "update session set expires_at = seen_at
    where expires_at > $4 and (via = $1 or (via > $2 and via < $3))";
const VIA: &str = "select via from session where token = $1";
const END_OTHERS: &str =
    "update session set expires_at = seen_at where account = $1 and expires_at > $2 and token <> $3";
const ENDED: &str = "select account, because from session where token = $1 and who is not null";
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
    /// Whether `stored` is this secret as the database knows it.
    #[must_use]
    pub fn is(&self, stored: &[u8]) -> bool {
        self.0 == stored
    }

    fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).to_vec())
    }
}

fn expiry(app: &App, began: Instant, at: Instant) -> Instant {
    (at + TimeDelta::hours(app.config.session_hours)).min(began + TimeDelta::days(LONGEST_DAYS))
}

/// Sessions that ran out before this are forgotten at `at`. One that was ended ran out when it was last seen, which
/// is as long ago as a session lasts unused, and is remembered for a day all the same.
pub(crate) fn forgotten_before(app: &App, at: Instant) -> Instant {
    at + TimeDelta::days(-REMEMBERED_DAYS) + TimeDelta::hours(-app.config.session_hours)
}

const fn cookie_name(app_is_https: bool) -> &'static str {
    if app_is_https { COOKIE_HTTPS } else { COOKIE_HTTP }
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
    start_via(ctx, tx, account, member, None).await
}

/// The same for somebody who came in by `via` instead of a password, a text of whoever let them in.
///
/// # Errors
/// What the database reports.
pub async fn start_via(
    ctx: &Ctx,
    tx: &mut Tx,
    account: Uuid,
    member: Option<&Member>,
    via: Option<&str>,
) -> Result<HeaderValue, DbError> {
    let secret = hex::encode(rand::random::<[u8; 32]>());
    let who = member.map(write).transpose()?;
    tx.run(SWEEP, args![forgotten_before(&ctx.app, ctx.at)]).await?;
    let expires = match member {
        Some(_) => expiry(&ctx.app, ctx.at, ctx.at),
        None => ctx.at + TimeDelta::minutes(HALFWAY_MINUTES),
    };
    let token = Token::of(&secret).0;
    tx.run(START, args![&token, account, who, ctx.at, expires, via, &ctx.device]).await?;
    Ok(cookie(&ctx.app, &secret))
}

/// Lets the session act as `member` from now on, such as after a switch of roles. Whoever gives a
/// second factor gets a new session instead.
///
/// # Errors
/// What the database reports.
pub async fn take_up(tx: &mut Tx, token: &Token, member: &Member) -> Result<(), DbError> {
    tx.run(TAKE_UP, args![&token.0, write(member)?]).await.map(drop)
}

/// How whoever has this session came in; `None` for a password.
///
/// # Errors
/// What the database reports.
pub async fn via(tx: &mut Tx, token: &Token) -> Result<Option<String>, DbError> {
    Ok(tx.row_opt(VIA, args![&token.0], |row| row.get(0)).await?.flatten())
}

/// Ends at the moment `at` the sessions of whoever came in by `via`, or by something below it (`via/…`); says how
/// many there were.
///
/// # Errors
/// What the database reports.
pub async fn end_via(tx: &mut Tx, via: &str, at: Instant) -> Result<u64, DbError> {
    tx.run(END_VIA, args![via, format!("{via}/"), format!("{via}0"), at]).await
}

/// Ends one session. Gives the header that removes the cookie.
///
/// # Errors
/// What the database reports.
pub async fn end(ctx: &Ctx, tx: &mut Tx, token: &Token) -> Result<HeaderValue, DbError> {
    tx.run(END, args![&token.0]).await?;
    Ok(cookie(&ctx.app, ""))
}

/// Ends all sessions of `account` at the moment `at`, but for `but` where one is given; says how many there were.
/// They are remembered like those that ran out, so that what another browser still sends is given back.
///
/// # Errors
/// What the database reports.
pub async fn end_all(tx: &mut Tx, account: Uuid, at: Instant, but: Option<&Token>) -> Result<u64, DbError> {
    match but {
        Some(token) => tx.run(END_OTHERS, args![account, at, &token.0]).await,
        None => tx.run(END_ALL, args![account, at]).await,
    }
}

/// Ends all sessions of `account` at the moment `at`; whoever comes with one of them is told why by
/// the sentence `because`.
///
/// # Errors
/// What the database reports.
pub async fn end_all_because(tx: &mut Tx, account: Uuid, at: Instant, because: &str) -> Result<u64, DbError> {
    tx.run(END_BECAUSE, args![account, at, because]).await
}

fn write(member: &Member) -> Result<String, DbError> {
    serde_json::to_string(member).map_err(|e| DbError::Engine(e.to_string()))
}

fn cookie(app: &App, secret: &str) -> HeaderValue {
    let https = app.config.is_https();
    let (name, secure) = (cookie_name(https), if https { "; Secure" } else { "" });
    let age = if secret.is_empty() { "; Max-Age=0" } else { "" };
    HeaderValue::from_str(&format!("{name}={secret}; Path=/; HttpOnly; SameSite=Lax{secure}{age}"))
        .expect("hexadecimal digits and attributes are valid in a header")
}

/// The value of the cookie `name`.
#[must_use]
pub fn cookie_value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
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
    /// Why the session that the browser came with was ended from outside, in one sentence.
    pub because: Option<String>,
}

impl FromRequestParts<Arc<App>> for Session {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let mut session = of_request(&parts.headers, app).await?;
        session.ctx.device = super::device::of_request(&parts.headers);
        Ok(session)
    }
}

/// The session of a request. Boxed, since every handler of every room awaits it.
fn of_request<'a>(headers: &'a HeaderMap, app: &'a Arc<App>) -> BoxFuture<'a, Result<Session, Failure>> {
    Box::pin(async move {
        let flash = |account| {
            let cookie = cookie_value(headers, super::layout::FLASH_COOKIE)?;
            Flash::read(cookie, &app.keys, account)
        };
        let name = cookie_name(app.config.is_https());
        let Some(secret) = cookie_value(headers, name).filter(|s| !s.is_empty()) else {
            return Ok(stranger(app, flash(None), None));
        };
        let token = Token::of(secret);
        let mut tx = app.db.read().await?;
        let found = tx
            .row_opt(FIND, args![&token.0], |row| {
                let times = (row.get::<Instant>(2)?, row.get::<Instant>(3)?, row.get::<Instant>(4)?);
                let because = row.get::<Option<String>>(5)?;
                Ok((row.get::<Uuid>(0)?, row.get::<Option<String>>(1)?, times, because))
            })
            .await?;
        drop(tx);
        // Not before: a connection may have been waited for, and the session been ended meanwhile.
        let at = app.now();
        let Some((account, who, (seen_at, began, until), because)) = found else {
            return Ok(stranger(app, flash(None), None));
        };
        if until <= at {
            return Ok(stranger(app, flash(None), because));
        }
        if who.is_some() && at - seen_at > TimeDelta::minutes(PROLONG_AFTER_MINUTES) {
            // Who only wants to read is not turned away because nothing can be written.
            if let Err(error) = prolong(app, &token, at, (until, expiry(app, began, at))).await {
                tracing::warn!(%error, "a session cannot be prolonged");
            }
        }
        let member: Option<Member> = who.and_then(|text| serde_json::from_str(&text).ok());
        let who = member.map_or(Who::Stranger, |m| Who::Member(Box::new(m)));
        let ctx = Ctx::new(Arc::clone(app), who);
        Ok(Session {
            ctx,
            token: Some(token),
            account: Some(account),
            flash: flash(Some(account)),
            because: None,
        })
    })
}

fn stranger(app: &Arc<App>, flash: Option<Flash>, because: Option<String>) -> Session {
    let ctx = Ctx::new(Arc::clone(app), Who::Stranger);
    Session { ctx, token: None, account: None, flash, because }
}

/// Whose session the cookie of these headers names, also when it has ended not long ago, and why it
/// was ended from outside.
pub(super) async fn ended(headers: &HeaderMap, app: &App) -> Result<Option<(Uuid, Option<String>)>, DbError> {
    let Some(secret) = cookie_value(headers, cookie_name(app.config.is_https())) else { return Ok(None) };
    let found = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    app.db.read().await?.row_opt(ENDED, args![&Token::of(secret).0], found).await
}

async fn prolong(
    app: &App,
    token: &Token,
    at: Instant,
    (before, until): (Instant, Instant),
) -> Result<(), DbError> {
    let mut tx = app.db.write().await?;
    tx.run(PROLONG, args![&token.0, at, until, before]).await?;
    tx.commit().await
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

/// Whoever is signed in by these headers.
pub(super) async fn signed_in(headers: &HeaderMap, app: &Arc<App>) -> Option<SignedIn> {
    let session = of_request(headers, app).await.ok()?;
    session.ctx.who.member()?;
    Some(SignedIn { ctx: session.ctx, token: session.token?, flash: None })
}

/// What may be sent by somebody who has left: what concerns the account and the session.
const READERS_FORMS: [&str; 3] = ["/account/", "/sign-out", "/unsent/"];

/// Whether a request changes nothing but what is its reader's own.
fn is_a_readers(parts: &Parts) -> bool {
    let path = parts.uri.path();
    parts.method.is_safe() || READERS_FORMS.iter().any(|start| path.starts_with(start))
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let session = of_request(&parts.headers, app).await?;
        match (session.token, &session.ctx.who) {
            (Some(_), Who::Member(member)) if member.only_reads() && !is_a_readers(parts) => {
                Err(Failure::NotFound)
            }
            (Some(token), Who::Member(_)) => Ok(Self { ctx: session.ctx, token, flash: session.flash }),
            _ if Unsent::is_of_a_person(parts) => {
                Err(Failure::Unsent(Unsent::of(&parts.headers, app).await?))
            }
            _ => {
                let back = (parts.method == Method::GET)
                    .then(|| parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned());
                Err(Failure::SignIn { back })
            }
        }
    }
}
