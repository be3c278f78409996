//! Spreadsheets (18): each sheet as a table with the letters and numbers that programs show.

use std::io::{Read, Seek};

use tisheng_sheet::{Ceiling, Cell, column_letters};

use super::{Block, Chapter, Document};
use crate::Refusal;

/// What is shown of a spreadsheet.
const CEILING: Ceiling = Ceiling { sheets: 30, rows: 200, columns: 30, characters: super::SHOWN };
/// Bytes of a file that is read whole.
const MOST: u64 = 64 << 20;

pub(super) fn read<R: Read + Seek>(file: R) -> Result<Document, Refusal> {
    let mut bytes = Vec::new();
    file.take(MOST + 1).read_to_end(&mut bytes)?;
    let seen = tisheng_sheet::look(&bytes, &CEILING)?;
    let chapters = seen.sheets.into_iter().map(|sheet| {
        let width = sheet.rows.iter().map(|row| row.cells.len()).max().unwrap_or_default();
        let rows: Vec<(u32, Vec<String>)> = sheet
            .rows
            .iter()
            .map(|row| {
                let mut cells: Vec<String> = row.cells.iter().map(said).collect();
                cells.resize(width, String::new());
                (row.number, cells)
            })
            .collect();
        let letters = (0..width).map(column_letters).collect();
        Chapter {
            title: format!("工作表：{}", sheet.name),
            remark: match (rows.is_empty(), sheet.is_cut) {
                (true, _) => "这张工作表是空的。".to_owned(),
                (false, true) => {
                    let Ceiling { rows, columns, .. } = CEILING;
                    format!("这张工作表较大，这里只显示前 {rows} 行、前 {columns} 列以内的内容，请下载文件查看全部。")
                }
                (false, false) => String::new(),
            },
            blocks: if rows.is_empty() { Vec::new() } else { vec![Block::Grid(letters, rows)] },
            notes: Vec::new(),
        }
    });
    Ok(Document { chapters: chapters.collect(), is_cut: seen.is_cut })
}

/// What stands in `cell`; of a number no more digits behind the point than are of use.
fn said(cell: &Cell) -> String {
    match cell {
        Cell::Number(number) if number.fract() != 0.0 && number.abs() >= 1e-4 => {
            format!("{number:.4}").trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        cell => cell.text(),
    }
}
