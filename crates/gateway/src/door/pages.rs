//! The pages of the door: the way through it, the links of one's own, the services of an office.

mod keep;
mod link;
mod list;
mod visit;

use std::sync::Arc;

use askama::Template;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tisheng_platform::web::layout::again;
use tisheng_platform::web::{Answer, Page, Rate};
use tisheng_platform::{App, Ctx};

use super::fault::DoorError;

/// Ways to a service and back at once from one address: a whole school may share one.
const BURST: u32 = 300;
/// Seconds after which an address may set out once more.
const SECONDS: u32 = 1;

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/sign-in/via/{provider}", get(visit::set_out))
        .route("/sign-in/via/{provider}/return", get(visit::come_back).post(visit::signed_out_there))
        .route("/sign-in/via/{provider}/left", get(visit::left))
        .layer(Extension(Arc::new(Rate::new(BURST, SECONDS))))
        .route("/sign-in/via/{provider}/link", get(link::form).post(link::confirm))
        .route("/account/links/{link}/cut", post(link::cut_own))
        .route("/people/{person}/links/{link}/cut", post(link::cut_of))
        .route("/identity-providers", get(list::all))
        .route("/identity-providers/new", get(keep::new).post(keep::add))
        .route("/identity-providers/{provider}", get(list::one))
        .route("/identity-providers/{provider}/edit", get(keep::edit).post(keep::change))
        .route("/identity-providers/{provider}/check", post(keep::check))
        .route("/identity-providers/{provider}/state", post(keep::set_state))
        .route("/identity-providers/{provider}/links/{link}/cut", post(keep::cut))
}

#[derive(Template)]
#[template(path = "door/pages/fault.html")]
struct FaultPage {
    page: Page,
    said: String,
}

/// The page that says why somebody was not let in; failures go their own way.
fn turned_away(ctx: &Ctx, error: DoorError) -> Answer {
    match error {
        DoorError::Failed(failure) => Err(failure),
        other => again(&FaultPage { page: Page::of(ctx, "没有完成登录"), said: other.to_string() }),
    }
}
