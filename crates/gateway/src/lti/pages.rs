//! The pages of the room: the tool of a platform, the way to it and back, courses chosen in it.

mod chosen;
mod courses;
mod keep;
mod show;
pub mod visit;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_platform::App;
use tisheng_platform::web::Page;
use tisheng_platform::web::session::SignedIn;
use tisheng_training::platform::Platform;

/// The pages of the room.
pub fn pages() -> Router<Arc<App>> {
    Router::new()
        .route("/courses/{id}/launch", get(visit::launch))
        .route("/platforms/{id}/tool", get(show::show))
        .route("/platforms/{id}/tool/edit", get(keep::form).post(keep::save))
        .route("/platforms/{id}/tool/turn", post(keep::turn))
        .route("/platforms/{id}/tool/courses", get(courses::form).post(courses::save))
        .route("/platforms/{id}/tool/invite", post(keep::invite))
        .route("/platforms/{id}/tool/pick", get(visit::pick))
        .route("/platforms/{id}/tool/picks/{pick}", get(chosen::form).post(chosen::save))
}

/// A page below that of a platform.
fn page_of(asker: &SignedIn, title: &str, platform: &Platform) -> Page {
    Page::new(asker, title, "/platforms")
        .crumb("学习平台", "/platforms")
        .crumb(platform.name.clone(), format!("/platforms/{}", platform.id))
}

/// The same below that of its tool.
fn page_below(asker: &SignedIn, title: &str, platform: &Platform) -> Page {
    page_of(asker, title, platform).crumb("学习工具（LTI）", format!("/platforms/{}/tool", platform.id))
}
