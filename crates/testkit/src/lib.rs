//! What tests of rooms stand on: an application on either engine, browsers that click through it,
//! and looks at the pages they get.
//!
//! A story is written once and runs on both engines:
//!
//! ```ignore
//! story!(a_teacher_sees_the_hours, |engine| async move {
//!     let town = TestApp::start(engine, routes(), Parts::default()).await;
//!     let page = town.browser().get("/").await;
//!     page.shows("登录");
//! });
//! ```

#![allow(clippy::missing_panics_doc, reason = "a test helper that cannot go on panics, which fails the test")]

mod app;
mod browser;
mod database;
mod page;

pub use app::{CONTENT_ORIGIN, HandClock, TestApp};
pub use browser::{Browser, Chosen};
pub use database::{Scratch, scratch};
pub use page::Seen;
pub use tisheng_platform::db::Engine;

/// Makes two tests of one story: `name::sqlite` and `name::postgres`.
#[macro_export]
macro_rules! story {
    ($(#[$meta:meta])* $name:ident, |$engine:ident| $body:expr) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "a story may need nothing of its module")]
            use super::*;

            async fn tell($engine: $crate::Engine) {
                $body.await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                tell($crate::Engine::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                tell($crate::Engine::Postgres).await;
            }
        }
    };
}
