//! Statements about those who wait for a certificate: they have met everything and have never held one.

use tisheng_kernel::{Id, Instant, pinyin};
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::ROWS;
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::listed::END;

/// In the order of their schools, in which the index has them; without those whom the batch leaves out, or one
/// that was asked for since: the last word on a teacher counts, whichever batch comes to the teacher first.
const READY: &str = "select s.path, s.person from standing s
    where s.programme = $1 and (s.path, s.person) > ($2, $3) and s.path < $4 and s.met and s.held = ''
    and exists (select 1 from post p where p.person = s.person and p.until is null)
    and not exists (select 1 from certificate_left_out l join certificate_batch b on b.id = l.batch
        where l.person = s.person and b.programme = s.programme and b.asked_at >= $6)
    order by s.path, s.person limit $5";

const COUNT_READY: &str = "select count(*) from (select 1 from standing s
    where s.programme = $1 and s.path >= $2 and s.path < $3 and s.met and s.held = ''
    and exists (select 1 from post p where p.person = s.person and p.until is null) limit $4) t";

/// A page of them by name, in the order in which they are issued to, with the reason for which the last
/// batch left them out.
macro_rules! named {
    ($from:literal, $path:literal, $found:literal) => {
        concat!(
            "select s.person, pe.name, n.name, s.path,
            coalesce((select b.left_reason from certificate_left_out l join certificate_batch b on b.id = l.batch
                where l.person = s.person and b.programme = s.programme order by b.asked_at desc limit 1), '')
            from ",
            $from,
            " join post p on p.person = s.person and p.until is null
            join person pe on pe.id = s.person join node n on n.id = p.school
            where s.programme = $1 and (",
            $path,
            ", s.person) > ($2, $3) and ",
            $path,
            " < $4 and s.met and s.held = ''",
            $found,
            " order by ",
            $path,
            ", s.person limit $5"
        )
    };
}

/// Walks all of them in the order of their index.
const NAMED_READY: &str = named!("standing s", "s.path", "");

/// The same past those whose names do not begin so: where many do, a page is soon full.
const NAMED_READY_OF_MANY: &str = named!(
    "standing s",
    "s.path",
    " and ((pe.name >= $6 and pe.name < $7) or (pe.pinyin >= $8 and pe.pinyin < $9)
        or (pe.initials >= $8 and pe.initials < $9) or (n.name >= $6 and n.name < $7))"
);

/// Looks up those whose names begin so, one by one; the concatenation keeps the order of all out of it.
const NAMED_READY_OF_FEW: &str = named!(
    "(select id as person from person where name >= $6 and name < $7
        union select id from person where pinyin >= $8 and pinyin < $9
        union select id from person where initials >= $8 and initials < $9
        union select t.person from node h join post t on t.school = h.id and t.until is null
            where h.name >= $6 and h.name < $7) f
    join standing s on s.person = f.person",
    "s.path || ''",
    ""
);

/// How many names begin so, of teachers and of their schools; counted up to `$5`.
const COUNT_NAMES: &str = "select count(*) from (select id from person where name >= $1 and name < $2
    union all select id from person where pinyin >= $3 and pinyin < $4
    union all select id from person where initials >= $3 and initials < $4
    union all select t.person from node h join post t on t.school = h.id and t.until is null
        where h.name >= $1 and h.name < $2 limit $5) f";

const NAMED_READY_ONE: &str = "select s.person, pe.name, n.name, s.path, ''
    from standing s join post p on p.person = s.person and p.until is null
    join person pe on pe.id = s.person join node n on n.id = p.school
    where s.programme = $1 and s.person = $2 and s.path >= $3 and s.path < $4 and s.met and s.held = ''";

/// The next of them with the paths of their schools, behind the path and person `after`, but for those
/// whom a batch leaves out that was asked for at `asked_at` or later.
pub async fn ready(
    tx: &mut Tx,
    (programme, asked_at): (Id<Programme>, Instant),
    scope: &Scope,
    (path, person): (&str, Uuid),
    limit: i64,
) -> Result<Vec<(String, Id<Person>)>, DbError> {
    let row = args![programme, path, person, &scope.until, limit, asked_at];
    tx.rows(READY, row, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// How many of them there are, counted up to `most`.
pub async fn count_ready(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    most: i64,
) -> Result<i64, DbError> {
    tx.row(COUNT_READY, args![programme, &scope.from, &scope.until, most], |row| row.get(0)).await
}

/// One of them as a page names them.
#[derive(Debug, Clone)]
pub struct Named {
    /// The teacher.
    pub person: Id<Person>,
    /// The name.
    pub name: String,
    /// The school.
    pub school: String,
    /// Its path.
    pub path: String,
    /// Why the last batch left the teacher out; empty for who was in none.
    pub left_before: String,
}

fn named(row: &Row<'_>) -> Result<Named, DbError> {
    Ok(Named {
        person: row.get(0)?,
        name: row.get(1)?,
        school: row.get(2)?,
        path: row.get(3)?,
        left_before: row.get(4)?,
    })
}

/// From how many names on all who wait are walked past: fewer are sooner looked up.
const MANY: i64 = 3_000;

/// A page of those whose name or school begins with `words`, one more than is shown.
pub async fn named_ready(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    (words, after): (&str, &Cursor),
) -> Result<Vec<Named>, DbError> {
    let path = after.key.as_str().max(scope.from.as_str());
    if words.is_empty() {
        let row = args![programme, path, after.uuid(), &scope.until, ROWS + 1];
        return tx.rows(NAMED_READY, row, named).await;
    }
    let spelt = pinyin::query(words);
    let [end, spelt_end] = [words, &spelt].map(|text| format!("{text}{END}"));
    let names = args![words, &end, &spelt, &spelt_end, MANY];
    let count: i64 = tx.row(COUNT_NAMES, names, |row| row.get(0)).await?;
    let found = if count == MANY { NAMED_READY_OF_MANY } else { NAMED_READY_OF_FEW };
    let row = args![programme, path, after.uuid(), &scope.until, ROWS + 1, words, &end, &spelt, &spelt_end];
    tx.rows(found, row, named).await
}

/// A teacher, if one of them.
pub async fn named_ready_one(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    person: Id<Person>,
) -> Result<Option<Named>, DbError> {
    tx.row_opt(NAMED_READY_ONE, args![programme, person, &scope.from, &scope.until], named).await
}
