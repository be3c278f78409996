//! An office above several programmes: each territory below with its figures.

use askama::Template;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Page};
use tisheng_platform::{Scope, Tx};
use tisheng_policy::scheme;
use tisheng_registry::organisation::{self, Node};

use crate::monitoring::model::Figures;
use crate::monitoring::store;

/// The programme of a territory with its figures.
struct Line {
    title: String,
    years: String,
    node: Node,
    figures: Figures,
}

#[derive(Template)]
#[template(path = "monitoring/pages/programmes.html")]
struct ProgrammesPage {
    page: Page,
    lines: Vec<Line>,
}

/// The page of a node at which no programme runs itself. Programmes have rules of their own, so
/// their figures stand beside each other and are not added up.
pub(super) async fn show_below(asker: SignedIn, mut tx: Tx, node: Node) -> Answer {
    let ctx = &asker.ctx;
    let below = Scope::below(&node.path);
    let mut lines = Vec::new();
    for programme in scheme::programmes(ctx, &mut tx).await? {
        if !below.holds(&programme.path) {
            continue;
        }
        let (figures, _) =
            store::figures_below(&mut tx, programme.id, &Scope::below(&programme.path)).await?;
        let node = organisation::visible(ctx, &mut tx, programme.node).await?;
        let years = format!("{}—{}年", programme.year_from, programme.year_until);
        lines.push(Line { title: programme.title, years, node, figures });
    }
    drop(tx);
    let page = Page::new(&asker, format!("{}：进度", node.name), "/monitor");
    show(&ProgrammesPage { page, lines })
}
