//! Many offers and choices at once.

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, DbError, Tx, Value, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;

use crate::selection::model::Offer;

const OFFERS: &str = "insert into offer (id, programme, school, path, version, state, note, created_at,
    created_by, published_at, published_by) values";

const OFFERED: &str = "insert into offer_capability (offer, capability) values";

const CHOICES: &str = "insert into choice (programme, person, offer, chosen_at, changed_at) values";

const CHOSEN: &str = "insert into choice_capability (programme, person, capability, chosen_at) values";

/// Writes published first offers of schools, all of the same capabilities.
pub async fn add_offers(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    schools: &[(Id<Node>, String)],
    capabilities: &[String],
) -> Result<Vec<Id<Offer>>, DbError> {
    let (account, _, _) = ctx.who.signature();
    let ids: Vec<Id<Offer>> = schools.iter().map(|_| ctx.id()).collect();
    let offers = ids.iter().zip(schools).map(|(id, (school, path))| {
        let row: &[Value<'_>] =
            args![*id, programme, *school, path, 1_i64, "published", "", ctx.at, account, ctx.at, account];
        row.to_vec()
    });
    tx.bulk(OFFERS, 11, "", offers.collect::<Vec<_>>()).await?;
    let offered = ids.iter().flat_map(|id| capabilities.iter().map(|code| args![*id, code].to_vec()));
    tx.bulk(OFFERED, 2, "", offered.collect::<Vec<_>>()).await?;
    Ok(ids)
}

/// Writes first choices.
pub async fn add_choices(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    choices: &[(Id<Person>, Id<Offer>)],
    capabilities: &[String],
) -> Result<(), DbError> {
    let rows =
        choices.iter().map(|(person, offer)| args![programme, *person, *offer, ctx.at, ctx.at].to_vec());
    tx.bulk(CHOICES, 5, "", rows.collect::<Vec<_>>()).await?;
    let chosen = choices.iter().flat_map(|(person, _)| {
        capabilities.iter().map(|code| args![programme, *person, code, ctx.at].to_vec())
    });
    tx.bulk(CHOSEN, 4, "", chosen.collect::<Vec<_>>()).await.map(drop)
}
