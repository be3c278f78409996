//! OneRoster through HTTP, on both engines.

mod belonging;
mod changes;
mod round;
mod walks;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tisheng_kernel::Id;
use tisheng_kernel::identity::Sex;
use tisheng_kernel::person_name::PersonName;
use tisheng_platform::db::Value as DbValue;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::serve::Rooms;
use tisheng_platform::{Ctx, Parts, Scope as Part, Tx, args};
use tisheng_policy::scheme;
use tisheng_registry::organisation::{Node, Stage};
use tisheng_registry::people::{self, Amendment, Correction, Departure, Person};
use tisheng_registry::posting;
use tisheng_registry::roster::{self, Entry, Kinds};
use tisheng_registry::samples::{Town, identity, phone, small_town};
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Chosen, Engine, Seen, TestApp, scratch, story};

use super::pages::digest;
use super::query::Query;
use super::records::Collection;
use super::totals::Totals;
use super::{fields, sheets, store};
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
        let parts: Parts = scheme::samples::parts().with(Gate::default()).with(Totals::default()).with(kinds);
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
        (GRADEBOOK, "categories", "category"),
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
        ("filter=dateLastModified%3E%27yesterday%27", "invalid_filter_field"),
        ("fields=nothing", "invalid_selection_field"),
        ("limit=0", "invaliddata"),
        ("offset=-1", "invaliddata"),
        ("sort=%00", "invaliddata"),
        ("filtre=type%3D%27school%27", "invaliddata"),
        ("limit=2&limit=3", "invaliddata"),
    ] {
        refused(&place.get(&word, &format!("{ROSTERING}/orgs?{query}")).await, 400, minor);
    }
    // Whether there are records or not: the fields are those of the collection.
    let word = place.issued(&place.town.county, &[Scope::ProgressRead]).await.word();
    for (query, minor) in [
        ("filter=nothing%3D%27x%27", "invalid_filter_field"),
        ("sort=nothing", "invalid_sort_field"),
        ("fields=nothing", "invalid_selection_field"),
    ] {
        refused(&place.get(&word, &format!("{GRADEBOOK}/results?{query}")).await, 400, minor);
    }
    let known = "filter=scoreDate%3E%272020-01-01%27%20AND%20textScore%3D%27a%27&sort=lineItem.sourcedId&orderBy=desc";
    let seen = place.get(&word, &format!("{GRADEBOOK}/results?{known}")).await;
    assert_eq!((total(seen.is(200)), body(&seen)["results"].as_array().map(Vec::len)), (0, Some(0)));
});

story!(a_line_item_is_of_a_class_and_a_category, |engine| async move {
    let place = Place::begin(engine).await;
    let word = place.issued(&place.town.county, &[Scope::RosterRead, Scope::ProgressRead]).await.word();
    let school = place.town.school().node.id;
    let items = format!("{GRADEBOOK}/lineItems?limit=5000");
    let seen = place.get(&word, &items).await;
    let all = body(seen.is(200))["lineItems"].as_array().expect("items").clone();
    let narrowed =
        place.get(&word, &format!("{items}&filter=class.sourcedId%3D%27{school}%27&sort=title")).await;
    let of_school = body(narrowed.is(200))["lineItems"].as_array().expect("items").clone();
    assert_eq!(all.len(), of_school.len() * place.town.schools.len());
    let sessions =
        place.get(&word, &format!("{ROSTERING}/academicSessions?sort=title&orderBy=desc&limit=1")).await;
    for item in &of_school {
        assert_eq!(
            (&item["class"]["sourcedId"], &item["school"]["sourcedId"]),
            (&json!(school), &json!(school))
        );
        assert_eq!(item["academicSession"]["sourcedId"], body(&sessions)["academicSessions"][0]["sourcedId"]);
        let category = item["category"]["sourcedId"].as_str().expect("a category");
        place.get(&word, &format!("{GRADEBOOK}/categories/{category}")).await.is(200);
    }
    assert!(of_school.windows(2).all(|two| two[0]["title"].as_str() <= two[1]["title"].as_str()));
});

story!(a_consumer_is_told_what_has_changed_since, |engine| async move {
    let place = Place::begin(engine).await;
    let word = place.issued(&place.town.county, &[Scope::RosterRead, Scope::ProgressRead]).await.word();
    let office = place.town.county_office.who();
    let [stays, leaves] = [&place.town.school().teachers[0], &place.town.school().teachers[1]];
    let since = |records: &Value| {
        let times = records.as_array().expect("records").iter();
        times.filter_map(|one| one["dateLastModified"].as_str()).max().expect("a moment").to_owned()
    };
    let all = place.get(&word, &format!("{ROSTERING}/users?limit=5000")).await;
    let (before, read_at) = (total(&all), since(&body(&all)["users"]));
    let delta = async |collection: &str, moment: &str| {
        let filter = format!("limit=5000&filter=dateLastModified%3E%27{moment}%27&sort=dateLastModified");
        let seen = place.get(&word, &format!("{collection}?{filter}")).await;
        let many = collection.rsplit('/').next().expect("a name").to_owned();
        let records = body(seen.is(200))[many].clone();
        assert_eq!(total(&seen), records.as_array().map_or(0, Vec::len));
        records
    };
    let users = format!("{ROSTERING}/users");
    assert_eq!(delta(&users, &read_at).await, json!([]));

    // A name is put right, a post gets another subject: each time the user is told anew.
    let ctx = place.test.ctx(office.clone());
    let mut tx = ctx.write().await.expect("a transaction");
    let name = PersonName::parse("欧阳改").expect("a name");
    let change = Correction {
        person: stays.person,
        version: 1,
        name: &name,
        identity: None,
        phone: None,
        sex: Sex::Female,
        birth_year: None,
    };
    people::correct(&ctx, &mut tx, &change).await.expect("corrected");
    tx.commit().await.expect("commits");
    let changed = delta(&users, &read_at).await;
    assert_eq!(changed[0]["sourcedId"], json!(stays.person));
    assert_eq!((&changed[0]["familyName"], &changed[0]["givenName"]), (&json!("欧阳"), &json!("改")));
    assert_eq!(changed.as_array().map(Vec::len), Some(1));
    let read_at = since(&changed);
    place.test.clock.advance(TimeDelta::minutes(1));
    let ctx = place.test.ctx(office.clone());
    let mut tx = ctx.write().await.expect("a transaction");
    let other = Amendment { person: stays.person, subject: "数学", stage: Stage::Primary, title: "" };
    people::amend(&ctx, &mut tx, &other).await.expect("amended");
    tx.commit().await.expect("commits");
    let changed = delta(&users, &read_at).await;
    assert_eq!(changed[0]["metadata"]["tisheng.subject"], "数学");

    // Who leaves stays visible as somebody to be deleted, in every collection.
    let read_at = since(&changed);
    place.test.clock.advance(TimeDelta::minutes(1));
    let ctx = place.test.ctx(office);
    let mut tx = ctx.write().await.expect("a transaction");
    let end = Departure { person: leaves.person, on: ctx.at.date(), reason: "到龄退休，已办手续" };
    posting::release(&ctx, &mut tx, &end).await.expect("released");
    tx.commit().await.expect("commits");
    let gone = delta(&users, &read_at).await;
    assert_eq!((&gone[0]["sourcedId"], &gone[0]["status"]), (&json!(leaves.person), &json!("tobedeleted")));
    let gone = delta(&format!("{ROSTERING}/enrollments"), &read_at).await;
    assert_eq!((&gone[0]["status"], &gone[0]["endDate"]), (&json!("tobedeleted"), &json!(ctx.at.date())));
    let active = place.get(&word, &format!("{users}?limit=5000&filter=status%3D%27active%27")).await;
    assert_eq!(total(&active), before - 1);
    let one = place.get(&word, &format!("{users}/{}", leaves.person)).await;
    assert_eq!(body(one.is(200))["user"]["status"], "tobedeleted");

    // A result that is judged anew is the same record, told anew.
    let results = format!("{GRADEBOOK}/results");
    let school = place.town.school().node.id;
    for level in ["qualified", "good"] {
        place.test.clock.advance(TimeDelta::minutes(1));
        let ctx = place.test.system();
        let mut tx = ctx.write().await.expect("a transaction");
        let programme = scheme::at(&mut tx, &place.town.county.path).await.expect("a programme");
        let id: Id<()> = ctx.id();
        let earlier = "update result set superseded_by = $1 where person = $2 and superseded_by is null";
        tx.run(earlier, args![id, stays.person]).await.expect("superseded");
        let insert = "insert into result (programme, id, person, capability, submission, level, final_at,
            scheme_version, explanation) values ($1, $2, $3, 'P1', $2, $4, $5, $2, '')";
        tx.run(insert, args![programme.id, id, stays.person, level, ctx.at]).await.expect("a result");
        tx.commit().await.expect("commits");
        let told = delta(&results, &read_at).await;
        assert_eq!(told.as_array().map(Vec::len), Some(1));
        assert_eq!(
            (&told[0]["sourcedId"], &told[0]["textScore"]),
            (&json!(format!("{}.P1", stays.person)), &json!(level))
        );
        assert_eq!(told[0]["lineItem"]["sourcedId"], json!(format!("{school}.P1")));
        assert_eq!(told[0]["student"]["sourcedId"], json!(stays.person));
        place.get(&word, &format!("{GRADEBOOK}/lineItems/{school}.P1")).await.is(200);
    }
});

/// Teachers of a school that is large.
const MANY: usize = 3_000;

/// Puts `many` teachers into `school`.
async fn crowd(ctx: &Ctx, tx: &mut Tx, school: &Node, many: usize) {
    let people: Vec<(Id<Person>, String)> =
        (0..many).map(|_| ctx.id()).map(|id| (id, format!("k{id}"))).collect();
    let rows: Vec<Vec<DbValue<'_>>> = people
        .iter()
        .map(|(id, key)| {
            let index = key.as_bytes();
            args![*id, "王某", key.as_str(), "", "", "1", index, index, "", "2", "/", 1_i64].to_vec()
        })
        .collect();
    let head =
        "insert into person (id, name, sort_key, pinyin, initials, paper_kind, paper_sealed, paper_index,
        paper_masked, sex, kept_by, version) values";
    tx.bulk(head, 12, "", rows).await.expect("people");
    let rows: Vec<Vec<DbValue<'_>>> = people
        .iter()
        .map(|(id, key)| {
            let post: Id<()> = ctx.id();
            let (path, key) = (school.path.as_str(), key.as_str());
            args![post, *id, school.id, path, key, "语文", "02", "", "2020-09-01", "active", ""].to_vec()
        })
        .collect();
    let head =
        "insert into post (id, person, school, path, sort_key, subject, stage, title, since, state, reason)
        values";
    tx.bulk(head, 11, "", rows).await.expect("posts");
}

story!(a_deep_page_is_no_more_than_a_page, |engine| async move {
    let place = Place::begin(engine).await;
    let school = &place.town.school().node;
    let ctx = place.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    crowd(&ctx, &mut tx, school, MANY).await;

    // Wherever a page lies, no more than the page comes back.
    let programme = scheme::at(&mut tx, &place.town.county.path).await.expect("a programme");
    let part = Part::below(&place.town.county.path);
    let source = store::Source {
        rows: &store::USERS,
        part: &part,
        within: &store::Within::Everything,
        programme: programme.id,
        packed: None,
    };
    for pairs in [&[][..], &[("sort", "familyName")], &[("filter", "familyName='王' OR status='active'")]] {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let query = Query::read(&pairs).expect("a query");
        let narrow = fields::narrow(Collection::Users, &query, |_| String::new()).expect("narrowed");
        let count = store::count(&mut tx, &source, &narrow).await.expect("a count");
        assert!(count > 3_000, "{pairs:?} {count}");
        for (offset, length) in [(0, 7), (1_500, 7), (count - 3, 3), (count, 0), (i64::MAX, 0)] {
            let page = match pairs.is_empty() {
                true => store::page(&mut tx, &source, (offset, 7)).await.expect("a page"),
                false => store::narrowed(&mut tx, &source, &narrow, (offset, 7)).await.expect("a page"),
            };
            assert_eq!(page.len(), length, "{pairs:?} {offset}");
        }
    }
    tx.commit().await.expect("commits");
    let word = place.issued(&place.town.county, &[Scope::RosterRead]).await.word();
    let seen = place.get(&word, &format!("{ROSTERING}/users?limit=7&offset=2998&sort=givenName")).await;
    assert_eq!(body(seen.is(200))["users"].as_array().map(Vec::len), Some(7));
    let link = seen.headers["link"].to_str().expect("text");
    for relation in ["first", "last", "prev", "next"] {
        assert!(link.contains(&format!("rel=\"{relation}\"")), "{link}");
    }
    assert!(
        link.contains("offset=2991>; rel=\"prev\"") && link.contains("offset=3005>; rel=\"next\""),
        "{link}"
    );
});

story!(no_record_refers_to_what_lies_above_the_reader, |engine| async move {
    let place = Place::begin(engine).await;
    let (city, county) = (&place.town.city, &place.town.county);
    for (node, above) in [(city, None), (county, Some(city))] {
        let word = place.issued(node, &[Scope::RosterRead]).await.word();
        let own = body(&place.get(&word, &format!("{ROSTERING}/orgs/{}", node.id)).await)["org"].clone();
        assert_eq!(own["parent"], Value::Null, "{own}");
        for school in &place.town.schools {
            let seen = place.get(&word, &format!("{ROSTERING}/orgs/{}", school.node.id)).await;
            assert_eq!(body(&seen)["org"]["parent"]["sourcedId"], json!(county.id));
        }
        let courses = body(&place.get(&word, &format!("{ROSTERING}/courses")).await)["courses"].clone();
        assert_eq!(courses[0]["org"]["sourcedId"], json!(node.id));
        place.get(&word, &format!("{ROSTERING}/orgs/{}", node.id)).await.is(200);
        let of_node = |collection: &str, field: &str, id: Id<Node>| {
            format!("{ROSTERING}/{collection}?filter={field}.sourcedId%3D%27{id}%27")
        };
        let seen = place.get(&word, &of_node("courses", "org", node.id)).await;
        assert_eq!(total(&seen), courses.as_array().map_or(0, Vec::len));
        if let Some(above) = above {
            let seen = place.get(&word, &of_node("courses", "org", above.id)).await;
            assert_eq!(total(seen.is(200)), 0);
            let seen = place.get(&word, &of_node("orgs", "parent", above.id)).await;
            assert_eq!(total(seen.is(200)), 0);
        }
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
    refused(&written, 405, "unsupported");
    assert_eq!(written.headers["allow"], "GET");
    place.get(&access, &format!("{ROSTERING}/orgs")).await.is(200);
    place.test.clock.advance(TimeDelta::hours(1));
    refused(&place.get(&access, &format!("{ROSTERING}/orgs")).await, 401, "unauthorisedrequest");
    let guess = "grant_type=client_credentials&client_id=a&client_secret=b";
    let seen = place.send(Method::POST, "/ims/oneroster/token", &[], guess).await;
    assert_eq!(body(seen.is(401))["error"], "invalid_client");
    assert_eq!(seen.headers["www-authenticate"], "Basic realm=\"OneRoster\"");
    assert_eq!(
        (&seen.headers["cache-control"], &seen.headers["pragma"]),
        (&HeaderValue::from_static("no-store"), &HeaderValue::from_static("no-cache"))
    );
    let seen = place.send(Method::GET, "/ims/oneroster/token", &[], "").await;
    refused(&seen, 405, "unsupported");
    assert_eq!(seen.headers["allow"], "POST");
    let key = format!("client_id={}&client_secret={}", issued.key, issued.secret);
    for (form, error) in [
        (key.clone(), "invalid_request"),
        (format!("{key}&grant_type=client_credentials&scope=everything"), "invalid_scope"),
    ] {
        let seen = place.send(Method::POST, "/ims/oneroster/token", &[], &form).await;
        assert_eq!(body(seen.is(400))["error"], error);
    }
    let other = format!("grant_type=password&client_id={}&client_secret={}", issued.key, issued.secret);
    let seen = place.send(Method::POST, "/ims/oneroster/token", &[], &other).await;
    assert_eq!(body(seen.is(400))["error"], "unsupported_grant_type");
});

story!(an_office_takes_the_files_away_and_brings_others, |engine| async move {
    let place = Place::begin(engine).await;
    let mut office = place.test.signed_in(&place.town.county_office.who()).await;
    office.get("/oneroster").await.shows("下载压缩包");
    let zip = office.get("/oneroster/export.zip").await;
    let [orgs, users, roles, enrollments, courses, classes] =
        sheets::read(&zip.is(200).bytes, ["orgs", "users", "roles", "enrollments", "courses", "classes"])
            .expect("a zip");
    let count = |sheet: &Option<sheets::Sheet>| sheet.as_ref().expect("a file").rows().count();
    assert!(count(&orgs) > place.town.schools.len() && count(&users) > 5);
    assert_eq!((count(&users), count(&users)), (count(&roles), count(&enrollments)));
    // Every organisation that is named stands in the file.
    let (known, courses, classes) =
        (orgs.expect("orgs"), courses.expect("courses"), classes.expect("classes"));
    let ids: Vec<&str> = known.rows().map(|line| line.text("sourcedId")).collect();
    let parents: Vec<&str> = known.rows().map(|line| line.text("parentSourcedId")).collect();
    assert_eq!(parents.iter().filter(|parent| parent.is_empty()).count(), 1);
    assert!(parents.iter().all(|parent| parent.is_empty() || ids.contains(parent)), "{parents:?}");
    let county = place.town.county.id.to_string();
    assert!(courses.rows().count() > 0 && courses.rows().all(|line| line.text("orgSourcedId") == county));
    assert!(classes.rows().all(|line| ids.contains(&line.text("schoolSourcedId"))));
    let users = users.expect("users");
    assert!(users.rows().all(|line| line.text("identifier").is_empty() && line.text("sms").is_empty()));

    let chosen = [Chosen { field: "file", name: "OneRoster.zip", bytes: &zip.bytes }];
    let run = office.post_files("/oneroster/import", &[], &chosen).await;
    run.shows("正在核对");
    assert!(place.test.app.files.get(&digest(&zip.bytes)).await.is_err(), "the zip itself was kept");
    place.test.settle().await;
    office.get(&run.path).await.shows("待确认");
    let torn = [Chosen { field: "file", name: "a.zip", bytes: b"PK" }];
    office.post_files("/oneroster/import", &[], &torn).await.is(422).says("不是完整的 zip 压缩包");

    for persona in [&place.town.school().clerk, &place.town.school().teachers[0]] {
        let mut other = place.test.signed_in(&persona.who()).await;
        other.get("/oneroster").await.is(404);
        other.get("/oneroster/export.zip").await.is(404);
        other.post_files("/oneroster/import", &[], &chosen).await.is(404);
    }
});

story!(every_statement_of_a_collection_is_understood, |engine| async move {
    // They are put together of parts, where the search for statements of the whole product does not look.
    use store::{CLASSES, COURSES, ENROLLMENTS, ITEMS, ORGS, PLACE, RESULTS, USERS};
    let scratch = scratch(engine).await;
    for rows in [&ORGS, &CLASSES, &USERS, &ENROLLMENTS, &RESULTS, &COURSES, &ITEMS] {
        let statements = [rows.page, rows.narrowed, rows.all, rows.count];
        for sql in statements.into_iter().chain(rows.moved.into_iter().flatten()) {
            let mut tx = scratch.db.read().await.expect("a transaction");
            tx.prepare(sql).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
        }
    }
    scratch.db.read().await.expect("a transaction").prepare(PLACE).await.expect("understood");
});
