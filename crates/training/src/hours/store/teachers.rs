//! Teachers with their sums, for lists.

use tisheng_kernel::Id;
use tisheng_kernel::Seconds;
use tisheng_platform::web::paging::{Cursor, Order, literal};
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Breadth;
use tisheng_registry::pages_of_roll;
use tisheng_registry::people::Person;

use super::{Total, total};
use crate::sorting::page_of_roll;

/// Pages of the roll with the sums of each.
const PAGES: [&str; 4] = pages_of_roll!(
    of_each: ("", ""),
    where: "and ($9 = '' or o.subject = $9) and ($10 = '' or o.stage = $10)
        and ($11 = '' or ($11 = 'none') = ((select 1 from hour_total e
            where e.programme = $1 and e.person = o.person limit 1) is null))
        and (cast($12 as bigint) = 0
            or (select cast(coalesce(sum(s.seconds), 0) as bigint) from hour_total s
            where s.programme = $1 and s.person = o.person) < cast($12 as bigint))",
    lines: (", t.category, t.kind, t.seconds, t.entries",
        "left join hour_total t on t.programme = $1 and t.person = r.person", ", t.category, t.kind")
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
    let (list, [key, bound], id) = page_of_roll(breadth, &narrow.words, (order, cursor), PAGES);
    let args = args![
        programme,
        &scope.from,
        &scope.until,
        literal(&narrow.words),
        key,
        id,
        limit,
        bound,
        &narrow.subject,
        &narrow.stage,
        &narrow.booked,
        narrow.below.get()
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
