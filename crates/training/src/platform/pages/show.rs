//! Which platforms there are, and what comes from one.

use askama::Template;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::Page;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, layout};
use tisheng_platform::{Ctx, Scope, Tx};
use tisheng_registry::access::{Role, role};
use tisheng_registry::organisation;
use tisheng_rules::Scheme;

use super::super::actions::{self, OFFICES};
use super::super::model::{Platform, State};
use super::super::store;
use super::{ArrivalRow, arrival_row, ground};
use crate::hours::{self, Tally, WaitingState};

/// Deliveries on a platform's page.
const LATEST: i64 = 10;
/// Deliveries on a page of their own.
const MANY: i64 = 200;

/// A platform as a row of the list.
struct Row {
    id: String,
    name: String,
    institution: String,
    state: &'static str,
    tone: &'static str,
    last: String,
    records: u32,
    entered: u32,
    waiting: u32,
    refused: u32,
}

#[derive(Template)]
#[template(path = "platform/pages/list.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
    may_enter: bool,
}

/// `GET /platforms`
pub async fn list(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    let platforms = actions::list(ctx, &mut tx, &programme).await?;
    let mut rows = Vec::with_capacity(platforms.len());
    for platform in &platforms {
        rows.push(row(ctx, &mut tx, platform).await?);
    }
    layout::show(&ListPage {
        page: Page::new(&asker, "学习平台", "/platforms"),
        rows,
        may_enter: is_office(ctx),
    })
}

fn is_office(ctx: &Ctx) -> bool {
    role(ctx).is_some_and(|role| OFFICES.contains(&role))
}

async fn row(ctx: &Ctx, tx: &mut Tx, platform: &Platform) -> Result<Row, Failure> {
    let today = store::since(tx, platform.id, Instant::start_of(ctx.at.date())).await?;
    let institution = organisation::by_path(tx, &platform.path).await?;
    let sum = |of: fn(&Tally) -> u32| today.iter().map(|arrival| of(&arrival.tally)).sum();
    let (state, tone) = standing(ctx, platform);
    Ok(Row {
        id: platform.id.to_string(),
        name: platform.name.clone(),
        institution: institution.map(|node| node.name).unwrap_or_default(),
        state,
        tone,
        last: platform.last_arrival.map(Instant::chinese).unwrap_or_default(),
        records: sum(|tally| tally.records),
        entered: sum(|tally| tally.entered),
        waiting: sum(|tally| tally.waiting),
        refused: sum(|tally| tally.refused),
    })
}

/// The badge of a platform.
fn standing(ctx: &Ctx, platform: &Platform) -> (&'static str, &'static str) {
    match platform.state {
        State::Suspended => (State::Suspended.title(), "plain"),
        State::Active if platform.silent_for(ctx.at).is_some() => ("久未报送", "warn"),
        State::Active => (State::Active.title(), "good"),
    }
}

#[derive(Template)]
#[template(path = "platform/pages/show.html")]
struct ShowPage {
    page: Page,
    id: String,
    version: i64,
    state: &'static str,
    tone: &'static str,
    is_active: bool,
    silence: String,
    facts: Vec<(&'static str, String)>,
    today: Vec<ArrivalRow>,
    latest: Vec<ArrivalRow>,
    /// When hours came under its name before it was entered; empty for never.
    before: String,
    /// What waits for a person: the state, where those who decide find it, and how many.
    waiting: Vec<(String, String, String)>,
    /// How many wait in all.
    waits: i64,
    may_change: bool,
    may_connect: bool,
    /// Whether the asker sees what was refused, and tries it again.
    may_try: bool,
    /// Whether the asker decides about people of a part of the tree.
    is_here: bool,
}

/// `GET /platforms/{id}`
pub async fn one(asker: SignedIn, Path(id): Path<Id<Platform>>) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let platform = actions::visible(ctx, &mut tx, id).await?;
    let today = store::since(&mut tx, id, Instant::start_of(ctx.at.date())).await?;
    let latest = store::arrivals(&mut tx, &platform, LATEST).await?;
    let scope = Scope::below(&programme.path);
    let waiting = hours::waiting_of(&mut tx, programme.id, &scope, &platform.name).await?;
    let waits: i64 = waiting.iter().map(|(_, count)| count).sum();
    let waiting = waiting.into_iter().map(|(state, count)| waiting_row(ctx, &platform, state, count));
    let waiting = waiting.collect();
    let facts = facts(&mut tx, &rules, &platform).await?;
    let (state, tone) = standing(ctx, &platform);
    let is_here = role(ctx).is_some_and(|role| hours::DESK.contains(&role));
    let may_connect = is_office(ctx) || role(ctx) == Some(Role::Institution);
    layout::show(&ShowPage {
        page: Page::new(&asker, platform.name.clone(), "/platforms").crumb("学习平台", "/platforms"),
        id: id.to_string(),
        version: platform.version,
        state,
        tone,
        is_active: platform.state == State::Active,
        silence: silence(ctx, &platform),
        facts,
        today: today.iter().map(|arrival| arrival_row(&rules, arrival)).collect(),
        latest: latest.iter().map(|arrival| arrival_row(&rules, arrival)).collect(),
        before: platform.last_arrival.map(Instant::chinese).unwrap_or_default(),
        waiting,
        waits,
        may_change: is_office(ctx),
        may_connect,
        may_try: may_connect || is_here,
        is_here,
    })
}

/// The sentence about a silence; empty while there is none.
fn silence(ctx: &Ctx, platform: &Platform) -> String {
    let Some(hours) = platform.silent_for(ctx.at) else { return String::new() };
    let call = if platform.contact.is_empty() {
        String::new()
    } else {
        format!("，请联系：{}", platform.contact)
    };
    format!("已有 {hours} 小时没有收到这个平台的数据，超过约定的 {} 小时{call}。", platform.silent_hours)
}

/// What waits, with the page that lists exactly that for those who decide about it.
fn waiting_row(ctx: &Ctx, platform: &Platform, state: WaitingState, count: i64) -> (String, String, String) {
    let desk = hours::desk_of_source(ctx, &platform.name, Some(state)).unwrap_or_default();
    (state.chinese().to_owned(), desk, format!("{count} 条"))
}

async fn facts(
    tx: &mut Tx,
    rules: &Scheme,
    platform: &Platform,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let institution = organisation::by_path(tx, &platform.path).await?;
    let category = rules.hours.category(&platform.category);
    let kind = rules.hours.kind(&platform.category, &platform.kind);
    let place = category.map(|category| match kind {
        Some(kind) => format!("{} · {}", *category.title, *kind.title),
        None => category.title.to_string(),
    });
    Ok(vec![
        ("培训机构", institution.map(|node| node.name).unwrap_or_default()),
        ("学员标识地址", platform.home_page.clone()),
        ("每学时", format!("{} 分钟", platform.length.minutes())),
        ("学时类别", place.unwrap_or_default()),
        ("静默预警", format!("超过 {} 小时没有数据", platform.silent_hours)),
        ("联系人", platform.contact.clone()),
    ])
}

#[derive(Template)]
#[template(path = "platform/pages/arrivals.html")]
struct ArrivalsPage {
    page: Page,
    rows: Vec<ArrivalRow>,
}

/// `GET /platforms/{id}/arrivals`
pub async fn arrivals(asker: SignedIn, Path(id): Path<Id<Platform>>) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (_, rules) = ground(ctx, &mut tx).await?;
    let platform = actions::visible(ctx, &mut tx, id).await?;
    let rows = store::arrivals(&mut tx, &platform, MANY).await?;
    layout::show(&ArrivalsPage {
        page: Page::new(&asker, "到达记录", "/platforms")
            .crumb("学习平台", "/platforms")
            .crumb(platform.name.clone(), format!("/platforms/{id}")),
        rows: rows.iter().map(|arrival| arrival_row(&rules, arrival)).collect(),
    })
}
