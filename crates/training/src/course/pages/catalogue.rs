//! The catalogue, and what waits in it for the office.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_platform::{Ctx, Scope, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::{self, Role, role};
use tisheng_registry::organisation::Stage;
use tisheng_registry::people::SUBJECTS;
use tisheng_rules::Scheme;

use super::super::actions::{self, AUTHORS};
use super::super::model::{Change, Course, CourseError, Source, State, TermsState};
use super::super::store::{self, Filter};
use super::{CourseRow, change_of, course_row, ground, hides_haste};
use crate::platform::{self, OFFICES};

/// A tab of the list.
struct Tab {
    href: String,
    label: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "course/pages/list.html")]
struct ListPage {
    page: Page,
    tabs: Vec<Tab>,
    rows: Vec<CourseRow>,
    words: String,
    state: &'static str,
    stage: String,
    subject: String,
    source: String,
    capability: String,
    platform: String,
    stages: Vec<(&'static str, &'static str)>,
    subjects: Vec<(&'static str, &'static str)>,
    sources: Vec<(&'static str, &'static str)>,
    capabilities: Vec<(String, String)>,
    may_submit: bool,
    first: String,
    next: String,
}

impl ListPage {
    /// Whether the list is narrowed to something beside its tab.
    fn is_narrowed(&self) -> bool {
        [&self.words, &self.stage, &self.subject, &self.source, &self.capability, &self.platform]
            .iter()
            .any(|filter| !filter.is_empty())
    }
}

/// The part of the tree whose platforms' courses the asker sees: an institution its own.
fn scope(ctx: &Ctx, programme: &Programme) -> Scope {
    match role(ctx) {
        Some(Role::Institution) => ctx.scope(),
        _ => Scope::below(&programme.path),
    }
}

fn is_author(ctx: &Ctx) -> bool {
    role(ctx).is_some_and(|role| AUTHORS.contains(&role))
}

/// `GET /courses`
pub async fn list(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    // Whoever cannot hand courses in sees what is on offer.
    let asked = filters.text("state").parse().unwrap_or(State::Offered);
    let state = if is_author(ctx) { asked } else { State::Offered };
    let platform = platform_named(ctx, &mut tx, filters.text("platform")).await?;
    let filter = Filter {
        state,
        words: filters.text("q"),
        stage: filters.text("stage"),
        subject: filters.text("subject"),
        source: filters.text("source"),
        capability: filters.text("capability"),
        platform: &platform,
    };
    let scope = scope(ctx, &programme);
    let range = (scope.from.as_str(), scope.until.as_str());
    let found = store::list(&mut tx, programme.id, range, &filter, &filters.cursor()).await?;
    let slice = Slice::cut(found, |course| (course.title.clone(), course.id.to_string()));
    let rows = rows(&mut tx, &slice.rows).await?;
    let tabs = tabs(ctx, &mut tx, &programme, &filters, state).await?;
    let text = |name: &str| filters.text(name).to_owned();
    layout::show(&ListPage {
        page: Page::new(&asker, "课程目录", "/courses"),
        tabs,
        rows,
        words: text("q"),
        state: state.key(),
        stage: text("stage"),
        subject: text("subject"),
        source: text("source"),
        capability: text("capability"),
        platform,
        stages: Stage::options(),
        subjects: SUBJECTS.iter().map(|subject| (*subject, *subject)).collect(),
        sources: Source::options(),
        capabilities: capabilities(&rules),
        may_submit: is_author(ctx),
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
    })
}

/// The name of the platform that the address names by its identifier or its name.
async fn platform_named(ctx: &Ctx, tx: &mut Tx, text: &str) -> Result<String, Failure> {
    match text.parse() {
        Ok(id) => Ok(platform::visible(ctx, tx, id).await?.name),
        Err(_) => Ok(text.to_owned()),
    }
}

fn capabilities(rules: &Scheme) -> Vec<(String, String)> {
    let all = rules.framework.capabilities.iter();
    all.map(|capability| (capability.code.clone(), format!("{} {}", capability.code, capability.name)))
        .collect()
}

async fn tabs(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    filters: &Filters,
    state: State,
) -> Result<Vec<Tab>, Failure> {
    if !is_author(ctx) {
        return Ok(Vec::new());
    }
    let mut tabs: Vec<Tab> = [State::Offered, State::Submitted, State::Retired]
        .into_iter()
        .map(|tab| Tab {
            href: filters.with("state", tab.key()),
            label: if tab == State::Submitted { "新提交".to_owned() } else { tab.title().to_owned() },
            current: tab == state,
        })
        .collect();
    if role(ctx).is_some_and(|role| OFFICES.contains(&role)) {
        let count = store::count_waiting(tx, programme.id).await?;
        let label = format!("待审核（{count}）");
        tabs.push(Tab { href: "/courses/waiting".to_owned(), label, current: false });
    }
    Ok(tabs)
}

/// Rows of courses, each with its platform, its capabilities and its latest terms.
async fn rows(tx: &mut Tx, courses: &[Course]) -> Result<Vec<CourseRow>, Failure> {
    let mut rows = Vec::with_capacity(courses.len());
    for course in courses {
        let platform = platform::of_id(tx, course.platform).await?.map(|p| p.name).unwrap_or_default();
        let capabilities = store::capabilities(tx, course.id).await?;
        let terms = match course.revision {
            Some(_) => actions::terms(tx, course, None).await?,
            None => store::terms(tx, course.id).await?.into_iter().next(),
        };
        rows.push(course_row(course, &platform, &capabilities, terms.as_ref()));
    }
    Ok(rows)
}

#[derive(Template)]
#[template(path = "course/pages/waiting.html")]
struct WaitingPage {
    page: Page,
    /// Where the form goes.
    action: String,
    rows: Vec<WaitingRow>,
    words: String,
    first: String,
    next: String,
    errors: FormErrors,
}

/// A course whose terms wait, with those in force.
struct WaitingRow {
    course: CourseRow,
    revision: i64,
    is_new: bool,
    changes: Vec<Change>,
    /// Whether the length of its material is missed.
    hides_haste: bool,
}

/// `GET /courses/waiting`
pub async fn waiting(asker: SignedIn, filters: Filters) -> Answer {
    layout::show(&waiting_page(&asker, &filters, FormErrors::default()).await?)
}

async fn waiting_page(
    asker: &SignedIn,
    filters: &Filters,
    errors: FormErrors,
) -> Result<WaitingPage, Failure> {
    let ctx = &asker.ctx;
    access::require(ctx, &OFFICES)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let scope = scope(ctx, &programme);
    let range = (scope.from.as_str(), scope.until.as_str());
    let words = filters.text("q");
    let found = store::waiting(&mut tx, programme.id, range, words, &filters.cursor()).await?;
    let slice = Slice::cut(found, |course| (course.title.clone(), course.id.to_string()));
    let mut rows = Vec::with_capacity(slice.rows.len());
    for course in &slice.rows {
        let platform = platform::of_id(&mut tx, course.platform).await?.map(|p| p.name).unwrap_or_default();
        let capabilities = store::capabilities(&mut tx, course.id).await?;
        let terms = store::terms(&mut tx, course.id).await?;
        let Some(open) = terms.iter().find(|terms| terms.state == TermsState::Submitted) else { continue };
        rows.push(WaitingRow {
            revision: open.revision,
            changes: change_of(&mut tx, &rules, course, open).await?,
            is_new: course.revision.is_none(),
            hides_haste: hides_haste(&rules, open),
            course: course_row(course, &platform, &capabilities, Some(open)),
        });
    }
    Ok(WaitingPage {
        page: Page::new(asker, "待审核的课程", "/courses").crumb("课程目录", "/courses"),
        action: format!("/courses/waiting{}", filters.with("after", "")),
        rows,
        words: words.to_owned(),
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        errors,
    })
}

/// A course with the revision that was looked at.
fn ticked(value: &str) -> Option<(Id<Course>, i64)> {
    let (id, revision) = value.split_once(':')?;
    Some((id.parse().ok()?, revision.parse().ok()?))
}

/// `POST /courses/waiting`: approves those that are ticked.
pub async fn approve(asker: SignedIn, filters: Filters, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &OFFICES)?;
    let ticked: Vec<(Id<Course>, i64)> = fields.all("course").filter_map(ticked).collect();
    if ticked.is_empty() {
        let errors = FormErrors::one("course", "请勾选要通过的课程");
        return again(&waiting_page(&asker, &filters, errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (mut approved, mut own, mut decided, mut taken) = (0, 0, 0, 0);
    for (id, seen) in ticked {
        match actions::approve(ctx, &mut once.tx, id, Some(seen)).await {
            Ok(()) => approved += 1,
            Err(CourseError::Own) => own += 1,
            Err(CourseError::Decided | CourseError::Stale) => decided += 1,
            Err(CourseError::ActivityTaken(_)) => taken += 1,
            Err(error) => return Err(error.into()),
        }
    }
    let mut said = format!("已通过 {approved} 门课程，从现在起计学时。");
    if own > 0 {
        said.push_str(&format!("{own} 门由您本人提交，请由其他负责人审核。"));
    }
    if decided > 0 {
        said.push_str(&format!("{decided} 门已由他人处理，或机构又作了修改，请重新核对。"));
    }
    if taken > 0 {
        said.push_str(&format!("{taken} 门的活动地址已属于另一门课程，请打开后退回。"));
    }
    let flash = if approved > 0 { Flash::good(said) } else { Flash::warn(said) };
    once.done("/courses/waiting", flash).await
}
