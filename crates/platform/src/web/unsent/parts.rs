//! What was typed into a form that came in parts, with files among them.

use axum::body::{Body, Bytes};
use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{HeaderMap, header};
use futures::{Stream, StreamExt, stream};

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
    /// Whether more was sent, which is not here.
    pub is_cut: bool,
}

/// Reads the form of `body` and lets its files go by, until it ends, breaks off or `longest` bytes of it have come;
/// what came until then is there. None when it is no form, or holds more than `most` bytes besides its files.
pub async fn read(headers: &HeaderMap, body: Body, (most, longest): (u64, u64)) -> Option<InParts> {
    let mut request = Request::new(Body::from_stream(beginning(body, longest)));
    request.headers_mut().insert(header::CONTENT_TYPE, headers.get(header::CONTENT_TYPE)?.clone());
    DefaultBodyLimit::disable().apply(&mut request);
    let mut form = <Multipart as FromRequest<()>>::from_request(request, &()).await.ok()?;
    let (mut read, mut left) = (InParts::default(), most);
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return Some(read),
            Err(_) => break,
        };
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(title);
        let names = name.len() + file.as_ref().map_or(0, String::len);
        left = left.checked_sub(PART + u64::try_from(names).ok()?)?;
        match file {
            Some(file) if file.is_empty() => {}
            Some(file) => read.files.push((name, file)),
            None => {
                let (text, is_whole) = text(field, &mut left).await?;
                if is_whole || !text.is_empty() {
                    read.pairs.push((name, text));
                }
                if !is_whole {
                    break;
                }
            }
        }
    }
    read.is_cut = true;
    Some(read)
}

/// The first bytes of `body`, so many at most: what has come of a form that is too long can be read.
fn beginning(body: Body, longest: u64) -> impl Stream<Item = Result<Bytes, axum::Error>> {
    stream::unfold((body.into_data_stream(), longest), |(mut body, left)| async move {
        if left == 0 {
            return None;
        }
        let piece = body.next().await?.map(|mut piece| {
            piece.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            piece
        });
        let read = piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Some((piece, (body, left.saturating_sub(read))))
    })
}

/// A file's name without what is not for reading.
fn title(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(NAME).collect()
}

/// The text of a field, as far as it came, and whether that is all; as of every form, without the character that no
/// text has (U+0000).
async fn text(mut field: Field<'_>, left: &mut u64) -> Option<(String, bool)> {
    let mut bytes = Vec::new();
    let is_whole = loop {
        match field.chunk().await {
            Ok(Some(part)) => {
                *left = left.checked_sub(u64::try_from(part.len()).ok()?)?;
                bytes.extend_from_slice(&part);
            }
            Ok(None) => break true,
            Err(_) => break false,
        }
    };
    if !is_whole {
        // It may break off within a letter.
        let wrong = std::str::from_utf8(&bytes).err().filter(|wrong| wrong.error_len().is_none());
        let end = wrong.map_or(bytes.len(), |wrong| wrong.valid_up_to());
        bytes.truncate(end);
    }
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))?;
    Some((text, is_whole))
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use axum::http::{HeaderMap, HeaderValue, header};
    use futures::StreamExt;

    use super::{InParts, read};

    const FORM: &str = "--edge\r\ncontent-disposition: form-data; name=\"a\"\r\n\r\n教学设计\r\n\
        --edge\r\ncontent-disposition: form-data; name=\"f\"; filename=\"课堂.mp4\"\r\n\r\nfilm\r\n\
        --edge\r\ncontent-disposition: form-data; name=\"b\"\r\n\r\n课后反思\r\n--edge--\r\n";

    /// What is read of a form of which at most `longest` bytes are, as it comes byte by byte.
    async fn cut_at(longest: usize) -> InParts {
        let mut headers = HeaderMap::new();
        let kind = HeaderValue::from_static("multipart/form-data; boundary=edge");
        headers.insert(header::CONTENT_TYPE, kind);
        let bytes = FORM.bytes().map(|byte| Ok::<_, std::io::Error>(Bytes::from(vec![byte])));
        let bytes = futures::stream::iter(bytes).then(|byte| async move {
            tokio::task::yield_now().await;
            byte
        });
        let read = read(&headers, Body::from_stream(bytes), (1 << 10, longest as u64)).await;
        read.expect("a form")
    }

    #[tokio::test]
    async fn a_form_that_is_too_long_is_read_as_far_as_it_may_be_and_says_so() {
        let whole = cut_at(FORM.len()).await;
        let texts: Vec<&str> = whole.pairs.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!((texts.as_slice(), whole.files.len()), (&["教学设计", "课后反思"][..], 1));
        assert!(!whole.is_cut);
        for longest in 1..FORM.len() - "--\r\n".len() {
            let some = cut_at(longest).await;
            assert!(some.is_cut, "{longest}");
            let kept: String = some.pairs.iter().map(|(_, text)| text.as_str()).collect();
            assert!("教学设计课后反思".starts_with(&kept), "{longest}: {kept}");
        }
        let within = FORM.find("课后反思").expect("it is there") + "课后".len() + 1;
        let some = cut_at(within).await;
        let texts: Vec<&str> = some.pairs.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(texts, ["教学设计", "课后"], "a letter that broke off is none");
    }
}
