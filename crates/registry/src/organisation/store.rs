//! Every statement of the tree; that of the list of schools beside.

mod schools;

use chrono::NaiveDate;
use tisheng_kernel::pinyin::Reading;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Row;
use tisheng_platform::web::paging::ROWS;
use tisheng_platform::{Ctx, DbError, Scope, Tx, args};

use super::actions::Moved;
use super::model::{Facts, Kind, Node};
pub use schools::{SchoolFilter, SchoolOrder, SchoolRow, schools};

const VISIBLE: &str = "select id, parent, kind, name, code, path, depth, valid_from, valid_to, version
    from node where id = $1 and path >= $2 and path < $3";

const OF_ID: &str = "select id, parent, kind, name, code, path, depth, valid_from, valid_to, version
    from node where id = $1";

const BY_CODE: &str = "select id, parent, kind, name, code, path, depth, valid_from, valid_to, version
    from node where code = $1 and valid_to is null";

const BY_PATH: &str = "select id, parent, kind, name, code, path, depth, valid_from, valid_to, version
    from node where path = $1";

const BELOW: &str = "select id, parent, kind, name, code, path, depth, valid_from, valid_to, version
    from node where path >= $1 and path < $2 and path > $3 order by path limit $4";

const CHILDREN: &str = "select id, parent, kind, name, code, path, depth, valid_from, valid_to, version
    from node where parent = $1 order by sort_key, id";

/// Among the siblings; the concatenation keeps the index on kinds out of it, which holds every school.
const NAMESAKE: &str = "select count(*) from node
    where parent = $1 and kind || '' = $2 and name = $3 and valid_to is null and id <> $4";

const OPEN_BELOW: &str = "select count(*) from node where path > $1 and path < $2 and valid_to is null";

const SCHOOLS_BELOW: &str = "select count(*) from node
    where path >= $1 and path < $2 and kind = 'school' and valid_to is null";

const SEARCH: &str = "select id, parent, kind, name, code, path, depth, valid_from, valid_to, version
    from node
    where path >= $1 and path < $2
        and (name like $3 escape '\\' or pinyin like $4 escape '\\' or initials like $3 escape '\\' or code like $4 escape '\\')
        and ($5 = '' or kind = $5)
    order by depth, sort_key, id limit 51";

/// Found by the name: the concatenations keep the other indexes out of it.
const SCHOOLS_CALLED: &str = "select id, parent, kind, name, code, path, depth, valid_from, valid_to, version
    from node where name = $3 and kind || '' = 'school' and valid_to is null
    and path || '' >= $1 and path || '' < $2 order by id limit 2";

const INSERT: &str =
    "insert into node (id, parent, kind, name, sort_key, pinyin, initials, code, path, depth,
    valid_from, valid_to, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, null, 1)";

const RENAME: &str = "update node set name = $3, sort_key = $4, pinyin = $5, initials = $6, changed_at = $7,
    version = version + 1 where id = $1 and version = $2";

const RECODE: &str = "update node set code = $3, changed_at = $4, version = version + 1
    where id = $1 and version = $2";

const REPARENT: &str = "update node set parent = $3, version = version + 1 where id = $1 and version = $2";

const REWRITE_PATHS: &str =
    "update node set path = $3 || substr(path, cast(cast($4 as bigint) as integer)), depth = depth + $5,
    changed_at = $6 where path >= $1 and path < $2";

/// What was taken away from the moved place earlier is told of at its new path too, and at the old still;
/// at the new to those who read the place itself, since it was never of those above it there.
const MOVED_ALONG: &str = "insert into node_moved (path, node, parent, name, code, moved_at, told_to)
    select $3 || substr(path, cast(cast($4 as bigint) as integer)), node, parent, name, code, moved_at,
        case when told_to >= $1 and told_to < $2
            then $3 || substr(told_to, cast(cast($4 as bigint) as integer)) else cast($3 as text) end
    from node_moved where path >= $1 and path < $2
    on conflict (path, node) do update set parent = excluded.parent, name = excluded.name,
        code = excluded.code, moved_at = excluded.moved_at, told_to = excluded.told_to
        where excluded.moved_at > node_moved.moved_at";

const MOVED_AWAY: &str = "insert into node_moved (path, node, parent, name, code, moved_at, told_to)
    select path, id, parent, name, code, cast($3 as bigint), '' from node where path >= $1 and path < $2
    on conflict (path, node) do update set parent = excluded.parent, name = excluded.name,
        code = excluded.code, moved_at = excluded.moved_at, told_to = ''";

const CLOSE: &str = "update node set valid_to = cast($3 as text), changed_at = $4, version = version + 1
    where id = $1 and version = $2";

const REMEMBER: &str =
    "insert into node_history (id, node, change, name, parent, code, path, until, reason, at, account)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const HISTORY: &str =
    "select h.change, h.name, coalesce(p.name, ''), coalesce(h.code, ''), h.until, h.reason, h.at
    from node_history h left join node p on p.id = h.parent
    where h.node = $1 order by h.id desc";

const FACTS: &str =
    "select stages, location, ethnic_area, former_poverty, environment, smart_school, pilot, version
    from school where node = $1";

const STATE_FACTS: &str =
    "insert into school (node, stages, location, ethnic_area, former_poverty, environment,
    smart_school, pilot, version) values ($1, $2, $3, $4, $5, $6, $7, $8, 1)
    on conflict (node) do update set stages = excluded.stages, location = excluded.location,
    ethnic_area = excluded.ethnic_area, former_poverty = excluded.former_poverty,
    environment = excluded.environment, smart_school = excluded.smart_school, pilot = excluded.pilot,
    version = school.version + 1
    where school.version = $9";

const NODE_CARDS: &str = "select n.id, n.kind, n.name, n.path,
        (select count(*) from node c where c.parent = n.id and c.valid_to is null)
    from node n where n.parent = $1 and n.valid_to is null order by n.sort_key, n.id";

fn node(row: &Row<'_>) -> Result<Node, DbError> {
    Ok(Node {
        id: row.get(0)?,
        parent: row.get(1)?,
        kind: known(2, &row.get::<String>(2)?)?,
        name: row.get(3)?,
        code: row.get(4)?,
        path: row.get(5)?,
        depth: row.get(6)?,
        valid_from: row.get(7)?,
        valid_to: row.get(8)?,
        version: row.get(9)?,
    })
}

/// Reads a stored code.
fn known<T: std::str::FromStr>(column: usize, code: &str) -> Result<T, DbError> {
    code.parse().map_err(|_| DbError::Column { column, problem: format!("unknown code {code}") })
}

fn known_opt<T: std::str::FromStr>(column: usize, code: Option<&str>) -> Result<Option<T>, DbError> {
    code.filter(|code| !code.is_empty()).map(|code| known(column, code)).transpose()
}

/// `text` as a pattern that finds it anywhere (or, with `anywhere` empty, at the beginning).
fn pattern(before: &str, text: &str) -> String {
    let plain = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("{before}{plain}%")
}

pub(super) async fn visible(tx: &mut Tx, scope: &Scope, id: Id<Node>) -> Result<Option<Node>, DbError> {
    tx.row_opt(VISIBLE, args![id, &scope.from, &scope.until], node).await
}

/// The node `id`, wherever it stands: for whoever asks for nobody.
///
/// # Errors
/// What the database reports.
pub async fn of_id(tx: &mut Tx, id: Id<Node>) -> Result<Option<Node>, DbError> {
    tx.row_opt(OF_ID, args![id], node).await
}

/// The open node that carries `code`, wherever it stands.
///
/// # Errors
/// What the database reports.
pub async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Node>, DbError> {
    tx.row_opt(BY_CODE, args![code], node).await
}

/// The node at `path`.
///
/// # Errors
/// What the database reports.
pub async fn by_path(tx: &mut Tx, path: &str) -> Result<Option<Node>, DbError> {
    tx.row_opt(BY_PATH, args![path], node).await
}

/// At most `most` nodes within `scope` after the one at `place`, closed ones included, in the order of
/// paths.
///
/// # Errors
/// What the database reports.
pub async fn below(tx: &mut Tx, scope: &Scope, place: &str, most: i64) -> Result<Vec<Node>, DbError> {
    tx.rows(BELOW, args![&scope.from, &scope.until, place, most], node).await
}

/// What stands directly below the node `id`, closed ones included, in the order of a list.
///
/// # Errors
/// What the database reports.
pub async fn children(tx: &mut Tx, id: Id<Node>) -> Result<Vec<Node>, DbError> {
    tx.rows(CHILDREN, args![id], node).await
}

/// The nodes above the one at `path`, from the root down, without itself.
///
/// # Errors
/// What the database reports.
pub async fn ancestors(tx: &mut Tx, path: &str) -> Result<Vec<Node>, DbError> {
    let mut found = Vec::new();
    let ends = path.match_indices('/').map(|(at, _)| at + 1).filter(|end| *end > 1 && *end < path.len());
    for end in ends {
        found.extend(by_path(tx, &path[..end]).await?);
    }
    Ok(found)
}

/// A child as the browser of the tree shows it.
#[derive(Debug, Clone)]
pub struct NodeCard {
    /// Its identifier.
    pub id: Id<Node>,
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Open nodes directly below it.
    pub below: i64,
}

pub(super) async fn cards(tx: &mut Tx, id: Id<Node>) -> Result<Vec<NodeCard>, DbError> {
    tx.rows(NODE_CARDS, args![id], |row| {
        Ok(NodeCard {
            id: row.get(0)?,
            kind: known(1, &row.get::<String>(1)?)?,
            name: row.get(2)?,
            path: row.get(3)?,
            below: row.get(4)?,
        })
    })
    .await
}

/// Whether another open node of `kind` than `own` stands below `parent` under this name.
pub(super) async fn namesake(
    tx: &mut Tx,
    parent: Id<Node>,
    kind: Kind,
    name: &str,
    own: Option<Id<Node>>,
) -> Result<bool, DbError> {
    // Nothing has the identifier of zeros.
    let own = own.unwrap_or(Id::from_uuid(uuid::Uuid::nil()));
    tx.row(NAMESAKE, args![parent, kind.key(), name, own], |row| Ok(row.get::<i64>(0)? > 0)).await
}

pub(super) async fn open_below(tx: &mut Tx, path: &str) -> Result<i64, DbError> {
    let scope = Scope::below(path);
    tx.row(OPEN_BELOW, args![&scope.from, &scope.until], |row| row.get(0)).await
}

pub(super) async fn schools_below(tx: &mut Tx, path: &str) -> Result<i64, DbError> {
    let scope = Scope::below(path);
    tx.row(SCHOOLS_BELOW, args![&scope.from, &scope.until], |row| row.get(0)).await
}

/// The open school within `scope` that is called `name`; `None` where none or several are.
///
/// # Errors
/// What the database reports.
pub async fn school_called(tx: &mut Tx, scope: &Scope, name: &str) -> Result<Option<Node>, DbError> {
    let mut found = tx.rows(SCHOOLS_CALLED, args![&scope.from, &scope.until, name], node).await?;
    Ok(found.pop().filter(|_| found.is_empty()))
}

/// At most 51 nodes within `scope` whose name or initials hold `query`, or whose pinyin or code
/// begin with it; the highest first. `kind` narrows the search.
///
/// # Errors
/// What the database reports.
pub async fn search(
    tx: &mut Tx,
    scope: &Scope,
    query: &str,
    kind: Option<Kind>,
) -> Result<Vec<Node>, DbError> {
    let kind = kind.map_or("", Kind::key);
    let given = args![&scope.from, &scope.until, pattern("%", query), pattern("", query), kind];
    tx.rows(SEARCH, given, node).await
}

pub(super) async fn insert(tx: &mut Tx, new: &Node) -> Result<(), DbError> {
    let Reading { sort_key, pinyin, initials } = Reading::of(&new.name);
    let row = args![
        new.id,
        new.parent,
        new.kind.key(),
        &new.name,
        sort_key,
        pinyin,
        initials,
        new.code.as_deref(),
        &new.path,
        new.depth,
        new.valid_from,
    ];
    tx.run(INSERT, row).await.map(drop)
}

/// Says whether the node still had its version.
pub(super) async fn rename(tx: &mut Tx, old: &Node, name: &str, at: Instant) -> Result<bool, DbError> {
    let Reading { sort_key, pinyin, initials } = Reading::of(name);
    let row = args![old.id, old.version, name, sort_key, pinyin, initials, at];
    Ok(tx.run(RENAME, row).await? == 1)
}

pub(super) async fn recode(
    tx: &mut Tx,
    old: &Node,
    code: Option<&str>,
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(RECODE, args![old.id, old.version, code, at]).await? == 1)
}

pub(super) async fn reparent(tx: &mut Tx, old: &Node, parent: Id<Node>) -> Result<bool, DbError> {
    Ok(tx.run(REPARENT, args![old.id, old.version, parent]).await? == 1)
}

/// Keeps what is about to be taken away from its place, for those who are told only of that place.
pub(super) async fn keep_moved(tx: &mut Tx, moved: &Moved, at: Instant) -> Result<(), DbError> {
    moved.shift().apply(tx, MOVED_ALONG).await?;
    let scope = Scope::below(&moved.from);
    tx.run(MOVED_AWAY, args![&scope.from, &scope.until, at]).await.map(drop)
}

/// Puts the new path in place of the old at the head of every path of the subtree. All of it counts as
/// changed: other systems that see the new place alone have to be told of it.
pub(super) async fn rewrite_paths(
    tx: &mut Tx,
    moved: &Moved,
    deeper: i64,
    at: Instant,
) -> Result<u64, DbError> {
    let scope = Scope::below(&moved.from);
    let rest = i64::try_from(moved.from.len()).unwrap_or(i64::MAX).saturating_add(1);
    tx.run(REWRITE_PATHS, args![&scope.from, &scope.until, &moved.to, rest, deeper, at]).await
}

pub(super) async fn set_end(
    tx: &mut Tx,
    old: &Node,
    end: Option<NaiveDate>,
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(CLOSE, args![old.id, old.version, end, at]).await? == 1)
}

pub(super) async fn remember(
    ctx: &Ctx,
    tx: &mut Tx,
    old: &Node,
    change: &'static str,
    from: NaiveDate,
    reason: &str,
) -> Result<(), DbError> {
    let (account, _, _) = ctx.who.signature();
    let id: Id<NodeChange> = ctx.id();
    let code = old.code.as_deref();
    let row =
        args![id, old.id, change, &old.name, old.parent, code, &old.path, from, reason, ctx.at, account];
    tx.run(REMEMBER, row).await.map(drop)
}

/// A change of a node, with what was before it.
#[derive(Debug, Clone)]
pub struct NodeChange {
    /// `renamed`, `moved`, `recoded`, `closed` or `reopened`.
    pub change: String,
    /// The name before.
    pub name: String,
    /// The name of what stood above it; empty for a root.
    pub parent_name: String,
    /// The code before; empty when it had none.
    pub code: String,
    /// The day from which the change holds.
    pub from: NaiveDate,
    /// Why.
    pub reason: String,
    /// When it was entered.
    pub at: Instant,
}

impl NodeChange {
    /// The change in a few words.
    #[must_use]
    pub fn words(&self) -> String {
        match self.change.as_str() {
            "renamed" => format!("由“{}”更名", self.name),
            "recoded" if self.code.is_empty() => "登记代码".to_owned(),
            "recoded" => format!("代码由 {} 变更", self.code),
            "moved" => format!("由“{}”调整到现在的上级", self.parent_name),
            "closed" => "停用".to_owned(),
            _ => "恢复使用".to_owned(),
        }
    }
}

/// The changes of the node `id`, the latest first.
///
/// # Errors
/// What the database reports.
pub async fn history(tx: &mut Tx, id: Id<Node>) -> Result<Vec<NodeChange>, DbError> {
    tx.rows(HISTORY, args![id], |row| {
        Ok(NodeChange {
            change: row.get(0)?,
            name: row.get(1)?,
            parent_name: row.get(2)?,
            code: row.get(3)?,
            from: row.get(4)?,
            reason: row.get(5)?,
            at: row.get(6)?,
        })
    })
    .await
}

/// Reads the eight columns of a school's facts from column `at` on.
fn facts_at(row: &Row<'_>, at: usize) -> Result<Facts, DbError> {
    let stages: String = row.get(at)?;
    Ok(Facts {
        stages: stages
            .split(',')
            .filter(|s| !s.is_empty())
            .map(|s| known(at, s))
            .collect::<Result<_, _>>()?,
        location: known_opt(at + 1, Some(&row.get::<String>(at + 1)?))?,
        ethnic_area: row.get(at + 2)?,
        former_poverty: row.get(at + 3)?,
        environment: row.get(at + 4)?,
        smart_school: row.get(at + 5)?,
        pilot: known_opt(at + 6, row.get::<Option<String>>(at + 6)?.as_deref())?,
        version: row.get(at + 7)?,
    })
}

/// What is known of the school `id`; `None` for other nodes.
///
/// # Errors
/// What the database reports.
pub async fn facts(tx: &mut Tx, id: Id<Node>) -> Result<Option<Facts>, DbError> {
    tx.row_opt(FACTS, args![id], |row| facts_at(row, 0)).await
}

/// Says whether the facts still had their version (0 for a school that has none yet).
pub(super) async fn put_facts(tx: &mut Tx, id: Id<Node>, facts: &Facts) -> Result<bool, DbError> {
    let row = args![
        id,
        facts.stage_codes(),
        facts.location.map_or("", |l| l.key()),
        facts.ethnic_area,
        facts.former_poverty,
        facts.environment.as_deref(),
        facts.smart_school,
        facts.pilot.map(|p| p.key()),
        facts.version,
    ];
    Ok(tx.run(STATE_FACTS, row).await? == 1)
}

/// Rows asked for by a page: one more than it shows.
pub(super) const PAGE: i64 = ROWS + 1;
