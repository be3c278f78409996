//! Files that are what they say, and a teacher who hands in: for the demo and the stories of
//! higher rooms.

use std::io::{Cursor, Write};

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit};
use tisheng_rules::framework::Piece;
use zip::write::SimpleFileOptions;

use super::actions;
use super::content::{self, Content};
use super::model::{Consent, Named, State, StoredFile, Submission, digest, takes_text};
use super::store;

/// The smallest document that readers of PDF open.
#[must_use]
pub fn pdf() -> Vec<u8> {
    let body = "%PDF-1.4\n\
        1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
        2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
        3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\n\
        trailer<</Root 1 0 R>>\n%%EOF\n";
    body.as_bytes().to_vec()
}

/// The beginnings of a picture of 16 by 16 dots, with a place that a camera wrote into it: `GPS-30.65`.
#[must_use]
pub fn photo() -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec();
    bytes.extend_from_slice(b"\xff\xe1\0\x17http://n/\0 GPS-30.65 ");
    bytes.extend_from_slice(b"\xff\xc0\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0");
    bytes.extend_from_slice(b"\xff\xda\0\x02pixels\xff\xd9");
    bytes
}

/// A film whose header says that it lasts `seconds`, of about `size` bytes.
///
/// # Panics
/// Never: the lengths are small.
#[must_use]
pub fn film(seconds: u32, size: usize) -> Vec<u8> {
    let boxed = |name: &[u8; 4], content: &[u8]| {
        let length = u32::try_from(content.len() + 8).unwrap_or(u32::MAX).to_be_bytes();
        [&length[..], name, content].concat()
    };
    let mut header = vec![0; 100];
    header[12..16].copy_from_slice(&1000_u32.to_be_bytes());
    header[16..20].copy_from_slice(&(seconds * 1000).to_be_bytes());
    let frames: Vec<u8> = (0_u8..251).cycle().take(size).collect();
    let movie = boxed(b"moov", &boxed(b"mvhd", &header));
    [boxed(b"ftyp", b"isom\0\0\0\0isom"), boxed(b"mdat", &frames), movie].concat()
}

/// A Word file of these paragraphs.
///
/// # Panics
/// Never: an archive in memory takes what it is given.
#[must_use]
pub fn docx(paragraphs: &[&str]) -> Vec<u8> {
    let paragraph =
        |text: &&str| format!("<w:p><w:r><w:t>{}</w:t></w:r></w:p>", quick_xml::escape::escape(*text));
    let text: String = paragraphs.iter().map(paragraph).collect();
    let name = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    let body = format!("<w:document xmlns:w=\"{name}\"><w:body>{text}</w:body></w:document>");
    office(&[("word/document.xml", body.as_bytes())])
}

/// Slides with these titles, on each of them [`photo`], and to the first a note.
///
/// # Panics
/// Never: an archive in memory takes what it is given.
#[must_use]
pub fn pptx(titles: &[&str], note: &str) -> Vec<u8> {
    let relations = |of: &[(String, &str, String)]| {
        let one = |(id, kind, to): &(String, &str, String)| {
            format!("<Relationship Id=\"{id}\" Type=\"http://schemas.test/{kind}\" Target=\"{to}\"/>")
        };
        format!("<Relationships>{}</Relationships>", of.iter().map(one).collect::<String>())
    };
    let shape = |kind: &str, text: &str| {
        let text = quick_xml::escape::escape(text);
        format!(
            "<p:sp><p:nvSpPr><p:nvPr><p:ph type=\"{kind}\"/></p:nvPr></p:nvSpPr>\
             <p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
        )
    };
    let numbers = 1..=titles.len();
    let ids: String =
        numbers.clone().map(|n| format!("<p:sldId id=\"{}\" r:id=\"s{n}\"/>", 255 + n)).collect();
    let slides: Vec<_> =
        numbers.map(|n| (format!("s{n}"), "slide", format!("slides/slide{n}.xml"))).collect();
    let mut parts = vec![
        ("ppt/presentation.xml".to_owned(), format!("<p:sldIdLst>{ids}</p:sldIdLst>").into_bytes()),
        ("ppt/_rels/presentation.xml.rels".to_owned(), relations(&slides).into_bytes()),
        ("ppt/media/image1.jpg".to_owned(), photo()),
        (
            "ppt/notesSlides/notes1.xml".to_owned(),
            format!("<p:notes>{}</p:notes>", shape("body", note)).into_bytes(),
        ),
    ];
    for (at, title) in titles.iter().enumerate() {
        let picture = "<p:pic><p:blipFill><a:blip r:embed=\"p\"/></p:blipFill></p:pic>";
        let slide = format!("<p:sld>{}{picture}</p:sld>", shape("title", title));
        let mut to = vec![("p".to_owned(), "image", "../media/image1.jpg".to_owned())];
        if at == 0 {
            to.push(("n".to_owned(), "notesSlide", "../notesSlides/notes1.xml".to_owned()));
        }
        parts.push((format!("ppt/slides/slide{}.xml", at + 1), slide.into_bytes()));
        parts.push((format!("ppt/slides/_rels/slide{}.xml.rels", at + 1), relations(&to).into_bytes()));
    }
    let parts: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    office(&parts)
}

/// An office file of these parts.
///
/// # Panics
/// Never: an archive in memory takes what it is given.
#[must_use]
pub fn office(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let types = [("[Content_Types].xml", &b"<Types/>"[..])];
    for (name, bytes) in types.iter().chain(parts) {
        zip.start_file(*name, SimpleFileOptions::default()).expect("an archive in memory takes a part");
        zip.write_all(bytes).expect("an archive in memory takes bytes");
    }
    zip.finish().expect("an archive in memory is ended").into_inner()
}

/// A file that `piece` accepts.
async fn file(ctx: &Ctx, piece: &Piece) -> Result<StoredFile, Failure> {
    let allowed = content::allowed(&piece.kinds);
    let (bytes, content) = match allowed.first() {
        Some(Content::Jpeg | Content::Png | Content::Webp) => (photo(), Content::Jpeg),
        Some(Content::Mp4 | Content::Mov | Content::Webm) => (film(60, 4096), Content::Mp4),
        _ => (pdf(), Content::Pdf),
    };
    let blob = ctx.app.files.put(bytes.into()).await?;
    Ok(StoredFile {
        title: format!("{}.{}", piece.name, content.extension()),
        digest: blob.digest,
        size: blob.size,
        content,
        seconds: content.is_recording().then_some(60),
        named: Named::default(),
    })
}

/// Begins or goes on with the work for `capability` as the asker, fills every piece and hands it
/// in. Commits.
///
/// # Errors
/// What the actions report.
pub async fn hand_in(ctx: &Ctx, capability: &str) -> Result<Submission, Failure> {
    let mut tx = ctx.write().await?;
    let id = actions::begin(ctx, &mut tx, capability).await?;
    tx.commit().await?;
    fill(ctx, id).await?;
    let mut tx = ctx.write().await?;
    let (_, draft) = actions::own(ctx, &mut tx, id).await?;
    let items = store::items(&mut tx, draft.programme, draft.id).await?;
    let seen = digest(&draft.capability, draft.revision, &items);
    let submission = actions::submit(ctx, &mut tx, id, &seen, Consent::NoPupils).await?;
    tx.commit().await?;
    Ok(submission)
}

/// What a sample says for a piece.
#[must_use]
pub fn text_of(piece: &Piece) -> String {
    format!("{}的正文：目标、步骤、技术的作用和课后的反思。", piece.name)
}

/// Fills every empty piece of the asker's draft. Commits.
///
/// # Errors
/// What the actions report.
pub async fn fill(ctx: &Ctx, id: Id<Submission>) -> Result<(), Failure> {
    let mut tx: Tx = ctx.read().await?;
    let (desk, submission) = actions::own_draft(ctx, &mut tx, id).await?;
    let there = store::items(&mut tx, submission.programme, submission.id).await?;
    drop(tx);
    for piece in desk.pieces(&submission) {
        if there.iter().any(|item| item.piece == piece.key) {
            continue;
        }
        if takes_text(&piece.kinds) {
            let text = text_of(piece);
            let mut tx = ctx.write().await?;
            actions::save_text(ctx, &mut tx, id, &piece.key, 0, &text).await?;
            tx.commit().await?;
        } else {
            let stored = file(ctx, piece).await?;
            let mut tx = ctx.write().await?;
            actions::add_file(ctx, &mut tx, &submission, &piece.key, stored, None).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// Writes submissions as they are, each with the sort key of its author, without pieces, steps or
/// events; the audit trail tells of each that is out of its author's hands that it was handed in. For the bench.
///
/// # Errors
/// What the database reports.
pub async fn keep_all(ctx: &Ctx, tx: &mut Tx, submissions: &[(Submission, String)]) -> Result<u64, DbError> {
    let handed_in = submissions.iter().map(|(one, _)| one).filter(|one| one.state != State::Draft);
    let told = handed_in.map(|one| {
        (
            one.id.uuid(),
            json!({ "capability": one.capability, "revision": one.revision, "digest": one.digest }),
        )
    });
    audit::record_all(ctx, tx, "evidence.submitted", told).await?;
    store::bulk::add_all(tx, submissions).await
}
