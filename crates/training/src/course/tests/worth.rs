//! What the catalogue says of what is reported about its courses.

use tisheng_kernel::Seconds;
use tisheng_testkit::story;

use super::begin;
use crate::course::{Counts, samples::Wish, samples::offered};
use crate::hours::{self, Channel, Logged, Report};
use crate::samples::online_report;

story!(more_than_a_course_is_worth_waits_whichever_way_it_comes, |engine| async move {
    let (place, platform, lecturer, capability) = begin(engine).await;
    let teacher = &place.town.school().teachers[0];
    let (author, office) = (place.ctx(&lecturer), place.ctx(&place.town.city_office));
    let mut tx = office.write().await.expect("a transaction");
    let title = "课堂导入的数字资源";
    let counts = Counts::Completed;
    let wish = Wish { code: "K1", title, capability: &capability, hours: 4, counts };
    offered((&author, &office), &mut tx, &platform, wish).await.expect("offered");
    tx.commit().await.expect("commits");

    let told = |number: &str, hours: u32, day: u32, channel: Channel| Report {
        title: title.to_owned(),
        source: platform.name.clone(),
        length: platform.length,
        seconds: Seconds::from_hours(hours, platform.length),
        channel,
        ..online_report(&place.rules, teacher.person, (number, 1, place.day(day)))
    };
    let take = async |report: &Report| {
        let clerk = place.ctx(&place.town.school().clerk);
        let mut tx = clerk.write().await.expect("a transaction");
        let logged = hours::log(&clerk, &mut tx, &place.programme, report).await.expect("taken");
        tx.commit().await.expect("commits");
        logged
    };
    let first = take(&told("a", 3, 1, Channel::File)).await;
    let Logged::Entered(first) = first else { panic!("{first:?}") };
    let elsewhere = Report { title: "另一门课程".to_owned(), ..told("b", 30, 2, Channel::File) };
    assert!(matches!(take(&elsewhere).await, Logged::Entered(_)), "the catalogue says nothing of it");
    assert!(matches!(take(&told("c", 1, 3, Channel::File)).await, Logged::Entered(_)), "up to its worth");
    let more = take(&told("d", 2, 4, Channel::Api)).await;
    assert!(matches!(more, Logged::Held(_)), "another way, day and length: {more:?}");
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let why = "课程目录中这门课程最多计 4 学时，已入账 4 学时，加上这一条就超过了";
    clerk.get("/hours/waiting?state=held").await.shows(why);
    let mut own = place.browser(teacher).await;
    own.get(&format!("/hours/where?q={title}")).await.shows("待核实").shows("最多计 4 学时");

    // What is taken back makes room again.
    let desk = place.ctx(&place.town.school().clerk);
    let mut tx = desk.write().await.expect("a transaction");
    hours::reverse(&desk, &mut tx, &place.programme, first, "平台更正了记录").await.expect("taken back");
    tx.commit().await.expect("commits");
    assert!(matches!(take(&told("e", 3, 5, Channel::File)).await, Logged::Entered(_)));
});
