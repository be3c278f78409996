//! Statements and the data of their attachments in one message (Communication 1.5.2, RFC 2046 5.1).

use sha2::{Digest, Sha256};

/// Parts that one message may have.
const PARTS: usize = 1_000;
/// Bytes of the headers of one part.
const HEADERS: usize = 8 << 10;
/// Characters of a boundary (RFC 2046, 5.1.1).
const BOUNDARY: usize = 70;

/// A message taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<'a> {
    /// The statements, as JSON.
    pub statements: &'a str,
    /// The data of attachments.
    pub parts: Vec<Part<'a>>,
}

/// The data of one attachment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// What the sender says its SHA-2 is, in lower case.
    pub hash: String,
    /// What the sender says it is.
    pub content_type: Option<String>,
    /// The data.
    pub data: &'a [u8],
}

/// The message cannot be taken apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The content type names no usable boundary.
    #[error("the content type names no boundary of 1 to 70 characters")]
    Boundary,
    /// A boundary line is missing at the beginning or at the end.
    #[error("the message does not begin or end with its boundary")]
    Frame,
    /// Too many parts.
    #[error("more than {PARTS} parts")]
    TooMany,
    /// The headers of a part cannot be read.
    #[error("part {0}: the headers cannot be read")]
    Headers(usize),
    /// The first part is something else than statements.
    #[error("the first part has to be the statements, as application/json in UTF-8")]
    First,
    /// A part lacks a header that the standard requires.
    #[error("part {0}: the header {1} is required")]
    Missing(usize, &'static str),
}

/// The boundary that `content_type` names.
///
/// # Errors
/// [`MultipartError::Boundary`].
pub fn boundary(content_type: &str) -> Result<String, MultipartError> {
    let value = parameter(content_type, "boundary").ok_or(MultipartError::Boundary)?;
    if value.is_empty() || value.len() > BOUNDARY { Err(MultipartError::Boundary) } else { Ok(value) }
}

/// A parameter of a media type, without its quotation marks.
fn parameter(content_type: &str, wanted: &str) -> Option<String> {
    // A semicolon may stand in a quoted value, so the text is walked and not split.
    let mut rest = content_type.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => {
                let (value, next) = quoted.split_once('"')?;
                (value, next.split_once(';').map_or("", |(_, next)| next))
            }
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.trim().to_owned());
        }
        rest = next;
    }
}

/// Takes `body` apart at `boundary`.
///
/// # Errors
/// [`MultipartError`] for the first thing that is not as the standard has it.
pub fn parse<'a>(boundary: &str, body: &'a [u8]) -> Result<Message<'a>, MultipartError> {
    let mut pieces = split(boundary, body)?.into_iter().enumerate();
    let (_, first) = pieces.next().ok_or(MultipartError::First)?;
    let (headers, data) = opened(0, first)?;
    let is_json = header(headers, "content-type")
        .is_some_and(|kind| essence(&kind).eq_ignore_ascii_case("application/json"));
    let statements = std::str::from_utf8(data).ok().filter(|_| is_json).ok_or(MultipartError::First)?;
    let mut parts = Vec::new();
    for (number, piece) in pieces {
        let (headers, data) = opened(number, piece)?;
        let encoding = header(headers, "content-transfer-encoding");
        if !encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("binary")) {
            return Err(MultipartError::Missing(number, "Content-Transfer-Encoding: binary"));
        }
        let hash = header(headers, "x-experience-api-hash")
            .ok_or(MultipartError::Missing(number, "X-Experience-API-Hash"))?;
        parts.push(Part {
            hash: hash.to_ascii_lowercase(),
            content_type: header(headers, "content-type"),
            data,
        });
    }
    Ok(Message { statements, parts })
}

/// A media type without its parameters.
#[must_use]
pub fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// The pieces between the boundary lines, each beginning with its headers.
fn split<'a>(boundary: &str, body: &'a [u8]) -> Result<Vec<&'a [u8]>, MultipartError> {
    let line = format!("\r\n--{boundary}");
    let line = line.as_bytes();
    // The first line of all has no line break before it.
    let mut rest = match body.strip_prefix(&line[2..]) {
        Some(rest) => rest,
        None => find(body, line).map(|at| &body[at + line.len()..]).ok_or(MultipartError::Frame)?,
    };
    let mut pieces = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(pieces);
        }
        let begin = find(rest, b"\r\n").filter(|at| rest[..*at].iter().all(|b| matches!(b, b' ' | b'\t')));
        let piece = begin.map(|at| &rest[at + 2..]).ok_or(MultipartError::Frame)?;
        // A part without headers begins with the empty line itself.
        let end = find(&rest[begin.unwrap_or_default()..], line).map(|at| at + begin.unwrap_or_default());
        let end = end.ok_or(MultipartError::Frame)?;
        let skipped = rest.len() - piece.len();
        pieces.push(&rest[skipped.min(end)..end]);
        if pieces.len() > PARTS {
            return Err(MultipartError::TooMany);
        }
        rest = &rest[end + line.len()..];
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let first = *wanted.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        let at = from + at;
        if bytes[at..].starts_with(wanted) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// The headers and the data of a piece.
fn opened(number: usize, piece: &[u8]) -> Result<(&str, &[u8]), MultipartError> {
    let broken = || MultipartError::Headers(number);
    if let Some(data) = piece.strip_prefix(b"\r\n") {
        return Ok(("", data));
    }
    let end = find(&piece[..piece.len().min(HEADERS)], b"\r\n\r\n").ok_or_else(broken)?;
    let headers = std::str::from_utf8(&piece[..end]).map_err(|_| broken())?;
    Ok((headers, &piece[end + 4..]))
}

fn header(headers: &str, wanted: &str) -> Option<String> {
    headers
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted))
        .map(|(_, value)| value.trim().to_owned())
}

/// The data of an attachment on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its SHA-2.
    pub hash: String,
    /// What it is.
    pub content_type: String,
    /// The data.
    pub data: Vec<u8>,
}

/// Puts `statements` and the data of their attachments together; gives content type and body.
#[must_use]
pub fn written(statements: &str, attachments: &[Sent]) -> (String, Vec<u8>) {
    let mut digest = Sha256::digest(statements.as_bytes());
    let boundary = loop {
        let boundary = format!("tisheng-{}", hex::encode(&digest[..16]));
        let free = |data: &[u8]| find(data, boundary.as_bytes()).is_none();
        if free(statements.as_bytes()) && attachments.iter().all(|sent| free(&sent.data)) {
            break boundary;
        }
        digest = Sha256::digest(digest);
    };
    let size = attachments.iter().map(|sent| sent.data.len() + 300).sum::<usize>();
    let mut body = Vec::with_capacity(statements.len() + size + 200);
    let head = format!("--{boundary}\r\nContent-Type: application/json\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(statements.as_bytes());
    for Sent { hash, content_type, data } in attachments {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: {content_type}\r\nContent-Transfer-Encoding: binary\r\n\
             X-Experience-API-Hash: {hash}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(data);
    }
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/mixed; boundary=\"{boundary}\""), body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MultipartError, Sent, boundary, parse, written};

    #[test]
    fn what_is_written_is_read_again() {
        let hash = "a".repeat(64);
        let data = b"one\r\n--two\r\n".to_vec();
        let sent = [Sent { hash: hash.clone(), content_type: "text/plain".to_owned(), data: data.clone() }];
        let (content_type, body) = written("[]", &sent);
        let edge = boundary(&content_type).expect("a boundary");
        let message = parse(&edge, &body).expect("a message");
        assert_eq!(message.statements, "[]");
        assert_eq!((message.parts[0].hash.as_str(), message.parts[0].data), (hash.as_str(), &data[..]));
    }

    #[test]
    fn a_boundary_may_be_quoted() {
        let of = |text: &str| boundary(text);
        assert_eq!(of("multipart/mixed; boundary=\"a;b=c\""), Ok("a;b=c".to_owned()));
        assert_eq!(of("multipart/mixed;charset=x; Boundary=abc"), Ok("abc".to_owned()));
        assert_eq!(of("multipart/mixed"), Err(MultipartError::Boundary));
        assert_eq!(of("multipart/mixed; boundary="), Err(MultipartError::Boundary));
    }

    #[test]
    fn broken_messages_are_refused() {
        let json = "--b\r\nContent-Type: application/json\r\n\r\n{}";
        let message =
            |rest: &str| parse("b", format!("{json}{rest}").as_bytes()).map(|found| found.parts.len());
        assert_eq!(message("\r\n--b--"), Ok(0));
        assert_eq!(message("\r\n--b--\r\nepilogue"), Ok(0));
        assert_eq!(message(""), Err(MultipartError::Frame));
        assert_eq!(message("\r\n--b"), Err(MultipartError::Frame));
        assert_eq!(message("\r\n--b\r\nX: 1\r\n--b--"), Err(MultipartError::Headers(1)));
        let hash = "\r\n--b\r\nX-Experience-API-Hash: ab\r\n\r\nx\r\n--b--";
        assert!(matches!(message(hash), Err(MultipartError::Missing(1, _))));
        let encoding = "\r\n--b\r\nContent-Transfer-Encoding: binary\r\n\r\nx\r\n--b--";
        assert_eq!(message(encoding), Err(MultipartError::Missing(1, "X-Experience-API-Hash")));
        assert_eq!(
            parse("b", b"--b\r\nContent-Type: text/plain\r\n\r\n{}\r\n--b--"),
            Err(MultipartError::First)
        );
        assert_eq!(parse("b", b"--b\r\n\r\n{}\r\n--b--"), Err(MultipartError::First));
        assert_eq!(parse("b", b"nothing"), Err(MultipartError::Frame));
        assert_eq!(parse("b", b"--b--"), Err(MultipartError::First));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_not(body in "(--b|\r\n|:|x|--|Content-Type: application/json| ){0,40}") {
            let _ = parse("b", body.as_bytes());
        }
    }
}
