//! The store through HTTP, on both engines.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::Value;
use tisheng_platform::Parts;
use tisheng_testkit::{Engine, Seen, TestApp, story};
use tisheng_xapi::samples::small;
use uuid::Uuid;

use super::{Desk, Issued, Scope, create, revoke, rotate, routes, statements};

const VERB: &str = "http://adlnet.gov/expapi/verbs/completed";
const LESSON: &str = "http://learning.test/lesson/1";
const WANG: &str = "mailto:wang@school.test";

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
        Self { town: TestApp::start(engine, routes(), Parts::default().with(Desk::default())).await }
    }

    async fn machine(&self, name: &str, scopes: &[Scope]) -> Machine<'_> {
        let ctx = self.town.system();
        let mut tx = ctx.write().await.expect("a transaction");
        let issued = create(&ctx, &mut tx, name, scopes, None).await.expect("a credential");
        tx.commit().await.expect("commits");
        Machine { store: self, issued }
    }
}

impl Machine<'_> {
    async fn send(&self, method: Method, path: &str, more: &[(&str, &str)], body: &str) -> Seen {
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
        self.store.town.browser().send(method, path, headers, body.as_bytes().to_vec()).await
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
    assert_eq!(machine.finds("").await, [id.clone()]);
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
    assert_eq!(reader.finds("").await, [id.clone()]);
    let other = store.machine("丙平台", &[Scope::Write, Scope::ReadMine]).await;
    assert!(other.finds("").await.is_empty());
    let single = format!("/xapi/statements?statementId={id}");
    assert_eq!(other.get(&single).await.status, StatusCode::NOT_FOUND);
    let profile = "/xapi/activities/profile?activityId=http://a.test/1&profileId=p";
    assert_eq!(writer.get(profile).await.status, StatusCode::FORBIDDEN);
    assert_eq!(reader.send(Method::PUT, profile, &[], "{}").await.status, StatusCode::FORBIDDEN);
    let ctx = store.town.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let fresh =
        rotate(&ctx, &mut tx, reader.issued.id, TimeDelta::hours(1)).await.expect("writes").expect("there");
    assert!(revoke(&ctx, &mut tx, other.issued.id).await.expect("writes"));
    tx.commit().await.expect("commits");
    store.town.app.parts.get::<Desk>().forget();
    assert_eq!(other.get(&single).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(reader.get(&single).await.status, StatusCode::OK, "the old secret, for an hour");
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
