//! Stories of what stands beside the funnel: dimensions, works and how far units are covered.

use chrono::TimeDelta;
use tisheng_assessment::{evidence, review};
use tisheng_kernel::{Level, Seconds};
use tisheng_platform::{Scope, args};
use tisheng_registry::samples::School;
use tisheng_rules::hours::CategoryRole;
use tisheng_testkit::story;
use tisheng_training::activity::{self, Form, Plan};

use super::{World, begin, rows};
use crate::monitoring::Works;
use crate::monitoring::store;

impl World {
    /// The works below the province.
    async fn works(&self) -> Works {
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let scope = Scope::below(&self.town.province.path);
        store::works_below(&mut tx, self.programme.id, &scope).await.expect("works")
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
    for (place, teachers) in [(&world.town.province.path, 3), (&first.node.path, 2), (&second.node.path, 1)] {
        let counts = store::dimensions_below(&mut tx, world.programme.id, &Scope::below(place)).await;
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
