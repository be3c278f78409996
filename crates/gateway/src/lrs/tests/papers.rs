//! Documents: states and profiles, each step of the standard for each resource in both versions
//! (Communication 2.2 to 2.7, 3.1).

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::json;
use sha1::{Digest, Sha1};
use tisheng_testkit::{Seen, story};

use super::{LESSON, Machine, Scope, Store, VERSIONS, json, text};

const AGENT: &str = "agent=%7B%22mbox%22%3A%22mailto%3Awang%40school.test%22%7D";
const REGISTRATION: &str = "registration=ec531277-b57b-4c15-8d91-d292c5b2b8f1";

/// The resources: where each list is, and the parameter that names one.
fn resources() -> [(String, &'static str); 3] {
    [
        (format!("/xapi/activities/state?activityId={LESSON}&{AGENT}"), "stateId"),
        (format!("/xapi/activities/profile?activityId={LESSON}"), "profileId"),
        (format!("/xapi/agents/profile?{AGENT}"), "profileId"),
    ]
}

struct Papers<'m> {
    machine: &'m Machine<'m>,
    version: &'static str,
}

impl Papers<'_> {
    async fn send(&self, method: Method, path: &str, more: &[(&str, &str)], body: &str) -> Seen {
        let mut headers = vec![("x-experience-api-version", self.version)];
        headers.extend(more);
        self.machine.send(method, path, &headers, body).await
    }

    #[track_caller]
    fn told(&self, seen: &Seen, status: u16, what: &str) {
        assert_eq!(seen.status, status, "{} {what} {}: {}", self.version, seen.path, text(seen));
    }
}

fn tag(content: &str) -> String {
    format!("\"{}\"", hex::encode(Sha1::digest(content)))
}

story!(a_document_is_put_merged_read_and_deleted, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    for version in VERSIONS {
        let papers = Papers { machine: &machine, version };
        for (place, (list, name)) in resources().into_iter().enumerate() {
            let at = format!("{list}&{name}={version}");
            let is_state = place == 0;
            let new = [("if-none-match", "*")];
            papers.told(&papers.send(Method::GET, &at, &[], "").await, 404, "nothing yet");
            papers.told(
                &papers.send(Method::PUT, &at, &[("if-match", "\"x\"")], "{}").await,
                412,
                "no such tag",
            );
            papers.told(&papers.send(Method::PUT, &at, &new, r#"{"a":1,"b":{"c":2}}"#).await, 204, "new");
            let kept = papers.send(Method::GET, &at, &[], "").await;
            assert_eq!(text(&kept), r#"{"a":1,"b":{"c":2}}"#);
            assert_eq!(kept.headers["etag"], tag(r#"{"a":1,"b":{"c":2}}"#).as_str(), "SHA-1 of the content");
            assert_eq!(kept.headers["content-type"], "application/json");
            assert!(kept.headers.contains_key("last-modified"));
            papers.told(&papers.send(Method::PUT, &at, &new, "{}").await, 412, "it is there");
            // Nobody overwrites what was not read; a state of the first version alone is free.
            let blind = papers.send(Method::PUT, &at, &[], r#"{"a":1,"b":{"c":2}}"#).await;
            papers.told(&blind, if is_state && version == "1.0.3" { 204 } else { 409 }, "blind");
            // Merged property by property, the topmost alone.
            papers.told(&papers.send(Method::POST, &at, &[], r#"{"b":7,"d":[]}"#).await, 204, "merged");
            assert_eq!(text(&papers.send(Method::GET, &at, &[], "").await), r#"{"a":1,"b":7,"d":[]}"#);
            for (kind, body) in [("application/json", "[1]"), ("application/json", "{"), ("text/plain", "x")]
            {
                let seen = papers.send(Method::POST, &at, &[("content-type", kind)], body).await;
                papers.told(&seen, 400, "cannot be merged");
            }
            let current = tag(r#"{"a":1,"b":7,"d":[]}"#);
            let old = tag(r#"{"a":1,"b":{"c":2}}"#);
            papers.told(
                &papers.send(Method::POST, &at, &[("if-match", &old)], "{}").await,
                412,
                "read before",
            );
            papers.told(
                &papers.send(Method::DELETE, &at, &[("if-match", &old)], "").await,
                412,
                "read before",
            );
            let kind = [("if-match", current.as_str()), ("content-type", "text/plain; charset=utf-8")];
            papers.told(&papers.send(Method::PUT, &at, &kind, "甲").await, 204, "in its place");
            let kept = papers.send(Method::GET, &at, &[], "").await;
            assert_eq!(
                (text(&kept).as_str(), &kept.headers["content-type"]),
                ("甲", &"text/plain; charset=utf-8".parse().expect("a type"))
            );
            papers.told(&papers.send(Method::POST, &at, &[], "{}").await, 400, "text is no object");
            papers.told(
                &papers.send(Method::DELETE, &at, &[("if-match", &tag("甲"))], "").await,
                204,
                "gone",
            );
            papers.told(&papers.send(Method::GET, &at, &[], "").await, 404, "gone");
            papers.told(&papers.send(Method::DELETE, &at, &[], "").await, 204, "deleted twice is deleted");
            // A POST makes one as well, of any kind.
            let kind = [("content-type", "application/octet-stream")];
            papers.told(&papers.send(Method::POST, &at, &kind, "\u{1}").await, 204, "new by POST");
            papers.told(&papers.send(Method::DELETE, &at, &[], "").await, 204, "cleared");
            // A new profile of the first version is put with a header, everything else may go without.
            let bare = papers.send(Method::PUT, &at, &[], "{}").await;
            papers.told(
                &bare,
                if !is_state && version == "1.0.3" { 400 } else { 204 },
                "new without a header",
            );
            papers.send(Method::DELETE, &at, &[], "").await;
        }
    }
});

story!(documents_are_listed_since_a_moment, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    for version in VERSIONS {
        let papers = Papers { machine: &machine, version };
        for (list, name) in resources() {
            let mut moments = Vec::new();
            for letter in ["b", "a", "c"] {
                let put = papers.send(Method::POST, &format!("{list}&{name}={letter}"), &[], "{}").await;
                papers.told(&put, 204, "kept");
                moments.push(store.town.app.now().iso());
                store.town.clock.advance(TimeDelta::minutes(1));
            }
            let all = papers.send(Method::GET, &list, &[], "").await;
            let mut names: Vec<String> = serde_json::from_value(json(&all)).expect("names");
            names.sort_unstable();
            assert_eq!(names, ["a", "b", "c"], "{list}");
            let since = papers
                .send(Method::GET, &format!("{list}&since={}", moments[1].replace('+', "%2B")), &[], "")
                .await;
            assert_eq!(json(since.is(200)), json!(["c"]), "{list}: behind the moment");
            let deleted = papers.send(Method::DELETE, &list, &[], "").await;
            if name == "stateId" {
                papers.told(&deleted, 204, "all states at once");
                assert_eq!(json(&papers.send(Method::GET, &list, &[], "").await), json!([]));
            } else {
                papers.told(&deleted, 400, "profiles go one by one");
                for letter in ["a", "b", "c"] {
                    papers.send(Method::DELETE, &format!("{list}&{name}={letter}"), &[], "").await.is(204);
                }
            }
        }
    }
});

story!(a_state_is_of_its_agent_activity_and_registration, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let [(state, _), ..] = resources();
    for version in VERSIONS {
        let papers = Papers { machine: &machine, version };
        let places = [
            state.clone(),
            format!("{state}&{REGISTRATION}"),
            state.replace("wang", "li"),
            state.replace("lesson/1", "lesson/2"),
        ];
        for (number, place) in places.iter().enumerate() {
            let body = format!(r#"{{"at":{number}}}"#);
            papers
                .send(Method::PUT, &format!("{place}&stateId=s"), &[("if-none-match", "*")], &body)
                .await
                .is(204);
        }
        for (number, place) in places.iter().enumerate() {
            let kept = papers.send(Method::GET, &format!("{place}&stateId=s"), &[], "").await;
            assert_eq!(json(&kept)["at"], json!(number), "{place}");
        }
        // Who is named otherwise is the same agent; an account is another.
        let named = state.replace("%7B%22mbox", "%7B%22name%22%3A%22W%22%2C%22mbox");
        papers.send(Method::GET, &format!("{named}&stateId=s"), &[], "").await.is(200);
        papers.send(Method::DELETE, &format!("{state}&{REGISTRATION}"), &[], "").await.is(204);
        papers.send(Method::GET, &format!("{}&stateId=s", places[1]), &[], "").await.is(404);
        papers.send(Method::GET, &format!("{}&stateId=s", places[0]), &[], "").await.is(200);
        for place in &places {
            papers.send(Method::DELETE, place, &[], "").await.is(204);
        }
    }
});

story!(a_document_that_nobody_can_mean_is_refused, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let activity = format!("activityId={LESSON}");
    for version in VERSIONS {
        let papers = Papers { machine: &machine, version };
        for (resource, query) in [
            ("activities/state", String::new()),
            ("activities/state", activity.clone()),
            ("activities/state", format!("{AGENT}&stateId=s")),
            ("activities/state", format!("activityId=x&{AGENT}&stateId=s")),
            ("activities/state", format!("{activity}&agent=%7B%7D&stateId=s")),
            ("activities/state", format!("{activity}&agent=wang&stateId=s")),
            ("activities/state", format!("{activity}&{AGENT}&stateId=s&registration=1")),
            ("activities/state", format!("{activity}&{AGENT}&stateId=s&since=now")),
            ("activities/state", format!("{activity}&{AGENT}&profileId=s")),
            ("activities/state", format!("{activity}&{activity}&{AGENT}&stateId=s")),
            ("activities/profile", String::new()),
            ("activities/profile", "activityId=x&profileId=p".to_owned()),
            ("activities/profile", format!("{activity}&{AGENT}&profileId=p")),
            ("activities/profile", format!("{activity}&profileId=p&since=now")),
            ("agents/profile", String::new()),
            ("agents/profile", "agent=x&profileId=p".to_owned()),
            ("agents/profile", format!("{AGENT}&stateId=p")),
        ] {
            for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE] {
                let path = format!("/xapi/{resource}?{query}");
                let seen = papers.send(method.clone(), &path, &[("if-none-match", "*")], "{}").await;
                papers.told(&seen, 400, method.as_str());
            }
        }
        for (list, _) in resources() {
            for method in [Method::PUT, Method::POST] {
                papers.told(&papers.send(method, &list, &[], "{}").await, 400, "without a name");
            }
        }
    }
    let reader = store.machine("乙平台", &[Scope::Write, Scope::ReadMine]).await;
    for (list, name) in resources() {
        for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE] {
            let seen =
                reader.send(method, &format!("{list}&{name}=x"), &[("if-none-match", "*")], "{}").await;
            assert_eq!(seen.status, 403, "{list}: {}", text(&seen));
        }
    }
});
