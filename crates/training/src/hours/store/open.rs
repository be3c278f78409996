//! Reports that wait, by their source. Each statement names the states that wait, so that it is answered by the
//! index on those alone: it costs what waits, not what ever came. The concatenations keep other indexes out of it.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use uuid::Uuid;

use super::coded;
use super::reports::waiting;
use crate::hours::model::{Waiting, WaitingState};

const COUNTS: &str = "select state, count(*) from hour_report
    where programme = $1 and source = $2 and state in ('parked', 'held', 'conflict')
    and path || '' >= $3 and path || '' < $4 group by state";

const COUNTS_NEAR: &str = "select state, count(*) from hour_report
    where programme = $1 and path >= $3 and path < $4 and state in ('parked', 'held', 'conflict')
    and source || '' = $2 group by state";

const FIRST: &str =
    "select id, state, path, person, name, paper_masked, school, category, kind, seconds,
    hour_length, worked_on, title, source, source_id, why, against, received_at, decided_at, decision, entry, channel,
    paper_key, decided_by, long_day
    from hour_report where programme = $1 and source = $2 and state in ('parked', 'held', 'conflict')
    and state || '' = $3 and path || '' >= $4 and path || '' < $5 order by id limit $6";

/// Parked reports whose paper or phone somebody has whom the register knows by now.
const FINDABLE: &str = "select r.id, r.name, r.paper_key, r.phone_key from hour_report r
    where r.programme = $1 and r.source = $2 and r.state in ('parked', 'held', 'conflict')
    and r.state || '' = 'parked' and r.path || '' >= $3 and r.path || '' < $4 and r.id > $5
    and (exists (select 1 from person p where p.paper_index = r.paper_key)
        or exists (select 1 from person p where p.phone_index = r.phone_key))
    order by r.id limit $6";

const COUNT_FINDABLE: &str = "select count(*) from hour_report r
    where r.programme = $1 and r.source = $2 and r.state in ('parked', 'held', 'conflict')
    and r.state || '' = 'parked' and r.path || '' >= $3 and r.path || '' < $4
    and (exists (select 1 from person p where p.paper_index = r.paper_key)
        or exists (select 1 from person p where p.phone_index = r.phone_key))";

/// How many reports of `source` wait in each state: of a wide part of the tree picked out by their source, of a
/// narrow one by their place.
pub async fn counts(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    source: &str,
) -> Result<Vec<(WaitingState, i64)>, DbError> {
    let sql = if scope.is_wide() { COUNTS } else { COUNTS_NEAR };
    let asked = args![programme, source, &scope.from, &scope.until];
    tx.rows(sql, asked, |row| Ok((coded(row, 0)?, row.get(1)?))).await
}

/// The first reports of `source` that wait in `state`.
pub async fn first(
    tx: &mut Tx,
    (programme, source): (Id<Programme>, &str),
    scope: &Scope,
    state: WaitingState,
    most: i64,
) -> Result<Vec<Waiting>, DbError> {
    let asked = args![programme, source, state.code(), &scope.from, &scope.until, most];
    tx.rows(FIRST, asked, waiting).await
}

/// A parked report that may be about somebody whom the register knows by now.
#[derive(Debug)]
pub struct Findable {
    pub id: Id<Waiting>,
    pub name: String,
    pub paper_key: Option<Vec<u8>>,
    pub phone_key: Option<Vec<u8>>,
}

/// Those of `source` after `after`, at most `most`.
pub async fn findable(
    tx: &mut Tx,
    (programme, source): (Id<Programme>, &str),
    scope: &Scope,
    after: Uuid,
    most: i64,
) -> Result<Vec<Findable>, DbError> {
    let asked = args![programme, source, &scope.from, &scope.until, after, most];
    tx.rows(FINDABLE, asked, |row| {
        Ok(Findable { id: row.get(0)?, name: row.get(1)?, paper_key: row.get(2)?, phone_key: row.get(3)? })
    })
    .await
}

/// How many there are.
pub async fn count_findable(
    tx: &mut Tx,
    (programme, source): (Id<Programme>, &str),
    scope: &Scope,
) -> Result<i64, DbError> {
    tx.row(COUNT_FINDABLE, args![programme, source, &scope.from, &scope.until], |row| row.get(0)).await
}
