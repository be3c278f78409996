//! The statements of lists: panels, the school's board, the notice.

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::web::Cursor;
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_registry::people::Person;
use uuid::Uuid;

use crate::evidence::{State, Submission};

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
const APPOINT: &str =
    "insert into panel_member (programme, id, node, path, person, chair, since, appointed_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing";
const DISMISS: &str = "update panel_member set until = $4
    where programme = $1 and node = $2 and id = $3 and until is null";
// Seats of those who have neither a post nor a role on the day `$1`, of whom more may be asked.
macro_rules! left {
    ($more:literal) => {
        concat!(
            "select m.programme, m.id, m.node, m.person from panel_member m where m.until is null",
            $more,
            " and not exists (select 1 from post p where p.person = m.person and p.until is null)
            and not exists (select 1 from role_grant g where g.person = m.person
                and (g.until is null or g.until > $1)) order by m.programme, m.id"
        )
    };
}

const LEFT: &str = left!("");
const LEFT_BY: &str = left!(" and m.person = $2");
const NO_CHAIR: &str = "update panel_member set until = $3
    where programme = $1 and node = $2 and chair and until is null";
/// Within a school or a town: the part of the tree is small, and sorted as it is found.
const NARROW: &str = "select s.id, p.name, s.sort_key, s.capability, s.state, s.revision, s.state_since,
    coalesce(s.level, (select max(d.level) from decision d where d.programme = s.programme
        and d.submission = s.id and d.notice_until is not null)), n.name,
    (select count(*) from review r where r.programme = s.programme and r.submission = s.id
        and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
        and r.state = 'done' and r.duty <> 'chair'),
    (select count(*) from review r where r.programme = s.programme and r.submission = s.id
        and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
        and r.state in ('open', 'done') and r.duty <> 'chair')
    from submission s join person p on p.id = s.person join node n on n.id = s.school
    where s.programme = $1 and s.path >= $2 and s.path < $3 and s.superseded_by is null
    and ($4 = '' or s.state = $4) and ($5 = '' or s.capability = $5)
    and s.state_since <= $6 and (s.sort_key, s.id) > ($7, $8)
    order by s.sort_key, s.id limit $9";
/// Within a county or more: the roll is walked in its order; the concatenation keeps the index on
/// paths out of it.
const WIDE: &str = "select s.id, p.name, s.sort_key, s.capability, s.state, s.revision, s.state_since,
    coalesce(s.level, (select max(d.level) from decision d where d.programme = s.programme
        and d.submission = s.id and d.notice_until is not null)), n.name,
    (select count(*) from review r where r.programme = s.programme and r.submission = s.id
        and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
        and r.state = 'done' and r.duty <> 'chair'),
    (select count(*) from review r where r.programme = s.programme and r.submission = s.id
        and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
        and r.state in ('open', 'done') and r.duty <> 'chair')
    from submission s join person p on p.id = s.person join node n on n.id = s.school
    where s.programme = $1 and s.path || '' >= $2 and s.path || '' < $3 and s.superseded_by is null
    and ($4 = '' or s.capability = $4) and s.state_since <= $5 and (s.sort_key, s.id) > ($6, $7)
    order by s.sort_key, s.id limit $8";
const WIDE_IN_STATE: &str =
    "select s.id, p.name, s.sort_key, s.capability, s.state, s.revision, s.state_since,
    coalesce(s.level, (select max(d.level) from decision d where d.programme = s.programme
        and d.submission = s.id and d.notice_until is not null)), n.name,
    (select count(*) from review r where r.programme = s.programme and r.submission = s.id
        and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
        and r.state = 'done' and r.duty <> 'chair'),
    (select count(*) from review r where r.programme = s.programme and r.submission = s.id
        and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
        and r.state in ('open', 'done') and r.duty <> 'chair')
    from submission s join person p on p.id = s.person join node n on n.id = s.school
    where s.programme = $1 and s.state = $9 and s.path || '' >= $2 and s.path || '' < $3
    and s.superseded_by is null and ($4 = '' or s.capability = $4) and s.state_since <= $5
    and (s.sort_key, s.id) > ($6, $7) order by s.sort_key, s.id limit $8";
const SEARCH: &str = "select s.id, p.name, s.sort_key, s.capability, s.state, s.revision, s.state_since,
    coalesce(s.level, (select max(d.level) from decision d where d.programme = s.programme
        and d.submission = s.id and d.notice_until is not null)), n.name,
    (select count(*) from review r where r.programme = s.programme and r.submission = s.id
        and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
        and r.state = 'done' and r.duty <> 'chair'),
    (select count(*) from review r where r.programme = s.programme and r.submission = s.id
        and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
        and r.state in ('open', 'done') and r.duty <> 'chair')
    from (select id from person where name >= $9 and name < $10
        union select id from person where pinyin >= $9 and pinyin < $10
        union select id from person where initials >= $9 and initials < $10) f
    join submission s on s.programme = $1 and s.person = f.id and s.superseded_by is null
    join person p on p.id = s.person join node n on n.id = s.school
    where s.path >= $2 and s.path < $3 and ($4 = '' or s.state = $4) and ($5 = '' or s.capability = $5)
    and s.state_since <= $6 and (s.sort_key, s.id) > ($7, $8)
    order by s.sort_key, s.id limit $11";
/// A panel whose members do not agree, in the order of the roll. Of a work that others still judge nothing
/// is said.
const SPLIT: &str = "select s.id, p.name, n.name, s.capability, b.id, coalesce(b.name, ''),
    coalesce(k.name, ''), c.due_on,
    (select max(d.done_at) from review d where d.programme = s.programme and d.submission = s.id
        and d.step = s.step and d.duty = 'panel' and d.state = 'done')
    from submission s join person p on p.id = s.person join node n on n.id = s.school
    left join review c on c.programme = s.programme and c.submission = s.id and c.step = s.step
        and c.duty = 'chair' and c.state = 'open'
    left join person k on k.id = c.reviewer
    left join node b on b.id = (select d.body from review d where d.programme = s.programme
        and d.submission = s.id and d.step = s.step and d.duty = 'panel' and d.state = 'done'
        order by d.drawn_at, d.id limit 1)
    where s.programme = $1 and s.path >= $2 and s.path < $3 and s.state = 'panel' and s.superseded_by is null
    and s.person <> $4
    and not exists (select 1 from review o where o.programme = s.programme and o.submission = s.id
        and o.step = s.step and o.duty = 'panel' and o.state = 'open')
    and (select count(distinct d.level) from review d where d.programme = s.programme
        and d.submission = s.id and d.step = s.step and d.duty = 'panel' and d.state = 'done') > 1
    order by s.sort_key, s.id limit 50";
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
    pub subject: String,
    pub school: String,
}

/// At most 20 teachers within `scope` who are called so and do not sit in the panel of `node`.
pub async fn find(
    tx: &mut Tx,
    scope: &Scope,
    name: &str,
    programme: Uuid,
    node: Uuid,
) -> Result<Vec<Colleague>, DbError> {
    let plain = name.to_lowercase();
    tx.rows(FIND, args![&scope.from, &scope.until, name, plain, programme, node], |row| {
        Ok(Colleague { person: row.get(0)?, name: row.get(1)?, subject: row.get(2)?, school: row.get(3)? })
    })
    .await
}

pub async fn may_sit(tx: &mut Tx, scope: &Scope, person: Uuid) -> Result<bool, DbError> {
    let posts: i64 = tx.row(MAY_SIT, args![person, &scope.from, &scope.until], |row| row.get(0)).await?;
    Ok(posts > 0)
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

/// Says whether the person did not sit there before.
pub async fn appoint(tx: &mut Tx, new: &NewSeat<'_>) -> Result<bool, DbError> {
    let row = args![new.programme, new.id, new.node, new.path, new.person, new.chair, new.at, new.account];
    Ok(tx.run(APPOINT, row).await? == 1)
}

pub async fn dismiss(
    tx: &mut Tx,
    programme: Uuid,
    node: Uuid,
    seat: Uuid,
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(DISMISS, args![programme, node, seat, at]).await? == 1)
}

/// A seat of somebody who has left.
#[derive(Debug, Clone, Copy)]
pub struct Left {
    pub programme: Uuid,
    pub id: Uuid,
    pub node: Uuid,
    pub person: Uuid,
}

/// The seats of those who have neither a post nor a role on `day`, or those of `person`.
pub async fn left(tx: &mut Tx, person: Option<Id<Person>>, day: NaiveDate) -> Result<Vec<Left>, DbError> {
    let seat = |row: &Row<'_>| {
        Ok(Left { programme: row.get(0)?, id: row.get(1)?, node: row.get(2)?, person: row.get(3)? })
    };
    match person {
        Some(person) => tx.rows(LEFT_BY, args![day, person], seat).await,
        None => tx.rows(LEFT, args![day], seat).await,
    }
}

/// Ends the seat of whoever leads the panel.
pub async fn no_chair(tx: &mut Tx, programme: Uuid, node: Uuid, at: Instant) -> Result<(), DbError> {
    tx.run(NO_CHAIR, args![programme, node, at]).await.map(drop)
}

/// A line of the board.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: Id<Submission>,
    pub name: String,
    pub sort_key: String,
    pub capability: String,
    pub state: State,
    pub revision: i64,
    pub since: Instant,
    pub level: Option<Level>,
    pub school: String,
    pub done: i64,
    pub drawn: i64,
}

/// What the board is asked for; empty fields ask for everything.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub programme: Uuid,
    pub scope: Scope,
    pub state: &'a str,
    pub capability: &'a str,
    /// The beginning of the name, of its pinyin or of its initials.
    pub name: &'a str,
    /// Whether the scope is a county or more, which decides the index that serves the list.
    pub wide: bool,
    /// Only what has been in its state since then at the latest.
    pub since: Instant,
    pub after: Cursor,
    pub most: i64,
}

fn wrong(column: usize) -> DbError {
    DbError::Column { column, problem: "an unknown word".to_owned() }
}

fn line(row: &Row<'_>) -> Result<Line, DbError> {
    Ok(Line {
        id: row.get(0)?,
        name: row.get(1)?,
        sort_key: row.get(2)?,
        capability: row.get(3)?,
        state: row.get::<String>(4)?.parse().map_err(|_| wrong(4))?,
        revision: row.get(5)?,
        since: row.get(6)?,
        level: row.get::<Option<String>>(7)?.and_then(|code| code.parse().ok()),
        school: row.get(8)?,
        done: row.get(9)?,
        drawn: row.get(10)?,
    })
}

pub async fn board(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Vec<Line>, DbError> {
    let (key, id) = (wanted.after.key.as_str(), wanted.after.uuid());
    let Wanted { programme, scope, state, capability, since, most, .. } = wanted;
    let (from, until) = (&scope.from, &scope.until);
    if !wanted.name.is_empty() {
        let (first, end) = prefix(wanted.name);
        let row = args![*programme, from, until, *state, *capability, *since, key, id, first, end, *most];
        return tx.rows(SEARCH, row, line).await;
    }
    if !wanted.wide {
        let row = args![*programme, from, until, *state, *capability, *since, key, id, *most];
        return tx.rows(NARROW, row, line).await;
    }
    if state.is_empty() {
        let row = args![*programme, from, until, *capability, *since, key, id, *most];
        return tx.rows(WIDE, row, line).await;
    }
    let row = args![*programme, from, until, *capability, *since, key, id, *most, *state];
    tx.rows(WIDE_IN_STATE, row, line).await
}

/// The range of texts that begin with `text`; pinyin and initials are stored in lower case.
fn prefix(text: &str) -> (String, String) {
    let first = text.to_lowercase();
    let end = format!("{first}\u{10ffff}");
    (first, end)
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
}

/// Works within `scope` on which a panel is split, but not those of `person`.
pub async fn split(tx: &mut Tx, programme: Uuid, scope: &Scope, person: Uuid) -> Result<Vec<Split>, DbError> {
    tx.rows(SPLIT, args![programme, &scope.from, &scope.until, person], |row| {
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
        })
    })
    .await
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
    tx.rows(if wanted.wide { NOTICE_WIDE } else { NOTICE_NARROW }, row, notice).await
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
