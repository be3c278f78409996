//! What waits for somebody, counted where it lies.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;

const WAITING: &str = "select
    (select count(*) from hour_report where programme = $1 and state in ('parked', 'conflict', 'held')
        and path >= $2 and path < $3),
    (select count(*) from hour_dispute where programme = $1 and state = 'open' and path >= $2 and path < $3),
    (select count(*) from choice_change where programme = $1 and state = 'asked' and path >= $2 and path < $3),
    (select count(*) from activity where programme = $1 and state = 'submitted' and path >= $2 and path < $3),
    (select count(*) from submission where programme = $1 and state = 'panel' and superseded_by is null
        and path >= $2 and path < $3),
    (select count(*) from standing s where s.programme = $1 and s.met and s.path >= $2 and s.path < $3
        and not exists (select 1 from certificate c
            where c.programme = s.programme and c.person = s.person and c.state = 'valid'))";

/// How many things wait for a decision below a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Reports of hours that match nobody, contradict, or are not plausible.
    pub reports: i64,
    /// Disputes about hours.
    pub disputes: i64,
    /// Changes of choices asked for.
    pub changes: i64,
    /// Activities whose attendance is to be approved.
    pub activities: i64,
    /// Submissions before a panel.
    pub panel: i64,
    /// Teachers who have met everything and hold no certificate.
    pub ready: i64,
}

pub async fn waiting(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<Waiting, DbError> {
    tx.row(WAITING, args![programme, &scope.from, &scope.until], |row| {
        Ok(Waiting {
            reports: row.get(0)?,
            disputes: row.get(1)?,
            changes: row.get(2)?,
            activities: row.get(3)?,
            panel: row.get(4)?,
            ready: row.get(5)?,
        })
    })
    .await
}
