//! Stories of what stands beside the funnel: dimensions, works and how far units are covered.

use chrono::TimeDelta;
use tisheng_assessment::{evidence, review};
use tisheng_kernel::{Level, Seconds};
use tisheng_platform::args;
use tisheng_registry::organisation::{self, Close, Stage};
use tisheng_registry::samples::School;
use tisheng_registry::{people, posting, restructuring};
use tisheng_rules::hours::CategoryRole;
use tisheng_testkit::story;
use tisheng_training::activity::{self, Form, Plan};

use super::{World, begin, rows};
use crate::monitoring::{Works, rebuild, store};

impl World {
    /// The works below the province.
    async fn works(&self) -> Works {
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        store::works_below(&mut tx, self.programme.id, &self.town.province).await.expect("works")
    }

    /// The principal of a school plans an activity for the day after tomorrow.
    async fn planned(&self, school: &School) -> tisheng_kernel::Id<activity::Activity> {
        let ctx = self.test.ctx(school.principal.who());
        let mut tx = ctx.write().await.expect("a transaction");
        let rules = tisheng_policy::scheme::rules(&ctx.app, &mut tx, &self.programme).await.expect("rules");
        let practice = rules.hours.categories.iter().find(|c| c.role == CategoryRole::Practice);
        let practice = practice.expect("a category of practice");
        let kind = practice.kinds.iter().find(|kind| kind.ceiling.is_none());
        let begins_at = ctx.at + TimeDelta::days(2);
        let plan = Plan {
            form: Form::Research,
            title: "微能力点研讨".to_owned(),
            content: String::new(),
            place: "录播教室".to_owned(),
            host: "教研组".to_owned(),
            begins_at,
            ends_at: begins_at + TimeDelta::hours(2),
            category: practice.key.clone(),
            kind: kind.map(|kind| kind.key.clone()).unwrap_or_default(),
            seconds: Seconds::new(2400),
            audience: school.node.path.clone(),
        };
        let id = activity::plan(&ctx, &mut tx, &self.programme, plan).await.expect("planned");
        tx.commit().await.expect("commits");
        id
    }
}

story!(a_teacher_counts_once_in_each_dimension, |engine| async move {
    let world = begin(engine).await;
    let [first, second] = &world.town.schools;
    let codes = world.chosen(&first.teachers[0]).await;
    world.chosen(&first.teachers[1]).await;
    world.chosen(&second.teachers[0]).await;
    world.settled().await;
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let rules = tisheng_policy::scheme::rules(&world.test.app, &mut tx, &world.programme).await;
    let rules = rules.expect("rules");
    let mut dimensions: Vec<String> = codes
        .iter()
        .filter_map(|code| rules.framework.capability(code))
        .map(|capability| capability.dimension.clone())
        .collect();
    dimensions.sort();
    let choices = dimensions.len();
    dimensions.dedup();
    for (place, teachers) in [(&world.town.province, 3), (&first.node, 2), (&second.node, 1)] {
        let counts = store::dimensions_below(&mut tx, world.programme.id, place).await;
        let expected: Vec<_> = dimensions.iter().map(|dimension| (dimension.clone(), teachers)).collect();
        assert_eq!(counts.expect("dimensions"), expected, "{choices} choices of each");
    }
    drop(tx);
    let mut county = world.test.signed_in(&world.town.county_office.who()).await;
    let page = county.get("/monitor").await;
    page.shows("各维度选学人数");
    let place = format!("/monitor/{}/people", world.town.county.id);
    let list = page.link(&format!("{place}?dimension={}", dimensions[0]));
    assert_eq!(rows(&mut county, &list).await.len(), 3);
    assert_eq!(rows(&mut county, &format!("{place}?dimension=none-such")).await.len(), 0);
});

story!(figures_that_an_update_adds_are_counted_by_themselves, |engine| async move {
    let world = begin(engine).await;
    world.chosen(&world.town.school().teachers[0]).await;
    world.settled().await;
    let system = world.test.system();
    let mut tx = system.write().await.expect("a transaction");
    assert!(tx.run("delete from school_dimension", args![]).await.expect("emptied") > 0);
    // As the migration does that adds them.
    let told = "insert into outbox (id, topic, payload, at)
        select id, 'monitoring.widened', '{}', 0 from programme order by id limit 1";
    assert_eq!(tx.run(told, args![]).await.expect("told"), 1);
    tx.commit().await.expect("commits");
    assert!(world.wrong().await > 0);
    world.settled().await;
});

story!(works_stand_where_they_stand_and_lead_to_the_board, |engine| async move {
    let world = begin(engine).await;
    let teacher = &world.town.school().teachers[0];
    let chosen = world.chosen(teacher).await;
    let author = world.test.ctx(teacher.who());
    let handed = evidence::samples::hand_in(&author, &chosen[0]).await.expect("handed in");
    world.settled().await;
    assert_eq!(world.works().await.counts, [1, 0, 0, 0, 0, 0, 0, 0]);

    let mut county = world.test.signed_in(&world.town.county_office.who()).await;
    let page = county.get("/monitor").await;
    page.shows("测评材料").shows("待自评");
    let board = format!("/review/board?unit={}&state=submitted", world.town.school().node.id);
    county.get(&page.link(&board)).await.shows(&teacher.name).shows("测试一小：测评进展");
    let mut neighbour = world.test.signed_in(&world.town.neighbour_office.who()).await;
    neighbour.get(&board).await.is(404);
    let mut clerk = world.test.signed_in(&world.town.school().clerk.who()).await;
    let html = clerk.get("/monitor").await.shows("测评材料").html();
    assert!(!html.contains("/review/board?"), "whoever does not see the board is not led there");

    let mut tx = author.write().await.expect("a transaction");
    evidence::reopen(&author, &mut tx, &handed).await.expect("taken back");
    tx.commit().await.expect("commits");
    world.settled().await;
    assert_eq!(world.works().await, Works::default(), "a draft is nobody's business");

    let second = &world.town.schools[1].teachers[0];
    let chosen = world.chosen(second).await;
    let mut author = world.test.ctx(second.who());
    for (capability, level) in chosen.iter().zip([Level::Excellent, Level::Pass]) {
        let submission = evidence::samples::hand_in(&author, capability).await.expect("handed in");
        review::samples::judged(&author, &submission, level).await.expect("judged");
        world.settled().await;
        assert_eq!(world.works().await.counts[3], 1, "on notice");
        author.at = author.at + TimeDelta::days(30);
        review::samples::notice_ended(&author, world.programme.id.uuid(), submission.id)
            .await
            .expect("final");
    }
    world.settled().await;
    assert_eq!(world.works().await.counts, [0, 0, 0, 0, 1, 1, 0, 0]);
    let excellent = format!("/review/board?unit={}&level=excellent", world.town.county.id);
    let page = county.get("/monitor").await;
    let text = county.get(&page.link(&excellent)).await.shows(&second.name).html();
    assert_eq!(text.matches("/review/results/").count(), 1);
    county.get(&excellent.replace("excellent", "fail")).await.shows("没有符合条件的材料");
});

story!(coverage_leads_to_who_is_reached_and_who_is_not, |engine| async move {
    let world = begin(engine).await;
    let [first, second] = &world.town.schools;
    world.chosen(&first.teachers[0]).await;
    let planned = world.planned(second).await;
    world.settled().await;
    let mut city = world.test.signed_in(&world.town.city_office.who()).await;
    let page = city.get("/monitor").await;
    page.shows("覆盖情况");
    let place = format!("/monitor/{}", world.town.city.id);
    for (state, shown, hidden) in [("chosen", first, second), ("planned", second, first)] {
        let reached = page.link(&format!("{place}/schools?state={state}"));
        city.get(&reached).await.shows(&shown.node.name).hides(&hidden.node.name);
        let missing = page.link(&format!("{place}/schools?state=not_{state}"));
        city.get(&missing).await.shows(&hidden.node.name).hides(&shown.node.name);
    }
    city.get(&page.link(&format!("{place}/schools?state=offered"))).await.shows("共 2 个");
    let counties = page.link(&format!("{place}/counties?state=planned"));
    city.get(&counties).await.shows(&world.town.county.name).hides(&world.town.neighbour.name);
    let others = page.link(&format!("{place}/counties?state=not_planned"));
    city.get(&others).await.shows(&world.town.neighbour.name).hides(&world.town.county.name);

    let head = world.test.ctx(second.principal.who());
    let mut tx = head.write().await.expect("a transaction");
    activity::cancel(&head, &mut tx, &world.programme, planned, "另行安排").await.expect("called off");
    tx.commit().await.expect("commits");
    world.settled().await;
    city.get(&format!("{place}/schools?state=planned")).await.hides(&second.node.name);
    let mut clerk = world.test.signed_in(&first.clerk.who()).await;
    clerk.get("/monitor").await.hides("覆盖情况");
});

/// Everybody of the first school goes to the second, and the first is closed.
async fn merge_schools(world: &World) {
    let [first, second] = &world.town.schools;
    let office = world.test.ctx(world.town.county_office.who());
    let on = office.at.date();
    let mut tx = office.write().await.expect("a transaction");
    let staff = people::teachers_of(&mut tx, first.node.id).await.expect("the staff");
    assert!(staff.len() >= first.teachers.len());
    for teacher in staff {
        let (subject, stage) = ("语文", Stage::Primary);
        let (person, to, title, reason) = (teacher.person, second.node.id, "", "学校撤并");
        let change = people::Transfer { person, to, subject, stage, title, on, reason };
        posting::transfer(&office, &mut tx, &change).await.expect("transferred");
    }
    let node = organisation::visible(&office, &mut tx, first.node.id).await.expect("the school");
    let end = Close { node: node.id, version: node.version, on, reason: "生源减少" };
    restructuring::close(&office, &mut tx, &end).await.expect("closed");
    tx.commit().await.expect("commits");
    world.test.settle().await;
}

/// The counts of each line of the table of works on a page, the line for all last.
fn work_lines(html: &str) -> Vec<Vec<i64>> {
    let table = html.split("aria-label=\"各单位测评材料\"").nth(1).expect("a table of works");
    let table = table.split("</table>").next().expect("its end");
    let lines = table.split("<tr>").skip(2).map(|line| {
        let cells = line.split("<td").skip(1).map(|cell| {
            let inner = cell.split("</td>").next().unwrap_or_default();
            let shown = inner.split('>').filter_map(|part| part.split('<').next());
            shown.map(str::trim).rfind(|text| !text.is_empty()).and_then(|text| text.parse().ok())
        });
        cells.map(|count| count.expect("a count")).collect()
    });
    lines.collect()
}

story!(what_was_done_in_a_closed_school_stands_in_a_row_of_its_own, |engine| async move {
    let world = begin(engine).await;
    let [first, second] = &world.town.schools;
    let teacher = &first.teachers[0];
    let chosen = world.chosen(teacher).await;
    evidence::samples::hand_in(&world.test.ctx(teacher.who()), &chosen[0]).await.expect("handed in");
    let other = world.chosen(&second.teachers[0]).await;
    let author = world.test.ctx(second.teachers[0].who());
    evidence::samples::hand_in(&author, &other[0]).await.expect("handed in");
    world.planned(first).await;
    let before = world.settled().await;
    merge_schools(&world).await;
    assert_eq!(world.settled().await, before, "the same teachers, choices and hours");

    let mut province = world.test.signed_in(&world.town.province_office.who()).await;
    for node in [&world.town.province, &world.town.city, &world.town.county] {
        let html = province.get(&format!("/monitor/{}", node.id)).await.html();
        let mut lines = work_lines(&html);
        let all = lines.pop().expect("a line for all");
        let sums: Vec<i64> =
            (0..all.len()).map(|column| lines.iter().map(|line| line[column]).sum()).collect();
        assert_eq!((sums, all[0]), (all.clone(), 2), "{}", node.name);
    }
    let mut county = world.test.signed_in(&world.town.county_office.who()).await;
    let page = county.get("/monitor").await;
    page.shows("测试一小（已撤并）");
    let board = page.link(&format!("/review/board?unit={}&state=submitted", first.node.id));
    county.get(&board).await.shows(&teacher.name).hides(&second.teachers[0].name);
    let own = county.get(&page.link(&format!("/monitor/{}", first.node.id))).await;
    own.shows("撤并前提交的材料").shows("测评材料").shows("待自评").hides("这里还没有教师");
    // Nobody teaches there any more, so the tables of teachers do without it and still add up.
    let table = rows(&mut county, &format!("/monitor/{}/table?sort=name", world.town.county.id)).await;
    let names: Vec<&str> = table.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(names, ["测试二小", "合计"]);
    assert_eq!(table[0][1..8], table[1][1..8]);

    // What it had reached stands in a line of its own, and leads to it.
    page.shows("已撤并的学校");
    let place = format!("/monitor/{}/schools", world.town.county.id);
    for part in ["", "&state=planned", "&state=offered"] {
        let list = page.link(&format!("{place}?units=ended{part}"));
        county.get(&list).await.shows("测试一小").shows("共 1 个").hides("测试二小");
    }
    county.get(&place).await.shows("测试二小").hides("测试一小");
    county.get(&format!("{place}?units=ended&state=chosen")).await.shows("没有这样的已撤并的学校");
    county.get(&format!("{place}?state=not_planned")).await.shows("测试二小").hides("测试一小");

    // A count of everything forgets nothing of it, and a wrong figure of it is found.
    let system = world.test.system();
    let works = world.works().await;
    let mut tx = system.write().await.expect("a transaction");
    assert_eq!(tx.run("delete from school_work", args![]).await.expect("emptied"), 2);
    tx.commit().await.expect("commits");
    assert_eq!(world.wrong().await, 3, "both schools, and what they add up to in their county");
    assert_eq!(rebuild(&system, &world.programme).await.expect("counted"), 2);
    assert_eq!((world.wrong().await, world.works().await), (0, works));

    // A closed school that left nothing is no row of anything.
    let mut tx = system.write().await.expect("a transaction");
    let end =
        Close { node: world.town.neighbour.id, version: 1, on: system.at.date(), reason: "区划调整" };
    restructuring::close(&world.test.ctx(world.town.province_office.who()), &mut tx, &end)
        .await
        .expect("closed");
    tx.commit().await.expect("commits");
    let mut city = world.test.signed_in(&world.town.city_office.who()).await;
    city.get("/monitor").await.hides(&world.town.neighbour.name).hides("已撤并的县");
});
