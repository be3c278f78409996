//! Configuration: built-in values, then a TOML file, then the environment.
//!
//! Every key can be given as `TISHENG_SECTION_KEY`, and secrets as `TISHENG_SECTION_KEY_FILE`
//! with the path of a file that holds the value. An unknown key is an error that names the
//! nearest known one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The configuration of one process.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The address people use, without a slash at the end; printed on certificates.
    pub public_url: String,
    /// Folder of the database, the key file and stored files.
    pub data: PathBuf,
    /// `postgres://…`, or the path of a SQLite file; empty for `tisheng.db` in the data folder.
    pub database: String,
    /// Where stored files live.
    pub files: FilesConfig,
    /// Hours after which an unused session ends.
    pub session_hours: i64,
    /// Largest file a teacher may hand in, in MiB.
    pub upload_mib: u64,
    /// Hosts, as `host:port`, that may be asked though they stand inside or speak plain HTTP.
    pub outbound_allow: Vec<String>,
    /// The version of xAPI in whose name a request is refused that names none.
    pub xapi_without_header: String,
    /// Origins at which content in a browser may speak with the record store, as browsers send them.
    pub xapi_origins: Vec<String>,
}

impl Config {
    /// Whether people reach the installation over HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}

/// Where stored files live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilesConfig {
    /// The folder `files` in the data folder.
    Local,
    /// A bucket of an S3-compatible store.
    S3 {
        /// Address of the store.
        endpoint: String,
        /// Name of the bucket.
        bucket: String,
        /// Access key.
        access_key: String,
        /// Secret key.
        secret_key: String,
    },
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file `{path}`: {source}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file that a variable names cannot be read.
    #[error("{name}: cannot read `{path}`: {source}; name the file that holds the secret")]
    Secret {
        /// The variable.
        name: String,
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A value and the file that holds it are both given.
    #[error("{name} and {name}_FILE are both set; keep one of them")]
    Twice {
        /// The variable.
        name: String,
    },
    /// The file is not TOML.
    #[error("{path}: {problem}")]
    Syntax {
        /// The file.
        path: String,
        /// Line, column and reason.
        problem: String,
    },
    /// A key that does not exist.
    #[error("{origin}: unknown key `{key}`{}", hint.as_ref().map(|h| format!("; did you mean `{h}`?")).unwrap_or_default())]
    UnknownKey {
        /// File or environment.
        origin: String,
        /// As written.
        key: String,
        /// The nearest known key.
        hint: Option<String>,
    },
    /// A value that does not fit its key.
    #[error("{key}: {problem}")]
    Value {
        /// The key.
        key: String,
        /// What would be right.
        problem: String,
    },
}

/// Every key there is, its built-in value and whether it is a secret.
const KEYS: [(&str, &str, bool); 13] = [
    ("server.listen", "127.0.0.1:8080", false),
    ("server.public_url", "", false),
    ("server.session_hours", "12", false),
    ("data.folder", "data", false),
    ("data.database", "", true),
    ("files.s3_endpoint", "", false),
    ("files.s3_bucket", "", false),
    ("files.s3_access_key", "", true),
    ("files.s3_secret_key", "", true),
    ("files.upload_mib", "512", false),
    ("outbound.allow", "", false),
    ("xapi.version_without_header", "2.0.0", false),
    ("xapi.origins", "", false),
];

const PREFIX: &str = "TISHENG_";

/// Values by key, as text, before they are given their types.
#[derive(Debug, Clone)]
pub struct Settings(BTreeMap<String, String>);

impl Default for Settings {
    fn default() -> Self {
        Self(KEYS.iter().map(|(key, value, _)| ((*key).to_owned(), (*value).to_owned())).collect())
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Sections(BTreeMap<String, toml::Value>);

impl Settings {
    /// Adds what the TOML file at `path` says.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML or has an unknown key.
    pub fn file(mut self, path: &Path) -> Result<Self, ConfigError> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: shown.clone(), source })?;
        let sections: Sections = toml::from_str(&text)
            .map_err(|e| ConfigError::Syntax { path: shown.clone(), problem: e.to_string() })?;
        for (section, value) in sections.0 {
            let toml::Value::Table(entries) = value else {
                return Err(unknown(&shown, &section));
            };
            for (key, value) in entries {
                let text = match value {
                    toml::Value::String(text) => text,
                    other => other.to_string(),
                };
                self.set(&shown, &format!("{section}.{key}"), text)?;
            }
        }
        Ok(self)
    }

    /// Adds what the environment says in variables that begin with `TISHENG_`.
    ///
    /// # Errors
    /// When a variable names no key, a `_FILE` cannot be read, or a key is given in both ways.
    pub fn environment(
        mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let variables: BTreeMap<String, String> = variables.into_iter().collect();
        for (name, value) in &variables {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            if rest.starts_with("TEST_") || rest == "FONTS" || rest == "LOG" {
                continue;
            }
            let (rest, value) =
                match rest.strip_suffix("_FILE") {
                    Some(rest) => {
                        let plain = format!("{PREFIX}{rest}");
                        if variables.contains_key(&plain) {
                            return Err(ConfigError::Twice { name: plain });
                        }
                        let (name, path) = (name.clone(), value.clone());
                        let secret = std::fs::read_to_string(value)
                            .map_err(|source| ConfigError::Secret { name, path, source })?;
                        (rest, secret.trim_end().to_owned())
                    }
                    None => (rest, value.clone()),
                };
            self.set(name, &rest.to_lowercase().replacen('_', ".", 1), value)?;
        }
        Ok(self)
    }

    /// Sets one key, as a command-line option does.
    ///
    /// # Errors
    /// When there is no such key.
    pub fn set(&mut self, origin: &str, key: &str, value: String) -> Result<(), ConfigError> {
        match self.0.get_mut(key) {
            Some(place) => {
                *place = value;
                Ok(())
            }
            None => Err(unknown(origin, key)),
        }
    }

    /// The settings with secrets masked, one `key = value` a line.
    #[must_use]
    pub fn masked(&self) -> String {
        let line = |(key, value): (&String, &String)| {
            let secret = KEYS.iter().any(|(known, _, secret)| known == key && *secret);
            let shown = if secret && !value.is_empty() { "********" } else { value };
            format!("{key} = {shown}\n")
        };
        self.0.iter().map(line).collect()
    }

    /// The configuration with every value in its type.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first value that does not fit.
    pub fn finish(self) -> Result<Config, ConfigError> {
        let text = |key: &str| self.0.get(key).cloned().unwrap_or_default();
        let listen: SocketAddr =
            parsed(&text("server.listen"), "server.listen", "an address such as 127.0.0.1:8080")?;
        let public_url = match text("server.public_url") {
            url if url.is_empty() => format!("http://{listen}"),
            url if url.starts_with("http://") || url.starts_with("https://") => {
                url.trim_end_matches('/').to_owned()
            }
            url => {
                let problem = format!("`{url}` begins with neither http:// nor https://");
                return Err(ConfigError::Value { key: "server.public_url".to_owned(), problem });
            }
        };
        let files = match text("files.s3_bucket") {
            bucket if bucket.is_empty() => FilesConfig::Local,
            bucket => FilesConfig::S3 {
                endpoint: text("files.s3_endpoint"),
                bucket,
                access_key: text("files.s3_access_key"),
                secret_key: text("files.s3_secret_key"),
            },
        };
        Ok(Config {
            listen,
            public_url,
            data: PathBuf::from(text("data.folder")),
            database: text("data.database"),
            files,
            session_hours: within(&text("server.session_hours"), "server.session_hours", 1..=168)?,
            upload_mib: within(&text("files.upload_mib"), "files.upload_mib", 1..=65_536)?,
            outbound_allow: hosts(&text("outbound.allow"), "outbound.allow")?,
            xapi_without_header: one_of(
                text("xapi.version_without_header"),
                "xapi.version_without_header",
                &["1.0.3", "2.0.0"],
            )?,
            xapi_origins: origins(&text("xapi.origins"), "xapi.origins")?,
        })
    }
}

fn parsed<T: std::str::FromStr>(text: &str, key: &str, wanted: &str) -> Result<T, ConfigError> {
    text.trim()
        .parse()
        .map_err(|_| ConfigError::Value { key: key.to_owned(), problem: format!("`{text}` is not {wanted}") })
}

/// A list of `host:port`, in lower case.
fn hosts(text: &str, key: &str) -> Result<Vec<String>, ConfigError> {
    let listed = text.split(',').map(str::trim).filter(|host| !host.is_empty());
    listed
        .map(|host| match host.rsplit_once(':') {
            Some((name, port)) if !name.is_empty() && port.parse::<u16>().is_ok() => Ok(host.to_lowercase()),
            _ => {
                let problem = format!("`{host}` is not a host and its port, such as sso.example:443");
                Err(ConfigError::Value { key: key.to_owned(), problem })
            }
        })
        .collect()
}

/// A list of origins, each as browsers send it.
fn origins(text: &str, key: &str) -> Result<Vec<String>, ConfigError> {
    let listed = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    let one = |origin: &str| {
        as_browsers_send(origin).ok_or_else(|| {
            let problem = format!(
                "`{origin}` is no origin, such as https://learn.example; it has neither a path nor a wildcard"
            );
            ConfigError::Value { key: key.to_owned(), problem }
        })
    };
    listed.map(one).collect()
}

/// An origin in lower case, without the port of its scheme; `None` when it is none.
fn as_browsers_send(origin: &str) -> Option<String> {
    let lower = origin.to_lowercase();
    let (scheme, host) = lower.split_once("://")?;
    let own = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let host = host.strip_suffix(own).unwrap_or(host);
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') => {
            port.parse::<u16>().ok()?;
            name
        }
        _ => host,
    };
    let letters = |more: &[u8]| name.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
    let is_host = letters(b"-.") || (name.starts_with('[') && letters(b"[]:"));
    (is_host && !name.is_empty()).then(|| format!("{scheme}://{host}"))
}

/// One of `known`.
fn one_of(text: String, key: &str, known: &[&str]) -> Result<String, ConfigError> {
    if known.contains(&text.as_str()) {
        return Ok(text);
    }
    let problem = format!("`{text}` is none of {}", known.join(", "));
    Err(ConfigError::Value { key: key.to_owned(), problem })
}

/// A whole number within `range`.
fn within<T>(text: &str, key: &str, range: RangeInclusive<T>) -> Result<T, ConfigError>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let wanted = format!("a whole number from {} to {}", range.start(), range.end());
    let number: T = parsed(text, key, &wanted)?;
    if range.contains(&number) {
        return Ok(number);
    }
    Err(ConfigError::Value { key: key.to_owned(), problem: format!("`{text}` is not {wanted}") })
}

fn unknown(origin: &str, key: &str) -> ConfigError {
    let hint = KEYS
        .iter()
        .map(|(known, _, _)| (strsim::damerau_levenshtein(known, key), *known))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 2)
        .map(|(_, known)| known.to_owned());
    ConfigError::UnknownKey { origin: origin.to_owned(), key: key.to_owned(), hint }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    fn with(name: &str, value: &str) -> Result<Settings, super::ConfigError> {
        Settings::default().environment([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn the_environment_wins_over_built_in_values() {
        let config = with("TISHENG_SERVER_LISTEN", "127.0.0.1:9000").and_then(Settings::finish);
        assert_eq!(config.expect("valid").public_url, "http://127.0.0.1:9000");
    }

    #[test]
    fn an_unknown_key_names_the_nearest() {
        let error = with("TISHENG_SERVER_LISTN", "x").expect_err("unknown");
        assert!(error.to_string().contains("did you mean `server.listen`?"), "{error}");
    }

    #[test]
    fn secrets_are_masked() {
        let settings = with("TISHENG_DATA_DATABASE", "postgres://u:einmal@h/d").expect("known");
        assert!(!settings.masked().contains("einmal"));
    }

    #[test]
    fn hosts_are_listed_with_their_ports() {
        let config = with("TISHENG_OUTBOUND_ALLOW", "SSO.test:443, 10.0.0.8:8080,[::1]:80,");
        let config = config.and_then(Settings::finish).expect("valid");
        assert_eq!(config.outbound_allow, ["sso.test:443", "10.0.0.8:8080", "[::1]:80"]);
    }

    #[test]
    fn origins_are_kept_as_browsers_send_them() {
        assert!(Settings::default().finish().expect("valid").xapi_origins.is_empty());
        let config =
            with("TISHENG_XAPI_ORIGINS", "HTTPS://Learn.test:443, http://10.0.0.8:8080,http://[::1]:80,");
        let config = config.and_then(Settings::finish).expect("valid");
        assert_eq!(config.xapi_origins, ["https://learn.test", "http://10.0.0.8:8080", "http://[::1]"]);
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named() {
        let error = with("TISHENG_SERVER_LISTEN", "8080").and_then(Settings::finish).expect_err("wrong");
        assert!(error.to_string().contains("server.listen"), "{error}");
        for (name, value) in [
            ("TISHENG_SERVER_SESSION_HOURS", "0"),
            ("TISHENG_SERVER_SESSION_HOURS", "9000000000000000"),
            ("TISHENG_FILES_UPLOAD_MIB", "0"),
            ("TISHENG_SERVER_PUBLIC_URL", "HTTPS://tisheng.test"),
            ("TISHENG_OUTBOUND_ALLOW", "sso.test"),
            ("TISHENG_OUTBOUND_ALLOW", "https://sso.test/"),
            ("TISHENG_XAPI_VERSION_WITHOUT_HEADER", "1.0"),
            ("TISHENG_XAPI_ORIGINS", "*"),
            ("TISHENG_XAPI_ORIGINS", "null"),
            ("TISHENG_XAPI_ORIGINS", "https://*.learn.test"),
            ("TISHENG_XAPI_ORIGINS", "https://learn.test/course"),
            ("TISHENG_XAPI_ORIGINS", "learn.test"),
            ("TISHENG_XAPI_ORIGINS", "https://learn.test:port"),
        ] {
            with(name, value).and_then(Settings::finish).expect_err(value);
        }
    }
}
