//! Who is drawn, what they may know, and who may not look.

use chrono::{NaiveDate, TimeDelta};
use http::{HeaderMap, Method};
use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::args;
use tisheng_registry::access::{self, Role};
use tisheng_registry::roster;
use tisheng_registry::samples::Persona;
use tisheng_rules::PeerReviews;
use tisheng_testkit::{Browser, story};

use super::{
    World, address, all_judge, appoint, current, ended, handed_in, judge, lakeside, persona, reviews, town,
};
use crate::evidence::{State, Submission};
use crate::review::{Duty, Review, ReviewState, check_panels, draw_again};

story!(a_blind_reviewer_learns_neither_author_nor_school, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let review = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Peer).expect("a peer");
    let author = &world.town.school().teachers[0];
    let mut peer = world.browser(persona(&world, review.reviewer)).await;
    let page = peer.get(&format!("/review/{}", review.id)).await;
    page.shows("互评").shows("正文");
    let queue = peer.get("/review").await;
    queue.shows("A6");
    let clip = page.link(&format!("/review/{}/files/", review.id));
    let file = peer.send(Method::GET, &clip, HeaderMap::new(), Vec::new()).await;
    file.is(200);
    let headers = format!("{:?}", file.headers);
    let secrets = [
        author.name.clone(),
        author.login.clone(),
        author.person.to_string(),
        author.account.to_string(),
        work.id.to_string(),
    ];
    for secret in secrets {
        for (place, text) in [("page", page.html()), ("queue", queue.html()), ("file", headers.clone())] {
            assert!(!text.contains(&secret), "the {place} tells {secret}:\n{text}");
        }
    }
    // The reviewer's own school stands in the page's head, and in that of a print; the author's is nowhere else.
    let school = &world.town.school().node.name;
    assert_eq!(page.html().matches(school.as_str()).count(), 2, "{}", page.html());
    assert!(file.headers["content-disposition"].to_str().expect("text").contains("%2D1%2Emp4"));
    peer.get(&address(work.id)).await.is(404);
    peer.get(&format!("/evidence/{}", work.id)).await.is(404);
});

story!(a_panel_of_another_school_judges_blind_where_the_scheme_says_so, |engine| async move {
    let world = lakeside(engine).await;
    let work = handed_in(&world, 0, "T1").await;
    all_judge(&world, &work, Level::Pass).await;
    let review = reviews(&world, &work).await.into_iter().find(|r| r.step == "district_panel");
    let review = review.expect("the second panel");
    let mut member = world.browser(persona(&world, review.reviewer)).await;
    let page = member.get(&format!("/review/{}", review.id)).await;
    page.shows("考核小组评审").hides("教师甲").hides(&world.town.school().node.name);
    member.get("/review").await.hides("教师甲").hides(&world.town.school().node.name);
});

story!(a_claim_lapses_and_another_is_drawn, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let before: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Peer).collect();
    let mut idle = world.browser(persona(&world, before[1].reviewer)).await;
    let limit = before[1].limit();
    assert!(limit.ends_with("前完成，逾期转给他人"), "{limit}");
    idle.get("/review").await.shows(&limit);
    idle.get(&format!("/review/{}", before[1].id)).await.shows(&limit);
    judge(&world, &before[0], "A6", Level::Pass).await.1.shows("已提交");
    assert_eq!(ended(&world, &work, before[0].reviewer).await, PeerReviews { drawn: 1, in_time: 1 });
    assert_eq!(ended(&world, &work, before[1].reviewer).await, PeerReviews::default(), "still to come");
    world.test.clock.advance(TimeDelta::days(2));
    world.test.settle().await;
    assert_eq!(reviews(&world, &work).await.len(), 3, "two days are not three");
    world.test.clock.advance(TimeDelta::hours(25));
    world.test.settle().await;
    let after = reviews(&world, &work).await;
    let lapsed = after.iter().find(|r| r.id == before[1].id).expect("kept");
    assert_eq!(lapsed.state, ReviewState::Lapsed);
    assert_eq!(ended(&world, &work, lapsed.reviewer).await, PeerReviews { drawn: 1, in_time: 0 });
    let next = after.iter().find(|r| r.state == ReviewState::Open).expect("another is drawn");
    assert!(before.iter().all(|r| r.reviewer != next.reviewer));
    let principal = world.town.school().principal.person.uuid();
    assert_eq!(next.reviewer, principal, "the own group has nobody left, and all others sit in the panel");
    judge(&world, &before[1], "A6", Level::Pass).await.1.is(409).says("已转给他人评审");
    let mut late = world.browser(persona(&world, before[1].reviewer)).await;
    late.get(&format!("/review/{}", before[1].id)).await.is(404);
    judge(&world, next, "A6", Level::Pass).await.1.shows("已提交");
    assert_eq!(current(&world, &work).await.state, State::Panel);
});

story!(too_few_colleagues_hold_nobody_up, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    for _ in 0..10 {
        if current(&world, &work).await.state != State::Peers {
            break;
        }
        world.test.clock.advance(TimeDelta::days(4));
        world.test.settle().await;
    }
    assert_eq!(current(&world, &work).await.state, State::Panel, "everybody has left it alone");
    let all = reviews(&world, &work).await;
    let peers = all.iter().filter(|r| r.duty == Duty::Peer).count();
    assert_eq!(peers, 5, "each colleague once, but for the panel's chair");
});

story!(peers_are_waited_for_as_long_as_the_scheme_says, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let mut mine = world.teacher(0).await;
    let until = "至2021年3月24日，之后不再等待";
    mine.get(&address(work.id)).await.shows(&format!("已评 0 人，共 2 人；{until}"));
    let first = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Peer).expect("a peer");
    judge(&world, &first, "A6", Level::Pass).await.1.shows("已提交");
    for _ in 0..3 {
        world.test.clock.advance(TimeDelta::days(4));
        world.test.settle().await;
    }
    assert_eq!(current(&world, &work).await.state, State::Peers, "one colleague after the other is asked");
    let all = reviews(&world, &work).await;
    let last = all.iter().find(|r| r.state == ReviewState::Open).expect("another");
    assert_eq!(last.limit(), "2021年3月24日前完成");
    let over = NaiveDate::from_ymd_opt(2021, 3, 25).expect("a date");
    world.test.clock.set(Instant::start_of(over));
    world.test.settle().await;
    assert_eq!(current(&world, &work).await.state, State::Panel, "with the one that came");
    let state = |all: &[Review]| all.iter().find(|r| r.id == last.id).map(|r| r.state);
    assert_eq!(state(&reviews(&world, &work).await), Some(ReviewState::Void));
    assert_eq!(
        ended(&world, &work, last.reviewer).await,
        PeerReviews::default(),
        "the own days were not over"
    );
    let mut mine = world.teacher(0).await;
    let seen = mine.get(&address(work.id)).await;
    seen.hides(until);
    assert!(seen.html().contains("data-label=\"教研组互评\">合格"), "{}", seen.html());
});

story!(nobody_reviews_their_own_and_no_panel_its_member, |engine| async move {
    let world = town(engine).await;
    appoint(&world, 1, &[0, 1, 2]).await;
    let work = handed_in(&world, 3, "A6").await;
    assert!(reviews(&world, &work).await.iter().all(|r| r.duty == Duty::Own || r.reviewer != work.person));
    all_judge(&world, &work, Level::Pass).await;
    let panel: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Panel).collect();
    assert_eq!(panel.len(), 2);
    let others = &world.town.schools[1].teachers;
    assert!(panel.iter().all(|r| others.iter().any(|t| t.person.uuid() == r.reviewer)), "another school's");
});

story!(nobody_judges_a_work_as_a_peer_and_again_in_the_panel, |engine| async move {
    let world = town(engine).await;
    // Everybody of the author's subject sits in the panel, and of the others one does not.
    appoint(&world, 0, &[1, 2]).await;
    let work = handed_in(&world, 0, "A6").await;
    let first: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Peer).collect();
    let principal = world.town.school().principal.person.uuid();
    assert!(first.iter().any(|r| r.reviewer == principal), "who sits in no panel comes first");
    all_judge(&world, &work, Level::Pass).await;
    let all = reviews(&world, &work).await;
    let judged: Vec<_> = all.iter().filter(|r| r.duty == Duty::Peer).map(|r| r.reviewer).collect();
    let panel: Vec<_> = all.iter().filter(|r| r.duty == Duty::Panel).collect();
    assert_eq!(panel.len(), 2);
    assert!(panel.iter().all(|r| !judged.contains(&r.reviewer)), "a second pair of eyes");
});

story!(a_panel_short_of_those_who_were_peers_is_filled_from_elsewhere, |engine| async move {
    let world = town(engine).await;
    appoint(&world, 1, &[0, 1, 2]).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    // Both who were peers take the places of those who were not: nobody of the panel is left.
    let peers: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Peer).collect();
    let mut tx = world.test.app.db.write().await.expect("a transaction");
    let void = "update review set state = 'void' where submission = $1 and duty = 'panel'";
    tx.run(void, args![work.id]).await.expect("set aside");
    let seat = "update panel_member set person = $2 where node = $1 and person = $3";
    let school = world.town.school();
    for (peer, member) in peers.iter().zip([3, 4]) {
        let row = args![school.node.id, peer.reviewer, school.teachers[member].person];
        assert_eq!(tx.run(seat, row).await.expect("seated"), 1);
    }
    tx.commit().await.expect("commits");
    appoint(&world, 1, &[0]).await;
    world.test.settle().await;
    let all = reviews(&world, &work).await;
    let panel: Vec<_> =
        all.iter().filter(|r| r.duty == Duty::Panel && r.state == ReviewState::Open).collect();
    assert_eq!(panel.len(), 2);
    assert!(panel.iter().all(|r| peers.iter().all(|peer| peer.reviewer != r.reviewer)));
    assert!(panel.iter().all(|r| r.pool == "外校考核小组"), "the own chair is left for a disagreement");
});

story!(a_panel_that_is_set_up_later_finds_what_waited_for_it, |engine| async move {
    let world = town(engine).await;
    let principal = world.browser(&world.town.school().principal);
    let mut principal = principal.await;
    for _ in 0..3 {
        let page = principal.get("/review/panel").await;
        let dismiss = page.html();
        let action = dismiss.split("action=\"").filter_map(|rest| rest.split('"').next());
        let action = action.filter(|a| a.ends_with("/dismiss")).map(str::to_owned).next();
        principal.post(&action.expect("a seat"), &[]).await.shows("已移出");
    }
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    assert!(reviews(&world, &work).await.iter().all(|r| r.duty != Duty::Panel));
    principal.get("/review/board").await.shows("等待考核小组");
    let found = principal.get("/review/panel?q=教师丁").await;
    let person = found.shows("教师丁").field("person");
    principal.post("/review/panel", &[("person", &person), ("chair", "no")]).await.shows("教师丁");
    appoint(&world, 0, &[5, 4]).await;
    world.test.settle().await;
    let panel = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Panel).count();
    assert_eq!(panel, 2);
});

/// Of a work that two of the panel are to judge: who one of them is, and the reviews.
async fn before_the_panel(world: &World) -> (Submission, Review) {
    appoint(world, 1, &[0, 1, 2]).await;
    let work = handed_in(world, 0, "A6").await;
    all_judge(world, &work, Level::Pass).await;
    let open = open_panel(world, &work).await;
    assert_eq!(open.len(), 2);
    (work, open.into_iter().next().expect("one"))
}

async fn open_panel(world: &World, work: &Submission) -> Vec<Review> {
    let all = reviews(world, work).await.into_iter();
    all.filter(|r| r.duty == Duty::Panel && r.state == ReviewState::Open).collect()
}

/// Takes the seat in the panel of the asker's node from `of`.
async fn dismiss(head: &mut Browser, of: &Persona) {
    let seats = head.get("/review/panel").await.html();
    let name = &of.name;
    let form = seats[..seats.find(&format!("移出：{name}")).expect("a seat")].rfind("/review/panel/");
    let dismiss: String = seats[form.expect("a form")..].chars().take_while(|c| *c != '"').collect();
    head.post(&dismiss, &[]).await.shows("没有评完的材料转给其他成员");
}

story!(whoever_sits_in_the_panel_again_is_drawn_again, |engine| async move {
    let world = town(engine).await;
    let school = world.town.school();
    let mut head = world.browser(&school.principal).await;
    dismiss(&mut head, &school.teachers[3]).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let open = open_panel(&world, &work).await;
    assert_eq!(open.len(), 2, "the whole panel");
    judge(&world, &open[0], "A6", Level::Pass).await.1.shows("已提交");
    let gone = persona(&world, open[1].reviewer);
    dismiss(&mut head, gone).await;
    assert!(open_panel(&world, &work).await.is_empty());
    head.get("/review/board").await.shows("还缺 1 名评审人，请任命");
    let mut author = world.teacher(0).await;
    author.get(&address(work.id)).await.shows("已评 1 人，共 2 人；还缺 1 名评审人，等待任命");

    let person = head.get(&format!("/review/panel?q={}", gone.name)).await.field("person");
    head.post("/review/panel", &[("person", &person), ("chair", "no")]).await.shows(&gone.name);
    world.test.settle().await;
    let again = open_panel(&world, &work).await;
    assert_eq!(again.iter().map(|r| r.reviewer).collect::<Vec<_>>(), [gone.person.uuid()]);
    head.get("/review/board").await.hides("还缺");
    judge(&world, &again[0], "A6", Level::Pass).await.1.shows("已提交");
    assert_eq!(current(&world, &work).await.state, State::Notice);
});

story!(a_work_that_lacks_judges_who_can_be_drawn_is_found, |engine| async move {
    let world = town(engine).await;
    let (work, left) = before_the_panel(&world).await;
    let ctx = world.test.system();
    let found = check_panels(&ctx, work.programme, 9).await.expect("looked at");
    assert_eq!(found, (1, Vec::new()));
    let mut tx = ctx.write().await.expect("a transaction");
    let lapsed = "update review set state = 'lapsed' where id = $1";
    assert_eq!(tx.run(lapsed, args![left.id]).await.expect("left alone"), 1);
    tx.commit().await.expect("commits");
    assert_eq!(check_panels(&ctx, work.programme, 9).await.expect("looked at"), (1, vec![work.id]));
    // Of two at once each would give the one that lacks.
    let (one, other) = tokio::join!(draw_again(&ctx, work.programme), draw_again(&ctx, work.programme));
    assert!((1..=2).contains(&(one.expect("drawn") + other.expect("drawn"))));
    let open = open_panel(&world, &work).await;
    assert_eq!(open.len(), 2, "{open:?}");
    assert!(open.iter().all(|r| r.reviewer != left.reviewer), "there is somebody who has not left it alone");
    assert_eq!(check_panels(&ctx, work.programme, 9).await.expect("looked at"), (1, Vec::new()));
});

story!(whoever_is_dismissed_hands_on_what_is_open, |engine| async move {
    let world = town(engine).await;
    let (work, gone) = before_the_panel(&world).await;
    let mut head = world.browser(&world.town.school().principal).await;
    dismiss(&mut head, persona(&world, gone.reviewer)).await;
    assert!(open_panel(&world, &work).await.iter().all(|r| r.reviewer != gone.reviewer));
    let mut own = world.browser(persona(&world, gone.reviewer)).await;
    own.get(&format!("/review/{}", gone.id)).await.is(404);
    let open = open_panel(&world, &work).await;
    assert_eq!(open.len(), 2, "somebody of another school's panel takes the place: {open:?}");
});

story!(whoever_leaves_takes_no_seat_along, |engine| async move {
    let world = town(engine).await;
    let (work, gone) = before_the_panel(&world).await;
    let name = persona(&world, gone.reviewer).name.clone();
    let ctx = world.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let payload = serde_json::json!({ "person": gone.reviewer });
    tisheng_platform::jobs::emit(&mut tx, ctx.at, "person.changed", &payload).await.expect("an event");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    assert!(open_panel(&world, &work).await.iter().any(|r| r.reviewer == gone.reviewer), "still there");

    let mut tx = ctx.write().await.expect("a transaction");
    let left = "update post set until = '2024-01-01', state = 'left' where person = $1 and until is null";
    tx.run(left, args![gone.reviewer]).await.expect("left");
    let roles = "update role_grant set until = since where person = $1";
    tx.run(roles, args![gone.reviewer]).await.expect("without a role");
    tisheng_platform::jobs::emit(&mut tx, ctx.at, "person.changed", &payload).await.expect("an event");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    assert!(open_panel(&world, &work).await.iter().all(|r| r.reviewer != gone.reviewer));
    world.browser(&world.town.school().principal).await.get("/review/panel").await.hides(&name);
    let open = open_panel(&world, &work).await;
    assert_eq!(open.len(), 2, "somebody of another school's panel takes the place: {open:?}");
});

story!(a_seat_that_a_file_ended_is_given_back_when_it_is_undone, |engine| async move {
    let world = town(engine).await;
    let (work, gone) = before_the_panel(&world).await;
    let name = persona(&world, gone.reviewer).name.clone();
    let ctx = world.test.system();
    let run: Id<Review> = ctx.id();
    let passed = async |run: Id<Review>, post: &'static str| {
        let mut tx = ctx.write().await.expect("a transaction");
        if !post.is_empty() {
            tx.run(post, args![gone.reviewer]).await.expect("changed");
        }
        let payload = serde_json::json!({ "run": run, "kind": "teachers", "path": "/" });
        tisheng_platform::jobs::emit(&mut tx, ctx.at, roster::PASSED, &payload).await.expect("an event");
        tx.commit().await.expect("commits");
        world.test.settle().await;
    };
    let mut head = world.browser(&world.town.school().principal).await;
    let roles = "update role_grant set until = since where person = $1";
    passed(ctx.id(), roles).await;
    head.get("/review/panel").await.shows(&name);
    passed(run, "update post set until = '2024-01-01', state = 'left' where person = $1 and until is null")
        .await;
    head.get("/review/panel").await.hides(&name);
    assert!(open_panel(&world, &work).await.iter().all(|r| r.reviewer != gone.reviewer));

    let back = "update post set until = null, state = 'active' where person = $1";
    passed(ctx.id(), back).await;
    head.get("/review/panel").await.hides(&name);
    for _ in 0..2 {
        passed(run, "").await;
        let page = head.get("/review/panel").await;
        assert_eq!(page.html().matches(&format!("移出：{name}")).count(), 1, "the seat, once");
    }
    // What others have in hand meanwhile stays with them.
    assert_eq!(open_panel(&world, &work).await.len(), 2);

    // Whoever was appointed again since and removed is not given back against that.
    let second: Id<Review> = ctx.id();
    passed(
        second,
        "update post set until = '2024-01-01', state = 'left' where person = $1 and until is null",
    )
    .await;
    passed(ctx.id(), back).await;
    head.get("/review/panel").await.hides(&name);
    let person = gone.reviewer.to_string();
    head.post("/review/panel", &[("person", &person), ("chair", "no")]).await.shows(&name);
    dismiss(&mut head, persona(&world, gone.reviewer)).await;
    passed(second, "").await;
    head.get("/review/panel").await.hides(&format!("移出：{name}"));
});

story!(an_expert_without_a_post_sits_in_the_panel_of_the_own_unit, |engine| async move {
    let world = town(engine).await;
    let expert = &world.town.neighbour_office;
    let county = &world.town.county;
    let person = expert.person.to_string();
    let appoint = [("person", person.as_str()), ("chair", "no")];
    let find = format!("/review/panel?q={}", expert.name);
    let mut head = world.browser(&world.town.county_office).await;
    head.get(&find).await.shows("没有找到");
    head.post("/review/panel", &appoint).await.is(404);

    let ctx = world.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let grant =
        access::grant(&ctx, &mut tx, expert.person, Role::Expert, county.id).await.expect("an expert");
    tx.commit().await.expect("commits");
    head.get(&find).await.shows(&format!("专家，{}", county.name));
    // Of this unit, and of no other.
    for other in [&world.town.city_office, &world.town.school().principal] {
        let mut other = world.browser(other).await;
        other.get(&find).await.shows("没有找到");
        other.post("/review/panel", &appoint).await.is(404);
    }
    head.post("/review/panel", &appoint).await.shows("考核小组已更新").shows(&expert.name);
    head.get(&find).await.shows("没有找到");
    let mut tx = ctx.write().await.expect("a transaction");
    let payload = serde_json::json!({ "person": expert.person });
    tisheng_platform::jobs::emit(&mut tx, ctx.at, "person.changed", &payload).await.expect("an event");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    let seat = format!("移出：{}", expert.name);
    assert!(head.get("/review/panel").await.html().contains(&seat));
    // The seat ends with its ground, whatever else its holder is.
    let mut tx = ctx.write().await.expect("a transaction");
    access::take_back(&ctx, &mut tx, grant).await.expect("taken back");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    assert!(!head.get("/review/panel").await.html().contains(&seat));
    head.post("/review/panel", &appoint).await.is(404);
});

story!(the_principal_is_judged_by_the_county, |engine| async move {
    let world = town(engine).await;
    let head = &world.town.school().principal;
    let ctx = world.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let node = world.town.school().node.id;
    access::grant(&ctx, &mut tx, head.person, Role::Teacher, node).await.expect("also a teacher");
    tx.commit().await.expect("commits");
    let mut teacher = head.clone();
    teacher.role = Role::Teacher;
    let codes: Vec<String> = ["A2", "A3", "A6"].map(str::to_owned).to_vec();
    let asked = world.test.ctx(teacher.who());
    let mut tx = asked.write().await.expect("a transaction");
    tisheng_training::selection::choose(&asked, &mut tx, &world.programme, &codes).await.expect("a choice");
    tx.commit().await.expect("commits");
    let work = crate::evidence::samples::hand_in(&asked, "A6").await.expect("handed in");
    let county = world.test.ctx(world.town.county_office.who());
    let experts = &world.town.schools[1].teachers;
    crate::review::samples::panel_of(&county, &[&experts[0], &experts[1], &experts[2]])
        .await
        .expect("a panel");
    crate::review::samples::judged(&asked, &work, Level::Pass).await.expect("judged");
    let panel: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Panel).collect();
    assert_eq!(panel.len(), 2);
    assert!(panel.iter().all(|r| r.body == Some(world.town.county.id.uuid())), "by the county's panel");
    assert_eq!(current(&world, &work).await.state, State::Notice);
});

story!(what_was_not_drawn_for_somebody_is_not_there, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let review = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Peer).expect("a peer");
    let page =
        world.browser(persona(&world, review.reviewer)).await.get(&format!("/review/{}", review.id)).await;
    let file = page.link(&format!("/review/{}/files/", review.id));
    let school = world.town.school();
    let foreign =
        [&school.teachers[0], &school.teachers[5], &school.principal, &world.town.schools[1].teachers[0]];
    for other in foreign {
        let mut other = world.browser(other).await;
        other.get(&format!("/review/{}", review.id)).await.is(404);
        other.get(&file).await.is(404);
        other.post(&format!("/review/{}", review.id), &[("level-A6-1", "pass")]).await.is(404);
        other.post(&format!("/review/{}/return", review.id), &[("reason", "x")]).await.is(404);
        other.get("/review").await.shows("没有待评审的材料");
    }
    let mut teacher = world.teacher(1).await;
    for path in ["/review/board", "/review/board/table", "/review/panel"] {
        teacher.get(path).await.is(404);
    }
    teacher.post("/review/panel", &[("person", &review.reviewer.simple().to_string())]).await.is(404);
    let mut elsewhere = world.browser(&world.town.schools[1].principal).await;
    elsewhere.get("/review/board").await.hides("教师甲");
    elsewhere.get(&address(work.id)).await.is(404);
    let strange = school.teachers[1].person.to_string();
    elsewhere.post("/review/panel", &[("person", &strange)]).await.is(404);
    let mut neighbour = world.browser(&world.town.neighbour_office).await;
    neighbour.get(&address(work.id)).await.is(404);
    neighbour.get("/review/board").await.hides("教师甲");
});

story!(the_board_shows_how_far_everybody_is, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    handed_in(&world, 1, "A2").await;
    world.test.clock.advance(TimeDelta::days(2));
    let mut principal = world.browser(&world.town.school().principal).await;
    principal.get("/review/board").await.shows("教师甲").shows("教师乙").shows("互评中").shows("0 / 2");
    principal.get("/review/board?capability=A6").await.shows("教师甲").hides("教师乙");
    principal.get("/review/board?q=jsj").await.shows("教师甲").hides("教师乙");
    principal.get("/review/board?state=final").await.shows("没有符合条件的材料");
    principal.get("/review/board?days=3").await.hides("教师甲");
    principal.get("/review/board?days=1").await.shows("教师甲");
    principal.get(&address(work.id)).await.shows("教师甲").hides("查看材料");
    let table = principal.get("/review/board/table?as=csv&capability=A6").await;
    assert!(table.html().contains("教师甲") && !table.html().contains("教师乙"), "{}", table.html());
    assert!(principal.get("/review/board/table?as=xlsx").await.bytes.starts_with(b"PK"));
    let mut county = world.browser(&world.town.county_office).await;
    county.get("/review/board").await.shows("教师甲").shows(&world.town.school().node.name);
    for sort in ["name", "-name"] {
        county.get(&format!("/review/board?level=excellent&sort={sort}")).await.shows("没有符合条件的材料");
    }
});

story!(the_board_sorts_by_name_school_and_days, |engine| async move {
    let world = town(engine).await;
    handed_in(&world, 1, "A2").await;
    world.test.clock.advance(TimeDelta::days(2));
    handed_in(&world, 0, "A6").await;
    world.test.clock.advance(TimeDelta::days(2));
    let principal = &world.town.school().principal;
    let (county, city) = (&world.town.county_office, &world.town.city_office);
    for (looker, waits) in [(principal, ""), (county, ""), (city, "&state=peers")] {
        let mut browser = world.browser(looker).await;
        let mut is_first = async |query: &str, name: &str| {
            let table = browser.get(&format!("/review/board/table?as=csv{query}")).await.html();
            let first = table.lines().nth(1).unwrap_or_default().to_owned();
            assert!(first.starts_with(name), "{query}: {first} is not {name}");
        };
        for (sort, name) in [("name", "教师甲"), ("-name", "教师乙"), ("school", "教师甲")] {
            is_first(&format!("&sort={sort}"), name).await;
            is_first(&format!("&state=peers&sort={sort}"), name).await;
        }
        is_first(&format!("{waits}&sort=-age"), "教师乙").await;
        is_first(&format!("{waits}&sort=age"), "教师甲").await;
    }
    // Within a city days sort where an index walks them: for one state.
    let mut city = world.browser(city).await;
    assert!(!city.get("/review/board").await.html().contains("sort=age"));
    for level in ["", "pass", "excellent"] {
        let page = city.get(&format!("/review/board?level={level}&sort=-name")).await;
        assert_eq!(page.html().contains("教师甲"), level.is_empty());
    }
    city.get("/review/board?level=pass").await.shows("没有符合条件的材料");
    let mut county = world.browser(county).await;
    let page = county.get("/review/board?state=peers&sort=-age").await;
    assert!(page.html().contains("sort=age") && page.html().contains("aria-sort=\"descending\""));
    let unit = world.town.schools[1].node.id;
    county.get(&format!("/review/board?unit={unit}")).await.hides("教师甲").shows("没有符合条件的材料");
    county.get("/review/board?unit=none-such").await.is(404);
});
