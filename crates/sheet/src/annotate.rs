//! A copy of the clerk's own file with what is wrong marked in it.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Color, Format, Note, Workbook};

use crate::write::fitting;
use crate::{Cell, Sheet, WriteError};

/// Something wrong with a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The row as Excel shows it.
    pub row: u32,
    /// The column from 0; none when it is about the row as a whole.
    pub column: Option<usize>,
    /// Whether it must be mended; else it is worth a look.
    pub is_error: bool,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// The clerk's own file `bytes`, of which `sheet` was read, with the cells of `marks` coloured
/// (errors otherwise than warnings) and all reasons of a row in a last column 错误说明. Of a
/// workbook everything else stays: other sheets, merged and hidden cells, formats. A text file, or a
/// workbook written in an unusual way, becomes a new workbook. Uploading the copy again works: the
/// last column is not asked for.
///
/// # Errors
/// When there are more rows than a sheet holds.
pub fn annotated(
    bytes: &[u8],
    sheet: &Sheet,
    header_row: u32,
    marks: &[Mark],
) -> Result<Vec<u8>, WriteError> {
    match crate::mark::mark(bytes, &sheet.name, header_row, marks) {
        Some(copy) => Ok(copy),
        None => rebuilt(sheet, header_row, marks),
    }
}

/// A new workbook with the content of `sheet` in its own places, marked, the reason also as a note.
fn rebuilt(sheet: &Sheet, header_row: u32, marks: &[Mark]) -> Result<Vec<u8>, WriteError> {
    let mut by_row: BTreeMap<u32, Vec<&Mark>> = BTreeMap::new();
    for mark in marks {
        by_row.entry(mark.row).or_default().push(mark);
    }
    let mut book = Workbook::new();
    let out = book.add_worksheet();
    if !sheet.name.is_empty() {
        out.set_name(&sheet.name)?;
    }
    let text = Format::new().set_num_format("@");
    let wrong = text.clone().set_background_color(Color::RGB(0x00fc_d5d0)).set_bold();
    let doubtful = text.clone().set_background_color(Color::RGB(0x00ff_f2cc));
    let width = sheet.rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
    let last = u16::try_from(width).unwrap_or(u16::MAX);
    for row in sheet.rows.iter() {
        let line = row.number.saturating_sub(1);
        let found = by_row.get(&row.number).map_or(&[][..], Vec::as_slice);
        let columns = row.cells.len().max(found.iter().filter_map(|m| m.column).max().map_or(0, |c| c + 1));
        for column in 0..columns {
            let place = u16::try_from(column).unwrap_or(u16::MAX);
            let words = row.cells.get(column).map(original).unwrap_or_default();
            match found.iter().find(|mark| mark.column == Some(column)) {
                Some(mark) => {
                    let colour = if mark.is_error { &wrong } else { &doubtful };
                    out.write_string_with_format(line, place, fitting(&words), colour)?;
                    out.insert_note(
                        line,
                        place,
                        &Note::new(fitting(&mark.message)).add_author_prefix(false),
                    )?;
                }
                None => {
                    out.write_string_with_format(line, place, fitting(&words), &text)?;
                }
            }
        }
        if row.number == header_row {
            out.write_string_with_format(line, last, "错误说明", &wrong)?;
        } else if !found.is_empty() {
            let reasons: Vec<&str> = found.iter().map(|mark| mark.message.as_str()).collect();
            out.write_string(line, last, fitting(&reasons.join("；")))?;
        }
    }
    out.set_column_width(last, 60)?;
    out.set_freeze_panes(header_row, 0)?;
    Ok(book.save_to_buffer()?)
}

/// The cell as its owner knows it, without our tidying.
fn original(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.clone(),
        other => other.text(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, rebuilt};
    use crate::{Cell, Limits, read};

    #[test]
    fn the_copy_says_what_is_wrong_and_can_be_uploaded_again() {
        let sheet = read("名册,\n姓名,证件\n甲,123\n乙,\n".as_bytes(), &Limits::default()).expect("a sheet");
        let mark =
            |row, column, message: &str| Mark { row, column, is_error: true, message: message.to_owned() };
        let marks = [
            mark(3, Some(1), "证件号码应为 18 位"),
            mark(4, Some(1), "请填写证件号码"),
            mark(4, None, "与第 3 行重复"),
        ];
        let copy = read(&rebuilt(&sheet, 2, &marks).expect("a copy"), &Limits::default()).expect("a sheet");
        let text = |row, column: usize| {
            let row = copy.rows.get(row).expect("a row");
            row.cells.get(column).map(Cell::text).unwrap_or_default()
        };
        assert_eq!(copy.rows.iter().map(|r| r.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        assert_eq!(text(1, 2), "错误说明");
        assert_eq!(text(2, 1), "123");
        assert_eq!(text(3, 2), "请填写证件号码；与第 3 行重复");
    }
}
