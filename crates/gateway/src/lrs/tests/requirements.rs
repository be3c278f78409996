//! What the standard asks of every request, each with what passes and what is refused, in both versions
//! (Communication 1 to 3 of 1.0.3; IEEE 9274.1.1 for 2.0). The rules for statements themselves are those of
//! the crate `xapi`; here each is asked on every way that a statement comes.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tisheng_testkit::{Seen, story};
use tisheng_xapi::samples::{FULL, small};
use uuid::Uuid;

use super::{LESSON, Machine, Scope, Store, VERB, VERSIONS, WANG, ids, text, with_id};

const AGENT: &str = "agent=%7B%22mbox%22%3A%22mailto%3Awang%40school.test%22%7D";

fn value(seen: &Seen) -> serde_json::Value {
    super::json(seen)
}

story!(statements_are_put_and_posted, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    for (place, version) in VERSIONS.into_iter().enumerate() {
        let id = |number: usize| Uuid::from_u128((1_000 * place + number) as u128);
        let (one, other) = (small(WANG, VERB, LESSON), small(WANG, VERB, "http://learning.test/2"));
        let put = |number: usize| format!("/xapi/statements?statementId={}", id(number));
        let twice = format!("[{},{}]", with_id(id(9), &one), with_id(id(9), &one));
        let half = format!("[{one},{}]", one.replace("verb", "verbs"));
        let post = "/xapi/statements".to_owned();
        for (method, path, body, status) in [
            (Method::PUT, post.clone(), one.clone(), 400),
            (Method::PUT, format!("{post}?statementId=x"), one.clone(), 400),
            (Method::PUT, format!("{}&verb=x", put(1)), one.clone(), 400),
            (Method::PUT, put(1), with_id(id(2), &one), 400),
            (Method::PUT, put(1), format!("[{one}]"), 400),
            (Method::PUT, put(1), String::new(), 400),
            (Method::PUT, put(1), one.clone(), 204),
            (Method::PUT, put(1), one.clone(), 204),
            (Method::PUT, put(1), with_id(id(1), &one), 204),
            (Method::PUT, put(1), other.clone(), 409),
            (Method::POST, put(2), one.clone(), 400),
            (Method::POST, post.clone(), String::new(), 400),
            (Method::POST, post.clone(), "{}".to_owned(), 400),
            (Method::POST, post.clone(), twice, 400),
            (Method::POST, post.clone(), half, 400),
            (Method::POST, post.clone(), with_id(id(1), &one), 200),
            (Method::POST, post.clone(), with_id(id(1), &other), 409),
            (Method::POST, post.clone(), "[]".to_owned(), 200),
            (Method::DELETE, put(1), String::new(), 405),
            (Method::PATCH, put(1), one.clone(), 405),
        ] {
            let seen = machine.speaks(version, method.clone(), &path, &body).await;
            assert_eq!(seen.status, status, "{version} {method} {path} {body}: {}", text(&seen));
            assert_eq!(seen.headers["x-experience-api-version"], version);
        }
        let batch = format!("[{},{one},{}]", with_id(id(4), &one), with_id(id(3), &one));
        let given = value(&machine.speaks(version, Method::POST, &post, &batch).await);
        assert_eq!((&given[0], &given[2]), (&json!(id(4)), &json!(id(3))), "in the order in which they came");
        for number in [1, 3] {
            let kept = value(&machine.speaks(version, Method::GET, &put(number), "").await);
            assert_eq!(kept["authority"]["account"]["name"], machine.issued.key.as_str());
            assert_eq!(kept["version"], if place == 0 { "1.0.0" } else { "2.0.0" });
            assert_eq!(kept["timestamp"], kept["stored"], "{version}: nobody said when it happened");
        }
        for absent in [2, 9] {
            machine.speaks(version, Method::GET, &put(absent), "").await.is(404);
        }
    }
    let said = value(&machine.post(FULL).await);
    let kept =
        value(&machine.get(&format!("/xapi/statements?statementId={}", said[0].as_str().expect("id"))).await);
    assert_eq!(kept["timestamp"], "2026-11-23T06:05:09.123000Z", "the moment that was said, in UTC");
    assert_eq!(
        kept["authority"]["account"]["name"],
        machine.issued.key.as_str(),
        "but nobody vouches for others"
    );
    assert_ne!(kept["stored"], "2026-11-23T14:05:10Z");
});

/// `FULL` with a piece of its text replaced.
fn broken() -> Vec<(String, &'static str)> {
    let pieces = [
        (r#""mbox": "mailto:group@school.test""#, r#""mbox": "group@school.test""#, "mbox"),
        (
            r#""mbox": "mailto:group@school.test""#,
            r#""mbox": "mailto:g@s.test", "openid": "http://a.test""#,
            "actor",
        ),
        (r#""mbox_sha1sum": "ebd"#, r#""mbox_sha1sum": "xyz"#, "mbox_sha1sum"),
        (r#""homePage": "http://learning.test", "name": "t-001""#, r#""name": "t-001""#, "homePage"),
        (r#"{"objectType": "Agent", "openid""#, r#"{"objectType": "Person", "openid""#, "objectType"),
        (r#""id": "http://adlnet.gov/expapi/verbs/answered""#, r#""id": "answered""#, "verb"),
        (r#""en": "answered""#, r#""en_": "answered""#, "display"),
        (r#""en": "answered""#, r#""en": null"#, "display"),
        (r#""id": "http://learning.test/quiz/1""#, r#""id": "quiz 1""#, "object"),
        (r#""interactionType": "choice""#, r#""interactionType": "guess""#, "interactionType"),
        (r#"{"id": "b"}"#, r#"{"id": "a"}"#, "choices"),
        (r#""scaled": 1,"#, r#""scaled": 1.1,"#, "scaled"),
        (r#""raw": 100"#, r#""raw": 101"#, "raw"),
        (r#""success": true"#, r#""success": "true""#, "success"),
        (r#""duration": "PT1H0.125S""#, r#""duration": "1 hour""#, "duration"),
        (r#""registration": "EC5"#, r#""registration": "X"#, "registration"),
        (r#""language": "zh-CN""#, r#""language": "zh_CN""#, "language"),
        (
            r#""grouping": [{"id": "http://learning.test/programme"}]"#,
            r#""grouping": [{"id": "x"}]"#,
            "grouping",
        ),
        (r#""objectType": "StatementRef""#, r#""objectType": "Statement""#, "statement"),
        (
            r#""timestamp": "2026-11-23T14:05:09.123+08:00""#,
            r#""timestamp": "2026-13-01T00:00:00Z""#,
            "timestamp",
        ),
        (r#""length": 3"#, r#""length": "3""#, "length"),
        (r#""usageType": "http://learning.test/use/essay""#, r#""usageType": "essay""#, "usageType"),
        (r#""sha2": "ba7816bf"#, r#""sha2": "zz7816bf"#, "sha2"),
        (r#""revision": "1""#, r#""revision": "1", "edition": "2""#, "edition"),
        (r#""platform": "平台""#, r#""platform": "平台", "platform": "平台""#, "platform"),
    ];
    pieces.map(|(old, new, place)| (FULL.replacen(old, new, 1), place)).to_vec()
}

story!(a_broken_statement_is_refused_however_it_comes, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let put = "/xapi/statements?statementId=6690e6c9-3ef0-4ed3-8b37-7f3964730bee";
    for version in VERSIONS {
        for (statement, place) in broken() {
            assert_ne!(statement, FULL, "{place}");
            let list = format!("[{},{statement}]", small(WANG, VERB, LESSON));
            for (method, path, body) in [
                (Method::POST, "/xapi/statements", &statement),
                (Method::POST, "/xapi/statements", &list),
                (Method::PUT, put, &statement),
            ] {
                let seen = machine.speaks(version, method, path, body).await;
                assert_eq!(seen.status, 400, "{version} {place}: {}", text(&seen));
                let said = value(&seen)["error"].as_str().expect("a sentence").to_owned();
                assert!(said.contains(place) || said.contains("not JSON"), "{place}: {said}");
            }
        }
        assert!(machine.finds("").await.is_empty(), "{version}: nothing of it is kept");
    }
});

story!(the_version_of_a_request_is_that_of_its_answer, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    for (sent, status, told) in [
        ("1.0", 200, "1.0.3"),
        ("1.0.0", 200, "1.0.3"),
        ("1.0.3", 200, "1.0.3"),
        ("1.0.9", 200, "1.0.3"),
        ("2.0.0", 200, "2.0.0"),
        ("2.0", 200, "2.0.0"),
        ("0.95", 400, "2.0.0"),
        ("1.1.0", 400, "2.0.0"),
        ("1.0.", 400, "2.0.0"),
        ("3.0.0", 400, "2.0.0"),
        ("", 400, "2.0.0"),
    ] {
        for path in ["/xapi/statements", "/xapi/activities?activityId=http://a.test/1"] {
            let seen = machine.speaks(sent, Method::GET, path, "").await;
            assert_eq!(seen.status, status, "{sent}: {}", text(&seen));
            assert_eq!(seen.headers["x-experience-api-version"], told, "{sent}");
        }
        machine.speaks(sent, Method::GET, "/xapi/about", "").await.is(200);
    }
    let about = value(&store.town.browser().get("/xapi/about").await);
    assert_eq!(about["version"], json!(["1.0.3", "2.0.0"]));
    let through =
        machine.get("/xapi/statements").await.headers["x-experience-api-consistent-through"].clone();
    assert!(through.to_str().expect("text").ends_with('Z'));
});

story!(a_head_is_what_a_get_says_without_its_content, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let id = machine.says(&small(WANG, VERB, LESSON)).await;
    let (state, activity, agent) = (
        format!("/xapi/activities/state?activityId={LESSON}&{AGENT}&stateId=s"),
        format!("/xapi/activities/profile?activityId={LESSON}&profileId=p"),
        format!("/xapi/agents/profile?{AGENT}&profileId=p"),
    );
    for path in [&state, &activity, &agent] {
        let put = machine.send(Method::PUT, path, &[("if-none-match", "*")], r#"{"a":1}"#).await;
        put.is(204);
    }
    let read = [
        format!("/xapi/statements?statementId={id}"),
        "/xapi/statements".to_owned(),
        format!("/xapi/activities?activityId={LESSON}"),
        format!("/xapi/agents?{AGENT}"),
        "/xapi/about".to_owned(),
        state.clone(),
        activity.clone(),
        agent.clone(),
        state.replace("&stateId=s", ""),
        agent.replace("&profileId=p", ""),
        format!("/xapi/statements?statementId={}", Uuid::nil()),
        state.replace("stateId=s", "stateId=t"),
    ];
    for version in VERSIONS {
        for path in &read {
            let get = machine.speaks(version, Method::GET, path, "").await;
            let head = machine.speaks(version, Method::HEAD, path, "").await;
            assert_eq!((head.status, head.bytes.len()), (get.status, 0), "{path}");
            for name in ["content-type", "etag", "last-modified", "x-experience-api-version"] {
                assert_eq!(head.headers.get(name), get.headers.get(name), "{path} {name}");
            }
        }
        for (path, methods) in [
            ("/xapi/about", &[Method::PUT, Method::DELETE][..]),
            ("/xapi/agents", &[Method::PUT, Method::POST, Method::DELETE]),
            ("/xapi/activities", &[Method::PUT, Method::POST, Method::DELETE]),
            (&state, &[Method::PATCH]),
            (&agent, &[Method::PATCH]),
        ] {
            for method in methods {
                let seen = machine.speaks(version, method.clone(), path, "{}").await;
                assert_eq!(seen.status, 405, "{method} {path}: {}", text(&seen));
            }
        }
    }
});

impl Machine<'_> {
    /// A request of 1.0.3 as a form: `method` in the address, everything else in the content.
    async fn form(&self, method: &str, resource: &str, fields: &[(&str, &str)]) -> Seen {
        let basic = STANDARD.encode(format!("{}:{}", self.issued.key, self.issued.secret));
        let authorization = format!("Basic {basic}");
        let mut all = vec![("Authorization", authorization.as_str()), ("X-Experience-API-Version", "1.0.3")];
        all.extend(fields);
        let body = serde_urlencoded::to_string(all).expect("a form");
        let kind =
            [("content-type", "application/x-www-form-urlencoded"), ("x-experience-api-version", "1.0.3")];
        self.send(Method::POST, &format!("/xapi/{resource}?{method}"), &kind, &body).await
    }
}

story!(every_request_of_the_first_version_may_be_a_form, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let (statement, id) = (small(WANG, VERB, LESSON), Uuid::from_u128(3).to_string());
    let agent = format!(r#"{{"mbox":"{WANG}"}}"#);
    let about = ("activityId", LESSON);
    let state = [about, ("agent", &agent), ("stateId", "s")];
    let with = |pairs: &[(&'static str, &'static str)]| -> Vec<(&str, &str)> {
        state.iter().copied().chain(pairs.iter().copied()).collect()
    };
    for (method, resource, fields, status) in [
        ("method=PUT", "statements", vec![("statementId", id.as_str()), ("content", &statement)], 204),
        ("method=POST", "statements", vec![("content", statement.as_str())], 200),
        ("method=GET", "statements", vec![("statementId", id.as_str())], 200),
        ("method=HEAD", "statements", vec![("verb", VERB), ("limit", "1")], 200),
        ("method=PUT", "activities/state", with(&[("content", r#"{"a":1}"#)]), 204),
        ("method=POST", "activities/state", with(&[("content", r#"{"b":2}"#)]), 204),
        ("method=GET", "activities/state", with(&[]), 200),
        ("method=DELETE", "activities/state", with(&[("If-Match", "\"x\"")]), 412),
        ("method=DELETE", "activities/state", with(&[]), 204),
        ("method=GET", "activities/state", with(&[]), 404),
        (
            "method=PUT",
            "agents/profile",
            vec![
                ("agent", &agent),
                ("profileId", "p"),
                ("content", "x"),
                ("Content-Type", "text/plain"),
                ("If-None-Match", "*"),
            ],
            204,
        ),
        ("method=GET", "agents", vec![("agent", &agent)], 200),
        ("method=GET", "activities", vec![about], 200),
        // Nothing else may stand in the address, and the method is one of the standard's.
        ("method=GET&limit=1", "statements", vec![], 400),
        ("method=GET&method=PUT", "statements", vec![], 400),
        ("method=get", "statements", vec![], 400),
        ("method=TRACE", "statements", vec![], 400),
        ("method=PUT", "statements", vec![("statementId", &id)], 400),
        ("method=GET", "statements", vec![("nothing", "1")], 400),
    ] {
        let seen = machine.form(method, resource, &fields).await;
        assert_eq!(seen.status, status, "{method} {resource} {fields:?}: {}", text(&seen));
    }
    assert_eq!(machine.finds("").await.len(), 2);
    let profile = machine.get(&format!("/xapi/agents/profile?{AGENT}&profileId=p")).await;
    assert_eq!(
        (text(&profile).as_str(), &profile.headers["content-type"]),
        ("x", &"text/plain".parse().expect("a type"))
    );
});

story!(a_person_and_an_activity_are_what_the_store_knows_of_them, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let defined = |name: &str| {
        let object =
            format!(r#"{{"id":"{LESSON}","definition":{{"name":{name},"type":"http://a.test/type"}}}}"#);
        small(WANG, VERB, LESSON).replace(&format!(r#"{{"id":"{LESSON}"}}"#), &object)
    };
    for (name, actor) in
        [(r#"{"zh":"一"}"#, "王老师"), (r#"{"en":"One"}"#, "王芳"), (r#"{"zh":"第一课"}"#, "王芳")]
    {
        machine
            .says(&defined(name).replace(r#""actor":{"#, &format!(r#""actor":{{"name":"{actor}","#)))
            .await;
    }
    for version in VERSIONS {
        let get = async |path: String| machine.speaks(version, Method::GET, &path, "").await;
        let person = value(&get(format!("/xapi/agents?{AGENT}")).await);
        let mut names: Vec<&str> =
            person["name"].as_array().expect("names").iter().filter_map(|n| n.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["王老师", "王芳"]);
        assert_eq!((&person["objectType"], &person["mbox"]), (&json!("Person"), &json!([WANG])));
        for (agent, field) in [
            (json!({ "mbox": "mailto:nobody@school.test" }), "mbox"),
            (json!({ "mbox_sha1sum": "a".repeat(40) }), "mbox_sha1sum"),
            (json!({ "openid": "http://id.test/nobody" }), "openid"),
            (json!({ "account": { "homePage": "http://a.test", "name": "x" } }), "account"),
        ] {
            let query = serde_urlencoded::to_string([("agent", agent.to_string())]).expect("a query");
            let person = value(&get(format!("/xapi/agents?{query}")).await);
            assert_eq!((&person[field][0], &person["name"]), (&agent[field], &json!(null)), "{person}");
        }
        let activity = value(&get(format!("/xapi/activities?activityId={LESSON}")).await);
        assert_eq!(activity["id"], LESSON);
        assert_eq!(
            activity["definition"]["name"],
            json!({ "zh": "第一课", "en": "One" }),
            "each language as said last"
        );
        assert_eq!(activity["definition"]["type"], "http://a.test/type");
        let unknown = value(&get("/xapi/activities?activityId=http://a.test/unknown".to_owned()).await);
        assert_eq!((&unknown["id"], &unknown["definition"]), (&json!("http://a.test/unknown"), &json!(null)));
        for path in [
            "/xapi/agents",
            "/xapi/agents?agent=x",
            "/xapi/agents?agent=%7B%7D",
            "/xapi/agents?agent=%7B%22objectType%22%3A%22Group%22%2C%22mbox%22%3A%22mailto%3Aa%40b.test%22%7D",
            "/xapi/activities",
            "/xapi/activities?activityId=x",
            "/xapi/activities?activityId=http://a.test/1&x=1",
        ] {
            assert_eq!(get(path.to_owned()).await.status, 400, "{version} {path}");
        }
    }
    let writer = store.machine("乙平台", &[Scope::Write]).await;
    for path in [format!("/xapi/agents?{AGENT}"), format!("/xapi/activities?activityId={LESSON}")] {
        assert_eq!(writer.get(&path).await.status, 403, "{path}");
    }
});

story!(a_statement_in_three_forms, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let id = machine.says(FULL).await;
    let nested = machine.says(tisheng_xapi::samples::NESTED).await;
    for version in VERSIONS {
        let get = async |query: &str, languages: &str| {
            let more = [("x-experience-api-version", version), ("accept-language", languages)];
            value(&machine.send(Method::GET, &format!("/xapi/statements?{query}"), &more, "").await)
        };
        let single = format!("statementId={id}");
        let sent: serde_json::Value = serde_json::from_str(FULL).expect("JSON");
        let exact = get(&single, "*").await;
        for part in ["actor", "verb", "object", "result", "attachments"] {
            assert_eq!(exact[part], sent[part], "{part}");
        }
        assert_eq!(get(&format!("{single}&format=exact"), "*").await, exact);
        let bare = get(&format!("{single}&format=ids"), "*").await;
        assert_eq!(bare["actor"], json!({ "objectType": "Group", "mbox": "mailto:group@school.test" }));
        assert_eq!(bare["verb"], json!({ "id": sent["verb"]["id"] }));
        assert_eq!(bare["object"]["definition"], json!(null));
        assert_eq!(
            bare["context"]["contextActivities"]["parent"],
            json!([{ "id": "http://learning.test/course/1" }])
        );
        assert_eq!(bare["context"]["instructor"], json!({ "mbox": "mailto:expert@centre.test" }));
        for (languages, name, display) in [
            ("zh-CN", json!({ "zh-CN": "第一题" }), json!({ "zh-CN": "作答" })),
            ("en-US, zh;q=0.2", json!({ "en-US": "Question 1" }), json!({ "en": "answered" })),
        ] {
            let one = get(&format!("{single}&format=canonical"), languages).await;
            assert_eq!(
                (&one["object"]["definition"]["name"], &one["verb"]["display"]),
                (&name, &display),
                "{languages}"
            );
        }
        let sub = get(&format!("statementId={nested}&format=ids"), "*").await;
        assert_eq!(sub["object"]["actor"]["mbox"], "mailto:teacher@school.test");
        let list = get("format=ids&ascending=true", "*").await;
        assert_eq!(ids(&list), [id.clone(), nested.clone()]);
    }
});
