//! Our keys: what messages are signed with, and what tools find under the address of our key set.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};

use super::store::keys as store;
use crate::jose::sign::SigningKey;

/// Hours for which a key is published before it signs: a tool that reads our set once a day knows it
/// by then.
const LEAD_HOURS: i64 = 24;
/// Days for which a key is still published once another signs: long after the last message that it
/// signed has expired, so that a tool which reads the set once a day misses nothing.
const PUBLISHED_DAYS: i64 = 7;
/// Days for which a key that was withdrawn is still listed.
const LISTED_DAYS: i64 = 30;

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
    /// When it was made; it is published from then on.
    pub made_at: Instant,
    /// From when on it signs.
    pub signs_from: Instant,
    /// From when on it is published no more; `None` while no other is to follow.
    pub until: Option<Instant>,
    /// When it was withdrawn, where it was.
    pub revoked_at: Option<Instant>,
}

/// What a key is for at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It is published and signs from this moment on.
    Waits(Instant),
    /// It signs.
    Signs,
    /// It has signed, and is published until this moment.
    Verifies(Instant),
    /// It was withdrawn at this moment, and is published no more.
    Revoked(Instant),
}

/// What became of a wish for another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// A key was made that signs from this moment on.
    Made(String, Instant),
    /// One that was made before waits for this moment: nothing is changed.
    Waits(String, Instant),
}

/// The key that signs; the first is made when it is asked for. Not while a transaction is open.
///
/// # Errors
/// What the database reports.
pub async fn signing(ctx: &Ctx) -> Result<SigningKey, Failure> {
    let mut tx = ctx.read().await?;
    let known = store::current(&mut tx, ctx.at).await?;
    drop(tx);
    let key = match known {
        Some(key) => key,
        None => {
            let made = made(ctx).await?;
            let mut tx = ctx.write().await?;
            // Another process may have made one in the meantime: then that one signs.
            if store::current(&mut tx, ctx.at).await?.is_none() {
                add(ctx, &mut tx, &made).await?;
                tx.commit().await?;
            }
            let mut tx = ctx.read().await?;
            store::current(&mut tx, ctx.at)
                .await?
                .ok_or_else(|| Failure::Internal("no key signs".to_owned()))?
        }
    };
    let secret = ctx.app.keys.open(&key.secret).map_err(|error| Failure::Internal(error.to_string()))?;
    SigningKey::read(&secret).ok_or_else(|| Failure::Internal(format!("key {} cannot be read", key.kid)))
}

/// Makes another key. It is published from now on and signs from tomorrow, since tools keep our set
/// for a while; then the one before is published for some days more. Not while a transaction is open.
///
/// # Errors
/// What the database reports.
pub async fn rotate(ctx: &Ctx) -> Result<Rotated, Failure> {
    let made = made(ctx).await?;
    let mut tx = ctx.write().await?;
    let known = store::listed(&mut tx, ctx.at, ctx.at).await?;
    if let Some(waiting) = known.iter().find(|key| key.revoked_at.is_none() && key.signs_from > ctx.at) {
        return Ok(Rotated::Waits(waiting.kid.clone(), waiting.signs_from));
    }
    // The very first signs at once: no tool knows another.
    let is_first = store::current(&mut tx, ctx.at).await?.is_none();
    let lead = if is_first { TimeDelta::zero() } else { TimeDelta::hours(LEAD_HOURS) };
    let made = Key { signs_from: ctx.at + lead, ..made };
    store::retire(&mut tx, made.signs_from + TimeDelta::days(PUBLISHED_DAYS)).await?;
    store::forget(&mut tx, (ctx.at, ctx.at + TimeDelta::days(-LISTED_DAYS))).await?;
    add(ctx, &mut tx, &made).await?;
    tx.commit().await?;
    Ok(Rotated::Made(made.kid, made.signs_from))
}

/// Withdraws every key that there is, such as when somebody else may hold them, and lets a new one
/// sign at once. What they have signed is believed no more by whoever reads our set again. Gives the
/// name of the new one. Not while a transaction is open.
///
/// # Errors
/// What the database reports.
pub async fn revoke(ctx: &Ctx) -> Result<String, Failure> {
    let made = made(ctx).await?;
    let mut tx = ctx.write().await?;
    for key in store::listed(&mut tx, ctx.at, ctx.at).await? {
        if store::revoke(&mut tx, key.id, ctx.at).await? {
            let detail = json!({ "kid": key.kid });
            audit::record(ctx, &mut tx, "lti.key_revoked", key.id.uuid(), &detail).await?;
        }
    }
    store::forget(&mut tx, (ctx.at, ctx.at + TimeDelta::days(-LISTED_DAYS))).await?;
    add(ctx, &mut tx, &made).await?;
    tx.commit().await?;
    Ok(made.kid)
}

/// What became of a wish to withdraw one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// The name of the key that signs now.
    pub signs: String,
    /// The name of the key that follows it and when, where one is published already.
    pub next: Option<(String, Instant)>,
}

/// Withdraws the key called `kid` and leaves the others as they are. When it signed, one that tools know
/// signs in its place: the one before it, as long as that is published, or the one that waits; only
/// when there is neither, a new one. Whatever signs and is to end is followed by another. Not while a
/// transaction is open.
///
/// # Errors
/// [`Failure::NotFound`] when no key of that name is published.
pub async fn withdraw(ctx: &Ctx, kid: &str) -> Result<Withdrawn, Failure> {
    let made = made(ctx).await?;
    let mut tx = ctx.write().await?;
    let known = store::listed(&mut tx, ctx.at, ctx.at).await?;
    let (gone, left): (Vec<Key>, Vec<Key>) =
        known.into_iter().filter(|key| key.revoked_at.is_none()).partition(|key| key.kid == kid);
    let gone = gone.first().ok_or(Failure::NotFound)?;
    if !store::revoke(&mut tx, gone.id, ctx.at).await? {
        return Err(Failure::NotFound);
    }
    audit::record(ctx, &mut tx, "lti.key_revoked", gone.id.uuid(), &json!({ "kid": kid })).await?;
    store::forget(&mut tx, (ctx.at, ctx.at + TimeDelta::days(-LISTED_DAYS))).await?;
    let waiting = left.iter().find(|key| key.signs_from > ctx.at);
    let withdrawn = match (store::current(&mut tx, ctx.at).await?, waiting) {
        (None, None) => {
            add(ctx, &mut tx, &made).await?;
            Withdrawn { signs: made.kid, next: None }
        }
        (None, Some(next)) => {
            store::begin(&mut tx, next.id, ctx.at).await?;
            Withdrawn { signs: next.kid.clone(), next: None }
        }
        (Some(current), _) if current.until.is_none() => Withdrawn { signs: current.kid, next: None },
        (Some(current), waiting) => {
            let next = match waiting {
                Some(next) => (next.kid.clone(), next.signs_from),
                None => {
                    let made = Key { signs_from: ctx.at + TimeDelta::hours(LEAD_HOURS), ..made };
                    add(ctx, &mut tx, &made).await?;
                    (made.kid, made.signs_from)
                }
            };
            // It was to end earlier, since another signed already.
            store::extend(&mut tx, current.id, next.1 + TimeDelta::days(PUBLISHED_DAYS)).await?;
            Withdrawn { signs: current.kid, next: Some(next) }
        }
    };
    tx.commit().await?;
    Ok(withdrawn)
}

/// Every key that is published or was withdrawn of late, with its use at this moment; the last one
/// first.
///
/// # Errors
/// What the database reports.
pub async fn listed(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<(Key, Use)>, Failure> {
    let current = store::current(tx, ctx.at).await?.map(|key| key.id);
    let all = store::listed(tx, ctx.at, ctx.at + TimeDelta::days(-LISTED_DAYS)).await?;
    let used = |key: &Key| match (key.revoked_at, key.until) {
        (Some(at), _) => Use::Revoked(at),
        _ if key.signs_from > ctx.at => Use::Waits(key.signs_from),
        _ if current == Some(key.id) => Use::Signs,
        (_, until) => Use::Verifies(until.unwrap_or(ctx.at)),
    };
    Ok(all.into_iter().map(|key| (used(&key), key)).map(|(used, key)| (key, used)).collect())
}

/// Our key set (RFC 7517, 5). Not while a transaction is open: the first key is made where there is
/// none, so that a tool which is being set up finds one.
///
/// # Errors
/// What the database reports.
pub async fn set(ctx: &Ctx) -> Result<Value, Failure> {
    signing(ctx).await?;
    let mut tx = ctx.read().await?;
    let keys = store::listed(&mut tx, ctx.at, ctx.at).await?;
    let published = keys.iter().filter(|key| key.revoked_at.is_none());
    let public = published.filter_map(|key| serde_json::from_str(&key.public).ok());
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
        signs_from: ctx.at,
        until: None,
        revoked_at: None,
    })
}

async fn add(ctx: &Ctx, tx: &mut Tx, key: &Key) -> Result<(), Failure> {
    store::add(tx, key).await?;
    audit::record(ctx, tx, "lti.key_made", key.id.uuid(), &json!({ "kid": key.kid })).await?;
    Ok(())
}
