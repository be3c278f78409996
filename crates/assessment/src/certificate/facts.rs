//! The facts of a certificate, signed so that anyone can check them without asking us.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};
use tisheng_kernel::number::chinese_date;
use tisheng_platform::keys::Keys;
use tisheng_platform::web::Failure;

use super::model::Certificate;

/// What stands before the facts in a document, so that they are found again.
const MARK: &str = "%TISHENG1.";
/// What stands before the bytes of a document when they are signed, so that no other text has the
/// same signature.
const SEALED: &str = "tisheng document 1\n";

/// What a certificate states. The order of the fields is the order in which they are signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The number.
    pub number: String,
    /// The teacher's name.
    pub name: String,
    /// The number of the teacher's paper, its middle hidden.
    pub paper: String,
    /// The school on the day of issue.
    pub school: String,
    /// The programme.
    pub programme: String,
    /// The programme's period.
    pub period: String,
    /// Counted hours in all.
    pub hours: String,
    /// Counted hours by category.
    pub breakdown: String,
    /// The capabilities with their levels.
    pub capabilities: String,
    /// The level of the whole result.
    pub level: String,
    /// The day of issue, 2026-11-23.
    pub date: String,
    /// Who issues it.
    pub issuer: String,
    /// Code and version of the scheme that judged.
    pub scheme: String,
    /// Whether the document carries a seal over all its bytes. Certificates signed before seals
    /// were made do not say it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
}

/// A document whose facts were signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// What it states.
    pub facts: Facts,
    /// Whether its pages too are as they were made. Of an older document only the facts are
    /// proven, and somebody compares them with the pages.
    pub whole: bool,
}

impl Facts {
    /// The text that is signed.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).expect("strings and a truth value serialise")
    }

    /// The facts of a certificate.
    pub(super) fn of(certificate: &Certificate) -> Result<Self, Failure> {
        serde_json::from_str(&certificate.facts).map_err(|e| Failure::Internal(e.to_string()))
    }

    /// Label and value of each fact, as a page shows them.
    #[must_use]
    pub fn lines(&self) -> [(&'static str, String); 11] {
        let date = self.date.parse().map_or_else(|_| self.date.clone(), chinese_date);
        [
            ("姓名", self.name.clone()),
            ("证件号码", self.paper.clone()),
            ("学校", self.school.clone()),
            ("工程", self.programme.clone()),
            ("期间", self.period.clone()),
            ("学时", self.hours.clone()),
            ("学时构成", self.breakdown.clone()),
            ("能力点", self.capabilities.clone()),
            ("结果", self.level.clone()),
            ("发证单位", self.issuer.clone()),
            ("发证日期", date),
        ]
    }
}

/// A document or its facts were not signed by this key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// No signed facts are in the document.
    #[error("文件里没有找到签名信息")]
    Unsigned,
    /// The facts were changed, or signed by somebody else.
    #[error("签名不符：内容被改动过，或者不是由本平台签发")]
    Wrong,
    /// The facts were signed, and the file around them is not the one that was made.
    #[error("证书信息的签名有效，但文件在签发后被改动过，页面上的内容不可信")]
    Altered,
}

/// The public half of the installation's signing key, 32 bytes.
#[must_use]
pub fn public_key(keys: &Keys) -> [u8; 32] {
    SigningKey::from_bytes(keys.signing_seed()).verifying_key().to_bytes()
}

/// A public key as `/.well-known/tisheng-signing-key` shows it; `None` when it is not one.
#[must_use]
pub fn read_key(text: &str) -> Option<[u8; 32]> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    bytes.try_into().ok().filter(|bytes| VerifyingKey::from_bytes(bytes).is_ok())
}

/// The signature of `text`, base64.
pub(super) fn sign(keys: &Keys, text: &str) -> String {
    let key = SigningKey::from_bytes(keys.signing_seed());
    URL_SAFE_NO_PAD.encode(key.sign(text.as_bytes()).to_bytes())
}

/// Whether `signature` is that of `text`.
pub(super) fn is_signed(public_key: &[u8; 32], text: &str, signature: &str) -> bool {
    is_seal(public_key, text.as_bytes(), signature)
}

fn is_seal(public_key: &[u8; 32], signed: &[u8], signature: &str) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public_key) else { return false };
    let bytes = URL_SAFE_NO_PAD.decode(signature).ok();
    let signature = bytes.and_then(|bytes| Signature::from_slice(&bytes).ok());
    signature.is_some_and(|signature| key.verify(signed, &signature).is_ok())
}

/// Whether the facts of a certificate are those that were signed, and its own.
pub(super) fn is_genuine(keys: &Keys, certificate: &Certificate) -> bool {
    let stated: Option<Facts> = serde_json::from_str(&certificate.facts).ok();
    let own = stated.is_some_and(|facts| {
        (&facts.number, &facts.name, &facts.school)
            == (&certificate.number, &certificate.name, &certificate.school)
    });
    own && is_signed(&public_key(keys), &certificate.facts, &certificate.signature)
}

/// The bytes that the seal of a document signs.
fn to_seal(pdf: &[u8], text: &str) -> Vec<u8> {
    [SEALED.as_bytes(), text.as_bytes(), b"\n", pdf].concat()
}

/// `pdf` with a line of comment that carries facts, their signature and the seal of both and of
/// every byte of `pdf`.
pub(super) fn stamped(keys: &Keys, pdf: &[u8], text: &str, signature: &str) -> Vec<u8> {
    let key = SigningKey::from_bytes(keys.signing_seed());
    let seal = URL_SAFE_NO_PAD.encode(key.sign(&to_seal(pdf, text)).to_bytes());
    with_line(pdf, &format!("{}.{signature}.{seal}", URL_SAFE_NO_PAD.encode(text)))
}

/// `pdf` with the line of comment in front of the last `startxref`: readers look for that within
/// the last kilobyte, and no offset in the file changes.
fn with_line(pdf: &[u8], line: &str) -> Vec<u8> {
    let end = b"startxref";
    let at = pdf.windows(end.len()).rposition(|w| w == end).unwrap_or(pdf.len());
    [&pdf[..at], b"\n", MARK.as_bytes(), line.as_bytes(), b"\n", &pdf[at..]].concat()
}

/// `document` without the line that begins at `at`; `None` when it does not stand where
/// [`with_line`] puts it.
fn without_line(document: &[u8], at: usize, line: &str) -> Option<Vec<u8>> {
    let before = document.get(..at.checked_sub(1)?)?;
    let after = document.get(at + MARK.len() + line.len() + 1..)?;
    let pdf = [before, after].concat();
    (with_line(&pdf, line) == document).then_some(pdf)
}

/// Finds the facts in `document` and checks that they, and the document around them, were signed by
/// the holder of `public_key` (32 bytes).
///
/// # Errors
/// See [`Forged`].
pub fn verify_offline(document: &[u8], public_key: &[u8; 32]) -> Result<Proven, Forged> {
    let mark = MARK.as_bytes();
    let at = document.windows(mark.len()).rposition(|w| w == mark).ok_or(Forged::Unsigned)?;
    let line = document[at + mark.len()..].split(|b| b.is_ascii_whitespace()).next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| Forged::Unsigned)?;
    let mut parts = line.split('.');
    let facts = parts.next().unwrap_or_default();
    let signature = parts.next().ok_or(Forged::Unsigned)?;
    let seal = parts.next();
    let text = URL_SAFE_NO_PAD.decode(facts).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or(Forged::Unsigned)?;
    if !is_signed(public_key, &text, signature) {
        return Err(Forged::Wrong);
    }
    let facts: Facts = serde_json::from_str(&text).map_err(|_| Forged::Unsigned)?;
    let whole = match seal {
        Some(seal) => {
            let pdf = without_line(document, at, line).ok_or(Forged::Altered)?;
            is_seal(public_key, &to_seal(&pdf, &text), seal).then_some(true).ok_or(Forged::Altered)?
        }
        // Whoever takes the seal away has changed the document.
        None if facts.sealed => return Err(Forged::Altered),
        None => false,
    };
    Ok(Proven { facts, whole })
}

#[cfg(test)]
mod tests {
    use tisheng_platform::keys::Keys;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::{Facts, Forged, Proven, is_signed, public_key, sign, stamped, verify_offline, with_line};

    const PDF: &[u8] = b"%PDF-1.7 pages\nstartxref\n9\n%%EOF\n";

    fn facts() -> Facts {
        let word = |text: &str| text.to_owned();
        Facts {
            number: word("CS2021000001"),
            name: word("教师甲"),
            paper: word("110105********002X"),
            school: word("测试一小"),
            programme: word("测试工程"),
            period: word("2020年1月—2022年12月"),
            hours: word("50 学时"),
            breakdown: word("网络研修 20 学时、校本实践 30 学时"),
            capabilities: word("A1"),
            level: word("合格"),
            date: word("2021-03-10"),
            issuer: word("测试市工程办"),
            scheme: word("test 1"),
            sealed: true,
        }
    }

    fn document(keys: &Keys, facts: &Facts) -> Vec<u8> {
        let text = facts.text();
        stamped(keys, PDF, &text, &sign(keys, &text))
    }

    #[test]
    fn a_document_proves_its_own_facts() {
        let keys = Keys::from_seed([1; 32], [2; 32], [3; 32]);
        let key = public_key(&keys);
        let document = document(&keys, &facts());
        assert_eq!(verify_offline(&document, &key), Ok(Proven { facts: facts(), whole: true }));
        assert!(document.ends_with(b"startxref\n9\n%%EOF\n"), "readers find the end of the file");
        let stranger = public_key(&Keys::from_seed([1; 32], [2; 32], [4; 32]));
        assert_eq!(verify_offline(&document, &stranger), Err(Forged::Wrong));
        assert_eq!(verify_offline(b"%PDF %%EOF", &key), Err(Forged::Unsigned));
    }

    #[test]
    fn any_change_breaks_the_proof() {
        let keys = Keys::from_seed([1; 32], [2; 32], [3; 32]);
        let signature = sign(&keys, &facts().text());
        let key = public_key(&keys);
        assert!(is_signed(&key, &facts().text(), &signature));
        let other = Facts { name: "教师乙".to_owned(), ..facts() };
        assert!(!is_signed(&key, &other.text(), &signature));
        let document = document(&keys, &facts());
        for place in 0..document.len() {
            let mut changed = document.clone();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            assert!(changed == document || verify_offline(&changed, &key).is_err(), "byte {place}");
        }
        let appended = [&document[..], b"10 0 obj other page endobj\nstartxref\n99\n%%EOF\n"].concat();
        assert_eq!(verify_offline(&appended, &key), Err(Forged::Altered), "a page put over the first");
    }

    #[test]
    fn taking_the_seal_away_does_not_make_an_old_certificate() {
        let keys = Keys::from_seed([1; 32], [2; 32], [3; 32]);
        let key = public_key(&keys);
        let unsealed = |facts: &Facts| {
            let text = facts.text();
            with_line(PDF, &format!("{}.{}", URL_SAFE_NO_PAD.encode(&text), sign(&keys, &text)))
        };
        assert_eq!(verify_offline(&unsealed(&facts()), &key), Err(Forged::Altered));
        let old = Facts { sealed: false, ..facts() };
        assert!(!old.text().contains("sealed"), "signed as it always was");
        assert_eq!(verify_offline(&unsealed(&old), &key), Ok(Proven { facts: old, whole: false }));
    }
}
