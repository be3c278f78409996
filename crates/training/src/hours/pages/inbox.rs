//! Disputes as those who answer them see them.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_registry::access;

use super::super::actions::disputes;
use super::super::dispute::{Dispute, DisputeState};
use super::super::store;
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
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "hours/pages/inbox.html")]
struct InboxPage {
    page: Page,
    tabs: Vec<(String, String, bool)>,
    words: String,
    state: &'static str,
    rows: Vec<InboxRow>,
    first: String,
    next: String,
}

/// `GET /hours/inbox`
pub async fn list(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let state = filters.text("state").parse().unwrap_or(DisputeState::Open);
    let words = filters.text("q");
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    let scope = ctx.scope();
    let open = store::disputes::open(&mut tx, programme.id, &scope).await?;
    let found =
        store::disputes::inbox(&mut tx, programme.id, &scope, state, words, &filters.cursor()).await?;
    let slice = Slice::cut(found, |row| (String::new(), row.id.to_string()));
    let today = ctx.at.date();
    let tabs = DisputeState::ALL.into_iter().map(|tab| {
        let label = if tab == DisputeState::Open {
            format!("待答复（{open}）")
        } else {
            tab.chinese().to_owned()
        };
        (filters.with("state", tab.code()), label, tab == state)
    });
    let rows = slice.rows.iter().map(|d| InboxRow {
        id: d.id.to_string(),
        name: d.name.clone(),
        title: d.title.clone(),
        text: d.text.clone(),
        opened: d.opened_at.chinese(),
        due: chinese_date(d.due_on),
        is_late: d.is_late(today),
        state: d.state.chinese(),
        tone: d.state.tone(),
    });
    layout::show(&InboxPage {
        page: Page::new(&asker, "学时异议", "/hours/waiting").crumb("学时待处理", "/hours/waiting"),
        tabs: tabs.collect(),
        words: words.to_owned(),
        state: state.code(),
        rows: rows.collect(),
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
    })
}

#[derive(Template)]
#[template(path = "hours/pages/answer.html")]
struct AnswerPage {
    page: Page,
    dispute: InboxRow,
    answered: String,
    is_open: bool,
    person: String,
    about: Option<LineRow>,
    typed: String,
    errors: FormErrors,
}

/// `GET /hours/inbox/{id}`
pub async fn show(asker: SignedIn, Path(id): Path<Id<Dispute>>) -> Answer {
    layout::show(&answer_page(&asker, id, "", FormErrors::default()).await?)
}

async fn answer_page(
    asker: &SignedIn,
    id: Id<Dispute>,
    typed: &str,
    errors: FormErrors,
) -> Result<AnswerPage, Failure> {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let d = disputes::dispute(ctx, &mut tx, &programme, id).await?;
    let entries = store::entries(&mut tx, programme.id, d.person).await?;
    let lines = statement::lines(&rules.hours, &entries);
    let about = lines.iter().find(|line| Some(line.entry.id) == d.entry);
    Ok(AnswerPage {
        page: Page::new(asker, "答复学时异议", "/hours/waiting").crumb("学时异议", "/hours/inbox"),
        dispute: InboxRow {
            id: d.id.to_string(),
            name: d.name.clone(),
            title: d.title.clone(),
            text: d.text.clone(),
            opened: d.opened_at.chinese(),
            due: chinese_date(d.due_on),
            is_late: d.is_late(ctx.at.date()),
            state: d.state.chinese(),
            tone: d.state.tone(),
        },
        answered: d.answer.clone(),
        is_open: d.state == DisputeState::Open,
        person: d.person.to_string(),
        about: about.map(|line| line_row(&rules, line)),
        typed: typed.to_owned(),
        errors,
    })
}

/// `POST /hours/inbox/{id}`
pub async fn answer(asker: SignedIn, Path(id): Path<Id<Dispute>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let mut check = fields.check();
    let text = check.required("answer", "答复", 1000);
    let state = match fields.text("do") {
        "uphold" => DisputeState::Upheld,
        _ => DisputeState::Rejected,
    };
    let errors = check.errors();
    if !errors.is_empty() {
        return again(&answer_page(&asker, id, text, errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match disputes::answer(ctx, &mut once.tx, &programme, id, (state, text)).await {
        Ok(()) => once.done("/hours/inbox", Flash::good("已答复，教师会在“我的学时”中看到。")).await,
        Err(error) => {
            drop(once);
            let errors = as_form(error, "answer")?;
            again(&answer_page(&asker, id, text, errors).await?)
        }
    }
}
