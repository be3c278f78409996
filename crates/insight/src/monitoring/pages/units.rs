//! The counties and the schools below a node, by how far they take part.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::Scope;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::paging::{ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Cursor, Filters, Page, Path};
use tisheng_registry::organisation::Node;

use super::{people_in, place, table_file};
use crate::monitoring::life::Life;
use crate::monitoring::model::{Part, Stage};
use crate::monitoring::store::{self, Child};

#[derive(Template)]
#[template(path = "monitoring/pages/units.html")]
struct UnitsPage {
    page: Page,
    /// What is listed.
    kind: String,
    life: Life,
    units: Vec<Child>,
    part: Option<Part>,
    filters: Filters,
    first: String,
    next: String,
}

/// What the list shows of each unit.
const SHOWN: [Stage; 5] = [Stage::Teachers, Stage::Chosen, Stage::Learning, Stage::HandedIn, Stage::Met];
/// Schools of a file at most: more than any country has in a province.
const ALL: i64 = 1_000_000;

impl UnitsPage {
    fn people_of(&self, node: &Id<Node>, state: &str) -> String {
        people_in(node, state)
    }

    /// The parts that the page offers: the usual ones, and the one asked for.
    /// Each with whether it is in force.
    fn parts(&self) -> Vec<(Part, bool)> {
        let now = self.part.filter(|_| self.life == Life::Open);
        let asked = now.filter(|part| !Part::USUAL.contains(part));
        Part::USUAL.into_iter().chain(asked).map(|part| (part, Some(part) == now)).collect()
    }
}

/// What an address narrows a list to.
fn asked(filters: &Filters) -> (Life, Option<Part>) {
    (Life::of(filters.text("units")), Part::of(filters.text("state")))
}

fn page_of(asker: &SignedIn, node: &Node, kind: &str) -> Page {
    Page::new(asker, format!("{}：{kind}", node.name), "/monitor")
        .crumb(node.name.clone(), format!("/monitor/{}", node.id))
}

/// `GET /monitor/{node}/counties`: the counties below, or only those that have begun or have not; those that
/// have ended by themselves.
pub async fn counties(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
    let (life, part) = asked(&filters);
    let kind = format!("{}县（市、区）", life.title());
    let mut tx = asker.ctx.read().await?;
    let (node, programme) = place(&asker.ctx, &mut tx, node).await?;
    let mut units = store::counties(&mut tx, programme.id, (&Scope::below(&node.path), life)).await?;
    drop(tx);
    units.retain(|county| part.is_none_or(|part| part.holds(&county.figures, county.doing)));
    if !filters.text("format").is_empty() {
        return file(&filters, (&node, &kind, part), &units);
    }
    let page = page_of(&asker, &node, &kind);
    show(&UnitsPage { page, kind, life, units, part, filters, first: String::new(), next: String::new() })
}

/// `GET /monitor/{node}/schools`: the schools below, likewise.
pub async fn schools(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
    let (life, part) = asked(&filters);
    let kind = format!("{}学校", life.title());
    let mut tx = asker.ctx.read().await?;
    let (node, programme) = place(&asker.ctx, &mut tx, node).await?;
    let is_file = !filters.text("format").is_empty();
    let (after, most) = if is_file { (Cursor::default(), ALL) } else { (filters.cursor(), ROWS + 1) };
    let scope = Scope::below(&node.path);
    let asked = (&scope, life, part);
    let found = store::schools_by_part(&mut tx, programme.id, asked, (&after, most)).await?;
    drop(tx);
    if is_file {
        let units: Vec<Child> = found.into_iter().map(|(school, _)| school).collect();
        return file(&filters, (&node, &kind, part), &units);
    }
    let slice = Slice::cut(found, |(school, key)| (key.clone(), school.id.to_string()));
    show(&UnitsPage {
        page: page_of(&asker, &node, &kind),
        kind,
        life,
        units: slice.rows.into_iter().map(|(school, _)| school).collect(),
        part,
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|place| filters.with("after", &place.write())).unwrap_or_default(),
        filters,
    })
}

/// The whole list as a file; a workbook says what it is of.
fn file(filters: &Filters, (node, kind, part): (&Node, &str, Option<Part>), units: &[Child]) -> Answer {
    let mut head = vec![kind];
    head.extend(SHOWN.map(Stage::title));
    let numbers: Vec<bool> = (0..head.len()).map(|column| column > 0).collect();
    let row = |unit: &Child| -> Vec<String> {
        let counts = SHOWN.map(|stage| unit.figures.of(stage).to_string());
        std::iter::once(unit.name.clone()).chain(counts).collect()
    };
    let part = part.map_or("全部", Part::title);
    let above = vec![("单位", node.name.clone()), ("范围", format!("{kind}：{part}"))];
    let name = format!("{}{kind}-{part}", node.name);
    table_file(filters, (&name, above), (&head, &numbers), units.iter().map(row).collect())
}
