//! Slides (19): each with its number, its title, what stands on it, and its notes.

use std::io::{Read, Seek};

use quick_xml::Reader;
use quick_xml::events::Event;

use super::marks::{Holder, Reading};
use super::package::{Package, value};
use super::{Chapter, Document};
use crate::Refusal;

const MAIN: &str = "ppt/presentation.xml";
/// Slides that are shown.
const SLIDES: usize = 300;

pub(super) fn read<R: Read + Seek>(file: R) -> Result<Document, Refusal> {
    let mut package = Package::open(file)?;
    let main = package.part(MAIN)?.ok_or(Refusal::Damaged)?;
    let parts = package.references(MAIN)?.parts;
    let ids = order(&main)?;
    let mut document = Document { is_cut: ids.len() > SLIDES, ..Document::default() };
    let mut reading = Reading::default();
    for (at, id) in ids.iter().take(SLIDES).enumerate() {
        // A slide that is named and not there says so by its number.
        let name = parts.get(id).map_or("", String::as_str);
        let text = package.part(name)?;
        let references = package.references(name)?;
        document.is_cut |= references.is_cut;
        reading.pictures = references.pictures;
        reading = reading.read(text.as_deref().unwrap_or_default())?;
        let (title, blocks) = (std::mem::take(&mut reading.title), std::mem::take(&mut reading.blocks));
        let notes = references.notes.map(|notes| package.part(&notes)).transpose()?.flatten();
        reading.holder = Holder::Notes;
        reading = reading.read(notes.as_deref().unwrap_or_default())?;
        reading.holder = Holder::Slide;
        document.chapters.push(Chapter {
            title: match title.as_str() {
                "" => format!("第 {} 页", at + 1),
                title => format!("第 {} 页：{title}", at + 1),
            },
            remark: remark(text.as_deref())?.to_owned(),
            blocks,
            notes: std::mem::take(&mut reading.blocks),
        });
        if reading.is_full() {
            document.is_cut = true;
            break;
        }
    }
    Ok(document)
}

/// The parts of slides and of their notes in the order in which they are shown, with what each is called.
pub(super) fn parts<R: Read + Seek>(package: &mut Package<R>) -> Result<Vec<(String, String)>, Refusal> {
    let main = package.part(MAIN)?.ok_or(Refusal::Damaged)?;
    let known = package.references(MAIN)?.parts;
    let mut parts = Vec::new();
    for (at, id) in order(&main)?.iter().take(SLIDES).enumerate() {
        let Some(slide) = known.get(id) else { continue };
        let notes = package.references(slide)?.notes;
        parts.push((slide.clone(), format!("第 {} 页", at + 1)));
        parts.extend(notes.map(|notes| (notes, format!("第 {} 页的备注", at + 1))));
    }
    Ok(parts)
}

/// The identifiers of the slides in the order in which they are shown.
fn order(text: &str) -> Result<Vec<String>, Refusal> {
    let (mut reader, mut ids) = (Reader::from_str(text), Vec::new());
    loop {
        match reader.read_event().map_err(|_| Refusal::Damaged)? {
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "sldId" => {
                // `id` is the number; the reference stands in a namespace, `r:id`.
                let id = tag.attributes().flatten().find(|attribute| {
                    attribute.key.prefix().is_some() && attribute.key.local_name().as_ref() == "id"
                });
                ids.extend(id.map(|id| id.value.into_owned()));
            }
            Event::Eof => return Ok(ids),
            _ => {}
        }
    }
}

/// What is to be known of a slide: that it is not there, or not shown.
fn remark(text: Option<&str>) -> Result<&'static str, Refusal> {
    let Some(text) = text else { return Ok("这一页在文件里找不到。") };
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event().map_err(|_| Refusal::Damaged)? {
            Event::Start(tag) if tag.local_name().as_ref() == "sld" => {
                let hidden = value(&tag, "show").is_some_and(|show| show == "0" || show == "false");
                return Ok(if hidden { "这一页在放映时隐藏。" } else { "" });
            }
            Event::Eof => return Ok(""),
            _ => {}
        }
    }
}
