//! The text of a Word file (ISO/IEC 29500-1, 17): paragraphs, headings, lists and tables, for
//! readers who have no program for it at hand. Pictures, colours and fonts stay in the file.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::Refusal;

/// Bytes of text with its marks that are read.
const MOST: u64 = 64 << 20;
/// Characters that are shown.
const SHOWN: usize = 200_000;
/// Levels of headings; deeper ones are paragraphs.
const LEVELS: u8 = 6;
/// What stands in the text where a picture is.
const PICTURE: &str = "［图片］";

/// A part of a document, in the order of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading of this level, from 1.
    Heading(u8, String),
    /// A paragraph.
    Paragraph(String),
    /// A point of a list.
    Point(String),
    /// The rows of a table with their cells.
    Table(Vec<Vec<String>>),
}

/// What can be read of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its parts.
    pub blocks: Vec<Block>,
    /// Whether more follows than is shown.
    pub is_cut: bool,
}

/// Reads the file `bytes`.
///
/// # Errors
/// [`Refusal::Damaged`] when it is none; [`Refusal::Oversized`] when its text is too long to read.
pub fn read(bytes: &[u8]) -> Result<Document, Refusal> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| Refusal::Damaged)?;
    let styles = part(&mut archive, "word/styles.xml")?.map(|text| headings(&text)).transpose()?;
    let text = part(&mut archive, "word/document.xml")?.ok_or(Refusal::Damaged)?;
    Reading { levels: styles.unwrap_or_default(), ..Reading::default() }.read(&text)
}

fn part(archive: &mut zip::ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<String>, Refusal> {
    let found = match archive.by_name(name) {
        Ok(found) => found,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(_) => return Err(Refusal::Damaged),
    };
    let mut bytes = Vec::new();
    found.take(MOST + 1).read_to_end(&mut bytes).map_err(|_| Refusal::Damaged)?;
    if bytes.len() as u64 > MOST {
        return Err(Refusal::Oversized);
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The value of `w:val`, or of another attribute of the main namespace.
fn value(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = tag.attributes().flatten().find(|attribute| attribute.key.local_name().as_ref() == name)?;
    found.normalized_value(XmlVersion::Implicit1_0).ok().map(|value| value.into_owned())
}

/// The level of headings, from 1, that each style of paragraphs stands for.
fn headings(text: &str) -> Result<HashMap<String, u8>, Refusal> {
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

/// A level of the outline, which is counted from 0; 9 is that of plain text.
fn outline(tag: &BytesStart<'_>) -> Option<u8> {
    value(tag, "val")?.parse::<u8>().ok().filter(|level| *level < 9).map(|level| level + 1)
}

/// A paragraph that is being read.
#[derive(Debug, Default)]
struct Open {
    text: String,
    level: Option<u8>,
    is_point: bool,
}

/// A document that is being read.
#[derive(Debug, Default)]
struct Reading {
    levels: HashMap<String, u8>,
    /// Paragraphs within one another: a text box stands within the paragraph it is tied to.
    open: Vec<Open>,
    /// How many tables within one another are open; those within are told as text of their cell.
    tables: usize,
    rows: Vec<Vec<String>>,
    /// How many elements are open of a part that is left out.
    left_out: usize,
    /// Whether what is read is text of the document.
    in_text: bool,
    characters: usize,
    document: Document,
}

impl Reading {
    fn read(mut self, text: &str) -> Result<Document, Refusal> {
        let mut reader = Reader::from_str(text);
        while self.characters <= SHOWN {
            match reader.read_event().map_err(|_| Refusal::Damaged)? {
                Event::Start(tag) => self.begin(&tag),
                Event::Empty(tag) => {
                    self.begin(&tag);
                    self.end(tag.local_name().as_ref());
                }
                Event::End(tag) => self.end(tag.local_name().as_ref()),
                Event::Text(text) if self.in_text => self.say(&text.xml10_content()),
                Event::CData(text) if self.in_text => self.say(&text.xml10_content()),
                Event::GeneralRef(name) if self.in_text => {
                    let sign = name.resolve_char_ref().ok().flatten();
                    if let Some(sign) = sign {
                        self.say(sign.encode_utf8(&mut [0; 4]));
                    } else if let Some(text) = resolve_predefined_entity(&name) {
                        self.say(text);
                    }
                }
                Event::Eof => return Ok(self.document),
                _ => {}
            }
        }
        while !self.open.is_empty() {
            self.end("p");
        }
        if self.tables > 0 {
            self.tables = 1;
            self.end("tbl");
        }
        self.document.is_cut = true;
        Ok(self.document)
    }

    fn begin(&mut self, tag: &BytesStart<'_>) {
        let name = tag.local_name();
        let name = name.as_ref();
        // The same again for older programs; and what was deleted.
        if self.left_out > 0 || matches!(name, "Fallback" | "del" | "moveFrom") {
            self.left_out += 1;
            return;
        }
        match name {
            "p" => self.open.push(Open::default()),
            "pStyle" => {
                let level = value(tag, "val").and_then(|style| self.levels.get(&style).copied());
                self.set(|open| open.level = open.level.or(level));
            }
            "outlineLvl" => {
                let level = outline(tag);
                self.set(|open| open.level = level.or(open.level));
            }
            "numPr" => self.set(|open| open.is_point = true),
            "t" => self.in_text = true,
            "tab" | "ptab" => self.say(" "),
            "br" | "cr" => self.say("\n"),
            "noBreakHyphen" => self.say("-"),
            "drawing" | "pict" | "object" => self.say(PICTURE),
            "tbl" => self.tables += 1,
            "tr" if self.tables == 1 => self.rows.push(Vec::new()),
            "tc" if self.tables == 1 => {
                if let Some(row) = self.rows.last_mut() {
                    row.push(String::new());
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if self.left_out > 0 {
            self.left_out -= 1;
            return;
        }
        match name {
            "t" => self.in_text = false,
            "p" => {
                if let Some(open) = self.open.pop() {
                    self.close(open);
                }
            }
            "tbl" => {
                self.tables = self.tables.saturating_sub(1);
                if self.tables == 0 {
                    let rows = std::mem::take(&mut self.rows);
                    if rows.iter().flatten().any(|cell| !cell.is_empty()) {
                        self.document.blocks.push(Block::Table(rows));
                    }
                }
            }
            _ => {}
        }
    }

    fn set(&mut self, change: impl FnOnce(&mut Open)) {
        if let Some(open) = self.open.last_mut() {
            change(open);
        }
    }

    fn say(&mut self, text: &str) {
        if let Some(open) = self.open.last_mut() {
            open.text.push_str(text);
            self.characters += text.chars().count();
        }
    }

    fn close(&mut self, open: Open) {
        let text = open.text.trim();
        if text.is_empty() {
            return;
        }
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()) {
            if !cell.is_empty() {
                cell.push('\n');
            }
            cell.push_str(text);
            return;
        }
        let text = text.to_owned();
        self.document.blocks.push(match open.level {
            Some(level) if level <= LEVELS => Block::Heading(level, text),
            _ if open.is_point => Block::Point(text),
            _ => Block::Paragraph(text),
        });
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::{Block, Document, Reading, SHOWN, headings, read};

    fn body(inner: &str) -> String {
        format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>{inner}</w:body></w:document>")
    }

    fn docx(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in parts {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a part");
            zip.write_all(text.as_bytes()).expect("written");
        }
        zip.finish().expect("an archive").into_inner()
    }

    fn of(inner: &str) -> Document {
        read(&docx(&[("word/document.xml", &body(inner))])).expect("a document")
    }

    fn p(text: &str) -> String {
        format!("<w:p><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>")
    }

    fn says(text: &str) -> Block {
        Block::Paragraph(text.to_owned())
    }

    #[test]
    fn paragraphs_headings_points_and_tables_come_in_order() {
        let styles = "<w:styles xmlns:w=\"w\"><w:style w:styleId=\"2\"><w:name w:val=\"heading 2\"/></w:style></w:styles>";
        let heading = "<w:p><w:pPr><w:pStyle w:val=\"2\"/></w:pPr><w:r><w:t>教学目标</w:t></w:r></w:p>";
        let point = "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>一、</w:t><w:tab/><w:t>会用</w:t></w:r></w:p>";
        let table = format!(
            "<w:tbl><w:tr><w:tc>{}{}</w:tc><w:tc>{}</w:tc></w:tr></w:tbl>",
            p("甲"),
            p("乙"),
            p("丙")
        );
        let text = body(&[p("引言 &amp; &#65;").as_str(), heading, point, table.as_str(), "<w:p/>"].concat());
        let read =
            read(&docx(&[("word/styles.xml", styles), ("word/document.xml", &text)])).expect("a document");
        let cells = vec![vec!["甲\n乙".to_owned(), "丙".to_owned()]];
        let expected = [
            says("引言 & A"),
            Block::Heading(2, "教学目标".to_owned()),
            Block::Point("一、 会用".to_owned()),
            Block::Table(cells),
        ];
        assert_eq!(read.blocks, expected);
        assert!(!read.is_cut);
    }

    #[test]
    fn what_is_said_twice_or_was_deleted_is_left_out() {
        let boxed = format!(
            "<w:p><w:r><w:t>前</w:t><mc:AlternateContent><mc:Choice><w:drawing>{}</w:drawing></mc:Choice>\
            <mc:Fallback><w:pict>{}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>",
            p("框"),
            p("框")
        );
        assert_eq!(of(&boxed).blocks, [says("框"), says("前［图片］")]);
        let deleted =
            "<w:p><w:del><w:r><w:delText>旧</w:delText></w:r></w:del><w:r><w:t>新</w:t></w:r></w:p>";
        assert_eq!(of(deleted).blocks, [says("新")]);
        let field = "<w:p><w:r><w:instrText>PAGE</w:instrText><w:t>3</w:t></w:r></w:p>";
        assert_eq!(of(field).blocks, [says("3")]);
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let long = of(&p(&"长".repeat(1000)).repeat(300));
        assert!(long.is_cut && long.blocks.len() <= SHOWN / 1000 + 1);
        let table = of(&format!("<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>", p(&"长".repeat(SHOWN + 1))));
        assert!(table.is_cut && matches!(table.blocks.as_slice(), [Block::Table(_)]));
    }

    #[test]
    fn what_is_no_document_is_refused() {
        assert!(read(b"PK\x03\x04").is_err() && read(&docx(&[("xl/workbook.xml", "")])).is_err());
        let entities = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><w:p><w:r><w:t>&a;</w:t></w:r></w:p>";
        assert_eq!(Reading::default().read(entities).expect("read").blocks, [], "nothing is made of names");
        assert!(Reading::default().read("<w:p></w:t>").is_err());
    }

    proptest! {
        #[test]
        fn every_text_is_found_as_it_was_written(text in "[a-z中文 <>&\"']{1,40}") {
            let escaped = quick_xml::escape::escape(text.as_str());
            let expected: Vec<Block> = Some(text.trim()).filter(|t| !t.is_empty()).map(says).into_iter().collect();
            prop_assert_eq!(of(&p(&escaped)).blocks, expected);
        }

        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>, text: String) {
            let _ = (read(&bytes), Reading::default().read(&text), headings(&text));
        }
    }
}
