//! The rooms fit together: no two of them claim one address, and every reaction has its job.

use tisheng_testkit::story;

use crate::world::{World, whole};

story!(the_whole_product_starts, |engine| async move {
    let product = whole(engine).await;
    product.settle().await;
    product.browser().get("/sign-in").await.shows("登录");
    assert_eq!(product.browser().get("/readyz").await.status, 200);
});

story!(what_was_handed_in_is_not_asked_for_again, |engine| async move {
    let world = World::begin(engine).await;
    let mut worker = world.browser(world.worker()).await;
    for place in ["/tasks", "/", "/standing"] {
        worker.get(place).await.shows("已提交，");
    }
});
