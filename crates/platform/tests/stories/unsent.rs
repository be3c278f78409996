//! A form that comes after its session has ended.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart};
use axum::routing::{get, post};
use chrono::TimeDelta;
use http::{HeaderMap, HeaderValue, Method, header};
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::session::{self, SignedIn};
use tisheng_platform::web::upload::{Most, receive};
use tisheng_platform::web::{Answer, Begun, Fields, once};
use tisheng_platform::{Parts, Who, audit, sweep};
use tisheng_testkit::{Browser, Chosen, Engine, Seen, TestApp, story};
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

async fn send_files(asker: SignedIn, form: Multipart) -> Answer {
    let received = receive(&asker.ctx, form, Most { files: 3, bytes: 4 << 20 }).await?;
    let fields = Fields::new(received.pairs);
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let told = format!("{}、{} 个文件", fields.text("reason"), received.files.len());
    audit::record(&asker.ctx, &mut begun.tx, "test.sent", Uuid::nil(), &told).await?;
    begun.done("/form", Flash::good(format!("已收到：{told}"))).await
}

async fn town(engine: Engine) -> TestApp {
    let files = post(send_files).layer(DefaultBodyLimit::disable());
    let rooms = Router::new().route("/form", get(page).post(send)).route("/form/files", files);
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

/// A form with files as a browser sends it from the page `/form`: fields in front of a file and behind it.
async fn sent_with_files(browser: &mut Browser, before: &str, file: &[u8], behind: &str) -> Seen {
    let part = |head: &str, bytes: &[u8]| {
        let head = format!("--edge\r\ncontent-disposition: form-data; {head}\r\n\r\n");
        [head.as_bytes(), bytes, b"\r\n"].concat()
    };
    let body = [
        part("name=\"_key\"", Uuid::now_v7().simple().to_string().as_bytes()),
        part("name=\"reason\"", before.as_bytes()),
        part("name=\"clip\"; filename=\"课堂.mp4\"", file),
        part("name=\"none\"; filename=\"\"", b""),
        part("name=\"more\"", behind.as_bytes()),
        b"--edge--\r\n".to_vec(),
    ];
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("multipart/form-data; boundary=edge");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::REFERER, HeaderValue::from_static("http://tisheng.test/form"));
    browser.send(Method::POST, "/form/files", headers, body.concat()).await
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

story!(what_is_sent_after_all_browsers_were_signed_out_is_given_back, |engine| async move {
    let town = town(engine).await;
    let me = Uuid::now_v7();
    let mut browser = town.signed_in(&Who::Member(Box::new(teacher(me)))).await;
    let ctx = town.ctx(Who::Stranger);
    let mut tx = ctx.write().await.expect("a transaction");
    assert_eq!(session::end_all(&mut tx, me, ctx.at, None).await.expect("ended"), 1);
    assert_eq!(session::end_all(&mut tx, me, ctx.at, None).await.expect("ended"), 0, "it ends once");
    tx.commit().await.expect("commits");
    let words = "Warm-up, then reading in pairs.";
    let body = format!("item=42&reason={}", words.replace(' ', "+"));
    let led = sent(&mut browser, &body, Some("navigate")).await;
    assert_eq!(led.is(303).location(), "/sign-in?back=%2Funsent%3Fback%3D%252Fform%253Fx%253D1");
    let outside = browser.send(Method::GET, "/form", HeaderMap::new(), Vec::new()).await;
    assert!(outside.is(303).location().starts_with("/sign-in"), "the session counts no more");
    sign_in(&town, &mut browser, me).await;
    browser.get("/unsent?back=%2Fform%3Fx%3D1").await.shows(words).hides("42");
});

story!(what_was_ended_stays_ended_for_a_clock_that_is_behind, |engine| async move {
    let town = town(engine).await;
    let me = Uuid::now_v7();
    let mut browser = town.signed_in(&Who::Member(Box::new(teacher(me)))).await;
    // Long enough for the next request to prolong the session.
    town.clock.advance(TimeDelta::minutes(11));
    let ctx = town.ctx(Who::Stranger);
    let mut tx = ctx.write().await.expect("a transaction");
    assert_eq!(session::end_all(&mut tx, me, ctx.at, None).await.expect("ended"), 1);
    tx.commit().await.expect("commits");
    town.clock.advance(TimeDelta::seconds(-1));
    let outside = browser.send(Method::GET, "/form", HeaderMap::new(), Vec::new()).await;
    assert!(outside.is(303).location().starts_with("/sign-in"), "it is ended a second before, too");
    town.clock.advance(TimeDelta::seconds(2));
    let led = sent(&mut browser, BODY, Some("navigate")).await;
    assert!(led.is(303).location().starts_with("/sign-in?back=%2Funsent"), "nothing has prolonged it");
    sign_in(&town, &mut browser, me).await;
    browser.get("/unsent?back=%2Fform%3Fx%3D1").await.shows("学时<b>");
});

story!(a_session_ended_long_after_its_last_use_is_remembered_for_a_day, |engine| async move {
    let town = town(engine).await;
    let me = Uuid::now_v7();
    let mut browser = town.signed_in(&Who::Member(Box::new(teacher(me)))).await;
    town.clock.advance(TimeDelta::hours(11));
    let ctx = town.ctx(Who::Stranger);
    let mut tx = ctx.write().await.expect("a transaction");
    assert_eq!(session::end_all(&mut tx, me, ctx.at, None).await.expect("ended"), 1);
    tx.commit().await.expect("commits");
    town.clock.advance(TimeDelta::hours(23));
    // Both the sweep and somebody else's signing in forget what is old.
    assert_eq!(sweep::sweep(&town.app, town.app.now()).await.expect("swept").rows, 0);
    town.signed_in(&Who::Member(Box::new(teacher(Uuid::now_v7())))).await;
    let led = sent(&mut browser, BODY, Some("navigate")).await;
    assert!(led.is(303).location().starts_with("/sign-in?back=%2Funsent"), "its person is found");
    town.clock.advance(TimeDelta::hours(3));
    let swept = sweep::sweep(&town.app, town.app.now()).await.expect("swept");
    assert_eq!(swept.rows, 2, "the session, and the form that was not fetched");
});

story!(of_a_form_with_files_what_was_typed_is_kept_and_the_files_are_named, |engine| async move {
    let town = town(engine).await;
    let me = Uuid::now_v7();
    let mut browser = town.signed_in(&Who::Member(Box::new(teacher(me)))).await;
    let clip = vec![7; 2 << 20];
    // Whoever has a session sends files to where they belong.
    let taken = sent_with_files(&mut browser.clone(), "课后反思", &clip, "").await;
    assert_eq!(taken.is(303).location(), "/form");
    town.clock.advance(TimeDelta::hours(13));
    let led = sent_with_files(&mut browser, "教学<b>设计", &clip, "写在文件后面").await;
    assert_eq!(led.is(303).location(), "/sign-in?back=%2Funsent%3Fback%3D%252Fform");

    sign_in(&town, &mut browser, me).await;
    let shown = browser.get("/unsent?back=%2Fform").await;
    shown
        .shows("教学<b>设计")
        .shows("写在文件后面")
        .shows("选好的文件没有保留：“课堂.mp4”。请在下面重新选择")
        .hides("只收到前面的部分");
    let html = shown.html();
    assert!(html.contains("action=\"/form/files\" enctype=\"multipart/form-data\""), "{html}");
    assert!(html.contains("type=\"file\" name=\"clip\"") && !html.contains("name=\"none\""), "{html}");
    let key = shown.field("_key");
    let fields = [("_key", key.as_str()), ("reason", "教学<b>设计"), ("more", "写在文件后面")];
    let again = [Chosen { field: "clip", name: "课堂.mp4", bytes: &clip }];
    let done = browser.post_files("/form/files", &fields, &again).await;
    assert_eq!(done.is(200).path, "/form");
    let mut tx = town.app.db.read().await.expect("a transaction");
    let told = "select count(*) from audit where action = 'test.sent'";
    let count: i64 = tx.row(told, tisheng_platform::args![], |row| row.get(0)).await.expect("a count");
    assert_eq!(count, 2);
});

story!(
    of_a_form_that_is_too_long_the_beginning_is_kept_and_the_page_says_that_more_is_missing,
    |engine| async move {
        let town = town(engine).await;
        let me = Uuid::now_v7();
        let mut browser = town.signed_in(&Who::Member(Box::new(teacher(me)))).await;
        town.clock.advance(TimeDelta::hours(13));
        let most = usize::try_from(town.app.config.upload_mib << 20).expect("a size");
        let clip = vec![7; most + (2 << 20)];
        let led = sent_with_files(&mut browser, "教学设计", &clip, "写在文件后面").await;
        assert_eq!(led.is(303).location(), "/sign-in?back=%2Funsent%3Fback%3D%252Fform");
        sign_in(&town, &mut browser, me).await;
        let shown = browser.get("/unsent?back=%2Fform").await;
        shown.shows("教学设计").shows("课堂.mp4").shows("只收到前面的部分").hides("写在文件后面");

        // One file of the largest size is no reason to lose what is typed behind it.
        town.clock.advance(TimeDelta::hours(13));
        sent_with_files(&mut browser, "教学设计", &clip[..most], "写在文件后面").await.is(303);
        sign_in(&town, &mut browser, me).await;
        browser.get("/unsent?back=%2Fform").await.shows("写在文件后面").hides("只收到前面的部分");
    }
);

story!(of_a_form_with_files_a_stranger_stores_nothing_nor_does_a_novel, |engine| async move {
    let town = town(engine).await;
    let led = sent_with_files(&mut town.browser(), "学时", b"clip", "").await;
    assert_eq!(led.is(303).location(), "/sign-in?back=%2Fform");
    let mut browser = town.signed_in(&Who::Member(Box::new(teacher(Uuid::now_v7())))).await;
    town.clock.advance(TimeDelta::hours(13));
    let novel = "长".repeat(400_000);
    let led = sent_with_files(&mut browser, &novel, b"clip", "").await;
    assert_eq!(led.is(303).location(), "/sign-in?back=%2Fform");
    let mut tx = town.app.db.read().await.expect("a transaction");
    let count = "select count(*) from unsent_form";
    let kept: i64 = tx.row(count, tisheng_platform::args![], |row| row.get(0)).await.expect("a count");
    assert_eq!(kept, 0);
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
