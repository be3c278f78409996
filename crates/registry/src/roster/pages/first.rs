//! What the owners of accounts that a file has opened are given: a list, or slips to cut. Each is a
//! `POST`, since it makes new tokens, and stands in its answer alone.

use askama::Template;
use tisheng_platform::web::layout;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Fields, Page, Path, serve};

use super::XLSX;
use super::run::load;
use crate::access::Slip;
use crate::roster::invitations::{self, Slips};
use crate::roster::model::{Run, State};

#[derive(Template)]
#[template(path = "roster/pages/slips.html")]
struct SlipsPage {
    page: Page,
    slips: Vec<Slip>,
    /// Where the next slips begin; nothing after the last.
    next: Option<i64>,
    /// People who got none, since somebody else looks after them by now.
    left: usize,
    /// The page of the run.
    back: String,
}

fn taken(run: &Run) -> Result<(), Failure> {
    match run.state {
        State::Taken => Ok(()),
        state => Err(Failure::Refused(format!("这次导入现在是“{}”，没有可以发放的口令。", state.chinese()))),
    }
}

/// `POST /roster/runs/{id}/tokens.xlsx`
pub async fn tokens(asker: SignedIn, Path(text): Path<String>) -> Answer {
    let ctx = &asker.ctx;
    let (run, about) = load(ctx, &text).await?;
    taken(&run)?;
    let list = invitations::invite(ctx, &run).await?;
    let workbook = invitations::workbook(list).map_err(|e| Failure::Internal(e.to_string()))?;
    Ok(serve::download(&format!("{}首次登录清单.xlsx", about.title), XLSX, workbook))
}

/// `POST /roster/runs/{id}/slips`
pub async fn slips(asker: SignedIn, Path(text): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let (run, _) = load(ctx, &text).await?;
    taken(&run)?;
    let after = fields.text("after").parse().unwrap_or(0);
    let Slips { list, next, left } = invitations::slips(ctx, &run, after).await?;
    let back = format!("/roster/runs/{}", run.id);
    layout::show(&SlipsPage { page: Page::of(ctx, "首次登录条"), slips: list, next, left, back })
}
