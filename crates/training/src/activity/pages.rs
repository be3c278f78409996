//! The pages of the room: a teacher's activities and signing in; planning, keeping and approving.

mod attend;
mod keep;
mod plan;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_platform::web::{Failure, FormErrors};
use tisheng_platform::{App, Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_rules::Scheme;

use super::model::{Activity, ActivityError};

/// The routes of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/activities", get(attend::mine))
        .route("/activities/sign-in", post(attend::sign_in))
        .route("/activities/school", get(keep::list))
        .route("/activities/new", get(plan::new).post(plan::create))
        .route("/activities/{id}", get(keep::show))
        .route("/activities/{id}/plan", get(plan::edit).post(plan::change))
        .route("/activities/{id}/code", get(keep::code))
        .route("/activities/{id}/step", post(keep::step))
        .route("/activities/{id}/record", post(keep::record))
        .route("/activities/{id}/list", post(keep::enlist))
        .route("/activities/{id}/strike", post(keep::strike))
        .route("/activities/{id}/sheet", get(keep::sheet))
}

/// The programme where the asker stands, and its rules.
async fn ground(ctx: &Ctx, tx: &mut Tx) -> Result<(Programme, Arc<Scheme>), Failure> {
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    Ok((programme, rules))
}

/// What is wrong as the form shows it.
fn as_form(error: ActivityError, field: &str) -> Result<FormErrors, Failure> {
    match error {
        ActivityError::Failed(failure) => Err(failure),
        ActivityError::Plan(field, sentence) => Ok(FormErrors::one(field, sentence)),
        other => Ok(FormErrors::one(field, other.to_string())),
    }
}

/// An activity as lists show it.
struct Row {
    id: String,
    /// Where the list is of many schools.
    school: String,
    title: String,
    form: &'static str,
    when: String,
    place: String,
    host: String,
    hours: String,
    /// The hours as a column of them shows them.
    figure: String,
    state: &'static str,
    tone: &'static str,
}

fn row(rules: &Scheme, activity: &Activity) -> Row {
    let plan = &activity.plan;
    Row {
        id: activity.id.to_string(),
        school: String::new(),
        title: plan.title.clone(),
        form: plan.form.chinese(),
        when: plan.begins_at.chinese(),
        place: plan.place.clone(),
        host: plan.host.clone(),
        hours: rules.hours.shown(plan.seconds),
        figure: plan.seconds.in_hours(*rules.hours.length),
        state: activity.state.chinese(),
        tone: activity.state.tone(),
    }
}
