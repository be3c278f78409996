//! Offers and choices, told on both engines.

use tisheng_platform::args;
use tisheng_rules::samples::third_scheme_with;
use tisheng_testkit::{Browser, Seen, story};

use super::{chosen, offered_to};
use crate::samples::{choose, fitting_choice, fitting_offer, publish_offer};
use crate::town::Place;

/// A form with these capabilities ticked and these other fields.
fn with<'f>(codes: &'f [String], others: &[(&'f str, &'f str)]) -> Vec<(&'f str, &'f str)> {
    codes.iter().map(|code| ("capability", code.as_str())).chain(others.iter().copied()).collect()
}

async fn facts(place: &Place) -> tisheng_rules::SchoolFacts {
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let school = place.town.school().node.id;
    tisheng_registry::organisation::school_facts(&mut tx, school).await.expect("facts")
}

story!(a_school_offers_once_the_rule_is_met, |engine| async move {
    let place = Place::begin(engine).await;
    let mut principal = place.browser(&place.town.school().principal).await;
    principal.get("/offer").await.shows("规则核对");
    let whole = fitting_offer(&place.rules, &facts(&place).await);
    let little = &whole[..1];
    principal.post("/offer", &with(little, &[("do", "save")])).await.shows("草稿已保存");
    let basis = principal.get("/offer").await.field("basis");
    let refused: Seen =
        principal.post("/offer", &with(little, &[("do", "publish"), ("basis", &basis)])).await;
    refused.is(422);
    refused.says("请先更正以下内容").says("项规则未满足");
    assert_eq!(refused.wrong(), ["conditions"]);
    let checked = principal.post("/offer/check", &with(&whole, &[])).await;
    checked.shows("已满足").hides("未满足");
    let publish = [("do", "publish"), ("basis", basis.as_str())];
    principal.post("/offer", &with(&whole, &publish)).await.shows("选学范围已发布");

    let mut teacher = place.browser(&place.town.school().teachers[0]).await;
    teacher.get("/choice").await.shows(&whole[0]);
    for path in ["/offer", "/choices", "/choices/changes"] {
        teacher.get(path).await.is(404);
    }
    teacher.post("/offer", &with(&whole, &[("do", "publish")])).await.is(404);
    let mut other = place.browser(&place.town.schools[1].teachers[0]).await;
    other.get("/choice").await.shows("学校还没有发布选学范围");
});

story!(two_who_put_an_offer_together_lose_nothing_of_each_other, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let offer = publish_offer(&place.test.app, &place.programme, school).await.expect("an offer");
    let (mut principal, mut clerk) =
        (place.browser(&school.principal).await, place.browser(&school.clerk).await);
    let opened = principal.get("/offer").await.field("basis");
    let theirs = clerk.get("/offer").await.field("basis");
    let less = &offer[1..];
    clerk.post("/offer", &with(less, &[("do", "save"), ("basis", &theirs)])).await.shows("草稿已保存");

    let late = principal.post("/offer", &with(&offer, &[("do", "publish"), ("basis", &opened)])).await;
    late.is(422).says("同事已更新选学范围").says(&format!("去掉 {}", offer[0]));
    let now = late.field("basis");
    principal
        .post("/offer", &with(&offer, &[("do", "publish"), ("basis", &now)]))
        .await
        .shows("选学范围已发布");
    clerk.post("/offer", &with(less, &[("do", "publish")])).await.is(422).says("同事已更新选学范围");
});

/// The school stops offering something of `choice`; gives it, and what is offered from then on.
async fn offer_less(
    place: &Place,
    principal: &mut Browser,
    (offer, choice): (&[String], &[String]),
) -> (String, Vec<String>) {
    for gone in choice {
        let less: Vec<String> = offer.iter().filter(|code| *code != gone).cloned().collect();
        let unmet = place.rules.check_offer(&less, &facts(place).await);
        if unmet.is_empty() {
            let page = principal.get("/offer").await;
            page.shows("已有 1 人选学").shows("已有人选学的能力点可以不再提供");
            let basis = page.field("basis");
            let publish = [("do", "publish"), ("basis", basis.as_str())];
            let said = principal.post("/offer", &with(&less, &publish)).await;
            said.shows(&format!("{gone}（1 人）")).shows("他们的选学不变");
            return (gone.clone(), less);
        }
    }
    panic!("the offer of the sample has nothing to spare");
}

story!(what_is_offered_no_more_stays_with_whoever_has_chosen_it, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let offer = publish_offer(&place.test.app, &place.programme, school).await.expect("an offer");
    let teacher = &school.teachers[0];
    let mut principal = place.browser(&school.principal).await;
    principal.get("/offer").await.hides("人选学").hides("已有人选学的能力点");
    let choice = choose(&place.test.app, &place.programme, teacher).await.expect("a choice");
    let (gone, less) = offer_less(&place, &mut principal, (&offer, &choice)).await;

    let mut own = place.browser(teacher).await;
    own.get("/choice").await.shows("已不在本校选学范围").shows("您的选学不受影响");
    own.get("/choice/change").await.shows("已不在本校选学范围").shows("规则核对：全部满足。");
    let other = less.iter().find(|code| !choice.contains(code)).expect("another one").clone();
    let more: Vec<String> = choice.iter().cloned().chain([other]).collect();
    own.post("/choice/check", &with(&more, &[])).await.hides("未满足");
    own.post("/choice/change", &with(&more, &[("reason", "想多学一些")])).await.shows("待审批");
    let address = principal.get("/choices/changes").await.link("/choices/changes/0");
    principal.get(&address).await.shows("新增").shows("放弃").hides("已提交的成果保留");
    principal.post(&address, &[("do", "approve"), ("decision", "同意")]).await.shows("已处理");
    own.get("/choice").await.shows(&format!("已选 {} 个能力点", more.len())).shows("已不在本校选学范围");
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let now = chosen(&mut tx, place.programme.id, teacher.person).await.expect("read");
    let judged_by = offered_to(&mut tx, place.programme.id, teacher.person).await.expect("read");
    drop(tx);
    assert!(now.contains(&gone), "{gone} of {now:?}");
    assert!(place.rules.check_change(&now, &judged_by, &now).is_empty(), "what was kept is judged as chosen");

    let mut late = place.browser(&school.teachers[1]).await;
    late.get("/choice").await.hides("已不在本校选学范围");
    late.post("/choice", &with(&more, &[])).await.is(422).says("不在学校提供的范围内");
    let without: Vec<String> = now.iter().filter(|code| **code != gone).cloned().collect();
    assert!(place.rules.check_choice(&without, &less).is_empty(), "{without:?} of {less:?}");
    own.post("/choice/change", &with(&without, &[("reason", "换一个")])).await.shows("待审批");
    let address = principal.get("/choices/changes").await.link("/choices/changes/0");
    principal.post(&address, &[("do", "approve"), ("decision", "")]).await.shows("已处理");
    own.get("/choice/change").await.hides("已不在本校选学范围");
    own.post("/choice/change", &with(&now, &[("reason", "再选回来")]))
        .await
        .is(422)
        .says("不在学校提供的范围内");
});

/// The third scheme with two of each dimension that is offered, and schools that may offer one dimension alone.
fn two_of_each() -> Vec<(String, String)> {
    let rule = "per_dimension = 1\ncover = 2";
    let mut files = third_scheme_with(rule, "per_dimension = 2\ncover = \"every\"");
    for (_, text) in &mut files {
        let offer = "dimensions = 2\nfit_environment = true";
        *text = text.replace(offer, "dimensions = 1\nfit_environment = false");
    }
    files
}

story!(one_of_two_of_a_dimension_that_is_offered_no_more_may_stay, |engine| async move {
    let place = Place::under(engine, two_of_each()).await;
    let school = place.town.school();
    let mut principal = place.browser(&school.principal).await;
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<String>>();
    for (offer, words) in
        [(&["P1", "P2", "T1", "T2"][..], "选学范围已发布"), (&["P1", "P2"], "他们的选学不变")]
    {
        let basis = principal.get("/offer").await.field("basis");
        let publish = [("do", "publish"), ("basis", basis.as_str())];
        principal.post("/offer", &with(&codes(offer), &publish)).await.shows(words);
        if offer.len() == 4 {
            let choice = choose(&place.test.app, &place.programme, &school.teachers[0]).await;
            assert_eq!(choice.expect("a choice").len(), 4, "two of each");
        }
    }

    let mut own = place.browser(&school.teachers[0]).await;
    let kept = codes(&["P1", "P2", "T1"]);
    own.post("/choice/check", &with(&kept, &[])).await.shows("规则核对：全部满足。");
    own.post("/choice/check", &with(&codes(&["P1", "T1", "T2"]), &[]))
        .await
        .shows("维度不少于 2 个能力点，已选 1 个");
    own.post("/choice/change", &with(&kept, &[("reason", "不再学")])).await.shows("待审批");
    let address = principal.get("/choices/changes").await.link("/choices/changes/0");
    principal.post(&address, &[("do", "approve"), ("decision", "同意")]).await.shows("已处理");
    own.get("/choice").await.shows("已选 3 个能力点").shows("已不在本校选学范围");
    let mut late = place.browser(&school.teachers[1]).await;
    late.post("/choice", &with(&kept, &[])).await.is(422).says("不在学校提供的范围内");
    late.post("/choice", &with(&codes(&["P1", "P2"]), &[])).await.shows("选学完成");
});

/// Chooses through the page and lands on the tasks.
async fn choose_by_page(teacher: &mut Browser, choice: &[String]) -> Seen {
    teacher.post("/choice", &with(choice, &[])).await
}

story!(a_teacher_chooses_and_gets_a_task_list, |engine| async move {
    let place = Place::begin(engine).await;
    let offer = publish_offer(&place.test.app, &place.programme, place.town.school()).await.expect("offer");
    let teacher = &place.town.school().teachers[0];
    let mut own = place.browser(teacher).await;
    own.get("/tasks").await.shows("还没有选学");
    let little = choose_by_page(&mut own, &offer[..1]).await;
    little.is(422);
    assert!(little.text().contains("还差"), "the sentence of the rule: {}", little.text());
    assert_eq!(little.says("项规则未满足").wrong(), ["conditions"], "each is said in the sheet alone");
    own.post("/choice/check", &with(&offer[..1], &[])).await.shows("未满足");

    let choice = fitting_choice(&place.rules, &offer);
    let tasks = choose_by_page(&mut own, &choice).await;
    for task in place.rules.task_list(&choice) {
        tasks.shows(&task.title);
    }
    tasks.hides("已完成").hides("已通过");
    assert_eq!(tasks.link("/evidence"), "/evidence");
    let again = choose_by_page(&mut own, &choice).await;
    again.is(422);
    own.get("/choice").await.shows(&format!("已选 {} 个能力点", choice.len()));
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    assert_eq!(chosen(&mut tx, place.programme.id, teacher.person).await.expect("read").len(), choice.len());
    assert_eq!(offered_to(&mut tx, place.programme.id, teacher.person).await.expect("read"), offer);
});

story!(a_change_needs_a_reason_and_the_school, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let offer = publish_offer(&place.test.app, &place.programme, school).await.expect("an offer");
    let teacher = &school.teachers[0];
    let choice = choose(&place.test.app, &place.programme, teacher).await.expect("a choice");
    let mut own = place.browser(teacher).await;
    own.get("/choice/change").await.shows("变更原因");
    let more: Vec<String> = offer.clone();
    assert_ne!(more.len(), choice.len(), "the offer holds more than must be chosen");
    own.post("/choice/change", &with(&more, &[("reason", "")])).await.is(422);
    own.post("/choice/change", &with(&choice, &[("reason", "没有变")])).await.is(422);
    own.post("/choice/change", &with(&more, &[("reason", "想多学一些")])).await.shows("待审批");
    // One at a time: the one that waits takes the place of the form, and a second keeps what was typed.
    let waits = own.get("/choice/change").await;
    waits.shows("等待审批的变更申请 待审批").shows("想多学一些").shows("撤回申请").hides("变更原因");
    let second = own.post("/choice/change", &with(&more, &[("reason", "再申请")])).await;
    second.is(422).says("请先撤回那一项").says("再申请").says("想多学一些");
    let withdraw = waits.link("/choice/changes/");
    own.post(&withdraw, &[]).await.shows("变更申请已撤回");
    own.post(&withdraw, &[]).await.is(403);
    own.get("/choice/change").await.shows("变更原因").hides("撤回申请");
    own.post("/choice/change", &with(&more, &[("reason", "想多学一些")])).await.shows("待审批");

    let mut principal = place.browser(&school.principal).await;
    let list = principal.get("/choices/changes").await;
    list.shows(&teacher.name).shows("想多学一些");
    let address = list.link("/choices/changes/0");
    principal.get(&address).await.shows("新增");
    principal.post(&address, &[("do", "refuse"), ("decision", "")]).await.is(422);
    let mut foreign = place.browser(&place.town.schools[1].principal).await;
    foreign.get(&address).await.is(404);
    foreign.post(&address, &[("do", "approve"), ("decision", "")]).await.is(404);
    own.post(&address, &[("do", "approve"), ("decision", "")]).await.is(404);
    principal.post(&address, &[("do", "approve"), ("decision", "同意")]).await.shows("已处理");
    own.get("/choice").await.shows(&format!("已选 {} 个能力点", more.len())).shows("已同意");
    principal.post(&address, &[("do", "refuse"), ("decision", "晚了")]).await.is(422);

    let list = principal.get("/choices").await;
    list.shows(&teacher.name).shows("下载表格");
    assert!(!list.html().contains("data-label=\"学校\""), "a school knows which it is: {}", list.html());
    principal.get("/choices?q=nobody").await.shows("没有符合条件的教师").hides("下载表格");
    principal.get("/choices?state=none").await.hides(&format!("{} ", teacher.name));
    principal.get("/choices/download?as=csv").await.shows(&more[0]);
});

story!(what_is_wrong_with_a_change_is_said_where_its_form_is_not_shown, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let mut own = place.browser(&school.teachers[0]).await;
    own.post("/choice/change", &[("reason", "")])
        .await
        .is(422)
        .says("还没有发布选学范围")
        .says("请填写变更原因");
    publish_offer(&place.test.app, &place.programme, school).await.expect("an offer");
    own.post("/choice/change", &[("reason", "")]).await.is(422).says("请填写变更原因");
});

story!(a_change_that_the_school_offers_no_more_is_not_approved, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let offer = publish_offer(&place.test.app, &place.programme, school).await.expect("an offer");
    let teacher = &school.teachers[0];
    let choice = choose(&place.test.app, &place.programme, teacher).await.expect("a choice");
    let mut own = place.browser(teacher).await;
    own.post("/choice/change", &with(&offer, &[("reason", "想多学一些")])).await.shows("待审批");

    let mut principal = place.browser(&school.principal).await;
    let gone = offer.iter().find(|code| !choice.contains(code)).expect("one that was not chosen").clone();
    let less: Vec<String> = offer.iter().filter(|code| **code != gone).cloned().collect();
    let basis = principal.get("/offer").await.field("basis");
    let publish = [("do", "publish"), ("basis", basis.as_str())];
    principal.post("/offer", &with(&less, &publish)).await.shows("选学范围已发布");
    let address = principal.get("/choices/changes").await.link("/choices/changes/0");
    let refused = principal.post(&address, &[("do", "approve"), ("decision", "同意")]).await;
    refused.is(422);
    assert!(refused.text().contains(&format!("能力点“{gone}”不在学校提供的范围内")), "{}", refused.text());
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    assert_eq!(chosen(&mut tx, place.programme.id, teacher.person).await.expect("read").len(), choice.len());
    drop(tx);
    principal.post(&address, &[("do", "refuse"), ("decision", "已不再提供")]).await.shows("已处理");
});

story!(the_rule_in_one_line_stands_above_what_is_ticked, |engine| async move {
    let place = Place::begin(engine).await;
    let offer = publish_offer(&place.test.app, &place.programme, place.town.school()).await.expect("offer");
    let mut own = place.browser(&place.town.school().teachers[0]).await;
    let page = own.get("/choice").await;
    let html = page.html();
    let line = html.find("id=\"rule-line\"").expect("the line");
    assert!(line < html.find("type=\"checkbox\"").expect("a box"), "above the boxes");
    let again = own.post("/choice/check", &with(&offer, &[])).await;
    assert!(again.html().contains("hx-swap-oob=\"true\""), "{}", again.html());
    again.shows("规则核对：全部满足。");
});

story!(a_task_of_hours_says_where_they_come_from, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    publish_offer(&place.test.app, &place.programme, school).await.expect("an offer");
    choose(&place.test.app, &place.programme, &school.teachers[0]).await.expect("a choice");
    let mut own = place.browser(&school.teachers[0]).await;
    own.get("/tasks").await.shows("学时来自 学校和上级安排的活动").hides("学时来自 甲");
    let (platform, _) = place.platform().await;
    let tasks = own.get("/tasks").await;
    tasks.shows("学时来自 甲");
    own.get(&tasks.link("/courses?platform=")).await.is(200);
    let office = place.ctx(&place.town.city_office);
    let mut tx = office.write().await.expect("a transaction");
    crate::platform::suspend(&office, &mut tx, platform.id, platform.version).await.expect("suspended");
    tx.commit().await.expect("commits");
    own.get("/tasks").await.hides("学时来自 甲");
});

story!(a_change_that_nobody_at_the_school_may_decide_goes_to_the_office_above, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let offer = publish_offer(&place.test.app, &place.programme, school).await.expect("an offer");
    let teacher = &school.teachers[0];
    choose(&place.test.app, &place.programme, teacher).await.expect("a choice");
    let mut own = place.browser(teacher).await;
    own.post("/choice/change", &with(&offer, &[("reason", "想多学一些")])).await.shows("待审批");

    // While somebody at the school may decide, it is nobody's above.
    let mut county = place.browser(&place.town.county_office).await;
    county.get("/choices/changes").await.shows("没有需要上级审批的申请").hides(&teacher.name);
    let mut principal = place.browser(&school.principal).await;
    let address = principal.get("/choices/changes").await.link("/choices/changes/0");
    county.get(&address).await.is(404);
    county.post(&address, &[("do", "approve"), ("decision", "")]).await.is(404);

    let mut tx = place.test.app.db.write().await.expect("a transaction");
    let leave = "update role_grant set until = '2020-01-02', since = '2020-01-01' where node = $1
        and role in ('principal', 'cio', 'management_team', 'clerk')";
    tx.run(leave, args![school.node.id]).await.expect("nobody is left");
    tx.commit().await.expect("commits");
    county.get("/choices").await.shows("变更申请（1）");
    county.get("/choices/changes").await.shows(&teacher.name).shows(&school.node.name).shows("想多学一些");
    let mut neighbour = place.browser(&place.town.neighbour_office).await;
    neighbour.get("/choices/changes").await.shows("没有需要上级审批的申请");
    neighbour.get(&address).await.is(404);
    neighbour.post(&address, &[("do", "approve"), ("decision", "")]).await.is(404);
    county.post(&address, &[("do", "refuse"), ("decision", "")]).await.is(422).says("请填写原因");
    county.post(&address, &[("do", "approve"), ("decision", "同意")]).await.shows("已处理");
    own.get("/choice").await.shows(&format!("已选 {} 个能力点", offer.len())).shows("已同意");

    // What an office decided stays with the offices, what a school decided with the school.
    let mut tx = place.test.app.db.write().await.expect("a transaction");
    let back = "update role_grant set until = null where node = $1";
    tx.run(back, args![school.node.id]).await.expect("somebody is there again");
    tx.commit().await.expect("commits");
    county.get("/choices/changes?state=approved").await.shows(&teacher.name).shows(&school.node.name);
    county.get(&address).await.shows("想多学一些");
    neighbour.get("/choices/changes?state=approved").await.hides(&teacher.name);
    neighbour.get(&address).await.is(404);
    let other = &school.teachers[1];
    choose(&place.test.app, &place.programme, other).await.expect("a choice");
    let mut theirs = place.browser(other).await;
    theirs.post("/choice/change", &with(&offer, &[("reason", "也想多学")])).await.shows("待审批");
    let mut principal = place.browser(&school.principal).await;
    let second = principal.get("/choices/changes").await.link("/choices/changes/0");
    principal.post(&second, &[("do", "approve"), ("decision", "同意")]).await.shows("已处理");
    principal.get("/choices/changes?state=approved").await.shows(&teacher.name).shows(&other.name);
    county.get("/choices/changes?state=approved").await.hides(&other.name);
    county.get(&second).await.is(404);
});

story!(what_offices_have_decided_comes_page_by_page, |engine| async move {
    let place = Place::begin(engine).await;
    let mut tx = place.test.app.db.write().await.expect("a transaction");
    let of = |at: usize| (&place.town.schools[at % 2], 120 - at);
    for at in 0..120 {
        let (school, id) = of(at);
        let row = "insert into choice_change (programme, id, person, path, offer, capabilities, reason, state, asked_at,
            decided_at, decision, above) values ($1, $2, $3, $4, $2, '[]', $5, 'approved', 0, 1, '', 1)";
        let (id, reason) = (uuid::Uuid::from_u128(id as u128), format!("第{at}项。"));
        let (person, path) = (school.teachers[0].person, &school.node.path);
        tx.run(row, args![place.programme.id, id, person, path, reason]).await.expect("a request");
    }
    tx.commit().await.expect("commits");
    let mut county = place.browser(&place.town.county_office).await;
    let (mut address, mut seen) = ("/choices/changes?state=approved".to_owned(), Vec::new());
    loop {
        let page = county.get(&address).await;
        seen.extend((0..120).filter(|at| page.text().contains(&format!("第{at}项。"))));
        if !page.html().contains("rel=\"next\"") {
            break;
        }
        address = format!("/choices/changes{}", page.link("?state=approved&after="));
    }
    let mut once = seen.clone();
    once.sort_unstable();
    assert_eq!(once, (0..120).collect::<Vec<_>>(), "each once: {seen:?}");
});
