//! What a piece may be made of, by the kinds that the rules name.

use std::path::Path;

pub use tisheng_content::{
    Block, Chapter, Content, Display, Found, Piece, Refusal, document_picture, read_document, title,
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
/// traces out of it.
///
/// # Errors
/// See [`Refusal`].
pub fn admit(path: &Path, kinds: &[EvidenceKind]) -> Result<Found, Refusal> {
    let wanted: Vec<&str> = kinds.iter().map(|kind| kind.chinese()).collect();
    tisheng_content::admit(path, &allowed(kinds), &wanted.join("或"))
}

#[cfg(test)]
mod tests {
    use tisheng_rules::framework::EvidenceKind;

    use super::{Content, accept, allowed};

    #[test]
    fn a_piece_says_what_it_wants() {
        assert_eq!(allowed(&[EvidenceKind::Video]), [Content::Mp4, Content::Mov, Content::Webm]);
        assert_eq!(accept(&[EvidenceKind::Video]), "video/*");
        assert!(accept(&[EvidenceKind::Document]).contains(".docx"));
    }
}
