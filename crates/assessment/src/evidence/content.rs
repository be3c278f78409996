//! What a piece may be made of, by the kinds that the rules name.

use std::path::Path;

pub use tisheng_content::{
    Block, Chapter, Content, Display, Found, Piece, Refusal, document_picture, is_named, named_in,
    read_document, title,
};
use tisheng_rules::framework::EvidenceKind;

const DOCUMENTS: [Content; 3] = [Content::Pdf, Content::Docx, Content::Doc];
const SLIDES: [Content; 2] = [Content::Pptx, Content::Ppt];
const SHEETS: [Content; 2] = [Content::Xlsx, Content::Xls];
const VIDEOS: [Content; 3] = [Content::Mp4, Content::Mov, Content::Webm];
const SOUNDS: [Content; 3] = [Content::Mp3, Content::M4a, Content::Wav];

/// The contents that evidence of `kind` may have.
fn contents_of(kind: EvidenceKind) -> Vec<Content> {
    let groups: &[&[Content]] = match kind {
        EvidenceKind::Document => &[&DOCUMENTS],
        EvidenceKind::Slides => &[&SLIDES, &[Content::Pdf]],
        EvidenceKind::Video => &[&VIDEOS],
        EvidenceKind::Picture => &[&Content::PICTURES],
        EvidenceKind::Tool | EvidenceKind::Data => &[&DOCUMENTS, &SHEETS, &Content::PICTURES],
        EvidenceKind::Resource | EvidenceKind::StudentWork => {
            &[&DOCUMENTS, &SLIDES, &SHEETS, &Content::PICTURES, &VIDEOS, &SOUNDS]
        }
        EvidenceKind::Voices => &[&VIDEOS, &SOUNDS, &DOCUMENTS, &Content::PICTURES],
    };
    groups.concat()
}

/// The contents that a piece of these kinds may have, each once.
#[must_use]
pub fn allowed(kinds: &[EvidenceKind]) -> Vec<Content> {
    let wanted: Vec<Content> = kinds.iter().flat_map(|kind| contents_of(*kind)).collect();
    Content::ALL.into_iter().filter(|content| wanted.contains(content)).collect()
}

/// Formats that are named one by one; of more, only their sorts are.
const NAMED: usize = 8;

/// What a piece of these kinds may be, in words, with the formats that are taken.
#[must_use]
pub fn in_words(kinds: &[EvidenceKind]) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.chinese()).collect();
    let allowed = allowed(kinds);
    let mut formats = if allowed.len() <= NAMED {
        allowed.iter().map(|content| content.extension()).collect::<Vec<_>>().join("、")
    } else {
        "常见的办公文档、图片、视频和录音".to_owned()
    };
    let takes = |one: &Content| allowed.contains(one);
    if takes(&Content::Docx) && !Content::PICTURES.iter().any(takes) {
        formats.push_str("；照片请插入文档后上传");
    }
    format!("{}（{formats}）", names.join("、"))
}

/// The value of a file field's `accept`. Broad on purpose: some browsers inside other apps offer
/// nothing when the list is narrow, and the bytes are looked at anyway.
#[must_use]
pub fn accept(kinds: &[EvidenceKind]) -> String {
    let has = |display: Display| allowed(kinds).iter().any(|content| content.display() == display);
    let mut words: Vec<String> = Vec::new();
    for (display, word) in
        [(Display::Picture, "image/*"), (Display::Video, "video/*"), (Display::Sound, "audio/*")]
    {
        if has(display) {
            words.push(word.to_owned());
        }
    }
    let in_offices = |display: Display| matches!(display, Display::Download | Display::Frame | Display::Text);
    if allowed(kinds).iter().any(|content| in_offices(content.display())) {
        words.extend([".wps", ".dps", ".et"].map(ToOwned::to_owned));
        let files = allowed(kinds).into_iter().filter(|content| in_offices(content.display()));
        words.extend(files.map(|content| format!(".{}", content.extension())));
    }
    words.join(",")
}

/// Looks into the file at `path`, holds it against what a piece of these `kinds` may be, and takes
/// traces out of it: peers are not to know whose it is.
///
/// # Errors
/// See [`Refusal`].
pub fn admit(path: &Path, kinds: &[EvidenceKind]) -> Result<Found, Refusal> {
    let found = tisheng_content::admit(path, &allowed(kinds), &in_words(kinds))?;
    tisheng_content::remove_authors(path, found.content)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use tisheng_rules::framework::EvidenceKind;

    use super::{Content, accept, allowed, in_words};

    #[test]
    fn a_piece_says_what_it_wants() {
        assert_eq!(allowed(&[EvidenceKind::Video]), [Content::Mp4, Content::Mov, Content::Webm]);
        assert_eq!(accept(&[EvidenceKind::Video]), "video/*");
        assert!(accept(&[EvidenceKind::Document]).contains(".docx"));
        assert_eq!(in_words(&[EvidenceKind::Document]), "文档（pdf、docx、doc；照片请插入文档后上传）");
        assert_eq!(in_words(&[EvidenceKind::Video]), "视频（mp4、mov、webm）");
        assert!(in_words(&[EvidenceKind::Resource]).contains("办公文档"));
    }
}
