//! What is attached to a statement: its header within, its data beside (Data 2.4.11).

use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::check::{Check, Place};
use crate::json::Value;
use crate::{SIGNATURE, scalar};

const ATTACHMENT: [&str; 7] =
    ["usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"];

/// The header of an attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The hash of its data, in lower case.
    pub sha2: String,
    /// What its data are.
    pub content_type: String,
    /// Bytes of its data.
    pub length: u64,
    /// Whether it can be had elsewhere.
    pub has_url: bool,
    /// Whether it signs its statement.
    pub is_signature: bool,
}

/// A hash of the SHA-2 family, told by its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sha2<'a>(pub &'a str);

impl Sha2<'_> {
    /// Whether it is the hash of `data`.
    #[must_use]
    pub fn is_of(self, data: &[u8]) -> bool {
        let digest = match self.0.len() {
            56 => hex::encode(Sha224::digest(data)),
            64 => hex::encode(Sha256::digest(data)),
            96 => hex::encode(Sha384::digest(data)),
            128 => hex::encode(Sha512::digest(data)),
            _ => return false,
        };
        digest.eq_ignore_ascii_case(self.0)
    }
}

pub(crate) fn check(check: &mut Check, place: &Place<'_>, value: &Value<'_>) -> Vec<Attachment> {
    let values = check.list(place, value).unwrap_or_default();
    values.iter().enumerate().filter_map(|(index, one)| header(check, &place.item(index), one)).collect()
}

fn header(check: &mut Check, place: &Place<'_>, value: &Value<'_>) -> Option<Attachment> {
    let object = check.object(place, value, &ATTACHMENT)?;
    let (mut usage, mut kind, mut length, mut sha2, mut has_url) = (None, None, None, None, false);
    for (name, value) in object {
        let here = place.of(name);
        match name.as_ref() {
            "usageType" => usage = check.iri(&here, value),
            "display" | "description" => check.language_map(&here, value),
            "contentType" => {
                kind = check.formed(&here, value, scalar::is_media_type, "an internet media type");
            }
            "length" => {
                let whole = match value {
                    Value::Number(number) => number.parse().ok(),
                    _ => None,
                };
                if whole.is_none() && *value != Value::Null {
                    check.say(&here, "has to be a whole number of bytes");
                }
                length = whole;
            }
            "sha2" => sha2 = check.formed(&here, value, scalar::is_sha2, "a SHA-2 in hexadecimal digits"),
            "fileUrl" => has_url = check.iri(&here, value).is_some(),
            _ => {}
        }
    }
    for required in ["usageType", "display", "contentType", "length", "sha2"] {
        if value.get(required).is_none() {
            check.missing(place, required);
        }
    }
    let is_signature = usage == Some(SIGNATURE);
    if is_signature && kind.is_some_and(|kind| kind != "application/octet-stream") {
        check.say(&place.of("contentType"), "of a signature has to be application/octet-stream");
    }
    Some(Attachment {
        sha2: sha2?.to_ascii_lowercase(),
        content_type: kind?.to_owned(),
        length: length?,
        has_url,
        is_signature,
    })
}

#[cfg(test)]
mod tests {
    use super::Sha2;

    #[test]
    fn the_length_of_a_hash_says_which_it_is() {
        let of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(Sha2(of_abc).is_of(b"abc") && Sha2(&of_abc.to_uppercase()).is_of(b"abc"));
        assert!(Sha2("23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7").is_of(b"abc"));
        assert!(!Sha2(of_abc).is_of(b"abd") && !Sha2("ba").is_of(b"abc"));
    }
}
