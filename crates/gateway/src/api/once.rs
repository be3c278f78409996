//! A batch counts once: its key, its work and its answer are written in one transaction.

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use chrono::TimeDelta;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tisheng_platform::Tx;

use super::call::Call;
use super::place::json_answer;
use super::problem::{Problem, Told};
use super::store;

/// The header that carries the key.
const KEY: &str = "idempotency-key";
/// The header of an answer that was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// Days for which an answer can be given again.
const DAYS: i64 = 30;
/// Characters of a key.
const LONGEST: usize = 100;

/// A batch that is being worked on for the first time.
#[derive(Debug)]
pub struct Once<'c> {
    /// The transaction in which the work is done.
    pub tx: Tx,
    call: &'c Call,
    key: Option<String>,
}

/// Whether a batch is new.
#[derive(Debug)]
pub enum Begun<'c> {
    /// It is new: do the work in its transaction.
    Fresh(Once<'c>),
    /// It was taken before: this was the answer.
    Again(Response),
}

/// Opens the transaction of a batch, or finds the answer that it got before.
pub async fn begin(call: &Call) -> Told<Begun<'_>> {
    let mut tx = call.ctx.write().await?;
    let Some(key) = key(call)? else { return Ok(Begun::Fresh(Once { tx, call, key: None })) };
    let at = call.ctx.at;
    let content = format!("{} {}", call.resource, hex::encode(Sha256::digest(&call.body)));
    let digest = call.ctx.app.keys.index("api batch", &content);
    store::forget(&mut tx, call.token.id, at + TimeDelta::days(-DAYS)).await?;
    if store::claim(&mut tx, (call.token.id, &key), &digest, at).await? {
        return Ok(Begun::Fresh(Once { tx, call, key: Some(key) }));
    }
    let (known, answer) = store::found(&mut tx, call.token.id, &key).await?;
    if known != digest {
        return Err(Problem::key_reused());
    }
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let mut response = json_answer(&answer);
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(Begun::Again(response))
}

impl Once<'_> {
    /// Commits the work and answers.
    pub async fn done(mut self, answer: &Value) -> Told<Response> {
        if let Some(key) = &self.key {
            store::answered(&mut self.tx, (self.call.token.id, key), &answer.to_string()).await?;
        }
        self.tx.commit().await?;
        Ok(json_answer(answer))
    }
}

/// The key of a call; quotes around it are those of the header's own syntax.
fn key(call: &Call) -> Told<Option<String>> {
    let Some(value) = call.headers.get(KEY) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    let plain = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic());
    if plain {
        Ok(Some(text.to_owned()))
    } else {
        Err(Problem::malformed(format!("Idempotency-Key 应为不超过 {LONGEST} 个字符的英文、数字和符号")))
    }
}
