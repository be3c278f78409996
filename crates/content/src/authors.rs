//! Takes out of documents who made them: the properties that office programs and PDFs carry, and the names that
//! stand at comments and tracked changes. What the document says stays as it is.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use zip::read::ZipFile;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::{Content, Refusal, privacy};

/// Bytes of a part, or of a PDF, that is looked into: what is larger holds pictures.
const MOST: u64 = 64 << 20;

/// Bytes of a dictionary of properties at most.
const DICTIONARY: usize = 64 << 10;

/// Removes the names of its makers from the document at `path`, which is of kind `content`; on return the change
/// is on disk. Documents that have none, and files that are no documents, stay as they are.
///
/// # Errors
/// [`Refusal::Damaged`] for an archive that cannot be written anew; [`Refusal::Disk`].
pub fn remove_authors(path: &Path, content: Content) -> Result<(), Refusal> {
    match content {
        Content::Docx | Content::Pptx | Content::Xlsx => office(path),
        Content::Pdf if fs::metadata(path)?.len() <= MOST => pdf(path),
        _ => Ok(()),
    }
}

fn damaged(_: zip::result::ZipError) -> Refusal {
    Refusal::Damaged
}

/// Writes the archive anew beside it and puts it in its place.
fn office(path: &Path) -> Result<(), Refusal> {
    let mut archive = ZipArchive::new(File::open(path)?).map_err(damaged)?;
    let beside = path.with_extension("anew");
    let mut anew = ZipWriter::new(BufWriter::new(File::create(&beside)?));
    for index in 0..archive.len() {
        let cleaned = cleaned(&mut archive.by_index(index).map_err(damaged)?)?;
        let part = archive.by_index_raw(index).map_err(damaged)?;
        match cleaned {
            None => anew.raw_copy_file(part).map_err(damaged)?,
            Some(bytes) => {
                // The same document sent again is the same file.
                let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
                anew.start_file(part.name(), options).map_err(damaged)?;
                anew.write_all(&bytes)?;
            }
        }
    }
    let file = anew.finish().map_err(damaged)?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(fs::rename(beside, path)?)
}

/// What stands in a part without its makers; `None` where nothing is changed.
fn cleaned<R: Read>(part: &mut ZipFile<'_, R>) -> Result<Option<Vec<u8>>, Refusal> {
    let name = part.name().to_owned();
    if let Some((_, empty)) = PROPERTIES.iter().find(|(property, _)| *property == name) {
        return Ok(Some(empty.as_bytes().to_vec()));
    }
    let picture = picture(&name);
    let told = told(&name);
    if part.size() > MOST || (picture.is_none() && told.is_none()) {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    part.read_to_end(&mut bytes).map_err(|_| Refusal::Damaged)?;
    let anew = match (picture, told) {
        (Some(content), _) => privacy::without_traces(&bytes, content),
        (None, Some(told)) => std::str::from_utf8(&bytes).ok().map(|text| told.blanked(text).into_bytes()),
        (None, None) => None,
    };
    Ok(anew.filter(|anew| *anew != bytes))
}

/// The parts that say nothing but who made the document, when and with what, and what stands there instead.
const PROPERTIES: [(&str, &str); 3] = [
    (
        "docProps/core.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\"/>",
    ),
    (
        "docProps/app.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\"/>",
    ),
    (
        "docProps/custom.xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties\"/>",
    ),
];

/// A picture in a document, which has traces of its own.
fn picture(name: &str) -> Option<Content> {
    let (_, end) =
        name.to_ascii_lowercase().rsplit_once('.').map(|(stem, end)| (stem.to_owned(), end.to_owned()))?;
    match end.as_str() {
        "jpg" | "jpeg" => Some(Content::Jpeg),
        "png" => Some(Content::Png),
        _ => None,
    }
}

/// Where people are named in a part.
struct Told {
    /// In the values of these attributes.
    attributes: &'static [&'static str],
    /// Between these marks.
    between: Option<(&'static str, &'static str)>,
}

/// Where people are named in the part `name`; `None` for parts that name nobody.
fn told(name: &str) -> Option<Told> {
    let attributes = |attributes| Some(Told { attributes, between: None });
    if !name.ends_with(".xml") {
        return None;
    }
    match name.split_once('/')? {
        ("word", _) => attributes(&["w:author", "w:initials", "w15:author", "w15:userId"]),
        ("ppt", "commentAuthors.xml" | "authors.xml") => attributes(&["name", "initials", "userId"]),
        ("xl", "workbook.xml") => attributes(&["url"]),
        ("xl", part) if part.starts_with("persons/") => attributes(&["displayName", "userId"]),
        ("xl", part) if part.starts_with("comments") => {
            Some(Told { attributes: &[], between: Some(("<author>", "</author>")) })
        }
        _ => None,
    }
}

impl Told {
    fn blanked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for attribute in self.attributes {
            for before in [' ', '\n', '\t'] {
                text = without(&text, &format!("{before}{attribute}=\""), "\"");
            }
        }
        match self.between {
            Some((open, close)) => without(&text, open, close),
            None => text,
        }
    }
}

/// `text` with nothing left between `open` and the next `close`.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        kept.push_str(before);
        kept.push_str(open);
        rest = after.find(close).map_or(after, |end| &after[end..]);
    }
    kept.push_str(rest);
    kept
}

/// Blanks what a PDF tells of its makers, byte by byte in its place, so that everything else stays where its
/// tables say. Whoever is to find the dictionary of properties (ISO 32000-2, 14.3.3) is led there by the trailer:
/// without that it is found by nobody, wherever it lies.
fn pdf(path: &Path) -> Result<(), Refusal> {
    let mut bytes = fs::read(path)?;
    let mut changed = false;
    for at in places(&bytes, b"/Info") {
        let Some((number, end)) = reference(&bytes, at + 5) else { continue };
        if let Some(dictionary) = object(&bytes, &number) {
            blank_strings(&mut bytes, dictionary);
        }
        bytes[at..end].fill(b' ');
        changed = true;
    }
    for at in places(&bytes, b"<?xpacket begin") {
        let end = places(&bytes[at..], b"<?xpacket end").first().map(|end| at + end);
        let begin = places(&bytes[at..], b"?>").first().map(|begin| at + begin + 2);
        if let (Some(begin), Some(end)) = (begin, end)
            && begin < end
        {
            bytes[begin..end].fill(b' ');
            changed = true;
        }
    }
    if changed {
        let mut file = File::create(path)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
    }
    Ok(())
}

fn places(bytes: &[u8], word: &[u8]) -> Vec<usize> {
    bytes.windows(word.len()).enumerate().filter(|(_, window)| *window == word).map(|(at, _)| at).collect()
}

/// The reference `12 0 R` that begins at `at`: what it leads to, as an object begins, and where it ends.
fn reference(bytes: &[u8], at: usize) -> Option<(Vec<u8>, usize)> {
    let window = bytes.get(at..bytes.len().min(at + 40))?;
    let end = window.iter().position(|byte| *byte == b'R')?;
    let words: Vec<&[u8]> =
        window[..end].split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let [number, generation] = words.as_slice() else { return None };
    let digits = |word: &[u8]| word.iter().all(u8::is_ascii_digit);
    (digits(number) && digits(generation))
        .then(|| ([*number, b" ", *generation, b" obj"].concat(), at + end + 1))
}

/// The range of the last object that begins with `mark`.
fn object(bytes: &[u8], mark: &[u8]) -> Option<(usize, usize)> {
    let begins = |at: &usize| *at == 0 || bytes[*at - 1].is_ascii_whitespace();
    let at = places(bytes, mark).into_iter().rfind(begins)?;
    let within = &bytes[at..bytes.len().min(at + DICTIONARY)];
    let end = places(within, b"endobj").first().copied()?;
    Some((at, at + end))
}

/// Fills the strings of an object with spaces, those of hexadecimal digits with zeros.
fn blank_strings(bytes: &mut [u8], (from, until): (usize, usize)) {
    let mut at = from;
    let mut depth = 0_u32;
    while at < until {
        match bytes[at] {
            b'\\' if depth > 0 => {
                bytes[at] = b' ';
                at += 1;
                if at < until {
                    bytes[at] = b' ';
                }
            }
            b'(' => {
                if depth > 0 {
                    bytes[at] = b' ';
                }
                depth += 1;
            }
            b')' if depth > 0 => {
                depth -= 1;
                if depth > 0 {
                    bytes[at] = b' ';
                }
            }
            _ if depth > 0 => bytes[at] = b' ',
            // A string of hexadecimal digits, but no dictionary.
            byte if byte.is_ascii_hexdigit() && is_in_hex(&bytes[from..at]) => bytes[at] = b'0',
            _ => {}
        }
        at += 1;
    }
}

/// Whether a string of hexadecimal digits is open at the end of `before`.
fn is_in_hex(before: &[u8]) -> bool {
    let open = before.iter().rposition(|byte| *byte == b'<');
    let is_open = |open: usize| {
        let is_dictionary = (open > 0 && before[open - 1] == b'<') || before.get(open + 1) == Some(&b'<');
        !is_dictionary && !before[open..].contains(&b'>')
    };
    open.is_some_and(is_open)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    const NAME: &str = "测试作者";

    fn cleaned_file(bytes: &[u8], content: Content) -> Vec<u8> {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(bytes).expect("written");
        remove_authors(file.path(), content).expect("cleaned");
        fs::read(file.path()).expect("read")
    }

    fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
        for (name, text) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).expect("a part");
            zip.write_all(text.as_bytes()).expect("written");
        }
        zip.finish().expect("an archive").into_inner()
    }

    fn part(bytes: &[u8], name: &str) -> String {
        let mut archive = ZipArchive::new(io::Cursor::new(bytes)).expect("an archive");
        let mut text = String::new();
        archive.by_name(name).expect("a part").read_to_string(&mut text).expect("text");
        text
    }

    #[test]
    fn nobody_is_named_by_an_office_document() {
        let author = format!("<w:ins w:id=\"1\" w:author=\"{NAME}\"><w:t>正文 w:author=</w:t></w:ins>");
        let property = format!("<dc:creator>{NAME}</dc:creator>");
        let shared = format!("<authors><author>{NAME}</author></authors><t>批注</t>");
        let parts = [
            ("[Content_Types].xml", "<Types/>"),
            ("docProps/core.xml", property.as_str()),
            ("word/document.xml", &author),
            ("word/styles.xml", "<w:styles/>"),
            ("xl/comments1.xml", &shared),
        ];
        let bytes = archive(&parts);
        let cleaned = cleaned_file(&bytes, Content::Docx);
        for (name, _) in parts {
            assert!(!part(&cleaned, name).contains(NAME), "{name}");
        }
        let text = part(&cleaned, "word/document.xml");
        assert_eq!(text, "<w:ins w:id=\"1\" w:author=\"\"><w:t>正文 w:author=</w:t></w:ins>");
        assert!(part(&cleaned, "xl/comments1.xml").contains("批注"));
        assert_eq!(cleaned_file(&bytes, Content::Docx), cleaned, "the same again is the same file");
        assert_eq!(cleaned_file(b"no archive", Content::Jpeg), b"no archive");
    }

    #[test]
    fn nobody_is_named_by_a_pdf() {
        let pdf = "%PDF-1.7\n7 0 obj\n<</Author(a \\(b\\) c)/Title<FEFF6D4B8BD5>/Producer (x)>>\nendobj\n\
            8 0 obj\n<</Title(kept)>>\nendobj\n\
            9 0 obj\nstream\n<?xpacket begin=\"\" id=\"W5\"?><dc:creator>secret</dc:creator><?xpacket end=\"w\"?>\n\
            endstream\nendobj\ntrailer\n<</Root 1 0 R/Info 7 0 R>>\n%%EOF";
        let cleaned = cleaned_file(pdf.as_bytes(), Content::Pdf);
        let text = String::from_utf8(cleaned).expect("text");
        assert_eq!(text.len(), pdf.len(), "everything stays where it is");
        for gone in ["a \\(b", "6D4B", "(x)", "secret", "/Info"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        assert!(
            text.contains("/Author(") && text.contains("(kept)") && text.contains("/Root 1 0 R"),
            "{text}"
        );
    }
}
