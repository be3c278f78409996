//! What a consumer may rely on while it walks through a collection, and when a school is moved.

use chrono::TimeDelta;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::args;
use tisheng_policy::scheme;
use tisheng_registry::organisation::{self, Kind, NewNode, Node, Stage};
use tisheng_registry::people::{self, Amendment};
use tisheng_registry::samples::beginning;
use tisheng_registry::{posting, restructuring};
use tisheng_testkit::{Seen, story};

use super::{GRADEBOOK, Place, ROSTERING, body, crowd, refused, total};
use crate::token::Scope;

fn has_next(seen: &Seen) -> bool {
    seen.headers["link"].to_str().expect("text").contains("rel=\"next\"")
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The records of `many`, each as one of its fields.
pub fn all(seen: &Seen, many: &str, field: &str) -> Vec<String> {
    let records = body(seen.is(200))[many].as_array().expect("records").clone();
    records.iter().map(|one| one[field].as_str().expect("a text").to_owned()).collect()
}

story!(a_walk_is_counted_once_and_misses_nothing, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school().node.clone();
    let word = place.issued(&school, &[Scope::RosterRead]).await.word();
    let users = format!("{ROSTERING}/users?limit=10");
    let whole = total(&place.get(&word, &users).await);
    let more = async |many: usize| {
        let ctx = place.test.system();
        let mut tx = ctx.write().await.expect("a transaction");
        crowd(&ctx, &mut tx, &school, many).await;
        tx.commit().await.expect("commits");
    };
    more(40 - whole).await;
    let page = async |offset: usize| place.get(&word, &format!("{users}&offset={offset}")).await;
    assert_eq!((total(&page(0).await), total(&page(20).await)), (40, 40));
    // Others come while the consumer walks: the pages between say what the first has said, ...
    more(5).await;
    let second = page(10).await;
    assert_eq!((total(&second), has_next(&second)), (40, true));
    // ... the one that would have been the last says what there is, and leads on to the rest.
    let fourth = page(30).await;
    assert_eq!((total(&fourth), has_next(&fourth)), (45, true));
    let fifth = page(40).await;
    assert_eq!((total(&fifth), has_next(&fifth), all(&fifth, "users", "sourcedId").len()), (45, false, 5));
    assert_eq!(total(&page(100).await), 45);
    // Another order is the same walk, another filter is not, and another node even less.
    let sorted = place.get(&word, &format!("{users}&offset=10&sort=givenName")).await;
    assert_eq!(total(&sorted), 45);
    more(1).await;
    assert_eq!(total(&place.get(&word, &format!("{users}&offset=10&sort=givenName")).await), 45);
    let narrowed = format!("{users}&offset=10&filter=status%3D%27active%27");
    assert_eq!(total(&place.get(&word, &narrowed).await), 46);
    let county = place.issued(&place.town.county, &[Scope::RosterRead]).await.word();
    assert!(total(&place.get(&county, &format!("{users}&offset=10")).await) > 46);
    assert_eq!(total(&page(0).await), 46);
    // After a while it is counted anew on any page.
    more(2).await;
    assert_eq!(total(&page(10).await), 46);
    place.test.clock.advance(TimeDelta::minutes(10));
    assert_eq!(total(&page(10).await), 48);
});

story!(a_list_is_narrowed_by_one_of_its_items, |engine| async move {
    let place = Place::begin(engine).await;
    let word = place.issued(&place.town.county, &[Scope::RosterRead]).await.word();
    let school = place.town.school().node.id;
    let asked = async |many: &str, filter: &str| {
        place.get(&word, &format!("{ROSTERING}/{many}?limit=5000&filter={}", encoded(filter))).await
    };
    let ctx = place.test.ctx(place.town.county_office.who());
    let mut tx = ctx.write().await.expect("a transaction");
    let person = place.town.school().teachers[0].person;
    let other = Amendment { person, subject: "数学", stage: Stage::Junior, title: "" };
    people::amend(&ctx, &mut tx, &other).await.expect("amended");
    tx.commit().await.expect("commits");
    let everybody = total(&asked("users", "status='active'").await);
    let primary = total(&asked("users", "grades='小学'").await);
    assert!(primary > 0 && primary < everybody, "{primary} of {everybody}");
    let sessions = place.get(&word, &format!("{ROSTERING}/academicSessions")).await;
    let session = &all(&sessions, "academicSessions", "sourcedId")[0];
    let schools = place.town.schools.len();
    let at_school = place.town.school().teachers.len() + 1;
    for (many, filter, found) in [
        ("users", "grades~'小'", primary),
        ("users", "grades='02'", primary),
        ("users", "grades!='小学'", everybody - primary),
        ("users", "grades='大学'", 0),
        ("users", "grades!='大学'", everybody),
        ("users", "grades~'%'", 0),
        ("users", "roles.role='teacher'", everybody),
        ("users", "roles.role~'teach' AND roles.roleType='primary'", everybody),
        ("users", "roles.role='student'", 0),
        ("users", &format!("roles.org.sourcedId='{school}'"), at_school),
        ("users", &format!("roles.org.sourcedId='{school}' AND grades!='小学'"), 1),
        ("classes", &format!("terms.sourcedId='{session}'"), schools),
        ("classes", &format!("terms.sourcedId!='{session}'"), 0),
        ("classes", "terms.sourcedId='x'", 0),
    ] {
        let seen = asked(many, filter).await;
        assert_eq!(total(seen.is(200)), found, "{filter}");
    }
    // Of a course's subjects any one is enough.
    let mut tx = ctx.write().await.expect("a transaction");
    let programme = scheme::at(&mut tx, &place.town.county.path).await.expect("a programme");
    for (code, subjects) in [("A", "语文,数学"), ("B", "数学"), ("C", "")] {
        let (id, other): (Id<()>, Id<()>) = (ctx.id(), ctx.id());
        let insert =
            "insert into course (id, programme, platform, code, title, source, stages, subjects, summary,
            href, revision, state, entered_at, changed_at, version)
            values ($1, $2, $3, $4, '课程', 'own', '', $5, '', '', 1, 'offered', $6, $6, 1)";
        tx.run(insert, args![id, programme.id, other, code, subjects, ctx.at]).await.expect("a course");
    }
    tx.commit().await.expect("commits");
    for (filter, found) in [
        ("subjects='数学'", &["A", "B"][..]),
        ("subjects='语文'", &["A"]),
        ("subjects~'学'", &["A", "B"]),
        ("subjects='学'", &[]),
        ("subjects='语文,数学'", &[]),
        ("subjects!='语文' AND courseCode<='C'", &["B", "C"]),
    ] {
        let seen = asked("courses", filter).await;
        let mut codes = all(&seen, "courses", "courseCode");
        codes.sort();
        codes.retain(|code| code.len() == 1);
        assert_eq!(codes, found, "{filter}");
    }
    let seen = asked("courses", "courseCode='A'").await;
    assert_eq!(body(&seen)["courses"][0]["subjects"], json!(["语文", "数学"]));

    // Whatever cannot be asked is refused with what can.
    for (many, filter, instead) in [
        ("users", "roles='teacher'", "roles.role, "),
        ("users", "orgs.sourcedId='x'", "primaryOrg.sourcedId, roles.org.sourcedId"),
        ("users", "agents.sourcedId='x'", "grades"),
        ("classes", "terms='x'", "terms.sourcedId"),
        ("users", "grades>'02'", "=, != or ~"),
        ("courses", "subjects<='语文'", "=, != or ~"),
        ("classes", "terms.sourcedId>'x'", "=, != or ~"),
        ("academicSessions", "terms='x'", "schoolYear"),
    ] {
        let seen = asked(many, filter).await;
        refused(&seen, 400, "invalid_filter_field");
        let said = body(&seen)["imsx_description"].as_str().expect("a sentence").to_owned();
        assert!(said.contains(instead), "{filter}: {said}");
    }
});

story!(a_moved_school_is_told_to_whoever_sees_it_now, |engine| async move {
    let place = Place::begin(engine).await;
    let (town, school) = (&place.town, &place.town.school().node);
    let scopes = [Scope::RosterRead, Scope::ProgressRead];
    let city = place.issued(&town.city, &scopes).await.word();
    let neighbour = place.issued(&town.neighbour, &scopes).await.word();
    let county = place.issued(&town.county, &scopes).await.word();
    let teacher = town.school().teachers[0].person;
    let user = format!("{ROSTERING}/users/{teacher}");
    let before = body(&place.get(&city, &user).await)["user"].clone();
    let known = body(&place.get(&city, &format!("{ROSTERING}/orgs/{}", school.id)).await)["org"].clone();
    place.test.clock.advance(TimeDelta::hours(1));
    let since = place.test.app.now().iso();
    let delta = async |word: &str, collection: &str| {
        let filter = encoded(&format!("dateLastModified>='{since}'"));
        place.get(word, &format!("{collection}?limit=5000&filter={filter}")).await
    };
    for many in ["orgs", "classes", "users", "enrollments"] {
        assert_eq!(total(&delta(&city, &format!("{ROSTERING}/{many}")).await), 0, "{many}");
    }
    place.test.clock.advance(TimeDelta::hours(1));
    let ctx = place.test.ctx(town.city_office.who());
    let mut tx = ctx.write().await.expect("a transaction");
    let parent: Id<Node> = town.neighbour.id;
    restructuring::relocate(&ctx, &mut tx, (school.id, 1), parent, beginning(), "区划调整")
        .await
        .expect("moves");
    tx.commit().await.expect("commits");

    // The organisation has another parent. Of a user nothing is shown that has changed, ...
    let mut org = body(&place.get(&city, &format!("{ROSTERING}/orgs/{}", school.id)).await)["org"].clone();
    assert_eq!(org["parent"]["sourcedId"], json!(parent));
    org["parent"] = known["parent"].clone();
    assert_ne!(org["dateLastModified"], known["dateLastModified"]);
    org["dateLastModified"] = known["dateLastModified"].clone();
    assert_eq!(org, known);
    let mut after = body(&place.get(&city, &user).await)["user"].clone();
    assert_ne!(after["dateLastModified"], before["dateLastModified"]);
    after["dateLastModified"] = before["dateLastModified"].clone();
    assert_eq!(after, before);
    // ... but who reads the new county sees all of it for the first time, and asks only for what is new.
    let at_school = town.school().teachers.len() + 1;
    for word in [&neighbour, &city] {
        let orgs = delta(word, &format!("{ROSTERING}/orgs")).await;
        assert_eq!(all(&orgs, "orgs", "sourcedId"), [school.id.to_string()]);
        let classes = delta(word, &format!("{ROSTERING}/classes")).await;
        assert_eq!(all(&classes, "classes", "sourcedId"), [school.id.to_string()]);
        let users = delta(word, &format!("{ROSTERING}/users")).await;
        assert_eq!(total(&users), at_school);
        assert!(all(&users, "users", "sourcedId").contains(&teacher.to_string()));
        assert_eq!(total(&delta(word, &format!("{ROSTERING}/enrollments")).await), at_school);
        let items = delta(word, &format!("{GRADEBOOK}/lineItems")).await;
        assert!(total(&items) > 0);
    }
    // The old county is told that all of it went.
    let gone = body(&place.get(&county, &user).await)["user"].clone();
    assert_eq!((&gone["status"], &gone["primaryOrg"]), (&json!("tobedeleted"), &before["primaryOrg"]));
    for (service, many, expected) in [
        (ROSTERING, "orgs", 1),
        (ROSTERING, "classes", 1),
        (ROSTERING, "users", at_school),
        (ROSTERING, "enrollments", at_school),
    ] {
        let told = delta(&county, &format!("{service}/{many}")).await;
        assert_eq!(total(&told), expected, "{many}");
        assert!(all(&told, many, "status").iter().all(|status| status == "tobedeleted"), "{many}");
    }
    let items = delta(&county, &format!("{GRADEBOOK}/lineItems")).await;
    assert!(total(&items) > 0 && all(&items, "lineItems", "status").iter().all(|is| is == "tobedeleted"));
});

/// Everything that a token reads of a collection, a few records at a time, as id and status; in the order
/// of ids.
async fn walked(place: &Place, word: &str, collection: &str) -> Vec<(String, String)> {
    let many = collection.rsplit('/').next().expect("a name").to_owned();
    let mut found = Vec::new();
    loop {
        let seen = place.get(word, &format!("{collection}?limit=3&offset={}", found.len())).await;
        let [ids, states] = ["sourcedId", "status"].map(|field| all(&seen, &many, field));
        found.extend(ids.into_iter().zip(states));
        if !has_next(&seen) {
            assert_eq!(total(&seen), found.len(), "{many}");
            found.sort();
            return found;
        }
    }
}

const EVERY: [&str; 5] = [
    "/ims/oneroster/rostering/v1p2/orgs",
    "/ims/oneroster/rostering/v1p2/classes",
    "/ims/oneroster/rostering/v1p2/users",
    "/ims/oneroster/rostering/v1p2/enrollments",
    "/ims/oneroster/gradebook/v1p2/lineItems",
];

async fn moves(place: &Place, node: Id<Node>, parent: Id<Node>) {
    place.test.clock.advance(TimeDelta::hours(1));
    let ctx = place.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let version = tx.row("select version from node where id = $1", args![node], |row| row.get(0)).await;
    let node = (node, version.expect("a node"));
    restructuring::relocate(&ctx, &mut tx, node, parent, beginning(), "区划调整").await.expect("moves");
    tx.commit().await.expect("commits");
    place.test.clock.advance(TimeDelta::hours(1));
}

story!(whoever_reads_the_old_place_is_told_what_went, |engine| async move {
    let place = Place::begin(engine).await;
    let (town, school) = (&place.town, &place.town.school().node);
    let scopes = [Scope::RosterRead, Scope::ProgressRead];
    let city = place.issued(&town.city, &scopes).await.word();
    let county = place.issued(&town.county, &scopes).await.word();
    let neighbour = place.issued(&town.neighbour, &scopes).await.word();
    let read = async |word: &str| {
        let mut found = Vec::new();
        for collection in EVERY {
            found.push(walked(&place, word, collection).await);
        }
        found
    };
    let active = |records: &[Vec<(String, String)>]| -> Vec<usize> {
        records.iter().map(|some| some.iter().filter(|(_, status)| status == "active").count()).collect()
    };
    let ids = |records: &[Vec<(String, String)>]| -> Vec<Vec<String>> {
        records.iter().map(|some| some.iter().map(|(id, _)| id.clone()).collect()).collect()
    };
    let (of_city, of_county, of_neighbour) = (read(&city).await, read(&county).await, read(&neighbour).await);

    // Everything that was there is there still, and so much of it is to be deleted as has come elsewhere.
    moves(&place, school.id, town.neighbour.id).await;
    let after = read(&county).await;
    assert_eq!(ids(&after), ids(&of_county));
    let has_come: Vec<usize> = active(&read(&neighbour).await)
        .iter()
        .zip(active(&of_neighbour))
        .map(|(now, then)| now - then)
        .collect();
    let has_gone: Vec<usize> =
        active(&of_county).iter().zip(active(&after)).map(|(then, now)| then - now).collect();
    assert!(has_gone.iter().all(|many| *many > 0), "{has_gone:?}");
    assert_eq!(has_gone, has_come);
    // Above both nothing went.
    assert_eq!(read(&city).await, of_city);

    // What becomes of a teacher at the new place is not told at the old.
    let teacher = town.school().teachers[0].person;
    let user = format!("{ROSTERING}/users/{teacher}");
    let told = body(&place.get(&county, &user).await)["user"].clone();
    place.test.clock.advance(TimeDelta::hours(1));
    let ctx = place.test.ctx(town.neighbour_office.who());
    let mut tx = ctx.write().await.expect("a transaction");
    let other = Amendment { person: teacher, subject: "数学", stage: Stage::Primary, title: "" };
    people::amend(&ctx, &mut tx, &other).await.expect("amended");
    tx.commit().await.expect("commits");
    assert_eq!(body(&place.get(&county, &user).await)["user"], told);
    let now = body(&place.get(&neighbour, &user).await)["user"].clone();
    assert_eq!((&now["status"], &now["metadata"]["tisheng.subject"]), (&json!("active"), &json!("数学")));

    // It comes back: there it is told again, here that it went.
    moves(&place, school.id, town.county.id).await;
    assert_eq!(read(&county).await, of_county);
    let left = read(&neighbour).await;
    assert_eq!(active(&left), active(&of_neighbour));
    assert!(left[2].contains(&(teacher.to_string(), "tobedeleted".to_owned())));

    // The place that it has left is moved itself: its reader is told still, and so is who reads what was above.
    let ctx = place.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let above = Some(town.county.id);
    let new = NewNode { parent: above, kind: Kind::Town, name: "一镇", code: "", valid_from: beginning() };
    let small = organisation::create(&ctx, &mut tx, &new).await.expect("founded");
    tx.commit().await.expect("commits");
    let of_small = place.issued(&small, &scopes).await.word();
    moves(&place, school.id, small.id).await;
    let within = read(&county).await;
    assert_eq!(active(&within)[1..], active(&of_county)[1..], "it is within still");
    moves(&place, school.id, town.neighbour.id).await;
    let before = read(&of_small).await;
    assert_eq!(active(&before), [1, 0, 0, 0, 0], "of the town itself alone");
    moves(&place, small.id, town.neighbour.id).await;
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let small = organisation::of_id(&mut tx, small.id).await.expect("read").expect("a node");
    drop(tx);
    let of_small = place.issued(&small, &scopes).await.word();
    assert_eq!(read(&of_small).await, before);
    let last = read(&county).await;
    assert_eq!((ids(&last), active(&last)), (ids(&within), active(&after)));
    assert!(last[2].contains(&(teacher.to_string(), "tobedeleted".to_owned())));
    assert_eq!(active(&read(&city).await)[2], active(&of_city)[2]);
});

story!(a_place_that_comes_brings_nobody_it_had_lost_before, |engine| async move {
    let place = Place::begin(engine).await;
    let (town, scopes) = (&place.town, [Scope::RosterRead]);
    let system = place.test.system();
    let founded = async |above: &Node, kind: Kind, name: &'static str, code: &'static str| {
        let mut tx = system.write().await.expect("a transaction");
        let new = NewNode { parent: Some(above.id), kind, name, code, valid_from: beginning() };
        let node = organisation::create(&system, &mut tx, &new).await.expect("founded");
        tx.commit().await.expect("commits");
        node
    };
    let small = founded(&town.county, Kind::Town, "一镇", "").await;
    let third = founded(&town.city, Kind::County, "三县", "519903").await;
    let school = &town.school().node;
    let teacher = town.school().teachers[0].person.to_string();
    let (users, orgs) = (format!("{ROSTERING}/users"), format!("{ROSTERING}/orgs"));
    let is_told = |all: &[(String, String)]| all.iter().any(|(id, _)| *id == teacher);
    moves(&place, school.id, small.id).await;
    moves(&place, school.id, town.neighbour.id).await;
    moves(&place, small.id, third.id).await;

    let above = place.issued(&third, &scopes).await.word();
    assert_eq!(walked(&place, &above, &users).await, [], "they were never there");
    let known = walked(&place, &above, &orgs).await;
    assert!(!known.iter().any(|(id, _)| *id == school.id.to_string()), "{known:?}");
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let small = organisation::of_id(&mut tx, small.id).await.expect("read").expect("a node");
    drop(tx);
    let own = place.issued(&small, &scopes).await.word();
    assert!(is_told(&walked(&place, &own, &users).await), "the town has lost them");
    let county = place.issued(&town.county, &scopes).await.word();
    assert!(is_told(&walked(&place, &county, &users).await), "and so has its county");
});

story!(who_went_with_a_school_and_came_back_alone_is_there, |engine| async move {
    let place = Place::begin(engine).await;
    let town = &place.town;
    let county = place.issued(&town.county, &[Scope::RosterRead]).await.word();
    let [gone, stays] = [&town.schools[0], &town.schools[1]];
    let teacher = gone.teachers[0].person;
    moves(&place, gone.node.id, town.neighbour.id).await;
    let ctx = place.test.ctx(town.city_office.who());
    let mut tx = ctx.write().await.expect("a transaction");
    let to = people::Transfer {
        person: teacher,
        to: stays.node.id,
        subject: "语文",
        stage: Stage::Primary,
        title: "",
        on: ctx.at.date(),
        reason: "工作需要",
    };
    posting::transfer(&ctx, &mut tx, &to).await.expect("transferred");
    tx.commit().await.expect("commits");
    let user = format!("{ROSTERING}/users/{teacher}");
    assert_eq!(body(&place.get(&county, &user).await)["user"]["status"], "active");
    let enrollments = walked(&place, &county, &format!("{ROSTERING}/enrollments")).await;
    let of = |school: &Node| format!("{}.{}", teacher.uuid().simple(), school.id.uuid().simple());
    assert!(enrollments.contains(&(of(&gone.node), "tobedeleted".to_owned())));
    assert!(enrollments.contains(&(of(&stays.node), "active".to_owned())));
    assert_eq!(
        walked(&place, &county, &format!("{ROSTERING}/users"))
            .await
            .iter()
            .filter(|(id, _)| *id == teacher.to_string())
            .count(),
        1
    );

    // And leaves again: the later word is the one that is told.
    place.test.clock.advance(TimeDelta::days(2));
    let ctx = place.test.ctx(town.city_office.who());
    let mut tx = ctx.write().await.expect("a transaction");
    let end = people::Departure { person: teacher, on: ctx.at.date(), reason: "到龄退休，已办手续" };
    posting::release(&ctx, &mut tx, &end).await.expect("released");
    tx.commit().await.expect("commits");
    let user = body(&place.get(&county, &user).await)["user"].clone();
    assert_eq!(
        (&user["status"], &user["primaryOrg"]["sourcedId"]),
        (&json!("tobedeleted"), &json!(stays.node.id))
    );
});
