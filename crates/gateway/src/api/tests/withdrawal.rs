//! A platform takes back what it has reported.

use serde_json::{Value, json};
use tisheng_testkit::story;
use tisheng_training::hours::{self, Channel, Report, Whom};

use super::{Place, body, outcomes};
use crate::token::Scope;

fn withdrawal(number: &str, reason: &str) -> Value {
    json!({ "id": number, "withdrawn": true, "reason": reason })
}

story!(a_platform_takes_back_what_it_reported_once, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let [first, second, third] = [0, 1, 2].map(|n| place.town.school().teachers[n].clone());
    let length = place.platforms[0].length.seconds();
    let mut stranger = place.row(1, "1", "v2");
    stranger["person"] = json!({ "name": "无名氏", "phone": "13900000099" });
    let rows = [place.row(0, "2", "v1"), stranger, place.row(1, "1", "v3"), place.row(2, "20", "v4")];
    assert_eq!(outcomes(&machine.report(&rows).await), ["entered", "parked", "entered", "entered"]);

    let rows = [
        withdrawal("v1", "考勤重复"),
        withdrawal("v2", "不是本地教师"),
        withdrawal("v9", "不存在"),
        withdrawal("v3", ""),
        json!({ "id": "v3", "withdrawn": true, "reason": "多写了", "hours": "1" }),
        json!({ "id": "v3", "withdrawn": "yes", "reason": "不是布尔值" }),
    ];
    let seen = machine.report(&rows).await;
    let expected = ["withdrawn", "withdrawn", "refused", "refused", "refused", "refused"];
    assert_eq!(outcomes(&seen), expected);
    let answer = body(&seen);
    let tally = json!({"records": 6, "entered": 0, "same": 0, "waiting": 0, "withdrawn": 2, "refused": 4});
    assert_eq!(answer["tally"], tally);
    assert_eq!(answer["rows"][2]["reason"], "本平台没有报送过这个编号的学时");
    assert_eq!((place.seconds(first.person).await, place.seconds(second.person).await), (0, length));

    // Said again it is the same answer, whatever reason is given now.
    let again = body(&machine.report(&[withdrawal("v1", "另一个原因"), withdrawal("v2", "还是")]).await);
    assert_eq!(again["rows"][0], answer["rows"][0]);
    assert_eq!(again["rows"][1], answer["rows"][1]);
    assert_eq!(place.seconds(first.person).await, 0);
    let listed = body(&machine.get("/hours").await);
    let items = listed["items"].as_array().expect("items");
    let taken_back = items.iter().find(|item| item["id"] == "v1").expect("it stays where it is");
    assert_eq!((&taken_back["reversed"], &taken_back["entry"]), (&json!(true), &answer["rows"][0]["entry"]));
    assert_eq!(taken_back["reverses"], Value::Null);
    let back = items.iter().find(|item| item["reverses"] == taken_back["entry"]).expect("what took it back");
    assert_eq!((&back["hours"], &back["reversed"]), (&json!("-2.00"), &json!(false)));
    assert_eq!((&back["source"], &back["id"]), (&json!("撤回"), &taken_back["entry"]));
    place.test.signed_in(&first.who()).await.get("/hours").await.shows("撤回，冲销原记录，原因：考勤重复");

    // Another platform has reported nothing under this number, nor may a token elsewhere speak of it.
    let other = place.token(&place.town.city, Some(&place.platforms[1]), &[Scope::HoursWrite]).await;
    let narrow = place.token(&place.town.neighbour, Some(&place.platforms[0]), &[Scope::HoursWrite]).await;
    for machine in [other, narrow] {
        let seen = body(&machine.report(&[withdrawal("v3", "别人的")]).await);
        assert_eq!(seen["rows"][0]["errors"][0]["message"], "本平台没有报送过这个编号的学时");
    }
    assert_eq!(place.seconds(second.person).await, length);

    // What was wrong is put right within a batch; what was 20 hours and believed is weighed anew.
    let rows = [withdrawal("v3", "学时有误"), place.row(1, "3", "v3")];
    assert_eq!(outcomes(&machine.report(&rows).await), ["withdrawn", "entered"]);
    assert_eq!(place.seconds(second.person).await, 3 * length);
    assert_eq!(place.seconds(third.person).await, 20 * length);
});

/// Hours of a hundred, exactly.
fn hundredths(items: &[Value]) -> i64 {
    let digits = |item: &Value| item["hours"].as_str().expect("hours").replace('.', "");
    items.iter().map(|item| digits(item).parse::<i64>().expect("two decimals")).sum()
}

story!(whoever_adds_up_what_is_listed_has_what_stands, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let rows = [place.row(0, "2", "v1"), place.row(1, "1.5", "v2"), place.row(2, "1", "v3")];
    machine.report(&rows).await;
    machine.report(&[withdrawal("v1", "考勤重复"), withdrawal("v2", "学时有误")]).await;
    place.test.clock.advance(chrono::TimeDelta::seconds(1));
    machine.report(&[place.row(1, "3", "v2")]).await;
    let whole = body(&machine.get("/hours").await)["items"].as_array().expect("items").clone();
    assert_eq!((whole.len(), hundredths(&whole)), (6, 400));
    // Whatever the size of the pages, and where a page ends between an entry and what took it back.
    for limit in 1..4 {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            place.test.clock.advance(chrono::TimeDelta::seconds(1));
            let page = body(&machine.get(&format!("/hours?limit={limit}&after={after}")).await);
            found.extend(page["items"].as_array().expect("items").clone());
            let Some(next) = page["next"].as_str() else { break };
            next.clone_into(&mut after);
        }
        assert_eq!(found, whole, "{limit}");
    }
    // What is taken back after its page was read is on the next one.
    let first = body(&machine.get("/hours?limit=5").await);
    let last = whole[5].clone();
    assert_eq!((&last["id"], &last["hours"]), (&json!("v2"), &json!("3.00")));
    let next = body(&machine.get("/hours?limit=5").await)["next"].as_str().expect("a page more").to_owned();
    machine.report(&[withdrawal("v2", "又错了")]).await;
    let rest = body(&machine.get(&format!("/hours?after={next}")).await);
    let [first, rest] = [first, rest].map(|page| page["items"].as_array().expect("items").clone());
    assert_eq!((first.len(), rest.len()), (5, 2));
    assert_eq!(hundredths(&rest), 0);
});

story!(what_a_person_or_records_decided_is_not_taken_back, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let person = place.town.school().teachers[0].person;
    let length = place.platforms[0].length.seconds();
    let rows = [place.row(0, "2", "v1"), place.row(0, "20", "v2"), place.row(0, "20", "v3")];
    assert_eq!(outcomes(&machine.report(&rows).await), ["entered", "entered", "held"]);

    // Held, believed, withdrawn, and reported again: a person looks once more.
    let office = place.test.ctx(place.town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let held = tx
        .row("select id from hour_report where state = 'held'", tisheng_platform::args![], |row| row.get(0));
    let held = held.await.expect("it waits");
    hours::accept(&office, &mut tx, &place.programme, held, "已向平台核实，按结业日一次报送")
        .await
        .expect("believed");
    tx.commit().await.expect("commits");
    assert_eq!(place.seconds(person).await, 42 * length);
    let rows = [withdrawal("v3", "学时有误"), place.row(0, "20", "v3")];
    assert_eq!(outcomes(&machine.report(&rows).await), ["withdrawn", "held"]);
    assert_eq!(place.seconds(person).await, 22 * length);

    let mut tx = office.write().await.expect("a transaction");
    let entries = hours::entries(&mut tx, place.programme.id, person).await.expect("entries");
    let first = entries.iter().find(|entry| entry.source_id == "v1").expect("it stands");
    hours::reverse(&office, &mut tx, &place.programme, first.id, "抽查不实").await.expect("taken back");
    let from_records = Report {
        whom: Whom::Known(person),
        source_id: "v5".to_owned(),
        channel: Channel::Xapi,
        ..first.report()
    };
    hours::log(&office, &mut tx, &place.programme, &from_records).await.expect("taken");
    tx.commit().await.expect("commits");
    let before = place.seconds(person).await;
    let seen = machine.report(&[withdrawal("v1", "撤回"), withdrawal("v5", "撤回")]).await;
    assert_eq!(outcomes(&seen), ["same", "refused"]);
    let answer = body(&seen);
    assert_eq!(answer["rows"][0]["reason"], "此前已由工作人员冲销或未予认定：抽查不实");
    assert!(answer["rows"][1]["reason"].as_str().expect("a reason").contains("xAPI"), "{answer}");
    assert_eq!(place.seconds(person).await, before);
});

story!(what_an_office_kept_out_comes_in_once_the_entry_is_withdrawn, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let person = place.town.school().teachers[0].person;
    let length = place.platforms[0].length.seconds();
    let rows = [place.row(0, "2", "v1"), place.row(0, "3", "v1")];
    assert_eq!(outcomes(&machine.report(&rows).await), ["entered", "conflict"]);
    let office = place.test.ctx(place.town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let waiting = "select id from hour_report where state = 'conflict'";
    let newer = tx.row(waiting, tisheng_platform::args![], |row| row.get(0)).await.expect("it waits");
    hours::keep(&office, &mut tx, &place.programme, newer, "先按原记录").await.expect("kept");
    tx.commit().await.expect("commits");

    let rows = [withdrawal("v1", "学时有误"), place.row(0, "3", "v1")];
    assert_eq!(outcomes(&machine.report(&rows).await), ["withdrawn", "entered"]);
    assert_eq!(place.seconds(person).await, 3 * length);
});
