//! The months of a platform, and one of them.

use askama::Template;
use axum::Router;
use axum::routing::get;
use std::collections::HashMap;
use std::sync::Arc;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{HourLength, Id, Instant};
use tisheng_platform::App;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::paging::ROWS;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_policy::scheme;

use super::actions::{confirm, look, side};
use super::model::{Confirmed, Difference, Figures, Ledger, Month, Sheet, SheetError, Side, Standing, Sum};
use super::store::{self, Of};
use crate::hours;
use crate::platform::{self, Platform};
use crate::table::{MOST, Table};

/// The routes of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/platforms/{id}/months", get(months))
        .route("/platforms/{id}/months/{month}", get(show).post(agree))
        .route("/platforms/{id}/months/{month}/lines", get(lines))
        .route("/platforms/{id}/months/{month}/differences", get(differing))
}

/// A month as a row.
struct MonthRow {
    month: String,
    title: String,
    records: i64,
    hours: String,
    waiting: i64,
    /// Accounts that have learnt in the month and are nobody's yet.
    unmatched: i64,
    stated: String,
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "reconciliation/pages/months.html")]
struct MonthsPage {
    page: Page,
    id: String,
    rows: Vec<MonthRow>,
    may_state: bool,
}

/// `GET /platforms/{id}/months`: those of the programme in which something came.
async fn months(asker: SignedIn, Path(id): Path<Id<Platform>>) -> Answer {
    /// Months shown: those about which there is still something to settle.
    const SHOWN: usize = 24;
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let platform = platform::visible(ctx, &mut tx, id).await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let today = ctx.at.date();
    let period = *rules.identity.period;
    let begin = period.map_or(platform.created_at.date(), |period| period.from());
    let end = period.map_or(today, |period| period.until().min(today));
    let mut rows = Vec::new();
    let months = Month::between(begin, end);
    let unmatched = store::unmatched_by_month(&mut tx, &platform, &months).await?;
    let mut sheets = store::kept::sheets(&mut tx, &platform).await?;
    let waiting = store::kept::waiting_by_month(&mut tx, &platform).await?;
    let kept: HashMap<Month, Ledger> = store::kept::all(&mut tx, &platform).await?.into_iter().collect();
    for (month, unmatched) in months.into_iter().zip(unmatched) {
        if rows.len() == SHOWN {
            break;
        }
        let sheet = sheets.remove(&month).unwrap_or_default();
        let ledger = match kept.get(&month) {
            Some(kept) => *kept,
            // Of a month that has just changed, and of one in which nothing is.
            None => store::ledger(&mut tx, Of { platform: &platform, month }).await?,
        };
        let figures = Figures::of(ledger, waiting.get(&month).copied().unwrap_or_default(), &sheet);
        if is_empty(&figures) && unmatched == 0 && sheet == Sheet::default() {
            continue;
        }
        let standing = sheet.standing(&figures);
        rows.push(MonthRow {
            month: month.to_string(),
            title: month.chinese(),
            records: figures.ours.records,
            hours: figures.ours.seconds.in_hours(platform.length),
            waiting: figures.waiting,
            unmatched,
            stated: sheet.stated_at.map(Instant::chinese).unwrap_or_default(),
            state: standing.chinese(),
            tone: standing.tone(),
        });
    }
    layout::show(&MonthsPage {
        page: of_platform(&asker, "按月对账", &platform),
        id: id.to_string(),
        rows,
        may_state: side(ctx).is_some(),
    })
}

fn of_platform(asker: &SignedIn, title: impl Into<String>, platform: &Platform) -> Page {
    Page::new(asker, title, "/platforms")
        .crumb("学习平台", "/platforms")
        .crumb(platform.name.clone(), format!("/platforms/{}", platform.id))
}

/// A line that differs, as shown.
struct DifferenceRow {
    number: String,
    name: String,
    title: String,
    day: String,
    theirs: String,
    ours: String,
    sentence: String,
}

fn difference_row(length: HourLength, difference: &Difference) -> DifferenceRow {
    let shown = |seconds: Option<tisheng_kernel::Seconds>| {
        seconds.map_or_else(|| "—".to_owned(), |seconds| seconds.in_hours(length))
    };
    DifferenceRow {
        number: difference.number.clone(),
        name: difference.name.clone(),
        title: difference.title.clone(),
        day: chinese_date(difference.worked_on),
        theirs: shown(difference.theirs),
        ours: shown(difference.ours),
        sentence: difference.sentence(),
    }
}

/// What a side has said, as shown.
struct SideRow {
    who: &'static str,
    state: &'static str,
    tone: &'static str,
    at: String,
    /// What it confirmed; empty while nothing.
    figures: String,
    note: String,
}

/// Figures that were confirmed, in words.
fn in_words(figures: &Figures, length: HourLength) -> String {
    let shown = |sum: Sum| format!("{} 条 {} 学时", sum.records, sum.seconds.in_hours(length));
    let theirs = figures.theirs.map_or_else(|| "未提交".to_owned(), shown);
    let mut words = format!("台账 {}，对账表 {theirs}", shown(figures.ours));
    for (what, count) in [("差异", figures.differences), ("待处理", figures.waiting)] {
        if count > 0 {
            words.push_str(&format!("，{what} {count} 条"));
        }
    }
    words
}

fn side_row(who: &'static str, said: &Confirmed, (figures, length): (&Figures, HourLength)) -> SideRow {
    let (state, tone) = if said.figures.is_empty() {
        ("未确认", "plain")
    } else if said.is_of(figures) {
        ("已确认", "good")
    } else {
        ("确认后有变动", "warn")
    };
    SideRow {
        who,
        state,
        tone,
        at: said.at.map(Instant::chinese).unwrap_or_default(),
        figures: Figures::read(&said.figures).map(|f| in_words(&f, length)).unwrap_or_default(),
        note: said.note.clone(),
    }
}

#[derive(Template)]
#[template(path = "reconciliation/pages/month.html")]
struct MonthPage {
    page: Page,
    id: String,
    month: String,
    state: &'static str,
    tone: &'static str,
    ours: (i64, String),
    theirs: Option<(i64, String)>,
    waiting: i64,
    /// Accounts that have learnt in the month and are nobody's yet.
    unmatched: i64,
    differing: i64,
    waiting_at: String,
    /// The day from which the month can be confirmed; empty once it has come.
    confirmed_from: String,
    sides: [SideRow; 2],
    differences: Vec<DifferenceRow>,
    mark: String,
    needs_note: bool,
    /// Whether the asker may confirm now.
    may_confirm: bool,
    may_state: bool,
    note: String,
    errors: FormErrors,
    first: String,
    next: String,
}

fn named(month: &str) -> Result<Month, Failure> {
    Month::read(month).ok_or(Failure::NotFound)
}

/// `GET /platforms/{id}/months/{month}`
async fn show(asker: SignedIn, Path((id, month)): Path<(Id<Platform>, String)>, filters: Filters) -> Answer {
    let month = named(&month)?;
    // There is nothing to compare in a month that has not begun.
    if month.from() > asker.ctx.at.date() {
        return Err(Failure::NotFound);
    }
    layout::show(&month_page(&asker, (id, month), &filters, ("", FormErrors::default())).await?)
}

async fn month_page(
    asker: &SignedIn,
    (id, month): (Id<Platform>, Month),
    filters: &Filters,
    (note, errors): (&str, FormErrors),
) -> Result<MonthPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let platform = platform::visible(ctx, &mut tx, id).await?;
    let of = Of { platform: &platform, month };
    let (sheet, figures) = look(&mut tx, of).await?;
    let after = filters.text("after");
    let mut found = match figures.theirs {
        Some(_) => store::differences(&mut tx, of, sheet.revision).await?,
        None => Vec::new(),
    };
    found.retain(|difference| difference.number.as_str() > after);
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let more = found.len() > most;
    found.truncate(most);
    let next = found.last().filter(|_| more).map(|last| filters.with("after", &last.number));
    let mark = figures.mark();
    let standing = sheet.standing(&figures);
    let shown = |sum: Sum| (sum.records, sum.seconds.in_hours(platform.length));
    let own = match side(ctx) {
        Some(Side::Institution) => Some(&sheet.own),
        Some(Side::Office) => Some(&sheet.office),
        None => None,
    };
    Ok(MonthPage {
        page: of_platform(asker, format!("{}对账", month.chinese()), &platform)
            .crumb("按月对账", format!("/platforms/{id}/months")),
        id: id.to_string(),
        month: month.to_string(),
        state: standing.chinese(),
        tone: standing.tone(),
        ours: shown(figures.ours),
        theirs: figures.theirs.map(shown),
        waiting: figures.waiting,
        unmatched: store::unmatched(&mut tx, of).await?,
        differing: figures.differences,
        waiting_at: hours::desk_of_source(ctx, &platform.name, None).unwrap_or_default(),
        confirmed_from: if is_over(asker, month) { String::new() } else { chinese_date(month.until()) },
        sides: [("培训机构", &sheet.own), ("工程办", &sheet.office)]
            .map(|(who, said)| side_row(who, said, (&figures, platform.length))),
        differences: found.iter().map(|d| difference_row(platform.length, d)).collect(),
        needs_note: figures.needs_note(),
        may_confirm: own.is_some_and(|said| !said.is_of(&figures))
            && is_over(asker, month)
            && !is_empty(&figures),
        may_state: side(ctx).is_some() && standing != Standing::Agreed,
        mark,
        note: note.to_owned(),
        errors,
        first: if after.is_empty() { String::new() } else { filters.with("after", "") },
        next: next.unwrap_or_default(),
    })
}

/// Whether the month is over, so that it can be confirmed.
fn is_over(asker: &SignedIn, month: Month) -> bool {
    asker.ctx.at.date() >= month.until()
}

/// Whether nothing has come or was stated.
const fn is_empty(figures: &Figures) -> bool {
    figures.ours.records == 0 && figures.theirs.is_none() && figures.waiting == 0
}

/// `POST /platforms/{id}/months/{month}`: the asker's side confirms.
async fn agree(
    asker: SignedIn,
    Path((id, month)): Path<(Id<Platform>, String)>,
    filters: Filters,
    fields: Fields,
) -> Answer {
    let ctx = &asker.ctx;
    let month = named(&month)?;
    let note = fields.text("note");
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    match confirm(ctx, &mut once.tx, (id, month), (fields.text("figures"), note)).await {
        Ok(standing) => {
            let flash = Flash::good(match standing {
                Standing::Agreed => "已确认。双方确认了同样的数字，本月对账完成。",
                _ => "已确认。另一方也确认同样的数字后，本月对账完成。",
            });
            once.done(&format!("/platforms/{id}/months/{month}"), flash).await
        }
        Err(SheetError::Failed(failure)) => Err(failure),
        Err(error) => {
            drop(once);
            let errors = FormErrors::one("note", error.to_string());
            let page = month_page(&asker, (id, month), &filters, (note, errors)).await?;
            again(&page)
        }
    }
}

/// `GET /platforms/{id}/months/{month}/lines`: what stands in the ledger, to compare with.
async fn lines(asker: SignedIn, Path((id, month)): Path<(Id<Platform>, String)>, filters: Filters) -> Answer {
    let (month, ctx) = (named(&month)?, &asker.ctx);
    let mut tx = ctx.read().await?;
    let platform = platform::visible(ctx, &mut tx, id).await?;
    let lines = store::lines(&mut tx, Of { platform: &platform, month }, MOST).await?;
    let row = |line: store::Line| {
        vec![
            platform.name.clone(),
            line.number,
            line.name,
            line.title,
            line.worked_on.to_string(),
            line.seconds.in_hours(platform.length),
        ]
    };
    let titles = ["平台", "记录编号", "姓名", "课程", "学习日期"];
    let head: Vec<_> = titles.map(|title| (title, false)).into_iter().chain([("学时", true)]).collect();
    let rows = lines.into_iter().map(row).collect();
    Table::new(format!("{}-{month}-台账", platform.name), &head, rows).answer(&filters)
}

/// `GET /platforms/{id}/months/{month}/differences`: every line that differs, as a table.
async fn differing(
    asker: SignedIn,
    Path((id, month)): Path<(Id<Platform>, String)>,
    filters: Filters,
) -> Answer {
    let (month, ctx) = (named(&month)?, &asker.ctx);
    let mut tx = ctx.read().await?;
    let platform = platform::visible(ctx, &mut tx, id).await?;
    let of = Of { platform: &platform, month };
    let sheet = store::sheet(&mut tx, of).await?;
    let found = store::differences(&mut tx, of, sheet.revision).await?;
    let row = |difference: &Difference| {
        let row = difference_row(platform.length, difference);
        vec![row.number, row.name, row.title, row.day, row.theirs, row.ours, row.sentence]
    };
    let titles = ["记录编号", "姓名", "课程", "学习日期", "机构提交", "本系统", "差异"];
    let head = titles.map(|title| (title, matches!(title, "机构提交" | "本系统")));
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let rows = found.iter().take(most).map(row).collect();
    Table::new(format!("{}-{month}-差异", platform.name), &head, rows).answer(&filters)
}
