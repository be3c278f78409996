//! The board with filters and ages, its table, and the notice.

use askama::Template;
use chrono::{NaiveDate, TimeDelta};
use tisheng_kernel::Instant;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::paging::{ROWS, Slice};
use tisheng_platform::web::serve::download;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Cursor, Failure, Filters, Page};
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme;
use tisheng_registry::access::{self, Role};
use tisheng_rules::Scheme;

use super::store::{self, Line, Notice, Split, Wanted};
use crate::evidence::State;
use crate::review::actions;
use crate::review::model::{Duty, Review, ReviewState};
use crate::review::objection::{self, Objection};
use crate::review::panel::APPOINTERS;
use crate::review::steps::Case;
use crate::review::store as reviews;

/// Who sees the board of their node.
const LOOKERS: [Role; 7] =
    [Role::Principal, Role::Cio, Role::ManagementTeam, Role::Town, Role::County, Role::City, Role::Province];
/// Rows of a table that is saved.
const TABLE: i64 = 20_000;
/// The heads of that table.
const HEADS: [&str; 9] =
    ["姓名", "学校", "能力点", "状态", "稿次", "已评", "应评", "等级", "进入该状态的日期"];

#[derive(Template)]
#[template(path = "review/pages/board.html")]
struct Board {
    page: Page,
    filters: Filters,
    lines: Vec<Row>,
    /// How many are in each state; empty above the school.
    counts: Vec<(State, i64)>,
    states: Vec<State>,
    capabilities: Vec<(String, String)>,
    first: String,
    next: String,
    many_schools: bool,
    /// Whether the asker appoints a panel.
    appoints: bool,
    /// Works on which a panel is split, and who has to decide by when.
    split: Vec<SplitRow>,
}

/// A work on which the members of a panel do not agree.
struct SplitRow {
    split: Split,
    label: String,
    /// By when, or since when nobody can.
    limit: String,
    is_late: bool,
    /// Whether the panel is that of the asker's node; whoever judges elsewhere is not named.
    is_own_panel: bool,
}

struct Row {
    line: Line,
    label: String,
    /// Whole days in its state.
    age: i64,
    is_split: bool,
}

#[derive(Template)]
#[template(path = "review/pages/notice.html")]
struct NoticePage {
    page: Page,
    filters: Filters,
    lines: Vec<(Notice, String)>,
    capabilities: Vec<(String, String)>,
    first: String,
    next: String,
    today: NaiveDate,
    may_object: bool,
    /// What the asker has objected to, with what it is about.
    own: Vec<(Objection, String)>,
}

fn capabilities(rules: &Scheme) -> Vec<(String, String)> {
    let framework = &rules.framework;
    let chosen =
        framework.capabilities.iter().map(|capability| (capability.code.clone(), capability.label()));
    chosen.chain(framework.works.iter().map(|work| (work.key.clone(), work.title.value.clone()))).collect()
}

/// What the address asks for, at the asker's node.
fn wanted<'f>(ctx: &Ctx, programme: uuid::Uuid, filters: &'f Filters, most: i64) -> Wanted<'f> {
    let days: i64 = filters.text("days").parse().unwrap_or(0);
    let since = if days > 0 { ctx.at + TimeDelta::days(-days) } else { Instant::from_micros(i64::MAX) };
    Wanted {
        programme,
        scope: ctx.scope(),
        state: filters.text("state"),
        capability: filters.text("capability"),
        name: filters.text("q"),
        wide: is_wide(ctx),
        since,
        after: filters.cursor(),
        most,
    }
}

/// Whether the asker's node spans many schools.
fn is_wide(ctx: &Ctx) -> bool {
    matches!(
        access::role(ctx),
        Some(Role::County | Role::City | Role::Province | Role::Evaluator | Role::Auditor)
    )
}

fn pager(filters: &Filters, next: Option<&Cursor>) -> (String, String) {
    let first = if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") };
    (first, next.map(|cursor| filters.with("after", &cursor.write())).unwrap_or_default())
}

async fn lines(ctx: &Ctx, tx: &mut Tx, filters: &Filters, most: i64) -> Result<(Vec<Line>, Frame), Failure> {
    access::require(ctx, &LOOKERS)?;
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    let found = store::board(tx, &wanted(ctx, programme.id.uuid(), filters, most)).await?;
    Ok((found, Frame { programme: programme.id.uuid(), rules }))
}

struct Frame {
    programme: uuid::Uuid,
    rules: std::sync::Arc<Scheme>,
}

/// `GET /review/board`
pub async fn board(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (found, frame) = lines(ctx, &mut tx, &filters, ROWS + 1).await?;
    // Above the school the dashboard counts, from figures kept ready.
    let counts = match is_wide(ctx) {
        true => Vec::new(),
        false => store::counts(&mut tx, frame.programme, &ctx.scope()).await?,
    };
    let split = split(ctx, &mut tx, &frame).await?;
    drop(tx);
    let slice = Slice::cut(found, |line| (line.sort_key.clone(), line.id.to_string()));
    let (first, next) = pager(&filters, slice.next.as_ref());
    let lines = slice.rows.into_iter().map(|line| Row {
        label: frame.rules.framework.label(&line.capability),
        age: (ctx.at - line.since).num_days(),
        is_split: split.iter().any(|one| one.split.id == line.id),
        line,
    });
    let of = |state: State| counts.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
    show(&Board {
        page: Page::new(&asker, "测评进展", "/review/board"),
        lines: lines.collect(),
        counts: if is_wide(ctx) { Vec::new() } else { State::ALL.map(|state| (state, of(state))).to_vec() },
        states: State::ALL.to_vec(),
        capabilities: capabilities(&frame.rules),
        first,
        next,
        appoints: access::require(ctx, &APPOINTERS).is_ok(),
        many_schools: !matches!(access::role(ctx), Some(Role::Principal | Role::Cio | Role::ManagementTeam)),
        // Named once, before the list; its rows say it on every page.
        split: if filters.cursor() == Cursor::default() { split } else { Vec::new() },
        filters,
    })
}

/// What panels do not agree on below the asker's node; above the county it would be too much to look at.
async fn split(ctx: &Ctx, tx: &mut Tx, frame: &Frame) -> Result<Vec<SplitRow>, Failure> {
    if is_wide(ctx) && access::role(ctx) != Some(Role::County) {
        return Ok(Vec::new());
    }
    let member = access::require(ctx, &LOOKERS)?;
    let today = ctx.at.date();
    let mut rows = Vec::new();
    for one in store::split(tx, frame.programme, &ctx.scope(), member.person).await? {
        // Where members are still to be drawn, nothing is split yet.
        if one.chair.is_empty() && lacks_members(ctx, tx, frame.programme, &one).await? {
            continue;
        }
        rows.push(SplitRow {
            label: frame.rules.framework.label(&one.capability),
            limit: match one.due_on {
                Some(due) => chinese_date(due),
                None => format!("{}起等待", chinese_date(one.since.date())),
            },
            is_late: one.due_on.is_some_and(|due| due < today),
            is_own_panel: one.body == Some(member.node),
            split: one,
        });
    }
    Ok(rows)
}

/// Whether fewer have judged than the step asks for.
async fn lacks_members(ctx: &Ctx, tx: &mut Tx, programme: uuid::Uuid, of: &Split) -> Result<bool, Failure> {
    let case = Case::load(ctx, tx, programme, of.id).await?;
    let Some(step) = case.step() else { return Ok(true) };
    let reviews = reviews::of_submission(tx, &case.submission).await?;
    let judged = |r: &&Review| r.step == step.key && r.duty == Duty::Panel && r.state == ReviewState::Done;
    let needed = usize::try_from(*step.reviewers).unwrap_or(usize::MAX);
    Ok(reviews.iter().filter(judged).count() < needed)
}

/// `GET /review/board/table?as=xlsx|csv`: the same lines as a file.
pub async fn table(asker: SignedIn, filters: Filters) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let (found, frame) = lines(&asker.ctx, &mut tx, &filters, TABLE).await?;
    drop(tx);
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|line| {
            vec![
                line.name.clone(),
                line.school.clone(),
                frame.rules.framework.label(&line.capability),
                line.state.to_string(),
                line.revision.to_string(),
                line.done.to_string(),
                line.drawn.to_string(),
                line.level.map(|level| level.to_string()).unwrap_or_default(),
                line.since.date().to_string(),
            ]
        })
        .collect();
    let failed = |error: tisheng_sheet::WriteError| Failure::Internal(error.to_string());
    if filters.text("as") == "csv" {
        let bytes = tisheng_sheet::csv(&HEADS, rows).map_err(failed)?;
        return Ok(download("测评进展.csv", "text/csv; charset=utf-8", bytes));
    }
    let numbers = [false, false, false, false, true, true, true, false, false];
    let bytes = tisheng_sheet::xlsx("测评进展", &HEADS, &numbers, rows).map_err(failed)?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download("测评进展.xlsx", kind, bytes))
}

/// `GET /review/notice`: what was decided and is open to objections, at the asker's node. A level
/// that fails is told to its author alone.
pub async fn notice(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let found = store::notices(&mut tx, &wanted(ctx, programme.id.uuid(), &filters, ROWS + 1)).await?;
    let own = objection::store::own(&mut tx, programme.id.uuid(), actions::person(ctx)?).await?;
    drop(tx);
    let own = own.into_iter().map(|objection| {
        let label = rules.framework.label(&objection.capability);
        (objection, label)
    });
    let slice = Slice::cut(found, |line| (line.sort_key.clone(), line.id.to_string()));
    let (first, next) = pager(&filters, slice.next.as_ref());
    let lines = slice.rows.into_iter().map(|line| {
        let label = rules.framework.label(&line.capability);
        (line, label)
    });
    show(&NoticePage {
        page: Page::new(&asker, "测评结论公示", "/review/notice"),
        lines: lines.collect(),
        capabilities: capabilities(&rules),
        first,
        next,
        today: ctx.at.date(),
        may_object: objection::actions::may_object(ctx),
        own: own.collect(),
        filters,
    })
}
