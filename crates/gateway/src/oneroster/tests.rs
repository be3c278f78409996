//! OneRoster through HTTP, on both engines.

use axum::http::{HeaderMap, HeaderName, Method};
use chrono::TimeDelta;
use serde_json::Value;
use tisheng_platform::Parts;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::serve::Rooms;
use tisheng_policy::scheme;
use tisheng_registry::organisation::Node;
use tisheng_registry::roster::{self, Entry, Kinds};
use tisheng_registry::samples::{Town, identity, phone, small_town};
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Chosen, Engine, Seen, TestApp, story};

use super::sheets;
use crate::token::{Gate, Issued, Scope, samples::token};

/// Where rosters stand.
const ROSTERING: &str = "/ims/oneroster/rostering/v1p2";
/// Where results stand.
const GRADEBOOK: &str = "/ims/oneroster/gradebook/v1p2";

struct Place {
    test: TestApp,
    town: Town,
}

impl Place {
    async fn begin(engine: Engine) -> Self {
        let rooms = Rooms { pages: super::pages().merge(roster::routes()), machines: super::routes() };
        let kinds = Kinds::new(vec![Entry::of::<roster::Teachers>()]);
        let parts: Parts = scheme::samples::parts().with(Gate::default()).with(kinds);
        let test = TestApp::with_handlers(engine, rooms, parts, roster::handlers(Handlers::default())).await;
        let town = small_town(&test.system()).await.expect("a town");
        let files = scheme::samples::owned(third_scheme_files());
        scheme::samples::programme(&test.system(), &town.city, &files).await.expect("a programme");
        Self { test, town }
    }

    async fn issued(&self, node: &Node, scopes: &[Scope]) -> Issued {
        let ctx = self.test.system();
        let mut tx = ctx.write().await.expect("a transaction");
        let issued = token(&ctx, &mut tx, (node, None), scopes).await.expect("a token");
        tx.commit().await.expect("commits");
        issued
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Seen {
        self.test.clock.advance(TimeDelta::seconds(1));
        let headers = headers.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header");
            (name, value.parse().expect("a value"))
        });
        let headers: HeaderMap = headers.collect();
        self.test.browser().send(method, path, headers, body.as_bytes().to_vec()).await
    }

    async fn get(&self, word: &str, path: &str) -> Seen {
        self.send(Method::GET, path, &[("authorization", &format!("Bearer {word}"))], "").await
    }

    /// An access for key and secret.
    async fn access(&self, issued: &Issued) -> String {
        let form =
            format!("grant_type=client_credentials&client_id={}&client_secret={}", issued.key, issued.secret);
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let seen = self.send(Method::POST, "/ims/oneroster/token", &kind, &form).await;
        body(seen.is(200))["access_token"].as_str().expect("a word").to_owned()
    }
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.bytes).expect("JSON")
}

fn total(seen: &Seen) -> usize {
    seen.headers["x-total-count"].to_str().expect("text").parse().expect("a number")
}

#[track_caller]
fn refused(seen: &Seen, status: u16, minor: &str) {
    seen.is(status);
    let field = &body(seen)["imsx_CodeMinor"]["imsx_codeMinorField"][0];
    assert_eq!(field["imsx_codeMinorFieldValue"], minor, "{}", seen.html());
}

story!(a_consumer_reads_every_collection_page_by_page, |engine| async move {
    let place = Place::begin(engine).await;
    let issued = place.issued(&place.town.county, &[Scope::RosterRead, Scope::ProgressRead]).await;
    let word = place.access(&issued).await;
    for (service, many, one) in [
        (ROSTERING, "orgs", "org"),
        (ROSTERING, "academicSessions", "academicSession"),
        (ROSTERING, "courses", "course"),
        (ROSTERING, "classes", "class"),
        (ROSTERING, "users", "user"),
        (ROSTERING, "enrollments", "enrollment"),
        (GRADEBOOK, "lineItems", "lineItem"),
    ] {
        let whole = place.get(&word, &format!("{service}/{many}?limit=5000")).await;
        let records = body(whole.is(200))[many].as_array().expect("records").clone();
        assert_eq!(total(&whole), records.len(), "{many}");
        let mut found = Vec::new();
        while found.len() < records.len() {
            let path = format!("{service}/{many}?limit=7&offset={}", found.len());
            let seen = place.get(&word, &path).await;
            found.extend(body(&seen)[many].as_array().expect("records").clone());
            let has_next = seen.headers["link"].to_str().expect("text").contains("rel=\"next\"");
            assert_eq!(has_next, found.len() < records.len(), "{path}");
        }
        assert_eq!(found, records, "{many}");
        let id = records[0]["sourcedId"].as_str().expect("an id");
        let single = place.get(&word, &format!("{service}/{many}/{id}?fields=sourcedId,status")).await;
        assert_eq!(body(single.is(200))[one]["sourcedId"], id);
        assert_eq!(body(&single)[one].as_object().expect("an object").len(), 2);
    }
    let results = place.get(&word, &format!("{GRADEBOOK}/results")).await;
    assert_eq!((body(results.is(200))["results"].as_array().map(Vec::len), total(&results)), (Some(0), 0));
    let users = place.get(&word, &format!("{ROSTERING}/users?limit=5000")).await;
    assert!(!users.html().contains(phone(7).number()) && !users.html().contains(identity(7).number()));
});

story!(a_consumer_narrows_and_sorts, |engine| async move {
    let place = Place::begin(engine).await;
    let word = place.issued(&place.town.county, &[Scope::RosterRead]).await.word();
    let school = place.town.school().node.id;
    let path = format!(
        "{ROSTERING}/users?filter=primaryOrg.sourcedId%3D%27{school}%27&sort=familyName&orderBy=desc"
    );
    let seen = place.get(&word, &path).await;
    let found = body(seen.is(200));
    let names: Vec<&str> = found["users"]
        .as_array()
        .expect("users")
        .iter()
        .filter_map(|user| user["familyName"].as_str())
        .collect();
    assert!(!names.is_empty() && names.windows(2).all(|two| two[0] >= two[1]), "{names:?}");
    assert_eq!(total(&seen), place.town.school().teachers.len() + 1, "{names:?}");
    let schools = place.get(&word, &format!("{ROSTERING}/orgs?filter=type%3D%27school%27")).await;
    assert_eq!(total(&schools), place.town.schools.len());
    for (query, minor) in [
        ("filter=nothing%3D%27x%27", "invalid_filter_field"),
        ("filter=x", "invalid_filter_field"),
        ("sort=nothing", "invalid_sort_field"),
        ("fields=nothing", "invalid_selection_field"),
        ("limit=0", "invalid_data"),
        ("offset=-1", "invalid_data"),
        ("sort=%00", "invalid_data"),
    ] {
        refused(&place.get(&word, &format!("{ROSTERING}/orgs?{query}")).await, 400, minor);
    }
});

story!(nobody_reads_what_the_token_does_not_reach, |engine| async move {
    let place = Place::begin(engine).await;
    let issued = place.issued(&place.town.neighbour, &[Scope::RosterRead]).await;
    let (word, teacher) = (issued.word(), &place.town.school().teachers[0]);
    for path in [
        format!("{ROSTERING}/users/{}", teacher.person),
        format!("{ROSTERING}/orgs/{}", place.town.county.id),
        format!("{ROSTERING}/classes/{}", teacher.node.id),
        format!("{ROSTERING}/enrollments/{}.{}", teacher.person, teacher.node.id),
        format!("{ROSTERING}/orgs/x"),
        format!("{ROSTERING}/results"),
        "/ims/oneroster/rostering/v1p1/orgs".to_owned(),
    ] {
        refused(&place.get(&word, &path).await, 404, "unknownobject");
    }
    refused(&place.get(&word, &format!("{GRADEBOOK}/results")).await, 403, "forbidden");
    refused(&place.get("ts_a_b", &format!("{ROSTERING}/orgs")).await, 401, "unauthorisedrequest");
    let access = place.access(&issued).await;
    let forged = access.replace("ta_", "ta_0");
    refused(&place.get(&forged, &format!("{ROSTERING}/orgs")).await, 401, "unauthorisedrequest");
    let bearer = format!("Bearer {word}");
    let written =
        place.send(Method::PUT, &format!("{ROSTERING}/orgs"), &[("authorization", &bearer)], "{}").await;
    refused(&written, 405, "invalid_data");
    place.get(&access, &format!("{ROSTERING}/orgs")).await.is(200);
    place.test.clock.advance(TimeDelta::hours(1));
    refused(&place.get(&access, &format!("{ROSTERING}/orgs")).await, 401, "unauthorisedrequest");
    let guess = "grant_type=client_credentials&client_id=a&client_secret=b";
    let seen = place.send(Method::POST, "/ims/oneroster/token", &[], guess).await;
    refused(&seen, 401, "unauthorisedrequest");
    let other = format!("grant_type=password&client_id={}&client_secret={}", issued.key, issued.secret);
    let seen = place.send(Method::POST, "/ims/oneroster/token", &[], &other).await;
    assert_eq!(body(seen.is(400))["error"], "unsupported_grant_type");
});

story!(an_office_takes_the_files_away_and_brings_others, |engine| async move {
    let place = Place::begin(engine).await;
    let mut office = place.test.signed_in(&place.town.county_office.who()).await;
    office.get("/oneroster").await.shows("下载压缩包");
    let zip = office.get("/oneroster/export.zip").await;
    let [orgs, users, roles, enrollments] =
        sheets::read(&zip.is(200).bytes, ["orgs", "users", "roles", "enrollments"]).expect("a zip");
    let count = |sheet: &Option<sheets::Sheet>| sheet.as_ref().expect("a file").rows().count();
    assert!(count(&orgs) > place.town.schools.len() && count(&users) > 5);
    assert_eq!((count(&users), count(&users)), (count(&roles), count(&enrollments)));
    let users = users.expect("users");
    assert!(users.rows().all(|line| line.text("identifier").is_empty() && line.text("sms").is_empty()));

    // What was taken away has no numbers of papers: each row is told so, and nothing is taken.
    let chosen = [Chosen { field: "file", name: "OneRoster.zip", bytes: &zip.bytes }];
    let run = office.post_files("/oneroster/import", &[], &chosen).await;
    run.shows("正在核对");
    place.test.settle().await;
    office.get(&run.path).await.shows("有错误").shows("证件号码没有填写");
    let torn = [Chosen { field: "file", name: "a.zip", bytes: b"PK" }];
    office.post_files("/oneroster/import", &[], &torn).await.is(422).says("文件不能读取");

    for persona in [&place.town.school().clerk, &place.town.school().teachers[0]] {
        let mut other = place.test.signed_in(&persona.who()).await;
        other.get("/oneroster").await.is(404);
        other.get("/oneroster/export.zip").await.is(404);
        other.post_files("/oneroster/import", &[], &chosen).await.is(404);
    }
});
