//! What no font has a picture for.

use tisheng_platform::args;
use tisheng_testkit::story;

use super::begin;

story!(a_sign_that_cannot_be_printed_is_named_and_costs_nobody_a_certificate, |engine| async move {
    let world = begin(engine).await;
    let (teacher, other) = (world.teacher(0, 0), world.teacher(0, 1));
    for holder in [teacher, other] {
        world.meet_everything(holder).await;
    }
    world.tamper("update person set name = '教师𠮷' where name = '教师甲'").await;
    let warned = "证书上会印成空框";
    let mut county = world.browser(&world.town.county_office).await;
    county.get("/certificates/batch").await.shows(warned).shows("教师𠮷（𠮷）");
    county.get(&format!("/people/{}/standing", teacher.person)).await.shows(warned).shows("“𠮷”");
    county.get(&format!("/people/{}/standing", other.person)).await.hides(warned);
    let number = world.issue(teacher).await;
    let place = format!("/certificates/{number}");
    for reader in [teacher, &world.town.county_office, &world.town.school().principal] {
        let page = world.browser(reader).await.get(&place).await;
        page.shows("平台的字体里没有“𠮷”").shows("不必换发");
    }
    let document = county.get(&format!("{place}/pdf")).await;
    assert!(document.is(200).bytes.starts_with(b"%PDF"));
    let kept = async |number: &str| -> i64 {
        let mut tx = world.test.app.db.read().await.expect("a transaction");
        let count = "select count(*) from certificate where number = $1 and pdf is not null";
        tx.row(count, args![number], |row| row.get(0)).await.expect("counted")
    };
    assert_eq!(kept(&number).await, 0, "set anew once there is a font");
    world.test.browser().get(&format!("/verify/{number}")).await.shows("教师𠮷").shows("现在有效");

    let sound = world.issue(other).await;
    county.get(&format!("/certificates/{sound}")).await.hides("平台的字体里没有");
    county.get(&format!("/certificates/{sound}/pdf")).await.is(200);
    assert_eq!(kept(&sound).await, 1);
    county.get(&format!("{place}/revoke")).await.shows("教师𠮷");
});
