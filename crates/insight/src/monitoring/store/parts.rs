//! What is kept beside the figures of a school: its teachers by dimension, its works by state and level.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Row, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;

const CHOSEN: &str = "select c.person, c.capability from post p
    join choice_capability c on c.person = p.person and c.programme = $1 and c.dropped_at is null
    where p.school = $2 and p.until is null";

const FORGET_DIMENSIONS: &str = "delete from school_dimension where programme = $1 and school = $2";

const PUT_DIMENSION: &str =
    "insert into school_dimension (programme, school, dimension, teachers) values ($1, $2, $3, $4)";

const DIMENSIONS: &str = "select dimension, teachers from school_dimension
    where programme = $1 and school = $2 order by dimension";

/// From the index of a school's works alone.
const COUNT_WORKS: &str = "select state, coalesce(level, ''), count(*) from submission
    where programme = $1 and school = $2 and superseded_by is null and state <> 'draft'
    group by state, coalesce(level, '') order by 1, 2";

const FORGET_WORKS: &str = "delete from school_work where programme = $1 and school = $2";

const PUT_WORKS: &str = "insert into school_work (programme, school, state, level, works)
    values ($1, $2, $3, $4, $5)";

const WORKS: &str = "select state, level, works from school_work
    where programme = $1 and school = $2 order by state, level";

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
    school: Id<Node>,
    counts: &[Count],
) -> Result<(), DbError> {
    tx.run(FORGET_DIMENSIONS, args![programme, school]).await?;
    for (dimension, teachers) in counts {
        tx.run(PUT_DIMENSION, args![programme, school, dimension, *teachers]).await?;
    }
    Ok(())
}

/// What is kept of the dimensions of a school.
pub async fn dimensions(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
) -> Result<Vec<Count>, DbError> {
    tx.rows(DIMENSIONS, args![programme, school], |row| Ok((row.get(0)?, row.get(1)?))).await
}

pub(super) fn counted(row: &Row<'_>) -> Result<CountedWork, DbError> {
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
    school: Id<Node>,
    works: &[CountedWork],
) -> Result<(), DbError> {
    tx.run(FORGET_WORKS, args![programme, school]).await?;
    for (state, level, count) in works {
        tx.run(PUT_WORKS, args![programme, school, state, level, *count]).await?;
    }
    Ok(())
}

/// What is kept of the works of a school.
pub async fn works(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
) -> Result<Vec<CountedWork>, DbError> {
    tx.rows(WORKS, args![programme, school], counted).await
}
