//! Why there is no answer (RFC 9457), for machines and their makers.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;

use crate::token::{Refusal, Scope};

/// What is wrong with a part of what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Detail {
    /// The row, counted from 0, where rows were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    /// The field.
    pub field: String,
    /// A sentence that says what would be right.
    pub message: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    errors: Vec<Detail>,
    /// Seconds after which the same request may succeed.
    wait: Option<u32>,
    /// Methods that the resource knows.
    allow: Option<&'static str>,
}

/// What a part of an answer is, or why there is none.
pub type Told<T> = Result<T, Problem>;

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), errors: Vec::new(), wait: None, allow: None }
    }

    pub fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "令牌无效", detail)
    }

    pub fn scope(scope: Scope) -> Self {
        let detail = format!("这个令牌没有“{}”（{}）的权限", scope.title(), scope.key());
        Self::new(StatusCode::FORBIDDEN, "scope_missing", "没有权限", detail)
    }

    pub fn no_platform() -> Self {
        let detail = "这个令牌没有选定平台，不能报送学时或提交课程；请在“接口令牌”中为平台新建一个";
        Self::new(StatusCode::FORBIDDEN, "platform_missing", "没有选定平台", detail)
    }

    pub fn suspended() -> Self {
        let detail = "平台已停用，报送的数据不再接收；请联系工程办公室";
        Self::new(StatusCode::FORBIDDEN, "platform_suspended", "平台已停用", detail)
    }

    pub fn absent() -> Self {
        let detail = "没有这个资源，或者不在令牌的范围之内";
        Self::new(StatusCode::NOT_FOUND, "not_found", "没有找到", detail)
    }

    pub fn method(allow: &'static str) -> Self {
        let detail = format!("这个资源只支持 {allow}");
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self { allow: Some(allow), ..Self::new(status, "method_not_allowed", "请求方法不对", detail) }
    }

    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", "请求无法识别", detail)
    }

    /// A parameter that is none of `known`.
    pub fn parameter(name: &str, known: &[&str]) -> Self {
        let name: String = name.chars().take(40).collect();
        let detail = match known {
            [] => format!("没有参数 {name}，这个请求不接受参数"),
            _ => format!("没有参数 {name}，这个请求的参数有：{}", known.join("、")),
        };
        let errors = vec![Detail { row: None, field: name, message: detail.clone() }];
        Self { errors, ..Self::malformed(detail) }
    }

    pub fn kind() -> Self {
        let detail = "请求的内容应为 JSON（UTF-8，不压缩），请写明 Content-Type: application/json";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "内容类型不对", detail)
    }

    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "内容过大", detail)
    }

    pub fn invalid(errors: Vec<Detail>) -> Self {
        let detail = errors.first().map(|error| error.message.clone()).unwrap_or_default();
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self { errors, ..Self::new(status, "invalid", "内容不符合要求", detail) }
    }

    pub fn key_reused() -> Self {
        let detail = "这个 Idempotency-Key 已经用于另一份内容，请换一个";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", "编号已经用过", detail)
    }

    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "内容已被修改", detail)
    }

    fn busy() -> Self {
        let detail = "现在使用的人较多，请过几秒重试；重复提交不会重复计算";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self { wait: Some(5), ..Self::new(status, "busy", "系统正忙", detail) }
    }

    /// Whether the same request may succeed at once.
    pub fn is_busy(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    /// A mistake of ours, told to the operator alone.
    fn internal(cause: &str) -> Self {
        tracing::error!(cause, "a call of the API failed");
        let detail = "这是系统的问题，不是请求有误；请稍后再试";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "系统出错了", detail)
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict(_) | DbError::Connection(_) => Self::busy(),
            other => Self::internal(&other.to_string()),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotFound | Failure::FormOnly | Failure::SignIn { .. } | Failure::Unsent(_) => {
                Self::absent()
            }
            Failure::Refused(sentence) | Failure::Stale(sentence) => Self::conflict(sentence),
            Failure::Malformed(sentence) => Self::malformed(sentence),
            Failure::TooLarge(sentence) => Self::too_large(sentence),
            Failure::TooMany { .. } | Failure::Busy(_) | Failure::Crowded(_) => Self::busy(),
            Failure::Internal(cause) => Self::internal(&cause),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::None => Self::unauthorized("请在 Authorization: Bearer 之后写明令牌"),
            Refusal::Unknown => Self::unauthorized("令牌不存在、已到期或已作废"),
            Refusal::Fast { rate, wait } => {
                let detail = format!("每秒最多 {rate} 次请求，请等待 {wait} 秒");
                let status = StatusCode::TOO_MANY_REQUESTS;
                Self { wait: Some(wait), ..Self::new(status, "too_many_requests", "请求太频繁", detail) }
            }
            Refusal::Db(error) => error.into(),
        }
    }
}

#[derive(Serialize)]
struct Written<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[Detail]>::is_empty")]
    errors: &'a [Detail],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let written = Written {
            r#type: format!("/api/v1/docs#problem-{}", self.code),
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            errors: &self.errors,
        };
        let body = serde_json::to_string(&written).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, kind, body).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}
