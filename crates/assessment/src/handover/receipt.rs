//! The other system's receipt, as a kind of file of the clerk's loop.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tisheng_kernel::text::tidy;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Role;
use tisheng_registry::roster::{
    self, About, Alteration, Book, Column, Desk, Difference, Item, Kind, Notes, Obstacle, Trace, What,
    optional, required,
};
use tisheng_training::desk::{policy, tidied};

use super::actions::Ruled;
use super::model::{Line, LineState};
use super::store;

const NUMBER: usize = 0;
const RESULT: usize = 1;
const NOTE: usize = 2;

/// Words of a receipt that mean registered; every list of the field has its own.
const REGISTERED: [&str; 6] = ["已登记", "成功", "通过", "是", "登记成功", "已入库"];
/// Words of a receipt that mean refused.
const REFUSED: [&str; 6] = ["退回", "失败", "不通过", "否", "登记失败", "未登记"];

const COLUMNS: [Column; 3] = [
    required("number", &["流水号", "序号", "编号", "移交编号"], &[], 18, "移交文件中的流水号"),
    required("result", &["结果", "登记结果", "状态", "处理结果"], &["已登记", "退回"], 12, "已登记或退回"),
    optional("note", &["原因", "退回原因", "说明", "备注"], &[], 30, "退回的请写原因"),
];

/// A receipt.
#[derive(Debug)]
pub struct ReceiptFile;

/// What is known while a file is read.
#[derive(Debug)]
pub struct Memory {
    programme: Option<Programme>,
    /// Where each number stood first.
    rows: HashMap<String, u32>,
}

/// What a row says.
#[derive(Debug)]
pub struct Row {
    number: String,
    state: LineState,
    note: String,
}

/// What a line was like before the receipt.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    number: String,
    state: String,
    note: String,
    /// What the receipt made of it.
    became: String,
}

/// A line that a receipt settled.
const LINE: &str = "line";

impl Kind for ReceiptFile {
    const ABOUT: About = About {
        key: "handover-receipts",
        title: "学时移交回执",
        noun: "移交记录",
        purpose: "导入继续教育系统的登记结果，与移交的学时逐条核对。退回的下次重新移交。",
        columns: &COLUMNS,
        named_by: NUMBER,
        choices: &[],
        roles: &[Role::Province, Role::City, Role::County],
        outcomes: &[What::Changed, What::Same],
        decided_at: "",
        decided_by: &[],
        said_twice: "其他回执也写明的，以那份回执为准。",
    };
    type Row = Row;
    type Memory = Memory;

    fn read(_: &Desk, line: &mut roster::Line<'_>) -> Option<Row> {
        let number = line.need(NUMBER, |t| Ok::<_, std::convert::Infallible>(tidy(t).to_uppercase()));
        let state = line.need(RESULT, |text| {
            let word = tidy(text);
            if REGISTERED.contains(&word.as_str()) {
                Ok(LineState::Registered)
            } else if REFUSED.contains(&word.as_str()) {
                Ok(LineState::Refused)
            } else {
                Err(format!("“{word}”看不出是否登记，请写“已登记”或“退回”"))
            }
        });
        let note = line.read(NOTE, tidied(200)).unwrap_or_default();
        Some(Row { number: number?, state: state?, note })
    }

    async fn remember(desk: &Desk, tx: &mut Tx) -> Result<Memory, DbError> {
        let programme = policy(desk, tx).await?.map(|(programme, _)| programme);
        Ok(Memory { programme, rows: HashMap::new() })
    }

    async fn is_used(ctx: &Ctx, tx: &mut Tx) -> Result<bool, Failure> {
        match Ruled::of(ctx, tx).await {
            Ok(ruled) => Ok(ruled.rule().is_ok()),
            Err(Failure::NotFound) => Ok(false),
            Err(other) => Err(other),
        }
    }

    async fn judge(
        memory: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: &mut [Item<Row>],
    ) -> Result<(), DbError> {
        for item in items {
            let Some((row, notes)) = item.open() else { continue };
            let Some((line, name)) = find(memory, desk, tx, row, notes).await? else { continue };
            if row.state == LineState::Refused && row.note.is_empty() {
                notes.warn(NOTE, "退回没有写明原因");
            }
            item.difference = Some(difference(&line, &name, row, notes));
        }
        Ok(())
    }

    async fn gone(_: &Memory, _: &Desk, _: &mut Tx) -> Result<Vec<Difference>, DbError> {
        // Lines of which nothing was heard stay as they are: receipts may come in parts.
        Ok(Vec::new())
    }

    async fn take(
        memory: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: Vec<Item<Row>>,
        book: &mut Book,
    ) -> Result<(), DbError> {
        let Some(programme) = &memory.programme else { return Ok(()) };
        for row in items.into_iter().filter_map(|item| item.row) {
            let found = store::line_of_number(tx, programme.id, &desk.scope, &row.number).await?;
            let Some((line, _)) = found else { continue };
            if (line.state, line.note.as_str()) == (row.state, row.note.as_str()) {
                continue;
            }
            let before = Before {
                number: line.number,
                state: line.state.key().to_owned(),
                note: line.note,
                became: row.state.key().to_owned(),
            };
            book.changed(LINE, line.person.uuid(), &before)?;
            let said = (row.state, row.note.as_str());
            store::settle(tx, programme.id, &row.number, said, Some(desk.ctx.at)).await?;
        }
        Ok(())
    }

    async fn close(memory: &mut Memory, desk: &Desk, tx: &mut Tx, _: &mut Book) -> Result<(), DbError> {
        let Some(programme) = &memory.programme else { return Ok(()) };
        let lines = memory.rows.len();
        audit::record(&desk.ctx, tx, "handover.receipt_taken", programme.id.uuid(), &lines).await
    }

    async fn undo(desk: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
        let Some((programme, _)) = policy(desk, tx).await? else { return Ok(()) };
        for trace in traces {
            let before: Before =
                serde_json::from_str(&trace.before).map_err(|e| DbError::Engine(format!("a trace: {e}")))?;
            let found = store::line_of_number(tx, programme.id, &desk.scope, &before.number).await?;
            // A later receipt has settled it since: that one stays.
            let Some((line, _)) = found.filter(|(line, _)| line.state.key() == before.became) else {
                continue;
            };
            let Ok(state) = before.state.parse::<LineState>() else { continue };
            store::settle(tx, programme.id, &line.number, (state, &before.note), None).await?;
        }
        Ok(())
    }
}

/// The line that a row is about; what is wrong is noted.
async fn find(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    row: &Row,
    notes: &mut Notes,
) -> Result<Option<(Line, String)>, DbError> {
    if let Some(first) = memory.rows.insert(row.number.clone(), notes.number()) {
        notes.wrong(NUMBER, format!("与第 {first} 行的流水号相同"));
        return Ok(None);
    }
    let found = match &memory.programme {
        Some(programme) => store::line_of_number(tx, programme.id, &desk.scope, &row.number).await?,
        None => None,
    };
    if found.is_none() {
        notes.wrong(NUMBER, format!("没有移交过流水号“{}”，请核对是否漏了字母或数字", row.number));
    }
    Ok(found)
}

fn difference(line: &Line, name: &str, row: &Row, notes: &Notes) -> Difference {
    let mut fields = Vec::new();
    if line.state != row.state {
        fields.push(Alteration::new("状态", line.state.title().to_owned(), row.state.title().to_owned()));
    }
    if line.note != row.note {
        fields.push(Alteration::new("原因", line.note.clone(), row.note.clone()));
    }
    Difference {
        row: notes.number(),
        what: if fields.is_empty() { What::Same } else { What::Changed },
        subject: name.to_owned(),
        place: format!("{}年度 · {}", line.year, line.number),
        fields,
    }
}
