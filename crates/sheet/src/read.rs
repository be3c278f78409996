//! Reading a file that somebody uploaded.

use serde::{Deserialize, Serialize};

use crate::{Cell, Column, Rows, SheetError, delimited, workbook};

/// Cells kept of one sheet at most, empty ones before the last of a row included: a row that fills
/// only its last column costs as much as a full one. Enough for sixteen columns in as many rows as a
/// sheet of Excel has.
pub(crate) const CELLS: usize = 16 << 20;

/// Bytes of text kept of one sheet at most: a text that many cells share is kept by each of them.
const TEXT: usize = 128 << 20;

/// Characters that a cell may hold, as in Excel.
const LONGEST: usize = 32_767;

/// What may still be kept of a sheet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Cells.
    pub cells: usize,
    /// Bytes of text.
    pub text: usize,
}

impl Room {
    /// The room of a sheet of which nothing is kept yet.
    pub(crate) const WHOLE: Self = Self { cells: CELLS, text: TEXT };

    /// Takes room for `cells` cells.
    pub(crate) fn for_cells(&mut self, cells: usize) -> Result<(), SheetError> {
        self.cells = self.cells.checked_sub(cells).ok_or(SheetError::Cells(CELLS))?;
        Ok(())
    }

    /// Takes room for what stands in `cell`, in row `row` as Excel counts.
    pub(crate) fn for_text(&mut self, cell: &Cell, row: u32) -> Result<(), SheetError> {
        let Cell::Text(text) = cell else { return Ok(()) };
        if text.len() > LONGEST && text.chars().count() > LONGEST {
            return Err(SheetError::LongCell { row, most: LONGEST });
        }
        self.text = self.text.checked_sub(text.len()).ok_or(SheetError::Bomb { most: TEXT as u64 >> 20 })?;
        Ok(())
    }
}

/// How much of a file is read at most. Beyond these bounds no sheet is kept that has more than
/// 16,777,216 cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of an archive's content.
    pub unpacked: u64,
    /// Rows.
    pub rows: u32,
    /// Columns.
    pub columns: u32,
}

impl Default for Limits {
    /// 64 MiB packed, 512 MiB unpacked, as many rows as a sheet of Excel has, 256 columns.
    fn default() -> Self {
        Self { bytes: 64 << 20, unpacked: 512 << 20, rows: 1_048_576, columns: 256 }
    }
}

/// A row that is not empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its number as Excel shows it.
    pub number: u32,
    /// Its cells from column A on; missing ones are empty.
    pub cells: Vec<Cell>,
}

/// Something about the file that its owner should know before using it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Other sheets with content were not read.
    OtherSheets {
        /// The sheet that was.
        read: String,
        /// The others.
        others: Vec<String>,
    },
    /// Cells were merged; their value counts for all of them.
    Merged(usize),
    /// Rows or columns are hidden and were read all the same.
    Hidden,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OtherSheets { read, others } => {
                write!(f, "只读取了工作表“{read}”，没有读取：{}。", others.join("、"))
            }
            Self::Merged(count) => write!(f, "有 {count} 处合并单元格，合并的值用于其中每一格。"),
            Self::Hidden => f.write_str("有隐藏的行或列，隐藏的内容同样会被读取。"),
        }
    }
}

/// One sheet of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its name; empty for text files.
    pub name: String,
    /// Its rows, without empty ones.
    pub rows: Rows,
    /// What its owner should know.
    pub warnings: Vec<Warning>,
}

/// Reads the first sheet of a spreadsheet or the rows of a text file, whatever its name says.
///
/// # Errors
/// See [`SheetError`]; nothing of a file that is too large is unpacked.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Sheet, SheetError> {
    read_for(bytes, limits, &[])
}

/// As [`read`], but of a workbook the first sheet that names the `wanted` columns, so that a cover
/// may stand before it; the first of all when none does.
///
/// # Errors
/// As [`read`].
pub fn read_for(bytes: &[u8], limits: &Limits, wanted: &[Column<'_>]) -> Result<Sheet, SheetError> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > limits.bytes {
        return Err(SheetError::TooLarge { found: size.div_ceil(1 << 20), most: limits.bytes >> 20 });
    }
    let sheet = match bytes {
        [b'P', b'K', 3, 4, ..] => workbook::read(bytes, limits, wanted)?,
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            return Err(SheetError::Kind { found: "旧版 xls 或加密的表格" });
        }
        [b'%', b'P', b'D', b'F', ..] => return Err(SheetError::Kind { found: "PDF 文件" }),
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] => {
            return Err(SheetError::Kind { found: "图片" });
        }
        _ => delimited::read(bytes, limits)?,
    };
    if sheet.rows.is_empty() { Err(SheetError::Empty) } else { Ok(sheet) }
}
