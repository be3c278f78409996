//! Why there is no answer, in the words of the standard (`imsx_StatusInfo`).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;

use crate::token::Refusal;

/// Why there is no answer.
#[derive(Debug)]
pub struct Fault {
    status: StatusCode,
    /// The word of the standard (`imsx_codeMinorFieldValue`).
    minor: &'static str,
    description: String,
    wait: Option<u32>,
    /// The methods that there are.
    allow: Option<&'static str>,
}

/// What a part of an answer is, or why there is none.
pub type Told<T> = Result<T, Fault>;

impl Fault {
    fn new(status: StatusCode, minor: &'static str, description: impl Into<String>) -> Self {
        Self { status, minor, description: description.into(), wait: None, allow: None }
    }

    pub fn unauthorized(description: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorisedrequest", description)
    }

    pub fn forbidden(scope: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", format!("the token lacks the scope {scope}"))
    }

    pub fn absent() -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknownobject", "there is no such record within the token's node")
    }

    /// A method that the address does not know; it knows `allowed` alone.
    pub fn method(allowed: &'static str) -> Self {
        let description = format!("the resource knows {allowed} alone");
        let fault = Self::new(StatusCode::METHOD_NOT_ALLOWED, "unsupported", description);
        Self { allow: Some(allowed), ..fault }
    }

    pub fn data(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invaliddata", description)
    }

    pub fn filter(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_filter_field", description)
    }

    pub fn selection(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_selection_field", description)
    }

    pub fn sort(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_sort_field", description)
    }

    /// The same for a person who takes a file away.
    pub fn for_people(self) -> Failure {
        match self.status {
            StatusCode::BAD_REQUEST => {
                Failure::Refused("教师太多，一个压缩包放不下；请由各县（市、区）分别导出。".to_owned())
            }
            StatusCode::SERVICE_UNAVAILABLE => Failure::Busy(self.description),
            _ => Failure::Internal(self.description),
        }
    }

    fn busy(wait: u32) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { wait: Some(wait), ..Self::new(status, "server_busy", "more requests than the token may send") }
    }

    fn internal(cause: &str) -> Self {
        tracing::error!(cause, "a request to OneRoster failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_server_error", "a mistake of this system")
    }
}

impl From<DbError> for Fault {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict(_) | DbError::Connection(_) => {
                Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::busy(5) }
            }
            other => Self::internal(&other.to_string()),
        }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotFound => Self::absent(),
            other => Self::internal(&format!("{other:?}")),
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::None => Self::unauthorized("a bearer token is needed"),
            Refusal::Unknown => Self::unauthorized("the token is not known, has ended or was revoked"),
            Refusal::Fast { wait, .. } => Self::busy(wait),
            Refusal::Db(error) => error.into(),
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = json!({
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": self.description,
            "imsx_CodeMinor": { "imsx_codeMinorField": [{
                "imsx_codeMinorFieldName": "TargetEndSystem",
                "imsx_codeMinorFieldValue": self.minor,
            }] },
        });
        let kind = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.status, kind, body.to_string()).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(wait) = self.wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}
