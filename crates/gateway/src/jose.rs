//! Signed tokens of other systems (RFC 7515, 7517, 7519): read with `jsonwebtoken`, whose
//! cryptography is done by `ring`. Two algorithms are taken, RS256 and ES256, each with a key of its
//! own kind from the signer's key set. Whatever a token names by itself (`jku`, `jwk`, `x5u`) is
//! passed over: it would let a forger bring the key along. What is signed by us is in [`sign`].
//!
//! What the claims say is judged by the caller, by the clock of the request.

pub mod sign;

use std::sync::Once;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as TokenResult, new_error};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::signature::{Error as SignatureError, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey, Validation, decode, decode_header};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde_json::{Map, Value};

/// Bytes of a token at most.
const LONGEST: usize = 64 * 1024;
/// Keys of a set that are looked at.
const KEYS: usize = 50;

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no token, or too long.
    #[error("格式不对")]
    Malformed,
    /// It is signed in another way, or not at all.
    #[error("签名算法不被接受")]
    Algorithm,
    /// The signer's key set has no such key.
    #[error("签名所用的密钥不在对方公布的密钥中")]
    UnknownKey,
    /// The signature is not the key's.
    #[error("签名不符")]
    Signature,
}

/// A token before its signature has been looked at.
#[derive(Debug)]
pub struct Unverified<'t> {
    text: &'t str,
    algorithm: Algorithm,
    kid: Option<String>,
}

impl<'t> Unverified<'t> {
    /// Reads the head of `text`.
    ///
    /// # Errors
    /// [`TokenError::Malformed`], [`TokenError::Algorithm`].
    pub fn read(text: &'t str) -> Result<Self, TokenError> {
        if text.len() > LONGEST || text.split('.').count() != 3 {
            return Err(TokenError::Malformed);
        }
        // An algorithm that the crate does not know, such as `none`, is an error already here.
        let header = decode_header(text).map_err(|_| TokenError::Algorithm)?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err(TokenError::Algorithm);
        }
        // Extensions that one must understand (RFC 7515, 4.1.11): we understand none.
        if header.crit.is_some() {
            return Err(TokenError::Malformed);
        }
        Ok(Self { text, algorithm: header.alg, kid: header.kid })
    }

    /// The text that the token itself gives for `claim`, whoever made it: for finding out whose keys
    /// to hold it against, and for nothing else.
    #[must_use]
    pub fn states(&self, claim: &str) -> Option<String> {
        let content = URL_SAFE_NO_PAD.decode(self.text.split('.').nth(1)?).ok()?;
        let claims: Map<String, Value> = serde_json::from_slice(&content).ok()?;
        // A character that no text has: one engine of the database would refuse it.
        claims.get(claim)?.as_str().filter(|text| !text.contains('\0')).map(str::to_owned)
    }

    /// The claims, once the signature is that of the key in `keys` which the token names.
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`], [`TokenError::Signature`].
    pub fn verify(&self, keys: &KeySet) -> Result<Map<String, Value>, TokenError> {
        static READY: Once = Once::new();
        READY.call_once(|| {
            // Whoever was first is as good: nothing but RS256 and ES256 is asked of it here.
            let _ = RING.install_default();
        });
        let key = keys.find(self).ok_or(TokenError::UnknownKey)?;
        let key = DecodingKey::from_jwk(key).map_err(|_| TokenError::UnknownKey)?;
        let mut rules = Validation::new(self.algorithm);
        rules.required_spec_claims.clear();
        (rules.validate_exp, rules.validate_aud) = (false, false);
        match decode(self.text, &key, &rules) {
            Ok(token) => Ok(token.claims),
            Err(error) if matches!(error.kind(), ErrorKind::Json(_) | ErrorKind::Utf8(_)) => {
                Err(TokenError::Malformed)
            }
            Err(_) => Err(TokenError::Signature),
        }
    }
}

/// The public keys that somebody signs with.
#[derive(Debug)]
pub struct KeySet(Vec<Jwk>);

impl KeySet {
    /// Reads a key set (RFC 7517, 5); keys of kinds that are not known are passed over. `None` when
    /// it is none.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Self> {
        let set: Value = serde_json::from_slice(text).ok()?;
        let keys = set.get("keys")?.as_array()?.iter().take(KEYS);
        Some(Self(keys.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect()))
    }

    /// Whether no key in it could have signed anything that we take.
    #[must_use]
    pub fn is_useless(&self) -> bool {
        !self.0.iter().any(|key| fits(key, Algorithm::RS256) || fits(key, Algorithm::ES256))
    }

    /// The key that `token` names; one that names none is taken for the only one that fits.
    fn find(&self, token: &Unverified<'_>) -> Option<&Jwk> {
        let mut fitting = self.0.iter().filter(|key| fits(key, token.algorithm));
        match &token.kid {
            Some(kid) => fitting.find(|key| key.common.key_id.as_ref() == Some(kid)),
            None => fitting.next().filter(|_| fitting.next().is_none()),
        }
    }
}

/// Whether `key` is there for signatures by `algorithm`.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let of_kind = match &key.algorithm {
        AlgorithmParameters::RSA(_) => algorithm == Algorithm::RS256,
        AlgorithmParameters::EllipticCurve(curve) => {
            algorithm == Algorithm::ES256 && curve.curve == EllipticCurve::P256
        }
        _ => false,
    };
    let common = &key.common;
    of_kind
        && common.public_key_use.as_ref().is_none_or(|meant| *meant == PublicKeyUse::Signature)
        && common.key_algorithm.is_none_or(|meant| meant == KeyAlgorithm::from(algorithm))
}

/// Verifying with `ring`. What we sign is signed without it.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

fn no_signer(_: &Algorithm, _: &EncodingKey) -> TokenResult<Box<dyn JwtSigner>> {
    Err(new_error(ErrorKind::UnsupportedAlgorithm))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> TokenResult<Box<dyn JwtVerifier>> {
    match (algorithm, key.kind()) {
        (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            Ok(Box::new(Rsa { n: n.clone(), e: e.clone() }))
        }
        (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => Ok(Box::new(Ec(point.clone()))),
        _ => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    }
}

/// Modulus and exponent; `ring` refuses less than 2048 bits.
struct Rsa {
    n: Vec<u8>,
    e: Vec<u8>,
}

impl Verifier<Vec<u8>> for Rsa {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        RsaPublicKeyComponents { n: &self.n, e: &self.e }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for Rsa {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

/// A point of the curve P-256, uncompressed.
struct Ec(Vec<u8>);

impl Verifier<Vec<u8>> for Ec {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0)
            .verify(message, signature)
            .map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for Ec {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    use super::{KeySet, LONGEST, TokenError, Unverified};

    /// The example of RFC 7515, A.2: signed by RS256.
    const RS256: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const RSA_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
    /// The example of RFC 7515, A.3: signed by ES256.
    const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const EC_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

    fn set(keys: &[&str]) -> KeySet {
        KeySet::read(format!("{{\"keys\":[{}]}}", keys.join(",")).as_bytes()).expect("a key set")
    }

    fn part(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    fn verified(token: &str, keys: &KeySet) -> Result<(), TokenError> {
        Unverified::read(token)?.verify(keys).map(drop)
    }

    #[test]
    fn the_examples_of_the_standard_are_taken() {
        let keys = set(&[RSA_KEY, EC_KEY]);
        for token in [RS256, ES256] {
            let claims = Unverified::read(token).and_then(|token| token.verify(&keys)).expect("verified");
            assert_eq!(claims["iss"], "joe");
        }
    }

    #[test]
    fn another_content_or_key_is_not() {
        let keys = set(&[RSA_KEY, EC_KEY]);
        for token in [RS256, ES256] {
            let parts: Vec<&str> = token.split('.').collect();
            let forged = format!("{}.{}.{}", parts[0], part("{\"iss\":\"jim\"}"), parts[2]);
            assert_eq!(verified(&forged, &keys), Err(TokenError::Signature));
            assert_eq!(verified(&format!("{}.{}.", parts[0], parts[1]), &keys), Err(TokenError::Signature));
        }
        assert_eq!(verified(RS256, &set(&[EC_KEY])), Err(TokenError::UnknownKey));
        assert_eq!(verified(ES256, &set(&[RSA_KEY])), Err(TokenError::UnknownKey));
        let other = EC_KEY.replace("f83O", "f83P");
        assert_eq!(verified(ES256, &set(&[&other])), Err(TokenError::Signature));
    }

    #[test]
    fn unsigned_and_secretly_signed_tokens_are_not_taken() {
        let keys = set(&[RSA_KEY, EC_KEY]);
        for alg in ["none", "None", "HS256", "RS384", "PS256", "EdDSA", "", "nOnE"] {
            let token = format!("{}.{}.{}", part(&json!({ "alg": alg }).to_string()), part("{}"), part("x"));
            assert_eq!(verified(&token, &keys), Err(TokenError::Algorithm), "{alg}");
        }
        let crit = format!("{}.{}.", part(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#), part("{}"));
        assert_eq!(verified(&crit, &keys), Err(TokenError::Malformed));
        for broken in ["", "a.b", "a.b.c.d", &"a.".repeat(LONGEST)] {
            assert_eq!(verified(broken, &keys), Err(TokenError::Malformed));
        }
    }

    #[test]
    fn a_key_is_found_by_its_name_and_only_for_what_it_is_there() {
        let named = EC_KEY.replace("\"EC\"", "\"EC\",\"kid\":\"a\"");
        let twice = set(&[EC_KEY, &named]);
        assert_eq!(verified(ES256, &twice), Err(TokenError::UnknownKey), "which of two nobody says");
        for (field, taken) in [
            ("\"use\":\"sig\"", true),
            ("\"alg\":\"ES256\"", true),
            ("\"use\":\"enc\"", false),
            ("\"alg\":\"ES384\"", false),
            ("\"alg\":\"ECDH-ES+A128KW\"", false),
        ] {
            let key = EC_KEY.replace("\"EC\"", &format!("\"EC\",{field}"));
            assert_eq!(verified(ES256, &set(&[&key])).is_ok(), taken, "{field}");
        }
        assert!(KeySet::read(b"{}").is_none() && KeySet::read(b"<html>").is_none());
        assert!(set(&[r#"{"kty":"oct","k":"AAAA"}"#, r#"{"kty":"neu"}"#]).is_useless());
    }
}
