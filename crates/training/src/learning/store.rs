//! Every statement of the room: learners here, facts and credits beside.

pub mod credits;
pub mod facts;

use std::str::FromStr;

use tisheng_kernel::{Id, Instant, Seconds, UnknownCode};
use tisheng_platform::db::Column;
use tisheng_platform::web::paging::{Cursor, ROWS, literal};
use tisheng_platform::{Ctx, DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::model::{Account, Learner, LearnerState};
use crate::hours::Channel;
use crate::platform::Platform;

const KEEPS_OF: &str = "select 1 from programme p
    where exists (select 1 from learner l where l.programme = p.id and l.person = $1) limit 1";

const FOLLOW_LEARNER: &str = "update learner set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const ADD_LEARNER: &str =
    "insert into learner (programme, platform, id, home, account, name, school, path, person,
    state, records, first_at, last_at, decision)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $11, '') on conflict do nothing";

const OF_ACCOUNT: &str =
    "select id, programme, platform, home, account, name, school, path, person, state, records,
    first_at, last_at, decision from learner where platform = $1 and home = $2 and account = $3";

const OF_ID: &str =
    "select id, programme, platform, home, account, name, school, path, person, state, records,
    first_at, last_at, decision from learner where id = $1";

const OF_PERSON: &str =
    "select id, programme, platform, home, account, name, school, path, person, state, records,
    first_at, last_at, decision from learner where programme = $1 and person = $2 order by platform, id";

const LIST: &str =
    "select id, programme, platform, home, account, name, school, path, person, state, records,
    first_at, last_at, decision from learner
    where programme = $1 and state = $2 and path >= $3 and path < $4
    and ($5 = '' or lower(name) like $5 || '%' escape '\\' or lower(account) like '%' || $5 || '%' escape '\\'
        or lower(school) like '%' || $5 || '%' escape '\\' or exists (select 1 from person p where p.id = learner.person
            and (p.pinyin like $5 || '%' escape '\\' or p.initials like $5 || '%' escape '\\')))
    and ($6 = '' or exists (select 1 from platform p where p.id = learner.platform and p.name = $6))
    and id > $7 order by id limit $8";

const COUNT_UNMATCHED: &str =
    "select count(*) from learner where programme = $1 and state = 'unmatched' and path >= $2 and path < $3";

const NAMED: &str =
    "select id, programme, platform, home, account, name, school, path, person, state, records,
    first_at, last_at, decision from learner where programme = $1 and state = 'unmatched' and name = $2
    order by id limit 20";

/// Begins with what came since, however large the part of the tree.
const ENTERED_SINCE: &str = "select e.channel, count(*), cast(sum(e.seconds) as bigint), max(e.received_at)
    from hour_entry e join post o on o.person = e.person and o.until is null
    where e.programme = $1 and e.source = $2 and e.received_at >= $5 and o.path >= $3 and o.path < $4
    group by e.channel order by e.channel";

const HEARD: &str = "update learner set records = records + $2, last_at = $3,
    name = case when $4 = '' then name else $4 end, school = case when $5 = '' then school else $5 end
    where id = $1";

const HOLD: &str = "update learner set last_at = last_at where platform = $1 and person = $2";

const MATCH: &str =
    "update learner set person = $2, state = 'matched', path = $3, decided_at = $4, decided_by = $5,
    decision = '' where id = $1 and state = $6";

const DECIDE: &str =
    "update learner set person = null, state = $2, decided_at = $3, decided_by = $4, decision = $5
    where id = $1 and state = $6";

fn termed<T: FromStr<Err = UnknownCode>>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    let term = String::read(row, column)?.parse();
    term.map_err(|e: UnknownCode| DbError::Column { column, problem: e.to_string() })
}

fn learner(row: &Row<'_>) -> Result<Learner, DbError> {
    Ok(Learner {
        id: row.get(0)?,
        programme: row.get(1)?,
        platform: row.get(2)?,
        account: Account { home: row.get(3)?, name: row.get(4)? },
        name: row.get(5)?,
        school: row.get(6)?,
        path: row.get(7)?,
        person: row.get(8)?,
        state: termed(row, 9)?,
        records: row.get(10)?,
        first_at: row.get(11)?,
        last_at: row.get(12)?,
        decision: row.get(13)?,
    })
}

/// A teacher on a platform: all accounts there are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whose {
    pub programme: Id<Programme>,
    pub platform: Id<Platform>,
    pub person: Id<Person>,
}

/// What is known of an account that is heard of for the first time.
pub struct New<'a> {
    pub id: Id<Learner>,
    pub account: &'a Account,
    pub name: &'a str,
    pub school: &'a str,
    pub path: &'a str,
    pub person: Option<Id<Person>>,
}

/// Enters an account, unless it is known.
pub async fn add_learner(ctx: &Ctx, tx: &mut Tx, platform: &Platform, new: &New<'_>) -> Result<(), DbError> {
    let state = if new.person.is_some() { LearnerState::Matched } else { LearnerState::Unmatched };
    let row = args![
        platform.programme,
        platform.id,
        new.id,
        &new.account.home,
        &new.account.name,
        new.name,
        new.school,
        new.path,
        new.person,
        state.key(),
        ctx.at
    ];
    tx.run(ADD_LEARNER, row).await.map(drop)
}

pub async fn of_account(
    tx: &mut Tx,
    platform: Id<Platform>,
    account: &Account,
) -> Result<Option<Learner>, DbError> {
    tx.row_opt(OF_ACCOUNT, args![platform, &account.home, &account.name], learner).await
}

pub async fn of_id(tx: &mut Tx, id: Id<Learner>) -> Result<Option<Learner>, DbError> {
    tx.row_opt(OF_ID, args![id], learner).await
}

/// The accounts of a teacher.
pub async fn of_person(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Learner>, DbError> {
    tx.rows(OF_PERSON, args![programme, person], learner).await
}

/// Accounts in `state` within `scope`, of one platform where one is named, the first heard of first; one more than
/// a page.
pub async fn list(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    (state, words, platform): (LearnerState, &str, &str),
    cursor: &Cursor,
) -> Result<Vec<Learner>, DbError> {
    let (from, until) = (&scope.from, &scope.until);
    let words = literal(&words.to_lowercase());
    let row = args![programme, state.key(), from, until, words, platform, cursor.uuid(), ROWS + 1];
    tx.rows(LIST, row, learner).await
}

/// Hours of one source that were entered since some moment, by the way in which they came.
pub struct Today {
    pub channel: Channel,
    pub count: i64,
    pub seconds: Seconds,
    pub last: Instant,
}

/// What was entered since `since` for teachers within `scope`.
pub async fn entered_since(
    tx: &mut Tx,
    (programme, source): (Id<Programme>, &str),
    scope: &Scope,
    since: Instant,
) -> Result<Vec<Today>, DbError> {
    tx.rows(ENTERED_SINCE, args![programme, source, &scope.from, &scope.until, since], |row| {
        Ok(Today {
            channel: termed(row, 0)?,
            count: row.get(1)?,
            seconds: Seconds::new(row.get(2)?),
            last: row.get(3)?,
        })
    })
    .await
}

/// How many accounts within `scope` are nobody's yet.
pub async fn count_unmatched(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<i64, DbError> {
    tx.row(COUNT_UNMATCHED, args![programme, &scope.from, &scope.until], |row| row.get(0)).await
}

/// Accounts that are nobody's yet and carry this name.
pub async fn named(tx: &mut Tx, programme: Id<Programme>, name: &str) -> Result<Vec<Learner>, DbError> {
    tx.rows(NAMED, args![programme, name], learner).await
}

/// Notes that `records` more have come of a learner; until the end of the transaction nobody else
/// works on the learner.
pub async fn heard(
    ctx: &Ctx,
    tx: &mut Tx,
    learner: Id<Learner>,
    records: i64,
    (name, school): (&str, &str),
) -> Result<(), DbError> {
    tx.run(HEARD, args![learner, records, ctx.at, name, school]).await.map(drop)
}

/// Until the end of the transaction nobody else works on the accounts of a teacher on a platform.
pub async fn hold(tx: &mut Tx, platform: Id<Platform>, person: Id<Person>) -> Result<(), DbError> {
    tx.run(HOLD, args![platform, person]).await.map(drop)
}

/// Says whose an account is; says whether it was still in `from`.
pub async fn set_person(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, from): (Id<Learner>, LearnerState),
    (person, path): (Id<Person>, &str),
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    Ok(tx.run(MATCH, args![id, person, path, ctx.at, account, from.key()]).await? == 1)
}

/// Puts an account in a state in which it is nobody's; says whether it was still in `from`.
pub async fn decide(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, from): (Id<Learner>, LearnerState),
    (to, reason): (LearnerState, &str),
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    Ok(tx.run(DECIDE, args![id, to.key(), ctx.at, account, reason, from.key()]).await? == 1)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_LEARNER).await.map(drop)
}

/// Whether the room keeps an account of a person on a platform.
///
/// # Errors
/// What the database reports.
pub async fn keeps_of(tx: &mut Tx, person: Uuid) -> Result<bool, DbError> {
    Ok(tx.row_opt(KEEPS_OF, args![person], |_| Ok(())).await?.is_some())
}
