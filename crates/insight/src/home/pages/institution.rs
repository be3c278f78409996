//! The first page of a training institution: what its platforms have delivered today, and what waits.

use askama::Template;
use tisheng_kernel::Instant;
use tisheng_platform::Ctx;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Page};
use tisheng_policy::scheme;
use tisheng_training::platform::{self, Platform, State};

use super::super::store::{self, Delivered};
use super::others;

/// A platform of the institution as shown.
struct Row {
    id: String,
    name: String,
    state: &'static str,
    tone: &'static str,
    last: String,
    delivered: Delivered,
}

#[derive(Template)]
#[template(path = "home/pages/institution.html")]
struct InstitutionPage {
    page: Page,
    rows: Vec<Row>,
}

/// `GET /` of an institution.
pub(super) async fn home(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = match scheme::at(&mut tx, &asker.member().path).await {
        Ok(programme) => programme,
        Err(Failure::NotFound) => {
            drop(tx);
            return others(asker).await;
        }
        Err(other) => return Err(other),
    };
    let platforms = platform::list(ctx, &mut tx, &programme).await?;
    let today = Instant::start_of(ctx.at.date());
    let mut rows = Vec::with_capacity(platforms.len());
    for platform in &platforms {
        rows.push(row(ctx, platform, store::delivered(&mut tx, platform.id, today).await?));
    }
    drop(tx);
    show(&InstitutionPage { page: Page::new(&asker, "首页", "/"), rows })
}

fn row(ctx: &Ctx, platform: &Platform, delivered: Delivered) -> Row {
    let (state, tone) = match platform.state {
        State::Suspended => (State::Suspended.title(), "plain"),
        State::Active if platform.silent_for(ctx.at).is_some() => ("久未报送", "warn"),
        State::Active => (State::Active.title(), "good"),
    };
    Row {
        id: platform.id.to_string(),
        name: platform.name.clone(),
        state,
        tone,
        last: platform.last_arrival.map(Instant::chinese).unwrap_or_default(),
        delivered,
    }
}
