//! Reports whose teachers come onto the roll later.

use tisheng_kernel::Seconds;
use tisheng_platform::args;
use tisheng_registry::samples::{Persona, identity, phone};
use tisheng_testkit::{Browser, Chosen, story};

use super::{Described, Report, Whom, balance, log_all, logged};
use crate::hours::model::Logged;
use crate::samples::online_report;
use crate::town::Place;

/// A report of `source` about whomever `described` means.
fn about(place: &Place, source: &str, described: Described, number: &str, day: u32) -> Report {
    let somebody = place.town.school().teachers[0].person;
    let report = online_report(&place.rules, somebody, (number, 1, place.day(day)));
    Report { whom: Whom::Described(described), source: source.to_owned(), ..report }
}

fn by_paper(name: &str, number: u32) -> Described {
    Described { name: name.to_owned(), paper: identity(number).number().to_owned(), ..Described::default() }
}

async fn brought(place: &Place, by: &Persona, reports: &[Report]) {
    let clerk = place.ctx(by);
    let mut tx = clerk.write().await.expect("a transaction");
    let receipt = log_all(&clerk, &mut tx, &place.programme, reports).await.expect("taken");
    assert_eq!(usize::try_from(receipt.parked).ok(), Some(reports.len()));
    tx.commit().await.expect("commits");
}

story!(every_parked_report_that_matches_is_found_however_many_wait, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, lecturer) = place.platform().await;
    let town = &place.town;
    // More than a thousand about nobody on any roll, then some about a teacher of another school.
    let strangers: Vec<Report> = (0..1_010)
        .map(|n| about(&place, &platform.name, by_paper("无此人", 5_000 + n), &format!("n{n}"), 1))
        .collect();
    brought(&place, &town.schools[1].clerk, &strangers).await;
    let teacher = &town.school().teachers[0];
    let theirs: Vec<Report> = (0..60)
        .map(|n| about(&place, &platform.name, by_paper(&teacher.name, 7), &format!("t{n}"), 1 + n % 9))
        .collect();
    brought(&place, &town.schools[1].clerk, &theirs).await;
    let here = format!("/platforms/{}/here", platform.id);
    let mut other = place.browser(&town.schools[1].clerk).await;
    other.get(&here).await.shows("待匹配教师 1070 条");
    let mut county = place.browser(&town.county_office).await;
    let at_work = county.post(&here, &[]).await;
    at_work.is(200).shows("正在逐条处理").shows("0 / 60");
    place.settle().await;
    let done = county.get(&at_work.path).await;
    done.shows("已核对 60 条").shows("待匹配教师 1010 条");
    assert!(balance(&place, teacher.person).await > Seconds::ZERO);
    // Nothing of it is found twice.
    county.post(&here, &[]).await.is(200).shows("名册中还没有这些教师");
    let mut own = place.browser(&lecturer).await;
    own.post(&here, &[]).await.is(404);
});

/// Brings a roll with one teacher for the first school, and takes it.
async fn enrol(place: &Place, clerk: &mut Browser, name: &str, number: u32) {
    let head = ["姓名", "证件号码", "手机号", "学校", "任教学科", "任教学段", "职称"];
    let school = place.town.school().node.name.as_str();
    let (paper, mobile) = (identity(number), phone(number));
    let row = [name, paper.number(), mobile.number(), school, "语文", "小学", ""].map(str::to_owned);
    let bytes = tisheng_sheet::csv(&head, vec![row]).expect("a file");
    let chosen = [Chosen { field: "file", name: "名册.csv", bytes: &bytes }];
    let waiting = clerk.post_files("/roster/teachers", &[], &chosen).await;
    place.settle().await;
    clerk.get(&format!("{}/confirm", waiting.path)).await.is(200);
    clerk.post(&format!("{}/confirm", waiting.path), &[("gone", "keep"), ("accounts", "none")]).await.is(200);
    place.settle().await;
}

story!(whoever_comes_onto_the_roll_is_found_by_paper_and_by_phone, |engine| async move {
    let place = Place::begin(engine).await;
    let (platform, _) = place.platform().await;
    let town = &place.town;
    let phoned = Described {
        name: "新来的".to_owned(),
        phone: phone(4_000).number().to_owned(),
        ..Described::default()
    };
    let namesake = Described { name: "别的人".to_owned(), ..phoned.clone() };
    let reports = [
        about(&place, &platform.name, by_paper("新来的", 4_000), "a1", 1),
        about(&place, &platform.name, phoned, "a2", 2),
        about(&place, &platform.name, namesake, "a3", 3),
    ];
    brought(&place, &town.county_office, &reports).await;
    let elsewhere = about(&place, &platform.name, by_paper("新来的", 4_000), "a4", 4);
    brought(&place, &town.schools[1].clerk, &[elsewhere]).await;
    let mut clerk = place.browser(&town.school().clerk).await;
    enrol(&place, &mut clerk, "新来的", 4_000).await;
    let here = format!("/platforms/{}/here", platform.id);
    let mut county = place.browser(&town.county_office).await;
    county.get(&here).await.shows("待匹配教师 4 条").shows("别的人");
    // What another school has brought is found by the county alone.
    county.post(&here, &[]).await.shows("3 条已匹配到名册中的教师");
    county.get(&here).await.shows("待匹配教师 1 条").shows("别的人");
    clerk.get(&here).await.shows("今日入账").hides("今天还没有本地教师的学时入账");

    // Somebody who has come and left again holds up nobody's search.
    let gone = about(&place, &platform.name, by_paper("来过的", 4_001), "a5", 5);
    let new = about(&place, &platform.name, by_paper("又一位", 4_002), "a6", 6);
    brought(&place, &town.county_office, &[gone, new]).await;
    enrol(&place, &mut clerk, "来过的", 4_001).await;
    enrol(&place, &mut clerk, "又一位", 4_002).await;
    let mut tx = place.test.app.db.write().await.expect("a transaction");
    let left = "update post set until = since, state = 'left' where person in
        (select id from person where name = '来过的')";
    tx.run(left, args![]).await.expect("left");
    tx.commit().await.expect("commits");
    county.post(&here, &[]).await.shows("1 条已匹配到名册中的教师");
    county.get(&here).await.shows("待匹配教师 2 条").shows("来过的");
});

story!(what_waits_goes_with_its_teacher, |engine| async move {
    let place = Place::begin(engine).await;
    let [left, reached] = &place.town.schools;
    let teacher = &left.teachers[0];
    let report = online_report(&place.rules, teacher.person, ("one", 1, place.day(1)));
    let report = Report { doubt: Some("时长异常".to_owned()), ..report };
    let Logged::Held(id) = logged(&place, &report).await else { panic!("held") };
    let waiting = format!("/hours/waiting/{id}");
    let missing = [("title", "没有记上的课程"), ("text", "三月学完，没有入账")];
    place.browser(teacher).await.post_files("/hours/disputes", &missing, &[]).await.is(200);
    let inbox = "/hours/inbox";
    let mut before = place.browser(&left.clerk).await;
    let mut after = place.browser(&reached.clerk).await;
    before.get(&waiting).await.is(200);
    after.get(&waiting).await.is(404);
    before.get(inbox).await.shows("没有记上的课程");
    let nothing = after.get(inbox).await;
    nothing.hides("没有记上的课程").shows("这里没有异议").hides("清除筛选");

    place.transferred(teacher.person, &reached.node).await;
    place.settle().await;
    before.get(&waiting).await.is(404);
    after.get(&waiting).await.is(200);
    before.get(inbox).await.hides("没有记上的课程");
    after.get(inbox).await.shows("没有记上的课程");
});

story!(a_report_that_names_a_school_waits_with_its_clerk, |engine| async move {
    let place = Place::begin(engine).await;
    let [here, there] = &place.town.schools;
    let described = Described { school: there.node.name.clone(), ..by_paper("无此人", 5_001) };
    brought(&place, &place.town.county_office, &[about(&place, "某平台", described, "n1", 1)]).await;
    let nowhere = Described { school: "没有的学校".to_owned(), ..by_paper("另一人", 5_002) };
    brought(&place, &place.town.county_office, &[about(&place, "某平台", nowhere, "n2", 1)]).await;
    let list = "/hours/waiting?state=parked";
    place.browser(&there.clerk).await.get(list).await.shows("无此人").hides("另一人");
    place.browser(&here.clerk).await.get(list).await.hides("无此人").hides("另一人");
    place.browser(&place.town.county_office).await.get(list).await.shows("无此人").shows("另一人");
});
