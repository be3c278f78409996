//! Offices that listen to what becomes of their teachers.

use tisheng_testkit::story;

use crate::world::World;

story!(an_office_is_told_of_results_and_certificates_of_its_own_teachers, |engine| async move {
    let world = World::begin(engine).await;
    let form = [
        ("name", "发证通知"),
        ("url", "https://hooks.test/"),
        ("event", "result.final"),
        ("event", "certificate.issued"),
        ("event", "certificate.revoked"),
    ];
    let mut office = world.browser(&world.town.county_office).await;
    let page = office.post("/webhooks", &form).await.link("/webhooks/");
    let mut neighbour = world.browser(&world.town.neighbour_office).await;
    let theirs = neighbour.post("/webhooks", &form).await.link("/webhooks/");

    let teacher = world.town.school().teachers[4].clone();
    world.fulfil(&teacher).await;
    office.get(&page).await.shows("考核结果生效 待投递").hides("证书颁发 待投递");
    office.post("/certificates/batch", &[]).await.shows("位教师发证");
    world.test.settle().await;
    let seen = office.get(&page).await;
    // Nobody listens there: it waits, and is tried again.
    seen.shows("证书颁发 待投递").shows("投递受阻");
    neighbour.get(&theirs).await.shows("还没有通知");
});
