//! What the audit trail must tell of submissions.

use tisheng_platform::audit::Due;
use tisheng_platform::{DbError, Tx, args};
use uuid::Uuid;

const HANDED_IN: &str =
    "select id, cast(case when state = 'draft' then 0 else 1 end as bigint) from submission
    where programme = $1 and id > $2 order by id limit 1000";

/// What the trail must tell of up to 1000 submissions after `after`, in order: each that is out of its
/// author's hands was handed in once more often than it was given back.
///
/// # Errors
/// What the database reports.
pub async fn trail(tx: &mut Tx, programme: Uuid, after: Uuid) -> Result<Vec<Due>, DbError> {
    tx.rows(HANDED_IN, args![programme, after], |row| {
        Ok(Due {
            subject: row.get(0)?,
            done: "evidence.submitted",
            undone: "evidence.withdrawn",
            like: "%".to_owned(),
            times: row.get(1)?,
        })
    })
    .await
}
