//! Who may settle, and who judges again: nobody who is a side of it where there is somebody else.

use tisheng_kernel::Level;
use tisheng_testkit::{Browser, story};

use super::objecting::{answered, chair, object, on_notice};
use super::{address, all_judge, appoint, current, handed_in, judge, persona, reviews, town};
use crate::evidence::tests::World;
use crate::evidence::{State, Submission};
use crate::review::samples::panel_of;
use crate::review::{Duty, Review, ReviewState, check_rulings, store};

/// Takes the first school's teacher `n` out of its panel.
async fn dismissed(world: &World, head: &mut Browser, n: usize) {
    let seats = head.get("/review/panel").await.html();
    let label = format!("移出：{}", world.town.school().teachers[n].name);
    let form = seats[..seats.find(&label).expect("a seat")].rfind("/review/panel/").expect("a form");
    let dismiss: String = seats[form..].chars().take_while(|c| *c != '"').collect();
    head.post(&dismiss, &[]).await.shows("已移出考核小组");
}

async fn with(world: &World, of: &Submission, duty: Duty, state: ReviewState) -> Vec<Review> {
    let mut all = reviews(world, of).await;
    all.retain(|review| review.duty == duty && review.state == state);
    all
}

story!(a_chair_who_is_one_side_does_not_settle_it, |engine| async move {
    let world = town(engine).await;
    let mut head = world.browser(&world.town.school().principal).await;
    dismissed(&world, &mut head, 4).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let leader = &world.town.school().teachers[5];
    let panel = with(&world, &work, Duty::Panel, ReviewState::Open).await;
    assert!(panel.iter().any(|r| r.reviewer == leader.person.uuid()), "two are needed, and there are two");
    for (review, level) in panel.iter().zip([Level::Pass, Level::Fail]) {
        judge(&world, review, "A6", level).await.1.shows("已提交");
    }
    assert!(with(&world, &work, Duty::Chair, ReviewState::Open).await.is_empty());
    head.get("/review/board").await.shows("还没有可以裁定的组长（没有评过这份材料");
    chair(&world).await.get("/review").await.hides("组长裁定");

    // The panel above has a chair who has had nothing to do with it.
    let experts = &world.town.schools[1].teachers;
    let county = world.test.ctx(world.town.county_office.who());
    panel_of(&county, &[&experts[0], &experts[1]]).await.expect("a panel");
    world.test.settle().await;
    let asked = with(&world, &work, Duty::Chair, ReviewState::Open).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].reviewer, experts[0].person.uuid());
    assert_eq!(asked[0].body, Some(world.town.county.id.uuid()));
    let whose = format!("{}考核小组组长", world.town.county.name);
    head.get("/review/board").await.shows(&whose).hides("还没有可以裁定的组长");
    judge(&world, &asked[0], "A6", Level::Pass).await.1.shows("已提交");
    assert_eq!(current(&world, &work).await.state, State::Notice);

    // Nor does the chair answer what is objected to a level that the chair has judged.
    let at = object(&mut world.teacher(1).await, &work, "标准没有全部达到").await;
    let mut leader = world.browser(leader).await;
    let school = &world.town.school().node.name;
    leader.get(&at).await.is(403).says("您是这份材料的作者、评审人").says(school);
    answered(&mut leader, &at, "reject", "说明").await.is(403).says("请由本单位的其他负责人答复");
});

story!(a_seat_of_a_chair_who_is_one_side_goes_to_another, |engine| async move {
    let world = town(engine).await;
    let mut head = world.browser(&world.town.school().principal).await;
    dismissed(&world, &mut head, 4).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let leader = world.town.school().teachers[5].person.uuid();
    let panel = with(&world, &work, Duty::Panel, ReviewState::Open).await;
    for (review, level) in panel.iter().zip([Level::Pass, Level::Fail]) {
        judge(&world, review, "A6", level).await.1.shows("已提交");
    }

    // Somebody was asked before it was looked at what else they had to do with the work.
    let system = world.test.system();
    let own = panel.iter().find(|review| review.reviewer == leader).expect("a member");
    let seat = Review { id: system.id(), duty: Duty::Chair, drawn_at: system.at, ..own.clone() };
    let mut tx = system.write().await.expect("a transaction");
    assert!(store::add(&mut tx, &seat).await.expect("asked"));
    let found = check_rulings(&mut tx, work.programme, 9).await.expect("looked");
    assert_eq!(found, (1, vec![seat.id]));
    tx.commit().await.expect("commits");

    let experts = &world.town.schools[1].teachers;
    let county = world.test.ctx(world.town.county_office.who());
    panel_of(&county, &[&experts[0], &experts[1]]).await.expect("a panel");
    world.test.settle().await;
    let gone = with(&world, &work, Duty::Chair, ReviewState::Void).await;
    assert_eq!(gone.iter().map(|review| review.id).collect::<Vec<_>>(), [seat.id]);
    let asked = with(&world, &work, Duty::Chair, ReviewState::Open).await;
    assert_eq!(asked.iter().map(|review| review.reviewer).collect::<Vec<_>>(), [experts[0].person.uuid()]);
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let found = check_rulings(&mut tx, work.programme, 9).await.expect("looked");
    assert_eq!(found, (1, Vec::new()));
});

story!(a_chair_who_is_no_side_settles_it_at_the_school, |engine| async move {
    let world = town(engine).await;
    let experts = &world.town.schools[1].teachers;
    let county = world.test.ctx(world.town.county_office.who());
    panel_of(&county, &[&experts[0], &experts[1]]).await.expect("a panel");
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let panel = with(&world, &work, Duty::Panel, ReviewState::Open).await;
    for (review, level) in panel.iter().zip([Level::Pass, Level::Fail]) {
        judge(&world, review, "A6", level).await.1.shows("已提交");
    }
    let asked = with(&world, &work, Duty::Chair, ReviewState::Open).await;
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].reviewer, world.town.school().teachers[5].person.uuid());
});

story!(after_an_objection_others_judge_where_there_are_enough, |engine| async move {
    let world = town(engine).await;
    appoint(&world, 1, &[0, 1, 2]).await;
    let work = on_notice(&world, Level::Excellent).await;
    let first = with(&world, &work, Duty::Panel, ReviewState::Done).await;
    let at = object(&mut world.teacher(1).await, &work, "缺少反思").await;
    answered(&mut chair(&world).await, &at, "uphold", "请重评。").await.shows("重新评审").hides("此前的评审");
    let again = with(&world, &work, Duty::Panel, ReviewState::Open).await;
    assert_eq!(again.len(), 2);
    let others = &world.town.schools[1].teachers;
    for review in &again {
        assert!(first.iter().all(|before| before.reviewer != review.reviewer));
        let is_other = |n: usize| others[n].person.uuid() == review.reviewer;
        assert!(is_other(1) || is_other(2), "another school's panel, and not its chair");
    }
    let mut member = world.browser(persona(&world, again[0].reviewer)).await;
    member.get(&format!("/review/{}", again[0].id)).await.is(200);
    world.teacher(0).await.get(&address(work.id)).await.hides("此前的评审");
});

story!(where_there_are_no_others_the_same_judge_again_and_it_is_said, |engine| async move {
    let world = town(engine).await;
    let work = on_notice(&world, Level::Excellent).await;
    let first = with(&world, &work, Duty::Panel, ReviewState::Done).await;
    let at = object(&mut world.teacher(1).await, &work, "缺少反思").await;
    let told = "没有足够的其他评审人，其中 2 人参加过此前的评审";
    answered(&mut chair(&world).await, &at, "uphold", "请重评。").await.shows(told);
    let again = with(&world, &work, Duty::Panel, ReviewState::Open).await;
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|review| first.iter().any(|before| before.reviewer == review.reviewer)));
    world.teacher(0).await.get(&address(work.id)).await.shows(told);
});
