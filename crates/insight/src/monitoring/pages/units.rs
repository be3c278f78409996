//! The counties and the schools below a node, by how far they take part.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::Scope;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Filters, Page, Path};
use tisheng_registry::organisation::Node;

use super::{people_in, place};
use crate::monitoring::life::Life;
use crate::monitoring::model::Part;
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
    first: String,
    next: String,
}

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
    let page = page_of(&asker, &node, &kind);
    show(&UnitsPage { page, kind, life, units, part, first: String::new(), next: String::new() })
}

/// `GET /monitor/{node}/schools`: the schools below, likewise.
pub async fn schools(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
    let (life, part) = asked(&filters);
    let kind = format!("{}学校", life.title());
    let mut tx = asker.ctx.read().await?;
    let (node, programme) = place(&asker.ctx, &mut tx, node).await?;
    let part_of_tree = (&Scope::below(&node.path), life);
    let found = store::schools_by_part(&mut tx, programme.id, part_of_tree, part, &filters.cursor()).await?;
    drop(tx);
    let slice = Slice::cut(found, |(school, key)| (key.clone(), school.id.to_string()));
    show(&UnitsPage {
        page: page_of(&asker, &node, &kind),
        kind,
        life,
        units: slice.rows.into_iter().map(|(school, _)| school).collect(),
        part,
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|place| filters.with("after", &place.write())).unwrap_or_default(),
    })
}
