//! A look at a whole workbook: the beginning of every sheet, for readers and not for taking in.

use std::io::{Cursor, Read, Seek};

use calamine::{Reader, SheetVisible, Xlsx, open_workbook_from_rs};

use crate::read::{Limits, Row};
use crate::workbook::{cell, damaged, inspect};
use crate::{Cell, SheetError};

/// How much of a workbook is looked at; what is beyond is left out and not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ceiling {
    /// Sheets.
    pub sheets: usize,
    /// The number of the last row of a sheet.
    pub rows: u32,
    /// Columns of a sheet.
    pub columns: u32,
    /// Characters of all sheets together.
    pub characters: usize,
}

/// What was seen of a workbook.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// Its visible sheets.
    pub sheets: Vec<SeenSheet>,
    /// Whether there are more sheets or characters.
    pub is_cut: bool,
}

/// What was seen of a sheet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeenSheet {
    /// Its name.
    pub name: String,
    /// Its rows that are not empty.
    pub rows: Vec<Row>,
    /// Whether there are more rows or columns.
    pub is_cut: bool,
}

/// Looks at the workbook `bytes` as far as the `ceiling`.
///
/// # Errors
/// See [`SheetError`]; nothing of a file that is too large is unpacked.
pub fn look(bytes: &[u8], ceiling: &Ceiling) -> Result<Seen, SheetError> {
    let limits = Limits::default();
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > limits.bytes {
        return Err(SheetError::TooLarge { found: size.div_ceil(1 << 20), most: limits.bytes >> 20 });
    }
    inspect(bytes, &limits)?;
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(damaged)?;
    let sheets = book.sheets_metadata().iter();
    let visible = sheets.filter(|sheet| sheet.visible == SheetVisible::Visible);
    let names: Vec<String> = visible.map(|sheet| sheet.name.clone()).collect();
    let (mut seen, mut left) = (Seen::default(), ceiling.characters);
    for name in names {
        if seen.sheets.len() == ceiling.sheets || left == 0 {
            seen.is_cut = true;
            break;
        }
        seen.sheets.push(sheet(&mut book, name, ceiling, &mut left)?);
    }
    Ok(seen)
}

fn sheet<R: Read + Seek>(
    book: &mut Xlsx<R>,
    name: String,
    ceiling: &Ceiling,
    left: &mut usize,
) -> Result<SeenSheet, SheetError> {
    let mut sheet = SeenSheet { name, ..SeenSheet::default() };
    // A sheet that is a chart alone has no cells.
    let Ok(mut reader) = book.worksheet_cells_reader(&sheet.name) else { return Ok(sheet) };
    while let Some(found) = reader.next_cell().map_err(damaged)? {
        let (row, column) = found.get_position();
        let cell = cell(found.get_value());
        if cell.is_blank() {
            continue;
        }
        let length = cell.text().chars().count();
        if row >= ceiling.rows || length > *left {
            sheet.is_cut = true;
            break;
        }
        if column >= ceiling.columns {
            sheet.is_cut = true;
            continue;
        }
        *left -= length;
        if sheet.rows.last().is_none_or(|last| last.number <= row) {
            sheet.rows.push(Row { number: row + 1, cells: Vec::new() });
        }
        let cells = &mut sheet.rows.last_mut().expect("there is one").cells;
        let at = column as usize;
        if cells.len() <= at {
            cells.resize(at + 1, Cell::Empty);
        }
        cells[at] = cell;
    }
    Ok(sheet)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_xlsxwriter::Workbook;

    use super::{Ceiling, look};
    use crate::{Cell, SheetError};

    const CEILING: Ceiling = Ceiling { sheets: 2, rows: 3, columns: 2, characters: 100 };

    #[test]
    fn every_sheet_is_seen_as_far_as_the_ceiling() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet().set_name("成绩").expect("a name");
        for row in 0..5 {
            for column in 0..4 {
                sheet.write_string(row, column, format!("{row}-{column}")).expect("text");
            }
        }
        let other = book.add_worksheet().set_name("说明").expect("a name");
        other.write_string(2, 1, "只有这里").expect("text");
        book.add_worksheet().set_name("第三张").expect("a name").write_string(0, 0, "x").expect("text");
        let bytes = book.save_to_buffer().expect("a workbook");
        let seen = look(&bytes, &CEILING).expect("seen");
        assert!(seen.is_cut, "the third sheet is left out");
        let [first, second] = seen.sheets.as_slice() else { panic!("two sheets: {seen:?}") };
        assert!(first.is_cut && first.rows.len() == 3 && first.rows.iter().all(|row| row.cells.len() == 2));
        assert_eq!((second.name.as_str(), second.is_cut, second.rows[0].number), ("说明", false, 3));
        assert_eq!(second.rows[0].cells, [Cell::Empty, Cell::Text("只有这里".to_owned())]);
        let little = look(&bytes, &Ceiling { characters: 5, ..CEILING }).expect("seen");
        assert!(little.is_cut || little.sheets[0].is_cut);
    }

    #[test]
    fn what_is_no_workbook_has_a_sentence() {
        assert!(matches!(look(b"PK\x03\x04rest", &CEILING), Err(SheetError::Damaged(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            prop_assert!(look(&bytes, &CEILING).is_err());
        }
    }
}
