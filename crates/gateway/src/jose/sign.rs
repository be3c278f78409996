//! Keys of our own and what is signed with them (RS256, RFC 7518, 3.3). The `rsa` crate makes a key,
//! which `ring` cannot; everything that is done with one is done by `ring`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use rsa::PrivateKey;
use rsa::pkcs8::EncodePrivateKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bits of a key: what every reader of tokens takes, and more than `ring` asks for at least.
const BITS: usize = 2048;

/// A key that signs tokens, with its name.
#[derive(Debug)]
pub struct SigningKey {
    pair: RsaKeyPair,
    kid: String,
}

impl SigningKey {
    /// Makes a key: its secret half as PKCS #8 in Base64. Takes a large part of a second of
    /// computing.
    ///
    /// # Panics
    /// Never: the size is one that the crate makes.
    #[must_use]
    pub fn make() -> Zeroizing<String> {
        let key = PrivateKey::new(&mut rand::rng(), BITS).expect("2048 bits are a size of keys");
        let document = key.to_pkcs8_der().expect("a whole key has a form in DER");
        Zeroizing::new(STANDARD.encode(document.as_bytes()))
    }

    /// Reads what [`SigningKey::make`] made; `None` when it is something else.
    #[must_use]
    pub fn read(secret: &str) -> Option<Self> {
        let document = Zeroizing::new(STANDARD.decode(secret).ok()?);
        let pair = RsaKeyPair::from_pkcs8(&document).ok()?;
        let kid = thumbprint(&pair);
        Some(Self { pair, kid })
    }

    /// The name under which its public half is published.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half as it stands in a key set (RFC 7517, RFC 7518, 6.3.1).
    #[must_use]
    pub fn public(&self) -> Value {
        let (n, e) = parts(&self.pair);
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, "n": n, "e": e })
    }

    /// A token of these claims.
    ///
    /// # Panics
    /// Never: a signature has the length of its key.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid });
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&head), encode(claims));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("a signature as long as the key");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Modulus and exponent as key sets write them.
fn parts(pair: &RsaKeyPair) -> (String, String) {
    let public: RsaPublicKeyComponents<Vec<u8>> = pair.public_key().into();
    (URL_SAFE_NO_PAD.encode(public.n), URL_SAFE_NO_PAD.encode(public.e))
}

/// The thumbprint of the public half (RFC 7638, 3).
fn thumbprint(pair: &RsaKeyPair) -> String {
    let (n, e) = parts(pair);
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{KeySet, TokenError, Unverified};
    use super::SigningKey;

    #[test]
    fn what_is_signed_is_verified_by_the_published_key_and_no_other() {
        let secret = SigningKey::make();
        let key = SigningKey::read(&secret).expect("a key");
        let token = key.sign(&json!({ "iss": "https://tisheng.test" }));
        let set = |key: &SigningKey| {
            KeySet::read(json!({ "keys": [key.public()] }).to_string().as_bytes()).expect("a key set")
        };
        let read = || Unverified::read(&token).expect("a token");
        assert_eq!(read().verify(&set(&key)).expect("verified")["iss"], "https://tisheng.test");
        let other = SigningKey::read(&SigningKey::make()).expect("a key");
        assert_ne!(key.kid(), other.kid());
        assert_eq!(read().verify(&set(&other)).map(drop), Err(TokenError::UnknownKey));
        assert!(SigningKey::read("").is_none() && SigningKey::read("AAAA").is_none());
    }
}
