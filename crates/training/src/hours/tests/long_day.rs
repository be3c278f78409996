//! What an office believes although a day has only 24 hours.

use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{HourLength, Seconds};
use tisheng_testkit::story;

use super::{balance, logged};
use crate::hours::model::{Logged, Report};
use crate::hours::{HoursError, restore, reverse};
use crate::samples::online_report;
use crate::town::Place;

/// A report of so many whole hours of the clock on one day.
fn report(place: &Place, number: &str, hours: u32) -> Report {
    let teacher = &place.town.school().teachers[0];
    let one = online_report(&place.rules, teacher.person, (number, 1, place.day(1)));
    Report { seconds: Seconds::from_hours(hours, HourLength::new(60).expect("an hour")), ..one }
}

story!(more_than_a_day_is_believed_by_name_and_with_a_reason, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let teacher = &school.teachers[0];
    let held = logged(&place, &report(&place, "whole", 30)).await;
    assert!(matches!(held, Logged::Held(_)), "{held:?}");
    let odd = Report { doubt: Some("时长异常".to_owned()), ..report(&place, "odd", 1) };
    logged(&place, &odd).await;

    // The desk shows those days alone; a word or two is not enough, and what was typed stays.
    let mut clerk = place.browser(&school.clerk).await;
    clerk.get("/hours/waiting?state=held").await.shows("学时，加上这一条超过 24 小时").shows("时长异常");
    // Above the school it is said where the teacher works, though the platform did not say it.
    let mut county = place.browser(&place.town.county_office).await;
    county.get("/hours/waiting?state=held").await.shows(&teacher.name).shows(&school.node.name);
    let long = clerk.get("/hours/waiting?state=held&day=long").await;
    let address = long.hides("时长异常").link("/hours/waiting/");
    let decide = format!("{address}/decide");
    clerk.get(&address).await.shows("当天合计超过 24 小时").shows("不少于 10 个字");
    for short in ["", "情况属实", "属实。。。。。。。。。。"] {
        let again = clerk.post(&decide, &[("do", "accept"), ("reason", short)]).await;
        again.is(422).says(if short.is_empty() { "请填写原因" } else { "不少于 10 个字" }).says(short);
    }
    assert_eq!(balance(&place, teacher.person).await, Seconds::ZERO);
    let why = "平台整门课程按结业日一次报送，已核对学习记录";
    clerk.post(&decide, &[("do", "accept"), ("reason", why)]).await.shows("已认定并入账");
    clerk.get("/hours/waiting?state=held&day=long").await.shows("没有符合条件的报送");
    clerk.get("/hours/waiting?state=entered&day=long").await.shows(why);

    // The teacher reads who believed it, when and why, on the page and on paper; so does the school.
    let said = format!(
        "当天合计超过 24 小时，由“{}”于 {} 认定，理由：{why}",
        school.node.name,
        chinese_date(place.test.app.now().date())
    );
    let mut own = place.browser(teacher).await;
    own.get("/hours").await.shows(&said);
    own.get("/hours/download?as=csv").await.shows(&said);
    clerk.get(&format!("/hours/teachers/{}", teacher.person)).await.shows(&said);

    // A day that is within its hours needs no more than a reason.
    let mut other = report(&place, "far", 1);
    other.worked_on = place.day(2);
    other.doubt = Some("其他疑点".to_owned());
    logged(&place, &other).await;
    let address = clerk.get("/hours/waiting?state=held&q=far").await.link("/hours/waiting/");
    clerk.get(&address).await.hides("当天合计超过");
    clerk.post(&format!("{address}/decide"), &[("do", "accept"), ("reason", "属实")]).await.shows("已入账");
    let page = own.get("/hours").await;
    assert_eq!(page.text().matches("当天合计超过 24 小时").count(), 1, "{}", page.text());
});

story!(two_who_decide_at_the_same_moment_do_not_fill_a_day_unseen, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    for number in ["left", "right"] {
        let odd = Report { doubt: Some("时长异常".to_owned()), ..report(&place, number, 13) };
        assert!(matches!(logged(&place, &odd).await, Logged::Held(_)));
    }
    let mut desks = Vec::new();
    for number in ["left", "right"] {
        let mut clerk = place.browser(&school.clerk).await;
        let link = clerk.get(&format!("/hours/waiting?state=held&q={number}")).await.link("/hours/waiting/");
        desks.push((clerk, format!("{link}/decide")));
    }
    let decisions = desks.iter_mut().map(|(clerk, decide)| async move {
        clerk.post_only(decide, &[("do", "accept"), ("reason", "属实")]).await.status.as_u16()
    });
    let mut answers = futures::future::join_all(decisions).await;
    answers.sort_unstable();
    assert_eq!(answers, [303, 422], "the second has to say why the day holds more than 24 hours");
    assert_eq!(balance(&place, school.teachers[0].person).await, report(&place, "", 13).seconds);
});

story!(what_is_put_back_into_a_full_day_needs_the_same, |engine| async move {
    let place = Place::begin(engine).await;
    let teacher = &place.town.school().teachers[0];
    let Logged::Entered(first) = logged(&place, &report(&place, "c1", 20)).await else { panic!("entered") };
    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    reverse(&clerk, &mut tx, &place.programme, first, "误报").await.expect("taken back");
    tx.commit().await.expect("commits");
    let second = logged(&place, &report(&place, "c2", 10)).await;
    assert!(matches!(second, Logged::Entered(_)), "{second:?}");
    let mut tx = clerk.write().await.expect("a transaction");
    let short = restore(&clerk, &mut tx, &place.programme, first, "误冲销").await;
    assert!(matches!(short, Err(HoursError::ShortReason)), "{short:?}");
    let why = "两条都属实，平台按结业日一次报送";
    restore(&clerk, &mut tx, &place.programme, first, why).await.expect("put back");
    tx.commit().await.expect("commits");
    assert_eq!(balance(&place, teacher.person).await, report(&place, "", 30).seconds);
    place.browser(teacher).await.get("/hours").await.shows(&format!("认定，理由：{why}"));
});
