//! Posts and secondments.

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::{Row, Value};
use tisheng_platform::{DbError, Scope, Shift, Tx, args};
use uuid::Uuid;

use crate::organisation::Node;
use crate::people::model::{Person, Post, PostState, Teacher};
use crate::people::moves::Secondment;

const OPEN: &str = "select p.id, p.person, p.school, n.name, p.path, p.subject, p.stage, p.title, p.since, p.until, p.state, p.reason, p.changed_at
    from post p join node n on n.id = p.school where p.person = $1 and p.until is null";

const POSTS_OF: &str = "select p.id, p.person, p.school, n.name, p.path, p.subject, p.stage, p.title, p.since, p.until, p.state, p.reason, p.changed_at
    from post p join node n on n.id = p.school where p.person = $1 order by p.since desc, p.id desc";

const TEACHER: &str = "select p.person, o.name, p.school, n.name, p.path, p.subject, p.stage, p.title
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.person = $1 and p.until is null";

const LAST_TAUGHT: &str = "select p.person, o.name, p.school, n.name, p.path, p.subject, p.stage, p.title
    from post p join person o on o.id = p.person join node n on n.id = p.school where p.person = $1
    order by case when p.until is null then 0 else 1 end, p.since desc, p.id desc limit 1";

const TEACHERS_OF: &str = "select p.person, o.name, p.school, n.name, p.path, p.subject, p.stage, p.title
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.school = $1 and p.until is null order by p.sort_key, p.person";

const INSERT: &str =
    "insert into post (id, person, school, path, sort_key, subject, stage, title, since, changed_at,
    until, state, reason) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, null, 'active', '')
    on conflict (person) where until is null do nothing";

const INSERT_ALL: &str =
    "insert into post (id, person, school, path, sort_key, subject, stage, title, since, changed_at,
    state, reason) values";

const AMEND: &str = "update post set subject = $2, stage = $3, title = $4, changed_at = $5
    where id = $1 and until is null";

const REDATE: &str = "update post set since = $2, changed_at = $3 where id = $1 and until is null";

/// The post that a transfer ended on the day on which another began.
const LEFT_FOR: &str = "select q.id, q.person, q.school from post p
    join post q on q.person = p.person and q.until = $2 and q.state = 'active' and q.id <> p.id where p.id = $1";

const END_ON: &str = "update post set until = cast($2 as text), changed_at = $3 where id = $1";

const LOANS_END_ON: &str =
    "update secondment set until = case when since > $3 then since else cast($3 as text) end
    where post = $1 and until = $2";

const SET_SORT_KEY: &str = "update post set sort_key = $2 where person = $1";

const END: &str = "update post set until = cast($2 as text), state = $3, reason = $4, changed_at = $5
    where id = $1 and until is null";

const SET_STATE: &str = "update post set state = $2 where id = $1 and until is null";

const LEND: &str = "insert into secondment (id, person, post, host, since, until, reason)
    values ($1, $2, $3, $4, $5, null, $6) on conflict (post) where until is null do nothing";

const END_SECONDMENT: &str =
    "update secondment set until = case when since > $2 then since else cast($2 as text) end
    where post = $1 and until is null";

const SECONDMENTS: &str = "select s.host, n.name, s.since, s.until, s.reason
    from secondment s join node n on n.id = s.host where s.person = $1 order by s.since desc, s.id desc";

const POSTS_AT: &str = "select count(*) from post where school = $1 and until is null";

const REWRITE_POSTS: &str = "update post set path = $3 || substr(path, cast(cast($4 as bigint) as integer)),
    changed_at = $5 where path >= $1 and path < $2";

/// What was taken away from the moved place earlier is told of at its new path too, and at the old still;
/// at the new to those who read the place itself, since it was never of those above it there.
const MOVED_ALONG: &str = "insert into post_moved
    (path, post, person, school, sort_key, subject, stage, since, until, moved_at, told_to)
    select $3 || substr(path, cast(cast($4 as bigint) as integer)), post, person, school, sort_key, subject,
        stage, since, until, moved_at,
        case when told_to >= $1 and told_to < $2
            then $3 || substr(told_to, cast(cast($4 as bigint) as integer)) else cast($3 as text) end
    from post_moved where path >= $1 and path < $2
    on conflict (path, post) do update set sort_key = excluded.sort_key, subject = excluded.subject,
        stage = excluded.stage, since = excluded.since, until = excluded.until, moved_at = excluded.moved_at,
        told_to = excluded.told_to
        where excluded.moved_at > post_moved.moved_at";

const MOVED_AWAY: &str = "insert into post_moved
    (path, post, person, school, sort_key, subject, stage, since, until, moved_at, told_to)
    select path, id, person, school, sort_key, subject, stage, since, coalesce(until, cast($3 as text)),
        cast($4 as bigint), ''
    from post where path >= $1 and path < $2
    on conflict (path, post) do update set sort_key = excluded.sort_key, subject = excluded.subject,
        stage = excluded.stage, since = excluded.since, until = excluded.until, moved_at = excluded.moved_at,
        told_to = ''";

const REWRITE_RECORDS: &str =
    "update person set kept_by = $3 || substr(kept_by, cast(cast($4 as bigint) as integer))
    where kept_by >= $1 and kept_by < $2";

fn post(row: &Row<'_>) -> Result<Post, DbError> {
    let state: String = row.get(10)?;
    let stage: String = row.get(6)?;
    Ok(Post {
        id: row.get(0)?,
        person: row.get(1)?,
        school: row.get(2)?,
        school_name: row.get(3)?,
        path: row.get(4)?,
        subject: row.get(5)?,
        stage: stage.parse().ok(),
        title: row.get(7)?,
        since: row.get(8)?,
        until: row.get(9)?,
        state: state
            .parse()
            .map_err(|_| DbError::Column { column: 10, problem: format!("unknown state {state}") })?,
        reason: row.get(11)?,
        changed_at: row.get(12)?,
    })
}

fn as_teacher(row: &Row<'_>) -> Result<Teacher, DbError> {
    Ok(Teacher {
        person: row.get(0)?,
        name: row.get(1)?,
        school: row.get(2)?,
        school_name: row.get(3)?,
        path: row.get(4)?,
        subject: row.get(5)?,
        stage: row.get(6)?,
        title: row.get(7)?,
    })
}

pub async fn open_post(tx: &mut Tx, person: Id<Person>) -> Result<Option<Post>, DbError> {
    tx.row_opt(OPEN, args![person], post).await
}

pub async fn posts_of(tx: &mut Tx, person: Id<Person>) -> Result<Vec<Post>, DbError> {
    tx.rows(POSTS_OF, args![person], post).await
}

pub async fn teacher(tx: &mut Tx, person: Id<Person>) -> Result<Option<Teacher>, DbError> {
    tx.row_opt(TEACHER, args![person], as_teacher).await
}

pub async fn last_taught(tx: &mut Tx, person: Id<Person>) -> Result<Option<Teacher>, DbError> {
    tx.row_opt(LAST_TAUGHT, args![person], as_teacher).await
}

pub async fn teachers_of(tx: &mut Tx, school: Id<Node>) -> Result<Vec<Teacher>, DbError> {
    tx.rows(TEACHERS_OF, args![school], as_teacher).await
}

/// A new post with everything that is stored.
#[derive(Debug)]
pub struct NewRow<'a> {
    /// The identifier.
    pub id: Id<Post>,
    /// Whose it is.
    pub person: Id<Person>,
    /// Where.
    pub school: Id<Node>,
    /// The school's path.
    pub path: &'a str,
    /// The person's place in a roll.
    pub sort_key: String,
    /// The subject taught.
    pub subject: &'a str,
    /// Code of the stage; empty when unknown.
    pub stage: &'a str,
    /// The professional title; empty when none.
    pub title: &'a str,
    /// The first day.
    pub since: NaiveDate,
}

impl<'a> NewRow<'a> {
    fn values(self) -> Vec<Value<'a>> {
        vec![
            self.id.into(),
            self.person.into(),
            self.school.into(),
            self.path.into(),
            self.sort_key.into(),
            self.subject.into(),
            self.stage.into(),
            self.title.into(),
            self.since.into(),
            self.id.made_at().into(),
        ]
    }
}

/// Says whether the person had no open post.
pub async fn insert_post(tx: &mut Tx, new: NewRow<'_>) -> Result<bool, DbError> {
    Ok(tx.run(INSERT, &new.values()).await? == 1)
}

/// Writes posts of people known to have none.
pub async fn insert_posts<'v>(
    tx: &mut Tx,
    posts: impl IntoIterator<Item = NewRow<'v>, IntoIter: Send> + Send,
) -> Result<u64, DbError> {
    let rows = posts.into_iter().map(|post| {
        let mut row = post.values();
        row.extend([Value::Text(PostState::Active.key()), Value::Text("")]);
        row
    });
    tx.bulk(INSERT_ALL, 12, "", rows).await
}

pub async fn amend(
    tx: &mut Tx,
    id: Id<Post>,
    (subject, stage, title): (&str, &str, &str),
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(AMEND, args![id, subject, stage, title, at]).await? == 1)
}

pub async fn redate(tx: &mut Tx, id: Id<Post>, since: NaiveDate, at: Instant) -> Result<(), DbError> {
    tx.run(REDATE, args![id, since, at]).await.map(drop)
}

/// Whose post it is that a transfer ended on `day`, when `post` began, and at which school: post, person,
/// school.
pub async fn left_for(tx: &mut Tx, post: Uuid, day: NaiveDate) -> Result<Option<[Uuid; 3]>, DbError> {
    tx.row_opt(LEFT_FOR, args![post, day], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?])).await
}

/// Lets `post`, which ended on the day `from`, end on the day `to`, and with it its loan.
pub async fn end_on(
    tx: &mut Tx,
    post: Uuid,
    (from, to): (NaiveDate, NaiveDate),
    at: Instant,
) -> Result<(), DbError> {
    tx.run(END_ON, args![post, to, at]).await?;
    tx.run(LOANS_END_ON, args![post, from, to]).await.map(drop)
}

pub async fn set_sort_key(tx: &mut Tx, person: Id<Person>, sort_key: &str) -> Result<(), DbError> {
    tx.run(SET_SORT_KEY, args![person, sort_key]).await.map(drop)
}

pub async fn end_post(
    tx: &mut Tx,
    id: Id<Post>,
    on: NaiveDate,
    (state, reason): (PostState, &str),
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(END, args![id, on, state.key(), reason, at]).await? == 1)
}

pub async fn set_state(tx: &mut Tx, id: Id<Post>, state: PostState) -> Result<(), DbError> {
    tx.run(SET_STATE, args![id, state.key()]).await.map(drop)
}

/// Says whether the post was not lent already.
pub async fn lend(
    tx: &mut Tx,
    id: Id<Secondment>,
    post: &Post,
    host: Id<Node>,
    since: NaiveDate,
    reason: &str,
) -> Result<bool, DbError> {
    Ok(tx.run(LEND, args![id, post.person, post.id, host, since, reason]).await? == 1)
}

/// Says whether the post was lent.
pub async fn end_secondment(tx: &mut Tx, post: Id<Post>, on: NaiveDate) -> Result<bool, DbError> {
    Ok(tx.run(END_SECONDMENT, args![post, on]).await? == 1)
}

pub async fn secondments_of(tx: &mut Tx, person: Id<Person>) -> Result<Vec<Secondment>, DbError> {
    tx.rows(SECONDMENTS, args![person], |row| {
        Ok(Secondment {
            host: row.get(0)?,
            host_name: row.get(1)?,
            since: row.get(2)?,
            until: row.get(3)?,
            reason: row.get(4)?,
        })
    })
    .await
}

/// Open posts at `school`.
pub async fn posts_at(tx: &mut Tx, school: Id<Node>) -> Result<i64, DbError> {
    tx.row(POSTS_AT, args![school], |row| row.get(0)).await
}

/// Follows a move of the tree, and keeps the posts that it takes away from their place, for those who are
/// told only of that place.
pub async fn follow(tx: &mut Tx, shift: &Shift, at: Instant) -> Result<(), DbError> {
    shift.apply(tx, MOVED_ALONG).await?;
    let Scope { from, until } = shift.part();
    tx.run(MOVED_AWAY, args![from, until, at.date(), at]).await?;
    shift.apply_at(tx, REWRITE_POSTS, at).await?;
    shift.apply(tx, REWRITE_RECORDS).await.map(drop)
}
