//! Dashboards and the lists behind their figures.

mod programmes;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::routing::get;
use tisheng_kernel::number::thousands;
use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::chart::{Bar, bars, bullet};
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::serve::download;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Cursor, Failure, Filters, Page};
use tisheng_platform::{App, Ctx, Scope, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation::{self, Node};
use tisheng_rules::Scheme;

use super::model::{Figures, Stage};
use super::store::{self, Child, Listed};

/// Who looks at progress.
pub(crate) const SEERS: [Role; 11] = [
    Role::Province,
    Role::City,
    Role::County,
    Role::Town,
    Role::Principal,
    Role::Cio,
    Role::Clerk,
    Role::ManagementTeam,
    Role::TrainingTeam,
    Role::Auditor,
    Role::Evaluator,
];

/// Rows of a download at most.
const DOWNLOAD: i64 = 100_000;

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/monitor", get(own))
        .route("/monitor/{node}", get(one))
        .route("/monitor/{node}/people", get(people))
        .route("/monitor/{node}/table", get(table))
}

/// A target of the scheme beside what is reached.
struct TargetLine {
    title: String,
    wanted: u32,
    reached: String,
    chart: String,
}

/// A line of a table beside its chart.
struct Line {
    title: String,
    shown: String,
}

#[derive(Template)]
#[template(path = "monitoring/pages/node.html")]
struct NodePage {
    page: Page,
    node: Node,
    figures: Figures,
    counted: String,
    targets: Vec<TargetLine>,
    funnel: String,
    hours: Vec<Line>,
    hours_chart: String,
    choices: Vec<Line>,
    choices_chart: String,
    children: Vec<Child>,
    order: String,
    filters: Filters,
}

impl NodePage {
    fn people_of(&self, node: impl std::fmt::Display, state: &str) -> String {
        format!("/monitor/{node}/people?state={state}")
    }
}

/// The node asked for, with the programme that runs there.
async fn place(ctx: &Ctx, tx: &mut Tx, id: Id<Node>) -> Result<(Node, Programme), Failure> {
    access::require(ctx, &SEERS)?;
    let node = organisation::visible(ctx, tx, id).await?;
    let programme = scheme::at(tx, &node.path).await?;
    Ok((node, programme))
}

/// `GET /monitor`
async fn own(asker: SignedIn, filters: Filters) -> Answer {
    let node = Id::from_uuid(access::require(&asker.ctx, &SEERS)?.node);
    dashboard(asker, node, filters).await
}

/// `GET /monitor/{node}`
async fn one(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
    dashboard(asker, node, filters).await
}

async fn dashboard(asker: SignedIn, node: Id<Node>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    access::require(ctx, &SEERS)?;
    let node = organisation::visible(ctx, &mut tx, node).await?;
    let programme = match scheme::at(&mut tx, &node.path).await {
        Err(Failure::NotFound) => return programmes::show_below(asker, tx, node).await,
        programme => programme?,
    };
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let scope = Scope::below(&node.path);
    let (figures, oldest) = store::figures_below(&mut tx, programme.id, &scope).await?;
    let mut children = store::children(&mut tx, programme.id, node.id).await?;
    let hours = store::hours_below(&mut tx, programme.id, &scope).await?;
    let choices = store::choices_below(&mut tx, programme.id, &scope).await?;
    let above = organisation::ancestors(&mut tx, &node.path).await?;
    drop(tx);
    let order = filters.text("sort").to_owned();
    sort(&mut children, &order);
    let mut page = Page::new(&asker, format!("{}：进度", node.name), "/monitor");
    for up in above.iter().filter(|up| ctx.scope().holds(&up.path)) {
        page = page.crumb(up.name.clone(), format!("/monitor/{}", up.id));
    }
    let (hours, hours_chart) = hours_of(&rules, &hours);
    let (choices, choices_chart) = choices_of(&rules, &choices);
    show(&NodePage {
        page,
        targets: targets(ctx, &rules, &figures),
        funnel: funnel(&figures),
        counted: oldest.map(|at| at.chinese()).unwrap_or_default(),
        node,
        figures,
        hours,
        hours_chart,
        choices,
        choices_chart,
        children,
        order,
        filters,
    })
}

/// Sorts by the share of a stage, `-` for descending; by name without an order.
fn sort(children: &mut [Child], order: &str) {
    let (key, down) = order.strip_prefix('-').map_or((order, false), |key| (key, true));
    let Ok(stage) = key.parse::<Stage>() else { return };
    let share = |child: &Child| {
        let all = child.figures.of(Stage::Teachers);
        if stage == Stage::Teachers { all } else { child.figures.of(stage) * 1_000_000 / all.max(1) }
    };
    children.sort_by_key(|child| if down { -share(child) } else { share(child) });
}

fn targets(ctx: &Ctx, rules: &Scheme, figures: &Figures) -> Vec<TargetLine> {
    let teachers =
        rules.targets.iter().filter(|t| t.measure == tisheng_rules::plan::TargetMeasure::TeachersFinished);
    teachers
        .map(|target| {
            let wanted = target.percent_by(ctx.at.date());
            let all = figures.of(Stage::Teachers);
            let met = figures.of(Stage::Met);
            let title = target.title.value.clone();
            let chart = bullet(&title, met * 100, all * i64::from(wanted), all * 100);
            TargetLine { wanted, reached: figures.share(Stage::Met), chart, title }
        })
        .collect()
}

fn funnel(figures: &Figures) -> String {
    let steps: Vec<Bar> = Stage::ALL
        .iter()
        .map(|stage| Bar {
            label: stage.title().to_owned(),
            value: figures.of(*stage),
            shown: thousands(figures.of(*stage)),
        })
        .collect();
    bars("各环节人数", &steps, figures.of(Stage::Teachers))
}

fn hours_of(rules: &Scheme, hours: &[(String, i64)]) -> (Vec<Line>, String) {
    let length: HourLength = *rules.hours.length;
    let lines: Vec<(Line, i64)> = hours
        .iter()
        .map(|(category, seconds)| {
            let title = rules.hours.category(category).map_or(category.clone(), |c| c.title.value.clone());
            (Line { title, shown: Seconds::new(*seconds).with_unit(length) }, *seconds)
        })
        .collect();
    charted("各类学时", lines)
}

fn choices_of(rules: &Scheme, choices: &[(String, i64)]) -> (Vec<Line>, String) {
    let lines = choices.iter().map(|(code, teachers)| {
        (Line { title: rules.framework.label(code), shown: thousands(*teachers) }, *teachers)
    });
    charted("各能力点选学人数", lines.collect())
}

fn charted(title: &str, lines: Vec<(Line, i64)>) -> (Vec<Line>, String) {
    let most = lines.iter().map(|(_, value)| *value).max().unwrap_or(0);
    let drawn: Vec<Bar> = lines
        .iter()
        .map(|(line, value)| Bar { label: line.title.clone(), value: *value, shown: line.shown.clone() })
        .collect();
    let chart = bars(title, &drawn, most);
    (lines.into_iter().map(|(line, _)| line).collect(), chart)
}

#[derive(Template)]
#[template(path = "monitoring/pages/people.html")]
struct PeoplePage {
    page: Page,
    rows: Vec<Shown>,
    filters: Filters,
    next: String,
    state: String,
    states: Vec<(String, String)>,
    may_open: bool,
}

/// A teacher with the words for what is missing.
struct Shown {
    teacher: Listed,
    missing: String,
}

fn states() -> Vec<(String, String)> {
    let mut states = vec![("teachers".to_owned(), "全部教师".to_owned())];
    for stage in &Stage::ALL[1..] {
        states.push((stage.key().to_owned(), stage.title().to_owned()));
        let undone = stage.title().replacen('已', "未", 1);
        states.push((format!("not_{}", stage.key()), undone));
    }
    states
}

fn state_of(filters: &Filters) -> String {
    let asked = filters.text("state");
    let known = states().iter().any(|(key, _)| key == asked);
    if known { asked.to_owned() } else { "teachers".to_owned() }
}

fn worded(rules: &Scheme, teacher: Listed) -> Shown {
    let facts = tisheng_rules::Facts {
        hours: &[],
        chosen: &[],
        offered: &[],
        results: &std::collections::BTreeMap::new(),
        reported: &std::collections::BTreeMap::new(),
    };
    let titles = rules.verdict(&facts).gates;
    let missing: Vec<String> = teacher
        .open_gates
        .split(',')
        .filter_map(|key| titles.iter().find(|gate| gate.key == key).map(|gate| gate.title.clone()))
        .collect();
    Shown { missing: missing.join("、"), teacher }
}

/// `GET /monitor/{node}/people`: exactly the people whom a figure counts.
async fn people(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (node, programme) = place(ctx, &mut tx, node).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let scope = Scope::below(&node.path);
    let state = state_of(&filters);
    let narrow = (state.as_str(), filters.text("q"));
    if !filters.text("format").is_empty() {
        let all = store::people(&mut tx, programme.id, &scope, narrow, &Cursor::default(), DOWNLOAD).await?;
        drop(tx);
        let rows = all.into_iter().map(|teacher| {
            let shown = worded(&rules, teacher);
            let met = if shown.teacher.met { "是" } else { "否" };
            vec![
                shown.teacher.name,
                shown.teacher.school,
                shown.teacher.subject,
                met.to_owned(),
                shown.missing,
            ]
        });
        let head = ["姓名", "学校", "学科", "是否达标", "还差"];
        return table_file(&filters, "教师名单", &head, &[], rows.collect());
    }
    let rows = store::people(&mut tx, programme.id, &scope, narrow, &filters.cursor(), store::PAGE).await?;
    drop(tx);
    let slice = Slice::cut(rows, |row| (row.sort_key.clone(), row.person.to_string()));
    let next = slice.next.map(|place| filters.with("after", &place.write())).unwrap_or_default();
    let page = Page::new(&asker, format!("{}：教师", node.name), "/monitor")
        .crumb(node.name.clone(), format!("/monitor/{}", node.id));
    let rows = slice.rows.into_iter().map(|teacher| worded(&rules, teacher)).collect();
    let may_open = access::allows(ctx, access::Permission::SeePeople);
    show(&PeoplePage { page, rows, next, state, states: states(), filters, may_open })
}

/// `GET /monitor/{node}/table`: the table of the children as a file.
async fn table(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let (node, programme) = place(&asker.ctx, &mut tx, node).await?;
    let children = store::children(&mut tx, programme.id, node.id).await?;
    drop(tx);
    let mut head = vec!["单位"];
    head.extend(Stage::ALL.iter().map(|stage| stage.title()));
    let numbers: Vec<bool> = (0..head.len()).map(|column| column > 0).collect();
    let rows = children.into_iter().map(|child| {
        let mut cells = vec![child.name];
        cells.extend(child.figures.counts.iter().map(ToString::to_string));
        cells
    });
    table_file(&filters, &format!("{}进度", node.name), &head, &numbers, rows.collect())
}

fn table_file(
    filters: &Filters,
    name: &str,
    head: &[&str],
    numbers: &[bool],
    rows: Vec<Vec<String>>,
) -> Answer {
    let failed = |e: tisheng_sheet::WriteError| Failure::Internal(e.to_string());
    if filters.text("format") == "csv" {
        let bytes = tisheng_sheet::csv(head, rows).map_err(failed)?;
        return Ok(download(&format!("{name}.csv"), "text/csv; charset=utf-8", bytes));
    }
    let bytes = tisheng_sheet::xlsx("表", head, numbers, rows).map_err(failed)?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(&format!("{name}.xlsx"), kind, bytes))
}
