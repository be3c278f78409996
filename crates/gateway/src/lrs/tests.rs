//! The store through HTTP, on both engines.

mod filters;
mod hostile;
mod origins;
mod papers;
mod requirements;
mod signed;

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::Value;
use tisheng_platform::db::months::{Month, Monthly};
use tisheng_platform::web::serve::Rooms;
use tisheng_platform::{App, Parts};
use tisheng_testkit::{Engine, Seen, TestApp, story};
use tisheng_xapi::samples::small;
use tisheng_xapi::{Term, TermKind, multipart};
use uuid::Uuid;

use super::store::{self, NewRow, TermRow, search};
use super::{
    Desk, Issued, MONTHS, MonthError, Scope, Wanted, create, months, put_back, revoke, rotate, routes,
    statements, stored_files, take_out,
};

const VERB: &str = "http://adlnet.gov/expapi/verbs/completed";
const LESSON: &str = "http://learning.test/lesson/1";
const WANG: &str = "mailto:wang@school.test";

/// The versions that are spoken.
const VERSIONS: [&str; 2] = ["1.0.3", "2.0.0"];

struct Store {
    town: TestApp,
}

/// A machine with a credential.
struct Machine<'s> {
    store: &'s Store,
    issued: Issued,
}

impl Store {
    async fn start(engine: Engine) -> Self {
        let rooms = Rooms { machines: routes(), ..Rooms::default() };
        Self { town: TestApp::start(engine, rooms, Parts::default().with(Desk::default())).await }
    }

    async fn machine(&self, name: &str, scopes: &[Scope]) -> Machine<'_> {
        self.wanted(&Wanted::new(name, scopes)).await
    }

    async fn wanted(&self, wanted: &Wanted) -> Machine<'_> {
        let ctx = self.town.system();
        let mut tx = ctx.write().await.expect("a transaction");
        let issued = create(&ctx, &mut tx, wanted).await.expect("a credential");
        tx.commit().await.expect("commits");
        Machine { store: self, issued }
    }
}

impl Machine<'_> {
    async fn send(&self, method: Method, path: &str, more: &[(&str, &str)], body: &str) -> Seen {
        self.sends(method, path, more, body.as_bytes().to_vec()).await
    }

    async fn sends(&self, method: Method, path: &str, more: &[(&str, &str)], body: Vec<u8>) -> Seen {
        let basic = STANDARD.encode(format!("{}:{}", self.issued.key, self.issued.secret));
        let basic = format!("Basic {basic}");
        let usual = [
            ("authorization", basic.as_str()),
            ("x-experience-api-version", "2.0.0"),
            ("content-type", "application/json"),
        ];
        let mut headers = HeaderMap::new();
        for (name, value) in usual.iter().chain(more) {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header");
            headers.insert(name, value.parse().expect("a value"));
        }
        self.store.town.browser().send(method, path, headers, body).await
    }

    /// The same in a version of the standard.
    async fn speaks(&self, version: &str, method: Method, path: &str, body: &str) -> Seen {
        self.send(method, path, &[("x-experience-api-version", version)], body).await
    }

    async fn get(&self, path: &str) -> Seen {
        self.send(Method::GET, path, &[], "").await
    }

    async fn post(&self, body: &str) -> Seen {
        self.send(Method::POST, "/xapi/statements", &[], body).await
    }

    /// Posts one statement and gives its id.
    async fn says(&self, body: &str) -> String {
        let seen = self.post(body).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", text(&seen));
        json(&seen)[0].as_str().expect("an id").to_owned()
    }

    /// The ids that a query finds.
    async fn finds(&self, query: &str) -> Vec<String> {
        let seen = self.get(&format!("/xapi/statements?{query}")).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", text(&seen));
        ids(&json(&seen))
    }
}

fn with_id(id: Uuid, statement: &str) -> String {
    statement.replacen('{', &format!(r#"{{"id":"{id}","#), 1)
}

fn text(seen: &Seen) -> String {
    String::from_utf8_lossy(&seen.bytes).into_owned()
}

fn json(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.bytes).expect("JSON")
}

fn ids(result: &Value) -> Vec<String> {
    let statements = result["statements"].as_array().expect("a list");
    statements.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

fn refers(verb: &str, target: &str) -> String {
    format!(
        r#"{{"actor":{{"mbox":"mailto:li@school.test"}},"verb":{{"id":"{verb}"}},
            "object":{{"objectType":"StatementRef","id":"{target}"}}}}"#
    )
}

story!(an_id_stands_for_one_statement, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let id = Uuid::from_u128(7).to_string();
    let path = format!("/xapi/statements?statementId={}", id.to_uppercase());
    let body = small(WANG, VERB, LESSON);
    for _ in 0..2 {
        assert_eq!(machine.send(Method::PUT, &path, &[], &body).await.status, StatusCode::NO_CONTENT);
    }
    let other = small(WANG, VERB, "http://learning.test/lesson/2");
    assert_eq!(machine.send(Method::PUT, &path, &[], &other).await.status, StatusCode::CONFLICT);
    let listed = format!("[{},{}]", other.replacen('{', &format!(r#"{{"id":"{id}","#), 1), other);
    assert_eq!(machine.post(&listed).await.status, StatusCode::CONFLICT, "the whole request is refused");
    assert_eq!(machine.finds("").await, std::slice::from_ref(&id));
    let found = json(&machine.get(&format!("/xapi/statements?statementId={id}")).await);
    assert_eq!(found["authority"]["account"]["name"], machine.issued.key.as_str());
    let ctx = store.town.system();
    let stored =
        statements(&mut ctx.read().await.expect("a transaction"), &[Uuid::from_u128(7), Uuid::nil()]).await;
    assert_eq!(stored.expect("reads").len(), 1);
});

story!(deliveries_of_many_at_once_are_kept_once_each, |engine| async move {
    let store = Arc::new(Store::start(engine).await);
    let key = store.machine("甲平台", &[Scope::All]).await.issued;
    let tasks: Vec<_> = (0..24_u128)
        .map(|number| {
            let (store, issued) = (Arc::clone(&store), key.clone());
            // Half of them say what another says as well.
            let id = Uuid::from_u128(1 + number / 2);
            tokio::spawn(async move {
                let machine = Machine { store: &store, issued };
                let body = small(WANG, VERB, LESSON).replacen('{', &format!(r#"{{"id":"{id}","#), 1);
                machine.post(&body).await.status
            })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.expect("ends"), StatusCode::OK);
    }
    let machine = Machine { store: &store, issued: key };
    assert_eq!(machine.finds("").await.len(), 12);
});

/// Lets as many platforms as there are in `deliveries` post theirs at once, one after the other each.
async fn all_at_once(store: &Arc<Store>, issued: &Issued, deliveries: Vec<Vec<String>>) {
    let tasks: Vec<_> = deliveries
        .into_iter()
        .map(|bodies| {
            let (store, issued) = (Arc::clone(store), issued.clone());
            tokio::spawn(async move {
                let machine = Machine { store: &store, issued };
                for body in bodies {
                    let seen = machine.post(&body).await;
                    assert_eq!(seen.status, StatusCode::OK, "{}", text(&seen));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("ends");
    }
}

story!(who_asks_on_from_what_was_found_misses_nothing, |engine| async move {
    let store = Arc::new(Store::start(engine).await);
    let often = Wanted { rate: 1_000_000, ..Wanted::new("甲平台", &[Scope::All]) };
    let issued = store.wanted(&often).await.issued;
    let (writers, each) = (8_u128, 12_u128);
    let deliveries = (0..writers).map(|writer| {
        // Long and short ones, so that they do not end in the order in which they began.
        let many = if writer % 2 == 0 { 1 } else { 9 };
        let body = |number: u128| {
            let one = |place: u128| {
                let id = Uuid::from_u128(writer * 10_000 + number * 100 + place + 1);
                with_id(id, &small(WANG, VERB, LESSON))
            };
            format!("[{}]", (0..many).map(one).collect::<Vec<_>>().join(","))
        };
        (0..each).map(body).collect()
    });
    let deliveries: Vec<Vec<String>> = deliveries.collect();
    let writing = {
        let (store, issued) = (Arc::clone(&store), issued.clone());
        tokio::spawn(async move { all_at_once(&store, &issued, deliveries).await })
    };
    let machine = Machine { store: &store, issued };
    let (mut since, mut found) = ("2000-01-01T00:00:00Z".to_owned(), Vec::new());
    loop {
        let is_last = writing.is_finished();
        let mut path = format!("/xapi/statements?ascending=true&limit=7&verb={VERB}&since={since}");
        while !path.is_empty() {
            let seen = machine.get(&path).await;
            let through =
                seen.headers["x-experience-api-consistent-through"].to_str().expect("text").to_owned();
            let page = json(&seen);
            path = page["more"].as_str().expect("an address").to_owned();
            for one in page["statements"].as_array().expect("a list") {
                let stored = one["stored"].as_str().expect("a moment");
                assert!(since.as_str() < stored && stored <= through.as_str(), "{since} {stored} {through}");
                stored.clone_into(&mut since);
                found.push(one["id"].as_str().expect("an id").to_owned());
            }
        }
        if is_last {
            break;
        }
    }
    writing.await.expect("ends");
    let all = usize::try_from(writers / 2 * each * 10).expect("few");
    assert_eq!(found.len(), all);
    found.sort_unstable();
    found.dedup();
    assert_eq!(found.len(), all, "each once");
});

story!(deliveries_that_speak_of_each_other_are_taken_side_by_side, |engine| async move {
    let store = Arc::new(Store::start(engine).await);
    let issued = store.machine("甲平台", &[Scope::All]).await.issued;
    let ring = 12_u128;
    let id = |place: u128| Uuid::from_u128(1 + place % ring);
    // Each refers to the next, and the way leads around; each describes the same lessons in another order.
    let deliveries = (0..ring).map(|place| {
        let refers = refers("http://learning.test/verbs/praised", &id(place + 5).to_string());
        let lesson = |number: u128| {
            let number = (number + place) % 6;
            let object =
                format!(r#"{{"id":"{LESSON}{number}","definition":{{"name":{{"zh":"课{place}"}}}}}}"#);
            small(WANG, VERB, LESSON).replace(&format!(r#"{{"id":"{LESSON}"}}"#), &object)
        };
        let lessons: Vec<String> = (0..6).map(lesson).collect();
        vec![format!("[{},{}]", with_id(id(place), &refers), lessons.join(","))]
    });
    all_at_once(&store, &issued, deliveries.collect()).await;
    let machine = Machine { store: &store, issued };
    let praised = machine.finds("verb=http://learning.test/verbs/praised").await;
    // Of what is not found it is said whether it can be read, so that a rare failure tells lost from hidden.
    let mut missing = Vec::new();
    for id in (0..ring).map(|place| id(place).to_string()).filter(|id| !praised.contains(id)) {
        let seen = machine.get(&format!("/xapi/statements?statementId={id}")).await;
        missing.push((id, seen.status, seen.headers["x-experience-api-consistent-through"].clone()));
    }
    let again = machine.finds("verb=http://learning.test/verbs/praised").await.len();
    assert!(missing.is_empty(), "{missing:?}; found a moment later: {again}");
    assert_eq!(praised.len(), usize::try_from(ring).expect("few"));
    assert_eq!(machine.finds(&format!("activity={LESSON}3&limit=100")).await.len(), praised.len());
});

story!(a_way_over_references_is_found_whoever_comes_first, |engine| async move {
    let store = Arc::new(Store::start(engine).await);
    let issued = store.machine("甲平台", &[Scope::All]).await.issued;
    let ways = 10_u128;
    let id = |way: u128, place: u128| Uuid::from_u128(1 + way * 10 + place);
    // Of each way three statements: the last is about a lesson, and is said by somebody else meanwhile.
    let part = |way: u128, place: u128| {
        let praised = || refers("http://learning.test/verbs/praised", &id(way, place + 1).to_string());
        with_id(id(way, place), &if place < 2 { praised() } else { small(WANG, VERB, LESSON) })
    };
    let deliveries = (0..3).map(|place| (0..ways).map(|way| part(way, place)).collect());
    all_at_once(&store, &issued, deliveries.collect()).await;
    let machine = Machine { store: &store, issued };
    let agent = "agent=%7B%22mbox%22%3A%22mailto%3Awang%40school.test%22%7D";
    let found = machine.finds(&format!("{agent}&verb={VERB}&activity={LESSON}")).await;
    assert_eq!(found.len(), usize::try_from(ways * 3).expect("few"));
});

story!(filters_hold_together_within_one_statement, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let target = Uuid::from_u128(9).to_string();
    // The reference comes before what it refers to.
    let referrer = machine.says(&refers("http://learning.test/verbs/praised", &target)).await;
    let body = small(WANG, VERB, LESSON).replacen('{', &format!(r#"{{"id":"{target}","#), 1);
    machine.says(&body).await;
    let later = machine.says(&refers("http://learning.test/verbs/shared", &referrer)).await;
    let agent = "agent=%7B%22mbox%22%3A%22mailto%3Awang%40school.test%22%7D";
    let all = [later.clone(), target.clone(), referrer.clone()];
    assert_eq!(machine.finds(agent).await, all);
    assert_eq!(
        machine.finds(&format!("{agent}&verb={VERB}&activity={LESSON}&related_agents=true")).await,
        all
    );
    let apart = format!("{agent}&verb=http://learning.test/verbs/praised");
    assert!(machine.finds(&apart).await.is_empty(), "actor of one and verb of the other");
    let first = json(&machine.get(&format!("/xapi/statements?{agent}&limit=2&ascending=true")).await);
    assert_eq!(ids(&first), [referrer, target]);
    let rest = json(&machine.get(first["more"].as_str().expect("an address")).await);
    assert_eq!((ids(&rest), rest["more"].as_str()), (vec![later], Some("")));
});

story!(what_is_taken_back_is_found_by_its_id_alone, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let id = machine.says(&small(WANG, VERB, LESSON)).await;
    let void = machine.says(&refers(tisheng_xapi::VOIDED, &id)).await;
    let of = |name: &str, id: &str| format!("/xapi/statements?{name}={id}");
    assert_eq!(machine.get(&of("statementId", &id)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(machine.get(&of("voidedStatementId", &id)).await.status, StatusCode::OK);
    machine.says(&refers(tisheng_xapi::VOIDED, &void)).await;
    assert_eq!(machine.get(&of("statementId", &void)).await.status, StatusCode::OK, "stays");
    assert!(!machine.finds("").await.contains(&id));
    let writer = store.machine("乙平台", &[Scope::Write, Scope::ReadMine]).await;
    let other = machine.says(&small(WANG, VERB, LESSON)).await;
    writer.says(&refers(tisheng_xapi::VOIDED, &other)).await;
    assert_eq!(machine.get(&of("statementId", &other)).await.status, StatusCode::OK, "of somebody else");
});

story!(a_credential_does_what_its_scopes_say, |engine| async move {
    let store = Store::start(engine).await;
    let writer = store.machine("甲平台", &[Scope::Write, Scope::ReadMine]).await;
    let reader = store.machine("乙平台", &[Scope::AllRead]).await;
    let id = writer.says(&small(WANG, VERB, LESSON)).await;
    assert_eq!(reader.post(&small(WANG, VERB, LESSON)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(reader.finds("").await, std::slice::from_ref(&id));
    let other = store.machine("丙平台", &[Scope::Write, Scope::ReadMine]).await;
    assert!(other.finds("").await.is_empty());
    let single = format!("/xapi/statements?statementId={id}");
    assert_eq!(other.get(&single).await.status, StatusCode::NOT_FOUND);
    let profile = "/xapi/activities/profile?activityId=http://a.test/1&profileId=p";
    assert_eq!(writer.get(profile).await.status, StatusCode::FORBIDDEN);
    assert_eq!(reader.send(Method::PUT, profile, &[], "{}").await.status, StatusCode::FORBIDDEN);
    let ctx = store.town.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let mut fresh = String::new();
    for _ in 0..2 {
        let renewed = rotate(&ctx, &mut tx, reader.issued.id, TimeDelta::hours(1)).await;
        fresh = renewed.expect("writes").expect("there");
    }
    assert!(revoke(&ctx, &mut tx, other.issued.id).await.expect("writes"));
    tx.commit().await.expect("commits");
    store.town.app.parts.get::<Desk>().forget();
    assert_eq!(other.get(&single).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(reader.get(&single).await.status, StatusCode::OK, "the secret in use, for an hour");
    store.town.clock.advance(TimeDelta::hours(2));
    assert_eq!(reader.get(&single).await.status, StatusCode::UNAUTHORIZED);
    let renewed = Machine { store: &store, issued: Issued { secret: fresh, ..reader.issued.clone() } };
    assert_eq!(renewed.get(&single).await.status, StatusCode::OK);
});

story!(documents_are_changed_by_who_has_read_them, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::State, Scope::Profile]).await;
    let path = "/xapi/activities/profile?activityId=http://a.test/1&profileId=p";
    assert_eq!(machine.send(Method::POST, path, &[], r#"{"a":1}"#).await.status, StatusCode::NO_CONTENT);
    assert_eq!(machine.send(Method::POST, path, &[], r#"{"b":2.50}"#).await.status, StatusCode::NO_CONTENT);
    let seen = machine.get(path).await;
    assert_eq!(text(&seen), r#"{"a":1,"b":2.50}"#);
    let tag = seen.headers["etag"].to_str().expect("text").to_owned();
    assert_eq!(machine.send(Method::PUT, path, &[], "{}").await.status, StatusCode::CONFLICT);
    let none = [("if-none-match", "*")];
    assert_eq!(machine.send(Method::PUT, path, &none, "{}").await.status, StatusCode::PRECONDITION_FAILED);
    let matching = [("if-match", tag.as_str())];
    assert_eq!(machine.send(Method::PUT, path, &matching, "{}").await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        machine.send(Method::DELETE, path, &matching, "").await.status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(machine.send(Method::DELETE, path, &[], "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(machine.get(path).await.status, StatusCode::NOT_FOUND);
});

story!(what_is_wrong_is_said_as_json, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    for (method, path, more, body, status) in [
        (Method::GET, "/xapi/statements", ("x-experience-api-version", "0.9"), "", StatusCode::BAD_REQUEST),
        (Method::GET, "/xapi/statements", ("authorization", "Basic x"), "", StatusCode::UNAUTHORIZED),
        (Method::GET, "/xapi/statements?agent=1", ("accept", "*/*"), "", StatusCode::BAD_REQUEST),
        (Method::GET, "/xapi/statements?limit=-1", ("accept", "*/*"), "", StatusCode::BAD_REQUEST),
        (Method::GET, "/xapi/statements?behind=x", ("accept", "*/*"), "", StatusCode::BAD_REQUEST),
        (Method::GET, "/xapi/statements?verb=a&verb=b", ("accept", "*/*"), "", StatusCode::BAD_REQUEST),
        (Method::GET, "/xapi/nothing", ("accept", "*/*"), "", StatusCode::NOT_FOUND),
        (Method::DELETE, "/xapi/statements", ("accept", "*/*"), "", StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, "/xapi/statements", ("accept", "*/*"), "{", StatusCode::BAD_REQUEST),
        (Method::POST, "/xapi/statements", ("content-type", "text/plain"), "{}", StatusCode::BAD_REQUEST),
        (Method::POST, "/xapi/statements?method=GET", ("accept", "*/*"), "", StatusCode::BAD_REQUEST),
    ] {
        let seen = machine.send(method, path, &[more], body).await;
        assert_eq!(seen.status, status, "{path} {more:?} {}", text(&seen));
        assert!(json(&seen)["error"].is_string(), "{path}");
    }
    let about = store.town.browser().get("/xapi/about").await;
    assert_eq!(json(&about)["version"][1], "2.0.0");
});

story!(a_request_from_another_site_is_judged_by_its_credential, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let elsewhere = [("sec-fetch-site", "cross-site"), ("origin", "https://learning.test")];
    let seen = machine.send(Method::POST, "/xapi/statements", &elsewhere, &small(WANG, VERB, LESSON)).await;
    assert_eq!(seen.status, StatusCode::OK, "a lesson runs in a browser");
});

story!(a_request_without_version_is_refused, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let mut headers = HeaderMap::new();
    let basic = STANDARD.encode(format!("{}:{}", machine.issued.key, machine.issued.secret));
    headers.insert("authorization", format!("Basic {basic}").parse().expect("a value"));
    let seen = store.town.browser().send(Method::GET, "/xapi/statements", headers, Vec::new()).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST);
    assert!(text(&seen).contains("X-Experience-API-Version"), "{}", text(&seen));
    assert_eq!(seen.headers["x-experience-api-version"], "2.0.0");
});

story!(a_credential_sends_no_more_than_it_may, |engine| async move {
    let store = Store::start(engine).await;
    let quick = Wanted { rate: 2, ..Wanted::new("甲平台", &[Scope::All]) };
    let quick = store.wanted(&quick).await;
    for _ in 0..2 {
        assert_eq!(quick.get("/xapi/statements").await.status, StatusCode::OK);
    }
    let seen = quick.get("/xapi/statements").await;
    assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(seen.headers["retry-after"], "1");
    store.town.clock.advance(TimeDelta::seconds(1));
    assert_eq!(quick.get("/xapi/statements").await.status, StatusCode::OK);

    let few = Wanted { quota: Some(3), ..Wanted::new("乙平台", &[Scope::Write, Scope::ReadMine]) };
    let few = store.wanted(&few).await;
    let body = small(WANG, VERB, LESSON);
    let first = with_id(Uuid::from_u128(1), &body);
    assert_eq!(few.post(&format!("[{first},{body}]")).await.status, StatusCode::OK);
    let seen = few.post(&format!("[{body},{body}]")).await;
    assert_eq!(seen.status, StatusCode::TOO_MANY_REQUESTS, "four are more than three");
    assert_eq!(seen.headers["retry-after"], "53999", "at nine in the morning");
    let seen = few.post(&format!("[{body},{body},{body},{body}]")).await;
    assert_eq!(seen.status, StatusCode::PAYLOAD_TOO_LARGE, "four fit into no day");
    assert_eq!(few.finds("").await.len(), 2, "nothing of a refused request is kept");
    assert_eq!(few.post(&first).await.status, StatusCode::OK, "what is there counts once");
    assert_eq!(few.post(&body).await.status, StatusCode::OK);
    assert_eq!(few.post(&body).await.status, StatusCode::TOO_MANY_REQUESTS);
    store.town.clock.advance(TimeDelta::hours(16));
    assert_eq!(few.post(&body).await.status, StatusCode::OK, "the next day");
});

story!(who_reads_only_what_it_wrote_finds_it_by_every_filter, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::Write, Scope::ReadMine]).await;
    let other = store.machine("乙平台", &[Scope::Write, Scope::ReadMine]).await;
    let target = machine.says(&small(WANG, VERB, LESSON)).await;
    let referrer = other.says(&refers("http://learning.test/verbs/praised", &target)).await;
    let agent = "agent=%7B%22mbox%22%3A%22mailto%3Awang%40school.test%22%7D";
    let query = format!("{agent}&verb={VERB}&activity={LESSON}");
    assert_eq!(machine.finds(&query).await, [target]);
    assert_eq!(other.finds(&query).await, [referrer], "found through what it refers to");
});

/// Puts a copy of the statement `of`, which has another id, into the last moment of `month`.
async fn late_in(app: &App, month: Month, (of, id): (Uuid, Uuid)) {
    let mut tx = app.db.write().await.expect("a transaction");
    let kept = search::one(&mut tx, of).await.expect("reads").expect("a statement");
    let body = kept.body.replace(&of.to_string(), &id.to_string());
    let (stored, credential) = (month.next().begin() - 1, kept.credential);
    let row = NewRow { stored, id, credential, voiding: false, target: None, body };
    store::add(&mut tx, &[row]).await.expect("added");
    let term = TermRow { term: Term::of(TermKind::Verb, VERB), stored, id, via: 0 };
    store::add_terms(&mut tx, &[term]).await.expect("added");
    tx.commit().await.expect("commits");
}

story!(a_past_month_is_taken_out_and_put_back, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let march = machine.says(&small(WANG, VERB, LESSON)).await;
    let awaited = Uuid::from_u128(77);
    let waiting = machine.says(&refers("http://learning.test/verbs/praised", &awaited.to_string())).await;
    store.town.clock.advance(TimeDelta::days(40));
    let april = machine.says(&small(WANG, VERB, LESSON)).await;
    let app = &store.town.app;
    let month: Month = "2021-03".parse().expect("a month");
    let states = |app: Arc<App>| async move {
        let states = months(&app).await.expect("months");
        states.iter().map(|state| (state.statements, state.is_out)).collect::<Vec<_>>()
    };
    assert_eq!(states(Arc::clone(app)).await, [(2, false), (1, false)]);
    assert!(matches!(take_out(app, month.next()).await, Err(MonthError::Present(_))));
    assert!(matches!(put_back(app, month).await, Err(MonthError::NotOut(_))));
    for _ in 0..2 {
        take_out(app, month).await.expect("out, however often");
        assert_eq!(machine.finds(&format!("verb={VERB}")).await, std::slice::from_ref(&april));
        assert_eq!(states(Arc::clone(app)).await, [(0, true), (1, false)]);
    }
    let single = format!("/xapi/statements?statementId={march}");
    assert_eq!(machine.get(&single).await.status, StatusCode::NOT_FOUND);
    let again = with_id(march.parse().expect("an id"), &small(WANG, VERB, LESSON));
    assert_eq!(machine.post(&again).await.status, StatusCode::OK, "its id stays taken");
    assert_eq!(machine.finds(&format!("verb={VERB}")).await, std::slice::from_ref(&april));
    // What a statement of that month refers to comes while it is out.
    machine.says(&with_id(awaited, &small(WANG, VERB, LESSON))).await;
    // One of that month comes as well, as where a clock is set back.
    let late = Uuid::from_u128(78);
    late_in(app, month, (april.parse().expect("an id"), late)).await;
    // And others while the month is put back, which is given up where somebody has the tables open for long.
    let back = async {
        while let Err(MonthError::Db(error)) = put_back(app, month).await {
            assert!(error.to_string().contains("timeout"), "{error}");
        }
    };
    let more = async {
        let mut more = Vec::new();
        for _ in 0..9 {
            more.push(machine.says(&small(WANG, VERB, LESSON)).await);
        }
        more
    };
    let ((), more) = tokio::join!(back, more);
    assert!(matches!(put_back(app, month).await, Err(MonthError::NotOut(_))));
    assert_eq!(states(Arc::clone(app)).await, [(3, false), (11, false)]);
    let found = machine.finds(&format!("verb={VERB}&ascending=true")).await;
    let there = [march, waiting.clone(), late.to_string(), april, awaited.to_string()];
    assert_eq!(found, [there.as_slice(), &more].concat());
    assert_eq!(machine.finds("verb=http://learning.test/verbs/praised").await, [waiting]);
    assert_eq!(machine.post(&small(WANG, VERB, LESSON)).await.status, StatusCode::OK, "and goes on");
});

story!(what_a_rest_has_of_a_month_is_found_by_an_index, |engine| async move {
    if engine == Engine::Postgres {
        let store = Store::start(engine).await;
        let mut tx = store.town.app.db.read().await.expect("a transaction");
        for table in MONTHS.tables {
            let sql = "select count(*) from pg_index i join pg_attribute a
                on a.attrelid = i.indexrelid and a.attnum = 1
                where i.indrelid = to_regclass($1::text) and a.attname = 'stored'";
            let rest = format!("{table}_rest");
            let many: i64 = tx.row(sql, &[rest.as_str().into()], |row| row.get(0)).await.expect("a number");
            assert_eq!(many, 1, "{rest}");
        }
    }
});

story!(a_month_gets_its_part_while_nobody_has_the_tables_open, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let app = &store.town.app;
    let in_rest = async |many: i64| {
        if engine == Engine::Postgres {
            let mut tx = app.db.read().await.expect("a transaction");
            let sql = "select count(*) from xapi_statement_rest";
            let counted: i64 = tx.row(sql, &[], |row| row.get(0)).await.expect("a number");
            assert_eq!(counted, many);
        }
    };
    // Somebody looks at the statements, and takes long.
    let mut looks = app.db.read().await.expect("a transaction");
    assert_eq!(store::latest(&mut looks).await.expect("reads"), 0);
    let first = machine.says(&small(WANG, VERB, LESSON)).await;
    in_rest(1).await;
    looks.commit().await.expect("ends");
    // What lies in the rest does not move under those who read, and the month goes on there.
    store.town.clock.advance(TimeDelta::minutes(11));
    let second = machine.says(&small(WANG, VERB, LESSON)).await;
    in_rest(2).await;
    // Nobody waits until a rest that has grown large is looked through for the sake of another part.
    let later: Month = "2021-06".parse().expect("a month");
    let (large, usual) = (Monthly { large: 1, ..MONTHS }, MONTHS);
    assert_eq!(large.ready(&app.db, later).await.is_err(), engine == Engine::Postgres);
    usual.ready(&app.db, later).await.expect("made");
    large.ready(&app.db, later).await.expect("nothing to do");
    // The part of the next month has been made meanwhile, whoever looks when it begins.
    store.town.clock.advance(TimeDelta::days(30));
    let mut looks = app.db.read().await.expect("a transaction");
    store::latest(&mut looks).await.expect("reads");
    let third = machine.says(&small(WANG, VERB, LESSON)).await;
    looks.commit().await.expect("ends");
    in_rest(2).await;
    let all = [third, second, first];
    assert_eq!(machine.finds(&format!("verb={VERB}")).await, all);
    let month: Month = "2021-03".parse().expect("a month");
    take_out(app, month).await.expect("out");
    in_rest(0).await;
    assert_eq!(machine.finds(&format!("verb={VERB}")).await, all[..1]);
    put_back(app, month).await.expect("back");
    in_rest(0).await;
    assert_eq!(machine.finds(&format!("verb={VERB}")).await, all);
});

story!(moments_of_storing_grow_when_the_clock_is_set_back, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let first = machine.says(&small(WANG, VERB, LESSON)).await;
    let now = store.town.app.now();
    store.town.clock.set(now + TimeDelta::hours(-1));
    let second = machine.says(&small(WANG, VERB, LESSON)).await;
    assert_eq!(machine.finds("ascending=true").await, [first, second]);
});

story!(data_travel_beside_their_statement, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let (data, sha2) = ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    let attachments = format!(
        r#","attachments":[{{"usageType":"http://learning.test/use/essay","display":{{"zh":"作业"}},
            "contentType":"text/plain","length":3,"sha2":"{sha2}"}}]}}"#
    );
    let mut statement = small(WANG, VERB, LESSON);
    statement.truncate(statement.len() - 1);
    statement.push_str(&attachments);
    let message = |data: &str, hash: &str| {
        format!(
            "--edge\r\nContent-Type: application/json\r\n\r\n{statement}\r\n--edge\r\nContent-Type: text/plain\r\n\
             Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {hash}\r\n\r\n{data}\r\n--edge--\r\n"
        )
    };
    let mixed = [("content-type", "multipart/mixed; boundary=edge")];
    let path = "/xapi/statements";
    for wrong in [message("abd", sha2), message(data, &sha2.replace('b', "c"))] {
        assert_eq!(machine.send(Method::POST, path, &mixed, &wrong).await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(machine.post(&statement).await.status, StatusCode::BAD_REQUEST, "neither data nor address");
    let kept = machine.send(Method::POST, path, &mixed, &message(data, sha2)).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", text(&kept));
    let found = machine.get("/xapi/statements?attachments=true").await;
    let kind = found.headers["content-type"].to_str().expect("text").to_owned();
    let edge = multipart::boundary(&kind).expect("a boundary");
    let parts = multipart::parse(&edge, &found.bytes).expect("a message");
    let result: Value = serde_json::from_str(parts.statements).expect("JSON");
    assert_eq!(ids(&result).len(), 1);
    assert_eq!((parts.parts[0].data, parts.parts[0].hash.as_str()), (data.as_bytes(), sha2));
    assert!(machine.get(path).await.headers["content-type"].to_str().expect("text").contains("json"));
    let ctx = store.town.system();
    let files = stored_files(&mut ctx.read().await.expect("a transaction"), "").await.expect("reads");
    assert_eq!(files, [sha2]);
});

story!(a_form_may_stand_for_a_request_of_the_first_version, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let id = Uuid::from_u128(5).to_string();
    let basic = STANDARD.encode(format!("{}:{}", machine.issued.key, machine.issued.secret));
    let form = |version: &str| {
        let authorization = format!("Basic {basic}");
        let pairs = [
            ("statementId", id.as_str()),
            ("content", &small(WANG, VERB, LESSON)),
            ("Content-Type", "application/json"),
            ("Authorization", &authorization),
            ("X-Experience-API-Version", version),
        ];
        serde_urlencoded::to_string(pairs).expect("a form").into_bytes()
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/x-www-form-urlencoded".parse().expect("a type"));
    let path = "/xapi/statements?method=PUT";
    for (version, status) in [("2.0.0", StatusCode::BAD_REQUEST), ("1.0.3", StatusCode::NO_CONTENT)] {
        let seen = store.town.browser().send(Method::POST, path, headers.clone(), form(version)).await;
        assert_eq!(seen.status, status, "{}", text(&seen));
    }
    assert_eq!(machine.finds("").await, [id]);
});

story!(a_statement_is_given_in_the_form_that_is_asked_for, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let object =
        format!(r#"{{"id":"{LESSON}","definition":{{"name":{{"zh-CN":"第一课","en":"Lesson 1"}}}}}}"#);
    let body = small(WANG, VERB, LESSON).replace(&format!(r#"{{"id":"{LESSON}"}}"#), &object);
    let id = machine.says(&body).await;
    let single = format!("/xapi/statements?statementId={id}");
    let exact = machine.get(&single).await;
    assert!(text(&exact).contains(&object), "as it was sent: {}", text(&exact));
    assert!(exact.headers.contains_key("last-modified"));
    let head = machine.send(Method::HEAD, &single, &[], "").await;
    assert_eq!((head.status, head.bytes.len()), (StatusCode::OK, 0));
    assert_eq!(head.headers["content-type"], exact.headers["content-type"]);
    let ids = machine.get(&format!("{single}&format=ids")).await;
    assert_eq!(json(&ids)["object"]["id"], LESSON);
    assert!(json(&ids)["object"]["definition"].is_null());
    let chinese = [("accept-language", "zh-CN,en;q=0.5")];
    let canonical = machine.send(Method::GET, &format!("{single}&format=canonical"), &chinese, "").await;
    assert_eq!(json(&canonical)["object"]["definition"]["name"], serde_json::json!({ "zh-CN": "第一课" }));
    let activity = machine.get(&format!("/xapi/activities?activityId={LESSON}")).await;
    assert_eq!(json(&activity)["definition"]["name"]["en"], "Lesson 1");
    let agent = machine.get("/xapi/agents?agent=%7B%22mbox%22%3A%22mailto%3Awang%40school.test%22%7D").await;
    assert_eq!(json(&agent)["mbox"], serde_json::json!([WANG]));
});

story!(states_are_listed_and_cleared, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::State]).await;
    let at = format!("/xapi/activities/state?activityId={LESSON}&agent=%7B%22mbox%22%3A%22{WANG}%22%7D");
    for name in ["a", "b"] {
        let path = format!("{at}&stateId={name}");
        assert_eq!(machine.send(Method::PUT, &path, &[], "{}").await.status, StatusCode::NO_CONTENT);
        store.town.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(json(&machine.get(&at).await), serde_json::json!(["a", "b"]));
    let since = machine.get(&format!("{at}&since=2021-03-10T01:30:00Z")).await;
    assert_eq!(json(&since), serde_json::json!(["b"]));
    let other = at.replace("wang", "li");
    assert_eq!(json(&machine.get(&other).await), serde_json::json!([]));
    assert_eq!(machine.send(Method::DELETE, &at, &[], "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(json(&machine.get(&at).await), serde_json::json!([]));
});

story!(a_platform_keeps_its_documents_to_itself, |engine| async move {
    let store = Store::start(engine).await;
    let of = |platform: u128| Wanted {
        platform: Some(Uuid::from_u128(platform)),
        ..Wanted::new("平台", &[Scope::State, Scope::Profile])
    };
    let (one, same, other) =
        (store.wanted(&of(1)).await, store.wanted(&of(1)).await, store.wanted(&of(2)).await);
    let state = "/xapi/activities/state?activityId=http%3A%2F%2Flearning.test%2Flesson%2F1\
        &agent=%7B%22mbox%22%3A%22mailto%3Awang%40school.test%22%7D";
    let profile = "/xapi/activities/profile?activityId=http%3A%2F%2Flearning.test%2Flesson%2F1";
    for (list, place) in [(state, format!("{state}&stateId=s")), (profile, format!("{profile}&profileId=p"))]
    {
        let put = one.send(Method::PUT, &place, &[("if-none-match", "*")], r#"{"at":7}"#).await;
        assert_eq!(put.status, StatusCode::NO_CONTENT, "{}", text(&put));
        assert_eq!(json(&same.get(&place).await)["at"], 7, "another credential of the platform");
        assert_eq!(other.get(&place).await.status, StatusCode::NOT_FOUND);
        assert_eq!(json(&other.get(list).await), serde_json::json!([]));
        let put = other.send(Method::PUT, &place, &[("if-none-match", "*")], r#"{"at":8}"#).await;
        assert_eq!(put.status, StatusCode::NO_CONTENT, "{}", text(&put));
        assert_eq!(json(&one.get(&place).await)["at"], 7);
    }
    assert_eq!(other.send(Method::DELETE, state, &[], "").await.status, StatusCode::NO_CONTENT);
    assert_eq!(json(&one.get(&format!("{state}&stateId=s")).await)["at"], 7);
});

story!(no_parameter_costs_more_than_a_refusal, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let agent = "agent=%7B%22mbox%22%3A%22mailto%3Awang%40school.test%22%7D";
    let at = "activityId=http%3A%2F%2Flearning.test%2Flesson%2F1";
    let long = "k".repeat(4_000);
    for (method, path) in [
        (Method::PUT, format!("/xapi/activities/state?{at}&{agent}&stateId=%00")),
        (Method::GET, format!("/xapi/activities/profile?{at}&profileId=a%00b")),
        (Method::PUT, format!("/xapi/activities/state?{at}&{agent}&stateId={long}")),
        (Method::GET, "/xapi/statements?verb=http%3A%2F%2Fa.test%2F%00".to_owned()),
        (Method::GET, "/xapi/statements?%00=1".to_owned()),
    ] {
        let seen = machine.send(method, &path, &[], "{}").await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{path}: {}", text(&seen));
    }
    let body = small(WANG, VERB, LESSON);
    let defined = format!(r#""id":"http://learning.test/{long}","definition":{{"name":{{"zh-CN":"课"}}}}"#);
    let body = body.replace(&format!(r#""id":"{LESSON}""#), &defined);
    assert!(body.contains(&long), "{body}");
    machine.says(&body).await;
});
