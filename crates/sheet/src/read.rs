//! Reading a file that somebody uploaded.

use crate::{Cell, SheetError, delimited, workbook};

/// Cells kept of one sheet at most, empty ones before the last of a row included: a row that fills
/// only its last column costs as much as a full one.
pub(crate) const CELLS: usize = 16 << 20;

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
    /// 64 MiB packed, 1 GiB unpacked, as many rows as a sheet of Excel has, 256 columns.
    fn default() -> Self {
        Self { bytes: 64 << 20, unpacked: 1 << 30, rows: 1_048_576, columns: 256 }
    }
}

/// A row that is not empty.
#[derive(Debug, Clone, PartialEq)]
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
    OtherSheets(Vec<String>),
    /// Cells were merged; their value counts for all of them.
    Merged(usize),
    /// Rows or columns are hidden and were read all the same.
    Hidden,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OtherSheets(names) => write!(f, "只读取了第一个工作表，没有读取：{}。", names.join("、")),
            Self::Merged(count) => write!(f, "有 {count} 处合并单元格，合并的值用于其中每一格。"),
            Self::Hidden => f.write_str("有隐藏的行或列，隐藏的内容同样会被读取。"),
        }
    }
}

/// The first sheet of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Its name; empty for text files.
    pub name: String,
    /// Its rows, without empty ones.
    pub rows: Vec<Row>,
    /// What its owner should know.
    pub warnings: Vec<Warning>,
}

/// Reads the first sheet of a spreadsheet or the rows of a text file, whatever its name says.
///
/// # Errors
/// See [`SheetError`]; nothing of a file that is too large is unpacked.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Sheet, SheetError> {
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if size > limits.bytes {
        return Err(SheetError::TooLarge { found: size.div_ceil(1 << 20), most: limits.bytes >> 20 });
    }
    let sheet = match bytes {
        [b'P', b'K', 3, 4, ..] => workbook::read(bytes, limits)?,
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
