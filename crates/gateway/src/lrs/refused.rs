//! What platforms sent and was refused, counted by day and reason, so that whoever looks after them sees it.

use chrono::NaiveDate;
use tisheng_kernel::{Instant, coded};
use tisheng_platform::{App, DbError, Tx};
use uuid::Uuid;

use super::fault::Fault;
use super::model::Credential;
use super::store::refused;
pub use super::store::refused::note;

coded! {
    /// Why something was refused.
    Refusal, "拒收原因", {
        /// The store cannot read it.
        Malformed = "malformed" "没有收存：内容不合 xAPI 标准",
        /// The platform is suspended.
        Suspended = "suspended" "没有收存：平台已停用",
        /// The credential does not write.
        Scope = "scope" "没有收存：凭证没有写入权限",
        /// Another statement has the id.
        Conflict = "conflict" "没有收存：同一编号已有内容不同的记录",
        /// More than is taken at once.
        TooLarge = "too_large" "没有收存：一次发送的内容过大",
        /// More than a credential may bring in a day.
        TooMany = "too_many" "没有收存：超过凭证每天的条数",
        /// Stored; its actor is a group, which earns no hours.
        Group = "group" "已收存，不计学时：不是一个人的账号",
        /// Stored; its object is nothing that somebody learns.
        NoActivity = "no_activity" "已收存，不计学时：对象不是课程或活动",
        /// Stored; it says of nothing that it was begun, done or spent time on.
        Nothing = "nothing" "已收存，不计学时：没有说明完成、通过或用时",
    }
}

/// What was refused of a platform on a day for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The day.
    pub day: NaiveDate,
    /// Why.
    pub refusal: Refusal,
    /// How often: requests that were not stored, statements that were.
    pub times: i64,
    /// Where the last one was wrong or what it was about, without anybody in it; may be empty.
    pub sample: String,
    /// When the last one came.
    pub last_at: Instant,
}

/// Characters of a sample.
const LONGEST: usize = 60;

/// Where in a statement something was wrong: names of the standard, and nothing that a sender wrote there.
fn place(sentence: &str) -> String {
    let first = sentence.split([' ', ':']).next().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphabetic() || ".$[]".contains(c);
    if !first.starts_with('$') {
        return String::new();
    }
    let names: Vec<&str> = first.split('.').take(3).collect();
    names.join(".").chars().take_while(|c| is_name(*c)).take(LONGEST).collect()
}

/// What a statement was about without anybody in it: the last name of its verb, and whose activity it is.
#[must_use]
pub fn impersonal(verb: &str, activity: Option<&str>) -> String {
    let verb = verb.rsplit(['/', '#']).next().unwrap_or_default();
    let verb = if verb.chars().all(|c| c.is_ascii_alphabetic() || c == '-') { verb } else { "…" };
    let host = activity.and_then(|iri| iri.split_once("://")).map_or("", |(_, rest)| {
        let host = rest.split(['/', '?', '#', ':']).next().unwrap_or_default();
        if host.contains('@') { "" } else { host }
    });
    format!("{verb} {host}").trim().chars().take(LONGEST).collect()
}

impl Refusal {
    /// The reason behind a fault; `None` for those that are ours, or end by waiting a moment.
    fn of(fault: &Fault) -> Option<Self> {
        match fault.status.as_u16() {
            400 => Some(Self::Malformed),
            403 if *fault == Fault::suspended() => Some(Self::Suspended),
            403 => Some(Self::Scope),
            409 => Some(Self::Conflict),
            413 => Some(Self::TooLarge),
            429 => Some(Self::TooMany),
            _ => None,
        }
    }
}

/// Notes that statements of `credential` were refused with `fault`, where it belongs to a platform. The sender
/// has its answer, whether or not this can be written.
pub async fn note_fault(app: &App, credential: &Credential, fault: &Fault) {
    let (Some(platform), Some(refusal)) = (credential.platform, Refusal::of(fault)) else { return };
    let written = async {
        let mut tx = app.db.write().await?;
        note(&mut tx, platform, (refusal, 1, &place(&fault.error)), app.now()).await?;
        tx.commit().await
    };
    if let Err(error) = written.await {
        tracing::warn!(%error, "what the record store refused is not noted");
    }
}

/// What was refused of `platform` since `day`, the latest day first.
///
/// # Errors
/// What the database reports.
pub async fn refused_since(tx: &mut Tx, platform: Uuid, day: NaiveDate) -> Result<Vec<Refused>, DbError> {
    refused::since(tx, platform, day).await
}

#[cfg(test)]
mod tests {
    use super::{impersonal, place};

    #[test]
    fn a_sample_says_nothing_of_anybody() {
        let said = "$.actor.mbox: has to be a mailto IRI, not 张三 mailto:zhangsan@b.test 139 0000 0001";
        assert_eq!(place(said), "$.actor.mbox");
        assert_eq!(place("$.context.extensions.zhangsan: wrong"), "$.context.extensions");
        assert_eq!(place("$.actor.13900000001 is wrong"), "$.actor.");
        assert_eq!(place("statement 0178 of zhangsan is there already"), "");
        let about = "https://lms.test/users/zhangsan/k1?uid=13900000001";
        assert_eq!(impersonal("http://adlnet.gov/expapi/verbs/viewed", Some(about)), "viewed lms.test");
        assert_eq!(impersonal("mailto:13900000001", Some("https://zhangsan@lms.test/")), "…");
    }
}
