//! Judged rows into the tree, and out of it again.

use serde::{Deserialize, Serialize};
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::row::Row;
use super::{Above, Memory};
use crate::organisation::intake::{self, Place};
use crate::organisation::{self, Facts, Kind as NodeKind, NewNode, Node, OrganisationError, Recode, Rename};
use crate::restructuring;
use crate::roster::kind::{Book, Desk, Obstacle, Trace};
use crate::roster::schoolbook::plain_name;

/// A school that was founded.
const SCHOOL: &str = "school";
/// A school that was changed.
const CHANGE: &str = "change";

const REASON: &str = "学校名册导入";
const UNDONE: &str = "撤销学校名册导入";

/// What a school was like before the roll.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    name: String,
    code: String,
    parent: Option<Uuid>,
    facts: Stated,
    /// The version that the school has after the roll.
    version: i64,
}

/// Facts as they are written down.
#[derive(Debug, Serialize, Deserialize)]
struct Stated {
    stages: Vec<String>,
    location: String,
    ethnic_area: bool,
    former_poverty: bool,
    environment: String,
    smart_school: bool,
    /// `None` in rolls taken before rolls said it.
    #[serde(default)]
    pilot: Option<String>,
    version: i64,
}

impl Stated {
    fn of(facts: &Facts) -> Self {
        Self {
            stages: facts.stages.iter().map(|stage| stage.key().to_owned()).collect(),
            location: facts.location.map(|l| l.key().to_owned()).unwrap_or_default(),
            ethnic_area: facts.ethnic_area,
            former_poverty: facts.former_poverty,
            environment: facts.environment.clone().unwrap_or_default(),
            smart_school: facts.smart_school,
            pilot: Some(facts.pilot.map(|p| p.key().to_owned()).unwrap_or_default()),
            version: facts.version,
        }
    }

    fn back(&self, now: &Facts) -> Facts {
        Facts {
            stages: self.stages.iter().filter_map(|code| code.parse().ok()).collect(),
            location: self.location.parse().ok(),
            ethnic_area: self.ethnic_area,
            former_poverty: self.former_poverty,
            environment: Some(self.environment.clone()).filter(|key| !key.is_empty()),
            smart_school: self.smart_school,
            pilot: self.pilot.as_ref().map_or(now.pilot, |pilot| pilot.parse().ok()),
            version: now.version,
        }
    }
}

/// What an action refused, for the job: the check has looked at all that it can refuse, so a
/// refusal here means that somebody else was quicker, and the job tries again.
fn refused(error: OrganisationError) -> DbError {
    match error {
        OrganisationError::Failed(Failure::Internal(cause) | Failure::Busy(cause)) => DbError::Engine(cause),
        other => DbError::Conflict(other.to_string()),
    }
}

/// Founds the school of `row`, or brings what is known of it up to what the row says.
pub async fn take(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    row: &Row,
    book: &mut Book,
) -> Result<(), DbError> {
    let parent = match &row.above {
        Some(Above::Known(id)) => memory.places.get(*id),
        Some(Above::Founded(name)) => memory.places.named(name).next(),
        None => None,
    };
    let Some(parent) = parent.map(|place| place.id) else { return Err(DbError::NoRow) };
    if let Some(school) = row.known {
        return change(desk, tx, row, school, parent, book).await;
    }
    let new = NewNode {
        parent: Some(Id::from_uuid(parent)),
        kind: NodeKind::School,
        name: &row.name,
        code: &row.code,
        valid_from: desk.today,
    };
    let node = organisation::create(&desk.ctx, tx, &new).await.map_err(refused)?;
    let empty = organisation::facts(tx, node.id).await?.unwrap_or_default();
    organisation::state_facts(&desk.ctx, tx, node.id, &row.facts(&empty)).await.map_err(refused)?;
    let made = mark_of(tx, &node).await?;
    book.made_as(SCHOOL, node.id.uuid(), made);
    memory.places.add(Place {
        id: node.id.uuid(),
        kind: NodeKind::School.key().to_owned(),
        name: node.name,
        code: node.code,
        path: node.path,
        parent: Some(parent),
        stages: String::new(),
    });
    Ok(())
}

async fn change(
    desk: &Desk,
    tx: &mut Tx,
    row: &Row,
    school: Uuid,
    parent: Uuid,
    book: &mut Book,
) -> Result<(), DbError> {
    let node = load(desk, tx, school).await?;
    let facts = organisation::facts(tx, node.id).await?.unwrap_or_default();
    let new_facts = row.facts(&facts);
    let name =
        if plain_name(&node.name) == plain_name(&row.name) { node.name.clone() } else { row.name.clone() };
    let known_code = node.code.clone().unwrap_or_default();
    let code = if row.code.is_empty() { known_code.clone() } else { row.code.clone() };
    let above = Some(Id::from_uuid(parent));
    if new_facts == facts && name == node.name && code == known_code && above == node.parent {
        return Ok(());
    }
    let mut before = Before {
        name: node.name.clone(),
        code: known_code,
        parent: node.parent.map(Id::uuid),
        facts: Stated::of(&facts),
        version: 0,
    };
    before.version = shape(desk, tx, node, &name, &code, parent, REASON).await.map_err(refused)?;
    if new_facts != facts {
        organisation::state_facts(&desk.ctx, tx, Id::from_uuid(school), &new_facts).await.map_err(refused)?;
    }
    let node = load(desk, tx, school).await?;
    let made = mark_of(tx, &node).await?;
    book.changed_to(CHANGE, school, &before, made)
}

/// What tells a school as it stands from what becomes of it.
async fn mark_of(tx: &mut Tx, node: &Node) -> Result<String, DbError> {
    let facts = organisation::facts(tx, node.id).await?.unwrap_or_default();
    let facts = Stated { version: 0, ..Stated::of(&facts) };
    let values = (&node.name, &node.code, node.parent.map(Id::uuid), node.valid_to, facts);
    serde_json::to_string(&values).map_err(|e| DbError::Engine(e.to_string()))
}

async fn load(desk: &Desk, tx: &mut Tx, school: Uuid) -> Result<Node, DbError> {
    organisation::visible(&desk.ctx, tx, Id::from_uuid(school)).await.map_err(|_| DbError::NoRow)
}

/// Gives a school its name, code and place; gives the version it then has.
async fn shape(
    desk: &Desk,
    tx: &mut Tx,
    mut node: Node,
    name: &str,
    code: &str,
    parent: Uuid,
    reason: &str,
) -> Result<i64, OrganisationError> {
    let from = desk.today;
    if node.name != name {
        let change = Rename { node: node.id, version: node.version, name, from, reason };
        node = organisation::rename(&desk.ctx, tx, &change).await?;
    }
    if node.code.as_deref().unwrap_or_default() != code {
        let change = Recode { node: node.id, version: node.version, code, from, reason };
        node = organisation::recode(&desk.ctx, tx, &change).await?;
    }
    if node.parent != Some(Id::from_uuid(parent)) {
        let place = (node.id, node.version);
        restructuring::relocate(&desk.ctx, tx, place, Id::from_uuid(parent), from, reason).await?;
        node = load(desk, tx, node.id.uuid()).await?;
    }
    Ok(node.version)
}

/// Puts `traces` back, the last first.
pub async fn undo(desk: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
    for trace in traces {
        let node = load(desk, tx, trace.subject).await?;
        if trace.thing == SCHOOL {
            let is_other = match trace.made.as_str() {
                "" => node.version != 1,
                made => mark_of(tx, &node).await? != made,
            };
            if is_other {
                return Err(amended(&node));
            }
            let name = node.name;
            intake::unmake(tx, trace.subject).await.map_err(|error| match error {
                DbError::Reference(_) => Obstacle::BuiltOn(format!(
                    "“{name}”在导入之后已经登记了教师或下属机构，不能整批撤销；请逐条更正。"
                )),
                other => Obstacle::Db(other),
            })?;
        } else {
            put_back(desk, tx, node, &trace).await?;
        }
    }
    Ok(())
}

async fn put_back(desk: &Desk, tx: &mut Tx, node: Node, trace: &Trace) -> Result<(), Obstacle> {
    let before: Before = serde_json::from_str(&trace.before).map_err(|e| DbError::Engine(e.to_string()))?;
    let facts = organisation::facts(tx, node.id).await?.unwrap_or_default();
    let is_other = match trace.made.as_str() {
        "" => node.version != before.version || facts.version > before.facts.version + 1,
        made => mark_of(tx, &node).await? != made,
    };
    if is_other {
        return Err(amended(&node));
    }
    let id = node.id;
    if let Some(parent) = before.parent {
        shape(desk, tx, node, &before.name, &before.code, parent, UNDONE).await.map_err(refused)?;
    }
    let old = before.facts.back(&facts);
    if old != facts {
        organisation::state_facts(&desk.ctx, tx, id, &old).await.map_err(refused)?;
    }
    Ok(())
}

fn amended(node: &Node) -> Obstacle {
    Obstacle::BuiltOn(format!("“{}”在导入之后又被修改过，不能整批撤销；请逐条更正。", node.name))
}
