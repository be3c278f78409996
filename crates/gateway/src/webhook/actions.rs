//! Subscribers made, stopped and let go on.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_registry::organisation::Node;
use tisheng_training::platform::{self, Platform};

use super::model::{Event, MOST_OPEN, Message, State, Webhook, new_secret};
use super::{delivery, store};
use crate::token;

/// What is to become a subscriber.
#[derive(Debug)]
pub struct Wanted {
    pub name: String,
    pub node: (Id<Node>, String),
    pub platform: Option<Id<Platform>>,
    pub url: String,
    pub events: Vec<Event>,
}

/// Makes a subscriber; gives it with its secret, which is shown this once. The caller has made sure that
/// the asker may have it told.
///
/// # Errors
/// What the database reports.
pub async fn create(ctx: &Ctx, tx: &mut Tx, wanted: Wanted) -> Result<(Webhook, String), Failure> {
    let secret = new_secret();
    let webhook = Webhook {
        id: ctx.id(),
        name: wanted.name,
        node: wanted.node.0,
        path: wanted.node.1,
        platform: wanted.platform,
        url: wanted.url,
        events: wanted.events,
        secret: ctx.app.keys.seal(&secret),
        state: State::Active,
        failures: 0,
        failing_since: None,
        resting_until: None,
        created_at: ctx.at,
        version: 1,
    };
    store::add(tx, &webhook).await?;
    let events: Vec<&str> = webhook.events.iter().map(|event| event.key()).collect();
    let detail =
        json!({ "name": webhook.name, "url": webhook.url, "events": events, "platform": webhook.platform });
    audit::record(ctx, tx, "webhook.made", webhook.id.uuid(), &detail).await?;
    Ok((webhook, secret))
}

/// The subscribers that the asker keeps.
///
/// # Errors
/// 404 for whoever keeps none.
pub async fn kept(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Webhook>, Failure> {
    if !token::is_institution(ctx)? {
        return Ok(store::within(tx, &ctx.scope()).await?);
    }
    let mut webhooks = Vec::new();
    for platform in token::platforms(ctx, tx).await? {
        webhooks.extend(store::of_platform(tx, platform.id).await?);
    }
    Ok(webhooks)
}

/// The subscriber `id`, when the asker keeps it.
///
/// # Errors
/// 404 otherwise.
pub async fn visible(ctx: &Ctx, tx: &mut Tx, id: Id<Webhook>) -> Result<Webhook, Failure> {
    let institution = token::is_institution(ctx)?;
    let webhook = store::of_id(tx, id).await?.ok_or(Failure::NotFound)?;
    let kept = match (institution, webhook.platform) {
        (false, _) => ctx.scope().holds(&webhook.path),
        (true, Some(platform)) if !webhook.events.iter().any(|event| event.is_of_node()) => {
            platform::visible(ctx, tx, platform).await.is_ok()
        }
        (true, _) => false,
    };
    if kept { Ok(webhook) } else { Err(Failure::NotFound) }
}

/// Ends a subscriber, or lets it go on where it was.
///
/// # Errors
/// [`Failure::Stale`]; 404 as [`visible`].
pub async fn turn(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Webhook>, i64),
    state: State,
) -> Result<(), Failure> {
    let webhook = visible(ctx, tx, id).await?;
    if state == State::Active {
        has_room(tx, (webhook.node, webhook.platform), Some(id)).await?;
    }
    if !store::set_state(tx, (id, version), state).await? {
        return Err(Failure::Stale("这个订阅已被他人修改，请刷新后核对".to_owned()));
    }
    audit::record(ctx, tx, "webhook.turned", id.uuid(), &json!({ "state": state.key() })).await?;
    if state == State::Active {
        // In the order in which they were written: none waits for a pause of its own.
        store::all_again(tx, id, ctx.at).await?;
        delivery::order(tx, id, ctx.at, &format!("on.{}", ctx.at.micros())).await?;
    }
    Ok(())
}

/// Refuses one subscriber more than an office, or the institution of a platform, may have beside `other`.
///
/// # Errors
/// [`Failure::Refused`].
pub async fn has_room(
    tx: &mut Tx,
    at: (Id<Node>, Option<Id<Platform>>),
    other: Option<Id<Webhook>>,
) -> Result<(), Failure> {
    if store::count_open(tx, at, other).await? < MOST_OPEN {
        return Ok(());
    }
    Err(Failure::Refused(format!("在用的订阅已有 {MOST_OPEN} 个，请先停用不再需要的。")))
}

/// Sends a message again, under its id.
///
/// # Errors
/// 404 as [`visible`], and for a message that is not there.
pub async fn again(ctx: &Ctx, tx: &mut Tx, id: Id<Webhook>, message: Id<Message>) -> Result<(), Failure> {
    let webhook = visible(ctx, tx, id).await?;
    if webhook.state != State::Active {
        return Err(Failure::Refused("订阅已停止，请先恢复，再重新投递。".to_owned()));
    }
    if !store::again(tx, (id, message), ctx.at).await? {
        return Err(Failure::NotFound);
    }
    store::recovered(tx, id).await?;
    audit::record(ctx, tx, "webhook.sent_again", message.uuid(), &json!({ "webhook": id })).await?;
    Ok(delivery::order(tx, id, ctx.at, &format!("again.{}", ctx.at.micros())).await?)
}
