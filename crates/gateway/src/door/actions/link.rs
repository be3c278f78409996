//! Links confirmed by their owner, and cut.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::{Failure, session};
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_registry::access::{self, Standing};
use tisheng_registry::people::Person;

use super::arrive::tie;
use super::keep;
use crate::door::fault::DoorError;
use crate::door::model::{How, Link, Provider, digest};
use crate::door::store;

/// Whom the service vouches for in this browser, as the service calls the person.
///
/// # Errors
/// [`DoorError::Expired`] when nobody has arrived, or too long ago.
pub async fn arrived(
    ctx: &Ctx,
    tx: &mut Tx,
    provider: &Provider,
    browser: Option<&str>,
) -> Result<String, DoorError> {
    let browser = digest(browser.ok_or(DoorError::Expired)?);
    let arrival = store::links::arrival(tx, (&browser, provider.id), ctx.at).await?;
    let arrival = arrival.ok_or(DoorError::Expired)?;
    ctx.app.keys.open(&arrival.shown).map_err(|_| DoorError::Expired)
}

/// The asker's own account, when the service vouches for it.
///
/// # Errors
/// [`DoorError::Outside`].
pub async fn own(ctx: &Ctx, tx: &mut Tx, provider: &Provider) -> Result<Standing, DoorError> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let standing = access::standing(ctx, tx, Id::from_uuid(member.account)).await?;
    let standing = standing.ok_or(Failure::NotFound)?;
    if !standing.grants.is_empty() && provider.vouches_for(&standing.grants) {
        Ok(standing)
    } else {
        Err(DoorError::Outside(provider.node_name.clone()))
    }
}

/// Links the asker's own account to whom the service vouches for in this browser.
///
/// # Errors
/// [`DoorError::Expired`], [`DoorError::Outside`], [`DoorError::Taken`].
pub async fn confirm(
    ctx: &Ctx,
    tx: &mut Tx,
    provider: &Provider,
    browser: Option<&str>,
) -> Result<(), DoorError> {
    let standing = own(ctx, tx, provider).await?;
    let browser = digest(browser.ok_or(DoorError::Expired)?);
    let place = (browser.as_slice(), provider.id);
    let arrival = store::links::arrival(tx, place, ctx.at).await?.ok_or(DoorError::Expired)?;
    if !store::links::take_arrival(tx, place).await? {
        return Err(DoorError::Expired);
    }
    tie(ctx, tx, (provider, &arrival.subject), &standing, How::Confirmed).await.map(drop)
}

/// Cuts a link of the asker's own account.
///
/// # Errors
/// Not found when it is another's.
pub async fn cut_own(ctx: &Ctx, tx: &mut Tx, id: Id<Link>) -> Result<(), Failure> {
    let link = load(tx, id).await?;
    if ctx.who.member().is_none_or(|member| member.account != link.account.uuid()) {
        return Err(Failure::NotFound);
    }
    cut(ctx, tx, &link).await
}

/// Cuts a link of a person whom the asker looks after; the person's sessions end.
///
/// # Errors
/// Not found when it is not the asker's to do.
pub async fn cut_of(ctx: &Ctx, tx: &mut Tx, person: Id<Person>, id: Id<Link>) -> Result<(), Failure> {
    let account = access::cared_for(ctx, tx, person).await?;
    let link = load(tx, id).await?;
    if link.account != account.id {
        return Err(Failure::NotFound);
    }
    cut(ctx, tx, &link).await?;
    session::end_all(tx, account.id.uuid(), ctx.at, None).await?;
    Ok(())
}

/// Cuts a link of a service that the asker keeps; the person's sessions end.
///
/// # Errors
/// Not found when it is not the asker's to do.
pub async fn cut_at(ctx: &Ctx, tx: &mut Tx, provider: Id<Provider>, id: Id<Link>) -> Result<(), Failure> {
    let provider = keep::visible(ctx, tx, provider).await?;
    let link = load(tx, id).await?;
    if link.provider != provider.id {
        return Err(Failure::NotFound);
    }
    cut(ctx, tx, &link).await?;
    session::end_all(tx, link.account.uuid(), ctx.at, None).await?;
    Ok(())
}

async fn load(tx: &mut Tx, id: Id<Link>) -> Result<Link, Failure> {
    store::links::link_by_id(tx, id).await?.ok_or(Failure::NotFound)
}

async fn cut(ctx: &Ctx, tx: &mut Tx, link: &Link) -> Result<(), Failure> {
    if !store::links::cut(tx, link.id).await? {
        return Err(Failure::NotFound);
    }
    let detail = json!({ "provider": link.provider, "link": link.id });
    audit::record(ctx, tx, "door.link_cut", link.account.uuid(), &detail).await?;
    Ok(())
}
