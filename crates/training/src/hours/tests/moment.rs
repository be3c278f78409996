//! What comes of one teacher at the same moment, or on one day.

use std::time::Duration;

use tisheng_kernel::{Id, Seconds};
use tisheng_platform::Tx;
use tisheng_registry::organisation::{Node, Stage};
use tisheng_registry::people::Person;
use tisheng_registry::samples::{Builder, hashed_password};
use tisheng_registry::{people, posting};
use tisheng_testkit::story;

use super::{balance, logged};
use crate::hours::model::{Channel, Logged, Report};
use crate::hours::{entries, log, log_all, reverse};
use crate::samples::online_report;
use crate::town::Place;

/// Commits once the other has come as far as it can.
async fn commit_late(tx: Tx) {
    tokio::time::sleep(Duration::from_millis(200)).await;
    tx.commit().await.expect("commits");
}

story!(a_course_that_comes_by_two_ways_at_one_moment_is_seen_by_the_second, |engine| async move {
    let place = Place::begin(engine).await;
    let teacher = &place.town.school().teachers[0];
    let by_file = online_report(&place.rules, teacher.person, ("c1", 2, place.day(1)));
    let by_call = Report { channel: Channel::Api, source_id: "77".to_owned(), ..by_file.clone() };
    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    let first = log(&clerk, &mut tx, &place.programme, &by_file).await.expect("taken");
    assert!(matches!(first, Logged::Entered(_)), "{first:?}");
    let (_, second) = tokio::join!(commit_late(tx), logged(&place, &by_call));
    let Logged::Held(waiting) = second else { panic!("{second:?}") };
    assert_eq!(balance(&place, teacher.person).await, by_file.seconds);
    let mut desk = place.browser(&place.town.school().clerk).await;
    desk.get(&format!("/hours/waiting/{waiting}")).await.shows("可能是重复报送");
});

story!(what_comes_while_its_teacher_moves_waits_at_the_new_school, |engine| async move {
    let place = Place::begin(engine).await;
    let [left, reached] = &place.town.schools;
    let teacher = &left.teachers[0];
    let report = online_report(&place.rules, teacher.person, ("one", 1, place.day(1)));
    let report = Report { doubt: Some("时长异常".to_owned()), ..report };
    let office = place.ctx(&place.town.county_office);
    let mut tx = office.write().await.expect("a transaction");
    let to = people::Transfer {
        person: teacher.person,
        to: reached.node.id,
        subject: "语文",
        stage: Stage::Primary,
        title: "",
        on: office.at.date(),
        reason: "工作需要",
    };
    posting::transfer(&office, &mut tx, &to).await.expect("transferred");
    let (_, came) = tokio::join!(commit_late(tx), logged(&place, &report));
    let Logged::Held(id) = came else { panic!("{came:?}") };
    // Nothing has followed yet: it was written there at once.
    let waiting = format!("/hours/waiting/{id}");
    place.browser(&reached.clerk).await.get(&waiting).await.is(200);
    place.browser(&left.clerk).await.get(&waiting).await.is(404);
});

/// A school in the neighbouring county.
async fn elsewhere(place: &Place) -> Node {
    let system = place.test.system();
    let mut tx = system.write().await.expect("a transaction");
    let hashed = hashed_password().await.expect("hashed");
    let mut builder = Builder::new(&system, &mut tx, hashed, 500);
    let school = builder.school(&place.town.neighbour, "邻县一小", "8821000099").await.expect("a school");
    tx.commit().await.expect("commits");
    school
}

/// The city moves a teacher to another school; nothing follows yet.
async fn transferred(place: &Place, person: Id<Person>, to: &Node) {
    let city = place.ctx(&place.town.city_office);
    let mut tx = city.write().await.expect("a transaction");
    let (subject, stage, on) = ("语文", Stage::Primary, city.at.date());
    let to = people::Transfer { person, to: to.id, subject, stage, title: "", on, reason: "工作需要" };
    posting::transfer(&city, &mut tx, &to).await.expect("transferred");
    tx.commit().await.expect("commits");
}

story!(who_has_gone_elsewhere_is_listed_without_the_new_school, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let teacher = &school.teachers[0];
    for number in ["one", "two"] {
        let report = online_report(&place.rules, teacher.person, (number, 1, place.day(1)));
        logged(&place, &Report { doubt: Some("时长异常".to_owned()), ..report }).await;
    }
    let there = elsewhere(&place).await;
    let mut county = place.browser(&place.town.county_office).await;
    let held = county.get("/hours/waiting?state=held").await;
    assert_eq!(held.html().matches(&school.node.name).count(), 2, "both of the teacher: {}", held.text());
    let decided = held.link("/hours/waiting/");
    let refusal = [("do", "refuse"), ("reason", "学习记录显示未完成")];
    county.post(&format!("{decided}/decide"), &refusal).await.shows("未予认定");

    // One is decided and stays; the other is about to go with its teacher.
    transferred(&place, teacher.person, &there).await;
    for list in ["/hours/waiting?state=held", "/hours/waiting?state=refused", decided.as_str()] {
        county.get(list).await.shows(&teacher.name).hides(&there.name);
    }
    place.settle().await;
    county.get("/hours/waiting?state=held").await.hides(&teacher.name);
    county.get("/hours/waiting?state=refused").await.shows(&teacher.name).hides(&there.name);
    let mut city = place.browser(&place.town.city_office).await;
    city.get("/hours/waiting?state=held").await.shows(&teacher.name).shows(&there.name);
});

story!(more_records_of_a_day_than_a_sitting_has_wait_where_no_time_is_told, |engine| async move {
    let place = Place::begin(engine).await;
    let teacher = &place.town.school().teachers[0];
    let limits = place.rules.hours.plausibility.as_ref().expect("the sample says what is plausible");
    let most = *limits.burst;
    // A few minutes each: all of them together are no long day.
    let short = |number: u32| Report {
        seconds: Seconds::of_minutes(5),
        ..online_report(&place.rules, teacher.person, (&format!("n{number}"), 1, place.day(1)))
    };
    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    let reports: Vec<Report> = (0..most).map(short).collect();
    let receipt = log_all(&clerk, &mut tx, &place.programme, &reports).await.expect("taken");
    tx.commit().await.expect("commits");
    assert_eq!((receipt.entered, receipt.held), (most, 0));
    let one_more = logged(&place, &short(most)).await;
    let Logged::Held(waiting) = one_more else { panic!("{one_more:?}") };
    let mut desk = place.browser(&place.town.school().clerk).await;
    let said = format!("当天已入账 {most} 条只有日期、没有时刻的学时记录，加上这一条超过 {most} 条");
    desk.get(&format!("/hours/waiting/{waiting}")).await.shows(&said);
    let by_call = Report { channel: Channel::Api, ..short(most + 1) };
    assert!(matches!(logged(&place, &by_call).await, Logged::Held(_)), "a call names a day alone, too");

    // A statement tells its time and is held against others by it; another day has room; and so has this one
    // once something of it was taken back.
    let timed = Report { channel: Channel::Xapi, ..short(most + 2) };
    assert!(matches!(logged(&place, &timed).await, Logged::Entered(_)));
    let other_day = Report { worked_on: place.day(2), ..short(most + 3) };
    assert!(matches!(logged(&place, &other_day).await, Logged::Entered(_)));
    let mut tx = clerk.write().await.expect("a transaction");
    let first = entries(&mut tx, place.programme.id, teacher.person).await.expect("entries")[0].id;
    reverse(&clerk, &mut tx, &place.programme, first, "误报").await.expect("reversed");
    tx.commit().await.expect("commits");
    assert!(matches!(logged(&place, &short(most + 4)).await, Logged::Entered(_)));
    assert!(matches!(logged(&place, &short(most + 5)).await, Logged::Held(_)));
});
