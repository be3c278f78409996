//! The start page: what may be brought, and what has been.

use askama::Template;
use tisheng_kernel::pinyin;
use tisheng_platform::web::layout;
use tisheng_platform::web::paging::{ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Cursor, Failure, Filters, Page};

use crate::role::breadth;
use crate::roster::kind::{About, Entry, Kinds};
use crate::roster::model::{Run, State};
use crate::roster::store::listed::{self, RunFilter};

#[derive(Template)]
#[template(path = "roster/pages/start.html")]
struct StartPage<'a> {
    page: Page,
    kinds: Vec<&'static About>,
    runs: Vec<Line>,
    filters: &'a Filters,
    /// The order in force, as the address names it.
    order: String,
    states: Vec<(&'static str, &'static str)>,
    first: String,
    next: String,
}

impl StartPage<'_> {
    /// Whether the list is narrowed to something.
    fn is_narrowed(&self) -> bool {
        ["kind", "state", "clerk"].iter().any(|name| !self.filters.text(name).is_empty())
    }
}

/// A run in the history.
struct Line {
    run: Run,
    title: &'static str,
}

/// `GET /roster`
pub async fn start(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let open: Vec<Entry> = ctx.app.parts.get::<Kinds>().open_to(asker.member()).collect();
    if open.is_empty() {
        return Err(Failure::NotFound);
    }
    let mut tx = ctx.read().await?;
    let mut kinds: Vec<&'static About> = Vec::with_capacity(open.len());
    for entry in open {
        if (entry.used)(ctx, &mut tx).await? {
            kinds.push(entry.about);
        }
    }
    let chosen = filters.text("kind");
    let wanted = RunFilter {
        kinds: kinds
            .iter()
            .map(|about| about.key)
            .filter(|key| chosen.is_empty() || *key == chosen)
            .collect(),
        state: State::of(filters.text("state")),
        clerk: pinyin::query(filters.text("clerk")),
        order: listed::order(filters.text("sort")),
    };
    let place = filters.cursor();
    let runs = listed::runs(&mut tx, (&ctx.scope(), breadth(ctx)), &wanted, &place, ROWS + 1).await?;
    drop(tx);
    let slice = Slice::cut(runs, |(run, key)| (key.clone(), run.id.to_string()));
    let title = |kind: &str| kinds.iter().find(|about| about.key == kind).map(|about| about.title);
    let lines = slice.rows.into_iter().filter_map(|(run, _)| Some(Line { title: title(&run.kind)?, run }));
    let page = Page::new(&asker, "数据导入", "/roster");
    // Whose menu has no entry for all files comes from that for one kind.
    let page = match kinds.iter().find(|about| about.key == chosen) {
        Some(about) if !page.is_in_menu() => super::page(&asker, "数据导入", about.key),
        _ => page,
    };
    layout::show(&StartPage {
        page,
        runs: lines.collect(),
        kinds,
        order: wanted.order.key(),
        states: State::ALL.iter().map(|state| (state.code(), state.chinese())).collect(),
        first: if place == Cursor::default() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        filters: &filters,
    })
}
