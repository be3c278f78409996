//! The pages of the room: a school's offer, a teacher's choice and tasks, the school's view.

mod choice;
mod offer;
mod school;
mod tasks;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_platform::web::{Failure, Fields, FormErrors};
use tisheng_platform::{App, Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_rules::Scheme;

use super::model::SelectionError;
use super::view::{self, Line};

/// The routes of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/offer", get(offer::show).post(offer::save))
        .route("/offer/check", post(offer::check))
        .route("/offer/publish", post(offer::publish))
        .route("/choice", get(choice::show).post(choice::choose))
        .route("/choice/check", post(choice::check))
        .route("/choice/change", get(choice::change_form).post(choice::ask_change))
        .route("/choice/changes/{id}/withdraw", post(choice::withdraw))
        .route("/tasks", get(tasks::show))
        .route("/choices", get(school::list))
        .route("/choices/download", get(school::download))
        .route("/choices/changes", get(school::changes))
        .route("/choices/changes/{id}", get(school::change).post(school::decide))
}

/// The programme where the asker stands, and its rules.
async fn ground(ctx: &Ctx, tx: &mut Tx) -> Result<(Programme, Arc<Scheme>), Failure> {
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    Ok((programme, rules))
}

/// The codes ticked in a form.
fn ticked(fields: &Fields) -> Vec<String> {
    fields.all("capability").map(str::to_owned).collect()
}

/// What is wrong as the form shows it: the sentence of each rule that is not met.
fn as_form(error: SelectionError, field: &str) -> Result<FormErrors, Failure> {
    let mut errors = FormErrors::default();
    match error {
        SelectionError::Failed(failure) => return Err(failure),
        SelectionError::Unmet(conditions) => {
            for line in view::lines(conditions) {
                errors.add(field, line.sentence);
            }
        }
        other => errors.add(field, other.to_string()),
    }
    Ok(errors)
}

/// The same on a page whose sheet says which rules are not met: how many, leading there.
fn beside_sheet(error: SelectionError) -> Result<FormErrors, Failure> {
    match error {
        SelectionError::Unmet(_) => Ok(FormErrors::one("conditions", error.to_string())),
        error => as_form(error, "capabilities"),
    }
}

/// The conditions of a rule, which a page shows while somebody ticks.
#[derive(askama::Template)]
#[template(path = "selection/pages/conditions.html")]
struct Conditions {
    lines: Vec<Line>,
    summary: Summary,
}

impl Conditions {
    /// `again`: in answer to a tick, when the summary takes the place of the one on the page.
    fn of(lines: Vec<Line>, again: bool) -> Self {
        let is_met = lines.iter().all(|line| line.met);
        Self { summary: Summary { sentence: view::in_one_line(&lines), is_met, again }, lines }
    }
}

/// The conditions in one line, which stays in sight above what is ticked.
#[derive(askama::Template)]
#[template(path = "selection/pages/summary.html")]
struct Summary {
    sentence: String,
    is_met: bool,
    again: bool,
}
