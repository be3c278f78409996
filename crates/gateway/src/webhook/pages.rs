//! Who is told of what, what each of them has been told, and what is tried again.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::routing::{get, post};
use tisheng_kernel::{Id, text};
use tisheng_platform::web::layout::{Flash, again, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Page, Path, once};
use tisheng_platform::{App, Ctx, Tx};

use super::actions::{self, Wanted};
use super::model::{Event, Message, MessageState, State, Webhook, decide};
use super::store;
use crate::token;

/// Characters of an address.
const LONGEST: usize = 300;

/// The pages of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/webhooks", get(list).post(make))
        .route("/webhooks/{id}", get(one))
        .route("/webhooks/{id}/turn", post(turn))
        .route("/webhooks/{id}/messages/{message}/again", post(again_sent))
}

/// A subscriber as a line of the list.
struct Row {
    id: Id<Webhook>,
    name: String,
    url: String,
    platform: String,
    events: String,
    state: (&'static str, &'static str),
}

#[derive(Template)]
#[template(path = "webhook/pages/list.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
    institution: bool,
    /// Code, words, whether it is ticked.
    events: Vec<(&'static str, &'static str, bool)>,
    platforms: Vec<(String, String)>,
    name: String,
    url: String,
    platform: String,
    errors: FormErrors,
}

impl ListPage {
    /// What the choice of a platform says before one is chosen: an institution listens to one.
    const fn no_platform(&self) -> &'static str {
        if self.institution { "请选择" } else { "不限平台" }
    }

    const fn platform_hint(&self) -> &'static str {
        if self.institution { "" } else { "订阅学时事件时选择" }
    }
}

#[derive(Template)]
#[template(path = "webhook/pages/issued.html")]
struct IssuedPage {
    page: Page,
    webhook: Webhook,
    secret: String,
}

/// A message as a line of the list.
struct MessageRow {
    id: Id<Message>,
    event: String,
    at: String,
    attempts: i64,
    answer: String,
    state: (&'static str, &'static str),
    /// When it is tried next.
    next: String,
}

#[derive(Template)]
#[template(path = "webhook/pages/show.html")]
struct ShowPage {
    page: Page,
    webhook: Webhook,
    state: (&'static str, &'static str),
    events: String,
    warning: String,
    counts: Vec<(&'static str, i64)>,
    rows: Vec<MessageRow>,
}

fn badge(webhook: &Webhook) -> (&'static str, &'static str) {
    match webhook.state {
        State::Active if webhook.failures > 0 => ("warn", "投递受阻"),
        State::Active => ("good", State::Active.title()),
        State::Stopped => ("bad", State::Stopped.title()),
        State::Ended => ("plain", State::Ended.title()),
    }
}

fn titles(webhook: &Webhook) -> String {
    webhook.events.iter().map(|event| event.title()).collect::<Vec<_>>().join("、")
}

/// `GET /webhooks`
async fn list(asker: SignedIn) -> Answer {
    show(&list_page(&asker, None, FormErrors::default()).await?)
}

async fn list_page(
    asker: &SignedIn,
    typed: Option<&Fields>,
    errors: FormErrors,
) -> Result<ListPage, Failure> {
    let ctx = &asker.ctx;
    let institution = token::is_institution(ctx)?;
    let mut tx = ctx.read().await?;
    let platforms = token::platforms(ctx, &mut tx).await?;
    let kept = actions::kept(ctx, &mut tx).await?;
    let row = |webhook: Webhook| Row {
        platform: platforms
            .iter()
            .find(|known| Some(known.id) == webhook.platform)
            .map(|known| known.name.clone())
            .unwrap_or_default(),
        events: titles(&webhook),
        state: badge(&webhook),
        id: webhook.id,
        name: webhook.name,
        url: webhook.url,
    };
    let rows = kept.into_iter().map(row).collect();
    let is_open = |event: &Event| !institution || !event.is_of_node();
    let offered =
        Event::ALL.iter().filter(|event| is_open(event) && !(event.is_of_platform() && platforms.is_empty()));
    let ticked = |event: &Event| typed.is_some_and(|fields| fields.has("event", event.key()));
    let text = |name: &str| typed.map(|fields| fields.text(name).to_owned()).unwrap_or_default();
    Ok(ListPage {
        page: Page::new(asker, "事件通知", "/tokens").crumb("接口令牌", "/tokens"),
        rows,
        institution,
        events: offered.map(|event| (event.key(), event.title(), ticked(event))).collect(),
        platforms: platforms.iter().map(|known| (known.id.to_string(), known.name.clone())).collect(),
        name: text("name"),
        url: text("url"),
        platform: text("platform"),
        errors: if platforms.is_empty() { errors } else { errors.titled(&PLATFORM) },
    })
}

/// The fields that say what is wrong with them.
const TITLES: [(&str, &str); 3] = [("name", "名称"), ("url", "接收通知的地址"), ("event", "事件")];
/// Another, which is there only where there are platforms.
const PLATFORM: [(&str, &str); 1] = [("platform", "哪个平台的学时")];

/// What the form asks for.
async fn wanted(ctx: &Ctx, tx: &mut Tx, fields: &Fields) -> Result<Result<Wanted, FormErrors>, Failure> {
    let institution = token::is_institution(ctx)?;
    let mut errors = FormErrors::default();
    let name = text::tidy(fields.text("name"));
    if name.is_empty() || name.chars().count() > 40 {
        errors.add("name", "请写一个名称，不超过 40 个字");
    }
    let url = fields.text("url").to_owned();
    if url.chars().count() > LONGEST {
        errors.add("url", format!("地址不能超过 {LONGEST} 个字符"));
    } else if let Err(error) = ctx.app.outbound.admits(&url) {
        errors.add("url", error.to_string());
    }
    let events: Vec<Event> =
        Event::ALL.iter().copied().filter(|event| fields.has("event", event.key())).collect();
    let platform = token::chosen_platform(ctx, tx, fields, &mut errors).await?;
    for (field, sentence) in decide(institution, &events, platform.map(Id::uuid)) {
        errors.add(field, sentence);
    }
    if !errors.is_empty() {
        return Ok(Err(errors.titled(&TITLES)));
    }
    let node = token::ground(ctx, tx).await?;
    match actions::has_room(tx, (node.0, platform), None).await {
        Err(Failure::Refused(sentence)) => {
            errors.add("name", sentence);
            return Ok(Err(errors));
        }
        other => other?,
    }
    Ok(Ok(Wanted { name, node, platform, url, events }))
}

/// `POST /webhooks`: the secret stands in this answer alone; whoever sends the form again is told so.
async fn make(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let wanted = match wanted(ctx, &mut once.tx, &fields).await? {
        Ok(wanted) => wanted,
        Err(errors) => {
            drop(once);
            return again(&list_page(&asker, Some(&fields), errors).await?);
        }
    };
    let (webhook, secret) = actions::create(ctx, &mut once.tx, wanted).await?;
    let told = format!("订阅“{}”已经建好，签名密钥只显示一次。", webhook.name);
    once.shown_once("/webhooks", Flash::note(told)).await?;
    let page = Page::new(&asker, "签名密钥只显示这一次", "/tokens").crumb("事件通知", "/webhooks");
    show(&IssuedPage { page, webhook, secret })
}

/// `GET /webhooks/{id}`
async fn one(asker: SignedIn, Path(id): Path<Id<Webhook>>) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let webhook = actions::visible(ctx, &mut tx, id).await?;
    let latest = store::latest(&mut tx, id).await?;
    let counts = store::counts(&mut tx, id).await?;
    show(&ShowPage {
        page: Page::new(&asker, webhook.name.clone(), "/tokens")
            .crumb("接口令牌", "/tokens")
            .crumb("事件通知", "/webhooks"),
        state: badge(&webhook),
        events: titles(&webhook),
        warning: warning(&webhook),
        counts: counts.into_iter().map(|(state, count)| (state.title(), count)).collect(),
        rows: latest.into_iter().map(|message| message_row(&webhook, message)).collect(),
        webhook,
    })
}

/// What is to be known of a subscriber that does not take what it is sent; empty for nothing.
fn warning(webhook: &Webhook) -> String {
    let since = webhook.failing_since.map(|since| since.chinese()).unwrap_or_default();
    match (webhook.state, webhook.resting_until) {
        (State::Stopped, _) => {
            format!("从 {since} 起一直投递失败，已停止投递。请对方修复后恢复，没有送达的通知会接着投递。")
        }
        (State::Active, Some(until)) => {
            format!("从 {since} 起已连续失败 {} 次，将在 {} 再试。", webhook.failures, until.chinese())
        }
        _ => String::new(),
    }
}

fn message_row(webhook: &Webhook, message: Message) -> MessageRow {
    let event =
        message.event.parse::<Event>().map_or_else(|_| message.event.clone(), |e| e.title().to_owned());
    let next = if webhook.state == State::Active && message.state == MessageState::Waiting {
        message.next_at.max(webhook.resting_until.unwrap_or(message.next_at)).chinese()
    } else {
        String::new()
    };
    MessageRow {
        id: message.id,
        event,
        at: message.at.chinese(),
        attempts: message.attempts,
        answer: message.answer,
        state: match message.state {
            MessageState::Waiting => ("note", message.state.title()),
            MessageState::Delivered => ("good", message.state.title()),
            MessageState::GivenUp => ("bad", message.state.title()),
        },
        next,
    }
}

/// `POST /webhooks/{id}/turn`
async fn turn(asker: SignedIn, Path(id): Path<Id<Webhook>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    actions::visible(ctx, &mut begun.tx, id).await?;
    let version: i64 = fields
        .text("version")
        .parse()
        .map_err(|_| Failure::Malformed("表单缺少版本号，请刷新页面。".to_owned()))?;
    let (state, said) = match fields.text("do") {
        "end" => (State::Ended, "订阅已停用，不再通知。"),
        "resume" => (State::Active, "订阅已恢复，没有送达的通知会接着投递。"),
        _ => return Err(Failure::Malformed("没有选择要做的操作。".to_owned())),
    };
    actions::turn(ctx, &mut begun.tx, (id, version), state).await?;
    begun.done(&format!("/webhooks/{id}"), Flash::good(said)).await
}

/// `POST /webhooks/{id}/messages/{message}/again`
async fn again_sent(
    asker: SignedIn,
    Path((id, message)): Path<(Id<Webhook>, Id<Message>)>,
    fields: Fields,
) -> Answer {
    let ctx = &asker.ctx;
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    actions::again(ctx, &mut begun.tx, id, message).await?;
    begun.done(&format!("/webhooks/{id}"), Flash::note("正在重新投递，请稍后刷新查看结果。")).await
}
