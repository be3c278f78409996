//! Whose turn it is.
//!
//! Whoever writes of a teacher's hours takes the teacher's turn first, then the report that waits, then the sums; of
//! several teachers in the order of their identifiers. Two that took them in different orders would wait for each
//! other, and one of them would be turned away.
//!
//! A file takes them batch by batch and keeps all of them to its end, so that its order is that of each batch alone.
//! Everybody else therefore waits only briefly for a turn: whoever may be in the way of a file gives up before the
//! server looks for those who wait for each other, comes again, and the file goes on. Two files at one moment, on two
//! servers, can still wait for each other; the job of one of them is then tried again.

use std::collections::BTreeSet;

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx, Value, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

const TURNS: &str = "insert into hour_turn (programme, person) values";

/// A row that says what it said before leaves the index alone.
const TAKE: &str = "on conflict (programme, person) do update set person = excluded.person";

/// Lets nobody else write of a teacher's hours until `tx` ends: what is read of them from now on stays as it is, and
/// whatever was written before is there.
///
/// # Errors
/// What the database reports; [`DbError::Conflict`] where somebody else keeps the turn.
pub async fn hold(tx: &mut Tx, programme: Id<Programme>, person: Id<Person>) -> Result<(), DbError> {
    hold_all(tx, programme, &BTreeSet::from([person])).await
}

/// As [`hold`], of several teachers. Whoever writes of more than one calls it before the first of them.
///
/// # Errors
/// As [`hold`].
pub async fn hold_all(
    tx: &mut Tx,
    programme: Id<Programme>,
    people: &BTreeSet<Id<Person>>,
) -> Result<(), DbError> {
    let mut rows: Vec<Vec<Value<'_>>> = Vec::new();
    for person in people {
        if tx.is_to_hold("hour_turn", [programme.uuid(), person.uuid()]) {
            rows.push(args![programme, *person].to_vec());
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    tx.wait_briefly(true).await?;
    tx.bulk(TURNS, 2, TAKE, rows).await?;
    tx.wait_briefly(false).await
}
