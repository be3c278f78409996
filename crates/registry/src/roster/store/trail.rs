//! What the audit trail must tell of files.

use tisheng_platform::audit::Due;
use tisheng_platform::{DbError, Tx, args};
use uuid::Uuid;

const TAKEN: &str = "select id, cast(case when taken_at is null then 0 else 1 end as bigint),
        cast(case when state = 'undone' then 1 else 0 end as bigint)
    from roster_run where id > $1 order by id limit 1000";

/// What the trail must tell of up to 1000 files after `after`, in order: that each that was taken or undone
/// was so once.
///
/// # Errors
/// What the database reports.
pub async fn trail(tx: &mut Tx, after: Uuid) -> Result<Vec<Due>, DbError> {
    let each = tx
        .rows(TAKEN, args![after], |row| {
            let (subject, taken, undone) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let due =
                |action, times| Due { subject, done: action, undone: action, like: "%".to_owned(), times };
            Ok([due("roster.taken", taken), due("roster.undone", undone)])
        })
        .await?;
    Ok(each.into_iter().flatten().collect())
}
