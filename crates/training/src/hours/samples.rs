//! A ledger filled at once, for the bench.

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::model::Report;
use super::store;

/// Enters reports about teachers known for sure, whose numbers have never been used, without
/// weighing them and without an event; says how many entries there are now more.
///
/// # Errors
/// What the database reports, also that a number was used before.
pub async fn enter_all(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    reports: &[(Id<Person>, Report)],
) -> Result<u64, DbError> {
    store::bulk::add_all(ctx, tx, programme, reports).await
}
