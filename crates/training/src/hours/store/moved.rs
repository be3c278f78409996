//! What waits for an office goes with its teacher: reports to decide about, disputes to answer and to mend.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use uuid::Uuid;

const REPORTS_OF: &str = "update hour_report
    set path = (select p.path from post p where p.person = hour_report.person and p.until is null)
    where programme = $1 and person = $2 and state in ('held', 'conflict')
    and exists (select 1 from post p where p.person = $2 and p.until is null and p.path <> hour_report.path)";

const DISPUTES_OF: &str = "update hour_dispute
    set path = (select p.path from post p where p.person = hour_dispute.person and p.until is null)
    where programme = $1 and person = $2 and state in ('open', 'mending')
    and exists (select 1 from post p where p.person = $2 and p.until is null and p.path <> hour_dispute.path)";

/// Of everybody who has come to a school within a part of the tree.
const REPORTS: &str = "update hour_report
    set path = (select p.path from post p where p.person = hour_report.person and p.until is null)
    where programme = $1 and state in ('held', 'conflict') and exists (select 1 from post p
        where p.person = hour_report.person and p.until is null and p.path <> hour_report.path
        and p.path >= $2 and p.path < $3)";

const DISPUTES: &str = "update hour_dispute
    set path = (select p.path from post p where p.person = hour_dispute.person and p.until is null)
    where programme = $1 and state in ('open', 'mending') and exists (select 1 from post p
        where p.person = hour_dispute.person and p.until is null and p.path <> hour_dispute.path
        and p.path >= $2 and p.path < $3)";

/// Whoever took up one of these posts after another one.
const MOVED_TO: &str = "select distinct p.person from post p where p.id >= $1 and p.id <= $2
    and exists (select 1 from post o where o.person = p.person and o.id <> p.id) order by p.person";

/// Those who took up a post from `first` to `last` and had had another one.
///
/// # Errors
/// What the database reports.
pub async fn moved_to(tx: &mut Tx, (first, last): (Uuid, Uuid)) -> Result<Vec<Id<Person>>, DbError> {
    tx.rows(MOVED_TO, args![first, last], |row| row.get(0)).await
}

/// Lets what waits about a teacher stand at the teacher's school.
///
/// # Errors
/// What the database reports.
pub async fn follow_teacher(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<(), DbError> {
    tx.run(REPORTS_OF, args![programme, person]).await?;
    tx.run(DISPUTES_OF, args![programme, person]).await.map(drop)
}

/// The same of all teachers whose schools are in `scope`.
///
/// # Errors
/// What the database reports.
pub async fn follow_teachers(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<(), DbError> {
    tx.run(REPORTS, args![programme, &scope.from, &scope.until]).await?;
    tx.run(DISPUTES, args![programme, &scope.from, &scope.until]).await.map(drop)
}
