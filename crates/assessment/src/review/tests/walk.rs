//! The way from the author's own judgement to the result.

use chrono::TimeDelta;
use tisheng_kernel::Level;
use tisheng_rules::UnderWay;
use tisheng_testkit::story;
use tisheng_training::selection;

use super::{
    address, all_judge, borrowed, current, handed_in, judge, lakeside, marks, persona, result, reviews, town,
};
use crate::evidence::State;
use crate::evidence::samples::{fill, hand_in};
use crate::review::{Duty, ReviewState};

story!(a_work_passes_through_self_peers_panel_and_notice, |engine| async move {
    let world = town(engine).await;
    let author = &world.town.school().teachers[0];
    let submitted = hand_in(&world.test.ctx(author.who()), "A6").await.expect("handed in");
    assert_eq!(submitted.state, State::Submitted);
    let mut mine = world.browser(author).await;
    let own = format!("/review/self/{}", submitted.id);
    let due = submitted.own_due(&world.rules).expect("the rules give days");
    let day = tisheng_kernel::number::chinese_date(due);
    mine.get(&own).await.shows("教学设计").shows("已达到的标准").shows(&format!("{day}前完成")).hides("逾期");
    mine.get("/evidence").await.shows(&format!("请在{day}前对照标准自评"));
    mine.get(&address(submitted.id)).await.shows(&format!("等待本人自评，{day}前完成"));
    let nothing = mine.post(&own, &[]).await;
    nothing.is(422);
    assert!(nothing.text().contains("请评定“教学设计”"), "{}", nothing.text());
    mine.post(&own, &borrowed(&marks(&world, "A6", Level::Pass))).await.shows("自评已提交").shows("互评中");
    mine.post(&own, &borrowed(&marks(&world, "A6", Level::Pass))).await.is(403);

    let drawn = reviews(&world, &submitted).await;
    let own: Vec<_> = drawn.iter().filter(|r| r.duty == Duty::Own).map(|r| r.due_on).collect();
    assert_eq!(own, [Some(due)]);
    let peers: Vec<_> = drawn.iter().filter(|r| r.duty == Duty::Peer).collect();
    assert_eq!(peers.len(), 2);
    let group = &world.town.school().teachers[1..3];
    assert!(peers.iter().all(|r| group.iter().any(|t| t.person.uuid() == r.reviewer)), "the same subject");
    all_judge(&world, &submitted, Level::Pass).await;
    let now = current(&world, &submitted).await;
    assert_eq!((now.state, now.step.as_str()), (State::Panel, "panel"));

    let seen = mine.get(&address(submitted.id)).await;
    seen.shows("已评 0 人，共 2 人");
    assert!(seen.html().contains("data-label=\"教研组互评\">合格（2 人）"), "{}", seen.html());
    assert!(!seen.html().contains("data-label=\"结论\""), "nothing is decided: {}", seen.html());
    all_judge(&world, &submitted, Level::Excellent).await;
    assert_eq!(current(&world, &submitted).await.state, State::Notice);
    mine.get(&address(submitted.id)).await.shows("结论（公示中）：优秀").shows("公示至2021年3月17日");
    let told = mine.get(&address(submitted.id)).await.html();
    assert!(told.contains("data-label=\"结论\"><strong>优秀"), "{told}");
    assert!(told.contains("合格、优秀各项标准全部达到"), "why stands with the piece: {told}");
    let mut head = world.browser(&world.town.school().principal).await;
    head.get("/review/board?state=notice").await.shows("2 / 2").shows("优秀");
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let programme = tisheng_kernel::Id::from_uuid(submitted.programme);
    let states = crate::review::under_way(&mut tx, programme, author.person).await.expect("read");
    drop(tx);
    let until = chrono::NaiveDate::from_ymd_opt(2021, 3, 17).expect("a date");
    assert_eq!(states.get("A6"), Some(&UnderWay::OnNotice(until)));
    let mut colleague = world.teacher(1).await;
    colleague.get("/review/notice").await.shows("教师甲").shows("优秀");

    world.test.clock.advance(TimeDelta::days(6));
    world.test.settle().await;
    assert_eq!(current(&world, &submitted).await.state, State::Notice, "a weekend lies in between");
    world.test.clock.advance(TimeDelta::days(2));
    world.test.settle().await;
    let end = current(&world, &submitted).await;
    assert_eq!((end.state, end.level), (State::Final, Some(Level::Excellent)));
    let stands = result(&world, &submitted).await.expect("read").expect("a result");
    assert_eq!(stands.level, Level::Excellent);
    assert_eq!(stands.scheme_version, submitted.scheme_version);
    let mut mine = world.browser(author).await;
    let passed = mine.get(&address(submitted.id)).await;
    passed
        .shows("结果：优秀")
        .shows("考核小组意见一致")
        .hides("撤回")
        .hides("修改并重新提交")
        .hides("提出异议");
    mine.post(&format!("/review/withdraw/{}", submitted.id), &[]).await.is(403);
    mine.post(&format!("/evidence/{}/revise", submitted.id), &[]).await.is(403);
    mine.get("/evidence").await.shows("等级：优秀");
});

story!(an_own_judgement_that_is_late_says_so, |engine| async move {
    let world = town(engine).await;
    let author = &world.town.school().teachers[0];
    let submitted = hand_in(&world.test.ctx(author.who()), "A6").await.expect("handed in");
    let day = tisheng_kernel::number::chinese_date(submitted.own_due(&world.rules).expect("a day"));
    world.test.clock.advance(TimeDelta::days(20));
    let mut mine = world.browser(author).await;
    mine.get("/evidence").await.shows(&format!("应于{day}前完成，已逾期"));
    let own = format!("/review/self/{}", submitted.id);
    mine.get(&own).await.shows(&format!("{day}前完成，已逾期"));
    mine.post(&own, &borrowed(&marks(&world, "A6", Level::Pass))).await.shows("自评已提交");
    mine.get("/evidence").await.hides("已逾期");
});

story!(a_disagreement_goes_to_the_chair, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let panel: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Panel).collect();
    let chair = world.town.school().teachers[5].person.uuid();
    assert!(panel.iter().all(|r| r.reviewer != chair), "the chair judges only when it has to");
    judge(&world, &panel[0], "A6", Level::Pass).await.1.shows("已提交");
    assert!(reviews(&world, &work).await.iter().all(|r| r.duty != Duty::Chair));
    judge(&world, &panel[1], "A6", Level::Fail).await.1.shows("已提交");

    let all = reviews(&world, &work).await;
    let ruling = all.iter().find(|r| r.duty == Duty::Chair).expect("the chair is asked");
    assert_eq!(ruling.reviewer, chair);
    assert_eq!(current(&world, &work).await.state, State::Panel);
    // Whoever answers for the school sees who has to decide, and by when; the author does not.
    let chairs = &world.town.school().teachers[5].name;
    let due = tisheng_kernel::number::chinese_date(ruling.due_on.expect("a last day"));
    let mut head = world.browser(&world.town.school().principal).await;
    let board = head.get("/review/board").await;
    board.shows("考核小组意见不一致，等待裁定").shows(&format!("考核小组组长 {chairs}")).shows(&due);
    head.get(&address(work.id)).await.shows("意见不一致，由组长裁定").shows(&due);
    world.browser(&world.town.county_office).await.get("/review/board").await.shows("等待裁定").hides(chairs);
    let elsewhere = &world.town.schools[1].principal;
    world.browser(elsewhere).await.get("/review/board").await.hides("等待裁定");
    world.teacher(0).await.get(&address(work.id)).await.hides("意见不一致");

    let mut leader = world.teacher(5).await;
    leader
        .get(&format!("/review/{}", ruling.id))
        .await
        .shows("组长裁定")
        .shows("2 人中 1 人认为达到")
        .shows("成员意见：步骤没有写清楚");
    let unexplained = [("level-A6-1", "fail"), ("level-A6-2", "pass"), ("level-A6-3", "pass")];
    let refused = leader.post(&format!("/review/{}", ruling.id), &unexplained).await;
    refused.is(422);
    assert!(refused.text().contains("请写明理由"), "{}", refused.text());
    let explained = [&unexplained[..], &[("reason-A6-1", "缺少技术的设计")]].concat();
    leader.post(&format!("/review/{}", ruling.id), &explained).await.shows("已提交");

    head.get("/review/board").await.hides("等待裁定").hides("意见不一致");
    assert_eq!(current(&world, &work).await.state, State::Notice);
    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows("不合格").shows("由组长裁定").shows("缺少技术的设计");
    world.teacher(1).await.get("/review/notice").await.hides("教师甲").shows("现在没有公示中的结论");
    let narrowed = world.teacher(1).await.get("/review/notice?q=zz").await;
    narrowed.shows("没有符合条件的结论").shows("清除筛选").hides("现在没有公示中的结论");
    world.test.clock.advance(TimeDelta::days(8));
    world.test.settle().await;
    let mut mine = world.teacher(0).await;
    let failed = mine.get(&address(work.id)).await;
    failed.shows("结果：不合格").shows("修改并重新提交").hides("撤回");
    let html = failed.html();
    assert!(html.find("结果：不合格") < html.find("修改并重新提交"), "the result stands first");
    assert_eq!(result(&world, &work).await.expect("read").expect("a result").level, Level::Fail);
    let again = mine.post(&format!("/evidence/{}/revise", work.id), &[]).await;
    let opinions = again.link(&format!("{}/opinions", address(work.id)));
    mine.get(&opinions).await.shows("结论：不合格").shows("组长裁定：不合格").shows("缺少技术的设计");
});

story!(a_panel_that_is_split_and_has_no_chair_says_who_appoints_one, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let panel: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Panel).collect();
    judge(&world, &panel[0], "A6", Level::Pass).await.1.shows("已提交");
    let mut head = world.browser(&world.town.school().principal).await;
    head.get("/review/board").await.hides("等待裁定");
    let seats = head.get("/review/panel").await.html();
    let chair = &world.town.school().teachers[5].name;
    let label = format!("移出：{chair}");
    let form =
        seats[..seats.find(&label).expect("the chair's seat")].rfind("/review/panel/").expect("a form");
    let dismiss: String = seats[form..].chars().take_while(|c| *c != '"').collect();
    head.post(&dismiss, &[]).await.shows("已移出考核小组");
    judge(&world, &panel[1], "A6", Level::Fail).await.1.shows("已提交");
    let board = head.get("/review/board").await;
    board.shows("还没有可以裁定的组长").shows("指定组长").shows("起等待");
    let person = world.town.school().teachers[5].person.uuid().simple().to_string();
    head.post("/review/panel", &[("person", &person), ("chair", "yes")]).await.is(200);
    world.test.settle().await;
    head.get("/review/board").await.shows(&format!("考核小组组长 {chair}")).hides("还没有可以裁定的组长");
});

story!(a_returned_work_comes_again_as_a_new_revision, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let peer = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Peer).expect("a peer");
    let mut colleague = world.browser(persona(&world, peer.reviewer)).await;
    colleague.post(&format!("/review/{}/return", peer.id), &[("reason", "不完整")]).await.is(404);
    all_judge(&world, &work, Level::Pass).await;

    let panel: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Panel).collect();
    let mut member = world.browser(persona(&world, panel[0].reviewer)).await;
    let back = format!("/review/{}/return", panel[0].id);
    member.post(&back, &[("reason", "")]).await.is(422);
    member.post(&back, &[("reason", "反思太短，请补充")]).await.shows("已退回");
    assert_eq!(current(&world, &work).await.state, State::Returned);
    let all = reviews(&world, &work).await;
    assert!(all.iter().all(|r| r.state != ReviewState::Open), "nobody has it in hand any more");
    let late = judge(&world, &panel[1], "A6", Level::Fail).await.1;
    late.is(409).says("已退回教师修改").says("步骤没有写清楚");

    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows("退回理由：反思太短，请补充");
    let new = mine.post(&format!("/evidence/{}/revise", work.id), &[]).await;
    new.shows("第 2 稿").shows("第 1 稿的材料").shows("第 1 稿的结果与意见");
    let opinions = new.link(&format!("{}/opinions", address(work.id)));
    mine.get(&opinions).await.shows("退回理由").shows("反思太短，请补充").shows("教研组互评：合格");
    mine.get(&new.link(&format!("/evidence/{}", work.id))).await.is(200);
    for other in [world.browser(&world.town.school().principal).await, colleague] {
        let mut other = other;
        other.get(&opinions).await.is(404);
    }
    let ctx = world.test.ctx(world.town.school().teachers[0].who());
    fill(&ctx, world.id(&new.path).parse().expect("an id")).await.expect("filled");
    let again = handed_in(&world, 0, "A6").await;
    assert_eq!((again.revision, again.state), (2, State::Peers));
    all_judge(&world, &again, Level::Pass).await;
    all_judge(&world, &again, Level::Pass).await;
    assert_eq!(current(&world, &again).await.state, State::Notice);
    let first = current(&world, &work).await;
    assert_eq!(first.digest, work.digest, "the first revision is as it was");
    mine.get(&format!("/evidence/{}", work.id)).await.shows("第 1 稿").shows("退回修改");
});

story!(nobody_is_asked_again_for_what_they_have_given_up, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let member = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Panel).expect("a member");
    let mut browser = world.browser(persona(&world, member.reviewer)).await;
    browser.post(&format!("/review/{}/return", member.id), &[("reason", "反思太短")]).await.shows("已退回");
    let mut mine = world.teacher(0).await;
    mine.get("/evidence").await.hides("已不在您的选学中");
    mine.get(&address(work.id)).await.shows("修改并重新提交");

    let (author, head) = (&world.town.school().teachers[0], &world.town.school().principal);
    let (asker, approver) = (world.test.ctx(author.who()), world.test.ctx(head.who()));
    let rest = ["A2", "A3", "A7"].map(str::to_owned);
    let mut tx = asker.write().await.expect("a transaction");
    let asked = selection::ask_change(&asker, &mut tx, &world.programme, &rest, "改学其他").await;
    let asked = asked.expect("asked for");
    selection::approve_change(&approver, &mut tx, &world.programme, asked, "").await.expect("approved");
    tx.commit().await.expect("commits");

    mine.get(&address(work.id)).await.shows("退回理由：反思太短").hides("修改并重新提交");
    mine.get("/evidence").await.shows("已不在您的选学中，材料保留");
    let again = mine.post(&format!("/evidence/{}/revise", work.id), &[]).await;
    again.is(403).says("请先申请变更选学");
});

story!(it_can_be_taken_back_until_somebody_has_judged, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let mut mine = world.teacher(0).await;
    let withdraw = format!("/review/withdraw/{}", work.id);
    mine.get(&address(work.id)).await.shows("撤回");
    world.teacher(1).await.post(&withdraw, &[]).await.is(404);
    mine.post(&withdraw, &[]).await.shows("已撤回").shows("上传文件");
    let open = reviews(&world, &work).await.into_iter().filter(|r| r.state == ReviewState::Open).count();
    assert_eq!(open, 0);
    let again = handed_in(&world, 0, "A6").await;
    assert_eq!((again.id, again.revision, again.state), (work.id, 1, State::Peers));
    let peer = reviews(&world, &again).await.into_iter().find(|r| r.state == ReviewState::Open);
    judge(&world, &peer.expect("a peer"), "A6", Level::Pass).await.1.shows("已提交");
    mine.post(&withdraw, &[]).await.is(403);
    mine.get(&address(work.id)).await.hides("撤回后可以修改");
});

story!(a_scheme_without_peers_and_with_two_panels_runs_the_same_way, |engine| async move {
    let world = lakeside(engine).await;
    let work = handed_in(&world, 0, "T1").await;
    assert_eq!((work.state, work.step.as_str()), (State::Panel, "school_panel"));
    let first = reviews(&world, &work).await;
    let school = first.iter().filter(|r| r.duty == Duty::Panel).collect::<Vec<_>>();
    assert_eq!(school.len(), 1);
    judge(&world, school[0], "T1", Level::Excellent).await.1.shows("已提交");
    let now = current(&world, &work).await;
    assert_eq!((now.state, now.step.as_str()), (State::Panel, "district_panel"));
    let second: Vec<_> =
        reviews(&world, &work).await.into_iter().filter(|r| r.step == "district_panel").collect();
    assert_eq!(second.len(), 3);
    let others = &world.town.schools[1].teachers;
    assert!(second.iter().all(|r| r.blind && others.iter().any(|t| t.person.uuid() == r.reviewer)));
    for (review, level) in second.iter().zip([Level::Pass, Level::Excellent, Level::Fail]) {
        judge(&world, review, "T1", level).await.1.shows("已提交");
    }
    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows("结论（公示中）：合格").shows("按方案规定的办法得出");
    world.test.clock.advance(TimeDelta::days(6));
    world.test.settle().await;
    assert_eq!(result(&world, &work).await.expect("read").expect("a result").level, Level::Pass);
});

story!(a_form_sent_twice_judges_once, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let review = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Peer).expect("a peer");
    let mut peer = world.browser(persona(&world, review.reviewer)).await;
    let mut form = marks(&world, "A6", Level::Pass);
    form.push(("_key".to_owned(), "018f3b1e5a3c7a1e8a1e5a3c7a1e8a1f".to_owned()));
    let to = format!("/review/{}", review.id);
    peer.post(&to, &borrowed(&form)).await.shows("已提交");
    peer.post(&to, &borrowed(&form)).await.shows("已提交");
    peer.post(&to, &borrowed(&marks(&world, "A6", Level::Fail))).await.is(409).says("已经提交");
    let kept = reviews(&world, &work).await.into_iter().find(|r| r.id == review.id).expect("kept");
    assert_eq!(kept.level, Some(Level::Pass));
});

story!(judges_at_the_same_moment_do_not_leave_it_lying, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let open = reviews(&world, &work).await.into_iter().filter(|r| r.state == ReviewState::Open);
    let form = marks(&world, "A6", Level::Pass);
    let mut sent = Vec::new();
    for review in open {
        let mut browser = world.browser(persona(&world, review.reviewer)).await;
        let form = form.clone();
        let to = format!("/review/{}", review.id);
        sent.push(tokio::spawn(async move { browser.post(&to, &borrowed(&form)).await.status }));
    }
    for one in sent {
        assert!(one.await.expect("a task ends").is_success());
    }
    assert_eq!(current(&world, &work).await.state, State::Panel);
});
