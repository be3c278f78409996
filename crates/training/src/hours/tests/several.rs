//! Held reports that are decided about together.

use tisheng_kernel::{HourLength, PersonName, Seconds};
use tisheng_testkit::story;

use super::{balance, logged};
use crate::hours::model::{Logged, Report};
use crate::samples::online_report;
use crate::town::Place;

/// A report about teacher `n` that waits to be believed.
async fn held(place: &Place, n: usize, number: &str) -> String {
    let teacher = &place.town.school().teachers[n];
    let report = online_report(&place.rules, teacher.person, (number, 1, place.day(1)));
    let report = Report { doubt: Some("时长异常".to_owned()), ..report };
    let Logged::Held(id) = logged(place, &report).await else { panic!("held") };
    id.to_string()
}

story!(several_held_reports_are_decided_for_one_reason, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let (one, two, three) =
        (held(&place, 0, "a").await, held(&place, 1, "b").await, held(&place, 2, "c").await);
    let whole = Report {
        seconds: Seconds::from_hours(30, HourLength::new(60).expect("an hour")),
        ..online_report(&place.rules, school.teachers[0].person, ("whole", 1, place.day(2)))
    };
    let Logged::Held(long) = logged(&place, &whole).await else { panic!("held") };
    let long = long.to_string();

    let mut clerk = place.browser(&school.clerk).await;
    let list = "/hours/waiting?state=held";
    clerk.get(list).await.shows("待核实（4）").shows("勾选后可以一起处理");
    clerk.get("/hours/waiting?state=parked").await.hides("勾选后可以一起处理");
    let name = PersonName::parse(&school.teachers[1].name).expect("a name");
    let first: String = name.as_str().chars().take(1).collect();
    for word in [first, name.initials(), name.pinyin()] {
        clerk.get(&format!("{list}&q={word}")).await.shows(name.as_str());
    }
    clerk.get(&format!("{list}&q=%25")).await.hides(name.as_str());
    let none = clerk.post(list, &[("do", "accept"), ("reason", "平台已核实")]).await;
    none.is(422).says("请勾选要处理的报送").says("平台已核实");
    let silent = clerk.post(list, &[("do", "accept"), ("report", &one), ("reason", "")]).await;
    silent.is(422).says("请填写原因");
    assert!(silent.html().contains(&format!("value=\"{one}\" checked")), "ticks are kept");
    let alone = clerk.post(list, &[("do", "accept"), ("report", &long), ("reason", "属实")]).await;
    alone.is(422).says("当天合计超过 24 小时");

    let key = ("_key", "018f3b1e5a3c7a1e8a1e5a3c7a1e8a1f");
    let form = [
        ("do", "accept"),
        ("report", &one),
        ("report", &two),
        ("report", &long),
        ("reason", "平台已核实"),
        key,
    ];
    let said = clerk.post(list, &form).await;
    said.shows("2 条已认定并入账").shows("1 条没有处理").shows("当天合计超过 24 小时").shows("待核实（2）");
    clerk.post(list, &form).await.shows("2 条已认定并入账");
    let hour = online_report(&place.rules, school.teachers[0].person, ("a", 1, place.day(1))).seconds;
    assert_eq!(balance(&place, school.teachers[0].person).await, hour);
    assert_eq!(balance(&place, school.teachers[1].person).await, hour);
    let decided = clerk.post(list, &[("do", "refuse"), ("report", &two), ("reason", "晚了")]).await;
    decided.is(422).says("已经处理过");

    let why = "学习记录显示未完成";
    clerk.post(list, &[("do", "refuse"), ("report", &three), ("reason", why)]).await.shows("1 条未予认定");
    let mut refused = place.browser(&school.teachers[2]).await;
    refused.get(&format!("/hours/where?day={}", place.day(1))).await.shows(why);
    let statement = refused.get("/hours").await;
    statement.shows("没有入账的报送").shows(why).hides("正在核实");
    let dispute = refused.get(&statement.link("/hours/disputes/new?title=")).await;
    assert!(!dispute.field("title").is_empty(), "the report's title is there already");
    refused.get("/hours/download?as=csv").await.shows(why);
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let rows = "select count(*) from audit where action = 'hours.report_decided'";
    let rows: i64 = tx.row(rows, tisheng_platform::args![], |row| row.get(0)).await.expect("read");
    assert_eq!(rows, 3, "one for each that was decided");
    drop(tx);

    let mut other = place.browser(&place.town.schools[1].clerk).await;
    other.post(list, &[("do", "accept"), ("report", &long), ("reason", "平台已核实")]).await.is(404);
    let mut teacher = place.browser(&school.teachers[0]).await;
    teacher.post(list, &[("do", "accept"), ("report", &long), ("reason", "平台已核实")]).await.is(404);
});
