//! The roll of teachers from upload to undo.

use std::collections::HashMap;

use chrono::TimeDelta;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::{Scope, Who};
use tisheng_testkit::{Browser, story};

use super::world::{World, paper, roll};
use crate::organisation::Stage;
use crate::roster::model::State;
use crate::roster::{Kinds, handlers, samples as rehearsal, work};
use crate::{access, people, posting, samples};

const OPEN: [(&str, &str); 2] = [("gone", "keep"), ("accounts", "open")];
const NONE: [(&str, &str); 2] = [("gone", "keep"), ("accounts", "none")];

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
        .shows("3 新教师乙 证件号码 错误")
        .shows("是否应为“测试");
    assert_eq!(world.count("select count(*) from person where name like '新教师%'").await, 0);
    clerk.get(&format!("{}/confirm", page.path)).await.is(403);
    let marked = clerk.get(&format!("{}/marked.xlsx", page.path)).await;
    let sheet =
        tisheng_sheet::read(&marked.is(200).bytes, &tisheng_sheet::Limits::default()).expect("a sheet");
    let row = format!("{:?}", sheet.rows.get(2));
    assert!(row.contains("校验位不符") && row.contains("错误（新教师乙，证件号码）"), "{row}");
    clerk
        .get(&format!("{}/findings?weight=error&field=证件号码", page.path))
        .await
        .shows("校验位不符")
        .shows("3 新教师乙 证件号码 错误")
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
    clerk
        .get(&format!("{}/receipt", page.path))
        .await
        .shows(&run.digest)
        .shows(&run.number())
        .shows("管理员甲");
    // The way back by the browser's button leads to what became of it.
    clerk.get(&format!("{}/confirm", page.path)).await.shows("这一步已完成").shows("已导入");
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

/// The row of the roll about teacher number `n` of the first school, as the town knows them.
fn known<'p>(world: &World, papers: &'p mut Vec<String>, n: usize) -> (String, &'p str) {
    let teacher = &world.town.school().teachers[n];
    // People of the town are numbered in the order in which they are entered: four offices, the
    // principal, the clerk, then the teachers.
    papers.push(samples::identity(7 + u32::try_from(n).expect("few teachers")).number().to_owned());
    (teacher.name.clone(), papers.last().expect("just pushed"))
}

story!(what_changes_is_shown_old_and_new_and_put_back_by_undo, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let mut papers = Vec::new();
    let (name, paper) = known(&world, &mut papers, 0);
    let file = roll(&[[&name, paper, "13912345678", "", "英语", "", "高级教师"]]);
    let page = world.bring(&mut clerk, "teachers", "变更.csv", &file).await;
    let run = world.run(&page.path).await;
    assert_eq!((run.tally.changed, run.tally.new, run.tally.gone), (1, 0, 6));
    let shown = clerk.get(&format!("{}/differences?what=changed", page.path)).await;
    shown
        .shows("任教学科： 语文 → 英语")
        .shows("职称： 一级教师 → 高级教师")
        .shows("139****5678")
        .hides("13912345678");
    let page = world.confirm(&mut clerk, &page.path, &[("gone", "left"), ("accounts", "none")]).await;
    page.shows("已导入");
    assert_eq!(world.count("select count(*) from post where until is null and subject = '英语'").await, 1);
    assert_eq!(
        world.count("select count(*) from post where state = 'left'").await,
        6,
        "whom the file does not name"
    );
    clerk.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    clerk.get(&page.path).await.shows("已撤销");
    assert_eq!(world.count("select count(*) from post where until is null and subject = '英语'").await, 0);
    assert_eq!(world.count("select count(*) from post where state = 'left'").await, 0);
    let today = "select count(*) from role_grant where role = 'teacher' and until is null";
    assert_eq!(world.count(today).await, 10, "every teacher's role is back");
});

story!(whoever_comes_with_a_file_stays_when_those_it_does_not_name_leave, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let mut papers = Vec::new();
    let (name, paper) = known(&world, &mut papers, 0);
    let newcomer = samples::identity(901);
    let file = roll(&[
        [&name, paper, "", "", "语文", "", "一级教师"],
        ["新教师甲", newcomer.number(), "", "", "语文", "", ""],
    ]);
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &file).await;
    world.confirm(&mut clerk, &page.path, &[("gone", "left"), ("accounts", "none")]).await.shows("已导入");
    let there = "select count(*) from post o join person p on p.id = o.person
        where o.until is null and p.name = '新教师甲'";
    assert_eq!(world.count(there).await, 1, "named by the file");
    assert_eq!(world.count("select count(*) from post where state = 'left'").await, 6);
});

story!(a_field_that_has_changed_since_the_check_is_not_written_over_unseen, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let mut papers = Vec::new();
    let (name, paper) = known(&world, &mut papers, 0);
    let keep = [("gone", "keep"), ("accounts", "none")];
    let subject = roll(&[[&name, paper, "", "", "英语", "", "一级教师"]]);
    let first = world.bring(&mut clerk, "teachers", "学科.csv", &subject).await;
    let changed = format!("{}/differences?what=changed", first.path);
    clerk.get(&changed).await.shows("任教学科： 语文 → 英语").hides("职称：");

    let title = roll(&[[&name, paper, "", "", "语文", "", "高级教师"]]);
    let second = world.bring(&mut clerk, "teachers", "职称.csv", &title).await;
    world.confirm(&mut clerk, &second.path, &keep).await.shows("已导入");

    let page = world.confirm(&mut clerk, &first.path, &keep).await;
    page.shows("核对之后系统中的数据有了变化").hides("已导入");
    clerk.get(&changed).await.shows("任教学科： 语文 → 英语").shows("职称： 高级教师 → 一级教师");
    world.confirm(&mut clerk, &first.path, &keep).await.shows("已导入");
});

story!(who_leaves_is_who_was_shown, |engine| async move {
    let world = World::start(engine).await;
    let [here, there] = &world.town.schools;
    let mut clerk = world.browser(&here.clerk).await;
    let mut papers = Vec::new();
    let (name, paper) = known(&world, &mut papers, 0);
    let file = roll(&[[&name, paper, "", "", "语文", "", "一级教师"]]);
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &file).await;
    // As many as before are not named, and one of them is another.
    for (persona, to) in [(&here.teachers[1], there), (&there.teachers[0], here)] {
        let ctx = world.app.ctx(world.town.county_office.who());
        let mut tx = ctx.write().await.expect("a transaction");
        let transfer = people::Transfer {
            person: persona.person,
            to: to.node.id,
            subject: "语文",
            stage: Stage::Primary,
            title: "",
            on: ctx.at.date(),
            reason: "工作需要",
        };
        posting::transfer(&ctx, &mut tx, &transfer).await.expect("transferred");
        tx.commit().await.expect("commits");
    }
    let left = [("gone", "left"), ("accounts", "none")];
    world.confirm(&mut clerk, &page.path, &left).await.shows("核对之后系统中的数据有了变化");
    assert_eq!(world.count("select count(*) from post where state = 'left'").await, 0);
    let gone = clerk.get(&format!("{}/differences?what=gone", page.path)).await;
    gone.shows(&there.teachers[0].name).hides(&here.teachers[1].name);
    world.confirm(&mut clerk, &page.path, &left).await.shows("已导入");
    assert_eq!(world.count("select count(*) from post where state = 'left'").await, 6);
});

story!(what_was_amended_after_a_file_is_not_written_over_by_its_undo, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let mut papers = Vec::new();
    let (name, paper) = known(&world, &mut papers, 0);
    let file = |subject: &str| roll(&[[&name, paper, "", "", subject, "", "高级教师"]]);
    let first = world.bring(&mut clerk, "teachers", "职称.csv", &file("语文")).await;
    world.confirm(&mut clerk, &first.path, &NONE).await.shows("已导入");
    let second = world.bring(&mut clerk, "teachers", "学科.csv", &file("英语")).await;
    world.confirm(&mut clerk, &second.path, &NONE).await.shows("已导入");
    let undo = async |clerk: &mut Browser, path: &str| {
        clerk.post(&format!("{path}/undo"), &[]).await;
        world.settle().await;
        clerk.get(path).await
    };
    undo(&mut clerk, &first.path)
        .await
        .shows(&format!("{name}的任职信息在导入之后又被修改过"))
        .shows("已导入");
    let english = "select count(*) from post where subject = '英语' and title = '高级教师'";
    assert_eq!(world.count(english).await, 1, "nothing is put back by half");
    undo(&mut clerk, &second.path).await.shows("已撤销");
    undo(&mut clerk, &first.path).await.shows("已撤销");
    assert_eq!(world.count("select count(*) from post where title = '高级教师'").await, 0);
});

story!(a_transfer_is_decided_by_whoever_sees_both_schools, |engine| async move {
    let world = World::start(engine).await;
    let mut papers = Vec::new();
    let (name, paper) = known(&world, &mut papers, 0);
    let file = roll(&[[&name, paper, "", "测试二小", "语文", "", ""]]);
    let mut receiving = world.browser(&world.town.schools[1].clerk).await;
    let page = world.bring(&mut receiving, "teachers", "调入.csv", &file).await;
    page.shows("登记在您管理范围以外的学校").hides("测试一小");
    let renamed = roll(&[["别的姓名", paper, "", "测试二小", "语文", "", ""]]);
    let page = world.bring(&mut receiving, "teachers", "调入.csv", &renamed).await;
    page.shows("登记的是另一个姓名").hides(&name);

    let mut office = world.browser(&world.town.county_office).await;
    let page = world.bring(&mut office, "teachers", "调入.csv", &file).await;
    page.shows("有 1 行需要您决定");
    office.get(&format!("{}/confirm", page.path)).await.is(403);
    let questions = office.get(&format!("{}/findings?weight=question", page.path)).await;
    questions.shows("现在登记在“测试一小”，文件中在“测试二小”");
    let seq = world.findings(&page.path).await[0].seq;
    let answers = format!("{}/answers", page.path);
    office.post(&answers, &[("answer", &format!("no-{seq}"))]).await.shows("不办理");
    let left = world.confirm(&mut office, &page.path, &[("gone", "keep"), ("accounts", "none")]).await;
    left.shows("已导入");
    assert_eq!(world.count("select count(*) from post where state = 'left'").await, 0, "nobody has moved");

    let page = world.bring(&mut office, "teachers", "调入.csv", &file).await;
    office.post(&format!("{}/answers", page.path), &[("answer", "yes-all")]).await.shows("已对全部 1 行");
    world.confirm(&mut office, &page.path, &[("gone", "keep"), ("accounts", "none")]).await.shows("已导入");
    assert_eq!(world.count("select count(*) from post where until is not null and reason = '调动'").await, 1);
    assert_eq!(
        world.count("select count(*) from post where state = 'left'").await,
        0,
        "a transfer is no leave"
    );
    assert_eq!(
        world.count("select count(*) from role_grant where role = 'teacher' and until is null").await,
        10
    );
    office.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    assert_eq!(world.count("select count(*) from post where state = 'left'").await, 0);
});

story!(undo_is_refused_when_something_has_been_built_on_a_row_or_time_is_up, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let number = paper(1);
    let file = roll(&[["新教师甲", &number, "13900000001", "", "语文", "", ""]]);
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &file).await;
    let page = world.confirm(&mut clerk, &page.path, &OPEN).await;
    let list = clerk.post(&format!("{}/tokens.xlsx", page.path), &[]).await;
    let sheet = tisheng_sheet::read(&list.is(200).bytes, &tisheng_sheet::Limits::default()).expect("a sheet");
    assert_eq!(sheet.rows.len(), 2);
    let address = sheet.rows.get(1).expect("a row").cells[3].text();
    let token = address.rsplit('/').next().expect("an address").to_owned();
    assert_eq!(world.count("select count(*) from audit where action = 'roster.tokens_listed'").await, 1);

    let stranger = world.app.ctx(Who::Stranger);
    access::use_setup_token(&stranger, &token, samples::PASSWORD).await.expect("the token counts once");
    let again = clerk.post(&format!("{}/tokens.xlsx", page.path), &[]).await;
    let sheet =
        tisheng_sheet::read(&again.is(200).bytes, &tisheng_sheet::Limits::default()).expect("a sheet");
    assert_eq!(sheet.rows.len(), 1, "whoever has a password is not invited again");

    clerk.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    clerk.get(&page.path).await.shows("已有 1 个设置了密码（").shows("已导入");
    assert_eq!(world.count("select count(*) from person where name = '新教师甲'").await, 1);
    world.app.clock.advance(TimeDelta::days(8));
    let mut clerk = world.browser(&world.town.school().clerk).await;
    clerk.get(&page.path).await.shows("已超过 7 天");
    clerk.post(&format!("{}/undo", page.path), &[]).await.is(403);
});

story!(first_addresses_are_printed_as_slips_page_by_page, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let papers: Vec<String> = (1..=40).map(paper).collect();
    let rows: Vec<[&str; 7]> =
        papers.iter().map(|number| ["新教师", number.as_str(), "", "", "语文", "", ""]).collect();
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &roll(&rows)).await;
    let page = world.confirm(&mut clerk, &page.path, &OPEN).await;
    page.shows("本次开通了 40 个账号");
    let slips = page.link(&format!("{}/slips", page.path));
    clerk.get(&format!("{}/receipt", page.path)).await.shows("打印首次登录条");
    let pieces = |seen: &tisheng_testkit::Seen| seen.html().matches("class=\"slip\"").count();
    let first = clerk.post(&slips, &[]).await;
    first.shows("新教师 测试一小").shows("登录账号").shows("前有效").shows("下一批");
    assert_eq!((pieces(&first), first.html().matches("<svg").count()), (36, 36));
    let after = first.field("after");
    let second = clerk.post(&slips, &[("after", &after)]).await;
    second.shows("http://tisheng.test/s/").hides("下一批");
    assert_eq!(pieces(&second), 4);

    // Those of the first page still count after the second; printed again they do not.
    let text = first.text();
    let tokens: Vec<&str> = text.split("http://tisheng.test/s/").skip(1).map(|rest| &rest[..17]).collect();
    let stranger = world.app.ctx(Who::Stranger);
    access::use_setup_token(&stranger, tokens[0], samples::PASSWORD).await.expect("the token counts");
    let again = clerk.post(&slips, &[]).await;
    assert_eq!(pieces(&again), 35, "whoever has a password gets no other");
    let over = access::use_setup_token(&stranger, tokens[1], samples::PASSWORD).await;
    assert!(over.is_err(), "another was printed for it");
    let mut other = world.browser(&world.town.schools[1].clerk).await;
    other.post(&slips, &[]).await.is(404);
    let listed = "select count(*) from audit where action = 'roster.tokens_listed'";
    assert_eq!(world.count(listed).await, 3);
});

story!(a_server_killed_while_taking_leaves_nothing_and_then_takes_it_whole, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let papers: Vec<String> = (1..=2_500).map(paper).collect();
    let rows: Vec<[&str; 7]> =
        papers.iter().map(|p| ["新教师", p.as_str(), "", "测试一小", "语文", "", ""]).collect();
    let page = world.bring(&mut office, "teachers", "名册.csv", &roll(&rows)).await;
    page.shows("核对通过");
    office.post(&format!("{}/confirm", page.path), &OPEN).await.shows("正在导入");

    // What the job does, up to the moment before its commit.
    let run = world.run(&page.path).await;
    let app = &world.app.app;
    let entry = app.parts.get::<Kinds>().find("teachers").expect("a kind");
    let desk = work::desk_of(app, &run);
    let mut tx = app.db.write().await.expect("a transaction");
    let tally = (entry.take)(&desk, &run, &mut tx, &HashMap::new()).await.expect("taken");
    assert_eq!(tally.new, 2_500);
    drop(tx);
    assert_eq!(
        world.count("select count(*) from person where name = '新教师'").await,
        0,
        "nothing is left of it"
    );
    assert_eq!(world.run(&page.path).await.state, State::Taking);

    // A worker that is killed further back: its future is dropped between two batches.
    let killed = async {
        let mut tx = app.db.write().await.expect("a transaction");
        (entry.take)(&desk, &run, &mut tx, &HashMap::new()).await.expect("taken");
    };
    let stopped = tokio::time::timeout(std::time::Duration::from_millis(5), killed).await;
    assert!(stopped.is_err(), "the work takes longer than that");
    assert_eq!(world.count("select count(*) from person where name = '新教师'").await, 0);

    world.settle().await;
    office.get(&page.path).await.shows("已导入");
    for table in [
        "select count(*) from person where name = '新教师'",
        "select count(*) from post where since = '2021-03-10'",
        "select count(*) from account where password is null",
    ] {
        assert_eq!(world.count(table).await, 2_500, "{table}");
    }
    // The job once more, as after a lease that ran out: nothing happens.
    let mut tx = app.db.write().await.expect("a transaction");
    work::order(&mut tx, app.now(), &run, State::Taking).await.expect("ordered");
    tx.commit().await.expect("commits");
    world.settle().await;
    assert_eq!(world.count("select count(*) from person where name = '新教师'").await, 2_500);

    office.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    assert_eq!(world.count("select count(*) from person where name = '新教师'").await, 0);
});

story!(what_has_changed_since_the_check_is_shown_before_anything_is_taken, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let mut other = world.browser(&world.town.schools[1].clerk).await;
    let number = paper(1);
    let here = roll(&[["新教师", &number, "", "测试一小", "语文", "", ""]]);
    let there = roll(&[["新教师", &number, "", "测试二小", "语文", "", ""]]);
    let page = world.bring(&mut office, "teachers", "名册.csv", &here).await;
    page.shows("核对通过");
    let second = world.bring(&mut other, "teachers", "名册.csv", &there).await;
    world.confirm(&mut other, &second.path, &NONE).await.shows("已导入");
    let page = world.confirm(&mut office, &page.path, &NONE).await;
    page.shows("没有导入任何内容；已重新核对").shows("有 1 行需要您决定");
    assert_eq!(world.count("select count(*) from post where until is null").await, 13);
});

story!(only_those_who_keep_the_records_see_the_loop, |engine| async move {
    let world = World::start(engine).await;
    let town = &world.town;
    let mut clerk = world.browser(&town.school().clerk).await;
    let number = paper(1);
    let file = roll(&[["新教师", &number, "", "", "语文", "", ""]]);
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &file).await;
    let paths = ["", "/findings", "/marked.xlsx", "/differences", "/confirm", "/receipt"];
    for persona in [&town.school().teachers[0], &town.schools[1].clerk, &town.neighbour_office] {
        let mut stranger = world.browser(persona).await;
        for path in paths {
            stranger.get(&format!("{}{path}", page.path)).await.is(404);
        }
        for action in ["answers", "confirm", "drop", "undo", "tokens.xlsx"] {
            stranger.post(&format!("{}/{action}", page.path), &[("answer", "yes-all")]).await.is(404);
        }
    }
    let mut teacher = world.browser(&town.school().teachers[0]).await;
    teacher.get("/roster").await.is(404);
    teacher.get("/roster/teachers").await.is(404);
    clerk.get("/roster/schools").await.is(404);
    clerk.get("/roster/pupils").await.is(404);
    let mut office = world.browser(&town.county_office).await;
    office.get(&page.path).await.shows("核对通过");
    // The file itself holds the numbers as they were typed: for whoever brought it.
    office.get(&format!("{}/marked.xlsx", page.path)).await.is(404);
    let mut nobody = world.app.browser();
    assert!(
        nobody
            .send(http::Method::GET, "/roster", http::HeaderMap::new(), Vec::new())
            .await
            .is(303)
            .location()
            .starts_with("/sign-in")
    );
    clerk.post(&format!("{}/drop", page.path), &[]).await.shows("已放弃这次导入");
    clerk.post(&format!("{}/confirm", page.path), &NONE).await.is(403);
});

story!(a_file_that_is_too_large_is_not_kept, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let large = vec![b'a'; 65 << 20];
    let chosen = [tisheng_testkit::Chosen { field: "file", name: "大.csv", bytes: &large }];
    clerk.post_files("/roster/teachers", &[], &chosen).await.is(413);
    assert_eq!(world.count("select count(*) from roster_run").await, 0);
    let incoming = world.app.app.config.data.join("incoming");
    assert_eq!(std::fs::read_dir(incoming).expect("a folder").count(), 0);
});

story!(a_generated_roll_goes_through_the_whole_loop, |engine| async move {
    let world = World::start(engine).await;
    let Who::Member(clerk) = world.town.county_office.who() else { panic!("a member") };
    let app = &world.app.app;
    let codes = rehearsal::school_codes(app, &Scope::below(&clerk.path)).await.expect("codes");
    assert_eq!(codes, ["8821000001", "8821000002"]);
    let file = rehearsal::roll_of_teachers(&codes, 0, 1_500);
    let jobs = handlers(Handlers::default());
    let done = rehearsal::rehearse(app, &jobs, &clerk, "teachers", file).await.expect("taken");
    assert_eq!((done.tally.rows, done.tally.new, done.tally.warnings), (1_500, 1_500, 0));
    let file = rehearsal::roll_of_teachers(&codes, 1_000, 1_000);
    let done = rehearsal::rehearse(app, &jobs, &clerk, "teachers", file).await.expect("taken");
    assert_eq!((done.tally.new, done.tally.same), (500, 500), "one number stands for one person");
});
