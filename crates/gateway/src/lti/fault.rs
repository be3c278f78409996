//! Answers that say what is wrong: sentences for people, errors for machines.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;
use tisheng_training::learning::LearningError;

use super::asserted::Wrong;

/// Why somebody does not come to a tool, or what came back from it is not taken; in words for that
/// person.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The tool is not in use.
    #[error("学习工具“{0}”没有启用，暂时不能打开。请联系培训机构或工程办。")]
    Suspended(String),
    /// The platform is not in use.
    #[error("学习平台“{0}”已停用，不能打开课程。")]
    PlatformSuspended(String),
    /// The course is not on offer.
    #[error("这门课程没有开设，不能打开。")]
    NotOffered,
    /// The course is learnt at its own address.
    #[error("这门课程不从学习工具“{0}”打开，请从课程页的地址进入。")]
    Elsewhere(String),
    /// Something that the tool gave back cannot be taken.
    #[error("工具返回的第 {place} 项“{title}”不能带回：{wrong}。请告知工具的技术人员，更正后重新挑选。")]
    Item {
        /// Which, counted from 1.
        place: usize,
        /// Its title.
        title: String,
        /// What is wrong with it.
        wrong: String,
    },
    /// The tool offers no choosing of courses.
    #[error("这个工具没有登记选课地址，不能从中挑选课程。")]
    NoPicker,
    /// Nobody is signed in in this browser.
    #[error("这个浏览器没有登录，或登录已结束。请重新登录，再从本系统打开课程。")]
    NotSignedIn,
    /// Not begun here, too late, taken before, or begun by another.
    #[error("打开课程的请求已过期、已使用过，或者不是由您在这个浏览器中发起的。请回到本系统重新打开。")]
    Expired,
    /// No such tool.
    #[error("没有登记标识为“{0}”的工具（client_id），请告知工具的技术人员。")]
    UnknownTool(String),
    /// The message would go elsewhere.
    #[error("工具要求把信息送到没有登记的地址（redirect_uri），请告知工具的技术人员。")]
    Redirect,
    /// The request is not what the standard asks for.
    #[error("工具发来的请求不符合 LTI 1.3：{0}。请告知工具的技术人员。")]
    Request(&'static str),
    /// The answer cannot be trusted.
    #[error("工具返回的内容没有通过核验：{0}。请告知工具的技术人员。")]
    Untrusted(Wrong),
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl LaunchError {
    /// How the answer that says it is marked.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotSignedIn | Self::Expired | Self::Untrusted(_) => StatusCode::UNAUTHORIZED,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        }
    }
}

impl From<Failure> for LaunchError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for LaunchError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Wrong> for LaunchError {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Failed(error) => error.into(),
            other => Self::Untrusted(other),
        }
    }
}

/// Why the request of a machine is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of wrong it is.
    pub status: StatusCode,
    /// A word of the standard (RFC 6749, 5.2; RFC 6750, 3.1; RFC 7591, 3.2.2), or one like them.
    pub error: &'static str,
    /// What is wrong and what would be right.
    pub sentence: String,
}

/// What an answer to a machine is made of, or why there is none.
pub type Told<T> = Result<T, Fault>;

impl Fault {
    fn new(status: StatusCode, error: &'static str, sentence: impl Into<String>) -> Self {
        Self { status, error, sentence: sentence.into() }
    }

    pub fn bad(error: &'static str, sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, sentence)
    }

    /// What is sent makes no sense.
    pub fn malformed(sentence: impl Into<String>) -> Self {
        Self::bad("invalid_request", sentence)
    }

    /// Whoever asks has not proved to be a tool.
    pub fn client(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_client", sentence)
    }

    /// There is no token, or none that counts.
    pub fn token(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_token", sentence)
    }

    /// The token does not allow it.
    pub fn scope(wanted: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "insufficient_scope", format!("the token lacks the scope {wanted}"))
    }

    pub fn forbidden(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "access_denied", sentence)
    }

    pub fn absent() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "nothing of the tool is there")
    }

    pub fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "the address does not know this method",
        )
    }

    pub fn conflict(sentence: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", sentence)
    }

    /// A mistake of ours, told to the operator alone.
    fn internal(cause: &str) -> Self {
        tracing::error!(cause, "a request of a learning tool failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "internal error")
    }
}

impl From<DbError> for Fault {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Conflict(_) | DbError::Connection(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "busy; the same request may succeed in some seconds",
            ),
            other => Self::internal(&other.to_string()),
        }
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotFound => Self::absent(),
            Failure::Refused(sentence) | Failure::Stale(sentence) => Self::forbidden(sentence),
            other => Self::internal(&format!("{other:?}")),
        }
    }
}

impl From<LearningError> for Fault {
    fn from(error: LearningError) -> Self {
        Failure::from(error).into()
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.error, "error_description": self.sentence }).to_string();
        let mut response = (self.status, [(header::CONTENT_TYPE, "application/json")], body).into_response();
        if matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let scheme = format!("Bearer error=\"{}\"", self.error);
            let value = HeaderValue::from_str(&scheme).unwrap_or(HeaderValue::from_static("Bearer"));
            response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        response
    }
}
