//! What a platform brought about the people of one part of the tree, for those who decide there.

use askama::Template;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page};
use tisheng_platform::web::paging::Cursor;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, layout, once};
use tisheng_platform::{Ctx, Tx, jobs};
use tisheng_policy::scheme;
use tisheng_registry::access::require;

use super::super::model::LearnerState;
use super::super::store;
use super::{LearnerRow, learner_row};
use crate::hours::{self, DESK, Hint, Searched, Waiting, WaitingState};
use crate::platform::{self, Platform};

/// Reports of each state that are shown; the desk has all of them.
const SHOWN: u8 = 5;
/// Teachers who are suggested for one of them.
const SUGGESTED: usize = 3;

/// A platform as a row.
struct Row {
    id: String,
    name: String,
    entered: i64,
    waiting: i64,
}

#[derive(Template)]
#[template(path = "learning/pages/here_list.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
}

/// `GET /platforms/here`
pub async fn list(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    require(ctx, &DESK)?;
    let mut tx = ctx.read().await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let mut rows = Vec::new();
    for platform in platform::active(&mut tx, programme.id).await? {
        let today = today(ctx, &mut tx, &platform).await?;
        let counts = hours::waiting_of(&mut tx, programme.id, &ctx.scope(), &platform.name).await?;
        rows.push(Row {
            id: platform.id.to_string(),
            name: platform.name,
            entered: today.iter().map(|row| row.count).sum(),
            waiting: counts.iter().filter(|(state, _)| state.waits()).map(|(_, count)| count).sum(),
        });
    }
    layout::show(&ListPage { page: of_desk(&asker, "按平台查看"), rows })
}

fn of_desk(asker: &SignedIn, title: impl Into<String>) -> Page {
    Page::new(asker, title, "/hours/waiting").crumb("学时待处理", "/hours/waiting")
}

async fn today(ctx: &Ctx, tx: &mut Tx, platform: &Platform) -> Result<Vec<store::Today>, Failure> {
    let since = Instant::start_of(ctx.at.date());
    Ok(store::entered_since(tx, (platform.programme, &platform.name), &ctx.scope(), since).await?)
}

/// What was entered today, by the way in which it came.
struct TodayRow {
    channel: &'static str,
    count: i64,
    hours: String,
    last: String,
}

/// A report that waits, with those whom it may mean.
struct WaitingRow {
    id: String,
    name: String,
    title: String,
    why: String,
    suggestions: String,
}

/// Reports that wait for one thing.
struct Group {
    title: &'static str,
    href: String,
    count: i64,
    rows: Vec<WaitingRow>,
}

#[derive(Template)]
#[template(path = "learning/pages/here.html")]
struct HerePage {
    page: Page,
    id: String,
    today: Vec<TodayRow>,
    groups: Vec<Group>,
    accounts: Vec<LearnerRow>,
    /// Whether reports wait for their teacher.
    has_parked: bool,
    /// How far a search for teachers has come that somebody has begun here.
    search: Option<jobs::State>,
}

impl HerePage {
    fn at_work(&self) -> bool {
        self.search.as_ref().is_some_and(|search| search.done_at.is_none() && !search.given_up)
    }
}

/// `GET /platforms/{id}/here`
pub async fn show(asker: SignedIn, Path(id): Path<Id<Platform>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    require(ctx, &DESK)?;
    let mut tx = ctx.read().await?;
    let (platform, scope) = platform::here(ctx, &mut tx, id).await?;
    let counts = hours::waiting_of(&mut tx, platform.programme, &scope, &platform.name).await?;
    let mut groups = Vec::new();
    for (state, count) in counts.into_iter().filter(|(state, _)| state.waits()) {
        groups.push(group(ctx, &mut tx, &platform, (state, count)).await?);
    }
    let asked = (LearnerState::Unmatched, "", platform.name.as_str());
    let found = store::list(&mut tx, platform.programme, &scope, asked, &Cursor::default()).await?;
    let mut accounts = Vec::new();
    for learner in found.iter().take(usize::from(SHOWN)) {
        accounts.push(learner_row(&mut tx, learner).await?);
    }
    let today = today(ctx, &mut tx, &platform).await?;
    let search = match filters.text("search").parse() {
        Ok(job) => jobs::state(&mut tx, job).await?,
        Err(_) => None,
    };
    layout::show(&HerePage {
        page: of_desk(&asker, platform.name.clone()).crumb("按平台查看", "/platforms/here"),
        id: id.to_string(),
        has_parked: groups.iter().any(|group| group.title == WaitingState::Parked.chinese()),
        today: today
            .into_iter()
            .map(|row| TodayRow {
                channel: row.channel.title(),
                count: row.count,
                hours: row.seconds.in_hours(platform.length),
                last: row.last.chinese(),
            })
            .collect(),
        groups,
        accounts,
        search,
    })
}

async fn group(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: &Platform,
    (state, count): (WaitingState, i64),
) -> Result<Group, Failure> {
    let whose = (platform.programme, platform.name.as_str());
    let found = hours::waiting_in(ctx, tx, whose, (state, SHOWN.into())).await?;
    let mut rows = Vec::new();
    for waiting in found {
        let suggestions =
            if state == WaitingState::Parked { suggested(ctx, tx, &waiting).await? } else { String::new() };
        rows.push(WaitingRow {
            id: waiting.id.to_string(),
            name: waiting.name,
            title: waiting.title,
            why: waiting.why,
            suggestions,
        });
    }
    let href = hours::desk_of_source(ctx, &platform.name, Some(state)).unwrap_or_default();
    Ok(Group { title: state.chinese(), href, count, rows })
}

/// The teachers whom a report may mean, in words.
async fn suggested(ctx: &Ctx, tx: &mut Tx, waiting: &Waiting) -> Result<String, Failure> {
    let paper_key = waiting.paper_key.as_deref();
    let hint = Hint { name: &waiting.name, paper_key, school: &waiting.school };
    let found = hours::candidates(ctx, tx, hint).await?;
    let named = found.iter().take(SUGGESTED).map(|one| format!("{}（{}）", one.name, one.school));
    Ok(named.collect::<Vec<_>>().join("、"))
}

/// `POST /platforms/{id}/here`: looks again for the teachers of reports that found none.
pub async fn look_again(asker: SignedIn, Path(id): Path<Id<Platform>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    require(ctx, &DESK)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (platform, _) = platform::here(ctx, &mut once.tx, id).await?;
    let programme = scheme::of_id(&mut once.tx, platform.programme).await?;
    let searched = hours::find_again(ctx, &mut once.tx, &programme, &platform.name).await;
    let here = format!("/platforms/{id}/here");
    match searched.map_err(Failure::from)? {
        Searched::Found(0) => {
            let flash = Flash::note("名册中还没有这些教师；录入名册后再查找，或者逐条指定。");
            once.done(&here, flash).await
        }
        Searched::Found(found) => {
            let flash = Flash::good(format!("{found} 条已匹配到名册中的教师，按规定入账或转为待核实。"));
            once.done(&here, flash).await
        }
        Searched::GoesOn(job) => {
            let flash = Flash::note("符合的报送较多，正在逐条处理，进度显示在本页。");
            once.done(&format!("{here}?search={job}"), flash).await
        }
    }
}
