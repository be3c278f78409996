//! Courses chosen in a tool.

use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tisheng_platform::args;
use tisheng_testkit::{Browser, Seen, story};

use super::scene::{Scene, line_of};
use super::tool::{key, opened, unsigned};
use crate::lti::names::{claim, role};

/// Whoever keeps the platform sets out to choose; what the tool is told.
async fn choosing(scene: &Scene, keeper: &mut Browser, nonce: &str) -> Value {
    let asked = scene.set_out_at(keeper, &format!("{}/pick", scene.page())).await;
    let back = scene.back(&asked, nonce, &[("redirect_uri", "https://tool.test/other")]);
    opened(&keeper.get(&back).await.is(200).field("id_token")).1
}

/// What an honest tool answers to `message`.
fn answer(scene: &Scene, message: &Value, nonce: &str, items: &Value) -> Value {
    json!({
        "iss": scene.client, "aud": ["http://tisheng.test"], "iat": scene.now(), "exp": scene.now() + 600,
        "nonce": nonce, claim::DEPLOYMENT: "1", claim::VERSION: "1.3.0",
        claim::MESSAGE: "LtiDeepLinkingResponse", claim::ITEMS: items,
        claim::DATA: message[claim::SETTINGS]["data"],
    })
}

/// The browser brings the answer, from another site and so without its cookies.
async fn brings(scene: &Scene, token: &str) -> Seen {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().expect("a type"));
    headers.insert("sec-fetch-site", "cross-site".parse().expect("a value"));
    let body = serde_urlencoded::to_string([("JWT", token)]).expect("a pair");
    scene.test.browser().send(Method::POST, "/lti/picked", headers, body.into_bytes()).await
}

fn items() -> Value {
    json!([
        { "type": "ltiResourceLink", "title": "数据分析入门", "text": "四节微课", "url": "https://tool.test/launch?c=7",
          "custom": { "chapter": "7" }, "lineItem": { "scoreMaximum": 20, "tag": "quiz", "label": "结业测试" } },
        { "type": "ltiResourceLink", "title": "课堂观察" },
        { "type": "link", "url": "https://tool.test/page" },
    ])
}

story!(what_is_chosen_in_a_tool_becomes_courses, |engine| async move {
    let scene = Scene::begin(engine).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let message = choosing(&scene, &mut lecturer, "n-1").await;
    assert_eq!(message[claim::MESSAGE], "LtiDeepLinkingRequest");
    assert_eq!(message[claim::ROLES], json!([role::DEVELOPER, role::ADMINISTRATOR]));
    assert_eq!(message[claim::SETTINGS]["deep_link_return_url"], "http://tisheng.test/lti/picked");
    let claims = answer(&scene, &message, "t-1", &items());
    let seen = brings(&scene, &key(0).sign(&claims)).await;
    let place = seen.is(303).location().to_owned();
    let page = lecturer.get(&place).await;
    page.shows("返回了 2 门课程").shows("数据分析入门").shows("课堂观察").shows("满分是 20");
    scene.browser(&scene.town.city_office).await.get(&place).await.is(404);

    let mut tx = scene.test.app.db.read().await.expect("a transaction");
    let rules =
        tisheng_policy::scheme::rules(&scene.test.app, &mut tx, &scene.programme).await.expect("rules");
    drop(tx);
    let capability = rules.framework.capabilities[0].code.clone();
    let form = |changes: &[(&'static str, &'static str)]| {
        let mut form = vec![
            ("include", "0"),
            ("title-0", "数据分析入门"),
            ("code-0", "T7"),
            ("capability-0", capability.as_str()),
            ("hours-0", "2"),
            ("counts-0", "passed"),
            ("pass-0", "60"),
            ("source", "bought"),
        ];
        form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        form.extend(changes);
        form
    };
    for (changes, sentence) in [
        (&[("include", "9")][..], "请至少勾选一门"),
        (&[("title-0", "")], "请填写课程名称"),
        (&[("hours-0", "0")], "学时"),
        (&[("pass-0", "200")], "合格分数应在 1 到 100 之间"),
        (&[("code-0", "K1")], "已有这个编号"),
        (&[("capability-0", "none")], "没有能力点"),
    ] {
        let again = lecturer.post_only(&place, &form(changes)).await;
        again.is(422).says(sentence);
        assert_eq!(again.field("hours-0"), if changes[0].0 == "hours-0" { "0" } else { "2" });
    }
    lecturer.post(&place, &form(&[])).await.shows("已提交 1 门课程").shows("数据分析入门");
    lecturer.get(&place).await.is(404);

    let mut office = scene.browser(&scene.town.city_office).await;
    let waiting = office.get("/courses/waiting").await;
    let course = waiting.shows("数据分析入门").shows("考核达到 60 分").link("/courses/0");
    let mut teacher = scene.browser(scene.teacher()).await;
    teacher.get(&format!("{course}/launch")).await.is(404);
    office.post(&format!("{course}/decide"), &[("do", "approve")]).await.shows("已通过");
    let asked = scene.set_out_at(&mut teacher, &format!("{course}/launch")).await;
    assert_eq!(asked["target_link_uri"], "https://tool.test/launch?c=7");
    let page = teacher.get(&scene.back(&asked, "n-2", &[])).await;
    let message = opened(&page.is(200).field("id_token")).1;
    assert_eq!(message[claim::CUSTOM], json!({ "chapter": "7" }));
    let access = scene.token().await;
    let line = line_of(&message);
    scene.asks(&access, Method::GET, &line, &Value::Null).await.is(200).says("结业测试").says("quiz");
    let score = scene.score(&message, 0, 12.0);
    scene.asks(&access, Method::POST, &format!("{line}/scores"), &score).await.is(204);
    assert_eq!(scene.counted(scene.teacher()).await, 2 * scene.platform.length.seconds());
});

story!(an_answer_that_is_not_the_tools_is_not_taken, |engine| async move {
    let scene = Scene::begin(engine).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let message = choosing(&scene, &mut lecturer, "n-1").await;
    let good = answer(&scene, &message, "t-1", &items());
    for head in
        [json!({ "alg": "none" }), json!({ "alg": "HS256" }), json!({ "alg": "RS256", "kid": key(0).kid() })]
    {
        brings(&scene, &unsigned(&head, &good)).await.is(401).says("没有通过核验");
    }
    brings(&scene, &key(1).sign(&good)).await.is(401).says("密钥");
    brings(&scene, "").await.is(401).says("格式不对");
    let now = scene.now();
    for (name, value, status, sentence) in [
        ("exp", json!(now - 100), 401, "有效期"),
        ("iat", json!(now + 600), 401, "时钟"),
        ("aud", json!("https://elsewhere.test"), 401, "aud"),
        ("iss", json!("another"), 401, "iss"),
        ("nonce", Value::Null, 401, "nonce"),
        (claim::MESSAGE, json!("LtiResourceLinkRequest"), 422, "message_type"),
        (claim::VERSION, json!("1.1"), 422, "version"),
        (claim::DEPLOYMENT, json!("2"), 422, "deployment_id"),
        (claim::DATA, json!("guess"), 401, "已过期"),
        (
            claim::ITEMS,
            json!([{ "type": "ltiResourceLink", "title": "内网课", "url": "http://10.0.0.1/" }]),
            422,
            "第 1 项“内网课”",
        ),
        (
            claim::ITEMS,
            json!([{ "type": "link" }, { "type": "ltiResourceLink", "title": "长链接",
                "url": "https://tool.test/".to_owned() + &"a".repeat(2_000) }]),
            422,
            "第 2 项“长链接”不能带回：打开地址（url）超过 2000 个字符",
        ),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        brings(&scene, &key(0).sign(&claims)).await.is(status).says(sentence);
    }
    let token = key(0).sign(&good);
    brings(&scene, &token).await.is(303);
    brings(&scene, &token).await.is(401).says("已经使用过");
    let again = answer(&scene, &message, "t-2", &items());
    brings(&scene, &key(0).sign(&again)).await.is(401).says("已过期");

    assert_eq!(scene.recorded("lti.courses_picked").await, 1);

    // An address longer than most is kept whole; of many links the first fifty are taken.
    let message = choosing(&scene, &mut lecturer, "n-3").await;
    let long = "https://tool.test/launch?c=".to_owned() + &"a".repeat(1_500);
    let mut many = vec![json!({ "type": "ltiResourceLink", "title": "多" }); 53];
    many[0]["url"] = json!(long);
    many.push(json!({ "type": "link", "url": "https://tool.test/page" }));
    let claims = answer(&scene, &message, "t-4", &json!(many));
    let seen = brings(&scene, &key(0).sign(&claims)).await;
    let place = seen.is(303).location().to_owned();
    let mut tx = scene.test.app.db.read().await.expect("a transaction");
    let kept =
        tx.rows("select items from lti_pick", args![], |row| row.get::<String>(0)).await.expect("picks");
    drop(tx);
    assert!(kept.iter().any(|items| items.contains(&long) && items.matches("多").count() == 50));
    lecturer.get(&place).await.is(200).shows("返回了 50 门课程");

    let message = choosing(&scene, &mut lecturer, "n-2").await;
    let mut nothing = answer(&scene, &message, "t-3", &json!([]));
    nothing[claim::ERROR] = json!("没有权限");
    let seen = brings(&scene, &key(0).sign(&nothing)).await;
    assert_eq!(seen.is(303).location(), scene.page());
});

story!(a_tool_without_a_place_to_choose_is_told_so, |engine| async move {
    let mut scene = Scene::bare(engine, &[]).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    scene.client = scene.registered(&mut lecturer, &[("picker", "")]).await;
    let pick = format!("{}/pick", scene.page());
    lecturer.get(&pick).await.is(422).says("没有启用");
    scene.turned(&mut lecturer, "resume").await.hides("从工具中挑选课程");
    lecturer.get(&pick).await.is(422).says("没有登记选课地址");
});
