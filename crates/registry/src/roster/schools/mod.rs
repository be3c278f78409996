//! The roll of schools: where they stand in the tree and what rules must know of them.
//!
//! A school is known by its identification code, else by its name below the same parent. Writing
//! goes through the organisation's own actions, so that each change leaves its history.

mod judge;
mod row;
mod take;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use tisheng_platform::{Ctx, DbError, Tx};
use uuid::Uuid;

use super::column::Hint;
use super::kind::{About, Book, Desk, Difference, Item, Kind, Line, Obstacle, Trace, What, failed};
use super::schoolbook::Schoolbook;
use crate::organisation::intake::Place;
use crate::organisation::{Environments, environments};
use crate::role::Role;

pub use row::Row;

/// The roll of schools.
#[derive(Debug)]
pub struct Schools;

/// What is known while a roll of schools is read.
#[derive(Debug)]
pub struct Memory {
    /// What environments there are below each parent; `None` stands for the clerk's own node.
    environments: HashMap<Option<Uuid>, Environments>,
    /// Every open node within the clerk's part of the tree.
    places: Schoolbook,
    /// The row in which each code has stood.
    codes: HashMap<String, u32>,
    /// The row in which each name below one parent has stood; a school that the file itself
    /// founds stands under its name.
    names: HashMap<(Above, String), u32>,
    /// Schools that rows before this one found, by plain name.
    founded: HashSet<String>,
    /// The regions and schools below which the file names schools.
    parents: HashSet<Uuid>,
    /// The schools known already that the file names.
    present: HashSet<Uuid>,
}

impl Memory {
    /// What environments a school below `above` may have.
    async fn environments(
        &mut self,
        desk: &Desk,
        tx: &mut Tx,
        above: Option<&Above>,
    ) -> Result<&Environments, DbError> {
        let parent = match above {
            Some(Above::Known(id)) => self.places.get(*id),
            _ => None,
        };
        let (key, path) = parent.map_or((None, &desk.member.path), |place| (Some(place.id), &place.path));
        Ok(match self.environments.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(free) => free.insert(environments(&desk.ctx, tx, path).await.map_err(failed)?),
        })
    }
}

/// What a school stands below: known, or founded by an earlier row of the same file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Above {
    /// A node that is there.
    Known(Uuid),
    /// The central school of this plain name, which the file itself founds.
    Founded(String),
}

impl Kind for Schools {
    const ABOUT: About = About {
        key: "schools",
        title: "学校名册",
        noun: "学校",
        purpose: "批量登记辖区内的学校和教学点，以及选学规则需要的学校基本情况。",
        columns: &row::COLUMNS,
        named_by: row::NAME,
        choices: &[],
        roles: &[Role::Province, Role::City, Role::County, Role::Town],
        outcomes: What::OF_ROSTERS,
        decided_at: "",
        decided_by: &[],
        said_twice: "其他文件也列出的学校，同样撤回。",
    };
    type Row = Row;
    type Memory = Memory;

    async fn hints(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Hint>, DbError> {
        let Some(member) = ctx.who.member() else { return Ok(Vec::new()) };
        let environments = environments(ctx, tx, &member.path).await.map_err(failed)?;
        let terms = environments.titles().into_iter().map(str::to_owned).collect();
        let note = "决定学校可选的能力点；可由学校以后填写".to_owned();
        Ok(vec![Hint { column: row::ENVIRONMENT, note, terms }])
    }

    fn read(_: &Desk, line: &mut Line<'_>) -> Option<Row> {
        row::read(line)
    }

    async fn remember(desk: &Desk, tx: &mut Tx) -> Result<Memory, DbError> {
        Ok(Memory {
            environments: HashMap::new(),
            places: Schoolbook::load(tx, &desk.scope, "").await?,
            codes: HashMap::new(),
            names: HashMap::new(),
            founded: HashSet::new(),
            parents: HashSet::new(),
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

    async fn gone(memory: &Memory, _: &Desk, _: &mut Tx) -> Result<Vec<Difference>, DbError> {
        let missing = |place: &&Place| {
            place.kind == "school"
                && !memory.present.contains(&place.id)
                && place.parent.is_some_and(|parent| memory.parents.contains(&parent))
        };
        let mut gone: Vec<Difference> = memory
            .places
            .all()
            .filter(missing)
            .map(|place| Difference {
                row: 0,
                what: What::Gone,
                subject: place.name.clone(),
                place: above(memory, place.parent),
                fields: Vec::new(),
            })
            .collect();
        gone.sort_by(|a, b| (&a.place, &a.subject).cmp(&(&b.place, &b.subject)));
        Ok(gone)
    }

    async fn take(
        memory: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: Vec<Item<Row>>,
        book: &mut Book,
    ) -> Result<(), DbError> {
        for row in items.into_iter().filter_map(|item| item.row) {
            take::take(memory, desk, tx, &row, book).await?;
        }
        Ok(())
    }

    async fn close(_: &mut Memory, _: &Desk, _: &mut Tx, _: &mut Book) -> Result<(), DbError> {
        // Closing a school is an act of its own, with a day and a reason; the roll only shows it.
        Ok(())
    }

    async fn undo(desk: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
        take::undo(desk, tx, traces).await
    }
}

/// The name of what stands above; empty at the top.
fn above(memory: &Memory, parent: Option<Uuid>) -> String {
    parent.and_then(|id| memory.places.get(id)).map_or_else(String::new, |place| place.name.clone())
}
