//! Pages of the tree and of schools.

pub(crate) mod edit;
mod schools;
mod tree;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::web::layout::Page;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::{App, Tx};

use super::model::Node;
use super::store;

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/organisation", get(tree::own))
        .route("/organisation/{node}", get(tree::show))
        .route("/organisation/{node}/new", get(edit::new_form).post(edit::found))
        .route("/organisation/{node}/edit", get(edit::form))
        .route("/organisation/{node}/rename", post(edit::rename))
        .route("/organisation/{node}/recode", post(edit::recode))
        .route("/organisation/{node}/reopen", post(edit::reopen))
        .route("/organisation/{node}/facts", get(schools::facts_form).post(schools::state_facts))
        .route("/organisation/{node}/schools", get(schools::list))
        .route("/organisation/{node}/schools.xlsx", get(schools::xlsx))
        .route("/organisation/{node}/schools.csv", get(schools::csv))
}

/// The node that an address names.
pub(crate) fn parse(node: &str) -> Result<Id<Node>, Failure> {
    node.parse().map_err(|_| Failure::NotFound)
}

/// A page about `node`, with the way to it from the asker's own node.
pub(crate) async fn page_of(
    asker: &SignedIn,
    tx: &mut Tx,
    node: &Node,
    title: impl Into<String>,
) -> Result<Page, Failure> {
    let mut page = Page::new(asker, title, "/organisation");
    let scope = asker.ctx.scope();
    for above in store::ancestors(tx, &node.path).await?.iter().filter(|above| scope.holds(&above.path)) {
        page = page.crumb(&above.name, format!("/organisation/{}", above.id));
    }
    Ok(page)
}
