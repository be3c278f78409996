//! Which rooms the product has: their routes, their long-lived things, the menu.

use std::sync::Arc;

use axum::Router;
use tisheng_platform::web::layout::NavItem;
use tisheng_platform::{App, Parts, Who};

/// The routes of all rooms.
pub fn rooms() -> Router<Arc<App>> {
    Router::new()
}

/// The long-lived things of all rooms.
pub fn parts() -> Result<Parts, Box<dyn std::error::Error + Send + Sync>> {
    Ok(Parts::default())
}

/// The menu of a signed-in person, in the order of the work.
pub fn navigation(who: &Who) -> Vec<NavItem> {
    let Some(_) = who.member() else { return Vec::new() };
    vec![NavItem::new("首页", "/")]
}
