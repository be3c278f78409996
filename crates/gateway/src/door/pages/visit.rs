//! To a service and back, and out again.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;
use tisheng_kernel::Id;
use tisheng_platform::Ctx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::session::{Session, cookie_value};
use tisheng_platform::web::{Answer, Failure, Fields, Filters, Page, Rate, layout, once};
use tisheng_registry::access::{Address, lead_on};

use super::super::actions::arrive::{self, Came};
use super::super::actions::leave;
use super::super::fault::DoorError;
use super::super::model::Provider;
use super::turned_away;

/// Seconds for which a browser is known at the door, as long as somebody may take to confirm a link.
const KNOWN_SECONDS: u32 = 45 * 60;

fn cookie_name(ctx: &Ctx) -> &'static str {
    if ctx.app.config.is_https() { "__Host-tisheng_door" } else { "tisheng_door" }
}

/// What tells this browser from others at the door.
pub fn browser<'h>(ctx: &Ctx, headers: &'h HeaderMap) -> Option<&'h str> {
    cookie_value(headers, cookie_name(ctx)).filter(|value| !value.is_empty())
}

fn known(ctx: &Ctx, browser: &str) -> Result<HeaderValue, Failure> {
    let name = cookie_name(ctx);
    let cookie = format!("{name}={browser}; Path=/; HttpOnly; SameSite=Lax; Max-Age={KNOWN_SECONDS}");
    HeaderValue::from_str(&cookie).map_err(|error| Failure::Internal(error.to_string()))
}

fn not_too_often(rate: &Rate, from: &Address, ctx: &Ctx) -> Result<(), Failure> {
    rate.allow(from, ctx.at).map_err(|seconds| Failure::TooMany { seconds })
}

/// `GET /sign-in/via/{provider}`
pub async fn set_out(
    session: Session,
    rate: Extension<Arc<Rate>>,
    from: Address,
    headers: HeaderMap,
    Path(id): Path<Id<Provider>>,
    filters: Filters,
) -> Answer {
    let ctx = &session.ctx;
    not_too_often(&rate, &from, ctx)?;
    let back = Some(filters.text("back")).filter(|back| once::leads_here(back)).unwrap_or("/");
    match arrive::set_out(ctx, id, browser(ctx, &headers), back).await {
        Ok((to, browser)) => match HeaderValue::from_str(&to) {
            Ok(to) => {
                let headers = [(LOCATION, to), (SET_COOKIE, known(ctx, &browser)?)];
                Ok((StatusCode::SEE_OTHER, headers).into_response())
            }
            Err(_) => turned_away(ctx, DoorError::Answer("登录地址中有不允许的字符")),
        },
        Err(error) => turned_away(ctx, error),
    }
}

/// `GET /sign-in/via/{provider}/return`
pub async fn come_back(
    session: Session,
    rate: Extension<Arc<Rate>>,
    from: Address,
    headers: HeaderMap,
    Path(id): Path<Id<Provider>>,
    filters: Filters,
) -> Answer {
    let ctx = &session.ctx;
    not_too_often(&rate, &from, ctx)?;
    let answer = arrive::Answer {
        state: filters.text("state"),
        code: filters.text("code"),
        issuer: filters.text("iss"),
        error: filters.text("error"),
        ticket: filters.text("ticket"),
    };
    match arrive::come_back(ctx, id, browser(ctx, &headers), &answer).await {
        Ok(Came::In { accepted, back, found }) => {
            let mut response = lead_on(accepted, &back);
            if let Some(login) = found {
                let text = format!("已按登记的号码找到您的账号 {login} 并完成关联，以后可以直接这样登录。");
                response.headers_mut().append(SET_COOKIE, Flash::good(text).cookie());
            }
            Ok(response)
        }
        Ok(Came::Already) => {
            let flash = Flash::note("这个登录方式已经与您的账号关联。");
            Ok(once::redirect("/account", Some(&flash)))
        }
        Ok(Came::Unlinked) => Ok(once::redirect(&format!("/sign-in/via/{id}/link"), None)),
        Err(error) => turned_away(ctx, error),
    }
}

/// `POST /sign-in/via/{provider}/return`: a CAS server tells that a session of its own has ended.
/// It has no key of a form; telling it twice ends nothing more.
pub async fn signed_out_there(session: Session, Path(id): Path<Id<Provider>>, fields: Fields) -> Answer {
    leave::signed_out_there(&session.ctx, id, fields.text("logoutRequest")).await?;
    Ok("ok\n".into_response())
}

#[derive(Template)]
#[template(path = "door/pages/left.html")]
struct LeftPage {
    page: Page,
    name: String,
    to: Option<String>,
}

/// `GET /sign-in/via/{provider}/left`: a link leads on and no redirect, since a form's answer may
/// not leave this installation.
pub async fn left(
    session: Session,
    rate: Extension<Arc<Rate>>,
    from: Address,
    Path(id): Path<Id<Provider>>,
) -> Answer {
    let ctx = &session.ctx;
    not_too_often(&rate, &from, ctx)?;
    let (provider, to) = leave::sign_out_elsewhere(ctx, id).await?;
    let mut page = Page::of(ctx, "已退出登录");
    page.flash.clone_from(&session.flash);
    layout::show(&LeftPage { page, name: provider.name, to })
}
