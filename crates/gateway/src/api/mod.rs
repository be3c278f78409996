//! `/api/v1`: what other systems report and ask (INT-1).
//!
//! **Promise.** A batch of hours is answered row by row, and each row counts once by the number that its
//! platform gives it, however often it is sent. The same `Idempotency-Key` with the same content gets
//! the same answer. Whatever cannot be done is told as problem details (RFC 9457) with the row, the
//! field and a sentence. The document at `/api/v1/openapi.json` says exactly what is answered: a test
//! holds every answer of the stories against it.
//!
//! **Words.** A *call* is a request whose token was let in. A *problem* is why there is no answer. A
//! *place* is the last row of a page, opaque to whoever asks.
//!
//! **Tables.** `api_answer`, `api_refused`.
//!
//! A row that is refused is kept with what was wrong, sealed, for those who see its platform; tried again by
//! hand it goes the way of a row that comes now.
//!
//! **Invariants.** What is answered lies within the node of the token, and within its platform where it
//! has one; never the number of a paper or a phone. What a kept answer says of a row, the ledger has.

mod call;
mod catalogue;
mod document;
mod field;
mod hours;
mod json;
mod once;
mod pages;
mod place;
mod problem;
mod progress;
mod proof;
mod refused;
mod roster;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};
use tisheng_platform::App;

pub use proof::check_answers;
pub use store::follow;

/// The addresses for machines: no cookie counts.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/api/v1/{*resource}", any(call::enter))
}

/// What people read about it.
pub fn pages() -> Router<Arc<App>> {
    Router::new()
        .route("/api/v1/openapi.json", get(document::json))
        .route("/api/v1/docs", get(document::page))
        .route("/platforms/{id}/refused", get(pages::list))
        .route("/platforms/{id}/refused/{row}", post(pages::again))
}
