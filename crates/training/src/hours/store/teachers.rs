//! Teachers with their sums, for lists.

use tisheng_kernel::Id;
use tisheng_kernel::Seconds;
use tisheng_kernel::person_name::sort_keys_of;
use tisheng_platform::web::paging::Cursor;
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::{Total, total};

/// Walks the roll in its order; the concatenation keeps the index on paths out of it, which would
/// have to sort the whole part of the tree.
const LIST_WIDE: &str = "select r.person, r.name, r.school, r.subject, r.sort_key,
    t.category, t.kind, t.seconds, t.entries
    from (select o.person as person, p.name as name, n.name as school, o.subject as subject,
            o.sort_key as sort_key
        from post o join person p on p.id = o.person join node n on n.id = o.school
        where o.until is null and o.path || '' >= $2 and o.path || '' < $3
        and ($4 = '' or p.name like $4 || '%' or p.pinyin like $4 || '%' or p.initials like $4 || '%')
        and ($5 = '' or o.subject = $5) and ($6 = '' or o.stage = $6)
        and ($7 = '' or ($7 = 'none') = ((select 1 from hour_total e
            where e.programme = $1 and e.person = o.person limit 1) is null))
        and (cast($8 as bigint) = 0 or (select cast(coalesce(sum(s.seconds), 0) as bigint) from hour_total s
            where s.programme = $1 and s.person = o.person) < cast($8 as bigint))
        and (o.sort_key, o.person) > ($9, $10) and o.sort_key < $12 order by o.sort_key, o.person limit $11) r
    left join hour_total t on t.programme = $1 and t.person = r.person
    order by r.sort_key, r.person, t.category, t.kind";

/// Picks the small part of the tree out and sorts it.
const LIST_NARROW: &str = "select r.person, r.name, r.school, r.subject, r.sort_key,
    t.category, t.kind, t.seconds, t.entries
    from (select o.person as person, p.name as name, n.name as school, o.subject as subject,
            o.sort_key as sort_key
        from post o join person p on p.id = o.person join node n on n.id = o.school
        where o.until is null and o.path >= $2 and o.path < $3
        and ($4 = '' or p.name like $4 || '%' or p.pinyin like $4 || '%' or p.initials like $4 || '%')
        and ($5 = '' or o.subject = $5) and ($6 = '' or o.stage = $6)
        and ($7 = '' or ($7 = 'none') <> exists
            (select 1 from hour_total e where e.programme = $1 and e.person = o.person))
        and (cast($8 as bigint) = 0 or (select cast(coalesce(sum(s.seconds), 0) as bigint) from hour_total s
            where s.programme = $1 and s.person = o.person) < cast($8 as bigint))
        and (o.sort_key, o.person) > ($9, $10) and o.sort_key < $12 order by o.sort_key, o.person limit $11) r
    left join hour_total t on t.programme = $1 and t.person = r.person
    order by r.sort_key, r.person, t.category, t.kind";

/// A teacher of a list, with sums.
#[derive(Debug, Clone)]
pub struct TeacherSums {
    pub person: Id<Person>,
    pub name: String,
    pub school: String,
    pub subject: String,
    pub sort_key: String,
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

/// Teachers within `scope` in the order of their names, at most `limit`.
pub async fn list(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    narrow: &Narrow,
    cursor: &Cursor,
    limit: i64,
) -> Result<Vec<TeacherSums>, DbError> {
    let (first, beyond) = sort_keys_of(&narrow.words);
    let args = args![
        programme,
        &scope.from,
        &scope.until,
        &narrow.words,
        &narrow.subject,
        &narrow.stage,
        &narrow.booked,
        narrow.below.get(),
        cursor.key.as_str().max(first.as_str()),
        cursor.uuid(),
        limit,
        beyond
    ];
    let mut teachers: Vec<TeacherSums> = Vec::new();
    let list = if scope.is_wide() { LIST_WIDE } else { LIST_NARROW };
    tx.each(list, args, |row| {
        let person: Id<Person> = row.get(0)?;
        if teachers.last().map(|teacher| teacher.person) != Some(person) {
            teachers.push(TeacherSums {
                person,
                name: row.get(1)?,
                school: row.get(2)?,
                subject: row.get(3)?,
                sort_key: row.get(4)?,
                totals: Vec::new(),
            });
        }
        if let (Some(teacher), Some(total)) = (teachers.last_mut(), total_of(row, 5)?) {
            teacher.totals.push(total);
        }
        Ok(())
    })
    .await?;
    Ok(teachers)
}
