//! Workbooks in the xlsx format.

use std::io::{Cursor, Read};

use calamine::{DataRef, Dimensions, Reader, SheetVisible, Xlsx, open_workbook_from_rs};
use zip::ZipArchive;

use crate::guard::Guard;
use crate::header::WITHIN;
use crate::merged::{Merged, put};
use crate::read::{Limits, Room, Row, Sheet, Warning};
use crate::write::RULES;
use crate::{Cell, Column, Header, Rows, SheetError};

/// Parts an archive may have.
const PARTS: usize = 4000;

pub(crate) fn damaged(error: impl std::fmt::Display) -> SheetError {
    SheetError::Damaged(error.to_string())
}

pub(crate) fn read(bytes: &[u8], limits: &Limits, wanted: &[Column<'_>]) -> Result<Sheet, SheetError> {
    let hidden = inspect(bytes, limits)?;
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(bytes)).map_err(damaged)?;
    let visible: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    let name = choose(&mut book, &visible, limits, wanted)?;
    let merged: Vec<Dimensions> = book.merge_cells_by_sheet_name(&name).unwrap_or_default();
    let areas = merged.len();
    let rows = rows(&mut book, &name, limits, (limits.rows, Merged::new(merged)))?;
    let mut warnings = Vec::new();
    // The help that our own templates carry is no list that somebody forgot.
    let is_list = |other: &String| *other != name && other != RULES;
    let others: Vec<String> =
        visible.into_iter().filter(|other| is_list(other) && has_content(&mut book, other)).collect();
    if !others.is_empty() {
        warnings.push(Warning::OtherSheets { read: name.clone(), others });
    }
    if areas > 0 {
        warnings.push(Warning::Merged(areas));
    }
    if hidden {
        warnings.push(Warning::Hidden);
    }
    Ok(Sheet { name, rows, warnings })
}

/// Looks into the archive without trusting it: how many parts it has, what they unpack to (first by
/// what they say, then by unpacking them into nothing, since the reader that follows believes
/// whatever comes), how long a text in it is, and whether a sheet hides rows or columns.
pub(crate) fn inspect(bytes: &[u8], limits: &Limits) -> Result<bool, SheetError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let bomb = SheetError::Bomb { most: limits.unpacked >> 20 };
    if archive.len() > PARTS {
        return Err(bomb);
    }
    if archive.decompressed_size().is_some_and(|stated| stated > u128::from(limits.unpacked)) {
        return Err(bomb);
    }
    let (mut left, mut hidden, mut is_workbook) = (limits.unpacked, false, false);
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(damaged)?;
        is_workbook |= part.name() == "xl/workbook.xml";
        let is_sheet = part.name().starts_with("xl/worksheets/sheet");
        let mut guard = Guard::new();
        let copied = std::io::copy(&mut part.take(left.saturating_add(1)), &mut guard);
        if guard.excess.is_some() {
            return Err(SheetError::Excess);
        }
        left = left.checked_sub(copied.map_err(damaged)?).ok_or_else(|| bomb.clone())?;
        hidden |= is_sheet && guard.hidden;
    }
    if is_workbook { Ok(hidden) } else { Err(SheetError::Kind { found: "压缩包或其他文档" }) }
}

/// The first `most` rows of the sheet `name` with something in them, merged areas laid over them.
fn rows<R: Read + std::io::Seek>(
    book: &mut Xlsx<R>,
    name: &str,
    limits: &Limits,
    (most, mut merged): (u32, Merged),
) -> Result<Rows, SheetError> {
    let mut reader = book.worksheet_cells_reader(name).map_err(damaged)?;
    let (mut rows, mut room) = (Rows::default(), Room::WHOLE);
    let (mut current, mut seen) = (Row { number: 0, cells: Vec::new() }, 0);
    while let Some(found) = reader.next_cell().map_err(damaged)? {
        let (row, column) = found.get_position();
        let cell = cell(found.get_value());
        if matches!(cell, Cell::Empty) {
            continue;
        }
        if column >= limits.columns {
            return Err(SheetError::Columns(limits.columns));
        }
        if current.number > row + 1 {
            return Err(damaged("行的顺序不对"));
        }
        if current.number != row + 1 {
            finish(&mut rows, &mut current, &mut merged, limits, &mut room)?;
            if seen >= limits.rows {
                return Err(SheetError::Rows(limits.rows));
            }
            if seen >= most {
                return Ok(rows);
            }
            seen += 1;
            current.number = row + 1;
        }
        room.for_text(&cell, row + 1)?;
        put(&mut current.cells, column as usize, cell, &mut room)?;
    }
    finish(&mut rows, &mut current, &mut merged, limits, &mut room)?;
    Ok(rows)
}

/// Keeps `row`, which is complete, unless it is blank, and makes ready for the next.
fn finish(
    rows: &mut Rows,
    row: &mut Row,
    merged: &mut Merged,
    limits: &Limits,
    room: &mut Room,
) -> Result<(), SheetError> {
    if row.number > 0 {
        merged.lay_over(row, limits, room)?;
    }
    if !row.cells.iter().all(Cell::is_blank) {
        rows.push(row)?;
    }
    row.cells.clear();
    Ok(())
}

pub(crate) fn cell(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::Empty => Cell::Empty,
        // A count that large has lost digits either way.
        #[allow(clippy::cast_precision_loss, reason = "marked as rounded from 1e15 on")]
        DataRef::Int(number) => Cell::Number(*number as f64),
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::String(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Bool(value) => Cell::Bool(*value),
        DataRef::DateTime(moment) => {
            moment.as_datetime().map_or(Cell::Number(moment.as_f64()), |m| Cell::Date(m.date()))
        }
        DataRef::DateTimeIso(text) => {
            text.get(..10).and_then(|day| day.parse().ok()).map_or(Cell::Text(text.clone()), Cell::Date)
        }
        DataRef::DurationIso(text) => Cell::Text(text.clone()),
        DataRef::Error(error) => Cell::Error(error.to_string()),
    }
}

/// The first of `visible` whose first rows name the `wanted` columns; else the first.
fn choose<R: Read + std::io::Seek>(
    book: &mut Xlsx<R>,
    visible: &[String],
    limits: &Limits,
    wanted: &[Column<'_>],
) -> Result<String, SheetError> {
    let first = visible.first().ok_or(SheetError::Empty)?;
    if !wanted.is_empty() && visible.len() > 1 {
        for name in visible {
            // A sheet that cannot be read names no columns.
            let beginning = rows(book, name, limits, (WITHIN, Merged::new(Vec::new())));
            let Ok(rows) = beginning else { continue };
            let beginning = Sheet { name: name.clone(), rows, warnings: Vec::new() };
            if Header::find(&beginning, wanted).is_ok() {
                return Ok(name.clone());
            }
        }
    }
    Ok(first.clone())
}

fn has_content<R: Read + std::io::Seek>(book: &mut Xlsx<R>, name: &str) -> bool {
    book.worksheet_cells_reader(name).is_ok_and(|mut reader| matches!(reader.next_cell(), Ok(Some(_))))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use chrono::NaiveDate;
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
    use zip::write::SimpleFileOptions;

    use crate::{Cell, Column, Limits, SheetError, Warning, read, read_for};

    fn saved(mut book: Workbook) -> Vec<u8> {
        book.save_to_buffer().expect("a workbook")
    }

    #[test]
    fn cells_keep_what_they_were() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        let day = ExcelDateTime::from_ymd(1990, 3, 5).expect("a date");
        let format = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_string(0, 0, "11010519491231002X").expect("text");
        sheet.write_number(0, 1, 110_105_194_912_310_020_f64).expect("a number");
        sheet.write_datetime_with_format(0, 2, &day, &format).expect("a date");
        sheet.write_boolean(0, 3, true).expect("a truth");
        sheet.write_formula(0, 4, "=1/0").expect("a formula");
        sheet.write_number(2, 0, 3.0).expect("a number");
        let read = read(&saved(book), &Limits::default()).expect("a sheet");
        let first = read.rows.get(0).expect("a row").cells;
        assert_eq!(first[0], Cell::Text("11010519491231002X".to_owned()));
        assert!(first[1].is_rounded());
        assert_eq!(first[2], Cell::Date(NaiveDate::from_ymd_opt(1990, 3, 5).expect("a date")));
        assert_eq!(first[3], Cell::Bool(true));
        assert_eq!(
            read.rows.get(1).map(|row| row.number),
            Some(3),
            "empty rows keep the numbers of the others"
        );
    }

    #[test]
    fn merged_hidden_and_further_sheets_are_read_as_people_mean_them() {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.merge_range(0, 0, 2, 0, "一小", &Format::new()).expect("merged");
        for row in 0..3 {
            sheet.write_string(row, 1, format!("教师{row}")).expect("text");
        }
        sheet.set_row_hidden(1).expect("hidden");
        book.add_worksheet().set_name("备注").expect("a name").write_string(0, 0, "x").expect("text");
        let sheet = read(&saved(book), &Limits::default()).expect("a sheet");
        assert!(sheet.rows.iter().all(|row| row.cells[0] == Cell::Text("一小".to_owned())), "{sheet:?}");
        let others = Warning::OtherSheets { read: "Sheet1".to_owned(), others: vec!["备注".to_owned()] };
        assert_eq!(sheet.warnings, [others, Warning::Merged(1), Warning::Hidden]);
    }

    fn archive(parts: &[(&str, usize)]) -> Vec<u8> {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, size) in parts {
            out.start_file(*name, SimpleFileOptions::default()).expect("a part");
            out.write_all(&vec![b' '; *size]).expect("written");
        }
        out.finish().expect("an archive").into_inner()
    }

    #[test]
    fn an_archive_that_unpacks_to_too_much_is_refused_unread() {
        let small = Limits { unpacked: 1 << 20, ..Limits::default() };
        let bomb = archive(&[("xl/workbook.xml", 10), ("xl/worksheets/sheet1.xml", 4 << 20)]);
        assert!(bomb.len() < 100_000);
        assert_eq!(read(&bomb, &small), Err(SheetError::Bomb { most: 1 }));
    }

    #[test]
    fn an_archive_that_lies_about_what_it_unpacks_to_is_refused() {
        let small = Limits { unpacked: 1 << 20, ..Limits::default() };
        let size = 4_u32 << 20;
        let mut bomb = archive(&[("xl/workbook.xml", 10), ("xl/sharedStrings.xml", size as usize)]);
        let (truth, lie) = (size.to_le_bytes(), 100_u32.to_le_bytes());
        let places: Vec<usize> = (0..bomb.len() - 4).filter(|at| bomb[*at..*at + 4] == truth).collect();
        assert_eq!(places.len(), 2, "in front of the part and in the directory");
        for place in places {
            bomb[place..place + 4].copy_from_slice(&lie);
        }
        let refused = read(&bomb, &small);
        assert!(
            matches!(refused, Err(SheetError::Bomb { .. } | SheetError::Damaged(_) | SheetError::Excess)),
            "{refused:?}"
        );
    }

    #[test]
    fn a_sheet_behind_a_cover_is_found_by_its_columns() {
        let mut book = Workbook::new();
        book.add_worksheet().set_name("封面").expect("a name").write_string(0, 0, "某校").expect("text");
        let sheet = book.add_worksheet().set_name("名册").expect("a name");
        sheet.write_string(0, 0, "姓名").expect("text").write_string(1, 0, "教师甲").expect("text");
        let wanted = [Column { key: "name", titles: &["姓名"], required: true }];
        let sheet = read_for(&saved(book), &Limits::default(), &wanted).expect("a sheet");
        assert_eq!(sheet.name, "名册");
        let warning = sheet.warnings[0].to_string();
        assert!(warning.contains("只读取了工作表“名册”，没有读取：封面"), "{warning}");
    }

    #[test]
    fn a_cell_that_fills_the_memory_is_refused_before_it_is_read() {
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
        out.start_file("xl/workbook.xml", SimpleFileOptions::default()).expect("a part");
        out.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default()).expect("a part");
        out.write_all(b"<worksheet><sheetData><row r=\"1\"><c t=\"inlineStr\"><is><t>").expect("written");
        for _ in 0..64 {
            out.write_all(&vec![b'x'; 1 << 20]).expect("written");
        }
        let bomb = out.finish().expect("an archive").into_inner();
        assert!(bomb.len() < 200_000);
        assert_eq!(read(&bomb, &Limits::default()), Err(SheetError::Excess));
        let text = format!("列\n{}\n", "长".repeat(40_000));
        let refused = read(text.as_bytes(), &Limits::default());
        assert_eq!(refused, Err(SheetError::LongCell { row: 2, most: 32_767 }));
    }

    #[test]
    fn other_archives_and_damaged_workbooks_are_refused_with_a_sentence() {
        assert!(matches!(
            read(&archive(&[("word/document.xml", 10)]), &Limits::default()),
            Err(SheetError::Kind { .. })
        ));
        let broken = archive(&[("xl/workbook.xml", 10)]);
        assert!(matches!(read(&broken, &Limits::default()), Err(SheetError::Damaged(_) | SheetError::Empty)));
        assert!(matches!(read(b"PK\x03\x04rest", &Limits::default()), Err(SheetError::Damaged(_))));
    }
}
