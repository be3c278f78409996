//! Signed statements, signed here with a key that exists for these tests alone.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};
use tisheng_xapi::signature::{SignatureError, verify};
use tisheng_xapi::{Version, read_one};

const KEY: &str = include_str!("keys/invented.key.base64");
const CERTIFICATE: &str = include_str!("keys/invented.certificate.base64");
const OTHER: &str = include_str!("keys/other.certificate.base64");

const STATEMENT: &str = r#"{"id":"33cff416-e331-4c9d-969e-5373a1756120","actor":{"mbox":"mailto:teacher@school.test"},
    "verb":{"id":"http://learning.test/verbs/passed","display":{"en":"passed"}},
    "object":{"id":"http://learning.test/exam"},"result":{"duration":"PT1.1239S"}}"#;

fn one_line(text: &str) -> String {
    text.split_whitespace().collect()
}

fn signed(algorithm: &str, certificate: Option<&str>, payload: &str) -> Vec<u8> {
    let chain = certificate.map(|text| format!(r#","x5c":["{}"]"#, one_line(text))).unwrap_or_default();
    let head = format!(r#"{{"alg":"{algorithm}"{chain}}}"#);
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(payload));
    let padding: &'static dyn RsaEncoding = match algorithm {
        "RS384" => &RSA_PKCS1_SHA384,
        "RS512" => &RSA_PKCS1_SHA512,
        _ => &RSA_PKCS1_SHA256,
    };
    let key = STANDARD.decode(one_line(KEY)).expect("base64");
    let key = RsaKeyPair::from_pkcs8(&key).expect("a key");
    let mut mark = vec![0; key.public().modulus_len()];
    key.sign(padding, &SystemRandom::new(), message.as_bytes(), &mut mark).expect("signs");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mark)).into_bytes()
}

fn with_signature() -> String {
    let attachment = r#""attachments":[{"usageType":"http://adlnet.gov/expapi/attachments/signature",
        "display":{"en":"Signature"},"contentType":"application/octet-stream","length":1,
        "sha2":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}]"#;
    format!("{},{attachment}}}", STATEMENT.trim_end_matches('}')).replace("\"PT1.1239S\"", "\"PT1.12S\"}")
}

fn outcome(jws: &[u8]) -> Result<(), SignatureError> {
    let text = with_signature();
    let statement = read_one(&text, Version::Two).expect("a statement");
    verify(&statement, jws, Version::Two)
}

#[test]
fn every_algorithm_with_and_without_its_certificate() {
    for algorithm in ["RS256", "RS384", "RS512"] {
        assert_eq!(outcome(&signed(algorithm, Some(CERTIFICATE), STATEMENT)), Ok(()), "{algorithm}");
        assert_eq!(outcome(&signed(algorithm, None, STATEMENT)), Ok(()), "{algorithm}");
    }
}

#[test]
fn what_does_not_hold_is_refused_with_its_reason() {
    use SignatureError::{Algorithm, Certificate, Form, Key, Other};
    let good = signed("RS256", Some(CERTIFICATE), STATEMENT);
    let other_payload = STATEMENT.replace("passed\",", "failed\",");
    let other_id = STATEMENT.replace("33cff416", "43cff416");
    for (jws, reason) in [
        (signed("RS256", Some(OTHER), STATEMENT), Key),
        (signed("RS256", Some("AAAA"), STATEMENT), Certificate),
        (signed("RS256", Some("%"), STATEMENT), Certificate),
        (signed("HS256", None, STATEMENT), Algorithm),
        (signed("none", None, STATEMENT), Algorithm),
        (signed("RS256", None, &other_payload), Other),
        (signed("RS256", None, &other_id), Other),
        (b"a.b".to_vec(), Form),
        (b"\xff.\xff.\xff".to_vec(), Form),
        ([&good[..], b".x"].concat(), Form),
        (b"{\"payload\":\"\"}".to_vec(), Form),
    ] {
        assert_eq!(outcome(&jws), Err(reason), "{}", String::from_utf8_lossy(&jws));
    }
    let broken = signed("RS256", None, &STATEMENT.replace("\"actor\"", "'actor'"));
    assert!(matches!(outcome(&broken), Err(SignatureError::Payload(_))));
    let mut changed = good;
    let last = changed.len() - 10;
    changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
    assert_eq!(outcome(&changed), Err(Key));
}
