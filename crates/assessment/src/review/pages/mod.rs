//! What reviewers and authors see and send.

mod draft;
mod gone;
mod judge;
mod objected;
mod opinions;
mod outcome;
mod queue;
mod result;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_platform::App;

pub(super) use result::again_words;

use super::objection::pages as objection;
use super::{board, panel};

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/review", get(queue::queue))
        .route("/review/{id}", get(judge::page).post(judge::judge))
        .route("/review/{id}/return", post(judge::send_back))
        .route("/review/{id}/draft", post(draft::autosave))
        .route("/review/{id}/keep", post(draft::keep))
        .route("/review/{id}/files/{item}", get(judge::file))
        .route("/review/{id}/files/{item}/text", get(judge::text))
        .route("/review/{id}/files/{item}/pictures/{place}", get(judge::picture))
        .route("/review/self/{id}", get(judge::own_page).post(judge::judge_own))
        .route("/review/self/{id}/draft", post(draft::autosave_own))
        .route("/review/self/{id}/keep", post(draft::keep_own))
        .route("/review/withdraw/{id}", post(result::withdraw))
        .route("/review/results/{id}", get(result::result))
        .route("/review/results/{id}/opinions", get(opinions::page))
        .route("/review/board", get(board::board))
        .route("/review/board/table", get(board::table))
        .route("/review/notice", get(board::notice))
        .route("/review/notice/{id}", get(objection::page).post(objection::object))
        .route("/review/notice/{id}/further", post(objection::raise))
        .route("/review/objections/{id}", get(objection::answer_form).post(objection::answer))
        .route("/review/objections/{id}/withdraw", post(objection::withdraw))
        .route("/review/objections/{id}/work", get(objected::page))
        .route("/review/objections/{id}/files/{item}", get(objected::file))
        .route("/review/objections/{id}/files/{item}/text", get(objected::text))
        .route("/review/objections/{id}/files/{item}/pictures/{place}", get(objected::picture))
        .route("/review/panel", get(panel::page).post(panel::appoint))
        .route("/review/panel/{seat}/chair", post(panel::lead))
        .route("/review/panel/{seat}/dismiss", post(panel::dismiss))
}
