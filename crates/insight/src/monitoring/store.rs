//! Every statement of the room; the only one that joins whatever it needs, and writes only its
//! own tables.

use tisheng_kernel::person_name::sort_keys_of;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::{ROWS, literal};
use tisheng_platform::{DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;

use super::model::Figures;

const FOLLOW_SCHOOL_FIGURE: &str = "update school_figure set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOLLOW_SCHOOL_HOURS: &str = "update school_hours set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOLLOW_SCHOOL_CHOICE: &str = "update school_choice set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

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

const PUT: &str = "insert into school_figure
    (programme, school, path, teachers, chosen, learning, handed_in, assessed, met, certified, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (programme, school) do update set path = excluded.path, teachers = excluded.teachers,
    chosen = excluded.chosen, learning = excluded.learning, handed_in = excluded.handed_in,
    assessed = excluded.assessed, met = excluded.met, certified = excluded.certified, at = excluded.at";

const FORGET_HOURS: &str = "delete from school_hours where programme = $1 and school = $2";

const PUT_HOURS: &str = "insert into school_hours (programme, school, category, path, seconds)
    select h.programme, p.school, h.category, p.path, cast(sum(h.seconds) as bigint)
    from post p join hour_total h on h.person = p.person and h.programme = $1
    where p.school = $2 and p.until is null group by h.programme, p.school, h.category, p.path";

const FORGET_CHOICES: &str = "delete from school_choice where programme = $1 and school = $2";

const PUT_CHOICES: &str = "insert into school_choice (programme, school, capability, path, teachers)
    select c.programme, p.school, c.capability, p.path, count(*)
    from post p join choice_capability c on c.person = p.person and c.programme = $1 and c.dropped_at is null
    where p.school = $2 and p.until is null group by c.programme, p.school, c.capability, p.path";

const KEPT: &str = "select teachers, chosen, learning, handed_in, assessed, met, certified
    from school_figure where programme = $1 and school = $2";

const BELOW: &str =
    "select coalesce(cast(sum(teachers) as bigint), 0), coalesce(cast(sum(chosen) as bigint), 0),
    coalesce(cast(sum(learning) as bigint), 0), coalesce(cast(sum(handed_in) as bigint), 0),
    coalesce(cast(sum(assessed) as bigint), 0), coalesce(cast(sum(met) as bigint), 0),
    coalesce(cast(sum(certified) as bigint), 0), max(at)
    from school_figure where programme = $1 and path >= $2 and path < $3";

const CHILDREN: &str = "select n.id, n.name, coalesce(cast(sum(f.teachers) as bigint), 0),
    coalesce(cast(sum(f.chosen) as bigint), 0), coalesce(cast(sum(f.learning) as bigint), 0),
    coalesce(cast(sum(f.handed_in) as bigint), 0), coalesce(cast(sum(f.assessed) as bigint), 0),
    coalesce(cast(sum(f.met) as bigint), 0), coalesce(cast(sum(f.certified) as bigint), 0)
    from node n left join school_figure f on f.programme = $1
        and f.path >= n.path and f.path < substr(n.path, 1, length(n.path) - 1) || '0'
    where n.parent = $2 and n.valid_to is null and n.kind in ('province', 'city', 'county', 'town', 'school')
    group by n.id, n.name, n.sort_key order by n.sort_key";

const COUNTIES: &str = "select n.id, n.name, coalesce(cast(sum(f.teachers) as bigint), 0),
    coalesce(cast(sum(f.chosen) as bigint), 0), coalesce(cast(sum(f.learning) as bigint), 0),
    coalesce(cast(sum(f.handed_in) as bigint), 0), coalesce(cast(sum(f.assessed) as bigint), 0),
    coalesce(cast(sum(f.met) as bigint), 0), coalesce(cast(sum(f.certified) as bigint), 0)
    from node n left join school_figure f on f.programme = $1
        and f.path >= n.path and f.path < substr(n.path, 1, length(n.path) - 1) || '0'
    where n.kind = 'county' and n.valid_to is null and n.path >= $2 and n.path < $3
    group by n.id, n.name, n.sort_key order by n.sort_key";

const UNCOUNTED: &str = "select count(*) from school_mark m
    join school_figure f on f.programme = $1 and f.school = m.school
    where f.path >= $2 and f.path < $3 and m.marked > m.counted";

const HOURS_BELOW: &str = "select category, cast(sum(seconds) as bigint) from school_hours
    where programme = $1 and path >= $2 and path < $3 group by category order by category";

const CHOICES_BELOW: &str = "select capability, cast(sum(teachers) as bigint) from school_choice
    where programme = $1 and path >= $2 and path < $3 group by capability order by capability";

const MARK: &str = "insert into school_mark (school, marked, counted) values ($1, 1, 0)
    on conflict (school) do update set marked = school_mark.marked + 1 returning marked";

const MARKS: &str = "select marked, counted from school_mark where school = $1";

const SET_COUNTED: &str = "update school_mark set counted = $2 where school = $1";

const SCHOOLS: &str = "select id, path from node
    where kind = 'school' and valid_to is null and path >= $1 and path < $2 order by path";

const PATH_OF_SCHOOL: &str = "select path from node where id = $1 and kind = 'school'";

const SCHOOLS_OF_PERSON: &str = "select distinct school from post where person = $1";

const AUTHOR: &str = "select person from submission where programme = $1 and id = $2";

/// What stands for the open gates of a teacher without a standing.
const NOT_BEGUN: &str = "?";

/// Walks the roll in its order; the concatenation keeps the index on paths out of it, which would
/// have to sort the whole part of the tree.
const PEOPLE_WIDE: &str = "select p.person, pe.name, n.name, p.subject, coalesce(s.met, false),
    case when s.person is null then '?' else s.open_gates end, p.sort_key,
    coalesce((select cast(sum(h.seconds) as bigint) from hour_total h
        where h.programme = $1 and h.person = p.person and ($10 = '' or h.category = $10)), 0)
    from post p join person pe on pe.id = p.person join node n on n.id = p.school
    left join standing s on s.programme = $1 and s.person = p.person
    where p.until is null and p.path || '' >= $2 and p.path || '' < $3
    and ($4 = '' or pe.name like $4 escape '\\' or pe.pinyin like $4 escape '\\'
        or pe.initials like $4 escape '\\')
    and ($5 = 'teachers'
        or ($5 = 'chosen' and exists (select 1 from choice c where c.programme = $1 and c.person = p.person))
        or ($5 = 'not_chosen' and not exists (select 1 from choice c where c.programme = $1 and c.person = p.person))
        or ($5 = 'learning' and exists (select 1 from hour_total h
            where h.programme = $1 and h.person = p.person and h.seconds > 0))
        or ($5 = 'not_learning' and not exists (select 1 from hour_total h
            where h.programme = $1 and h.person = p.person and h.seconds > 0))
        or ($5 = 'handed_in' and exists (select 1 from submission b
            where b.programme = $1 and b.person = p.person and b.submitted_at is not null))
        or ($5 = 'not_handed_in' and not exists (select 1 from submission b
            where b.programme = $1 and b.person = p.person and b.submitted_at is not null))
        or ($5 = 'assessed' and exists (select 1 from result r
            where r.programme = $1 and r.person = p.person and r.superseded_by is null))
        or ($5 = 'not_assessed' and not exists (select 1 from result r
            where r.programme = $1 and r.person = p.person and r.superseded_by is null))
        or ($5 = 'met' and coalesce(s.met, false))
        or ($5 = 'not_met' and not coalesce(s.met, false))
        or ($5 = 'certified' and exists (select 1 from certificate c
            where c.programme = $1 and c.person = p.person and c.state = 'valid'))
        or ($5 = 'not_certified' and not exists (select 1 from certificate c
            where c.programme = $1 and c.person = p.person and c.state = 'valid')))
    and ($9 = '' or exists (select 1 from choice_capability k where k.programme = $1
        and k.person = p.person and k.capability = $9 and k.dropped_at is null))
    and ($10 = '' or exists (select 1 from hour_total h
        where h.programme = $1 and h.person = p.person and h.category = $10 and h.seconds <> 0))
    and (p.sort_key, p.person) > ($6, $7) and p.sort_key < $11 order by p.sort_key, p.person limit $8";

/// How many have reached a state, as far as that: where few have, the list begins with them.
const FEW: &str = "select count(*) from (
    select 1 from choice c where $2 = 'chosen' and c.programme = $1
    union all select 1 from hour_total h where $2 = 'learning' and h.programme = $1 and h.seconds > 0
    union all select 1 from submission b where $2 = 'handed_in' and b.programme = $1 and b.submitted_at is not null
    union all select 1 from result r where $2 = 'assessed' and r.programme = $1 and r.superseded_by is null
    union all select 1 from standing s where $2 = 'met' and s.programme = $1 and s.met
    union all select 1 from certificate c where $2 = 'certified' and c.programme = $1 and c.state = 'valid'
    limit $3) t";

/// Begins with those who have reached a state that few have, and sorts them. The concatenation keeps
/// the roll's order out of it, which would be walked from end to end to meet them.
const PEOPLE_FEW: &str = "select p.person, pe.name, n.name, p.subject, coalesce(s.met, false),
    case when s.person is null then '?' else s.open_gates end, p.sort_key,
    coalesce((select cast(sum(h.seconds) as bigint) from hour_total h
        where h.programme = $1 and h.person = p.person and ($10 = '' or h.category = $10)), 0)
    from (select c.person from choice c where $5 = 'chosen' and c.programme = $1
        union select h.person from hour_total h where $5 = 'learning' and h.programme = $1 and h.seconds > 0
        union select b.person from submission b
            where $5 = 'handed_in' and b.programme = $1 and b.submitted_at is not null
        union select r.person from result r where $5 = 'assessed' and r.programme = $1 and r.superseded_by is null
        union select s.person from standing s where $5 = 'met' and s.programme = $1 and s.met
        union select c.person from certificate c
            where $5 = 'certified' and c.programme = $1 and c.state = 'valid') few
    join post p on p.person = few.person
    join person pe on pe.id = p.person join node n on n.id = p.school
    left join standing s on s.programme = $1 and s.person = p.person
    where p.until is null and p.path || '' >= $2 and p.path || '' < $3
    and ($4 = '' or pe.name like $4 escape '\\' or pe.pinyin like $4 escape '\\'
        or pe.initials like $4 escape '\\')
    and ($9 = '' or exists (select 1 from choice_capability k where k.programme = $1
        and k.person = p.person and k.capability = $9 and k.dropped_at is null))
    and ($10 = '' or exists (select 1 from hour_total h
        where h.programme = $1 and h.person = p.person and h.category = $10 and h.seconds <> 0))
    and (p.sort_key || '', p.person) > ($6, $7) and p.sort_key || '' < $11 order by p.sort_key || '', p.person limit $8";

/// Picks the small part of the tree out and sorts it.
const PEOPLE_NARROW: &str = "select p.person, pe.name, n.name, p.subject, coalesce(s.met, false),
    case when s.person is null then '?' else s.open_gates end, p.sort_key,
    coalesce((select cast(sum(h.seconds) as bigint) from hour_total h
        where h.programme = $1 and h.person = p.person and ($10 = '' or h.category = $10)), 0)
    from post p join person pe on pe.id = p.person join node n on n.id = p.school
    left join standing s on s.programme = $1 and s.person = p.person
    where p.until is null and p.path >= $2 and p.path < $3
    and ($4 = '' or pe.name like $4 escape '\\' or pe.pinyin like $4 escape '\\'
        or pe.initials like $4 escape '\\')
    and ($5 = 'teachers'
        or ($5 = 'chosen' and exists (select 1 from choice c where c.programme = $1 and c.person = p.person))
        or ($5 = 'not_chosen' and not exists (select 1 from choice c where c.programme = $1 and c.person = p.person))
        or ($5 = 'learning' and exists (select 1 from hour_total h
            where h.programme = $1 and h.person = p.person and h.seconds > 0))
        or ($5 = 'not_learning' and not exists (select 1 from hour_total h
            where h.programme = $1 and h.person = p.person and h.seconds > 0))
        or ($5 = 'handed_in' and exists (select 1 from submission b
            where b.programme = $1 and b.person = p.person and b.submitted_at is not null))
        or ($5 = 'not_handed_in' and not exists (select 1 from submission b
            where b.programme = $1 and b.person = p.person and b.submitted_at is not null))
        or ($5 = 'assessed' and exists (select 1 from result r
            where r.programme = $1 and r.person = p.person and r.superseded_by is null))
        or ($5 = 'not_assessed' and not exists (select 1 from result r
            where r.programme = $1 and r.person = p.person and r.superseded_by is null))
        or ($5 = 'met' and coalesce(s.met, false))
        or ($5 = 'not_met' and not coalesce(s.met, false))
        or ($5 = 'certified' and exists (select 1 from certificate c
            where c.programme = $1 and c.person = p.person and c.state = 'valid'))
        or ($5 = 'not_certified' and not exists (select 1 from certificate c
            where c.programme = $1 and c.person = p.person and c.state = 'valid')))
    and ($9 = '' or exists (select 1 from choice_capability k where k.programme = $1
        and k.person = p.person and k.capability = $9 and k.dropped_at is null))
    and ($10 = '' or exists (select 1 from hour_total h
        where h.programme = $1 and h.person = p.person and h.category = $10 and h.seconds <> 0))
    and (p.sort_key, p.person) > ($6, $7) and p.sort_key < $11 order by p.sort_key, p.person limit $8";

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

/// Keeps the figures of a school, with its hours and choices.
pub async fn put(
    tx: &mut Tx,
    programme: Id<Programme>,
    (school, path): (Id<Node>, &str),
    figures: &Figures,
    at: Instant,
) -> Result<(), DbError> {
    let [teachers, chosen, learning, handed_in, assessed, met, certified] = figures.counts;
    let row =
        args![programme, school, path, teachers, chosen, learning, handed_in, assessed, met, certified, at];
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
) -> Result<Option<Figures>, DbError> {
    tx.row_opt(KEPT, args![programme, school], |row| figures(row, 0)).await
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
}

fn child(row: &Row<'_>) -> Result<Child, DbError> {
    Ok(Child { id: row.get(0)?, name: row.get(1)?, figures: figures(row, 2)? })
}

/// What stands directly below a node, with its figures, in the order of names.
///
/// # Errors
/// What the database reports.
pub async fn children(tx: &mut Tx, programme: Id<Programme>, node: Id<Node>) -> Result<Vec<Child>, DbError> {
    tx.rows(CHILDREN, args![programme, node], child).await
}

/// Every county in `scope`, in the order of names.
pub async fn counties(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<Vec<Child>, DbError> {
    tx.rows(COUNTIES, args![programme, &scope.from, &scope.until], child).await
}

/// Schools in `scope` of which something has happened that is not in the figures yet.
pub async fn uncounted(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<i64, DbError> {
    tx.row(UNCOUNTED, args![programme, &scope.from, &scope.until], |row| row.get(0)).await
}

/// Seconds by category.
pub async fn hours_below(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
) -> Result<Vec<(String, i64)>, DbError> {
    let range = args![programme, &scope.from, &scope.until];
    tx.rows(HOURS_BELOW, range, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Teachers by capability chosen.
pub async fn choices_below(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
) -> Result<Vec<(String, i64)>, DbError> {
    let range = args![programme, &scope.from, &scope.until];
    tx.rows(CHOICES_BELOW, range, |row| Ok((row.get(0)?, row.get(1)?))).await
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

/// A teacher in the list behind a figure.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The teacher.
    pub person: Id<Person>,
    /// The name.
    pub name: String,
    /// The school.
    pub school: String,
    /// The subject.
    pub subject: String,
    /// Whether everything is met.
    pub met: bool,
    /// Keys of the gates that are open, joined by commas; nothing of who has not begun.
    pub open_gates: Option<String>,
    /// The place in the list.
    pub sort_key: String,
    /// Seconds credited, of the category asked for or of all.
    pub seconds: i64,
}

/// Whom a list of teachers is about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// A stage's key, or `not_` and the key.
    pub state: &'a str,
    /// How the name begins; empty for every name.
    pub search: &'a str,
    /// A capability that they have chosen; empty for any.
    pub capability: &'a str,
    /// A category in which they have hours; empty for any.
    pub category: &'a str,
}

/// The states that are reached by something of which there is a row.
const STATES: [&str; 6] = ["chosen", "learning", "handed_in", "assessed", "met", "certified"];
/// From so many rows on the roll is walked instead, where one of them is met soon.
const MANY: i64 = 5_000;

/// A way to the people of a list; each leads to the same.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    /// Along the roll, for a page of many.
    Walk,
    /// The part of the tree picked out and sorted.
    Sort,
    /// From those who have reached the state.
    Few,
}

/// The shortest way to at most `limit` people of a list.
async fn way(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    state: &str,
    limit: i64,
) -> Result<Way, DbError> {
    if !scope.is_wide() {
        return Ok(Way::Sort);
    }
    if STATES.contains(&state) {
        let count: i64 = tx.row(FEW, args![programme, state, MANY], |row| row.get(0)).await?;
        if count < MANY {
            return Ok(Way::Few);
        }
    }
    Ok(if limit <= PAGE { Way::Walk } else { Way::Sort })
}

/// The people behind a figure, at most `limit` after `after`, by the shortest way.
pub async fn people(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    wanted: Wanted<'_>,
    after: &Cursor,
    limit: i64,
) -> Result<Vec<Listed>, DbError> {
    let way = way(tx, programme, scope, wanted.state, limit).await?;
    people_by(way, tx, programme, scope, wanted, after, limit).await
}

/// The same by a given way.
pub async fn people_by(
    way: Way,
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    wanted: Wanted<'_>,
    after: &Cursor,
    limit: i64,
) -> Result<Vec<Listed>, DbError> {
    let Wanted { state, search, capability, category } = wanted;
    let like =
        if search.is_empty() { String::new() } else { format!("{}%", literal(&search.to_lowercase())) };
    let (from, until) = (&scope.from, &scope.until);
    let (first, beyond) = sort_keys_of(search);
    let (key, person) = (after.key.as_str().max(first.as_str()), after.uuid());
    let row = args![programme, from, until, like, state, key, person, limit, capability, category, beyond];
    let people = match way {
        Way::Walk => PEOPLE_WIDE,
        Way::Sort => PEOPLE_NARROW,
        Way::Few => PEOPLE_FEW,
    };
    tx.rows(people, row, |row| {
        let open: String = row.get(5)?;
        Ok(Listed {
            person: row.get(0)?,
            name: row.get(1)?,
            school: row.get(2)?,
            subject: row.get(3)?,
            met: row.get(4)?,
            open_gates: Some(open).filter(|open| open != NOT_BEGUN),
            sort_key: row.get(6)?,
            seconds: row.get(7)?,
        })
    })
    .await
}

/// Rows of a page and the one that says whether more follow.
pub const PAGE: i64 = ROWS + 1;

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_SCHOOL_FIGURE).await?;
    shift.apply(tx, FOLLOW_SCHOOL_HOURS).await?;
    shift.apply(tx, FOLLOW_SCHOOL_CHOICE).await.map(drop)
}
