//! A ledger filled at once, for the bench; something to hand in with a dispute.

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::model::Report;
use super::store;

/// A picture of one dot (JPEG).
pub const PICTURE: &[u8] = b"\xff\xd8\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0\xff\xd9";

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
