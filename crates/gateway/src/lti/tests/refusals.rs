//! What is not signed by the tool for us, now, and for the first time is not taken.

use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};
use tisheng_testkit::story;

use super::scene::{Scene, line_of};
use super::tool::{Shown, key, unsigned};
use crate::lti::names::scope;

story!(a_proof_is_held_against_everything_it_has_to_say, |engine| async move {
    let scene = Scene::begin(engine).await;
    let good = scene.proof("p-1");
    for head in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256", "kid": key(0).kid() }),
        json!({ "alg": "RS384", "kid": key(0).kid() }),
    ] {
        let seen = scene.asks_for_token(&unsigned(&head, &good), scope::SCORE).await;
        seen.is(401).says("invalid_client").says("RS256");
    }
    let forged = unsigned(&json!({ "alg": "RS256", "kid": key(0).kid() }), &good);
    scene.asks_for_token(&forged, scope::SCORE).await.is(401).says("signature");
    scene.asks_for_token(&key(1).sign(&good), scope::SCORE).await.is(401).says("no such key");
    scene.asks_for_token("", scope::SCORE).await.is(401).says("jwt-bearer");
    scene.asks_for_token("a.b", scope::SCORE).await.is(401).says("no JSON web token");
    let now = scene.now();
    for (name, value, sentence) in [
        ("exp", json!(now - 61), "exp"),
        ("exp", Value::Null, "exp"),
        ("iat", json!(now + 600), "iat"),
        ("iat", json!(now - 7_200), "iat"),
        ("nbf", json!(now + 600), "iat"),
        ("aud", json!("https://elsewhere.test/lti/token"), "aud"),
        ("aud", json!([]), "aud"),
        ("iss", json!("another"), "iss"),
        ("iss", json!("an\0other"), "iss"),
        ("sub", json!("another"), "sub"),
        ("jti", Value::Null, "jti"),
        ("jti", json!(""), "jti"),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        let seen = scene.asks_for_token(&key(0).sign(&claims), scope::SCORE).await;
        seen.is(401).says("invalid_client").says(sentence);
    }
    let proof = key(0).sign(&good);
    scene.asks_for_token(&proof, "profile").await.is(400).says("invalid_scope");
    scene.asks_for_token(&proof, scope::SCORE).await.is(401).says("used before");
    let next = key(0).sign(&scene.proof("p-2"));
    scene.asks_for_token(&next, scope::SCORE).await.is(200);
    scene.asks_for_token(&next, scope::SCORE).await.is(401).says("used before");
});

story!(keys_of_a_tool_are_fetched_kept_and_fetched_anew, |engine| async move {
    let shown = Shown::start().await;
    let mut scene = Scene::bare(engine, std::slice::from_ref(&shown.host)).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let at = format!("http://{}/keys", shown.host);
    scene.client = scene.registered(&mut lecturer, &[("keys", ""), ("key_set", &at)]).await;
    scene.turned(&mut lecturer, "resume").await.shows("已启用");
    let asks = async |number: &str, by: usize| {
        scene.asks_for_token(&key(by).sign(&scene.proof(number)), scope::SCORE).await
    };
    asks("p-1", 0).await.is(200);
    asks("p-2", 0).await.is(200);
    assert_eq!(shown.asked(), 1, "kept");
    asks("p-3", 1).await.is(401).says("no such key");
    assert_eq!(shown.asked(), 1, "asked a moment ago");
    scene.test.clock.advance(TimeDelta::minutes(2));
    asks("p-4", 1).await.is(401);
    assert_eq!(shown.asked(), 2);
    shown.show(&[&key(1)]);
    scene.test.clock.advance(TimeDelta::minutes(2));
    asks("p-5", 1).await.is(200);
    asks("p-6", 0).await.is(401);
    assert_eq!(shown.asked(), 3);
});

story!(a_tool_whose_keys_cannot_be_had_is_not_asked_again_and_again, |engine| async move {
    let shown = Shown::start().await;
    let mut scene = Scene::bare(engine, std::slice::from_ref(&shown.host)).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let at = format!("http://{}/keys", shown.host);
    scene.client = scene.registered(&mut lecturer, &[("keys", ""), ("key_set", &at)]).await;
    scene.turned(&mut lecturer, "resume").await.shows("还没有取过");
    let asks =
        async |number: &str| scene.asks_for_token(&key(0).sign(&scene.proof(number)), scope::SCORE).await;
    shown.fail(true);
    asks("p-1").await.is(401).says("no key set");
    asks("p-2").await.is(401).says("could not be fetched; it is asked for again after");
    asks("p-3").await.is(401);
    assert_eq!(shown.asked(), 1);
    lecturer.get(&scene.page()).await.shows("没有取到，已连续 1 次，请核对地址");
    // Each further failure doubles the pause.
    for (minutes, asked) in [(1, 2), (1, 2), (1, 3), (3, 3), (1, 4)] {
        scene.test.clock.advance(TimeDelta::minutes(minutes));
        asks("p-4").await.is(401);
        assert_eq!(shown.asked(), asked);
    }
    shown.fail(false);
    scene.test.clock.advance(TimeDelta::minutes(8));
    asks("p-5").await.is(200);
    // What was had once is used for as long as nothing else can be had.
    shown.fail(true);
    let before = shown.asked();
    scene.test.clock.set(scene.test.app.now() + TimeDelta::hours(13));
    asks("p-6").await.is(200);
    asks("p-7").await.is(200);
    assert_eq!(shown.asked(), before + 1);
    let unknown = key(1).sign(&scene.proof("p-8"));
    scene.asks_for_token(&unknown, scope::SCORE).await.is(401).says("no such key");
    assert_eq!(shown.asked(), before + 1);
    let mut lecturer = scene.browser(&scene.lecturer).await;
    lecturer.get(&scene.page()).await.shows("没有取到，已连续 1 次，仍用");
    // An address that was mended is asked at once.
    shown.fail(false);
    let edit = format!("{}/edit", scene.page());
    let version = lecturer.get(&edit).await.field("version");
    let other = format!("{at}?v=2");
    let changes = [("keys", ""), ("key_set", other.as_str()), ("version", version.as_str())];
    lecturer.post(&edit, &Scene::form(&changes, "")).await.shows("还没有取过");
    asks("p-9").await.is(200);
});

story!(the_first_two_who_need_a_key_ask_for_it_once, |engine| async move {
    let shown = Shown::start().await;
    let mut scene = Scene::bare(engine, std::slice::from_ref(&shown.host)).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let at = format!("http://{}/keys", shown.host);
    scene.client = scene.registered(&mut lecturer, &[("keys", ""), ("key_set", &at)]).await;
    scene.turned(&mut lecturer, "resume").await.shows("已启用");
    let (first, second) = (key(0).sign(&scene.proof("p-1")), key(0).sign(&scene.proof("p-2")));
    let (one, other) =
        tokio::join!(scene.asks_for_token(&first, scope::SCORE), scene.asks_for_token(&second, scope::SCORE));
    one.is(200);
    other.is(200);
    assert_eq!(shown.asked(), 1);
});

story!(nothing_that_is_sent_costs_a_failure, |engine| async move {
    let scene = Scene::begin(engine).await;
    let message = scene.launched(scene.teacher(), "n-1").await;
    let access = scene.token().await;
    let line = line_of(&message);
    let lines = line.rsplit_once('/').expect("a path").0.to_owned();
    let bodies = [
        json!(null),
        json!([]),
        json!({}),
        json!("text"),
        json!(1e308),
        json!({ "label": "a\0b", "scoreMaximum": 1 }),
        json!({ "label": 7, "scoreMaximum": "1" }),
        json!({ "label": "甲", "scoreMaximum": 1e-320_f64 }),
        json!({ "userId": message["sub"], "timestamp": "9999-12-31T23:59:59Z" }),
        json!({ "userId": message["sub"], "timestamp": "0000-00-00T00:00:00Z", "activityProgress": "Completed" }),
        json!({ "userId": "'; drop table lti_score", "timestamp": "2021-03-10T00:00:00Z",
            "activityProgress": "Completed", "gradingProgress": "FullyGraded" }),
    ];
    for at in [
        lines.clone(),
        format!("{lines}?tag=%25&resource_id='"),
        line.clone(),
        format!("{line}/scores"),
        format!("{line}/results?after='&limit=-1"),
        format!("{line}/results?after=%00"),
        lines.replace("lineitems", "members?limit=99999999999999999999"),
        lines.replace("lineitems", "members?after=%F0%28"),
        format!("{lines}/nothing"),
        "/lti/courses/nothing/members".to_owned(),
        "/lti/picked".to_owned(),
        "/lti/register".to_owned(),
        "/lti/token".to_owned(),
        "/lti/auth?login_hint=%00".to_owned(),
    ] {
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::POST] {
            for body in &bodies {
                let seen = scene.asks(&access, method.clone(), &at, body).await;
                assert!(seen.status.as_u16() < 500, "{method} {at} {body}: {}", seen.text());
            }
        }
    }
});

story!(a_tool_sees_nothing_of_another_platform, |engine| async move {
    let scene = Scene::begin(engine).await;
    let message = scene.launched(scene.teacher(), "n-1").await;
    let system = scene.test.system();
    let office = scene.test.ctx(scene.town.city_office.who());
    let mut tx = system.write().await.expect("a transaction");
    let made = tisheng_training::platform::samples::platform(
        &office,
        &mut tx,
        &scene.programme,
        (&scene.town.county, 2, "乙"),
    );
    let (_, other) = made.await.expect("a platform");
    tx.commit().await.expect("commits");
    let platform = {
        let mut tx = system.read().await.expect("a transaction");
        tisheng_training::platform::of_id(&mut tx, other).await.expect("read").expect("a platform")
    };
    let mut foreign = Scene { platform, ..scene };
    let mut keeper = foreign.browser(&foreign.town.city_office).await;
    foreign.client = foreign.registered(&mut keeper, &[]).await;
    foreign.turned(&mut keeper, "resume").await.shows("已启用");
    let access = foreign.token().await;
    let line = line_of(&message);
    for (method, at) in [
        (Method::GET, line.clone()),
        (Method::DELETE, line.clone()),
        (Method::POST, format!("{line}/scores")),
        (Method::GET, format!("{line}/results")),
        (Method::GET, line.rsplit_once('/').expect("a path").0.to_owned()),
        (Method::GET, line.split("/lineitems").next().expect("a path").to_owned() + "/members"),
    ] {
        foreign.asks(&access, method, &at, &foreign.score(&message, 0, 20.0)).await.is(404);
    }
});
