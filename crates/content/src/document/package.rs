//! The archive of an office file: its parts, how they refer to one another, its pictures.

use std::collections::HashMap;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::PICTURES;
use crate::{Refusal, picture as dots, privacy};

/// Bytes of text with its marks that are read of all parts together.
const MOST: u64 = 64 << 20;
/// Bytes that a picture may unpack to.
const PICTURE: u64 = 24 << 20;
/// What the names of pictures end in that browsers show.
const SHOWN: [&str; 5] = ["png", "jpg", "jpeg", "gif", "webp"];

/// A picture out of a document, without the traces of its maker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its media type, by its bytes.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// An office file whose parts are read.
pub(super) struct Package<R> {
    archive: zip::ZipArchive<R>,
    left: u64,
    /// Bytes that the part in each place unpacks to.
    sizes: Vec<u32>,
}

impl<R: Read + Seek> Package<R> {
    pub fn open(mut file: R) -> Result<Self, Refusal> {
        let archive = zip::ZipArchive::new(&mut file).map_err(|_| Refusal::Damaged)?;
        let (start, parts) = (archive.central_directory_start(), archive.len());
        let sizes = sizes(&mut file, start, parts).map_err(|_| Refusal::Damaged)?;
        let archive = zip::ZipArchive::new(file).map_err(|_| Refusal::Damaged)?;
        Ok(Self { archive, left: MOST, sizes })
    }

    /// The same, of which at most `most` bytes are read.
    pub fn within(self, most: u64) -> Self {
        Self { left: most, ..self }
    }

    /// The names of all parts.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.archive.file_names().map(str::to_owned)
    }

    /// The text of the part `name`, if there is one.
    pub fn part(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(bytes) = self.unpacked(name, self.left + 1)? else { return Ok(None) };
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(Refusal::Oversized)?;
        Ok(Some(text(bytes)))
    }

    /// The text of the part `name`, if there is one, as far as it may still be read.
    pub fn beginning(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        if self.left == 0 {
            return Err(Refusal::Oversized);
        }
        let Some(bytes) = self.unpacked(name, self.left)? else { return Ok(None) };
        self.left = self.left.saturating_sub(bytes.len() as u64);
        Ok(Some(text(bytes)))
    }

    /// At most so many bytes of the part `name`, if there is one.
    fn unpacked(&mut self, name: &str, most: u64) -> Result<Option<Vec<u8>>, Refusal> {
        let found = match self.archive.by_name(name) {
            Ok(found) => found,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(_) => return Err(Refusal::Damaged),
        };
        let mut bytes = Vec::new();
        found.take(most).read_to_end(&mut bytes).map_err(|_| Refusal::Damaged)?;
        Ok(Some(bytes))
    }

    /// What the part `name` refers to.
    pub fn references(&mut self, name: &str) -> Result<References, Refusal> {
        let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
        let Some(text) = self.part(&format!("{folder}/_rels/{file}.rels"))? else {
            return Ok(References::default());
        };
        let (mut reader, mut found) = (Reader::from_str(&text), References::default());
        loop {
            match reader.read_event().map_err(|_| Refusal::Damaged)? {
                Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "Relationship" => {
                    // What stands elsewhere is never fetched.
                    if value(&tag, "TargetMode").is_some_and(|mode| mode == "External") {
                        continue;
                    }
                    let target = within(folder, &value(&tag, "Target").unwrap_or_default());
                    if value(&tag, "Type").is_some_and(|kind| kind.ends_with("/notesSlide")) {
                        found.notes = Some(target.clone());
                    }
                    let id = value(&tag, "Id").unwrap_or_default();
                    if let Some(place) = self.place(&target) {
                        found.is_cut |= found.pictures.len() >= PICTURES;
                        if !found.is_cut {
                            found.pictures.insert(id.clone(), place);
                        }
                    }
                    found.parts.insert(id, target);
                }
                Event::Eof => return Ok(found),
                _ => {}
            }
        }
    }

    /// The place of the part `name` in the archive, when it is a picture that browsers show. Nothing is read
    /// for it: the picture itself may lie far away, in a store.
    fn place(&self, name: &str) -> Option<usize> {
        let end = name.rsplit_once('.')?.1.to_ascii_lowercase();
        let place = self.archive.index_for_name(name).filter(|_| SHOWN.contains(&end.as_str()))?;
        self.sizes.get(place).is_some_and(|size| u64::from(*size) <= PICTURE).then_some(place)
    }
}

/// The text of `bytes`, which are copied only where they are none.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|wrong| String::from_utf8_lossy(wrong.as_bytes()).into_owned())
}

/// Bytes that each of so many parts unpacks to, from the directory of the archive, which begins at `start`
/// (APPNOTE 4.3.12): what is known of a part without going where it stands.
fn sizes<R: Read + Seek>(file: &mut R, start: u64, parts: usize) -> io::Result<Vec<u32>> {
    file.seek(SeekFrom::Start(start))?;
    let mut sizes = Vec::new();
    for _ in 0..parts {
        let mut head = [0; 46];
        file.read_exact(&mut head)?;
        let lengths = [28, 30, 32].map(|at| u64::from(u16::from_le_bytes([head[at], head[at + 1]])));
        sizes.push(u32::from_le_bytes([head[24], head[25], head[26], head[27]]));
        io::copy(&mut file.by_ref().take(lengths.iter().sum()), &mut io::sink())?;
    }
    Ok(sizes)
}

/// What a part refers to by which identifier.
#[derive(Debug, Default)]
pub(super) struct References {
    /// Names of parts.
    pub parts: HashMap<String, String>,
    /// Places of pictures, [`PICTURES`] at most.
    pub pictures: HashMap<String, usize>,
    /// Whether there are more pictures.
    pub is_cut: bool,
    /// The part with the notes of a slide.
    pub notes: Option<String>,
}

/// The name of the part that `target` means within `folder`.
fn within(folder: &str, target: &str) -> String {
    let mut path: Vec<&str> = if target.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

/// The value of an attribute, whatever its namespace is called.
pub(super) fn value(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

/// Takes the picture in `place` out of the `file`, known by its bytes.
///
/// # Errors
/// [`Refusal::Unknown`] when nothing or no picture is there; [`Refusal::Damaged`],
/// [`Refusal::TooManyDots`] and [`Refusal::Oversized`] for one that cannot be shown.
pub fn picture<R: Read + Seek>(file: R, place: usize) -> Result<Picture, Refusal> {
    let mut archive = zip::ZipArchive::new(file).map_err(|_| Refusal::Damaged)?;
    let part = archive.by_index(place).map_err(|_| Refusal::Unknown)?;
    let mut bytes = Vec::new();
    part.take(PICTURE + 1).read_to_end(&mut bytes).map_err(|_| Refusal::Damaged)?;
    if bytes.len() as u64 > PICTURE {
        return Err(Refusal::Oversized);
    }
    if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        dots::check_gif(&bytes)?;
        return Ok(Picture { media_type: "image/gif", bytes });
    }
    let found = crate::plain(&bytes).filter(|content| crate::Content::PICTURES.contains(content));
    let content = found.ok_or(Refusal::Unknown)?;
    dots::check(&mut Cursor::new(&bytes), content)?;
    let bytes = privacy::without_traces(&bytes, content).ok_or(Refusal::Damaged)?;
    Ok(Picture { media_type: content.media_type(), bytes })
}
