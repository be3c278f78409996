//! Where every request of a machine is let in or turned away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, header};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{App, DbError};

use super::access;
use super::actions::KIND;
use super::model::{State, Token, halves};
use super::store;
use crate::pace::Pace;
use crate::proof::{Proof, Remembered, digest};

/// Microseconds between two notes of a token's use.
const NOTED: i64 = 60_000_000;
/// Tokens whose notes are remembered at most.
const MOST: usize = 10_000;

/// What this process remembers of tokens; the assembly adds it to the parts of the application.
#[derive(Debug, Default)]
pub struct Gate {
    remembered: Remembered<Token>,
    pace: Pace,
    noted: Mutex<HashMap<Id<Token>, i64>>,
}

impl Gate {
    /// Lets this process ask anew for every token.
    pub fn forget(&self) {
        self.remembered.forget();
    }

    /// Whether the use of `token` at `at` is to be noted.
    fn is_to_be_noted(&self, token: Id<Token>, at: Instant) -> bool {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(&token).is_some_and(|last| (at.micros() - last).abs() < NOTED) {
            return false;
        }
        if noted.len() >= MOST {
            noted.clear();
        }
        noted.insert(token, at.micros());
        true
    }
}

/// Why a request is turned away.
#[derive(Debug)]
pub enum Refusal {
    /// It brings no token.
    None,
    /// It brings one that is not known, has ended or was revoked.
    Unknown,
    /// Too many came: so many are taken in a second, and again after some seconds.
    Fast {
        /// Requests a second.
        rate: u32,
        /// Seconds to wait.
        wait: u32,
    },
    /// The database failed.
    Db(DbError),
}

impl From<DbError> for Refusal {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// The token that a request brings in its `Authorization` header, as a bearer's word or as an access
/// that it was changed for.
///
/// # Errors
/// See [`Refusal`].
pub async fn admit(app: &App, headers: &HeaderMap) -> Result<Token, Refusal> {
    let at = app.now();
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, word) = given.and_then(|text| text.split_once(' ')).ok_or(Refusal::None)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::None);
    }
    let token = match access::read(word.trim()) {
        Some(access) => {
            let proof = find(app, access.key, at).await?.ok_or(Refusal::Unknown)?;
            // Accesses are given to read: whoever has one does not write with it.
            access.is_of(app, &proof, at).then(|| proof.holder.reading())
        }
        None => of_secret(app, halves(word.trim()).ok_or(Refusal::Unknown)?, at).await?,
    };
    let token = token.filter(|token| token.state(at) == State::Live).ok_or(Refusal::Unknown)?;
    let gate = app.parts.get::<Gate>();
    gate.pace
        .allow(token.id.uuid(), token.rate, at)
        .map_err(|wait| Refusal::Fast { rate: token.rate, wait })?;
    if gate.is_to_be_noted(token.id, at) {
        let mut tx = app.db.write().await?;
        store::used(&mut tx, token.id, at).await?;
        tx.commit().await?;
    }
    Ok(token)
}

/// The live token of `key`, when `secret` is its.
pub(super) async fn of_secret(
    app: &App,
    (key, secret): (&str, &str),
    at: Instant,
) -> Result<Option<Token>, DbError> {
    let Some(proof) = find(app, key, at).await? else { return Ok(None) };
    let held = proof.holds(&digest(app, KIND, secret), at) && proof.holder.state(at) == State::Live;
    Ok(held.then(|| proof.holder.clone()))
}

pub(super) async fn find(app: &App, key: &str, at: Instant) -> Result<Option<Arc<Proof<Token>>>, DbError> {
    if key.contains('\0') {
        return Ok(None);
    }
    let look = async {
        let mut tx = app.db.read().await?;
        store::of_key(&mut tx, key).await
    };
    app.parts.get::<Gate>().remembered.of_key(key, at, look).await
}
