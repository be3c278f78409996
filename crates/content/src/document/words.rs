//! The text of a Word file (17).

use std::collections::HashMap;
use std::io::{Read, Seek};

use quick_xml::Reader;
use quick_xml::events::Event;

use super::marks::{Reading, outline};
use super::package::{Package, value};
use super::{Chapter, Document};
use crate::Refusal;

pub(super) fn read<R: Read + Seek>(file: R) -> Result<Document, Refusal> {
    let mut package = Package::open(file)?;
    let styles = package.part("word/styles.xml")?.map(|text| headings(&text)).transpose()?;
    let text = package.part("word/document.xml")?.ok_or(Refusal::Damaged)?;
    let mut reading = Reading::default();
    reading.levels = styles.unwrap_or_default();
    reading.pictures = package.references("word/document.xml")?.pictures;
    let read = reading.read(&text)?;
    let is_cut = read.is_full();
    Ok(Document { chapters: vec![Chapter { blocks: read.blocks, ..Chapter::default() }], is_cut })
}

/// The level of headings, from 1, that each style of paragraphs stands for.
pub(super) fn headings(text: &str) -> Result<HashMap<String, u8>, Refusal> {
    let mut reader = Reader::from_str(text);
    let (mut levels, mut style) = (HashMap::new(), String::new());
    loop {
        match reader.read_event().map_err(|_| Refusal::Damaged)? {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                "style" => style = value(&tag, "styleId").unwrap_or_default(),
                // Word calls the styles `heading 1` in every language; WPS as well.
                "name" => {
                    let name = value(&tag, "val").unwrap_or_default().to_lowercase();
                    let level = name.strip_prefix("heading ").and_then(|level| level.parse().ok());
                    levels.extend(level.map(|level| (style.clone(), level)));
                }
                "outlineLvl" => {
                    levels.extend(outline(&tag).map(|level| (style.clone(), level)));
                }
                _ => {}
            },
            Event::Eof => return Ok(levels),
            _ => {}
        }
    }
}
