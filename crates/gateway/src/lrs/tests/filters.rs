//! What each filter finds, alone and with others; pages of every size; what is taken back (Communication 2.1.3,
//! Data 2.3.2 of 1.0.3).

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;
use tisheng_testkit::story;
use tisheng_xapi::samples::small;
use uuid::Uuid;

use super::{LESSON, Machine, Scope, Store, VERB, VERSIONS, WANG, ids, json, refers, text, with_id};

const TRIED: &str = "http://learning.test/verbs/tried";
const PRAISED: &str = "http://learning.test/verbs/praised";

/// The statement called `letter` has the identifier that ends with it.
fn id(letter: char) -> Uuid {
    Uuid::from_u128(u128::from(u32::from(letter)))
}

fn letter(id: &str) -> char {
    let number = id.parse::<Uuid>().expect("an id").as_u128();
    u32::try_from(number).ok().and_then(char::from_u32).expect("a letter")
}

/// Statements of all sorts, a minute after the other.
async fn library(store: &Store, machine: &Machine<'_>) {
    let put = async |letter: char, body: serde_json::Value| {
        machine.says(&with_id(id(letter), &body.to_string())).await;
        store.town.clock.advance(TimeDelta::minutes(1));
    };
    let wang = json!({ "mbox": WANG });
    let li = json!({ "account": { "homePage": "http://learning.test", "name": "li" } });
    let zhao = json!({ "openid": "http://id.test/zhao" });
    let team = json!({ "objectType": "Group", "mbox": "mailto:team@school.test", "member": [zhao] });
    let lesson = |number: u8| json!({ "id": format!("http://learning.test/lesson/{number}") });
    let verb = |id: &str| json!({ "id": id });
    put(
        'a',
        json!({ "actor": wang, "verb": verb(VERB), "object": lesson(1),
        "context": { "registration": "EC531277-b57b-4c15-8d91-d292c5b2b8f1" } }),
    )
    .await;
    put(
        'b',
        json!({ "actor": li, "verb": verb(TRIED), "object": lesson(2), "context": { "instructor": wang,
        "contextActivities": { "parent": { "id": "http://learning.test/course" } } } }),
    )
    .await;
    put(
        'c',
        json!({ "actor": team, "verb": verb(VERB),
        "object": { "objectType": "Agent", "mbox": WANG } }),
    )
    .await;
    put(
        'd',
        json!({ "actor": { "objectType": "Group", "member": [wang, li] }, "verb": verb(TRIED),
        "object": lesson(4) }),
    )
    .await;
    put('e', json!({ "actor": { "mbox": "mailto:planner@school.test" }, "verb": verb(TRIED),
        "object": { "objectType": "SubStatement", "actor": zhao, "verb": verb(VERB), "object": lesson(3),
            "context": { "contextActivities": { "grouping": [{ "id": "http://learning.test/course" }] } } } })).await;
    put(
        'f',
        json!({ "actor": { "mbox_sha1sum": "a".repeat(40) }, "verb": verb(TRIED), "object": lesson(5),
        "context": { "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f2",
            "team": { "objectType": "Group", "mbox": "mailto:team@school.test" },
            "contextActivities": { "category": [lesson(1)], "other": [lesson(6)] } } }),
    )
    .await;
    machine.says(&with_id(id('g'), &refers(PRAISED, &id('a').to_string()))).await;
}

/// A query of `pairs`; each value may be JSON.
fn query(pairs: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(pairs).expect("a query")
}

const WANG_AGENT: &str = r#"{"mbox":"mailto:wang@school.test"}"#;
const LI_AGENT: &str = r#"{"account":{"homePage":"http://learning.test","name":"li"}}"#;
const ZHAO_AGENT: &str = r#"{"openid":"http://id.test/zhao"}"#;
const TEAM_AGENT: &str = r#"{"objectType":"Group","mbox":"mailto:team@school.test"}"#;
const SUM_AGENT: &str = r#"{"mbox_sha1sum":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
const COURSE: &str = "http://learning.test/course";
const FIRST: &str = "ec531277-b57b-4c15-8d91-d292c5b2b8f1";

story!(each_filter_finds_what_it_says, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    library(&store, &machine).await;
    let stored = async |letter: char| {
        let one = machine.get(&format!("/xapi/statements?statementId={}", id(letter))).await;
        json(&one)["stored"].as_str().expect("a moment").to_owned()
    };
    let (b, c, e) = (stored('b').await, stored('c').await, stored('e').await);
    let account =
        json!({ "account": { "homePage": store.town.app.config.public_url, "name": machine.issued.key } });
    let (authority, related) = (account.to_string(), ("related_agents", "true"));
    let near = ("related_activities", "true");
    for (pairs, found) in [
        (vec![], "gfedcba"),
        // Of agents: actor, object, members; with what is related instructor, team, authority, substatement.
        (vec![("agent", WANG_AGENT)], "gdca"),
        (vec![("agent", WANG_AGENT), ("related_agents", "false")], "gdca"),
        (vec![("agent", WANG_AGENT), related], "gdcba"),
        (vec![("agent", LI_AGENT)], "db"),
        (vec![("agent", ZHAO_AGENT)], "c"),
        (vec![("agent", ZHAO_AGENT), related], "ec"),
        (vec![("agent", TEAM_AGENT)], "c"),
        (vec![("agent", TEAM_AGENT), related], "fc"),
        (vec![("agent", SUM_AGENT)], "f"),
        (vec![("agent", r#"{"name":"王芳","mbox":"mailto:wang@school.test"}"#)], "gdca"),
        (vec![("agent", r#"{"mbox":"mailto:nobody@school.test"}"#)], ""),
        (vec![("agent", &authority)], ""),
        (vec![("agent", &authority), related], "gfedcba"),
        // Of activities: the object; with what is related context and substatement.
        (vec![("activity", LESSON)], "ga"),
        (vec![("activity", LESSON), near], "gfa"),
        (vec![("activity", COURSE)], ""),
        (vec![("activity", COURSE), near], "eb"),
        (vec![("activity", "http://learning.test/lesson/3")], ""),
        (vec![("activity", "http://learning.test/lesson/3"), near], "e"),
        (vec![("activity", "http://learning.test/lesson/6"), near], "f"),
        // Verb and registration.
        (vec![("verb", VERB)], "gca"),
        (vec![("verb", PRAISED)], "g"),
        (vec![("verb", "http://learning.test/verbs/never")], ""),
        (vec![("registration", FIRST)], "ga"),
        (vec![("registration", "EC531277-B57B-4C15-8D91-D292C5B2B8F1")], "ga"),
        (vec![("registration", "ec531277-b57b-4c15-8d91-d292c5b2b8f2")], "f"),
        // Moments of storing: behind the one, up to the other.
        (vec![("since", &c)], "gfed"),
        (vec![("until", &b)], "ba"),
        (vec![("since", &b), ("until", &e)], "edc"),
        (vec![("since", &e), ("until", &b)], ""),
        // Several hold together, and the order is turned.
        (vec![("agent", WANG_AGENT), ("verb", VERB)], "gca"),
        (vec![("agent", WANG_AGENT), ("verb", TRIED)], "d"),
        (vec![("verb", VERB), ("activity", LESSON), ("registration", FIRST)], "ga"),
        (vec![("verb", TRIED), ("activity", COURSE), near], "eb"),
        (vec![("agent", WANG_AGENT), related, ("verb", TRIED), ("since", &b)], "d"),
        (vec![("ascending", "true")], "abcdefg"),
        (vec![("ascending", "false")], "gfedcba"),
        (vec![("ascending", "true"), ("verb", VERB)], "acg"),
        (vec![("limit", "2")], "gf"),
        (vec![("limit", "0")], "gfedcba"),
        (vec![("limit", "1"), ("ascending", "true"), ("agent", WANG_AGENT)], "a"),
    ] {
        for version in VERSIONS {
            let path = format!("/xapi/statements?{}", query(&pairs));
            let seen = machine.speaks(version, Method::GET, &path, "").await;
            let all: String = ids(&json(seen.is(200))).iter().map(|id| letter(id)).collect();
            assert_eq!(all, found, "{version} {pairs:?}");
        }
    }
});

story!(pages_of_every_size_are_the_whole, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    library(&store, &machine).await;
    for pairs in [vec![], vec![("agent", WANG_AGENT), ("related_agents", "true")], vec![("verb", TRIED)]] {
        for ascending in ["true", "false"] {
            let with = |limit: &'static str| {
                let mut all = pairs.clone();
                all.extend([("ascending", ascending), ("limit", limit), ("format", "ids")]);
                query(&all)
            };
            let whole = machine.finds(&with("100")).await;
            for limit in ["1", "2", "3", "5", "7", "8"] {
                let (mut path, mut found) = (format!("/xapi/statements?{}", with(limit)), Vec::new());
                while !path.is_empty() {
                    let page = json(machine.get(&path).await.is(200));
                    let more = ids(&page);
                    assert!(!more.is_empty() && more.len() <= limit.parse().expect("a number"), "{path}");
                    assert!(page["statements"][0]["object"]["definition"].is_null());
                    found.extend(more);
                    path = page["more"].as_str().expect("an address").to_owned();
                }
                assert_eq!(found, whole, "{pairs:?} {ascending} {limit}");
            }
        }
    }
});

story!(a_query_that_nobody_can_mean_is_refused, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let one = id('a').to_string();
    for pairs in [
        vec![("agent", "")],
        vec![("agent", "mailto:wang@school.test")],
        vec![("agent", "{}")],
        vec![("agent", r#"{"name":"王芳"}"#)],
        vec![("agent", r#"{"mbox":"wang@school.test"}"#)],
        vec![("agent", r#"{"mbox":"mailto:a@b.test","openid":"http://id.test/a"}"#)],
        vec![("agent", r#"{"objectType":"Group","member":[{"mbox":"mailto:a@b.test"}]}"#)],
        vec![("verb", "completed")],
        vec![("activity", "lesson 1")],
        vec![("registration", "1")],
        vec![("since", "yesterday")],
        vec![("until", "2026-02-30T00:00:00Z")],
        vec![("limit", "x")],
        vec![("limit", "-1")],
        vec![("limit", "1.5")],
        vec![("related_agents", "yes")],
        vec![("related_activities", "1")],
        vec![("ascending", "TRUE")],
        vec![("attachments", "0")],
        vec![("format", "xml")],
        vec![("statementId", "1")],
        vec![("voidedStatementId", "")],
        vec![("statementId", &one), ("voidedStatementId", &one)],
        vec![("statementId", &one), ("agent", WANG_AGENT)],
        vec![("statementId", &one), ("limit", "1")],
        vec![("voidedStatementId", &one), ("since", "2020-01-01T00:00:00Z")],
        vec![("StatementId", &one)],
        vec![("verbs", VERB)],
        vec![("verb", VERB), ("verb", VERB)],
        vec![("behind", "1_2")],
    ] {
        for version in VERSIONS {
            let path = format!("/xapi/statements?{}", query(&pairs));
            let seen = machine.speaks(version, Method::GET, &path, "").await;
            assert_eq!(seen.status, 400, "{version} {pairs:?}: {}", text(&seen));
            assert!(json(&seen)["error"].as_str().is_some_and(|said| !said.is_empty()));
        }
    }
});

story!(what_is_taken_back_is_found_through_what_refers_to_it, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    for (place, version) in VERSIONS.into_iter().enumerate() {
        let id = |number: usize| Uuid::from_u128((100 * place + number + 1) as u128);
        let post = async |body: &str| machine.speaks(version, Method::POST, "/xapi/statements", body).await;
        let mail = format!("mailto:voided{place}@school.test");
        let agent = query(&[("agent", &json!({ "mbox": mail }).to_string())]);
        let void = |number: usize, target: usize| {
            with_id(id(number), &refers(tisheng_xapi::VOIDED, &id(target).to_string()))
        };
        // It is taken back before it comes, in the same request, and after it came.
        post(&void(1, 2)).await.is(200);
        post(&with_id(id(2), &small(&mail, VERB, LESSON))).await.is(200);
        let both = format!("[{},{}]", with_id(id(3), &small(&mail, VERB, LESSON)), void(4, 3));
        post(&both).await.is(200);
        post(&with_id(id(5), &small(&mail, VERB, LESSON))).await.is(200);
        post(&with_id(id(6), &refers(PRAISED, &id(5).to_string()))).await.is(200);
        post(&void(7, 5)).await.is(200);
        let of = |name: &str, number: usize| format!("/xapi/statements?{name}={}", id(number));
        for number in [2, 3, 5] {
            machine.get(&of("statementId", number)).await.is(404);
            machine.get(&of("voidedStatementId", number)).await.is(200);
        }
        for number in [1, 4, 6, 7] {
            machine.get(&of("statementId", number)).await.is(200);
            machine.get(&of("voidedStatementId", number)).await.is(404);
        }
        let mut found = machine.finds(&agent).await;
        found.sort_unstable();
        let refer = [1, 4, 6, 7].map(|number| id(number).to_string());
        assert_eq!(found, refer, "what refers to it stays, it itself is gone");
        // It stays taken back: said again it is not there again, and what took it back stays as it is.
        post(&with_id(id(5), &small(&mail, VERB, LESSON))).await.is(200);
        post(&void(8, 7)).await.is(200);
        machine.get(&of("statementId", 5)).await.is(404);
        machine.get(&of("statementId", 7)).await.is(200);
        // Only a reference can say it.
        let wrong = small(&mail, tisheng_xapi::VOIDED, LESSON);
        assert_eq!(post(&wrong).await.status, 400);
    }
});
