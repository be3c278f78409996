//! Subscribers, messages, pauses, signatures. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta};
use ring::hmac;
use sha2::{Digest, Sha256};
use tisheng_kernel::{Id, Instant, coded};
use tisheng_platform::jobs::Job;
use tisheng_registry::organisation::Node;
use tisheng_training::hours::Outcome;
use tisheng_training::platform::Platform;
use uuid::Uuid;

coded! {
    /// What somebody can be told of.
    Event, "事件", {
        /// Hours stand in the ledger.
        HoursEntered = "hours.entered" "学时入账",
        /// Hours wait for a person.
        HoursWaiting = "hours.waiting" "学时待处理",
        /// Hours were not believed, or the entry that was there was kept.
        HoursRefused = "hours.refused" "学时未予认定",
        /// Hours were taken back.
        HoursReversed = "hours.reversed" "学时冲销",
        /// A teacher's dispute was answered.
        DisputeAnswered = "dispute.answered" "异议答复",
        /// The result of a capability is final.
        ResultFinal = "result.final" "考核结果生效",
        /// A certificate was issued.
        CertificateIssued = "certificate.issued" "证书颁发",
        /// A certificate was revoked.
        CertificateRevoked = "certificate.revoked" "证书撤销",
        /// A corrected certificate has taken the place of one.
        CertificateSuperseded = "certificate.superseded" "证书更换",
    }
}

impl Event {
    /// Of what became of a report; nothing is told of one that was taken before.
    #[must_use]
    pub const fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Entered => Some(Self::HoursEntered),
            Outcome::Parked | Outcome::Held | Outcome::Conflict => Some(Self::HoursWaiting),
            Outcome::Refused | Outcome::Kept => Some(Self::HoursRefused),
            Outcome::Reversed | Outcome::Withdrawn => Some(Self::HoursReversed),
            Outcome::Same => None,
        }
    }

    /// Whether it is about the hours of one platform.
    #[must_use]
    pub const fn is_of_platform(self) -> bool {
        matches!(self, Self::HoursEntered | Self::HoursWaiting | Self::HoursRefused | Self::HoursReversed)
    }

    /// Whether it is about the teachers of a node: nothing for an institution.
    #[must_use]
    pub const fn is_of_node(self) -> bool {
        matches!(
            self,
            Self::ResultFinal
                | Self::CertificateIssued
                | Self::CertificateRevoked
                | Self::CertificateSuperseded
        )
    }
}

coded! {
    /// How it stands with a subscriber.
    State, "通知状态", {
        /// It is told.
        Active = "active" "使用中",
        /// It failed for days; a person lets it go on.
        Stopped = "stopped" "已停止",
        /// Somebody has ended it.
        Ended = "ended" "已停用",
    }
}

coded! {
    /// How it stands with a message.
    MessageState, "投递状态", {
        /// It is on its way.
        Waiting = "waiting" "待投递",
        /// It has arrived.
        Delivered = "delivered" "已送达",
        /// It was tried often enough.
        GivenUp = "given_up" "投递失败",
    }
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its identifier.
    pub id: Id<Self>,
    /// What people call it.
    pub name: String,
    /// Where it listens.
    pub node: Id<Node>,
    /// That node's path.
    pub path: String,
    /// Whose hours it is told of.
    pub platform: Option<Id<Platform>>,
    /// Where messages are sent.
    pub url: String,
    /// Of what it is told.
    pub events: Vec<Event>,
    /// The sealed secret.
    pub secret: Vec<u8>,
    /// How it stands.
    pub state: State,
    /// Failures one after the other.
    pub failures: i64,
    /// When the first of them was.
    pub failing_since: Option<Instant>,
    /// Nothing is sent before.
    pub resting_until: Option<Instant>,
    /// When it was made.
    pub created_at: Instant,
    /// Counts the changes.
    pub version: i64,
}

/// An event on its way to a subscriber.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The same however often it is sent.
    pub id: Id<Self>,
    /// Code of the event.
    pub event: String,
    /// What is sent.
    pub payload: String,
    /// How it stands.
    pub state: MessageState,
    /// How often it was tried.
    pub attempts: i64,
    /// How often it was refused itself.
    pub refusals: i64,
    /// When it happened.
    pub at: Instant,
    /// When it is tried next.
    pub next_at: Instant,
    /// What the last attempt came to.
    pub answer: String,
}

/// Refusals after which a message is left for a person.
pub const REFUSALS: i64 = 10;

/// Subscribers of one office or institution that are told, or will be again, at most.
pub const MOST_OPEN: i64 = 20;

/// The longest pause that a subscriber may ask for.
const LONGEST_ASKED: TimeDelta = TimeDelta::days(1);

/// Days of failure after which a subscriber is stopped.
const STOPPED_AFTER: TimeDelta = TimeDelta::days(3);

/// The pause after so many failures one after the other: seconds first, hours in the end.
#[must_use]
pub fn pause(failures: i64) -> TimeDelta {
    const PAUSES: [i64; 9] = [5, 60, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600];
    let place = usize::try_from(failures - 1).unwrap_or(0).min(PAUSES.len() - 1);
    TimeDelta::seconds(PAUSES[place])
}

/// The pause that an answer asks for with `Retry-After` (RFC 9110 10.2.3) at the moment `now` of the world:
/// seconds or a date. `None` for what is neither, or is over.
#[must_use]
pub fn asked_pause(text: &str, now: Instant) -> Option<TimeDelta> {
    let text = text.trim();
    let asked = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number holds ask for more than anybody gets.
        text.parse::<u32>().map_or(LONGEST_ASKED, |seconds| TimeDelta::seconds(i64::from(seconds)))
    } else {
        let date = DateTime::parse_from_rfc2822(text).ok()?;
        Instant::from_micros(date.timestamp_micros()) - now
    };
    (asked > TimeDelta::zero()).then(|| asked.min(LONGEST_ASKED))
}

/// Whether somebody who has failed since `since` is stopped at `at`.
#[must_use]
pub fn is_to_be_stopped(since: Instant, at: Instant) -> bool {
    at - since >= STOPPED_AFTER
}

/// What a message tells about the subscriber that did not take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Taken,
    /// This message alone was refused: others may be taken.
    Refused,
    /// The subscriber cannot take anything now.
    Failing,
    /// The subscriber is gone for good (410).
    Gone,
}

/// What an answer with `status` means.
#[must_use]
pub const fn verdict(status: u16) -> Verdict {
    match status {
        200..300 => Verdict::Taken,
        410 => Verdict::Gone,
        408 | 425 | 429 => Verdict::Failing,
        400..500 => Verdict::Refused,
        _ => Verdict::Failing,
    }
}

/// The identifier of the `place`th message that `job` writes for a subscriber: the same when the job is
/// done again. Those of one job for one subscriber lie side by side.
#[must_use]
pub fn message_id(job: Id<Job>, webhook: Id<Webhook>, place: u32) -> Id<Message> {
    let digest = Sha256::digest(format!("{job} {webhook}"));
    let mut bytes = [0; 16];
    bytes[..12].copy_from_slice(&digest[..12]);
    bytes[12..].copy_from_slice(&place.to_be_bytes());
    Id::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// What the header `webhook-id` says.
#[must_use]
pub fn sent_id(id: Id<Message>) -> String {
    format!("msg_{id}")
}

/// Before a secret as it is shown.
const PREFIX: &str = "whsec_";

/// A new secret.
#[must_use]
pub fn new_secret() -> String {
    format!("{PREFIX}{}", STANDARD.encode(rand::random::<[u8; 32]>()))
}

/// The signature of a message: HMAC-SHA256 over its id, the time in seconds and its content.
///
/// # Errors
/// A secret that was not made by [`new_secret`].
pub fn sign(secret: &str, (id, seconds): (&str, i64), payload: &str) -> Result<String, &'static str> {
    let encoded = secret.strip_prefix(PREFIX).ok_or("a secret without its prefix")?;
    let key = STANDARD.decode(encoded).map_err(|_| "a secret that is not base64")?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signed = hmac::sign(&key, format!("{id}.{seconds}.{payload}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(signed)))
}

/// The field and the sentence of what cannot be told together.
#[must_use]
pub fn decide(institution: bool, events: &[Event], platform: Option<Uuid>) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    match events.iter().find(|event| event.is_of_platform()) {
        Some(event) if platform.is_none() => {
            wrong.push(("platform", format!("“{}”要选定是哪个平台", event.title())));
        }
        None if institution && platform.is_none() => {
            wrong.push(("platform", "请选择是哪个平台".to_owned()));
        }
        _ => {}
    }
    if events.is_empty() {
        wrong.push(("event", "请至少选择一种事件".to_owned()));
    }
    if let Some(event) = events.iter().find(|event| institution && event.is_of_node()) {
        wrong.push(("event", format!("“{}”只能由工程办公室订阅", event.title())));
    }
    if let Some(event) = events.iter().find(|event| platform.is_some() && event.is_of_node()) {
        let sentence = format!("“{}”不分平台；请另建一个不选平台的订阅", event.title());
        wrong.push(("event", sentence));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tisheng_kernel::{Id, Instant};
    use uuid::Uuid;

    use super::{
        Event, Verdict, asked_pause, decide, is_to_be_stopped, message_id, new_secret, pause, sign, verdict,
    };

    #[test]
    fn a_message_is_signed_as_the_specification_has_it() {
        // The example of the specification.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let payload = r#"{"test": 2432232314}"#;
        let signed = sign(secret, ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330), payload);
        assert_eq!(signed, Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=".to_owned()));
        assert!(sign(&new_secret(), ("msg_1", 1), "{}").is_ok());
        assert!(sign("secret", ("msg_1", 1), "{}").is_err());
    }

    #[test]
    fn pauses_grow_and_end_after_days() {
        let pauses: Vec<TimeDelta> = (1..=12).map(pause).collect();
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]));
        assert_eq!((pauses[0], pauses[11]), (TimeDelta::seconds(5), TimeDelta::hours(20)));
        let since = Instant::from_micros(0);
        assert!(!is_to_be_stopped(since, since + TimeDelta::hours(71)));
        assert!(is_to_be_stopped(since, since + TimeDelta::hours(72)));
    }

    #[test]
    fn a_pause_that_is_asked_for_is_taken_within_reason() {
        let now = Instant::from_micros(1_615_338_000_000_000); // 2021-03-10T01:00:00Z
        let seconds = |text: &str| asked_pause(text, now).map(|pause| pause.num_seconds());
        assert_eq!((seconds("120"), seconds(" 7 ")), (Some(120), Some(7)));
        assert_eq!(seconds("Wed, 10 Mar 2021 01:05:00 GMT"), Some(300));
        for more_than_a_day in
            ["86401", "4294967296", "99999999999999999999", "Mon, 10 Mar 2121 01:05:00 GMT"]
        {
            assert_eq!(seconds(more_than_a_day), Some(86_400), "{more_than_a_day}");
        }
        for nonsense in [
            "",
            "0",
            "-5",
            "1.5",
            "1e3",
            "soon",
            "１２",
            "0x10",
            "Wed, 10 Mar 2021 00:59:00 GMT",
            "Wed, 40 Mar 2021",
        ] {
            assert_eq!(seconds(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_bad_message_is_told_from_a_bad_subscriber() {
        assert_eq!([200, 204].map(verdict), [Verdict::Taken; 2]);
        assert_eq!([400, 404, 422].map(verdict), [Verdict::Refused; 3]);
        assert_eq!([301, 429, 500, 503].map(verdict), [Verdict::Failing; 4]);
        assert_eq!(verdict(410), Verdict::Gone);
    }

    #[test]
    fn the_same_work_writes_the_same_messages() {
        let webhook = Id::from_uuid(Uuid::from_u128(1));
        let job = Id::from_uuid(Uuid::from_u128(7));
        let [first, next, last] = [0, 1, u32::MAX].map(|place| message_id(job, webhook, place));
        assert_eq!(first, message_id(job, webhook, 0));
        assert!(first.uuid() < next.uuid() && next.uuid() < last.uuid(), "those of a job lie side by side");
    }

    #[test]
    fn hours_belong_to_a_platform_and_teachers_to_an_office() {
        let platform = Some(Uuid::nil());
        assert!(decide(true, &[Event::HoursEntered, Event::DisputeAnswered], platform).is_empty());
        assert!(decide(false, &[Event::ResultFinal], None).is_empty());
        assert_eq!(decide(true, &[Event::ResultFinal], platform)[0].0, "event");
        assert_eq!(decide(false, &[Event::HoursEntered], None)[0].0, "platform");
        assert_eq!(decide(true, &[Event::DisputeAnswered], None)[0].0, "platform");
        assert_eq!(decide(false, &[], None)[0].0, "event");
    }
}
