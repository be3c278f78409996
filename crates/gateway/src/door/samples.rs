//! An invented service and somebody who comes by it, for the stories of the whole product.

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::access::{self, Account};
use tisheng_registry::organisation::Node;

use super::actions::{arrive, keep};
use super::fault::DoorError;
use super::model::{How, Kind, Link, Provider, SecondFactor};
use super::settings::{NewSecret, Settings};

/// A CAS server for the people of `node`, which the asker's office keeps. Nothing answers there.
///
/// # Errors
/// What the actions report.
pub async fn provider(ctx: &Ctx, tx: &mut Tx, node: Id<Node>) -> Result<Id<Provider>, DoorError> {
    let settings = Settings {
        name: "教育云".to_owned(),
        address: "https://localhost/cas".to_owned(),
        client: String::new(),
        secret: NewSecret::None,
        scopes: String::new(),
        claim: None,
        second_factor: SecondFactor::Own,
        local_allowed: true,
    };
    let id = keep::add(ctx, tx, (node, Kind::Cas), &settings).await?;
    keep::set_active(ctx, tx, (id, 1), true).await?;
    Ok(id)
}

/// Links `account` to somebody at the service.
///
/// # Errors
/// What the actions report.
pub async fn link(
    ctx: &Ctx,
    tx: &mut Tx,
    provider: Id<Provider>,
    account: Id<Account>,
) -> Result<Id<Link>, DoorError> {
    let provider = arrive::active(tx, provider).await?;
    let standing = access::standing(ctx, tx, account).await?.ok_or(DoorError::Nobody)?;
    let subject = arrive::subject(ctx, &provider, "somebody");
    arrive::tie(ctx, tx, (&provider, &subject), &standing, How::Confirmed).await
}
