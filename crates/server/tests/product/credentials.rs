//! Keys to the record store, as people make and end them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method};
use tisheng_registry::access::Role;
use tisheng_registry::organisation;
use tisheng_registry::samples::Persona;
use tisheng_testkit::{Seen, story};

use crate::world::World;

/// What follows `label` in the list of facts of a page.
fn fact(page: &Seen, label: &str) -> String {
    let after = page.html().split(&format!("<dt>{label}</dt><dd>")).nth(1).expect("the fact").to_owned();
    let value = after.split("</dd>").next().unwrap_or_default();
    value.replace("<strong>", "").replace("</strong>", "")
}

/// Whether the store lets `key` in with `secret`.
async fn is_let_in(world: &World, (key, secret): (&str, &str)) -> bool {
    let basic = STANDARD.encode(format!("{key}:{secret}"));
    let headers =
        [("authorization", format!("Basic {basic}")), ("x-experience-api-version", "2.0.0".to_owned())];
    let headers = HeaderMap::from_iter(
        headers.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))),
    );
    let seen = world.test.browser().send(Method::GET, "/xapi/statements", headers, Vec::new()).await;
    seen.status.is_success()
}

story!(an_office_makes_renews_and_ends_the_keys_of_a_platform, |engine| async move {
    let world = World::begin(engine).await;
    let mut office = world.browser(&world.town.province_office).await;
    let platform = &world.things["/platforms {id}"];
    let page = format!("/platforms/{platform}/credentials");
    office.get(&format!("/platforms/{platform}")).await.shows("学习记录库（xAPI）的凭证");
    office.get(&page).await.hides("正式环境");
    let wrong = office.post_only(&page, &[("name", ""), ("quota", "许多")]).await;
    wrong.is(422).says("请写一个名称").says("至少选择一项权限").says("应为整数");
    assert_eq!(wrong.field("quota"), "许多", "what was typed is kept");

    let form = [("name", "正式环境"), ("scope", "statements/write"), ("scope", "statements/read/mine")];
    let issued = office.post(&page, &form).await;
    let (key, first) = (fact(&issued, "账号（key）"), fact(&issued, "密钥（secret）"));
    assert!(is_let_in(&world, (&key, &first)).await);
    assert!(!is_let_in(&world, (&key, "a guess")).await);
    let list = office.get(&page).await;
    list.shows("正式环境").shows(&key).hides(&first);

    // The page reloaded sends the form again: there is one key all the same.
    let key_of_form = list.field("_key");
    let twice = [("_key", key_of_form.as_str()), ("name", "测试环境"), ("scope", "statements/write")];
    office.post(&page, &twice).await.shows("密钥只显示这一次");
    let again = office.post(&page, &twice).await;
    again.shows("已经生成过").hides("密钥（secret）");
    assert_eq!(again.html().matches("<th scope=\"row\">测试环境").count(), 1);

    let line = list.html().split("正式环境").nth(1).expect("its line").to_owned();
    let at = line.split(&format!("{page}/")).nth(1).expect("an address")[..32].to_owned();
    let renewed = office.post(&format!("{page}/{at}/rotate"), &[]).await;
    let second = fact(renewed.shows("还能再用 24 小时"), "密钥（secret）");
    assert!(is_let_in(&world, (&key, &second)).await && is_let_in(&world, (&key, &first)).await);
    office.post(&format!("{page}/{at}/revoke"), &[]).await.shows("已作废");
    assert!(!is_let_in(&world, (&key, &second)).await && !is_let_in(&world, (&key, &first)).await);
    office.post_only(&format!("{page}/{at}/rotate"), &[]).await.is(404);
});

story!(nobody_else_makes_keys, |engine| async move {
    let world = World::begin(engine).await;
    let page = format!("/platforms/{}/credentials", world.things["/platforms {id}"]);
    for stranger in [world.worker(), &world.town.school().clerk, &world.town.county_office] {
        let mut browser = world.browser(stranger).await;
        browser.get(&page).await.is(404);
        browser.post_only(&page, &[("name", "甲"), ("scope", "statements/write")]).await.is(404);
    }
});

story!(what_others_wrote_is_given_by_an_office_of_the_whole_tree_alone, |engine| async move {
    let world = World::begin(engine).await;
    let platform = &world.things["/platforms {id}"];
    let page = format!("/platforms/{platform}/credentials");
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let id = platform.parse().expect("an identifier");
    let known = tisheng_training::platform::of_id(&mut tx, id).await.expect("read").expect("a platform");
    let node = organisation::by_path(&mut tx, &known.path).await.expect("read").expect("an institution");
    drop(tx);
    let lecturer = Persona { role: Role::Institution, node, ..world.town.school().principal.clone() };
    for narrow in [&lecturer, &world.town.city_office] {
        let mut browser = world.browser(narrow).await;
        browser.get(&page).await.shows("更新活动的名称和说明").hides("全部权限");
        for scope in ["statements/read", "all/read", "all"] {
            let refused = browser.post_only(&page, &[("name", "甲"), ("scope", scope)]).await;
            refused.is(422).says("只能由管理全部区域的工程办授权");
        }
    }
    let mut institution = world.browser(&lecturer).await;
    for rate in ["0", "501", "快"] {
        let form = [("name", "甲"), ("scope", "state"), ("rate", rate)];
        let refused = institution.post_only(&page, &form).await;
        assert_eq!(refused.is(422).says("应为 1 到 500 的整数").field("rate"), rate);
    }
    let mut office = world.browser(&world.town.province_office).await;
    for scope in ["statements/read", "all/read", "all", "define", "profile"] {
        let form = [("name", scope), ("scope", scope), ("rate", "2000")];
        let issued = office.post(&page, &form).await;
        let (key, secret) = (fact(&issued, "账号（key）"), fact(&issued, "密钥（secret）"));
        let reads = scope != "define" && scope != "profile";
        assert_eq!(is_let_in(&world, (&key, &secret)).await, reads, "{scope}");
    }
    office.get(&page).await.shows("每秒 2000 次").shows("全部权限");
});
