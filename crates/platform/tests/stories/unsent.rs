//! A form that comes after its session has ended.

use axum::Router;
use axum::routing::get;
use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue, Method, header};
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Fields, once};
use tisheng_platform::{Parts, Who, audit};
use tisheng_testkit::{Browser, Engine, Seen, TestApp, story};
use uuid::Uuid;

use crate::teacher;

async fn page(_: SignedIn) -> &'static str {
    "写异议"
}

async fn send(asker: SignedIn, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    audit::record(&asker.ctx, &mut begun.tx, "test.sent", Uuid::nil(), &fields.text("reason")).await?;
    begun.done("/form", Flash::good("已收到")).await
}

async fn town(engine: Engine) -> TestApp {
    let rooms = Router::new().route("/form", get(page).post(send));
    TestApp::start(engine, rooms, Parts::default()).await
}

/// A form as a browser sends it from the page `/form?x=1`.
async fn sent(browser: &mut Browser, body: &str, mode: Option<&'static str>) -> Seen {
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::REFERER, HeaderValue::from_static("http://tisheng.test/form?x=1"));
    if let Some(mode) = mode {
        headers.insert("sec-fetch-mode", HeaderValue::from_static(mode));
    }
    browser.send(Method::POST, "/form", headers, body.as_bytes().to_vec()).await
}

const BODY: &str = "_key=0193d5b8a0c07d0e8f6b1c2d3e4f5a6b&item=42&reason=%E5%AD%A6%E6%97%B6%3Cb%3E";

/// Signs `who` in anew in the same browser.
async fn sign_in(town: &TestApp, browser: &mut Browser, who: Uuid) {
    let fresh = town.signed_in(&Who::Member(Box::new(teacher(who)))).await;
    browser.take_over(&fresh, "tisheng_session");
}

story!(what_was_typed_when_the_session_ended_is_sent_by_the_same_person, |engine| async move {
    let town = town(engine).await;
    let me = Uuid::now_v7();
    let mut browser = town.signed_in(&Who::Member(Box::new(teacher(me)))).await;
    town.clock.advance(TimeDelta::hours(13));
    let led = sent(&mut browser, BODY, Some("navigate")).await;
    let back = "/sign-in?back=%2Funsent%3Fback%3D%252Fform%253Fx%253D1";
    assert_eq!(led.is(303).location(), back);

    let other = Uuid::now_v7();
    let mut another = browser.clone();
    sign_in(&town, &mut another, other).await;
    let nothing = another.send(Method::GET, "/unsent?back=%2Fform", HeaderMap::new(), Vec::new()).await;
    assert_eq!(nothing.is(303).location(), "/form", "nobody else gets it");

    sign_in(&town, &mut browser, me).await;
    let shown = browser.get("/unsent?back=%2Fform%3Fx%3D1").await;
    shown.shows("刚才填写的内容没有提交").shows("学时<b>").hides("42");
    assert_eq!(shown.field("item"), "42");
    assert!(shown.html().contains("action=\"/form\""), "{}", shown.html());
    let key = shown.field("_key");
    let fields = [("_key", key.as_str()), ("item", "42"), ("reason", "学时<b>")];
    let first = browser.post_only("/form", &fields).await;
    let again = browser.post_only("/form", &fields).await;
    assert_eq!(first.is(303).location(), again.is(303).location(), "it counts once");

    town.clock.advance(TimeDelta::minutes(31));
    let late = browser.send(Method::GET, "/unsent?back=%2Fform", HeaderMap::new(), Vec::new()).await;
    assert_eq!(late.is(303).location(), "/form", "it is kept for half an hour");
});

story!(what_was_typed_is_given_up_by_a_button, |engine| async move {
    let town = town(engine).await;
    let me = Uuid::now_v7();
    let mut browser = town.signed_in(&Who::Member(Box::new(teacher(me)))).await;
    town.clock.advance(TimeDelta::hours(13));
    sent(&mut browser, BODY, None).await.is(303);
    sign_in(&town, &mut browser, me).await;
    browser.get("/unsent").await.shows("学时");
    let gone = browser.post_only("/unsent/drop", &[("back", "https://evil.test/")]).await;
    assert_eq!(gone.is(303).location(), "/");
    assert_eq!(browser.get("/unsent?back=%2Fform").await.path, "/form");
});

story!(who_has_no_session_is_told_and_stores_nothing, |engine| async move {
    let town = town(engine).await;
    let mut stranger = town.browser();
    let led = sent(&mut stranger, BODY, None).await;
    assert_eq!(led.is(303).location(), "/sign-in?back=%2Fform%3Fx%3D1");
    let cookies: Vec<_> = led.headers.get_all(header::SET_COOKIE).iter().collect();
    let flash = |cookie: &&HeaderValue| cookie.to_str().is_ok_and(|text| text.starts_with("tisheng_flash="));
    assert!(cookies.iter().all(flash) && cookies.len() == 1, "{cookies:?}");

    // A password is typed again, and a script says itself what became of what it sent.
    let mut browser = town.signed_in(&Who::Member(Box::new(teacher(Uuid::now_v7())))).await;
    town.clock.advance(TimeDelta::hours(13));
    let secret = sent(&mut browser, "current=%E5%AF%86&chosen=x", None).await;
    assert_eq!(secret.is(303).location(), "/sign-in?back=%2Fform%3Fx%3D1");
    let script = sent(&mut browser, BODY, Some("cors")).await;
    assert_eq!(script.is(303).location(), "/sign-in");
    assert!(!script.headers.contains_key(header::SET_COOKIE));
    let mut tx = town.app.db.read().await.expect("a transaction");
    let count = "select count(*) from unsent_form";
    let kept: i64 = tx.row(count, tisheng_platform::args![], |row| row.get(0)).await.expect("a count");
    assert_eq!(kept, 0);
});
