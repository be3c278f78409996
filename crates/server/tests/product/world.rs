//! The whole application in process.

use tisheng_server::{reactions, routes};
use tisheng_testkit::{Engine, TestApp};

/// Every route, every reaction, on a database of its own.
pub async fn whole(engine: Engine) -> TestApp {
    let parts = routes::parts().expect("the product's long-lived things");
    TestApp::with_handlers(engine, routes::rooms(), parts, reactions::handlers()).await
}
