//! The list of roles: who holds which role where.
//!
//! Somebody not known yet is entered by name and paper, without a post, and kept by the node of
//! the role: the people of project offices are no teachers.

mod judge;
mod row;
mod take;

use std::collections::HashMap;

use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::kind::{About, Book, Choice, Desk, Difference, Item, Kind, Line, Obstacle, Trace, What};
use super::schoolbook::Schoolbook;
use super::teachers::ACCOUNTS;
use crate::role::Role;

pub use row::Row;

/// The list of roles.
#[derive(Debug)]
pub struct Roles;

/// What is known while a list of roles is read.
#[derive(Debug)]
pub struct Memory {
    /// Every open node within the clerk's part of the tree.
    places: Schoolbook,
    /// The row in which somebody has stood with a role at a node.
    rows: HashMap<(Vec<u8>, Role, Uuid), u32>,
    /// People whom rows before this one enter, by the index of the paper.
    entered: HashMap<Vec<u8>, Uuid>,
}

impl Kind for Roles {
    const ABOUT: About = About {
        key: "roles",
        title: "角色名册",
        noun: "角色",
        purpose: "批量授予各级工程办、校长、首席信息官、团队和专家等角色。",
        columns: &row::COLUMNS,
        named_by: row::NAME,
        choices: &[Choice {
            key: ACCOUNTS,
            question: "还没有账号的人员",
            answers: &[("open", "开通账号，导入后可打印首次登录条或下载清单"), ("none", "暂不开通")],
            of_the_rest: false,
        }],
        roles: &[Role::Province, Role::City, Role::County, Role::Town, Role::Clerk],
        outcomes: What::OF_ROSTERS,
        decided_at: "",
        decided_by: &[],
        said_twice: "其他文件也列出的身份，同样撤回。",
    };
    type Row = Row;
    type Memory = Memory;

    fn read(desk: &Desk, line: &mut Line<'_>) -> Option<Row> {
        row::read(desk, line)
    }

    async fn remember(desk: &Desk, tx: &mut Tx) -> Result<Memory, DbError> {
        Ok(Memory {
            places: Schoolbook::load(tx, &desk.scope, "").await?,
            rows: HashMap::new(),
            entered: HashMap::new(),
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

    async fn gone(_: &Memory, _: &Desk, _: &mut Tx) -> Result<Vec<Difference>, DbError> {
        // A list of roles adds: whoever is not on it keeps what was given elsewhere.
        Ok(Vec::new())
    }

    async fn take(
        memory: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: Vec<Item<Row>>,
        book: &mut Book,
    ) -> Result<(), DbError> {
        for row in items.into_iter().filter_map(|item| item.row) {
            take::take(memory, desk, tx, row, book).await?;
        }
        Ok(())
    }

    async fn close(_: &mut Memory, _: &Desk, _: &mut Tx, _: &mut Book) -> Result<(), DbError> {
        Ok(())
    }

    async fn undo(desk: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
        super::teachers::undo(desk, tx, traces).await
    }
}
