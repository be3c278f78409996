//! How many teachers of a school have chosen what.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;

const CHOSEN_AT: &str = "select c.capability, count(*) from post p
    join choice_capability c on c.programme = $1 and c.person = p.person and c.dropped_at is null
    where p.school = $2 and p.until is null group by c.capability order by count(*) desc, c.capability";

/// How many teachers of a school have chosen each capability, most first.
pub async fn chosen_at(
    tx: &mut Tx,
    programme: Id<Programme>,
    school: Id<Node>,
) -> Result<Vec<(String, i64)>, DbError> {
    tx.rows(CHOSEN_AT, args![programme, school], |row| Ok((row.get(0)?, row.get(1)?))).await
}
