//! Disputes as those who answer and mend them see them.

use askama::Template;
use axum::http::HeaderMap;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::paging::{Order, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_policy::scheme;
use tisheng_registry::access;

use super::super::actions::disputes;
use super::super::dispute::{Dispute, DisputeState, Exhibit, Verdict, since};
use super::super::model::Entry;
use super::super::store;
use super::disputes::{Beside, DisputeRow, INBOX, MendRow, dispute_row, mend_row, serve};
use super::{DESK, LineRow, as_form, ground, line_row};
use crate::hours::statement;

struct InboxRow {
    id: String,
    name: String,
    title: String,
    text: String,
    opened: String,
    due: String,
    is_late: bool,
}

#[derive(Template)]
#[template(path = "hours/pages/inbox.html")]
struct InboxPage {
    page: Page,
    tabs: Vec<(String, String, bool)>,
    words: String,
    state: &'static str,
    rows: Vec<InboxRow>,
    order: String,
    filters: Filters,
    first: String,
    next: String,
}

/// A page behind the menu's entry of disputes; where the menu has none, behind the desk's.
fn page(asker: &SignedIn, title: &str) -> Page {
    let page = Page::new(asker, title, INBOX);
    if page.is_in_menu() {
        return page;
    }
    Page::new(asker, title, "/hours/waiting").crumb("学时待处理", "/hours/waiting")
}

/// `GET /hours/inbox`
pub async fn list(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let words = filters.text("q");
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    let scope = ctx.scope();
    let counts = store::disputes::counts(&mut tx, programme.id, &scope).await?;
    let count = |of: DisputeState| counts.iter().find(|(state, _)| *state == of).map_or(0, |(_, n)| *n);
    // Whoever asks for no tab sees the first in which something waits.
    let first = DisputeState::ALL.into_iter().find(|tab| tab.waits() && count(*tab) > 0);
    let state = filters.text("state").parse().unwrap_or(first.unwrap_or(DisputeState::Open));
    let order = Order::named(filters.text("sort"), &store::desk::DISPUTE_COLUMNS, Order::by("opened"));
    let (asked, place) = ((state, words), filters.cursor());
    let found =
        store::desk::disputes(&mut tx, programme.id, (&scope, access::breadth(ctx)), asked, (order, &place))
            .await?;
    let slice = Slice::cut(found, |row| store::desk::place_of_dispute(row, order));
    let today = ctx.at.date();
    let tabs = DisputeState::ALL.into_iter().map(|tab| {
        let shown = if tab.waits() { format!("（{}）", count(tab)) } else { String::new() };
        (filters.with("state", tab.code()), format!("{}{shown}", tab.chinese()), tab == state)
    });
    let rows = slice.rows.iter().map(|d| InboxRow {
        id: d.id.to_string(),
        name: d.name.clone(),
        title: d.title.clone(),
        text: d.text.clone(),
        opened: d.opened_at.chinese(),
        due: chinese_date(d.due_on),
        is_late: d.is_late(today),
    });
    layout::show(&InboxPage {
        page: page(&asker, "学时异议"),
        tabs: tabs.collect(),
        words: words.to_owned(),
        state: state.code(),
        rows: rows.collect(),
        order: order.key(),
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        filters,
    })
}

#[derive(Template)]
#[template(path = "hours/pages/answer.html")]
struct AnswerPage {
    page: Page,
    dispute: DisputeRow,
    name: String,
    person: String,
    about: Option<LineRow>,
    /// Whether each line that can have mended it is ticked.
    since: Vec<(bool, MendRow)>,
    typed: String,
    errors: FormErrors,
}

/// What was filled in on the page.
#[derive(Default)]
struct Typed<'a> {
    answer: &'a str,
    lines: Vec<&'a str>,
}

/// `GET /hours/inbox/{id}`
pub async fn show(asker: SignedIn, Path(id): Path<Id<Dispute>>) -> Answer {
    layout::show(&answer_page(&asker, id, Typed::default(), FormErrors::default()).await?)
}

async fn answer_page(
    asker: &SignedIn,
    id: Id<Dispute>,
    typed: Typed<'_>,
    errors: FormErrors,
) -> Result<AnswerPage, Failure> {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let mut tx = ctx.read().await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let d = disputes::dispute(ctx, &mut tx, &programme, id).await?;
    let rules = scheme::rules_for(&ctx.app, &mut tx, &programme, d.person).await?;
    let entries = store::entries(&mut tx, programme.id, d.person).await?;
    let beside = Beside::load(&mut tx, &programme, d.person).await?;
    let lines = statement::lines(&rules.hours, &entries);
    let about = lines.iter().find(|line| Some(line.entry.id) == d.entry);
    let is_ticked = |row: &MendRow| typed.lines.contains(&row.id.as_str());
    let since = since(&d, &entries).map(|entry| mend_row(&rules, entry));
    Ok(AnswerPage {
        page: page(asker, "答复学时异议").crumb("学时异议", INBOX),
        dispute: dispute_row((ctx, INBOX), &rules, &d, (&beside, &entries)),
        name: d.name.clone(),
        person: d.person.to_string(),
        about: about.map(|line| line_row(&rules, line)),
        since: since.map(|row| (is_ticked(&row), row)).collect(),
        typed: typed.answer.to_owned(),
        errors,
    })
}

/// `GET /hours/inbox/{id}/files/{file}`: what the teacher has handed in with a dispute.
pub async fn file(
    asker: SignedIn,
    Path((id, file)): Path<(Id<Dispute>, Id<Exhibit>)>,
    headers: HeaderMap,
) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    let d = disputes::dispute(ctx, &mut tx, &programme, id).await?;
    let file = Beside::load(&mut tx, &programme, d.person).await?.file(id, file)?;
    drop(tx);
    serve(ctx, &headers, &file).await
}

/// `POST /hours/inbox/{id}`
pub async fn answer(asker: SignedIn, Path(id): Path<Id<Dispute>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let mut check = fields.check();
    let text = check.required("answer", "答复", 1000);
    let verdict = match fields.text("do") {
        "uphold" => Verdict::Upheld,
        _ => Verdict::Rejected,
    };
    let typed = || Typed { answer: text, ..Typed::default() };
    let errors = check.errors();
    if !errors.is_empty() {
        return again(&answer_page(&asker, id, typed(), errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match disputes::answer(ctx, &mut once.tx, &programme, id, (verdict, text)).await {
        Ok(()) if verdict == Verdict::Upheld => {
            let said = "已答复。异议成立，更正以后在本页办结。";
            once.done(&format!("{INBOX}/{id}"), Flash::good(said)).await
        }
        Ok(()) => once.done(INBOX, Flash::good("已答复，教师会在“我的学时”中看到。")).await,
        Err(error) => {
            drop(once);
            let errors = as_form(error, "answer")?;
            again(&answer_page(&asker, id, typed(), errors).await?)
        }
    }
}

/// `POST /hours/inbox/{id}/mend`: the lines that mended what was upheld.
pub async fn mend(asker: SignedIn, Path(id): Path<Id<Dispute>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let lines: Result<Vec<Id<Entry>>, _> = fields.all("line").map(str::parse).collect();
    let lines = lines.map_err(|_| Failure::NotFound)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match disputes::mend(ctx, &mut once.tx, &programme, id, &lines).await {
        Ok(()) => once.done(INBOX, Flash::good("已办结，教师会看到是怎样更正的。")).await,
        Err(error) => {
            drop(once);
            let errors = as_form(error, "line")?;
            let typed = Typed { lines: fields.all("line").collect(), ..Typed::default() };
            again(&answer_page(&asker, id, typed, errors).await?)
        }
    }
}
