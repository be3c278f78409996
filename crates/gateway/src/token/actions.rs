//! Tokens made, renewed and revoked.

use chrono::TimeDelta;
use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::{Failure, Fields, FormErrors};
use tisheng_platform::{Ctx, DbError, Scope as Part, Tx, audit};
use tisheng_policy::scheme;
use tisheng_registry::access::{Role, require};
use tisheng_registry::organisation::Node;
use tisheng_training::platform::{self, Platform};

use super::model::{Issued, Token, Wanted};
use super::store;
use crate::proof;

/// As which secrets are kept.
pub(super) const KIND: &str = "token";

/// Who makes tokens: offices for their node, an institution for its platforms.
pub(super) const KEEPERS: [Role; 4] = [Role::Province, Role::City, Role::County, Role::Institution];

/// Whether the asker keeps what belongs to platforms alone, as an institution does; an office keeps
/// what lies within its part of the tree.
///
/// # Errors
/// 404 for whoever keeps nothing of the kind.
pub fn is_institution(ctx: &Ctx) -> Result<bool, Failure> {
    Ok(require(ctx, &KEEPERS)?.role == Role::Institution.key())
}

/// Makes a token. The caller has made sure that the asker may give what is wanted.
///
/// # Errors
/// What the database reports.
pub async fn create(ctx: &Ctx, tx: &mut Tx, wanted: &Wanted) -> Result<Issued, DbError> {
    let token = Token {
        id: ctx.id(),
        name: wanted.name.clone(),
        node: wanted.node.0,
        path: wanted.node.1.clone(),
        platform: wanted.platform,
        key: proof::key(),
        scopes: wanted.scopes.clone(),
        rate: wanted.rate.max(1),
        expires_at: ctx.at + TimeDelta::days(i64::from(wanted.days)),
        created_at: ctx.at,
        used_at: None,
        revoked_at: None,
    };
    let secret = proof::secret();
    let (account, _, _) = ctx.who.signature();
    store::add(tx, &token, &proof::digest(&ctx.app, KIND, &secret), account).await?;
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.key()).collect();
    let detail = json!({
        "name": token.name, "key": token.key, "node": token.node, "platform": token.platform,
        "scopes": scopes, "days": wanted.days,
    });
    audit::record(ctx, tx, "token.made", token.id.uuid(), &detail).await?;
    Ok(Issued { id: token.id, key: token.key, secret })
}

/// Every token, the latest first.
///
/// # Errors
/// What the database reports.
pub async fn list(tx: &mut Tx) -> Result<Vec<Token>, DbError> {
    store::within(tx, &Part::everything()).await
}

/// The token whose public half is `key`.
///
/// # Errors
/// What the database reports.
pub async fn of_key(tx: &mut Tx, key: &str) -> Result<Option<Token>, DbError> {
    Ok(store::of_key(tx, key).await?.map(|proof| proof.holder))
}

/// Gives a token a new secret; the old one counts for `grace` more. `None` when it is revoked.
///
/// # Errors
/// What the database reports.
pub async fn rotate(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Token>,
    grace: TimeDelta,
) -> Result<Option<String>, DbError> {
    let secret = proof::secret();
    if !store::rotate(tx, id, &proof::digest(&ctx.app, KIND, &secret), (ctx.at, ctx.at + grace)).await? {
        return Ok(None);
    }
    audit::record(ctx, tx, "token.renewed", id.uuid(), &json!({})).await?;
    Ok(Some(secret))
}

/// Revokes a token; whether it was not revoked before. Call [`super::Gate::forget`] once the
/// transaction is committed, and this process turns it away at once.
///
/// # Errors
/// What the database reports.
pub async fn revoke(ctx: &Ctx, tx: &mut Tx, id: Id<Token>) -> Result<bool, DbError> {
    let revoked = store::revoke(tx, id, ctx.at).await?;
    if revoked {
        audit::record(ctx, tx, "token.revoked", id.uuid(), &json!({})).await?;
    }
    Ok(revoked)
}

/// The platforms in whose name the asker may let a system speak: an institution's own, and all for an
/// office where the programme runs. What a platform reports is of teachers of the whole programme, so
/// that an office of a part of it has none.
///
/// # Errors
/// 404 for whoever sees no platform.
pub async fn platforms(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Platform>, Failure> {
    let programme = match scheme::current(ctx, tx).await {
        Ok(programme) => programme,
        Err(Failure::NotFound) => return Ok(Vec::new()),
        Err(other) => return Err(other),
    };
    let is_above_all = ctx.who.member().is_some_and(|member| member.path == programme.path);
    if !is_institution(ctx)? && !is_above_all {
        return Ok(Vec::new());
    }
    platform::list(ctx, tx, &programme).await
}

/// Where what the asker makes for another system stands: an office's at its own node, an institution's
/// where the programme runs, since what a platform reports is about teachers of all of it.
///
/// # Errors
/// 404 for whoever keeps nothing of the kind.
pub async fn ground(ctx: &Ctx, tx: &mut Tx) -> Result<(Id<Node>, String), Failure> {
    if is_institution(ctx)? {
        let programme = scheme::current(ctx, tx).await?;
        return Ok((programme.node, programme.path));
    }
    let member = require(ctx, &KEEPERS)?;
    Ok((Id::from_uuid(member.node), member.path.clone()))
}

/// The one of [`platforms`] that a form names; none where it names none, or one that is not theirs to
/// choose, which is noted.
///
/// # Errors
/// As [`platforms`].
pub async fn chosen_platform(
    ctx: &Ctx,
    tx: &mut Tx,
    fields: &Fields,
    errors: &mut FormErrors,
) -> Result<Option<Id<Platform>>, Failure> {
    let typed = fields.text("platform");
    let known = platforms(ctx, tx).await?;
    let chosen = known.iter().find(|known| known.id.to_string() == typed).map(|known| known.id);
    if chosen.is_none() && !typed.is_empty() {
        errors.add("platform", "请重新选择平台");
    }
    Ok(chosen)
}

/// The tokens that the asker keeps: an office those within its part of the tree, an institution those
/// of its platforms.
pub(super) async fn kept(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Token>, Failure> {
    if !is_institution(ctx)? {
        return Ok(store::within(tx, &ctx.scope()).await?);
    }
    let mut tokens = Vec::new();
    for platform in platforms(ctx, tx).await? {
        tokens.extend(store::of_platform(tx, platform.id).await?);
    }
    Ok(tokens)
}

/// The token `id`, when the asker keeps it.
pub(super) async fn visible(ctx: &Ctx, tx: &mut Tx, id: Id<Token>) -> Result<Token, Failure> {
    let institution = is_institution(ctx)?;
    let token = store::of_id(tx, id).await?.ok_or(Failure::NotFound)?;
    let kept = match (institution, token.platform) {
        (false, _) => ctx.scope().holds(&token.path),
        // An office may have given more for this platform than an institution may: that is the office's.
        (true, Some(platform)) if token.scopes.iter().all(|scope| scope.is_for_institutions()) => {
            platform::visible(ctx, tx, platform).await.is_ok()
        }
        (true, _) => false,
    };
    if kept { Ok(token) } else { Err(Failure::NotFound) }
}
