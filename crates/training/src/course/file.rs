//! A file of courses, as a kind of file of the clerk's loop.

use std::collections::HashMap;
use std::sync::Arc;

use tisheng_kernel::text::tidy;
use tisheng_kernel::{HourLength, Id, Instant, Seconds};
use tisheng_platform::{DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Role;
use tisheng_registry::roster::{
    About, Alteration, Book, Column, Desk, Difference, Item, Kind, Line, Notes, Obstacle, Trace, What,
    failed, optional, required, stages, subject,
};
use tisheng_rules::Scheme;

use super::actions::{Submitted, submit};
use super::model::{Counts, Course, Draft, Source, Terms, TermsState, changes, decide};
use super::store;
use crate::desk::{policy, tidied, within};
use crate::platform::{self, Platform};

const PLATFORM: usize = 0;
const CODE: usize = 1;
const TITLE: usize = 2;
const SOURCE: usize = 3;
const CAPABILITIES: usize = 4;
const STAGES: usize = 5;
const SUBJECTS: usize = 6;
const SUMMARY: usize = 7;
const HOURS: usize = 8;
const LENGTH: usize = 9;
const MATERIAL: usize = 10;
const COUNTS: usize = 11;
const PASS: usize = 12;
const CATEGORY: usize = 13;
const KIND: usize = 14;
const HREF: usize = 15;
const ACTIVITIES: usize = 16;

/// The columns of the file.
const COLUMNS: [Column; 17] = [
    required("platform", &["平台", "平台名称", "培训平台"], &[], 18, "已登记的学习平台名称"),
    required("code", &["课程编号", "课程代码", "编号"], &[], 14, "平台自己的编号，同一编号是同一门课程"),
    required("title", &["课程名称", "课程", "名称"], &[], 30, "不超过 100 字"),
    required(
        "source",
        &["课程来源", "来源", "课程类型"],
        &["国家慕课", "自主研制", "教师案例", "购买服务"],
        12,
        "四种来源之一",
    ),
    required("capabilities", &["能力点", "能力点编号"], &[], 16, "如 A1、A5，用顿号或逗号分开"),
    optional("stages", &["学段", "适用学段"], &[], 14, "不填即各学段适用"),
    optional("subjects", &["学科", "适用学科"], &[], 14, "不填即各学科适用"),
    optional("summary", &["简介", "课程简介", "内容简介"], &[], 30, "不超过 500 字"),
    required("hours", &["学时", "学时数"], &[], 8, "学完或通过后计多少学时"),
    optional("length", &["每学时分钟数", "每学时分钟"], &[], 12, "不填即按平台资料"),
    optional(
        "material",
        &["材料时长", "材料时长（分钟）", "视频时长"],
        &[],
        12,
        "学习材料共多少分钟，用来判断学得是否过快",
    ),
    required("counts", &["认定方式", "计学时方式"], &["学完", "考核通过", "按学习时长"], 12, "三种方式之一"),
    optional("pass", &["合格分数", "及格分数"], &[], 10, "百分制，只用于“考核通过”"),
    optional("category", &["学时类别", "类别"], &[], 14, "不填即按平台资料"),
    optional("kind", &["学时项目", "项目"], &[], 16, "类别下的项目"),
    optional("href", &["学习网址", "课程网址", "网址"], &[], 28, "教师从这里进入学习"),
    optional(
        "activities",
        &["活动地址", "活动标识"],
        &[],
        34,
        "学习记录中代表这门课程的地址，多个用空格分开",
    ),
];

/// A file of courses.
#[derive(Debug)]
pub struct CourseFile;

/// What is known while a file is read.
#[derive(Debug)]
pub struct Memory {
    /// The programme of the asker's node and its rules; none where no programme runs.
    policy: Option<(Programme, Arc<Scheme>)>,
    /// The platforms that the asker may see, by name.
    platforms: HashMap<String, Platform>,
    /// Where each number of a platform stood first.
    rows: HashMap<(Id<Platform>, String), u32>,
    /// Where each address of a platform stood first.
    activities: HashMap<(Id<Platform>, String), u32>,
}

/// What a row says.
#[derive(Debug)]
pub struct Row {
    platform: String,
    category: String,
    kind: String,
    length: Option<HourLength>,
    hours: String,
    /// Complete but for category, kind, length and worth, which the platform helps to read.
    draft: Draft,
    /// Where it is learnt, once known.
    learnt_at: Option<Platform>,
}

impl Kind for CourseFile {
    const ABOUT: About = About {
        key: "courses",
        title: "课程",
        noun: "课程",
        purpose: "批量提交学习平台的课程。新课程和对课程的修改（来源、能力点、学段、学科、认定、活动地址）由工程办审核，通过后才生效。",
        columns: &COLUMNS,
        named_by: TITLE,
        choices: &[],
        roles: &[Role::Province, Role::City, Role::Institution],
        outcomes: &[What::New, What::Changed, What::Same],
        decided_at: "",
        decided_by: &[],
        said_twice: "其他文件也列出的课程，同样撤回。",
    };
    type Row = Row;
    type Memory = Memory;

    fn read(_: &Desk, line: &mut Line<'_>) -> Option<Row> {
        read(line)
    }

    async fn remember(desk: &Desk, tx: &mut Tx) -> Result<Memory, DbError> {
        let policy = policy(desk, tx).await?;
        let platforms = match &policy {
            Some((programme, _)) => platform::by_name(&desk.ctx, tx, programme).await.map_err(failed)?,
            None => HashMap::new(),
        };
        Ok(Memory { policy, platforms, rows: HashMap::new(), activities: HashMap::new() })
    }

    async fn judge(
        memory: &mut Memory,
        _: &Desk,
        tx: &mut Tx,
        items: &mut [Item<Row>],
    ) -> Result<(), DbError> {
        let Some((_, rules)) = memory.policy.clone() else {
            for item in items {
                item.notes.wrong(PLATFORM, "您所在的机构还没有启用实施方案，不能提交课程");
            }
            return Ok(());
        };
        for item in items {
            let Some((row, notes)) = item.open() else { continue };
            complete(memory, &rules, row, notes);
            if notes.has_error() {
                continue;
            }
            let difference = compare(&rules, tx, row, notes).await?;
            item.difference = Some(difference);
        }
        Ok(())
    }

    async fn gone(_: &Memory, _: &Desk, _: &mut Tx) -> Result<Vec<Difference>, DbError> {
        // A file of courses adds and changes; one that is offered no more is retired by the office.
        Ok(Vec::new())
    }

    async fn take(
        _: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: Vec<Item<Row>>,
        book: &mut Book,
    ) -> Result<(), DbError> {
        for row in items.into_iter().filter_map(|item| item.row) {
            let Some(platform) = &row.learnt_at else { continue };
            let taken = submit(&desk.ctx, tx, platform, &row.draft).await;
            let (id, submitted) = taken.map_err(|error| failed(error.into()))?;
            match submitted {
                Submitted::New => book.made(COURSE, id.uuid()),
                Submitted::Terms => book.made(TERMS, id.uuid()),
                Submitted::Withdrawn | Submitted::Words | Submitted::Nothing => {}
            }
        }
        Ok(())
    }

    async fn close(_: &mut Memory, _: &Desk, _: &mut Tx, _: &mut Book) -> Result<(), DbError> {
        Ok(())
    }

    async fn undo(_: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
        for trace in traces {
            let id: Id<Course> = Id::from_uuid(trace.subject);
            let undone = if trace.thing == COURSE {
                store::remove(tx, id).await?
            } else {
                let open = store::terms(tx, id).await?.into_iter().find(|t| t.state == TermsState::Submitted);
                match open {
                    Some(terms) => store::drop_open(tx, id, terms.revision).await?,
                    None => false,
                }
            };
            if !undone {
                let sentence = "文件中有课程已经审核，不能整批撤销；不再开设的课程请由工程办停开。";
                return Err(Obstacle::BuiltOn(sentence.to_owned()));
            }
        }
        Ok(())
    }
}

/// A course that a file made.
const COURSE: &str = "course";
/// Terms of a known course that a file handed in.
const TERMS: &str = "terms";

fn read(line: &mut Line<'_>) -> Option<Row> {
    let platform = line.need(PLATFORM, tidied(40));
    let code = line.need(CODE, tidied(60));
    // What people read stays as it is written.
    let title = line.need(TITLE, |text| within(text.to_owned(), 100));
    let source = line.need(SOURCE, |t| word(t, Source::ALL.iter().map(|s| (*s, s.title()))));
    let counts = line.need(COUNTS, |t| word(t, Counts::ALL.iter().map(|c| (*c, c.title()))));
    let hours = line.need(HOURS, tidied(12));
    let capabilities = line.need(CAPABILITIES, |t| Ok::<_, String>(listed(&t.to_uppercase())));
    let stages = line.read(STAGES, |t| {
        let stages = stages(t).map_err(|e| e.to_string())?;
        Ok::<_, String>(stages.iter().map(|stage| stage.key()).collect::<Vec<_>>().join(","))
    });
    let subjects = line.read(SUBJECTS, |t| {
        let subjects: Result<Vec<&str>, _> = listed(t).iter().map(|s| subject(s)).collect();
        subjects.map(|subjects| subjects.join(",")).map_err(|e| e.to_string())
    });
    let summary = line.read(SUMMARY, |text| within(text.to_owned(), 500));
    let length = line.read(LENGTH, |t| {
        let minutes = tidy(t).parse::<u16>().map_err(|_| "每学时的分钟数应为整数".to_owned())?;
        HourLength::new(minutes).map_err(|e| e.to_string())
    });
    let material = line.read(MATERIAL, |t| {
        let minutes = tidy(t).parse::<u16>().map_err(|_| "材料时长应为整数分钟".to_owned())?;
        Ok::<_, String>(Seconds::of_minutes(minutes.into()))
    });
    let pass_permille = line.read(PASS, permille);
    let href = line.read(HREF, tidied(500));
    let activities = line.text(ACTIVITIES).split_whitespace().map(str::to_owned).collect();
    Some(Row {
        platform: platform?,
        category: tidy(line.text(CATEGORY)),
        kind: tidy(line.text(KIND)),
        length,
        hours: hours?,
        draft: Draft {
            code: code?,
            title: title?,
            source: source?,
            stages: stages.unwrap_or_default(),
            subjects: subjects.unwrap_or_default(),
            summary: summary.unwrap_or_default(),
            href: href.unwrap_or_default(),
            capabilities: capabilities?,
            activities,
            worth: Seconds::ZERO,
            length: length.unwrap_or(HourLength::LESSON),
            material: material.unwrap_or(Seconds::ZERO),
            category: String::new(),
            kind: String::new(),
            counts: counts?,
            pass_permille,
        },
        learnt_at: None,
    })
}

/// The value that `text` names.
fn word<T: Copy>(text: &str, words: impl Iterator<Item = (T, &'static str)> + Clone) -> Result<T, String> {
    let text = tidy(text);
    let found = words.clone().find(|(_, word)| *word == text).map(|(value, _)| value);
    found.ok_or_else(|| {
        let known: Vec<&str> = words.map(|(_, word)| word).collect();
        format!("应为：{}", known.join("、"))
    })
}

/// The words of a list, however they are kept apart.
pub(super) fn listed(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || "、，,；;/".contains(c));
    let mut words: Vec<String> = words.map(tidy).filter(|word| !word.is_empty()).collect();
    words.sort();
    words.dedup();
    words
}

/// A score of a hundred, in thousandths.
pub(super) fn permille(text: &str) -> Result<i64, String> {
    let wrong = || "合格分数应为 0 到 100 的数，最多一位小数".to_owned();
    let score: f64 = tidy(text).parse().map_err(|_| wrong())?;
    let tenths = score * 10.0;
    if !(0.0..=1000.0).contains(&tenths) || (tenths - tenths.round()).abs() > 1e-9 {
        return Err(wrong());
    }
    // Between 0 and 1000, and whole.
    #[allow(clippy::cast_possible_truncation, reason = "checked above")]
    Ok(tenths.round() as i64)
}

/// Finds the platform and reads what it helps to read; what is wrong is noted.
fn complete(memory: &mut Memory, rules: &Scheme, row: &mut Row, notes: &mut Notes) {
    let Some(platform) = memory.platforms.get(&row.platform).cloned() else {
        notes.wrong(PLATFORM, platform::unknown(&row.platform));
        return;
    };
    row.draft.length = row.length.unwrap_or(platform.length);
    match Seconds::parse_hours(&row.hours, row.draft.length) {
        Ok(worth) => row.draft.worth = worth,
        Err(error) => notes.wrong(HOURS, error.to_string()),
    }
    place(rules, row, &platform);
    for (field, sentence) in decide(rules, &row.draft) {
        notes.wrong(column(field), sentence);
    }
    let number = notes.number();
    if let Some(first) = memory.rows.insert((platform.id, row.draft.code.clone()), number) {
        notes.wrong(CODE, format!("与第 {first} 行的课程编号相同"));
    }
    for iri in &row.draft.activities {
        if let Some(first) = memory.activities.insert((platform.id, iri.clone()), number) {
            notes.wrong(ACTIVITIES, format!("活动地址“{iri}”在第 {first} 行已经出现"));
        }
    }
    row.learnt_at = Some(platform);
}

/// Reads category and kind by their titles; where nothing is written, those of the platform.
fn place(rules: &Scheme, row: &mut Row, platform: &Platform) {
    if row.category.is_empty() && row.kind.is_empty() {
        row.draft.category.clone_from(&platform.category);
        row.draft.kind.clone_from(&platform.kind);
        return;
    }
    let category = rules.hours.categories.iter().find(|c| *c.title == row.category || c.key == row.category);
    let kind = category.and_then(|c| c.kinds.iter().find(|k| *k.title == row.kind || k.key == row.kind));
    // What is not found stays as it was written: the scheme's check names it.
    row.draft.category = category.map_or_else(|| row.category.clone(), |category| category.key.clone());
    row.draft.kind = kind.map_or_else(|| row.kind.clone(), |kind| kind.key.clone());
}

fn column(field: &str) -> usize {
    match field {
        "category" => CATEGORY,
        "capabilities" => CAPABILITIES,
        "pass" => PASS,
        "activities" => ACTIVITIES,
        "href" => HREF,
        _ => HOURS,
    }
}

async fn compare(rules: &Scheme, tx: &mut Tx, row: &Row, notes: &mut Notes) -> Result<Difference, DbError> {
    let draft = &row.draft;
    let Some(platform) = &row.learnt_at else { return Err(DbError::NoRow) };
    let known = store::of_code(tx, platform, &draft.code).await?;
    for iri in &draft.activities {
        let owner = store::of_activity(tx, platform.id, iri).await?;
        if let Some(other) = owner.filter(|other| known.as_ref().is_none_or(|known| known.id != other.id)) {
            notes.wrong(ACTIVITIES, format!("活动地址“{iri}”已属于课程“{}”", other.title));
        }
    }
    let mut fields = Vec::new();
    let mut field = |name: &str, old: String, new: String| {
        if old != new {
            fields.push(Alteration::new(name, old, new));
        }
    };
    let what = match &known {
        None => {
            field("认定", String::new(), draft.sentence());
            What::New
        }
        Some(course) => {
            field("课程名称", course.title.clone(), draft.title.clone());
            field("简介", course.summary.clone(), draft.summary.clone());
            field("学习网址", course.href.clone(), draft.href.clone());
            // What waits for the office is what the file is held against, else what is in force.
            let terms = store::terms(tx, course.id).await?;
            let open = terms.iter().find(|terms| terms.state == TermsState::Submitted);
            let stands = open.or_else(|| terms.iter().find(|t| Some(t.revision) == course.revision));
            let said = Terms::of(draft, 0, Instant::from_micros(0));
            let changes = stands.map(|stands| changes(rules, stands, &said)).unwrap_or_default();
            fields.extend(changes.into_iter().map(|c| Alteration::new(c.label, c.before, c.after)));
            let same = fields.is_empty() && stands.is_some_and(|stands| stands.agree(&said));
            if same { What::Same } else { What::Changed }
        }
    };
    let category = rules.hours.category(&draft.category).map(|c| c.title.to_string()).unwrap_or_default();
    Ok(Difference {
        row: notes.number(),
        what,
        subject: draft.title.clone(),
        place: format!("{} · {category}", platform.name),
        fields,
    })
}

#[cfg(test)]
mod tests {
    use super::{listed, permille};

    #[test]
    fn lists_are_read_however_they_are_written() {
        assert_eq!(listed("A1、A5，B2 A1"), ["A1", "A5", "B2"]);
        assert!(listed(" 、 ").is_empty());
    }

    #[test]
    fn scores_are_of_a_hundred() {
        assert_eq!(permille("60"), Ok(600));
        assert_eq!(permille("60.5"), Ok(605));
        assert_eq!(permille("100"), Ok(1000));
        for wrong in ["", "六十", "101", "-1", "60.55"] {
            assert!(permille(wrong).is_err(), "{wrong}");
        }
    }
}
