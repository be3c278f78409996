//! Statements by which what a roll has made goes again, as long as it is as the roll left it.

use tisheng_platform::{DbError, Tx, Value, args};
use uuid::Uuid;

use super::{GROUP, filled};
use crate::people::intake::{person_mark, post_mark};

const UNMAKE_POSTS: &str = "delete from post
    where id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const FORGET_MOVED: &str = "delete from post_moved
    where post in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const POSTS_NOW: &str =
    "select o.id, p.name, o.subject, o.stage, o.title, o.since, o.state, o.until is not null
    from post o join person p on p.id = o.person
    where o.id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const PERSON_NOW: &str = "select name, pinyin, paper_index, phone_index, sex, birth_year, version
    from person where id = $1";

const UNMAKE_UNTOUCHED: &str = "delete from person where version = 1
    and id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const REMOVE: &str = "delete from person where id = $1 and version = $2";

/// A post as it stands.
#[derive(Debug, Clone)]
pub struct PostNow {
    /// The post.
    pub id: Uuid,
    /// The name of whoever holds it.
    pub holder: String,
    /// What tells it from what a roll has made.
    pub mark: String,
    /// Whether it has ended.
    pub has_ended: bool,
}

/// Those of `posts` that are there, as they stand.
///
/// # Errors
/// What the database reports.
pub async fn posts_now(tx: &mut Tx, posts: &[Uuid]) -> Result<Vec<PostNow>, DbError> {
    let mut found = Vec::with_capacity(posts.len());
    for group in posts.chunks(GROUP) {
        let keys = filled(group.iter().map(|id| Value::from(*id)).collect());
        let some = tx
            .rows(POSTS_NOW, &keys, |row| {
                let [subject, stage, title, state]: [String; 4] =
                    [row.get(2)?, row.get(3)?, row.get(4)?, row.get(6)?];
                let mark = post_mark([&subject, &stage, &title], row.get(5)?, &state);
                Ok(PostNow { id: row.get(0)?, holder: row.get(1)?, mark, has_ended: row.get(7)? })
            })
            .await?;
        found.extend(some);
    }
    Ok(found)
}

/// What tells the record of `person` from what a roll has made, and its version.
///
/// # Errors
/// What the database reports; [`DbError::NoRow`] when the person is not there.
pub async fn person_now(tx: &mut Tx, person: Uuid) -> Result<(String, i64), DbError> {
    tx.row(PERSON_NOW, args![person], |row| {
        let [name, pinyin, sex]: [String; 3] = [row.get(0)?, row.get(1)?, row.get(4)?];
        let (paper, phone): (Vec<u8>, Option<Vec<u8>>) = (row.get(2)?, row.get(3)?);
        Ok((person_mark([&name, &pinyin, &sex], (&paper, phone.as_deref()), row.get(5)?), row.get(6)?))
    })
    .await
}

/// Removes posts that a roll has made.
///
/// # Errors
/// What the database reports.
pub async fn unmake_posts(tx: &mut Tx, posts: &[Uuid]) -> Result<u64, DbError> {
    in_groups(tx, FORGET_MOVED, posts).await?;
    in_groups(tx, UNMAKE_POSTS, posts).await
}

/// Removes people whom a roll has taken on and nobody has touched since; says how many. What else
/// hangs on one of them is [`DbError::Reference`].
///
/// # Errors
/// What the database reports.
pub async fn unmake_untouched(tx: &mut Tx, people: &[Uuid]) -> Result<u64, DbError> {
    in_groups(tx, UNMAKE_UNTOUCHED, people).await
}

/// Removes `person`, whose record has this version.
///
/// # Errors
/// As [`unmake_untouched`].
pub async fn remove(tx: &mut Tx, person: Uuid, version: i64) -> Result<(), DbError> {
    tx.run(REMOVE, args![person, version]).await.map(drop)
}

async fn in_groups(tx: &mut Tx, sql: &'static str, ids: &[Uuid]) -> Result<u64, DbError> {
    let mut changed = 0;
    for group in ids.chunks(GROUP) {
        let keys = filled(group.iter().map(|id| Value::from(*id)).collect());
        changed += tx.run(sql, &keys).await?;
    }
    Ok(changed)
}
