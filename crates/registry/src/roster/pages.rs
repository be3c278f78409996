//! The pages of the loop; without scripts, the page of a run at work looks again by itself.

mod first;
mod run;
mod start;
mod upload;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tisheng_platform::App;
use tisheng_platform::web::Page;
use tisheng_platform::web::session::SignedIn;

/// The routes of the loop.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/roster", get(start::start))
        // The file is counted on its way to disk, against the installation's own limit.
        .route("/roster/{kind}", get(upload::form).post(upload::bring).layer(DefaultBodyLimit::disable()))
        .route("/roster/{kind}/template.xlsx", get(upload::template))
        .route("/roster/{kind}/template.csv", get(upload::template_text))
        .route("/roster/runs/{id}", get(run::show))
        .route("/roster/runs/{id}/findings", get(run::findings))
        .route("/roster/runs/{id}/marked.xlsx", get(run::marked))
        .route("/roster/runs/{id}/differences", get(run::differences))
        .route("/roster/runs/{id}/answers", post(run::answers))
        .route("/roster/runs/{id}/confirm", get(run::confirm_page).post(run::confirm))
        .route("/roster/runs/{id}/drop", post(run::put_away))
        .route("/roster/runs/{id}/undo", post(run::undo))
        .route("/roster/runs/{id}/receipt", get(run::receipt))
        .route("/roster/runs/{id}/tokens.xlsx", post(first::tokens))
        .route("/roster/runs/{id}/slips", post(first::slips))
}

/// A page about files of the kind `key`: behind the menu's entry for them, where the menu has one, else
/// behind that for all files.
fn page(asker: &SignedIn, title: &str, key: &str) -> Page {
    let own = format!("/roster/{key}");
    let page = Page::new(asker, title, &own);
    match page.entry().map(|entry| (entry.label.clone(), entry.href.clone())) {
        Some((label, href)) => page.crumb(label, href),
        None => page.crumb("数据导入", "/roster"),
    }
}

/// The media type of a table as text.
const CSV: &str = "text/csv; charset=utf-8";
/// The media type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
