//! Training: hours, choice of capabilities, school activities.

pub mod activity;
pub mod course;
pub mod desk;
pub mod hours;
pub mod learning;
pub mod platform;
pub mod reconciliation;
pub mod samples;
pub mod selection;
mod sorting;
mod table;
#[cfg(test)]
mod town;

use std::sync::Arc;

use axum::Router;
use tisheng_platform::App;

/// The routes of the district.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .merge(hours::routes())
        .merge(platform::routes())
        .merge(course::routes())
        .merge(learning::routes())
        .merge(reconciliation::routes())
        .merge(selection::routes())
        .merge(activity::routes())
}
