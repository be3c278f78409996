//! Offers and choices of many at once, for the bench.

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;

use super::model::Offer;
use super::store;

/// Publishes the first offer of each of `schools` (with its path), all of the same capabilities,
/// without asking whether the rule is met and without an event.
///
/// # Errors
/// What the database reports, also that a school has an offer already.
pub async fn offer_all(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    schools: &[(Id<Node>, String)],
    capabilities: &[String],
) -> Result<Vec<Id<Offer>>, DbError> {
    store::bulk::add_offers(ctx, tx, programme, schools, capabilities).await
}

/// Makes the first choice of each teacher, all of the same capabilities, without asking whether
/// the rule is met and without an event.
///
/// # Errors
/// What the database reports, also that a teacher has chosen already.
pub async fn choose_all(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    choices: &[(Id<Person>, Id<Offer>)],
    capabilities: &[String],
) -> Result<(), DbError> {
    store::bulk::add_choices(ctx, tx, programme, choices, capabilities).await
}
