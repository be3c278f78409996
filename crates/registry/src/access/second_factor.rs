//! The second factor: codes of six digits that change every thirty seconds (RFC 6238).

use std::fmt;

use tisheng_kernel::Instant;
use tisheng_platform::web::Failure;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// What an authenticator app shows beside the code.
const ISSUER: &str = "Tisheng";
/// Bytes of a secret (RFC 4226 recommends 160 bits).
const SECRET: usize = 20;

/// A secret in base 32, as it is typed into an authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText")
    }
}

impl SecretText {
    /// The secret written as `text`.
    ///
    /// # Errors
    /// When it is not base 32 or too short.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let secret = Self(text.to_owned());
        totp(&secret, "check").map(|_| secret)
    }

    /// The base 32 text; personal data of the account's owner.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In groups of four, for reading off a screen.
    #[must_use]
    pub fn grouped(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }
}

/// A fresh secret.
#[must_use]
pub fn new_secret() -> SecretText {
    SecretText(Secret::from(rand::random::<[u8; SECRET]>().to_vec()).to_base32())
}

/// The address that authenticator apps understand.
///
/// # Errors
/// When the secret is not one.
pub fn otpauth(secret: &SecretText, login: &str) -> Result<String, Failure> {
    totp(secret, login)?.to_url().map_err(|e| Failure::Internal(e.to_string()))
}

/// The time step to which `code` belongs, when it is right now or was right half a minute ago.
pub(super) fn step_of(secret: &SecretText, code: &str, at: Instant) -> Result<Option<i64>, Failure> {
    let code = tisheng_kernel::text::tidy(code).replace(' ', "");
    let (seconds, _) = at.to_unix();
    Ok(totp(secret, "code")?.check(&code, seconds).and_then(|step| i64::try_from(step).ok()))
}

fn totp(secret: &SecretText, login: &str) -> Result<Totp, Failure> {
    let failed = |e: String| Failure::Internal(format!("second factor: {e}"));
    let secret = Secret::try_from_base32(&secret.0).map_err(|e| failed(e.to_string()))?;
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret)
        .with_issuer(Some(ISSUER))
        .with_account_name(login)
        .build()
        .map_err(|e| failed(e.to_string()))
}

/// The code that an authenticator app shows at `at`.
///
/// # Errors
/// When the secret is not one.
pub fn code_at(secret: &SecretText, at: Instant) -> Result<String, Failure> {
    Ok(totp(secret, "code")?.generate(at.to_unix().0).to_string())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tisheng_kernel::Instant;

    use super::{SecretText, code_at, new_secret, otpauth, step_of};

    #[test]
    fn a_code_counts_around_its_half_minute() {
        let secret = new_secret();
        let at = Instant::from_micros(1_615_338_000_000_000);
        let code = code_at(&secret, at).expect("a code");
        let step = step_of(&secret, &code, at).expect("checks");
        assert_eq!(step, Some(1_615_338_000 / 30));
        assert_eq!(step_of(&secret, &code, at + TimeDelta::seconds(30)).expect("checks"), step);
        assert_eq!(step_of(&secret, &code, at + TimeDelta::seconds(90)).expect("checks"), None);
        assert_eq!(step_of(&new_secret(), &code, at).expect("checks"), None);
    }

    #[test]
    fn shown_for_typing_and_for_apps() {
        let secret = SecretText::parse("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").expect("a secret");
        assert_eq!(secret.grouped(), "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP");
        let address = otpauth(&secret, "xian.ban").expect("an address");
        assert!(address.starts_with("otpauth://totp/") && address.contains("secret=JBSWY3DP"), "{address}");
        assert!(SecretText::parse("1").is_err());
    }
}
