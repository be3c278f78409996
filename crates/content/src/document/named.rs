//! Where somebody is named in a document: in what stands on its pages, and in what its page does not show, such
//! as heads and feet. Whoever downloads it reads all of it.

use std::io::{Read, Seek};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

use super::package::{Package, value};
use super::slides;
use crate::{Content, Refusal, is_unseen};

/// Bytes of text with its marks that are looked through in one document: more than people type into one.
const MOST: u64 = 8 << 20;
/// Letters of the shortest name that is looked for: one alone stands in any text.
const SHORTEST: usize = 2;

/// Where each of `names` stands first in the office `file` of kind `content`, in words for its reader; none where
/// it does not stand, and in files of other kinds. What cannot be read names nobody, nor does what follows after
/// the first 8 MiB of its parts together.
#[must_use]
pub fn named_in<R: Read + Seek, const N: usize>(
    file: R,
    content: Content,
    names: [&str; N],
) -> [Option<String>; N] {
    let names = names.map(plain);
    let mut found: [Option<String>; N] = [const { None }; N];
    if places(content).is_empty() {
        return found;
    }
    let Ok(package) = Package::open(file) else { return found };
    let mut package = package.within(MOST);
    // Where the parts of one file cannot be told, there is nothing to look into.
    for (part, place) in parts(&mut package, content).unwrap_or_default() {
        if found.iter().all(Option::is_some) {
            break;
        }
        let Ok(text) = package.beginning(&part) else { break };
        said(&text.unwrap_or_default(), |line| {
            for (name, at) in names.iter().zip(&mut found) {
                if at.is_none() && holds(line, name) {
                    *at = Some(place.clone());
                }
            }
        });
    }
    found
}

/// Whether `name` stands in `text`, however it is spaced within a line.
#[must_use]
pub fn is_named(text: &str, name: &str) -> bool {
    holds(&plain(text), &plain(name))
}

fn holds(said: &str, name: &str) -> bool {
    name.chars().count() >= SHORTEST && said.contains(name)
}

/// `text` without the spaces within its lines: names of two letters are often spaced.
fn plain(text: &str) -> String {
    text.chars().filter(is_said).collect()
}

/// Whether a character is more than a space within a line.
fn is_said(sign: &char) -> bool {
    *sign == '\n' || !(sign.is_whitespace() || is_unseen(*sign))
}

/// The parts of a document that say something, in the order of reading, with what each is called.
fn parts<R: Read + Seek>(
    package: &mut Package<R>,
    content: Content,
) -> Result<Vec<(String, String)>, Refusal> {
    let mut parts = if content == Content::Pptx { slides::parts(package)? } else { Vec::new() };
    for (begin, place) in places(content) {
        let mut of_place: Vec<String> = package.names().filter(|name| name.starts_with(begin)).collect();
        of_place.retain(|name| name.ends_with(".xml"));
        of_place.sort();
        parts.extend(of_place.into_iter().map(|name| (name, (*place).to_owned())));
    }
    Ok(parts)
}

/// What the names of parts begin with, and what stands there.
const fn places(content: Content) -> &'static [(&'static str, &'static str)] {
    match content {
        Content::Docx => &[
            ("word/document.xml", "正文"),
            ("word/header", "页眉"),
            ("word/footer", "页脚"),
            ("word/footnotes", "脚注"),
            ("word/endnotes", "尾注"),
            ("word/comments", "批注"),
            ("word/diagrams/", "图形"),
            ("word/charts/", "图表"),
        ],
        Content::Pptx => &[
            ("ppt/comments", "批注"),
            ("ppt/diagrams/", "图形"),
            ("ppt/charts/", "图表"),
            ("ppt/slideLayouts/", "版式"),
            ("ppt/slideMasters/", "母版"),
        ],
        Content::Xlsx => &[
            ("xl/sharedStrings.xml", "工作表"),
            ("xl/worksheets/", "工作表"),
            ("xl/workbook.xml", "工作表名称"),
            ("xl/comments", "批注"),
            ("xl/threadedComments/", "批注"),
            ("xl/drawings/", "图形"),
            ("xl/charts/", "图表"),
        ],
        _ => &[],
    }
}

/// Whether words of the document stand in an element of this name.
fn holds_words(name: &str) -> bool {
    let runs = ["t", "delText", "text"];
    let margins = ["oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"];
    runs.contains(&name) || margins.contains(&name)
}

/// Hands on what a part says, line by line and without spaces: a name may stand in several runs.
fn said(part: &str, mut heard: impl FnMut(&str)) {
    let (mut reader, mut line, mut depth) = (Reader::from_str(part), String::new(), 0_usize);
    while let Ok(event) = reader.read_event() {
        let ends = match event {
            Event::Start(tag) if holds_words(tag.local_name().as_ref()) => {
                depth += 1;
                false
            }
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                "br" | "cr" | "tab" => true,
                // Of a spreadsheet: how it is called.
                "sheet" => {
                    line.extend(value(&tag, "name").unwrap_or_default().chars().filter(is_said));
                    true
                }
                _ => false,
            },
            Event::End(tag) => {
                let name = tag.local_name();
                let name = name.as_ref();
                if holds_words(name) {
                    depth = depth.saturating_sub(1);
                }
                matches!(name, "p" | "si" | "is") || (name != "t" && holds_words(name))
            }
            Event::Text(text) if depth > 0 => {
                line.extend(text.xml10_content().chars().filter(is_said));
                false
            }
            Event::CData(text) if depth > 0 => {
                line.extend(text.xml10_content().chars().filter(is_said));
                false
            }
            Event::GeneralRef(name) if depth > 0 => {
                if let Some(sign) = name.resolve_char_ref().ok().flatten() {
                    line.extend(Some(sign).filter(is_said));
                } else if let Some(text) = resolve_predefined_entity(&name) {
                    line.push_str(text);
                }
                false
            }
            Event::Eof => break,
            _ => false,
        };
        if ends {
            heard(&line);
            line.clear();
        }
    }
    heard(&line);
}
