//! A batch of rows against the people, the tree and the roles given already.

use chrono::NaiveDate;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::{DbError, Tx};

use super::Memory;
use super::row::{NAME, PAPER, PHONE, PLACE, ROLE, Row};
use crate::access::intake as accounts;
use crate::access::{may_give, stands_at};
use crate::organisation::Kind as NodeKind;
use crate::people::intake::{self, OnRoll};
use crate::role::Role;
use crate::roster::kind::{Alteration, Desk, Difference, Item, Notes, What};

/// Sets the difference of each row that is not wrong.
pub async fn judge(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    items: &mut [Item<Row>],
) -> Result<(), DbError> {
    let (mut papers, mut phones) = (Vec::new(), Vec::new());
    for row in items.iter().filter_map(|item| item.row.as_ref()) {
        match (&row.entered, &row.phone_index) {
            (Some(entered), _) => papers.push(entered.paper_index.as_slice()),
            (None, Some(phone)) => phones.push(phone.as_slice()),
            (None, None) => {}
        }
    }
    let by_paper = intake::by_papers(tx, &papers).await?;
    let by_phone = intake::by_phones(tx, &phones).await?;
    for item in items {
        let Some((row, notes)) = item.told() else { continue };
        find_place(memory, desk, row, notes);
        let known = match (&row.entered, &row.phone_index) {
            (Some(entered), _) => of_paper(desk, by_paper.get(&entered.paper_index), row, notes),
            (None, Some(phone)) => of_phone(desk, by_phone.get(phone).map_or(&[], Vec::as_slice), row, notes),
            (None, None) => None,
        };
        row.person = known.map(|known| known.person);
        find_double(memory, row, notes);
        if notes.has_error() {
            continue;
        }
        if let Some(person) = row.person {
            let held = accounts::grants_of(tx, person, desk.today).await?;
            row.held = held.into_iter().find(|g| g.role == row.role.key() && Some(g.node) == row.place);
        }
        item.difference = compare(memory, row, notes.number());
    }
    Ok(())
}

fn find_place(memory: &mut Memory, desk: &Desk, row: &mut Row, notes: &mut Notes) {
    let found = if row.place_words.is_empty() {
        memory.places.get(desk.member.node).ok_or_else(|| "机构没有填写".to_owned())
    } else {
        memory.places.find(&row.place_words).map_err(|error| error.to_string())
    };
    let giver = desk.member.role.parse().unwrap_or(Role::Teacher);
    match found {
        Ok(place) => {
            let kind = place.kind.parse::<NodeKind>().ok();
            if !kind.is_some_and(|kind| stands_at(row.role, kind)) {
                let title = row.role.title();
                notes.wrong(ROLE, format!("“{}”不能设“{title}”；请核对角色与机构的层级", place.name));
            } else if !may_give(giver, &desk.member.path, row.role, &place.path) {
                notes
                    .wrong(ROLE, format!("您不能授予“{}”的“{}”；请由上级导入", place.name, row.role.title()));
            }
            row.place = Some(place.id);
        }
        Err(sentence) => notes.wrong(PLACE, format!("{sentence}；上级单位的角色由上级授予")),
    }
}

fn of_paper<'k>(desk: &Desk, known: Option<&'k OnRoll>, row: &Row, notes: &mut Notes) -> Option<&'k OnRoll> {
    let known = known?;
    if !desk.scope.holds(known.path()) {
        notes.wrong(PAPER, "此人登记在您管理范围以外的单位；请由共同的上级授予角色");
    } else if known.name != row.name.as_str() {
        notes.wrong(NAME, format!("该证件号码登记的姓名是“{}”；请核对姓名和证件号码", known.name));
    }
    Some(known)
}

fn of_phone<'k>(desk: &Desk, known: &'k [OnRoll], row: &Row, notes: &mut Notes) -> Option<&'k OnRoll> {
    let mut fitting =
        known.iter().filter(|one| one.name == row.name.as_str() && desk.scope.holds(one.path()));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Some(one),
        (Some(_), Some(_)) => {
            notes.wrong(PHONE, "有多人登记了这个姓名和手机号；请补填证件号码");
            None
        }
        (None, _) => {
            notes.wrong(PHONE, "在您的管理范围内没有找到这个姓名和手机号的人员；新登记的人员请补填证件号码");
            None
        }
    }
}

fn find_double(memory: &mut Memory, row: &Row, notes: &mut Notes) {
    let Some(place) = row.place else { return };
    let who = match (&row.entered, row.person) {
        (_, Some(person)) => person.as_bytes().to_vec(),
        (Some(entered), None) => entered.paper_index.clone(),
        (None, None) => return,
    };
    let key = (who, row.role, place);
    match memory.rows.get(&key) {
        Some(first) => notes.wrong(ROLE, format!("与第 {first} 行重复；请删去一行")),
        None => {
            memory.rows.insert(key, notes.number());
        }
    }
}

fn compare(memory: &Memory, row: &Row, number: u32) -> Option<Difference> {
    let place = memory.places.get(row.place?)?;
    let last = |until: Option<NaiveDate>| {
        until.and_then(|day| day.pred_opt()).map_or_else(|| "长期".to_owned(), chinese_date)
    };
    let mut fields = vec![Alteration::new("角色", "", row.role.title())];
    let what = match &row.held {
        Some(held) if held.until == row.until => What::Same,
        Some(held) => {
            fields = vec![Alteration::new("截止日期", last(held.until), last(row.until))];
            What::Changed
        }
        None => {
            if row.person.is_none() {
                fields.push(Alteration::new("人员", "", "新登记"));
            }
            What::New
        }
    };
    Some(Difference { row: number, what, subject: row.name.to_string(), place: place.name.clone(), fields })
}
