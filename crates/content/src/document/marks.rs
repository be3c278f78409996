//! The marks that texts and slides share, whatever their namespace is called: paragraphs, tables,
//! drawings.

use std::collections::{HashMap, HashSet};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::package::value;
use super::{Block, MARKS, PICTURES, Piece, SHOWN, Seen, Text};
use crate::Refusal;

/// Levels of headings; deeper ones are paragraphs.
const LEVELS: u8 = 6;
/// What stands in the text where a picture is that cannot be shown.
const UNSHOWN: &str = "［图片］";
/// What stands in the text where something moves or sounds.
const PLAYED: &str = "［视频或录音，请下载文件播放］";
/// Characters of what somebody says a picture shows.
const SAID: usize = 200;

/// English Metric Units in a dot of a screen (20.1.2.1).
const DOT: u32 = 9525;
/// Dots that a picture is wide at most where its text says how wide it is.
const WIDEST: u32 = 4000;

/// What paragraphs are by their styles.
#[derive(Debug, Default)]
pub(super) struct Styles {
    /// Levels of headings, from 1.
    pub levels: HashMap<String, u8>,
    /// Those of lists.
    pub points: HashSet<String>,
}

/// A level of the outline, which is counted from 0; 9 is that of plain text.
pub(super) fn outline(tag: &BytesStart<'_>) -> Option<u8> {
    value(tag, "val")?.parse::<u8>().ok().filter(|level| *level < 9).map(|level| level + 1)
}

/// What is being read.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// A text or a slide.
    #[default]
    Slide,
    /// The notes of a slide: of these only what the speaker wrote counts.
    Notes,
}

/// What a shape on a slide is for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Shape {
    #[default]
    Plain,
    Title,
    /// The day, the number, the foot of each slide.
    LeftOut,
}

/// A paragraph that is being read.
#[derive(Debug, Default)]
struct Open {
    text: Text,
    level: Option<u8>,
    is_point: bool,
}

/// A picture, chart or the like that is being read.
#[derive(Debug, Default)]
struct Drawing {
    /// Whether anything of it can be read.
    is_shown: bool,
    /// What its author says it shows.
    said: String,
    /// How wide it is, in dots of a screen.
    width: Option<u32>,
}

/// A text that is being read; for slides one after the other.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// What is being read.
    pub holder: Holder,
    /// What paragraphs are by their styles.
    pub styles: Styles,
    /// Places of pictures by how the text refers to them.
    pub pictures: HashMap<String, usize>,
    /// The slide's title.
    pub title: String,
    /// What was read.
    pub blocks: Vec<Block>,
    /// Paragraphs within one another: a text box stands within the paragraph it is tied to.
    open: Vec<Open>,
    drawings: Vec<Drawing>,
    shape: Shape,
    /// How many tables within one another are open; those within are told as text of their cell.
    tables: usize,
    rows: Vec<Vec<Text>>,
    /// How many elements are open of a part that is left out.
    left_out: usize,
    /// Whether what is read is text of the document.
    in_text: bool,
    characters: usize,
    shown: usize,
}

impl Reading {
    /// Whether no more is shown.
    pub fn is_full(&self) -> bool {
        self.characters > SHOWN
    }

    /// Reads a part; what it says stands after what was read before.
    pub fn read(mut self, text: &str) -> Result<Self, Refusal> {
        let mut reader = Reader::from_str(text);
        while !self.is_full() {
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
                Event::Eof => break,
                _ => {}
            }
        }
        self.finish();
        Ok(self)
    }

    /// Closes what is still open, where the text was cut off.
    fn finish(&mut self) {
        while !self.open.is_empty() {
            self.end("p");
        }
        if self.tables > 0 {
            self.tables = 1;
            self.end("tbl");
        }
        self.drawings.clear();
        (self.shape, self.left_out, self.in_text) = (Shape::Plain, 0, false);
    }

    fn begin(&mut self, tag: &BytesStart<'_>) {
        let name = tag.local_name();
        let name = name.as_ref();
        // The same again for older programs; and what was deleted.
        if self.left_out > 0 || matches!(name, "Fallback" | "del" | "moveFrom") {
            self.left_out += 1;
            return;
        }
        // What holds words costs something without any, too: a file of empty cells comes to an end.
        if matches!(name, "p" | "tr" | "tc" | "drawing" | "pict" | "object" | "pic" | "graphicFrame") {
            self.characters += MARKS;
        }
        match name {
            "p" => self.open.push(Open::default()),
            "pStyle" => {
                let style = value(tag, "val").unwrap_or_default();
                let (level, is_point) =
                    (self.styles.levels.get(&style).copied(), self.styles.points.contains(&style));
                self.set(|open| {
                    open.level = open.level.or(level);
                    open.is_point |= is_point;
                });
            }
            "outlineLvl" => {
                let level = outline(tag);
                self.set(|open| open.level = level.or(open.level));
            }
            "numPr" | "buChar" | "buAutoNum" => self.set(|open| open.is_point = true),
            "t" => self.in_text = true,
            "tab" | "ptab" => self.say(" "),
            "br" | "cr" => self.say("\n"),
            "noBreakHyphen" => self.say("-"),
            "tbl" => self.tables += 1,
            "tr" if self.tables == 1 => self.rows.push(Vec::new()),
            "tc" if self.tables == 1 => {
                if let Some(row) = self.rows.last_mut() {
                    row.push(Text::new());
                }
            }
            _ => self.begin_drawing(name, tag),
        }
    }

    fn begin_drawing(&mut self, name: &str, tag: &BytesStart<'_>) {
        match name {
            "drawing" | "pict" | "object" | "pic" | "graphicFrame" => self.drawings.push(Drawing::default()),
            "docPr" | "cNvPr" => {
                let said = value(tag, "descr").map(|said| said_of(&said)).unwrap_or_default();
                if let Some(drawing) = self.drawings.last_mut().filter(|_| !said.is_empty()) {
                    drawing.said = said;
                }
            }
            "extent" => {
                let width = value(tag, "cx").and_then(|cx| cx.parse::<u32>().ok());
                if let Some(drawing) = self.drawings.last_mut() {
                    drawing.width = width.map(|cx| cx / DOT).filter(|dots| (1..=WIDEST).contains(dots));
                }
            }
            "blip" | "imagedata" => {
                let place = value(tag, if name == "blip" { "embed" } else { "id" });
                if let Some(place) = place.and_then(|id| self.pictures.get(&id).copied()) {
                    self.picture(place);
                }
            }
            "videoFile" | "audioFile" => self.say(PLAYED),
            "ph" => {
                self.shape = match (self.holder, value(tag, "type").as_deref()) {
                    (Holder::Slide, Some("title" | "ctrTitle")) => Shape::Title,
                    (Holder::Slide, Some("dt" | "ftr" | "sldNum")) => Shape::LeftOut,
                    (Holder::Notes, Some("body")) | (Holder::Slide, _) => Shape::Plain,
                    (Holder::Notes, _) => Shape::LeftOut,
                };
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
                        self.blocks.push(Block::Table(rows));
                    }
                }
            }
            "drawing" | "pict" | "object" | "pic" | "graphicFrame" => self.end_drawing(),
            "sp" => self.shape = Shape::Plain,
            _ => {}
        }
    }

    fn end_drawing(&mut self) {
        let Some(drawing) = self.drawings.pop() else { return };
        if !drawing.is_shown {
            self.say(UNSHOWN);
        }
        if let Some(around) = self.drawings.last_mut() {
            around.is_shown = true;
        }
    }

    fn set(&mut self, change: impl FnOnce(&mut Open)) {
        if let Some(open) = self.open.last_mut() {
            change(open);
        }
    }

    fn say(&mut self, words: &str) {
        self.characters += words.chars().count();
        match self.open.last_mut() {
            Some(open) => append(&mut open.text, words),
            // What is played stands on a slide as it is, and in no paragraph.
            None => self.close(Open { text: vec![Piece::Words(words.to_owned())], ..Open::default() }),
        }
    }

    fn picture(&mut self, place: usize) {
        self.shown += 1;
        if self.shown > PICTURES {
            return;
        }
        if let Some(drawing) = self.drawings.last_mut() {
            drawing.is_shown = true;
        }
        // What is said of a drawing is said of the picture that it frames.
        let said = self.drawings.iter_mut().rfind(|drawing| !drawing.said.is_empty());
        let said = said.map(|of| std::mem::take(&mut of.said)).unwrap_or_default();
        let width = self.drawings.iter().rev().find_map(|drawing| drawing.width);
        let piece = Piece::Picture(Seen { place, said, width });
        match self.open.last_mut() {
            Some(open) => open.text.push(piece),
            None => self.close(Open { text: vec![piece], ..Open::default() }),
        }
    }

    fn close(&mut self, open: Open) {
        let text = trimmed(open.text);
        if text.is_empty() || self.shape == Shape::LeftOut {
            return;
        }
        if let Some(drawing) = self.drawings.last_mut() {
            drawing.is_shown = true;
        }
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()) {
            if !cell.is_empty() {
                append(cell, "\n");
            }
            for piece in text {
                match piece {
                    Piece::Words(words) => append(cell, &words),
                    picture @ Piece::Picture(..) => cell.push(picture),
                }
            }
            return;
        }
        if self.shape == Shape::Title && self.title.is_empty() {
            self.title = words(&text);
            return;
        }
        self.blocks.push(match open.level {
            Some(level) if level <= LEVELS => Block::Heading(level, text),
            _ if open.is_point => Block::Point(text),
            _ => Block::Paragraph(text),
        });
    }
}

fn append(text: &mut Text, more: &str) {
    match text.last_mut() {
        Some(Piece::Words(words)) => words.push_str(more),
        _ => text.push(Piece::Words(more.to_owned())),
    }
}

/// `text` without spaces at its ends.
fn trimmed(mut text: Text) -> Text {
    if let Some(Piece::Words(words)) = text.first_mut() {
        *words = words.trim_start().to_owned();
    }
    if let Some(Piece::Words(words)) = text.last_mut() {
        *words = words.trim_end().to_owned();
    }
    text.retain(|piece| !matches!(piece, Piece::Words(words) if words.is_empty()));
    text
}

/// The words of `text` in one line.
fn words(text: &Text) -> String {
    let of_piece = |piece: &Piece| match piece {
        Piece::Words(words) => words.replace('\n', " "),
        Piece::Picture(..) => String::new(),
    };
    text.iter().map(of_piece).collect()
}

/// What somebody says a picture shows. Some programs write where the picture lay instead, and with
/// it, perhaps, whose it was.
fn said_of(said: &str) -> String {
    let is_name = said.contains(['/', '\\']) || said.rsplit_once('.').is_some_and(|(_, end)| is_end(end));
    if is_name { String::new() } else { said.trim().chars().take(SAID).collect() }
}

/// Whether `end` is what the name of a file ends in.
fn is_end(end: &str) -> bool {
    (2..=5).contains(&end.len()) && end.chars().all(|c| c.is_ascii_alphanumeric())
}
