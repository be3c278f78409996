//! What a tool signs: its keys, and what its tokens have to say before they are believed (Security
//! Framework 1.0, 5.1.3; RFC 7523, 3).

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Map, Value};
use tisheng_kernel::Instant;
use tisheng_platform::outbound::OutboundError;
use tisheng_platform::{Ctx, DbError};

use super::model::Tool;
use super::store;
use crate::jose::{KeySet, TokenError, Unverified};

/// Hours for which a key set is taken without asking again.
const KEY_HOURS: i64 = 12;
/// Seconds between two questions for the key set, and after one that was not answered. Each further
/// one that is not answered doubles them.
const KEY_PAUSE: i64 = 60;
/// Seconds between two questions for the key set at most.
const LONGEST_PAUSE: i64 = 3_600;
/// How often, and after how many milliseconds each time, whoever finds somebody else asking for the
/// first keys of a tool looks whether they have come: a little longer than an answer may take.
const LOOKS: (u32, u64) = (24, 250);
/// Seconds by which two clocks may differ.
const SKEW: f64 = 60.0;
/// Seconds after its making within which a token is used.
const FRESH: f64 = 3_600.0;

/// Why what a tool signed is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// It is not signed as it should be.
    #[error("{0}")]
    Signed(#[from] TokenError),
    /// The tool's keys cannot be had.
    #[error("取不到工具的公钥：{0}")]
    Keys(OutboundError),
    /// What the address of the keys gives is none.
    #[error("工具的公钥地址没有返回密钥")]
    NoKeys,
    /// The tool's keys could not be had a moment ago, and are not asked for before this one.
    #[error("刚才取不到工具的公钥，{} 以后再试。请核对工具的公钥地址能否访问", .0.chinese())]
    Paused(Instant),
    /// Another made it.
    #[error("签发者（iss）不是登记的工具")]
    Issuer,
    /// It was made for somebody else.
    #[error("接收者（aud）不是本系统")]
    Audience,
    /// It does not say until when it counts, or no longer does.
    #[error("已过有效期（exp）")]
    Expired,
    /// It was made in the future, or long ago.
    #[error("签发时间（iat）不对，请核对双方服务器的时钟")]
    IssuedAt,
    /// It names nothing by which it could be known again.
    #[error("缺少一次性编号（{0}）")]
    NoNumber(&'static str),
    /// It was used before.
    #[error("已经使用过")]
    Again,
    /// What the database reports.
    #[error("{0}")]
    Failed(#[from] DbError),
}

impl Wrong {
    /// The same for the makers of tools.
    #[must_use]
    pub fn plainly(&self) -> String {
        match self {
            Self::Signed(TokenError::Malformed) => "it is no JSON web token",
            Self::Signed(TokenError::Algorithm) => "it is to be signed by RS256 or ES256",
            Self::Signed(TokenError::UnknownKey) => "the key set of the tool has no such key",
            Self::Signed(TokenError::Signature) => "the signature is not that of the key",
            Self::Keys(_) => "the key set of the tool cannot be fetched",
            Self::NoKeys => "the tool has no key set",
            Self::Paused(until) => {
                return format!(
                    "the key set of the tool could not be fetched; it is asked for again after {}",
                    until.iso()
                );
            }
            Self::Issuer => "iss is not the client_id",
            Self::Audience => "aud is not the address of this endpoint",
            Self::Expired => "exp is missing or over",
            Self::IssuedAt => "iat is missing, in the future or long ago",
            Self::NoNumber(name) => return format!("{name} is missing"),
            Self::Again => "it was used before",
            Self::Failed(_) => "it could not be checked",
        }
        .to_owned()
    }
}

/// The claims of `token`, signed by the tool. May ask another host: no transaction is open. Keys that
/// were fetched once are used for as long as no others can be had.
///
/// # Errors
/// [`Wrong::Signed`], [`Wrong::Keys`], [`Wrong::NoKeys`], [`Wrong::Paused`].
pub async fn verified(ctx: &Ctx, tool: &Tool, token: &Unverified<'_>) -> Result<Map<String, Value>, Wrong> {
    let kept = KeySet::read(tool.keys.as_bytes());
    let is_fresh = tool.key_set.is_empty() || ctx.at - tool.keys_at < TimeDelta::hours(KEY_HOURS);
    let known = kept.map(|keys| token.verify(&keys));
    match known {
        None if tool.key_set.is_empty() => return Err(Wrong::NoKeys),
        Some(Err(TokenError::UnknownKey)) if !tool.key_set.is_empty() => {}
        Some(known) if is_fresh => return Ok(known?),
        _ => {}
    }
    match (fetched(ctx, tool, known.is_none()).await, known) {
        (Ok(keys), _) => Ok(token.verify(&keys)?),
        (Err(Wrong::Failed(error)), _) => Err(error.into()),
        (Err(_), Some(known)) => Ok(known?),
        (Err(wrong), None) => Err(wrong),
    }
}

/// Asks the tool for its keys, unless that was done a moment ago. Where the tool has none yet and
/// somebody else is asking, `waits` for the answer.
async fn fetched(ctx: &Ctx, tool: &Tool, waits: bool) -> Result<KeySet, Wrong> {
    let pause = pause(tool.keys_failed);
    // Whoever forges proofs does not make us write either.
    let is_due = tool.keys_asked_at <= ctx.at + -pause;
    if !is_due || !noted(ctx, tool, pause).await? {
        return if waits && tool.keys_failed == 0 {
            awaited(ctx, tool).await
        } else {
            Err(Wrong::Paused(tool.keys_asked_at + pause))
        };
    }
    let answer = match ctx.app.outbound.get(&tool.key_set, &[]).await {
        Ok(reply) => KeySet::read(&reply.body)
            .filter(|_| reply.status == StatusCode::OK)
            .map(|keys| (keys, String::from_utf8_lossy(&reply.body).into_owned()))
            .ok_or(Wrong::NoKeys),
        Err(error) => Err(Wrong::Keys(error)),
    };
    let mut tx = ctx.write().await?;
    match &answer {
        Ok((_, text)) => store::keep_keys(&mut tx, (tool.id, &tool.key_set), text, ctx.at).await?,
        Err(_) => store::miss_keys(&mut tx, (tool.id, &tool.key_set)).await?,
    }
    tx.commit().await?;
    answer.map(|(keys, _)| keys)
}

/// Notes that the tool is asked for its keys; says whether nobody else did within `pause`.
async fn noted(ctx: &Ctx, tool: &Tool, pause: TimeDelta) -> Result<bool, DbError> {
    let mut tx = ctx.write().await?;
    let may = store::ask_for_keys(&mut tx, tool.id, ctx.at, ctx.at + -pause).await?;
    tx.commit().await?;
    Ok(may)
}

/// The first keys of a tool, for which somebody else is asking.
async fn awaited(ctx: &Ctx, tool: &Tool) -> Result<KeySet, Wrong> {
    let (looks, milliseconds) = LOOKS;
    for _ in 0..looks {
        tokio::time::sleep(std::time::Duration::from_millis(milliseconds)).await;
        let mut tx = ctx.read().await?;
        let now = store::of_id(&mut tx, tool.id).await?;
        drop(tx);
        match now {
            Some(now) if now.keys_failed == 0 => {
                if let Some(keys) = KeySet::read(now.keys.as_bytes()) {
                    return Ok(keys);
                }
            }
            _ => break,
        }
    }
    Err(Wrong::Paused(ctx.at + pause(1)))
}

/// How long a tool is left alone that has not given its keys `failed` times in a row.
fn pause(failed: i64) -> TimeDelta {
    let doublings = failed.clamp(1, 10) - 1;
    TimeDelta::seconds((KEY_PAUSE << doublings).min(LONGEST_PAUSE))
}

/// Holds verified claims against what they must say: made by `client` for one of `audiences`, and
/// of about the moment `at` of the world.
///
/// # Errors
/// The first of [`Wrong`] that applies.
pub fn judge(
    claims: &Map<String, Value>,
    client: &str,
    audiences: &[&str],
    at: Instant,
) -> Result<(), Wrong> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(client) {
        return Err(Wrong::Issuer);
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audience.iter().any(|one| audiences.contains(one)) {
        return Err(Wrong::Audience);
    }
    let number = |name: &str| claims.get(name).and_then(Value::as_f64);
    let now = at.micros() as f64 / 1e6;
    if number("exp").is_none_or(|expires| expires + SKEW <= now) {
        return Err(Wrong::Expired);
    }
    let issued = number("iat").ok_or(Wrong::IssuedAt)?;
    let begins = number("nbf").unwrap_or(issued);
    if issued.max(begins) > now + SKEW || issued < now - FRESH {
        return Err(Wrong::IssuedAt);
    }
    Ok(())
}

/// The number under `name` by which claims are known again.
///
/// # Errors
/// [`Wrong::NoNumber`].
pub fn number<'c>(claims: &'c Map<String, Value>, name: &'static str) -> Result<&'c str, Wrong> {
    let found = claims.get(name).and_then(Value::as_str);
    found.filter(|number| !number.is_empty()).ok_or(Wrong::NoNumber(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};
    use tisheng_kernel::Instant;

    use super::{Wrong, judge, pause};

    const NOW: i64 = 1_615_338_000;
    const HERE: [&str; 2] = ["https://tisheng.test/lti/token", "https://tisheng.test"];

    fn with(name: &str, value: Value) -> Map<String, Value> {
        let claims = json!({ "iss": "tool", "aud": HERE[0], "iat": NOW, "exp": NOW + 60 });
        let mut claims = claims.as_object().cloned().expect("an object");
        claims.insert(name.to_owned(), value);
        claims
    }

    fn judged(claims: &Map<String, Value>, at: i64) -> Result<(), Wrong> {
        judge(claims, "tool", &HERE, Instant::from_micros(at * 1_000_000))
    }

    #[test]
    fn claims_are_for_us_by_the_tool_and_of_now() {
        judged(&with("sub", json!("tool")), NOW).expect("right");
        judged(&with("aud", json!(["https://elsewhere.test", HERE[1]])), NOW).expect("one of several");
        assert!(matches!(judged(&with("iss", json!("other")), NOW), Err(Wrong::Issuer)));
        for aud in [json!("https://tisheng.test/"), json!([]), json!(7), Value::Null] {
            assert!(matches!(judged(&with("aud", aud), NOW), Err(Wrong::Audience)));
        }
        for exp in [json!(NOW - 61), json!("soon"), Value::Null] {
            assert!(matches!(judged(&with("exp", exp), NOW), Err(Wrong::Expired)));
        }
        for iat in [json!(NOW + 61), json!(NOW - 3_700), Value::Null] {
            assert!(matches!(judged(&with("iat", iat), NOW), Err(Wrong::IssuedAt)));
        }
        assert!(matches!(judged(&with("nbf", json!(NOW + 100)), NOW), Err(Wrong::IssuedAt)));
    }

    #[test]
    fn whoever_does_not_answer_is_left_alone_for_longer() {
        let seconds = [0, 1, 2, 3, 6, 7, i64::MAX].map(|failed| pause(failed).num_seconds());
        assert_eq!(seconds, [60, 60, 120, 240, 1_920, 3_600, 3_600]);
    }

    proptest! {
        #[test]
        fn any_moment_of_its_life_is_right_and_no_other(after in -500_i64..500) {
            let claims = with("sub", json!("tool"));
            prop_assert_eq!(judged(&claims, NOW + after).is_ok(), (-60..120).contains(&after));
        }
    }
}
