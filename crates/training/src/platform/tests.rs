//! Platforms, told on both engines.

mod own_files;
mod vendor;

use chrono::TimeDelta;
use tisheng_kernel::Seconds;
use tisheng_registry::organisation::Node;
use tisheng_registry::samples::{Persona, phone};
use tisheng_testkit::{Chosen, story};

use super::{Platform, arrived};
use crate::hours::{self, Channel, Report, Tally};
use crate::samples::online_report;
use crate::town::Place;

/// What an office types for a platform called `name` of `institution`.
fn form<'a>(name: &'a str, institution: &'a str, place_of_hours: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("name", name),
        ("institution", institution),
        ("home_page", "https://study.test/"),
        ("length", "45"),
        ("place_of_hours", place_of_hours),
        ("silent_hours", "24"),
        ("contact", "联系人甲 000-0000"),
    ]
}

fn with<'a>(mut form: Vec<(&'a str, &'a str)>, field: &str, text: &'a str) -> Vec<(&'a str, &'a str)> {
    for (name, value) in &mut form {
        if *name == field {
            *value = text;
        }
    }
    form
}

/// Something came from `platform`.
async fn delivered(place: &Place, platform: &Platform) {
    let system = place.test.system();
    let mut tx = system.write().await.expect("a transaction");
    let tally =
        Tally { records: 3, entered: 2, same: 1, seconds: Seconds::of_minutes(90), ..Tally::default() };
    arrived(&system, &mut tx, platform, Channel::Api, &tally).await.expect("noted");
    tx.commit().await.expect("commits");
}

story!(an_office_enters_a_platform_and_mends_what_it_typed, |engine| async move {
    let place = Place::begin(engine).await;
    let (first, _) = place.platform().await;
    let institution = first.institution.to_string();
    let somewhere = format!("{}/{}", first.category, first.kind);
    let mut city = place.browser(&place.town.city_office).await;
    city.get("/platforms/new").await.shows("登记学习平台").shows("甲培训中心");
    let good = form("乙平台", &institution, &somewhere);
    let school = place.town.school().node.id.to_string();
    let wrong = [
        (with(good.clone(), "name", ""), "平台名称"),
        (with(good.clone(), "institution", ""), "培训机构"),
        (with(good.clone(), "institution", &school), "请选择本工程范围内的培训机构"),
        (with(good.clone(), "home_page", "study.test"), "应以 https:// 开头"),
        (with(good.clone(), "length", "5"), "每学时分钟数"),
        (with(good.clone(), "place_of_hours", "nowhere/"), "方案中没有这个学时类别"),
        (with(good.clone(), "name", hours::OWN_SOURCES[0]), "是本系统自己的来源"),
        (with(good.clone(), "name", &first.name), "已有同名的平台"),
    ];
    for (typed, sentence) in &wrong {
        let again = city.post("/platforms/new", typed).await;
        again.is(422).says(sentence);
        assert_eq!(again.field("contact"), "联系人甲 000-0000", "what was typed stays");
    }
    let made = city.post("/platforms/new", &good).await;
    made.is(200).shows("平台已登记").shows("今天还没有收到数据").shows("https://study.test");
    let edit = format!("{}/edit", made.path);
    let version = city.get(&edit).await.field("version");
    let mut renamed = with(good.clone(), "name", "乙平台（新）");
    renamed.push(("version", &version));
    city.post(&edit, &renamed).await.is(200).shows("平台资料已修改");
    city.post(&edit, &renamed).await.is(409).says("已被他人修改");
    city.get("/platforms").await.shows("乙平台（新）").shows("甲");
});

story!(a_name_that_hours_stand_under_is_never_changed, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, _) = place.platform().await;
    let teacher = place.town.school().teachers[0].person;
    let report = online_report(&place.rules, teacher, ("n1", 1, place.day(1)));
    let report = Report { source: platform.name.clone(), ..report };
    let system = place.test.system();
    let mut tx = system.write().await.expect("a transaction");
    hours::log_all(&system, &mut tx, &place.programme, &[report]).await.expect("taken");
    tx.commit().await.expect("commits");

    let mut city = place.browser(&place.town.city_office).await;
    let (institution, version) = (platform.institution.to_string(), platform.version.to_string());
    let somewhere = format!("{}/{}", platform.category, platform.kind);
    let mut typed = form("另一个名称", &institution, &somewhere);
    typed.push(("version", &version));
    let edit = format!("/platforms/{}/edit", platform.id);
    city.post(&edit, &typed).await.is(422).says("名称不能再改");
    city.post(&edit, &with(typed, "name", &platform.name)).await.is(200).shows("平台资料已修改");
});

story!(a_feed_that_falls_silent_is_told_of_until_something_comes, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, _) = place.platform().await;
    let at = format!("/platforms/{}", platform.id);
    place.test.clock.advance(TimeDelta::hours(49));
    let mut city = place.browser(&place.town.city_office).await;
    city.get("/platforms").await.shows("久未报送");
    city.get(&at).await.shows("已有 49 小时没有收到这个平台的数据").shows("演示联系人 000-0000");
    delivered(&place, &platform).await;
    city.get(&at).await.hides("没有收到这个平台的数据").shows("最近 10 次");
    city.get(&format!("{at}/arrivals")).await.shows("2.25");
    city.get("/platforms").await.hides("久未报送");
});

story!(hours_that_came_before_their_platform_was_entered_are_told, |engine| async move {
    let place = Place::begin(engine).await;
    let (first, _) = place.platform().await;
    let teacher = place.town.school().teachers[0].person;
    let report = online_report(&place.rules, teacher, ("n1", 1, place.day(1)));
    let report = Report { source: "乙平台".to_owned(), ..report };
    let system = place.test.system();
    let mut tx = system.write().await.expect("a transaction");
    hours::log_all(&system, &mut tx, &place.programme, &[report]).await.expect("taken");
    tx.commit().await.expect("commits");
    place.test.clock.advance(TimeDelta::days(30));
    let mut city = place.browser(&place.town.city_office).await;
    let (institution, somewhere) =
        (first.institution.to_string(), format!("{}/{}", first.category, first.kind));
    let made = city.post("/platforms/new", &form("乙平台", &institution, &somewhere)).await;
    // The silence that was agreed on begins when the platform is entered.
    made.shows("登记平台之前已有这个来源的学时入账").hides("没有收到这个平台的数据");
    let heard = system.at.chinese();
    city.get("/platforms").await.shows(&format!("乙平台 甲培训中心 使用中 {heard}"));
});

story!(a_suspended_platform_is_turned_on_again_by_an_office_alone, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, lecturer) = place.platform().await;
    let at = format!("/platforms/{}", platform.id);
    let turn = format!("{at}/turn");
    let mut city = place.browser(&place.town.city_office).await;
    let version = platform.version.to_string();
    let suspended = city.post(&turn, &[("do", "suspend"), ("version", &version)]).await;
    suspended.is(200).shows("平台已停用").shows("已入账的学时不受影响。 撤销");
    let undo = suspended.html();
    let undo =
        undo.split("class=\"flash").nth(1).and_then(|rest| rest.split("</form>").next()).expect("a form");
    let next = format!("name=\"version\" value=\"{}\"", platform.version + 1);
    assert!(undo.contains(&turn) && undo.contains(&next) && undo.contains("value=\"resume\""), "{undo}");
    city.get("/platforms").await.shows("已停用");
    city.post(&turn, &[("do", "resume"), ("version", &version)]).await.is(409);
    let mut own = place.browser(&lecturer).await;
    let next = (platform.version + 1).to_string();
    own.post(&turn, &[("do", "resume"), ("version", &next)]).await.is(404);
    city.post(&turn, &[("do", "resume"), ("version", &next)]).await.is(200).shows("平台已恢复使用");
});

story!(an_institution_names_the_columns_of_its_own_files, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, lecturer) = place.platform().await;
    let page = format!("/platforms/{}/columns", platform.id);
    let mut own = place.browser(&lecturer).await;
    own.get(&page).await.shows("文件列名对照");
    let twice = [("name", "学员"), ("title", "学员")];
    own.post(&page, &twice).await.is(422).says("“学员”已经对应了另一列");
    let named = [("name", "学员姓名（全名）"), ("title", "所学内容")];
    own.post(&page, &named).await.is(200).shows("列名对照已保存");
    assert_eq!(own.get(&page).await.field("title"), "所学内容");
});

story!(platforms_are_for_their_offices_and_their_institution, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, lecturer) = place.platform().await;
    let at = format!("/platforms/{}", platform.id);
    let town = &place.town;
    let school = town.school();
    for (persona, status) in [
        (&lecturer, 200),
        (&town.county_office, 200),
        (&school.clerk, 404),
        (&school.principal, 404),
        (&school.teachers[0], 404),
    ] {
        place.browser(persona).await.get(&at).await.is(status);
    }
    let elsewhere = |node: &Node| Persona { node: node.clone(), ..lecturer.clone() };
    let mut other = place.browser(&elsewhere(&town.neighbour)).await;
    other.get(&at).await.is(404);
    other.get("/platforms").await.is(200).hides(&platform.name);
    other.get("/platforms/new").await.is(404);
});

story!(a_file_that_a_clerk_brings_is_a_delivery_too, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, _) = place.platform().await;
    let teacher = &place.town.school().teachers[0];
    let category = place.rules.hours.categories[0].title.as_str();
    let (name, phone, day) = (&teacher.name, phone(7), place.day(1));
    let row = |number: &str| {
        format!("{name},{},{},数字素养,{category},2,{day},{number}\n", phone.number(), platform.name)
    };
    let head = "姓名,手机号,平台,课程,学时类别,学时,学习日期,记录编号\n";
    let file = format!("{head}{}{}{}", row("n1"), row("n2"), row("n2"));
    let chosen = [Chosen { field: "file", name: "学时.csv", bytes: file.as_bytes() }];
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let run = clerk.post_files("/roster/hours", &[], &chosen).await;
    place.settle().await;
    clerk.post(&format!("{}/confirm", run.path), &[]).await.is(200);
    place.settle().await;
    let mut city = place.browser(&place.town.city_office).await;
    city.get(&format!("/platforms/{}/arrivals", platform.id)).await.shows("学时文件 3 2 4.00 1 0 0 0");
    city.get("/platforms").await.hides("久未报送");
});
