//! What is not taken from a service, and from a browser.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tisheng_testkit::story;

use super::fake::Asked;
use super::{BY_PAPER, Scene, scene};

/// Somebody comes back with a token whose head and claims `bend` has changed.
async fn with_token(scene: &Scene, bend: impl Fn(&mut Value, &mut Value)) -> tisheng_testkit::Seen {
    let mut browser = scene.test.browser();
    let asked = scene.set_out(&mut browser, "/").await;
    let (mut head, mut claims) = (json!({}), scene.service.claims(&asked, "u-1", scene.now()));
    bend(&mut head, &mut claims);
    let token = scene.service.token(&head, &claims);
    let code = scene.service.code(&asked, token, json!({ "sub": "u-1" }));
    let seen = scene.come_back(&mut browser, &answer(scene, &asked, &code)).await;
    browser.get("/account").await.shows("账号或手机号");
    seen
}

fn answer<'a>(scene: &'a Scene, asked: &'a Asked, code: &'a str) -> [(&'static str, &'a str); 3] {
    [("state", &asked["state"]), ("code", code), ("iss", &scene.service.address)]
}

story!(a_token_that_is_not_for_this_sign_in_is_refused, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    let now = scene.now();
    with_token(&scene, |_, _| {}).await.is(303);
    for (name, value, words) in [
        ("nonce", json!("another"), "不是对这次登录的应答"),
        ("aud", json!("another"), "不是签发给本系统的"),
        ("aud", json!(["tisheng", "another"]), "不是签发给本系统的"),
        ("azp", json!("another"), "不是签发给本系统的"),
        ("iss", json!("https://another.test"), "签发者不符"),
        ("exp", json!(now - 61), "已过有效期"),
        ("iat", json!(now + 120), "签发时间不对"),
        ("iat", json!(now - 3600), "签发时间不对"),
        ("sub", json!(""), "没有写明是谁"),
        ("at_hash", json!("AAAA"), "与访问令牌不匹配"),
    ] {
        let seen = with_token(&scene, |_, claims| claims[name] = value.clone()).await;
        seen.is(422).says(words);
    }
    for (head, words) in [
        (json!({ "alg": "none" }), "签名算法不被接受"),
        (json!({ "alg": "HS256" }), "签名算法不被接受"),
        (json!({ "alg": "RS256" }), "不在对方公布的密钥中"),
        (json!({ "kid": "another" }), "不在对方公布的密钥中"),
        (json!({ "crit": ["b64"], "b64": false }), "格式不对"),
    ] {
        with_token(&scene, |given, _| *given = head.clone()).await.is(422).says(words);
    }
});

story!(a_token_whose_content_was_changed_is_refused, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    let mut browser = scene.test.browser();
    let asked = scene.set_out(&mut browser, "/").await;
    let token = scene.service.token(&json!({}), &scene.service.claims(&asked, "u-1", scene.now()));
    let parts: Vec<&str> = token.split('.').collect();
    let other = scene.service.claims(&asked, "u-2", scene.now()).to_string();
    let forged = format!("{}.{}.{}", parts[0], URL_SAFE_NO_PAD.encode(other), parts[2]);
    let code = scene.service.code(&asked, forged, json!({}));
    scene.come_back(&mut browser, &answer(&scene, &asked, &code)).await.is(422).says("签名不符");
});

story!(an_answer_counts_once_and_in_the_browser_that_asked, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    let expired = "不是在这个浏览器中开始的";
    let mut browser = scene.test.browser();
    let granted = |asked: &Asked| {
        let token = scene.service.token(&json!({}), &scene.service.claims(asked, "u-1", scene.now()));
        scene.service.code(asked, token, json!({}))
    };
    let asked = scene.set_out(&mut browser, "/").await;
    let code = granted(&asked);
    let right = answer(&scene, &asked, &code);
    scene.come_back(&mut scene.test.browser(), &right).await.is(422).says(expired);
    let mut other = scene.test.browser();
    scene.set_out(&mut other, "/").await;
    scene.come_back(&mut other, &right).await.is(422).says(expired);
    let wrong = [("state", "another"), ("code", code.as_str()), ("iss", &scene.service.address)];
    scene.come_back(&mut browser, &wrong).await.is(422).says(expired);
    scene.come_back(&mut browser, &right).await.is(303);
    scene.come_back(&mut browser, &right).await.is(422).says(expired);

    // The code has been exchanged, whatever sign-in it comes back with.
    let asked = scene.set_out(&mut browser, "/").await;
    scene.come_back(&mut browser, &answer(&scene, &asked, &code)).await.is(422).says("已失效或已使用过");
    // Nor does a code count that was given for another sign-in: its secret is not known here.
    let stolen = granted(&scene.set_out(&mut scene.test.browser(), "/").await);
    let asked = scene.set_out(&mut browser, "/").await;
    scene.come_back(&mut browser, &answer(&scene, &asked, &stolen)).await.is(422).says("已失效或已使用过");

    let asked = scene.set_out(&mut browser, "/").await;
    let code = granted(&asked);
    scene.test.clock.advance(TimeDelta::minutes(16));
    scene.come_back(&mut browser, &answer(&scene, &asked, &code)).await.is(422).says(expired);
});

story!(what_the_service_says_instead_has_its_words, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    let mut browser = scene.test.browser();
    for (code, words) in [
        ("access_denied", "取消了登录"),
        ("temporarily_unavailable", "暂时不能提供服务"),
        ("<script>", "没有完成登录"),
    ] {
        let asked = scene.set_out(&mut browser, "/").await;
        let answer = [("state", asked["state"].as_str()), ("error", code)];
        scene.come_back(&mut browser, &answer).await.is(422).says(words).hides("script");
    }
    // Another service's answer, mixed in (RFC 9207); and one that does not name itself though it said it would.
    for issuer in ["https://another.test", ""] {
        let asked = scene.set_out(&mut browser, "/").await;
        let answer = [("state", asked["state"].as_str()), ("code", "x"), ("iss", issuer)];
        scene.come_back(&mut browser, &answer).await.is(422).says("签发者不符");
    }
});

story!(a_wrong_secret_is_told_and_a_suspended_service_lets_nobody_in, |engine| async move {
    let scene = scene(engine, "oidc", &[("secret", "another")]).await;
    let mut browser = scene.test.browser();
    scene.arrive(&mut browser, "u-1", &json!({})).await.is(422).says("登记的密钥不对");
    let asked = scene.set_out(&mut browser, "/").await;
    let mut office = scene.test.signed_in(&scene.town.city_office.who()).await;
    let suspend = [("version", "2"), ("do", "suspend")];
    office.post(&format!("/identity-providers/{}/state", scene.id), &suspend).await.shows("已停用");
    scene.come_back(&mut browser, &answer(&scene, &asked, "x")).await.is(404);
    browser.get(&scene.way()).await.is(404);
    browser.get("/sign-in").await.hides("教育云");
});

story!(nobody_is_led_elsewhere_afterwards, |engine| async move {
    let scene = scene(engine, "oidc", &BY_PAPER).await;
    let paper = scene.paper(&scene.town.school().teachers[0]).await;
    let mut browser = scene.test.browser();
    let asked = scene.set_out(&mut browser, "%2F%2Fevil.test%2F").await;
    let mut claims = scene.service.claims(&asked, "u-1", scene.now());
    claims["id_no"] = json!(paper);
    let code = scene.service.code(&asked, scene.service.token(&json!({}), &claims), json!({}));
    let came = scene.come_back(&mut browser, &answer(&scene, &asked, &code)).await;
    assert_eq!(came.is(303).location(), "/");
});

story!(a_new_key_is_asked_for_at_most_once_a_minute, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    with_token(&scene, |_, _| {}).await.is(303);
    with_token(&scene, |_, _| {}).await.is(303);
    assert_eq!(scene.service.times_keys_asked(), 1);
    scene.service.new_key("second");
    with_token(&scene, |_, _| {}).await.is(422).says("不在对方公布的密钥中");
    assert_eq!(scene.service.times_keys_asked(), 1, "just asked");
    scene.test.clock.advance(TimeDelta::seconds(61));
    with_token(&scene, |_, _| {}).await.is(303);
    assert_eq!(scene.service.times_keys_asked(), 2);
    for _ in 0..3 {
        with_token(&scene, |head, _| head["kid"] = json!("made up")).await.is(422);
    }
    assert_eq!(scene.service.times_keys_asked(), 2);
});
