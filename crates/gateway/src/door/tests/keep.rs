//! Offices keep the services of their territory.

use serde_json::json;
use tisheng_platform::Shift;
use tisheng_registry::access::{self, Role};
use tisheng_testkit::story;

use super::super::follow;
use super::fake::SECRET;
use super::{BY_PAPER, scene};

story!(only_offices_of_provinces_and_cities_keep_services, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    let one = format!("/identity-providers/{}", scene.id);
    let mut province = scene.test.signed_in(&scene.town.province_office.who()).await;
    province.get("/identity-providers").await.shows("教育云").shows("测试市");
    province.get(&one).await.shows("回调地址").shows(&format!("http://tisheng.test{}/return", scene.way()));
    let town = &scene.town;
    for who in
        [&town.county_office, &town.school().principal, &town.school().clerk, &town.school().teachers[0]]
    {
        let mut browser = scene.test.signed_in(&who.who()).await;
        for path in ["/identity-providers", "/identity-providers/new", &one, &format!("{one}/edit")] {
            browser.get(path).await.is(404);
        }
        for path in ["check", "state", "edit"] {
            let fields = [("version", "2"), ("do", "suspend"), ("name", "别的"), ("client", "x")];
            browser.post(&format!("{one}/{path}"), &fields).await.is(404);
        }
    }
    // The province's own service is none of the city's.
    let node = scene.town.province.id.to_string();
    let fields = [
        ("kind", "oidc"),
        ("node", &node),
        ("name", "省教育云"),
        ("address", "https://sso.test"),
        ("client", "x"),
    ];
    let mut city = scene.test.signed_in(&scene.town.city_office.who()).await;
    city.post("/identity-providers/new", &fields).await.is(404);
    let page = province.post("/identity-providers/new", &fields).await;
    page.shows("省教育云");
    city.get(&page.path).await.is(404);
    city.get("/identity-providers").await.hides("省教育云");
});

story!(the_secret_is_never_shown_and_stays_when_the_field_is_empty, |engine| async move {
    let scene = scene(engine, "oidc", &BY_PAPER).await;
    let one = format!("/identity-providers/{}", scene.id);
    let mut office = scene.test.signed_in(&scene.town.city_office.who()).await;
    for path in [&one, &format!("{one}/edit")] {
        let page = office.get(path).await;
        assert!(!page.html().contains(SECRET) && page.shows("已保存").html().len() < 60_000);
    }
    let address = scene.service.address.as_str();
    let mut fields = vec![
        ("version", "2"),
        ("name", "新教育云"),
        ("address", address),
        ("client", "tisheng"),
        ("secret", ""),
    ];
    fields.extend(BY_PAPER);
    office.post(&format!("{one}/edit"), &fields).await.shows("已修改").shows("新教育云");
    let paper = scene.paper(&scene.town.school().teachers[0]).await;
    let came = scene.arrive(&mut scene.test.browser(), "u-1", &json!({ "id_no": paper })).await;
    assert_eq!(came.is(303).location(), "/account", "the secret still proves us");
    office.post(&format!("{one}/edit"), &fields).await.is(409);
    fields.extend([("no_secret", "yes")]);
    fields[0] = ("version", "3");
    office.post(&format!("{one}/edit"), &fields).await.shows("没有");
    scene.arrive(&mut scene.test.browser(), "u-1", &json!({})).await.is(422).says("登记的密钥不对");
});

story!(what_is_typed_wrong_is_named_and_kept, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    let mut office = scene.test.signed_in(&scene.town.city_office.who()).await;
    let node = scene.town.city.id.to_string();
    for (address, words) in [
        ("http://sso.test", "只能使用 https://"),
        ("https://127.0.0.1/", "内网或本机"),
        ("https://10.1.2.3/", "内网或本机"),
        ("sso.test", "应以 https:// 开头"),
        ("", "请填写地址"),
    ] {
        let fields =
            [("kind", "oidc"), ("node", &node), ("name", "甲云"), ("address", address), ("client", "x")];
        let page = office.post_only("/identity-providers/new", &fields).await;
        assert!(page.is(422).says(words).html().contains("甲云"));
    }
    let off = [
        ("kind", "cas"),
        ("node", &node),
        ("name", "甲云"),
        ("address", "https://a.test/cas"),
        ("local_off", "yes"),
    ];
    office.post_only("/identity-providers/new", &off).await.is(422).says("请先选定核对号码的字段");
});

story!(a_check_says_in_words_whether_the_service_answers, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    let cas = scene.registered("cas", &[]).await;
    let mut office = scene.test.signed_in(&scene.town.city_office.who()).await;
    let mut check = async |id: &str| office.post(&format!("/identity-providers/{id}/check"), &[]).await;
    check(&scene.id).await.shows("连接正常").shows("支持同时退出");
    check(&cas).await.shows("连接正常");
    let wrong =
        scene.registered("cas", &[("address", &format!("{}/elsewhere", scene.service.address))]).await;
    check(&wrong).await.shows("连接失败");
    let slash = scene.registered("oidc", &[("address", &format!("{}/", scene.service.address))]).await;
    check(&slash).await.shows("不完全一致");
});

story!(a_suspended_service_ends_its_sessions_and_another_address_its_links, |engine| async move {
    let scene = scene(engine, "oidc", &BY_PAPER).await;
    let one = format!("/identity-providers/{}", scene.id);
    let teacher = &scene.town.school().teachers[0];
    let paper = json!({ "id_no": scene.paper(teacher).await });
    let mut browser = scene.test.browser();
    scene.arrive(&mut browser, "u-1", &paper).await.is(303);
    let mut by_password = scene.test.browser();
    by_password.post_only("/sign-in", &teacher.credentials()).await.is(303);
    let mut office = scene.test.signed_in(&scene.town.city_office.who()).await;
    office.post(&format!("{one}/state"), &[("version", "2"), ("do", "suspend")]).await.shows("已停用");
    browser.get("/account").await.shows("账号或手机号");
    by_password.get("/account").await.shows(&teacher.login);
    office.post(&format!("{one}/state"), &[("version", "3"), ("do", "resume")]).await.shows("已启用");
    scene.arrive(&mut browser, "u-1", &json!({})).await.is(303);
    browser.get("/account").await.shows(&teacher.login);
    let mut fields =
        vec![("version", "4"), ("name", "教育云"), ("address", "https://sso.test"), ("client", "tisheng")];
    fields.extend(BY_PAPER);
    office.post(&format!("{one}/edit"), &fields).await.shows("原有的 1 个关联已解除");
    browser.get("/account").await.shows("账号或手机号");
});

story!(offices_find_links_and_cut_them, |engine| async move {
    let scene = scene(engine, "oidc", &BY_PAPER).await;
    let one = format!("/identity-providers/{}", scene.id);
    let [first, second] = [&scene.town.school().teachers[0], &scene.town.school().teachers[1]];
    let mut browsers = [scene.test.browser(), scene.test.browser()];
    for (who, browser) in [first, second].into_iter().zip(&mut browsers) {
        let paper = json!({ "id_no": scene.paper(who).await });
        scene.arrive(browser, &who.login, &paper).await.is(303);
    }
    let mut office = scene.test.signed_in(&scene.town.city_office.who()).await;
    office
        .get(&one)
        .await
        .shows("关联的账号（2）")
        .shows(&first.login)
        .shows(&second.login)
        .shows("号码核对");
    let page = office.get(&format!("{one}?q={}", first.login)).await;
    page.shows(&first.login).hides(&second.login);
    let cut = page.link(&format!("{one}/links/"));
    let mut county = scene.test.signed_in(&scene.town.county_office.who()).await;
    county.post(&cut, &[]).await.is(404);
    office.post(&cut, &[]).await.shows("已解除关联").shows("关联的账号（1）");
    browsers[0].get("/account").await.shows("账号或手机号");

    // Whoever looks after the account does so without knowing the service.
    let care = format!("/people/{}/account", second.person);
    let page = county.get(&care).await;
    page.shows("教育云");
    let cut = page.link(&format!("/people/{}/links/", second.person));
    let mut foreign = scene.test.signed_in(&scene.town.neighbour_office.who()).await;
    foreign.post(&cut, &[]).await.is(404);
    county.post(&cut, &[]).await.shows("已解除关联");
    browsers[1].get("/account").await.shows("账号或手机号");
});

story!(a_service_moves_with_its_territory_and_vouches_no_further, |engine| async move {
    let scene = scene(engine, "oidc", &BY_PAPER).await;
    let teacher = &scene.town.school().teachers[0];
    let system = scene.test.system();
    let mut tx = system.write().await.expect("a transaction");
    let school = scene.town.school().node.id;
    access::grant(&system, &mut tx, teacher.person, Role::GroupLead, school).await.expect("given");
    tx.commit().await.expect("commits");
    let paper = json!({ "id_no": scene.paper(teacher).await });
    let mut browser = scene.test.browser();
    let came = scene.arrive(&mut browser, "u-1", &paper).await;
    assert_eq!(came.is(303).location(), "/roles?back=%2Faccount");
    let grant = browser.get("/roles?back=%2Faccount").await.field("grant");
    let to = [("grant", grant.as_str()), ("back", "/account")];
    browser.post("/roles/switch", &to).await.shows("已切换为");

    let mut tx = system.write().await.expect("a transaction");
    follow(&mut tx, &Shift::new(&scene.town.city.path, "/elsewhere/")).await.expect("followed");
    tx.commit().await.expect("commits");
    browser.post("/roles/switch", &to).await.is(403).says("在登录方式所属的地区以外");
    scene.arrive(&mut scene.test.browser(), "u-1", &paper).await.is(422).says("以外还有身份");
    let mut office = scene.test.signed_in(&scene.town.city_office.who()).await;
    office.get("/identity-providers").await.hides("教育云");
});

story!(among_many_services_one_looks_for_the_own_territory, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    for number in 1..=6 {
        scene.registered("oidc", &[("name", &format!("云{number}"))]).await;
    }
    let node = scene.town.neighbour.id.to_string();
    scene.registered("cas", &[("name", "邻县云"), ("node", &node)]).await;
    let mut browser = scene.test.browser();
    browser.get("/sign-in").await.shows("所在地区").hides("邻县云");
    browser.get("/sign-in?territory=%E9%82%BB%E5%8E%BF").await.shows("邻县云");
    browser.get("/sign-in?territory=linxian").await.shows("邻县云");
    browser.get("/sign-in?territory=%25").await.hides("邻县云").shows("没有找到");
});
