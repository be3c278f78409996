//! The office's files and their receipts; the teacher's years.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::routing::{get, post};
use chrono::Datelike;
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, again, show};
use tisheng_platform::web::paging::ROWS;
use tisheng_platform::web::serve::download;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, Page, once};
use tisheng_platform::{App, jobs};
use tisheng_registry::access::{self, Role};
use tisheng_rules::handover::When;

use super::actions::{self, OFFICES, Ruled, Years};
use super::model::{Batch, HandoverError, LineState, read_wish};
use super::store::{self, Told};

/// Batches shown on the office's page.
const BATCHES: i64 = 30;

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/handover", get(office).post(ask))
        .route("/handover/mine", get(mine).post(wish))
        .route("/handover/{batch}", get(one))
        .route("/handover/{batch}/file", post(file))
}

/// A year as the office sees it.
#[derive(Default)]
struct YearRow {
    year: i32,
    sent: i64,
    registered: i64,
    refused: i64,
    hours: Seconds,
    /// From when on it is handed over, while it is not yet.
    due_from: String,
}

#[derive(Template)]
#[template(path = "handover/pages/office.html")]
struct OfficePage {
    page: Page,
    /// To which system hours are handed over; empty where the scheme says nothing of it.
    system: String,
    by_year: bool,
    years: Vec<(YearRow, String)>,
    batches: Vec<(Batch, String)>,
    errors: FormErrors,
}

/// `GET /handover`
async fn office(asker: SignedIn) -> Answer {
    show(&office_page(&asker, FormErrors::default()).await?)
}

async fn office_page(asker: &SignedIn, errors: FormErrors) -> Result<OfficePage, Failure> {
    let ctx = &asker.ctx;
    access::require(ctx, &OFFICES)?;
    let mut tx = ctx.read().await?;
    let ruled = Ruled::of(ctx, &mut tx).await?;
    let page = Page::new(asker, "学时移交", "/handover");
    // The menu knows no scheme: where nothing is handed over, the page says so.
    let Ok(rule) = ruled.rule() else {
        let (years, batches) = (Vec::new(), Vec::new());
        return Ok(OfficePage { page, system: String::new(), by_year: false, years, batches, errors });
    };
    let (system, by_year) = (rule.system.value.clone(), *rule.when == When::YearEnd);
    let scope = ctx.scope();
    let this_year = ctx.at.date().year();
    let row = |year: i32| {
        let due_from =
            if rule.is_due(year, this_year) { String::new() } else { format!("{}年1月1日起", year + 1) };
        YearRow { year, due_from, ..YearRow::default() }
    };
    let mut years: BTreeMap<i32, YearRow> = ruled.years().into_iter().map(|year| (year, row(year))).collect();
    for (year, state, lines, seconds) in store::sums(&mut tx, ruled.programme.id, &scope).await? {
        let row = years.entry(year).or_insert_with(|| row(year));
        match state {
            LineState::Sent => row.sent += lines,
            LineState::Registered => row.registered += lines,
            LineState::Refused => row.refused += lines,
        }
        if state == LineState::Registered {
            row.hours += seconds;
        }
    }
    let length = *ruled.rules.hours.length;
    let batches = store::batches(&mut tx, ruled.programme.id, &scope, BATCHES).await?;
    let mut told = Vec::new();
    for batch in batches {
        let given_up = jobs::state(&mut tx, batch.job).await?.is_some_and(|state| state.given_up);
        let state = match batch.done_at {
            Some(_) => batch.seconds.in_hours(length),
            None if given_up => "没有成功，请重新生成".to_owned(),
            None => "正在生成".to_owned(),
        };
        told.push((batch, state));
    }
    Ok(OfficePage {
        page,
        system,
        by_year,
        years: years
            .into_values()
            .map(|row| {
                let hours = row.hours.in_hours(length);
                (row, hours)
            })
            .collect(),
        batches: told,
        errors,
    })
}

/// `POST /handover`
async fn ask(asker: SignedIn, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let year = fields.text("year").parse().unwrap_or_default();
    match actions::ask(&asker.ctx, &mut begun.tx, year).await {
        Ok(id) => {
            let flash = Flash::good("正在找出需要移交的学时，稍后刷新本页。");
            begun.done(&format!("/handover/{id}"), flash).await
        }
        Err(HandoverError::Failed(failure)) => Err(failure),
        Err(error) => {
            drop(begun);
            again(&office_page(&asker, FormErrors::one("year", error.to_string())).await?)
        }
    }
}

#[derive(Template)]
#[template(path = "handover/pages/batch.html")]
struct BatchPage {
    page: Page,
    batch: Batch,
    system: String,
    by_year: bool,
    hours: String,
    given_up: bool,
    rows: Vec<(Told, String)>,
    filters: Filters,
    next: String,
}

/// `GET /handover/{batch}`
async fn one(asker: SignedIn, Path(id): Path<Id<Batch>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let batch = actions::visible(ctx, &mut tx, id).await?;
    let ruled = Ruled::of(ctx, &mut tx).await?;
    let place = (filters.text("after"), ROWS + 1);
    let mut rows = store::lines(&mut tx, batch.id, filters.text("state"), place).await?;
    let more = i64::try_from(rows.len()).unwrap_or_default() > ROWS;
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|told| filters.with("after", &told.line.number));
    let given_up = jobs::state(&mut tx, batch.job).await?.is_some_and(|state| state.given_up);
    let length = *ruled.rules.hours.length;
    let title = format!("{}年度移交文件 {}", batch.year, batch.code);
    show(&BatchPage {
        page: Page::new(&asker, title, "/handover").crumb("学时移交", "/handover"),
        system: ruled.rule().map(|rule| rule.system.value.clone()).unwrap_or_default(),
        by_year: ruled.rule().is_ok_and(|rule| *rule.when == When::YearEnd),
        hours: batch.seconds.with_unit(length),
        given_up,
        rows: rows
            .into_iter()
            .map(|told| {
                let hours = told.line.seconds.in_hours(length);
                (told, hours)
            })
            .collect(),
        next: next.unwrap_or_default(),
        batch,
        filters,
    })
}

/// `POST /handover/{batch}/file`: taking it is a look at whole numbers, so it is no mere reading.
async fn file(asker: SignedIn, Path(id): Path<Id<Batch>>) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.write().await?;
    let batch = actions::visible(ctx, &mut tx, id).await?;
    let (head, rows) = actions::file(ctx, &mut tx, &batch).await.map_err(refused)?;
    tx.commit().await?;
    let titles: Vec<&str> = head.iter().map(String::as_str).collect();
    let bytes =
        tisheng_sheet::xlsx("学时移交", &titles, &[], rows).map_err(|e| Failure::Internal(e.to_string()))?;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(download(&format!("学时移交-{}-{}.xlsx", batch.year, batch.code), kind, bytes))
}

fn refused(error: HandoverError) -> Failure {
    match error {
        HandoverError::Failed(failure) => failure,
        other => Failure::Refused(other.to_string()),
    }
}

/// A year as the teacher sees it.
struct MineRow {
    year: i32,
    worked: String,
    right: String,
    handed: String,
    typed: String,
}

#[derive(Template)]
#[template(path = "handover/pages/mine.html")]
struct MinePage {
    page: Page,
    system: String,
    /// Whether a year is handed over once it is over, with or without a certificate.
    by_year: bool,
    subject: String,
    bound: String,
    total: String,
    has_hours: bool,
    rows: Vec<MineRow>,
    lines: Vec<(i32, String, LineState, String)>,
    /// Whether the years were chosen by the teacher.
    wished: bool,
    errors: FormErrors,
}

/// `GET /handover/mine`
async fn mine(asker: SignedIn) -> Answer {
    show(&mine_page(&asker, None, FormErrors::default()).await?)
}

async fn mine_page(
    asker: &SignedIn,
    typed: Option<&Fields>,
    errors: FormErrors,
) -> Result<MinePage, Failure> {
    let ctx = &asker.ctx;
    let member = access::require(ctx, &[Role::Teacher])?;
    let mut tx = ctx.read().await?;
    let ruled = Ruled::of(ctx, &mut tx).await?;
    let Ok(rule) = ruled.rule() else { return Err(Failure::NotFound) };
    let person = Id::from_uuid(member.person);
    let Years { worked, wished, right, handed } =
        actions::years_of(&mut tx, &ruled, person).await.map_err(refused)?;
    let length = *ruled.rules.hours.length;
    let shown = |seconds| ruled.rules.hours.shown(seconds);
    let of = |sums: &BTreeMap<i32, Seconds>, year| sums.get(&year).copied().unwrap_or(Seconds::ZERO);
    let row = |year: i32| MineRow {
        year,
        worked: of(&worked, year).in_hours(length),
        right: of(&right, year).in_hours(length),
        handed: of(&handed, year).in_hours(length),
        typed: typed.map_or_else(
            || of(&right, year).in_hours(length),
            |fields| fields.text(&format!("year{year}")).to_owned(),
        ),
    };
    let lines = store::lines_of(&mut tx, ruled.programme.id, person).await?;
    Ok(MinePage {
        page: Page::new(asker, "学时移交", "/hours").crumb("我的学时", "/hours"),
        system: rule.system.value.clone(),
        by_year: *rule.when == When::YearEnd,
        subject: rule.subject.value.clone(),
        bound: rule.per_year.as_ref().map(|bound| shown(**bound)).unwrap_or_default(),
        total: shown(worked.values().copied().sum()),
        has_hours: worked.values().any(|seconds| *seconds != Seconds::ZERO),
        rows: ruled.years().into_iter().map(row).collect(),
        lines: lines.into_iter().map(|l| (l.year, shown(l.seconds), l.state, l.note)).collect(),
        wished: !wished.is_empty() && wished == right,
        errors,
    })
}

/// `POST /handover/mine`
async fn wish(asker: SignedIn, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    match wished(&asker, &mut begun.tx, &fields).await {
        Ok(true) => begun.done("/handover/mine", Flash::good("已恢复为按学习年度移交。")).await,
        Ok(false) => begun.done("/handover/mine", Flash::good("已保存。以后的移交按这里的年度。")).await,
        Err(HandoverError::Failed(failure)) => Err(failure),
        Err(error) => {
            drop(begun);
            let field = match error {
                HandoverError::Unreadable { year, .. } => format!("year{year}"),
                _ => fields
                    .pairs()
                    .iter()
                    .map(|(key, _)| key.clone())
                    .find(|k| k.starts_with("year"))
                    .unwrap_or_default(),
            };
            let errors = FormErrors::one(&field, error.to_string());
            // What the years come to together is no single year's mistake.
            let errors = match error {
                HandoverError::Unreadable { .. } => errors.titled(&[(field.as_str(), "计入学时")]),
                _ => errors,
            };
            again(&mine_page(&asker, Some(&fields), errors).await?)
        }
    }
}

/// Keeps what the form asks for; says whether the years of the work are back in force.
async fn wished(
    asker: &SignedIn,
    tx: &mut tisheng_platform::Tx,
    fields: &Fields,
) -> Result<bool, HandoverError> {
    if fields.has("back", "yes") {
        actions::wish(&asker.ctx, tx, &BTreeMap::new()).await?;
        return Ok(true);
    }
    let ruled = Ruled::of(&asker.ctx, tx).await?;
    let years = ruled.years();
    let names: Vec<String> = years.iter().map(|year| format!("year{year}")).collect();
    let typed: Vec<(i32, &str)> =
        years.iter().zip(&names).map(|(year, name)| (*year, fields.text(name))).collect();
    let wish = read_wish(&typed, *ruled.rules.hours.length)?;
    actions::wish(&asker.ctx, tx, &wish).await?;
    Ok(wish.is_empty())
}
