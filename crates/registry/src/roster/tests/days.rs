//! The day on which somebody has come to the school, as a file says it.

use tisheng_testkit::story;

use super::world::{World, csv, paper};
use crate::people::{self, Departure};
use crate::{posting, samples};

const HEAD: [&str; 5] = ["姓名", "证件号码", "学校", "任教学科", "到校日期"];
const NONE: [(&str, &str); 2] = [("gone", "keep"), ("accounts", "none")];

const OVERLAPS: &str = "到校日期不能早于上一段任职的离任日期（2021年3月1日）";

fn row(name: &str, paper: &str, school: &str, day: &str) -> Vec<u8> {
    csv(&[&HEAD, &[name, paper, school, "语文", day]])
}

/// The number of the paper of teacher number `n` of the first school: four offices, the principal and the
/// clerk were entered before.
fn number(n: u32) -> String {
    samples::identity(7 + n).number().to_owned()
}

fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a day")
}

story!(a_transfer_takes_place_on_the_day_that_the_file_says, |engine| async move {
    let world = World::start(engine).await;
    let (name, number) = (&world.town.school().teachers[0].name, number(0));
    let early = row(name, &number, "测试二小", "2020-09-01");
    let mut receiving = world.browser(&world.town.schools[1].clerk).await;
    let page = world.bring(&mut receiving, "teachers", "调入.csv", &early).await;
    page.shows("登记在您管理范围以外的学校").hides("2020年9月1日");

    let mut office = world.browser(&world.town.county_office).await;
    let page = world.bring(&mut office, "teachers", "调入.csv", &early).await;
    page.shows("到校日期 错误").shows("到校日期应晚于现任岗位的起始日期（2020年9月1日）");
    let right = row(name, &number, "测试二小", "2021-02-01");
    let page = world.bring(&mut office, "teachers", "调入.csv", &right).await;
    let moved = office.get(&format!("{}/differences?what=moved", page.path)).await;
    moved.shows("学校： 测试一小 → 测试二小").shows("到校日期： 2020年9月1日 → 2021年2月1日");
    office.post(&format!("{}/answers", page.path), &[("answer", "yes-all")]).await;
    let page = world.confirm(&mut office, &page.path, &NONE).await;
    page.shows("已导入");
    let left = "select count(*) from post where until = '2021-02-01' and reason = '调动'";
    let came = "select count(*) from post p join node n on n.id = p.school
        where p.since = '2021-02-01' and p.until is null and n.name = '测试二小'";
    let role = "select count(*) from role_grant where since = '2021-02-01' and role = 'teacher'";
    assert_eq!((world.count(left).await, world.count(came).await, world.count(role).await), (1, 1, 1));

    office.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    office.get(&page.path).await.shows("已撤销");
    assert_eq!((world.count(left).await, world.count(came).await, world.count(role).await), (0, 0, 0));
    let first = "select count(*) from post where since = '2020-09-01' and until is null";
    assert_eq!(world.count(first).await, 12, "everybody is where they were, from the day on which they came");
});

story!(a_day_that_was_entered_wrongly_is_put_right_by_a_file_and_put_back_by_undo, |engine| async move {
    let world = World::start(engine).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let number = paper(1);
    let undated = row("新教师甲", &number, "", "");
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &undated).await;
    world.confirm(&mut clerk, &page.path, &NONE).await.shows("已导入");
    let post = "select count(*) from post p join person o on o.id = p.person
        where o.name = '新教师甲' and p.since = '2021-03-10' and p.until is null";
    let mended = "select count(*) from post where since = '2015-09-01' and until is null";
    let role = "select count(*) from role_grant where since = '2015-09-01' and until is null";
    assert_eq!((world.count(post).await, world.count(mended).await), (1, 0));

    let dated = row("新教师甲", &number, "", "2015年9月1日");
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &dated).await;
    let run = world.run(&page.path).await;
    assert_eq!((run.tally.changed, run.tally.same), (1, 0));
    let changed = clerk.get(&format!("{}/differences?what=changed", page.path)).await;
    changed.shows("到校日期： 2021年3月10日 → 2015年9月1日");
    let page = world.confirm(&mut clerk, &page.path, &NONE).await;
    page.shows("已导入");
    assert_eq!((world.count(mended).await, world.count(role).await), (1, 1), "the role goes with the post");
    for file in [&dated, &undated] {
        let again = world.bring(&mut clerk, "teachers", "名册.csv", file).await;
        assert_eq!(world.run(&again.path).await.tally.same, 1, "a file without a day leaves it as it is");
    }

    clerk.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    clerk.get(&page.path).await.shows("已撤销");
    assert_eq!((world.count(post).await, world.count(mended).await, world.count(role).await), (1, 0, 0));
});

story!(a_day_in_a_file_lies_after_other_posts_and_before_a_loan, |engine| async move {
    let world = World::start(engine).await;
    let teachers = &world.town.school().teachers;
    let office = world.app.ctx(world.town.county_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let end = Departure { person: teachers[0].person, on: day("2021-03-01"), reason: "离校进修" };
    posting::release(&office, &mut tx, &end).await.expect("released");
    let host = world.town.schools[1].node.id;
    let lent = teachers[1].person;
    people::second(&office, &mut tx, lent, host, day("2021-01-04"), "支援教学").await.expect("lent");
    tx.commit().await.expect("commits");

    let mut clerk = world.browser(&world.town.school().clerk).await;
    let (name, paper) = (&teachers[0].name, number(0));
    let early = row(name, &paper, "", "2021-02-28");
    world.bring(&mut clerk, "teachers", "名册.csv", &early).await.shows(OVERLAPS).shows("有错误，不能导入");
    let back = row(name, &paper, "", "2021-03-01");
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &back).await;
    clerk.get(&format!("{}/differences?what=changed", page.path)).await.shows("到校日期：");
    world.confirm(&mut clerk, &page.path, &NONE).await.shows("已导入");
    let returned = "select count(*) from post where since = '2021-03-01' and until is null";
    assert_eq!(world.count(returned).await, 1);
    world.bring(&mut clerk, "teachers", "名册.csv", &early).await.shows(OVERLAPS);

    let within = row(&teachers[1].name, &number(1), "", "2021-01-04");
    let page = world.bring(&mut clerk, "teachers", "名册.csv", &within).await;
    page.shows("到校日期应早于借调的起始日期（2021年1月4日）");
});

story!(a_number_alone_gives_away_no_day, |engine| async move {
    let world = World::start(engine).await;
    let teacher = &world.town.school().teachers[0];
    let office = world.app.ctx(world.town.county_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let end = Departure { person: teacher.person, on: day("2021-03-01"), reason: "离校进修" };
    posting::release(&office, &mut tx, &end).await.expect("released");
    tx.commit().await.expect("commits");
    let mut other = world.browser(&world.town.schools[1].clerk).await;
    let guessed = row("别的姓名", &number(0), "", "2020-10-01");
    let page = world.bring(&mut other, "teachers", "名册.csv", &guessed).await;
    page.shows("登记的是另一个姓名").hides("2021年3月1日");
    let known = row(&teacher.name, &number(0), "", "2020-10-01");
    let page = world.bring(&mut other, "teachers", "名册.csv", &known).await;
    page.shows("不能早于上一段任职的离任日期（2021年3月1日）");
});

story!(a_file_puts_the_day_of_a_transfer_right_at_both_schools, |engine| async move {
    let world = World::start(engine).await;
    let mut tx = world.app.app.db.write().await.expect("a transaction");
    let began = "update role_grant set since = '2020-09-01' where role = 'teacher'";
    tx.run(began, tisheng_platform::args![]).await.expect("roles begin with the posts");
    tx.commit().await.expect("commits");
    let (name, number) = (&world.town.school().teachers[0].name, number(0));
    let mut office = world.browser(&world.town.county_office).await;
    let late = row(name, &number, "测试二小", "2021-03-08");
    let page = world.bring(&mut office, "teachers", "调入.csv", &late).await;
    office.post(&format!("{}/answers", page.path), &[("answer", "yes-all")]).await;
    world.confirm(&mut office, &page.path, &NONE).await.shows("已导入");

    let right = row(name, &number, "测试二小", "2021-03-01");
    let mut receiving = world.browser(&world.town.schools[1].clerk).await;
    let page = world.bring(&mut receiving, "teachers", "名册.csv", &right).await;
    page.shows("到校日期是调动的日期").shows("有错误，不能导入");
    let early = row(name, &number, "测试二小", "2020-09-01");
    let page = world.bring(&mut office, "teachers", "名册.csv", &early).await;
    page.shows("到校日期应晚于调出岗位的起始日期（2020年9月1日）");

    let page = world.bring(&mut office, "teachers", "名册.csv", &right).await;
    world.confirm(&mut office, &page.path, &NONE).await.shows("已导入");
    let ends = "select count(*) from post where until = '2021-03-01' and state = 'active'";
    let roles = "select count(*) from role_grant where role = 'teacher' and until = '2021-03-01'";
    let begins = "select count(*) from role_grant where role = 'teacher' and since = '2021-03-01'";
    assert_eq!((world.count(ends).await, world.count(roles).await, world.count(begins).await), (1, 1, 1));
    office.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    office.get(&page.path).await.shows("已撤销");
    assert_eq!((world.count(ends).await, world.count(roles).await, world.count(begins).await), (0, 0, 0));
    let late = "select count(*) from post where until = '2021-03-08' or since = '2021-03-08'";
    assert_eq!(world.count(late).await, 2);
});
