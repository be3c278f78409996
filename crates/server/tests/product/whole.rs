//! The rooms fit together: no two of them claim one address, and every reaction has its job.

use tisheng_testkit::story;

use crate::world::whole;

story!(the_whole_product_starts, |engine| async move {
    let product = whole(engine).await;
    product.settle().await;
    product.browser().get("/sign-in").await.shows("登录");
    assert_eq!(product.browser().get("/readyz").await.status, 200);
});
