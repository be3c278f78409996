//! What the frame keeps only for a while: answers to submissions, done jobs, handled events, ended
//! sessions, forms that came after them, files that stopped arriving.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::TimeDelta;
use tisheng_kernel::Instant;

use crate::app::App;
use crate::args;
use crate::db::DbError;
use crate::web::session::forgotten_before;

/// Hours between two sweeps.
const EVERY_HOURS: i64 = 1;
/// Days for which the answer to a submission can be given again.
const SUBMISSION_DAYS: i64 = 7;
/// Days for which a done job can be asked about, and its key is taken.
const JOB_DAYS: i64 = 30;
/// Days for which a handled event stays to be looked at.
const EVENT_DAYS: i64 = 7;
/// Time after its last byte for which a file that is still arriving can be resumed.
const INCOMING: Duration = Duration::from_secs(7 * 24 * 3600);
/// Rows removed in one transaction, so that nobody waits long for the writer.
const BATCH: i64 = 2000;

const OLD_SUBMISSION: &str = "select 1 from idempotency where at < $1 limit 1";
const SUBMISSIONS: &str = "delete from idempotency where key in
    (select key from idempotency where at < $1 limit $2)";
const OLD_JOB: &str = "select 1 from job where done_at < $1 limit 1";
const JOBS: &str = "delete from job where id in (select id from job where done_at < $1 limit $2)";
const OLD_EVENT: &str = "select 1 from outbox where handled_at < $1 limit 1";
const EVENTS: &str = "delete from outbox where id in (select id from outbox where handled_at < $1 limit $2)";
const OLD_SESSION: &str = "select 1 from session where expires_at < $1 limit 1";
const SESSIONS: &str = "delete from session where token in
    (select token from session where expires_at < $1 limit $2)";
const OLD_FORM: &str = "select 1 from unsent_form where expires_at < $1 limit 1";
const FORMS: &str = "delete from unsent_form where account in
    (select account from unsent_form where expires_at < $1 limit $2)";

/// What a sweep removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    /// Rows of the database.
    pub rows: u64,
    /// Files that had stopped arriving.
    pub files: usize,
}

/// Whether it is time for another sweep after the one at `last`.
#[must_use]
pub fn is_due(last: Option<Instant>, at: Instant) -> bool {
    last.is_none_or(|last| at - last >= TimeDelta::hours(EVERY_HOURS))
}

/// Removes what is past its keeping at `at`, and lets the database take stock. Files are judged by the clock of their own disk.
///
/// # Errors
/// What the database reports; what was removed until then stays removed.
pub async fn sweep(app: &Arc<App>, at: Instant) -> Result<Swept, DbError> {
    let before = |days: i64| at + TimeDelta::days(-days);
    let kept = [
        (OLD_SUBMISSION, SUBMISSIONS, before(SUBMISSION_DAYS)),
        (OLD_JOB, JOBS, before(JOB_DAYS)),
        (OLD_EVENT, EVENTS, before(EVENT_DAYS)),
        (OLD_SESSION, SESSIONS, forgotten_before(app, at)),
        (OLD_FORM, FORMS, at),
    ];
    let mut swept = Swept::default();
    for (any, removal, until) in kept {
        // Looking through a table that has nothing to remove does not hold the writer.
        while app.db.read().await?.row_opt(any, args![until], |_| Ok(())).await?.is_some() {
            let mut tx = app.db.write().await?;
            swept.rows += tx.run(removal, args![until, BATCH]).await?;
            tx.commit().await?;
        }
    }
    app.db.tend().await?;
    let folder = app.files.incoming("");
    let files = tokio::task::spawn_blocking(move || abandoned(&folder, SystemTime::now())).await;
    match files.map_err(std::io::Error::other).and_then(|found| found) {
        Ok(files) => swept.files = files,
        Err(error) => tracing::warn!(%error, "the folder of arriving files cannot be swept"),
    }
    Ok(swept)
}

/// Removes the files in `folder` that were last written long before `now`; says how many.
fn abandoned(folder: &Path, now: SystemTime) -> std::io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        let silent = now.duration_since(about.modified()?).unwrap_or_default();
        if about.is_file() && silent > INCOMING {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{INCOMING, abandoned};

    #[test]
    fn only_files_that_stopped_arriving_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("upload"), b"part").expect("a file");
        let now = SystemTime::now();
        assert_eq!(abandoned(folder.path(), now).expect("swept"), 0);
        let later = now + INCOMING + Duration::from_secs(60);
        assert_eq!(abandoned(folder.path(), later).expect("swept"), 1);
        assert_eq!(abandoned(folder.path(), later).expect("swept"), 0);
    }
}
