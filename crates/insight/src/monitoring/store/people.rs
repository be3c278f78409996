//! The people behind a figure. Each way to them is a statement of its own.

use tisheng_kernel::Id;
use tisheng_kernel::person_name::sort_keys_of;
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::{ROWS, literal};
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

/// What stands for the open gates of a teacher without a standing.
const NOT_BEGUN: &str = "?";

/// Walks the roll in its order and looks at nothing but what was asked for, since most of the roll may
/// have to be passed over; the people of the page are looked up afterwards, in that order. The
/// concatenation keeps the index on paths out of it, which would have to sort the whole part of the tree;
/// each teacher is asked about for himself, since PostgreSQL reads a whole table before the first answer
/// where it finds `exists` (docs/decisions/0025).
const PEOPLE_WIDE: &str = "select w.person, pe.name, n.name, p.subject, coalesce(s.met, false),
    case when s.person is null then '?' else s.open_gates end, w.sort_key,
    coalesce((select cast(sum(h.seconds) as bigint) from hour_total h
        where h.programme = $1 and h.person = w.person and ($10 = '' or h.category = $10)), 0)
    from (select p.person, p.sort_key from post p
        where p.until is null and p.path || '' >= $2 and p.path || '' < $3
        and ($4 = '' or (select 1 from person pe where pe.id = p.person
            and (pe.name like $4 escape '\\' or pe.pinyin like $4 escape '\\' or pe.initials like $4 escape '\\')
            limit 1) is not null)
        and ($5 = 'teachers'
            or ($5 = 'chosen' and (select 1 from choice c
                where c.programme = $1 and c.person = p.person limit 1) is not null)
            or ($5 = 'not_chosen' and (select 1 from choice c
                where c.programme = $1 and c.person = p.person limit 1) is null)
            or ($5 = 'learning' and (select 1 from hour_total h
                where h.programme = $1 and h.person = p.person and h.seconds > 0 limit 1) is not null)
            or ($5 = 'not_learning' and (select 1 from hour_total h
                where h.programme = $1 and h.person = p.person and h.seconds > 0 limit 1) is null)
            or ($5 = 'handed_in' and (select 1 from submission b
                where b.programme = $1 and b.person = p.person and b.submitted_at is not null limit 1) is not null)
            or ($5 = 'not_handed_in' and (select 1 from submission b
                where b.programme = $1 and b.person = p.person and b.submitted_at is not null limit 1) is null)
            or ($5 = 'assessed' and (select 1 from result r
                where r.programme = $1 and r.person = p.person and r.superseded_by is null limit 1) is not null)
            or ($5 = 'not_assessed' and (select 1 from result r
                where r.programme = $1 and r.person = p.person and r.superseded_by is null limit 1) is null)
            or ($5 = 'met' and (select 1 from standing t
                where t.programme = $1 and t.person = p.person and t.met limit 1) is not null)
            or ($5 = 'not_met' and (select 1 from standing t
                where t.programme = $1 and t.person = p.person and t.met limit 1) is null)
            or ($5 = 'certified' and (select 1 from certificate c
                where c.programme = $1 and c.person = p.person and c.state = 'valid' limit 1) is not null)
            or ($5 = 'not_certified' and (select 1 from certificate c
                where c.programme = $1 and c.person = p.person and c.state = 'valid' limit 1) is null))
        and ($9 = '' or (select 1 from choice_capability k where k.programme = $1
            and k.person = p.person and k.capability = $9 and k.dropped_at is null limit 1) is not null)
        and ($12 = '' or (select 1 from choice_capability k where k.programme = $1
            and k.person = p.person and replace($12, ',' || k.capability || ',', '') <> $12
            and k.dropped_at is null limit 1) is not null)
        and ($10 = '' or (select 1 from hour_total h
            where h.programme = $1 and h.person = p.person and h.category = $10 and h.seconds <> 0 limit 1) is not null)
        and (p.sort_key, p.person) > ($6, $7) and p.sort_key < $11
        order by p.sort_key, p.person limit $8) w
    cross join post p join person pe on pe.id = p.person join node n on n.id = p.school
    left join standing s on s.programme = $1 and s.person = p.person
    where p.person = w.person and p.until is null order by w.sort_key, w.person";

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
    and ($12 = '' or exists (select 1 from choice_capability k where k.programme = $1
        and k.person = p.person and replace($12, ',' || k.capability || ',', '') <> $12
        and k.dropped_at is null))
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
    and ($12 = '' or exists (select 1 from choice_capability k where k.programme = $1
        and k.person = p.person and replace($12, ',' || k.capability || ',', '') <> $12
        and k.dropped_at is null))
    and ($10 = '' or exists (select 1 from hour_total h
        where h.programme = $1 and h.person = p.person and h.category = $10 and h.seconds <> 0))
    and (p.sort_key, p.person) > ($6, $7) and p.sort_key < $11 order by p.sort_key, p.person limit $8";

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
    /// Capabilities of which they have chosen one or more, each between commas; empty for any.
    pub one_of: &'a str,
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
    /// Along the roll, for some of many.
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
    Ok(if limit <= STRIDE { Way::Walk } else { Way::Sort })
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
    let Wanted { state, search, capability, one_of, category } = wanted;
    let like =
        if search.is_empty() { String::new() } else { format!("{}%", literal(&search.to_lowercase())) };
    let (from, until) = (&scope.from, &scope.until);
    let (first, beyond) = sort_keys_of(search);
    let (key, person) = (after.key.as_str().max(first.as_str()), after.uuid());
    let row =
        args![programme, from, until, like, state, key, person, limit, capability, category, beyond, one_of];
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

/// So many at most are walked along the roll: of more the part of the tree is picked out and sorted.
pub const STRIDE: i64 = 5_000;

/// Rows of a page and the one that says whether more follow.
pub const PAGE: i64 = ROWS + 1;
