//! The record store: everything that xAPI 1.0.3 and 2.0 ask of one, under `/xapi`.
//!
//! **Promise.** What is acknowledged is durable and there once. A statement is never changed; it is
//! given back as it was sent, with what the standard lets a store add. Nobody reads what his
//! credential does not allow.
//!
//! **Words.** A *credential* is the key of a machine. A *term* is a hash of something a statement
//! is found by. A *delivery* is the statements of one request. The *desk* takes the deliveries of
//! this process, with as many writers as the engine takes side by side. What is *refused* of a platform is
//! counted by day and reason, and not kept.
//!
//! **Tables.** `lrs_credential`, `lrs_usage`, `xapi_statement`, `xapi_id`, `xapi_term`, `xapi_reference`,
//! `xapi_voided`, `xapi_activity`, `xapi_attachment`, `xapi_document`, `lrs_refused`.
//!
//! **Invariants.** An id stands for one statement. Moments of storing grow, so that a page goes on
//! where the last ended, and none appears where a page has been. A statement that is found through a
//! reference has the terms of the statement referred to, whichever came first. Content in browsers reads
//! answers only at origins of the configuration, and no cookie counts.

mod call;
mod cors;
mod credential;
mod desk;
mod documents;
mod fault;
mod model;
mod moments;
mod months;
mod pages;
mod reading;
mod refused;
mod resources;
mod statement_calls;
mod store;
#[cfg(test)]
mod tests;
mod writing;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use tisheng_platform::db::months::Monthly;
use tisheng_platform::{App, DbError, Tx};
use uuid::Uuid;

use store::search;

pub use credential::{Issued, Listed, create, list, revoke, rotate};
pub use desk::Desk;
pub use model::{Credential, NoScope, Scope, StoredEvent, USUAL_RATE, Wanted};
pub use months::{MonthError, MonthState, months, put_back, take_out};
pub use pages::pages;
pub use refused::{Refusal, Refused, impersonal, note, refused_since};

/// The topic of the event that statements of a credential with a platform have been stored.
pub const STORED: &str = "xapi.stored";

/// The tables of which past months may be taken out.
pub const MONTHS: Monthly = Monthly {
    tables: &["xapi_statement", "xapi_term"],
    folder: "months",
    // Looked through within a second or two, also from a disk: the terms of half a million statements.
    large: 512 << 20,
};

/// The addresses of the store, for machines: no cookie counts. The assembly adds a [`Desk`] to the
/// parts of the application.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/xapi", any(call::enter)).route("/xapi/{*resource}", any(call::enter))
}

/// A statement as others read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: Uuid,
    /// When it was stored, microseconds since 1970-01-01 UTC.
    pub stored: i64,
    /// The statement as JSON, with what the store added.
    pub body: String,
    /// The statement that took it back.
    pub voided_by: Option<Uuid>,
}

/// Names of the stored files of attachments after `after`, a few hundred in order.
///
/// # Errors
/// What the database reports.
pub async fn stored_files(tx: &mut Tx, after: &str) -> Result<Vec<String>, DbError> {
    store::files(tx, after).await
}

/// The statements `ids`, those that are there.
///
/// # Errors
/// What the database reports.
pub async fn statements(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Stored>, DbError> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(kept) = search::one(tx, *id).await? else { continue };
        let voided_by = if kept.is_voided { search::voided_by(tx, *id).await? } else { None };
        found.push(Stored { id: kept.id, stored: kept.stored, body: kept.body, voided_by });
    }
    Ok(found)
}
