//! What is done to the tree. Each action loads the node as the asker may see it, remembers what
//! was before, and says what it did in the audit trail.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Shift, Tx, audit, jobs};

use super::environment::environments;
use super::model::{Facts, Kind, Node, own_segment, segment};
use super::store;
use crate::role::{Permission, permit};

/// Why the tree was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum OrganisationError {
    /// The name is empty or too long.
    #[error("名称应为1至60字")]
    Name,
    /// The code does not fit the kind.
    #[error("{0}")]
    Code(String),
    /// Another open node carries the code.
    #[error("代码 {code} 已由“{holder}”使用")]
    CodeTaken {
        /// The code.
        code: String,
        /// The name of the node that carries it.
        holder: String,
    },
    /// A node of this kind cannot stand there.
    #[error("{kind}不能直接设在{above}之下")]
    Place {
        /// What was to be placed.
        kind: &'static str,
        /// Below what.
        above: &'static str,
    },
    /// What stands above is closed.
    #[error("“{0}”已停用，不能在其下设立或移入机构")]
    ParentClosed(String),
    /// A node cannot stand below itself.
    #[error("不能把机构移到它自己或它的下级之下")]
    IntoItself,
    /// Something still stands below.
    #[error("其下还有 {0} 个未停用的机构，请先移出或停用")]
    StillInUse(i64),
    /// Teachers still hold posts there.
    #[error("还有 {0} 名教师在这里任职，请先办理调动或离任，再停用")]
    StillTaught(i64),
    /// The day lies before the founding, or before the closing that is taken back.
    #[error("日期不能早于{0}")]
    TooEarly(String),
    /// The day is still to come, and what is entered holds at once.
    #[error("日期不能晚于今天；请到当天再办理")]
    NotYet,
    /// Another open node of the kind below the same parent has the name.
    #[error("同一上级之下已有名为“{0}”的机构，请使用能够区分的名称")]
    NameTaken(String),
    /// Somebody else has changed the node.
    #[error("机构信息已被他人修改，请刷新后核对")]
    Stale,
    /// Only a school has the facts of a school.
    #[error("只有学校需要填写学校基本情况")]
    NotASchool,
    /// The scheme of the place has no such environment.
    #[error("信息化教学环境应为：{0}")]
    Environment(String),
    /// A reason is asked for.
    #[error("请填写原因")]
    NoReason,
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for OrganisationError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for OrganisationError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<OrganisationError> for Failure {
    fn from(error: OrganisationError) -> Self {
        match error {
            OrganisationError::Failed(failure) => failure,
            OrganisationError::Stale => Self::Stale(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// What a new organisation is like.
#[derive(Debug, Clone)]
pub struct NewNode<'a> {
    /// What it stands below; `None` for a root, which only the installation itself founds.
    pub parent: Option<Id<Node>>,
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: &'a str,
    /// Its code; empty when it has none.
    pub code: &'a str,
    /// The day from which it is.
    pub valid_from: NaiveDate,
}

/// A new name.
#[derive(Debug, Clone)]
pub struct Rename<'a> {
    /// The node.
    pub node: Id<Node>,
    /// The version that the asker saw.
    pub version: i64,
    /// The new name.
    pub name: &'a str,
    /// The day from which it holds.
    pub from: NaiveDate,
    /// Why.
    pub reason: &'a str,
}

/// A new code, or none.
#[derive(Debug, Clone)]
pub struct Recode<'a> {
    /// The node.
    pub node: Id<Node>,
    /// The version that the asker saw.
    pub version: i64,
    /// The new code; empty for none.
    pub code: &'a str,
    /// The day from which it holds.
    pub from: NaiveDate,
    /// Why.
    pub reason: &'a str,
}

/// The end of an organisation.
#[derive(Debug, Clone)]
pub struct Close<'a> {
    /// The node.
    pub node: Id<Node>,
    /// The version that the asker saw.
    pub version: i64,
    /// The first day on which it is no more.
    pub on: NaiveDate,
    /// Why.
    pub reason: &'a str,
}

/// The event of a move; its payload is a [`Moved`].
pub const MOVED: &str = "organisation.moved";

/// A subtree has another path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The node that was moved.
    pub node: Id<Node>,
    /// The head of the paths before.
    pub from: String,
    /// The head of the paths now.
    pub to: String,
}

impl Moved {
    /// The change of every path that somebody keeps.
    #[must_use]
    pub fn shift(&self) -> Shift {
        Shift::new(&self.from, &self.to)
    }
}

/// Founds an organisation. A school begins with empty facts.
///
/// # Errors
/// [`OrganisationError`].
pub async fn create(ctx: &Ctx, tx: &mut Tx, new: &NewNode<'_>) -> Result<Node, OrganisationError> {
    permit(ctx, Permission::ShapeOrganisation)?;
    let above = match new.parent {
        Some(id) => Some(super::visible(ctx, tx, id).await?),
        None if ctx.who.member().is_none() => None,
        None => return Err(Failure::NotFound.into()),
    };
    place(new.kind, above.as_ref())?;
    let name = name(new.name)?;
    come(ctx, new.valid_from)?;
    free_name(tx, new.parent, new.kind, name, None).await?;
    let code = free_code(tx, new.kind, new.code, None).await?;
    let id: Id<Node> = ctx.id();
    let head = above.as_ref().map_or("/", |node| node.path.as_str());
    let path = free_path(tx, head, id, &segment(id, new.kind, code.as_deref())).await?;
    let node = Node {
        id,
        parent: new.parent,
        kind: new.kind,
        name: name.to_owned(),
        path,
        code,
        depth: above.as_ref().map_or(0, |node| node.depth + 1),
        valid_from: new.valid_from,
        valid_to: None,
        version: 1,
    };
    store::insert(tx, &node).await?;
    if node.kind == Kind::School {
        store::put_facts(tx, id, &Facts::default()).await?;
    }
    let detail = json!({ "kind": node.kind.key(), "name": node.name, "code": node.code, "path": node.path });
    audit::record(ctx, tx, "organisation.founded", id.uuid(), &detail).await?;
    Ok(node)
}

/// Gives a node another name; the old one stays in its history.
///
/// # Errors
/// [`OrganisationError`].
pub async fn rename(ctx: &Ctx, tx: &mut Tx, change: &Rename<'_>) -> Result<Node, OrganisationError> {
    let old = load(ctx, tx, change.node, change.version).await?;
    let name = name(change.name)?;
    let reason = reason(change.reason)?;
    within(ctx, &old, change.from)?;
    free_name(tx, old.parent, old.kind, name, Some(old.id)).await?;
    store::remember(ctx, tx, &old, "renamed", change.from, reason).await?;
    changed(store::rename(tx, &old, name, ctx.at).await?)?;
    let detail = json!({ "from": old.name, "to": name, "reason": reason });
    audit::record(ctx, tx, "organisation.renamed", old.id.uuid(), &detail).await?;
    Ok(Node { name: name.to_owned(), version: old.version + 1, ..old })
}

/// Gives a node another code, as when the state renumbers its regions; the path stays.
///
/// # Errors
/// [`OrganisationError`].
pub async fn recode(ctx: &Ctx, tx: &mut Tx, change: &Recode<'_>) -> Result<Node, OrganisationError> {
    let old = load(ctx, tx, change.node, change.version).await?;
    let code = free_code(tx, old.kind, change.code, Some(old.id)).await?;
    let reason = reason(change.reason)?;
    within(ctx, &old, change.from)?;
    store::remember(ctx, tx, &old, "recoded", change.from, reason).await?;
    changed(store::recode(tx, &old, code.as_deref(), ctx.at).await?)?;
    let detail = json!({ "from": old.code, "to": code, "reason": reason });
    audit::record(ctx, tx, "organisation.recoded", old.id.uuid(), &detail).await?;
    Ok(Node { code, version: old.version + 1, ..old })
}

/// Moves a node with everything below it under `parent`, both within what the asker may see.
/// Only this room's paths are rewritten: the room of restructuring has the front door that takes
/// posts and roles along.
///
/// # Errors
/// [`OrganisationError`].
pub async fn relocate(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Node>, i64),
    parent: Id<Node>,
    from: NaiveDate,
    why: &str,
) -> Result<Moved, OrganisationError> {
    let old = load(ctx, tx, id, version).await?;
    let above = super::visible(ctx, tx, parent).await?;
    if above.path.starts_with(&old.path) {
        return Err(OrganisationError::IntoItself);
    }
    place(old.kind, Some(&above))?;
    let reason = reason(why)?;
    within(ctx, &old, from)?;
    free_name(tx, Some(above.id), old.kind, &old.name, Some(id)).await?;
    store::remember(ctx, tx, &old, "moved", from, reason).await?;
    let to = free_path(tx, &above.path, id, old.segment()).await?;
    let moved = Moved { node: id, to, from: old.path.clone() };
    store::keep_moved(tx, &moved, ctx.at).await?;
    changed(store::reparent(tx, &old, above.id).await?)?;
    store::rewrite_paths(tx, &moved, above.depth + 1 - old.depth, ctx.at).await?;
    let detail = json!({ "from": moved.from, "to": moved.to, "reason": reason });
    audit::record(ctx, tx, "organisation.moved", id.uuid(), &detail).await?;
    jobs::emit(tx, ctx.at, MOVED, &moved).await?;
    Ok(moved)
}

/// Ends a node below which nothing is open any more. Only this room's tables are looked at: the
/// room of restructuring has the front door that asks for posts first.
///
/// # Errors
/// [`OrganisationError`].
pub(crate) async fn close(ctx: &Ctx, tx: &mut Tx, end: &Close<'_>) -> Result<(), OrganisationError> {
    let old = load(ctx, tx, end.node, end.version).await?;
    let reason = reason(end.reason)?;
    within(ctx, &old, end.on)?;
    let below = store::open_below(tx, &old.path).await?;
    if below > 0 {
        return Err(OrganisationError::StillInUse(below));
    }
    store::remember(ctx, tx, &old, "closed", end.on, reason).await?;
    changed(store::set_end(tx, &old, Some(end.on), ctx.at).await?)?;
    let detail = json!({ "on": end.on, "reason": reason });
    audit::record(ctx, tx, "organisation.closed", old.id.uuid(), &detail).await?;
    Ok(())
}

/// Takes back the end of a node.
///
/// # Errors
/// [`OrganisationError`].
pub async fn reopen(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Node>, i64),
    from: NaiveDate,
    why: &str,
) -> Result<(), OrganisationError> {
    let old = load(ctx, tx, id, version).await?;
    let reason = reason(why)?;
    come(ctx, from)?;
    if let Some(closed) = old.valid_to.filter(|closed| from < *closed) {
        return Err(OrganisationError::TooEarly(format!("停用日期（{}）", chinese_date(closed))));
    }
    free_name(tx, old.parent, old.kind, &old.name, Some(id)).await?;
    free_code(tx, old.kind, old.code.as_deref().unwrap_or(""), Some(id)).await?;
    store::remember(ctx, tx, &old, "reopened", from, reason).await?;
    changed(store::set_end(tx, &old, None, ctx.at).await?)?;
    audit::record(ctx, tx, "organisation.reopened", id.uuid(), &json!({ "reason": reason })).await?;
    Ok(())
}

/// States the facts of a school; `facts.version` is the one that the asker saw.
///
/// # Errors
/// [`OrganisationError`].
pub async fn state_facts(
    ctx: &Ctx,
    tx: &mut Tx,
    school: Id<Node>,
    facts: &Facts,
) -> Result<(), OrganisationError> {
    permit(ctx, Permission::KeepSchool)?;
    let node = super::visible(ctx, tx, school).await?;
    if node.kind != Kind::School {
        return Err(OrganisationError::NotASchool);
    }
    known_environment(ctx, tx, &node, facts).await?;
    changed(store::put_facts(tx, school, facts).await?)?;
    let detail = json!({
        "stages": facts.stage_codes(), "location": facts.location.map(|l| l.key()),
        "ethnic_area": facts.ethnic_area, "former_poverty": facts.former_poverty,
        "environment": facts.environment, "smart_school": facts.smart_school,
        "pilot": facts.pilot.map(|p| p.key()),
    });
    audit::record(ctx, tx, "organisation.facts_stated", school.uuid(), &detail).await?;
    jobs::emit(tx, ctx.at, "school.changed", &json!({ "school": school })).await?;
    Ok(())
}

/// A school may have what the scheme of its place names, and keep what it had before that scheme.
async fn known_environment(
    ctx: &Ctx,
    tx: &mut Tx,
    school: &Node,
    facts: &Facts,
) -> Result<(), OrganisationError> {
    let Some(key) = &facts.environment else { return Ok(()) };
    let environments = environments(ctx, tx, &school.path).await?;
    if environments.has(key)
        || store::facts(tx, school.id).await?.is_some_and(|old| old.environment == facts.environment)
    {
        return Ok(());
    }
    Err(OrganisationError::Environment(environments.titles().join("、")))
}

/// The node, when the asker may shape it and nobody has changed it since.
async fn load(ctx: &Ctx, tx: &mut Tx, id: Id<Node>, version: i64) -> Result<Node, OrganisationError> {
    permit(ctx, Permission::ShapeOrganisation)?;
    let node = super::visible(ctx, tx, id).await?;
    // An office shapes what stands below it, not itself.
    if ctx.who.member().is_some_and(|member| member.path == node.path) {
        return Err(Failure::NotFound.into());
    }
    changed(node.version == version)?;
    Ok(node)
}

const fn changed(fresh: bool) -> Result<(), OrganisationError> {
    if fresh { Ok(()) } else { Err(OrganisationError::Stale) }
}

fn place(kind: Kind, above: Option<&Node>) -> Result<(), OrganisationError> {
    if let Some(node) = above.filter(|node| !node.is_open()) {
        return Err(OrganisationError::ParentClosed(node.name.clone()));
    }
    let stands = above.map(|node| node.kind);
    if kind.may_stand_below(stands) {
        return Ok(());
    }
    Err(OrganisationError::Place { kind: kind.title(), above: stands.map_or("最上层", Kind::title) })
}

fn name(text: &str) -> Result<&str, OrganisationError> {
    let text = text.trim();
    if (1..=60).contains(&text.chars().count()) { Ok(text) } else { Err(OrganisationError::Name) }
}

fn reason(text: &str) -> Result<&str, OrganisationError> {
    let text = text.trim();
    if text.is_empty() { Err(OrganisationError::NoReason) } else { Ok(text) }
}

/// Passes when `day` has come.
fn come(ctx: &Ctx, day: NaiveDate) -> Result<(), OrganisationError> {
    if day <= ctx.at.date() { Ok(()) } else { Err(OrganisationError::NotYet) }
}

/// Passes when `day` has come and lies in the life of `node`.
fn within(ctx: &Ctx, node: &Node, day: NaiveDate) -> Result<(), OrganisationError> {
    if day < node.valid_from {
        return Err(OrganisationError::TooEarly(format!("设立日期（{}）", chinese_date(node.valid_from))));
    }
    come(ctx, day)
}

/// Passes when no other open node of `kind` below `parent` is called `name`.
async fn free_name(
    tx: &mut Tx,
    parent: Option<Id<Node>>,
    kind: Kind,
    name: &str,
    own: Option<Id<Node>>,
) -> Result<(), OrganisationError> {
    let Some(parent) = parent else { return Ok(()) };
    match store::namesake(tx, parent, kind, name, own).await? {
        true => Err(OrganisationError::NameTaken(name.to_owned())),
        false => Ok(()),
    }
}

/// The path of the node `id` below `head`: with `segment`, or with the node's own where another has that
/// path already. A place that is closed or has another code by now keeps the path of the old code, and the
/// code may be given again.
async fn free_path(tx: &mut Tx, head: &str, id: Id<Node>, segment: &str) -> Result<String, DbError> {
    let (path, own) = (format!("{head}{segment}/"), own_segment(id));
    if segment == own {
        return Ok(path);
    }
    match store::by_path(tx, &path).await? {
        Some(holder) if holder.id != id => Ok(format!("{head}{own}/")),
        _ => Ok(path),
    }
}

/// The code, when it fits the kind and no other open node carries it.
async fn free_code(
    tx: &mut Tx,
    kind: Kind,
    text: &str,
    own: Option<Id<Node>>,
) -> Result<Option<String>, OrganisationError> {
    let Some(code) = kind.read_code(text.trim()).map_err(OrganisationError::Code)? else { return Ok(None) };
    match store::by_code(tx, &code).await? {
        Some(holder) if Some(holder.id) != own => {
            Err(OrganisationError::CodeTaken { code, holder: holder.name })
        }
        _ => Ok(Some(code)),
    }
}
