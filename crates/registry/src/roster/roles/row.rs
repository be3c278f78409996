//! What a row of the list of roles says, by itself.

use chrono::{Datelike, NaiveDate};
use tisheng_kernel::identity::{Identity, PaperKind, Phone, Sex};
use tisheng_kernel::person_name::PersonName;
use tisheng_kernel::text::tidy;
use uuid::Uuid;

use crate::access::intake::Grant;
use crate::people::intake::{self, Entered};
use crate::role::Role;
use crate::roster::column::{Column, optional, required};
use crate::roster::kind::{Desk, Line};
use crate::roster::teachers::PAPER_KINDS;
use crate::roster::words;

/// 姓名
pub const NAME: usize = 0;
/// 证件类型
pub const PAPER_KIND: usize = 1;
/// 证件号码
pub const PAPER: usize = 2;
/// 手机号
pub const PHONE: usize = 3;
/// 角色
pub const ROLE: usize = 4;
/// 机构
pub const PLACE: usize = 5;
/// 起始日期
pub const SINCE: usize = 6;
/// 截止日期
pub const UNTIL: usize = 7;

/// The titles of roles that a list may give; a teacher is one by the roll of teachers.
const TITLES: [&str; 14] = [
    "省级工程办",
    "市级工程办",
    "县级工程办",
    "镇街工程办",
    "校长",
    "首席信息官",
    "学校管理员",
    "管理团队",
    "培训团队",
    "教研组长",
    "专家",
    "培训机构",
    "第三方评估",
    "只读审计",
];

/// The columns of the list.
pub const COLUMNS: [Column; 8] = [
    required("name", &["姓名", "人员姓名", "教师姓名", "名字"], &[], 12, "与登记的姓名一致"),
    optional(
        "paper_kind",
        &["证件类型", "身份证件类型", "证件种类"],
        &PAPER_KINDS,
        16,
        "不填即为居民身份证；护照等须填写",
    ),
    optional(
        "paper",
        &["证件号码", "身份证号", "身份证号码", "身份证件号", "证件号", "身份证件号码"],
        &[],
        22,
        "证件号码与手机号至少填一项；系统中还没有的人员必填",
    ),
    optional("phone", &["手机号", "手机号码", "手机", "联系电话", "电话"], &[], 14, "11位手机号，可用于登录"),
    required("role", &["角色", "职务", "身份", "工程职务"], &TITLES, 14, "从下拉列表选择"),
    optional(
        "place",
        &["机构", "机构名称", "学校", "学校名称", "单位", "单位名称", "机构代码", "学校标识码"],
        &[],
        26,
        "填全称、学校标识码、区划代码或地方代码；不填即为您所在的机构",
    ),
    optional(
        "since",
        &["起始日期", "开始日期", "任职日期", "起"],
        &[],
        14,
        "如 2021-09-01；不填即为导入当天",
    ),
    optional("until", &["截止日期", "结束日期", "任期至", "止"], &[], 14, "最后一天；不填即为长期"),
];

/// A row about one role of one person.
#[derive(Debug)]
pub struct Row {
    /// The name.
    pub name: PersonName,
    /// The person, ready to be written, when the paper is given.
    pub entered: Option<Entered>,
    /// The index of the phone, when it is given.
    pub phone_index: Option<Vec<u8>>,
    /// The role.
    pub role: Role,
    /// Where, in the file's words; may be empty.
    pub place_words: String,
    /// The first day; `None` is the day of the import.
    pub since: Option<NaiveDate>,
    /// The first day on which it is no more.
    pub until: Option<NaiveDate>,
    /// Where, once found.
    pub place: Option<Uuid>,
    /// The person as known, once found.
    pub person: Option<Uuid>,
    /// The same role there as held now.
    pub held: Option<Grant>,
}

/// Reads a row; what is wrong with it is noted.
pub fn read(desk: &Desk, line: &mut Line<'_>) -> Option<Row> {
    let keys = &desk.ctx.app.keys;
    let name = line.need(NAME, PersonName::parse);
    let kind = line.read(PAPER_KIND, str::parse::<PaperKind>).unwrap_or(PaperKind::IdentityCard);
    let identity = line.read(PAPER, |text| Identity::parse(kind, text));
    let phone = line.read(PHONE, Phone::parse);
    if line.text(PAPER).is_empty() && line.text(PHONE).is_empty() {
        line.notes.wrong(PAPER, "证件号码和手机号都没有填写；请至少填一项");
    }
    let role = line.need(ROLE, role);
    let since = line.read(SINCE, words::day);
    let last = line.read(UNTIL, words::day);
    if last.is_some_and(|last| last < since.unwrap_or(desk.today)) {
        line.notes.wrong(UNTIL, "截止日期早于起始日期，请核对");
    }
    let phone_index = phone.as_ref().map(|phone| intake::phone_index(keys, phone));
    let name = name?;
    let entered = identity.map(|identity| {
        let sex = identity.sex().unwrap_or(Sex::Unknown);
        let year = identity.birth_date().map(|day| i64::from(day.year()));
        Entered::new(keys, name.clone(), Some(identity), phone, sex, year)
    });
    Some(Row {
        name,
        entered,
        phone_index,
        role: role?,
        place_words: line.text(PLACE).to_owned(),
        since,
        until: last.and_then(|day| day.succ_opt()),
        place: None,
        person: None,
        held: None,
    })
}

fn role(text: &str) -> Result<Role, String> {
    let plain: String = tidy(text).split_whitespace().collect();
    let role = match plain.as_str() {
        "CIO" | "cio" => Some(Role::Cio),
        "省工程办" => Some(Role::Province),
        "市工程办" => Some(Role::City),
        "县工程办" | "区工程办" | "区县工程办" => Some(Role::County),
        "镇工程办" | "街道工程办" => Some(Role::Town),
        "管理员" | "校级管理员" => Some(Role::Clerk),
        title => TITLES.contains(&title).then(|| title.parse().ok()).flatten(),
    };
    role.ok_or_else(|| format!("无法识别角色“{plain}”，请从模板的下拉列表中选择：{}", TITLES.join("、")))
}

#[cfg(test)]
mod tests {
    use super::{Role, TITLES, role};

    #[test]
    fn every_title_of_the_template_is_a_role_and_teacher_is_none_of_them() {
        assert!(TITLES.iter().all(|title| role(title).map(Role::title) == Ok(title)));
        assert!(role("教师").is_err());
        assert_eq!(role("区县工程办"), Ok(Role::County));
    }
}
