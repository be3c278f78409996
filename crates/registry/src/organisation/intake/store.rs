//! Statements about a whole part of the tree.

use tisheng_platform::{DbError, Scope, Tx, args};
use uuid::Uuid;

use super::Place;

const PLACES: &str = "select n.id, n.kind, n.name, n.code, n.path, n.parent, coalesce(s.stages, '')
    from node n left join school s on s.node = n.id
    where n.path >= $1 and n.path < $2 and n.valid_to is null and ($3 = '' or n.kind = $3)";

const FORGET_HISTORY: &str = "delete from node_history where node = $1";
const FORGET_MOVED: &str = "delete from node_moved where node = $1";
const FORGET_FACTS: &str = "delete from school where node = $1";
const FORGET: &str = "delete from node where id = $1";

/// The open nodes within `scope`, in no order; of one kind, or (`kind` empty) of all.
///
/// # Errors
/// What the database reports.
pub async fn places(tx: &mut Tx, scope: &Scope, kind: &'static str) -> Result<Vec<Place>, DbError> {
    tx.rows(PLACES, args![scope.from.as_str(), scope.until.as_str(), kind], |row| {
        Ok(Place {
            id: row.get(0)?,
            kind: row.get(1)?,
            name: row.get(2)?,
            code: row.get(3)?,
            path: row.get(4)?,
            parent: row.get(5)?,
            stages: row.get(6)?,
        })
    })
    .await
}

/// Removes a node that a roll has made, with its facts and history. What else hangs on it is
/// [`DbError::Reference`].
///
/// # Errors
/// What the database reports.
pub async fn unmake(tx: &mut Tx, node: Uuid) -> Result<(), DbError> {
    tx.run(FORGET_HISTORY, args![node]).await?;
    tx.run(FORGET_MOVED, args![node]).await?;
    tx.run(FORGET_FACTS, args![node]).await?;
    tx.run(FORGET, args![node]).await.map(drop)
}
