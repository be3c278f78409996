//! Attachments and signatures on their way over HTTP (Communication 1.5.2, Data 2.4.11 and 2.6 of 1.0.3).

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::json;
use sha2::{Digest, Sha256};
use tisheng_testkit::{Seen, story};
use tisheng_xapi::multipart;
use tisheng_xapi::samples::small;
use uuid::Uuid;

use super::{LESSON, Scope, Store, VERB, VERSIONS, WANG, json, text, with_id};

const KEY: &str = include_str!("../../../../xapi/tests/keys/invented.key.base64");
const CERTIFICATE: &str = include_str!("../../../../xapi/tests/keys/invented.certificate.base64");
const OTHER: &str = include_str!("../../../../xapi/tests/keys/other.certificate.base64");
const SIGNATURE: &str = "http://adlnet.gov/expapi/attachments/signature";

fn one_line(text: &str) -> String {
    text.split_whitespace().collect()
}

fn hash(data: &str) -> String {
    hex::encode(Sha256::digest(data))
}

/// A JSON web signature over `payload`, with a certificate.
fn signed(algorithm: &str, certificate: &str, payload: &str) -> String {
    let head = json!({ "alg": algorithm, "x5c": [one_line(certificate)] }).to_string();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(payload));
    let key = RsaKeyPair::from_pkcs8(&STANDARD.decode(one_line(KEY)).expect("base64")).expect("a key");
    let mut mark = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut mark).expect("signs");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(mark))
}

/// A part: media type, hash, data.
type Sent<'a> = (&'a str, String, &'a str);

fn message(first: &str, statements: &str, parts: &[Sent<'_>]) -> String {
    let mut out = format!("--edge\r\nContent-Type: {first}\r\n\r\n{statements}\r\n");
    for (kind, hash, data) in parts {
        out.push_str(&format!(
            "--edge\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\n\
             X-Experience-API-Hash: {hash}\r\n\r\n{data}\r\n"
        ));
    }
    out.push_str("--edge--\r\n");
    out
}

/// A statement with attachments; each is use, media type, data, and whether it has an address.
fn about(attachments: &[(&str, &str, &str, bool)]) -> String {
    let mut statement: serde_json::Value = serde_json::from_str(&small(WANG, VERB, LESSON)).expect("JSON");
    let all = attachments.iter().map(|(usage, kind, data, has_url)| {
        let mut one = json!({
            "usageType": usage, "display": { "en": "x" }, "contentType": kind, "length": data.len(),
            "sha2": hash(data),
        });
        if *has_url {
            one["fileUrl"] = json!("http://learning.test/file");
        }
        one
    });
    statement["attachments"] = all.collect();
    statement.to_string()
}

const USE: &str = "http://learning.test/use/essay";

story!(each_attachment_comes_with_its_data_or_an_address, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let (essay, other) = ("一篇作业", "另一篇");
    let one = about(&[(USE, "text/plain", essay, false)]);
    let linked = about(&[(USE, "text/plain", essay, true)]);
    let two = about(&[(USE, "text/plain", essay, false), (USE, "text/plain", other, false)]);
    let part = |data: &'static str| ("text/plain", hash(data), data);
    let json_kind = "application/json";
    let mixed = "multipart/mixed; boundary=edge";
    for version in VERSIONS {
        for (kind, body, status) in [
            (mixed, message(json_kind, &one, &[part(essay)]), 200),
            (mixed, message(json_kind, &two, &[part(other), part(essay)]), 200),
            (mixed, message(json_kind, &format!("[{one},{one}]"), &[part(essay)]), 200),
            (mixed, message(json_kind, &linked, &[]), 200),
            (json_kind, linked.clone(), 200),
            (json_kind, one.clone(), 400),
            (mixed, message(json_kind, &one, &[]), 400),
            (mixed, message(json_kind, &two, &[part(essay)]), 400),
            (mixed, message(json_kind, &one, &[part(essay), part(other)]), 400),
            (mixed, message(json_kind, &one, &[("text/plain", hash(other), essay)]), 400),
            (mixed, message(json_kind, &one, &[("text/plain", String::new(), essay)]), 400),
            (mixed, message("text/plain", &one, &[part(essay)]), 400),
            (mixed, message(json_kind, "", &[part(essay)]), 400),
            (mixed, one.clone(), 400),
            (mixed, message(json_kind, &one, &[part(essay)]).replace("--edge--", ""), 400),
            (mixed, message(json_kind, &one, &[part(essay)]).replace("X-Experience-API-Hash", "X-Hash"), 400),
            ("multipart/mixed", message(json_kind, &one, &[part(essay)]), 400),
            ("multipart/form-data; boundary=edge", message(json_kind, &one, &[part(essay)]), 400),
        ] {
            let headers = [("content-type", kind), ("x-experience-api-version", version)];
            let seen = machine.send(Method::POST, "/xapi/statements", &headers, &body).await;
            assert_eq!(seen.status, status, "{version} {kind}\n{body}\n{}", text(&seen));
        }
        let headers = [("content-type", mixed), ("x-experience-api-version", version)];
        let id = Uuid::from_u128(if version == "1.0.3" { 1 } else { 2 });
        let put = format!("/xapi/statements?statementId={id}");
        machine.send(Method::PUT, &put, &headers, &message(json_kind, &one, &[part(essay)])).await.is(204);
        // One statement, or a page: the data are there when they are asked for, each once.
        for (query, parts) in
            [(put.clone() + "&attachments=true", 1), ("/xapi/statements?attachments=true".to_owned(), 2)]
        {
            let seen = machine.speaks(version, Method::GET, &query, "").await;
            let kind = seen.headers["content-type"].to_str().expect("text").to_owned();
            let edge = multipart::boundary(&kind).expect("a boundary");
            let found = multipart::parse(&edge, &seen.bytes).expect("a message");
            assert_eq!(found.parts.len(), parts, "{query}");
            assert!(found.parts.iter().all(|part| hex::encode(Sha256::digest(part.data)) == part.hash));
        }
        let bare = machine.speaks(version, Method::GET, &put, "").await;
        assert_eq!(json(&bare)["attachments"][0]["sha2"], hash(essay).as_str());
    }
});

story!(a_signed_statement_says_what_was_signed, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let octets = "application/octet-stream";
    let send = async |version: &str, jws: &str, statement: &str, kind: &str| -> Seen {
        let mut value: serde_json::Value = serde_json::from_str(statement).expect("JSON");
        let all: serde_json::Value =
            serde_json::from_str(&about(&[(SIGNATURE, kind, jws, false)])).expect("JSON");
        value["attachments"] = all["attachments"].clone();
        let body = message("application/json", &value.to_string(), &[(kind, hash(jws), jws)]);
        let headers =
            [("content-type", "multipart/mixed; boundary=edge"), ("x-experience-api-version", version)];
        machine.send(Method::POST, "/xapi/statements", &headers, &body).await
    };
    for (place, version) in VERSIONS.into_iter().enumerate() {
        let statement = with_id(Uuid::from_u128(place as u128 + 7), &small(WANG, VERB, LESSON));
        let other = statement.replace("lesson/1", "lesson/2");
        let good = signed("RS256", CERTIFICATE, &statement);
        let cut = good.rsplit_once('.').expect("three parts").0.to_owned();
        for (jws, said, kind) in [
            (signed("RS256", CERTIFICATE, &other), statement.as_str(), octets),
            (signed("RS256", OTHER, &statement), &statement, octets),
            (signed("RS384", CERTIFICATE, &statement), &statement, octets),
            (signed("HS256", CERTIFICATE, &statement), &statement, octets),
            (signed("none", CERTIFICATE, &statement), &statement, octets),
            (signed("RS256", "AAAA", &statement), &statement, octets),
            (signed("RS256", CERTIFICATE, "no statement"), &statement, octets),
            (cut, &statement, octets),
            ("a.b.c".to_owned(), &statement, octets),
            (good.clone(), &other, octets),
            (good.clone(), &statement, "text/plain"),
        ] {
            let seen = send(version, &jws, said, kind).await;
            assert_eq!(seen.status, 400, "{version} {kind} {}", text(&seen));
        }
        let id = format!("/xapi/statements?statementId={}", Uuid::from_u128(place as u128 + 7));
        machine.get(&id).await.is(404);
        let seen = send(version, &good, &statement, octets).await;
        assert_eq!(seen.status, 200, "{version}: {}", text(&seen));
        machine.get(&id).await.is(200);
    }
});
