//! Which courses are opened in the tool.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::layout::{Flash, show as shown};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, Page, Path, once};
use tisheng_training::course::{Course, State};
use tisheng_training::platform::Platform;
use uuid::Uuid;

use super::keep::version;
use super::page_below;
use crate::lti::actions::{openings, tools};

/// A course with whether the tool opens it.
struct Row {
    id: String,
    title: String,
    code: String,
    /// Whether it is on offer, and if not, why.
    state: &'static str,
    opened: bool,
    was_chosen: bool,
}

#[derive(Template)]
#[template(path = "lti/pages/courses.html")]
struct CoursesPage {
    page: Page,
    platform: Platform,
    tool: String,
    version: i64,
    rows: Vec<Row>,
    /// The place after which the page begins; empty for the first.
    after: String,
    /// The query of the first page; empty on it.
    first: &'static str,
    /// The query of the next page; empty where there is none.
    next: String,
}

/// `GET /platforms/{id}/tool/courses`
pub async fn form(asker: SignedIn, Path(id): Path<Id<Platform>>, query: Filters) -> Answer {
    let ctx = &asker.ctx;
    let after = query.text("after");
    let mut tx = ctx.read().await?;
    let (platform, tool) = tools::of_platform(ctx, &mut tx, id).await?;
    let tool = tool.ok_or(Failure::NotFound)?;
    let mut all = openings::listed(&mut tx, (&platform, &tool), place(after)).await?;
    drop(tx);
    let rows = usize::try_from(openings::ROWS).unwrap_or(usize::MAX);
    let has_more = all.len() > rows;
    all.truncate(rows);
    let next = all.last().filter(|_| has_more).map(|(last, _, _)| format!("?after={}", last.id));
    let row = |(course, opened, was_chosen): (Course, bool, bool)| Row {
        id: course.id.to_string(),
        title: course.title,
        code: course.code,
        state: if course.state == State::Offered { "" } else { course.state.title() },
        opened,
        was_chosen,
    };
    shown(&CoursesPage {
        page: page_below(&asker, "由工具打开的课程", &platform),
        tool: tool.name,
        version: tool.version,
        rows: all.into_iter().map(row).collect(),
        after: after.to_owned(),
        first: if after.is_empty() { "" } else { "?" },
        next: next.unwrap_or_default(),
        platform,
    })
}

/// The place in the list that `text` names; the beginning for none.
fn place(text: &str) -> Id<Course> {
    text.parse().unwrap_or_else(|_| Id::from_uuid(Uuid::nil()))
}

/// `POST /platforms/{id}/tool/courses`
pub async fn save(asker: SignedIn, Path(id): Path<Id<Platform>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let courses =
        |name| -> Vec<Id<Course>> { fields.all(name).filter_map(|text| text.parse().ok()).collect() };
    let (shown, ticked) = (courses("shown"), courses("course"));
    let (of, place) = ((id, version(&fields)), place(fields.text("after")));
    let changed = openings::choose(ctx, &mut once.tx, of, place, (&shown, &ticked)).await?;
    let said = match changed {
        0 => Flash::good("没有改动。"),
        some => Flash::good(format!("已保存，{some} 门课程的打开方式有变化。")),
    };
    let after = fields.text("after").parse::<Id<Course>>();
    let query = after.map(|after| format!("?after={after}")).unwrap_or_default();
    once.done(&format!("/platforms/{id}/tool/courses{query}"), said).await
}
