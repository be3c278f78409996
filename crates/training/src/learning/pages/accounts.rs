//! Lists of accounts.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::Scope;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::Page;
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Filters, layout};
use tisheng_policy::scheme;
use tisheng_registry::access::{require, role};

use super::super::model::LearnerState;
use super::super::store;
use super::{LearnerRow, learner_row};
use crate::hours::DESK;
use crate::platform::{self, Platform};

/// Unknown names listed at most.
const UNKNOWN: i64 = 50;

/// A tab of the list.
struct Tab {
    href: String,
    label: &'static str,
    current: bool,
}

fn tabs(filters: &Filters, state: LearnerState) -> Vec<Tab> {
    LearnerState::ALL
        .iter()
        .map(|tab| Tab { href: filters.with("state", tab.key()), label: tab.title(), current: *tab == state })
        .collect()
}

#[derive(Template)]
#[template(path = "learning/pages/accounts.html")]
struct AccountsPage {
    page: Page,
    tabs: Vec<Tab>,
    words: String,
    state: &'static str,
    rows: Vec<LearnerRow>,
    /// Whether the asker says whose an account is.
    may_decide: bool,
    unknown: Vec<(String, i64, String)>,
    first: String,
    next: String,
}

/// `GET /learners`: the accounts that the asker decides about.
pub async fn desk(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    require(ctx, &DESK)?;
    let scope = ctx.scope();
    let page = Page::new(&asker, "待对应的学习账号", "/hours/waiting").crumb("学时待处理", "/hours/waiting");
    list(&asker, page, &filters, (&scope, ""), Vec::new()).await
}

/// `GET /platforms/{id}/learners`: the accounts of one platform, for those who look after it.
pub async fn of_platform(asker: SignedIn, Path(id): Path<Id<Platform>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let platform = platform::visible(ctx, &mut tx, id).await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let unknown = store::facts::unknown(&mut tx, id, UNKNOWN).await?;
    drop(tx);
    let unknown = unknown.into_iter().map(|(name, count, last)| (name, count, last.chinese())).collect();
    let page = Page::new(&asker, "学员与教师的对应", "/platforms")
        .crumb("学习平台", "/platforms")
        .crumb(platform.name.clone(), format!("/platforms/{id}"));
    list(&asker, page, &filters, (&Scope::below(&programme.path), &platform.name), unknown).await
}

async fn list(
    asker: &SignedIn,
    page: Page,
    filters: &Filters,
    (scope, platform): (&Scope, &str),
    unknown: Vec<(String, i64, String)>,
) -> Answer {
    let ctx = &asker.ctx;
    let state = filters.text("state").parse().unwrap_or(LearnerState::Unmatched);
    let words = filters.text("q");
    let mut tx = ctx.read().await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let asked = (state, words, platform);
    let found = store::list(&mut tx, programme.id, scope, asked, &filters.cursor()).await?;
    let slice = Slice::cut(found, |row| (String::new(), row.id.to_string()));
    let mut rows = Vec::with_capacity(slice.rows.len());
    for learner in &slice.rows {
        rows.push(learner_row(&mut tx, learner).await?);
    }
    layout::show(&AccountsPage {
        page,
        tabs: tabs(filters, state),
        words: words.to_owned(),
        state: state.key(),
        rows,
        may_decide: role(ctx).is_some_and(|role| DESK.contains(&role)),
        unknown,
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
    })
}
