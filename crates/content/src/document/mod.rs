//! What a page shows of an office file since 2007 (ISO/IEC 29500-1), for readers who have no program
//! for it at hand: words, lists, tables and pictures in the order of reading. Colours, fonts and
//! charts stay in the file.

mod marks;
mod named;
mod package;
mod sheets;
mod slides;
mod words;

#[cfg(test)]
mod tests;

use std::io::{Read, Seek};

pub use named::{is_named, named_in};
pub use package::{Picture, picture};

use super::{Content, Refusal};

/// Characters that are shown.
const SHOWN: usize = 200_000;
/// Pictures that are shown.
const PICTURES: usize = 300;
/// Characters of a part of a document: what a slow line brings at once.
const PART: usize = 20_000;
/// What a cell or a picture costs besides its characters.
const MARKS: usize = 4;

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Words(String),
    /// A picture.
    Picture(Seen),
}

/// A picture as its text shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its place in the file, by which [`picture`] takes it out.
    pub place: usize,
    /// What its author says it shows; empty when nothing.
    pub said: String,
    /// How wide it is in the text, in dots of a screen, where the text says so.
    pub width: Option<u32>,
}

/// Words with pictures between them.
pub type Text = Vec<Piece>;

/// A part of a document, in the order of reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A heading of this level, from 1.
    Heading(u8, Text),
    /// A paragraph.
    Paragraph(Text),
    /// A point of a list.
    Point(Text),
    /// The rows of a table with their cells.
    Table(Vec<Vec<Text>>),
    /// The columns of a spreadsheet by their letters, its rows with their numbers.
    Grid(Vec<String>, Vec<(u32, Vec<String>)>),
}

/// A slide, a sheet, or the whole of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chapter {
    /// How it is called; empty for a text.
    pub title: String,
    /// What its reader should know of it; mostly empty.
    pub remark: String,
    /// What stands on it.
    pub blocks: Vec<Block>,
    /// The speaker's notes.
    pub notes: Vec<Block>,
}

/// What can be read of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Its chapters.
    pub chapters: Vec<Chapter>,
    /// Whether more follows than is shown.
    pub is_cut: bool,
}

impl Document {
    /// Its chapters divided into parts that a slow line brings at once; there is one at least.
    #[must_use]
    pub fn parts(&self) -> Vec<Vec<Chapter>> {
        let (mut parts, mut weight) = (vec![Vec::new()], 0);
        for chapter in &self.chapters {
            let mut open = Chapter { blocks: Vec::new(), ..chapter.clone() };
            let mut head = chapter.title.chars().count();
            for block in chapter.blocks.iter().flat_map(Block::divided) {
                let more = block.weight() + std::mem::take(&mut head);
                if weight > 0 && weight + more > PART {
                    if !open.blocks.is_empty() {
                        let rest = Chapter { remark: String::new(), ..open.clone() };
                        let first = Chapter { notes: Vec::new(), ..std::mem::replace(&mut open, rest) };
                        parts.last_mut().expect("there is one").push(first);
                        open.blocks.clear();
                    }
                    parts.push(Vec::new());
                    weight = 0;
                }
                weight += more;
                open.blocks.push(block);
            }
            weight += head + chapter.notes.iter().map(Block::weight).sum::<usize>() + MARKS;
            parts.last_mut().expect("there is one").push(open);
        }
        parts
    }
}

impl Block {
    /// The block itself, or a long table as several of some rows each.
    fn divided(&self) -> Vec<Self> {
        match self {
            Self::Table(rows) => by_weight(rows, |row| of_row(row)).into_iter().map(Self::Table).collect(),
            Self::Grid(letters, rows) => {
                let some = by_weight(rows, of_line).into_iter();
                some.map(|rows| Self::Grid(letters.clone(), rows)).collect()
            }
            other => vec![other.clone()],
        }
    }

    fn weight(&self) -> usize {
        match self {
            Self::Heading(_, text) | Self::Paragraph(text) | Self::Point(text) => of_text(text),
            Self::Table(rows) => rows.iter().map(|row| of_row(row)).sum(),
            Self::Grid(_, rows) => rows.iter().map(of_line).sum(),
        }
    }
}

fn of_text(text: &Text) -> usize {
    let of_piece = |piece: &Piece| match piece {
        Piece::Words(words) | Piece::Picture(Seen { said: words, .. }) => words.chars().count() + MARKS,
    };
    text.iter().map(of_piece).sum::<usize>() + MARKS
}

fn of_row(row: &[Text]) -> usize {
    row.iter().map(of_text).sum()
}

fn of_line((_, cells): &(u32, Vec<String>)) -> usize {
    cells.iter().map(|cell| cell.chars().count() + MARKS).sum()
}

/// `rows` in their order, as many together as a part holds, and one at least.
fn by_weight<T: Clone>(rows: &[T], weight_of: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let (mut all, mut weight) = (vec![Vec::new()], 0);
    for row in rows {
        let more = weight_of(row);
        if weight > 0 && weight + more > PART {
            all.push(Vec::new());
            weight = 0;
        }
        weight += more;
        all.last_mut().expect("there is one").push(row.clone());
    }
    all
}

/// Reads the `file` of kind `content`.
///
/// # Errors
/// [`Refusal::Damaged`] when it is none; [`Refusal::Oversized`] when its text is too long to read;
/// [`Refusal::Sheet`] for a spreadsheet that cannot be read; [`Refusal::Unknown`] for other kinds.
pub fn read<R: Read + Seek>(file: R, content: Content) -> Result<Document, Refusal> {
    match content {
        Content::Docx => words::read(file),
        Content::Pptx => slides::read(file),
        Content::Xlsx => sheets::read(file),
        _ => Err(Refusal::Unknown),
    }
}
