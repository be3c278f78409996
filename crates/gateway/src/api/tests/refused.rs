//! What was refused is kept, shown to those whom it concerns, and tried again.

use serde_json::{Value, json};
use tisheng_kernel::Id;
use tisheng_registry::people::Person;
use tisheng_registry::samples::Persona;
use tisheng_testkit::{Seen, story};

use super::{Place, body, outcomes};

/// The addresses at which rows of a page are tried again, in their order.
fn tries(seen: &Seen) -> Vec<String> {
    let html = seen.html().to_owned();
    let parts = html.split("action=\"").skip(1).filter_map(|rest| rest.split('"').next());
    parts.filter(|at| at.contains("/refused/")).map(str::to_owned).collect()
}

/// The hours `v2` of the first teacher come by a file or another way, which mends nothing by itself.
async fn came_otherwise(place: &Place) -> Id<Person> {
    let ctx = place.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let teacher = place.town.school().teachers[0].person;
    let mut report = tisheng_training::samples::online_report(&place.rules, teacher, ("v2", 1, place.day(1)));
    report.source = place.platforms[0].name.clone();
    report.channel = tisheng_training::hours::Channel::Api;
    tisheng_training::hours::log(&ctx, &mut tx, &place.programme, &report).await.expect("entered");
    tx.commit().await.expect("commits");
    assert!(place.seconds(teacher).await > 0);
    teacher
}

story!(a_refused_row_is_shown_with_its_reason_and_tried_again, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let mut misspelt = place.row(0, "2", "v1");
    misspelt["date"] = json!("去年");
    let early = json!({ "id": "v2", "withdrawn": true, "reason": "报错了" });
    let rows: [Value; 2] = [misspelt.clone(), early];
    assert_eq!(outcomes(&machine.report(&rows).await), ["refused", "refused"]);
    assert_eq!(outcomes(&machine.report(&rows).await), ["refused", "refused"]);

    // The institution sees both, each once; the school its teacher's, without the other's.
    let at = format!("/platforms/{}/refused", place.platforms[0].id);
    let mut own = place.test.signed_in(&place.lecturer.who()).await;
    let seen = own.get(&at).await;
    seen.is(200).shows("date").shows("没有报送过这个编号").shows("起共 2 次").shows("数字素养");
    let mut clerk = place.test.signed_in(&place.town.school().clerk.who()).await;
    let here = clerk.get(&at).await;
    here.is(200).shows(&place.town.school().teachers[0].name).shows("date").hides("没有报送过这个编号");
    let mut office = place.test.signed_in(&place.town.city_office.who()).await;
    office.get(&at).await.is(200).shows("没有报送过这个编号");
    let stranger = Persona { node: place.town.neighbour.clone(), ..place.lecturer.clone() };
    place.test.signed_in(&stranger.who()).await.get(&at).await.is(404);
    let mut teacher = place.test.signed_in(&place.town.school().teachers[0].who()).await;
    teacher.get(&at).await.is(404);
    let mut other = place.test.signed_in(&place.town.schools[1].clerk.who()).await;
    other.get(&at).await.is(200).hides("date").hides("没有报送过这个编号");

    // Nothing is mended yet; the row about the teacher is the first.
    let all = tries(&office.get(&at).await);
    assert_eq!(tries(&seen), all, "the institution tries every row of its platform");
    place.test.signed_in(&stranger.who()).await.post(&all[0], &[]).await.is(404);
    own.post(&all[0], &[]).await.is(200).shows("仍不能接收");
    other.post(&all[0], &[]).await.is(404);
    teacher.post(&all[0], &[]).await.is(404);
    clerk.post(&all[0], &[]).await.is(200).shows("仍不能接收");
    // The hours that were to be taken back come, and the withdrawal is tried again.
    assert_eq!(outcomes(&machine.report(&[place.row(1, "1", "v2")]).await), ["entered"]);
    let seen = own.get(&at).await;
    seen.hides("没有报送过这个编号");
    own.get(&format!("{at}?state=settled")).await.shows("更正后重新报送");
    // The platform mends the other by itself.
    misspelt["date"] = json!(place.day(1).to_string());
    assert_eq!(outcomes(&machine.report(&[misspelt]).await), ["entered"]);
    own.get(&at).await.shows("没有被拒绝的行");
    clerk.post(&all[0], &[]).await.is(200).shows("已经处理过");
});

story!(a_refused_row_counts_once_its_cause_is_mended, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let early = json!({ "id": "v2", "withdrawn": true, "reason": "报错了" });
    machine.report(&[early]).await;
    let at = format!("/platforms/{}/refused", place.platforms[0].id);
    let mut office = place.test.signed_in(&place.town.city_office.who()).await;
    let tried = tries(&office.get(&at).await);
    let teacher = came_otherwise(&place).await;
    office.post(&tried[0], &[]).await.is(200).shows("已重新接收：已撤回");
    assert_eq!(place.seconds(teacher).await, 0);
    let again = body(&machine.get("/hours").await);
    assert_eq!(again["items"][0]["reversed"], json!(true));
});

story!(an_institution_tries_its_own_rows_again_and_no_others, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    machine.report(&[json!({ "id": "v2", "withdrawn": true, "reason": "报错了" })]).await;
    let at = format!("/platforms/{}/refused", place.platforms[0].id);
    let mut own = place.test.signed_in(&place.lecturer.who()).await;
    let waiting = tries(own.get(&at).await.shows("待更正 1"));
    own.post(&waiting[0], &[]).await.is(200).shows("仍不能接收");
    let teacher = came_otherwise(&place).await;
    // It sees no teachers; the row is held against those of the whole programme, as when it is sent.
    own.post(&waiting[0], &[]).await.is(200).shows("已重新接收：已撤回");
    assert_eq!(place.seconds(teacher).await, 0);
    own.get(&at).await.shows("待更正 0").shows("没有被拒绝的行");
    // Another platform of the programme is another institution's.
    let elsewhere = format!("/platforms/{}/refused", place.platforms[1].id);
    own.get(&elsewhere).await.is(404);
    own.post(&waiting[0].replace(&at, &elsewhere), &[]).await.is(404);
});

story!(an_older_row_does_not_overtake_what_was_said_since, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    for hours in ["2", "3"] {
        let mut misspelt = place.row(0, hours, "v1");
        misspelt["date"] = json!("去年");
        assert_eq!(outcomes(&machine.report(&[misspelt]).await), ["refused"]);
    }
    let at = format!("/platforms/{}/refused", place.platforms[0].id);
    let mut clerk = place.test.signed_in(&place.town.school().clerk.who()).await;
    let waiting = tries(&clerk.get(&at).await);
    assert_eq!(waiting.len(), 2);
    clerk.post(&waiting[0], &[]).await.is(200).shows("已经处理过");
    clerk.get(&format!("{at}?state=settled")).await.shows("以后来的为准");
    assert_eq!(tries(&clerk.get(&at).await), waiting[1..]);

    let office = place.test.ctx(place.town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let (id, version) = (place.platforms[0].id, place.platforms[0].version);
    tisheng_training::platform::suspend(&office, &mut tx, id, version).await.expect("suspended");
    tx.commit().await.expect("commits");
    clerk.post(&waiting[1], &[]).await.is(200).shows("平台已停用");
});
