//! What the audit trail must tell of results.

use tisheng_kernel::Id;
use tisheng_platform::audit::Due;
use tisheng_platform::{DbError, Tx, args};
use uuid::Uuid;

use super::Final;

const RESULTS: &str =
    "select id, submission from result where programme = $1 and id > $2 order by id limit 1000";

/// What the trail must tell of up to 1000 results after `after`, and the last of them: that each became
/// final once.
///
/// # Errors
/// What the database reports.
pub async fn trail(tx: &mut Tx, programme: Uuid, after: Uuid) -> Result<(Vec<Due>, Uuid), DbError> {
    let mut last = after;
    let due = tx
        .rows(RESULTS, args![programme, after], |row| {
            let id: Id<Final> = row.get(0)?;
            last = id.uuid();
            Ok(Due {
                subject: row.get(1)?,
                done: "review.final",
                undone: "review.final",
                like: format!("%\"{id}\"%"),
                times: 1,
            })
        })
        .await?;
    Ok((due, last))
}
