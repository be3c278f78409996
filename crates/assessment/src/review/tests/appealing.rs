//! Authors who turn to the level above.

use tisheng_kernel::Level;
use tisheng_platform::Who;
use tisheng_rules::builtin;
use tisheng_testkit::{Browser, story};

use super::objecting::{answered, chair, eight_days_later, notice, object, on_notice};
use super::{address, all_judge, current, result, town, town_by};
use crate::evidence::tests::World;
use crate::evidence::{State, Submission};

/// The author turns to the level above; gives the address at which that is answered.
async fn raise(world: &World, of: &Submission, text: &str) -> String {
    let mut mine = world.teacher(0).await;
    let seen = mine.post(&format!("{}/further", notice(of)), &[("further", text)]).await;
    let withdraw = seen.shows("申诉已提出").shows(text).link("/review/objections/");
    withdraw.trim_end_matches("/withdraw").to_owned()
}

/// A work whose author objected that it fails; the chair has rejected that after the days of the notice.
async fn rejected(world: &World) -> Submission {
    let work = on_notice(world, Level::Fail).await;
    let at = object(&mut world.teacher(0).await, &work, "步骤写在第三页").await;
    eight_days_later(world).await;
    answered(&mut chair(world).await, &at, "reject", "第三页没有步骤。").await.shows("异议不成立");
    work
}

/// The name of the county's office.
fn office(world: &World) -> String {
    let Who::Member(member) = world.town.county_office.who() else { panic!("an office is a member") };
    member.node_name
}

async fn county(world: &World) -> Browser {
    world.browser(&world.town.county_office).await
}

story!(a_late_answer_says_whose_desk_it_is_on, |engine| async move {
    let world = town(engine).await;
    let office = office(&world);
    let work = on_notice(&world, Level::Fail).await;
    let mut mine = world.teacher(0).await;
    let at = object(&mut mine, &work, "步骤写在第三页").await;
    mine.get(&notice(&work)).await.hides("已超过答复期限");
    // In time it is the school's alone.
    let mut above = county(&world).await;
    above.get("/review").await.hides("公示异议待答复");
    above.get(&at).await.is(403).says("逾期未答复").says(&office);
    answered(&mut above, &at, "reject", "没有步骤。").await.is(403).says("逾期未答复");
    eight_days_later(&world).await;
    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows("已超过答复期限").shows(&office);
    mine.get(&notice(&work)).await.shows(&format!("已超过答复期限。{office}的待办中也列有"));
    let further = [("further", "等了很久")];
    mine.post(&format!("{}/further", notice(&work)), &further).await.is(403);

    // The city is no level of the scheme.
    let mut city = world.browser(&world.town.city_office).await;
    city.get("/review").await.hides("公示异议待答复");
    answered(&mut city, &at, "uphold", "请重评。").await.is(403).says(&office);
    let mut county = county(&world).await;
    assert_eq!(county.get("/review").await.shows("已逾期").link("/review/objections/"), at);
    answered(&mut county, &at, "uphold", "步骤在第三页，请重评。").await.shows("重新评审");
    assert_eq!(current(&world, &work).await.state, State::Panel);
});

story!(an_author_who_is_refused_turns_to_the_level_above, |engine| async move {
    let world = town(engine).await;
    let office = office(&world);
    let work = rejected(&world).await;
    assert_eq!(current(&world, &work).await.state, State::Notice, "the author may still turn to the county");
    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows(&format!("前向{office}申诉"));
    mine.get(&notice(&work)).await.shows(&format!("向{office}申诉")).shows("由其在 10 个工作日内答复");
    let further = format!("{}/further", notice(&work));
    mine.post(&further, &[("further", "")]).await.is(422).says("请填写申诉理由");
    for n in [1, 5] {
        let mut other = world.teacher(n).await;
        other.post(&further, &[("further", "x")]).await.is(404);
        other.post(&further, &[]).await.is(404);
    }
    let mut principal = world.browser(&world.town.school().principal).await;
    principal.post(&further, &[("further", "x")]).await.is(404);

    let at = raise(&world, &work, "第三页第二段就是步骤").await;
    world.teacher(0).await.post(&further, &[("further", "再说一次")]).await.is(403);
    for mut below in [principal, chair(&world).await, world.browser(&world.town.neighbour_office).await] {
        below.get(&at).await.is(404);
        answered(&mut below, &at, "reject", "说明").await.is(404);
        below.get("/review").await.hides("公示异议待答复");
    }
    eight_days_later(&world).await;
    assert_eq!(current(&world, &work).await.state, State::Notice, "the appeal holds it");
    let mut county = county(&world).await;
    assert_eq!(county.get("/review").await.shows("公示异议待答复").link("/review/objections/"), at);
    county.get(&at).await.shows("第三页第二段就是步骤").shows("步骤写在第三页").shows("第三页没有步骤。");
    answered(&mut county, &at, "uphold", "第二段确是步骤，请重评。").await.shows("重新评审");
    all_judge(&world, &work, Level::Pass).await;
    eight_days_later(&world).await;
    assert_eq!(result(&world, &work).await.expect("read").expect("a result").level, Level::Pass);
});

story!(what_was_answered_is_not_objected_to_again, |engine| async move {
    let world = town(engine).await;
    let office = office(&world);
    let work = on_notice(&world, Level::Fail).await;
    let mut mine = world.teacher(0).await;
    mine.get(&address(work.id)).await.shows("提出异议");
    let at = object(&mut mine, &work, "步骤写在第三页").await;
    mine.get(&address(work.id)).await.hides("提出异议");
    answered(&mut chair(&world).await, &at, "reject", "第三页没有步骤。").await.shows("异议不成立");
    let again = [("text", "再说一次理由")];
    mine.get(&notice(&work)).await.shows(&format!("向{office}申诉")).hides("提出异议");
    mine.get(&address(work.id)).await.hides("提出异议");
    mine.post(&notice(&work), &again).await.is(403).says("不能重复提出");

    let at = raise(&world, &work, "第三页第二段就是步骤").await;
    mine.post(&notice(&work), &again).await.is(403);
    answered(&mut county(&world).await, &at, "reject", "核对过，没有步骤。").await.shows("异议不成立");
    assert_eq!(current(&world, &work).await.state, State::Notice, "its days are not over");
    mine.get(&notice(&work)).await.shows("最后一级答复，为最终结论").hides("提出异议");
    mine.get(&address(work.id)).await.hides("提出异议").hides("书面提出");
    mine.post(&notice(&work), &again).await.is(403).says("最终结论");
    mine.post(&notice(&work), &[("text", "")]).await.is(422).says("请填写异议理由");
});

story!(the_answer_of_the_last_level_is_the_last, |engine| async move {
    let world = town(engine).await;
    let work = rejected(&world).await;
    let at = raise(&world, &work, "第三页第二段就是步骤").await;
    answered(&mut county(&world).await, &at, "reject", "核对过，没有步骤。").await.shows("异议不成立");
    assert_eq!(current(&world, &work).await.state, State::Final);
    let mut mine = world.teacher(0).await;
    let told = mine.get(&address(work.id)).await;
    told.shows("核对过，没有步骤。").hides("不服答复的，可在").shows("只告知本人").hides("前可提异议");
    mine.post(&format!("{}/further", notice(&work)), &[("further", "不服")]).await.is(403);
});

story!(a_colleague_who_is_refused_turns_to_the_level_above, |engine| async move {
    let world = town(engine).await;
    let office = office(&world);
    let work = on_notice(&world, Level::Excellent).await;
    let at = object(&mut world.teacher(1).await, &work, "课堂片段不是本人的课").await;
    answered(&mut chair(&world).await, &at, "reject", "核对过课表，是本人的课。").await.shows("异议不成立");
    let mut colleague = world.teacher(1).await;
    let page = colleague.get(&notice(&work)).await;
    page.shows(&format!("前向{office}申诉")).shows(&format!("{office}的答复为最终结论，不能再申诉"));
    let further = format!("{}/further", notice(&work));
    colleague.post(&further, &[("further", "")]).await.is(422).says("请填写申诉理由");

    // Neither the author, of whom nothing was refused, nor those who have not objected.
    let mut mine = world.teacher(0).await;
    mine.get(&notice(&work)).await.hides("不服答复的，可在");
    mine.post(&further, &[("further", "x")]).await.is(403);
    for n in [2, 5] {
        world.teacher(n).await.post(&further, &[("further", "x")]).await.is(404);
    }
    world.browser(&world.town.neighbour_office).await.post(&further, &[("further", "x")]).await.is(404);
    eight_days_later(&world).await;
    colleague = world.teacher(1).await;
    colleague.post(&further, &[("further", "太晚了")]).await.is(403).says("期限已过");
    colleague.post(&further, &[("further", "")]).await.is(422).says("请填写申诉理由");
    assert_eq!(current(&world, &work).await.state, State::Final, "the days to appeal were over");
});

story!(the_county_has_the_last_word_to_a_colleague, |engine| async move {
    let world = town(engine).await;
    let work = on_notice(&world, Level::Excellent).await;
    let at = object(&mut world.teacher(1).await, &work, "课堂片段不是本人的课").await;
    answered(&mut chair(&world).await, &at, "reject", "核对过课表，是本人的课。").await.shows("异议不成立");
    let further = format!("{}/further", notice(&work));
    let mut colleague = world.teacher(1).await;
    let seen = colleague.post(&further, &[("further", "课表上是别人的课")]).await;
    let up = seen.shows("申诉已提出").link("/review/objections/").trim_end_matches("/withdraw").to_owned();
    colleague.post(&further, &[("further", "再说一次")]).await.is(403);
    world.teacher(0).await.get(&address(work.id)).await.shows("课表上是别人的课").hides("教师乙");
    eight_days_later(&world).await;
    assert_eq!(current(&world, &work).await.state, State::Notice, "the appeal holds it");
    answered(&mut chair(&world).await, &up, "reject", "说明").await.is(404);
    let mut county = county(&world).await;
    county.get(&up).await.shows("课表上是别人的课").shows("核对过课表").shows("教师乙");
    answered(&mut county, &up, "reject", "调课单上是本人。").await.shows("异议不成立");
    assert_eq!(current(&world, &work).await.state, State::Final);
    let mut colleague = world.teacher(1).await;
    colleague.get(&notice(&work)).await.shows("调课单上是本人").shows("最后一级答复，为最终结论");
    colleague.post(&further, &[("further", "不服")]).await.is(403);
});

story!(a_level_stands_once_its_author_has_let_the_days_pass, |engine| async move {
    let world = town(engine).await;
    let work = rejected(&world).await;
    eight_days_later(&world).await;
    assert_eq!(current(&world, &work).await.state, State::Final);
    let mut mine = world.teacher(0).await;
    mine.post(&format!("{}/further", notice(&work)), &[("further", "不服")]).await.is(403);
});

story!(what_the_last_level_has_answered_is_taken_no_further, |engine| async move {
    let world = town(engine).await;
    let work = on_notice(&world, Level::Fail).await;
    let at = object(&mut world.teacher(0).await, &work, "步骤写在第三页").await;
    eight_days_later(&world).await;
    answered(&mut county(&world).await, &at, "reject", "没有步骤。").await.shows("异议不成立");
    assert_eq!(current(&world, &work).await.state, State::Final, "the county would answer itself");
    let mut mine = world.teacher(0).await;
    mine.post(&format!("{}/further", notice(&work)), &[("further", "不服")]).await.is(403);
});

/// The first published scheme, but that the city hears whoever the county has refused.
fn up_to_the_city() -> builtin::Files {
    let files = builtin::files("sichuan-2020").expect("a published scheme");
    let county = "by = \"county\"\ndays = 10\n";
    let more = format!("{county}\n[[assessment.appeal]]\ndefault = true\nby = \"city\"\ndays = 10\n");
    let changed = files.iter().map(|(name, text)| {
        let text: &'static str = Box::leak(text.replacen(county, &more, 1).into_boxed_str());
        (*name, text)
    });
    Box::leak(changed.collect::<Vec<_>>().into_boxed_slice())
}

story!(an_appeal_goes_above_whoever_has_answered, |engine| async move {
    let world = town_by(engine, up_to_the_city()).await;
    let work = on_notice(&world, Level::Fail).await;
    let at = object(&mut world.teacher(0).await, &work, "步骤写在第三页").await;
    eight_days_later(&world).await;
    // The school was late, and the county answered in its place: the city is next.
    answered(&mut county(&world).await, &at, "reject", "没有步骤。").await.shows("异议不成立");
    assert_eq!(current(&world, &work).await.state, State::Notice);
    let at = raise(&world, &work, "第三页第二段就是步骤").await;
    let mut county = county(&world).await;
    county.get("/review").await.hides("公示异议待答复");
    county.get(&at).await.is(404);
    answered(&mut county, &at, "reject", "还是没有。").await.is(404);
    let mut city = world.browser(&world.town.city_office).await;
    city.get(&at).await.shows("第三页第二段就是步骤");
    answered(&mut city, &at, "uphold", "第二段确是步骤。").await.shows("重新评审");
});
