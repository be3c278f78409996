//! Rows of those who have left, and rows of a file that says only what has changed.

use super::row::{NAME, PAPER, Row, SCHOOL, SUBJECT, UNTOLD};
use crate::people::intake::{OnRoll, PostOnRoll};
use crate::roster::kind::{Alteration, Desk, Difference, Notes, What};
use crate::roster::schoolbook::Schoolbook;
use crate::roster::words;

/// What is said of somebody at a school that the clerk does not manage.
const ELSEWHERE: &str =
    "此人目前登记在您管理范围以外的学校，不能在这里更改或登记离校；请由其所在学校或同时管理两校的上级办理";

/// Whether the school of a row is the one at which the person is.
pub fn names_no_school(desk: &Desk, row: &Row) -> bool {
    (row.leaves || desk.is_part()) && row.school_code.is_empty() && row.school_name.is_empty()
}

/// The school at which the person of a row is, within the clerk's part of the tree.
pub fn school_of(desk: &Desk, row: &Row) -> Option<uuid::Uuid> {
    post_of(row).filter(|post| desk.scope.holds(&post.path)).map(|post| post.school)
}

fn post_of(row: &Row) -> Option<&PostOnRoll> {
    row.known.as_ref()?.post.as_ref()
}

/// Fills in what a row that says only what has changed, or names a record of ours, leaves out.
pub fn fill_in(row: &mut Row, notes: &mut Notes) {
    let Some(post) = row.known.as_ref().and_then(|known| known.post.as_ref()) else {
        return told(row, notes);
    };
    if row.school != Some(post.school) {
        return told(row, notes);
    }
    if row.is_untold {
        row.subject = words::subject(&post.subject).unwrap_or_default();
    }
    row.stage = row.stage.or_else(|| post.stage.parse().ok());
}

/// Notes of somebody who comes to a school that it is not told what is taught.
fn told(row: &Row, notes: &mut Notes) {
    if row.is_untold && !row.leaves && row.school.is_some() {
        notes.wrong(SUBJECT, UNTOLD);
    }
}

/// What becomes of somebody who has left.
pub fn leaver(schools: &Schoolbook, desk: &Desk, row: &Row, notes: &mut Notes) -> Option<Difference> {
    let Some(known) = &row.known else {
        notes.warn(PAPER, "系统中没有此人，不用登记离校");
        return Some(same(row, notes));
    };
    if known.name != row.entered.name.as_str() {
        let sentence = if desk.scope.holds(known.path()) {
            format!("系统中这个证件号码登记的姓名是“{}”，与离校的这一行不一致；请核对", known.name)
        } else {
            "系统中这个证件号码登记的是另一个姓名；请核对姓名和证件号码".to_owned()
        };
        notes.wrong(NAME, sentence);
        return None;
    }
    let Some(post) = &known.post else {
        notes.warn(SCHOOL, "此人没有在职岗位，不用登记离校");
        return Some(same(row, notes));
    };
    if !desk.scope.holds(&post.path) {
        notes.wrong(SCHOOL, ELSEWHERE);
        return None;
    }
    let at = schools.get(post.school).map_or("", |place| place.name.as_str());
    if row.school != Some(post.school) {
        notes.warn(SCHOOL, format!("此人现在登记在“{at}”，不在这一行写的学校；没有改动"));
        return Some(same(row, notes));
    }
    let fields = vec![Alteration::new("任职", "在职", "离开本校")];
    Some(Difference { what: What::Changed, place: at.to_owned(), fields, ..same(row, notes) })
}

/// What becomes of somebody of whom neither the file nor the system says a school.
pub fn unplaced(desk: &Desk, row: &Row, notes: &mut Notes) -> Option<Difference> {
    if post_of(row).is_some_and(|post| !desk.scope.holds(&post.path)) {
        notes.wrong(SCHOOL, ELSEWHERE);
        return None;
    }
    notes.warn(SCHOOL, "文件没有写明此人的学校和教师角色，系统中也没有此人的在职岗位；这一行不导入");
    Some(same(row, notes))
}

/// The person and the post that a row of somebody who has left ends.
pub fn ends(row: &Row) -> Option<(&OnRoll, &PostOnRoll)> {
    let known = row.known.as_ref().filter(|_| row.leaves)?;
    known.post.as_ref().filter(|post| row.school == Some(post.school)).map(|post| (known, post))
}

fn same(row: &Row, notes: &Notes) -> Difference {
    Difference {
        row: notes.number(),
        what: What::Same,
        subject: format!("{}（{}）", row.entered.name, row.masked()),
        place: String::new(),
        fields: Vec::new(),
    }
}
