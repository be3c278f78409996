//! To a tool and back.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tisheng_kernel::Id;
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::session::{Session, SignedIn};
use tisheng_platform::web::{Answer, Failure, Fields, Filters, Page, Path, layout, once};
use tisheng_platform::{App, Ctx};
use tisheng_training::course::Course;
use tisheng_training::platform::Platform;

use crate::address::with;
use crate::lti::actions::launch::{self, Asked};
use crate::lti::actions::pick::{self, Picked};
use crate::lti::fault::LaunchError;
use crate::lti::model::{ITEMS, origin};

#[derive(Template)]
#[template(path = "lti/pages/fault.html")]
struct FaultPage {
    page: Page,
    said: String,
}

/// The page that says why somebody did not get there; failures go their own way.
fn stopped(ctx: &Ctx, error: LaunchError) -> Answer {
    let status = error.status();
    match error {
        LaunchError::Failed(failure) => Err(failure),
        other => {
            let page = FaultPage { page: Page::of(ctx, "没有打开"), said: other.to_string() };
            Ok((status, layout::show(&page)?).into_response())
        }
    }
}

/// Sends the browser to another host.
fn led_to(ctx: &Ctx, address: Result<String, LaunchError>) -> Answer {
    let address = match address {
        Ok(address) => address,
        Err(error) => return stopped(ctx, error),
    };
    match HeaderValue::from_str(&address) {
        Ok(address) => Ok((StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response()),
        Err(_) => stopped(ctx, LaunchError::Request("登录发起地址中有不允许的字符")),
    }
}

/// `GET /courses/{id}/launch`: a link and no form, since a form's answer may not leave this
/// installation.
pub async fn launch(asker: SignedIn, Path(id): Path<Id<Course>>) -> Answer {
    led_to(&asker.ctx, launch::set_out(&asker.ctx, id).await)
}

/// `GET /platforms/{id}/tool/pick`: as [`launch`].
pub async fn pick(asker: SignedIn, Path(id): Path<Id<Platform>>) -> Answer {
    led_to(&asker.ctx, pick::set_out(&asker.ctx, id).await)
}

#[derive(Template)]
#[template(path = "lti/pages/post.html")]
struct PostPage {
    page: Page,
    to: String,
    token: String,
    state: String,
    tool: String,
}

/// `GET`, `POST /lti/auth`: what the tool asks. No cookie comes with a form from another site, so
/// that a form is asked once more as an address.
pub async fn answer(session: Session, method: Method, query: Filters, body: Bytes) -> Answer {
    let ctx = &session.ctx;
    if method == Method::POST {
        let fields = Fields::read(&body)?;
        let pairs: Vec<(&str, &str)> = fields.pairs().iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        return Ok(once::redirect(&with("/lti/auth", &pairs), None));
    }
    let asked = Asked {
        response_type: query.text("response_type"),
        response_mode: query.text("response_mode"),
        scope: query.text("scope"),
        prompt: query.text("prompt"),
        client: query.text("client_id"),
        redirect: query.text("redirect_uri"),
        hint: query.text("login_hint"),
        state: query.text("state"),
        nonce: query.text("nonce"),
    };
    match launch::answer(ctx, &asked).await {
        Ok(message) => {
            let allowed = content_security(&message.to)?;
            let page = PostPage {
                page: Page::of(ctx, format!("正在打开“{}”", message.tool)),
                to: message.to,
                token: message.token,
                state: message.state,
                tool: message.tool,
            };
            let mut response = layout::show(&page)?;
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, allowed);
            Ok(response)
        }
        Err(error) => stopped(ctx, error),
    }
}

/// The one page whose form leaves this installation: to the tool, and wherever that leads on to.
fn content_security(to: &str) -> Result<HeaderValue, Failure> {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
         form-action {} https:; base-uri 'none'; frame-ancestors 'self'",
        origin(to).unwrap_or_default()
    );
    HeaderValue::from_str(&policy).map_err(|error| Failure::Internal(error.to_string()))
}

/// `POST /lti/picked`: a form from another site brings what was chosen there. It has no key of a
/// form and no session: the tool's signature, and what it gives back, count once.
pub async fn picked(State(app): State<Arc<App>>, body: Bytes) -> Answer {
    let ctx = Ctx::system(app, "learning tool");
    let fields = Fields::read(&body)?;
    match pick::picked(&ctx, fields.text("JWT")).await {
        Ok(picked) => Ok(led_back(&picked)),
        Err(error) => stopped(&ctx, error),
    }
}

fn led_back(picked: &Picked) -> Response {
    let (place, flash) = match picked.pick {
        Some(pick) => {
            let passed = match picked.others {
                0 => String::new(),
                others => format!("另有 {others} 项不是课程，没有带回。"),
            };
            let beyond = match picked.beyond {
                0 => String::new(),
                beyond => format!("超过 {ITEMS} 项，其余 {beyond} 项未取，请分次挑选。"),
            };
            (format!("/picks/{pick}"), Flash::good(format!("已带回在工具中选的课程。{passed}{beyond}")))
        }
        None if picked.said.is_empty() => (String::new(), Flash::warn("没有从工具中选回课程。")),
        None => (String::new(), Flash::warn(format!("没有从工具中选回课程，工具说：{}", picked.said))),
    };
    once::redirect(&format!("/platforms/{}/tool{place}", picked.platform), Some(&flash))
}
