//! What belongs to a school, a class, a person, a line item.

use serde_json::{Value, json};
use tisheng_kernel::Id;
use tisheng_platform::args;
use tisheng_policy::scheme;
use tisheng_registry::people::Person;
use tisheng_testkit::story;

use super::walks::all;
use super::{GRADEBOOK, Place, ROSTERING, body, refused, total};
use crate::token::Scope;

/// Gives `person` a final level in the capability P1.
async fn judged(place: &Place, person: Id<Person>) {
    let ctx = place.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let programme = scheme::at(&mut tx, &place.town.county.path).await.expect("a programme");
    let id: Id<()> = ctx.id();
    let insert = "insert into result (programme, id, person, capability, submission, level, final_at,
        scheme_version, explanation) values ($1, $2, $3, 'P1', $2, $4, $5, $2, '')";
    tx.run(insert, args![programme.id, id, person, "good", ctx.at]).await.expect("a result");
    tx.commit().await.expect("commits");
}

story!(a_consumer_asks_for_what_belongs_to_a_record, |engine| async move {
    let place = Place::begin(engine).await;
    let word = place.issued(&place.town.county, &[Scope::RosterRead, Scope::ProgressRead]).await.word();
    let [own, other] = [&place.town.schools[0], &place.town.schools[1]];
    let (school, teacher) = (own.node.id, own.teachers[0].person);
    judged(&place, teacher).await;
    judged(&place, own.teachers[1].person).await;
    judged(&place, other.teachers[0].person).await;
    let at_school = own.teachers.len() + 1;
    let schools = place.town.schools.len();
    let everybody = total(&place.get(&word, &format!("{ROSTERING}/users")).await);
    let courses = total(&place.get(&word, &format!("{ROSTERING}/courses")).await);
    let years = total(&place.get(&word, &format!("{ROSTERING}/academicSessions")).await);
    let items = total(&place.get(&word, &format!("{GRADEBOOK}/lineItems")).await) / schools;
    let programme = body(&place.get(&word, &format!("{ROSTERING}/classes?limit=1")).await)["classes"][0]["course"]
        ["sourcedId"]
        .as_str()
        .expect("a course")
        .to_owned();
    let session = body(&place.get(&word, &format!("{ROSTERING}/terms?limit=1")).await)["academicSessions"][0]
        ["sourcedId"]
        .as_str()
        .expect("a year")
        .to_owned();
    for (service, address, many, expected) in [
        (ROSTERING, "schools".to_owned(), "orgs", schools),
        (ROSTERING, "teachers".to_owned(), "users", everybody),
        (ROSTERING, "students".to_owned(), "users", 0),
        (ROSTERING, "terms".to_owned(), "academicSessions", years),
        (ROSTERING, "gradingPeriods".to_owned(), "academicSessions", 0),
        (ROSTERING, format!("schools/{school}/teachers"), "users", at_school),
        (ROSTERING, format!("schools/{school}/students"), "users", 0),
        (ROSTERING, format!("schools/{school}/classes"), "classes", 1),
        (ROSTERING, format!("schools/{school}/courses"), "courses", courses),
        (ROSTERING, format!("schools/{school}/enrollments"), "enrollments", at_school),
        (ROSTERING, format!("schools/{school}/terms"), "academicSessions", years),
        (ROSTERING, format!("schools/{school}/classes/{school}/enrollments"), "enrollments", at_school),
        (ROSTERING, format!("schools/{school}/classes/{school}/students"), "users", at_school),
        (ROSTERING, format!("schools/{school}/classes/{school}/teachers"), "users", 0),
        (ROSTERING, format!("classes/{school}/students"), "users", at_school),
        (ROSTERING, format!("classes/{school}/teachers"), "users", 0),
        (ROSTERING, format!("courses/{programme}/classes"), "classes", schools),
        (ROSTERING, format!("terms/{session}/classes"), "classes", schools),
        (ROSTERING, format!("terms/{session}/gradingPeriods"), "academicSessions", 0),
        (ROSTERING, format!("teachers/{teacher}/classes"), "classes", 1),
        (ROSTERING, format!("users/{teacher}/classes"), "classes", 1),
        (GRADEBOOK, format!("schools/{school}/lineItems"), "lineItems", items),
        (GRADEBOOK, format!("classes/{school}/lineItems"), "lineItems", items),
        (GRADEBOOK, format!("classes/{school}/results"), "results", 2),
        (GRADEBOOK, format!("classes/{school}/students/{teacher}/results"), "results", 1),
        (GRADEBOOK, format!("lineItems/{school}.P1/results"), "results", 2),
        (GRADEBOOK, format!("classes/{school}/lineItems/{school}.P1/results"), "results", 2),
        (GRADEBOOK, format!("lineItems/{school}.P2/results"), "results", 0),
    ] {
        let seen = place.get(&word, &format!("{service}/{address}?limit=5000")).await;
        let records = body(seen.is(200))[many].as_array().map(Vec::len);
        assert_eq!((records, total(&seen)), (Some(expected), expected), "{address}");
        // Each is narrowed, sorted, chosen from and cut like the whole.
        let narrowed = format!(
            "{service}/{address}?filter=sourcedId!%3D%27x%27&sort=sourcedId&orderBy=desc&fields=sourcedId&limit=1"
        );
        let seen = place.get(&word, &narrowed).await;
        let records = body(seen.is(200))[many].as_array().expect("records").clone();
        assert_eq!((records.len(), total(&seen)), (expected.min(1), expected), "{address}");
        assert!(records.iter().all(|record| record.as_object().map(serde_json::Map::len) == Some(1)));
        let strange = place.get(&word, &format!("{service}/{address}?filter=nothing%3D%27x%27")).await;
        refused(&strange, 400, "invalid_filter_field");
    }
    let people = place.get(&word, &format!("{ROSTERING}/schools/{school}/teachers?sort=familyName")).await;
    let places = body(&people)["users"].as_array().expect("users").clone();
    assert!(places.iter().all(|user: &Value| user["primaryOrg"]["sourcedId"] == json!(school)));
    let mine = place.get(&word, &format!("{ROSTERING}/users/{teacher}/classes")).await;
    assert_eq!(all(&mine, "classes", "sourcedId"), [school.to_string()]);
    let item = place.get(&word, &format!("{GRADEBOOK}/lineItems/{school}.P1/results")).await;
    let items = body(&item)["results"].as_array().expect("results").clone();
    assert!(items.iter().all(|result| result["lineItem"]["sourcedId"] == json!(format!("{school}.P1"))));
    let one = place.get(&word, &format!("{ROSTERING}/schools/{school}")).await;
    assert_eq!(body(one.is(200))["org"]["sourcedId"], json!(school));
    let one = place.get(&word, &format!("{ROSTERING}/teachers/{teacher}")).await;
    assert_eq!(body(one.is(200))["user"]["sourcedId"], json!(teacher));
    place.get(&word, &format!("{ROSTERING}/terms/{session}")).await.is(200);

    // What is not there, or is something else, or does not belong there.
    let (county, away) = (place.town.county.id, other.node.id);
    for address in [
        format!("{ROSTERING}/schools/{county}"),
        format!("{ROSTERING}/schools/{county}/teachers"),
        format!("{ROSTERING}/schools/x/teachers"),
        format!("{ROSTERING}/students/{teacher}"),
        format!("{ROSTERING}/students/{teacher}/classes"),
        format!("{ROSTERING}/gradingPeriods/{session}"),
        format!("{ROSTERING}/terms/x/classes"),
        format!("{ROSTERING}/schools/{school}/classes/{away}/students"),
        format!("{ROSTERING}/classes/{school}/results"),
        format!("{GRADEBOOK}/classes/{away}/students/{teacher}/results"),
        format!("{GRADEBOOK}/classes/{away}/lineItems/{school}.P1/results"),
        format!("{GRADEBOOK}/lineItems/{school}.none/results"),
    ] {
        refused(&place.get(&word, &address).await, 404, "unknownobject");
    }
    // A token sees no school outside its node, and nothing that its scopes leave out.
    let stranger = place.issued(&place.town.neighbour, &[Scope::RosterRead]).await.word();
    refused(
        &place.get(&stranger, &format!("{ROSTERING}/schools/{school}/teachers")).await,
        404,
        "unknownobject",
    );
    refused(&place.get(&stranger, &format!("{GRADEBOOK}/classes/{school}/results")).await, 403, "forbidden");
});
