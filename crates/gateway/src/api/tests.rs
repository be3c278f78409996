//! The interface through HTTP, on both engines; every answer is held against its document.

mod kept;
mod parameters;
mod records;
mod refused;
mod schema;
mod withdrawal;

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, Method};
use chrono::{Days, NaiveDate, TimeDelta};
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::serve::Rooms;
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::Role;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;
use tisheng_registry::samples::{Persona, Town, phone, small_town};
use tisheng_rules::Scheme;
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Engine, Seen, TestApp, story};
use tisheng_training::platform::{self, Platform};
use tisheng_training::{course, hours};

use crate::token::{self, Gate, Issued, Scope, samples::token};
use crate::{listening, lrs};

/// A town with a programme and two platforms of the county.
struct Place {
    test: TestApp,
    town: Town,
    programme: Programme,
    rules: Arc<Scheme>,
    platforms: [Platform; 2],
    lecturer: Persona,
}

impl Place {
    async fn begin(engine: Engine) -> Self {
        let rooms = Rooms {
            pages: token::routes().merge(super::pages()).merge(hours::routes()),
            machines: super::routes().merge(lrs::routes()),
        };
        let parts = scheme::samples::parts().with(Gate::default()).with(lrs::Desk::default());
        let handlers = listening::jobs(Handlers::default()).reaction(lrs::STORED, listening::JOB);
        let test = TestApp::with_handlers(engine, rooms, parts, handlers).await;
        let town = small_town(&test.system()).await.expect("a town");
        let files = scheme::samples::owned(third_scheme_files());
        let programme =
            scheme::samples::programme(&test.system(), &town.city, &files).await.expect("a programme");
        let office = test.ctx(town.city_office.who());
        let mut tx = office.write().await.expect("a transaction");
        let rules = scheme::rules(&test.app, &mut tx, &programme).await.expect("rules");
        let mut made = Vec::new();
        for (number, name) in [(1, "甲"), (2, "乙")] {
            let above = (&town.county, number, name);
            let (node, id) =
                platform::samples::platform(&office, &mut tx, &programme, above).await.expect("a platform");
            let platform = platform::of_id(&mut tx, id).await.expect("read").expect("a platform");
            made.push((node, platform));
        }
        tx.commit().await.expect("commits");
        let [(node, first), (_, second)] = <[(Node, Platform); 2]>::try_from(made).expect("two");
        let lecturer = Persona { role: Role::Institution, node, ..town.schools[1].clerk.clone() };
        let place = Self { test, town, programme, rules, platforms: [first, second], lecturer };
        place.test.clock.set(Instant::start_of(place.day(10)) + TimeDelta::hours(9));
        place
    }

    fn day(&self, d: u32) -> NaiveDate {
        let first = self.rules.identity.period.expect("a programme has a period").from();
        first + Days::new(100) + Days::new(d.into())
    }

    async fn token(&self, node: &Node, platform: Option<&Platform>, scopes: &[Scope]) -> Machine<'_> {
        let ctx = self.test.system();
        let mut tx = ctx.write().await.expect("a transaction");
        let issued = token(&ctx, &mut tx, (node, platform), scopes).await.expect("a token");
        tx.commit().await.expect("commits");
        Machine { place: self, issued }
    }

    /// A token that reports the hours of the first platform.
    async fn reporter(&self) -> Machine<'_> {
        let scopes = [Scope::HoursWrite, Scope::HoursRead, Scope::CatalogueRead, Scope::CatalogueWrite];
        self.token(&self.town.city, Some(&self.platforms[0]), &scopes).await
    }

    /// A row about the `n`th teacher of the first school.
    fn row(&self, n: usize, hours: &str, number: &str) -> Value {
        let phone = phone(7 + u32::try_from(n).expect("a few"));
        json!({
            "id": number,
            "person": { "name": self.town.school().teachers[n].name, "phone": phone.number() },
            "title": "数字素养",
            "hours": hours,
            "date": self.day(1).to_string(),
        })
    }

    async fn seconds(&self, person: Id<Person>) -> i64 {
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let entries = hours::entries(&mut tx, self.programme.id, person).await.expect("entries");
        entries.iter().map(|entry| entry.seconds.get()).sum()
    }
}

/// A system with a token.
struct Machine<'p> {
    place: &'p Place,
    issued: Issued,
}

impl Machine<'_> {
    async fn send(&self, method: Method, path: &str, more: &[(&str, &str)], body: Vec<u8>) -> Seen {
        let bearer = format!("Bearer {}", self.issued.word());
        let usual = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let mut headers = HeaderMap::new();
        for (name, value) in usual.iter().chain(more) {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header");
            headers.insert(name, value.parse().expect("a value"));
        }
        let asked = format!("/api/v1{path}");
        let seen = self.place.test.browser().send(method.clone(), &asked, headers, body).await;
        let bare = path.split('?').next().unwrap_or_default();
        documented(method.as_str(), bare, &seen);
        seen
    }

    async fn get(&self, path: &str) -> Seen {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    async fn post(&self, path: &str, body: &Value) -> Seen {
        self.send(Method::POST, path, &[], body.to_string().into_bytes()).await
    }

    async fn report(&self, rows: &[Value]) -> Seen {
        self.post("/hours", &json!({ "rows": rows })).await
    }
}

/// Fails unless the document says that this may be answered.
#[track_caller]
fn documented(method: &str, path: &str, seen: &Seen) {
    let document = schema::document();
    let kind = seen.headers["content-type"].to_str().expect("text");
    let schema = if seen.status.is_success() {
        let call = schema::call(&document, method, path).expect("the document has this call");
        call["responses"]["200"]["content"][kind]["schema"].clone()
    } else {
        document["components"]["responses"]["Problem"]["content"][kind]["schema"].clone()
    };
    let wrong = schema::breaches(&document, &schema, &body(seen));
    assert!(wrong.is_empty(), "{method} {path}: {wrong:?}\n{}", seen.html());
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.bytes).expect("JSON")
}

fn outcomes(seen: &Seen) -> Vec<String> {
    let body = body(seen);
    let rows = body["rows"].as_array().expect("rows");
    rows.iter().map(|row| row["outcome"].as_str().expect("an outcome").to_owned()).collect()
}

#[track_caller]
fn problem(seen: &Seen, status: u16, code: &str) {
    seen.is(status);
    assert_eq!(body(seen)["code"], code, "{}", seen.html());
}

story!(a_batch_is_answered_row_by_row_and_counts_once, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let mut stranger = place.row(1, "1", "v3");
    stranger["person"] = json!({ "name": "无名氏", "phone": "13900000099" });
    let mut misspelt = place.row(1, "1", "v5");
    misspelt["titel"] = json!("x");
    misspelt["date"] = json!("去年");
    let rows = [
        place.row(0, "2", "v1"),
        place.row(1, "1.5", "v2"),
        stranger,
        place.row(2, "20", "v4"),
        misspelt,
        place.row(0, "3", "v1"),
        place.row(2, "20", "v6"),
        json!("nothing"),
    ];
    let seen = machine.report(&rows).await;
    let expected = ["entered", "entered", "parked", "entered", "refused", "conflict", "held", "refused"];
    assert_eq!(outcomes(&seen), expected);
    let answer = body(&seen);
    assert_eq!(
        answer["tally"],
        json!({"records": 8, "entered": 3, "same": 0, "waiting": 3, "withdrawn": 0, "refused": 2})
    );
    let fields: Vec<&str> = answer["rows"][4]["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .filter_map(|error| error["field"].as_str())
        .collect();
    assert_eq!(fields, ["titel", "date"]);
    let first = place.town.school().teachers[0].person;
    let length = place.platforms[0].length.seconds();
    assert_eq!(place.seconds(first).await, 2 * length);

    let again = machine.report(&rows[..4]).await;
    assert_eq!(outcomes(&again), ["same", "same", "parked", "same"]);
    assert_eq!(place.seconds(first).await, 2 * length, "however often it is sent");
    let listed = body(&machine.get("/hours").await);
    let ids: Vec<&str> =
        listed["items"].as_array().expect("items").iter().filter_map(|item| item["id"].as_str()).collect();
    assert_eq!((ids.len(), listed["items"][0]["hours"].as_str()), (3, Some("2.00")), "{ids:?}");
});

story!(a_key_gets_one_answer, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let key = [("idempotency-key", "\"batch-1\"")];
    let sent = json!({ "rows": [place.row(0, "2", "v1")] }).to_string().into_bytes();
    let first = machine.send(Method::POST, "/hours", &key, sent.clone()).await;
    assert_eq!(outcomes(&first), ["entered"]);
    let second = machine.send(Method::POST, "/hours", &key, sent).await;
    assert_eq!(
        (body(&first), "true"),
        (body(&second), second.headers["idempotent-replayed"].to_str().expect("text"))
    );
    let other = json!({ "rows": [place.row(0, "3", "v2")] }).to_string().into_bytes();
    problem(&machine.send(Method::POST, "/hours", &key, other.clone()).await, 422, "key_reused");
    assert_eq!(
        place.seconds(place.town.school().teachers[0].person).await,
        2 * place.platforms[0].length.seconds()
    );
    let neighbour = place.token(&place.town.city, Some(&place.platforms[1]), &[Scope::HoursWrite]).await;
    assert_eq!(
        outcomes(&neighbour.send(Method::POST, "/hours", &key, other).await),
        ["entered"],
        "keys are each token's own"
    );
    let long = "x".repeat(101);
    let strange = [("idempotency-key", long.as_str())];
    problem(&machine.send(Method::POST, "/hours", &strange, b"{}".to_vec()).await, 400, "malformed");
});

story!(nobody_gets_more_than_the_token_says, |engine| async move {
    let place = Place::begin(engine).await;
    let rows = [place.row(0, "2", "v1")];
    let reporter = place.reporter().await;
    reporter.report(&rows).await.is(200);
    let mut anybody = place.test.browser();
    let bare = anybody.send(Method::GET, "/api/v1/hours", HeaderMap::new(), Vec::new()).await;
    problem(&bare, 401, "unauthorized");
    let guess = Issued { secret: "guess".to_owned(), ..reporter.issued.clone() };
    problem(&Machine { place: &place, issued: guess }.get("/hours").await, 401, "unauthorized");

    let reader = place.token(&place.town.county, None, &[Scope::RosterRead]).await;
    problem(&reader.report(&rows).await, 403, "scope_missing");
    for path in ["/hours", "/courses", "/progress"] {
        problem(&reader.get(path).await, 403, "scope_missing");
    }
    problem(&reporter.get("/people").await, 403, "scope_missing");
    problem(&reader.send(Method::DELETE, "/people", &[], Vec::new()).await, 405, "method_not_allowed");
    problem(&reader.get("/nothing").await, 404, "not_found");

    // Another node, and what another platform has reported.
    let foreign = place.town.neighbour.id;
    problem(&reader.get(&format!("/people?organisation={foreign}")).await, 404, "not_found");
    let other = place.token(&place.town.city, Some(&place.platforms[1]), &[Scope::HoursRead]).await;
    assert_eq!(body(&other.get("/hours").await)["items"], json!([]));
    let person = place.town.school().teachers[0].person;
    problem(&other.get(&format!("/people/{person}/hours")).await, 404, "not_found");
    let county = place.token(&place.town.county, None, &[Scope::HoursRead]).await;
    let seen = body(&county.get(&format!("/people/{person}/hours")).await);
    assert_eq!(seen["items"][0]["id"], "v1");
    let neighbour = place.token(&place.town.neighbour, None, &[Scope::HoursRead, Scope::ProgressRead]).await;
    problem(&neighbour.get(&format!("/people/{person}/hours")).await, 404, "not_found");
    problem(
        &neighbour.get(&format!("/progress?organisation={}", place.town.county.id)).await,
        404,
        "not_found",
    );
    // A teacher outside the token's node is nobody it can report for: the row waits.
    let narrow = place.token(&place.town.neighbour, Some(&place.platforms[0]), &[Scope::HoursWrite]).await;
    assert_eq!(outcomes(&narrow.report(&[place.row(1, "2", "v9")]).await), ["parked"]);
});

story!(a_token_ends_by_its_day_and_by_its_keepers, |engine| async move {
    let place = Place::begin(engine).await;
    let reporter = place.reporter().await;
    reporter.get("/hours").await.is(200);
    let office = place.test.ctx(place.town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    assert!(token::revoke(&office, &mut tx, reporter.issued.id).await.expect("revoked"));
    tx.commit().await.expect("commits");
    place.test.app.parts.get::<Gate>().forget();
    problem(&reporter.get("/hours").await, 401, "unauthorized");

    let other = place.reporter().await;
    other.get("/hours").await.is(200);
    place.test.clock.advance(TimeDelta::days(366));
    problem(&other.get("/hours").await, 401, "unauthorized");

    let last = place.reporter().await;
    let mut tx = office.write().await.expect("a transaction");
    let (id, version) = (place.platforms[0].id, place.platforms[0].version);
    platform::suspend(&office, &mut tx, id, version).await.expect("suspended");
    tx.commit().await.expect("commits");
    problem(&last.report(&[place.row(0, "2", "v1")]).await, 403, "platform_suspended");
});

story!(long_answers_come_page_by_page, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.token(&place.town.city, None, &[Scope::RosterRead, Scope::ProgressRead]).await;
    for (path, least) in [("/organisations", 5), ("/people", 5)] {
        let whole = body(&machine.get(&format!("{path}?limit=500")).await);
        let whole = whole["items"].as_array().expect("items").clone();
        assert!(whole.len() >= least, "{path}: {}", whole.len());
        let (mut found, mut next) = (Vec::new(), format!("{path}?limit=2"));
        loop {
            place.test.clock.advance(TimeDelta::seconds(1));
            let seen = machine.get(&next).await;
            found.extend(body(&seen)["items"].as_array().expect("items").clone());
            let Some(link) = seen.headers.get("link") else { break };
            let link = link.to_str().expect("text");
            next = link
                .split("/api/v1")
                .nth(1)
                .and_then(|rest| rest.split('>').next())
                .expect("an address")
                .to_owned();
        }
        assert_eq!(found, whole, "{path}");
    }
    let people = machine.get("/people").await;
    for number in [phone(7).number(), phone(7).masked().as_str()] {
        assert!(!people.html().contains(number), "no number of a phone");
    }
    assert!(!people.html().contains("paper"));
    for wrong in ["limit=0", "limit=501", "limit=x", "after=x", "after=eA", "after=AA"] {
        problem(&machine.get(&format!("/people?{wrong}")).await, 400, "malformed");
    }
    let progress = body(&machine.get("/progress").await);
    assert_eq!(progress["organisation"], place.town.city.id.to_string());
});

story!(a_course_is_handed_in_and_waits_for_the_office, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let capability = place.rules.framework.capabilities[0].code.clone();
    let course = json!({
        "code": "K1", "title": "课程一", "source": "own", "capabilities": [capability], "hours": "2",
        "counts": "completed", "href": "https://study1.test/k1", "stages": ["02"], "subjects": ["语文"],
    });
    assert_eq!(body(&machine.post("/courses", &course).await)["outcome"], "new");
    assert_eq!(body(&machine.post("/courses", &course).await)["outcome"], "same");
    let listed = body(&machine.get("/courses").await);
    assert_eq!(
        (listed["items"][0]["code"].as_str(), listed["items"][0]["state"].as_str()),
        (Some("K1"), Some("submitted"))
    );
    let reader = place.token(&place.town.county, None, &[Scope::CatalogueRead]).await;
    assert_eq!(body(&reader.get("/courses").await)["items"], json!([]), "nothing that is not offered");
    let office = place.test.ctx(place.town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let found = course::of_code(&mut tx, &place.platforms[0], "K1").await.expect("read").expect("a course");
    course::approve(&office, &mut tx, found.id, None).await.expect("approved");
    tx.commit().await.expect("commits");
    assert_eq!(body(&reader.get("/courses").await)["items"][0]["terms"]["hours"], "2.00");

    let mut younger = course.clone();
    younger["stages"] = json!(["01"]);
    assert_eq!(body(&machine.post("/courses", &younger).await)["outcome"], "waiting");
    assert_eq!(
        body(&reader.get("/courses").await)["items"][0]["stages"],
        json!(["02"]),
        "in force as before"
    );
    assert_eq!(body(&machine.post("/courses", &course).await)["outcome"], "withdrawn");
    assert_eq!(body(&machine.post("/courses", &course).await)["outcome"], "same");

    let mut wrong = course.clone();
    (wrong["counts"], wrong["hours"], wrong["capabilities"]) = (json!("often"), json!(true), json!(["Z9"]));
    let seen = machine.post("/courses", &wrong).await;
    problem(&seen, 422, "invalid");
    assert_eq!(body(&seen)["errors"][0]["field"], "counts");
    let dear = json!({ "code": "K2", "title": "课程二", "source": "own", "hours": "2", "counts": "completed",
        "capabilities": ["Z9"], "href": "ftp://x" });
    problem(&machine.post("/courses", &dear).await, 422, "invalid");
});

story!(what_is_not_said_again_of_a_course_stays_and_null_takes_it_away, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let capability = place.rules.framework.capabilities[0].code.clone();
    let least = json!({ "code": "K1", "title": "课程一", "source": "own", "hours": "2", "counts": "passed" });
    let mut course = least.clone();
    for (name, value) in [
        ("capabilities", json!([capability])),
        ("href", json!("https://study1.test/k1")),
        ("stages", json!(["02"])),
        ("subjects", json!(["语文"])),
        ("summary", json!("简介一")),
        ("activities", json!(["https://study1.test/course/K1"])),
        ("minutes_per_hour", json!(50)),
        ("material_minutes", json!(90)),
        ("pass", json!(60)),
    ] {
        course[name] = value;
    }
    assert_eq!(body(&machine.post("/courses", &course).await)["outcome"], "new");
    assert_eq!(body(&machine.post("/courses", &least).await)["outcome"], "same", "nothing else is said");
    let approve = async || {
        let office = place.test.ctx(place.town.city_office.who());
        let mut tx = office.write().await.expect("a transaction");
        let found =
            course::of_code(&mut tx, &place.platforms[0], "K1").await.expect("read").expect("a course");
        course::approve(&office, &mut tx, found.id, None).await.expect("approved");
        tx.commit().await.expect("commits");
    };
    approve().await;
    assert_eq!(body(&machine.post("/courses", &least).await)["outcome"], "same");
    let listed = body(&machine.get("/courses").await)["items"][0].clone();
    let terms = &listed["terms"];
    assert_eq!((&terms["material_minutes"], &terms["pass"]), (&json!(90), &json!("60")));
    assert_eq!((&terms["minutes_per_hour"], &listed["summary"]), (&json!(50), &json!("简介一")));

    // What waits is what was said last; what is null is taken away.
    let mut other = least.clone();
    other["material_minutes"] = json!(120);
    assert_eq!(body(&machine.post("/courses", &other).await)["outcome"], "waiting");
    assert_eq!(body(&machine.post("/courses", &least).await)["outcome"], "same", "what waits stays");
    for name in ["material_minutes", "subjects", "pass", "minutes_per_hour"] {
        other[name] = Value::Null;
    }
    assert_eq!(body(&machine.post("/courses", &other).await)["outcome"], "waiting");
    approve().await;
    let listed = body(&machine.get("/courses").await)["items"][0].clone();
    let terms = &listed["terms"];
    assert_eq!((&terms["material_minutes"], &terms["pass"]), (&Value::Null, &Value::Null));
    assert_eq!((&listed["subjects"], &listed["stages"]), (&json!([]), &json!(["02"])));
    assert_eq!(terms["minutes_per_hour"], json!(place.platforms[0].length.minutes()));
    assert_eq!(listed["activities"], json!(["https://study1.test/course/K1"]));
});

story!(the_document_and_the_addresses_are_one, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.token(&place.town.city, Some(&place.platforms[0]), Scope::ALL).await;
    let document = schema::document();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        let asked = path.replace("{id}", &place.town.school().teachers[0].person.to_string());
        for method in methods.as_object().expect("methods").keys() {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let seen = machine.send(method.clone(), &asked, &[], b"{}".to_vec()).await;
            let code = if seen.status.is_success() { Value::Null } else { body(&seen)["code"].clone() };
            let of_people = path == "/people/{id}/hours";
            assert!(
                of_people || (code != "not_found" && code != "method_not_allowed"),
                "{method} {path}: {code}"
            );
        }
        let nobody = machine.send(Method::PATCH, &asked, &[], Vec::new()).await;
        problem(&nobody, 405, "method_not_allowed");
    }
    let mut reader = place.test.browser();
    let json = reader.get("/api/v1/openapi.json").await;
    assert_eq!(body(&json)["openapi"], "3.1.0");
    reader.get("/api/v1/docs").await.shows("报送学时").shows("HoursRow").shows("key_reused");
});

story!(whatever_is_sent_never_breaks_anything, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let text = any::<String>();
    let leaf = proptest::prop_oneof![
        text.prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::strategy::Just(Value::Null),
        proptest::strategy::Just(json!("9999-12-31")),
        proptest::strategy::Just(json!("\u{0}")),
    ];
    let names = ["id", "person", "title", "hours", "date", "category", "kind", "minutes_per_hour"];
    let mut runner = TestRunner::deterministic();
    for turn in 0..150_usize {
        let mut row = place.row(turn % 5, "1", &format!("f{turn}"));
        let odd = leaf.new_tree(&mut runner).expect("a value").current();
        row[names[turn % names.len()]] = odd.clone();
        if turn % 3 == 0 && row["person"].is_object() {
            row["person"]["paper"] = odd.clone();
        }
        let sent = match turn % 10 {
            0 => odd.to_string(),
            1 => format!("{{\"rows\":[{}", row),
            _ => json!({ "rows": [row, odd] }).to_string(),
        };
        let seen = machine.send(Method::POST, "/hours", &[], sent.clone().into_bytes()).await;
        assert!(!seen.status.is_server_error(), "{sent}: {}", seen.html());
        place.test.clock.advance(TimeDelta::seconds(1));
    }
    let many: Vec<Value> = (0..501).map(|n| place.row(0, "1", &n.to_string())).collect();
    problem(&machine.report(&many).await, 413, "too_large");
    let kind = [("content-type", "text/plain")];
    problem(
        &machine.send(Method::POST, "/hours", &kind, b"{}".to_vec()).await,
        415,
        "unsupported_media_type",
    );
    // What could be read in two ways is refused: another coding, another charset, a field named twice.
    for (name, value) in [("content-encoding", "gzip"), ("content-type", "application/json; charset=gbk")] {
        let seen = machine.send(Method::POST, "/hours", &[(name, value)], b"{}".to_vec()).await;
        problem(&seen, 415, "unsupported_media_type");
    }
    let plain = [("content-type", "application/json; charset=\"UTF-8\""), ("content-encoding", "identity")];
    let row = place.row(0, "1", "twice").to_string();
    let sent = format!("{{\"rows\":[{row}]}}").into_bytes();
    machine.send(Method::POST, "/hours", &plain, sent).await.is(200);
    let doubled = row.replacen('{', "{\"hours\":\"9\",", 1);
    for (body, said) in [
        (format!("{{\"rows\":[{doubled}]}}"), "hours 在同一个对象里写了两次"),
        (format!("{{\"rows\":[{row}],\"rows\":[{row}]}}"), "rows 在同一个对象里写了两次"),
        (format!("{{\"rows\":[{row}],\"dry\":true}}"), "没有字段 dry"),
        ("[".repeat(100_000), "不是有效的 JSON"),
    ] {
        let seen = machine.send(Method::POST, "/hours", &[], body.into_bytes()).await;
        problem(&seen, 400, "malformed");
        seen.says(said);
    }
    let seen = machine.send(Method::POST, "/hours", &[], b"{\"rows\":[\"\xc4\xe3\"]}".to_vec()).await;
    problem(&seen, 400, "malformed");
    seen.says("UTF-8");
    for odd in ["数字\u{7}素养", "数字\u{202e}素养"] {
        let mut row = place.row(0, "1", "unseen");
        row["title"] = json!(odd);
        let seen = machine.report(&[row]).await;
        assert_eq!(outcomes(&seen), ["refused"]);
        seen.says("看不见的控制字符");
    }
    let mut broken = place.row(1, "1", "broken");
    broken["title"] = json!("数字\n素养\t");
    assert_eq!(outcomes(&machine.report(&[broken]).await), ["entered"]);
    let heap = vec![b'['; 3 << 20];
    problem(&machine.send(Method::POST, "/hours", &[], heap).await, 413, "too_large");
});

story!(keepers_make_renew_and_end_tokens, |engine| async move {
    let place = Place::begin(engine).await;
    let mut office = place.test.signed_in(&place.town.county_office.who()).await;
    let wrong = office.post("/tokens", &[("name", ""), ("days", "365"), ("scope", "hours:write")]).await;
    wrong.is(422).says("请写一个名称").says("要选定是哪个平台");
    let platform = place.platforms[0].id.to_string();
    let form = [("name", "县数据中心"), ("days", "90"), ("scope", "roster:read"), ("scope", "progress:read")];
    let issued = office.post("/tokens", &form).await;
    issued.shows("令牌只显示这一次").shows("ts_");
    let list = office.get("/tokens").await;
    list.shows("县数据中心").shows("查询进度").hides("ts_");
    // The page reloaded sends the form again: there is one token all the same.
    let key = list.field("_key");
    let twice = [("_key", key.as_str()), ("name", "备用"), ("days", "90"), ("scope", "roster:read")];
    office.post("/tokens", &twice).await.shows("令牌只显示这一次");
    let again = office.post("/tokens", &twice).await;
    again.shows("令牌“备用”已经生成过").hides("ts_");
    assert_eq!(again.html().matches("<th scope=\"row\">备用").count(), 1);

    let mut lecturer = place.test.signed_in(&place.lecturer.who()).await;
    lecturer.get("/tokens").await.hides("县数据中心").hides("查询进度");
    let more = [("name", "乙"), ("days", "365"), ("scope", "roster:read"), ("platform", platform.as_str())];
    lecturer.post("/tokens", &more).await.is(422).says("只能由工程办公室授权");
    lecturer.get("/tokens").await.shows("请选择").hides("不代表平台");
    let none = lecturer.post("/tokens", &[("name", "乙"), ("days", "365"), ("scope", "hours:write")]).await;
    assert!(none.is(422).says("要选定是哪个平台").wrong().is_empty(), "said beside the field alone");
    let foreign = place.platforms[1].id.to_string();
    let other = [("name", "乙"), ("days", "365"), ("scope", "hours:write"), ("platform", foreign.as_str())];
    lecturer.post("/tokens", &other).await.is(422).says("请重新选择平台");
    let own =
        [("name", "正式环境"), ("days", "365"), ("scope", "hours:write"), ("platform", platform.as_str())];
    let issued = lecturer.post("/tokens", &own).await;
    let word =
        issued.text().split("ts_").nth(1).expect("a token").split(' ').next().expect("a word").to_owned();
    let (key, secret) = word.split_once('_').expect("two halves");
    let list = lecturer.get("/tokens").await;
    let revoke = list.link("/tokens/");
    let id: Id<token::Token> = revoke.split('/').nth(2).expect("an id").parse().expect("an id");
    let machine =
        Machine { place: &place, issued: Issued { id, key: key.to_owned(), secret: secret.to_owned() } };
    assert_eq!(outcomes(&machine.report(&[place.row(0, "1", "p1")]).await), ["entered"]);

    for persona in [&place.town.county_office, &place.town.neighbour_office] {
        let mut stranger = place.test.signed_in(&persona.who()).await;
        stranger.post(&format!("/tokens/{id}/revoke"), &[]).await.is(404);
        stranger.post(&format!("/tokens/{id}/rotate"), &[]).await.is(404);
    }
    for persona in [&place.town.school().clerk, &place.town.school().teachers[0]] {
        place.test.signed_in(&persona.who()).await.get("/tokens").await.is(404);
    }
    // Pressed twice: the secret that the platform uses is still good.
    for _ in 0..2 {
        lecturer.post(&format!("/tokens/{id}/rotate"), &[]).await.shows("还能再用 24 小时");
    }
    machine.report(&[place.row(0, "1", "p2")]).await.is(200);
    place.test.clock.advance(TimeDelta::hours(25));
    problem(&machine.report(&[place.row(0, "1", "p3")]).await, 401, "unauthorized");
    let mut lecturer = place.test.signed_in(&place.lecturer.who()).await;
    lecturer.post(&format!("/tokens/{id}/revoke"), &[]).await.shows("已作废");
    lecturer.post(&format!("/tokens/{id}/rotate"), &[]).await.is(404);
});
