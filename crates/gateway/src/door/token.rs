//! What an ID token has to say before it is believed (OpenID Connect Core 1.0, 3.1.3.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tisheng_kernel::Instant;

use crate::jose::TokenError;

/// Seconds by which two clocks may differ.
const SKEW: f64 = 60.0;
/// Seconds after its making within which a token comes straight from the service.
const FRESH: f64 = 600.0;
/// Characters of a subject at most (OpenID Connect Core, 2).
const SUBJECT: usize = 255;

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// It is not signed as it should be.
    #[error(transparent)]
    Signed(#[from] TokenError),
    /// There is none.
    #[error("没有返回身份令牌")]
    Missing,
    /// Somebody else made it.
    #[error("签发者不符")]
    Issuer,
    /// It was made for somebody else.
    #[error("不是签发给本系统的")]
    Audience,
    /// It does not say until when it counts, or no longer does.
    #[error("已过有效期")]
    Expired,
    /// It was made in the future, or long ago.
    #[error("签发时间不对，请核对双方服务器的时钟")]
    IssuedAt,
    /// It answers another request.
    #[error("不是对这次登录的应答")]
    Nonce,
    /// It names nobody.
    #[error("没有写明是谁")]
    Subject,
    /// It came with another access token.
    #[error("与访问令牌不匹配")]
    AccessToken,
}

/// What a token is held against.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'e> {
    /// The service as it writes itself.
    pub issuer: &'e str,
    /// The name we are registered under.
    pub client: &'e str,
    /// SHA-256 of the nonce of this sign-in.
    pub nonce: &'e [u8],
    /// The access token that came along; empty when none did.
    pub access_token: &'e str,
    /// The moment of the request.
    pub at: Instant,
}

/// The person that `claims` name, whose signature has been verified.
///
/// # Errors
/// [`TokenFault`], the first that applies.
pub fn subject<'c>(claims: &'c Map<String, Value>, expected: &Expected<'_>) -> Result<&'c str, TokenFault> {
    if text(claims, "iss") != Some(expected.issuer) {
        return Err(TokenFault::Issuer);
    }
    is_for_us(claims, expected.client)?;
    let now = expected.at.micros() as f64 / 1e6;
    let expires = number(claims, "exp").ok_or(TokenFault::Expired)?;
    if expires + SKEW <= now {
        return Err(TokenFault::Expired);
    }
    let issued = number(claims, "iat").ok_or(TokenFault::IssuedAt)?;
    let begins = number(claims, "nbf").unwrap_or(issued);
    if issued.max(begins) > now + SKEW || issued < now - FRESH {
        return Err(TokenFault::IssuedAt);
    }
    let nonce = text(claims, "nonce").map(|nonce| Sha256::digest(nonce.as_bytes()));
    if nonce.is_none_or(|nonce| nonce.as_slice() != expected.nonce) {
        return Err(TokenFault::Nonce);
    }
    if claims.contains_key("at_hash") {
        let digest = Sha256::digest(expected.access_token.as_bytes());
        if text(claims, "at_hash") != Some(&URL_SAFE_NO_PAD.encode(&digest[..digest.len() / 2])) {
            return Err(TokenFault::AccessToken);
        }
    }
    let subject = text(claims, "sub").filter(|sub| !sub.is_empty() && sub.chars().count() <= SUBJECT);
    subject.ok_or(TokenFault::Subject)
}

/// We are among those it was made for; where there are others too, it says that we asked for it.
fn is_for_us(claims: &Map<String, Value>, client: &str) -> Result<(), TokenFault> {
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let party = claims.get("azp").map(|party| party.as_str() == Some(client));
    let alone = audience.len() == 1;
    if audience.contains(&client) && party.unwrap_or(alone) { Ok(()) } else { Err(TokenFault::Audience) }
}

/// The text that `claims` hold under `name`.
#[must_use]
pub fn text<'c>(claims: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str)
}

fn number(claims: &Map<String, Value>, name: &str) -> Option<f64> {
    claims.get(name).and_then(Value::as_f64)
}

/// What a token says of how the person signed in: `acr` and `amr`.
#[must_use]
pub fn factors(claims: &Map<String, Value>) -> Vec<String> {
    let methods = claims.get("amr").and_then(Value::as_array).into_iter().flatten();
    methods.filter_map(Value::as_str).chain(text(claims, "acr")).map(str::to_owned).collect()
}

/// How a service calls the person: what people recognise, else the subject.
#[must_use]
pub fn shown(claims: &Map<String, Value>) -> String {
    let names = ["name", "preferred_username", "email", "sub"];
    let found = names.into_iter().find_map(|name| text(claims, name).filter(|text| !text.trim().is_empty()));
    found.unwrap_or_default().trim().to_owned()
}

/// What `claims` say under the name by which a person is found. The standard phone number counts
/// only when the service has verified it: anybody may type any.
#[must_use]
pub fn named(claims: &Map<String, Value>, name: &str) -> Option<String> {
    if name == "phone_number" && claims.get("phone_number_verified") != Some(&Value::Bool(true)) {
        return None;
    }
    let found = match claims.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(found).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};
    use tisheng_kernel::Instant;

    use super::{Expected, TokenFault, factors, named, shown, subject};
    use crate::door::model::digest;

    const NOW: i64 = 1_615_338_000;

    fn claims() -> Map<String, Value> {
        let claims = json!({
            "iss": "https://sso.test", "aud": "tisheng", "sub": "u-1", "nonce": "n-1",
            "iat": NOW, "exp": NOW + 300,
            "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
        });
        claims.as_object().cloned().expect("an object")
    }

    fn judged(claims: &Map<String, Value>, at: i64) -> Result<String, TokenFault> {
        let nonce = digest("n-1");
        let expected = Expected {
            issuer: "https://sso.test",
            client: "tisheng",
            nonce: &nonce,
            access_token: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y",
            at: Instant::from_micros(at * 1_000_000),
        };
        subject(claims, &expected).map(str::to_owned)
    }

    fn with(name: &str, value: Value) -> Map<String, Value> {
        let mut changed = claims();
        if value.is_null() {
            changed.remove(name);
        } else {
            changed.insert(name.to_owned(), value);
        }
        changed
    }

    #[test]
    fn a_token_for_us_names_its_subject() {
        assert_eq!(judged(&claims(), NOW), Ok("u-1".to_owned()));
        assert_eq!(judged(&with("aud", json!(["tisheng"])), NOW), Ok("u-1".to_owned()));
        let mut shared = with("aud", json!(["other", "tisheng"]));
        assert_eq!(judged(&shared, NOW), Err(TokenFault::Audience), "who asked for it is not said");
        shared.insert("azp".to_owned(), json!("tisheng"));
        assert_eq!(judged(&shared, NOW), Ok("u-1".to_owned()));
        assert_eq!(judged(&with("exp", json!(1_615_338_300.5)), NOW), Ok("u-1".to_owned()));
        assert_eq!(judged(&with("at_hash", Value::Null), NOW), Ok("u-1".to_owned()));
    }

    #[test]
    fn each_claim_has_its_refusal() {
        for (name, value, fault) in [
            ("iss", json!("https://sso.test/"), TokenFault::Issuer),
            ("iss", Value::Null, TokenFault::Issuer),
            ("aud", json!("other"), TokenFault::Audience),
            ("aud", json!([]), TokenFault::Audience),
            ("aud", Value::Null, TokenFault::Audience),
            ("azp", json!("other"), TokenFault::Audience),
            ("azp", json!(1), TokenFault::Audience),
            ("exp", json!(NOW - 60), TokenFault::Expired),
            ("exp", json!("soon"), TokenFault::Expired),
            ("exp", Value::Null, TokenFault::Expired),
            ("iat", json!(NOW + 61), TokenFault::IssuedAt),
            ("iat", json!(NOW - 601), TokenFault::IssuedAt),
            ("iat", Value::Null, TokenFault::IssuedAt),
            ("nbf", json!(NOW + 61), TokenFault::IssuedAt),
            ("nonce", json!("n-2"), TokenFault::Nonce),
            ("nonce", json!(["n-1"]), TokenFault::Nonce),
            ("nonce", Value::Null, TokenFault::Nonce),
            ("at_hash", json!("77QmUPtjPfzWtF2AnpK9RA"), TokenFault::AccessToken),
            ("at_hash", json!(1), TokenFault::AccessToken),
            ("sub", json!(""), TokenFault::Subject),
            ("sub", json!(7), TokenFault::Subject),
            ("sub", json!("s".repeat(256)), TokenFault::Subject),
            ("sub", Value::Null, TokenFault::Subject),
        ] {
            assert_eq!(judged(&with(name, value.clone()), NOW), Err(fault), "{name} {value}");
        }
    }

    #[test]
    fn clocks_may_differ_by_a_minute() {
        assert!(judged(&claims(), NOW - 60).is_ok());
        assert_eq!(judged(&claims(), NOW - 61), Err(TokenFault::IssuedAt));
        assert!(judged(&claims(), NOW + 359).is_ok());
        assert_eq!(judged(&claims(), NOW + 360), Err(TokenFault::Expired));
    }

    #[test]
    fn what_is_said_of_the_person() {
        let claims = json!({
            "sub": "u-1", "name": " 张三 ", "acr": "loa2", "amr": ["pwd", "otp", 3],
            "phone_number": "+8619900000001", "id": " 11010519491231002x ", "no": 20210001, "list": ["a"],
        });
        let mut claims = claims.as_object().cloned().expect("an object");
        assert_eq!(shown(&claims), "张三");
        assert_eq!(factors(&claims), ["pwd", "otp", "loa2"]);
        assert_eq!(named(&claims, "id").as_deref(), Some("11010519491231002x"));
        assert_eq!(named(&claims, "no").as_deref(), Some("20210001"));
        assert_eq!((named(&claims, "list"), named(&claims, "none")), (None, None));
        assert_eq!(named(&claims, "phone_number"), None, "nobody has verified it");
        claims.insert("phone_number_verified".to_owned(), json!(true));
        assert_eq!(named(&claims, "phone_number").as_deref(), Some("+8619900000001"));
    }

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            proptest::collection::vec(".{0,8}".prop_map(Value::from), 0..3).prop_map(Value::from),
        ]
    }

    proptest! {
        #[test]
        fn whatever_else_stands_in_the_five_that_bind_a_token_it_is_refused(
            name in prop_oneof![Just("iss"), Just("aud"), Just("nonce"), Just("exp"), Just("iat")],
            value in value(),
        ) {
            let still_right = match name {
                "iss" => value == json!("https://sso.test"),
                "aud" => value == json!("tisheng") || value == json!(["tisheng"]),
                "nonce" => value == json!("n-1"),
                "exp" => value.as_f64().is_some_and(|exp| exp + 60.0 > NOW as f64),
                _ => value.as_f64().is_some_and(|iat| (iat - NOW as f64).abs() <= 600.0),
            };
            prop_assume!(!still_right);
            prop_assert!(judged(&with(name, value), NOW).is_err());
        }

        #[test]
        fn any_moment_of_its_life_is_right_and_no_other(after in -2_000_i64..2_000) {
            prop_assert_eq!(judged(&claims(), NOW + after).is_ok(), (-60..360).contains(&after));
        }
    }
}
