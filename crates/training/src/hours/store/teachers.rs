//! Teachers with their sums, for lists.

use tisheng_kernel::Id;
use tisheng_kernel::Seconds;
use tisheng_platform::web::paging::{Cursor, Order};
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Breadth;
use tisheng_registry::people::Person;

use super::{Total, total};
use crate::sorting::page_of_roll;

/// A page of the roll with the sums of each.
macro_rules! listed {
    ($where:literal, $after:literal, $order:literal, $outer:literal) => {
        concat!(
            "select r.person, r.name, r.school, r.subject, r.sort_key, r.path,
            t.category, t.kind, t.seconds, t.entries
            from (select o.person as person, p.name as name, n.name as school, o.subject as subject,
                    o.sort_key as sort_key, o.path as path
                from post o join person p on p.id = o.person join node n on n.id = o.school
                where o.until is null and ",
            $where,
            " and ($4 = '' or p.name like $4 || '%' or p.pinyin like $4 || '%' or p.initials like $4 || '%')
                and ($5 = '' or o.subject = $5) and ($6 = '' or o.stage = $6)
                and ($7 = '' or ($7 = 'none') = ((select 1 from hour_total e
                    where e.programme = $1 and e.person = o.person limit 1) is null))
                and (cast($8 as bigint) = 0
                    or (select cast(coalesce(sum(s.seconds), 0) as bigint) from hour_total s
                    where s.programme = $1 and s.person = o.person) < cast($8 as bigint))
                and ",
            $after,
            " order by ",
            $order,
            " limit $11) r
            left join hour_total t on t.programme = $1 and t.person = r.person order by ",
            $outer,
            ", t.category, t.kind"
        )
    };
}

/// Walks the roll in its order; the concatenation keeps the index on paths out of it, which would
/// have to sort the whole part of the tree.
const WIDE: &str = listed!(
    "o.path || '' >= $2 and o.path || '' < $3",
    "(o.sort_key, o.person) > ($9, $10) and o.sort_key < $12",
    "o.sort_key, o.person",
    "r.sort_key, r.person"
);

const WIDE_BACK: &str = listed!(
    "o.path || '' >= $2 and o.path || '' < $3",
    "(o.sort_key, o.person) < ($9, $10) and o.sort_key < $12",
    "o.sort_key desc, o.person desc",
    "r.sort_key desc, r.person desc"
);

/// School by school, in the order of the index on paths.
const BY_SCHOOL: &str = listed!(
    "o.path >= $2 and o.path < $3",
    "(o.path, o.sort_key, o.person) > ($12, $9, $10)",
    "o.path, o.sort_key, o.person",
    "r.path, r.sort_key, r.person"
);

/// Picks the small part of the tree out and sorts it.
const NARROW: &str = listed!(
    "o.path >= $2 and o.path < $3",
    "(o.sort_key, o.person) > ($9, $10) and o.sort_key < $12",
    "o.sort_key, o.person",
    "r.sort_key, r.person"
);

/// A teacher of a list, with sums.
#[derive(Debug, Clone)]
pub struct TeacherSums {
    pub person: Id<Person>,
    pub name: String,
    pub school: String,
    pub subject: String,
    pub sort_key: String,
    pub path: String,
    pub totals: Vec<Total>,
}

/// What a list is narrowed to; empty texts narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// Beginning of a name, of its pinyin or of its initials.
    pub words: String,
    pub subject: String,
    pub stage: String,
    /// `none`: without any entry; `some`: with one.
    pub booked: String,
    /// Only those who have earned less than this; nothing for all.
    pub below: Seconds,
}

fn total_of(row: &Row<'_>, first: usize) -> Result<Option<Total>, DbError> {
    if row.get::<Option<String>>(first)?.is_none() {
        return Ok(None);
    }
    total(row, first).map(Some)
}

/// Teachers within `scope`, at most `limit`, in an order that [`crate::sorting`] serves.
pub async fn list(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, breadth): (&Scope, Breadth),
    narrow: &Narrow,
    (order, cursor, limit): (Order, &Cursor, i64),
) -> Result<Vec<TeacherSums>, DbError> {
    let (list, [key, bound], id) =
        page_of_roll(breadth, &narrow.words, (order, cursor), [WIDE, WIDE_BACK, BY_SCHOOL, NARROW]);
    let args = args![
        programme,
        &scope.from,
        &scope.until,
        &narrow.words,
        &narrow.subject,
        &narrow.stage,
        &narrow.booked,
        narrow.below.get(),
        key,
        id,
        limit,
        bound
    ];
    let mut teachers: Vec<TeacherSums> = Vec::new();
    tx.each(list, args, |row| {
        let person: Id<Person> = row.get(0)?;
        if teachers.last().map(|teacher| teacher.person) != Some(person) {
            teachers.push(TeacherSums {
                person,
                name: row.get(1)?,
                school: row.get(2)?,
                subject: row.get(3)?,
                sort_key: row.get(4)?,
                path: row.get(5)?,
                totals: Vec::new(),
            });
        }
        if let (Some(teacher), Some(total)) = (teachers.last_mut(), total_of(row, 6)?) {
            teacher.totals.push(total);
        }
        Ok(())
    })
    .await?;
    Ok(teachers)
}
