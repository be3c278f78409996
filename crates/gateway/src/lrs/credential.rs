//! Credentials: made, renewed, revoked, and asked for with every request.

use std::collections::HashSet;

use super::desk::Desk;
use super::model::{Credential, Wanted};
use super::store::credentials;
use crate::proof;
use chrono::TimeDelta;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{App, Ctx, DbError, Tx, audit};

/// As which secrets are kept.
const KIND: &str = "lrs";

/// A credential with its secret, which is shown this once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Which.
    pub id: Id<Credential>,
    /// Its public half.
    pub key: String,
    /// Its secret half.
    pub secret: String,
}

/// A credential in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The credential.
    pub credential: Credential,
    /// When it was made.
    pub created: Instant,
    /// When it was revoked.
    pub revoked: Option<Instant>,
}

/// Makes a credential.
///
/// # Errors
/// What the database reports.
pub async fn create(ctx: &Ctx, tx: &mut Tx, wanted: &Wanted) -> Result<Issued, DbError> {
    let credential = Credential {
        id: ctx.id(),
        platform: wanted.platform,
        name: wanted.name.clone(),
        key: proof::key(),
        scopes: wanted.scopes.iter().copied().collect::<HashSet<_>>(),
        rate: wanted.rate.max(1),
        quota: wanted.quota.map(i64::from),
        is_suspended: false,
    };
    let secret = proof::secret();
    credentials::add(tx, &credential, &proof::digest(&ctx.app, KIND, &secret), ctx.at).await?;
    let codes: Vec<&str> = wanted.scopes.iter().map(|scope| scope.code()).collect();
    let detail = serde_json::json!({
        "name": wanted.name, "scopes": codes, "platform": wanted.platform, "rate": credential.rate,
        "quota": credential.quota,
    });
    audit::record(ctx, tx, "lrs.credential.create", credential.id.uuid(), &detail).await?;
    Ok(Issued { id: credential.id, key: credential.key, secret })
}

/// Every credential, the oldest first.
///
/// # Errors
/// What the database reports.
pub async fn list(tx: &mut Tx) -> Result<Vec<Listed>, DbError> {
    let all = credentials::list(tx).await?;
    Ok(all
        .into_iter()
        .map(|(credential, created, revoked)| Listed { credential, created, revoked })
        .collect())
}

/// Gives a credential a new secret; the old one is taken for `grace` more. `None` when there is no
/// such credential or it is revoked.
///
/// # Errors
/// What the database reports.
pub async fn rotate(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Credential>,
    grace: TimeDelta,
) -> Result<Option<String>, DbError> {
    let secret = proof::secret();
    if !credentials::rotate(tx, id, &proof::digest(&ctx.app, KIND, &secret), (ctx.at, ctx.at + grace)).await?
    {
        return Ok(None);
    }
    audit::record(ctx, tx, "lrs.credential.rotate", id.uuid(), &serde_json::json!({})).await?;
    Ok(Some(secret))
}

/// Revokes a credential; whether it was there and not revoked yet. Call [`Desk::forget`] once the
/// transaction is committed, and this process stops taking it at once.
///
/// # Errors
/// What the database reports.
pub async fn revoke(ctx: &Ctx, tx: &mut Tx, id: Id<Credential>) -> Result<bool, DbError> {
    let revoked = credentials::revoke(tx, id, ctx.at).await?;
    if revoked {
        audit::record(ctx, tx, "lrs.credential.revoke", id.uuid(), &serde_json::json!({})).await?;
    }
    Ok(revoked)
}

/// Who sends a request with the header `authorization`; `None` when nobody that is known.
pub async fn holder(app: &App, authorization: &str, at: Instant) -> Result<Option<Credential>, DbError> {
    let Some((key, secret)) = proof::basic(authorization) else { return Ok(None) };
    let remembered = &app.parts.get::<Desk>().remembered;
    let look = async {
        let mut tx = app.db.read_planned().await?;
        credentials::of_key(&mut tx, &key).await
    };
    let Some(proof) = remembered.of_key(&key, at, look).await? else { return Ok(None) };
    let held = proof.holds(&proof::digest(app, KIND, &secret), at);
    Ok(held.then(|| proof.holder.clone()))
}
