//! The pages of the room: the catalogue, one course, its form, the office's decisions.

mod catalogue;
mod edit;
mod show;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_kernel::Seconds;
use tisheng_platform::web::Failure;
use tisheng_platform::{App, Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_rules::Scheme;

use super::model::{Change, Counts, Course, Terms, changes, stage_titles};

/// The routes of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/courses", get(catalogue::list))
        .route("/courses/waiting", get(catalogue::waiting).post(catalogue::approve))
        .route("/courses/new", get(edit::new).post(edit::create))
        .route("/courses/{id}", get(show::show))
        .route("/courses/{id}/edit", get(edit::form).post(edit::change))
        .route("/courses/{id}/decide", post(show::decide))
        .route("/courses/{id}/withdraw", post(show::withdraw))
}

/// The programme where the asker stands, and its rules.
async fn ground(ctx: &Ctx, tx: &mut Tx) -> Result<(Programme, Arc<Scheme>), Failure> {
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    Ok((programme, rules))
}

/// What the terms of a course that wait say otherwise than those in force; nothing of a course of
/// which none are.
async fn change_of(
    tx: &mut Tx,
    rules: &Scheme,
    course: &Course,
    waiting: &Terms,
) -> Result<Vec<Change>, Failure> {
    let in_force = super::actions::terms(tx, course, None).await?;
    Ok(in_force.map(|in_force| changes(rules, &in_force, waiting)).unwrap_or_default())
}

/// Whether a scheme that looks for what is learnt faster than the material lasts finds nothing by these terms,
/// since nobody has said how long that is. Where time itself counts, none is too short.
fn hides_haste(rules: &Scheme, terms: &Terms) -> bool {
    let is_looked_for = rules.hours.plausibility.is_some() && terms.counts != Counts::Time;
    is_looked_for && terms.material <= Seconds::ZERO
}

/// A course as a row of a list.
struct CourseRow {
    id: String,
    title: String,
    code: String,
    source: &'static str,
    platform: String,
    capabilities: String,
    counts: String,
    whom: String,
}

/// Stages and subjects that a course is for, in words.
fn whom(course: &Course) -> String {
    let stages = stage_titles(&course.stages);
    let subjects = course.subjects.replace(',', "、");
    match (stages.is_empty(), subjects.is_empty()) {
        (true, true) => "各学段各学科".to_owned(),
        (true, false) => subjects,
        (false, true) => stages.join("、"),
        (false, false) => format!("{} · {subjects}", stages.join("、")),
    }
}

fn course_row(course: &Course, platform: &str, capabilities: &[String], terms: Option<&Terms>) -> CourseRow {
    CourseRow {
        id: course.id.to_string(),
        title: course.title.clone(),
        code: course.code.clone(),
        source: course.source.title(),
        platform: platform.to_owned(),
        capabilities: capabilities.join("、"),
        counts: terms.map(Terms::sentence).unwrap_or_default(),
        whom: whom(course),
    }
}
