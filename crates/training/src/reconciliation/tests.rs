//! Reconciling, told on both engines.

use chrono::{Days, NaiveDate, TimeDelta};
use tisheng_kernel::{Id, Instant, Seconds};
use tisheng_platform::args;
use tisheng_registry::samples::Persona;
use tisheng_testkit::{Browser, Chosen, Engine, Seen, story};
use uuid::Uuid;

use super::model::Month;
use super::{check_months, rebuild};
use crate::course::Counts;
use crate::course::samples::{Wish, offered};
use crate::hours::{self, Channel, Report};
use crate::learning::samples::said;
use crate::learning::{Happened, Said, learner_for, take};
use crate::platform::Platform;
use crate::samples::online_report;
use crate::town::Place;

/// A place where a platform has reported for the month before.
struct Books {
    place: Place,
    platform: Platform,
    lecturer: Persona,
    month: Month,
}

impl Books {
    async fn begin(engine: Engine) -> Self {
        let place = Place::begin(engine).await;
        let (platform, lecturer) = place.platform().await;
        let month = Month::of(place.day(1));
        // In the month after.
        place.test.clock.set(Instant::start_of(month.until()) + TimeDelta::days(3));
        Self { place, platform, lecturer, month }
    }

    fn page(&self) -> String {
        format!("/platforms/{}/months/{}", self.platform.id, self.month)
    }

    /// The platform reports two lessons of the first teacher under `number`.
    async fn reported(&self, number: &str, day: NaiveDate) {
        self.said(number, day, None).await;
    }

    /// The same, hardly to be believed.
    async fn doubted(&self, number: &str, day: NaiveDate) {
        self.said(number, day, Some("时长异常".to_owned())).await;
    }

    async fn said(&self, number: &str, day: NaiveDate, doubt: Option<String>) {
        let teacher = self.place.town.school().teachers[0].person;
        let report = online_report(&self.place.rules, teacher, (number, 2, day));
        let seconds = Seconds::from_hours(2, self.platform.length);
        let report = Report { source: self.platform.name.clone(), seconds, doubt, ..report };
        let system = self.place.test.system();
        let mut tx = system.write().await.expect("a transaction");
        hours::log_all(&system, &mut tx, &self.place.programme, &[report]).await.expect("taken");
        tx.commit().await.expect("commits");
    }

    /// The institution hands a statement in: numbers and hours.
    async fn stated(&self, own: &mut Browser, rows: &[(&str, &str)]) -> Seen {
        let mut file = "平台,记录编号,姓名,课程,学习日期,学时\n".to_owned();
        for (number, hours) in rows {
            file.push_str(&format!(
                "{},{number},教师甲,信息技术与学科教学（{number}）,{},{hours}\n",
                self.platform.name,
                self.month.from()
            ));
        }
        self.handed_in(own, file.as_bytes()).await
    }

    async fn handed_in(&self, own: &mut Browser, bytes: &[u8]) -> Seen {
        let chosen = [Chosen { field: "file", name: "对账表.csv", bytes }];
        let run = own.post_files("/roster/statements", &[], &chosen).await;
        self.place.settle().await;
        own.get(&run.path).await
    }

    async fn confirmed(&self, own: &mut Browser, run: &Seen) {
        own.post(&format!("{}/confirm", run.path), &[]).await.is(200);
        self.place.settle().await;
    }
}

story!(both_sides_agree_on_a_month_and_are_told_when_it_moves, |engine| async move {
    let books = Books::begin(engine).await;
    let first = books.month.from();
    books.reported("n1", first).await;
    books.reported("n2", first).await;
    let page = books.page();
    let mut own = books.place.browser(&books.lecturer).await;
    let run = books.stated(&mut own, &[("n1", "2"), ("n2", "1.5"), ("n3", "1")]).await;
    run.shows("新增 1").shows("变更 1").shows("无变化 1");
    books.confirmed(&mut own, &run).await;
    assert_eq!(own.get(&run.path).await.link("/platforms/"), page, "the run leads to the month");
    let sheet = own.get(&page).await;
    sheet.shows("差异 2 条").shows("n2 教师甲 信息技术与学科教学（n2）").shows("学时不同");
    sheet.shows("n3 教师甲 信息技术与学科教学（n3）").shows("本系统没有收到这条记录");
    own.get(&format!("{page}/differences?as=csv")).await.is(200).shows("n3");
    own.get(&format!("{page}/lines?as=csv")).await.is(200).shows("n1");
    let figures = sheet.field("figures");
    own.post(&page, &[("figures", &figures)]).await.is(422).says("请写明双方商定的处理意见");

    // The institution mends its statement; now both say the same.
    let run = books.stated(&mut own, &[("n1", "2"), ("n2", "2")]).await;
    books.confirmed(&mut own, &run).await;
    own.post(&page, &[("figures", &figures), ("note", "按系统")]).await.is(422).says("数字已有变化");
    let sheet = own.get(&page).await;
    sheet.shows("逐条一致，没有差异");
    let half = own.post(&page, &[("figures", &sheet.field("figures"))]).await;
    half.is(200).shows("一方已确认").shows("另一方也确认同样的数字后");
    let mut city = books.place.browser(&books.place.town.city_office).await;
    let seen = city.get(&page).await;
    let agreed = city.post(&page, &[("figures", &seen.field("figures"))]).await;
    agreed.is(200).shows("双方已确认").shows("本月对账完成").hides("另一方也确认");
    city.get(&format!("/platforms/{}/months", books.platform.id)).await.shows("双方已确认");

    books.reported("n9", first).await;
    let moved = city.get(&page).await;
    moved.shows("确认后有变动").shows("机构的对账表中没有");
    moved.shows("台账 2 条 4.00 学时，对账表 2 条 4.00 学时");
});

story!(what_was_taken_back_or_refused_is_told_apart_from_what_never_came, |engine| async move {
    let books = Books::begin(engine).await;
    let first = books.month.from();
    books.reported("n1", first).await;
    books.reported("n2", first).await;
    let clerk = books.place.ctx(&books.place.town.school().clerk);
    let programme = &books.place.programme;
    let mut tx = clerk.write().await.expect("a transaction");
    let listed = (programme.id, books.platform.name.as_str());
    let known =
        hours::of_source(&mut tx, listed, (first, first), ("", Id::from_uuid(Uuid::nil()), false), 9).await;
    let entry = known.expect("read").remove(0).entry;
    hours::reverse(&clerk, &mut tx, programme, entry.id, "重复报送").await.expect("reversed");
    tx.commit().await.expect("commits");
    books.doubted("n3", first).await;
    let mut tx = clerk.write().await.expect("a transaction");
    let held = "select id from hour_report where source_id = 'n3'";
    let held = tx.row(held, args![], |row| row.get(0)).await.expect("held");
    hours::refuse(&clerk, &mut tx, programme, held, "当天没有开课").await.expect("refused");
    tx.commit().await.expect("commits");

    let mut own = books.place.browser(&books.lecturer).await;
    let run = books.stated(&mut own, &[("n1", "2"), ("n2", "2"), ("n3", "2"), ("n4", "2")]).await;
    books.confirmed(&mut own, &run).await;
    let sheet = own.get(&books.page()).await;
    sheet.shows("差异 3 条").shows("本系统已收到，已冲销：重复报送");
    sheet.shows("本系统已收到，未予认定：当天没有开课").shows("本系统没有收到这条记录");
});

story!(an_institution_keeps_numbers_of_its_own_and_both_sides_agree, |engine| async move {
    let books = Books::begin(engine).await;
    let place = &books.place;
    let (author, office) = (place.ctx(&books.lecturer), place.ctx(&place.town.city_office));
    let system = place.test.system();
    let mut tx = system.write().await.expect("a transaction");
    let capability = place.rules.framework.capabilities[0].code.as_str();
    let wish = Wish { code: "K1", title: "课程一", capability, hours: 2, counts: Counts::Completed };
    offered((&author, &office), &mut tx, &books.platform, wish).await.expect("a course");
    // Two teachers complete it: one is told by the record, the other by the name.
    let teachers = &place.town.school().teachers[..2];
    let at = Instant::start_of(books.month.from()) + TimeDelta::hours(10);
    for (number, teacher) in teachers.iter().enumerate() {
        let account =
            learner_for(&system, &mut tx, &books.platform, teacher.person).await.expect("an account");
        let record = format!("rec-{number}");
        let what = (record.as_str(), Happened::Completed);
        let learnt = said(&books.platform, (&teacher.name, "", "K1"), what, (60, at));
        let learnt = Said { account, ..learnt };
        take(&system, &mut tx, (&books.platform, Channel::Xapi), &[learnt]).await.expect("taken");
    }
    tx.commit().await.expect("commits");
    place.settle().await;
    let stated = |rows: &[(&str, &str, &str, &str)]| {
        let mut file = "平台,记录编号,姓名,课程编号,学习日期,学时\n".to_owned();
        for (number, name, code, hours) in rows {
            let (platform, day) = (&books.platform.name, books.month.from());
            file.push_str(&format!("{platform},{number},{name},{code},{day},{hours}\n"));
        }
        file.into_bytes()
    };
    let mut own = place.browser(&books.lecturer).await;
    let [first, second] = [teachers[0].name.as_str(), teachers[1].name.as_str()];
    let run = books.handed_in(&mut own, &stated(&[("rec-0", "", "", "2"), ("", second, "K1", "2")])).await;
    books.confirmed(&mut own, &run).await;
    let agreed = own.get(&books.page()).await;
    agreed.shows("逐条一致").shows("本系统台账 2 4.00").shows("机构对账表 2 4.00");
    // Half of the hours on two lines each, as the institution counts lessons.
    let halves = [("a", first, "K1", "1"), ("b", first, "K1", "1"), ("c", second, "K1", "2")];
    let run = books.handed_in(&mut own, &stated(&halves)).await;
    books.confirmed(&mut own, &run).await;
    own.get(&books.page()).await.shows("逐条一致").shows("机构对账表 3 4.00");
    // What does not agree is named to the line, and nothing else is.
    let wrong = [("rec-0", "", "", "2"), ("w2", second, "K1", "1.5"), ("w3", "无此人", "K1", "2")];
    let run = books.handed_in(&mut own, &stated(&wrong)).await;
    books.confirmed(&mut own, &run).await;
    let seen = own.get(&books.page()).await;
    seen.shows("差异 2 条").shows(&format!("w2 {second} 课程一")).shows("1.50 2.00 学时不同");
    seen.shows("w3 无此人 课程一").shows("本系统没有收到这条记录").hides("rec-0");
    books.handed_in(&mut own, &stated(&[("", "", "K1", "2")])).await.shows("请填写姓名和课程");
});

story!(a_statement_is_taken_back_and_the_one_before_stands, |engine| async move {
    let books = Books::begin(engine).await;
    books.reported("n1", books.month.from()).await;
    let mut own = books.place.browser(&books.lecturer).await;
    let first = books.stated(&mut own, &[("n1", "2")]).await;
    books.confirmed(&mut own, &first).await;
    let second = books.stated(&mut own, &[("n1", "3")]).await;
    books.confirmed(&mut own, &second).await;
    own.get(&books.page()).await.shows("差异 1 条");
    own.post(&format!("{}/undo", first.path), &[]).await.is(200);
    books.place.settle().await;
    own.get(&first.path).await.shows("请先撤销那一份").shows("已导入");
    own.get(&books.page()).await.shows("差异 1 条");
    own.post(&format!("{}/undo", second.path), &[]).await.is(200);
    books.place.settle().await;
    own.get(&books.page()).await.shows("逐条一致");
    own.post(&format!("{}/undo", first.path), &[]).await.is(200);
    books.place.settle().await;
    own.get(&books.page()).await.shows("未提交").hides("逐条一致");
});

story!(the_list_of_months_reads_what_is_kept_and_that_is_what_a_fresh_count_gives, |engine| async move {
    let books = Books::begin(engine).await;
    let (place, platform) = (&books.place, &books.platform);
    let system = place.test.system();
    let by_api = |number: &str, day| {
        let teacher = place.town.school().teachers[0].person;
        let report = online_report(&place.rules, teacher, (number, 2, day));
        let seconds = Seconds::from_hours(2, platform.length);
        Report { source: platform.name.clone(), channel: Channel::Api, seconds, ..report }
    };
    let take = async |report: Report| {
        let mut tx = system.write().await.expect("a transaction");
        hours::log(&system, &mut tx, &place.programme, &report).await.expect("taken");
        tx.commit().await.expect("commits");
        place.settle().await;
    };
    take(by_api("n1", books.month.from())).await;
    let list = format!("/platforms/{}/months", platform.id);
    let mut own = place.browser(&books.lecturer).await;
    let row = |records: i64, hours: &str| format!("{} {records} {hours}", books.month.chinese());
    own.get(&list).await.shows(&row(1, "2.00"));
    place.test.clock.advance(TimeDelta::minutes(11));
    place.settle().await;
    assert_eq!(check_months(&system, place.programme.id).await.expect("looked"), (1, Vec::new()));
    own.get(&list).await.shows(&row(1, "2.00"));
    // What comes now is seen at once, before it is counted, and stays seen after.
    take(by_api("n2", books.month.from() + Days::new(1))).await;
    own.get(&list).await.shows(&row(2, "4.00"));
    place.test.clock.advance(TimeDelta::minutes(11));
    place.settle().await;
    own.get(&list).await.shows(&row(2, "4.00"));
    let reversed = "select id from hour_entry where source_id = 'n2'";
    let office = place.ctx(&place.town.city_office);
    let mut tx = office.write().await.expect("a transaction");
    let entry: Uuid = tx.row(reversed, args![], |row| row.get(0)).await.expect("an entry");
    hours::reverse(&office, &mut tx, &place.programme, Id::from_uuid(entry), "重复").await.expect("reversed");
    tx.commit().await.expect("commits");
    place.settle().await;
    own.get(&list).await.shows(&row(1, "2.00"));

    // Nothing of the ledger is read for a month that is counted; what is wrong is found and mended.
    place.test.clock.advance(TimeDelta::minutes(11));
    place.settle().await;
    let run = books.stated(&mut own, &[("n1", "2")]).await;
    books.confirmed(&mut own, &run).await;
    let mut tx = system.write().await.expect("a transaction");
    tx.run("update month_ledger set records = 9", args![]).await.expect("changed");
    tx.run("update month_sheet set stated_records = 7", args![]).await.expect("changed");
    tx.commit().await.expect("commits");
    own.get(&list).await.shows(&row(9, "2.00"));
    let (_, wrong) = check_months(&system, place.programme.id).await.expect("looked");
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert_eq!(rebuild(&system, place.programme.id).await.expect("counted"), 1);
    assert_eq!(check_months(&system, place.programme.id).await.expect("looked"), (1, Vec::new()));
    own.get(&list).await.shows(&row(1, "2.00"));
});

story!(what_is_wrong_in_a_statement_is_told_by_row, |engine| async move {
    let books = Books::begin(engine).await;
    let mut own = books.place.browser(&books.lecturer).await;
    let run = books.stated(&mut own, &[("n1", "2"), ("n1", "2"), ("n2", "许多")]).await;
    run.shows("与第 2 行的记录编号相同");
    let other = Persona { node: books.place.town.neighbour.clone(), ..books.lecturer.clone() };
    let mut other = books.place.browser(&other).await;
    books.stated(&mut other, &[("n1", "2")]).await.shows("不属于您的机构");
});

story!(a_month_is_confirmed_when_it_is_over_and_by_its_two_sides, |engine| async move {
    let books = Books::begin(engine).await;
    books.reported("n1", books.month.from()).await;
    let page = books.page();
    let town = &books.place.town;
    let mut county = books.place.browser(&town.county_office).await;
    county.get(&page).await.is(200).hides("确认以上数字");
    county.post(&page, &[("figures", "x")]).await.is(404);
    for persona in [&town.school().clerk, &town.school().teachers[0], &town.neighbour_office] {
        let status = if persona.login == town.neighbour_office.login { 200 } else { 404 };
        books.place.browser(persona).await.get(&page).await.is(status);
    }
    let mut own = books.place.browser(&books.lecturer).await;
    own.get(&format!("/platforms/{}/months/2023-13", books.platform.id)).await.is(404);
    own.get(&format!("/platforms/{}/months/2199-01", books.platform.id)).await.is(404);
    let months = own.get(&format!("/platforms/{}/months", books.platform.id)).await;
    let not_yet = format!("/months/{}", Month::of(books.month.until()));
    assert!(!months.shows(&books.month.chinese()).html().contains(&not_yet), "{not_yet}");
    let figures = own.get(&page).await.field("figures");
    books.place.test.clock.set(Instant::start_of(books.month.from()) + TimeDelta::days(20));
    let early = own.get(&page).await;
    early.shows("本月还没有结束，").hides("确认以上数字");
    own.post(&page, &[("figures", &figures)]).await.is(422).says("本月还没有结束，次月才能确认");
});
