//! A batch of rows against the tree and against the rows before.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::row::{CENTRAL, CODE, ENVIRONMENT, NAME, PARENT, REGION, Row};
use super::{Above, Memory, above};
use crate::organisation::intake::Place;
use crate::organisation::{self, Environments, Facts, Kind as NodeKind};
use crate::roster::kind::{Alteration, Desk, Difference, Item, Notes, What};
use crate::roster::schoolbook::plain_name;
use crate::roster::words;

/// Sets the difference of each row that is not wrong.
pub async fn judge(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    items: &mut [Item<Row>],
) -> Result<(), DbError> {
    for item in items {
        let Some((row, notes)) = item.told() else { continue };
        row.above = find_above(memory, desk, row, notes);
        find_environment(memory, desk, tx, row, notes).await?;
        find_doubles(memory, row, notes);
        row.known = find_known(memory, tx, row, notes).await?;
        memory.present.extend(row.known);
        if let Some(Above::Known(id)) = row.above {
            memory.parents.insert(id);
        }
        // What is wrong with a central school is said of its own row, and not of every row below it.
        if row.known.is_none() {
            memory.founded.insert(plain_name(&row.name));
        }
        if notes.has_error() {
            continue;
        }
        item.difference = compare(memory, desk, tx, row, notes).await?;
    }
    Ok(())
}

async fn find_environment(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    row: &mut Row,
    notes: &mut Notes,
) -> Result<(), DbError> {
    if row.environment.is_empty() {
        return Ok(());
    }
    match words::environment(&row.environment, memory.environments(desk, tx, row.above.as_ref()).await?) {
        Ok(key) => row.environment = key,
        Err(error) => notes.wrong(ENVIRONMENT, error.to_string()),
    }
    Ok(())
}

fn find_above(memory: &mut Memory, desk: &Desk, row: &Row, notes: &mut Notes) -> Option<Above> {
    if !row.central.is_empty() {
        let plain = plain_name(&row.central);
        if memory.founded.contains(&plain) {
            return Some(Above::Founded(plain));
        }
        return match memory.places.find(&row.central) {
            Ok(place) if place.kind == NodeKind::School.key() => Some(Above::Known(place.id)),
            Ok(place) => {
                notes.wrong(CENTRAL, format!("“{}”不是学校，不能作为中心学校", place.name));
                None
            }
            Err(error) => {
                notes.wrong(CENTRAL, format!("{error}；中心学校要排在它的教学点之前"));
                None
            }
        };
    }
    let column = if row.parent.bytes().all(|b| b.is_ascii_alphanumeric()) { REGION } else { PARENT };
    let found = if row.parent.is_empty() {
        memory.places.get(desk.member.node).ok_or_else(|| "所属县区没有填写".to_owned())
    } else {
        memory.places.find(&row.parent).map_err(|error| error.to_string())
    };
    let kind = |place: &str| place.parse::<NodeKind>().ok();
    match found {
        Ok(place)
            if kind(&place.kind)
                .is_some_and(|k| k.is_region() && NodeKind::School.may_stand_below(Some(k))) =>
        {
            Some(Above::Known(place.id))
        }
        Ok(place) => {
            notes
                .wrong(column, format!("学校不能直接设在“{}”之下；请填所属的县（市、区）或镇街", place.name));
            None
        }
        Err(sentence) => {
            notes.wrong(column, sentence);
            None
        }
    }
}

fn find_doubles(memory: &mut Memory, row: &Row, notes: &mut Notes) {
    let number = notes.number();
    if !row.code.is_empty() {
        match memory.codes.get(&row.code) {
            Some(first) => notes.wrong(CODE, format!("与第 {first} 行的学校标识码相同；请核对哪一行有误")),
            None => {
                memory.codes.insert(row.code.clone(), number);
            }
        }
    }
    let Some(above) = &row.above else { return };
    let place = (above.clone(), plain_name(&row.name));
    match memory.names.get(&place) {
        Some(first) => notes.wrong(NAME, format!("与第 {first} 行的学校重复；请删去重复的一行")),
        None => {
            memory.names.insert(place, number);
        }
    }
}

/// The school that the row is about, when it is known: by code, else by name below the parent.
async fn find_known(
    memory: &Memory,
    tx: &mut Tx,
    row: &Row,
    notes: &mut Notes,
) -> Result<Option<Uuid>, DbError> {
    if !row.code.is_empty() {
        if let Some(place) = memory.places.with_code(&row.code) {
            if place.kind != NodeKind::School.key() {
                notes.wrong(CODE, format!("该代码已由“{}”使用，请核对", place.name));
            }
            return Ok(Some(place.id));
        }
        if organisation::by_code(tx, &row.code).await?.is_some() {
            notes.wrong(CODE, "该标识码已由您管理范围以外的机构使用；请核对，或请上级管理员处理");
            return Ok(None);
        }
    }
    let Some(Above::Known(parent)) = row.above else { return Ok(None) };
    let there = memory.places.named(&row.name).find(|place| place.parent == Some(parent));
    Ok(there.map(|place| place.id))
}

async fn compare(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    row: &Row,
    notes: &mut Notes,
) -> Result<Option<Difference>, DbError> {
    let place = match &row.above {
        Some(Above::Known(id)) => above(memory, Some(*id)),
        Some(Above::Founded(name)) => name.clone(),
        None => String::new(),
    };
    let number = notes.number();
    let difference = |what, fields| Difference {
        row: number,
        what,
        subject: row.name.clone(),
        place: place.clone(),
        fields,
    };
    let parent = match row.above {
        Some(Above::Known(id)) => Some(id),
        _ => None,
    };
    let is_other = |place: &Place| place.parent == parent && Some(place.id) != row.known;
    let is_taken = parent.is_some() && memory.places.named(&row.name).any(is_other);
    if is_taken {
        notes.wrong(NAME, "同一上级之下已有同名的学校；请使用能够区分的名称，或核对学校标识码");
        return Ok(None);
    }
    let Some(school) = row.known.filter(|id| memory.places.get(*id).is_some()) else {
        return Ok(Some(difference(What::New, Vec::new())));
    };
    let facts = organisation::facts(tx, Id::from_uuid(school)).await?.unwrap_or_default();
    let environments = memory.environments(desk, tx, row.above.as_ref()).await?;
    let mut fields = fact_changes(environments, &facts, &row.facts(&facts));
    let Some(known) = memory.places.get(school) else { return Ok(None) };
    if plain_name(&known.name) != plain_name(&row.name) {
        fields.push(Alteration::new("学校名称", &*known.name, &*row.name));
        // A code typed wrongly would give a school the name of another.
        notes.ask(
            NAME,
            format!(
                "标识码 {} 登记的学校是“{}”，文件中是“{}”；是同一所学校更名吗？如果标识码填错了，请选“不办理”并更正文件",
                row.code, known.name, row.name
            ),
        );
    }
    let code = known.code.as_deref().unwrap_or_default();
    if !row.code.is_empty() && code != row.code {
        fields.push(Alteration::new("学校标识码", code, &*row.code));
        if !code.is_empty() {
            notes.ask(
                CODE,
                format!("“{}”登记的标识码是 {code}，文件中是 {}；标识码变更了吗？如果填错了，请选“不办理”并更正文件", known.name, row.code),
            );
        }
    }
    let stays = matches!(row.above, Some(Above::Known(id)) if Some(id) == known.parent);
    if !stays {
        fields.push(Alteration::new("上级单位", above(memory, known.parent), &*place));
    }
    let what = if fields.is_empty() { What::Same } else { What::Changed };
    Ok(Some(difference(what, fields)))
}

fn fact_changes(environments: &Environments, old: &Facts, new: &Facts) -> Vec<Alteration> {
    let environment = |facts: &Facts| {
        facts.environment.as_deref().map_or_else(String::new, |key| environments.title(key).to_owned())
    };
    let yes = |yes: bool| if yes { "是" } else { "否" };
    let pairs = [
        ("学段", old.stage_titles(), new.stage_titles()),
        ("城乡类型", title(old.location.map(|l| l.title())), title(new.location.map(|l| l.title()))),
        ("民族地区", yes(old.ethnic_area).to_owned(), yes(new.ethnic_area).to_owned()),
        ("原深度贫困县", yes(old.former_poverty).to_owned(), yes(new.former_poverty).to_owned()),
        ("信息化教学环境", environment(old), environment(new)),
        ("智慧教育创建校", yes(old.smart_school).to_owned(), yes(new.smart_school).to_owned()),
        ("试点情况", title(old.pilot.map(|p| p.title())), title(new.pilot.map(|p| p.title()))),
    ];
    let changed = pairs.into_iter().filter(|(_, old, new)| old != new);
    changed.map(|(field, old, new)| Alteration::new(field, old, new)).collect()
}

fn title(term: Option<&str>) -> String {
    term.unwrap_or_default().to_owned()
}
