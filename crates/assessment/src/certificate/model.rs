//! Standings and certificates: what they are.

use serde::{Deserialize, Serialize};
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::personal::without_personal_numbers;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::{Programme, Version};
use tisheng_registry::people::Person;

/// How far a teacher has come, as last worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The teacher.
    pub person: Id<Person>,
    /// Path of the teacher's school.
    pub path: String,
    /// Whether everything is met.
    pub met: bool,
    /// Keys of the gates that are not passed.
    pub open_gates: Vec<String>,
    /// Code of the level of the whole result; empty while something is missing.
    pub level: String,
    /// Hundredths of a point.
    pub score: i64,
    /// The version of the rules that judged.
    pub version: Id<Version>,
}

/// What was done with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was issued.
    Issued,
    /// It was withdrawn.
    Revoked,
    /// A corrected one has taken its place.
    Superseded,
}

/// Something was done with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The programme.
    pub programme: Id<Programme>,
    /// Whose it is.
    pub person: Id<Person>,
    /// Its number.
    pub number: String,
    /// What was done.
    pub action: Action,
    /// The number of the one that has taken its place.
    pub superseded_by: Option<String>,
}

/// What has become of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateState {
    /// It stands.
    Valid,
    /// It was withdrawn.
    Revoked,
    /// A corrected one stands in its place.
    Superseded,
}

impl CertificateState {
    /// The code stored.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Superseded => "superseded",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Valid => "有效",
            Self::Revoked => "已撤销",
            Self::Superseded => "已换发",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Valid => "good",
            Self::Revoked => "bad",
            Self::Superseded => "warn",
        }
    }

    pub(super) fn read(text: &str) -> Result<Self, DbError> {
        match text {
            "valid" => Ok(Self::Valid),
            "revoked" => Ok(Self::Revoked),
            "superseded" => Ok(Self::Superseded),
            other => Err(DbError::Engine(format!("no state of a certificate: {other}"))),
        }
    }
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its number.
    pub number: String,
    /// The programme.
    pub programme: Id<Programme>,
    /// To whom.
    pub person: Id<Person>,
    /// Path of the school where the teacher works now; of a leaver, where they taught last.
    pub path: String,
    /// The name as printed.
    pub name: String,
    /// The school as printed.
    pub school: String,
    /// What has become of it.
    pub state: CertificateState,
    /// The signed text.
    pub facts: String,
    /// The signature, base64.
    pub signature: String,
    /// When it was issued.
    pub issued_at: Instant,
    /// When it ceased to be valid.
    pub ended_at: Option<Instant>,
    /// Why it did.
    pub reason: String,
    /// The number of the one in its place.
    pub superseded_by: Option<String>,
    /// The version of the rules that judged.
    pub version: Id<Version>,
}

impl Certificate {
    /// The day of issue, as officials write it.
    #[must_use]
    pub fn issued_on(&self) -> String {
        chinese_date(self.issued_at.date())
    }
}

impl Certificate {
    /// Why it did, as a stranger may read it.
    #[must_use]
    pub fn public_reason(&self) -> String {
        without_personal_numbers(&self.reason)
    }

    /// The day on which it ceased to be valid, as officials write it; empty while it is.
    #[must_use]
    pub fn ended_on(&self) -> String {
        self.ended_at.map(|at| chinese_date(at.date())).unwrap_or_default()
    }
}

/// Why a certificate cannot be issued or changed.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The teacher has not met everything.
    #[error("{name}：{missing}")]
    NotMet {
        /// The teacher.
        name: String,
        /// What is missing.
        missing: String,
    },
    /// There is a valid one.
    #[error("已经发过证书，编号 {0}")]
    Issued(String),
    /// The number belongs to a certificate of somebody else.
    #[error("编号 {0} 已被使用，请联系管理员检查方案中的编号规则")]
    Taken(String),
    /// The batch is still at work.
    #[error("这一批证书还在发放，请等发放完成后再打包")]
    Unfinished,
    /// The facts are not what was signed.
    #[error("证书 {0} 的记录与签名不符，记录可能被改动过；请联系管理员用备份核对")]
    Tampered(String),
    /// It is not valid any more.
    #[error("这份证书{0}，不能再次操作")]
    Ended(&'static str),
    /// The reason is missing or too long.
    #[error("请填写原因（最多 200 字）")]
    Reason,
    /// The reason, which anyone can read, holds the number of a person.
    #[error("原因会显示在公开的查验页上，不能包含证件号码或手机号；请删去号码")]
    PersonalNumber,
    /// The reason for leaving somebody out holds the number of a person.
    #[error("原因不能包含证件号码或手机号；请删去号码")]
    NumberWithin,
    /// A batch is to leave out more than it can.
    #[error("一批最多留下 100 人不发；请恢复一些人的勾选，或分批发证")]
    ManyLeftOut,
    /// A batch is to leave out everybody.
    #[error("名单中的教师都取消了勾选，请至少勾选一位")]
    NobodyLeft,
    /// The document could not be typeset: a mistake of ours.
    #[error("证书排版失败：{0}")]
    Typeset(String),
    /// Not found, or what the database reports.
    #[error("{0:?}")]
    Other(Failure),
}

impl From<Failure> for CertificateError {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl From<DbError> for CertificateError {
    fn from(error: DbError) -> Self {
        Self::Other(error.into())
    }
}

impl From<CertificateError> for Failure {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Other(failure) => failure,
            CertificateError::Typeset(_) => Self::Internal(error.to_string()),
            refused => Self::Refused(refused.to_string()),
        }
    }
}
