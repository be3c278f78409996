//! The pages of the room: the rules explained and what changes in them, versions and their trial.

mod differences;
mod rules;
mod versions;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tisheng_platform::App;

/// Bytes of an upload of scheme files.
const UPLOAD: usize = 4 << 20;

/// The routes of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/scheme", get(rules::show))
        .route("/scheme/news", get(differences::news))
        .route("/scheme/files", get(rules::files))
        .route(
            "/scheme/versions",
            get(versions::list).post(versions::hand_in).layer(DefaultBodyLimit::max(UPLOAD)),
        )
        .route("/scheme/versions/{id}", get(versions::show))
        .route("/scheme/versions/{id}/step", post(versions::step))
        .route("/scheme/versions/{id}/changes", get(versions::changes))
}
