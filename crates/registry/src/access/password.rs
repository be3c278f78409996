//! Passwords: what is accepted, and hashing that costs the same for everybody.

use std::collections::HashSet;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tisheng_platform::web::Failure;
use tokio::sync::Semaphore;

/// Hashes computed at once: each takes 19 MiB and a processor.
const AT_ONCE: usize = 4;
static GATE: Semaphore = Semaphore::const_new(AT_ONCE);

/// Memory of one hash in KiB, passes over it, lanes (OWASP's first choice for argon2id).
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// The hash of a password that nobody knows, compared when there is no account: so that an
/// unknown account costs what a wrong password costs.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$dGlzaGVuZ3RpZXNoZW5n$Sk9wXFp2y1d1cA8HBFqHk4o8mQ0bPzvhZ8mQHyn1d3E";

/// The shortest password, in characters.
const SHORTEST: usize = 8;
/// The longest, so that nobody keeps the hasher busy.
const LONGEST: usize = 128;
/// Different characters that a password has at least.
const FEWEST: usize = 4;

/// A hashed password in the PHC form, ready to be stored.
#[derive(Clone)]
pub struct Hashed(String);

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hashed")
    }
}

impl Hashed {
    /// The PHC form.
    #[must_use]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a password may be chosen for the account with this login and owner.
///
/// # Errors
/// The sentence for the form.
pub fn is_acceptable(password: &str, login: &str, name: &str) -> Result<(), String> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(format!("密码至少 {SHORTEST} 位，现在有 {length} 位"));
    }
    if length > LONGEST {
        return Err(format!("密码最多 {LONGEST} 位"));
    }
    let lower = password.to_lowercase();
    if lower.contains(login) && !login.is_empty()
        || (!name.is_empty() && lower.contains(&name.to_lowercase()))
    {
        return Err("密码不能包含账号或姓名".to_owned());
    }
    if holds_number(password) {
        return Err("密码不能包含手机号或证件号码".to_owned());
    }
    if password.chars().all(|c| c.is_ascii_digit()) {
        return Err("密码不能全是数字，请加上字母、汉字或符号".to_owned());
    }
    if password.chars().collect::<HashSet<char>>().len() < FEWEST {
        return Err(format!("密码中不同的字符太少，至少要有 {FEWEST} 个"));
    }
    if is_common(&lower) {
        return Err("这个密码太常见，很容易被猜到，请换一个".to_owned());
    }
    Ok(())
}

/// Words that many people take for a password, with or without figures and signs around them.
const COMMON: &str = include_str!("common.txt");

/// Whether everybody would guess `lower`: a common word once its figures and signs are taken away,
/// with letters written as figures read as letters; or a piece that is only repeated.
fn is_common(lower: &str) -> bool {
    let meant = |c: char| match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    let letters: String = lower.chars().filter(|c| c.is_alphabetic()).collect();
    let core: String = lower.trim_matches(|c: char| !c.is_alphabetic()).chars().map(meant).collect();
    let known = |word: &str| COMMON.split_whitespace().any(|common| common == word);
    known(&letters) || known(&core) || is_repeated(lower)
}

/// Whether `text` is one piece over and over, such as `ab12ab12`.
fn is_repeated(text: &str) -> bool {
    let signs: Vec<char> = text.chars().collect();
    (1..=signs.len() / 2)
        .filter(|length| signs.len().is_multiple_of(*length))
        .any(|length| signs.chunks(length).all(|piece| piece == &signs[..length]))
}

/// Whether a mobile number or the number of a paper stands in `text`: eleven figures in a row that
/// begin like the one, or fifteen and more.
fn holds_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|figures| {
        let is_mobile = figures.len() >= 11 && figures.starts_with('1') && figures.as_bytes()[1] >= b'3';
        is_mobile || figures.len() >= 15
    })
}

/// Hashes a password. Never called while a writing transaction is open.
///
/// # Errors
/// When the machine cannot hash right now.
pub async fn hash(password: &str) -> Result<Hashed, Failure> {
    let password = password.to_owned();
    apart(move || {
        let phc =
            hasher().hash_password(password.as_bytes()).map_err(|e| Failure::Internal(e.to_string()))?;
        Ok(Hashed(phc.to_string()))
    })
    .await?
}

/// Whether `password` is the one behind `hash`; without a hash the answer is no, at the same cost.
pub(super) async fn verify(password: &str, hash: Option<&str>) -> Result<bool, Failure> {
    let password = password.to_owned();
    let known = hash.is_some();
    let hash = hash.unwrap_or(NOBODY).to_owned();
    apart(move || hasher().verify_password(password.as_bytes(), hash.as_str()).is_ok() && known).await
}

/// Does heavy work off the threads that serve requests, a few at once.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let _turn = GATE.acquire().await.map_err(|e| Failure::Busy(e.to_string()))?;
    tokio::task::spawn_blocking(work).await.map_err(|e| Failure::Internal(e.to_string()))
}

fn hasher() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("the cost lies within argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHash;

    use super::{NOBODY, hash, is_acceptable, verify};

    #[tokio::test]
    async fn only_the_password_passes() {
        let hashed = hash("一段很长的口令").await.expect("hashes");
        assert!(hashed.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hashed.as_str());
        assert!(verify("一段很长的口令", Some(hashed.as_str())).await.expect("verifies"));
        assert!(!verify("一段很长的口命", Some(hashed.as_str())).await.expect("verifies"));
        assert!(!verify("一段很长的口令", None).await.expect("verifies"));
    }

    #[test]
    fn an_unknown_account_costs_a_whole_hash() {
        let nobody = PasswordHash::new(NOBODY).expect("the text is a hash");
        assert_eq!(nobody.params.to_string(), "m=19456,t=2,p=1");
        assert_eq!(nobody.hash.expect("a hash").len(), 32);
    }

    #[test]
    fn weak_passwords_have_reasons() {
        assert!(is_acceptable("short", "zhang", "张三").is_err());
        assert!(is_acceptable("Zhang12345", "zhang", "张三").is_err());
        assert!(is_acceptable("我是张三我是张三", "zhang", "张三").is_err());
        assert!(is_acceptable("aaaaaaaaaa", "zhang", "张三").is_err());
        for common in [
            "12345678",
            "19850601",
            "password",
            "Password1",
            "P@ssw0rd2020",
            "qwer1234",
            "1qaz2wsx",
            "woaini520",
            "jiaoshi123",
            "admin@2020",
            "abcd1234",
            "ab12ab12",
            "abababab",
            "13900000001",
            "a13900000001",
            "880101197001010017x",
            "iloveyou!!",
            "Teacher_2021",
        ] {
            assert!(is_acceptable(common, "zhang", "张三").is_err(), "{common}");
        }
        for fine in ["春风化雨-2020", "bamboo-kettle-37", "窗外的第3棵老树", "Wn7#kdlP"] {
            assert_eq!(is_acceptable(fine, "zhang", "张三"), Ok(()), "{fine}");
        }
        assert!(is_acceptable("四月的雨下了一夜", "zhang", "张三").is_ok());
    }
}
