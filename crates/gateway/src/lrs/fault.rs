//! Answers that say what is wrong, for machines and their makers.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tisheng_platform::DbError;
use tisheng_platform::files::FileError;

/// Why a request is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of wrong it is.
    pub status: StatusCode,
    /// What is wrong and what would be right.
    pub error: String,
    /// Seconds after which the same request may succeed.
    pub wait: Option<u32>,
}

/// What a part of an answer is, or why there is none.
pub type Told<T> = Result<T, Fault>;

impl Fault {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), wait: None }
    }

    pub fn bad(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    pub fn unknown() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "key and secret of a credential are needed (HTTP Basic)")
    }

    pub fn forbidden(scope: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, format!("the credential lacks the scope {scope}"))
    }

    pub fn suspended() -> Self {
        Self::new(StatusCode::FORBIDDEN, "the platform is suspended: its office does not take what it sends")
    }

    pub fn absent() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found")
    }

    pub fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "the resource does not know this method")
    }

    pub fn conflict(error: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, error)
    }

    pub fn precondition() -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "the document is not what If-Match or If-None-Match says")
    }

    pub fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "more than may be sent at once")
    }

    /// More at once than the quota of a whole day: no waiting helps.
    pub fn never_fits(quota: i64) -> Self {
        let error = format!("the credential may send {quota} statements a day; send fewer at once");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error)
    }

    pub fn busy() -> Self {
        let error = "busy; the same request may succeed in some seconds";
        Self { wait: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error) }
    }

    /// More than `most` allows; `wait` seconds later there is room again.
    pub fn too_many(most: &str, wait: u32) -> Self {
        let error = format!("the credential may send {most}");
        Self { wait: Some(wait), ..Self::new(StatusCode::TOO_MANY_REQUESTS, error) }
    }

    /// A mistake of ours, told to the operator alone.
    pub fn internal(cause: &str) -> Self {
        tracing::error!(cause, "a request to the record store failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    }
}

impl From<DbError> for Fault {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict(_) | DbError::Connection(_) => Self::busy(),
            other => Self::internal(&other.to_string()),
        }
    }
}

impl From<FileError> for Fault {
    fn from(error: FileError) -> Self {
        Self::internal(&error.to_string())
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.error }).to_string();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"xapi\""));
        }
        if let Some(wait) = self.wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}
