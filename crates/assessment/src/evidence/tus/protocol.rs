//! Headers of the protocol, read and written. Pure.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use tisheng_kernel::Instant;

/// The version spoken.
pub const VERSION: &str = "1.0.0";
/// The extensions spoken.
pub const EXTENSIONS: &str = "creation,termination,checksum,expiration";
/// The checksums understood; SHA-1 is the one that every server must know.
pub const CHECKSUMS: &str = "sha256,sha1";
/// The media type of bytes to append.
pub const OFFSET_BYTES: &str = "application/offset+octet-stream";

/// Why a request is not taken, with a sentence for the person behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The status that the protocol names.
    pub status: StatusCode,
    /// The sentence.
    pub text: String,
}

impl Refused {
    /// A refusal.
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }

    /// A request that the protocol does not know.
    pub fn malformed(text: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    /// 460: the bytes are not those that were summed.
    pub fn checksum_mismatch() -> Self {
        let status = StatusCode::from_u16(460).expect("a number of three digits is a status");
        Self::new(status, "收到的内容与校验值不符，请重新上传这一段")
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        answer(self.status, &[], Body::from(self.text))
    }
}

/// An answer with the version and `headers`.
pub fn answer(status: StatusCode, headers: &[(&'static str, String)], body: Body) -> Response {
    let mut response = (status, body).into_response();
    let out = response.headers_mut();
    out.insert("tus-resumable", HeaderValue::from_static(VERSION));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            out.insert(*name, value);
        }
    }
    response
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

/// Passes when the client speaks the same version.
///
/// # Errors
/// 412 otherwise.
pub fn same_version(headers: &HeaderMap) -> Result<(), Refused> {
    match text(headers, "tus-resumable") {
        Some(VERSION) => Ok(()),
        _ => Err(Refused::new(StatusCode::PRECONDITION_FAILED, "只支持 tus 1.0.0")),
    }
}

/// A whole number of bytes in the header `name`.
///
/// # Errors
/// 400 when it is missing or none.
pub fn bytes(headers: &HeaderMap, name: &str) -> Result<i64, Refused> {
    let number = text(headers, name).and_then(|value| value.parse().ok()).filter(|number: &i64| *number >= 0);
    number.ok_or_else(|| Refused::malformed("上传请求缺少长度或位置"))
}

/// The value of `key` in the metadata; empty when missing.
pub fn metadata(headers: &HeaderMap, key: &str) -> String {
    let pairs = text(headers, "upload-metadata").unwrap_or_default().split(',');
    let found = pairs.filter_map(|pair| pair.trim().split_once(' ')).find(|(name, _)| *name == key);
    let bytes = found.and_then(|(_, value)| STANDARD.decode(value.trim()).ok()).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// A checksum that the client sent along, while the bytes arrive.
pub enum Sum {
    /// SHA-256 and the value expected.
    Sha256(Sha256, Vec<u8>),
    /// SHA-1 and the value expected.
    Sha1(Sha1, Vec<u8>),
}

impl Sum {
    /// The checksum in the headers, if any.
    ///
    /// # Errors
    /// 400 when it is of an unknown kind or not readable.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>, Refused> {
        let Some(line) = text(headers, "upload-checksum") else { return Ok(None) };
        let (kind, value) = line.split_once(' ').unwrap_or((line, ""));
        let value = STANDARD.decode(value).map_err(|_| Refused::malformed("校验值无法识别"))?;
        match kind {
            "sha256" => Ok(Some(Self::Sha256(Sha256::new(), value))),
            "sha1" => Ok(Some(Self::Sha1(Sha1::new(), value))),
            _ => Err(Refused::malformed("不支持这种校验方法")),
        }
    }

    /// Further bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(sum, _) => sum.update(bytes),
            Self::Sha1(sum, _) => sum.update(bytes),
        }
    }

    /// Whether the bytes were those expected.
    pub fn agrees(self) -> bool {
        match self {
            Self::Sha256(sum, expected) => sum.finalize().as_slice() == expected,
            Self::Sha1(sum, expected) => sum.finalize().as_slice() == expected,
        }
    }
}

/// A moment as HTTP writes it: `Mon, 23 Nov 2026 06:05:09 GMT`.
pub fn http_date(at: Instant) -> String {
    let at = DateTime::from_timestamp_micros(at.micros()).unwrap_or_default();
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, StatusCode};
    use tisheng_kernel::Instant;

    use super::{Refused, Sum, bytes, http_date, metadata, same_version};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).try_into().expect("a name"), value.parse().expect("a value")))
            .collect()
    }

    #[test]
    fn headers_are_read_strictly() {
        assert!(same_version(&headers(&[("tus-resumable", "1.0.0")])).is_ok());
        let status = |refused: Result<(), Refused>| refused.expect_err("refused").status;
        assert_eq!(status(same_version(&headers(&[]))), StatusCode::PRECONDITION_FAILED);
        assert_eq!(bytes(&headers(&[("upload-length", "12")]), "upload-length"), Ok(12));
        for wrong in ["-1", "x", "1e3", ""] {
            assert!(bytes(&headers(&[("upload-length", wrong)]), "upload-length").is_err());
        }
    }

    #[test]
    fn metadata_is_base64_and_may_be_chinese() {
        let line = headers(&[("upload-metadata", "piece QTYtMg==,filename 6K++5aCCLm1wNA==,empty")]);
        assert_eq!(metadata(&line, "piece"), "A6-2");
        assert_eq!(metadata(&line, "filename"), "课堂.mp4");
        assert_eq!(metadata(&line, "missing"), "");
    }

    #[test]
    fn checksums_hold_or_not() {
        let right = headers(&[("upload-checksum", "sha1 qZk+NkcGgWq6PiVxeFDCbJzQ2J0=")]);
        let mut sum = Sum::read(&right).expect("read").expect("there");
        sum.update(b"a");
        sum.update(b"bc");
        assert!(sum.agrees());
        let wrong = headers(&[("upload-checksum", "sha256 AAAA")]);
        assert!(!Sum::read(&wrong).expect("read").expect("there").agrees());
        assert!(Sum::read(&headers(&[("upload-checksum", "md5 AAAA")])).is_err());
        assert!(Sum::read(&headers(&[])).expect("read").is_none());
    }

    #[test]
    fn moments_as_http_writes_them() {
        assert_eq!(http_date(Instant::from_micros(1_795_413_909_000_000)), "Mon, 23 Nov 2026 06:05:09 GMT");
    }
}
