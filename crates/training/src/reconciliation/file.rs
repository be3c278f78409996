//! An institution's statement of a month, as a kind of file of the clerk's loop.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use tisheng_kernel::number::{chinese_date, parse_date};
use tisheng_kernel::text::tidy;
use tisheng_kernel::{Id, Phone, Seconds};
use tisheng_platform::{DbError, Tx, audit};
use tisheng_registry::access::Role;
use tisheng_registry::people::{self, Person};
use tisheng_registry::roster::{
    About, Alteration, Book, Column, Desk, Difference, Item, Kind, Notes, Obstacle, Trace, What, failed,
    optional, required,
};
use uuid::Uuid;

use super::model::Month;
use super::store::{self, Of};
use crate::desk::{policy, tidied, within};
use crate::platform::{self, Platform};

const PLATFORM: usize = 0;
const NUMBER: usize = 1;
const NAME: usize = 2;
const TITLE: usize = 3;
const DAY: usize = 4;
const HOURS: usize = 5;
const CODE: usize = 6;
const PAPER: usize = 7;
const PHONE: usize = 8;

/// The columns of the file.
const COLUMNS: [Column; 9] = [
    required("platform", &["平台", "平台名称", "培训平台"], &[], 18, "已登记的学习平台名称"),
    optional(
        "number",
        &["记录编号", "编号", "记录号", "流水号"],
        &[],
        20,
        "报送时所用的编号；没有的不填，按教师和课程核对",
    ),
    optional("name", &["姓名", "教师姓名", "学员姓名"], &[], 12, "编号与台账相同的也核对教师和课程"),
    optional("title", &["课程", "课程名称", "课程或活动"], &[], 30, "与课程目录的名称一致"),
    required("day", &["学习日期", "完成日期", "日期"], &[], 14, "决定属于哪个月"),
    required("hours", &["学时", "学时数"], &[], 8, "按平台每学时的长度"),
    optional("code", &["课程编号", "课程代码"], &[], 14, "平台自己的课程编号，比名称更准"),
    optional(
        "paper",
        &["证件号码", "身份证号", "身份证号码", "证件号"],
        &[],
        22,
        "有重名时用来分清是哪一位，只用于核对，不保存",
    ),
    optional("phone", &["手机号", "手机号码", "手机"], &[], 14, "同上"),
];

/// A statement.
#[derive(Debug)]
pub struct StatementFile;

/// What is known while a file is read.
#[derive(Debug)]
pub struct Memory {
    /// The platforms that the asker may see, by name.
    platforms: HashMap<String, Platform>,
    /// Where each number of a platform stood first.
    rows: HashMap<(Id<Platform>, String), u32>,
    /// The revision of each month that the file states.
    revisions: BTreeMap<(Id<Platform>, Month), i64>,
    /// The months that its rows have named so far.
    months: BTreeSet<(Id<Platform>, Month)>,
}

/// What a row says.
#[derive(Debug)]
pub struct Row {
    platform: String,
    hours: String,
    line: store::Line,
    said: store::Said,
    /// The teacher's paper and phone, to find who is meant.
    clues: [String; 2],
    /// Where it was learnt, once known.
    learnt_at: Option<Platform>,
}

impl Kind for StatementFile {
    const ABOUT: About = About {
        key: "statements",
        title: "平台对账表",
        noun: "对账记录",
        purpose: "提交平台一个月报送的学时，与本系统的台账逐条核对。对账表不改变台账。",
        columns: &COLUMNS,
        named_by: NAME,
        choices: &[],
        roles: &[Role::Province, Role::City, Role::Institution],
        outcomes: &[What::New, What::Changed, What::Same],
        decided_at: "",
        decided_by: &[],
        said_twice: "同一个月后来又导入的对账表，要先撤销。",
    };
    type Row = Row;
    type Memory = Memory;

    fn read(_: &Desk, line: &mut tisheng_registry::roster::Line<'_>) -> Option<Row> {
        let platform = line.need(PLATFORM, tidied(40));
        let number = line.read(NUMBER, tidied(100));
        let name = line.read(NAME, tidied(40));
        // As it is written, so that the same course is not called twice otherwise on the page of the month.
        let title = line.read(TITLE, |text| within(text.to_owned(), 200));
        let worked_on = line.need(DAY, parse_date);
        let hours = line.need(HOURS, tidied(12));
        let code = line.read(CODE, tidied(60));
        let clues = [PAPER, PHONE].map(|column| tidy(line.text(column)));
        Some(Row {
            platform: platform?,
            hours: hours?,
            line: store::Line {
                number: number.unwrap_or_default(),
                name: name.unwrap_or_default(),
                title: title.unwrap_or_default(),
                worked_on: worked_on?,
                seconds: Seconds::ZERO,
            },
            said: store::Said { person: None, code: code.unwrap_or_default() },
            clues,
            learnt_at: None,
        })
    }

    async fn remember(desk: &Desk, tx: &mut Tx) -> Result<Memory, DbError> {
        let platforms = match policy(desk, tx).await? {
            Some((programme, _)) => platform::by_name(&desk.ctx, tx, &programme).await.map_err(failed)?,
            None => HashMap::new(),
        };
        Ok(Memory { platforms, rows: HashMap::new(), revisions: BTreeMap::new(), months: BTreeSet::new() })
    }

    async fn judge(
        memory: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: &mut [Item<Row>],
    ) -> Result<(), DbError> {
        for item in items {
            let Some((row, notes)) = item.open() else { continue };
            let Some(platform) = complete(memory, row, notes) else { continue };
            row.said.person = who(desk, tx, row).await?;
            if row.said.person.is_none() && !row.clues[0].is_empty() && !row.line.name.is_empty() {
                notes.warn(PAPER, "证件号码与姓名对不上，按姓名核对；请核对号码");
            }
            let month = Month::of(row.line.worked_on);
            if memory.months.insert((platform.id, month)) {
                warn_of_earlier(tx, Of { platform: &platform, month }, notes).await?;
            }
            let difference = compare(tx, &platform, row, notes).await?;
            row.learnt_at = Some(platform);
            item.difference = Some(difference);
        }
        Ok(())
    }

    async fn gone(_: &Memory, _: &Desk, _: &mut Tx) -> Result<Vec<Difference>, DbError> {
        // What the ledger has and the statement has not is shown on the page of the month.
        Ok(Vec::new())
    }

    async fn take(
        memory: &mut Memory,
        _: &Desk,
        tx: &mut Tx,
        items: Vec<Item<Row>>,
        _: &mut Book,
    ) -> Result<(), DbError> {
        for row in items.into_iter().filter_map(|item| item.row) {
            let Some(platform) = &row.learnt_at else { continue };
            let of = Of { platform, month: Month::of(row.line.worked_on) };
            let revision = match memory.revisions.get(&(platform.id, of.month)) {
                Some(revision) => *revision,
                None => {
                    let next = store::latest_revision(tx, of).await? + 1;
                    memory.revisions.insert((platform.id, of.month), next);
                    next
                }
            };
            store::add_line(tx, of, revision, (&row.line, &row.said)).await?;
        }
        Ok(())
    }

    async fn close(memory: &mut Memory, desk: &Desk, tx: &mut Tx, book: &mut Book) -> Result<(), DbError> {
        let platforms: HashMap<Id<Platform>, &Platform> =
            memory.platforms.values().map(|platform| (platform.id, platform)).collect();
        for ((platform, month), revision) in &memory.revisions {
            let Some(platform) = platforms.get(platform) else { continue };
            let of = Of { platform, month: *month };
            store::open(tx, of).await?;
            let before = store::sheet(tx, of).await?;
            let made = Made { month: month.to_string(), before: before.revision, own: Some(*revision) };
            book.changed(STATEMENT, platform.id.uuid(), &made)?;
            store::set_revision(tx, of, (*revision, Some(desk.ctx.at))).await?;
            audit::record(&desk.ctx, tx, "month.stated", platform.id.uuid(), &made.month).await?;
        }
        Ok(())
    }

    fn leads_to(trace: &Trace) -> Option<(String, String)> {
        let (month, _) = made(&trace.before).ok().filter(|_| trace.thing == STATEMENT)?;
        let platform: Id<Platform> = Id::from_uuid(trace.subject);
        let address = format!("/platforms/{platform}/months/{month}");
        Some((address, format!("查看{}的对账", month.chinese())))
    }

    async fn undo(_: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
        for trace in traces {
            bring_back(tx, trace.subject, &trace.before).await?;
        }
        Ok(())
    }
}

/// A statement that a file made.
const STATEMENT: &str = "statement";

/// What a file has made of a month.
#[derive(Debug, Serialize, Deserialize)]
struct Made {
    month: String,
    /// The revision that stood before it; 0 for none.
    before: i64,
    /// Its own; `None` in what was taken before this was kept.
    own: Option<i64>,
}

/// The month of a statement, and what a file has made of it.
fn made(text: &str) -> Result<(Month, Made), DbError> {
    let wrong = |problem: String| DbError::Engine(format!("a trace: {problem}"));
    let older = |(month, before)| Made { month, before, own: None };
    let made = serde_json::from_str(text).or_else(|_| serde_json::from_str(text).map(older));
    let made: Made = made.map_err(|e| wrong(e.to_string()))?;
    Ok((Month::read(&made.month).ok_or_else(|| wrong(made.month.clone()))?, made))
}

/// The statement before stands again. Those that came one after the other are undone from the last one on, so
/// that none stands again that was undone itself.
async fn bring_back(tx: &mut Tx, platform: Uuid, text: &str) -> Result<(), Obstacle> {
    let (month, Made { before, own, .. }) = made(text)?;
    let Some(platform) = platform::of_id(tx, Id::from_uuid(platform)).await? else { return Ok(()) };
    let of = Of { platform: &platform, month };
    let sheet = store::sheet(tx, of).await?;
    if own.is_some_and(|own| own != sheet.revision) {
        let month = month.chinese();
        let sentence = format!("{month}后来又导入了新的对账表，请先撤销那一份，再撤销这一份。");
        return Err(Obstacle::BuiltOn(sentence));
    }
    let stated_at = sheet.stated_at.filter(|_| before > 0);
    Ok(store::set_revision(tx, of, (before, stated_at)).await?)
}

/// Finds the platform and reads what it helps to read; what is wrong is noted.
fn complete(memory: &mut Memory, row: &mut Row, notes: &mut Notes) -> Option<Platform> {
    let Some(platform) = memory.platforms.get(&row.platform).cloned() else {
        notes.wrong(PLATFORM, platform::unknown(&row.platform));
        return None;
    };
    match Seconds::parse_hours(&row.hours, platform.length) {
        Ok(seconds) => row.line.seconds = seconds,
        Err(error) => notes.wrong(HOURS, error.to_string()),
    }
    let number = notes.number();
    if row.line.number.is_empty() {
        if row.line.name.is_empty() || (row.line.title.is_empty() && row.said.code.is_empty()) {
            notes.wrong(NUMBER, "没有记录编号的，请填写姓名和课程，才能核对");
        }
        // Each line has a name of its own in the statement.
        row.line.number = format!("第 {number} 行");
    }
    if let Some(first) = memory.rows.insert((platform.id, row.line.number.clone()), number) {
        notes.wrong(NUMBER, format!("与第 {first} 行的记录编号相同"));
    }
    (!notes.has_error()).then_some(platform)
}

/// Says of the first row of a month that a statement of it is there, which the file takes the place of as a whole.
async fn warn_of_earlier(tx: &mut Tx, of: Of<'_>, notes: &mut Notes) -> Result<(), DbError> {
    let sheet = store::sheet(tx, of).await?;
    if sheet.revision > 0 {
        let (month, records) = (of.month.chinese(), sheet.stated.records);
        let sentence = format!(
            "{month}已有对账表（{records} 条），导入后整月以本文件为准；不是这个月的记录请更正日期或移出"
        );
        notes.warn(DAY, sentence);
    }
    Ok(())
}

/// The teacher whom a paper or a phone names beyond doubt.
async fn who(desk: &Desk, tx: &mut Tx, row: &Row) -> Result<Option<Id<Person>>, DbError> {
    let [paper, phone] = &row.clues;
    let mut found = Vec::new();
    if !paper.is_empty() {
        found.extend(people::find_by_paper(&desk.ctx, tx, paper).await?);
    }
    if let (true, Ok(phone)) = (found.is_empty(), Phone::parse(phone)) {
        found = people::find_by_phone(&desk.ctx, tx, &phone).await?;
    }
    // A number decides only together with the name; who it is shows nowhere.
    let mut agreeing = found.into_iter().filter(|person| person.name == tidy(&row.line.name));
    Ok(match (agreeing.next(), agreeing.next()) {
        (Some(one), None) => Some(one.id),
        _ => None,
    })
}

/// Holds a row against the ledger.
async fn compare(
    tx: &mut Tx,
    platform: &Platform,
    row: &Row,
    notes: &mut Notes,
) -> Result<Difference, DbError> {
    let line = &row.line;
    let shown = |seconds: Seconds| seconds.in_hours(platform.length);
    let mut fields = Vec::new();
    let what = match store::stands(tx, platform, &line.number).await? {
        None => {
            if line.name.is_empty() || (line.title.is_empty() && row.said.code.is_empty()) {
                notes.warn(NUMBER, "本系统的台账中没有这个编号；填写姓名和课程，可以按教师和课程核对");
            }
            What::New
        }
        Some(stands) => {
            let (seconds, day) = (stands.seconds, stands.worked_on);
            let is_another = row
                .said
                .person
                .map_or(!line.name.is_empty() && tidy(&line.name) != tidy(&stands.name), |stated| {
                    stated != stands.person
                });
            if is_another {
                fields.push(Alteration::new("姓名", &*stands.name, &*line.name));
            }
            if row.said.code.is_empty() && !line.title.is_empty() && tidy(&line.title) != tidy(&stands.title)
            {
                fields.push(Alteration::new("课程", &*stands.title, &*line.title));
            }
            if shown(seconds) != shown(line.seconds) {
                fields.push(Alteration::new("学时", shown(seconds), shown(line.seconds)));
            }
            if day != line.worked_on {
                fields.push(Alteration::new("学习日期", chinese_date(day), chinese_date(line.worked_on)));
            }
            if fields.is_empty() { What::Same } else { What::Changed }
        }
    };
    Ok(Difference {
        row: notes.number(),
        what,
        subject: if line.name.is_empty() { line.number.clone() } else { line.name.clone() },
        place: format!("{} · {}", platform.name, line.title),
        fields,
    })
}
