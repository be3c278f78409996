//! A row of a platform's file of hours: its columns, how it is read, what it reports.

use std::convert::Infallible;

use chrono::NaiveDate;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::text::tidy;
use tisheng_kernel::{HourLength, Seconds};
use tisheng_registry::roster::{self, Column, Desk, Hint, Line, Notes, optional, required};
use tisheng_rules::Scheme;

use super::super::model::{Channel, Described, OWN_SOURCES, Report, Whom, number_of};
use crate::desk::within;

/// 姓名
pub const NAME: usize = 0;
/// 证件号码
const PAPER: usize = 1;
/// 手机号
const PHONE: usize = 2;
/// 学校
const SCHOOL: usize = 3;
/// 平台
pub const PLATFORM: usize = 4;
/// 课程
const TITLE: usize = 5;
/// 学时类别
pub const CATEGORY: usize = 6;
/// 学时项目
const KIND: usize = 7;
/// 学时
pub const HOURS: usize = 8;
/// 每学时分钟数
const LENGTH: usize = 9;
/// 学习日期
const DAY: usize = 10;
/// 记录编号
pub const NUMBER: usize = 11;

/// The columns of the file.
pub const COLUMNS: [Column; 12] = [
    required("name", &["姓名", "教师姓名", "学员姓名", "名字"], &[], 12, "与登记的姓名一致"),
    optional(
        "paper",
        &["证件号码", "身份证号", "身份证号码", "证件号", "身份证件号码"],
        &[],
        22,
        "证件号码与手机号至少填一项，才能自动匹配教师",
    ),
    optional("phone", &["手机号", "手机号码", "手机", "联系电话"], &[], 14, "11位手机号"),
    optional("school", &["学校", "学校名称", "单位", "单位名称"], &[], 24, "帮助人工核对"),
    required("platform", &["平台", "平台名称", "培训平台", "来源"], &[], 20, "报送学时的平台，每次写法一致"),
    required("title", &["课程", "课程名称", "课程或活动", "培训项目", "内容"], &[], 30, "课程或活动名称"),
    required("category", &["学时类别", "类别", "学时类型"], &[], 14, "实施方案规定的类别"),
    optional("kind", &["学时项目", "项目", "子类"], &[], 18, "类别下的项目，方案没有划分的不填"),
    required("hours", &["学时", "学时数", "获得学时"], &[], 8, "如 2 或 1.5"),
    optional("length", &["每学时分钟数", "每学时分钟", "学时长度"], &[], 12, "不填即按方案规定"),
    required(
        "day",
        &["学习日期", "完成日期", "日期", "学习时间"],
        &[],
        14,
        "实际学习的日期；跨年度的分行填写",
    ),
    optional(
        "number",
        &["记录编号", "编号", "记录号", "流水号"],
        &[],
        20,
        "平台自己的编号，同一编号只计一次；没有的不填，按教师、课程、日期和学时识别",
    ),
];

/// What to fill in under the scheme `rules`: its names of categories and kinds, its hour, its days.
pub fn hints(rules: &Scheme) -> Vec<Hint> {
    let rule = &rules.hours;
    let titles: Vec<String> = rule.categories.iter().map(|category| category.title.value.clone()).collect();
    let mut kinds: Vec<String> = Vec::new();
    let mut by_category = Vec::new();
    for category in &rule.categories {
        let own: Vec<&str> = category.kinds.iter().map(|kind| kind.title.as_str()).collect();
        let told = if own.is_empty() { "不填".to_owned() } else { own.join("、") };
        by_category.push(format!("{}：{told}", *category.title));
        for title in own {
            if !kinds.iter().any(|known| known == title) {
                kinds.push(title.to_owned());
            }
        }
    }
    let length = rule.length.minutes();
    let mut hints = vec![
        Hint {
            column: CATEGORY, note: format!("实施方案规定的类别：{}", titles.join("、")), terms: titles
        },
        Hint {
            column: KIND, note: format!("类别下的项目，{}", by_category.join("；")), terms: kinds
        },
        Hint {
            column: LENGTH, note: format!("不填即按方案规定，{length} 分钟"), terms: Vec::new()
        },
    ];
    if let Some(period) = *rules.identity.period {
        let note = format!("实际学习的日期，在工程期限（{}）之内；跨年度的分行填写", period.chinese());
        hints.push(Hint { column: DAY, note, terms: Vec::new() });
    }
    hints
}

/// What a row says.
#[derive(Debug)]
pub struct Row {
    /// The teacher as the platform describes them.
    pub whom: Described,
    platform: String,
    title: String,
    /// `None`, as for hours, length and day, where it is missing or cannot be read.
    category: Option<String>,
    kind: String,
    hours: Option<String>,
    length: Option<HourLength>,
    day: Option<NaiveDate>,
    number: String,
    /// What it reports; known once it is held against the scheme.
    pub report: Option<Report>,
    /// Whether it was taken before, or waits already.
    pub known: bool,
}

impl Row {
    /// The platform that is named.
    pub fn platform(&self) -> Option<&str> {
        Some(self.platform.as_str()).filter(|name| !name.is_empty())
    }
}

/// Reads a row by itself: as far as it can be read, since the rest of it may be wrong as well.
pub fn read(desk: &Desk, line: &mut Line<'_>) -> Option<Row> {
    let text = |t: &str| -> Result<String, Infallible> { Ok(tidy(t)) };
    let name = line.need(NAME, text);
    let paper = line.read(PAPER, |t| exact(tidy(t)));
    let phone = line.read(PHONE, |t| exact(tidy(t)));
    let platform = line.need(PLATFORM, |t| platform(tidy(t)));
    let given = desk.origin.as_ref().map(|origin| origin.given("platform"));
    if let (Some(given), Some(named)) = (given, &platform)
        && given != named
    {
        line.notes.wrong(PLATFORM, format!("文件是“{given}”导出的，这一行写的却是“{named}”"));
    }
    let title = line.need(TITLE, |t| within(t.to_owned(), 200));
    let category = line.need(CATEGORY, text);
    let hours = line.need(HOURS, text);
    let day = line.need(DAY, roster::day);
    let number = line.read(NUMBER, |t| exact(tidy(t)).and_then(|t| within(t, 100)));
    let length = line.read(LENGTH, |t| {
        let minutes = tidy(t).parse::<u16>().map_err(|_| "每学时的分钟数应为整数".to_owned())?;
        HourLength::new(minutes).map_err(|e| e.to_string())
    });
    Some(Row {
        whom: Described {
            name: name.unwrap_or_default(),
            paper: paper.unwrap_or_default().to_uppercase(),
            phone: phone.unwrap_or_default(),
            school: line.text(SCHOOL).to_owned(),
        },
        platform: platform.unwrap_or_default(),
        title: title.unwrap_or_default(),
        category,
        // The kind of a platform goes with its category: a row that names another has its own.
        kind: tidy(if line.own(CATEGORY).is_empty() { line.text(KIND) } else { line.own(KIND) }),
        hours,
        length,
        day,
        number: number.unwrap_or_default(),
        report: None,
        known: false,
    })
}

fn platform(name: String) -> Result<String, String> {
    if OWN_SOURCES.contains(&name.as_str()) {
        return Err(format!("“{name}”是本系统自己的来源，不能用作平台名称"));
    }
    within(name, 40)
}

/// A number as it was typed. A long one that the spreadsheet keeps as a quantity has lost its last
/// digits: different records, or people, would look like one.
fn exact(text: String) -> Result<String, String> {
    let scientific = text.to_uppercase().contains("E+") && text.parse::<f64>().is_ok();
    if scientific {
        return Err("号码被表格软件转成了科学计数法，后几位已丢失；请把该列设为“文本”后重新导出".to_owned());
    }
    Ok(text)
}

/// What a row reports under the scheme, read on the day `today`; everything that is wrong is noted.
pub fn report(rules: &Scheme, row: &Row, today: NaiveDate, notes: &mut Notes) -> Option<Report> {
    let place = row.category.as_ref().and_then(|category| place(rules, category, &row.kind, notes));
    let length = row.length.unwrap_or(*rules.hours.length);
    let seconds = row.hours.as_ref().and_then(|hours| seconds(hours, length, notes));
    if let Some(day) = row.day.filter(|day| *day > today) {
        notes.wrong(DAY, format!("学习日期 {} 还没有到", chinese_date(day)));
    }
    if notes.has_error() {
        return None;
    }
    let ((category, kind), seconds, day) = (place?, seconds?, row.day?);
    let who = if row.whom.paper.is_empty() { &row.whom.name } else { &row.whom.paper };
    let number =
        if row.number.is_empty() { number_of(who, &row.title, day, seconds) } else { row.number.clone() };
    Some(Report {
        whom: Whom::Described(row.whom.clone()),
        category,
        kind,
        seconds,
        length,
        worked_on: day,
        title: row.title.clone(),
        source: row.platform.clone(),
        source_id: number,
        channel: Channel::File,
        doubt: None,
    })
}

/// The keys of the category and of the kind that a row names by key or title; the kind may be empty.
fn place(rules: &Scheme, category: &str, kind: &str, notes: &mut Notes) -> Option<(String, String)> {
    let named = |title: &str, key: &str, text: &str| title == text || key == text;
    let found = rules.hours.categories.iter().find(|c| named(&c.title, &c.key, category));
    let Some(category) = found else {
        let known: Vec<&str> = rules.hours.categories.iter().map(|c| c.title.as_str()).collect();
        notes.wrong(CATEGORY, format!("方案中没有类别“{category}”，应为：{}", known.join("、")));
        return None;
    };
    let found = category.kinds.iter().find(|known| named(&known.title, &known.key, kind));
    if found.is_none() && !kind.is_empty() {
        let known: Vec<&str> = category.kinds.iter().map(|kind| kind.title.as_str()).collect();
        let known = if known.is_empty() { "不填".to_owned() } else { known.join("、") };
        notes.wrong(KIND, format!("“{}”下没有项目“{kind}”，应为：{known}", *category.title));
        return None;
    }
    Some((category.key.clone(), found.map(|kind| kind.key.clone()).unwrap_or_default()))
}

fn seconds(hours: &str, length: HourLength, notes: &mut Notes) -> Option<Seconds> {
    match Seconds::parse_hours(hours, length) {
        Ok(seconds) if seconds > Seconds::ZERO => Some(seconds),
        Ok(_) => {
            notes.wrong(HOURS, "学时应大于零");
            None
        }
        Err(error) => {
            notes.wrong(HOURS, error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use tisheng_rules::{Scheme, builtin};

    use super::{CATEGORY, COLUMNS, KIND, hints};

    #[test]
    fn every_scheme_tells_its_own_names_and_no_other() {
        for (code, files) in builtin::all() {
            let rules = Scheme::from_files(files).expect("a scheme of the program");
            let hints = hints(&rules);
            let of = |column| hints.iter().find(|hint| hint.column == column).expect("a hint");
            for category in &rules.hours.categories {
                assert!(of(CATEGORY).terms.contains(&category.title.value), "{code}");
                for kind in &category.kinds {
                    assert!(of(KIND).terms.contains(&kind.title.value), "{code}");
                    assert!(!COLUMNS[KIND].note.contains(kind.title.as_str()));
                }
                assert!(!COLUMNS[CATEGORY].note.contains(category.title.as_str()), "{code}");
            }
        }
    }
}
