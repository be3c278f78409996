//! A teacher opens a course in the tool, and what the tool says becomes an hour.

use chrono::TimeDelta;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tisheng_platform::args;
use tisheng_platform::web::Failure;
use tisheng_testkit::{Browser, Seen, story};

use super::scene::{Scene, TOOL, line_of};
use super::tool::{key, opened};
use crate::jose::sign::SigningKey;
use crate::jose::{KeySet, Unverified};
use crate::lti::names::{claim, role};
use crate::lti::{Rotated, Withdrawn};

story!(a_score_in_a_tool_is_an_hour_once, |engine| async move {
    let scene = Scene::begin(engine).await;
    let teacher = scene.teacher();
    let mut browser = scene.browser(teacher).await;
    let page = browser.get(&format!("/courses/{}", scene.course)).await;
    assert_eq!(page.link("/courses/"), "/courses/".to_owned() + &scene.course.to_string() + "/launch");
    let asked = scene.set_out(&mut browser).await;
    assert_eq!(asked["iss"], "http://tisheng.test");
    assert_eq!((&asked["client_id"], asked["lti_deployment_id"].as_str()), (&scene.client, "1"));
    let page = browser.get(&scene.back(&asked, "n-1", &[])).await;
    page.shows("打开微课工具");
    assert_eq!(page.link(TOOL), "https://tool.test/launch");
    assert_eq!(page.field("state"), "state-1");
    let policy = page.headers["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.contains("form-action https://tool.test https:"), "{policy}");
    let token = page.field("id_token");

    // As a tool would: by the published key.
    let keys = scene.test.browser().get("/.well-known/jwks.json").await;
    let keys = KeySet::read(keys.is(200).html().as_bytes()).expect("a key set");
    let message = Unverified::read(&token).and_then(|token| token.verify(&keys)).expect("ours");
    let message = Value::Object(message);
    assert_eq!(message["aud"], scene.client);
    assert_eq!(
        (&message["nonce"], &message[claim::MESSAGE]),
        (&json!("n-1"), &json!("LtiResourceLinkRequest"))
    );
    assert_eq!(message[claim::ROLES], json!([role::LEARNER]));
    assert_eq!(message[claim::CONTEXT]["label"], "K1");
    assert_eq!(message[claim::TARGET], "https://tool.test/launch");
    assert!(message.get("name").is_none() && !token.contains(&teacher.name), "nobody agreed to names");
    assert_eq!(scene.recorded("lti.course_opened").await, 1);

    let access = scene.token().await;
    let members = message[claim::MEMBERS]["context_memberships_url"].as_str().expect("an address").to_owned();
    let seen = scene.asks(&access, Method::GET, &members, &Value::Null).await;
    let said: Value = serde_json::from_str(&seen.is(200).html()).expect("JSON");
    assert_eq!(
        said["members"],
        json!([{ "status": "Active", "user_id": message["sub"], "roles": [role::LEARNER] }])
    );

    let scores = format!("{}/scores", line_of(&message));
    let first = scene.score(&message, 0, 15.0);
    scene.asks(&access, Method::POST, &scores, &first).await.is(204);
    assert_eq!(scene.counted(teacher).await, scene.platform.length.seconds());
    scene.asks(&access, Method::POST, &scores, &first).await.is(204);
    assert_eq!(scene.counted(teacher).await, scene.platform.length.seconds(), "once");
    browser.get("/hours").await.shows("课程一").shows("甲");

    scene
        .browser(&scene.lecturer)
        .await
        .get(&scene.page())
        .await
        .shows("送回的成绩 1")
        .shows("打开课程的教师 1");

    // The tool has judged anew, and takes it back at last.
    scene.asks(&access, Method::POST, &scores, &scene.score(&message, 60, 5.0)).await.is(204);
    assert_eq!(scene.counted(teacher).await, 0);
    scene.asks(&access, Method::POST, &scores, &first).await.is(409);
    scene.asks(&access, Method::POST, &scores, &scene.score(&message, 120, 18.0)).await.is(204);
    assert_eq!(scene.counted(teacher).await, scene.platform.length.seconds());
    let mut nothing = scene.score(&message, 180, 0.0);
    nothing["scoreGiven"] = Value::Null;
    nothing["gradingProgress"] = json!("NotReady");
    nothing["activityProgress"] = json!("Started");
    scene.asks(&access, Method::POST, &scores, &nothing).await.is(204);
    assert_eq!(scene.counted(teacher).await, 0);
    let checked = crate::lti::check_scores(&scene.test.system(), 9).await;
    assert_eq!(checked.expect("checked"), (1, Vec::new()), "begun anew");
});

story!(a_launch_counts_once_and_for_whoever_set_out, |engine| async move {
    let scene = Scene::begin(engine).await;
    let mut browser = scene.browser(scene.teacher()).await;
    let asked = scene.set_out(&mut browser).await;
    for (changes, status, sentence) in [
        (&[("redirect_uri", "https://tool.test/launch/")][..], 422, "没有登记的地址"),
        (&[("redirect_uri", "https://evil.test/launch")], 422, "没有登记的地址"),
        (&[("client_id", "another")], 422, "没有登记标识为“another”的工具"),
        (&[("response_type", "code")], 422, "response_type"),
        (&[("response_mode", "query")], 422, "response_mode"),
        (&[("scope", "profile")], 422, "openid"),
        (&[("prompt", "login")], 422, "prompt"),
        (&[("nonce", "")], 422, "nonce"),
        (&[("login_hint", "guess")], 401, "已过期、已使用过"),
        (&[("login_hint", "")], 401, "已过期、已使用过"),
    ] {
        let seen = browser.get(&scene.back(&asked, "n-1", changes)).await;
        seen.is(status).says(sentence).hides("打开微课工具");
    }
    let mut other = scene.browser(&scene.town.school().teachers[1]).await;
    other.get(&scene.back(&asked, "n-1", &[])).await.is(401).says("不是由您");
    scene.test.browser().get(&scene.back(&asked, "n-1", &[])).await.is(401).says("没有登录");
    browser.get(&scene.back(&asked, "n-1", &[])).await.is(200);
    browser.get(&scene.back(&asked, "n-1", &[])).await.is(401).says("已使用过");
    let asked = scene.set_out(&mut browser).await;
    browser.get(&scene.back(&asked, "n-1", &[])).await.is(401).says("已使用过");

    // A form from another site comes without cookies, and is asked once more as an address.
    let address = scene.back(&asked, "n-2", &[]);
    let (path, query) = address.split_once('?').expect("a question");
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().expect("a type"));
    headers.insert("sec-fetch-site", "cross-site".parse().expect("a value"));
    let mut cookieless = scene.test.browser();
    let seen = cookieless.send(Method::POST, path, headers, query.as_bytes().to_vec()).await;
    let to = seen.is(303).location().to_owned();
    let message = opened(&browser.get(&to).await.is(200).field("id_token")).1;
    assert_eq!(message["nonce"], "n-2");

    let asked = scene.set_out(&mut browser).await;
    scene.test.clock.advance(TimeDelta::minutes(11));
    browser.get(&scene.back(&asked, "n-3", &[])).await.is(401).says("已过期");
});

story!(what_is_not_in_use_is_not_opened, |engine| async move {
    let scene = Scene::begin(engine).await;
    let mut browser = scene.browser(scene.teacher()).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    let launch = format!("/courses/{}/launch", scene.course);
    let message = scene.launched(scene.teacher(), "n-1").await;
    let access = scene.token().await;
    let asked = scene.set_out(&mut browser).await;

    scene.turned(&mut lecturer, "suspend").await.shows("已停用");
    browser.get(&launch).await.is(422).says("没有启用");
    browser.get(&scene.back(&asked, "n-2", &[])).await.is(422).says("没有启用");
    browser.get(&format!("/courses/{}", scene.course)).await.shows("去平台学习").hides("launch");
    let scores = format!("{}/scores", line_of(&message));
    scene.asks(&access, Method::POST, &scores, &scene.score(&message, 0, 15.0)).await.is(401);
    let proof = key(0).sign(&scene.proof("p-1"));
    scene.asks_for_token(&proof, "any").await.is(401).says("suspended");
    scene.turned(&mut lecturer, "resume").await.shows("已启用");
    scene.asks(&access, Method::POST, &scores, &scene.score(&message, 0, 15.0)).await.is(401);

    let access = scene.token().await;
    let mut office = scene.browser(&scene.town.city_office).await;
    let platform = format!("/platforms/{}", scene.platform.id);
    let version = office.get(&platform).await.field("version");
    office.post(&format!("{platform}/turn"), &[("do", "suspend"), ("version", &version)]).await.is(200);
    browser.get(&launch).await.is(422).says("学习平台“甲”已停用");
    scene.asks(&access, Method::POST, &scores, &scene.score(&message, 0, 15.0)).await.is(403);
    let version = office.get(&platform).await.field("version");
    office.post(&format!("{platform}/turn"), &[("do", "resume"), ("version", &version)]).await.is(200);

    let course = format!("/courses/{}", scene.course);
    let version = office.get(&course).await.field("version");
    office.post(&format!("{course}/decide"), &[("do", "retire"), ("version", &version)]).await.is(200);
    browser.get(&launch).await.is(422).says("没有开设");
    for stranger in [&scene.lecturer, &scene.town.city_office, &scene.town.school().clerk] {
        scene.browser(stranger).await.get(&launch).await.is(404);
    }
});

/// The names of the keys of a set.
fn names(page: &Seen) -> Vec<String> {
    let said: Value = serde_json::from_str(&page.is(200).html()).expect("JSON");
    let keys = said["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("a name").to_owned()).collect()
}

story!(keys_change_and_both_are_published_for_a_while, |engine| async move {
    let scene = Scene::begin(engine).await;
    let mut anybody = scene.test.browser();
    let first = names(&anybody.get("/.well-known/jwks.json").await);
    assert_eq!(first.len(), 1);
    let system = scene.test.system();
    let made = crate::lti::rotate(&system).await.expect("another key");
    let Rotated::Made(kid, from) = made else { panic!("{made:?}") };
    assert_eq!(from, system.at + TimeDelta::hours(24));
    let again = crate::lti::rotate(&scene.test.system()).await.expect("no further key");
    assert_eq!(again, Rotated::Waits(kid.clone(), from));
    let both = names(&anybody.get("/.well-known/jwks.json").await);
    assert_eq!(both, [kid.clone(), first[0].clone()]);
    // It is published and does not sign yet, since tools keep our set for a while.
    let mut browser = scene.browser(scene.teacher()).await;
    let signed = async |browser: &mut Browser, nonce: &str| {
        let asked = scene.set_out(browser).await;
        let page = browser.get(&scene.back(&asked, nonce, &[])).await;
        opened(&page.field("id_token")).0["kid"].as_str().expect("a name").to_owned()
    };
    assert_eq!(signed(&mut browser, "n-1").await, first[0]);
    let mut lecturer = scene.browser(&scene.lecturer).await;
    lecturer.get(&scene.page()).await.shows("起签名").shows("正在签名").hides("只供核验");
    scene.test.clock.set(scene.test.app.now() + TimeDelta::hours(25));
    let mut browser = scene.browser(scene.teacher()).await;
    assert_eq!(signed(&mut browser, "n-2").await, kid);
    assert_eq!(scene.recorded("lti.key_made").await, 2);
    let mut lecturer = scene.browser(&scene.lecturer).await;
    lecturer.get(&scene.page()).await.shows(&kid).shows(&first[0]).shows("只供核验");
    scene.test.clock.set(scene.test.app.now() + TimeDelta::days(8));
    assert_eq!(names(&anybody.get("/.well-known/jwks.json").await), std::slice::from_ref(&kid));
    let mut tx = scene.test.app.db.read().await.expect("a transaction");
    let sealed = tx.row("select secret from lti_key limit 1", args![], |row| row.get::<Vec<u8>>(0)).await;
    let opened_key = scene.test.app.keys.open(&sealed.expect("a key")).expect("sealed by us");
    assert!(SigningKey::read(&opened_key).is_some());
    drop(tx);

    // One that somebody else may hold is withdrawn at once, with the one that waits.
    crate::lti::rotate(&scene.test.system()).await.expect("another key");
    let last = crate::lti::revoke(&scene.test.system()).await.expect("a new key");
    assert_eq!(names(&anybody.get("/.well-known/jwks.json").await), std::slice::from_ref(&last));
    assert_eq!(scene.recorded("lti.key_revoked").await, 2);
    let mut browser = scene.browser(scene.teacher()).await;
    assert_eq!(signed(&mut browser, "n-3").await, last);
    let mut lecturer = scene.browser(&scene.lecturer).await;
    lecturer.get(&scene.page()).await.shows("作废").shows(&kid);
    scene.test.clock.set(scene.test.app.now() + TimeDelta::days(31));
    scene.browser(&scene.lecturer).await.get(&scene.page()).await.hides(&kid).shows(&last);
});

story!(one_key_is_withdrawn_and_the_others_stay, |engine| async move {
    let scene = Scene::begin(engine).await;
    let published = async || names(&scene.test.browser().get("/.well-known/jwks.json").await);
    let first = published().await.remove(0);
    let turned = async || match crate::lti::rotate(&scene.test.system()).await.expect("another key") {
        Rotated::Made(kid, from) => (kid, from),
        waits @ Rotated::Waits(..) => panic!("{waits:?}"),
    };
    let withdraw =
        async |kid: &str| crate::lti::withdraw(&scene.test.system(), kid).await.expect("withdrawn");
    let signs = async || {
        let browser = &mut scene.browser(scene.teacher()).await;
        let asked = scene.set_out(browser).await;
        let page = browser.get(&scene.back(&asked, &scene.test.app.now().micros().to_string(), &[])).await;
        opened(&page.field("id_token")).0["kid"].as_str().expect("a name").to_owned()
    };
    let wait = |time| scene.test.clock.advance(time);

    // The one that waits: the other goes on, and the next waits a day like any.
    let (second, _) = turned().await;
    wait(TimeDelta::hours(12));
    let told = withdraw(&second).await;
    let (third, from) = told.next.expect("another follows");
    let now = scene.test.app.now();
    assert!(from <= now + TimeDelta::hours(24) && from > now + TimeDelta::hours(23), "a day: {from}");
    assert_eq!(told.signs, first);
    assert_eq!(published().await, [third.clone(), first.clone()]);
    wait(TimeDelta::hours(25));
    assert_eq!(signs().await, third);

    // The one that signs: the one before is known to every tool and signs again until another does.
    wait(TimeDelta::days(6));
    let told = withdraw(&third).await;
    let (fourth, _) = told.next.expect("another follows");
    assert_eq!(told.signs, first);
    assert_eq!(signs().await, first);
    wait(TimeDelta::days(3));
    assert_eq!(signs().await, fourth);
    assert_eq!(published().await, [fourth.clone(), first.clone()]);

    // One that is only published is missed by nobody.
    assert_eq!(withdraw(&first).await, Withdrawn { signs: fourth.clone(), next: None });
    assert_eq!(published().await, std::slice::from_ref(&fourth));

    // The one that signs while another waits and none is before it: the other signs at once.
    let (fifth, _) = turned().await;
    assert_eq!(withdraw(&fourth).await, Withdrawn { signs: fifth.clone(), next: None });
    assert_eq!(signs().await, fifth);

    // The only one: a new one signs at once.
    let told = withdraw(&fifth).await;
    assert_eq!((published().await, told.next), (vec![told.signs.clone()], None));
    for unknown in [&fifth, "nothing"] {
        let refused = crate::lti::withdraw(&scene.test.system(), unknown).await;
        assert!(matches!(refused, Err(Failure::NotFound)), "{refused:?}");
    }
    assert_eq!(scene.recorded("lti.key_revoked").await, 5);
});

story!(a_tool_opens_the_courses_that_somebody_has_ticked, |engine| async move {
    let mut scene = Scene::bare(engine, &[]).await;
    let mut lecturer = scene.browser(&scene.lecturer).await;
    scene.client = scene.registered(&mut lecturer, &[("whole", "")]).await;
    scene.turned(&mut lecturer, "resume").await.shows("已启用").shows("从工具中挑选的和单独勾选的课程");
    let course = format!("/courses/{}", scene.course);
    let launch = format!("{course}/launch");
    let mut teacher = scene.browser(scene.teacher()).await;
    teacher.get(&course).await.hides("launch").hides("将打开学习工具");
    teacher.get(&launch).await.is(422).says("不从学习工具“微课工具”打开");
    let courses = format!("{}/courses", scene.page());
    let page = lecturer.get(&courses).await;
    let version = page.shows("课程一").field("version");
    let id = scene.course.to_string();
    let unseen = [("version", version.as_str()), ("course", &id)];
    lecturer.post(&courses, &unseen).await.shows("没有改动");
    let version = lecturer.get(&courses).await.field("version");
    let tick = [("version", version.as_str()), ("shown", &id), ("course", &id), ("course", "nothing")];
    lecturer.post(&courses, &tick).await.shows("1 门课程的打开方式有变化");
    let page = teacher.get(&course).await;
    assert_eq!(page.shows("将打开学习工具“微课工具”（tool.test）").link(&launch), launch);
    scene.set_out(&mut teacher).await;
    lecturer.post(&courses, &tick).await.is(409).says("已被他人修改");
    assert_eq!(scene.recorded("lti.courses_chosen").await, 1);
    // Whoever is on the way when the tick is taken away does not arrive.
    let asked = scene.set_out(&mut teacher).await;
    let mut office = scene.browser(&scene.town.city_office).await;
    let version = office.get(&courses).await.field("version");
    office
        .post(&courses, &[("version", version.as_str()), ("shown", &id)])
        .await
        .shows("1 门课程的打开方式有变化");
    teacher.get(&scene.back(&asked, "n-1", &[])).await.is(422).says("不从学习工具");
    for stranger in [scene.teacher(), &scene.town.school().clerk, &scene.town.county_office] {
        let mut browser = scene.browser(stranger).await;
        browser.get(&courses).await.is(404);
        browser.post_only(&courses, &tick).await.is(404);
    }
});
