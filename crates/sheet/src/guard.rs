//! A look at the text of an archive's parts before anything reads them: how long one cell's text
//! is, how many there are. The reader that follows keeps what it reads whole, so what would fill
//! the memory must not reach it.

use std::io::{self, Write};

/// Bytes that the text of one cell may have in its part, signs written as `&amp;` included.
const LONGEST: usize = 256 << 10;
/// Texts shared between cells that a file may have.
const SHARED: usize = 4 << 20;
/// Merged areas that a file may have.
const AREAS: usize = 100_000;
/// Bytes of a tag that are kept to know it by its name.
const NAME: usize = 256;

/// Why a part is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    /// The text of one cell, or one tag, is longer than a spreadsheet can make it.
    Text,
    /// There are more shared texts or merged areas than anybody makes.
    Count,
}

/// What the bytes at hand belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    Text,
    Tag,
    /// A comment or the like, which ends with the byte given, twice, before its `>`.
    Remark(u8),
}

/// Reads XML as it is written into it and refuses to go on when there is an excess.
#[derive(Debug)]
pub struct Guard {
    within: Within,
    /// The beginning of the tag at hand.
    tag: Vec<u8>,
    /// The last two bytes.
    last: [u8; 2],
    /// Bytes since the cell, shared text or tag at hand began.
    length: usize,
    /// The element that is open and counts as one: a cell or a shared text.
    open: Option<Vec<u8>>,
    shared: usize,
    areas: usize,
    /// Whether the part looks like text; known from its first byte.
    is_text: Option<bool>,
    /// What was found.
    pub excess: Option<Excess>,
    /// Whether a row or column is hidden.
    pub hidden: bool,
}

impl Guard {
    pub const fn new() -> Self {
        Self {
            within: Within::Text,
            tag: Vec::new(),
            last: [0; 2],
            length: 0,
            open: None,
            shared: 0,
            areas: 0,
            is_text: None,
            excess: None,
            hidden: false,
        }
    }

    fn take(&mut self, byte: u8) {
        self.length += 1;
        if self.length > LONGEST {
            self.excess = Some(Excess::Text);
        }
        match self.within {
            Within::Text if byte == b'<' => {
                self.within = Within::Tag;
                self.tag.clear();
                if self.open.is_none() {
                    self.length = 0;
                }
            }
            Within::Text => {}
            Within::Tag if byte == b'>' => self.end_of_tag(),
            Within::Tag => self.in_tag(byte),
            Within::Remark(mark) => {
                if byte == b'>' && self.last == [mark; 2] {
                    self.within = Within::Text;
                }
            }
        }
        self.last = [self.last[1], byte];
    }

    fn in_tag(&mut self, byte: u8) {
        if self.tag.len() < NAME {
            self.tag.push(byte);
        }
        match self.tag.as_slice() {
            b"!--" => self.within = Within::Remark(b'-'),
            b"![CDATA[" => self.within = Within::Remark(b']'),
            _ => {}
        }
        if byte == b'"' || byte == b'1' || byte == b'e' {
            self.hidden |= [&b"hidden=\"1\""[..], b"hidden=\"true\""].iter().any(|w| self.tag.ends_with(w));
        }
    }

    fn end_of_tag(&mut self) {
        self.within = Within::Text;
        let closes = self.tag.first() == Some(&b'/');
        let is_whole = self.last[1] == b'/';
        let name = local_name(&self.tag);
        match &self.open {
            Some(open) if closes && open == name => self.open = None,
            Some(_) => return,
            None if closes || is_whole => {}
            None if matches!(name, b"c" | b"si" | b"is" | b"t" | b"v" | b"f") => {
                self.shared += usize::from(name == b"si");
                self.open = Some(name.to_vec());
            }
            None => {}
        }
        self.areas += usize::from(name == b"mergeCell");
        if self.shared > SHARED || self.areas > AREAS {
            self.excess = Some(Excess::Count);
        }
        self.length = 0;
    }
}

/// The name in a tag without its prefix and attributes.
fn local_name(tag: &[u8]) -> &[u8] {
    let tag = tag.strip_prefix(b"/").unwrap_or(tag);
    let end = tag.iter().position(|b| b.is_ascii_whitespace() || *b == b'/').unwrap_or(tag.len());
    let name = &tag[..end];
    name.iter().position(|b| *b == b':').map_or(name, |colon| &name[colon + 1..])
}

impl Write for Guard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let looks = bytes.first().is_some_and(|b| b.is_ascii_whitespace() || matches!(b, b'<' | 0xef));
        if *self.is_text.get_or_insert(looks) {
            for byte in bytes {
                self.take(*byte);
            }
        }
        if self.excess.is_some() {
            return Err(io::Error::other("an excess"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Excess, Guard, LONGEST};

    fn excess(parts: &[&str]) -> Option<Excess> {
        let mut guard = Guard::new();
        for part in parts {
            // The excess says more than the error.
            let _ = guard.write_all(part.as_bytes());
        }
        guard.excess
    }

    #[test]
    fn a_cell_is_measured_as_a_whole() {
        let long = "长".repeat(LONGEST / 3 + 1);
        let half = "x".repeat(LONGEST / 2 + 1);
        let cell = |inner: &str| format!("<c r=\"A1\" t=\"inlineStr\"><is>{inner}</is></c>");
        assert_eq!(excess(&[&cell(&format!("<t>{long}</t>"))]), Some(Excess::Text));
        let runs = cell(&format!("<r><t>{half}</t></r><r><t>{half}</t></r>"));
        assert_eq!(excess(&[&runs]), Some(Excess::Text), "runs of one text count together");
        let shared = format!("<x:si><x:t>{half}</x:t></x:si><x:si><x:t>{half}</x:t></x:si>");
        assert_eq!(excess(&["<x:sst>", &shared, "</x:sst>"]), None, "two texts do not");
        let hidden = format!("<c><v><![CDATA[ ></v></c> {half}]]>{half}</v></c>");
        assert_eq!(excess(&[&hidden]), Some(Excess::Text), "nothing ends inside a remark");
        assert_eq!(excess(&["<a b=\"", &long, "\"/>"]), Some(Excess::Text), "a tag alone");
        assert_eq!(excess(&["<!-- ", "<c></c>".repeat(LONGEST).as_str()]), Some(Excess::Text));
    }

    #[test]
    fn hidden_rows_are_seen() {
        let mut guard = Guard::new();
        guard.write_all(b"<row r=\"2\" hidden=\"1\"><c/></row>").expect("no excess");
        assert!(guard.hidden);
    }
}
