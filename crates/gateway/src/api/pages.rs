//! Rows of a platform that were refused, line by line.

use askama::Template;
use chrono::Days;
use tisheng_kernel::Id;
use tisheng_kernel::number::{chinese_date, thousands};
use tisheng_platform::web::layout::{Flash, show};
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, Page, Path, once};
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::access::{Role, role};
use tisheng_training::platform::{self, Platform};

use super::refused::{self, Refused, Tried, in_words};
use super::store;
use crate::lrs;

/// A refused row as a line of the list.
struct RefusedRow {
    id: String,
    number: String,
    name: String,
    paper: String,
    title: String,
    reason: String,
    sender: String,
    first: String,
    last: String,
    times: i64,
    outcome: String,
    /// Whether it can be tried again.
    may_try: bool,
}

fn refused_row(row: Refused) -> RefusedRow {
    RefusedRow {
        id: row.id.to_string(),
        number: row.number,
        name: row.name,
        paper: row.paper_masked,
        title: row.title,
        reason: row.reason,
        sender: row.sender,
        first: row.first_at.chinese(),
        last: row.last_at.chinese(),
        times: row.times,
        outcome: row.outcome,
        may_try: row.state == "open" && row.content.is_some(),
    }
}

#[derive(Template)]
#[template(path = "api/pages/refused.html")]
struct RefusedPage {
    page: Page,
    id: String,
    settled: bool,
    /// How many rows wait.
    open: i64,
    /// What the record store refused lately; none beside what is settled.
    records: Vec<RecordRow>,
    open_at: String,
    settled_at: String,
    rows: Vec<RefusedRow>,
    first: String,
    next: String,
}

/// What the record store refused on a day for one reason.
struct RecordRow {
    day: String,
    reason: &'static str,
    times: String,
    last: String,
    sample: String,
}

/// Days of which is shown what the record store refused.
const DAYS: u64 = 7;

async fn records(ctx: &Ctx, tx: &mut Tx, platform: Id<Platform>) -> Result<Vec<RecordRow>, Failure> {
    let today = ctx.at.date();
    let found = lrs::refused_since(tx, platform.uuid(), today - Days::new(DAYS - 1)).await?;
    let row = |refused: lrs::Refused| RecordRow {
        day: if refused.day == today { "今天".to_owned() } else { chinese_date(refused.day) },
        reason: refused.refusal.title(),
        times: thousands(refused.times),
        last: refused.last_at.chinese(),
        sample: refused.sample,
    };
    Ok(found.into_iter().map(row).collect())
}

/// `GET /platforms/{id}/refused`: an institution sees every row of its platform, everybody else those about
/// people of the own part of the tree.
pub async fn list(asker: SignedIn, Path(id): Path<Id<Platform>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (platform, scope) = platform::here(ctx, &mut tx, id).await?;
    let settled = filters.text("state") == "settled";
    let found = store::list_refused(&mut tx, id, &scope, settled, &filters.cursor()).await?;
    let slice = Slice::cut(found, |row| (String::new(), row.id.to_string()));
    let records = if settled { Vec::new() } else { records(ctx, &mut tx, id).await? };
    let above = if role(ctx) == Some(Role::Institution) { "" } else { "/here" };
    show(&RefusedPage {
        page: Page::new(&asker, "被拒绝的报送", "/platforms")
            .crumb(platform.name.clone(), format!("/platforms/{id}{above}")),
        id: id.to_string(),
        settled,
        open: store::count_open(&mut tx, id, &scope).await?,
        records,
        open_at: filters.with("state", "open"),
        settled_at: filters.with("state", "settled"),
        rows: slice.rows.into_iter().map(refused_row).collect(),
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
    })
}

/// `POST /platforms/{id}/refused/{row}`: tries a row again.
pub async fn again(
    asker: SignedIn,
    Path((id, row)): Path<(Id<Platform>, Id<Refused>)>,
    fields: Fields,
) -> Answer {
    let ctx = &asker.ctx;
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let flash = match refused::again(ctx, &mut begun.tx, id, row).await? {
        Tried::Taken(outcome) => Flash::good(format!("已重新接收：{}。", in_words(outcome))),
        Tried::Refused(reason) => Flash::warn(format!("仍不能接收。{reason}")),
        Tried::Gone => Flash::warn("这一行已经处理过，或者内容过长没有保存，请由平台重新报送。"),
    };
    begun.done(&format!("/platforms/{id}/refused"), flash).await
}
