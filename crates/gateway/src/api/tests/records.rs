//! What the record store refused of a platform is seen beside the rows that the interface refused.

use axum::http::{HeaderMap, HeaderName, Method};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tisheng_testkit::{Seen, story};
use tisheng_training::platform;

use super::Place;
use crate::lrs::{self, Desk, Issued, Wanted};

async fn credential(place: &Place, scopes: &[lrs::Scope]) -> Issued {
    let ctx = place.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let wanted = Wanted { platform: Some(place.platforms[0].id.uuid()), ..Wanted::new("甲平台", scopes) };
    let issued = lrs::create(&ctx, &mut tx, &wanted).await.expect("a credential");
    tx.commit().await.expect("commits");
    issued
}

async fn sent(place: &Place, by: &Issued, statement: &Value) -> Seen {
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", by.key, by.secret)));
    let mut headers = HeaderMap::new();
    let usual = [
        ("authorization", basic.as_str()),
        ("content-type", "application/json"),
        ("x-experience-api-version", "2.0.0"),
    ];
    for (name, value) in usual {
        headers.insert(HeaderName::from_static(name), value.parse().expect("a value"));
    }
    let body = statement.to_string().into_bytes();
    let seen = place.test.browser().send(Method::POST, "/xapi/statements", headers, body).await;
    place.test.settle().await;
    seen
}

/// A statement that the learner `s1` has done `verb`.
fn statement(verb: &str) -> Value {
    json!({
        "actor": { "account": { "homePage": "https://study1.test", "name": "s1" } },
        "verb": { "id": format!("http://adlnet.gov/expapi/verbs/{verb}") },
        "object": { "id": "https://study1.test/course/K1" },
    })
}

story!(what_the_record_store_refused_is_told_by_reason_and_of_nobody, |engine| async move {
    let place = Place::begin(engine).await;
    let writer = credential(&place, &[lrs::Scope::Write]).await;
    let reader = credential(&place, &[lrs::Scope::ReadMine]).await;
    let mut broken = statement("completed");
    broken["actor"] = json!({ "mbox": "zhangsan@study1.test" });
    sent(&place, &writer, &broken).await.is(400);
    sent(&place, &writer, &broken).await.is(400);
    sent(&place, &reader, &statement("completed")).await.is(403);
    sent(&place, &writer, &statement("completed")).await.is(200);
    sent(&place, &writer, &statement("answered")).await.is(200);
    let mut group = statement("completed");
    let member = group["actor"].clone();
    group["actor"] = json!({ "objectType": "Group", "member": [member] });
    sent(&place, &writer, &group).await.is(200);

    let at = format!("/platforms/{}/refused", place.platforms[0].id);
    let mut own = place.test.signed_in(&place.lecturer.who()).await;
    let seen = own.get(&at).await;
    seen.is(200).shows("今天 没有收存：内容不合 xAPI 标准 2").shows("没有收存：凭证没有写入权限 1");
    seen.shows("已收存，不计学时：没有说明完成、通过或用时 1").shows("answered");
    seen.shows("已收存，不计学时：不是一个人的账号 1").hides("zhangsan");
    let mut clerk = place.test.signed_in(&place.town.school().clerk.who()).await;
    clerk.get(&at).await.is(200).shows("内容不合 xAPI 标准").hides("zhangsan");
    own.get(&format!("{at}?state=settled")).await.hides("内容不合 xAPI 标准");
    // Another platform's page says nothing of it.
    let elsewhere = format!("/platforms/{}/refused", place.platforms[1].id);
    clerk.get(&elsewhere).await.is(200).shows("近 7 天没有拒收");

    let office = place.test.ctx(place.town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let (id, version) = (place.platforms[0].id, place.platforms[0].version);
    platform::suspend(&office, &mut tx, id, version).await.expect("suspended");
    tx.commit().await.expect("commits");
    place.test.app.parts.get::<Desk>().forget();
    sent(&place, &writer, &statement("completed")).await.is(403);
    own.get(&at).await.shows("没有收存：平台已停用 1");
});
