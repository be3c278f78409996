//! Every statement of the room; the only one that joins whatever it needs, and writes only its
//! own tables. Lists of people beside.

mod parts;
mod people;
mod sums;
mod units;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;

use super::model::{Doing, Figures};
pub use parts::{CountedWork, chosen, count_works, dimensions, put_dimensions, put_works, works};
pub use people::{Listed, PAGE, STRIDE, Wanted, people};
#[cfg(test)]
pub use people::{Way, people_by};
pub use sums::{
    Unit, add_up, choices_below, dimensions_below, hours_below, place_units, sums_off, unit_of, units,
    works_below, works_of_children,
};
pub use units::{counties, coverage, idle_schools, schools_by_part};

const FOLLOW_SCHOOL_FIGURE: &str = "update school_figure set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const COUNT: &str = "select count(*),
    coalesce(cast(sum(case when exists (select 1 from choice c
        where c.programme = $1 and c.person = p.person) then 1 else 0 end) as bigint), 0),
    coalesce(cast(sum(case when exists (select 1 from hour_total h
        where h.programme = $1 and h.person = p.person and h.seconds > 0) then 1 else 0 end) as bigint), 0),
    coalesce(cast(sum(case when exists (select 1 from submission s
        where s.programme = $1 and s.person = p.person and s.submitted_at is not null) then 1 else 0 end) as bigint), 0),
    coalesce(cast(sum(case when exists (select 1 from result r
        where r.programme = $1 and r.person = p.person and r.superseded_by is null) then 1 else 0 end) as bigint), 0),
    coalesce(cast(sum(case when exists (select 1 from standing s
        where s.programme = $1 and s.person = p.person and s.met) then 1 else 0 end) as bigint), 0),
    coalesce(cast(sum(case when exists (select 1 from certificate c
        where c.programme = $1 and c.person = p.person and c.state = 'valid') then 1 else 0 end) as bigint), 0)
    from post p where p.school = $2 and p.until is null";

const COUNT_DOING: &str = "select
    (select count(*) from offer o where o.programme = $1 and o.school = $2 and o.state = 'published'),
    (select count(*) from (select 1 from activity a
        where a.programme = $1 and a.school = $2 and a.state <> 'cancelled' limit 1) t)";

const PUT: &str = "insert into school_figure
    (programme, school, path, teachers, chosen, learning, handed_in, assessed, met, certified, at, offered,
    planned)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    on conflict (programme, school) do update set path = excluded.path, teachers = excluded.teachers,
    chosen = excluded.chosen, learning = excluded.learning, handed_in = excluded.handed_in,
    assessed = excluded.assessed, met = excluded.met, certified = excluded.certified, at = excluded.at,
    offered = excluded.offered, planned = excluded.planned";

const FORGET_HOURS: &str = "delete from school_hours where programme = $1 and school = $2";

// The hours of a school's teachers by category.
macro_rules! hours_of {
    () => {
        "select h.programme, p.school, h.category, cast(sum(h.seconds) as bigint) as seconds
        from post p join hour_total h on h.person = p.person and h.programme = $1
        where p.school = $2 and p.until is null group by h.programme, p.school, h.category"
    };
}

// How many of a school's teachers have chosen each capability.
macro_rules! choices_of {
    () => {
        "select c.programme, p.school, c.capability, count(*) as teachers
        from post p join choice_capability c on c.person = p.person and c.programme = $1 and c.dropped_at is null
        where p.school = $2 and p.until is null group by c.programme, p.school, c.capability"
    };
}

const PUT_HOURS: &str =
    concat!("insert into school_hours (programme, school, category, seconds) ", hours_of!());

const FORGET_CHOICES: &str = "delete from school_choice where programme = $1 and school = $2";

const PUT_CHOICES: &str =
    concat!("insert into school_choice (programme, school, capability, teachers) ", choices_of!());

// How many rows of a table are kept and not counted so, or counted and not kept so.
macro_rules! off {
    ($table:literal, $counted:expr, $key:literal, $sum:literal) => {
        concat!(
            "select (select count(*) from ",
            $table,
            " k where k.programme = $1 and k.school = $2
                and not exists (select 1 from (",
            $counted,
            ") f where f.",
            $key,
            " = k.",
            $key,
            " and f.",
            $sum,
            " = k.",
            $sum,
            "))
            + (select count(*) from (",
            $counted,
            ") f where not exists (select 1 from ",
            $table,
            " k
                where k.programme = $1 and k.school = $2 and k.",
            $key,
            " = f.",
            $key,
            " and k.",
            $sum,
            " = f.",
            $sum,
            "))"
        )
    };
}

const HOURS_OFF: &str = off!("school_hours", hours_of!(), "category", "seconds");

const CHOICES_OFF: &str = off!("school_choice", choices_of!(), "capability", "teachers");

const KEPT: &str = "select teachers, chosen, learning, handed_in, assessed, met, certified, offered, planned
    from school_figure where programme = $1 and school = $2";

const BELOW: &str =
    "select coalesce(cast(sum(teachers) as bigint), 0), coalesce(cast(sum(chosen) as bigint), 0),
    coalesce(cast(sum(learning) as bigint), 0), coalesce(cast(sum(handed_in) as bigint), 0),
    coalesce(cast(sum(assessed) as bigint), 0), coalesce(cast(sum(met) as bigint), 0),
    coalesce(cast(sum(certified) as bigint), 0), max(at)
    from school_figure where programme = $1 and path >= $2 and path < $3";

// Whether a unit still is, or has left something that is counted; `school_figure` is read
// along its path, and so are the sums of works.
macro_rules! is_or_left {
    () => {
        "(n.valid_to is null
        or exists (select 1 from school_figure k where k.programme = $1
            and k.path >= n.path and k.path < substr(n.path, 1, length(n.path) - 1) || '0'
            and k.teachers + k.chosen + k.learning + k.handed_in + k.assessed + k.met + k.certified
                + k.offered + k.planned > 0)
        or exists (select 1 from school_work w where w.programme = $1 and w.school = n.id)
        or exists (select 1 from school_unit u cross join unit_sum s where u.programme = $1
            and u.path >= n.path and u.path < substr(n.path, 1, length(n.path) - 1) || '0'
            and s.programme = u.programme and s.unit = u.unit and s.part = 'work'))"
    };
}
pub(crate) use is_or_left;

const CHILDREN: &str = concat!(
    "select n.id, n.name, coalesce(cast(sum(f.teachers) as bigint), 0),
    coalesce(cast(sum(f.chosen) as bigint), 0), coalesce(cast(sum(f.learning) as bigint), 0),
    coalesce(cast(sum(f.handed_in) as bigint), 0), coalesce(cast(sum(f.assessed) as bigint), 0),
    coalesce(cast(sum(f.met) as bigint), 0), coalesce(cast(sum(f.certified) as bigint), 0),
    coalesce(cast(sum(f.offered) as bigint), 0), coalesce(cast(sum(f.planned) as bigint), 0),
    n.valid_to is not null
    from node n left join school_figure f on f.programme = $1
        and f.path >= n.path and f.path < substr(n.path, 1, length(n.path) - 1) || '0'
    where n.parent = $2 and n.kind in ('province', 'city', 'county', 'town', 'school') and ",
    is_or_left!(),
    " group by n.id, n.name, n.sort_key, n.valid_to order by n.sort_key, n.id"
);

/// The way leads from the few marks that are open: `cross join` keeps SQLite from walking all schools instead.
const UNCOUNTED: &str = "select count(*) from school_mark m cross join school_figure f
    where m.marked > m.counted and f.programme = $1 and f.school = m.school
    and f.path >= $2 and f.path < $3";

const MARK: &str = "insert into school_mark (school, marked, counted) values ($1, 1, 0)
    on conflict (school) do update set marked = school_mark.marked + 1 returning marked";

const MARKS: &str = "select marked, counted from school_mark where school = $1";

const SET_COUNTED: &str = "update school_mark set counted = $2 where school = $1";

/// With those that have ended: what was done there is counted above.
const SCHOOLS: &str = "select id, path from node
    where kind = 'school' and path >= $1 and path < $2 order by path";

const PATH_OF_SCHOOL: &str = "select path from node where id = $1 and kind = 'school'";

const SCHOOLS_OF_PERSON: &str = "select distinct school from post where person = $1";

const AUTHOR: &str = "select person from submission where programme = $1 and id = $2";

fn figures(row: &Row<'_>, first: usize) -> Result<Figures, DbError> {
    let mut figures = Figures::default();
    for (offset, count) in figures.counts.iter_mut().enumerate() {
        *count = row.get(first + offset)?;
    }
    Ok(figures)
}

/// Counts a school afresh.
pub async fn count(tx: &mut Tx, programme: Id<Programme>, school: Id<Node>) -> Result<Figures, DbError> {
    tx.row(COUNT, args![programme, school], |row| figures(row, 0)).await
}

fn doing(row: &Row<'_>, first: usize) -> Result<Doing, DbError> {
    Ok(Doing { offering: row.get(first)?, planning: row.get(first + 1)? })
}

/// Looks afresh whether a school offers and plans.
pub async fn count_doing(tx: &mut Tx, programme: Id<Programme>, school: Id<Node>) -> Result<Doing, DbError> {
    tx.row(COUNT_DOING, args![programme, school], |row| doing(row, 0)).await
}

/// Keeps the figures of a school, with its hours and choices.
pub async fn put(
    tx: &mut Tx,
    programme: Id<Programme>,
    (school, path): (Id<Node>, &str),
    (figures, doing): (&Figures, Doing),
    at: Instant,
) -> Result<(), DbError> {
    let [teachers, chosen, learning, handed_in, assessed, met, certified] = figures.counts;
    let Doing { offering, planning } = doing;
    let row = args![
        programme, school, path, teachers, chosen, learning, handed_in, assessed, met, certified, at,
        offering, planning
    ];
    tx.run(PUT, row).await?;
    let key = args![programme, school];
    tx.run(FORGET_HOURS, key).await?;
    tx.run(PUT_HOURS, key).await?;
    tx.run(FORGET_CHOICES, key).await?;
    tx.run(PUT_CHOICES, key).await.map(drop)
}

/// Notes that something happened in a school; gives how much has.
pub async fn mark(tx: &mut Tx, school: Id<Node>) -> Result<i64, DbError> {
    tx.row(MARK, args![school], |row| row.get(0)).await
}

/// How much has happened in a school, and how much of it is counted.
pub async fn marks(tx: &mut Tx, school: Id<Node>) -> Result<(i64, i64), DbError> {
    tx.row(MARKS, args![school], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Notes that so much of what happened in a school is being counted.
pub async fn set_counted(tx: &mut Tx, school: Id<Node>, counted: i64) -> Result<(), DbError> {
    tx.run(SET_COUNTED, args![school, counted]).await.map(drop)
}

/// What is kept of a school.
pub async fn kept(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
) -> Result<Option<(Figures, Doing)>, DbError> {
    tx.row_opt(KEPT, args![programme, school], |row| Ok((figures(row, 0)?, doing(row, 7)?))).await
}

/// How many sums of hours and of choices of a school are not what counting gives.
pub async fn parts_off(tx: &mut Tx, programme: Id<Programme>, school: Id<Node>) -> Result<i64, DbError> {
    let key = args![programme, school];
    let hours: i64 = tx.row(HOURS_OFF, key, |row| row.get(0)).await?;
    let choices: i64 = tx.row(CHOICES_OFF, key, |row| row.get(0)).await?;
    Ok(hours + choices)
}

/// The figures of everything in `scope`, and when the last of them changed.
///
/// # Errors
/// What the database reports.
pub async fn figures_below(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
) -> Result<(Figures, Option<Instant>), DbError> {
    let range = args![programme, &scope.from, &scope.until];
    tx.row(BELOW, range, |row| Ok((figures(row, 0)?, row.get(7)?))).await
}

/// A child of a node with its figures.
#[derive(Debug, Clone)]
pub struct Child {
    /// The child.
    pub id: Id<Node>,
    /// Its name.
    pub name: String,
    /// Its figures.
    pub figures: Figures,
    /// How many of its schools do what else is kept of them.
    pub doing: Doing,
    /// Whether it has been closed.
    pub ended: bool,
}

impl Child {
    /// The name as shown: of one that has ended with the word that says so.
    #[must_use]
    pub fn label(&self) -> String {
        if self.ended { format!("{}（已撤并）", self.name) } else { self.name.clone() }
    }

    /// Whether it stands in a table of teachers: one that has ended only while it has some.
    #[must_use]
    pub fn stands_with_teachers(&self) -> bool {
        !self.ended || self.figures != Figures::default()
    }
}

fn child(row: &Row<'_>) -> Result<Child, DbError> {
    let (figures, doing, ended) = (figures(row, 2)?, doing(row, 9)?, row.get(11)?);
    Ok(Child { id: row.get(0)?, name: row.get(1)?, figures, doing, ended })
}

/// What stands directly below a node, with its figures, in the order of names; also what stood there and
/// has left something that is counted.
///
/// # Errors
/// What the database reports.
pub async fn children(tx: &mut Tx, programme: Id<Programme>, node: Id<Node>) -> Result<Vec<Child>, DbError> {
    tx.rows(CHILDREN, args![programme, node], child).await
}

/// Schools in `scope` of which something has happened that is not in the figures yet.
pub async fn uncounted(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<i64, DbError> {
    tx.row(UNCOUNTED, args![programme, &scope.from, &scope.until], |row| row.get(0)).await
}

pub async fn schools(tx: &mut Tx, scope: &Scope) -> Result<Vec<(Id<Node>, String)>, DbError> {
    tx.rows(SCHOOLS, args![&scope.from, &scope.until], |row| Ok((row.get(0)?, row.get(1)?))).await
}

pub async fn path_of_school(tx: &mut Tx, school: Id<Node>) -> Result<Option<String>, DbError> {
    tx.row_opt(PATH_OF_SCHOOL, args![school], |row| row.get(0)).await
}

pub async fn schools_of_person(tx: &mut Tx, person: Id<Person>) -> Result<Vec<Id<Node>>, DbError> {
    tx.rows(SCHOOLS_OF_PERSON, args![person], |row| row.get(0)).await
}

pub async fn author(
    tx: &mut Tx,
    programme: Id<Programme>,
    submission: uuid::Uuid,
) -> Result<Option<Id<Person>>, DbError> {
    tx.row_opt(AUTHOR, args![programme, submission], |row| row.get(0)).await
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_SCHOOL_FIGURE).await?;
    sums::follow(tx, shift).await
}
