//! What stands beside the figures of schools, added up for the units that they stand in: hours by category,
//! teachers by capability and by dimension, works by state and level. A node is the sum of the units in it,
//! and of what is its own if it is a school.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;

use super::parts::{Count, CountedWork, counted};
use crate::monitoring::work::{Work, Works};

/// A unit in which schools of a programme stand, and its path.
pub type Unit = ((Id<Programme>, Id<Node>), String);

/// What the schools that stand directly in the unit `$2` add up to; signs say whether it is put or held
/// against what is kept.
macro_rules! schools_of_unit {
    ($sign:literal) => {
        concat!(
            "select part, item, level, ",
            $sign,
            "cast(sum(amount) as bigint) as total from (
                select 'hours' as part, h.category as item, '' as level, h.seconds as amount
                from node n cross join school_hours h
                where n.parent = $2 and h.programme = $1 and h.school = n.id
                union all select 'choice', c.capability, '', c.teachers
                from node n cross join school_choice c
                where n.parent = $2 and c.programme = $1 and c.school = n.id
                union all select 'dimension', d.dimension, '', d.teachers
                from node n cross join school_dimension d
                where n.parent = $2 and d.programme = $1 and d.school = n.id
                union all select 'work', w.state, w.level, w.works
                from node n cross join school_work w
                where n.parent = $2 and w.programme = $1 and w.school = n.id) s
            group by part, item, level"
        )
    };
}

/// Whoever else adds up the same unit waits here, so that nobody adds up what another has not committed.
const TAKE: &str = "insert into school_unit (programme, unit, path, sums) values ($1, $2, $3, 1)
    on conflict (programme, unit) do update set sums = school_unit.sums + 1";

const FORGET: &str = "delete from unit_sum where programme = $1 and unit = $2";

const PUT: &str = concat!(
    "insert into unit_sum (programme, unit, part, item, level, total)
    select $1, $2, part, item, level, total from (",
    schools_of_unit!(""),
    ") f"
);

const OFF: &str = concat!(
    "select (select count(*) from (
        select part, item, level from (
            select part, item, level, total from unit_sum where programme = $1 and unit = $2
            union all ",
    schools_of_unit!("-"),
    ") b group by part, item, level having sum(total) <> 0) d)
    + (select count(*) from school_unit u join node n on n.id = u.unit
        where u.programme = $1 and u.unit = $2 and u.path <> n.path)"
);

const OF_SCHOOL: &str = "select u.id, u.path from node n join node u on u.id = n.parent where n.id = $1";

const KNOWN: &str = "select programme, unit, path from school_unit where programme = $1 order by unit";

/// What a file founded that was undone since.
const FORGET_SUMS_OF_GONE: &str = "delete from unit_sum where programme = $1
    and not exists (select 1 from node n where n.id = unit_sum.unit)";
const FORGET_GONE: &str = "delete from school_unit where programme = $1
    and not exists (select 1 from node n where n.id = school_unit.unit)";

const PLACE: &str = "update school_unit set path = (select n.path from node n where n.id = school_unit.unit)
    where programme = $1";

/// Whatever has been added up at a path.
const AT: &str = "select programme, unit, path from school_unit where path = $1";

/// In what a school stands now that has come to a path, for each programme that counts it.
const AROUND: &str = "select f.programme, u.id, u.path from node n join node u on u.id = n.parent
    join school_figure f on f.school = n.id where n.path = $1";

const FOLLOW: &str = "update school_unit set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

/// The sums of one part below a node, by item and level; to the concatenation leads what is a school's own.
macro_rules! below {
    ($part:literal, $own:literal) => {
        concat!(
            "select item, level, cast(sum(total) as bigint) from (
                select s.item, s.level, s.total from school_unit u cross join unit_sum s
                where u.programme = $1 and u.path >= $2 and u.path < $3
                and s.programme = u.programme and s.unit = u.unit and s.part = '",
            $part,
            "'
                union all ",
            $own,
            " where programme = $1 and school = $4) t group by item, level order by item, level"
        )
    };
}

const HOURS: &str = below!("hours", "select category, '', seconds from school_hours");
const CHOICES: &str = below!("choice", "select capability, '', teachers from school_choice");
const DIMENSIONS: &str = below!("dimension", "select dimension, '', teachers from school_dimension");
const WORKS: &str = below!("work", "select state, level, works from school_work");

/// The way leads from the children down, as above.
const WORKS_OF_CHILDREN: &str = "select id, item, level, cast(sum(total) as bigint) from (
        select n.id as id, s.item, s.level, s.total from node n cross join school_unit u cross join unit_sum s
        where n.parent = $2 and n.kind in ('province', 'city', 'county', 'town', 'school') and u.programme = $1
            and u.path >= n.path and u.path < substr(n.path, 1, length(n.path) - 1) || '0'
            and s.programme = u.programme and s.unit = u.unit and s.part = 'work'
        union all select n.id, w.state, w.level, w.works from node n cross join school_work w
        where n.parent = $2 and w.programme = $1 and w.school = n.id) t
    group by id, item, level";

fn unit(row: &Row<'_>) -> Result<Unit, DbError> {
    Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
}

/// The unit in which a school stands.
pub async fn unit_of(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
) -> Result<Option<Unit>, DbError> {
    tx.row_opt(OF_SCHOOL, args![school], |row| Ok(((programme, row.get(0)?), row.get(1)?))).await
}

/// The units that have been added up.
pub async fn units(tx: &mut Tx, programme: Id<Programme>) -> Result<Vec<Unit>, DbError> {
    tx.rows(KNOWN, args![programme], unit).await
}

/// Puts the units where they stand in the tree, and forgets those that are there no more.
pub async fn place_units(tx: &mut Tx, programme: Id<Programme>) -> Result<(), DbError> {
    tx.run(FORGET_SUMS_OF_GONE, args![programme]).await?;
    tx.run(FORGET_GONE, args![programme]).await?;
    tx.run(PLACE, args![programme]).await.map(drop)
}

/// Adds up what the schools of each unit have kept, one after the other in their order: whoever adds up
/// several takes them in the same one.
pub async fn add_up(tx: &mut Tx, units: &[Unit]) -> Result<(), DbError> {
    for ((programme, unit), path) in units {
        tx.run(TAKE, args![*programme, *unit, path]).await?;
        tx.run(FORGET, args![*programme, *unit]).await?;
        tx.run(PUT, args![*programme, *unit]).await?;
    }
    Ok(())
}

/// How much of what is kept for a unit is not what its schools add up to.
pub async fn sums_off(tx: &mut Tx, (programme, unit): (Id<Programme>, Id<Node>)) -> Result<i64, DbError> {
    tx.row(OFF, args![programme, unit], |row| row.get(0)).await
}

/// Follows a move of the tree: the units take their sums along, and what a school that was moved has left
/// and has come to is added up again.
pub(super) async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    let mut touched = tx.rows(AT, args![around(&shift.part().from)], unit).await?;
    shift.apply(tx, FOLLOW).await?;
    touched.extend(tx.rows(AROUND, args![&shift.made().from], unit).await?);
    touched.sort();
    touched.dedup();
    add_up(tx, &touched).await
}

/// The path of what stands around what has `path`.
fn around(path: &str) -> &str {
    let head = path.trim_end_matches('/');
    &head[..head.rfind('/').map_or(0, |end| end + 1)]
}

async fn below(
    tx: &mut Tx,
    statement: &'static str,
    programme: Id<Programme>,
    node: &Node,
) -> Result<Vec<CountedWork>, DbError> {
    let scope = Scope::below(&node.path);
    tx.rows(statement, args![programme, &scope.from, &scope.until, node.id], counted).await
}

fn plain(sums: Vec<CountedWork>) -> Vec<Count> {
    sums.into_iter().map(|(item, _, total)| (item, total)).collect()
}

/// Seconds by category of everything in a node.
pub async fn hours_below(tx: &mut Tx, programme: Id<Programme>, node: &Node) -> Result<Vec<Count>, DbError> {
    Ok(plain(below(tx, HOURS, programme, node).await?))
}

/// Teachers by capability chosen, of everything in a node.
pub async fn choices_below(
    tx: &mut Tx,
    programme: Id<Programme>,
    node: &Node,
) -> Result<Vec<Count>, DbError> {
    Ok(plain(below(tx, CHOICES, programme, node).await?))
}

/// Teachers by dimension of which they have chosen something, of everything in a node.
pub async fn dimensions_below(
    tx: &mut Tx,
    programme: Id<Programme>,
    node: &Node,
) -> Result<Vec<Count>, DbError> {
    Ok(plain(below(tx, DIMENSIONS, programme, node).await?))
}

/// How the works of everything in a node stand.
pub async fn works_below(tx: &mut Tx, programme: Id<Programme>, node: &Node) -> Result<Works, DbError> {
    let rows = below(tx, WORKS, programme, node).await?;
    Ok(rows.iter().map(|(state, level, count)| (Work::read(state, level), *count)).collect())
}

/// How the works of what stands or stood directly below a node stand.
pub async fn works_of_children(
    tx: &mut Tx,
    programme: Id<Programme>,
    node: Id<Node>,
) -> Result<Vec<(Id<Node>, Option<Work>, i64)>, DbError> {
    tx.rows(WORKS_OF_CHILDREN, args![programme, node], |row| {
        let (state, level): (String, String) = (row.get(1)?, row.get(2)?);
        Ok((row.get(0)?, Work::read(&state, &level), row.get(3)?))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::around;

    #[test]
    fn what_stands_around_a_path() {
        assert_eq!(around("/51/5101/s/"), "/51/5101/");
        assert_eq!(around("/51/"), "/");
    }
}
