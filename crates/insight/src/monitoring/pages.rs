//! Dashboards and the lists behind their figures.

mod dashboard;
mod people;
mod programmes;
mod targets;
mod units;
mod works;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Path;
use tisheng_platform::web::serve::download;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Filters};
use tisheng_platform::{App, Ctx, Scope, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation::{self, Node};

use super::life::Life;
use super::measure;
use super::model::{Figures, Stage};
use super::store::{self, Child};

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

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/monitor", get(dashboard::own))
        .route("/monitor/{node}", get(dashboard::one))
        .route("/monitor/{node}/people", get(people::people))
        .route("/monitor/{node}/counties", get(units::counties))
        .route("/monitor/{node}/schools", get(units::schools))
        .route("/scheme/targets", get(targets::page))
        .route("/monitor/{node}/table", get(table))
}

/// The node asked for, with the programme that runs there.
async fn place(ctx: &Ctx, tx: &mut Tx, id: Id<Node>) -> Result<(Node, Programme), Failure> {
    access::require(ctx, &SEERS)?;
    let node = organisation::visible(ctx, tx, id).await?;
    let programme = scheme::at(tx, &node.path).await?;
    Ok((node, programme))
}

/// The children of a node in the order that the address asks for, with those that have ended and left
/// something.
async fn children(
    tx: &mut Tx,
    programme: &Programme,
    node: &Node,
    filters: &Filters,
) -> Result<Vec<Child>, Failure> {
    let mut children = store::children(tx, programme.id, node.id).await?;
    sort(&mut children, filters.text("sort"));
    Ok(children)
}

/// Those of them that a table of teachers shows.
fn shown_with_teachers(children: &[Child]) -> impl Iterator<Item = &Child> {
    children.iter().filter(|child| child.stands_with_teachers())
}

/// The key of an order and whether it is descending.
fn order(text: &str) -> (&str, bool) {
    text.strip_prefix('-').map_or((text, false), |key| (key, true))
}

/// Sorts by the number of teachers or by the share of a stage; what is equal stays by name.
fn sort(children: &mut [Child], text: &str) {
    let (key, down) = order(text);
    let Ok(stage) = key.parse::<Stage>() else {
        if key == "name" && down {
            children.reverse();
        }
        return;
    };
    let share = |child: &Child| {
        let all = child.figures.of(Stage::Teachers);
        if stage == Stage::Teachers { all } else { child.figures.of(stage) * 1_000_000 / all.max(1) }
    };
    children.sort_by_key(|child| if down { -share(child) } else { share(child) });
}

/// The address of exactly the teachers of a node who are in `state`.
fn people_in(node: &Id<Node>, state: &str) -> String {
    format!("/monitor/{node}/people?state={state}")
}

/// The address of exactly the teachers of a node whom a filter of the list leaves.
fn people_with(node: &Id<Node>, filter: &str, value: &str) -> String {
    format!("/monitor/{node}/people{}", Filters::default().with(filter, value))
}

/// `GET /monitor/{node}/table`: the table of the children as a file; another one of the page where the address
/// asks for it.
async fn table(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let (node, programme) = place(&asker.ctx, &mut tx, node).await?;
    let children = children(&mut tx, &programme, &node, &filters).await?;
    let (all, changed) = store::figures_below(&mut tx, programme.id, &Scope::below(&node.path)).await?;
    let (what, (head, rows)) = match filters.text("of") {
        "coverage" => {
            let counties = measure::counties(&mut tx, &programme, &node, Life::Open).await?;
            ("覆盖情况", works::coverage_table(&mut tx, &programme, &node, &counties).await?)
        }
        "works" => ("测评材料", works::works_table(&mut tx, &programme, &node, &children).await?),
        _ => ("进度", progress_table(&children, &all)),
    };
    drop(tx);
    let day = chinese_date(asker.ctx.at.date());
    let above = vec![
        ("表名", format!("{}：{}{what}", node.name, programme.title)),
        ("下载日期", day.clone()),
        ("统计截至", changed.map(|at| at.chinese()).unwrap_or_default()),
    ];
    let titles: Vec<&str> = head.iter().map(String::as_str).collect();
    let numbers: Vec<bool> = (0..head.len()).map(|column| column > 0).collect();
    table_file(&filters, (&format!("{}{what}-{day}", node.name), above), (&titles, &numbers), rows)
}

/// How far the teachers of each unit and of all have come, with the head of the table.
fn progress_table(children: &[Child], all: &Figures) -> (Vec<String>, Vec<Vec<String>>) {
    let counts = Stage::ALL.iter().map(|stage| stage.title().to_owned());
    let shares = Stage::ALL[1..].iter().map(|stage| format!("{}占比", stage.title()));
    let head = std::iter::once("单位".to_owned()).chain(counts).chain(shares).collect();
    let line = |name: String, figures: &Figures| {
        let counts = figures.counts.iter().map(ToString::to_string);
        let shares = Stage::ALL[1..].iter().map(|stage| figures.share(*stage));
        std::iter::once(name).chain(counts).chain(shares).collect::<Vec<String>>()
    };
    let mut rows: Vec<Vec<String>> =
        shown_with_teachers(children).map(|child| line(child.label(), &child.figures)).collect();
    rows.push(line("合计".to_owned(), all));
    (head, rows)
}

/// A table as a file called `name`; a workbook says what stands `above`, a file for programs has its
/// head first.
fn table_file(
    filters: &Filters,
    (name, above): (&str, Vec<(&str, String)>),
    (head, numbers): (&[&str], &[bool]),
    rows: Vec<Vec<String>>,
) -> Answer {
    let failed = |e: tisheng_sheet::WriteError| Failure::Internal(e.to_string());
    if filters.text("format") == "csv" {
        let bytes = tisheng_sheet::csv(head, rows).map_err(failed)?;
        return Ok(download(&format!("{name}.csv"), "text/csv; charset=utf-8", bytes));
    }
    let leaf = tisheng_sheet::Leaf { name: "表", above, head, numbers, rows };
    let bytes = tisheng_sheet::book(vec![leaf]).map_err(failed)?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(&format!("{name}.xlsx"), kind, bytes))
}
