//! The text of a Word file (17).

use std::io::{Read, Seek};

use quick_xml::Reader;
use quick_xml::events::Event;

use super::marks::{Reading, Styles, outline};
use super::package::{Package, value};
use super::{Chapter, Document};
use crate::Refusal;

pub(super) fn read<R: Read + Seek>(file: R) -> Result<Document, Refusal> {
    let mut package = Package::open(file)?;
    let styles = package.part("word/styles.xml")?.map(|text| styles_in(&text)).transpose()?;
    let text = package.part("word/document.xml")?.ok_or(Refusal::Damaged)?;
    let mut reading = Reading::default();
    reading.styles = styles.unwrap_or_default();
    let references = package.references("word/document.xml")?;
    reading.pictures = references.pictures;
    let read = reading.read(&text)?;
    let is_cut = read.is_full() || references.is_cut;
    Ok(Document { chapters: vec![Chapter { blocks: read.blocks, ..Chapter::default() }], is_cut })
}

/// What each style of paragraphs stands for.
pub(super) fn styles_in(text: &str) -> Result<Styles, Refusal> {
    let mut reader = Reader::from_str(text);
    let (mut found, mut style) = (Styles::default(), String::new());
    loop {
        match reader.read_event().map_err(|_| Refusal::Damaged)? {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                "style" => style = value(&tag, "styleId").unwrap_or_default(),
                // Word calls the styles `heading 1` in every language; WPS as well.
                "name" => {
                    let name = value(&tag, "val").unwrap_or_default().to_lowercase();
                    let level = name.strip_prefix("heading ").and_then(|level| level.parse().ok());
                    found.levels.extend(level.map(|level| (style.clone(), level)));
                }
                "numPr" => drop(found.points.insert(style.clone())),
                "outlineLvl" => {
                    found.levels.extend(outline(&tag).map(|level| (style.clone(), level)));
                }
                _ => {}
            },
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}
