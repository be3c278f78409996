//! The roll of teachers: people, their posts, their accounts.
//!
//! A person is known by the number of a paper, for life and everywhere; in a file that was taken away
//! here without papers, by the number of the record. A row about somebody
//! with a post at another school is a transfer, which the clerk decides; where that school lies
//! outside the clerk's part of the tree, it is an error, since the transfer is not theirs to make.

mod days;
mod judge;
mod leaving;
mod row;
mod take;
mod undo;

use std::collections::{HashMap, HashSet};

use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::kind::{
    About, Alteration, Book, Choice, Desk, Difference, Item, Kind, Line, Obstacle, Trace, What,
};
use super::schoolbook::Schoolbook;
use crate::access::intake::LEFT;
use crate::people::PostState;
use crate::people::intake::{self, Present};
use crate::role::Role;

pub(super) use row::PAPER_KINDS;
pub use row::Row;
pub(super) use take::{ACCOUNT, GRANT, GRANT_END, PERSON, POST};
pub(super) use undo::undo;

/// What becomes of people whom the file does not name.
pub const GONE: &str = "gone";
/// Whether people without an account get one.
pub const ACCOUNTS: &str = "accounts";

/// The roll of teachers.
#[derive(Debug)]
pub struct Teachers;

impl Teachers {
    /// The column of the number of somebody's record here, by its name in code: an origin that writes such
    /// numbers gives its title. Whoever is known by it needs no paper.
    pub const NUMBER: &'static str = "number";
}

/// What is known while a roll of teachers is read.
#[derive(Debug)]
pub struct Memory {
    schools: Schoolbook,
    /// Where each paper has stood in the file so far: the row and the number of the school.
    papers: HashMap<u64, (u32, u32)>,
    /// The row in which each phone has stood first.
    phones: HashMap<u64, u32>,
    /// The row in which each login has stood first.
    logins: HashMap<String, u32>,
    /// The schools that the file names, numbered in its order.
    named: HashMap<Uuid, u32>,
    /// The people known already whom the file names.
    present: HashSet<Uuid>,
}

impl Kind for Teachers {
    const ABOUT: About = About {
        key: "teachers",
        title: "教师名册",
        noun: "教师",
        purpose: "批量登记教师及其任教信息，并为没有账号的教师开通账号。",
        columns: &row::COLUMNS,
        named_by: row::NAME,
        choices: &[
            Choice {
                key: GONE,
                question: "系统中在职、但文件中没有的人员",
                answers: &[("keep", "保持不变"), ("left", "登记为离开本校（学时和成果全部保留）")],
                of_the_rest: true,
            },
            Choice {
                key: ACCOUNTS,
                question: "还没有账号的人员",
                answers: &[("open", "开通账号，导入后可打印首次登录条或下载清单"), ("none", "暂不开通")],
                of_the_rest: false,
            },
        ],
        roles: &[Role::Province, Role::City, Role::County, Role::Town, Role::Clerk],
        outcomes: What::OF_ROSTERS,
        decided_at: "",
        decided_by: &[],
        said_twice: "其他名册也列出的教师，同样撤回。",
    };
    type Row = Row;
    type Memory = Memory;

    fn read(desk: &Desk, line: &mut Line<'_>) -> Option<Row> {
        row::read(desk, line)
    }

    async fn remember(desk: &Desk, tx: &mut Tx) -> Result<Memory, DbError> {
        Ok(Memory {
            schools: Schoolbook::load(tx, &desk.scope, "school").await?,
            papers: HashMap::new(),
            phones: HashMap::new(),
            logins: HashMap::new(),
            named: HashMap::new(),
            present: HashSet::new(),
        })
    }

    async fn judge(
        memory: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: &mut [Item<Row>],
    ) -> Result<(), DbError> {
        judge::judge(memory, desk, tx, items).await
    }

    async fn gone(memory: &Memory, desk: &Desk, tx: &mut Tx) -> Result<Vec<Difference>, DbError> {
        let mut gone = Vec::new();
        if desk.is_part() {
            return Ok(gone);
        }
        for (school, absent) in absent(memory, tx).await? {
            let place = memory.schools.get(school).map_or_else(String::new, |place| place.name.clone());
            gone.extend(absent.into_iter().map(|one| Difference {
                row: 0,
                what: What::Gone,
                subject: format!("{}（{}）", one.name, one.paper_masked),
                place: place.clone(),
                fields: Vec::new(),
            }));
        }
        Ok(gone)
    }

    async fn take(
        memory: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: Vec<Item<Row>>,
        book: &mut Book,
    ) -> Result<(), DbError> {
        take::take(memory, desk, tx, items, book).await
    }

    async fn close(memory: &mut Memory, desk: &Desk, tx: &mut Tx, book: &mut Book) -> Result<(), DbError> {
        if desk.is_part() || !desk.chose(GONE, "left") {
            return Ok(());
        }
        let why = (desk.today, (PostState::Left, "名册中没有"), LEFT);
        for (school, absent) in absent(memory, tx).await? {
            for one in absent {
                take::leave(desk, tx, (one.person, one.post, school), why, book).await?;
            }
        }
        Ok(())
    }

    async fn undo(desk: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
        undo(desk, tx, traces).await
    }
}

/// Those with a post at a school that the file names whom it does not name itself.
async fn absent(memory: &Memory, tx: &mut Tx) -> Result<Vec<(Uuid, Vec<Present>)>, DbError> {
    let mut schools: Vec<Uuid> = memory.named.keys().copied().collect();
    schools.sort_unstable();
    let mut found = Vec::new();
    for school in schools {
        let mut people = intake::at_school(tx, school).await?;
        people.retain(|one| !memory.present.contains(&one.person));
        if !people.is_empty() {
            found.push((school, people));
        }
    }
    Ok(found)
}

/// A field that differs between what is known and what the file says.
fn altered(field: &str, old: &str, new: &str) -> Option<Alteration> {
    (old != new).then(|| Alteration::new(field, old, new))
}
