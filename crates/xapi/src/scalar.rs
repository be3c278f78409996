//! Values that are text of a certain form: IRIs, mail addresses, UUIDs, hashes, media types.

use uuid::Uuid;

/// Whether `text` is an absolute IRI (RFC 3987), as far as its characters show.
#[must_use]
pub fn is_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    let named = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    named && !rest.is_empty() && rest.bytes().all(may_stand_in_an_iri) && escapes_are_whole(rest)
}

const fn may_stand_in_an_iri(byte: u8) -> bool {
    byte > 0x20 && !matches!(byte, b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'`' | 0x7f)
}

fn escapes_are_whole(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

/// Whether `text` is `mailto:` and a mail address (RFC 6068, one recipient and no headers).
#[must_use]
pub fn is_mailbox(text: &str) -> bool {
    let Some((local, domain)) = text.strip_prefix("mailto:").and_then(|address| address.rsplit_once('@'))
    else {
        return false;
    };
    let plain = |part: &str| !part.is_empty() && part.bytes().all(may_stand_in_an_iri) && !part.contains(',');
    plain(local) && plain(domain) && !domain.contains(['?', '/'])
}

/// A mailbox with its domain in lower case, the only part whose case means nothing.
#[must_use]
pub fn normal_mailbox(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((local, domain)) => format!("{local}@{}", domain.to_lowercase()),
        None => text.to_owned(),
    }
}

/// The UUID that `text` is in its standard form (RFC 4122: 8-4-4-4-12), in either case.
#[must_use]
pub fn uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

/// Whether `text` is the SHA-1 of something in hexadecimal digits.
#[must_use]
pub fn is_sha1(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether `text` is a hash of the SHA-2 family in hexadecimal digits.
#[must_use]
pub fn is_sha2(text: &str) -> bool {
    matches!(text.len(), 56 | 64 | 96 | 128) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether `text` is an internet media type, with parameters or without (RFC 6838, RFC 9110 8.3).
#[must_use]
pub fn is_media_type(text: &str) -> bool {
    let essence = text.split(';').next().unwrap_or_default().trim();
    let token = |part: &str| !part.is_empty() && part.bytes().all(is_token);
    let whole = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    whole && essence.split_once('/').is_some_and(|(kind, form)| token(kind) && token(form))
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

#[cfg(test)]
mod tests {
    use super::{is_iri, is_mailbox, is_media_type, is_sha2, normal_mailbox, uuid};

    #[test]
    fn iris_have_a_scheme_and_no_spaces() {
        for right in ["http://example.test/a?b#c", "tag:a,2013:x", "urn:uuid:1", "http://例子.test/教师"]
        {
            assert!(is_iri(right), "{right}");
        }
        for wrong in
            ["", "a", "/path", "ab=c://x", "1a:b", "http:", "http://a b", "http://a/%2", "a:<b>", "a:\n"]
        {
            assert!(!is_iri(wrong), "{wrong}");
        }
    }

    #[test]
    fn mailboxes_are_one_address() {
        assert!(is_mailbox("mailto:zhang.san@example.test"));
        for wrong in [
            "zhang@example.test",
            "mailto:example.test",
            "mailto:@a",
            "mailto:a@",
            "mailto:a b@c",
            "mailto:a@b?cc=d",
        ] {
            assert!(!is_mailbox(wrong), "{wrong}");
        }
        assert_eq!(normal_mailbox("mailto:Zhang@Example.TEST"), "mailto:Zhang@example.test");
    }

    #[test]
    fn uuids_have_their_hyphens() {
        assert!(uuid("E05AA883-acaf-40ad-bf54-02c8ce485fb0").is_some());
        for wrong in [
            "e05aa883acaf40adbf5402c8ce485fb0",
            "e05aa883-acaf-40ad-bf54-02c8ce485fb",
            "{e05aa883-acaf-40ad-bf54-02c8ce485f}",
            "me5aa883-acaf-40ad-bf54-02c8ce485fb0",
        ] {
            assert!(uuid(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn hashes_and_media_types() {
        assert!(is_sha2(&"a0".repeat(32)) && is_sha2(&"F".repeat(128)) && !is_sha2(&"a".repeat(63)));
        assert!(is_media_type("text/plain; charset=ascii") && is_media_type("application/vnd.a+json"));
        assert!(!is_media_type("plain") && !is_media_type("/x") && !is_media_type("a/b\n"));
    }
}
