//! A batch of rows against the database and against the rows before.

use tisheng_kernel::SchoolCode;
use tisheng_kernel::identity::Sex;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::days::Days;
use super::leaving;
use super::row::{self, LOGIN, PAPER, PHONE, Row, SCHOOL, SCHOOL_CODE, STAGE};
use super::{Memory, altered};
use crate::access::intake as accounts;
use crate::organisation::Stage;
use crate::people::intake::{self, OnRoll, PostOnRoll};
use crate::roster::kind::{Alteration, Desk, Difference, Item, Notes, What};
use crate::roster::schoolbook::{Schoolbook, plain_name};

/// Sets the difference of each row that is not wrong.
pub async fn judge(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    items: &mut [Item<Row>],
) -> Result<(), DbError> {
    let rows = || items.iter().filter_map(|item| item.row.as_ref());
    let with_paper = rows().filter(|row| !row.is_by_number());
    let papers: Vec<&[u8]> = with_paper.map(|row| row.entered.paper_index.as_slice()).collect();
    let numbers: Vec<Uuid> = rows().filter_map(|row| row.number).collect();
    let known = intake::by_papers(tx, &papers).await?;
    let numbered = intake::by_numbers(tx, &numbers).await?;
    for item in items.iter_mut() {
        if let Some((row, notes)) = item.told() {
            // Of anybody outside the clerk's part of the tree a number tells nothing.
            let of_number = row.number.and_then(|number| numbered.get(&number));
            let of_number = of_number.filter(|(_, known)| desk.scope.holds(known.path()));
            let mut is_unclear = false;
            if row.is_by_number() {
                meet(row, of_number, notes);
            } else {
                // A row that is wrong about its paper takes nobody from the row whose paper it is.
                row.known = known.get(&row.entered.paper_index).cloned();
                if let Some((_, meant)) = of_number.filter(|(paper, _)| *paper != row.entered.paper_index) {
                    notes.wrong(PAPER, two_people(desk, meant, row));
                    memory.present.insert(meant.person);
                    is_unclear = true;
                }
            }
            row.school = if leaving::names_no_school(desk, row) {
                leaving::school_of(desk, row)
            } else {
                find_school(&mut memory.schools, desk, row, notes)
            };
            if desk.is_part() || row.is_by_number() {
                leaving::fill_in(row, notes);
            }
            if !row.leaves {
                settle_stage(&memory.schools, row, notes);
            }
            // A paper that may be another's makes nobody else's row a second one.
            if !is_unclear {
                find_doubles(memory, row, notes);
            }
        }
    }
    let logins: Vec<String> = items.iter().filter_map(|item| item.row.as_ref()?.login.clone()).collect();
    let taken = accounts::logins_taken(tx, &logins).await?;
    for item in items.iter_mut() {
        let Some((row, notes)) = item.told() else { continue };
        let person = row.known.as_ref().map(|known| known.person);
        let owner = row.login.as_ref().and_then(|login| taken.get(login));
        if owner.is_some_and(|owner| Some(*owner) != person) {
            notes.wrong(LOGIN, "这个登录账号已被他人使用，请换一个，或留空由系统生成");
        }
        memory.present.extend(person);
    }
    let days = Days::load(tx, items).await?;
    for item in items.iter_mut() {
        if let Some((row, notes)) = item.told()
            && !row.leaves
        {
            days.check(desk, row, notes);
        }
        item.difference = compare(&memory.schools, desk, item);
    }
    Ok(())
}

/// Takes whom a row names by the number of the record alone.
fn meet(row: &mut Row, found: Option<&(Vec<u8>, OnRoll)>, notes: &mut Notes) {
    let Some((paper, known)) = found else {
        notes.wrong(PAPER, UNMET);
        return;
    };
    row.entered.paper_index.clone_from(paper);
    if let (Sex::Unknown, Ok(sex)) = (row.entered.sex, known.sex.parse()) {
        row.entered.sex = sex;
    }
    row.known = Some(known.clone());
}

/// What is said of a number of a record that is nobody's here.
const UNMET: &str = "证件号码没有填写，您管理的范围内也没有这个编号的人员；新登记的人员请填写证件号码";

/// What is said where the number of the record is that of `meant` and the paper is another's or nobody's: which
/// of the two is wrong, the file does not say.
fn two_people(desk: &Desk, meant: &OnRoll, row: &Row) -> String {
    let whose = match &row.known {
        Some(other) if desk.scope.holds(other.path()) => format!("在系统中是“{}”的", other.name),
        Some(_) => "在系统中是另一人的".to_owned(),
        None => "不是此人登记的号码".to_owned(),
    };
    format!(
        "人员编号（sourcedId）在系统中是“{}（{}）”，证件号码 {} {whose}；请改正其中一项。证件号码确有更正的，请先在系统中更正此人的信息",
        meant.name,
        meant.paper_masked,
        row.masked(),
    )
}

fn find_school(schools: &mut Schoolbook, desk: &Desk, row: &Row, notes: &mut Notes) -> Option<Uuid> {
    if row.school_code.is_empty() && row.school_name.is_empty() {
        let own = schools.get(desk.member.node).map(|place| place.id);
        if own.is_none() {
            notes.wrong(SCHOOL, "学校没有填写；请填学校全称或学校标识码");
        }
        return own;
    }
    if row.school_code.is_empty() {
        return match schools.find(&row.school_name) {
            Ok(place) => Some(place.id),
            Err(error) => {
                notes.wrong(SCHOOL, error.to_string());
                None
            }
        };
    }
    let place = match row.school_code.parse::<SchoolCode>() {
        Ok(code) => {
            schools.find(code.as_str()).map(|place| (place.id, place.name.clone())).map_err(|e| e.to_string())
        }
        // A place without a number of the state goes by what it is called instead.
        Err(error) => schools
            .find(&row.school_code)
            .map(|place| (place.id, place.name.clone()))
            .map_err(|_| error.to_string()),
    };
    match place {
        Ok((_, name)) if !row.school_name.is_empty() && plain_name(&name) != plain_name(&row.school_name) => {
            let given = &row.school_name;
            notes.wrong(
                SCHOOL_CODE,
                format!("该标识码对应“{name}”，与填写的学校“{given}”不一致；请核对其中一项"),
            );
            None
        }
        Ok((id, _)) => Some(id),
        Err(sentence) => {
            notes.wrong(SCHOOL_CODE, sentence);
            None
        }
    }
}

fn settle_stage(schools: &Schoolbook, row: &mut Row, notes: &mut Notes) {
    let Some(place) = row.school.and_then(|id| schools.get(id)) else { return };
    let stages: Vec<Stage> = place.stages.split(',').filter_map(|code| code.parse().ok()).collect();
    match (row.stage, stages.as_slice()) {
        (None, [only]) => row.stage = Some(*only),
        (None, []) => notes.wrong(STAGE, "任教学段没有填写，学校也没有登记学段；请填写"),
        (None, _) => notes.wrong(STAGE, format!("{}有多个学段，请填写任教学段", place.name)),
        (Some(stage), [_, ..]) if !stages.contains(&stage) => {
            let has = stages.iter().map(|stage| stage.title()).collect::<Vec<_>>().join("、");
            notes.warn(STAGE, format!("{}登记的学段是{has}，没有{}；请核对", place.name, stage.title()));
        }
        (Some(_), _) => {}
    }
}

/// The number of the school of rows whose school is not found.
const NOWHERE: u32 = u32::MAX;

fn find_doubles(memory: &mut Memory, row: &Row, notes: &mut Notes) {
    let number = notes.number();
    if !row.entered.paper_index.is_empty() {
        find_same_paper(memory, row, notes);
    }
    if let Some(phone) = row.entered.phone_index.as_deref().map(key) {
        match memory.phones.get(&phone) {
            Some(first) => notes.warn(PHONE, format!("与第 {first} 行的手机号相同；只有前一人可以用它登录")),
            None => {
                memory.phones.insert(phone, number);
            }
        }
    }
    if let Some(login) = &row.login {
        match memory.logins.get(login) {
            Some(first) => {
                notes.wrong(LOGIN, format!("与第 {first} 行的登录账号相同；请换一个，或留空由系统生成"))
            }
            None => {
                memory.logins.insert(login.clone(), number);
            }
        }
    }
}

fn find_same_paper(memory: &mut Memory, row: &Row, notes: &mut Notes) {
    let number = notes.number();
    let next = u32::try_from(memory.named.len()).unwrap_or(u32::MAX);
    let here = row.school.map_or(NOWHERE, |school| *memory.named.entry(school).or_insert(next));
    let paper = key(&row.entered.paper_index);
    match memory.papers.get(&paper) {
        Some((first, _)) if row.is_by_number() => {
            notes.wrong(
                PAPER,
                format!(
                    "人员编号（sourcedId）说的是第 {first} 行的同一人；同一人的请删去一行，不是同一人的请核对编号"
                ),
            );
        }
        Some((first, there)) if *there == here => {
            notes.wrong(
                PAPER,
                format!("与第 {first} 行是同一个证件号码；同一人的请删去一行，不是同一人的请核对号码"),
            );
        }
        Some((first, there)) => {
            let there = memory.named.iter().find(|(_, number)| *number == there);
            let other = there.and_then(|(school, _)| memory.schools.get(*school));
            let other = other.map_or("另一所学校", |place| place.name.as_str());
            notes.wrong(
                PAPER,
                format!("同一个证件号码在第 {first} 行登记在“{other}”；一人只能有一个任职学校，请保留一行"),
            );
        }
        None => {
            memory.papers.insert(paper, (number, here));
        }
    }
}

/// The beginning of a keyed index. A million of them have to fit into memory beside the file; that
/// two of a million begin alike happens in one of thirty million files.
fn key(index: &[u8]) -> u64 {
    index.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
}

fn compare(schools: &Schoolbook, desk: &Desk, item: &mut Item<Row>) -> Option<Difference> {
    let (row, notes) = item.open()?;
    if row.leaves {
        return leaving::leaver(schools, desk, row, notes);
    }
    if row.school.is_none() && leaving::names_no_school(desk, row) {
        return leaving::unplaced(desk, row, notes);
    }
    let place = row.school.and_then(|id| schools.get(id))?;
    let number = notes.number();
    let difference = |what, fields| Difference {
        row: number,
        what,
        subject: format!("{}（{}）", row.entered.name, row.masked()),
        place: place.name.clone(),
        fields,
    };
    let Some(known) = &row.known else { return Some(difference(What::New, Vec::new())) };
    let mut fields = record_changes(known, row);
    let moved = match &known.post {
        None => {
            fields.push(Alteration::new("学校", "（没有在职岗位）", &*place.name));
            fields.extend(row.since.map(|day| Alteration::new("到校日期", "", chinese_date(day))));
            false
        }
        Some(post) if post.school == place.id => {
            fields.extend(duty_changes(post, row));
            false
        }
        Some(post) => {
            let from = schools.get(post.school).filter(|_| desk.scope.holds(&post.path));
            fields.push(Alteration::new("学校", from.map_or("", |from| from.name.as_str()), &*place.name));
            fields.extend(duty_changes(post, row));
            true
        }
    };
    let what = if moved {
        What::Moved
    } else if fields.is_empty() {
        What::Same
    } else {
        What::Changed
    };
    let difference = difference(what, fields);
    if known.name != row.entered.name.as_str() {
        // A number alone gives away no name of somebody elsewhere.
        if row.is_by_number() {
            let sentence = format!("系统中此人登记的姓名是“{}”，请核对是否同一人", known.name);
            notes.warn(row::NAME, sentence);
        } else if desk.scope.holds(known.path()) {
            notes
                .warn(row::NAME, format!("系统中这个证件号码登记的姓名是“{}”，请核对是否同一人", known.name));
        } else {
            notes.wrong(row::NAME, "系统中这个证件号码登记的是另一个姓名；请核对姓名和证件号码");
        }
    }
    if let (true, Some(post)) = (moved, &known.post) {
        ask_about_transfer(schools, desk, post, &difference, notes);
    }
    Some(difference).filter(|_| !notes.has_error())
}

fn ask_about_transfer(
    schools: &Schoolbook,
    desk: &Desk,
    post: &PostOnRoll,
    difference: &Difference,
    notes: &mut Notes,
) {
    let from = schools.get(post.school).filter(|_| desk.scope.holds(&post.path));
    match from {
        Some(from) => {
            let Difference { subject, place, .. } = difference;
            notes.ask(
                SCHOOL,
                format!("{subject}现在登记在“{}”，文件中在“{place}”；是否办理调动？", from.name),
            );
        }
        // What lies outside the clerk's part of the tree is not named.
        None => notes.wrong(
            SCHOOL,
            "此人目前登记在您管理范围以外的学校；请由原学校先登记离校，或由同时管理两校的上级导入办理调动",
        ),
    }
}

fn record_changes(known: &OnRoll, row: &Row) -> Vec<Alteration> {
    let entered = &row.entered;
    let mut fields: Vec<Alteration> =
        altered("姓名", &known.name, entered.name.as_str()).into_iter().collect();
    let same_phone = entered.phone_index.is_none() || entered.phone_index == known.phone_index;
    if let (false, Some(phone)) = (same_phone, &entered.phone) {
        fields.push(Alteration::new(
            "手机号",
            known.phone_masked.clone().unwrap_or_default(),
            phone.masked(),
        ));
    }
    if known.sex != entered.sex.code() {
        let word = |code: &str| code.parse().map_or("", Sex::chinese);
        fields.extend(altered("性别", word(&known.sex), entered.sex.chinese()));
    }
    let year = |year: Option<i64>| year.map(|y| y.to_string()).unwrap_or_default();
    if entered.birth_year.is_some() {
        fields.extend(altered("出生年份", &year(known.birth_year), &year(entered.birth_year)));
    }
    fields
}

fn duty_changes(post: &PostOnRoll, row: &Row) -> Vec<Alteration> {
    let term = |code: &str| code.parse().map_or("", Stage::title);
    let stage = row.stage.map_or("", Stage::title);
    [
        altered("任教学科", &post.subject, row.subject),
        altered("任教学段", term(&post.stage), stage),
        // A roll without a title says nothing about the one that is known.
        altered("职称", &post.title, row.title).filter(|_| !row.title.is_empty()),
        row.since.and_then(|day| altered("到校日期", &chinese_date(post.since), &chinese_date(day))),
    ]
    .into_iter()
    .flatten()
    .collect()
}
