//! Keeping the services of a territory.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::{Failure, session};
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_registry::access::{Role, require};
use tisheng_registry::organisation::{self, Node};

use crate::door::fault::DoorError;
use crate::door::model::{Kind, Provider};
use crate::door::settings::{NewSecret, Settings};
use crate::door::{cas, oidc, store};

/// Who keeps the services of a territory.
pub const KEEPERS: [Role; 2] = [Role::Province, Role::City];

/// The services that the asker keeps.
///
/// # Errors
/// Not found for whoever keeps none.
pub async fn listed(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Provider>, Failure> {
    require(ctx, &KEEPERS)?;
    Ok(store::below(tx, &ctx.scope()).await?)
}

/// The service `id`, when the asker keeps it.
///
/// # Errors
/// Not found otherwise.
pub async fn visible(ctx: &Ctx, tx: &mut Tx, id: Id<Provider>) -> Result<Provider, Failure> {
    require(ctx, &KEEPERS)?;
    store::visible(tx, &ctx.scope(), id).await?.ok_or(Failure::NotFound)
}

/// The nodes for which the asker may add a service: the own one and the regions right below.
///
/// # Errors
/// Not found for whoever keeps none.
pub async fn territories(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Node>, Failure> {
    let own = organisation::visible(ctx, tx, Id::from_uuid(require(ctx, &KEEPERS)?.node)).await?;
    let below = organisation::children(tx, own.id).await?;
    let is_open = |node: &Node| {
        node.valid_to.is_none() && matches!(node.kind, organisation::Kind::City | organisation::Kind::County)
    };
    Ok(std::iter::once(own).chain(below.into_iter().filter(is_open)).collect())
}

/// Adds a service for the people of `node`, suspended: first it has to know our address.
///
/// # Errors
/// Not found when the asker may not.
pub async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    (node, kind): (Id<Node>, Kind),
    settings: &Settings,
) -> Result<Id<Provider>, Failure> {
    let places = territories(ctx, tx).await?;
    let node = places.iter().find(|place| place.id == node).ok_or(Failure::NotFound)?;
    let id: Id<Provider> = ctx.id();
    let sealed = match &settings.secret {
        NewSecret::Set(secret) => Some(ctx.app.keys.seal(secret)),
        NewSecret::Keep | NewSecret::None => None,
    };
    let factors = settings.factors();
    let kept = settings.kept(sealed.as_deref(), &factors);
    store::insert(tx, id, (node, kind), &kept, ctx.at).await?;
    let detail = json!({ "node": node.id, "kind": kind.key(), "settings": told(settings) });
    audit::record(ctx, tx, "door.provider_added", id.uuid(), &detail).await?;
    Ok(id)
}

/// Changes a service. Another address is another service: whoever it calls by some name is
/// somebody else there, so that links end with the old one. Says how many ended.
///
/// # Errors
/// Not found when it is not the asker's; [`Failure::Stale`].
pub async fn change(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Provider>, i64),
    settings: &Settings,
) -> Result<u64, Failure> {
    let old = visible(ctx, tx, id).await?;
    let sealed = match &settings.secret {
        NewSecret::Set(secret) => Some(ctx.app.keys.seal(secret)),
        NewSecret::Keep => old.secret.clone(),
        NewSecret::None => None,
    };
    let factors = settings.factors();
    if !store::change(tx, (id, version), &settings.kept(sealed.as_deref(), &factors)).await? {
        return Err(stale());
    }
    let mut ended = 0;
    if settings.address != old.address {
        ended = store::links::cut_all(tx, id).await?;
        session::end_via(tx, &old.via(""), ctx.at).await?;
    }
    let detail = json!({ "settings": told(settings), "links_ended": ended });
    audit::record(ctx, tx, "door.provider_changed", id.uuid(), &detail).await?;
    Ok(ended)
}

/// Lets people come by a service, or no longer; then whoever came by it has to sign in anew.
///
/// # Errors
/// Not found when it is not the asker's; [`Failure::Stale`].
pub async fn set_active(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Provider>, i64),
    is_active: bool,
) -> Result<Provider, Failure> {
    let provider = visible(ctx, tx, id).await?;
    if !store::set_state(tx, (id, version), is_active).await? {
        return Err(stale());
    }
    let mut ended = 0;
    if !is_active {
        ended = session::end_via(tx, &provider.via(""), ctx.at).await?;
    }
    let action = if is_active { "door.provider_resumed" } else { "door.provider_suspended" };
    audit::record(ctx, tx, action, id.uuid(), &json!({ "sessions_ended": ended })).await?;
    Ok(provider)
}

/// Tries whether a service answers, and keeps what came of it, in words. Asks another host, and
/// opens its own transactions.
///
/// # Errors
/// Not found when it is not the asker's.
pub async fn check(ctx: &Ctx, id: Id<Provider>) -> Result<(bool, String), Failure> {
    let mut tx = ctx.read().await?;
    let provider = visible(ctx, &mut tx, id).await?;
    drop(tx);
    let tried = match provider.kind {
        Kind::Oidc => oidc::check(ctx, &provider).await,
        Kind::Cas => cas::check(ctx, &provider, &back_at(ctx, id)).await,
    };
    let (is_well, said) = match tried {
        Ok(said) => (true, said),
        Err(DoorError::Failed(failure)) => return Err(failure),
        Err(DoorError::Unreachable(error)) => (false, format!("连接失败：{error}。")),
        Err(DoorError::Answer(what)) => (false, format!("连接失败：{what}。")),
        Err(other) => (false, format!("连接失败：{other}")),
    };
    let mut tx = ctx.write().await?;
    store::keep_check(&mut tx, id, &provider.address, ctx.at, &said).await?;
    let detail = json!({ "well": is_well, "said": said });
    audit::record(ctx, &mut tx, "door.provider_checked", id.uuid(), &detail).await?;
    tx.commit().await?;
    Ok((is_well, said))
}

/// Where a service sends browsers back, exactly as it has to be registered there.
#[must_use]
pub fn back_at(ctx: &Ctx, id: Id<Provider>) -> String {
    format!("{}/sign-in/via/{id}/return", ctx.app.config.public_url)
}

/// The settings as the audit trail tells them: of the secret only what becomes of it.
fn told(settings: &Settings) -> serde_json::Value {
    let secret = match settings.secret {
        NewSecret::Keep => "kept",
        NewSecret::Set(_) => "set",
        NewSecret::None => "none",
    };
    json!({
        "name": settings.name,
        "address": settings.address,
        "client": settings.client,
        "secret": secret,
        "scopes": settings.scopes,
        "claim": settings.claim.as_ref().map(|(name, holds)| format!("{name}: {}", holds.key())),
        "factors": settings.factors(),
        "second_factor_elsewhere": settings.second_factor != crate::door::model::SecondFactor::Own,
        "local_allowed": settings.local_allowed,
    })
}

fn stale() -> Failure {
    Failure::Stale("这个身份提供方刚刚被别人修改过。".to_owned())
}
