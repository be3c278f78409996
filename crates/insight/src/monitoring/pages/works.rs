//! Works by state and level, and how far units are covered, as a dashboard shows them.

use std::collections::BTreeMap;

use tisheng_assessment::review;
use tisheng_kernel::Id;
use tisheng_kernel::number::{percent, thousands};
use tisheng_platform::chart::{Bar, bars};
use tisheng_platform::{Ctx, DbError, Scope, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::{Kind, Node};

use crate::monitoring::life::Life;
use crate::monitoring::measure;
use crate::monitoring::model::{Cover, Coverage, Part};
use crate::monitoring::store::{self, Child};
use crate::monitoring::work::{Work, Works};

/// A figure that leads to the rows it counts; nowhere where there are none, or the asker may not see them.
pub(super) struct Led {
    pub shown: String,
    pub href: String,
}

/// A unit with its works.
pub(super) struct WorkLine {
    pub id: Id<Node>,
    pub name: String,
    /// All, then each of [`Work::ALL`].
    pub cells: Vec<Led>,
}

/// The works of a node, drawn and by unit.
#[derive(Default)]
pub(super) struct WorkTable {
    pub chart: String,
    pub lines: Vec<WorkLine>,
    pub total: Vec<Led>,
}

/// The works of each of `children` that has some, or teachers, in that order; and those of the whole node.
async fn counted<'c>(
    tx: &mut Tx,
    programme: &Programme,
    node: &Node,
    children: &'c [Child],
) -> Result<(Vec<(&'c Child, Works)>, Works), DbError> {
    let all = store::works_below(tx, programme.id, node).await?;
    let mut each: BTreeMap<Id<Node>, Vec<(Option<Work>, i64)>> = BTreeMap::new();
    for (child, work, count) in store::works_of_children(tx, programme.id, node.id).await? {
        each.entry(child).or_default().push((work, count));
    }
    let of = |child: &'c Child| {
        let works: Works = each.remove(&child.id).into_iter().flatten().collect();
        let is_empty = works.all() == 0 && child.figures.is_empty();
        (!is_empty).then_some((child, works))
    };
    Ok((children.iter().filter_map(of).collect(), all))
}

/// The works below a node; of a school its own.
pub(super) async fn works(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    node: &Node,
    children: &[Child],
) -> Result<WorkTable, DbError> {
    let (each, all) = counted(tx, programme, node, children).await?;
    if all.all() == 0 {
        return Ok(WorkTable::default());
    }
    let leads = review::sees_board(ctx);
    let line = |(child, works): (&Child, Works)| WorkLine {
        id: child.id,
        name: child.label(),
        cells: cells(&child.id, &works, leads),
    };
    let lines = each.into_iter().map(line).collect();
    Ok(WorkTable { chart: chart(node, &all, leads), lines, total: cells(&node.id, &all, leads) })
}

/// The same table with its head, as a file holds it.
pub(super) async fn works_table(
    tx: &mut Tx,
    programme: &Programme,
    node: &Node,
    children: &[Child],
) -> Result<(Vec<String>, Vec<Vec<String>>), DbError> {
    let (each, all) = counted(tx, programme, node, children).await?;
    let row = |name: String, works: &Works| -> Vec<String> {
        let counts = works.counts.iter().map(ToString::to_string);
        [name, works.all().to_string()].into_iter().chain(counts).collect()
    };
    let mut rows: Vec<Vec<String>> = each.iter().map(|(child, works)| row(child.label(), works)).collect();
    rows.push(row("合计".to_owned(), &all));
    let head = ["单位", "已提交"].into_iter().chain(Work::ALL.map(Work::title));
    Ok((head.map(str::to_owned).collect(), rows))
}

/// The board with exactly those works.
fn board(node: &Id<Node>, (filter, value): (&str, &str)) -> String {
    format!("/review/board?unit={node}&{filter}={value}")
}

fn cells(node: &Id<Node>, works: &Works, leads: bool) -> Vec<Led> {
    let led = |count: i64, shown: String, asked| {
        let href = if leads && count > 0 { board(node, asked) } else { String::new() };
        Led { shown, href }
    };
    let all = led(works.all(), thousands(works.all()), ("state", "handed_in"));
    let each = works.each().map(|(work, count, shown)| led(count, shown, work.filter()));
    std::iter::once(all).chain(each).collect()
}

fn chart(node: &Node, works: &Works, leads: bool) -> String {
    let bar = |(work, count, shown): (Work, i64, String)| Bar {
        label: work.title().to_owned(),
        value: count,
        shown,
        href: if leads { board(&node.id, work.filter()) } else { String::new() },
    };
    let steps: Vec<Bar> = works.each().filter(|(_, count, _)| *count > 0).map(bar).collect();
    let most = works.counts.into_iter().max().unwrap_or(0);
    bars("测评材料所处环节", &steps, most)
}

/// How far the units of a kind are covered by one thing.
pub(super) struct CoverCell {
    pub title: &'static str,
    pub reached: Led,
    /// What is still to be done; nothing in units that have ended.
    pub wanting: Option<Wanting>,
}

/// What share of the units is reached, and those that are not.
pub(super) struct Wanting {
    pub share: String,
    pub missing: Led,
}

/// How far the units of a kind are covered.
pub(super) struct CoverLine {
    pub kind: String,
    pub all: Led,
    pub cells: Vec<CoverCell>,
}

/// Units of a kind, by the list that shows them, and how far they are covered.
struct Covered {
    life: Life,
    kind: &'static str,
    list: &'static str,
    coverage: Coverage,
}

/// How far the schools and counties below a node are covered, and what those that have ended had reached;
/// of a school nothing.
async fn covered(
    tx: &mut Tx,
    programme: &Programme,
    node: &Node,
    counties: &[Child],
) -> Result<Vec<Covered>, DbError> {
    if node.kind == Kind::School {
        return Ok(Vec::new());
    }
    let scope = Scope::below(&node.path);
    let mut lines = Vec::new();
    for life in [Life::Open, Life::Ended] {
        let counties = match life {
            Life::Open => measure::coverage(counties),
            Life::Ended => measure::coverage(&measure::counties(tx, programme, node, life).await?),
        };
        let schools = store::coverage(tx, programme.id, (&scope, life)).await?;
        let both = [("县（市、区）", "counties", counties), ("学校", "schools", schools)];
        let some = both.into_iter().filter(|(_, _, coverage)| coverage.units > 0);
        lines.extend(some.map(|(kind, list, coverage)| Covered { life, kind, list, coverage }));
    }
    Ok(lines)
}

/// How far units are covered, as a page shows it.
pub(super) async fn coverage(
    tx: &mut Tx,
    programme: &Programme,
    node: &Node,
    counties: &[Child],
) -> Result<Vec<CoverLine>, DbError> {
    let lines = covered(tx, programme, node, counties).await?;
    Ok(lines.iter().map(|line| cover_line(node, line)).collect())
}

/// The same table with its head, as a file holds it.
pub(super) async fn coverage_table(
    tx: &mut Tx,
    programme: &Programme,
    node: &Node,
    counties: &[Child],
) -> Result<(Vec<String>, Vec<Vec<String>>), DbError> {
    let mut head = vec!["单位".to_owned(), "全部".to_owned()];
    for cover in Cover::ALL {
        let title = cover.title();
        head.extend([title.to_owned(), format!("{title}占比"), format!("{title}：缺")]);
    }
    let row = |Covered { life, kind, coverage, .. }: &Covered| {
        let mut cells = vec![format!("{}{kind}", life.title()), coverage.units.to_string()];
        for reached in coverage.reached {
            let [share, missing] = match life {
                Life::Open => [percent(reached, coverage.units), (coverage.units - reached).to_string()],
                Life::Ended => [String::new(), String::new()],
            };
            cells.extend([reached.to_string(), share, missing]);
        }
        cells
    };
    let lines = covered(tx, programme, node, counties).await?;
    Ok((head, lines.iter().map(row).collect()))
}

/// The query of a list of units with exactly those.
fn narrowed(life: Life, part: Option<Part>) -> String {
    let life = (life == Life::Ended).then(|| format!("units={}", life.key()));
    let part = part.map(|part| format!("state={}", part.key()));
    let both: Vec<String> = life.into_iter().chain(part).collect();
    if both.is_empty() { String::new() } else { format!("?{}", both.join("&")) }
}

fn cover_line(node: &Node, &Covered { life, kind, list, coverage }: &Covered) -> CoverLine {
    let led = |count: i64, part: Option<Part>| {
        let href = format!("/monitor/{}/{list}{}", node.id, narrowed(life, part));
        Led { shown: thousands(count), href: if count > 0 { href } else { String::new() } }
    };
    let wanting = |cover: Cover, reached: i64| Wanting {
        share: percent(reached, coverage.units),
        missing: led(coverage.units - reached, Some(Part::Lacks(cover))),
    };
    let cell = |(cover, reached): (Cover, i64)| CoverCell {
        title: cover.title(),
        reached: led(reached, Some(Part::Has(cover))),
        wanting: (life == Life::Open).then(|| wanting(cover, reached)),
    };
    let cells = Cover::ALL.into_iter().zip(coverage.reached).map(cell).collect();
    CoverLine { kind: format!("{}{kind}", life.title()), all: led(coverage.units, None), cells }
}
