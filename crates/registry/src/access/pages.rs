//! Pages of signing in, of one's own account, and of the roles at a node.

mod account;
mod care;
mod roles;
mod sign_in;

pub use sign_in::{Address, lead_on};

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use axum::routing::{get, post};
use tisheng_platform::App;
use tisheng_platform::web::once;

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/looks", get(super::looks::show))
        .route("/sign-in", get(sign_in::form).post(sign_in::submit))
        .route("/sign-in/code", get(sign_in::code_form).post(sign_in::submit_code))
        .route("/sign-in/enrol", get(sign_in::enrol_form).post(sign_in::submit_enrol))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/sign-out/everywhere", post(account::sign_out_everywhere))
        .route("/s/{token}", get(account::set_up_form).post(account::set_up))
        .route("/account", get(account::show))
        .route("/account/recovery-codes", post(account::renew_codes))
        .route("/account/second-factor", post(account::change_device))
        .route("/account/password", post(account::change_password))
        .route("/roles", get(roles::chooser))
        .route("/roles/switch", post(roles::switch))
        .route("/organisation/{node}/roles", get(roles::at_node).post(roles::give))
        .route("/organisation/{node}/roles/{grant}/end", post(roles::take))
        .route("/organisation/{node}/roles/{grant}/restore", post(roles::restore))
        .route("/people/{person}/account", get(care::show).post(care::create))
        .route("/people/{person}/account/link", post(care::link))
        .route("/people/{person}/account/second-factor", post(care::reset_second_factor))
        .route("/people/{person}/account/disable", post(care::disable))
        .route("/people/{person}/account/enable", post(care::enable))
}

/// Sends the browser to `to` with another session.
fn go_on(to: &str, cookie: HeaderValue) -> Response {
    let mut response = once::redirect(to, None);
    response.headers_mut().append(SET_COOKIE, cookie);
    response
}

/// An address of this installation to return to; anything else leads home.
fn local(back: &str) -> &str {
    let leads_here = back.starts_with('/') && !back.starts_with("//") && !back.contains(['\\', '\n', '\r']);
    if leads_here { back } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(local("/people?q=a"), "/people?q=a");
        for elsewhere in ["", "https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"] {
            assert_eq!(local(elsewhere), "/", "{elsewhere}");
        }
    }
}
