//! Statements about those who wait for a certificate: they have met everything and have never held one.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::{ROWS, literal};
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use uuid::Uuid;

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
const NAMED_READY: &str = "select s.person, pe.name, n.name, s.path,
    coalesce((select b.left_reason from certificate_left_out l join certificate_batch b on b.id = l.batch
        where l.person = s.person and b.programme = s.programme order by b.asked_at desc limit 1), '')
    from standing s join post p on p.person = s.person and p.until is null
    join person pe on pe.id = s.person join node n on n.id = p.school
    where s.programme = $1 and (s.path, s.person) > ($2, $3) and s.path < $4 and s.met and s.held = ''
    and ($5 = '' or lower(pe.name) like $5 escape '\\' or pe.pinyin like $5 escape '\\' or pe.initials like $5 escape '\\'
        or lower(n.name) like $5 escape '\\')
    order by s.path, s.person limit $6";

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

/// A page of those whose name or school begins with `words`, one more than is shown.
pub async fn named_ready(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    (words, after): (&str, &Cursor),
) -> Result<Vec<Named>, DbError> {
    let like = if words.is_empty() { String::new() } else { format!("{}%", literal(&words.to_lowercase())) };
    let path = after.key.as_str().max(scope.from.as_str());
    tx.rows(NAMED_READY, args![programme, path, after.uuid(), &scope.until, like, ROWS + 1], named).await
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
