//! What is kept beside the figures of a school: its teachers by dimension, its works by state and level.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;

use crate::monitoring::work::{Work, Works};

const CHOSEN: &str = "select c.person, c.capability from post p
    join choice_capability c on c.person = p.person and c.programme = $1 and c.dropped_at is null
    where p.school = $2 and p.until is null";

const FORGET_DIMENSIONS: &str = "delete from school_dimension where programme = $1 and school = $2";

const PUT_DIMENSION: &str =
    "insert into school_dimension (programme, school, path, dimension, teachers) values ($1, $2, $3, $4, $5)";

const DIMENSIONS: &str = "select dimension, teachers from school_dimension
    where programme = $1 and school = $2 and path = $3 order by dimension";

const DIMENSIONS_BELOW: &str = "select dimension, cast(sum(teachers) as bigint) from school_dimension
    where programme = $1 and path >= $2 and path < $3 group by dimension order by dimension";

/// From the index of a school's works alone.
const COUNT_WORKS: &str = "select state, coalesce(level, ''), count(*) from submission
    where programme = $1 and school = $2 and superseded_by is null and state <> 'draft'
    group by state, coalesce(level, '') order by 1, 2";

const FORGET_WORKS: &str = "delete from school_work where programme = $1 and school = $2";

const PUT_WORKS: &str = "insert into school_work (programme, school, path, state, level, works)
    values ($1, $2, $3, $4, $5, $6)";

const WORKS: &str = "select state, level, works from school_work
    where programme = $1 and school = $2 and path = $3 order by state, level";

const WORKS_BELOW: &str = "select state, level, cast(sum(works) as bigint) from school_work
    where programme = $1 and path >= $2 and path < $3 group by state, level";

const WORKS_OF_CHILDREN: &str = "select n.id, w.state, w.level, cast(sum(w.works) as bigint)
    from node n join school_work w on w.programme = $1
        and w.path >= n.path and w.path < substr(n.path, 1, length(n.path) - 1) || '0'
    where n.parent = $2 and n.kind in ('province', 'city', 'county', 'town', 'school')
    group by n.id, w.state, w.level";

/// A key and how many it counts.
pub type Count = (String, i64);
/// A state, a level and how many works.
pub type CountedWork = (String, String, i64);

/// What each teacher of a school has chosen.
pub async fn chosen(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
) -> Result<Vec<(Id<Person>, String)>, DbError> {
    tx.rows(CHOSEN, args![programme, school], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Keeps how many of a school's teachers have chosen something of each dimension.
pub async fn put_dimensions(
    tx: &mut Tx,
    programme: Id<Programme>,
    (school, path): (Id<Node>, &str),
    counts: &[Count],
) -> Result<(), DbError> {
    tx.run(FORGET_DIMENSIONS, args![programme, school]).await?;
    for (dimension, teachers) in counts {
        tx.run(PUT_DIMENSION, args![programme, school, path, dimension, *teachers]).await?;
    }
    Ok(())
}

/// What is kept of the dimensions of a school that stands at `path`.
pub async fn dimensions(
    tx: &mut Tx,
    programme: Id<Programme>,
    (school, path): (Id<Node>, &str),
) -> Result<Vec<Count>, DbError> {
    tx.rows(DIMENSIONS, args![programme, school, path], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Teachers by dimension of which they have chosen something.
pub async fn dimensions_below(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
) -> Result<Vec<Count>, DbError> {
    let range = args![programme, &scope.from, &scope.until];
    tx.rows(DIMENSIONS_BELOW, range, |row| Ok((row.get(0)?, row.get(1)?))).await
}

fn counted(row: &Row<'_>) -> Result<CountedWork, DbError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

/// Counts the works of a school afresh.
pub async fn count_works(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
) -> Result<Vec<CountedWork>, DbError> {
    tx.rows(COUNT_WORKS, args![programme, school], counted).await
}

/// Keeps how the works of a school stand.
pub async fn put_works(
    tx: &mut Tx,
    programme: Id<Programme>,
    (school, path): (Id<Node>, &str),
    works: &[CountedWork],
) -> Result<(), DbError> {
    tx.run(FORGET_WORKS, args![programme, school]).await?;
    for (state, level, count) in works {
        tx.run(PUT_WORKS, args![programme, school, path, state, level, *count]).await?;
    }
    Ok(())
}

/// What is kept of the works of a school that stands at `path`.
pub async fn works(
    tx: &mut Tx,
    programme: Id<Programme>,
    (school, path): (Id<Node>, &str),
) -> Result<Vec<CountedWork>, DbError> {
    tx.rows(WORKS, args![programme, school, path], counted).await
}

/// How the works of everything in `scope` stand.
pub async fn works_below(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<Works, DbError> {
    let rows = tx.rows(WORKS_BELOW, args![programme, &scope.from, &scope.until], counted).await?;
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
