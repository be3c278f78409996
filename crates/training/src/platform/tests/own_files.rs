//! Files of hours of a platform that is suspended, and those that an institution brings itself.

use tisheng_kernel::{Id, Seconds};
use tisheng_registry::access::Role;
use tisheng_registry::people::Person;
use tisheng_registry::samples::{Persona, phone};
use tisheng_testkit::{Browser, Chosen, Seen, story};

use crate::hours;
use crate::platform::{self, Platform};
use crate::town::Place;

const HEAD: [&str; 8] = ["姓名", "手机号", "平台", "课程", "学时类别", "学时", "学习日期", "记录编号"];

/// Rows of `platform` about the first teacher of the first school, one for each of `numbers`.
fn file(place: &Place, platform: &str, numbers: &[&str]) -> Vec<u8> {
    let name = place.town.school().teachers[0].name.clone();
    let category = place.rules.hours.categories[0].title.value.clone();
    let row = |number: &&str| {
        let phone = phone(7).number().to_owned();
        let (title, hours, day) = ("数字素养".to_owned(), "2".to_owned(), place.day(1).to_string());
        let (name, category) = (name.clone(), category.clone());
        [name, phone, platform.to_owned(), title, category, hours, day, (*number).to_owned()]
    };
    tisheng_sheet::csv(&HEAD, numbers.iter().map(row).collect::<Vec<_>>()).expect("a file")
}

async fn bring(place: &Place, browser: &mut Browser, origin: &str, bytes: &[u8]) -> Seen {
    let chosen = [Chosen { field: "file", name: "学时.csv", bytes }];
    let waiting = browser.post_files("/roster/hours", &[("origin", origin)], &chosen).await;
    place.settle().await;
    browser.get(&waiting.path).await
}

async fn act(place: &Place, browser: &mut Browser, run: &Seen, what: &str) -> Seen {
    browser.post(&format!("{}/{what}", run.path), &[]).await.is(200);
    place.settle().await;
    browser.get(&run.path).await
}

async fn credited(place: &Place, person: Id<Person>) -> Seconds {
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let entries = hours::entries(&mut tx, place.programme.id, person).await.expect("entries");
    entries.iter().map(|entry| entry.seconds).sum()
}

async fn suspend(place: &Place, platform: &Platform) {
    let mut office = place.browser(&place.town.city_office).await;
    let turn = format!("/platforms/{}/turn", platform.id);
    office.post(&turn, &[("version", &platform.version.to_string()), ("do", "suspend")]).await.is(200);
}

/// Another institution with its platform, and somebody of it.
async fn another(place: &Place) -> Persona {
    let office = place.ctx(&place.town.city_office);
    let mut tx = office.write().await.expect("a transaction");
    let about = (&place.town.county, 2, "戊");
    let (node, _) =
        platform::samples::platform(&office, &mut tx, &place.programme, about).await.expect("made");
    tx.commit().await.expect("commits");
    Persona { role: Role::Institution, node, ..place.town.schools[0].clerk.clone() }
}

story!(a_file_that_names_a_suspended_platform_is_refused, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, _) = place.platform().await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let bytes = file(&place, &platform.name, &["n1"]);
    let checked = bring(&place, &mut clerk, "", &bytes).await;
    checked.shows("可以确认");
    suspend(&place, &platform).await;
    // What was checked before is not taken now, and is told why.
    act(&place, &mut clerk, &checked, "confirm").await.shows("平台“甲”已停用");
    bring(&place, &mut clerk, "", &bytes).await.shows("有错误").shows("平台“甲”已停用");
    // Another name is not concerned.
    let other = file(&place, "校外平台", &["n2"]);
    bring(&place, &mut clerk, "", &other).await.shows("可以确认");
    assert_eq!(credited(&place, place.town.school().teachers[0].person).await, Seconds::ZERO);
});

story!(an_institution_brings_the_hours_of_its_own_platform, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, lecturer) = place.platform().await;
    let stranger = another(&place).await;
    let teacher = place.town.school().teachers[0].clone();
    let mut institution = place.browser(&lecturer).await;
    institution.get(&format!("/platforms/{}", platform.id)).await.shows("导入学时");
    let form = institution.get("/roster/hours").await;
    form.shows("由哪个平台导出").shows("甲").hides("戊");

    // Check, differences, confirmation, receipt: the teacher of a school has the hours.
    let key = platform.id.to_string();
    let run = bring(&place, &mut institution, &key, &file(&place, "甲", &["n1", "n2"])).await;
    run.shows("可以确认");
    institution.get(&format!("{}/differences", run.path)).await.shows("数字素养");
    assert_eq!(credited(&place, teacher.person).await, Seconds::ZERO, "a check writes nothing");
    act(&place, &mut institution, &run, "confirm").await.shows("已导入");
    institution.get(&format!("{}/receipt", run.path)).await.shows("SHA-256");
    let four = Seconds::parse_hours("4", *place.rules.hours.length).expect("a number");
    assert_eq!(credited(&place, teacher.person).await, four);
    // What waits is decided by an office, and not by who brought it.
    let unknown =
        String::from_utf8(file(&place, "甲", &["n3"])).expect("text").replace(&teacher.name, "无名氏");
    let parked = bring(&place, &mut institution, "", unknown.as_bytes()).await;
    act(&place, &mut institution, &parked, "confirm").await.shows("需要由人决定").hides("去处理");
    institution.get("/hours/waiting").await.is(404);
    let page = institution.get(&format!("/platforms/{}", platform.id)).await;
    page.shows("待处理 1 条").shows("不需要重新报送");
    place.browser(&place.town.city_office).await.get("/hours/waiting").await.shows("无名氏");
    act(&place, &mut institution, &run, "undo").await.shows("已撤销");
    assert_eq!(credited(&place, teacher.person).await, Seconds::ZERO);

    // Neither another's platform, nor one that nobody knows, nor its own once it is suspended.
    let mut other = place.browser(&stranger).await;
    bring(&place, &mut other, "", &file(&place, "甲", &["n4"])).await.shows("有错误").shows("不属于您的机构");
    bring(&place, &mut other, "", &file(&place, "丙", &["n5"])).await.shows("不属于您的机构");
    let chosen = [Chosen { field: "file", name: "学时.csv", bytes: &file(&place, "甲", &["n6"]) }];
    other.post_files("/roster/hours", &[("origin", &key)], &chosen).await.is(422);
    for page in ["", "/differences", "/receipt", "/confirm"] {
        other.get(&format!("{}{page}", run.path)).await.is(404);
    }
    suspend(&place, &platform).await;
    institution.get("/roster/hours").await.hides("由哪个平台导出");
    bring(&place, &mut institution, "", &file(&place, "甲", &["n7"])).await.shows("已停用");
    assert_eq!(credited(&place, teacher.person).await, Seconds::ZERO);
});
