//! Signed statements (Data 2.6): a JSON web signature over the statement before it was signed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::signature::{self, UnparsedPublicKey};

use crate::json::Value;
use crate::{Statement, Version, der, read_one};

/// A signature that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is not a JSON web signature in compact form.
    #[error("the signature is not a JSON web signature in compact serialization (RFC 7515)")]
    Form,
    /// Its algorithm is none that may be used.
    #[error("the algorithm of a signature has to be RS256, RS384 or RS512")]
    Algorithm,
    /// What was signed is no statement.
    #[error("what was signed is not a statement: {0}")]
    Payload(String),
    /// What was signed is another statement.
    #[error("what was signed does not say the same as the statement")]
    Other,
    /// The certificate in it cannot be read.
    #[error("the first certificate of x5c cannot be read")]
    Certificate,
    /// The certificate's key did not make this signature.
    #[error("the signature was not made with the key of the certificate in x5c")]
    Key,
}

/// Checks the signature `jws` of `statement`: its form, that what was signed says the same as the
/// statement, and, where it brings a certificate, that this certificate's key made it.
///
/// # Errors
/// [`SignatureError`] with the first reason why it does not hold.
pub fn verify(statement: &Statement<'_>, jws: &[u8], version: Version) -> Result<(), SignatureError> {
    let text = std::str::from_utf8(jws).map_err(|_| SignatureError::Form)?.trim();
    let mut parts = text.split('.');
    let (Some(head), Some(payload), Some(mark), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(SignatureError::Form);
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| SignatureError::Form);
    let header = String::from_utf8(decoded(head)?).map_err(|_| SignatureError::Form)?;
    let header = Value::parse(&header).map_err(|_| SignatureError::Form)?;
    let strong = match header.get("alg").and_then(Value::text) {
        Some("RS256") => &signature::RSA_PKCS1_2048_8192_SHA256,
        Some("RS384") => &signature::RSA_PKCS1_2048_8192_SHA384,
        Some("RS512") => &signature::RSA_PKCS1_2048_8192_SHA512,
        _ => return Err(SignatureError::Algorithm),
    };
    let signed = String::from_utf8(decoded(payload)?).map_err(|_| SignatureError::Form)?;
    let original = read_one(&signed, version).map_err(|e| SignatureError::Payload(e.to_string()))?;
    let ids_differ = original.id.zip(statement.id).is_some_and(|(one, other)| one != other);
    if ids_differ || !original.likeness_unsigned().fits(&statement.likeness_unsigned()) {
        return Err(SignatureError::Other);
    }
    let mark = decoded(mark)?;
    let Some(chain) = header.get("x5c") else { return Ok(()) };
    let certificate = chain.each().first().and_then(Value::text).ok_or(SignatureError::Certificate)?;
    let certificate = STANDARD.decode(certificate).map_err(|_| SignatureError::Certificate)?;
    let key = der::public_key(&certificate).ok_or(SignatureError::Certificate)?;
    let message = &text[..head.len() + 1 + payload.len()];
    UnparsedPublicKey::new(strong, key).verify(message.as_bytes(), &mark).map_err(|_| SignatureError::Key)
}
