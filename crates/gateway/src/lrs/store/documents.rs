//! Documents.

use tisheng_kernel::Instant;
use tisheng_platform::Tx;
use tisheng_platform::args;
use tisheng_platform::db::DbError;

/// A document as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub content_type: String,
    /// SHA-1 of the content in hexadecimal digits.
    pub etag: String,
    pub content: Vec<u8>,
    pub updated: Instant,
}

/// Where a document is kept: space, registration, name.
pub type Place<'p> = (&'p [u8], &'p str, &'p str);

const DOCUMENT: &str = "select content_type, etag, content, updated_at from xapi_document
    where space = $1 and registration = $2 and name = $3";

pub async fn document(tx: &mut Tx, place: Place<'_>) -> Result<Option<Document>, DbError> {
    tx.row_opt(DOCUMENT, args![place.0, place.1, place.2], |row| {
        Ok(Document {
            content_type: row.get(0)?,
            etag: row.get(1)?,
            content: row.get(2)?,
            updated: row.get(3)?,
        })
    })
    .await
}

const FOUND: &str = "insert into xapi_document
    (space, registration, name, content_type, etag, content, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (space, registration, name) do nothing";

const CHANGE: &str = "update xapi_document set content_type = $4, etag = $5, content = $6, updated_at = $7
    where space = $1 and registration = $2 and name = $3 and etag = $8";

/// Keeps `new` in place of what has the tag `old`, or as a first; whether that is still so.
pub async fn keep(tx: &mut Tx, place: Place<'_>, new: &Document, old: Option<&str>) -> Result<bool, DbError> {
    let (space, registration, name) = place;
    let (kind, etag, content) = (&new.content_type, &new.etag, &new.content);
    let changed = match old {
        None => tx.run(FOUND, args![space, registration, name, kind, etag, content, new.updated]).await?,
        Some(old) => {
            tx.run(CHANGE, args![space, registration, name, kind, etag, content, new.updated, old]).await?
        }
    };
    Ok(changed == 1)
}

const DROP: &str =
    "delete from xapi_document where space = $1 and registration = $2 and name = $3 and etag = $4";

/// Deletes what has the tag `old`; whether that is still so.
pub async fn delete(tx: &mut Tx, place: Place<'_>, old: &str) -> Result<bool, DbError> {
    Ok(tx.run(DROP, args![place.0, place.1, place.2, old]).await? == 1)
}

const DROP_ALL: &str = "delete from xapi_document where space = $1 and ($2 = '' or registration = $2)";

pub async fn delete_all(tx: &mut Tx, space: &[u8], registration: &str) -> Result<(), DbError> {
    tx.run(DROP_ALL, args![space, registration]).await.map(drop)
}

const NAMES: &str = "select name, max(updated_at) from xapi_document
    where space = $1 and ($2 = '' or registration = $2) and updated_at > $3 group by name order by name";

/// Names of documents that were changed after `since`, and when.
pub async fn names(
    tx: &mut Tx,
    space: &[u8],
    registration: &str,
    since: Instant,
) -> Result<Vec<(String, Instant)>, DbError> {
    tx.rows(NAMES, args![space, registration, since], |row| Ok((row.get(0)?, row.get(1)?))).await
}
