//! The board with filters and ages, its table, and the notice.

use askama::Template;
use chrono::{NaiveDate, TimeDelta};
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::web::layout::show;
use tisheng_platform::web::paging::{Order, ROWS, Slice};
use tisheng_platform::web::serve::download;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Cursor, Failure, Filters, Page};
use tisheng_platform::{Ctx, Scope, Tx};
use tisheng_policy::scheme;
use tisheng_registry::access::{self, Breadth, Role};
use tisheng_registry::organisation::{self, Kind, Node};
use tisheng_rules::Scheme;
use tisheng_rules::assessment::StepKind;

use super::store::{self, COLUMNS, Line, Notice, Split, Wanted};
use crate::evidence::{State, Submission};
use crate::review::actions;
use crate::review::model::{Duty, Review, ReviewState};
use crate::review::objection::{self, Objection};
use crate::review::panel::APPOINTERS;
use crate::review::steps::{Case, lacking};
use crate::review::store as reviews;

/// Who sees the board of their node.
const LOOKERS: [Role; 7] =
    [Role::Principal, Role::Cio, Role::ManagementTeam, Role::Town, Role::County, Role::City, Role::Province];

/// Whether the asker sees the board.
#[must_use]
pub fn sees_board(ctx: &Ctx) -> bool {
    access::require(ctx, &LOOKERS).is_ok()
}

const TITLE: &str = "测评进展";
/// How addresses name the place in the list of works on which panels are split.
const SPLIT: &str = "split";
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
    capabilities: Vec<(String, String)>,
    first: String,
    next: String,
    many_schools: bool,
    /// The order in force, as the address names it; empty for a search, which comes by name alone.
    order: String,
    /// Whether the days in a state sort.
    sorts_by_age: bool,
    /// Whether the asker appoints a panel.
    appoints: bool,
    /// Works on which a panel is split, and who has to decide by when: a page of them.
    split: Vec<SplitRow>,
    /// The query of their first page, and of their next.
    split_first: String,
    split_next: String,
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
    /// How many of the panel are still to be appointed.
    lacking: usize,
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

/// What the address asks for, within `scope`.
fn wanted<'f>(
    ctx: &Ctx,
    (scope, breadth): (Scope, Breadth),
    programme: uuid::Uuid,
    filters: &'f Filters,
    most: i64,
) -> Wanted<'f> {
    let days: i64 = filters.text("days").parse().unwrap_or(0);
    let since = if days > 0 { ctx.at + TimeDelta::days(-days) } else { Instant::from_micros(i64::MAX) };
    let mut wanted = Wanted {
        programme,
        scope,
        breadth,
        state: filters.text("state"),
        level: filters.text("level"),
        capability: filters.text("capability"),
        name: filters.text("q"),
        since,
        after: filters.cursor(),
        order: Order::named(filters.text("sort"), &COLUMNS, Order::by("name")),
        most,
    };
    let serves = match wanted.order.by {
        "name" => wanted.name.is_empty() || !wanted.order.backwards,
        "school" => wanted.name.is_empty() && !wanted.order.backwards,
        _ => wanted.name.is_empty() && wanted.sorts_by_age(),
    };
    if !serves {
        wanted.order = Order::by("name");
    }
    wanted
}

/// The unit that the address asks for, else the asker's own node.
async fn unit(ctx: &Ctx, tx: &mut Tx, filters: &Filters) -> Result<Option<Node>, Failure> {
    if filters.text("unit").is_empty() {
        return Ok(None);
    }
    let id = filters.text("unit").parse().map_err(|_| Failure::NotFound)?;
    organisation::visible(ctx, tx, id).await.map(Some)
}

fn pager(filters: &Filters, next: Option<&Cursor>) -> (String, String) {
    let first = if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") };
    (first, next.map(|cursor| filters.with("after", &cursor.write())).unwrap_or_default())
}

/// What the board shows of one request, before it is cut to pages.
struct Found {
    programme: uuid::Uuid,
    rules: std::sync::Arc<Scheme>,
    unit: Option<Node>,
    scope: Scope,
    breadth: Breadth,
    order: Order,
    sorts_by_age: bool,
    lines: Vec<Line>,
}

async fn find(ctx: &Ctx, tx: &mut Tx, filters: &Filters, most: i64) -> Result<Found, Failure> {
    access::require(ctx, &LOOKERS)?;
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    let unit = unit(ctx, tx, filters).await?;
    let scope = unit.as_ref().map_or_else(|| ctx.scope(), |unit| Scope::below(&unit.path));
    let breadth = unit.as_ref().map_or_else(|| access::breadth(ctx), |unit| unit.kind.breadth());
    let wanted = wanted(ctx, (scope.clone(), breadth), programme.id.uuid(), filters, most);
    let lines = store::board(tx, &wanted).await?;
    let (order, sorts_by_age) = (wanted.order, wanted.sorts_by_age());
    Ok(Found { programme: programme.id.uuid(), rules, unit, scope, breadth, order, sorts_by_age, lines })
}

/// `GET /review/board`
pub async fn board(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let found = find(ctx, &mut tx, &filters, ROWS + 1).await?;
    // Above the school the dashboard counts, from figures kept ready.
    let counts = match found.breadth {
        Breadth::Widest | Breadth::Wide => Vec::new(),
        Breadth::Narrow => store::counts(&mut tx, found.programme, &found.scope).await?,
    };
    // Named before the first page of the list; its rows say it on every page.
    let split = match filters.cursor() == Cursor::default() {
        true => split(ctx, &mut tx, &found, &filters).await?,
        false => Slice { rows: Vec::new(), next: None },
    };
    let marked = marked(ctx, &mut tx, &found).await?;
    let short = short(ctx, &mut tx, &found).await?;
    drop(tx);
    let slice = Slice::cut(found.lines, |line| line.place(found.order));
    let (first, next) = pager(&filters, slice.next.as_ref());
    let lines = slice.rows.into_iter().map(|line| Row {
        label: found.rules.framework.label(&line.capability),
        age: (ctx.at - line.since).num_days(),
        is_split: marked.contains(&line.id),
        lacking: short.iter().find(|(id, _)| *id == line.id).map_or(0, |(_, lacking)| *lacking),
        line,
    });
    let to_split = |place: &str| filters.with(SPLIT, place);
    let split_first = if filters.text(SPLIT).is_empty() { String::new() } else { to_split("") };
    let split_next = split.next.map(|place| to_split(&place.write())).unwrap_or_default();
    let of = |state: State| counts.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
    let is_school = match &found.unit {
        Some(unit) => unit.kind == Kind::School,
        None => matches!(access::role(ctx), Some(Role::Principal | Role::Cio | Role::ManagementTeam)),
    };
    let title =
        found.unit.as_ref().map_or_else(|| TITLE.to_owned(), |unit| format!("{}：{TITLE}", unit.name));
    let page = Page::new(&asker, title, "/review/board");
    show(&Board {
        page: if found.unit.is_some() { page.crumb(TITLE, "/review/board") } else { page },
        lines: lines.collect(),
        counts: if found.breadth != Breadth::Narrow {
            Vec::new()
        } else {
            State::ALL.map(|state| (state, of(state))).to_vec()
        },
        capabilities: capabilities(&found.rules),
        first,
        next,
        appoints: access::require(ctx, &APPOINTERS).is_ok(),
        many_schools: !is_school,
        split: split.rows,
        split_first,
        split_next,
        order: if filters.text("q").is_empty() { found.order.key() } else { String::new() },
        sorts_by_age: found.sorts_by_age,
        filters,
    })
}

/// A page of what panels do not agree on below the asker's node; above the county it would be too much to look
/// at.
async fn split(ctx: &Ctx, tx: &mut Tx, found: &Found, filters: &Filters) -> Result<Slice<SplitRow>, Failure> {
    if found.unit.is_some() || access::breadth(ctx) == Breadth::Widest {
        return Ok(Slice { rows: Vec::new(), next: None });
    }
    let member = access::require(ctx, &LOOKERS)?;
    let after = Cursor::read(filters.text(SPLIT));
    let all = store::split(tx, found.programme, &ctx.scope(), member.person, &after).await?;
    let Slice { rows, next } = Slice::cut(all, |one| (one.sort_key.clone(), one.id.to_string()));
    let today = ctx.at.date();
    let row = |one: Split| SplitRow {
        label: found.rules.framework.label(&one.capability),
        limit: match one.due_on {
            Some(due) => chinese_date(due),
            None => format!("{}起等待", chinese_date(one.since.date())),
        },
        is_late: one.due_on.is_some_and(|due| due < today),
        is_own_panel: one.body == Some(member.node),
        split: one,
    };
    let rows = complete(ctx, tx, found, rows).await?.into_iter().map(row).collect();
    Ok(Slice { rows, next })
}

/// The works of the page on which a panel is split.
async fn marked(ctx: &Ctx, tx: &mut Tx, found: &Found) -> Result<Vec<Id<Submission>>, Failure> {
    let member = access::require(ctx, &LOOKERS)?;
    let may_be = |line: &&Line| line.state == State::Panel && line.done > 1 && line.done == line.drawn;
    let among: Vec<_> = found.lines.iter().filter(may_be).map(|line| line.id).collect();
    let split = store::split_among(tx, found.programme, &found.scope, member.person, &among).await?;
    Ok(complete(ctx, tx, found, split).await?.into_iter().map(|one| one.id).collect())
}

/// The works of the page that lack judges of the panel, and how many.
async fn short(ctx: &Ctx, tx: &mut Tx, found: &Found) -> Result<Vec<(Id<Submission>, usize)>, Failure> {
    let panels = found.rules.assessment.steps.iter().filter(|step| step.kind == StepKind::Panel);
    let most = panels.map(|step| i64::from(*step.reviewers)).max().unwrap_or(0);
    let mut all = Vec::new();
    for line in found.lines.iter().filter(|line| line.state == State::Panel && line.drawn < most) {
        let case = Case::load(ctx, tx, found.programme, line.id).await?;
        let reviews = reviews::of_submission(tx, &case.submission).await?;
        all.push((line.id, lacking(&case, &reviews)));
    }
    Ok(all)
}

/// Those of which all members have judged: where some are still to be drawn, nothing is split yet.
async fn complete(ctx: &Ctx, tx: &mut Tx, found: &Found, split: Vec<Split>) -> Result<Vec<Split>, Failure> {
    let mut all = Vec::with_capacity(split.len());
    for one in split {
        if !one.chair.is_empty() || !lacks_members(ctx, tx, found.programme, &one).await? {
            all.push(one);
        }
    }
    Ok(all)
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
    let found = find(&asker.ctx, &mut tx, &filters, TABLE).await?;
    drop(tx);
    let rows: Vec<Vec<String>> = found
        .lines
        .iter()
        .map(|line| {
            vec![
                line.name.clone(),
                line.school.clone(),
                found.rules.framework.label(&line.capability),
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

/// A page of what is on notice: behind its own entry of the menu, else behind the board's, from where it is
/// reached.
pub(in crate::review) fn notice_page(asker: &SignedIn, title: &str) -> Page {
    let page = Page::new(asker, title, "/review/notice");
    if page.is_in_menu() {
        return page;
    }
    let page = Page::new(asker, title, "/review/board");
    if page.is_in_menu() { page.crumb("测评进展", "/review/board") } else { page }
}

/// `GET /review/notice`: what was decided and is open to objections, at the asker's node. A level
/// that fails is told to its author alone.
pub async fn notice(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let found = store::notices(
        &mut tx,
        &wanted(ctx, (ctx.scope(), access::breadth(ctx)), programme.id.uuid(), &filters, ROWS + 1),
    )
    .await?;
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
        page: notice_page(&asker, "测评结论公示"),
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

impl Board {
    /// The states that the list can be narrowed to.
    fn states(&self) -> Vec<(&'static str, &'static str)> {
        let all = State::ALL.into_iter().map(|state| (state.code(), state.chinese()));
        all.chain([("handed_in", "已提交的（不含草稿）")]).collect()
    }

    fn levels(&self) -> [(&'static str, &'static str); 3] {
        Level::ALL.map(|level| (level.code(), level.chinese()))
    }
}
