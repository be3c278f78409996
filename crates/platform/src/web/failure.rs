//! Requests that cannot be answered as asked, and the page that says so.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

use super::layout::Page;
use super::session;
use super::unsent::{self, Unsent};
use crate::app::App;
use crate::db::DbError;
use crate::jobs::JobError;

/// Seconds after which a busy installation may be asked again.
const BUSY_SECONDS: u32 = 5;

/// Why a request gets no answer of its own.
#[derive(Debug)]
pub enum Failure {
    /// Nothing is there, or nothing that the asker may know of: both look the same.
    NotFound,
    /// The address takes what a page sends, and somebody opened it by itself.
    FormOnly,
    /// Somebody has to sign in first, and comes back to `back`.
    SignIn {
        /// Path and query to return to.
        back: Option<String>,
    },
    /// A form came after its session had ended: somebody has to sign in and is told so.
    Unsent(Unsent),
    /// The request is understood and refused, with the reason and what to do.
    Refused(String),
    /// Somebody else has changed the thing in the meantime.
    Stale(String),
    /// The request itself makes no sense: a broken form or address.
    Malformed(String),
    /// More than may be sent at once.
    TooLarge(String),
    /// Too many requests of this kind; try again in some seconds.
    TooMany {
        /// Seconds to wait.
        seconds: u32,
    },
    /// The installation cannot do it right now; the same request may succeed soon.
    Busy(String),
    /// Others are before the asker, who has changed nothing: the sentence says with what.
    Crowded(String),
    /// A mistake of ours.
    Internal(String),
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict(_) | DbError::Connection(_) => Self::Busy(error.to_string()),
            DbError::NoRow => Self::NotFound,
            other => Self::Internal(other.to_string()),
        }
    }
}

/// A job that met what a page would have answered with is tried again and says what it was.
impl From<Failure> for JobError {
    fn from(failure: Failure) -> Self {
        Self(format!("{failure:?}"))
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<crate::files::FileError> for Failure {
    fn from(error: crate::files::FileError) -> Self {
        Self::Internal(error.to_string())
    }
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage {
    page: Page,
    text: String,
    advice: &'static str,
}

impl Failure {
    fn words(&self) -> (StatusCode, &'static str, String, &'static str) {
        match self {
            Self::NotFound | Self::SignIn { .. } | Self::Unsent(_) => (
                StatusCode::NOT_FOUND,
                "没有找到这个页面",
                "地址可能写错了，内容可能已被移动，或者您当前的身份不能查看。".to_owned(),
                "请返回首页重新进入。",
            ),
            Self::FormOnly => (
                StatusCode::METHOD_NOT_ALLOWED,
                "这个地址不能直接打开",
                "它只供页面上的按钮使用。".to_owned(),
                "请返回首页，从菜单重新进入。",
            ),
            Self::Refused(text) => {
                (StatusCode::FORBIDDEN, "不能这样操作", text.clone(), "请按提示处理后再试。")
            }
            Self::Stale(text) => (
                StatusCode::CONFLICT,
                "内容已被他人修改",
                text.clone(),
                "请返回上一页刷新，核对最新内容后再提交；您填写的内容可以在浏览器的上一页找到。",
            ),
            Self::Malformed(text) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "提交的内容无法识别",
                text.clone(),
                "请返回上一页重新填写。",
            ),
            Self::TooLarge(text) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "文件太大", text.clone(), "请压缩或拆分后再上传。")
            }
            Self::TooMany { seconds } => (
                StatusCode::TOO_MANY_REQUESTS,
                "操作太频繁",
                format!("请等待 {seconds} 秒后再试。"),
                "如果一所学校多人共用网络，请稍后依次操作。",
            ),
            Self::Busy(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "系统正忙",
                "现在使用的人较多，您的操作还没有提交。".to_owned(),
                "请过几秒重试；重复提交不会重复计算。",
            ),
            Self::Crowded(text) => {
                (StatusCode::SERVICE_UNAVAILABLE, "系统正忙", text.clone(), "请过几秒再试。")
            }
            Self::Internal(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "系统出错了",
                "这是系统的问题，不是您的操作有误。已经保存的内容没有丢失。".to_owned(),
                "请稍后再试；如果仍然出错，请联系本单位管理员。",
            ),
        }
    }
}

/// Marks the answer that nothing is there, so that whoever is signed in keeps the menu.
#[derive(Debug, Clone, Copy)]
struct Missing;

#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage {
    page: Page,
    text: String,
    has_other_roles: bool,
}

/// Around all pages: whoever is signed in and asks for what is not there stays within the frame.
pub(super) async fn keep_frame(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut cookies = HeaderMap::new();
    for cookie in request.headers().get_all(header::COOKIE) {
        cookies.append(header::COOKIE, cookie.clone());
    }
    let response = next.run(request).await;
    if response.extensions().get::<Missing>().is_none() {
        return response;
    }
    let Some(asker) = session::signed_in(&cookies, &app).await else { return response };
    let (status, title, text, _) = Failure::NotFound.words();
    let has_other_roles = asker.member().has_other_roles;
    let page = MissingPage { page: Page::new(&asker, title, ""), text, has_other_roles };
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => response,
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Self::SignIn { back } = &self {
            return axum::response::Redirect::to(&unsent::sign_in(back.as_deref())).into_response();
        }
        if let Self::Unsent(unsent) = self {
            return unsent.answer();
        }
        if let Self::Internal(cause) | Self::Busy(cause) = &self {
            tracing::error!(cause, "a request failed");
        }
        let (status, title, text, advice) = self.words();
        let page = FailurePage { page: Page::bare(title), text, advice };
        let mut response = match page.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(_) => (status, title).into_response(),
        };
        let wait = match self {
            Self::TooMany { seconds } => Some(seconds),
            Self::Busy(_) | Self::Crowded(_) => Some(BUSY_SECONDS),
            _ => None,
        };
        if matches!(self, Self::NotFound) {
            response.extensions_mut().insert(Missing);
        }
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
