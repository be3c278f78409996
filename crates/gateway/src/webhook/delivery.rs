//! Rounds: the messages that are due are sent, one after the other.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::{Ctx, DbError, Tx, audit};

use super::model::{
    Message, MessageState, REFUSALS, State, Verdict, Webhook, asked_pause, is_to_be_stopped, pause, sent_id,
    sign, verdict,
};
use super::store;

/// After so many attempts a message that fails lets others go before it.
const IN_ORDER: i64 = 10;
/// The job that sends what is due to a subscriber.
pub const JOB: &str = "webhook.round";

/// Messages of a round.
const MOST: i64 = 50;
/// Time after which a round sends no further message: others wait for the worker.
const LONGEST: Duration = Duration::from_secs(10);
/// Time after which a round that has not ended is taken to have died; far more than one lasts.
const LEASE: TimeDelta = TimeDelta::minutes(1);
/// Days for which a message that has come to an end can be looked at.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Characters kept of an answer.
const ANSWER: usize = 200;

/// To whom a round is.
#[derive(Debug, Serialize, Deserialize)]
struct Round {
    webhook: Id<Webhook>,
}

/// Orders a round for `webhook` at `at`; `key` tells it from others.
pub async fn order(tx: &mut Tx, webhook: Id<Webhook>, at: Instant, key: &str) -> Result<(), DbError> {
    let key = format!("{webhook}.{key}");
    jobs::enqueue_outbound(tx, at, JOB, &key, &Round { webhook }).await.map(drop)
}

/// Sends what is due, one message after the other, while nobody else sends to the same subscriber. Done
/// twice it sends what has not arrived, under the same ids.
pub async fn round(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let Round { webhook: id } = claimed.payload()?;
    let mut tx = ctx.read().await?;
    if listening(&ctx, &mut tx, id).await?.is_none() {
        return Ok(());
    }
    drop(tx);
    let mut tx = ctx.write().await?;
    let holder = claimed.id.uuid();
    if !store::begin_round(&mut tx, (id, holder), ctx.at, ctx.at + LEASE).await? {
        // Whoever sends orders what is left when he ends; if he dies, this one does.
        let until = store::round_until(&mut tx, id).await?.unwrap_or(ctx.at + LEASE);
        order(&mut tx, id, until, &format!("after.{}", until.micros())).await?;
        return Ok(tx.commit().await?);
    }
    // Only now: what the round before has sent is not due any more, and its subscriber may rest.
    let Some(webhook) = listening(&ctx, &mut tx, id).await? else {
        store::end_round(&mut tx, (id, holder)).await?;
        return Ok(tx.commit().await?);
    };
    let due = store::due(&mut tx, id, ctx.at, MOST).await?;
    tx.commit().await?;
    let goes_on = send_each(&ctx, webhook, &due).await?;
    let mut tx = ctx.write().await?;
    store::end_round(&mut tx, (id, holder)).await?;
    if goes_on {
        store::forget(&mut tx, id, ctx.at + -KEPT).await?;
        if let Some(next) = store::next(&mut tx, id).await? {
            let now = ctx.app.now();
            if next > now {
                // Whoever else waits for that moment has ordered the same round.
                order(&mut tx, id, next, &next.micros().to_string()).await?;
            } else {
                order(&mut tx, id, now, &format!("{}.{}", claimed.id, now.micros())).await?;
            }
        }
    }
    Ok(tx.commit().await?)
}

/// The subscriber, unless it has ended or rests.
async fn listening(ctx: &Ctx, tx: &mut Tx, id: Id<Webhook>) -> Result<Option<Webhook>, DbError> {
    let rests = |webhook: &Webhook| webhook.resting_until.is_some_and(|until| ctx.at < until);
    let webhook = store::of_id(tx, id).await?;
    Ok(webhook.filter(|webhook| webhook.state == State::Active && !rests(webhook)))
}

/// Sends each of `due`; says whether the subscriber takes more.
async fn send_each(ctx: &Ctx, mut webhook: Webhook, due: &[Message]) -> Result<bool, JobError> {
    let started = std::time::Instant::now();
    let secret = ctx.app.keys.open(&webhook.secret).map_err(|error| JobError(error.to_string()))?;
    for message in due {
        if started.elapsed() > LONGEST {
            break;
        }
        let answer = send(ctx, &webhook, &secret, message).await?;
        let mut tx = ctx.write().await?;
        // Somebody may have ended it meanwhile.
        let goes_on = note(ctx, &mut tx, &webhook, message, &answer).await?
            && store::is_active(&mut tx, webhook.id).await?;
        tx.commit().await?;
        if !goes_on {
            return Ok(false);
        }
        // It has answered: a later failure is the first of its kind.
        (webhook.failures, webhook.failing_since) = (0, None);
    }
    Ok(true)
}

/// What an attempt has come to.
struct Answer {
    verdict: Verdict,
    /// The answer in a sentence.
    sentence: String,
    /// The pause that it asks for.
    asked: TimeDelta,
}

/// The pause that an answer asks for, where it says that too much came or that it cannot now.
fn asked(status: StatusCode, headers: &HeaderMap, now: Instant) -> TimeDelta {
    let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let text = headers.get(header::RETRY_AFTER).filter(|_| asks).and_then(|value| value.to_str().ok());
    text.and_then(|text| asked_pause(text, now)).unwrap_or_default()
}

/// Sends a message.
async fn send(ctx: &Ctx, webhook: &Webhook, secret: &str, message: &Message) -> Result<Answer, JobError> {
    let id = sent_id(message.id);
    let now = ctx.app.wall();
    let seconds = now.micros() / 1_000_000;
    let signature = sign(secret, (&id, seconds), &message.payload).map_err(|e| JobError(e.to_owned()))?;
    let header = |name: &'static str, value: &str| {
        let value = HeaderValue::from_str(value).map_err(|error| JobError(error.to_string()))?;
        Ok::<_, JobError>((HeaderName::from_static(name), value))
    };
    let headers = [
        header("content-type", "application/json")?,
        header("webhook-id", &id)?,
        header("webhook-timestamp", &seconds.to_string())?,
        header("webhook-signature", &signature)?,
    ];
    let body = Bytes::from(message.payload.clone());
    Ok(match ctx.app.outbound.tell(&webhook.url, &headers, body).await {
        Ok((status, headers)) => Answer {
            verdict: verdict(status.as_u16()),
            sentence: format!("对方答复 {}", status.as_u16()),
            asked: asked(status, &headers, now),
        },
        Err(error) => Answer {
            verdict: Verdict::Failing,
            sentence: error.to_string().chars().take(ANSWER).collect(),
            asked: TimeDelta::zero(),
        },
    })
}

/// Writes down what an attempt has come to; says whether the round goes on.
async fn note(
    ctx: &Ctx,
    tx: &mut Tx,
    webhook: &Webhook,
    message: &Message,
    Answer { verdict, sentence, asked }: &Answer,
) -> Result<bool, JobError> {
    let at = ctx.app.now();
    let key = (webhook.id, message.id);
    match verdict {
        Verdict::Taken => {
            store::tried(tx, key, (MessageState::Delivered, sentence, false), (at, Some(at))).await?;
            store::recovered(tx, webhook.id).await?;
            return Ok(true);
        }
        // Only what was refused itself is given up: while nobody answers, all messages wait.
        Verdict::Refused => {
            let refusals = message.refusals + 1;
            let is_over = refusals >= REFUSALS;
            let (state, done) =
                if is_over { (MessageState::GivenUp, Some(at)) } else { (MessageState::Waiting, None) };
            store::tried(tx, key, (state, sentence, true), (at + pause(refusals), done)).await?;
            store::recovered(tx, webhook.id).await?;
            return Ok(true);
        }
        Verdict::Failing | Verdict::Gone => {}
    }
    let failures = webhook.failures + 1;
    let since = webhook.failing_since.unwrap_or(at);
    let until = at + pause(failures).max(*asked);
    // As soon as its subscriber does, so that what was written after it does not come before it; but what
    // has failed so often may be the reason, and lets others go first.
    let next = if message.attempts < IN_ORDER { until } else { until + pause(message.attempts) };
    store::tried(tx, key, (MessageState::Waiting, sentence, false), (next, None)).await?;
    let stopped = *verdict == Verdict::Gone || is_to_be_stopped(since, at);
    let state = if stopped { State::Stopped } else { State::Active };
    store::failed(tx, webhook.id, (failures, since, until), state).await?;
    if stopped {
        tracing::warn!(webhook = %webhook.id, sentence, "a webhook takes nothing any more and is stopped");
        let detail = serde_json::json!({ "failures": failures, "answer": sentence });
        audit::record(ctx, tx, "webhook.stopped", webhook.id.uuid(), &detail).await?;
    } else {
        order(tx, webhook.id, until, &format!("rest.{}", until.micros())).await?;
    }
    Ok(false)
}
