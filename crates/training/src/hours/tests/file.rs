//! A platform's file of hours on its way through the clerk's loop.

use chrono::Days;
use tisheng_kernel::{HourLength, Seconds};
use tisheng_platform::args;
use tisheng_registry::samples::{Persona, phone};
use tisheng_testkit::{Browser, Chosen, Seen, story};

use super::balance;
use crate::hours::told::{Outcome, TOLD, Told};
use crate::samples::PLATFORM;
use crate::town::Place;

/// The heading of a platform's file, in its own order.
const HEAD: [&str; 8] = ["姓名", "手机号", "平台", "课程", "学时类别", "学时", "学习日期", "记录编号"];

/// The number by which the samples know the clerk of the first school; the teachers follow.
const CLERK: u32 = 6;

/// A row about the `n`th teacher of the first school; the clerk is before the first.
fn row(place: &Place, n: u32, hours: &str, number: &str) -> [String; 8] {
    let school = place.town.school();
    let persona = n.checked_sub(1).map_or(&school.clerk, |i| &school.teachers[i as usize]);
    let category = place.rules.hours.categories[0].title.as_str();
    let phone = phone(CLERK + n);
    let cells = [&persona.name, phone.number(), PLATFORM, "数字素养", category, hours];
    let [name, phone, platform, title, category, hours] = cells.map(str::to_owned);
    [name, phone, platform, title, category, hours, place.day(1).to_string(), number.to_owned()]
}

fn with(mut row: [String; 8], column: &str, text: &str) -> [String; 8] {
    let place = HEAD.iter().position(|title| *title == column).expect("a column");
    row[place] = text.to_owned();
    row
}

fn csv(rows: &[[String; 8]]) -> Vec<u8> {
    tisheng_sheet::csv(&HEAD, rows.to_vec()).expect("a file")
}

/// Brings a file and lets the check end; gives the page of the run.
async fn bring(place: &Place, browser: &mut Browser, name: &str, bytes: &[u8]) -> Seen {
    let chosen = [Chosen { field: "file", name, bytes }];
    let waiting = browser.post_files("/roster/hours", &[], &chosen).await;
    place.settle().await;
    browser.get(&waiting.path).await
}

async fn confirm(place: &Place, browser: &mut Browser, run: &Seen) -> Seen {
    browser.get(&format!("{}/confirm", run.path)).await.is(200);
    browser.post(&format!("{}/confirm", run.path), &[]).await.is(200);
    place.settle().await;
    browser.get(&run.path).await
}

async fn undo(place: &Place, browser: &mut Browser, run: &Seen) -> Seen {
    browser.post(&format!("{}/undo", run.path), &[]).await.is(200);
    place.settle().await;
    browser.get(&run.path).await
}

fn hours(place: &Place, hours: u32) -> Seconds {
    Seconds::from_hours(hours, *place.rules.hours.length)
}

/// What platforms were told last: each number with what became of it.
async fn told(place: &Place) -> Vec<(String, Outcome)> {
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let sql = "select payload from outbox where topic = $1 order by id desc limit 1";
    let payload: String = tx.row(sql, args![TOLD], |row| row.get(0)).await.expect("they were told");
    let told: Told = serde_json::from_str(&payload).expect("a payload");
    assert_eq!(told.source, PLATFORM);
    told.rows.into_iter().map(|row| (row.number, row.outcome)).collect()
}

fn teacher(place: &Place, n: usize) -> &Persona {
    &place.town.school().teachers[n - 1]
}

story!(what_is_wrong_in_a_file_is_told_by_row_and_column_and_nothing_is_written, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    clerk.get("/roster").await.shows("导入学时");
    clerk.get("/roster/hours").await.shows("记录编号");
    clerk.get("/roster/hours/template.xlsx").await.is(200);
    clerk.get("/roster/hours/template.csv").await.is(200).says("记录编号");
    let rows = [
        row(&place, 1, "2", "n1"),
        row(&place, 1, "很多", "n2"),
        with(row(&place, 1, "2", "n3"), "学时类别", "别的类别"),
        with(row(&place, 1, "2", "n4"), "学习日期", "去年"),
        with(row(&place, 1, "2", "n5"), "平台", "校本研修"),
        row(&place, 1, "2", "1.2E+17"),
        row(&place, 1, "0", "n7"),
        row(&place, 1, "1.333", "n8"),
        with(with(row(&place, 1, "-1", "n9"), "学时类别", "又一类别"), "学习日期", "2099-03-01"),
        with(with(with(row(&place, 1, "半天", "n10"), "学时类别", "丙类别"), "学习日期", "上周"), "姓名", ""),
    ];
    let run = bring(&place, &mut clerk, "平台.csv", &csv(&rows)).await;
    run.shows("有错误，不能导入").shows("学时应为数字").shows("方案中没有类别“别的类别”");
    run.shows("不能用作平台名称").shows("科学计数法").shows("学时应大于零");
    run.shows("学时最多两位小数");
    let findings = clerk.get(&format!("{}/findings?weight=error", run.path)).await;
    assert_eq!(findings.html().matches("日期应写作").count(), 2, "{}", findings.text());
    // Whatever cannot be read hides nothing else that is wrong with its row.
    findings.shows("姓名没有填写").shows("方案中没有类别“丙类别”");
    assert_eq!(findings.html().matches("学时应为数字").count(), 2, "{}", findings.text());
    findings.shows("方案中没有类别“又一类别”").shows("学习日期 2099年3月1日 还没有到");
    clerk.get(&format!("{}/marked.xlsx", run.path)).await.is(200);
    clerk.post(&format!("{}/confirm", run.path), &[]).await.is(403);
    place.settle().await;
    assert_eq!(balance(&place, teacher(&place, 1).person).await, Seconds::ZERO);
    clerk.get("/hours/waiting").await.shows("待匹配教师（0）");
});

story!(a_file_is_entered_row_by_row_and_what_is_doubtful_waits, |engine| async move {
    let place = Place::begin(engine).await;
    let rows = [
        row(&place, 1, "2", "n1"),
        row(&place, 1, "2", "n1"),
        row(&place, 1, "3", "n1"),
        with(row(&place, 2, "1", "n2"), "姓名", "无名氏"),
        row(&place, 3, "20", "n3"),
        row(&place, 3, "20", "n4"),
        row(&place, 0, "2", "n5"),
    ];
    let workbook = tisheng_sheet::xlsx("学时", &HEAD, &[false; 8], rows).expect("a workbook");
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let run = bring(&place, &mut clerk, "平台.xlsx", &workbook).await;
    run.shows("与第 2 行相同，只计一次").shows("与第 2 行编号相同而内容不同").shows("没有找到对应的教师");
    run.shows("导入人本人的学时须由他人核实");
    let waiting = clerk.get(&format!("{}/differences?what=waiting", run.path)).await;
    waiting.shows("无名氏").shows("待人工处理");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, Seconds::ZERO, "a check writes nothing");

    confirm(&place, &mut clerk, &run).await.shows("已导入").shows("去处理");
    clerk.get(&format!("{}/receipt", run.path)).await.shows("待人工处理").shows("SHA-256");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 2));
    let day = Seconds::from_hours(20, *place.rules.hours.length);
    assert_eq!(balance(&place, teacher(&place, 3).person).await, day, "the second is more than a day holds");
    let desk = clerk.get("/hours/waiting").await;
    desk.shows("待匹配教师（1）").shows("待核实（2）").shows("前后不一致（1）").shows("无名氏");
    place.browser(teacher(&place, 1)).await.get("/hours").await.shows("数字素养").shows(PLATFORM);

    let again = bring(&place, &mut clerk, "再传.xlsx", &workbook).await;
    confirm(&place, &mut clerk, &again).await.shows("已导入").hides("去处理");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 2), "nothing counts twice");
    assert_eq!(balance(&place, teacher(&place, 3).person).await, day);
    let desk = clerk.get("/hours/waiting").await;
    desk.shows("待匹配教师（1）").shows("待核实（2）").shows("前后不一致（1）");
});

story!(a_file_brought_by_mistake_is_undone_and_may_be_brought_anew, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let unknown = with(row(&place, 2, "1", "n2"), "姓名", "无名氏");
    let wrong = csv(&[row(&place, 1, "2", "n1"), unknown.clone(), row(&place, 2, "1", "n3")]);
    let run = bring(&place, &mut clerk, "错.csv", &wrong).await;
    confirm(&place, &mut clerk, &run).await.shows("已导入");
    let came = [("n1", Outcome::Entered), ("n2", Outcome::Parked), ("n3", Outcome::Entered)];
    assert_eq!(told(&place).await, came.map(|(number, outcome)| (number.to_owned(), outcome)));
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 2));

    undo(&place, &mut clerk, &run).await.shows("已撤销");
    let mut taken = told(&place).await;
    taken.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(taken, ["n1", "n2", "n3"].map(|number| (number.to_owned(), Outcome::Withdrawn)));
    assert_eq!(balance(&place, teacher(&place, 1).person).await, Seconds::ZERO);
    assert_eq!(balance(&place, teacher(&place, 2).person).await, Seconds::ZERO);
    clerk.get("/hours/waiting").await.shows("待匹配教师（0）");
    clerk.get("/hours/waiting?state=withdrawn").await.shows("无名氏");
    let mut own = place.browser(teacher(&place, 1)).await;
    own.get("/hours").await.shows("撤销导入的学时文件");

    let right = csv(&[row(&place, 1, "5", "n1"), unknown, row(&place, 2, "1", "n3")]);
    let run = bring(&place, &mut clerk, "对.csv", &right).await;
    confirm(&place, &mut clerk, &run).await.shows("已导入");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 5), "the number was free");
    assert_eq!(
        balance(&place, teacher(&place, 2).person).await,
        hours(&place, 1),
        "also with the same facts"
    );
    clerk.get("/hours/waiting").await.shows("待匹配教师（1）");
    let again = bring(&place, &mut clerk, "对.csv", &right).await;
    confirm(&place, &mut clerk, &again).await.shows("已导入");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 5));
    assert_eq!(balance(&place, teacher(&place, 2).person).await, hours(&place, 1));
});

story!(parts_of_an_hour_count_as_they_are_reported, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let head: Vec<&str> = HEAD.into_iter().chain(["每学时分钟数"]).collect();
    let rows = ["0.5", "1.5", "0.33", "0.67"].map(|hours| {
        let mut cells = row(&place, 1, hours, &format!("part-{hours}")).to_vec();
        cells.push("45".to_owned());
        cells
    });
    let file = tisheng_sheet::csv(&head, rows.to_vec()).expect("a file");
    let run = bring(&place, &mut clerk, "平台.csv", &file).await;
    confirm(&place, &mut clerk, &run).await.shows("已导入");
    let reported = Seconds::from_hours(3, HourLength::LESSON);
    assert_eq!(balance(&place, teacher(&place, 1).person).await, reported, "to the second");
});

story!(what_two_files_say_stands_until_both_are_undone, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let unknown = with(row(&place, 2, "1", "n2"), "姓名", "无名氏");
    let file = csv(&[row(&place, 1, "2", "n1"), unknown.clone()]);
    let first = bring(&place, &mut clerk, "甲.csv", &file).await;
    confirm(&place, &mut clerk, &first).await.shows("已导入");
    let longer = csv(&[unknown, row(&place, 1, "2", "n1"), row(&place, 1, "1", "n3")]);
    let second = bring(&place, &mut clerk, "乙.csv", &longer).await;
    confirm(&place, &mut clerk, &second).await.shows("已导入");

    undo(&place, &mut clerk, &first).await.shows("已撤销");
    assert_eq!(
        balance(&place, teacher(&place, 1).person).await,
        hours(&place, 3),
        "the second file says it too"
    );
    clerk.get("/hours/waiting").await.shows("待匹配教师（1）");
    let third = bring(&place, &mut clerk, "丙.csv", &file).await;
    confirm(&place, &mut clerk, &third).await.shows("已导入");
    undo(&place, &mut clerk, &third).await.shows("已撤销");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 3));
    undo(&place, &mut clerk, &second).await.shows("已撤销");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, Seconds::ZERO);
    clerk.get("/hours/waiting").await.shows("待匹配教师（0）");
});

story!(what_another_school_brought_by_mistake_holds_nobody_up, |engine| async move {
    let place = Place::begin(engine).await;
    let file = csv(&[row(&place, 1, "2", "n1")]);
    let mut other = place.browser(&place.town.schools[1].clerk).await;
    let theirs = bring(&place, &mut other, "a.csv", &file).await;
    confirm(&place, &mut other, &theirs).await.shows("去处理");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, Seconds::ZERO);

    let mut clerk = place.browser(&place.town.school().clerk).await;
    let ours = bring(&place, &mut clerk, "a.csv", &file).await;
    confirm(&place, &mut clerk, &ours).await.shows("已导入").hides("去处理");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 2));
    other.get("/hours/waiting").await.shows("待匹配教师（0）");
    undo(&place, &mut other, &theirs).await.shows("已撤销");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 2));

    undo(&place, &mut clerk, &ours).await.shows("已撤销");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, Seconds::ZERO);
    let anew = bring(&place, &mut clerk, "a.csv", &file).await;
    confirm(&place, &mut clerk, &anew).await.shows("已导入");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 2));
    let theirs = bring(&place, &mut other, "a.csv", &file).await;
    confirm(&place, &mut other, &theirs).await.shows("去处理");
    other.get("/hours/waiting").await.shows("待匹配教师（1）");
});

story!(what_somebody_has_decided_stands_in_the_way_of_undoing, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let before = place.day(0) - Days::new(101);
    let early = with(row(&place, 2, "1", "n2"), "学习日期", &before.to_string());
    let run = bring(&place, &mut clerk, "a.csv", &csv(&[row(&place, 1, "2", "n1"), early])).await;
    confirm(&place, &mut clerk, &run).await.shows("去处理");
    // The first page leads to the desk, which opens where something waits.
    clerk.get("/hours/waiting").await.shows("待核实（1）").hides("这里没有报送");
    let desk = clerk.get("/hours/waiting?state=held").await;
    let held = desk.link("/hours/waiting/");
    clerk.post(&format!("{held}/decide"), &[("do", "accept"), ("reason", "平台已核实")]).await.is(200);
    assert_eq!(balance(&place, teacher(&place, 2).person).await, hours(&place, 1));

    undo(&place, &mut clerk, &run).await.shows("已经由人认定入账").shows("已导入");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, hours(&place, 2), "all or nothing");
});

story!(a_file_of_hours_is_for_those_who_keep_the_ledger_of_the_place, |engine| async move {
    let place = Place::begin(engine).await;
    let file = csv(&[row(&place, 1, "2", "n1")]);
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let run = bring(&place, &mut clerk, "a.csv", &file).await;
    let chosen = [Chosen { field: "file", name: "a.csv", bytes: &file }];
    for persona in [&place.town.school().principal, teacher(&place, 1)] {
        let mut browser = place.browser(persona).await;
        browser.get("/roster/hours").await.is(404);
        browser.post_files("/roster/hours", &[], &chosen).await.is(404);
    }
    for persona in [&place.town.schools[1].clerk, &place.town.neighbour_office, teacher(&place, 1)] {
        let mut stranger = place.browser(persona).await;
        stranger.get(&run.path).await.is(404);
        stranger.post(&format!("{}/confirm", run.path), &[]).await.is(404);
    }
    // Another school's clerk does not reach the teacher: the row waits for somebody who does.
    let mut other = place.browser(&place.town.schools[1].clerk).await;
    let elsewhere = bring(&place, &mut other, "a.csv", &file).await;
    confirm(&place, &mut other, &elsewhere).await.shows("去处理");
    assert_eq!(balance(&place, teacher(&place, 1).person).await, Seconds::ZERO);
    for office in [&place.town.county_office, &place.town.city_office] {
        let mut office = place.browser(office).await;
        office.get("/roster/hours").await.shows("导入学时");
        office.get(&run.path).await.shows("核对通过");
    }
});

story!(the_template_tells_the_names_of_the_scheme_in_force, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let form = clerk.get("/roster/hours").await;
    let bytes = clerk.get("/roster/hours/template.xlsx").await.bytes;
    let limits = tisheng_sheet::Limits::default();
    tisheng_sheet::read(&bytes, &limits).expect("a workbook");
    for category in &place.rules.hours.categories {
        form.shows(&category.title);
        for kind in &category.kinds {
            form.shows(&kind.title);
        }
    }
    form.hides("如线上课程").shows(&format!("{} 分钟", place.rules.hours.length.minutes()));
});

story!(the_check_of_a_file_tells_of_a_day_with_more_rows_than_a_sitting_has, |engine| async move {
    let place = Place::begin(engine).await;
    let most = *place.rules.hours.plausibility.as_ref().expect("the sample says what is plausible").burst;
    let rows: Vec<[String; 8]> = (0..=most).map(|n| row(&place, 1, "0.1", &format!("m{n}"))).collect();
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let run = bring(&place, &mut clerk, "一天.csv", &csv(&rows)).await;
    run.shows("待确认").shows(&format!("新增 {most}")).shows("待人工处理 1");
    clerk.get(&format!("{}/findings", run.path)).await.shows("只有日期、没有时刻");
    confirm(&place, &mut clerk, &run).await.shows("已导入");
    clerk.get("/hours/waiting").await.shows("待核实（1）");
});
