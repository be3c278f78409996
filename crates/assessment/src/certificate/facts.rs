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
}

impl Facts {
    /// The text that is signed.
    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).expect("a struct of strings serialises")
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
    let Ok(key) = VerifyingKey::from_bytes(public_key) else { return false };
    let bytes = URL_SAFE_NO_PAD.decode(signature).ok();
    let signature = bytes.and_then(|bytes| Signature::from_slice(&bytes).ok());
    signature.is_some_and(|signature| key.verify(text.as_bytes(), &signature).is_ok())
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

/// `pdf` with a line of comment that carries facts and signature. It stands in front of the last
/// `startxref`: readers look for that within the last kilobyte, and no offset in the file changes.
pub(super) fn stamped(pdf: &[u8], text: &str, signature: &str) -> Vec<u8> {
    let end = b"startxref";
    let at = pdf.windows(end.len()).rposition(|w| w == end).unwrap_or(pdf.len());
    let line = format!("\n{MARK}{}.{signature}\n", URL_SAFE_NO_PAD.encode(text));
    [&pdf[..at], line.as_bytes(), &pdf[at..]].concat()
}

/// Finds the facts in `document` and checks that they were signed by the holder of `public_key`
/// (32 bytes). What the pages of the document show is to be compared with the facts.
///
/// # Errors
/// See [`Forged`].
pub fn verify_offline(document: &[u8], public_key: &[u8; 32]) -> Result<Facts, Forged> {
    let mark = MARK.as_bytes();
    let at = document.windows(mark.len()).rposition(|w| w == mark).ok_or(Forged::Unsigned)?;
    let line = document[at + mark.len()..].split(|b| b.is_ascii_whitespace()).next().unwrap_or_default();
    let line = std::str::from_utf8(line).map_err(|_| Forged::Unsigned)?;
    let (facts, signature) = line.split_once('.').ok_or(Forged::Unsigned)?;
    let text = URL_SAFE_NO_PAD.decode(facts).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or(Forged::Unsigned)?;
    if !is_signed(public_key, &text, signature) {
        return Err(Forged::Wrong);
    }
    serde_json::from_str(&text).map_err(|_| Forged::Unsigned)
}

#[cfg(test)]
mod tests {
    use tisheng_platform::keys::Keys;

    use super::{Facts, Forged, is_signed, public_key, sign, stamped, verify_offline};

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
        }
    }

    fn document(keys: &Keys, facts: &Facts) -> Vec<u8> {
        let text = facts.text();
        stamped(PDF, &text, &sign(keys, &text))
    }

    #[test]
    fn a_document_proves_its_own_facts() {
        let keys = Keys::from_seed([1; 32], [2; 32], [3; 32]);
        let key = public_key(&keys);
        let document = document(&keys, &facts());
        assert_eq!(verify_offline(&document, &key), Ok(facts()));
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
        let end = document.len() - (PDF.len() - 15) - 2;
        for place in end - 60..end {
            let mut changed = document.clone();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            if changed != document {
                assert!(verify_offline(&changed, &key).is_err(), "byte {place}");
            }
        }
    }
}
