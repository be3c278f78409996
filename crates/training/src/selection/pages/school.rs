//! What the teachers of a school have chosen, and the changes they ask for.

use std::cmp::Ordering;

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::Ctx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::paging::{Cursor, ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation::{self, Kind};

use super::super::actions;
use super::super::judged::Judged;
use super::super::model::{ChangeState, ChoiceChange, difference};
use super::super::store::{self, Narrow, TeacherChoice};
use super::choice::difference_words;
use super::{as_form, ground};
use crate::sorting::Sorting;
use crate::table::{MOST, Table};

/// Who looks at the choices of others.
const READERS: [Role; 10] = [
    Role::Principal,
    Role::Cio,
    Role::ManagementTeam,
    Role::Clerk,
    Role::Town,
    Role::County,
    Role::City,
    Role::Province,
    Role::Auditor,
    Role::Evaluator,
];

#[derive(Template)]
#[template(path = "selection/pages/choices.html")]
struct ChoicesPage {
    page: Page,
    words: String,
    state: String,
    capability: String,
    capabilities: Vec<(String, String)>,
    rows: Vec<TeacherChoice>,
    sorting: Sorting,
    filters: Filters,
    /// Whether it is one school's list, which needs no column of schools.
    is_school: bool,
    waiting: i64,
    may_decide: bool,
    first: String,
    next: String,
    download: String,
}

/// The columns by which a short list is sorted.
const COLUMNS: [&str; 4] = ["name", "school", "subject", "chosen"];

fn compare(column: &str, a: &TeacherChoice, b: &TeacherChoice) -> Ordering {
    match column {
        "school" => a.school.cmp(&b.school),
        "subject" => a.subject.cmp(&b.subject),
        _ => a.chosen_at.cmp(&b.chosen_at),
    }
}

fn sorting(ctx: &Ctx, filters: &Filters) -> Sorting {
    Sorting::of(access::breadth(ctx), filters.text("q"), filters.text("sort"), &COLUMNS)
}

fn narrow(filters: &Filters) -> Narrow {
    let state = filters.text("state");
    Narrow {
        words: filters.text("q").to_lowercase(),
        state: if ["none", "some"].contains(&state) { state.to_owned() } else { String::new() },
        capability: filters.text("capability").to_owned(),
    }
}

/// `GET /choices`
pub async fn list(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &READERS)?;
    let narrow = narrow(&filters);
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let scope = ctx.scope();
    let sorting = sorting(ctx, &filters);
    let (order, place, most) = sorting.reading(filters.cursor(), ROWS + 1, MOST);
    let mut found = store::teachers(
        &mut tx,
        programme.id,
        (&scope, access::breadth(ctx)),
        &narrow,
        (order, &place, most),
    )
    .await?;
    let waiting = if access::is_office(ctx) {
        store::above::waiting(ctx, &mut tx, programme.id, &scope).await?
    } else {
        store::waiting_changes(&mut tx, programme.id, &scope).await?
    };
    let here = organisation::by_path(&mut tx, &asker.member().path).await?;
    sorting.sort(&mut found, compare);
    if sorting.in_hand {
        found = filters.cursor().rest_of(found, |t| t.person.uuid());
    }
    let slice = Slice::cut(found, |t| (sorting.place(&t.path, &t.sort_key), t.person.to_string()));
    layout::show(&ChoicesPage {
        page: Page::new(&asker, "教师选学", "/choices"),
        words: filters.text("q").to_owned(),
        state: narrow.state.clone(),
        capability: narrow.capability.clone(),
        capabilities: rules.framework.capabilities.iter().map(|c| (c.code.clone(), c.label())).collect(),
        rows: slice.rows,
        sorting,
        is_school: here.is_some_and(|node| node.kind == Kind::School),
        waiting,
        may_decide: actions::decides(ctx),
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        download: filters.with("after", ""),
        filters,
    })
}

/// `GET /choices/download`
pub async fn download(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &READERS)?;
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    let sorting = sorting(ctx, &filters);
    let (order, start, most) = sorting.reading(Cursor::default(), MOST, MOST);
    let asked = (order, &start, most);
    let mut found = store::teachers(
        &mut tx,
        programme.id,
        (&ctx.scope(), access::breadth(ctx)),
        &narrow(&filters),
        asked,
    )
    .await?;
    sorting.sort(&mut found, compare);
    let rows = found.into_iter().map(|t| {
        let at = t.chosen_at.map(|at| at.chinese()).unwrap_or_default();
        vec![t.name, t.school, t.subject, t.capabilities.join("、"), at]
    });
    let head = ["姓名", "学校", "学科", "选学能力点", "选定时间"].map(|title| (title, false));
    Table::new("教师选学", &head, rows.collect()).answer(&filters)
}

#[derive(Template)]
#[template(path = "selection/pages/changes.html")]
struct ChangesPage {
    page: Page,
    is_above: bool,
    tabs: Vec<(String, &'static str, bool)>,
    words: String,
    state: &'static str,
    rows: Vec<ChoiceChange>,
    first: String,
    next: String,
}

/// Passes for whoever decides about changes.
fn may_decide(ctx: &Ctx) -> Result<(), Failure> {
    if actions::decides(ctx) { Ok(()) } else { Err(Failure::NotFound) }
}

/// `GET /choices/changes`
pub async fn changes(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    may_decide(ctx)?;
    let state = filters.text("state").parse().unwrap_or(ChangeState::Asked);
    let words = filters.text("q");
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    let (is_above, cursor) = (access::is_office(ctx), filters.cursor());
    let found = if is_above {
        store::above::changes(ctx, &mut tx, programme.id, (state, words, &cursor)).await?
    } else {
        store::changes(&mut tx, programme.id, &ctx.scope(), state, words, &cursor).await?
    };
    let slice = Slice::cut(found, |change| (change.path.clone(), change.id.to_string()));
    let tabs = ChangeState::ALL.map(|tab| (filters.with("state", tab.code()), tab.chinese(), tab == state));
    layout::show(&ChangesPage {
        page: Page::new(&asker, "选学变更申请", "/choices").crumb("教师选学", "/choices"),
        is_above,
        tabs: tabs.to_vec(),
        words: words.to_owned(),
        state: state.code(),
        rows: slice.rows,
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
    })
}

#[derive(Template)]
#[template(path = "selection/pages/change.html")]
struct ChangePage {
    page: Page,
    change: ChoiceChange,
    added: String,
    dropped: String,
    /// Whether something was handed in for what would be dropped.
    keeps: bool,
    /// What would be lost with it.
    lost: String,
    waits: bool,
    typed: String,
    errors: FormErrors,
}

/// `GET /choices/changes/{id}`
pub async fn change(asker: SignedIn, Path(id): Path<Id<ChoiceChange>>) -> Answer {
    layout::show(&change_page(&asker, id, "", FormErrors::default()).await?)
}

async fn change_page(
    asker: &SignedIn,
    id: Id<ChoiceChange>,
    typed: &str,
    errors: FormErrors,
) -> Result<ChangePage, Failure> {
    let ctx = &asker.ctx;
    may_decide(ctx)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let change = actions::change(ctx, &mut tx, &programme, id).await?;
    let before = store::chosen(&mut tx, programme.id, change.person).await?;
    drop(tx);
    let (added, dropped) = difference_words(&rules, &before, &change.capabilities);
    let gone = difference(&before, &change.capabilities).dropped;
    let judged = ctx.app.parts.get::<Judged>().of(ctx, programme.id, change.person).await?;
    Ok(ChangePage {
        page: Page::new(asker, "审批选学变更", "/choices")
            .crumb("教师选学", "/choices")
            .crumb("选学变更申请", "/choices/changes"),
        added,
        dropped,
        keeps: judged.knows_any(&gone),
        lost: judged.lost(&rules, &gone),
        waits: change.state == ChangeState::Asked,
        change,
        typed: typed.to_owned(),
        errors,
    })
}

/// `POST /choices/changes/{id}`
pub async fn decide(asker: SignedIn, Path(id): Path<Id<ChoiceChange>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut check = fields.check();
    let typed = check.optional("decision", "意见", 500);
    let errors = check.errors();
    if !errors.is_empty() {
        return again(&change_page(&asker, id, typed, errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    let done = match fields.text("do") {
        "approve" => actions::approve_change(ctx, &mut once.tx, &programme, id, typed).await,
        _ => actions::refuse_change(ctx, &mut once.tx, &programme, id, typed).await,
    };
    match done {
        Ok(()) => once.done("/choices/changes", Flash::good("已处理，教师会在“我的选学”中看到。")).await,
        Err(error) => {
            drop(once);
            let errors = as_form(error, "decision")?;
            again(&change_page(&asker, id, typed, errors).await?)
        }
    }
}
