//! What was typed into a form that came in parts, with files among them.

use axum::body::Body;
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{HeaderMap, header};

/// Bytes that a part costs besides its name and its text.
const PART: u64 = 64;
/// Characters of a file's name.
const NAME: usize = 120;

/// A form without the content of its files.
#[derive(Debug, Default)]
pub struct InParts {
    /// The fields that are no files.
    pub pairs: Vec<(String, String)>,
    /// The files that were chosen, by field and name.
    pub files: Vec<(String, String)>,
}

/// Reads the form of `body` and lets its files go by, until it ends, breaks off or is longer than `longest`; what
/// came until then is there. None when it is no form, or holds more than `most` bytes besides its files.
pub async fn read(headers: &HeaderMap, body: Body, (most, longest): (u64, u64)) -> Option<InParts> {
    let mut request = Request::new(body);
    request.headers_mut().insert(header::CONTENT_TYPE, headers.get(header::CONTENT_TYPE)?.clone());
    DefaultBodyLimit::max(usize::try_from(longest).unwrap_or(usize::MAX)).apply(&mut request);
    let mut form = <Multipart as FromRequest<()>>::from_request(request, &()).await.ok()?;
    let (mut read, mut left) = (InParts::default(), most);
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(title);
        let names = name.len() + file.as_ref().map_or(0, String::len);
        left = left.checked_sub(PART + u64::try_from(names).ok()?)?;
        match file {
            Some(file) if file.is_empty() => {}
            Some(file) => read.files.push((name, file)),
            None => read.pairs.push((name, text(field, &mut left).await?)),
        }
    }
    Some(read)
}

/// A file's name without what is not for reading.
fn title(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(NAME).collect()
}

/// The text of a field; as of every form, without the character that no text has (U+0000).
async fn text(mut field: Field<'_>, left: &mut u64) -> Option<String> {
    let mut bytes = Vec::new();
    while let Ok(Some(part)) = field.chunk().await {
        *left = left.checked_sub(u64::try_from(part.len()).ok()?)?;
        bytes.extend_from_slice(&part);
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}
