//! The pages of the room: accounts that are nobody's yet, whose one is, what a platform speaks of.

mod accounts;
mod decide;
mod here;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_kernel::number::thousands;
use tisheng_platform::{App, DbError, Tx};

use super::model::{Learner, LearnerState};
use crate::platform;

/// The routes of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/learners", get(accounts::desk))
        .route("/learners/{id}", get(decide::show))
        .route("/learners/{id}/decide", post(decide::decide))
        .route("/platforms/{id}/learners", get(accounts::of_platform))
        .route("/platforms/here", get(here::list))
        .route("/platforms/{id}/here", get(here::show).post(here::look_again))
}

/// An account as a row.
struct LearnerRow {
    id: String,
    account: String,
    home: String,
    name: String,
    school: String,
    platform: String,
    state: &'static str,
    tone: &'static str,
    records: String,
    first: String,
    last: String,
    decision: String,
}

async fn learner_row(tx: &mut Tx, learner: &Learner) -> Result<LearnerRow, DbError> {
    let platform = platform::of_id(tx, learner.platform).await?;
    Ok(LearnerRow {
        id: learner.id.to_string(),
        account: learner.account.name.clone(),
        home: learner.account.home.clone(),
        name: learner.name.clone(),
        school: learner.school.clone(),
        platform: platform.map(|platform| platform.name).unwrap_or_default(),
        state: learner.state.title(),
        tone: match learner.state {
            LearnerState::Unmatched => "warn",
            LearnerState::Matched => "good",
            LearnerState::Dismissed => "plain",
        },
        records: thousands(learner.records),
        first: learner.first_at.chinese(),
        last: learner.last_at.chinese(),
        decision: learner.decision.clone(),
    })
}
