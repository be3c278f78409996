//! Credentials: made, renewed, revoked, and asked for with every request.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::desk::Desk;
use super::model::{Credential, Wanted};
use super::store::credentials::{self, Proof};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{App, Ctx, DbError, Tx, audit};

/// Microseconds for which a credential is remembered: for so long another process of the
/// installation may still take one that was revoked here.
const REMEMBERED: i64 = 5_000_000;
/// Credentials remembered at most.
const MOST: usize = 10_000;

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

fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// A secret has 256 random bits: nobody guesses it, so a plain keyed hash keeps it.
fn digest(app: &App, secret: &str) -> Vec<u8> {
    app.keys.index("lrs", secret)
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
        key: hex::encode(rand::random::<[u8; 12]>()),
        scopes: wanted.scopes.iter().copied().collect::<HashSet<_>>(),
        rate: wanted.rate.max(1),
        quota: wanted.quota.map(i64::from),
    };
    let secret = secret();
    credentials::add(tx, &credential, &digest(&ctx.app, &secret), ctx.at).await?;
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
    let secret = secret();
    let until = Instant::from_micros(ctx.at.micros() + grace.num_microseconds().unwrap_or_default());
    if !credentials::rotate(tx, id, &digest(&ctx.app, &secret), until).await? {
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

/// The credentials that were asked for in the last seconds.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<HashMap<String, (Instant, Arc<Proof>)>>);

impl Remembered {
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn get(&self, key: &str, at: Instant) -> Option<Arc<Proof>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, proof) = all.get(key)?;
        (at.micros() - since.micros() < REMEMBERED).then(|| Arc::clone(proof))
    }

    fn put(&self, key: &str, at: Instant, proof: &Arc<Proof>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        all.insert(key.to_owned(), (at, Arc::clone(proof)));
    }
}

/// Who sends a request with the header `authorization`; `None` when nobody that is known.
pub async fn holder(app: &App, authorization: &str, at: Instant) -> Result<Option<Credential>, DbError> {
    let Some((key, secret)) = basic(authorization) else { return Ok(None) };
    let remembered = &app.parts.get::<Desk>().remembered;
    let proof = match remembered.get(&key, at) {
        Some(proof) => proof,
        None => {
            let mut tx = app.db.read().await?;
            let Some(proof) = credentials::of_key(&mut tx, &key).await? else { return Ok(None) };
            let proof = Arc::new(proof);
            remembered.put(&key, at, &proof);
            proof
        }
    };
    // Keyed hashes are compared: how long that takes tells nothing about the secret.
    let given = digest(app, &secret);
    let held = proof.secret == given
        || proof.earlier.as_ref().is_some_and(|(earlier, until)| *earlier == given && at < *until);
    Ok(held.then(|| proof.credential.clone()))
}

/// Key and secret of a `Basic` header.
fn basic(authorization: &str) -> Option<(String, String)> {
    let (scheme, rest) = authorization.split_once(' ')?;
    let decoded = STANDARD.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (key, secret) = text.split_once(':')?;
    Some((key.to_owned(), secret.to_owned()))
}
