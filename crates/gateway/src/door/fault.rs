//! Why somebody is not let in.

use tisheng_platform::DbError;
use tisheng_platform::outbound::OutboundError;
use tisheng_platform::web::Failure;
use tisheng_registry::access::SignInError;

use super::cas::CasFault;
use super::token::TokenFault;

/// Why somebody is not let in, in words for that person.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Not begun in this browser, too late, or taken already.
    #[error("登录已过期，或者不是在这个浏览器中开始的。请回到登录页重新开始。")]
    Expired,
    /// The person, or the service, has broken off.
    #[error("{0}")]
    Declined(&'static str),
    /// The service cannot be reached.
    #[error("暂时不能使用这个登录方式：{0}。请稍后再试；如果仍然如此，请告知管理员。")]
    Unreachable(#[from] OutboundError),
    /// What the service answers is not what the protocol asks for.
    #[error("身份提供方的应答不符合要求：{0}。请告知管理员。")]
    Answer(&'static str),
    /// The token is not to be trusted.
    #[error(
        "身份提供方返回的登录信息没有通过核验（{0}）。请回到登录页重新开始；如果仍然如此，请告知管理员。"
    )]
    Token(#[from] TokenFault),
    /// The CAS server does not confirm the ticket.
    #[error("{0}")]
    Ticket(#[from] CasFault),
    /// Somebody has roles that the service does not vouch for.
    #[error("您的账号在“{0}”以外还有身份，不能用这个登录方式进入。请用本系统的账号和密码登录。")]
    Outside(String),
    /// Nobody in the territory is who the service says, and there is no password to prove it with.
    #[error("没有找到与您对应的账号。请联系本单位管理员，核对本系统中登记的证件号码和手机号。")]
    Nobody,
    /// The service's account belongs to another of ours.
    #[error("您在身份提供方的账号已关联本系统的另一个账号。如果不是您本人操作，请联系本单位管理员。")]
    Elsewhere,
    /// Our account belongs to another of the service's.
    #[error("您在本系统的账号已关联身份提供方的另一个账号。请先在“我的账号”解除关联，或联系本单位管理员。")]
    Taken,
    /// The account does not let anybody in.
    #[error("{0}")]
    SignIn(SignInError),
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for DoorError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for DoorError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<SignInError> for DoorError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Failed(failure) => Self::Failed(failure),
            other => Self::SignIn(other),
        }
    }
}

/// What the `error` of an answer means (RFC 6749, 4.1.2.1 and 5.2; OpenID Connect Core, 3.1.2.6).
#[must_use]
pub fn declined(code: &str) -> DoorError {
    DoorError::Declined(match code {
        "access_denied" => "您在身份提供方取消了登录，或者没有同意提供所需的信息。",
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            "身份提供方需要您重新登录，请再试一次。"
        }
        "temporarily_unavailable" | "server_error" => "身份提供方暂时不能提供服务，请稍后再试。",
        "invalid_grant" => "登录凭证已失效或已使用过，请重新开始登录。",
        "invalid_client" | "unauthorized_client" => {
            "身份提供方不认识本系统，或者登记的密钥不对，请告知管理员。"
        }
        "invalid_scope" => "身份提供方不允许查询所需的信息范围，请告知管理员。",
        "invalid_request"
        | "unsupported_response_type"
        | "unsupported_grant_type"
        | "invalid_request_object" => "身份提供方不接受本系统的请求，请告知管理员。",
        _ => "身份提供方没有完成登录，请重新开始；如果仍然如此，请告知管理员。",
    })
}
