//! Content in a browser at another origin.

use axum::http::{HeaderMap, HeaderName, Method};
use tisheng_testkit::{CONTENT_ORIGIN, Seen, story};

use super::{LESSON, Scope, Store, VERB, WANG};

/// Where content stands that nobody has entered.
const OTHER: &str = "https://elsewhere.test";

async fn asks(store: &Store, path: &str, headers: &[(&str, &str)]) -> Seen {
    let name = |name: &str| HeaderName::from_bytes(name.as_bytes()).expect("a header");
    let headers: HeaderMap =
        headers.iter().map(|(header, value)| (name(header), value.parse().expect("a value"))).collect();
    store.town.browser().send(Method::OPTIONS, path, headers, Vec::new()).await
}

fn header<'s>(seen: &'s Seen, name: &str) -> &'s str {
    seen.headers.get(name).map_or("", |value| value.to_str().expect("text"))
}

story!(content_of_an_origin_that_is_entered_sends_and_reads, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let asked = [
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "authorization,x-experience-api-version"),
    ];
    for path in ["/xapi/statements", "/xapi/activities/state", "/xapi/about"] {
        let seen = asks(&store, path, &[("origin", CONTENT_ORIGIN), asked[0], asked[1]]).await;
        seen.is(204);
        assert_eq!(header(&seen, "access-control-allow-origin"), CONTENT_ORIGIN);
        assert!(header(&seen, "access-control-allow-methods").contains("PUT"));
        assert!(header(&seen, "access-control-allow-headers").contains("x-experience-api-version"));
    }
    let statement =
        format!(r#"{{"actor":{{"mbox":"{WANG}"}},"verb":{{"id":"{VERB}"}},"object":{{"id":"{LESSON}"}}}}"#);
    let origin = [("origin", CONTENT_ORIGIN)];
    let wrong = machine.send(Method::POST, "/xapi/statements", &origin, "{}").await;
    let right = machine.send(Method::POST, "/xapi/statements", &origin, &statement).await;
    let read = machine.send(Method::GET, "/xapi/statements", &origin, "").await;
    for (seen, status) in [(&wrong, 400), (&right, 200), (&read, 200)] {
        seen.is(status);
        assert_eq!(header(seen, "access-control-allow-origin"), CONTENT_ORIGIN);
        let exposed = header(seen, "access-control-expose-headers");
        for name in
            ["x-experience-api-version", "x-experience-api-consistent-through", "etag", "last-modified"]
        {
            assert!(exposed.contains(name), "{exposed}");
        }
        let kept = seen.headers.get_all("vary").iter();
        assert!(kept.filter_map(|value| value.to_str().ok()).any(|value| value.contains("origin")));
        // No cookie ever counts here.
        assert!(!seen.headers.contains_key("access-control-allow-credentials"));
    }
});

story!(content_of_another_origin_reads_nothing, |engine| async move {
    let store = Store::start(engine).await;
    let machine = store.machine("甲平台", &[Scope::All]).await;
    let wanted = ("access-control-request-method", "GET");
    for origin in [OTHER, "null", "http://content.test", "https://content.test.elsewhere.test"] {
        let seen = asks(&store, "/xapi/statements", &[("origin", origin), wanted]).await;
        assert!(seen.status.is_client_error());
        let read = machine.send(Method::GET, "/xapi/statements", &[("origin", origin)], "").await;
        for seen in [&seen, read.is(200)] {
            assert_eq!(header(seen, "access-control-allow-origin"), "", "{origin}");
        }
    }
    // Without an origin, and without the question of a browser, everything is as it was.
    asks(&store, "/xapi/statements", &[("origin", CONTENT_ORIGIN)]).await.is(400);
    let plain = machine.get("/xapi/statements").await;
    assert_eq!(header(plain.is(200), "access-control-expose-headers"), "");
});
