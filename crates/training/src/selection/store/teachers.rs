//! Teachers with their choices, for lists.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::paging::{Cursor, Order, literal};
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Breadth;
use tisheng_registry::people::Person;

use crate::selection::model::in_order;
use crate::sorting::page_of_roll;

/// A page of the roll with the choice of each.
macro_rules! listed {
    ($where:literal, $after:literal, $order:literal, $outer:literal) => {
        concat!(
            "select r.person, r.name, r.school, r.subject, r.sort_key, r.path, r.chosen_at, c.capability
            from (select o.person as person, p.name as name, n.name as school, o.subject as subject,
                    o.sort_key as sort_key, o.path as path, h.chosen_at as chosen_at
                from post o join person p on p.id = o.person join node n on n.id = o.school
                left join choice h on h.programme = $1 and h.person = o.person
                where o.until is null and ",
            $where,
            " and ($4 = '' or p.name like $4 || '%' escape '\\' or p.pinyin like $4 || '%' escape '\\'
                    or p.initials like $4 || '%' escape '\\')
                and ($5 = '' or ($5 = 'none') = (h.person is null))
                and ($6 = '' or (select 1 from choice_capability e where e.programme = $1
                    and e.person = o.person and e.capability = $6 and e.dropped_at is null limit 1) is not null)
                and ",
            $after,
            " order by ",
            $order,
            " limit $9) r
            left join choice_capability c on c.programme = $1 and c.person = r.person and c.dropped_at is null
            order by ",
            $outer,
            ", c.capability"
        )
    };
}

/// Walks the roll in its order; the concatenation keeps the index on paths out of it, which would
/// have to sort the whole part of the tree.
const WIDE: &str = listed!(
    "o.path || '' >= $2 and o.path || '' < $3",
    "(o.sort_key, o.person) > ($7, $8) and o.sort_key < $10",
    "o.sort_key, o.person",
    "r.sort_key, r.person"
);

const WIDE_BACK: &str = listed!(
    "o.path || '' >= $2 and o.path || '' < $3",
    "(o.sort_key, o.person) < ($7, $8) and o.sort_key < $10",
    "o.sort_key desc, o.person desc",
    "r.sort_key desc, r.person desc"
);

/// School by school, in the order of the index on paths.
const BY_SCHOOL: &str = listed!(
    "o.path >= $2 and o.path < $3",
    "(o.path, o.sort_key, o.person) > ($10, $7, $8)",
    "o.path, o.sort_key, o.person",
    "r.path, r.sort_key, r.person"
);

/// Picks the small part of the tree out and sorts it.
const NARROW: &str = listed!(
    "o.path >= $2 and o.path < $3",
    "(o.sort_key, o.person) > ($7, $8) and o.sort_key < $10",
    "o.sort_key, o.person",
    "r.sort_key, r.person"
);

/// A teacher of a list, with the choice.
#[derive(Debug, Clone)]
pub struct TeacherChoice {
    pub person: Id<Person>,
    pub name: String,
    pub school: String,
    pub subject: String,
    pub sort_key: String,
    pub path: String,
    pub chosen_at: Option<Instant>,
    pub capabilities: Vec<String>,
}

/// What a list is narrowed to; empty texts narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// Beginning of a name, of its pinyin or of its initials.
    pub words: String,
    /// `none`: has not chosen; `some`: has.
    pub state: String,
    /// Code of a capability chosen.
    pub capability: String,
}

/// Teachers within `scope`, at most `limit`, in an order that [`crate::sorting`] serves.
pub async fn teachers(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, breadth): (&Scope, Breadth),
    narrow: &Narrow,
    (order, cursor, limit): (Order, &Cursor, i64),
) -> Result<Vec<TeacherChoice>, DbError> {
    let (list, [key, bound], id) =
        page_of_roll(breadth, &narrow.words, (order, cursor), [WIDE, WIDE_BACK, BY_SCHOOL, NARROW]);
    let args = args![
        programme,
        &scope.from,
        &scope.until,
        literal(&narrow.words),
        &narrow.state,
        &narrow.capability,
        key,
        id,
        limit,
        bound
    ];
    let mut teachers: Vec<TeacherChoice> = Vec::new();
    tx.each(list, args, |row| {
        let person: Id<Person> = row.get(0)?;
        if teachers.last().map(|teacher| teacher.person) != Some(person) {
            teachers.push(TeacherChoice {
                person,
                name: row.get(1)?,
                school: row.get(2)?,
                subject: row.get(3)?,
                sort_key: row.get(4)?,
                path: row.get(5)?,
                chosen_at: row.get(6)?,
                capabilities: Vec::new(),
            });
        }
        if let (Some(teacher), Some(code)) = (teachers.last_mut(), row.get::<Option<String>>(7)?) {
            teacher.capabilities.push(code);
        }
        Ok(())
    })
    .await?;
    for teacher in &mut teachers {
        teacher.capabilities = in_order(std::mem::take(&mut teacher.capabilities));
    }
    Ok(teachers)
}
