//! What the bytes of a file are, whatever its name says; files that could do harm are refused, and
//! pictures and films lose place, device and owner.

mod archive;
mod authors;
mod compound;
mod document;
mod mp4;
mod picture;
mod privacy;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::str::FromStr;

pub use authors::remove_authors;
pub use document::{
    Block, Chapter, Document, Picture, Piece, Seen, Text, is_named, named_in, picture as document_picture,
    read as read_document,
};

/// Bytes looked at first.
const HEAD: u64 = 4096;
/// Characters of a file's name that are kept.
const TITLE: usize = 120;
/// Characters of the longest end of a name that says a kind, such as `pptx`.
const EXTENSION: usize = 8;
/// Bytes at the end of a PDF in which its end is looked for: some programs write more behind it.
const TAIL: u64 = 64 << 10;
/// The mark of its end.
const END: &[u8] = b"%%EOF";

/// The kinds of files that can be handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// PDF.
    Pdf,
    /// Word 2007 and later, also WPS.
    Docx,
    /// Word and WPS before.
    Doc,
    /// PowerPoint 2007 and later, also WPS.
    Pptx,
    /// PowerPoint and WPS before.
    Ppt,
    /// Excel 2007 and later, also WPS.
    Xlsx,
    /// Excel and WPS before.
    Xls,
    /// JPEG picture.
    Jpeg,
    /// PNG picture.
    Png,
    /// WebP picture.
    Webp,
    /// MP4 video.
    Mp4,
    /// QuickTime video.
    Mov,
    /// WebM video.
    Webm,
    /// MP3 sound.
    Mp3,
    /// MP4 sound.
    M4a,
    /// WAV sound.
    Wav,
}

/// How a page shows a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Display {
    /// As a picture.
    Picture,
    /// As a video.
    Video,
    /// As a sound.
    Sound,
    /// In a frame.
    Frame,
    /// What stands in it in a frame, itself as a download.
    Text,
    /// Not in the page: as a download.
    Download,
}

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The bytes are of no kind that can be handed in.
    #[error("无法识别这个文件的内容")]
    Unknown,
    /// The same, where something is asked for.
    #[error("无法识别这个文件的内容，这里需要{wanted}")]
    Strange {
        /// What is asked for.
        wanted: String,
    },
    /// A document that opens with a password.
    #[error("文件设了打开密码，请取消密码另存后再上传")]
    Locked,
    /// A spreadsheet that cannot be read in the page.
    #[error("{0}")]
    Sheet(#[from] tisheng_sheet::SheetError),
    /// A document with macros.
    #[error("文件含有宏，请另存为不含宏的格式后再上传")]
    Macros,
    /// An archive that would unpack to far more than it should.
    #[error("文件的压缩结构异常，请用办公软件重新保存后再上传")]
    Oversized,
    /// A picture that would unpack to more than a browser can hold.
    #[error("图片尺寸过大（{wide}×{high}），请缩小到 1.2 亿像素以内再上传")]
    TooManyDots {
        /// Dots from left to right.
        wide: u32,
        /// Dots from top to bottom.
        high: u32,
    },
    /// The bytes begin like a known kind and are damaged.
    #[error("文件已损坏或没有传完整，请重新导出后再上传")]
    Damaged,
    /// The kind is not one that the piece asks for.
    #[error("这里需要{wanted}，上传的是 {found} 文件")]
    Unfit {
        /// What the piece asks for.
        wanted: String,
        /// The file's kind.
        found: &'static str,
    },
    /// The disk could not be read.
    #[error("文件读取失败，请重新上传")]
    Disk(#[from] std::io::Error),
}

impl Content {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Pdf,
        Self::Docx,
        Self::Doc,
        Self::Pptx,
        Self::Ppt,
        Self::Xlsx,
        Self::Xls,
        Self::Jpeg,
        Self::Png,
        Self::Webp,
        Self::Mp4,
        Self::Mov,
        Self::Webm,
        Self::Mp3,
        Self::M4a,
        Self::Wav,
    ];

    /// Those that are pictures.
    pub const PICTURES: [Self; 3] = [Self::Jpeg, Self::Png, Self::Webp];

    /// Code, media type and display, as they are looked up.
    const fn row(self) -> (&'static str, &'static str, Display) {
        use Display::{Download, Frame, Picture, Sound, Text, Video};
        match self {
            Self::Pdf => ("pdf", "application/pdf", Frame),
            Self::Docx => {
                ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", Text)
            }
            Self::Doc => ("doc", "application/msword", Download),
            Self::Pptx => {
                ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", Text)
            }
            Self::Ppt => ("ppt", "application/vnd.ms-powerpoint", Download),
            Self::Xlsx => ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Text),
            Self::Xls => ("xls", "application/vnd.ms-excel", Download),
            Self::Jpeg => ("jpg", "image/jpeg", Picture),
            Self::Png => ("png", "image/png", Picture),
            Self::Webp => ("webp", "image/webp", Picture),
            Self::Mp4 => ("mp4", "video/mp4", Video),
            Self::Mov => ("mov", "video/quicktime", Video),
            Self::Webm => ("webm", "video/webm", Video),
            Self::Mp3 => ("mp3", "audio/mpeg", Sound),
            Self::M4a => ("m4a", "audio/mp4", Sound),
            Self::Wav => ("wav", "audio/wav", Sound),
        }
    }

    /// The form stored in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// What its files' names end in.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        self.row().0
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        self.row().1
    }

    /// How a page shows it.
    #[must_use]
    pub const fn display(self) -> Display {
        self.row().2
    }

    /// For a kind from before 2007, which no page shows: what it is saved as instead.
    #[must_use]
    pub const fn newer(self) -> Option<Self> {
        match self {
            Self::Doc => Some(Self::Docx),
            Self::Ppt => Some(Self::Pptx),
            Self::Xls => Some(Self::Xlsx),
            _ => None,
        }
    }

    /// Whether it has a length in time.
    #[must_use]
    pub fn is_recording(self) -> bool {
        matches!(self.display(), Display::Video | Display::Sound)
    }
}

impl FromStr for Content {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|content| content.code() == text).ok_or(Refusal::Unknown)
    }
}

/// What a look into a file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What its bytes are.
    pub content: Content,
    /// Length of a recording in seconds, rounded up, where the file says it.
    pub seconds: Option<i64>,
}

/// Looks into the file at `path`, holds it against what is `allowed`, and takes traces out of it; in
/// the refusal of another kind what is allowed is called `wanted`.
///
/// # Errors
/// See [`Refusal`].
pub fn admit(path: &Path, allowed: &[Content], wanted: &str) -> Result<Found, Refusal> {
    let found = inspect(path, allowed, wanted)?;
    privacy::remove_traces(path, found.content).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => Refusal::Damaged,
        _ => Refusal::Disk(error),
    })?;
    Ok(found)
}

fn inspect(path: &Path, allowed: &[Content], wanted: &str) -> Result<Found, Refusal> {
    let mut file = File::open(path)?;
    let content = recognise(&mut file).map_err(|refusal| match refusal {
        Refusal::Unknown => Refusal::Strange { wanted: wanted.to_owned() },
        other => other,
    })?;
    if !allowed.contains(&content) {
        return Err(Refusal::Unfit { wanted: wanted.to_owned(), found: content.code() });
    }
    picture::check(&mut file, content)?;
    if content == Content::Pdf && !has_end(&mut file)? {
        return Err(Refusal::Damaged);
    }
    let seconds = match content {
        Content::Mp4 | Content::Mov | Content::M4a => mp4::seconds(&mut file)?,
        _ => None,
    };
    Ok(Found { content, seconds })
}

/// A file's name without folders and signs that are not for reading. Of a long one the middle is
/// left out, so that what its kind is can still be read.
#[must_use]
pub fn title(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control() && !is_unseen(*c)).collect();
    let clean = clean.trim();
    let count = clean.chars().count();
    if clean.is_empty() {
        "文件".to_owned()
    } else if count <= TITLE {
        clean.to_owned()
    } else {
        let (stem, end) = match clean.rsplit_once('.') {
            Some((stem, end)) if end.chars().count() <= EXTENSION => (stem, format!(".{end}")),
            _ => (clean, String::new()),
        };
        let room = TITLE - end.chars().count() - 1;
        format!("{}…{end}", stem.chars().take(room).collect::<String>())
    }
}

/// Signs that are not seen, and those that turn the order of reading round: with them
/// `exe.` in a name can be made to look like the end `.exe` of another (Unicode Technical
/// Report 36, 3.3).
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether a PDF has the mark of its end (ISO 32000-2, 7.5.5): one that was cut off, or only begins like a
/// PDF, has not, and nobody can open it.
fn has_end(file: &mut File) -> Result<bool, Refusal> {
    let size = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.by_ref().take(TAIL).read_to_end(&mut tail)?;
    Ok(tail.windows(END.len()).any(|window| window == END))
}

fn recognise(file: &mut File) -> Result<Content, Refusal> {
    let mut head = Vec::new();
    file.by_ref().take(HEAD).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    if head.starts_with(b"PK\x03\x04") {
        return archive::recognise(file);
    }
    if head.starts_with(&compound::MARK) {
        return compound::recognise(file, &head);
    }
    if head.get(4..8) == Some(b"ftyp") {
        return Ok(mp4::brand(&head));
    }
    plain(&head).ok_or(Refusal::Unknown)
}

/// The kind of a file that is told by how it begins.
fn plain(head: &[u8]) -> Option<Content> {
    let at = |from: usize, word: &[u8]| head.get(from..).is_some_and(|rest| rest.starts_with(word));
    let plain: [(bool, Content); 8] = [
        (at(0, b"%PDF-"), Content::Pdf),
        (at(0, b"\xff\xd8\xff"), Content::Jpeg),
        (at(0, b"\x89PNG\r\n\x1a\n"), Content::Png),
        (at(0, b"RIFF") && at(8, b"WEBP"), Content::Webp),
        (at(0, b"RIFF") && at(8, b"WAVE"), Content::Wav),
        (at(0, b"\x1a\x45\xdf\xa3") && head.windows(4).any(|w| w == b"webm"), Content::Webm),
        (at(0, b"ID3"), Content::Mp3),
        (at(0, b"\xff\xfb") || at(0, b"\xff\xf3") || at(0, b"\xff\xf2"), Content::Mp3),
    ];
    // A document for browsers that only pretends to be a PDF or a sound begins otherwise.
    plain.into_iter().find(|(is, _)| *is).map(|(_, content)| content)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use tempfile::NamedTempFile;

    use super::{Content, Refusal, inspect, title};

    fn file(bytes: &[u8]) -> NamedTempFile {
        let mut file = NamedTempFile::new().expect("a temporary file");
        file.write_all(bytes).expect("written");
        file
    }

    fn office(part: &str, extra: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for name in ["[Content_Types].xml", part, extra].iter().filter(|name| !name.is_empty()) {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a part");
            zip.write_all(b"<x/>").expect("written");
        }
        zip.finish().expect("an archive").into_inner()
    }

    fn found(bytes: &[u8]) -> Result<Content, Refusal> {
        inspect(file(bytes).path(), &Content::ALL, "文件").map(|found| found.content)
    }

    #[test]
    fn the_bytes_count_and_not_the_name() {
        let cases: [(&[u8], Content); 9] = [
            (b"%PDF-1.7\n1 0 obj\nendobj\n%%EOF\n", Content::Pdf),
            (b"\xff\xd8\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0", Content::Jpeg),
            (b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01", Content::Png),
            (b"RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0abc\x9d\x01\x2a\x40\x01\xf0\0", Content::Webp),
            (b"RIFF\0\0\0\0WAVEfmt ", Content::Wav),
            (b"\0\0\0\x14ftypisom\0\0\0\0isom", Content::Mp4),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", Content::Mov),
            (b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm", Content::Webm),
            (b"ID3\x04\0", Content::Mp3),
        ];
        for (bytes, content) in cases {
            assert_eq!(found(bytes).expect("known"), content);
        }
        assert_eq!(found(&office("word/document.xml", "")).expect("known"), Content::Docx);
        assert_eq!(found(&office("ppt/presentation.xml", "")).expect("known"), Content::Pptx);
        assert_eq!(found(&office("xl/workbook.xml", "")).expect("known"), Content::Xlsx);
    }

    #[test]
    fn hostile_and_unknown_files_are_refused() {
        let hostile: [&[u8]; 8] = [
            b"<html><script>alert(1)</script>",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
            b"MZ\x90\0",
            b"\x7fELF",
            b"#!/bin/sh\n",
            b"",
            b"PK\x03\x04 not an archive",
            b"GIF89a/*<script>*/",
        ];
        for bytes in hostile {
            assert!(found(bytes).is_err(), "{bytes:?}");
        }
        let cut_off = [&b"%PDF-1.4\nhello"[..], b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n"];
        for bytes in cut_off {
            assert!(matches!(found(bytes), Err(Refusal::Damaged)), "{bytes:?}");
        }
        let macros = office("word/document.xml", "word/vbaProject.bin");
        assert!(matches!(found(&macros), Err(Refusal::Macros)));
        assert!(found(&office("index.html", "")).is_err(), "an archive of anything else");
    }

    #[test]
    fn another_kind_is_refused_by_what_is_wanted() {
        let refused = inspect(file(b"%PDF-1.7\n").path(), &[Content::Mp4], "视频").expect_err("no video");
        assert_eq!(refused.to_string(), "这里需要视频，上传的是 pdf 文件");
        let strange = inspect(file(b"<html>").path(), &[Content::Mp4], "视频").expect_err("no kind");
        assert_eq!(strange.to_string(), "无法识别这个文件的内容，这里需要视频");
    }

    #[test]
    fn codes_are_read_as_written() {
        for content in Content::ALL {
            assert_eq!(content.code().parse::<Content>().expect("a code"), content);
        }
    }

    #[test]
    fn a_name_is_only_a_name() {
        assert_eq!(title("C:\\fakepath\\课堂实录.mp4"), "课堂实录.mp4");
        assert_eq!(title("../../etc/passwd"), "passwd");
        assert_eq!(title("\n\r"), "文件");
        assert_eq!(title(&"长".repeat(300)).chars().count(), 120);
    }

    #[test]
    fn a_name_cannot_be_read_otherwise_than_it_is() {
        assert_eq!(title("教案\u{202e}fdp.exe"), "教案fdp.exe");
        assert_eq!(title("a\u{2066}b\u{2069}\u{200f}c\u{feff}.pdf"), "abc.pdf");
    }

    #[test]
    fn a_long_name_keeps_what_says_its_kind() {
        let long = title(&format!("{}.docx", "长".repeat(300)));
        assert_eq!(long.chars().count(), 120);
        assert!(long.ends_with("长….docx"), "{long}");
        let dotted = title(&format!("a.{}", "长".repeat(300)));
        assert!(dotted.starts_with("a.长") && dotted.chars().count() == 120, "{dotted}");
    }

    proptest! {
        #[test]
        fn a_title_is_short_and_there(name: String) {
            let title = title(&name);
            prop_assert!(!title.is_empty() && title.chars().count() <= 120);
            let harmful = title.contains(['/', '\\', '\u{202e}']);
            prop_assert!(!harmful);
        }
    }
}
