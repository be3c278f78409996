//! Resumable uploads as tus 1.0 describes them: core protocol, creation, termination, checksum
//! and expiration. A client asks how far it has come (`HEAD`) and goes on from there (`PATCH`).
//!
//! Bytes are appended to a file, synced, and only then counted in the row. After a crash the file
//! may be longer than the row says, or the row may name bytes of a file that has moved on: the
//! smaller of the two is trusted, so what was acknowledged by `HEAD` is what is there.

mod handlers;
mod protocol;
mod receive;

use axum::Router;
use axum::routing::{any, patch};
use chrono::TimeDelta;
use std::sync::Arc;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::App;
use uuid::Uuid;

pub use handlers::{EXPIRY_JOB, expire};
pub use protocol::Refused;
pub use receive::Stopped;

use super::model::{Item, Submission};

/// Days after the last byte for which an upload can be resumed.
const DAYS: i64 = 7;

/// A file that is arriving.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its identifier, part of its address.
    pub id: Id<Upload>,
    /// The programme.
    pub programme: Uuid,
    /// The revision it belongs to.
    pub submission: Id<Submission>,
    /// Key of the piece it belongs to.
    pub piece: String,
    /// Who uploads.
    pub person: Uuid,
    /// The file's name.
    pub name: String,
    /// Bytes in all.
    pub length: i64,
    /// Bytes on disk, as the row says.
    pub received: i64,
    /// What has become of it.
    pub item: Option<Id<Item>>,
    /// Until when it can be resumed.
    pub expires_at: Instant,
}

/// When an upload that got bytes at `at` can no longer be resumed.
fn expiry(at: Instant) -> Instant {
    at + TimeDelta::days(DAYS)
}

/// The routes of uploads.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/uploads", any(handlers::options).post(handlers::create)).route(
        "/uploads/{id}",
        patch(handlers::append).head(handlers::offset).delete(handlers::terminate).options(handlers::options),
    )
}
