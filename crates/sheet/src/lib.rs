//! Spreadsheets in and out.
//!
//! Reading is bounded (size, unpacked size, rows, columns) and forgiving: the kind of file is
//! found by its content, text in GBK or UTF-8, separators by looking. A cell keeps what it was, so
//! that a caller can tell an identity number that Excel has rounded from one that was typed.
//! Writing never lets a cell become a formula.

mod annotate;
mod cell;
mod dates;
mod delimited;
mod growing;
mod guard;
mod header;
mod look;
mod mark;
mod merged;
mod read;
mod rows;
mod workbook;
mod write;

pub use annotate::{Mark, annotated};
pub use cell::{Cell, column_letters, tidy};
pub use dates::date_of;
pub use growing::Growing;
pub use header::{Column, Header, Missing};
pub use look::{Ceiling, Seen, SeenSheet, look};
pub use read::{Limits, Row, Sheet, Warning, read, read_for};
pub use rows::{Rows, Unpacking};
pub use write::{Field, Leaf, book, csv, template, template_text, xlsx};

/// A file that cannot be read, with what to do about it in the words of the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// More bytes than allowed.
    #[error("文件有 {found} MB，最多 {most} MB。请删除多余的工作表和图片，或者拆成几个文件。")]
    TooLarge {
        /// Megabytes found.
        found: u64,
        /// Megabytes allowed.
        most: u64,
    },
    /// An archive that unpacks to more than allowed.
    #[error("文件解压后超过 {most} MB，不能读取。请另存为一个新的表格再上传。")]
    Bomb {
        /// Megabytes allowed.
        most: u64,
    },
    /// A cell with more characters than a spreadsheet can hold.
    #[error("第 {row} 行有一格超过 {most} 字，不像是填写的内容。请删除这一格的内容再上传。")]
    LongCell {
        /// The row as Excel shows it.
        row: u32,
        /// Characters allowed.
        most: usize,
    },
    /// One cell, or the number of texts or merged areas, is more than a spreadsheet can make.
    #[error("表格内部有异常长的内容或过多的合并单元格，不能读取。请复制到新建的表格再上传。")]
    Excess,
    /// Something else than a spreadsheet.
    #[error("这不是 xlsx 或 csv 表格（{found}）。请用 Excel 或 WPS 另存为“xlsx 工作簿”再上传。")]
    Kind {
        /// What it looks like.
        found: &'static str,
    },
    /// A spreadsheet that is damaged or protected.
    #[error("表格打不开：{0}。如果设了密码请先取消，或者另存为一个新的表格再上传。")]
    Damaged(String),
    /// More rows than allowed.
    #[error("表格超过 {0} 行，请拆成几个文件上传。")]
    Rows(u32),
    /// More columns than allowed.
    #[error("表格超过 {0} 列，请只保留模板里的列。")]
    Columns(u32),
    /// More cells than memory is given to.
    #[error("表格超过 {0} 格（含空格），请删除多余的行和列，或者拆成几个文件上传。")]
    Cells(usize),
    /// No row at all.
    #[error("表格是空的。")]
    Empty,
}

/// A spreadsheet could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The writer refused: too many rows or columns for the format.
    #[error("{0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// More rows than a sheet of a workbook holds; text has no such bound.
    #[error("行数超过 1,048,575，xlsx 表格放不下。请改为下载 CSV，行数不限")]
    Rows,
    /// The text could not be written.
    #[error("{0}")]
    Text(#[from] ::csv::Error),
}
