//! Handing over, told on both engines under the made-up scheme.

use std::sync::Arc;

use axum::Router;
use chrono::TimeDelta;
use tisheng_kernel::Seconds;
use tisheng_platform::{App, Parts};
use tisheng_policy::scheme;
use tisheng_registry::people::Departure;
use tisheng_registry::posting;
use tisheng_registry::roster::{self, Entry, Kinds};
use tisheng_rules::builtin;
use tisheng_rules::samples::third_scheme_files;
use tisheng_sheet::{Limits, read};
use tisheng_testkit::{Browser, Chosen, Engine, Seen, story};
use tisheng_training::hours;

use super::ReceiptFile;
use crate::certificate;
use crate::certificate::tests::{World, begin_in, set_up};

fn house() -> (Router<Arc<App>>, Parts) {
    let rooms = certificate::routes().merge(super::routes()).merge(roster::routes());
    (rooms, scheme::samples::parts().with(Kinds::new(vec![Entry::of::<ReceiptFile>()])))
}

async fn begin(engine: Engine) -> World {
    begin_in(engine, house(), |handlers| super::jobs(roster::handlers(handlers))).await
}

/// The first year in which the teacher's hours are registered, as the office's page names it.
fn year(world: &World) -> i32 {
    chrono::Datelike::year(&world.test.app.now().date())
}

/// The office asks for the file of a year; gives the page of the batch.
async fn asked(world: &World, office: &mut Browser, year: i32) -> Seen {
    let asked = office.post("/handover", &[("year", &year.to_string())]).await;
    world.test.settle().await;
    office.get(&asked.path).await
}

/// The office asks for the file of a year of which nothing is to be handed over.
async fn nothing(office: &mut Browser, year: i32) {
    let before = office.get("/handover").await.text();
    let refused = office.post_only("/handover", &[("year", &year.to_string())]).await;
    refused.is(422).says("没有需要移交的学时").says("没有生成文件");
    assert_eq!(office.get("/handover").await.text(), before, "no file is listed");
}

/// The rows of the file, the heading first.
async fn taken(office: &mut Browser, batch: &Seen) -> Vec<Vec<String>> {
    let file = office.post_only(&format!("{}/file", batch.path), &[]).await;
    file.is(200);
    let sheet = read(&file.bytes, &Limits::default()).expect("a workbook");
    sheet.rows.iter().map(|row| row.cells.iter().map(tisheng_sheet::Cell::text).collect()).collect()
}

/// The office brings a receipt and confirms it.
async fn receipt(world: &World, office: &mut Browser, text: &str) -> Seen {
    let chosen = [Chosen { field: "file", name: "回执.csv", bytes: text.as_bytes() }];
    let run = office.post_files("/roster/handover-receipts", &[], &chosen).await;
    world.test.settle().await;
    let checked = office.get(&run.path).await;
    office.post(&format!("{}/confirm", run.path), &[]).await.is(200);
    world.test.settle().await;
    checked
}

story!(hours_are_handed_over_once_and_corrections_are_differences, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let mut office = world.browser(&world.town.county_office).await;
    let year = year(&world);
    nothing(&mut office, year).await;
    let number = world.issue(teacher).await;

    // 68 hours; a year takes 40 of them, the next the rest.
    let batch = asked(&world, &mut office, year).await;
    batch.shows("共 1 条").shows(&teacher.name).shows("等待回执");
    let rows = taken(&mut office, &batch).await;
    assert_eq!(rows[0], ["序号", "身份证号", "教师", "哪一年", "学分学时", "类别"]);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1][1].len(), 18, "the whole number: {:?}", rows[1]);
    assert_eq!(
        rows[1][2..],
        [teacher.name.clone(), year.to_string(), "40.00".to_owned(), "专业课".to_owned()]
    );
    nothing(&mut office, year).await;

    // Refused, and so handed over again; then registered.
    let refused = format!("流水号,结果,原因\n{},退回,单位不符\nX9-0001,已登记,\n", rows[1][0]);
    let chosen = [Chosen { field: "file", name: "回执.csv", bytes: refused.as_bytes() }];
    let run = office.post_files("/roster/handover-receipts", &[], &chosen).await;
    world.test.settle().await;
    office.get(&run.path).await.shows("没有移交过流水号");
    receipt(&world, &mut office, &format!("流水号,结果,原因\n{},退回,单位不符\n", rows[1][0])).await;
    office.get(&batch.path).await.shows("退回").shows("单位不符");
    let again = asked(&world, &mut office, year).await;
    let rows = taken(&mut office, &again).await;
    assert_eq!(rows[1][4], "40.00");
    receipt(&world, &mut office, &format!("流水号,结果\n{},已登记\n", rows[1][0])).await.shows("变更 1");
    office.get("/handover").await.shows("已登记");
    nothing(&mut office, year).await;

    // A certificate that is taken back takes the hours back as well.
    office.post(&format!("/certificates/{number}/revoke"), &[("reason", "查实代学")]).await.is(200);
    let back = asked(&world, &mut office, year).await;
    let rows = taken(&mut office, &back).await;
    assert_eq!(rows[1][4], "-40.00");
    back.shows("已无有效证书");
});

story!(two_who_ask_at_once_get_one_file, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    world.issue(teacher).await;
    let mut office = world.browser(&world.town.county_office).await;
    let year = year(&world).to_string();
    // Neither knows of the other: what both have asked for is found by the first.
    let [first, second] = [
        office.post("/handover", &[("year", &year)]).await.path,
        office.post("/handover", &[("year", &year)]).await.path,
    ];
    assert_ne!(first, second);
    world.test.settle().await;
    let (mut full, mut empty) = (0, 0);
    for path in [&first, &second] {
        let page = office.get(path).await;
        let file = office.post_only(&format!("{path}/file"), &[]).await;
        if page.text().contains("共 1 条") {
            file.is(200);
            assert!(office.get("/handover").await.html().contains(path.as_str()));
            full += 1;
        } else {
            page.shows("没有需要移交的学时");
            file.is(403).says("没有生成文件");
            assert!(!office.get("/handover").await.html().contains(path.as_str()));
            empty += 1;
        }
    }
    assert_eq!((full, empty), (1, 1));
});

story!(a_teacher_chooses_the_years_and_the_sum_stays, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let mut browser = world.browser(teacher).await;
    let years = ["year2023", "year2024", "year2025"];
    browser.get("/handover/mine").await.shows("湖畔继续教育平台").shows("合计 68").shows("还没有移交");
    let typed = |hours: [&'static str; 3]| -> Vec<(&'static str, &'static str)> {
        years.into_iter().zip(hours).collect()
    };
    browser.post_only("/handover/mine", &typed(["20", "20", "10"])).await.is(422).says("合计应为 68");
    browser.post_only("/handover/mine", &typed(["68", "0", ""])).await.is(422).says("每个年度最多 40");
    let wrong = browser.post_only("/handover/mine", &typed(["二十", "20", "20"])).await;
    wrong.is(422).says("2023年度的学时");
    assert_eq!(wrong.field("year2023"), "二十", "what was typed is kept");
    browser.post("/handover/mine", &typed(["28", "20", "20"])).await.shows("已保存").shows("由您调整过");

    world.issue(teacher).await;
    let mut office = world.browser(&world.town.county_office).await;
    for (year, hours) in [(2023, "28.00"), (2024, "20.00"), (2025, "20.00")] {
        let batch = asked(&world, &mut office, year).await;
        assert_eq!(taken(&mut office, &batch).await[1][4], hours);
    }
    browser.get("/handover/mine").await.shows("等待回执");
    browser.post("/handover/mine", &[("back", "yes")]).await.shows("已恢复为按学习年度移交");
});

story!(only_offices_hand_over_and_only_their_own, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    world.issue(teacher).await;
    let mut office = world.browser(&world.town.county_office).await;
    let year = year(&world);
    let batch = asked(&world, &mut office, year).await;
    office.post_only("/handover", &[("year", "1999")]).await.is(422).says("没有这个年度");
    let strangers = [&world.town.neighbour_office, &world.town.school().clerk, teacher];
    for stranger in strangers {
        let mut browser = world.browser(stranger).await;
        browser.get(&batch.path).await.is(404);
        browser.post_only(&format!("{}/file", batch.path), &[]).await.is(404);
    }
    for stranger in [&world.town.school().clerk, teacher] {
        let mut browser = world.browser(stranger).await;
        browser.get("/handover").await.is(404);
        browser.post_only("/handover", &[("year", &year.to_string())]).await.is(404);
    }
    world.browser(&world.town.county_office).await.get("/handover/mine").await.is(404);
});

story!(where_nothing_is_handed_over_no_receipt_is_offered, |engine| async move {
    let files = builtin::files("sichuan-2020").expect("a published scheme");
    let world = set_up(engine, house(), |handlers| handlers, (files, 0)).await;
    let mut office = world.browser(&world.town.county_office).await;
    office.get("/roster").await.is(200).hides("学时移交回执");
    office.get("/handover").await.shows("没有规定学时移交").hides("导入回执");
    office.get("/roster/handover-receipts").await.is(404);
    office.get("/roster/handover-receipts/template.xlsx").await.is(404);
    let ruled = begin(engine).await;
    let mut office = ruled.browser(&ruled.town.county_office).await;
    office.get("/roster").await.shows("学时移交回执");
});

story!(a_reversal_after_the_handover_is_a_correction, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    world.issue(teacher).await;
    let mut office = world.browser(&world.town.county_office).await;
    let (system, year) = (world.test.system(), year(&world));
    asked(&world, &mut office, year).await.shows("共 1 条");
    let mut tx = system.write().await.expect("a transaction");
    let entries = hours::entries(&mut tx, world.programme.id, teacher.person).await.expect("entries");
    let before: Seconds = entries.iter().map(|entry| entry.seconds).sum();
    assert!(before > Seconds::ZERO);
    for entry in &entries {
        hours::reverse(&system, &mut tx, &world.programme, entry.id, "查实重复").await.expect("reversed");
    }
    tx.commit().await.expect("commits");
    let batch = asked(&world, &mut office, year).await;
    assert_eq!(taken(&mut office, &batch).await[1][4], "-40.00");
});

/// The made-up scheme, but that it hands over at the end of each year.
fn at_year_end() -> builtin::Files {
    let changed = third_scheme_files().iter().map(|(name, text)| {
        let text: &'static str =
            Box::leak(text.replace("value = \"certified\"", "value = \"year_end\"").into_boxed_str());
        (*name, text)
    });
    Box::leak(changed.collect::<Vec<_>>().into_boxed_slice())
}

story!(where_the_scheme_says_so_a_year_is_handed_over_when_it_is_over, |engine| async move {
    let jobs = |handlers| crate::handover::jobs(roster::handlers(handlers));
    let world = set_up(engine, house(), jobs, (at_year_end(), 3 * 365)).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let mut office = world.browser(&world.town.county_office).await;
    let year = year(&world);
    let seen = office.get("/handover").await;
    seen.shows("不论是否取得证书").shows(&format!("{}年1月1日起可以生成", year + 1));
    assert!(
        !seen.html().contains(&format!("name=\"year\" value=\"{year}\"")),
        "it is not offered: {}",
        seen.html()
    );
    office.post_only("/handover", &[("year", &year.to_string())]).await.is(422).says("结束以后才移交");
    world.browser(teacher).await.get("/handover/mine").await.shows("每个年度结束以后");
    // The year is over: nobody needs a certificate.
    world.test.clock.set(world.test.app.now() + TimeDelta::days(366));
    let mut office = world.browser(&world.town.county_office).await;
    let seen = office.get("/handover").await;
    assert!(seen.html().contains(&format!("name=\"year\" value=\"{year}\"")), "{}", seen.html());
    let batch = asked(&world, &mut office, year).await;
    batch.shows("共 1 条").shows("无证书");
    assert_eq!(taken(&mut office, &batch).await[1][4], "40.00");
    nothing(&mut office, year).await;
});

story!(whoever_left_within_the_year_loses_no_hours_by_it, |engine| async move {
    let jobs = |handlers| crate::handover::jobs(roster::handlers(handlers));
    let world = set_up(engine, house(), jobs, (at_year_end(), 3 * 365)).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let year = year(&world);
    let clerk = world.test.ctx(world.town.school().clerk.who());
    let mut tx = clerk.write().await.expect("a transaction");
    let leaves =
        Departure { person: teacher.person, on: clerk.at.date(), reason: "到龄退休，已办手续" };
    posting::release(&clerk, &mut tx, &leaves).await.expect("released");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    world.test.clock.set(world.test.app.now() + TimeDelta::days(366));
    let mut office = world.browser(&world.town.county_office).await;
    let batch = asked(&world, &mut office, year).await;
    batch.shows("共 1 条");
    assert_eq!(taken(&mut office, &batch).await[1][4], "40.00");
});
