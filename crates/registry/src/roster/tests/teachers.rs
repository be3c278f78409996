//! The roll of teachers from upload to undo.

use tisheng_testkit::story;

use super::world::{World, paper, roll};

const OPEN: [(&str, &str); 2] = [("gone", "keep"), ("accounts", "open")];

story!(a_clerk_mends_a_file_and_takes_it, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    clerk.get("/roster").await.shows("教师名册").hides("学校名册").shows("还没有导入记录");
    clerk.get("/roster/teachers").await.shows("各列怎样填写").shows("身份证号");
    let template = clerk.get("/roster/teachers/template.xlsx").await;
    assert!(template.is(200).bytes.starts_with(b"PK"), "a workbook");

    let (first, second, third) = (paper(1), paper(2), paper(3));
    let broken = format!("{}0", &second[..17]);
    let dirty = roll(&[
        ["新教师甲", &first, "13900000001", "", "语文", "", "一级教师"],
        ["新教师乙", &broken, "139", "", "武术", "", ""],
        ["新教师丙", &third, "", "测试三小", "数学", "小学", ""],
    ]);
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &dirty).await;
    page.shows("有错误，不能导入")
        .shows("校验位不符")
        .shows("手机号应为1开头的11位数字")
        .shows("是否应为“测试");
    assert_eq!(world.count("select count(*) from person where name like '新教师%'").await, 0);
    clerk.get(&format!("{}/confirm", page.path)).await.is(403);
    let marked = clerk.get(&format!("{}/marked.xlsx", page.path)).await;
    let sheet =
        tisheng_sheet::read(&marked.is(200).bytes, &tisheng_sheet::Limits::default()).expect("a sheet");
    assert!(format!("{:?}", sheet.rows[2]).contains("校验位不符"), "{:?}", sheet.rows[2]);
    clerk
        .get(&format!("{}/findings?weight=error&field=证件号码", page.path))
        .await
        .shows("校验位不符")
        .hides("手机号应为");

    let clean = roll(&[
        ["新教师甲", &first, "13900000001", "", "语文", "", "一级教师"],
        ["新教师乙", &second, "13900000002", "测试一小", "数学", "小学", ""],
        ["新教师丙", &third, "", "8821000001", "数学", "小学", ""],
    ]);
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &clean).await;
    page.shows("核对通过，可以确认");
    let run = world.run(&page.path).await;
    assert_eq!((run.tally.new, run.tally.changed, run.tally.same, run.tally.errors), (3, 0, 0, 0));
    assert_eq!(run.tally.gone, 7, "everybody with a post at the school whom the file does not name");
    clerk.get(&format!("{}/differences?what=new", page.path)).await.shows("新教师甲").hides(&first);
    clerk.post(&format!("{}/confirm", page.path), &[("gone", "keep")]).await.is(422);

    let page = world.confirm(&mut clerk, &page.path, &OPEN).await;
    page.shows("已导入").shows("本次开通了 3 个账号");
    clerk.get(&format!("{}/receipt", page.path)).await.shows(&run.digest).shows("管理员甲").is(200);
    assert_eq!(world.count("select count(*) from person where name like '新教师%'").await, 3);
    assert_eq!(world.count("select count(*) from post where until is null").await, 15);

    let again = world.bring(&mut clerk, "teachers", "名册.csv", &clean).await;
    let run = world.run(&again.path).await;
    assert_eq!((run.tally.new, run.tally.same), (0, 3), "the same file again changes nothing");

    clerk.post(&format!("{}/undo", page.path), &[]).await.shows("正在撤销");
    world.settle().await;
    clerk.get(&page.path).await.shows("已撤销");
    assert_eq!(world.count("select count(*) from person where name like '新教师%'").await, 0);
    assert_eq!(world.count("select count(*) from post where until is null").await, 12);
    assert_eq!(world.count("select count(*) from roster_trace").await, 0);
});
