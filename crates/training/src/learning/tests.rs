//! From what platforms say to hours, told on both engines.

use chrono::TimeDelta;
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::args;
use tisheng_registry::people::Person;
use tisheng_registry::samples::{Persona, identity};
use tisheng_testkit::{Engine, story};

use super::samples::said;
use super::{Happened, Said, check_credits, learner_for, take, void};
use crate::course::samples::{Wish, draft, offered};
use crate::course::{self, Counts};
use crate::hours::{self, Channel, Described, Report, Tally, Whom};
use crate::platform::{self, Platform};
use crate::samples::online_report;
use crate::town::Place;

/// A place where one platform offers courses.
struct Study {
    place: Place,
    platform: Platform,
    lecturer: Persona,
}

impl Study {
    async fn begin(engine: Engine) -> Self {
        let place = Place::begin(engine).await;
        let (platform, lecturer) = place.platform().await;
        Self { place, platform, lecturer }
    }

    fn teacher(&self) -> &Persona {
        &self.place.town.school().teachers[0]
    }

    /// A course of two hours that counts by `counts`.
    async fn course(&self, code: &str, counts: Counts) {
        let capability = self.place.rules.framework.capabilities[0].code.as_str();
        let wish = Wish { code, title: "一门课程", capability, hours: 2, counts };
        let (author, office) = (self.place.ctx(&self.lecturer), self.place.ctx(&self.place.town.city_office));
        let mut tx = office.write().await.expect("a transaction");
        offered((&author, &office), &mut tx, &self.platform, wish).await.expect("a course");
        tx.commit().await.expect("commits");
        self.place.settle().await;
    }

    /// The teacher's account, as this system names it.
    async fn account(&self) -> super::Account {
        let system = self.place.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let account = learner_for(&system, &mut tx, &self.platform, self.teacher().person).await;
        tx.commit().await.expect("commits");
        account.expect("an account")
    }

    /// Something the platform says about the account `name`: number, what, minutes, and how many
    /// days ago.
    fn says(&self, (name, code): (&str, &str), record: &str, what: (Happened, i64, i64)) -> Said {
        let (happened, minutes, days) = what;
        let at = self.place.test.app.now() + TimeDelta::days(-days);
        let school = self.place.town.school().node.name.as_str();
        said(&self.platform, (name, school, code), (record, happened), (minutes, at))
    }

    async fn deliver(&self, said: &[Said]) -> Tally {
        let system = self.place.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let tally = take(&system, &mut tx, (&self.platform, Channel::Xapi), said).await.expect("taken");
        tx.commit().await.expect("commits");
        tally
    }

    async fn take_back(&self, records: &[&str]) {
        let system = self.place.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let records: Vec<String> = records.iter().map(|record| (*record).to_owned()).collect();
        void(&system, &mut tx, &self.platform, &records).await.expect("taken back");
        tx.commit().await.expect("commits");
    }

    /// What counts for the teacher; it must be what a fresh computation of everybody gives.
    async fn counted(&self) -> Seconds {
        let system = self.place.test.system();
        let (_, wrong) = check_credits(&system, &self.place.programme, 10).await.expect("looked");
        assert_eq!(wrong, [] as [Id<Person>; 0]);
        let mut tx = system.read().await.expect("a transaction");
        let person = self.teacher().person;
        let entries = hours::entries(&mut tx, self.place.programme.id, person).await.expect("entries");
        entries.iter().map(|entry| entry.seconds).sum()
    }

    fn hours(&self, hours: u32) -> Seconds {
        Seconds::from_hours(hours, self.platform.length)
    }

    /// The clerk of the school says that the only account waiting is the teacher's; gives its page.
    async fn match_by_clerk(&self) -> String {
        let mut clerk = self.place.browser(&self.place.town.school().clerk).await;
        let page = clerk.get("/learners").await.link("/learners/");
        let person = self.teacher().person.to_string();
        clerk.get(&page).await.shows(&self.teacher().name);
        clerk
            .post(&format!("{page}/decide"), &[("do", "match"), ("person", &person)])
            .await
            .shows("已对应教师");
        page
    }
}

story!(what_comes_before_course_and_teacher_are_known_counts_once_they_are, |engine| async move {
    let study = Study::begin(engine).await;
    let name = study.teacher().name.clone();
    let learnt = study.says((&name, "K1"), "r1", (Happened::Completed, 60, 3));
    let tally = study.deliver(std::slice::from_ref(&learnt)).await;
    assert_eq!((tally.records, tally.waiting, tally.entered), (1, 1, 0));
    assert_eq!(study.deliver(std::slice::from_ref(&learnt)).await.same, 1, "once, however often it is sent");
    let mut own = study.place.browser(&study.lecturer).await;
    let accounts = format!("/platforms/{}/learners", study.platform.id);
    own.get(&accounts).await.shows("课程目录中没有的课程").shows("https://study1.test/course/K1");
    let months = format!("/platforms/{}/months", study.platform.id);
    let month = format!("{months}/{}", learnt.at.date().format("%Y-%m"));
    own.get(&months).await.shows("待对应的学习账号 1");
    own.get(&month).await.shows("1 个待对应的学习账号");
    study.match_by_clerk().await;
    own.get(&month).await.hides("待对应的学习账号");
    assert_eq!(study.counted().await, Seconds::ZERO);
    let mut teacher = study.place.browser(study.teacher()).await;
    teacher.get("/hours/where?q=K1").await.shows("课程目录中还没有这门课程");

    study.course("K1", Counts::Completed).await;
    assert_eq!(study.counted().await, study.hours(2), "approved terms look at what has come");
    teacher.get("/hours").await.shows("一门课程").shows(&study.platform.name);
    own.get(&accounts).await.hides("课程目录中没有的课程");
});

story!(a_wrong_match_is_taken_back_and_made_again, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("K1", Counts::Completed).await;
    let name = study.teacher().name.clone();
    study.deliver(&[study.says((&name, "K1"), "r1", (Happened::Completed, 60, 3))]).await;
    let page = study.match_by_clerk().await;
    assert_eq!(study.counted().await, study.hours(2));
    let mut clerk = study.place.browser(&study.place.town.school().clerk).await;
    let decide = format!("{page}/decide");
    clerk.post(&decide, &[("do", "reopen"), ("reason", "")]).await.is(422).says("请填写原因");
    clerk.post(&decide, &[("do", "reopen"), ("reason", "同名同姓")]).await.is(200).shows("已冲销");
    assert_eq!(study.counted().await, Seconds::ZERO);
    study.match_by_clerk().await;
    assert_eq!(study.counted().await, study.hours(2), "as before");
    let person = study.teacher().person.to_string();
    let late = clerk.post(&decide, &[("do", "match"), ("person", &person)]).await;
    late.is(422).says("已由他人处理");
    assert!(!late.html().contains("reason-error"), "the reason is that of another button");
    clerk.post(&decide, &[("do", "reopen"), ("reason", "不是本校教师")]).await.is(200);
    clerk.post(&decide, &[("do", "dismiss"), ("reason", "平台的测试账号")]).await.is(200).shows("已排除");
    let more = study.deliver(&[study.says((&name, "K1"), "r2", (Happened::Completed, 60, 2))]).await;
    assert_eq!((more.waiting, more.noted), (0, 1), "kept, and for nobody");
    assert_eq!(study.counted().await, Seconds::ZERO);
});

story!(the_order_of_arrival_does_not_matter, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("P1", Counts::Passed).await;
    study.course("T1", Counts::Time).await;
    let account = study.account().await;
    let scored = |record: &str, what, permille| {
        let said = study.says(("学员", "P1"), record, what);
        Said { account: account.clone(), permille: Some(permille), ..said }
    };
    let timed = |record: &str, days| {
        let said = study.says(("学员", "T1"), record, (Happened::Spent, 40, days));
        Said { account: account.clone(), ..said }
    };
    // The last word about a try comes first, time in any order.
    study.deliver(&[scored("p2", (Happened::Passed, 0, 2), 800), timed("t3", 1)]).await;
    assert_eq!(study.counted().await, study.hours(2) + Seconds::of_minutes(40));
    study.deliver(&[timed("t1", 5), scored("p1", (Happened::Failed, 0, 4), 300)]).await;
    assert_eq!(study.counted().await, study.hours(2) + Seconds::of_minutes(80));
    study.deliver(&[timed("t2", 3)]).await;
    assert_eq!(study.counted().await, study.hours(4), "time counts up to what the course is worth");
    study.deliver(&[scored("p3", (Happened::Failed, 0, 1), 500)]).await;
    assert_eq!(study.counted().await, study.hours(2), "the last word says failed");
});

story!(a_score_that_is_too_low_is_told_as_what_it_is, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("P1", Counts::Passed).await;
    let account = study.account().await;
    let scored = |record: &str, permille, days| {
        let said = study.says(("学员", "P1"), record, (Happened::Passed, 0, days));
        Said { account: account.clone(), permille: Some(permille), ..said }
    };
    study.deliver(&[scored("p1", 250, 3)]).await;
    assert_eq!(study.counted().await, Seconds::ZERO);
    let mut teacher = study.place.browser(study.teacher()).await;
    let found = teacher.get("/hours/where?q=课程").await;
    found.shows("成绩 25 分").shows("还没有达到课程规定的条件，没有计学时").hides("已按课程规定计算学时");
    study.deliver(&[scored("p2", 800, 1)]).await;
    assert_eq!(study.counted().await, study.hours(2));
    teacher.get("/hours/where?q=课程").await.shows("成绩 80 分").shows("已按课程规定计算学时");
});

story!(what_a_platform_takes_back_counts_no_more_even_before_it_comes, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("K1", Counts::Completed).await;
    let account = study.account().await;
    let learnt = |record: &str, days| {
        let said = study.says(("学员", "K1"), record, (Happened::Completed, 60, days));
        Said { account: account.clone(), ..said }
    };
    study.deliver(&[learnt("r1", 3)]).await;
    assert_eq!(study.counted().await, study.hours(2));
    study.take_back(&["r1", "r2"]).await;
    assert_eq!(study.counted().await, Seconds::ZERO);
    study.deliver(&[learnt("r2", 2)]).await;
    assert_eq!(study.counted().await, Seconds::ZERO, "it was taken back before it came");
    study.deliver(&[learnt("r1", 3)]).await;
    assert_eq!(study.counted().await, Seconds::ZERO, "the same record stays taken back");
    study.deliver(&[learnt("r3", 1)]).await;
    assert_eq!(study.counted().await, study.hours(2), "a new record counts");
    let mut teacher = study.place.browser(study.teacher()).await;
    teacher.get("/hours/where?q=课程").await.shows("撤回这条记录");
});

story!(what_can_hardly_be_true_waits_for_a_person, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("T1", Counts::Time).await;
    let account = study.account().await;
    let session = |record: &str, days| {
        let said = study.says(("学员", "T1"), record, (Happened::Spent, 30, days));
        Said { account: account.clone(), ..said }
    };
    let first = session("s1", 2);
    let beside = Said { at: first.at + TimeDelta::minutes(10), ..session("s2", 2) };
    study.deliver(&[first]).await;
    let tally = study.deliver(&[beside]).await;
    assert_eq!((tally.waiting, tally.entered), (1, 0), "twenty minutes of it were learnt elsewhere");
    let ahead = Said { at: study.place.test.app.now() + TimeDelta::hours(1), ..session("s3", 0) };
    assert_eq!(study.deliver(&[ahead]).await.waiting, 1, "its clock is an hour ahead");
    assert_eq!(study.counted().await, Seconds::of_minutes(30));
    let mut clerk = study.place.browser(&study.place.town.school().clerk).await;
    clerk.get("/hours/waiting?state=held").await.shows("时间重叠 20 分钟").shows("比收到的时间还晚");
});

story!(what_comes_late_puts_what_stands_before_a_person_and_changes_nothing_by_itself, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("T1", Counts::Time).await;
    let office = study.place.ctx(&study.place.town.city_office);
    let author = study.place.ctx(&study.lecturer);
    let mut tx = office.write().await.expect("a transaction");
    let capability = study.place.rules.framework.capabilities[0].code.as_str();
    let wish =
        Wish { code: "K1", title: "有材料的课程", capability, hours: 2, counts: Counts::Completed };
    let material = course::Draft { material: Seconds::of_minutes(60), ..draft(&study.platform, wish) };
    let (id, _) = course::submit(&author, &mut tx, &study.platform, &material).await.expect("handed in");
    course::approve(&office, &mut tx, id, None).await.expect("approved");
    tx.commit().await.expect("commits");
    study.place.settle().await;
    let account = study.account().await;
    let says = |code: &str, record: &str, what| Said {
        account: account.clone(),
        ..study.says(("学员", code), record, what)
    };
    // An hour of T1 stands, and K1 was learnt to its end.
    study.deliver(&[says("T1", "s1", (Happened::Spent, 30, 2))]).await;
    let end = says("K1", "k1", (Happened::Completed, 0, 4));
    study.deliver(std::slice::from_ref(&end)).await;
    let before = study.hours(2) + Seconds::of_minutes(30);
    assert_eq!(study.counted().await, before);

    // Late: another course's session in the same half hour earns nothing here, and K1's beginning.
    let beside = Said {
        activity: "https://study1.test/unknown".to_owned(),
        ..says("T1", "x1", (Happened::Spent, 30, 2))
    };
    let began = Said { at: end.at + TimeDelta::minutes(-5), ..says("K1", "k0", (Happened::Started, 0, 4)) };
    study.deliver(&[beside.clone(), began]).await;
    assert_eq!(study.counted().await, before, "what stands counts until somebody has decided");
    let mut clerk = study.place.browser(&study.place.town.school().clerk).await;
    let held = clerk.get("/hours/waiting?state=held").await;
    held.shows("后来收到的记录使它存疑").shows("时间重叠").shows("用时 5 分钟，学习材料有 60 分钟");
    let mut teacher = study.place.browser(study.teacher()).await;
    teacher.get("/hours").await.shows("后来收到的记录使它存疑");

    // The other session is taken back: nothing overlaps any more, and the doubt is over by itself.
    study.take_back(&["x1"]).await;
    let held = clerk.get("/hours/waiting?state=held").await;
    held.hides("时间重叠").shows("用时 5 分钟");
    // K1 is believed: it stays, and is not asked about again.
    let report = held.link("/hours/waiting/");
    let believed = [("do", "accept"), ("reason", "学员此前在线下学过材料")];
    clerk.post(&format!("{report}/decide"), &believed).await.is(200);
    assert_eq!(study.counted().await, before);
    study.deliver(&[says("K1", "k2", (Happened::Spent, 1, 4))]).await;
    clerk.get("/hours/waiting?state=held").await.hides("用时");

    // The session is said again by another record; the hour is not believed, and taken back with the reason.
    study.deliver(&[Said { record: "x2".to_owned(), ..beside }]).await;
    let held = clerk.get("/hours/waiting?state=held").await;
    let report = held.shows("时间重叠").link("/hours/waiting/");
    clerk
        .post(&format!("{report}/decide"), &[("do", "refuse"), ("reason", "当时在学另一门课程")])
        .await
        .is(200);
    assert_eq!(study.counted().await, study.hours(2));
});

story!(a_doubt_ends_with_the_entry_it_is_about, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("T1", Counts::Time).await;
    let account = study.account().await;
    let says = |record: &str| Said {
        account: account.clone(),
        ..study.says(("学员", "T1"), record, (Happened::Spent, 30, 2))
    };
    study.deliver(&[says("s1")]).await;
    let elsewhere = Said { activity: "https://study1.test/unknown".to_owned(), ..says("x1") };
    study.deliver(&[elsewhere]).await;
    let mut clerk = study.place.browser(&study.place.town.school().clerk).await;
    let doubt = clerk.get("/hours/waiting?state=held").await.shows("存疑").link("/hours/waiting/");

    // Taken back meanwhile: nobody can believe or disbelieve it any more.
    let keeper = study.place.ctx(&study.place.town.school().clerk);
    let mut tx = keeper.write().await.expect("a transaction");
    let standing = "select id from hour_entry where reverses is null order by id desc limit 1";
    let entry = tx.row(standing, args![], |row| row.get(0)).await.expect("an entry");
    let reason = "学员说当时没有学习";
    hours::reverse(&keeper, &mut tx, &study.place.programme, entry, reason).await.expect("taken back");
    tx.commit().await.expect("commits");
    assert_eq!(study.counted().await, Seconds::ZERO);
    clerk.get("/hours/waiting?state=held").await.hides("存疑");
    let believed = [("do", "accept"), ("reason", "学员此前在线下学过材料")];
    let late = clerk.post(&format!("{doubt}/decide"), &believed).await;
    assert_ne!(late.status, 200, "it was decided with the entry");
    assert_eq!(study.counted().await, Seconds::ZERO);
});

story!(what_was_credited_keeps_the_terms_by_which_it_was, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("K1", Counts::Completed).await;
    let account = study.account().await;
    let learnt = study.says(("学员", "K1"), "r1", (Happened::Completed, 60, 3));
    study.deliver(&[Said { account: account.clone(), ..learnt }]).await;
    let capability = study.place.rules.framework.capabilities[0].code.as_str();
    let wish = Wish { code: "K1", title: "一门课程", capability, hours: 5, counts: Counts::Completed };
    let (author, office) = (study.place.ctx(&study.lecturer), study.place.ctx(&study.place.town.city_office));
    let mut tx = office.write().await.expect("a transaction");
    let dearer = draft(&study.platform, wish);
    let (id, _) = course::submit(&author, &mut tx, &study.platform, &dearer).await.expect("handed in");
    course::approve(&office, &mut tx, id, None).await.expect("approved");
    tx.commit().await.expect("commits");
    study.place.settle().await;
    assert_eq!(study.counted().await, study.hours(2));
});

story!(what_came_before_its_platform_was_suspended_counts, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("K1", Counts::Completed).await;
    let account = study.account().await;
    let office = study.place.ctx(&study.place.town.city_office);
    let mut tx = office.write().await.expect("a transaction");
    platform::suspend(&office, &mut tx, study.platform.id, study.platform.version).await.expect("suspended");
    let suspended = platform::of_id(&mut tx, study.platform.id).await.expect("read").expect("a platform");
    let learnt = study.says(("学员", "K1"), "r1", (Happened::Completed, 60, 3));
    let learnt = Said { account: account.clone(), ..learnt };
    take(&office, &mut tx, (&suspended, Channel::Xapi), &[learnt]).await.expect("taken");
    tx.commit().await.expect("commits");
    study.place.settle().await;
    assert!(study.counted().await > Seconds::ZERO);
});

story!(a_desk_sees_a_platform_reduced_to_its_own_people, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("K1", Counts::Completed).await;
    let town = &study.place.town;
    let account = study.account().await;
    let learnt = study.says(("学员", "K1"), "r1", (Happened::Completed, 60, 0));
    study.deliver(&[Said { account, ..learnt }]).await;
    study.deliver(&[study.says(("陌生学员", "K1"), "r2", (Happened::Completed, 60, 1))]).await;
    // Another school's clerk brings a report about a teacher whom that school cannot see.
    let neighbour = study.place.ctx(&town.schools[1].clerk);
    let mut tx = neighbour.write().await.expect("a transaction");
    let described = Described {
        name: study.teacher().name.clone(),
        paper: identity(7).number().to_owned(),
        ..Described::default()
    };
    let report = online_report(&study.place.rules, study.teacher().person, ("p1", 1, study.place.day(1)));
    let source = study.platform.name.clone();
    let report = Report { whom: Whom::Described(described), source, ..report };
    hours::log(&neighbour, &mut tx, &study.place.programme, &report).await.expect("parked");
    tx.commit().await.expect("commits");

    let here = format!("/platforms/{}/here", study.platform.id);
    let mut clerk = study.place.browser(&town.school().clerk).await;
    clerk.get("/hours/waiting").await.shows("按平台查看");
    clerk.get("/platforms/here").await.is(200).shows("甲 1 0");
    let seen = clerk.get(&here).await;
    seen.is(200).shows("学习记录（xAPI）").shows("陌生学员").hides("待匹配教师");
    let mut other = study.place.browser(&town.schools[1].clerk).await;
    other.get("/platforms/here").await.is(200).shows("甲 0 1");
    let seen = other.get(&here).await;
    seen.shows("今天还没有本地教师的学时入账").shows("待匹配教师 1 条").hides("陌生学员");
    other.post(&here, &[]).await.is(200).shows("名册中还没有这些教师");
    // The county sees both schools, and who is meant.
    let mut county = study.place.browser(&town.county_office).await;
    county.get("/platforms/here").await.is(200).shows("甲 1 1");
    county.get(&here).await.shows("待匹配教师 1 条").shows(&format!("可能是：{}", study.teacher().name));
    county.post(&here, &[]).await.is(200).shows("1 条已匹配到名册中的教师");
    county.get(&here).await.hides("待匹配教师");
    for persona in [study.teacher(), &study.lecturer] {
        study.place.browser(persona).await.get(&here).await.is(404);
        study.place.browser(persona).await.post(&here, &[]).await.is(404);
    }
    let mut neighbour = study.place.browser(&town.neighbour_office).await;
    neighbour.get(&here).await.hides("陌生学员").hides("学习记录（xAPI）");
});

story!(accounts_are_for_the_desk_of_their_school, |engine| async move {
    let study = Study::begin(engine).await;
    let name = study.teacher().name.clone();
    study.deliver(&[study.says((&name, "K1"), "r1", (Happened::Completed, 60, 3))]).await;
    let town = &study.place.town;
    let page = study.place.browser(&town.school().clerk).await.get("/learners").await.link("/learners/");
    for (persona, status) in [
        (&town.county_office, 200),
        (&town.schools[1].clerk, 404),
        (&town.neighbour_office, 404),
        (study.teacher(), 404),
        (&study.lecturer, 404),
    ] {
        study.place.browser(persona).await.get(&page).await.is(status);
    }
    let own = Persona { person: town.school().clerk.person, ..study.teacher().clone() };
    let person = own.person.to_string();
    let mut clerk = study.place.browser(&town.school().clerk).await;
    let fields = [("do", "match"), ("person", person.as_str())];
    let refused = clerk.post(&format!("{page}/decide"), &fields).await;
    refused.is(422).says("请由其他人员处理");
    assert!(!refused.html().contains("reason-error"), "the reason is that of another button");
    let silent = clerk.post(&format!("{page}/decide"), &[("do", "dismiss"), ("reason", "")]).await;
    assert!(silent.is(422).html().contains("reason-error"), "{}", silent.html());
});

story!(a_delivery_takes_turns_with_whoever_reports_hours_of_the_same_teachers, |engine| async move {
    let study = Study::begin(engine).await;
    study.course("K1", Counts::Completed).await;
    let (place, platform) = (&study.place, &study.platform);
    let school = place.town.school();
    let mut people = [school.teachers[0].person, school.teachers[1].person];
    people.sort_unstable();
    let [first, second] = people;
    // The accounts stand the other way round.
    let mut learnt = Vec::new();
    for (person, record) in [(second, "r1"), (first, "r2")] {
        place.test.clock.advance(TimeDelta::minutes(1));
        let system = place.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let account = learner_for(&system, &mut tx, platform, person).await.expect("an account");
        tx.commit().await.expect("commits");
        learnt.push(Said { account, ..study.says(("学员", "K1"), record, (Happened::Completed, 60, 3)) });
    }
    assert!(learnt[0].account < learnt[1].account);
    let report = |person, number| online_report(&place.rules, person, (number, 1, place.day(1)));
    let tally = place.beside([&report(first, "a1"), &report(second, "a2")], study.deliver(&learnt)).await;
    assert_eq!((tally.records, tally.entered), (2, 2));
});

story!(an_account_is_found_by_any_part_of_it, |engine| async move {
    let study = Study::begin(engine).await;
    let name = study.teacher().name.clone();
    let mut said = study.says((&name, "K1"), "r1", (Happened::Completed, 60, 3));
    said.account.name = "2021-04-18-4711".to_owned();
    study.deliver(&[said]).await;
    let mut clerk = study.place.browser(&study.place.town.school().clerk).await;
    for words in ["4711", "2021-04", "04-18", ""] {
        clerk.get(&format!("/learners?q={words}")).await.shows("2021-04-18-4711");
    }
    for words in ["4712", "%25", "_"] {
        clerk.get(&format!("/learners?q={words}")).await.shows("没有符合条件的账号");
    }
});
