//! Offices that listen to what becomes of their teachers.

use serde_json::{Value, json};
use tisheng_assessment::certificate;
use tisheng_gateway::webhook;
use tisheng_platform::{args, jobs};
use tisheng_policy::scheme;
use tisheng_testkit::story;

use crate::world::World;

story!(an_office_is_told_of_results_and_certificates_of_its_own_teachers, |engine| async move {
    let world = World::begin(engine).await;
    let form = [
        ("name", "发证通知"),
        ("url", "https://hooks.test/"),
        ("event", "result.final"),
        ("event", "certificate.issued"),
        ("event", "certificate.revoked"),
        ("event", "certificate.superseded"),
    ];
    let mut office = world.browser(&world.town.county_office).await;
    let page = office.post("/webhooks", &form).await.link("/webhooks/");
    let mut neighbour = world.browser(&world.town.neighbour_office).await;
    let theirs = neighbour.post("/webhooks", &form).await.link("/webhooks/");

    let teacher = world.town.school().teachers[4].clone();
    world.fulfil(&teacher).await;
    office.get(&page).await.shows("考核结果生效 待投递").hides("证书颁发 待投递");
    office.post("/certificates/batch", &[]).await.shows("位教师发证");
    world.test.settle().await;
    let seen = office.get(&page).await;
    // Nobody listens there: it waits, and is tried again.
    seen.shows("证书颁发 待投递").shows("投递受阻");
    neighbour.get(&theirs).await.shows("还没有通知");

    // Told of what was done, not of how it stands once it is told.
    let first = number(&world, "valid").await;
    let reason = [("reason", "姓名用字更正")];
    office.post(&format!("/certificates/{first}/reissue"), &reason).await.shows("已换发");
    let second = number(&world, "valid").await;
    // Whoever was told of a certificate is told of its end, though its holder has left in between.
    let day = world.test.app.now().date().to_string();
    let leave = [("on", day.as_str()), ("reason", "退休离校")];
    let mut clerk = world.browser(&world.town.school().clerk).await;
    clerk.post(&format!("/people/{}/release", teacher.person), &leave).await.shows("离任已办理");
    office.post(&format!("/certificates/{second}/revoke"), &reason).await.shows("证书已撤销");
    world.test.settle().await;
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let sql = "select payload from webhook_message where event like 'certificate.%'";
    let said = tx.rows(sql, args![], |row| row.get::<String>(0)).await.expect("messages");
    let mut said: Vec<Value> = said
        .iter()
        .map(|payload| serde_json::from_str::<Value>(payload).expect("JSON"))
        .filter(|message| message["data"]["person"] == teacher.person.to_string())
        .map(|message| {
            let data = &message["data"];
            json!([message["type"], data["action"], data["number"], data["superseded_by"]])
        })
        .collect();
    said.sort_by_key(Value::to_string);
    let mut expected = [
        json!(["certificate.issued", "issued", first, null]),
        json!(["certificate.issued", "issued", second, null]),
        json!(["certificate.revoked", "revoked", second, null]),
        json!(["certificate.superseded", "superseded", first, second]),
    ];
    expected.sort_by_key(Value::to_string);
    assert_eq!(said, expected);
});

story!(an_event_of_the_release_before_is_told_after_the_upgrade, |engine| async move {
    let world = World::begin(engine).await;
    let form = [
        ("name", "发证通知"),
        ("url", "https://hooks.test/"),
        ("event", "certificate.issued"),
        ("event", "certificate.revoked"),
    ];
    let mut office = world.browser(&world.town.county_office).await;
    let teacher = world.town.school().teachers[4].clone();
    world.fulfil(&teacher).await;
    office.post("/certificates/batch", &[]).await.shows("位教师发证");
    world.test.settle().await;
    let number = number(&world, "valid").await;
    office.post("/webhooks", &form).await.shows("只显示这一次");

    // As it was written then: the programme and the person, and nothing of what was done.
    let ctx = world.test.system();
    let mut tx = ctx.read().await.expect("a transaction");
    let programme = scheme::at(&mut tx, &world.town.county.path).await.expect("a programme").id;
    drop(tx);
    let before = |person: Value| json!({ "programme": programme, "person": person });
    let arrives = async |person: Value| {
        let ctx = world.test.system();
        let mut tx = ctx.write().await.expect("a transaction");
        jobs::emit(&mut tx, ctx.at, certificate::ISSUED, &before(person.clone())).await.expect("an event");
        tx.commit().await.expect("commits");
        world.test.settle().await;
        // The event may have become a job before the upgrade.
        let mut tx = ctx.write().await.expect("a transaction");
        let key = ctx.id::<()>().to_string();
        let job = jobs::enqueue(&mut tx, ctx.at, webhook::CERTIFICATE_JOB, &key, &before(person)).await;
        job.expect("a job");
        tx.commit().await.expect("commits");
        world.test.settle().await;
        let mut tx = world.test.app.db.read().await.expect("a transaction");
        let failed = "select count(*) from job where done_at is null and kind = 'webhook.certificate'";
        let left: i64 = tx.row(failed, args![], |row| row.get(0)).await.expect("counted");
        let sql = "select payload from webhook_message where event like 'certificate.%' order by at, id";
        let said = tx.rows(sql, args![], |row| row.get::<String>(0)).await.expect("messages");
        let said = said.iter().map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
        let mut said: Vec<Value> =
            said.map(|m| json!([m["type"], m["data"]["action"], m["data"]["number"]])).collect();
        said.sort_by_key(Value::to_string);
        (left, said)
    };
    let (left, said) = arrives(json!(teacher.person)).await;
    let issued = json!(["certificate.issued", "issued", number]);
    assert_eq!((left, said), (0, vec![issued.clone(), issued.clone()]));

    // It is told how the certificate stands when it is told; of nobody's nothing is.
    office
        .post(&format!("/certificates/{number}/revoke"), &[("reason", "姓名用字更正")])
        .await
        .shows("已撤销");
    world.test.settle().await;
    let revoked = json!(["certificate.revoked", "revoked", number]);
    let (left, said) = arrives(json!(teacher.person)).await;
    assert_eq!((left, said), (0, vec![issued.clone(), issued, revoked.clone(), revoked.clone(), revoked]));
    let nobody = world.town.schools[1].teachers[0].person;
    assert_eq!(arrives(json!(nobody)).await.1.len(), 5);
});

/// The number of the one certificate in `state` that the town's teacher has.
async fn number(world: &World, state: &str) -> String {
    let teacher = world.town.school().teachers[4].person;
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let sql = "select number from certificate where person = $1 and state = $2";
    tx.row(sql, args![teacher, state], |row| row.get(0)).await.expect("a certificate")
}
