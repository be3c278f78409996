//! What comes of one teacher at the same moment, or on one day.

use std::time::Duration;

use tisheng_kernel::Seconds;
use tisheng_platform::Tx;
use tisheng_registry::organisation::Stage;
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
