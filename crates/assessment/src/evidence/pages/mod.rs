//! What the author sees and sends.

mod document;
mod draft;
mod form_upload;
mod list;
mod show;
mod typed;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tisheng_platform::App;

pub use document::{serve_picture, serve_text};
pub use show::{Naming, Shown, ShownPiece, serve, shown};

use super::tus;

/// The author's routes, and those of resumable uploads.
pub fn routes() -> Router<Arc<App>> {
    // Files are counted while they arrive, each against the limit of its piece.
    let unlimited = DefaultBodyLimit::disable();
    Router::new()
        .route("/evidence", get(list::list).post(list::begin))
        .route("/evidence/{id}", get(draft::page).post(draft::save))
        .route("/evidence/{id}/check", get(draft::check))
        .route("/evidence/{id}/submit", post(draft::submit))
        .route("/evidence/{id}/revise", post(list::revise))
        .route("/evidence/{id}/pieces/{piece}/draft", post(draft::autosave))
        .route("/evidence/{id}/pieces/{piece}/files", post(form_upload::files).layer(unlimited))
        .route("/evidence/{id}/files/{item}", get(show::own_file))
        .route("/evidence/{id}/files/{item}/text", get(show::own_text))
        .route("/evidence/{id}/files/{item}/pictures/{place}", get(show::own_picture))
        .route("/evidence/{id}/items/{item}/remove", post(draft::remove))
        .route("/evidence/{id}/items/{item}/up", post(draft::up))
        .route("/evidence/{id}/items/{item}/length", post(draft::length))
        .merge(tus::routes())
}
