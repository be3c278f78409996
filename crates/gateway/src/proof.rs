//! Secrets of machines: made at random, kept as a keyed hash, remembered for moments, so that a
//! request costs no question to the database.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tisheng_kernel::Instant;
use tisheng_platform::{App, DbError};

/// Microseconds for which a holder is remembered: for so long another process of the installation
/// may still let one in that was turned away here.
const REMEMBERED: i64 = 5_000_000;
/// Holders remembered at most.
const MOST: usize = 10_000;

/// A new secret: nobody guesses 256 random bits.
pub fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// A new public half.
pub fn key() -> String {
    hex::encode(rand::random::<[u8; 12]>())
}

/// As which a secret of `kind` is kept. Nobody guesses one, so a plain keyed hash keeps it.
pub fn digest(app: &App, kind: &str, secret: &str) -> Vec<u8> {
    app.keys.index(kind, secret)
}

/// Key and secret of a `Basic` header.
pub fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, rest) = authorization.split_once(' ')?;
    let decoded = STANDARD.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}

/// A holder with what proves that somebody speaks for it.
#[derive(Debug, Clone)]
pub struct Proof<T> {
    /// Who holds it.
    pub holder: T,
    /// The hash of the secret.
    pub secret: Vec<u8>,
    /// That of the secret before, and until when it counts.
    pub earlier: Option<(Vec<u8>, Instant)>,
}

impl<T> Proof<T> {
    /// Whether `given` is the hash of a secret that counts at `at`. Keyed hashes are compared: how
    /// long that takes tells nothing about the secret.
    pub fn holds(&self, given: &[u8], at: Instant) -> bool {
        self.hashes(at).any(|hash| hash == given)
    }

    /// The hashes of the secrets that count at `at`.
    pub fn hashes(&self, at: Instant) -> impl Iterator<Item = &[u8]> {
        let earlier = self.earlier.as_ref().filter(move |(_, until)| at < *until);
        std::iter::once(self.secret.as_slice()).chain(earlier.map(|(hash, _)| hash.as_slice()))
    }
}

/// The holders that were asked for in the last seconds, by their public halves.
#[derive(Debug)]
pub struct Remembered<T>(Mutex<HashMap<String, Since<T>>>);

/// A holder, and since when it is remembered.
type Since<T> = (Instant, Arc<Proof<T>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Remembered<T> {
    /// Asks anew for every holder.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The holder of `key`: remembered, or as `look` finds it.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn of_key(
        &self,
        key: &str,
        at: Instant,
        look: impl Future<Output = Result<Option<Proof<T>>, DbError>> + Send,
    ) -> Result<Option<Arc<Proof<T>>>, DbError> {
        if let Some(known) = self.get(key, at) {
            return Ok(Some(known));
        }
        let Some(found) = look.await?.map(Arc::new) else { return Ok(None) };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(key.to_owned(), (at, Arc::clone(&found)));
        Ok(Some(found))
    }

    fn get(&self, key: &str, at: Instant) -> Option<Arc<Proof<T>>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, proof) = all.get(key)?;
        (at.micros() - since.micros() < REMEMBERED).then(|| Arc::clone(proof))
    }
}
