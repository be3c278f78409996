//! What a row of the roll of schools says, by itself.

use tisheng_kernel::SchoolCode;
use tisheng_kernel::text::tidy;
use uuid::Uuid;

use super::Above;
use crate::organisation::{self, Facts, Location, Pilot, Stage};
use crate::roster::column::{Column, optional, required};
use crate::roster::kind::Line;
use crate::roster::words::{self, YES_NO};

/// 学校名称
pub const NAME: usize = 0;
/// 学校标识码
pub const CODE: usize = 1;
/// 机构类别
pub const LEVEL: usize = 2;
/// 所属县区
pub const PARENT: usize = 3;
/// 区划代码
pub const REGION: usize = 4;
/// 中心学校
pub const CENTRAL: usize = 5;
/// 学段
pub const STAGES: usize = 6;
/// 城乡类型
pub const LOCATION: usize = 7;
/// 民族地区
pub const ETHNIC: usize = 8;
/// 原深度贫困县
pub const POVERTY: usize = 9;
/// 信息化教学环境
pub const ENVIRONMENT: usize = 10;
/// 智慧教育创建校
pub const SMART: usize = 11;
/// 试点情况
pub const PILOT: usize = 12;

const LEVELS: [&str; 2] = ["学校", "教学点"];

/// The longest name of a school, in characters.
const LONGEST: usize = 60;

/// The columns of the roll.
pub const COLUMNS: [Column; 13] = [
    required("name", &["学校名称", "学校", "单位名称", "学校全称", "机构名称"], &[], 28, "填全称"),
    optional(
        "code",
        &["学校标识码", "学校代码", "标识码", "学校(机构)标识码", "机构标识码"],
        &[],
        14,
        "10位数字；新建学校、教学点没有的可不填",
    ),
    optional("level", &["机构类别", "类别", "办学层次"], &LEVELS, 10, "不填即为学校；教学点须填中心学校"),
    optional(
        "parent",
        &["所属县区", "上级单位", "所属区县", "县区", "区县", "所属镇街", "主管单位"],
        &[],
        18,
        "填县（市、区）或镇街名称；与区划代码填其一",
    ),
    optional(
        "region",
        &["区划代码", "行政区划代码", "地区代码", "区县代码"],
        &[],
        12,
        "6位，镇街为9位；没有的填地方代码",
    ),
    optional(
        "central",
        &["中心学校", "中心校", "所属中心校", "所属中心学校"],
        &[],
        26,
        "教学点、村小填所属中心学校的全称或标识码",
    ),
    required(
        "stages",
        &["学段", "办学学段", "学校学段", "学校类型"],
        &[],
        14,
        "多个学段用顿号分开，如：小学、初中",
    ),
    optional(
        "location",
        &["城乡类型", "所在地类型", "城乡分类", "学校驻地类型"],
        &words::LOCATION_TERMS,
        14,
        "可从下拉列表选择",
    ),
    optional("ethnic", &["民族地区", "是否民族地区"], &YES_NO, 10, "是或否；不填即为否"),
    optional(
        "poverty",
        &["原深度贫困县", "原深度贫困县学校", "是否原深度贫困县", "深度贫困县"],
        &YES_NO,
        14,
        "是或否；不填即为否",
    ),
    optional(
        "environment",
        &["信息化教学环境", "信息化环境", "教学环境", "环境类型"],
        &[],
        18,
        "决定学校可选的能力点；可由学校以后填写",
    ),
    optional("smart", &["智慧教育创建校", "是否智慧教育创建校", "智慧校"], &YES_NO, 16, "是或否；不填即为否"),
    optional(
        "pilot",
        &["试点情况", "试点校", "是否试点校", "试点学校", "试点类型"],
        &words::PILOT_TERMS,
        12,
        "不填即不改变",
    ),
];

/// A row about one school.
#[derive(Debug)]
pub struct Row {
    /// The name.
    pub name: String,
    /// The identification code; empty when it has none.
    pub code: String,
    /// The region above it, by name or code; empty when the file does not say.
    pub parent: String,
    /// The central school above it; empty for others.
    pub central: String,
    /// Its stages.
    pub stages: Vec<Stage>,
    /// Town or country.
    pub location: Option<Location>,
    /// In an area of ethnic minorities; `None` when the file does not say.
    pub ethnic: Option<bool>,
    /// In a county formerly in deep poverty.
    pub poverty: Option<bool>,
    /// Its environment as written, then its code once found; empty when the file does not say.
    pub environment: String,
    /// A school of the smart-education programme.
    pub smart: Option<bool>,
    /// Its standing in the project, which may be none; `None` when the file does not say.
    pub pilot: Option<Option<Pilot>>,
    /// What it stands below, once found.
    pub above: Option<Above>,
    /// The school as known, once found.
    pub known: Option<Uuid>,
}

impl Row {
    /// `known` with what the row says in place of it; what the row leaves out stays.
    #[must_use]
    pub fn facts(&self, known: &Facts) -> Facts {
        Facts {
            stages: self.stages.clone(),
            location: self.location.or(known.location),
            ethnic_area: self.ethnic.unwrap_or(known.ethnic_area),
            former_poverty: self.poverty.unwrap_or(known.former_poverty),
            environment: Some(self.environment.clone())
                .filter(|key| !key.is_empty())
                .or_else(|| known.environment.clone()),
            smart_school: self.smart.unwrap_or(known.smart_school),
            pilot: self.pilot.unwrap_or(known.pilot),
            version: known.version,
        }
    }
}

/// Reads a row; what is wrong with it is noted.
pub fn read(line: &mut Line<'_>) -> Option<Row> {
    let name = line.need(NAME, name);
    let code = line.read(CODE, str::parse::<SchoolCode>).map(|code| code.to_string()).unwrap_or_default();
    let point = line.read(LEVEL, level).unwrap_or(false);
    let region = line.read(REGION, organisation::region_code);
    let central = tidy(line.text(CENTRAL));
    if point && central.is_empty() {
        line.notes.wrong(CENTRAL, "教学点须填写所属的中心学校");
    }
    let stages = line.need(STAGES, words::stages);
    let location = line.read(LOCATION, words::location);
    let ethnic = line.read(ETHNIC, words::yes_or_no);
    let poverty = line.read(POVERTY, words::yes_or_no);
    let environment = tidy(line.text(ENVIRONMENT));
    let smart = line.read(SMART, words::yes_or_no);
    let pilot = line.read(PILOT, words::pilot);
    Some(Row {
        name: name?,
        code,
        parent: region.unwrap_or_else(|| tidy(line.text(PARENT))),
        central,
        stages: stages?,
        location,
        ethnic,
        poverty,
        environment,
        smart,
        pilot,
        above: None,
        known: None,
    })
}

fn name(text: &str) -> Result<String, String> {
    let name: String = tidy(text).split_whitespace().collect();
    let length = name.chars().count();
    if !(2..=LONGEST).contains(&length) {
        return Err(format!("学校名称应为2至{LONGEST}字，现在有 {length} 字"));
    }
    match name.chars().find(|c| "=<>\"|\\".contains(*c) || c.is_control()) {
        Some(wrong) => Err(format!("学校名称中不能有“{wrong}”")),
        None => Ok(name),
    }
}

/// Whether the row is about a teaching point.
fn level(text: &str) -> Result<bool, String> {
    match tidy(text).as_str() {
        "学校" | "中心校" | "中心学校" | "完全小学" => Ok(false),
        "教学点" | "村小" | "村小学" => Ok(true),
        other => Err(format!("无法识别“{other}”，机构类别应填“学校”或“教学点”")),
    }
}
