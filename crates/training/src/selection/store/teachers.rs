//! Teachers with their choices, for lists.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::paging::{Cursor, Order, literal};
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Breadth;
use tisheng_registry::pages_of_roll;
use tisheng_registry::people::Person;

use crate::selection::model::in_order;
use crate::sorting::page_of_roll;

/// Pages of the roll with the choice of each.
const PAGES: [&str; 4] = pages_of_roll!(
    of_each: (", h.chosen_at as chosen_at", "left join choice h on h.programme = $1 and h.person = o.person"),
    where: "and ($9 = '' or ($9 = 'none') = (h.person is null))
        and ($10 = '' or (select 1 from choice_capability e where e.programme = $1
            and e.person = o.person and e.capability = $10 and e.dropped_at is null limit 1) is not null)",
    lines: (", r.chosen_at, c.capability",
        "left join choice_capability c on c.programme = $1 and c.person = r.person and c.dropped_at is null",
        ", c.capability")
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
        &narrow.state,
        &narrow.capability
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
