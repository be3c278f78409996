//! A file on its way into rows: read and looked at row by row in a thread of its own, handed on
//! in batches.

use std::sync::Arc;

use bytes::Bytes;
use tisheng_sheet::{Cell, Header, Limits, Row, Sheet};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::column::{Heading, doubled_sentence, missing_sentence, unknown_sentence};
use super::finding::{Finding, Weight};
use super::kind::{Desk, Item, Kind, Line};
use super::model::{MOST_ROWS, Run};
use super::origin::Sought;

/// Rows handed on together.
const BATCH: usize = 1_000;
/// Batches read ahead.
const AHEAD: usize = 4;

/// What is handed on.
#[derive(Debug)]
pub enum Piece<R> {
    /// The heading is found.
    Begun {
        /// Rows below it, those that close the list included.
        rows: u32,
    },
    /// What is to be said about the file as a whole.
    About(Vec<Finding>),
    /// Rows, in order.
    Rows(Vec<Item<R>>),
    /// The file cannot be read: why, and what to do. Nothing follows.
    Refused(String),
}

/// The bounds within which files of this installation are read.
#[must_use]
pub fn limits(upload_mib: u64) -> Limits {
    Limits { bytes: upload_mib << 20, rows: MOST_ROWS, ..Limits::default() }
}

/// Reads the file of `run` as a `K`.
pub async fn start<K: Kind>(desk: &Desk, run: &Run) -> Receiver<Piece<K::Row>> {
    let (out, pieces) = channel(AHEAD);
    let app = Arc::clone(&desk.ctx.app);
    match app.files.get(&run.digest).await {
        Ok(bytes) => {
            let desk = desk.clone();
            // The receiver learns of the end by the closing of the channel.
            let name = run.file_name.to_lowercase();
            drop(tokio::task::spawn_blocking(move || read::<K>(&desk, (&name, bytes), &out)));
        }
        Err(error) => {
            tracing::error!(run = %run.id, %error, "a stored roll cannot be read");
            let sentence = "保存的文件读不出来，请重新上传；如果仍然出错，请联系系统管理员。".to_owned();
            // Nobody waits for the piece when the job has been dropped.
            let _ = out.send(Piece::Refused(sentence)).await;
        }
    }
    pieces
}

/// Bytes with which a workbook begins: it is a zip archive.
const WORKBOOK: &[u8] = b"PK";

fn read<K: Kind>(desk: &Desk, (name, bytes): (&str, Bytes), out: &Sender<Piece<K::Row>>) {
    let columns = K::ABOUT.columns;
    let sought = Sought::of(columns, desk.origin.as_ref());
    let wanted = sought.wanted();
    let sheet = match tisheng_sheet::read_for(&bytes, &limits(desk.ctx.app.config.upload_mib), &wanted) {
        Ok(sheet) => sheet,
        Err(error) => return refuse(out, error.to_string()),
    };
    let header = match Header::find(&sheet, &wanted) {
        Ok(header) => header,
        Err(_) if name.ends_with(".xlsx") && !bytes.starts_with(WORKBOOK) => {
            return refuse(out, NO_WORKBOOK.to_owned());
        }
        Err(missing) => return refuse(out, missing_sentence(&missing)),
    };
    // The rows are packed by now.
    drop(bytes);
    let heading = Arc::new(Heading::of(&header, columns));
    let above = sheet.rows.iter().take_while(|row| row.number <= heading.row).count();
    let total = u32::try_from(sheet.rows.len() - above).unwrap_or(u32::MAX);
    let begun = [Piece::Begun { rows: total }, Piece::About(about_the_file(&sheet, &header))];
    if begun.into_iter().any(|piece| out.blocking_send(piece).is_err()) {
        return;
    }
    let mut batch = Vec::with_capacity(BATCH);
    for row in sheet.rows.into_iter().skip(above) {
        if let Some(words) = closing(&row) {
            if out.blocking_send(Piece::About(vec![not_a_row(row.number, &words)])).is_err() {
                return;
            }
            continue;
        }
        let cells: Vec<String> = row.cells.iter().map(text).collect();
        let line = Line::new(row.number, &cells, &heading, columns).named_by(K::ABOUT.named_by);
        let mut line = line.from(desk.origin.as_ref());
        let content = K::read(desk, &mut line);
        batch.push(Item { notes: line.notes, row: content, difference: None });
        if batch.len() == BATCH {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            if out.blocking_send(Piece::Rows(full)).is_err() {
                return;
            }
        }
    }
    if !batch.is_empty() {
        // As above: nobody waits when the job has been dropped.
        let _ = out.blocking_send(Piece::Rows(batch));
    }
}

/// What is said of a file that is a workbook by its name alone.
const NO_WORKBOOK: &str =
    "文件名以 .xlsx 结尾，内容却不是 Excel 工作簿。请用表格软件打开原来的文件，另存为 xlsx 或 csv 后再上传。";

fn refuse<R>(out: &Sender<Piece<R>>, sentence: String) {
    // Nobody waits for the piece when the job has been dropped.
    let _ = out.blocking_send(Piece::Refused(sentence));
}

fn about_the_file(sheet: &Sheet, header: &Header) -> Vec<Finding> {
    let warnings = sheet.warnings.iter().map(ToString::to_string);
    warnings
        .chain(unknown_sentence(header))
        .chain(doubled_sentence(header))
        .map(|message| not_of_a_row(0, message))
        .collect()
}

/// What clerks write below a list that is no row of it.
const CLOSINGS: [&str; 16] = [
    "合计",
    "总计",
    "共计",
    "小计",
    "填表人",
    "填报人",
    "制表人",
    "审核人",
    "复核人",
    "负责人",
    "经办人",
    "填表日期",
    "填报日期",
    "制表日期",
    "填表单位",
    "注：",
];

/// The words of a row that closes a list instead of standing in it: its first or second cell with
/// anything in it begins with one of [`CLOSINGS`].
fn closing(row: &Row) -> Option<String> {
    let filled = row.cells.iter().filter(|cell| !cell.is_blank()).take(2);
    filled
        .map(|cell| cell.text().chars().filter(|c| !c.is_whitespace()).collect::<String>())
        .find(|words| CLOSINGS.iter().any(|closing| words.starts_with(closing)))
}

fn not_a_row(number: u32, words: &str) -> Finding {
    let message = format!("“{words}”不是数据行，没有读取。");
    not_of_a_row(number, message)
}

fn not_of_a_row(number: u32, message: String) -> Finding {
    let weight = Weight::Warning;
    Finding { row: number, about: String::new(), place: None, column: "", weight, message }
}

/// The text of a cell; of a number that has lost digits its scientific form, so that it is never
/// taken for the number that was typed.
fn text(cell: &Cell) -> String {
    match cell {
        Cell::Number(number) if cell.is_rounded() => format!("{number:E}").replace('E', "E+"),
        other => other.text(),
    }
}
