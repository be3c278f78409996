//! What comes of one teacher at the same moment, or on one day.

use chrono::TimeDelta;
use tisheng_kernel::Seconds;
use tisheng_platform::web::Failure;
use tisheng_platform::{Tx, args};
use tisheng_registry::organisation::Node;
use tisheng_registry::samples::{Builder, Persona, hashed_password, identity};
use tisheng_testkit::{Chosen, Engine, story};

use super::{balance, logged};
use crate::hours::model::{Channel, Logged, Report};
use crate::hours::{Answered, Sent, Withdrawal, Withdrawn, entries, log, log_all, log_each, reverse};
use crate::samples::{PLATFORM, online_report};
use crate::town::Place;

/// Commits once the other waits for it.
async fn commit_late(place: &Place, tx: Tx) {
    place.test.until_somebody_waits().await;
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
    let (_, second) = tokio::join!(commit_late(&place, tx), logged(&place, &by_call));
    let Logged::Held(waiting) = second else { panic!("{second:?}") };
    assert_eq!(balance(&place, teacher.person).await, by_file.seconds);
    let mut desk = place.browser(&place.town.school().clerk).await;
    desk.get(&format!("/hours/waiting/{waiting}")).await.shows("可能是重复报送");
});

/// A report about the first teacher of the first school that somebody has to decide about.
fn doubtful(place: &Place) -> Report {
    let teacher = place.town.schools[0].teachers[0].person;
    let report = online_report(&place.rules, teacher, ("one", 1, place.day(1)));
    Report { doubt: Some("时长异常".to_owned()), ..report }
}

/// Lets `moving` move the first teacher of the first school to the other one while a report about them is written.
async fn it_waits_at_the_new_school(place: &Place, moving: impl Future<Output = ()>) {
    let [left, reached] = &place.town.schools;
    it_waits_at(place, [&left.clerk, &reached.clerk], moving).await;
}

/// The same from the school of one clerk to that of the other.
async fn it_waits_at(place: &Place, [left, reached]: [&Persona; 2], moving: impl Future<Output = ()>) {
    let report = doubtful(place);
    let clerk = place.ctx(left);
    let mut tx = clerk.write().await.expect("a transaction");
    let came = log(&clerk, &mut tx, &place.programme, &report).await.expect("taken");
    let Logged::Held(id) = came else { panic!("{came:?}") };
    tokio::join!(commit_late(place, tx), moving);
    let waiting = format!("/hours/waiting/{id}");
    place.browser(reached).await.get(&waiting).await.is(200);
    place.browser(left).await.get(&waiting).await.is(404);
}

story!(what_comes_while_its_teacher_moves_waits_at_the_new_school, |engine| async move {
    let place = Place::begin(engine).await;
    let [left, reached] = &place.town.schools;
    let office = place.ctx(&place.town.county_office);
    it_waits_at_the_new_school(&place, async {
        place.transferred(left.teachers[0].person, &reached.node).await;
        let mut tx = office.read().await.expect("a transaction");
        let count = "select count(*) from hour_report";
        let there: i64 = tx.row(count, args![], |row| row.get(0)).await.expect("a count");
        assert_eq!(there == 0, tx.has_rivals(), "whoever moves a teacher does not wait for hours");
        drop(tx);
        place.settle().await;
    })
    .await;
});

story!(what_comes_while_a_file_moves_its_teacher_waits_at_the_new_school, |engine| async move {
    let place = Place::begin(engine).await;
    let [left, reached] = &place.town.schools;
    // Four offices, the principal and the clerk were entered before.
    let (teacher, paper) = (&left.teachers[0], identity(7));
    let row = [teacher.name.as_str(), paper.number(), reached.node.name.as_str(), "语文"].map(str::to_owned);
    let bytes = tisheng_sheet::csv(&["姓名", "证件号码", "学校", "任教学科"], vec![row]).expect("a file");
    let chosen = [Chosen { field: "file", name: "调动.csv", bytes: &bytes }];
    let mut office = place.browser(&place.town.county_office).await;
    let run = office.post_files("/roster/teachers", &[], &chosen).await.path;
    place.settle().await;
    office.post(&format!("{run}/answers"), &[("answer", "yes-all")]).await.is(200);
    let choices = [("gone", "keep"), ("accounts", "none")];
    office.post(&format!("{run}/confirm"), &choices).await.shows("正在导入");
    it_waits_at_the_new_school(&place, place.settle()).await;
    office.get(&run).await.shows("已导入");

    // So does what comes while the file is undone.
    let mut tx = place.test.app.db.write().await.expect("a transaction");
    tx.run("delete from hour_report", args![]).await.expect("gone");
    tx.commit().await.expect("commits");
    office.post(&format!("{run}/undo"), &[]).await.is(200);
    it_waits_at(&place, [&reached.clerk, &left.clerk], place.settle()).await;
    office.get(&run).await.shows("已撤销");
});

story!(who_moves_while_somebody_writes_for_long_is_followed_once_that_is_done, |engine| async move {
    if engine == Engine::Sqlite {
        return;
    }
    let place = Place::begin(engine).await;
    let [left, reached] = &place.town.schools;
    let clerk = place.ctx(&left.clerk);
    let mut long = clerk.write_alone().await.expect("a transaction");
    let came = log(&clerk, &mut long, &place.programme, &doubtful(&place)).await.expect("taken");
    let Logged::Held(id) = came else { panic!("{came:?}") };
    place.transferred(left.teachers[0].person, &reached.node).await;
    // It is put off; nobody stands still until the long one ends.
    place.test.settle().await;
    long.commit().await.expect("commits");
    let waiting = format!("/hours/waiting/{id}");
    let mut desk = place.browser(&reached.clerk).await;
    desk.get(&waiting).await.is(404);
    place.test.clock.advance(TimeDelta::seconds(2));
    place.settle().await;
    desk.get(&waiting).await.is(200);
});

story!(a_file_goes_on_and_whoever_is_in_its_way_comes_again, |engine| async move {
    if engine == Engine::Sqlite {
        return;
    }
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let [first, second] = [school.teachers[0].person, school.teachers[1].person];
    let report = |person, number| online_report(&place.rules, person, (number, 1, place.day(1)));
    let clerk = place.ctx(&school.clerk);
    let mut file = clerk.write_alone().await.expect("a transaction");
    log(&clerk, &mut file, &place.programme, &report(second, "a1")).await.expect("its first batch");
    let mut small = clerk.write().await.expect("a transaction");
    log(&clerk, &mut small, &place.programme, &report(first, "b1")).await.expect("taken");
    let (next, other) = (report(first, "a2"), report(second, "b2"));
    let goes_on = async {
        log(&clerk, &mut file, &place.programme, &next).await.expect("its second batch");
        file.commit().await.expect("commits");
    };
    // The file waits first: the server would look at it first, and turn it away.
    let gives_up = async {
        place.test.until_somebody_waits().await;
        let told = log(&clerk, &mut small, &place.programme, &other).await;
        drop(small);
        told.map_err(Failure::from)
    };
    let ((), told) = tokio::join!(goes_on, gives_up);
    assert!(matches!(told, Err(Failure::Busy(_))), "{told:?}");
    assert_eq!(balance(&place, first).await, next.seconds);
    logged(&place, &report(first, "b1")).await;
    logged(&place, &other).await;
});

story!(batches_that_name_the_same_teachers_in_other_orders_are_all_taken, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let mut people = [school.teachers[0].person, school.teachers[1].person];
    people.sort_unstable();
    let [first, second] = people;
    let report = |person, number| online_report(&place.rules, person, (number, 1, place.day(1)));
    let clerk = place.ctx(&school.clerk);

    let receipt = place
        .beside([&report(first, "a1"), &report(second, "a2")], async {
            let mut tx = clerk.write().await.expect("a transaction");
            let reports = [report(second, "b1"), report(first, "b2")];
            let receipt = log_all(&clerk, &mut tx, &place.programme, &reports).await.expect("taken");
            tx.commit().await.expect("commits");
            receipt
        })
        .await;
    assert_eq!(receipt.entered, 2);

    let answers = place
        .beside([&report(first, "c1"), &report(second, "c2")], async {
            let mut tx = clerk.write().await.expect("a transaction");
            let withdrawal = Withdrawal { number: "a1".to_owned(), reason: "误报".to_owned() };
            let sent = [Sent::Report(Box::new(report(second, "d1"))), Sent::Withdrawal(withdrawal)];
            let answers =
                log_each(&clerk, &mut tx, &place.programme, (PLATFORM, &sent[..])).await.expect("taken");
            tx.commit().await.expect("commits");
            answers
        })
        .await;
    let [Answered::Report { logged, .. }, Answered::Withdrawal(withdrawn)] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert!(matches!(logged, Logged::Entered(_)), "{logged:?}");
    assert!(matches!(withdrawn, Withdrawn::Taken { entry: Some(_), .. }), "{withdrawn:?}");
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
    place.transferred(teacher.person, &there).await;
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
