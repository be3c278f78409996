//! Signing in and roles, told through pages on both engines.

use chrono::{NaiveDate, TimeDelta};
use tisheng_platform::Parts;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::Cursor;
use tisheng_testkit::{Browser, TestApp, story};

use super::store::holders::order;
use super::{Role, SecretText, code_at, grant, grants, handlers, issue_setup_token, routes};
use crate::samples::{PASSWORD, Persona, Town, small_town};

async fn with_town(engine: tisheng_testkit::Engine) -> (TestApp, Town) {
    let rooms = routes().merge(crate::organisation::routes()).merge(crate::people::routes());
    let test = TestApp::with_handlers(engine, rooms, Parts::default(), handlers(Handlers::default())).await;
    let town = small_town(&test.system()).await.expect("a town");
    (test, town)
}

/// A browser in which `who` has signed in, with the second factor where it is asked for.
async fn signed_in(test: &TestApp, who: &Persona) -> Browser {
    let mut browser = test.browser();
    let answer = browser.post_only("/sign-in", &who.credentials()).await;
    answer.is(303);
    if answer.location() == "/sign-in/code" {
        test.clock.advance(TimeDelta::seconds(60));
        let code = who.code(test.app.now()).expect("a code");
        browser.post_only("/sign-in/code", &[("code", &code)]).await.is(303);
    }
    browser
}

story!(a_teacher_signs_in_and_out, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut browser = test.browser();
    browser.get("/account").await.shows("账号或手机号");
    let fields = [("account", teacher.login.as_str()), ("password", PASSWORD), ("back", "/account")];
    browser.post("/sign-in", &fields).await.shows("我的账号").shows("yi.js1").shows("教师 · 测试一小");
    browser.post("/sign-out", &[]).await.shows("您已退出登录");
    assert_eq!(browser.get("/account").await.path, "/sign-in?back=%2Faccount");
});

story!(a_person_recognises_each_device, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let agents = [
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36", "Chrome（Windows）"),
        ("Mozilla/5.0 (iPhone) MicroMessenger/8.0", "微信（iPhone）"),
    ];
    let mut browsers = Vec::new();
    for (agent, _) in agents {
        let mut browser = test.browser().calling_itself(agent);
        browser.post_only("/sign-in", &teacher.credentials()).await.is(303);
        browsers.push(browser);
    }
    for (browser, (_, own)) in browsers.iter_mut().zip(agents) {
        let page = browser.get("/account").await;
        page.shows("共 2 处")
            .shows("Chrome（Windows）")
            .shows("微信（iPhone）")
            .says(&format!("{own} 本次登录"));
    }
});

story!(a_login_is_written_as_one_likes_and_a_phone_number_does_too, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    for typed in ["ＹＩ.js1", " Yi.JS1 "] {
        let fields = [("account", typed), ("password", PASSWORD)];
        assert_eq!(test.browser().post_only("/sign-in", &fields).await.is(303).location(), "/", "{typed}");
    }
    let system = test.system();
    let mut tx = system.write().await.expect("a transaction");
    let phone = crate::people::show_phone(&system, &mut tx, teacher.person, "测试登录").await;
    let phone = phone.expect("opens").expect("a number");
    let fields = [("account", phone.as_str()), ("password", PASSWORD)];
    drop(tx);
    assert_eq!(test.browser().post_only("/sign-in", &fields).await.is(303).location(), "/");
});

story!(an_unknown_account_and_a_wrong_password_look_the_same, |engine| async move {
    let (test, town) = with_town(engine).await;
    let known = [("account", town.school().clerk.login.as_str()), ("password", "不是这个密码")];
    let unknown = [("account", "nobody.at.all"), ("password", "不是这个密码")];
    let known = test.browser().post_only("/sign-in", &known).await;
    let unknown = test.browser().post_only("/sign-in", &unknown).await;
    known.is(422);
    unknown.is(422);
    let without = |seen: &tisheng_testkit::Seen, login: &str| seen.html().replace(login, "");
    assert_eq!(without(&known, "yi.gl"), without(&unknown, "nobody.at.all"));
    assert!(!known.html().contains("不是这个密码"), "a password is never sent back");
});

story!(an_empty_field_is_named_and_costs_no_try, |engine| async move {
    let (test, town) = with_town(engine).await;
    let (teacher, office) = (&town.school().teachers[0], &town.county_office);
    for _ in 0..6 {
        let page =
            test.browser().post_only("/sign-in", &[("account", &teacher.login), ("password", "")]).await;
        page.is(422).says("请填写密码").hides("请填写账号").hides("账号或密码不正确");
        assert_eq!(page.field("account"), teacher.login, "what was typed stays");
    }
    let page = test.browser().post_only("/sign-in", &[("account", " "), ("password", PASSWORD)]).await;
    page.is(422).says("请填写账号或手机号").hides("请填写密码");
    test.browser().post_only("/sign-in", &teacher.credentials()).await.is(303);

    let mut browser = test.browser();
    browser.post_only("/sign-in", &office.credentials()).await.is(303);
    for (field, words) in [("code", "请填写6位动态口令"), ("recovery", "请填写恢复码")].repeat(3)
    {
        browser.post_only("/sign-in/code", &[(field, "")]).await.is(422).says(words).hides("不正确");
    }
    let code = office.code(test.app.now()).expect("a code");
    browser.post_only("/sign-in/code", &[("code", &code)]).await.is(303);
});

story!(too_many_failures_lock_the_account_for_a_while, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let wrong = [("account", teacher.login.as_str()), ("password", "猜一猜是什么")];
    for _ in 0..5 {
        test.browser().post_only("/sign-in", &wrong).await.is(422);
    }
    let locked = test.browser().post_only("/sign-in", &teacher.credentials()).await;
    assert!(locked.is(422).text().contains("请在 5 分钟后再试"), "{}", locked.text());
    // The neighbour at the next desk, from the same address, is not locked out.
    let other = &town.school().teachers[1];
    test.browser().post_only("/sign-in", &other.credentials()).await.is(303);
    test.clock.advance(TimeDelta::minutes(6));
    test.browser().post_only("/sign-in", &teacher.credentials()).await.is(303);
});

story!(an_office_gives_a_code_and_no_code_counts_twice, |engine| async move {
    let (test, town) = with_town(engine).await;
    let office = &town.county_office;
    let mut browser = test.browser();
    let answer = browser.post_only("/sign-in", &office.credentials()).await;
    assert_eq!(answer.is(303).location(), "/sign-in/code");
    browser.get("/account").await.shows("账号或手机号");
    browser.post_only("/sign-in/code", &[("code", "000000")]).await.is(422);
    let code = office.code(test.app.now()).expect("a code");
    assert_eq!(browser.post_only("/sign-in/code", &[("code", &code)]).await.is(303).location(), "/");
    browser.get("/account").await.shows("县级工程办 · 测试县");

    let mut second = test.browser();
    second.post_only("/sign-in", &office.credentials()).await.is(303);
    let again = second.post_only("/sign-in/code", &[("code", &code)]).await;
    assert!(again.is(422).text().contains("已使用"), "{}", again.text());
});

story!(an_office_without_its_phone_signs_in_by_a_recovery_code, |engine| async move {
    let (test, town) = with_town(engine).await;
    let office = &town.county_office;
    let mut browser = signed_in(&test, office).await;
    browser.get("/account").await.shows("您还没有恢复码");
    let refused = browser.post_only("/account/recovery-codes", &[("code", "000000")]).await;
    refused.is(422).says("动态口令不正确或已使用");
    test.clock.advance(TimeDelta::seconds(60));
    let code = office.code(test.app.now()).expect("a code");
    let page = browser.post("/account/recovery-codes", &[("code", &code)]).await;
    let codes: Vec<String> = page
        .html()
        .split("<li>")
        .filter_map(|item| item.split("</li>").next())
        .filter(|item| item.len() == 11 && item.as_bytes()[5] == b'-')
        .map(str::to_owned)
        .collect();
    assert_eq!(codes.len(), 10, "{}", page.html());
    browser.get("/account").await.shows("还有 10 个没有用过");

    let mut elsewhere = test.browser();
    elsewhere.post_only("/sign-in", &office.credentials()).await.is(303);
    elsewhere.get("/sign-in/code").await.shows("用恢复码登录");
    let typed = codes[0].to_lowercase().replace('-', " ");
    assert_eq!(elsewhere.post_only("/sign-in/code", &[("recovery", &typed)]).await.is(303).location(), "/");
    elsewhere.get("/account").await.shows("还有 9 个没有用过");
    let mut again = test.browser();
    again.post_only("/sign-in", &office.credentials()).await.is(303);
    again.post_only("/sign-in/code", &[("recovery", &codes[0])]).await.is(422).says("每个只能用一次");

    // Another phone: the old one ends with every session, and so do the codes.
    let left = elsewhere.post("/account/second-factor", &[("code", &codes[1])]).await;
    left.shows("请重新登录并设置新的验证器");
    assert_eq!(browser.get("/account").await.path, "/sign-in?back=%2Faccount");
    let answer = again.post_only("/sign-in", &office.credentials()).await;
    assert_eq!(answer.is(303).location(), "/sign-in/enrol");
});

story!(who_has_no_second_factor_has_no_recovery_codes, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut browser = signed_in(&test, &town.school().teachers[0]).await;
    for path in ["/account/recovery-codes", "/account/second-factor"] {
        browser.post_only(path, &[("code", "123456")]).await.is(404);
    }
});

story!(a_new_official_enrols_the_second_factor_first, |engine| async move {
    let (test, town) = with_town(engine).await;
    let system = test.system();
    let teacher = &town.school().teachers[0];
    let mut browser = signed_in(&test, teacher).await;
    let mut tx = system.write().await.expect("a transaction");
    grant(&system, &mut tx, teacher.person, Role::Auditor, town.county.id).await.expect("given");
    tx.commit().await.expect("commits");
    assert_eq!(browser.get("/account").await.path, "/sign-in?back=%2Faccount", "the session has ended");

    let answer = browser.post_only("/sign-in", &teacher.credentials()).await;
    assert_eq!(answer.is(303).location(), "/sign-in/enrol");
    let page = browser.get("/sign-in/enrol").await;
    page.shows("手动输入密钥");
    let secret = page.html().split("secret=").nth(1).expect("an address")[..32].to_owned();
    let sealed = page.field("sealed");
    let wrong = [("sealed", sealed.as_str()), ("code", "123456")];
    let page = browser.post_only("/sign-in/enrol", &wrong).await;
    assert!(page.is(422).html().contains(&secret), "the same secret is shown again");
    let secret = SecretText::parse(&secret).expect("a secret");
    let code = code_at(&secret, test.app.now()).expect("a code");
    let right = [("sealed", sealed.as_str()), ("code", &code)];
    browser.post_only("/sign-in/enrol", &right).await.is(303);
    browser.get("/roles").await.shows("只读审计").shows("教师");
});

story!(a_sealed_secret_enrols_nobody_else, |engine| async move {
    let (test, town) = with_town(engine).await;
    let system = test.system();
    let [first, second] = [&town.school().teachers[0], &town.school().teachers[1]];
    let mut tx = system.write().await.expect("a transaction");
    for who in [first, second] {
        grant(&system, &mut tx, who.person, Role::Evaluator, town.county.id).await.expect("given");
    }
    tx.commit().await.expect("commits");
    let mut one = test.browser();
    one.post_only("/sign-in", &first.credentials()).await.is(303);
    let sealed = one.get("/sign-in/enrol").await.field("sealed");
    let mut other = test.browser();
    other.post_only("/sign-in", &second.credentials()).await.is(303);
    let fields = [("sealed", sealed.as_str()), ("code", "123456")];
    let answer = other.post_only("/sign-in/enrol", &fields).await;
    assert!(answer.is(422).text().contains("设置页面已失效"), "{}", answer.text());
});

story!(a_first_password_is_chosen_once_with_the_link, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[2];
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let page = clerk.post(&format!("/people/{}/account/link", teacher.person), &[]).await;
    page.shows("只显示这一次");
    let address = page.text().split("http://tisheng.test").nth(1).expect("a link").to_owned();
    let path = address.split_whitespace().next().expect("a link").to_owned();
    page.shows(&teacher.name).shows("测试一小").shows("登录账号 yi.js3").shows("前有效");
    assert!(page.html().contains("<svg"), "there is a code to scan");
    clerk.get(&format!("/people/{}/account", teacher.person)).await.hides(&path);

    // Typed from paper: short, without dashes, in small letters.
    assert_eq!(path.len(), "/s/".len() + 17, "{path}");
    let typed = path.to_lowercase().replace('-', "");
    test.browser().get(&typed).await.shows(&teacher.name);
    let mut own = test.browser();
    own.get(&path).await.shows(&teacher.name).shows("yi.js3");
    let short = own.post(&path, &[("chosen", "short"), ("repeated", "short")]).await;
    assert!(short.is(422).text().contains("密码至少 8 位，现在有 5 位"), "{}", short.text());
    let differs = own.post(&path, &[("chosen", "新的一年新的我"), ("repeated", "新的一年")]).await;
    assert!(differs.is(422).text().contains("不一致"), "{}", differs.text());
    let chosen = "桃李不言下自成蹊";
    own.post(&path, &[("chosen", chosen), ("repeated", chosen)]).await.shows("密码已设置");
    own.get(&path).await.is(403);
    own.post_only("/sign-in", &teacher.credentials()).await.is(422);
    own.post_only("/sign-in", &[("account", &teacher.login), ("password", chosen)]).await.is(303);
});

story!(a_link_ends_after_a_week, |engine| async move {
    let (test, town) = with_town(engine).await;
    let system = test.system();
    let mut tx = system.write().await.expect("a transaction");
    let person = town.school().teachers[0].person;
    let issued = issue_setup_token(&system, &mut tx, person).await.expect("issued");
    tx.commit().await.expect("commits");
    let path = format!("/s/{}", issued.token);
    test.browser().get(&path).await.is(200);
    test.clock.advance(TimeDelta::days(8));
    let over = test.browser().get(&path).await;
    over.is(403).says("设置链接无效或已过期").says("去登录");
});

story!(whoever_guesses_first_addresses_has_to_wait, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let page = clerk.post(&format!("/people/{}/account/link", town.school().teachers[0].person), &[]).await;
    let path = page.text().split("http://tisheng.test").nth(1).expect("a link")[..20].to_owned();
    for n in 0..100 {
        test.browser().get(&format!("/s/ABCDE-ABCDE-{n:05}")).await.is(403);
    }
    test.browser().get("/s/ABCDE-ABCDE-ABCDE").await.is(429);
    test.browser().get(&path).await.is(429);
    test.browser().post(&path, &[("chosen", "x"), ("repeated", "x")]).await.is(429);
    test.clock.advance(TimeDelta::minutes(6));
    test.browser().get(&path).await.is(200);
});

story!(nobody_resets_the_account_of_someone_above_or_elsewhere, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let others =
        [town.school().principal.person, town.county_office.person, town.schools[1].teachers[0].person];
    for person in others {
        clerk.post(&format!("/people/{person}/account/link"), &[]).await.is(404);
        clerk.post(&format!("/people/{person}/account/disable"), &[]).await.is(404);
    }
    let mut teacher = signed_in(&test, &town.school().teachers[0]).await;
    let peer = town.school().teachers[1].person;
    for path in ["account", "account/link", "account/disable", "account/second-factor"] {
        teacher.post(&format!("/people/{peer}/{path}"), &[("login", "abc")]).await.is(404);
    }
    teacher.get(&format!("/people/{peer}/account")).await.is(404);
});

story!(a_password_is_changed_and_other_devices_are_signed_out, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut desk = signed_in(&test, teacher).await;
    let mut phone = signed_in(&test, teacher).await;
    desk.get("/account").await.shows("共 2 处");
    let new = "桃李不言下自成蹊";
    let wrong = [("current", "不是这个密码"), ("chosen", new), ("repeated", new)];
    let page = desk.post("/account/password", &wrong).await;
    assert!(page.is(422).text().contains("当前密码不正确"), "{}", page.text());
    let right = [("current", PASSWORD), ("chosen", new), ("repeated", new)];
    desk.post("/account/password", &right).await.shows("密码已修改");
    assert!(phone.get("/account").await.path.starts_with("/sign-in"));
    desk.post("/sign-out/everywhere", &[]).await.shows("所有设备");
    assert!(desk.get("/account").await.path.starts_with("/sign-in"));
});

story!(a_person_with_two_roles_chooses_and_switches, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut principal = signed_in(&test, &town.school().principal).await;
    let roles = format!("/organisation/{}/roles", town.school().node.id);
    let fields = [("name", teacher.name.as_str()), ("role", "group_lead")];
    principal.post(&roles, &fields).await.shows("已授予“教研组长”身份").shows("教研组长");
    let page = principal.post(&roles, &fields).await;
    assert!(page.is(422).text().contains("已有“教研组长”身份"), "{}", page.text());

    let mut own = signed_in(&test, teacher).await;
    let page = own.get("/roles").await;
    page.shows("教研组长").shows("教师").shows("当前身份");
    let other = page.field("grant");
    own.post("/roles/switch", &[("grant", &other), ("back", "/account")]).await.shows("已切换为");

    let page = principal.get(&format!("{roles}?role=group_lead")).await;
    let end = page.link(&format!("{roles}/"));
    let taken = principal.post(&end, &[]).await;
    taken.shows("已收回“教研组长”身份。 撤销").hides("教研组长 2021");
    own.get("/account").await.shows("您的身份有变化，请重新登录。");

    // One click takes it back, soon and once.
    let undo = end.replace("/end", "/restore");
    assert!(taken.html().contains(&format!("action=\"{undo}\"")), "{}", taken.html());
    let mut clerk = signed_in(&test, &town.schools[1].clerk).await;
    clerk.post(&undo, &[("until", "")]).await.is(404);
    principal.post(&undo, &[("until", "2021-03-10")]).await.is(403).says("只能撤销今天或昨天的收回");
    principal.post(&undo, &[("until", "")]).await.shows("已恢复“教研组长”身份");
    principal.post(&undo, &[("until", "")]).await.is(403).says("已有“教研组长”身份");
    signed_in(&test, teacher).await.get("/roles").await.shows("教研组长");
    principal.post(&end, &[]).await.shows("已收回");
    test.clock.advance(TimeDelta::days(2));
    let mut principal = signed_in(&test, &town.school().principal).await;
    principal.post(&undo, &[("until", "")]).await.is(403).says("只能撤销今天或昨天的收回");
});

story!(a_role_at_a_school_where_one_never_worked_is_given_back, |engine| async move {
    let (test, town) = with_town(engine).await;
    let (school, guest) = (town.school(), &town.schools[1].teachers[0]);
    let ctx = test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let given = grant(&ctx, &mut tx, guest.person, Role::GroupLead, school.node.id).await;
    let given = given.expect("a leader from another school");
    tx.commit().await.expect("commits");
    let mut office = signed_in(&test, &town.county_office).await;
    let role = format!("/organisation/{}/roles/{given}", school.node.id);
    office.post(&format!("{role}/end"), &[]).await.shows("已收回“教研组长”身份");
    let mut other = signed_in(&test, &town.schools[1].clerk).await;
    other.post(&format!("{role}/restore"), &[("until", "")]).await.is(404);
    office.post(&format!("{role}/restore"), &[("until", "")]).await.shows("已恢复“教研组长”身份");
    signed_in(&test, guest).await.get("/roles").await.shows("教研组长");
});

story!(roles_are_given_by_those_above_and_nobody_else, |engine| async move {
    let (test, town) = with_town(engine).await;
    let school = town.school();
    let refused = [
        (&school.clerk, school.node.id, "principal"),
        (&school.clerk, town.schools[1].node.id, "teacher"),
        (&school.teachers[1], school.node.id, "clerk"),
        (&town.county_office, town.county.id, "county"),
        (&town.county_office, town.city.id, "auditor"),
        (&town.neighbour_office, school.node.id, "teacher"),
    ];
    for (who, node, role) in refused {
        let mut browser = signed_in(&test, who).await;
        let name = school.teachers[0].name.as_str();
        let person = school.teachers[0].person.to_string();
        let fields = [("name", name), ("role", role), ("person", person.as_str())];
        browser.post(&format!("/organisation/{node}/roles"), &fields).await.is(404);
    }
    let mut neighbour = signed_in(&test, &town.neighbour_office).await;
    neighbour.get(&format!("/organisation/{}/roles", school.node.id)).await.is(404);
});

story!(a_role_ends_on_its_last_day, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut principal = signed_in(&test, &town.school().principal).await;
    let roles = format!("/organisation/{}/roles", town.school().node.id);
    let name = teacher.name.as_str();
    assert_eq!(principal.post(&roles, &[]).await.is(422).wrong(), ["name", "role"]);
    let nobody = principal.post(&roles, &[("name", "无此人")]).await;
    assert_eq!(nobody.is(422).wrong(), ["name", "role"], "in the order of the page");
    let past = [("name", name), ("role", "cio"), ("last_day", "2021-03-09")];
    let page = principal.post(&roles, &past).await;
    assert!(page.is(422).text().contains("截止日期不能早于今天"), "{}", page.text());
    let fields = [("name", name), ("role", "cio"), ("last_day", "2021-03-12")];
    principal.post(&roles, &fields).await.shows("2021年3月12日");
    let mut own = signed_in(&test, teacher).await;
    own.get("/roles").await.shows("首席信息官");
    test.clock.advance(TimeDelta::days(3));
    test.settle().await;
    assert!(own.get("/roles").await.path.starts_with("/sign-in"), "the session has ended");
    signed_in(&test, teacher).await.get("/roles").await.hides("首席信息官");
});

story!(roles_at_a_school_come_in_the_order_of_any_column_page_by_page, |engine| async move {
    let (test, town) = with_town(engine).await;
    let node = town.school().node.id;
    let principal = test.ctx(town.school().principal.who());
    let mut tx = principal.write().await.expect("a transaction");
    for teacher in town.school().teachers.iter().step_by(2) {
        let day = NaiveDate::from_ymd_opt(2021, 6, 30).expect("a date");
        let given = grants::grant_until(&principal, &mut tx, teacher.person, Role::TrainingTeam, node, day);
        given.await.expect("given");
    }
    for column in ["name", "role", "since", "until", "account"] {
        let mut ways = Vec::new();
        for sort in [column.to_owned(), format!("-{column}")] {
            let order = order(&sort);
            assert_eq!(order.key(), sort);
            let start = Cursor::default();
            let whole = grants::holders_by(&principal, &mut tx, node, (None, order), (&start, 99));
            let listed = whole.await.expect("listed");
            let days: Vec<_> = listed.iter().map(|one| (one.grant.since, one.grant.until)).collect();
            match sort.as_str() {
                "since" => assert!(days.is_sorted_by_key(|(since, _)| *since), "{days:?}"),
                "until" => assert!(days.is_sorted_by_key(|(_, until)| (until.is_none(), *until)), "{days:?}"),
                _ => {}
            }
            let whole: Vec<_> = listed.iter().map(|one| one.grant.id).collect();
            let (mut place, mut paged) = (Cursor::default(), Vec::new());
            loop {
                let page = grants::holders_by(&principal, &mut tx, node, (None, order), (&place, 2));
                let page = page.await.expect("a page");
                let Some(last) = page.last() else { break };
                place = Cursor { key: last.place.clone(), id: last.grant.id.to_string() };
                paged.extend(page.iter().map(|one| one.grant.id));
            }
            assert_eq!(paged, whole, "{sort}");
            ways.push(whole);
        }
        ways[1].reverse();
        assert_eq!(ways[0], ways[1], "{column}");
    }
    tx.commit().await.expect("commits");
    let mut browser = signed_in(&test, &town.school().principal).await;
    let page = browser.get(&format!("/organisation/{node}/roles?sort=-role&role=training_team")).await;
    page.shows("2021年6月30日");
    assert!(page.html().contains("aria-sort=\"descending\""), "the order in force is told");
});

story!(whoever_opens_an_account_that_another_has_opened_reads_so, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let account = format!("/people/{}/account", town.school().teachers[0].person);
    clerk.post(&account, &[("login", "an.other")]).await.is(422).says("该人员已有账号").says("使用中");
});

story!(an_account_that_is_closed_lets_nobody_in, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut own = signed_in(&test, teacher).await;
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let account = format!("/people/{}/account", teacher.person);
    let link = clerk.post(&format!("{account}/link"), &[]).await;
    let path = link.text().split("http://tisheng.test").nth(1).expect("a link")[..20].to_owned();
    let closed = clerk.post(&format!("{account}/disable"), &[]).await;
    closed.shows("账号已停用。 撤销");
    test.browser().get(&path).await.is(403);
    assert!(own.get("/account").await.path.starts_with("/sign-in"));
    own.post_only("/sign-in", &teacher.credentials()).await.is(422);
    let undo = closed.link(&format!("{account}/enable"));
    let first = closed.field("undoes");
    clerk.post(&undo, &[("undoes", &first)]).await.shows("账号已恢复使用").hides("撤销");
    test.browser().get(&path).await.is(200);
    own.post_only("/sign-in", &teacher.credentials()).await.is(303);

    // Closed by somebody else since, it is not opened by an old button; opened anew, the old link is dead.
    clerk.post(&format!("{account}/disable"), &[]).await.shows("账号已停用");
    clerk.post(&format!("{account}/disable"), &[]).await.is(403).says("账号状态已被改动");
    clerk.post(&undo, &[("undoes", &first)]).await.is(403).says("账号状态已被改动");
    clerk.post(&format!("{account}/enable"), &[]).await.shows("账号已恢复使用");
    test.browser().get(&path).await.is(403);
});
