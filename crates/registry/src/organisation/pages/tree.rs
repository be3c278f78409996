//! Looking at the tree.

use askama::Template;
use tisheng_kernel::number::thousands;
use tisheng_kernel::{Id, pinyin};
use tisheng_platform::Scope;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Page};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Filters, once};

use super::{page_of, parse};
use crate::organisation::model::{Facts, Kind, Node};
use crate::organisation::store::{self, NodeCard, NodeChange};
use crate::organisation::{Environments, environments, visible};
use crate::role::{Permission, allows, permit};

/// Nodes shown of a search at most.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "organisation/pages/node.html")]
struct NodePage<'a> {
    page: Page,
    node: Node,
    facts: Option<Facts>,
    environments: Environments,
    groups: Vec<(Kind, Vec<NodeCard>)>,
    schools: String,
    history: Vec<NodeChange>,
    filters: &'a Filters,
    query: String,
    found: Vec<Found>,
    more: bool,
    may: May,
}

/// What the asker may do here.
struct May {
    /// Found organisations below.
    found: bool,
    /// Rename, move and close this one.
    shape: bool,
    /// State facts, keep teams.
    keep: bool,
    /// Look at people.
    people: bool,
    /// See roles.
    roles: bool,
    /// Take in rosters.
    import: bool,
}

/// A node that a search has found, with what it stands below.
struct Found {
    node: Node,
    way: String,
}

/// `GET /organisation`: the asker's own node.
pub async fn own(asker: SignedIn) -> Answer {
    permit(&asker.ctx, Permission::SeeOrganisation)?;
    let node: Id<Node> = Id::from_uuid(asker.member().node);
    Ok(once::redirect(&format!("/organisation/{node}"), asker.flash.as_ref()))
}

/// `GET /organisation/{node}`
pub async fn show(asker: SignedIn, Path(node): Path<String>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    permit(ctx, Permission::SeeOrganisation)?;
    let mut tx = ctx.read().await?;
    let node = visible(ctx, &mut tx, parse(&node)?).await?;
    let query = pinyin::query(filters.text("q"));
    let kind = filters.text("kind").parse::<Kind>().ok();
    let mut hits = Vec::new();
    if !query.is_empty() {
        hits = store::search(&mut tx, &Scope::below(&node.path), &query, kind).await?;
    }
    let more = hits.len() > SHOWN;
    let mut found = Vec::new();
    for hit in hits.into_iter().take(SHOWN) {
        let above = store::ancestors(&mut tx, &hit.path).await?;
        let names = above.iter().filter(|above| above.depth >= node.depth).map(|above| above.name.as_str());
        found.push(Found { way: names.collect::<Vec<_>>().join(" › "), node: hit });
    }
    let own = node.path == asker.member().path;
    let title = format!("{}：{}", node.name, if node.kind == Kind::School { "学校" } else { "机构" });
    let shape = allows(ctx, Permission::ShapeOrganisation);
    layout::show(&NodePage {
        page: page_of(&asker, &mut tx, &node, title).await?,
        facts: store::facts(&mut tx, node.id).await?,
        environments: environments(ctx, &mut tx, &node.path).await?,
        groups: grouped(store::cards(&mut tx, node.id).await?),
        schools: thousands(store::schools_below(&mut tx, &node.path).await?),
        history: store::history(&mut tx, node.id).await?,
        filters: &filters,
        query,
        found,
        more,
        may: May {
            found: shape && node.is_open() && Kind::ALL.iter().any(|k| k.may_stand_below(Some(node.kind))),
            shape: shape && !own,
            keep: node.kind == Kind::School && allows(ctx, Permission::KeepSchool),
            people: allows(ctx, Permission::SeePeople),
            roles: allows(ctx, Permission::SeeRoles),
            import: allows(ctx, Permission::ImportRoster),
        },
        node,
    })
}

/// The children by kind, in the order of kinds.
fn grouped(cards: Vec<NodeCard>) -> Vec<(Kind, Vec<NodeCard>)> {
    let mut groups: Vec<(Kind, Vec<NodeCard>)> = Vec::new();
    for card in cards {
        match groups.iter_mut().find(|(kind, _)| *kind == card.kind) {
            Some((_, group)) => group.push(card),
            None => groups.push((card.kind, vec![card])),
        }
    }
    groups.sort_by_key(|(kind, _)| *kind);
    groups
}
