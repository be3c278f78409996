//! Text with separators, in UTF-8, UTF-16 or GBK.

use std::borrow::Cow;

use encoding_rs::{GB18030, UTF_8};

use crate::read::{Limits, Room, Row, Sheet};
use crate::{Cell, Rows, SheetError};

pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Sheet, SheetError> {
    let text = decode(bytes)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(&text))
        .from_reader(text.as_bytes());
    let (mut rows, mut room) = (Rows::default(), Room::WHOLE);
    for record in reader.records() {
        let record = record.map_err(|e| SheetError::Damaged(e.to_string()))?;
        if record.len() > limits.columns as usize {
            return Err(SheetError::Columns(limits.columns));
        }
        let line = record.position().map_or(0, |place| line_of(&text, place));
        let cells: Vec<Cell> = record.iter().map(cell).collect();
        if cells.iter().all(Cell::is_blank) {
            continue;
        }
        if rows.len() >= limits.rows as usize {
            return Err(SheetError::Rows(limits.rows));
        }
        let number = u32::try_from(line).unwrap_or(u32::MAX);
        room.for_cells(cells.len())?;
        for cell in &cells {
            room.for_text(cell, number)?;
        }
        rows.push(&Row { number, cells })?;
    }
    Ok(Sheet { name: String::new(), rows, warnings: Vec::new() })
}

/// The line a record begins on, which is what a text editor shows, and Excel as well unless a cell
/// holds line breaks. The reader's own place stands before the empty lines that it passes over.
fn line_of(text: &str, place: &csv::Position) -> u64 {
    let rest = usize::try_from(place.byte()).ok().and_then(|byte| text.as_bytes().get(byte..));
    let empty =
        rest.into_iter().flatten().take_while(|b| matches!(b, b'\r' | b'\n')).filter(|b| **b == b'\n');
    place.line() + empty.map(|_| 1).sum::<u64>()
}

/// A field of a text file. Spreadsheets export identity numbers as `="1101…"`, `'1101…` or with a
/// tab in front to keep their digits.
fn cell(field: &str) -> Cell {
    let field = field.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')).unwrap_or(field);
    let field = field.strip_prefix(['\'', '\t']).unwrap_or(field);
    if field.is_empty() { Cell::Empty } else { Cell::Text(field.to_owned()) }
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, SheetError> {
    let unknown = SheetError::Kind { found: "无法识别的文件" };
    if let [0xff, 0xfe, ..] | [0xfe, 0xff, ..] = bytes {
        let (encoding, _) = encoding_rs::Encoding::for_bom(bytes).ok_or_else(|| unknown.clone())?;
        return Ok(encoding.decode(bytes).0);
    }
    // No text holds it, and one of the databases would refuse it much later.
    if bytes.contains(&0) {
        return Err(unknown);
    }
    let (text, _, wrong) = UTF_8.decode(bytes);
    if !wrong {
        return Ok(text);
    }
    let (text, _, wrong) = GB18030.decode(bytes);
    if wrong { Err(unknown) } else { Ok(text) }
}

/// The separator that the first lines use most.
fn separator(text: &str) -> u8 {
    let sample: Vec<&str> = text.lines().take(10).collect();
    let count = |separator: &u8| {
        sample.iter().map(|line| line.bytes().filter(|b| b == separator).count()).sum::<usize>()
    };
    [b',', b'\t', b';'].into_iter().rev().max_by_key(count).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use encoding_rs::GBK;

    use crate::{Cell, Limits, SheetError, read};

    fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
        let sheet = read(bytes, &Limits::default()).expect("a sheet");
        sheet.rows.iter().map(|row| row.cells.iter().map(Cell::text).collect()).collect()
    }

    #[test]
    fn the_same_table_in_every_clothing() {
        let wanted =
            vec![vec!["姓名".to_owned(), "学校".to_owned()], vec!["甲".to_owned(), "一小".to_owned()]];
        let text = "姓名,学校\n甲,一小\n";
        assert_eq!(cells(text.as_bytes()), wanted);
        assert_eq!(cells(format!("\u{feff}{text}").as_bytes()), wanted);
        assert_eq!(cells(&GBK.encode(text).0), wanted);
        assert_eq!(cells(text.replace(',', "\t").as_bytes()), wanted);
        assert_eq!(cells(text.replace(',', ";").replace('\n', "\r\n").as_bytes()), wanted);
        assert_eq!(cells("\"姓名\",\"学校\"\n\"甲\",\"一小\"".as_bytes()), wanted);
        let wide: Vec<u8> =
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(cells(&wide), wanted);
    }

    #[test]
    fn numbers_kept_as_text_by_tricks_are_read() {
        assert_eq!(cells(b"=\"110105\",'0123,\t456\n"), [["110105", "0123", "456"]]);
    }

    #[test]
    fn empty_lines_keep_the_numbers_of_the_others() {
        let sheet = read("甲,1\n,\n\n乙,2\n".as_bytes(), &Limits::default()).expect("a sheet");
        assert_eq!(sheet.rows.iter().map(|r| r.number).collect::<Vec<_>>(), [1, 4]);
    }

    #[test]
    fn bounds_are_kept() {
        let few = Limits { rows: 2, columns: 2, bytes: 20, ..Limits::default() };
        assert_eq!(read(b"1\n2\n3\n", &few), Err(SheetError::Rows(2)));
        assert_eq!(read(b"1,2,3\n", &few), Err(SheetError::Columns(2)));
        assert!(matches!(read(&[b'x'; 21], &few), Err(SheetError::TooLarge { .. })));
        assert_eq!(read(b" , \n", &few), Err(SheetError::Empty));
        assert!(matches!(read(&[0, 1, 2, 3], &few), Err(SheetError::Kind { .. })));
        let late = [&b"a,b\n".repeat(2000)[..], b"a,\0\n"].concat();
        assert!(matches!(read(&late, &Limits::default()), Err(SheetError::Kind { .. })));
    }
}
