//! The pages of the room: the list, one platform with what came from it, its form, its columns.

mod edit;
mod files;
mod show;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_platform::web::{Failure, FormErrors};
use tisheng_platform::{App, Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_rules::Scheme;

use super::model::{Arrival, PlatformError};

/// The routes of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/platforms", get(show::list))
        .route("/platforms/new", get(edit::new).post(edit::create))
        .route("/platforms/{id}", get(show::one))
        .route("/platforms/{id}/arrivals", get(show::arrivals))
        .route("/platforms/{id}/edit", get(edit::form).post(edit::change))
        .route("/platforms/{id}/turn", post(edit::turn))
        .route("/platforms/{id}/columns", get(files::form).post(files::save))
}

/// The programme where the asker stands, and its rules.
async fn ground(ctx: &Ctx, tx: &mut Tx) -> Result<(Programme, Arc<Scheme>), Failure> {
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    Ok((programme, rules))
}

/// What is wrong as the form shows it; failures that concern no field go their own way.
fn as_form(error: PlatformError) -> Result<FormErrors, Failure> {
    let field = match &error {
        PlatformError::Failed(_) | PlatformError::Stale => return Err(error.into()),
        PlatformError::NoInstitution => "institution",
        PlatformError::NoCategory => "place_of_hours",
        PlatformError::NameTaken | PlatformError::OwnSource(_) | PlatformError::HasHours(_) => "name",
    };
    let titles = [("institution", "培训机构"), ("place_of_hours", "学时类别"), ("name", "平台名称")];
    Ok(FormErrors::one(field, error.to_string()).titled(&titles))
}

/// A delivery, or several together, as a row of a table.
struct ArrivalRow {
    at: String,
    channel: &'static str,
    records: u32,
    entered: u32,
    hours: String,
    same: u32,
    waiting: u32,
    noted: u32,
    refused: u32,
}

fn arrival_row(rules: &Scheme, arrival: &Arrival) -> ArrivalRow {
    let tally = arrival.tally;
    ArrivalRow {
        at: arrival.at.chinese(),
        channel: arrival.channel.title(),
        records: tally.records,
        entered: tally.entered,
        hours: tally.seconds.in_hours(*rules.hours.length),
        same: tally.same,
        waiting: tally.waiting,
        noted: tally.noted,
        refused: tally.refused,
    }
}
