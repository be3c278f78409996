//! The page of a node: tiles, targets, the places below, hours and choices.

use std::collections::BTreeMap;

use askama::Template;
use tisheng_kernel::number::{chinese_date, thousands};
use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::Scope;
use tisheng_platform::chart::{Bar, bars};
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Filters, Page, Path};
use tisheng_policy::scheme;
use tisheng_registry::access;
use tisheng_registry::organisation::{self, Node};
use tisheng_rules::Scheme;

use super::targets::{TargetLine, lines};
use super::works::{self, CoverLine, WorkTable};
use super::{SEERS, children, people_in, people_with, programmes, shown_with_teachers};
use crate::monitoring::life::Life;
use crate::monitoring::measure;
use crate::monitoring::model::{Figures, Stage};
use crate::monitoring::store::{self, Child};
use crate::monitoring::work::Work;

/// A line of a table beside its chart, leading to the people it counts.
struct Line {
    title: String,
    shown: String,
    href: String,
}

#[derive(Template)]
#[template(path = "monitoring/pages/node.html")]
struct NodePage {
    page: Page,
    node: Node,
    figures: Figures,
    /// When a figure changed last.
    counted: String,
    /// Schools whose latest changes are not in the figures yet.
    uncounted: i64,
    targets: Vec<TargetLine>,
    funnel: String,
    hours: Vec<Line>,
    hours_chart: String,
    dimensions: Vec<Line>,
    dimensions_chart: String,
    choices: Vec<Line>,
    choices_chart: String,
    works: WorkTable,
    coverage: Vec<CoverLine>,
    children: Vec<Child>,
    order: String,
    filters: Filters,
}

impl NodePage {
    fn people_of(&self, node: &Id<Node>, state: &str) -> String {
        people_in(node, state)
    }

    /// The day on which the node ended; empty while it is.
    fn ended(&self) -> String {
        self.node.valid_to.map(chinese_date).unwrap_or_default()
    }

    /// The places below that the table of teachers shows.
    fn below(&self) -> Vec<&Child> {
        shown_with_teachers(&self.children).collect()
    }

    /// The address of a table of the page as a file, in the order shown: of the places below where `of` names no
    /// other; `format` is xlsx or csv.
    fn file(&self, of: &str, format: &str) -> String {
        let asked = [("sort", self.order.as_str()), ("of", of)];
        let asked = asked.map(|(name, value)| (name.to_owned(), value.to_owned()));
        format!("/monitor/{}/table{}", self.node.id, Filters::new(Vec::from(asked)).with("format", format))
    }
}

/// `GET /monitor`
pub(super) async fn own(asker: SignedIn, filters: Filters) -> Answer {
    let node = Id::from_uuid(access::require(&asker.ctx, &SEERS)?.node);
    dashboard(asker, node, filters).await
}

/// `GET /monitor/{node}`
pub(super) async fn one(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
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
    let (figures, changed) = store::figures_below(&mut tx, programme.id, &scope).await?;
    let uncounted = store::uncounted(&mut tx, programme.id, &scope).await?;
    let children = children(&mut tx, &programme, &node, &filters).await?;
    let counties = measure::counties(&mut tx, &programme, &node, Life::Open).await?;
    let targets = lines(&measure::measured((ctx.at.date(), &rules), &node, &figures, &counties));
    let hours = store::hours_below(&mut tx, programme.id, &node).await?;
    let choices = store::choices_below(&mut tx, programme.id, &node).await?;
    let dimensions = store::dimensions_below(&mut tx, programme.id, &node).await?;
    let works = works::works(ctx, &mut tx, &programme, &node, &children).await?;
    let coverage = works::coverage(&mut tx, &programme, &node, &counties).await?;
    let above = organisation::ancestors(&mut tx, &node.path).await?;
    drop(tx);
    let mut page = Page::new(&asker, format!("{}：进度", node.name), "/monitor");
    for up in above.iter().filter(|up| ctx.scope().holds(&up.path)) {
        page = page.crumb(up.name.clone(), format!("/monitor/{}", up.id));
    }
    let (hours, hours_chart) = hours_of(&rules, &node, &hours);
    let teachers = figures.of(Stage::Teachers);
    let (choices, choices_chart) = choices_of(&rules, &node, (&choices, teachers));
    let (dimensions, dimensions_chart) = dimensions_of(&rules, &node, (&dimensions, teachers));
    show(&NodePage {
        page,
        targets,
        funnel: funnel(&node, &figures),
        counted: changed.map(|at| at.chinese()).unwrap_or_default(),
        uncounted,
        node,
        figures,
        hours,
        hours_chart,
        dimensions,
        dimensions_chart,
        choices,
        choices_chart,
        works,
        coverage,
        children,
        order: filters.text("sort").to_owned(),
        filters,
    })
}

fn funnel(node: &Node, figures: &Figures) -> String {
    let bar = |stage: &Stage| Bar {
        label: stage.title().to_owned(),
        value: figures.of(*stage),
        shown: thousands(figures.of(*stage)),
        href: people_in(&node.id, stage.key()),
    };
    let steps: Vec<Bar> = Stage::ALL.iter().map(bar).collect();
    bars("各环节人数", &steps, figures.of(Stage::Teachers))
}

fn hours_of(rules: &Scheme, node: &Node, hours: &[(String, i64)]) -> (Vec<Line>, String) {
    let length: HourLength = *rules.hours.length;
    let lines: Vec<(Line, i64)> = hours
        .iter()
        .map(|(category, seconds)| {
            let title = rules.hours.category(category).map_or(category.clone(), |c| c.title.value.clone());
            let href = people_with(&node.id, "category", category);
            (Line { title, shown: Seconds::new(*seconds).with_unit(length), href }, *seconds)
        })
        .collect();
    let most = lines.iter().map(|(_, value)| *value).max().unwrap_or(0);
    charted("各类学时", lines, most)
}

/// How many chose each capability, drawn against all teachers.
fn choices_of(rules: &Scheme, node: &Node, (choices, all): (&[(String, i64)], i64)) -> (Vec<Line>, String) {
    let counts: BTreeMap<&str, i64> =
        choices.iter().map(|(code, teachers)| (code.as_str(), *teachers)).collect();
    let codes: Vec<&str> = counts.keys().copied().collect();
    // In the order of the plan: as text A11 stands before A8.
    let lines = rules.framework.in_order(&codes).into_iter().map(|code| {
        let teachers = &counts[code];
        let href = people_with(&node.id, "capability", code);
        (Line { title: rules.framework.label(code), shown: thousands(*teachers), href }, *teachers)
    });
    charted("各能力点选学人数", lines.collect(), all)
}

/// How many chose something of each dimension, drawn against all teachers.
fn dimensions_of(rules: &Scheme, node: &Node, (counts, all): (&[(String, i64)], i64)) -> (Vec<Line>, String) {
    let lines = rules.framework.dimensions.iter().filter_map(|dimension| {
        let (_, teachers) = counts.iter().find(|(key, _)| *key == dimension.key)?;
        let href = people_with(&node.id, "dimension", &dimension.key);
        Some((Line { title: dimension.title.clone(), shown: thousands(*teachers), href }, *teachers))
    });
    charted("各维度选学人数", lines.collect(), all)
}

/// Lines as a table and as bars, of which `most` would be the whole length.
fn charted(title: &str, lines: Vec<(Line, i64)>, most: i64) -> (Vec<Line>, String) {
    let bar = |(line, value): &(Line, i64)| Bar {
        label: line.title.clone(),
        value: *value,
        shown: line.shown.clone(),
        href: line.href.clone(),
    };
    let drawn: Vec<Bar> = lines.iter().map(bar).collect();
    let chart = bars(title, &drawn, most);
    (lines.into_iter().map(|(line, _)| line).collect(), chart)
}
