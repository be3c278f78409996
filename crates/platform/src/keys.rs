//! The installation's secrets: sealing personal data, matching it, signing.
//!
//! Personal data is sealed with AES-256-GCM under a key that never leaves the key file; equal
//! values are found through an HMAC-SHA-256 index under a second key. Losing the file loses the
//! data, so `backup` reminds the operator to keep it apart from the database.

use std::io::Write;
use std::path::Path;

use aes_gcm::aead::{Aead, Generate, KeyInit};
use aes_gcm::{Aes256Gcm, Key, Nonce};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

/// First byte of every sealed value: which key and cipher it was sealed with.
const SEAL_AES_GCM: u8 = 1;
/// Bytes of the nonce in front of the sealed text.
const NONCE: usize = 12;

/// The secrets could not be read, or a sealed value not opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file cannot be read or made.
    #[error("key file {path}: {source}")]
    File {
        /// Where it was looked for.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file does not hold what it should.
    #[error("key file {0}: expected three keys of 64 hexadecimal digits: personal, index, signing")]
    Content(String),
    /// The value was sealed under another key, or damaged.
    #[error("a sealed value does not open with this installation's key")]
    Sealed,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    personal: String,
    index: String,
    signing: String,
}

/// The secrets of one installation.
pub struct Keys {
    personal: Aes256Gcm,
    index: Zeroizing<Vec<u8>>,
    signing: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Keys made from `random`, for tests and for a first start.
    #[must_use]
    pub fn from_seed(personal: [u8; 32], index: [u8; 32], signing: [u8; 32]) -> Self {
        Self {
            personal: Aes256Gcm::new(&Key::<Aes256Gcm>::from(personal)),
            index: Zeroizing::new(index.to_vec()),
            signing: Zeroizing::new(signing),
        }
    }

    /// Reads the key file, or makes it (readable by its owner only) when there is none.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let shown = path.display().to_string();
        let failed = |source| KeyError::File { path: shown.clone(), source };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(path).map_err(failed)?,
            Err(error) => return Err(failed(error)),
        };
        let stored: Stored = toml::from_str(&text).map_err(|_| KeyError::Content(shown.clone()))?;
        let key = |hex_text: &str| -> Result<[u8; 32], KeyError> {
            let bytes = hex::decode(hex_text).map_err(|_| KeyError::Content(shown.clone()))?;
            bytes.try_into().map_err(|_| KeyError::Content(shown.clone()))
        };
        Ok(Self::from_seed(key(&stored.personal)?, key(&stored.index)?, key(&stored.signing)?))
    }

    /// Seals `text`: nobody reads or changes it without the key.
    #[must_use]
    pub fn seal(&self, text: &str) -> Vec<u8> {
        let nonce = Nonce::generate();
        let sealed =
            self.personal.encrypt(&nonce, text.as_bytes()).expect("AES-GCM seals texts below 64 GiB");
        let mut out = Vec::with_capacity(1 + NONCE + sealed.len());
        out.push(SEAL_AES_GCM);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens what [`Keys::seal`] made.
    ///
    /// # Errors
    /// [`KeyError::Sealed`] when it was damaged or sealed by another installation.
    pub fn open(&self, sealed: &[u8]) -> Result<String, KeyError> {
        let rest = sealed.strip_prefix(&[SEAL_AES_GCM]).ok_or(KeyError::Sealed)?;
        let (nonce, body) = rest.split_at_checked(NONCE).ok_or(KeyError::Sealed)?;
        let nonce = Nonce::try_from(nonce).map_err(|_| KeyError::Sealed)?;
        let opened = self.personal.decrypt(&nonce, body).map_err(|_| KeyError::Sealed)?;
        String::from_utf8(opened).map_err(|_| KeyError::Sealed)
    }

    /// The index under which equal values of one `kind` are found: equal in, equal out, and
    /// nothing about the value to be learnt from it without the key.
    #[must_use]
    pub fn index(&self, kind: &str, value: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.index).expect("HMAC takes keys of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        mac.finalize().into_bytes()[..16].to_vec()
    }

    /// The seed of the installation's Ed25519 signing key.
    #[must_use]
    pub fn signing_seed(&self) -> &[u8; 32] {
        &self.signing
    }
}

fn create(path: &Path) -> std::io::Result<Zeroizing<String>> {
    let fresh = || hex::encode(rand::random::<[u8; 32]>());
    let stored = Stored { personal: fresh(), index: fresh(), signing: fresh() };
    let text = Zeroizing::new(toml::to_string(&stored).map_err(std::io::Error::other)?);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // A key that a power cut takes away makes unreadable whatever was sealed with it.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{KeyError, Keys};

    fn keys(byte: u8) -> Keys {
        Keys::from_seed([byte; 32], [byte; 32], [byte; 32])
    }

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let sealed = keys(1).seal("11010519491231002X");
        assert_eq!(keys(1).open(&sealed).expect("opens"), "11010519491231002X");
        assert!(matches!(keys(2).open(&sealed), Err(KeyError::Sealed)));
        let mut damaged = sealed.clone();
        damaged[20] ^= 1;
        assert!(matches!(keys(1).open(&damaged), Err(KeyError::Sealed)));
        assert_ne!(sealed, keys(1).seal("11010519491231002X"), "equal texts must not look equal");
    }

    #[test]
    fn the_index_finds_equal_values_of_one_kind() {
        assert_eq!(keys(1).index("identity", "a"), keys(1).index("identity", "a"));
        assert_ne!(keys(1).index("identity", "a"), keys(1).index("phone", "a"));
        assert_ne!(keys(1).index("identity", "a"), keys(2).index("identity", "a"));
    }
}
