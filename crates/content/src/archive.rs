//! Office files since 2007: archives whose parts say what they are. They are unpacked here once,
//! into nothing, so that what they unpack to is known and not only what they say.

use std::fs::File;
use std::io::{self, Read};

use super::{Content, Refusal};

/// Parts an office file has at most.
const PARTS: usize = 20_000;
/// Bytes that its parts unpack to at most, the films in it included.
const UNPACKED: u64 = 1 << 30;
/// Bytes that the parts of text unpack to at most: a program that opens them needs many times that.
const TEXT: u64 = 128 << 20;
/// How many times its packed size a part unpacks to at most, once it is larger than
/// [`SMALL`]: text packs to a twentieth, a bomb to a thousandth.
const RATIO: u64 = 100;
/// Bytes up to which a part may be packed as it likes.
const SMALL: u64 = 1 << 20;

pub(super) fn recognise(file: &mut File) -> Result<Content, Refusal> {
    let mut archive = zip::ZipArchive::new(file).map_err(|_| Refusal::Damaged)?;
    if archive.len() > PARTS {
        return Err(Refusal::Oversized);
    }
    let (mut unpacked, mut text) = (0_u64, 0_u64);
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|_| Refusal::Damaged)?;
        if part.name().ends_with("vbaProject.bin") {
            return Err(Refusal::Macros);
        }
        unpacked = unpacked.saturating_add(part.size());
        if is_text(part.name()) {
            text = text.saturating_add(part.size());
        }
        let dense = part.size() > SMALL && part.size() / RATIO > part.compressed_size();
        if dense || unpacked > UNPACKED || text > TEXT {
            return Err(Refusal::Oversized);
        }
    }
    let has = |name: &str| archive.index_for_name(name).is_some();
    let main = [
        ("word/document.xml", Content::Docx),
        ("ppt/presentation.xml", Content::Pptx),
        ("xl/workbook.xml", Content::Xlsx),
    ];
    if !has("[Content_Types].xml") {
        return Err(Refusal::Unknown);
    }
    let found = main.into_iter().find(|(name, _)| has(name)).map(|(_, content)| content);
    let found = found.ok_or(Refusal::Unknown)?;
    for index in 0..archive.len() {
        unpacks_to_what_it_says(archive.by_index(index).map_err(|_| Refusal::Damaged)?)?;
    }
    Ok(found)
}

fn is_text(name: &str) -> bool {
    [".xml", ".rels", ".vml"].iter().any(|end| name.to_ascii_lowercase().ends_with(end))
}

/// Unpacks a part into nothing, and no further than to the size that it says.
fn unpacks_to_what_it_says<R: Read>(mut part: zip::read::ZipFile<'_, R>) -> Result<(), Refusal> {
    let said = part.size();
    let read = io::copy(&mut part.by_ref().take(said.saturating_add(1)), &mut io::sink());
    match read {
        Ok(bytes) if bytes == said => Ok(()),
        Ok(bytes) if bytes > said => Err(Refusal::Oversized),
        Ok(_) | Err(_) => Err(Refusal::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::write::SimpleFileOptions;

    use super::{Content, Refusal, recognise};

    /// An archive of these parts, each of so many zeros or of noise.
    fn archive(parts: &[(&str, usize, bool)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, size, zeros) in parts {
            zip.start_file(*name, SimpleFileOptions::default()).expect("a part");
            let mut state = 0x2545_f491_4f6c_dd1d_u64;
            let noise = std::iter::from_fn(|| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                Some(state.to_le_bytes()[0])
            });
            let bytes: Vec<u8> = if *zeros { vec![0; *size] } else { noise.take(*size).collect() };
            zip.write_all(&bytes).expect("written");
        }
        zip.finish().expect("an archive").into_inner()
    }

    fn recognised(bytes: &[u8]) -> Result<Content, Refusal> {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("written");
        recognise(&mut file)
    }

    const TYPES: (&str, usize, bool) = ("[Content_Types].xml", 10, true);

    #[test]
    fn what_unpacks_to_a_hundred_times_its_size_is_refused() {
        let bomb = archive(&[TYPES, ("word/document.xml", 3 << 20, true)]);
        assert!(bomb.len() < 10_000);
        assert!(matches!(recognised(&bomb), Err(Refusal::Oversized)));
        let plain = archive(&[TYPES, ("word/document.xml", 3 << 20, false)]);
        assert_eq!(recognised(&plain).expect("a document"), Content::Docx);
        let blank = archive(&[TYPES, ("word/document.xml", 1 << 20, true)]);
        assert_eq!(recognised(&blank).expect("a small one packs well"), Content::Docx);
    }

    #[test]
    fn an_archive_that_lies_about_its_size_is_refused() {
        let honest = archive(&[TYPES, ("word/document.xml", 1 << 20, true)]);
        let said = (1_u32 << 20).to_le_bytes();
        let mut lying = honest.clone();
        let places: Vec<usize> = (0..honest.len() - 4).filter(|at| honest[*at..*at + 4] == said).collect();
        assert!(!places.is_empty(), "the size stands in the directory");
        for at in places {
            lying[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
        }
        assert!(recognised(&lying).is_err());
    }
}
