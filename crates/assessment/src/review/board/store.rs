//! The statements of lists: panels, the school's board, the notice.

mod lines;

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::ROWS;
use tisheng_platform::{DbError, Row, Scope, Tx, Value, args};
use tisheng_registry::access::{Breadth, Role};
use tisheng_registry::people::Person;
use uuid::Uuid;

use crate::evidence::{State, Submission};
pub use lines::{COLUMNS, Line, Wanted, board};

const PANEL: &str = "select m.id, m.person, p.name, m.chair, m.since,
    (select count(*) from review r where r.programme = m.programme and r.reviewer = m.person and r.state = 'open'),
    (select count(*) from review r where r.programme = m.programme and r.reviewer = m.person and r.state = 'done'
        and r.duty <> 'self')
    from panel_member m join person p on p.id = m.person
    where m.programme = $1 and m.node = $2 and m.until is null order by m.chair desc, p.sort_key, m.id";
const FIND: &str = "select p.id, p.name, o.subject, n.name from post o join person p on p.id = o.person
    join node n on n.id = o.school
    where o.path >= $1 and o.path < $2 and o.until is null and (p.name = $3 or p.initials = $4 or p.pinyin = $4)
    and not exists (select 1 from panel_member m where m.programme = $5 and m.node = $6 and m.person = p.id
        and m.until is null)
    order by p.sort_key, p.id limit 20";
const MAY_SIT: &str =
    "select count(*) from post where person = $1 and path >= $2 and path < $3 and until is null";
/// Experts of the office at `$1` on the day `$2`, who judge for it also without a post.
const FIND_EXPERTS: &str = "select p.id, p.name, n.name from role_grant g join person p on p.id = g.person
    join node n on n.id = g.node
    where g.node = $1 and g.role = 'expert' and g.since <= $2 and (g.until is null or g.until > $2)
    and (p.name = $3 or p.initials = $4 or p.pinyin = $4)
    and not exists (select 1 from panel_member m where m.programme = $5 and m.node = $1 and m.person = p.id
        and m.until is null)
    order by p.sort_key, p.id limit 20";
const IS_EXPERT: &str = "select count(*) from role_grant
    where person = $1 and node = $2 and role = 'expert' and since <= $3 and (until is null or until > $3)";
const APPOINT: &str =
    "insert into panel_member (programme, id, node, path, person, chair, since, appointed_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing";
const DISMISS: &str = "update panel_member set until = $4, ended_by = $5
    where programme = $1 and node = $2 and id = $3 and until is null";
/// A later seat takes the place of one that a file ended: what becomes of it is for who gave it to say.
const FORGET_FILE: &str = "update panel_member set ended_by = null
    where programme = $1 and node = $2 and person = $3 and ended_by is not null";
// Seats whose holders may sit there on the day `$1`, as in `MAY_SIT` and `IS_EXPERT`, or may not. The place is where
// the node stands now: a seat follows it later than a post does.
macro_rules! seats {
    ($which:literal, $and:literal) => {
        concat!(
            "select m.programme, m.id, m.node, m.person from panel_member m cross join node n
            where n.id = m.node and ",
            $which,
            $and,
            " (exists (select 1 from post p where p.person = m.person and p.until is null and p.path >= n.path
                and p.path < substr(n.path, 1, length(n.path) - 1) || '0')
            or exists (select 1 from role_grant g where g.person = m.person and g.node = m.node
                and g.role = 'expert' and g.since <= $1 and (g.until is null or g.until > $1)))
            order by m.programme, m.id"
        )
    };
}

/// Seats that the file `$2` ended, of those who may sit there again and have no other seat there.
const ENDED_BY: &str = seats!(
    "m.ended_by = $2 and not exists (select 1 from panel_member o where o.programme = m.programme
        and o.node = m.node and o.person = m.person and o.until is null)",
    " and"
);
/// Whoever leads the panel meanwhile goes on leading it.
const GIVE_BACK: &str = "update panel_member set until = null, ended_by = null,
    chair = chair and not exists (select 1 from panel_member c where c.programme = $1 and c.node = $2 and c.chair
        and c.until is null)
    where programme = $1 and node = $2 and id = $3 and ended_by = $4";
const LEFT: &str = seats!("m.until is null", " and not");
const LEFT_BY: &str = seats!("m.until is null and m.person = $2", " and not");
const NO_CHAIR: &str = "update panel_member set until = $3
    where programme = $1 and node = $2 and chair and until is null";
/// Panels whose members do not agree. Of a work that others still judge nothing is said.
macro_rules! split {
    ($which:literal) => {
        concat!(
            "select s.id, p.name, n.name, s.capability, b.id, coalesce(b.name, ''),
            coalesce(k.name, ''), c.due_on,
            (select max(d.done_at) from review d where d.programme = s.programme and d.submission = s.id
                and d.step = s.step and d.duty = 'panel' and d.state = 'done'), s.sort_key
            from submission s join person p on p.id = s.person join node n on n.id = s.school
            left join review c on c.programme = s.programme and c.submission = s.id and c.step = s.step
                and c.duty = 'chair' and c.state = 'open'
            left join person k on k.id = c.reviewer
            left join node b on b.id = coalesce(c.body, (select d.body from review d where d.programme = s.programme
                and d.submission = s.id and d.step = s.step and d.duty = 'panel' and d.state = 'done'
                order by d.drawn_at, d.id limit 1))
            where s.programme = $1 and s.path >= $2 and s.path < $3 and s.state = 'panel'
            and s.superseded_by is null and s.person <> $4
            and not exists (select 1 from review o where o.programme = s.programme and o.submission = s.id
                and o.step = s.step and o.duty = 'panel' and o.state = 'open')
            and (select count(distinct d.level) from review d where d.programme = s.programme
                and d.submission = s.id and d.step = s.step and d.duty = 'panel' and d.state = 'done') > 1 and ",
            $which,
            " order by s.sort_key, s.id limit 51"
        )
    };
}

/// In the order of the roll, a page and one more.
const SPLIT: &str = split!("(s.sort_key, s.id) > ($5, $6)");
/// Of the works of a page, [`ROWS`].
const SPLIT_AMONG: &str = split!(
    "s.id in ($5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
    $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43,
    $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54)"
);
const COUNTS: &str = "select state, count(*) from submission
    where programme = $1 and path >= $2 and path < $3 and superseded_by is null group by state";
const NOTICE_NARROW: &str = "select s.id, p.name, s.sort_key, n.name, s.capability, d.level, d.notice_until
    from submission s join person p on p.id = s.person join node n on n.id = s.school
    join decision d on d.programme = s.programme and d.submission = s.id and d.notice_until is not null
    where s.programme = $1 and s.path >= $2 and s.path < $3 and s.state = 'notice' and s.superseded_by is null
    and d.level <> 'fail' and ($4 = '' or s.capability = $4)
    and ($5 = '' or (p.name >= $5 and p.name < $6) or (p.initials >= $5 and p.initials < $6))
    and (s.sort_key, s.id) > ($7, $8) order by s.sort_key, s.id limit $9";
const NOTICE_WIDE: &str = "select s.id, p.name, s.sort_key, n.name, s.capability, d.level, d.notice_until
    from submission s join person p on p.id = s.person join node n on n.id = s.school
    join decision d on d.programme = s.programme and d.submission = s.id and d.notice_until is not null
    where s.programme = $1 and s.path || '' >= $2 and s.path || '' < $3 and s.state = 'notice'
    and s.superseded_by is null and d.level <> 'fail' and ($4 = '' or s.capability = $4)
    and ($5 = '' or (p.name >= $5 and p.name < $6) or (p.initials >= $5 and p.initials < $6))
    and (s.sort_key, s.id) > ($7, $8) order by s.sort_key, s.id limit $9";
const AUTHOR: &str = "select p.name, n.name from submission s join person p on p.id = s.person
    join node n on n.id = s.school where s.programme = $1 and s.id = $2";

/// Somebody who sits in a panel.
#[derive(Debug, Clone)]
pub struct Seat {
    pub id: Uuid,
    pub person: Uuid,
    pub name: String,
    pub chair: bool,
    pub since: Instant,
    pub open: i64,
    pub done: i64,
}

pub async fn panel(tx: &mut Tx, programme: Uuid, node: Uuid) -> Result<Vec<Seat>, DbError> {
    tx.rows(PANEL, args![programme, node], |row| {
        Ok(Seat {
            id: row.get(0)?,
            person: row.get(1)?,
            name: row.get(2)?,
            chair: row.get(3)?,
            since: row.get(4)?,
            open: row.get(5)?,
            done: row.get(6)?,
        })
    })
    .await
}

/// Somebody who may be appointed.
#[derive(Debug, Clone)]
pub struct Colleague {
    pub person: Uuid,
    pub name: String,
    /// What they teach, or that they are experts.
    pub subject: String,
    /// Where.
    pub school: String,
}

/// At most 20 teachers within `scope`, and as many of the experts of `node` on `day`, who are called so and do not
/// sit in the panel of `node`; each once.
pub async fn find(
    tx: &mut Tx,
    scope: &Scope,
    name: &str,
    programme: Uuid,
    (node, day): (Uuid, NaiveDate),
) -> Result<Vec<Colleague>, DbError> {
    let plain = name.to_lowercase();
    let teachers = args![&scope.from, &scope.until, name, &plain, programme, node];
    let mut found = tx
        .rows(FIND, teachers, |row| {
            let (subject, school) = (row.get(2)?, row.get(3)?);
            Ok(Colleague { person: row.get(0)?, name: row.get(1)?, subject, school })
        })
        .await?;
    let experts = tx
        .rows(FIND_EXPERTS, args![node, day, name, &plain, programme], |row| {
            let subject = Role::Expert.title().to_owned();
            Ok(Colleague { person: row.get(0)?, name: row.get(1)?, subject, school: row.get(2)? })
        })
        .await?;
    for expert in experts {
        if found.iter().all(|known| known.person != expert.person) {
            found.push(expert);
        }
    }
    Ok(found)
}

/// Whether somebody teaches within `scope`, or is an expert of `node` on `day`.
pub async fn may_sit(
    tx: &mut Tx,
    scope: &Scope,
    (node, day): (Uuid, NaiveDate),
    person: Uuid,
) -> Result<bool, DbError> {
    let posts: i64 = tx.row(MAY_SIT, args![person, &scope.from, &scope.until], |row| row.get(0)).await?;
    let roles: i64 = tx.row(IS_EXPERT, args![person, node, day], |row| row.get(0)).await?;
    Ok(posts + roles > 0)
}

/// A seat to be given.
pub struct NewSeat<'a> {
    pub programme: Uuid,
    pub id: Uuid,
    pub node: Uuid,
    pub path: &'a str,
    pub person: Uuid,
    pub chair: bool,
    pub at: Instant,
    pub account: Uuid,
}

/// Says whether the person did not sit there before. A seat that ended with a file is not given back any more.
pub async fn appoint(tx: &mut Tx, new: &NewSeat<'_>) -> Result<bool, DbError> {
    tx.run(FORGET_FILE, args![new.programme, new.node, new.person]).await?;
    let row = args![new.programme, new.id, new.node, new.path, new.person, new.chair, new.at, new.account];
    Ok(tx.run(APPOINT, row).await? == 1)
}

/// Ends a seat; `by` is the file with which its holder left, where that was the reason.
pub async fn dismiss(
    tx: &mut Tx,
    (programme, node): (Uuid, Uuid),
    seat: Uuid,
    at: Instant,
    by: Option<Uuid>,
) -> Result<bool, DbError> {
    Ok(tx.run(DISMISS, args![programme, node, seat, at, by]).await? == 1)
}

/// A seat of somebody who may not sit there any more.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    pub programme: Uuid,
    pub id: Uuid,
    pub node: Uuid,
    pub person: Uuid,
}

/// The seats of those who may not sit there on `day`, or those of `person`.
pub async fn left(tx: &mut Tx, person: Option<Id<Person>>, day: NaiveDate) -> Result<Vec<Left>, DbError> {
    match person {
        Some(person) => tx.rows(LEFT_BY, args![day, person], seat_row).await,
        None => tx.rows(LEFT, args![day], seat_row).await,
    }
}

fn seat_row(row: &Row<'_>) -> Result<Left, DbError> {
    Ok(Left { programme: row.get(0)?, id: row.get(1)?, node: row.get(2)?, person: row.get(3)? })
}

/// The seats that the file `run` ended and whose holders may sit there again on `day`.
pub async fn ended_by(tx: &mut Tx, run: Uuid, day: NaiveDate) -> Result<Vec<Left>, DbError> {
    tx.rows(ENDED_BY, args![day, run], seat_row).await
}

/// Gives a seat back that the file `run` ended; says whether it was so.
pub async fn give_back(tx: &mut Tx, seat: &Left, run: Uuid) -> Result<bool, DbError> {
    Ok(tx.run(GIVE_BACK, args![seat.programme, seat.node, seat.id, run]).await? == 1)
}

/// Ends the seat of whoever leads the panel.
pub async fn no_chair(tx: &mut Tx, programme: Uuid, node: Uuid, at: Instant) -> Result<(), DbError> {
    tx.run(NO_CHAIR, args![programme, node, at]).await.map(drop)
}

/// The range of texts that begin with `text`; pinyin and initials are stored in lower case.
fn prefix(text: &str) -> (String, String) {
    let first = text.to_lowercase();
    let end = format!("{first}\u{10ffff}");
    (first, end)
}

fn wrong(column: usize) -> DbError {
    DbError::Column { column, problem: "an unknown word".to_owned() }
}

/// A work of which the members of a panel think differently.
#[derive(Debug, Clone)]
pub struct Split {
    pub id: Id<Submission>,
    pub name: String,
    pub school: String,
    pub capability: String,
    /// The node whose panel it is, and its name.
    pub body: Option<Uuid>,
    pub body_name: String,
    /// Who rules; empty while there is nobody who may.
    pub chair: String,
    pub due_on: Option<NaiveDate>,
    /// Since when they differ.
    pub since: Instant,
    /// Its place in the list.
    pub sort_key: String,
}

fn split_row(row: &Row<'_>) -> Result<Split, DbError> {
    Ok(Split {
        id: row.get(0)?,
        name: row.get(1)?,
        school: row.get(2)?,
        capability: row.get(3)?,
        body: row.get(4)?,
        body_name: row.get(5)?,
        chair: row.get(6)?,
        due_on: row.get(7)?,
        since: row.get(8)?,
        sort_key: row.get(9)?,
    })
}

/// A page of the works within `scope` on which a panel is split, but not those of `person`; one more than is
/// shown.
pub async fn split(
    tx: &mut Tx,
    programme: Uuid,
    scope: &Scope,
    person: Uuid,
    after: &Cursor,
) -> Result<Vec<Split>, DbError> {
    let asked = args![programme, &scope.from, &scope.until, person, &after.key, after.uuid()];
    tx.rows(SPLIT, asked, split_row).await
}

/// Those of the works `among` on which a panel is split, but not those of `person`.
pub async fn split_among(
    tx: &mut Tx,
    programme: Uuid,
    scope: &Scope,
    person: Uuid,
    among: &[Id<Submission>],
) -> Result<Vec<Split>, DbError> {
    let page = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for some in among.chunks(page) {
        // The last fills the places that are left.
        let padded = some.iter().chain(some.last().into_iter().cycle()).take(page);
        let mut asked: Vec<Value<'_>> = args![programme, &scope.from, &scope.until, person].to_vec();
        asked.extend(padded.map(|id| Value::from(*id)));
        found.extend(tx.rows(SPLIT_AMONG, &asked, split_row).await?);
    }
    Ok(found)
}

/// How many current submissions within `scope` are in each state.
pub async fn counts(tx: &mut Tx, programme: Uuid, scope: &Scope) -> Result<Vec<(State, i64)>, DbError> {
    tx.rows(COUNTS, args![programme, &scope.from, &scope.until], |row| {
        Ok((row.get::<String>(0)?.parse().map_err(|_| wrong(0))?, row.get(1)?))
    })
    .await
}

/// A line of the notice.
#[derive(Debug, Clone)]
pub struct Notice {
    pub id: Id<Submission>,
    pub name: String,
    pub sort_key: String,
    pub school: String,
    pub capability: String,
    pub level: Level,
    pub until: NaiveDate,
}

pub async fn notices(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Vec<Notice>, DbError> {
    let (first, end) = if wanted.name.is_empty() { Default::default() } else { prefix(wanted.name) };
    let row = args![
        wanted.programme,
        &wanted.scope.from,
        &wanted.scope.until,
        wanted.capability,
        first,
        end,
        wanted.after.key.as_str(),
        wanted.after.uuid(),
        wanted.most,
    ];
    tx.rows(if wanted.breadth != Breadth::Narrow { NOTICE_WIDE } else { NOTICE_NARROW }, row, notice).await
}

fn notice(row: &Row<'_>) -> Result<Notice, DbError> {
    Ok(Notice {
        id: row.get(0)?,
        name: row.get(1)?,
        sort_key: row.get(2)?,
        school: row.get(3)?,
        capability: row.get(4)?,
        level: row.get::<String>(5)?.parse().map_err(|_| wrong(5))?,
        until: row.get(6)?,
    })
}

/// Name and school of a submission's author, for readers who may know them.
pub async fn author(tx: &mut Tx, programme: Uuid, id: Id<Submission>) -> Result<(String, String), DbError> {
    tx.row(AUTHOR, args![programme, id], |row| Ok((row.get(0)?, row.get(1)?))).await
}
