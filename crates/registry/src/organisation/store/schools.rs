//! The list of schools.

use tisheng_kernel::Id;
use tisheng_platform::db::{Row, Value};
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::Order;
use tisheng_platform::{DbError, Scope, Tx, args};

use super::{facts_at, pattern};
use crate::organisation::model::{Facts, Node};

const BY_NAME: &str = "name";

/// What a list may be put in the order of.
const SORTABLE: [&str; 6] = [BY_NAME, "code", "parent", "stage", "environment", "location"];

// A page of schools in the order of names.
macro_rules! by_name {
    ($path:literal) => {
        concat!(
            "select n.id, n.name, n.sort_key, coalesce(n.code, ''), coalesce(p.name, ''),
        s.stages, s.location, s.ethnic_area, s.former_poverty, s.environment, s.smart_school, s.pilot, s.version
    from node n join school s on s.node = n.id left join node p on p.id = n.parent
    where n.kind = 'school' and n.valid_to is null and ",
            $path,
            " >= $1 and ",
            $path,
            " < $2
        and ($3 = '' or n.name like $4 escape '\\' or n.pinyin like $5 escape '\\' or n.initials like $4 escape '\\' or n.code like $5 escape '\\')
        and ($6 = '' or s.stages like $7)
        and ($8 = '' or coalesce(s.environment, 'unknown') = $8)
        and ($9 = '' or s.location = $9)
        and ($10 = '' or ($10 = 'smart' and s.smart_school = $11) or s.pilot = $10)
        and (n.sort_key, n.id) > ($12, $13)
    order by n.sort_key, n.id limit $14"
        )
    };
}

/// Of few schools: they are looked up by their paths and put in order.
const FEW: &str = by_name!("n.path");

/// Of many: all names are walked in their order until the page is full; the concatenation keeps the index on
/// paths out of it.
const MANY: &str = by_name!("n.path || ''");

/// From how many schools on they are many.
const FROM_MANY: i64 = 1_000;

/// Closed ones included, so that an index answers by itself.
const COUNT_SOME: &str = "select count(*) from (select 1 from node
    where kind = 'school' and path >= $1 and path < $2 limit $3) t";

/// By any column but in the order of names: everything that the filter leaves is put in order.
const SORTED: &str = "select * from (select n.id as id, n.name, n.sort_key, coalesce(n.code, ''), coalesce(p.name, ''),
        s.stages, s.location, s.ethnic_area, s.former_poverty, s.environment, s.smart_school, s.pilot, s.version,
        case $15 when 'code' then coalesce(n.code, '') when 'parent' then coalesce(p.sort_key, '')
            when 'stage' then s.stages when 'environment' then coalesce(s.environment, '')
            when 'location' then coalesce(s.location, '') else '' end || ' ' || n.sort_key as place
    from node n join school s on s.node = n.id left join node p on p.id = n.parent
    where n.kind = 'school' and n.valid_to is null and n.path >= $1 and n.path < $2
        and ($3 = '' or n.name like $4 escape '\\' or n.pinyin like $5 escape '\\' or n.initials like $4 escape '\\' or n.code like $5 escape '\\')
        and ($6 = '' or s.stages like $7)
        and ($8 = '' or coalesce(s.environment, 'unknown') = $8)
        and ($9 = '' or s.location = $9)
        and ($10 = '' or ($10 = 'smart' and s.smart_school = $11) or s.pilot = $10)) t
    where (place, id) > ($12, $13) order by place, id limit $14";

const SORTED_BACKWARDS: &str = "select * from (select n.id as id, n.name, n.sort_key, coalesce(n.code, ''), coalesce(p.name, ''),
        s.stages, s.location, s.ethnic_area, s.former_poverty, s.environment, s.smart_school, s.pilot, s.version,
        case $15 when 'code' then coalesce(n.code, '') when 'parent' then coalesce(p.sort_key, '')
            when 'stage' then s.stages when 'environment' then coalesce(s.environment, '')
            when 'location' then coalesce(s.location, '') else '' end || ' ' || n.sort_key as place
    from node n join school s on s.node = n.id left join node p on p.id = n.parent
    where n.kind = 'school' and n.valid_to is null and n.path >= $1 and n.path < $2
        and ($3 = '' or n.name like $4 escape '\\' or n.pinyin like $5 escape '\\' or n.initials like $4 escape '\\' or n.code like $5 escape '\\')
        and ($6 = '' or s.stages like $7)
        and ($8 = '' or coalesce(s.environment, 'unknown') = $8)
        and ($9 = '' or s.location = $9)
        and ($10 = '' or ($10 = 'smart' and s.smart_school = $11) or s.pilot = $10)) t
    where (place, id) < ($12, $13) order by place desc, id desc limit $14";

/// What a list of schools is narrowed to; an empty text is no condition.
#[derive(Debug, Clone, Default)]
pub struct SchoolFilter {
    /// Part of the name or of its initials, or the beginning of its pinyin or code.
    pub query: String,
    /// Code of a stage.
    pub stage: String,
    /// Code of an environment, or `unknown`.
    pub environment: String,
    /// Code of a location type.
    pub location: String,
    /// `smart` for smart-education schools, or the code of a [`Pilot`](super::Pilot).
    pub standing: String,
    /// In which order.
    pub order: SchoolOrder,
}

/// The order of a list of schools: by name where nothing else is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchoolOrder(Order);

impl Default for SchoolOrder {
    fn default() -> Self {
        Self(Order::by(BY_NAME))
    }
}

impl SchoolOrder {
    /// The order that an address names.
    #[must_use]
    pub fn named(text: &str) -> Self {
        Self(Order::named(text, &SORTABLE, Self::default().0))
    }

    /// How the address names it.
    #[must_use]
    pub fn key(self) -> String {
        self.0.key()
    }
}

/// A school in a list.
#[derive(Debug, Clone)]
pub struct SchoolRow {
    /// The node.
    pub id: Id<Node>,
    /// Its name.
    pub name: String,
    /// Its place in the list.
    pub place: String,
    /// Its identification code; empty when it has none.
    pub code: String,
    /// The name of what stands above it.
    pub parent_name: String,
    /// What is known of it.
    pub facts: Facts,
}

/// The open schools within `scope` after `place`, at most `most` of them.
///
/// # Errors
/// What the database reports.
pub async fn schools(
    tx: &mut Tx,
    scope: &Scope,
    filter: &SchoolFilter,
    place: &Cursor,
    most: i64,
) -> Result<Vec<SchoolRow>, DbError> {
    let SchoolOrder(order) = filter.order;
    let after = order.after(place);
    let mut given = vec![
        (&scope.from).into(),
        (&scope.until).into(),
        (&filter.query).into(),
        pattern("%", &filter.query).into(),
        pattern("", &filter.query).into(),
        (&filter.stage).into(),
        format!("%{}%", filter.stage).into(),
        (&filter.environment).into(),
        (&filter.location).into(),
        (&filter.standing).into(),
        true.into(),
        after.0.into(),
        after.1.into(),
        most.into(),
    ];
    if order == Order::by(BY_NAME) {
        let range = args![&scope.from, &scope.until, FROM_MANY];
        let some: i64 = tx.row(COUNT_SOME, range, |row| row.get(0)).await?;
        let sql = if some < FROM_MANY { FEW } else { MANY };
        return tx.rows(sql, &given, |row| school(row, 2)).await;
    }
    given.push(Value::from(order.by));
    let sql = if order.backwards { SORTED_BACKWARDS } else { SORTED };
    tx.rows(sql, &given, |row| school(row, 13)).await
}

/// A line of the list, whose place stands in the column `place`.
fn school(row: &Row<'_>, place: usize) -> Result<SchoolRow, DbError> {
    Ok(SchoolRow {
        id: row.get(0)?,
        name: row.get(1)?,
        place: row.get(place)?,
        code: row.get(3)?,
        parent_name: row.get(4)?,
        facts: facts_at(row, 5)?,
    })
}
