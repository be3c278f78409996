//! Signing in and out.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::SET_COOKIE;
use axum::http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tisheng_kernel::Id;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::session::{self, Session, Token};
use tisheng_platform::web::{Answer, Failure, Fields, Filters, FormErrors, once};
use tisheng_platform::{App, Ctx, Tx};

use super::{go_on, local};
use crate::access::model::Account;
use crate::access::second_factor::{SecretText, new_secret, otpauth};
use crate::access::sign_in::{self, Accepted, SignInError};
use crate::access::store;
use crate::access::ways::{Offered, Way, Ways};

/// Where a request comes from, for counting failures and look-ups; behind a proxy on the same machine, where
/// the proxy says it comes from.
#[derive(Debug, Hash)]
pub struct Address(pub(super) String);

impl FromRequestParts<Arc<App>> for Address {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let told = parts.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok());
        let last = told.and_then(|list| list.rsplit(',').next()).map(|text| text.trim().to_owned());
        Ok(Self(match (peer, last) {
            (Some(peer), Some(told)) if peer.is_loopback() => told,
            (Some(peer), _) => peer.to_string(),
            (None, _) => "local".to_owned(),
        }))
    }
}

#[derive(Template)]
#[template(path = "access/pages/sign_in.html")]
struct SignInPage<'a> {
    page: Page,
    account: &'a str,
    back: &'a str,
    errors: FormErrors,
    /// The way that an account has to take whose password was right.
    instead: Option<Way>,
    offered: Offered,
    /// The territory looked for.
    territory: &'a str,
}

#[derive(Template)]
#[template(path = "access/pages/code.html")]
struct CodePage<'a> {
    page: Page,
    back: &'a str,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "access/pages/enrol.html")]
struct EnrolPage<'a> {
    page: Page,
    back: &'a str,
    errors: FormErrors,
    secret: SecretText,
    sealed: String,
    address: String,
    /// The address as a picture to scan.
    picture: String,
}

/// `GET /sign-in`
pub async fn form(session: Session, filters: Filters) -> Answer {
    let back = local(filters.text("back"));
    if session.ctx.who.member().is_some() {
        return Ok(once::redirect(back, None));
    }
    let territory = filters.text("territory");
    let mut shown = sign_in_page(&session, back, "", territory).await?;
    if shown.page.flash.is_none() {
        shown.page.flash = session.because.map(Flash::warn);
    }
    layout::show(&shown)
}

async fn sign_in_page<'a>(
    session: &Session,
    back: &'a str,
    account: &'a str,
    territory: &'a str,
) -> Result<SignInPage<'a>, Failure> {
    let mut tx = session.ctx.read().await?;
    let offered = (Ways::of(&session.ctx.app).offered)(&mut tx, territory).await?;
    let page = strangers_page(session, "登录");
    Ok(SignInPage { page, account, back, errors: FormErrors::default(), instead: None, offered, territory })
}

/// `POST /sign-in`
pub async fn submit(session: Session, address: Address, fields: Fields) -> Answer {
    let (account, back) = (fields.text("account"), local(fields.text("back")));
    let password = fields.pairs().iter().find(|(key, _)| key == "password").map_or("", |(_, value)| value);
    let mut missing = FormErrors::default();
    if account.is_empty() {
        missing.add("account", "请填写账号或手机号");
    }
    if password.is_empty() {
        missing.add("password", "请填写密码");
    }
    if !missing.is_empty() {
        let mut page = sign_in_page(&session, back, account, "").await?;
        page.errors = missing.titled(&[("account", "账号或手机号"), ("password", "密码")]);
        return again(&page);
    }
    let result = sign_in::sign_in(&session.ctx, account, password, &address.0).await;
    match result {
        Ok(accepted) => Ok(lead_on(accepted, back)),
        Err(SignInError::Failed(failure)) => Err(failure),
        Err(error) => {
            let mut page = sign_in_page(&session, back, account, "").await?;
            // Account and password together are wrong, neither alone.
            page.errors = FormErrors::one("account", error.to_string());
            if let SignInError::Elsewhere(way) = error {
                page.instead = Some(way);
            }
            again(&page)
        }
    }
}

/// Where the browser goes once somebody is let in, or a step further; to `back` in the end, an
/// address of this installation.
pub fn lead_on(accepted: Accepted, back: &str) -> axum::response::Response {
    let with_back = |to: &str| match back {
        "/" => to.to_owned(),
        back => format!("{to}?back={}", utf8_percent_encode(back, NON_ALPHANUMERIC)),
    };
    match accepted {
        Accepted::In { cookie, choose: true } => go_on(&with_back("/roles"), cookie),
        Accepted::In { cookie, choose: false } => go_on(back, cookie),
        Accepted::Code(cookie) => go_on(&with_back("/sign-in/code"), cookie),
        Accepted::Enrol(cookie) => go_on(&with_back("/sign-in/enrol"), cookie),
    }
}

/// What is said of a code that was not typed; it costs no try.
const NO_CODE: &str = "请填写6位动态口令";

/// What is wrong with a code, said where it is typed.
fn beside(field: &str, message: impl Into<String>) -> FormErrors {
    FormErrors::one(field, message).titled(&[("code", "6位动态口令"), ("recovery", "恢复码")])
}

/// `GET /sign-in/code`
pub async fn code_form(session: Session, filters: Filters) -> Answer {
    half_way(&session)?;
    let page = strangers_page(&session, "动态口令");
    layout::show(&CodePage { page, back: local(filters.text("back")), errors: FormErrors::default() })
}

/// `POST /sign-in/code`
pub async fn submit_code(session: Session, fields: Fields) -> Answer {
    let half = half_way(&session)?;
    let back = local(fields.text("back"));
    let recovers = fields.pairs().iter().any(|(name, _)| name == "recovery");
    let (field, missing) = if recovers { ("recovery", "请填写恢复码") } else { ("code", NO_CODE) };
    if fields.text(field).is_empty() {
        let page = strangers_page(&session, "动态口令");
        return again(&CodePage { page, back, errors: beside(field, missing) });
    }
    match sign_in::give_code(&session.ctx, half, fields.text(field)).await {
        Ok(accepted) => Ok(lead_on(accepted, back)),
        Err(SignInError::Failed(failure)) => Err(failure),
        Err(SignInError::Again) => Err(Failure::SignIn { back: None }),
        Err(error) => again(&CodePage {
            page: strangers_page(&session, "动态口令"),
            back,
            errors: beside(field, error.to_string()),
        }),
    }
}

/// `GET /sign-in/enrol`
pub async fn enrol_form(session: Session, filters: Filters) -> Answer {
    let (account, _) = half_way(&session)?;
    let page =
        enrol_page(&session, account, new_secret(), local(filters.text("back")), FormErrors::default())
            .await?;
    layout::show(&page)
}

/// `POST /sign-in/enrol`
pub async fn submit_enrol(session: Session, fields: Fields) -> Answer {
    let (account, token) = half_way(&session)?;
    let back = local(fields.text("back"));
    let secret = unseal(&session, account, fields.text("sealed"))?;
    if fields.text("code").is_empty() {
        let missing = beside("code", NO_CODE);
        return again(&enrol_page(&session, account, secret, back, missing).await?);
    }
    match sign_in::enrol(&session.ctx, (account, token), &secret, fields.text("code")).await {
        Ok(accepted) => Ok(lead_on(accepted, back)),
        Err(SignInError::Failed(failure)) => Err(failure),
        Err(SignInError::Again) => Err(Failure::SignIn { back: None }),
        Err(error) => {
            let errors = beside("code", error.to_string());
            again(&enrol_page(&session, account, secret, back, errors).await?)
        }
    }
}

/// `POST /sign-out`
pub async fn sign_out(session: Session) -> Answer {
    let flash = Flash::good("您已退出登录。");
    let Some(token) = &session.token else { return Ok(once::redirect("/sign-in", Some(&flash))) };
    let mut tx = session.ctx.write().await?;
    let to = after_leaving(&session.ctx, &mut tx, token).await?;
    let cookie = session::end(&session.ctx, &mut tx, token).await?;
    tx.commit().await?;
    let mut response = once::redirect(&to, Some(&flash));
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// Where a browser goes whose session ends: whoever was let in by another service is signed in
/// there still.
pub(super) async fn after_leaving(ctx: &Ctx, tx: &mut Tx, token: &Token) -> Result<String, Failure> {
    let to = match session::via(tx, token).await? {
        Some(via) => (Ways::of(&ctx.app).left)(tx, &via).await?,
        None => None,
    };
    Ok(to.unwrap_or_else(|| "/sign-in".to_owned()))
}

/// The account whose password was right in this session, while the second factor is awaited.
fn half_way(session: &Session) -> Result<(Id<Account>, &Token), Failure> {
    match (session.account, &session.token, session.ctx.who.member()) {
        (Some(account), Some(token), None) => Ok((Id::from_uuid(account), token)),
        _ => Err(Failure::SignIn { back: None }),
    }
}

fn strangers_page(session: &Session, title: &str) -> Page {
    let mut page = Page::of(&session.ctx, title);
    page.flash.clone_from(&session.flash);
    page
}

/// The page keeps the new secret sealed in its form, so that nothing is stored before a code has
/// proved it.
async fn enrol_page<'a>(
    session: &Session,
    account: Id<Account>,
    secret: SecretText,
    back: &'a str,
    errors: FormErrors,
) -> Result<EnrolPage<'a>, Failure> {
    let mut tx = session.ctx.read().await?;
    let found = store::credentials(&mut tx, account).await?.ok_or(Failure::SignIn { back: None })?;
    if found.totp_sealed.is_some() {
        return Err(Failure::SignIn { back: None });
    }
    let sealed = session.ctx.app.keys.seal(&format!("{account} {}", secret.as_str()));
    let address = otpauth(&secret, &found.login)?;
    Ok(EnrolPage {
        page: strangers_page(session, "设置动态口令"),
        back,
        errors,
        picture: tisheng_qr::svg(&address).map_err(|e| Failure::Internal(e.to_string()))?,
        address,
        secret,
        sealed: hex::encode(sealed),
    })
}

/// The secret that the form carries, when this installation sealed it for this account.
fn unseal(session: &Session, account: Id<Account>, sealed: &str) -> Result<SecretText, Failure> {
    let wrong = || Failure::Malformed("设置页面已失效，请重新登录后再设置。".to_owned());
    let bytes = hex::decode(sealed).map_err(|_| wrong())?;
    let opened = session.ctx.app.keys.open(&bytes).map_err(|_| wrong())?;
    let (whose, secret) = opened.split_once(' ').ok_or_else(wrong)?;
    if whose == account.to_string() { SecretText::parse(secret) } else { Err(wrong()) }
}
