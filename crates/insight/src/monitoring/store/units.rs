//! Counties and schools by how far they take part.

use tisheng_kernel::Id;
use tisheng_platform::web::Cursor;
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;

use super::{Child, child, is_or_left};
use crate::monitoring::life::Life;
use crate::monitoring::model::{Coverage, Part};

const COUNTIES: &str = concat!(
    "select n.id, n.name, coalesce(cast(sum(f.teachers) as bigint), 0),
    coalesce(cast(sum(f.chosen) as bigint), 0), coalesce(cast(sum(f.learning) as bigint), 0),
    coalesce(cast(sum(f.handed_in) as bigint), 0), coalesce(cast(sum(f.assessed) as bigint), 0),
    coalesce(cast(sum(f.met) as bigint), 0), coalesce(cast(sum(f.certified) as bigint), 0),
    coalesce(cast(sum(f.offered) as bigint), 0), coalesce(cast(sum(f.planned) as bigint), 0),
    n.valid_to is not null
    from node n left join school_figure f on f.programme = $1
        and f.path >= n.path and f.path < substr(n.path, 1, length(n.path) - 1) || '0'
    where n.kind = 'county' and n.path >= $2 and n.path < $3 and ($4 = '') = (n.valid_to is null) and ",
    is_or_left!(),
    " group by n.id, n.name, n.sort_key, n.valid_to order by n.sort_key, n.id"
);

/// Schools of the part of the tree, to which the concatenation leads: those that are (`$4` is empty), or those
/// that have ended and left something that is counted.
macro_rules! schools {
    () => {
        "node n left join school_figure f on f.programme = $1 and f.school = n.id
        where n.kind || '' = 'school' and n.path >= $2 and n.path < $3
        and ($4 = '') = (n.valid_to is null) and ($4 = ''
            or coalesce(f.teachers + f.chosen + f.learning + f.handed_in + f.assessed + f.met + f.certified
                + f.offered + f.planned, 0) > 0
            or exists (select 1 from school_work w where w.programme = $1 and w.school = n.id))"
    };
}

/// Schools that take no part: those without teachers, those of whose teachers none has done anything. Of
/// each the first are named and all are counted, in one walk over the part of the tree, to which the
/// concatenation leads.
const IDLE_SCHOOLS: &str = "select id, name, empty, many from (
        select id, name, empty, count(*) over (partition by empty) as many,
            row_number() over (partition by empty order by sort_key, id) as nth
        from (select n.id as id, n.name as name, n.sort_key as sort_key,
                coalesce(f.teachers, 0) = 0 as empty
            from node n left join school_figure f on f.programme = $1 and f.school = n.id
            where n.kind || '' = 'school' and n.valid_to is null and n.path >= $2 and n.path < $3
            and coalesce(f.chosen + f.learning + f.handed_in + f.assessed + f.met + f.certified, 0) = 0) s) t
    where nth <= $4 order by empty, nth";

/// Sorts the part of the tree.
const SCHOOLS_BY_PART: &str = concat!(
    "select n.id, n.name, coalesce(f.teachers, 0), coalesce(f.chosen, 0),
    coalesce(f.learning, 0), coalesce(f.handed_in, 0), coalesce(f.assessed, 0), coalesce(f.met, 0),
    coalesce(f.certified, 0), coalesce(f.offered, 0), coalesce(f.planned, 0), n.valid_to is not null,
    n.sort_key from ",
    schools!(),
    " and ($5 not in ('begun', 'not_begun', 'empty', 'idle') or ($5 = 'begun') =
        (coalesce(f.chosen + f.learning + f.handed_in + f.assessed + f.met + f.certified, 0) > 0))
    and ($5 not in ('empty', 'not_teachers') or coalesce(f.teachers, 0) = 0)
    and ($5 not in ('idle', 'teachers') or f.teachers > 0)
    and ($5 not in ('planned', 'not_planned') or ($5 = 'planned') = (coalesce(f.planned, 0) > 0))
    and ($5 not in ('offered', 'not_offered') or ($5 = 'offered') = (coalesce(f.offered, 0) > 0))
    and ($5 not in ('chosen', 'not_chosen') or ($5 = 'chosen') = (coalesce(f.chosen, 0) > 0))
    and ($5 not in ('handed_in', 'not_handed_in') or ($5 = 'handed_in') = (coalesce(f.handed_in, 0) > 0))
    and (n.sort_key, n.id) > ($6, $7) order by n.sort_key, n.id limit $8"
);

/// How many schools there are and how many of them are reached by what.
const COVERAGE: &str = concat!(
    "select count(*), coalesce(cast(sum(case when f.teachers > 0 then 1 else 0 end) as bigint), 0),
    coalesce(cast(sum(case when f.planned > 0 then 1 else 0 end) as bigint), 0),
    coalesce(cast(sum(case when f.offered > 0 then 1 else 0 end) as bigint), 0),
    coalesce(cast(sum(case when f.chosen > 0 then 1 else 0 end) as bigint), 0),
    coalesce(cast(sum(case when f.handed_in > 0 then 1 else 0 end) as bigint), 0) from ",
    schools!()
);

/// How far the schools in `scope` are covered.
pub async fn coverage(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, life): (&Scope, Life),
) -> Result<Coverage, DbError> {
    tx.row(COVERAGE, args![programme, &scope.from, &scope.until, life.key()], |row| {
        let mut coverage = Coverage { units: row.get(0)?, ..Coverage::default() };
        for (column, reached) in coverage.reached.iter_mut().enumerate() {
            *reached = row.get(column + 1)?;
        }
        Ok(coverage)
    })
    .await
}

/// Every county in `scope`, in the order of names.
pub async fn counties(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, life): (&Scope, Life),
) -> Result<Vec<Child>, DbError> {
    tx.rows(COUNTIES, args![programme, &scope.from, &scope.until, life.key()], child).await
}

/// A unit by its name alone.
#[derive(Debug, Clone)]
pub struct Unit {
    /// The unit.
    pub id: Id<Node>,
    /// Its name.
    pub name: String,
    /// Whether it has no teachers.
    pub is_empty: bool,
    /// How many there are of its kind.
    pub many: i64,
}

/// The first `most` schools in `scope` without teachers, and of those that have some and have not begun.
pub async fn idle_schools(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    most: i64,
) -> Result<Vec<Unit>, DbError> {
    tx.rows(IDLE_SCHOOLS, args![programme, &scope.from, &scope.until, most], |row| {
        Ok(Unit { id: row.get(0)?, name: row.get(1)?, is_empty: row.get(2)?, many: row.get(3)? })
    })
    .await
}

/// At most so many of the schools in a part of the tree after a place, of one part or all, in the order of names:
/// with their sort keys.
pub async fn schools_by_part(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, life, part): (&Scope, Life, Option<Part>),
    (after, most): (&Cursor, i64),
) -> Result<Vec<(Child, String)>, DbError> {
    let (life, part) = (life.key(), part.map_or("", Part::key));
    let asked = args![programme, &scope.from, &scope.until, life, part, &after.key, after.uuid(), most];
    tx.rows(SCHOOLS_BY_PART, asked, |row| Ok((child(row)?, row.get(12)?))).await
}
