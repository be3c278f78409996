//! Our keys: what messages are signed with, and what tools find under the address of our key set.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};

use super::store::keys as store;
use crate::jose::sign::SigningKey;

/// Days for which a key is still published once another signs: long after the last message that it
/// signed has expired, so that a tool which reads the set once a day misses nothing.
const PUBLISHED_DAYS: i64 = 7;

/// A key of ours as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its identifier.
    pub id: Id<Self>,
    /// The name under which it is published.
    pub kid: String,
    /// Its secret half, sealed.
    pub secret: Vec<u8>,
    /// Its public half, JSON.
    pub public: String,
    /// When it was made.
    pub made_at: Instant,
    /// From when on it is published no more; `None` for the one that signs.
    pub until: Option<Instant>,
}

/// The key that signs; the first is made when it is asked for. Not while a transaction is open.
///
/// # Errors
/// What the database reports.
pub async fn signing(ctx: &Ctx) -> Result<SigningKey, Failure> {
    let mut tx = ctx.read().await?;
    let known = store::current(&mut tx).await?;
    drop(tx);
    let key = match known {
        Some(key) => key,
        None => {
            let made = made(ctx).await?;
            let mut tx = ctx.write().await?;
            // Another process may have made one in the meantime: then that one signs.
            if store::current(&mut tx).await?.is_none() {
                add(ctx, &mut tx, &made).await?;
                tx.commit().await?;
            }
            let mut tx = ctx.read().await?;
            store::current(&mut tx).await?.ok_or_else(|| Failure::Internal("no key signs".to_owned()))?
        }
    };
    let secret = ctx.app.keys.open(&key.secret).map_err(|error| Failure::Internal(error.to_string()))?;
    SigningKey::read(&secret).ok_or_else(|| Failure::Internal(format!("key {} cannot be read", key.kid)))
}

/// Lets a new key sign from now on; the one before is published for some days more. Gives the name
/// of the new one. Not while a transaction is open.
///
/// # Errors
/// What the database reports.
pub async fn rotate(ctx: &Ctx) -> Result<String, Failure> {
    let made = made(ctx).await?;
    let mut tx = ctx.write().await?;
    store::retire(&mut tx, ctx.at + TimeDelta::days(PUBLISHED_DAYS)).await?;
    store::forget(&mut tx, ctx.at).await?;
    add(ctx, &mut tx, &made).await?;
    tx.commit().await?;
    Ok(made.kid)
}

/// Every key that is published, the one that signs first.
///
/// # Errors
/// What the database reports.
pub async fn published(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Key>, Failure> {
    Ok(store::published(tx, ctx.at).await?)
}

/// Our key set (RFC 7517, 5). Not while a transaction is open: the first key is made where there is
/// none, so that a tool which is being set up finds one.
///
/// # Errors
/// What the database reports.
pub async fn set(ctx: &Ctx) -> Result<Value, Failure> {
    signing(ctx).await?;
    let mut tx = ctx.read().await?;
    let keys = published(ctx, &mut tx).await?;
    let public = keys.iter().filter_map(|key| serde_json::from_str(&key.public).ok());
    Ok(json!({ "keys": public.collect::<Vec<Value>>() }))
}

/// A new key, sealed. Its computing has a thread of its own.
async fn made(ctx: &Ctx) -> Result<Key, Failure> {
    let secret = tokio::task::spawn_blocking(SigningKey::make).await;
    let secret = secret.map_err(|error| Failure::Internal(error.to_string()))?;
    let key = SigningKey::read(&secret).ok_or_else(|| Failure::Internal("a key is not whole".to_owned()))?;
    Ok(Key {
        id: ctx.id(),
        kid: key.kid().to_owned(),
        secret: ctx.app.keys.seal(&secret),
        public: key.public().to_string(),
        made_at: ctx.at,
        until: None,
    })
}

async fn add(ctx: &Ctx, tx: &mut Tx, key: &Key) -> Result<(), Failure> {
    store::add(tx, key).await?;
    audit::record(ctx, tx, "lti.key_made", key.id.uuid(), &json!({ "kid": key.kid })).await?;
    Ok(())
}
