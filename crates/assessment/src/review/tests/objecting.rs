//! Objections to what is on notice.

use chrono::TimeDelta;
use tisheng_kernel::Level;
use tisheng_testkit::{Browser, Seen, story};

use super::{address, all_judge, appoint, current, handed_in, judge, persona, result, reviews, town};
use crate::evidence::tests::World;
use crate::evidence::{State, Submission};
use crate::review::{Duty, ReviewState};

/// A work of the first school's first teacher that is on notice with `level`.
pub(super) async fn on_notice(world: &World, level: Level) -> Submission {
    let work = handed_in(world, 0, "A6").await;
    all_judge(world, &work, Level::Pass).await;
    all_judge(world, &work, level).await;
    let now = current(world, &work).await;
    assert_eq!(now.state, State::Notice);
    now
}

pub(super) fn notice(of: &Submission) -> String {
    format!("/review/notice/{}", of.id)
}

/// Objects in `browser`; gives the address at which the objection is answered.
pub(super) async fn object(browser: &mut Browser, of: &Submission, text: &str) -> String {
    let seen = browser.post(&notice(of), &[("text", text)]).await;
    let back = seen.shows("异议已提出").shows(text).link("/review/objections/");
    back.trim_end_matches("/withdraw").to_owned()
}

/// The chair of the first school's panel.
pub(super) async fn chair(world: &World) -> Browser {
    world.teacher(5).await
}

pub(super) async fn answered(browser: &mut Browser, at: &str, verdict: &str, text: &str) -> Seen {
    browser.post(at, &[("do", verdict), ("answer", text)]).await
}

pub(super) async fn eight_days_later(world: &World) {
    world.test.clock.advance(TimeDelta::days(8));
    world.test.settle().await;
}

story!(a_level_does_not_come_into_force_while_an_objection_is_open, |engine| async move {
    let world = town(engine).await;
    let work = on_notice(&world, Level::Excellent).await;
    let mut colleague = world.teacher(1).await;
    let list = colleague.get("/review/notice").await;
    assert_eq!(list.link("/review/notice/"), notice(&work));
    let form = colleague.get(&notice(&work)).await;
    form.shows("教师甲").shows("优秀").shows("公示至 2021年3月17日").shows("为最终结论");
    colleague.post(&notice(&work), &[("text", " ")]).await.is(422).says("请填写异议理由");
    let short = colleague.post(&notice(&work), &[("text", "不符")]).await;
    short.is(422).says("异议理由至少 4 个字").says("不符");
    let at = object(&mut colleague, &work, "课堂片段不是本人的课").await;
    colleague.post(&notice(&work), &[("text", "再说一次理由")]).await.is(403);
    colleague.get("/review/notice").await.shows("我提出的异议").shows("待答复");

    // The author reads why, not from whom.
    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows("课堂片段不是本人的课").hides("教师乙");

    eight_days_later(&world).await;
    assert_eq!(current(&world, &work).await.state, State::Notice, "the objection holds it");
    assert!(result(&world, &work).await.expect("read").is_none());
    let mut late = world.teacher(2).await;
    late.get("/review/notice").await.shows("异议处理中");
    late.post(&notice(&work), &[("text", "现在提出太晚了")]).await.is(403).says("公示期已过");

    let mut leader = chair(&world).await;
    let queue = leader.get("/review").await;
    assert_eq!(queue.shows("公示异议待答复").shows("已逾期").link("/review/objections/"), at);
    leader.get(&at).await.shows("课堂片段不是本人的课").shows("教师乙").shows("各项材料中最低的等级");
    leader.post(&at, &[("do", "reject"), ("answer", "")]).await.is(422).says("请填写答复");
    leader.post(&at, &[("answer", "看过了")]).await.is(422).says("请用下面的按钮选择");
    answered(&mut leader, &at, "reject", "核对过课表，是本人的课。")
        .await
        .shows("异议不成立")
        .hides("待答复");
    answered(&mut leader, &at, "uphold", "改主意了").await.is(403).says("已经处理");

    let now = current(&world, &work).await.state;
    assert_eq!(now, State::Notice, "whoever objected may still turn to the county");
    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows("提出异议的人可在").hides("不服答复的").hides("教师乙");
    eight_days_later(&world).await;
    assert_eq!(current(&world, &work).await.state, State::Final, "its days were over");
    assert_eq!(result(&world, &work).await.expect("read").expect("a result").level, Level::Excellent);
    world.teacher(1).await.get(&notice(&work)).await.shows("核对过课表").hides("撤回异议");
    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows("核对过课表").shows("请向学校书面提出");
});

story!(an_objection_that_is_upheld_sets_the_decision_aside, |engine| async move {
    let world = town(engine).await;
    // Three members besides the chair: one has not judged yet.
    appoint(&world, 0, &[5, 2]).await;
    let work = on_notice(&world, Level::Excellent).await;
    let judged = |all: &[crate::review::Review]| {
        let done = all.iter().filter(|r| r.duty == Duty::Panel && r.done_at.is_some());
        done.map(|r| r.reviewer).collect::<Vec<_>>()
    };
    let first = judged(&reviews(&world, &work).await);
    let at = object(&mut world.browser(&world.town.school().clerk).await, &work, "缺少反思").await;
    let other = object(&mut world.teacher(1).await, &work, "片段太短").await;
    let upheld = answered(&mut chair(&world).await, &at, "uphold", "反思确实缺少，请重评。").await;
    upheld.shows("重新评审").shows("其中 1 人参加过此前的评审");

    let now = current(&world, &work).await;
    assert_eq!((now.state, now.step.as_str()), (State::Panel, "panel"));
    let all = reviews(&world, &work).await;
    assert_eq!(judged(&all), first, "what was given stays as it was given");
    let open: Vec<_> = all.iter().filter(|r| r.state == ReviewState::Open).collect();
    assert_eq!(open.len(), 2);
    assert!(open.iter().any(|r| !first.contains(&r.reviewer)), "others come first");
    let mut member = world.browser(persona(&world, open[0].reviewer)).await;
    member.get(&format!("/review/{}", open[0].id)).await.shows("缺少反思").shows("请重评");
    answered(&mut chair(&world).await, &other, "reject", "不必了").await.is(403);
    world.teacher(1).await.get(&notice(&work)).await.shows("异议成立").shows("重新评审");

    for review in open {
        judge(&world, review, "A6", Level::Pass).await.1.shows("已提交");
    }
    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows("结论（公示中）：合格").shows("异议成立");
    eight_days_later(&world).await;
    assert_eq!(current(&world, &work).await.state, State::Final);
    assert_eq!(result(&world, &work).await.expect("read").expect("a result").level, Level::Pass);
});

story!(who_objected_does_not_judge_the_work_again, |engine| async move {
    let world = town(engine).await;
    appoint(&world, 0, &[5, 2]).await;
    let work = on_notice(&world, Level::Excellent).await;
    let all = reviews(&world, &work).await;
    let person = |n: usize| world.town.school().teachers[n].person.uuid();
    let spare = [2, 3, 4].into_iter().find(|n| all.iter().all(|r| r.reviewer != person(*n)));
    let spare = spare.expect("a member who has had nothing to do with the work");
    let at = object(&mut world.teacher(spare).await, &work, "片段太短").await;
    answered(&mut chair(&world).await, &at, "uphold", "确实太短，请重评。").await.shows("重新评审");
    let all = reviews(&world, &work).await;
    let open: Vec<_> = all.iter().filter(|r| r.state == ReviewState::Open).collect();
    assert_eq!(open.len(), 2);
    assert!(open.iter().all(|r| r.reviewer != person(spare)), "the member who objected would come first");
    world.teacher(0).await.get(&address(work.id)).await.hides("撤回");
});

story!(a_level_that_fails_is_told_to_its_author_who_may_object, |engine| async move {
    let world = town(engine).await;
    let work = on_notice(&world, Level::Fail).await;
    let mut colleague = world.teacher(1).await;
    colleague.get("/review/notice").await.hides("教师甲").shows("评为不合格的结论只告知本人");
    colleague.get(&notice(&work)).await.is(404);
    colleague.post(&notice(&work), &[("text", "与标准不符")]).await.is(404);
    let mut mine = world.teacher(0).await;
    let page = mine.get(&address(work.id)).await;
    page.shows("结论（待生效，只告知本人）：不合格")
        .shows("只告知本人，2021年3月17日前可提异议")
        .hides("公示至");
    mine.get(&page.link("/review/notice/")).await.is(200);
    let at = object(&mut mine, &work, "步骤写在第三页").await;
    mine.get(&at).await.is(404);
    mine.post(&format!("{at}/withdraw"), &[]).await.shows("异议已撤回");
    eight_days_later(&world).await;
    assert_eq!(result(&world, &work).await.expect("read").expect("a result").level, Level::Fail);
});

story!(who_has_to_do_with_a_work_answers_no_objection_to_it, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let panel: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Panel).collect();
    judge(&world, &panel[0], "A6", Level::Pass).await.1.shows("已提交");
    judge(&world, &panel[1], "A6", Level::Excellent).await.1.shows("已提交");
    all_judge(&world, &work, Level::Excellent).await;
    let at = object(&mut world.teacher(1).await, &work, "标准没有全部达到").await;

    // The chair settled it, the members judged it, the author and the one who objects have a stake.
    let withdraw = format!("{at}/withdraw");
    for n in [0, 1, 2, 3, 4] {
        let mut browser = world.teacher(n).await;
        browser.get(&at).await.is(404);
        answered(&mut browser, &at, "uphold", "说明").await.is(404);
        if n != 1 {
            browser.post(&withdraw, &[]).await.is(404);
        }
        browser.get("/review").await.hides("公示异议待答复");
    }
    let mut leader = chair(&world).await;
    leader.get(&at).await.is(403).says("不能答复对它的异议");
    answered(&mut leader, &at, "uphold", "说明").await.is(403).says("不能答复对它的异议");
    leader.post(&withdraw, &[]).await.is(404);
    leader.get("/review").await.hides("公示异议待答复");
    for stranger in
        [&world.town.schools[1].principal, &world.town.neighbour_office, &world.town.school().clerk]
    {
        let mut browser = world.browser(stranger).await;
        browser.get(&at).await.is(404);
        answered(&mut browser, &at, "reject", "说明").await.is(404);
    }
    let mut elsewhere = world.browser(&world.town.schools[1].principal).await;
    elsewhere.get(&notice(&work)).await.is(404);

    // Who appoints the panel stands in.
    let mut principal = world.browser(&world.town.school().principal).await;
    principal.get(&at).await.shows("标准没有全部达到");
    answered(&mut principal, &at, "reject", "组长裁定有据。").await.shows("异议不成立");
    eight_days_later(&world).await;
    assert_eq!(current(&world, &work).await.state, State::Final);
});

story!(whoever_answers_reads_the_work_and_what_was_said, |engine| async move {
    let world = town(engine).await;
    let work = on_notice(&world, Level::Fail).await;
    let at = object(&mut world.teacher(0).await, &work, "步骤写在第三页").await;
    let mut leader = chair(&world).await;
    let to = leader.get(&at).await.link(&format!("{at}/work"));
    let page = leader.get(&to).await;
    page.shows("教学设计").shows("学校考核小组考核：不合格").shows("步骤没有写清楚").shows("步骤写在第三页");
    let file = page.link(&format!("{at}/files/"));
    leader.get(&file).await.is(200);
    for n in [0, 1, 3] {
        let mut other = world.teacher(n).await;
        other.get(&to).await.is(404);
        other.get(&file).await.is(404);
    }
    for (above, status) in [(&world.town.county_office, 403), (&world.town.neighbour_office, 404)] {
        let mut above = world.browser(above).await;
        above.get(&to).await.is(status);
        above.get(&file).await.is(status);
    }
    answered(&mut leader, &at, "reject", "第三页没有步骤。").await.shows("异议不成立");
    leader.get(&to).await.is(404);
    leader.get(&file).await.is(404);
});
