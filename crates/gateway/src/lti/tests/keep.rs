//! Who registers tools, by hand and by invitation.

use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tisheng_testkit::{Seen, story};

use super::scene::{Scene, fact};
use super::tool::{key, opened, set};
use crate::lti::names::TOOL;

story!(a_tool_is_registered_amended_and_stopped, |engine| async move {
    let scene = Scene::bare(engine, &[]).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let platform = format!("/platforms/{}", scene.platform.id);
    assert_eq!(lecturer.get(&platform).await.link(&scene.page()), scene.page());
    lecturer.get(&scene.page()).await.shows("手工登记").shows("由工具自动登记");
    let edit = format!("{}/edit", scene.page());
    let wrong = [("name", ""), ("redirects", "http://tool.test/a"), ("keys", "none")];
    let again = lecturer.post_only(&edit, &Scene::form(&wrong, "none")).await;
    again.is(422).says("请填写工具名称").says("只能使用 https").says("JWKS 格式");
    assert_eq!(again.field("login"), "https://tool.test/login", "what was typed is kept");
    let client = scene.registered(&mut lecturer, &[("names", "yes")]).await;
    let page = lecturer.get(&scene.page()).await;
    page.shows("http://tisheng.test/lti/auth").shows("http://tisheng.test/lti/token").shows(&client);
    page.shows("不提供，只用代号").shows("未启用");
    let version = lecturer.get(&edit).await.field("version");
    let keys = set(&[&key(0)]);
    let new = [("name", "微课工具二"), ("version", version.as_str())];
    lecturer.post(&edit, &Scene::form(&new, &keys)).await.shows("已修改").shows("微课工具二").shows(&client);
    lecturer.post(&edit, &Scene::form(&new, &keys)).await.is(409).says("已被他人修改");
    assert_eq!(scene.recorded("lti.tool_registered").await, 1);
    assert_eq!(scene.recorded("lti.tool_changed").await, 1);
    lecturer
        .post_only(&format!("{}/invite", scene.page()), &[("address", "https://tool.test/r")])
        .await
        .is(403);
});

story!(nobody_else_keeps_tools, |engine| async move {
    let scene = Scene::begin(engine).await;
    let page = scene.page();
    let keys = set(&[&key(0)]);
    let strangers = [
        scene.teacher(),
        &scene.town.school().clerk,
        &scene.town.county_office,
        &scene.town.school().principal,
    ];
    for stranger in strangers {
        let mut browser = scene.browser(stranger).await;
        for path in [page.clone(), format!("{page}/edit"), format!("{page}/pick")] {
            browser.get(&path).await.is(404);
        }
        browser.post_only(&format!("{page}/edit"), &Scene::form(&[], &keys)).await.is(404);
        browser.post_only(&format!("{page}/turn"), &[("do", "suspend"), ("version", "2")]).await.is(404);
        browser.post_only(&format!("{page}/invite"), &[("address", "https://tool.test/r")]).await.is(404);
    }
    // Another institution, and an office of another programme's territory.
    let office = scene.test.ctx(scene.town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let made = tisheng_training::platform::samples::platform(
        &office,
        &mut tx,
        &scene.programme,
        (&scene.town.county, 2, "乙"),
    );
    let (node, _) = made.await.expect("a platform");
    tx.commit().await.expect("commits");
    let other = tisheng_registry::samples::Persona { node, ..scene.lecturer.clone() };
    scene.browser(&other).await.get(&page).await.is(404);
});

story!(a_tool_is_told_names_once_an_office_agrees, |engine| async move {
    let scene = Scene::begin(engine).await;
    let teacher = scene.teacher();
    assert!(scene.launched(teacher, "n-1").await.get("name").is_none());
    let mut office = scene.browser(&scene.town.city_office).await;
    let edit = format!("{}/edit", scene.page());
    let version = office.get(&edit).await.shows("把教师姓名提供给工具").field("version");
    let keys = set(&[&key(0)]);
    let agreed = [("names", "yes"), ("version", version.as_str())];
    office.post(&edit, &Scene::form(&agreed, &keys)).await.shows("按协议提供给工具");
    let message = scene.launched(teacher, "n-2").await;
    assert_eq!(message["name"], teacher.name);
    let access = scene.token().await;
    let members = format!("/lti/courses/{}/members", scene.course);
    scene.asks(&access, Method::GET, &members, &Value::Null).await.is(200).says(&teacher.name);
    // An institution changes other things, and not this one.
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let version = lecturer.get(&edit).await.hides("把教师姓名提供给工具").field("version");
    let plain = [("version", version.as_str())];
    lecturer.post(&edit, &Scene::form(&plain, &keys)).await.shows("按协议提供给工具");
});

async fn registers(scene: &Scene, token: &str, said: &Value) -> Seen {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    headers.insert("content-type", "application/json".parse().expect("a type"));
    let mut machine = scene.test.browser();
    machine.send(Method::POST, "/lti/register", headers, said.to_string().into_bytes()).await
}

story!(a_tool_registers_itself_by_an_invitation_once, |engine| async move {
    let mut scene = Scene::bare(engine, &[]).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let invite = format!("{}/invite", scene.page());
    lecturer.post_only(&invite, &[("address", "http://tool.test/r")]).await.is(422).says("https");
    let page = lecturer.post(&invite, &[("address", "https://tool.test/register?x=1")]).await;
    let token = fact(page.is(200), "登记令牌（registration_token）");
    let open = page.link("https://tool.test/register?x=1&");
    assert!(
        open.contains(&token) && open.contains("openid_configuration=http%3A%2F%2Ftisheng.test"),
        "{open}"
    );
    let about = scene.test.browser().get("/.well-known/openid-configuration").await;
    let about: Value = serde_json::from_str(&about.is(200).html()).expect("JSON");
    assert_eq!(about["registration_endpoint"], "http://tisheng.test/lti/register");
    assert_eq!(about["issuer"], "http://tisheng.test");

    let good = json!({
        "client_name": "自报工具", "initiate_login_uri": "https://tool.test/login",
        "redirect_uris": ["https://tool.test/launch"], "jwks_uri": "https://tool.test/keys",
        "token_endpoint_auth_method": "private_key_jwt", "application_type": "web",
        TOOL: {
            "domain": "tool.test", "target_link_uri": "https://tool.test/launch",
            "messages": [{ "type": "LtiDeepLinkingRequest", "target_link_uri": "https://tool.test/pick" }],
        },
    });
    registers(&scene, "guess", &good).await.is(401).says("invalid_token");
    let mut wrong = good.clone();
    wrong["redirect_uris"] = json!(["https://127.0.0.1/launch"]);
    registers(&scene, &token, &wrong).await.is(400).says("invalid_redirect_uri");
    registers(&scene, &token, &json!([])).await.is(400).says("invalid_client_metadata");
    let seen = registers(&scene, &token, &good).await;
    let said: Value = serde_json::from_str(&seen.is(200).html()).expect("JSON");
    scene.client = said["client_id"].as_str().expect("a name").to_owned();
    assert_eq!(said[TOOL]["deployment_id"], "1");
    registers(&scene, &token, &good).await.is(401);
    let page = lecturer.get(&scene.page()).await;
    page.shows("自报工具").shows(&scene.client).shows("未启用").shows("https://tool.test/pick");
    scene.turned(&mut lecturer, "resume").await.shows("已启用");
    // What it opens, somebody here says.
    let courses = format!("{}/courses", scene.page());
    let (version, id) = (lecturer.get(&courses).await.field("version"), scene.course.to_string());
    let tick = [("version", version.as_str()), ("shown", &id), ("course", &id)];
    lecturer.post(&courses, &tick).await.shows("1 门课程");
    let mut browser = scene.browser(scene.teacher()).await;
    let asked = scene.set_out(&mut browser).await;
    let page = browser.get(&scene.back(&asked, "n-1", &[])).await;
    assert_eq!(opened(&page.field("id_token")).1["aud"], scene.client);
});

story!(an_invitation_ends, |engine| async move {
    let scene = Scene::bare(engine, &[]).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let invite = format!("{}/invite", scene.page());
    let first = lecturer.post(&invite, &[("address", "https://tool.test/r")]).await;
    let first = fact(&first, "登记令牌（registration_token）");
    let second = lecturer.post(&invite, &[("address", "https://tool.test/r")]).await;
    let second = fact(&second, "登记令牌（registration_token）");
    registers(&scene, &first, &json!({})).await.is(401);
    registers(&scene, &second, &json!({})).await.is(400);
    scene.test.clock.advance(chrono::TimeDelta::hours(25));
    registers(&scene, &second, &json!({})).await.is(401);
});
