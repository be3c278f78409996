//! What a row of the roll says, by itself.

use chrono::{Datelike, NaiveDate};
use tisheng_kernel::identity::{Identity, PaperKind, Phone, Sex};
use tisheng_kernel::person_name::PersonName;
use tisheng_kernel::text::tidy;
use uuid::Uuid;

use crate::organisation::Stage;
use crate::people::intake::{Entered, OnRoll};
use crate::roster::column::{Column, optional, required};
use crate::roster::kind::{Desk, Line};
use crate::roster::teachers::Teachers;
use crate::roster::words;

/// Places of the columns in [`COLUMNS`].
pub const NAME: usize = 0;
/// 证件类型
pub const PAPER_KIND: usize = 1;
/// 证件号码
pub const PAPER: usize = 2;
/// 手机号
pub const PHONE: usize = 3;
/// 学校
pub const SCHOOL: usize = 4;
/// 学校标识码
pub const SCHOOL_CODE: usize = 5;
/// 任教学科
pub const SUBJECT: usize = 6;
/// 任教学段
pub const STAGE: usize = 7;
/// 职称
pub const TITLE: usize = 8;
/// 性别
pub const SEX: usize = 9;
/// 出生年份
pub const BIRTH: usize = 10;
/// 岗位类别
pub const DUTY: usize = 11;
/// 到校日期
pub const SINCE: usize = 12;
/// 登录账号
pub const LOGIN: usize = 13;
/// 是否离校
const LEAVES: usize = 14;
/// The number of the record.
const NUMBER: usize = 15;

/// The kinds of post.
const DUTIES: [&str; 2] = ["专任教师", "其他"];
/// The papers that a roll may name.
pub const PAPER_KINDS: [&str; 4] = ["居民身份证", "港澳台居民居住证", "护照", "其他证件"];
const SEXES: [&str; 2] = ["男", "女"];

/// Ages of people at work at a school; others deserve a look.
const AGES: std::ops::RangeInclusive<i32> = 16..=75;

/// The columns of the roll.
pub const COLUMNS: [Column; 16] = [
    required(
        "name",
        &["姓名", "教师姓名", "名字", "人员姓名", "教职工姓名"],
        &[],
        12,
        "与身份证一致，少数民族姓名的间隔点可用“·”",
    ),
    optional("paper_kind", &["证件类型", "身份证件类型", "证件种类"], &PAPER_KINDS, 16, "不填即为居民身份证"),
    required(
        "paper",
        &[
            "证件号码",
            "身份证号",
            "身份证号码",
            "身份证件号",
            "身份证件号码",
            "证件号",
            "身份证",
            "公民身份号码",
        ],
        &[],
        22,
        "本列已设为文本，请勿改为数字格式",
    ),
    optional(
        "phone",
        &["手机号", "手机号码", "手机", "联系电话", "电话", "移动电话", "联系方式"],
        &[],
        14,
        "11位手机号，可用于登录",
    ),
    optional(
        "school",
        &["学校", "学校名称", "任教学校", "所在学校", "单位", "工作单位", "单位名称"],
        &[],
        26,
        "填学校全称；学校管理员导入本校名册时可不填",
    ),
    optional(
        "school_code",
        &["学校标识码", "学校代码", "标识码", "学校(机构)标识码", "单位代码"],
        &[],
        14,
        "10位数字；与学校名称填其一即可",
    ),
    optional(
        "subject",
        &["任教学科", "学科", "任教科目", "科目", "主教学科"],
        &words::SUBJECTS,
        14,
        "专任教师必填",
    ),
    optional("stage", &["任教学段", "学段", "任教阶段"], &words::STAGE_TERMS, 10, "学校只有一个学段时可不填"),
    optional(
        "title",
        &["职称", "专业技术职务", "专业技术职称", "教师职称"],
        &words::TITLES,
        12,
        "按现行职称填写",
    ),
    optional("sex", &["性别"], &SEXES, 8, "不填时按身份证号码判断"),
    optional(
        "birth",
        &["出生年份", "出生年月", "出生日期", "生日", "出生年"],
        &[],
        12,
        "用身份证登记的可不填",
    ),
    optional(
        "duty",
        &["岗位类别", "岗位", "是否专任教师", "人员类别"],
        &DUTIES,
        12,
        "专任教师或其他；不填即为专任教师",
    ),
    optional(
        "since",
        &["到校日期", "任职日期", "入校时间", "到校时间"],
        &[],
        14,
        "如 2020-09-01；新到校的不填即为导入当天，已在校的不填即不变",
    ),
    optional("login", &["登录账号", "账号", "用户名", "登录名"], &[], 14, "可不填，系统自动生成"),
    optional(
        "leaves",
        &["是否离校"],
        &words::YES_NO,
        10,
        "填“是”的登记为离开本校，学时和成果全部保留；其余的不填",
    ),
    optional(Teachers::NUMBER, &[], &[], 0, ""),
];

/// A row about one person.
#[derive(Debug)]
pub struct Row {
    /// The person, ready to be written.
    pub entered: Entered,
    /// The number of the record, where the row says one.
    pub number: Option<Uuid>,
    /// The school's name as the file has it; may be empty.
    pub school_name: String,
    /// The school's code as the file has it; may be empty.
    pub school_code: String,
    /// What is taught; empty for those who do not teach.
    pub subject: &'static str,
    /// The stage; `None` is filled in from the school.
    pub stage: Option<Stage>,
    /// The professional title; empty when none is given.
    pub title: &'static str,
    /// The first day of the post; `None` is the day of the import, or leaves the day of a post that is there.
    pub since: Option<NaiveDate>,
    /// The login asked for.
    pub login: Option<String>,
    /// Whether the person has left the school.
    pub leaves: bool,
    /// Whether what is taught should be told and is not.
    pub is_untold: bool,
    /// The school that is meant, once it is found.
    pub school: Option<Uuid>,
    /// The person as known, once looked up.
    pub known: Option<OnRoll>,
}

impl Row {
    /// Whether the number of the record is all that says who is meant.
    pub const fn is_by_number(&self) -> bool {
        self.entered.identity.is_none()
    }

    /// The number of the paper with its middle hidden; empty while nobody is known by the number of the
    /// record.
    pub fn masked(&self) -> String {
        match (&self.entered.identity, &self.known) {
            (Some(identity), _) => identity.masked(),
            (None, Some(known)) => known.paper_masked.clone(),
            (None, None) => String::new(),
        }
    }
}

/// Reads a row; what is wrong with it is noted.
pub fn read(desk: &Desk, line: &mut Line<'_>) -> Option<Row> {
    let name = line.need(NAME, PersonName::parse);
    let kind = line.read(PAPER_KIND, str::parse::<PaperKind>).unwrap_or(PaperKind::IdentityCard);
    let has_paper = !line.text(PAPER).is_empty();
    let number = line.read(NUMBER, number);
    let is_by_number = number.is_some() && !has_paper;
    let paper = |text: &str| Identity::parse(kind, text);
    let identity = if is_by_number { None } else { line.need(PAPER, paper) };
    let phone = line.read(PHONE, Phone::parse);
    let teaches = teaches(line);
    let leaves = leaves(line);
    let subject = subject(line, teaches && !leaves && !desk.is_part() && !is_by_number);
    let stage = line.read(STAGE, words::stage);
    let title = line.read(TITLE, words::title).unwrap_or_default();
    let since = since(desk, line);
    let login = line.read(LOGIN, login);
    let school_name = line.text(SCHOOL).to_owned();
    let school_code = tidy(line.text(SCHOOL_CODE));
    let name = name?;
    if identity.is_none() && !is_by_number {
        return None;
    }
    let sex = sex(line, identity.as_ref());
    let birth_year = birth_year(desk, line, identity.as_ref());
    let entered = Entered::new(&desk.ctx.app.keys, name, identity, phone, sex, birth_year);
    Some(Row {
        entered,
        number,
        school_name,
        school_code,
        subject,
        stage,
        title,
        since,
        login,
        leaves,
        is_untold: teaches && subject.is_empty(),
        school: None,
        known: None,
    })
}

fn number(text: &str) -> Result<Uuid, &'static str> {
    Uuid::try_parse(text).map_err(|_| "人员编号不是从本系统导出的编号；请勿修改，新登记的人员请留空")
}

fn teaches(line: &mut Line<'_>) -> bool {
    match tidy(line.text(DUTY)).as_str() {
        "" | "专任教师" | "教师" | "专任" | "是" => true,
        "其他" | "否" | "行政" | "行政人员" | "教辅" | "教辅人员" | "工勤" | "工勤人员" | "管理人员" => {
            false
        }
        other => {
            line.notes.wrong(DUTY, format!("无法识别“{other}”，岗位类别应填“专任教师”或“其他”"));
            true
        }
    }
}

fn leaves(line: &mut Line<'_>) -> bool {
    match tidy(line.text(LEAVES)).as_str() {
        "" | "否" => false,
        "是" => true,
        other => {
            line.notes.wrong(LEAVES, format!("无法识别“{other}”，是否离校应填“是”或“否”"));
            false
        }
    }
}

/// What is said where nothing is taught by somebody who teaches.
pub const UNTOLD: &str = "任教学科没有填写；专任教师必填，不任教的请在“岗位类别”填“其他”";

fn subject(line: &mut Line<'_>, teaches: bool) -> &'static str {
    if teaches && line.text(SUBJECT).is_empty() {
        line.notes.wrong(SUBJECT, UNTOLD);
        return "";
    }
    line.read(SUBJECT, words::subject).unwrap_or_default()
}

fn since(desk: &Desk, line: &mut Line<'_>) -> Option<NaiveDate> {
    let day = line.read(SINCE, words::day)?;
    if day > desk.today {
        line.notes.wrong(SINCE, "到校日期在今天之后；请填写实际到校的日期，尚未到校的请到校后再导入");
        return None;
    }
    Some(day)
}

fn login(text: &str) -> Result<String, &'static str> {
    let login = tidy(text).to_lowercase();
    let fits = (3..=32).contains(&login.len())
        && login.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
    if !fits {
        return Err("登录账号应为3至32位字母、数字、点、横线或下划线");
    }
    // A login is shown in lists: neither a phone nor an identity number may stand in one.
    if login.bytes().filter(u8::is_ascii_digit).count() >= 11 {
        return Err("登录账号中不能使用手机号或身份证号；可留空由系统生成，手机号也能登录");
    }
    Ok(login)
}

fn sex(line: &mut Line<'_>, identity: Option<&Identity>) -> Sex {
    let stated = line.read(SEX, str::parse::<Sex>);
    let carried = identity.and_then(Identity::sex);
    match (stated, carried) {
        (Some(stated @ (Sex::Male | Sex::Female)), Some(carried)) if stated != carried => {
            let (stated_word, carried_word) = (stated.chinese(), carried.chinese());
            line.notes
                .warn(SEX, format!("填写为“{stated_word}”，身份证号码第17位表示“{carried_word}”，请核对"));
            stated
        }
        (Some(stated), _) => stated,
        (None, carried) => carried.unwrap_or(Sex::Unknown),
    }
}

fn birth_year(desk: &Desk, line: &mut Line<'_>, identity: Option<&Identity>) -> Option<i64> {
    let stated = line.read(BIRTH, |text| stated_year(text, desk.today));
    let carried = identity.and_then(Identity::birth_date);
    if carried.is_some_and(|day| day > desk.today) {
        line.notes.wrong(PAPER, "身份证号码中的出生日期在今天之后，请核对号码");
        return None;
    }
    let year = match (carried, stated) {
        (Some(day), Some(stated)) if day.year() != stated => {
            line.notes.warn(
                BIRTH,
                format!("填写为 {stated} 年，身份证号码中为 {} 年；将以身份证号码为准", day.year()),
            );
            day.year()
        }
        (Some(day), _) => day.year(),
        (None, Some(stated)) => stated,
        (None, None) => return None,
    };
    let age = desk.today.year() - year;
    if !AGES.contains(&age) {
        line.notes.warn(PAPER, format!("按出生年份计算为 {age} 岁，请核对证件号码"));
    }
    Some(i64::from(year))
}

/// A year alone, a year and month, or a whole date.
fn stated_year(text: &str, today: NaiveDate) -> Result<i32, &'static str> {
    const SENTENCE: &str = "出生年份应写作 1985、1985-06 或 1985-06-01，且不晚于今天";
    let plain = tidy(text);
    let digits: String = plain.chars().take_while(char::is_ascii_digit).take(4).collect();
    let year = digits.parse::<i32>().ok().filter(|_| digits.len() == 4);
    year.filter(|year| (1900..=today.year()).contains(year)).ok_or(SENTENCE)
}
