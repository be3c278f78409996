//! The tree of organisations (ORG-1, ORG-2).
//!
//! A **node** is a province, city, county, town, school or subject group, or a body that acts
//! beside them (office, development centre, training institution). Levels may be left out: a
//! county may stand below a province, a school below a city. Each node has a **path** of the
//! segments from the root down; a subtree is a range of paths, which is how
//! [`Scope`](tisheng_platform::Scope) says who may see what. A region's segment is the code that it was
//! founded with, unless another had that path before; another node's is made from its identifier. Neither
//! changes when the name or the code does.
//!
//! Tables: `node`, `node_history`, `node_moved`, `school`. Invariants: a path begins with the parent's path;
//! two open nodes never carry one code; a closed node has no open node below it; each change
//! leaves what was before in the history.

mod actions;
mod environment;
pub mod intake;
pub(crate) mod model;
pub(crate) mod pages;
mod regions;
mod store;

pub(crate) use actions::close;
pub use actions::{
    Close, MOVED, Moved, NewNode, OrganisationError, Recode, Rename, create, recode, relocate, rename,
    reopen, state_facts,
};
pub use environment::{Asked, Environment, EnvironmentSource, Environments, environments};
pub use model::{Facts, Kind, Location, Node, Pilot, Stage, region_code};
pub use pages::routes;
pub use regions::{RegionError, seed_regions};
pub use store::{
    NodeCard, NodeChange, SchoolFilter, SchoolOrder, SchoolRow, ancestors, below, by_code, by_path, children,
    facts, history, of_id, school_called, schools, search,
};

use std::collections::BTreeSet;

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx};
use tisheng_rules::SchoolFacts;

/// The node `id`, when it lies within what the asker may see.
///
/// # Errors
/// [`Failure::NotFound`] when there is none, or it lies elsewhere.
pub async fn visible(ctx: &Ctx, tx: &mut Tx, id: Id<Node>) -> Result<Node, Failure> {
    store::visible(tx, &ctx.scope(), id).await?.ok_or(Failure::NotFound)
}

/// What the rules must know of the school `school`: its environment, and the facts that hold of
/// it under the codes `smart_education_school`, `ethnic_area`, `former_poverty_county` and
/// `pilot`, `model`, `demonstration`.
///
/// # Errors
/// What the database reports; a school whose facts have not been stated has none.
pub async fn school_facts(tx: &mut Tx, school: Id<Node>) -> Result<SchoolFacts, DbError> {
    let Some(facts) = facts(tx, school).await? else { return Ok(SchoolFacts::default()) };
    let held = [
        (facts.smart_school, "smart_education_school"),
        (facts.ethnic_area, "ethnic_area"),
        (facts.former_poverty, "former_poverty_county"),
    ];
    let mut codes: BTreeSet<String> =
        held.iter().filter(|(holds, _)| *holds).map(|(_, code)| (*code).to_owned()).collect();
    codes.extend(facts.pilot.map(|pilot| pilot.key().to_owned()));
    Ok(SchoolFacts { environment: facts.environment, facts: codes })
}

/// A date as pages show it.
#[must_use]
pub fn day(date: &NaiveDate) -> String {
    chinese_date(*date)
}

/// The last day of something whose first day without it is `until`, as pages show it.
#[must_use]
pub fn last_day(until: &NaiveDate) -> String {
    chinese_date(until.pred_opt().unwrap_or(*until))
}
