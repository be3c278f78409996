//! A file is undone as far as what it made still stands.

use tisheng_testkit::{Browser, Seen, story};

use super::world::{World, csv, paper, roll};
use crate::samples;

const NONE: [(&str, &str); 2] = [("gone", "keep"), ("accounts", "none")];

/// Brings a file and lets it be taken; gives the address of its page.
async fn taken(world: &World, browser: &mut Browser, kind: &str, file: &[u8]) -> String {
    let page = world.bring(browser, kind, "名册.csv", file).await;
    world.confirm(browser, &page.path, &NONE).await.shows("已导入");
    page.path
}

/// Asks that a file be undone; gives its page afterwards.
async fn undone(world: &World, browser: &mut Browser, path: &str) -> Seen {
    browser.post(&format!("{path}/undo"), &[]).await;
    world.settle().await;
    browser.get(path).await
}

story!(whom_a_file_brought_it_takes_away_again_only_as_it_brought_them, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let number = paper(1);
    let file = |phone, subject| roll(&[["新教师甲", number.as_str(), phone, "", subject, "", ""]]);
    let first = taken(&world, &mut clerk, "teachers", &file("13900000001", "语文")).await;
    let second = taken(&world, &mut clerk, "teachers", &file("13900000001", "英语")).await;
    let amended = "新教师甲的任职信息在导入之后又被修改过";
    undone(&world, &mut clerk, &first).await.shows(amended).shows("已导入");
    let english = "select count(*) from post o join person p on p.id = o.person
        where p.name = '新教师甲' and o.subject = '英语'";
    assert_eq!(world.count(english).await, 1, "what was amended stays, with whose it is");
    undone(&world, &mut clerk, &second).await.shows("已撤销");

    // What a later file changed of the record and of the post, and took back, stands in nobody's way.
    let third = taken(&world, &mut clerk, "teachers", &file("13900000002", "数学")).await;
    undone(&world, &mut clerk, &first).await.shows(amended);
    undone(&world, &mut clerk, &third).await.shows("已撤销");
    undone(&world, &mut clerk, &first).await.shows("已撤销");
    assert_eq!(world.count("select count(*) from person where name = '新教师甲'").await, 0);
});

story!(a_record_is_put_back_once_the_file_that_changed_it_later_is_undone, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let number = paper(1);
    let file = |phone| roll(&[["新教师甲", number.as_str(), phone, "", "语文", "", ""]]);
    let brought = taken(&world, &mut clerk, "teachers", &file("13900000001")).await;
    let second = taken(&world, &mut clerk, "teachers", &file("13900000002")).await;
    let third = taken(&world, &mut clerk, "teachers", &file("13900000003")).await;
    let changed = "新教师甲的信息在导入之后又被修改过";
    undone(&world, &mut clerk, &second).await.shows(changed).shows("已导入");
    undone(&world, &mut clerk, &brought)
        .await
        .shows("导入的人员中有 1 人（新教师甲）的信息在导入之后又被修改过");
    let masked = "select count(*) from person where name = '新教师甲' and phone_masked like '%3'";
    assert_eq!(world.count(masked).await, 1, "the phone of the last file");
    undone(&world, &mut clerk, &third).await.shows("已撤销");
    undone(&world, &mut clerk, &second).await.shows("已撤销");
    let masked = "select count(*) from person where name = '新教师甲' and phone_masked like '%1'";
    assert_eq!(world.count(masked).await, 1, "the phone of the first file");
    undone(&world, &mut clerk, &brought).await.shows("已撤销");
});

story!(the_end_of_a_role_that_was_moved_later_is_not_written_over, |engine| async move {
    const HEAD: [&str; 5] = ["姓名", "证件号码", "角色", "机构", "截止日期"];
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let teacher = &world.town.school().teachers[1];
    let known = samples::identity(8);
    let list =
        |until| csv(&[&HEAD, &[teacher.name.as_str(), known.number(), "首席信息官", "测试一小", until]]);
    let first = taken(&world, &mut office, "roles", &list("2022-08-31")).await;
    let second = taken(&world, &mut office, "roles", &list("2023-08-31")).await;
    let third = taken(&world, &mut office, "roles", &list("2024-08-31")).await;
    let moved = format!("{}的角色期限在导入之后又被修改过", teacher.name);
    for path in [&first, &second] {
        undone(&world, &mut office, path).await.shows(&moved).shows("已导入");
        assert_eq!(world.count("select count(*) from role_grant where until = '2024-09-01'").await, 1);
    }
    undone(&world, &mut office, &third).await.shows("已撤销");
    undone(&world, &mut office, &second).await.shows("已撤销");
    assert_eq!(world.count("select count(*) from role_grant where until = '2022-09-01'").await, 1);
    undone(&world, &mut office, &first).await.shows("已撤销");
    assert_eq!(world.count("select count(*) from role_grant where role = 'cio'").await, 0);
});

story!(a_school_that_was_stated_otherwise_later_is_named, |engine| async move {
    const HEAD: [&str; 5] = ["学校名称", "学校标识码", "所属县区", "学段", "信息化教学环境"];
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let list = |environment| {
        let known = ["测试一小", "8821000001", "测试县", "小学", environment];
        csv(&[&HEAD, &known, &["测试三小", "8821000003", "测试县", "小学", environment]])
    };
    let first = taken(&world, &mut office, "schools", &list("智慧")).await;
    let second = taken(&world, &mut office, "schools", &list("多媒体教学环境")).await;
    undone(&world, &mut office, &first).await.shows("“测试三小”在导入之后又被修改过").shows("已导入");
    let founded = "select count(*) from node where name = '测试三小'";
    assert_eq!(world.count(founded).await, 1);
    undone(&world, &mut office, &second).await.shows("已撤销");
    undone(&world, &mut office, &first).await.shows("已撤销");
    assert_eq!(world.count(founded).await, 0);
    assert_eq!(world.count("select count(*) from school where environment = 'smart'").await, 0);
});
