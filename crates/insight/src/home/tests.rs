//! Stories of first pages, told on both engines under a made-up scheme.

use chrono::{Days, NaiveDate, TimeDelta};
use tisheng_assessment::evidence::{self, Submission};
use tisheng_assessment::{certificate, review};
use tisheng_kernel::{Instant, Level};
use tisheng_platform::args;
use tisheng_platform::jobs::Handlers;
use tisheng_policy::scheme::{self, Programme, samples::owned};
use tisheng_registry::access::Role;
use tisheng_registry::samples::{Persona, Town, small_town};
use tisheng_rules::samples::{third_scheme_files, third_scheme_with, with_counties};
use tisheng_testkit::{Engine, TestApp, story};
use tisheng_training::samples::{PLATFORM, choose, fulfil_hours, publish_offer};
use tisheng_training::{hours, platform, selection};

use super::routes;

struct World {
    test: TestApp,
    town: Town,
    programme: Programme,
}

async fn begin(engine: Engine) -> World {
    begin_with(engine, &owned(third_scheme_files())).await
}

async fn begin_with(engine: Engine, files: &[(String, String)]) -> World {
    let handlers: Handlers = scheme::jobs(crate::monitoring::jobs(review::samples::handlers()));
    let parts = scheme::samples::parts().with(certificate::EXAMINE);
    let rooms = routes().merge(crate::monitoring::routes()).merge(review::routes());
    let test = TestApp::with_handlers(engine, rooms, parts, handlers).await;
    let town = small_town(&test.system()).await.expect("a town");
    let programme =
        scheme::samples::programme(&test.system(), &town.province, files).await.expect("a programme");
    for school in &town.schools {
        publish_offer(&test.app, &programme, school).await.expect("an offer");
    }
    World { test, town, programme }
}

story!(a_teacher_sees_what_is_next, |engine| async move {
    let world = begin(engine).await;
    let teacher = &world.town.school().teachers[0];
    let mut browser = world.test.signed_in(&teacher.who()).await;
    let first = browser.get("/").await;
    first.shows("我的任务").hides("份待完成");
    let next = |html: &str| {
        let task = html.split("task-now").nth(1).expect("a task is next").to_owned();
        task.split("href=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link").to_owned()
    };
    assert_eq!(next(&first.html()), "/choice", "first a choice");
    first.shows("下一步：选学");
    let chosen = choose(&world.test.app, &world.programme, teacher).await.expect("a choice");
    assert_eq!(next(&browser.get("/").await.html()), "/evidence", "then evidence");
    let ctx = world.test.ctx(teacher.who());
    let work = evidence::samples::hand_in(&ctx, &chosen[0]).await.expect("handed in");
    world.test.settle().await;
    let page = browser.get("/").await;
    page.shows("自评 1 份待完成")
        .shows("下一步：自评（1 份待完成，最早一份请在")
        .hides("逾期")
        .hides("去完成");
    let at_once = format!(r#"<a class="button" href="/review/self/{}">去自评"#, work.id);
    assert!(page.html().contains(&at_once), "the only one at once: {}", page.html());
    evidence::samples::hand_in(&ctx, &chosen[1]).await.expect("handed in");
    world.test.settle().await;
    let both = browser.get("/").await;
    assert!(both.html().contains(r#"<a class="button" href="/evidence">去自评"#), "{}", both.html());
    world.test.clock.advance(TimeDelta::days(21));
    world.test.signed_in(&teacher.who()).await.get("/").await.shows("最早一份应于").shows("前完成，已逾期。");
});

impl World {
    /// Everything that a teacher chose is judged by panels of all schools; on notice after that.
    async fn be_judged(&self, teacher: &Persona) -> Vec<Submission> {
        for school in &self.town.schools {
            let panel: Vec<&Persona> = school.teachers.iter().rev().take(3).collect();
            review::samples::panel_of(&self.test.ctx(school.principal.who()), &panel).await.expect("a panel");
        }
        let author = self.test.ctx(teacher.who());
        let mut all = Vec::new();
        for capability in choose(&self.test.app, &self.programme, teacher).await.expect("a choice") {
            let submission = evidence::samples::hand_in(&author, &capability).await.expect("handed in");
            review::samples::judged(&author, &submission, Level::Pass).await.expect("judged");
            all.push(submission);
        }
        self.test.settle().await;
        all
    }
}

story!(while_results_are_on_notice_nobody_is_asked_to_do_it_again, |engine| async move {
    let world = begin(engine).await;
    let teacher = &world.town.school().teachers[0];
    world.be_judged(teacher).await;
    let mut browser = world.test.signed_in(&teacher.who()).await;
    let page = browser.get("/").await;
    page.shows("公示中，公示至").shows("等待结果").hides("尚未完成测评").hides("尚未提交");
    let next = page.html().split("task-now").nth(1).expect("a task is next").to_owned();
    assert!(next.contains("/hours") && !next.contains("/evidence"), "hours are what is left to do: {next}");
});

story!(a_teacher_is_told_of_a_revoked_certificate, |engine| async move {
    let world = begin(engine).await;
    // In the middle of the scheme's period.
    world.test.clock.advance(TimeDelta::days(3 * 365));
    let teacher = &world.town.school().teachers[0];
    let judged = world.be_judged(teacher).await;
    let mut later = world.test.ctx(teacher.who());
    later.at = later.at + TimeDelta::days(30);
    for submission in judged {
        let ended = review::samples::notice_ended(&later, world.programme.id.uuid(), submission.id);
        ended.await.expect("final");
    }
    let about = (teacher.login.as_str(), world.test.app.now().date() - Days::new(30));
    fulfil_hours(&world.test.system(), &world.programme, teacher.person, about).await.expect("hours");
    let mut browser = world.test.signed_in(&teacher.who()).await;
    let county = world.test.ctx(world.town.county_office.who());
    let mut tx = county.write().await.expect("a transaction");
    let issued = certificate::issue(&county, &mut tx, teacher.person).await.expect("issued");
    tx.commit().await.expect("commits");
    browser.get("/").await.shows("我的证书").hides("撤销");

    // Hours that it rests on are taken back: whoever may revoke it is told.
    let doubtful = "证书有效但已不再达标，待核查";
    let mut office = world.test.signed_in(&world.town.county_office.who()).await;
    office.get("/").await.hides(doubtful);
    let mut tx = county.write().await.expect("a transaction");
    let entries = hours::entries(&mut tx, world.programme.id, teacher.person).await.expect("entries");
    for entry in entries.iter().filter(|entry| entry.source == PLATFORM) {
        let reversed = hours::reverse(&county, &mut tx, &world.programme, entry.id, "核查发现学时不实").await;
        reversed.expect("reversed");
    }
    certificate::refresh(&county, &mut tx, &world.programme, teacher.person).await.expect("refreshed");
    tx.commit().await.expect("commits");
    let first = office.get("/").await;
    assert_eq!(first.shows(doubtful).link("/certificates?"), "/certificates?state=unmet");
    for other in [&world.town.school().principal, &world.town.neighbour_office] {
        world.test.signed_in(&other.who()).await.get("/").await.hides(doubtful);
    }
    let mut tx = county.write().await.expect("a transaction");
    certificate::revoke(&county, &mut tx, &issued.number, "核查发现材料不实").await.expect("revoked");
    tx.commit().await.expect("commits");
    let page = browser.get("/").await;
    page.shows(&issued.number).shows("撤销，原因：核查发现材料不实").hides("我的证书");
    let other = &world.town.school().teachers[1];
    world.test.signed_in(&other.who()).await.get("/").await.hides("撤销");
});

story!(a_school_sees_what_waits_and_opens_only_what_it_may, |engine| async move {
    let world = begin(engine).await;
    let school = world.town.school();
    let teacher = &school.teachers[0];
    let mut head = world.test.signed_in(&school.principal.who()).await;
    let mut office = world.test.signed_in(&world.town.county_office.who()).await;
    head.get("/").await.shows("现在没有等待您处理的事项");
    let chosen = choose(&world.test.app, &world.programme, teacher).await.expect("a choice");
    let ctx = world.test.ctx(teacher.who());
    let mut tx = ctx.write().await.expect("a transaction");
    let rules = scheme::rules(&ctx.app, &mut tx, &world.programme).await.expect("rules");
    let offered = selection::offered(&mut tx, world.programme.id, school.node.id).await.expect("an offer");
    let another = offered.iter().find_map(|code| {
        let mut other = chosen.clone();
        other.push(code.clone());
        (!chosen.contains(code) && rules.check_choice(&other, &offered).is_empty()).then_some(other)
    });
    let another = another.expect("a wider choice meets the rule too");
    selection::ask_change(&ctx, &mut tx, &world.programme, &another, "任教年级调整").await.expect("asked");
    tx.commit().await.expect("commits");
    head.get("/").await.shows("选学变更待审批").shows("1 件");
    office.get("/").await.hides("选学变更待审批");
});

story!(works_before_a_panel_stand_where_their_board_can_be_opened, |engine| async move {
    let world = begin(engine).await;
    let school = world.town.school();
    let work = world.be_judged(&school.teachers[0]).await.remove(0);
    let mut tx = world.test.app.db.write().await.expect("a transaction");
    let again = "update submission set state = 'panel' where id = $1";
    assert_eq!(tx.run(again, args![work.id]).await.expect("before the panel"), 1);
    tx.commit().await.expect("commits");
    for looker in [&school.principal, &world.town.county_office] {
        let mut browser = world.test.signed_in(&looker.who()).await;
        let first = browser.get("/").await;
        assert_eq!(first.shows("考核小组待评").link("/review/board"), "/review/board");
        browser.get("/review/board").await.is(200);
    }
    let mut clerk = world.test.signed_in(&school.clerk.who()).await;
    clerk.get("/").await.hides("考核小组待评");
    clerk.get("/review/board").await.is(404);
});

story!(whoever_answers_an_objection_sees_it_first, |engine| async move {
    let world = begin(engine).await;
    let school = world.town.school();
    let work = world.be_judged(&school.teachers[0]).await.remove(0);
    let waits = ["公示异议待答复", "公示异议 1 件待答复"];
    // Nobody of the office has judged the work, nor has who leads the panels from now on.
    let chair = &world.town.schools[1].teachers[0];
    for of in &world.town.schools {
        review::samples::panel_of(&world.test.ctx(of.principal.who()), &[chair]).await.expect("a chair");
    }
    let mut head = world.test.signed_in(&world.town.county_office.who()).await;
    head.get("/").await.hides(waits[0]);
    let mut colleague = world.test.signed_in(&school.teachers[1].who()).await;
    let notice = format!("/review/notice/{}", work.id);
    let at = colleague
        .post(&notice, &[("text", "课堂片段不是本人的课")])
        .await
        .shows("异议已提出")
        .link("/review/objections/");

    // Who leads the panel that judged, in whatever role; who is above it once that is late, and the scheme's level
    // alone.
    head.get("/").await.hides(waits[0]);
    world.test.signed_in(&chair.who()).await.get("/").await.shows(waits[1]);
    world.test.clock.advance(TimeDelta::days(8));
    let mut head = world.test.signed_in(&world.town.county_office.who()).await;
    let first = head.get("/").await;
    assert_eq!(first.shows(waits[0]).shows("1 件").link("/review"), "/review");
    world.test.signed_in(&world.town.city_office.who()).await.get("/").await.hides(waits[0]);
    for other in [&school.teachers[1], &school.clerk, &world.town.schools[1].clerk] {
        world.test.signed_in(&other.who()).await.get("/").await.hides("公示异议");
    }
    let at = at.trim_end_matches("/withdraw");
    head.post(at, &[("do", "reject"), ("answer", "核对过课表，是本人的课。")]).await.shows("异议不成立");
    head.get("/").await.hides(waits[0]);
    world.test.signed_in(&chair.who()).await.get("/").await.hides("公示异议");
});

story!(an_office_is_told_what_lags_and_opens_exactly_that, |engine| async move {
    let phase = "[[phase]]\nsource = \"第三条\"\ntitle = \"第一学年\"";
    let second = "[[target]]\nkey = \"counties\"\nmeasure = \"counties_started\"\nsource = \"第三条\"\n\
        title = \"启动的县（市、区）比例\"\nreading = \"in_all\"\n\n[[target.step]]\ntitle = \"第一学年\"\n\
        by = 2023-12-31\npercent = 50\n\n";
    let files = with_counties(third_scheme_with(phase, &format!("{second}{phase}")));
    let world = begin_with(engine, &files).await;
    world.test.clock.set(Instant::start_of(NaiveDate::from_ymd_opt(2024, 3, 1).expect("a date")));
    let town = &world.town;
    let system = world.test.system();
    crate::monitoring::rebuild(&system, &world.programme).await.expect("counted");
    let mut city = world.test.signed_in(&town.city_office.who()).await;
    let first = city.get("/").await;
    first.shows("未达到的目标").shows("启动的县（市、区）比例").shows("0.0%").shows("50%");
    first.shows("2023年12月31日 逾期未达到").shows("2024年8月31日 还有 183 天");
    let lacking = format!("/monitor/{}/counties?state=not_begun", town.city.id);
    assert_eq!(first.link(&lacking), lacking);
    city.get(&lacking).await.shows(&town.county.name).shows(&town.neighbour.name);
    // The neighbour has no school, and nobody has begun.
    first.shows("没有教师的县（市、区）").shows("已有教师、尚未启动的学校").hides("没有教师的学校");
    let empty = first.link(&format!("/monitor/{}/counties?state=empty", town.city.id));
    city.get(&empty).await.shows(&town.neighbour.name).shows("共 1 个").hides(&town.county.name);

    choose(&world.test.app, &world.programme, &town.school().teachers[0]).await.expect("a choice");
    crate::monitoring::rebuild(&system, &world.programme).await.expect("counted");
    let mut county = world.test.signed_in(&town.county_office.who()).await;
    let first = county.get("/").await;
    let [begun, idle] = &town.schools;
    first.shows("已有教师、尚未启动的学校").shows("1 所").hides("启动的县（市、区）比例");
    let there = format!("/monitor/{}", idle.node.id);
    assert_eq!(first.link(&there), there);
    let place = format!("/monitor/{}/schools", town.county.id);
    let page = county.get(&first.link(&place)).await;
    page.shows(&idle.node.name).hides(&begun.node.name);
    county.get(&format!("{place}?state=begun")).await.shows(&begun.node.name).hides(&idle.node.name);
    county.get(&format!("{place}?state=empty")).await.shows("没有这样的学校");
    county.get(&place).await.shows(&begun.node.name).shows(&idle.node.name);
    city.get("/").await.hides("逾期未达到").shows("还有 183 天");
    let head = world.test.signed_in(&idle.principal.who()).await.get("/").await;
    head.shows("未达到的目标").hides("未启动的单位");
});

story!(whoever_has_one_task_begins_with_it, |engine| async move {
    let world = begin(engine).await;
    let expert = Persona { role: Role::Expert, ..world.town.school().clerk.clone() };
    let first = world.test.signed_in(&expert.who()).await.get("/").await;
    first.shows("没有待评审的材料").hides("切换身份");

    let office = world.test.ctx(world.town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let mut made = Vec::new();
    for (number, name) in [(1, "清江学堂"), (2, "平原学堂")] {
        let about = (&world.town.county, number, name);
        let platform = platform::samples::platform(&office, &mut tx, &world.programme, about).await;
        made.push(platform.expect("a platform"));
    }
    tx.commit().await.expect("commits");
    let (node, id) = made.remove(0);
    let institution = Persona { role: Role::Institution, node, ..expert };
    let mut browser = world.test.signed_in(&institution.who()).await;
    let first = browser.get("/").await;
    first.shows("我的平台").shows("今日到达").shows("清江学堂").hides("平原学堂").hides("切换身份");
    let address = format!("/platforms/{id}");
    assert_eq!(first.link(&address), address);
});

story!(whoever_has_no_programme_is_told_so, |engine| async move {
    let test = TestApp::start(engine, routes(), scheme::samples::parts()).await;
    let town = small_town(&test.system()).await.expect("a town");
    for who in [&town.county_office, &town.school().teachers[0]] {
        let first = test.signed_in(&who.who()).await.get("/").await;
        first.is(200).shows("首页").shows("还没有启用实施方案").hides("切换身份");
    }
    assert!(test.browser().get("/").await.path.starts_with("/sign-in"));
});

story!(an_office_above_several_programmes_sees_them_beside_each_other, |engine| async move {
    let parts = scheme::samples::parts();
    let rooms = routes().merge(crate::monitoring::routes());
    let test = TestApp::with_handlers(engine, rooms, parts, Handlers::default()).await;
    let town = small_town(&test.system()).await.expect("a town");
    let mut office = test.signed_in(&town.city_office.who()).await;
    office.get("/monitor").await.shows("这里还没有启用实施方案");
    let files = owned(third_scheme_files());
    let programme =
        scheme::samples::programme(&test.system(), &town.county, &files).await.expect("a programme");
    crate::monitoring::rebuild(&test.system(), &programme).await.expect("counted");
    let first = office.get("/").await;
    first.shows("下级项目").shows(&town.county.name).shows(&programme.title);
    let below = first.link(&format!("/monitor/{}", town.county.id));
    office.get(&below).await.shows("各环节人数");
    let mut beside = test.signed_in(&town.neighbour_office.who()).await;
    beside.get("/monitor").await.shows("这里还没有启用实施方案").hides(&town.county.name);
});

story!(everybody_is_told_beforehand_of_rules_that_wait_for_their_day, |engine| async move {
    let world = begin(engine).await;
    let day = NaiveDate::from_ymd_opt(2023, 11, 1).expect("a date");
    world.test.clock.set(Instant::start_of(day - Days::new(2)) + TimeDelta::hours(9));
    let owner = &world.town.province_office;
    let office = world.test.ctx(owner.who());
    let newer = third_scheme_with("version = \"2023.2\"", "version = \"9\"");
    let mut tx = office.write().await.expect("a transaction");
    let id = scheme::draft(&office, &mut tx, &newer, "调整学时").await.expect("a draft");
    scheme::ask_trial(&office, &mut tx, id).await.expect("a trial");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    let mut tx = office.write().await.expect("a transaction");
    scheme::put_off(&office, &mut tx, id, day).await.expect("waits");
    tx.commit().await.expect("commits");

    let sentence = "规则版本 9 将于2023年11月1日起执行，还有 2 天";
    let school = world.town.school();
    for reader in [owner, &world.town.county_office, &school.principal, &school.teachers[0]] {
        let home = world.test.signed_in(&reader.who()).await.get("/").await;
        home.shows(sentence);
        assert_eq!(home.link("/scheme/news"), "/scheme/news", "{}", reader.name);
    }
});
