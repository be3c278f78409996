//! Statements about many people at once. Lists of keys come in groups of [`GROUP`], the last
//! filled up by repeating a key, so that the text of each statement stays the same.

mod undoing;

use std::collections::HashMap;

use chrono::NaiveDate;
use tisheng_kernel::identity::Phone;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Row, Tx, Value, args};
use uuid::Uuid;

use super::{Duties, NewPost, Newcomer, OnRoll, PostOnRoll, Record};
use crate::people::first_day::{Earlier, Loan};
use crate::people::model::{Person, Post, PostState};

pub use undoing::{PostNow, posts_now, unmake_posts, unmake_untouched};
pub(super) use undoing::{person_now, remove};

/// Keys in one statement.
const GROUP: usize = 40;

const BY_PAPERS: &str = "select p.paper_index, p.id, p.version, p.name, p.paper_masked, p.phone_index,
    p.phone_masked, p.sex, p.birth_year, p.kept_by, o.id, o.school, o.path, o.subject, o.stage, o.title, o.since
    from person p left join post o on o.person = p.id and o.until is null
    where p.paper_index in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const BY_PHONES: &str = "select p.phone_index, p.id, p.version, p.name, p.paper_masked, p.phone_index,
    p.phone_masked, p.sex, p.birth_year, p.kept_by, o.id, o.school, o.path, o.subject, o.stage, o.title, o.since
    from person p left join post o on o.person = p.id and o.until is null
    where p.phone_index in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const BY_NUMBERS: &str = "select p.paper_index, p.id, p.version, p.name, p.paper_masked, p.phone_index,
    p.phone_masked, p.sex, p.birth_year, p.kept_by, o.id, o.school, o.path, o.subject, o.stage, o.title, o.since
    from person p left join post o on o.person = p.id and o.until is null
    where p.id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const ENDED: &str = "select person, path, since, until, state, id from post where until is not null
    and person in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const LOANS: &str = "select person, post, since, until from secondment
    where person in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const AT_SCHOOL: &str = "select p.id, p.name, p.paper_masked, o.id, o.path from post o
    join person p on p.id = o.person where o.school = $1 and o.until is null order by o.sort_key, p.id";

const TAKE_ON: &str = "insert into person (id, name, sort_key, pinyin, initials, paper_kind, paper_sealed,
    paper_index, paper_masked, phone_sealed, phone_index, phone_masked, sex, birth_year, kept_by, version) values";

const TAKE_UP: &str =
    "insert into post (id, person, school, path, sort_key, subject, stage, title, since, changed_at,
    state, reason) values";

const RECORD: &str = "select name, sort_key, pinyin, initials, phone_sealed, phone_index, phone_masked, sex,
    birth_year, version from person where id = $1";

const WRITE_RECORD: &str = "update person set name = $2, sort_key = $3, pinyin = $4, initials = $5,
    phone_sealed = $6, phone_index = $7, phone_masked = $8, sex = $9, birth_year = $10, changed_at = $11,
    version = version + 1 where id = $1";

const SORT_POSTS: &str = "update post set sort_key = $2 where person = $1";

const DUTIES: &str = "select subject, stage, title, since from post where id = $1";
const WRITE_DUTIES: &str = "update post set subject = $2, stage = $3, title = $4,
    since = coalesce(cast($5 as text), since), changed_at = $6 where id = $1";

const END_POST: &str = "update post set until = $2, state = $5, reason = $3, changed_at = $4
    where id = $1 and until is null";
const TEAMS_OF: &str = "select id from team_member where person = $1 and school = $2 and until is null";
const LOAN_OF: &str = "select id from secondment where post = $1 and until is null";
const LEAVE_TEAM: &str = "update team_member set until = case when since > $2 then since
    else cast($2 as text) end where id = $1 and until is null";
const REJOIN_TEAM: &str = "update team_member set until = null where id = $1 and until is not null";
const END_LOAN: &str = "update secondment set until = case when since > $2 then since
    else cast($2 as text) end where id = $1 and until is null";
const LEND_AGAIN: &str = "update secondment set until = null where id = $1 and until is not null";
const LENT_AGAIN: &str = "update post set state = 'seconded' where until is null
    and id = (select post from secondment where id = $1)";

const REOPEN_POST: &str = "update post set until = null, state = 'active', reason = '', changed_at = $2
    where id = $1 and until is not null";

const HOLDER_OF: &str = "select p.name from post o join person p on p.id = o.person where o.id = $1";
const PERSON_OF: &str = "select person from post where id = $1";
const NAME_OF: &str = "select name from person where id = $1";

fn filled<'v>(mut keys: Vec<Value<'v>>) -> Vec<Value<'v>> {
    let last = keys.last().cloned().unwrap_or(Value::Null);
    keys.resize(GROUP, last);
    keys
}

fn on_roll(row: &Row<'_>) -> Result<(Vec<u8>, OnRoll), DbError> {
    let post = match row.get::<Option<Uuid>>(10)? {
        None => None,
        Some(id) => Some(PostOnRoll {
            id,
            school: row.get(11)?,
            path: row.get(12)?,
            subject: row.get(13)?,
            stage: row.get(14)?,
            title: row.get(15)?,
            since: row.get(16)?,
        }),
    };
    let person = OnRoll {
        person: row.get(1)?,
        version: row.get(2)?,
        name: row.get(3)?,
        paper_masked: row.get(4)?,
        phone_index: row.get(5)?,
        phone_masked: row.get(6)?,
        sex: row.get(7)?,
        birth_year: row.get(8)?,
        kept_by: row.get(9)?,
        post,
    };
    Ok((row.get(0)?, person))
}

/// The people whose papers have these indexes.
///
/// # Errors
/// What the database reports.
pub async fn by_papers(tx: &mut Tx, indexes: &[&[u8]]) -> Result<HashMap<Vec<u8>, OnRoll>, DbError> {
    let mut found = HashMap::new();
    for group in indexes.chunks(GROUP) {
        let keys = filled(group.iter().map(|index| Value::from(*index)).collect());
        found.extend(tx.rows(BY_PAPERS, &keys, on_roll).await?);
    }
    Ok(found)
}

/// The people whose records have these numbers, each with the index of the paper.
///
/// # Errors
/// What the database reports.
pub async fn by_numbers(tx: &mut Tx, numbers: &[Uuid]) -> Result<HashMap<Uuid, (Vec<u8>, OnRoll)>, DbError> {
    let mut found = HashMap::new();
    for group in numbers.chunks(GROUP) {
        let keys = filled(group.iter().map(|id| Value::from(*id)).collect());
        let known = tx.rows(BY_NUMBERS, &keys, on_roll).await?;
        found.extend(known.into_iter().map(|(paper, known)| (known.person, (paper, known))));
    }
    Ok(found)
}

/// The people whose phones have these indexes; a phone may be shared.
///
/// # Errors
/// What the database reports.
pub async fn by_phones(tx: &mut Tx, indexes: &[&[u8]]) -> Result<HashMap<Vec<u8>, Vec<OnRoll>>, DbError> {
    let mut found: HashMap<Vec<u8>, Vec<OnRoll>> = HashMap::new();
    for group in indexes.chunks(GROUP) {
        let keys = filled(group.iter().map(|index| Value::from(*index)).collect());
        for (index, person) in tx.rows(BY_PHONES, &keys, on_roll).await? {
            found.entry(index).or_default().push(person);
        }
    }
    Ok(found)
}

/// The post of each of `people` that ended last; those of whom none has are not named.
///
/// # Errors
/// What the database reports.
pub async fn last_ended(tx: &mut Tx, people: &[Uuid]) -> Result<HashMap<Uuid, Earlier>, DbError> {
    let mut found: HashMap<Uuid, Earlier> = HashMap::new();
    for group in people.chunks(GROUP) {
        let keys = filled(group.iter().map(|id| Value::from(*id)).collect());
        for (person, ended) in tx.rows(ENDED, &keys, |row| Ok((row.get(0)?, earlier(row)?))).await? {
            let known = found.get(&person);
            if known.is_none_or(|known| (known.until, known.since) < (ended.until, ended.since)) {
                found.insert(person, ended);
            }
        }
    }
    Ok(found)
}

fn earlier(row: &Row<'_>) -> Result<Earlier, DbError> {
    let by_transfer = row.get::<String>(4)? == PostState::Active.key();
    Ok(Earlier { path: row.get(1)?, since: row.get(2)?, until: row.get(3)?, by_transfer, post: row.get(5)? })
}

/// The loans of each of `people`; those who were never lent are not named.
///
/// # Errors
/// What the database reports.
pub async fn loans(tx: &mut Tx, people: &[Uuid]) -> Result<HashMap<Uuid, Vec<Loan>>, DbError> {
    let mut found: HashMap<Uuid, Vec<Loan>> = HashMap::new();
    for group in people.chunks(GROUP) {
        let keys = filled(group.iter().map(|id| Value::from(*id)).collect());
        let read = |row: &Row<'_>| {
            Ok((row.get(0)?, Loan { post: row.get(1)?, since: row.get(2)?, until: row.get(3)? }))
        };
        for (person, loan) in tx.rows(LOANS, &keys, read).await? {
            found.entry(person).or_default().push(loan);
        }
    }
    Ok(found)
}

/// Somebody with an open post at a school.
#[derive(Debug, Clone)]
pub struct Present {
    /// The person.
    pub person: Uuid,
    /// The name.
    pub name: String,
    /// The number of the paper with its middle hidden.
    pub paper_masked: String,
    /// The open post.
    pub post: Uuid,
    /// The school's path.
    pub path: String,
}

/// Everybody with an open post at `school`, in the order of the roll.
///
/// # Errors
/// What the database reports.
pub async fn at_school(tx: &mut Tx, school: Uuid) -> Result<Vec<Present>, DbError> {
    tx.rows(AT_SCHOOL, args![school], |row| {
        Ok(Present {
            person: row.get(0)?,
            name: row.get(1)?,
            paper_masked: row.get(2)?,
            post: row.get(3)?,
            path: row.get(4)?,
        })
    })
    .await
}

/// Takes on `newcomers`.
///
/// # Errors
/// What the database reports; a person known already is [`DbError::Unique`].
pub async fn take_on(tx: &mut Tx, newcomers: &[Newcomer<'_>]) -> Result<(), DbError> {
    let rows: Vec<Vec<Value<'_>>> = newcomers
        .iter()
        .filter_map(|one| {
            let entered = one.entered;
            let identity = entered.identity.as_ref()?;
            let row = args![
                one.person,
                entered.name.as_str(),
                entered.sort_key.as_str(),
                entered.pinyin.as_str(),
                entered.initials.as_str(),
                identity.kind().code(),
                &entered.paper_sealed,
                &entered.paper_index,
                identity.masked(),
                entered.phone_sealed.as_ref(),
                entered.phone_index.as_ref(),
                entered.phone.as_ref().map(Phone::masked),
                entered.sex.code(),
                entered.birth_year,
                one.kept_by,
                1_i64,
            ];
            Some(row.to_vec())
        })
        .collect();
    tx.bulk(TAKE_ON, 16, "", rows).await.map(drop)
}

/// Lets people take up posts; none of them has an open one.
///
/// # Errors
/// What the database reports; a second open post is [`DbError::Unique`].
pub async fn take_up(tx: &mut Tx, posts: &[NewPost<'_>]) -> Result<(), DbError> {
    let rows: Vec<Vec<Value<'_>>> = posts
        .iter()
        .map(|post| {
            args![
                post.id,
                post.person,
                post.school,
                post.path,
                post.sort_key,
                post.subject,
                post.stage,
                post.title,
                post.since,
                Id::<Post>::from_uuid(post.id).made_at(),
                "active",
                "",
            ]
            .to_vec()
        })
        .collect();
    tx.bulk(TAKE_UP, 12, "", rows).await.map(drop)
}

/// The record of `person`.
pub(super) async fn record(tx: &mut Tx, person: Uuid) -> Result<Record, DbError> {
    tx.row(RECORD, args![person], |row| {
        Ok(Record {
            name: row.get(0)?,
            sort_key: row.get(1)?,
            pinyin: row.get(2)?,
            initials: row.get(3)?,
            phone_sealed: row.get::<Option<Vec<u8>>>(4)?.map(hex::encode),
            phone_index: row.get::<Option<Vec<u8>>>(5)?.map(hex::encode),
            phone_masked: row.get(6)?,
            sex: row.get(7)?,
            birth_year: row.get(8)?,
            version: row.get(9)?,
        })
    })
    .await
}

/// Writes `record` as the next version of `person`'s.
pub(super) async fn write_record(
    tx: &mut Tx,
    person: Uuid,
    record: &Record,
    at: Instant,
) -> Result<(), DbError> {
    let bytes = |text: &Option<String>| text.as_ref().map(hex::decode).transpose();
    let damaged = |e: hex::FromHexError| DbError::Engine(e.to_string());
    let sealed = bytes(&record.phone_sealed).map_err(damaged)?;
    let index = bytes(&record.phone_index).map_err(damaged)?;
    let row = args![
        person,
        record.name.as_str(),
        record.sort_key.as_str(),
        record.pinyin.as_str(),
        record.initials.as_str(),
        sealed.as_ref(),
        index.as_ref(),
        record.phone_masked.as_ref(),
        record.sex.as_str(),
        record.birth_year,
        at,
    ];
    tx.run(WRITE_RECORD, row).await?;
    tx.run(SORT_POSTS, args![person, record.sort_key.as_str()]).await.map(drop)
}

/// The duties of `post`.
pub(super) async fn duties(tx: &mut Tx, post: Uuid) -> Result<Duties, DbError> {
    tx.row(DUTIES, args![post], |row| {
        Ok(Duties { subject: row.get(0)?, stage: row.get(1)?, title: row.get(2)?, since: row.get(3)? })
    })
    .await
}

/// Writes the duties of `post`.
pub(super) async fn write_duties(
    tx: &mut Tx,
    post: Uuid,
    duties: &Duties,
    at: Instant,
) -> Result<(), DbError> {
    let words = [duties.subject.as_str(), duties.stage.as_str(), duties.title.as_str()];
    let row = args![post, words[0], words[1], words[2], duties.since, at];
    tx.run(WRITE_DUTIES, row).await.map(drop)
}

/// What ended with a post.
#[derive(Debug, Default)]
pub struct Ended {
    /// Whether the post was open.
    pub post: bool,
    /// Memberships in the teams of the school.
    pub teams: Vec<Uuid>,
    /// The secondment of the post.
    pub loans: Vec<Uuid>,
}

/// Ends `post` of `person` at `school` on `day`, written at `at`, for `reason`, and what hangs on it; its
/// state is [`PostState::Active`] where a transfer ends it.
///
/// # Errors
/// What the database reports.
pub async fn end_post(
    tx: &mut Tx,
    (person, post, school): (Uuid, Uuid, Uuid),
    (day, at): (NaiveDate, Instant),
    (state, reason): (PostState, &str),
) -> Result<Ended, DbError> {
    let teams = tx.rows(TEAMS_OF, args![person, school], |row| row.get(0)).await?;
    let loans = tx.rows(LOAN_OF, args![post], |row| row.get(0)).await?;
    for team in &teams {
        tx.run(LEAVE_TEAM, args![*team, day]).await?;
    }
    for loan in &loans {
        tx.run(END_LOAN, args![*loan, day]).await?;
    }
    let ended = tx.run(END_POST, args![post, day, reason, at, state.key()]).await? == 1;
    Ok(Ended { post: ended, teams, loans })
}

/// Takes back that `team`, a membership, has ended.
///
/// # Errors
/// What the database reports; the same membership begun anew is [`DbError::Unique`].
pub async fn rejoin_team(tx: &mut Tx, team: Uuid) -> Result<(), DbError> {
    tx.run(REJOIN_TEAM, args![team]).await.map(drop)
}

/// Takes back that `loan`, a secondment, has ended; its post is open again.
///
/// # Errors
/// What the database reports; another secondment of the post is [`DbError::Unique`].
pub async fn lend_again(tx: &mut Tx, loan: Uuid) -> Result<(), DbError> {
    tx.run(LEND_AGAIN, args![loan]).await?;
    tx.run(LENT_AGAIN, args![loan]).await.map(drop)
}

/// Opens `post` again, which a roll has ended; says whether it was ended.
///
/// # Errors
/// What the database reports; another open post of the person is [`DbError::Unique`].
pub async fn reopen_post(tx: &mut Tx, post: Uuid, at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(REOPEN_POST, args![post, at]).await? == 1)
}

/// Whoever holds, or held, a post.
///
/// # Errors
/// What the database reports; [`DbError::NoRow`] when there is no such post.
pub async fn person_of(tx: &mut Tx, post: Uuid) -> Result<Id<Person>, DbError> {
    tx.row(PERSON_OF, args![post], |row| row.get(0)).await
}

/// The name of whoever holds a post.
///
/// # Errors
/// What the database reports; [`DbError::NoRow`] when there is no such post.
pub async fn holder_of(tx: &mut Tx, post: Uuid) -> Result<String, DbError> {
    tx.row(HOLDER_OF, args![post], |row| row.get(0)).await
}

/// The name of a person on the roll.
///
/// # Errors
/// What the database reports.
pub async fn name_of(tx: &mut Tx, person: Uuid) -> Result<String, DbError> {
    tx.row(NAME_OF, args![person], |row| row.get(0)).await
}
