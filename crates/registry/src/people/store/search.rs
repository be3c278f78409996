//! Searching a wide part of the tree: by the beginning of a name, of its pinyin or of its initials.
//!
//! Few who are found are looked up one by one. Of many, the page is filled by walking the roll in
//! its order: whoever is spelt alike stands together there, and whoever has the same initials
//! begins with the same letter.

use tisheng_kernel::person_name;
use tisheng_platform::web::Cursor;
use tisheng_platform::{DbError, Scope, Tx, args};

use super::roll::{RollFilter, RollLine, after_all, line};

const COUNT_SPELT: &str = "select count(*) from (select id from person where name >= $1 and name < $2
        union all select id from person where pinyin >= $1 and pinyin < $2 limit $3) f";

const COUNT_INITIALS: &str =
    "select count(*) from (select id from person where initials >= $1 and initials < $2 limit $3) f";

/// The concatenations keep the indexes on places in the roll and in the tree out of it: few have been
/// found, and their posts are looked up one by one.
const FIND_SPELT: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from (select id from person where name >= $9 and name < $10
        union select id from person where pinyin >= $9 and pinyin < $10) f
    join post p on p.person = f.id join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path || '' >= $1 and p.path || '' < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (p.sort_key || '', p.person) > ($6, $7)
    order by p.sort_key || '', p.person limit $8";

const FIND_INITIALS: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from (select id from person where initials >= $9 and initials < $10) f
    join post p on p.person = f.id join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path || '' >= $1 and p.path || '' < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (p.sort_key || '', p.person) > ($6, $7)
    order by p.sort_key || '', p.person limit $8";

const WALK_SPELT: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path || '' >= $1 and p.path || '' < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (p.sort_key, p.person) > ($6, $7) and p.sort_key < $11
        and ((o.name >= $9 and o.name < $10) or (o.pinyin >= $9 and o.pinyin < $10))
    order by p.sort_key, p.person limit $8";

const WALK_INITIALS: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path || '' >= $1 and p.path || '' < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (p.sort_key, p.person) > ($6, $7) and p.sort_key < $11
        and (o.initials >= $9 and o.initials < $10)
    order by p.sort_key, p.person limit $8";

/// From how many on the roll is walked: fewer are sooner looked up. They are counted no further.
const MANY: i64 = 3_000;

/// One of the two ways in which a name may begin with what was typed.
struct Way {
    count: &'static str,
    find: &'static str,
    walk: &'static str,
    /// The sort keys between which its names stand.
    between: (String, String),
}

/// At most `most` teachers within `scope` after `place` whose name, pinyin or initials begin with
/// the filter's text.
pub async fn wide(
    tx: &mut Tx,
    scope: &Scope,
    filter: &RollFilter,
    place: &Cursor,
    most: i64,
) -> Result<Vec<RollLine>, DbError> {
    let spelt = Way {
        count: COUNT_SPELT,
        find: FIND_SPELT,
        walk: WALK_SPELT,
        between: person_name::sort_keys_spelt(&filter.query),
    };
    let initials = Way {
        count: COUNT_INITIALS,
        find: FIND_INITIALS,
        walk: WALK_INITIALS,
        between: person_name::sort_keys_of_initials(&filter.query),
    };
    let mut found = along(tx, scope, filter, (place, most), &spelt).await?;
    found.extend(along(tx, scope, filter, (place, most), &initials).await?);
    found.sort_by(|a, b| (&a.sort_key, a.person).cmp(&(&b.sort_key, b.person)));
    found.dedup_by_key(|line| line.person);
    found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(found)
}

async fn along(
    tx: &mut Tx,
    scope: &Scope,
    filter: &RollFilter,
    (place, most): (&Cursor, i64),
    way: &Way,
) -> Result<Vec<RollLine>, DbError> {
    let RollFilter { query, subject, stage, state, .. } = filter;
    let (end, id) = (after_all(query), place.uuid());
    let count: i64 = tx.row(way.count, args![query, &end, MANY], |row| row.get(0)).await?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let (first, beyond) = &way.between;
    let (from, until) = (&scope.from, &scope.until);
    if count == MANY {
        let after = if place.key < *first { first } else { &place.key };
        let given = args![from, until, subject, stage, state, after, id, most, query, end, beyond];
        return tx.rows(way.walk, given, line).await;
    }
    let given = args![from, until, subject, stage, state, &place.key, id, most, query, end];
    tx.rows(way.find, given, line).await
}
