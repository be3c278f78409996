//! Words for an hour, given to whoever brings key and secret (OAuth 2.0, RFC 6749 4.4): signed with
//! the installation's key, so that none has to be kept.

use chrono::TimeDelta;
use tisheng_kernel::Instant;
use tisheng_platform::{App, DbError};

use super::actions::KIND;
use super::gate::{find, of_secret};
use super::model::Token;
use crate::proof::{Proof, digest};

/// Seconds for which an access lasts.
pub const LASTS: i64 = 3_600;

/// What an access begins with.
const PREFIX: &str = "ta_";
/// As which signatures are compared.
const COMPARED: &str = "token access compared";
/// As which the signatures of accesses are made.
const SIGNED: &str = "token access";

/// An access as it was sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Access<'a> {
    /// The public half of its token.
    pub key: &'a str,
    until: i64,
    signature: &'a str,
}

/// The access that `word` is.
pub fn read(word: &str) -> Option<Access<'_>> {
    let mut parts = word.strip_prefix(PREFIX)?.split('_');
    let (key, until, signature) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    parts.next().is_none().then_some(Access { key, until, signature })
}

impl Access<'_> {
    /// Whether it was given for the token of `proof` and lasts at `at`. Once the secret that it was
    /// given for counts no more, neither does the access.
    pub fn is_of(&self, app: &App, proof: &Proof<Token>, at: Instant) -> bool {
        at.micros() < self.until
            && proof
                .hashes(at)
                .any(|hash| is_same(app, &sign(app, (self.key, self.until), hash), self.signature))
    }
}

/// Whether two signatures are the same. Compared as they are, the time that it takes would tell how
/// far somebody has guessed one.
fn is_same(app: &App, one: &str, other: &str) -> bool {
    app.keys.index(COMPARED, one) == app.keys.index(COMPARED, other)
}

fn sign(app: &App, (key, until): (&str, i64), secret: &[u8]) -> String {
    hex::encode(app.keys.index(SIGNED, &format!("{key} {until} {}", hex::encode(secret))))
}

/// The token of key and secret with an access to it; `None` when it is not let in.
///
/// # Errors
/// What the database reports.
pub async fn give_access(app: &App, (key, secret): (&str, &str)) -> Result<Option<(Token, String)>, DbError> {
    let at = app.now();
    if of_secret(app, (key, secret), at).await?.is_none() {
        return Ok(None);
    }
    let Some(proof) = find(app, key, at).await? else { return Ok(None) };
    let until = (at + TimeDelta::seconds(LASTS)).micros();
    let signature = sign(app, (key, until), &digest(app, KIND, secret));
    Ok(Some((proof.holder.clone(), format!("{PREFIX}{key}_{until}_{signature}"))))
}

#[cfg(test)]
mod tests {
    use super::{Access, read};

    #[test]
    fn an_access_is_read_as_it_is_written() {
        let access = Access { key: "ab", until: 12, signature: "cd" };
        assert_eq!(read("ta_ab_12_cd"), Some(access));
        for wrong in ["", "ta_", "ta_ab_cd_12", "ta_ab_12", "ta_ab_12_cd_e", "ts_ab_12_cd"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
