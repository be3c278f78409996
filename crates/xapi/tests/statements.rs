//! The rules for statements, each with what it lets pass and what it refuses, in the order of the
//! standard (Data 2.2 to 4.6 of 1.0.3; IEEE 9274.1.1 4.2 for 2.0).

use std::collections::HashMap;

use tisheng_xapi::format::Definitions;
use tisheng_xapi::json::Value;
use tisheng_xapi::language::Languages;
use tisheng_xapi::samples::{FULL, NESTED, small};
use tisheng_xapi::{Kind, Refusal, Stamp, Statement, Term, TermKind, Version, read, read_one};
use uuid::Uuid;

const SMALL: &str = r#"{"actor":{"mbox":"mailto:a@b.test"},"verb":{"id":"http://a.test/v"},"object":{"id":"http://a.test/o"}}"#;

/// `SMALL` with `json` in place of the property `name`, or added to it.
fn with(name: &str, json: &str) -> String {
    let value = Value::parse(SMALL).expect("JSON");
    let kept = value.object().expect("an object").iter().filter(|(known, _)| known != name);
    let kept: Vec<String> = kept.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    let added = if json.is_empty() { String::new() } else { format!(",\"{name}\":{json}") };
    format!("{{{}{added}}}", kept.join(","))
}

/// Where `text` breaks rules; nowhere when it keeps them all.
fn breaches(text: &str, version: Version) -> Vec<String> {
    match read(text, version) {
        Ok(_) => Vec::new(),
        Err(Refusal::Json(error)) => vec![error.to_string()],
        Err(Refusal::Rules(all)) => all.into_iter().map(|one| one.at).collect(),
    }
}

/// What a rule says of values of one property: `Ok` or the places that it names.
fn table(name: &str, rows: &[(&str, &[&str])]) {
    for (json, places) in rows {
        for version in Version::ALL {
            assert_eq!(breaches(&with(name, json), version), *places, "{version}: {name} = {json}");
        }
    }
}

#[test]
fn the_samples_are_statements_of_both_versions() {
    for text in [FULL, NESTED, SMALL] {
        for version in Version::ALL {
            assert_eq!(breaches(text, version), Vec::<String>::new(), "{text}");
        }
    }
}

#[test]
fn formatting_2_2() {
    for (text, place) in [
        ("[]x", "not JSON at byte 2: more after the value"),
        ("7", "$"),
        (r#"{"actor":1,"actor":1}"#, "not JSON at byte 11: a property is named twice"),
    ] {
        assert_eq!(breaches(text, Version::One).first().map(String::as_str), Some(place), "{text}");
    }
    assert_eq!(breaches("[]", Version::One), Vec::<String>::new());
    table("actor", &[("", &["$.actor"]), ("null", &["$.actor"]), ("[]", &["$.actor"])]);
    table("verb", &[("", &["$.verb"])]);
    table("object", &[("", &["$.object"])]);
    table("Result", &[("{}", &["$.Result"])]);
    table("nonsense", &[("1", &["$.nonsense"])]);
    let twice = with("id", "\"6690e6c9-3ef0-4ed3-8b37-7f3964730bee\"");
    let upper = twice.replace("6690e6c9", "6690E6C9");
    assert_eq!(breaches(&format!("[{twice},{upper}]"), Version::One), ["$[1].id"]);
    let wrong = format!("[{SMALL},{}]", with("verb", "{}"));
    assert_eq!(breaches(&wrong, Version::One), ["$[1].verb.id"]);
}

#[test]
fn id_timestamp_stored_version_2_4() {
    table(
        "id",
        &[("1", &["$.id"]), ("\"AA97B177-9383-4934-8543-0F91A7A028368\"", &["$.id"]), ("\"\"", &["$.id"])],
    );
    table(
        "timestamp",
        &[
            ("\"2015-11-18T12:17:00+00:00\"", &[]),
            ("\"18.11.2015\"", &["$.timestamp"]),
            ("1", &["$.timestamp"]),
        ],
    );
    table("stored", &[("\"2013-05-18T05:32:34.804Z\"", &[]), ("\"yesterday\"", &["$.stored"])]);
    table(
        "version",
        &[
            ("\"1.0\"", &[]),
            ("\"1.0.9\"", &[]),
            ("\"1.1.0\"", &["$.version"]),
            ("\"0.9.9\"", &["$.version"]),
            ("1.0", &["$.version"]),
        ],
    );
    assert_eq!(breaches(&with("version", "\"2.0.0\""), Version::Two), Vec::<String>::new());
    assert_eq!(breaches(&with("version", "\"2.0.0\""), Version::One), ["$.version"]);
    assert_eq!(breaches(&with("timestamp", "\"20151118T121700Z\""), Version::One), Vec::<String>::new());
    assert_eq!(breaches(&with("timestamp", "\"2015-11-18T12:17:00\""), Version::Two), ["$.timestamp"]);
}

#[test]
fn actors_2_4_2() {
    table(
        "actor",
        &[
            (r#"{"objectType":"Group","member":[{"mbox":"mailto:a@b.test"}]}"#, &[]),
            (r#"{"objectType":"Group","member":[]}"#, &["$.actor.member"]),
            (r#"{"objectType":"Group"}"#, &["$.actor.member"]),
            (
                r#"{"objectType":"Group","member":[{"objectType":"Group","mbox":"mailto:a@b.test"}]}"#,
                &["$.actor.member[0].objectType"],
            ),
            (r#"{"objectType":"Group","member":[null]}"#, &["$.actor.member[0]", "$.actor.member[0]"]),
            (r#"{"objectType":"group","mbox":"mailto:a@b.test"}"#, &["$.actor.objectType"]),
            (r#"{"objectType":7,"mbox":"mailto:a@b.test"}"#, &["$.actor.objectType"]),
            (r#"{"mbox":"mailto:b.test"}"#, &["$.actor.mbox"]),
            (r#"{"mbox_sha1sum":"abc"}"#, &["$.actor.mbox_sha1sum"]),
            (r#"{"openid":"ab=c://x"}"#, &["$.actor.openid"]),
            (r#"{"account":{"homePage":"http://a.test"}}"#, &["$.actor.account.name"]),
            (
                r#"{"account":{"homePage":"a","name":1}}"#,
                &["$.actor.account.homePage", "$.actor.account.name"],
            ),
            (r#"{"mbox":"mailto:a@b.test","openid":"http://a.test"}"#, &["$.actor"]),
            (r#"{"name":"nobody"}"#, &["$.actor"]),
            (r#"{"mbox":"mailto:a@b.test","name":7}"#, &["$.actor.name"]),
        ],
    );
    table(
        "authority",
        &[
            (r#"{"mbox":"mailto:a@b.test"}"#, &[]),
            (
                r#"{"objectType":"Group","member":[{"mbox":"mailto:a@b.test"},{"mbox":"mailto:c@b.test"}]}"#,
                &[],
            ),
            (r#"{"objectType":"Group","member":[{"mbox":"mailto:a@b.test"}]}"#, &["$.authority"]),
        ],
    );
}

#[test]
fn verbs_and_objects_2_4_3() {
    table(
        "verb",
        &[
            (r#"{"id":"http://a.test/v","display":{"en":"x"}}"#, &[]),
            (r#"{"id":"ab=c://x"}"#, &["$.verb.id"]),
            (r#"{"id":"http://a.test/v","display":"x"}"#, &["$.verb.display"]),
            (r#"{"id":"http://a.test/v","display":{"a12345678":"x"}}"#, &["$.verb.display.a12345678"]),
            (r#"{"id":"http://a.test/v","display":{"en":null}}"#, &["$.verb.display.en"]),
            (r#"{"id":"http://adlnet.gov/expapi/verbs/voided"}"#, &["$.object"]),
        ],
    );
    table(
        "object",
        &[
            (r#"{"objectType":"Agent","mbox":"mailto:a@b.test"}"#, &[]),
            (r#"{"mbox":"mailto:a@b.test"}"#, &["$.object.mbox", "$.object.id"]),
            (r#"{"objectType":"activity","id":"http://a.test"}"#, &["$.object.objectType"]),
            (r#"{"objectType":"StatementRef","id":"9e13cefd-53d3-4eac-b5ed-2cf6693903bb"}"#, &[]),
            (r#"{"objectType":"StatementRef","id":"x"}"#, &["$.object.id"]),
            (r#"{"objectType":"StatementRef"}"#, &["$.object.id"]),
            (r#"{"objectType":null,"id":"http://a.test"}"#, &["$.object.objectType"]),
            (r#"{"objectType":1,"id":"http://a.test"}"#, &["$.object.objectType"]),
            (
                r#"{"objectType":"StatementRef","id":"9e13cefd-53d3-4eac-b5ed-2cf6693903bb","name":"x"}"#,
                &["$.object.name"],
            ),
            (r#"{"id":"http://a.test","definition":{}}"#, &[]),
            (r#"{"id":"http://a.test","definition":[]}"#, &["$.object.definition"]),
            (
                r#"{"id":"http://a.test","definition":{"type":"x","moreInfo":1,"name":{"en":1}}}"#,
                &["$.object.definition.type", "$.object.definition.moreInfo", "$.object.definition.name.en"],
            ),
            (
                r#"{"id":"http://a.test","definition":{"extensions":{"no iri":1}}}"#,
                &["$.object.definition.extensions[\"no iri\"]"],
            ),
            (r#"{"id":"http://a.test","definition":{"extensions":{"http://a.test":null}}}"#, &[]),
        ],
    );
}

#[test]
fn interactions_2_4_4_1() {
    let definition = |json: &str| format!(r#"{{"id":"http://a.test","definition":{{{json}}}}}"#);
    for (json, places) in [
        (r#""interactionType":"choice","choices":[{"id":"a"}],"correctResponsesPattern":[]"#, &[][..]),
        (r#""interactionType":"likert","scale":[{"id":"a"}]"#, &[]),
        (r#""interactionType":"matching","source":[],"target":[]"#, &[]),
        (r#""interactionType":"performance","steps":[{"id":"a","description":{"zh":"x"}}]"#, &[]),
        (r#""interactionType":"sequencing","choices":[]"#, &[]),
        (r#""interactionType":"essay""#, &["$.object.definition.interactionType"]),
        (r#""choices":[]"#, &["$.object.definition.interactionType"]),
        (r#""correctResponsesPattern":["a"]"#, &["$.object.definition.interactionType"]),
        (
            r#""interactionType":"choice","correctResponsesPattern":[1]"#,
            &["$.object.definition.correctResponsesPattern[0]"],
        ),
        (r#""interactionType":"choice","steps":[]"#, &["$.object.definition.steps"]),
        (r#""interactionType":"choice","choices":[{"id":"a"},{"id":"a"}]"#, &["$.object.definition.choices"]),
        (r#""interactionType":"choice","choices":[{}]"#, &["$.object.definition.choices[0].id"]),
        (
            r#""interactionType":"choice","choices":[{"id":"a","description":{"x_y":"z"}}]"#,
            &["$.object.definition.choices[0].description.x_y"],
        ),
    ] {
        assert_eq!(breaches(&with("object", &definition(json)), Version::One), places, "{json}");
    }
}

#[test]
fn substatements_2_4_4_3() {
    let sub = |more: &str| {
        let inner = SMALL.trim_start_matches('{');
        format!(r#"{{"objectType":"SubStatement",{more}{inner}"#)
    };
    for (json, places) in [
        (sub(""), &[][..]),
        (sub(r#""timestamp":"2030-01-01T00:00:00Z","#), &[]),
        (sub(r#""id":"9e13cefd-53d3-4eac-b5ed-2cf6693903bb","#), &["$.object.id"]),
        (sub(r#""stored":"2030-01-01T00:00:00Z","#), &["$.object.stored"]),
        (sub(r#""version":"1.0.0","#), &["$.object.version"]),
        (sub(r#""authority":{},"#), &["$.object.authority"]),
        (sub(r#""timestamp":"soon","#), &["$.object.timestamp"]),
        (sub("").replace(r#""object":{"#, r#""object":{"objectType":"SubStatement","#), &["$.object.object"]),
        (
            r#"{"objectType":"SubStatement"}"#.to_owned(),
            &["$.object.actor", "$.object.verb", "$.object.object"],
        ),
    ] {
        assert_eq!(breaches(&with("object", &json), Version::One), places, "{json}");
    }
}

#[test]
fn results_2_4_5() {
    let score = |json: &str| format!("{{\"score\":{json}}}");
    for (json, places) in [
        (r#"{"raw":100,"max":100,"min":0}"#, &[][..]),
        (r#"{"raw":0,"min":0}"#, &[]),
        (r#"{"scaled":-1}"#, &[]),
        (r#"{"scaled":1.001}"#, &["$.result.score.scaled"]),
        (r#"{"raw":101,"max":100}"#, &["$.result.score.raw"]),
        (r#"{"raw":-1,"min":0}"#, &["$.result.score.raw"]),
        (r#"{"min":5,"max":5}"#, &["$.result.score.min"]),
        (r#"{"raw":"7"}"#, &["$.result.score.raw"]),
        (r#"{"total":7}"#, &["$.result.score.total"]),
    ] {
        assert_eq!(breaches(&with("result", &score(json)), Version::One), places, "{json}");
    }
    table(
        "result",
        &[
            (r#"{"success":"true"}"#, &["$.result.success"]),
            (r#"{"completion":1}"#, &["$.result.completion"]),
            (r#"{"response":7}"#, &["$.result.response"]),
            (r#"{"duration":"PA1H"}"#, &["$.result.duration"]),
            (r#"{"extensions":{"x":1}}"#, &["$.result.extensions.x"]),
            (r#"{"score":null}"#, &["$.result.score"]),
        ],
    );
}

#[test]
fn contexts_2_4_6() {
    table(
        "context",
        &[
            (r#"{"registration":"x"}"#, &["$.context.registration"]),
            (r#"{"team":{"mbox":"mailto:a@b.test"}}"#, &["$.context.team.objectType"]),
            (r#"{"instructor":{}}"#, &["$.context.instructor"]),
            (r#"{"language":"chinese language"}"#, &["$.context.language"]),
            (r#"{"platform":7}"#, &["$.context.platform"]),
            (
                r#"{"statement":{"id":"9e13cefd-53d3-4eac-b5ed-2cf6693903bb"}}"#,
                &["$.context.statement.objectType"],
            ),
            (r#"{"contextActivities":{"sibling":[]}}"#, &["$.context.contextActivities.sibling"]),
            (
                r#"{"contextActivities":{"parent":[{"id":"x"}]}}"#,
                &["$.context.contextActivities.parent[0].id"],
            ),
            (r#"{"contextActivities":{"other":7}}"#, &["$.context.contextActivities.other"]),
            (r#"{"contextActivities":[]}"#, &["$.context.contextActivities"]),
        ],
    );
    let of_agent = with("object", r#"{"objectType":"Agent","mbox":"mailto:a@b.test"}"#);
    let of_agent = format!(
        r#"{},"context":{{"platform":"x","revision":"y"}}}}"#,
        of_agent.trim_end_matches('}').to_owned() + "}"
    );
    assert_eq!(breaches(&of_agent, Version::One), ["$.context.platform", "$.context.revision"]);
}

#[test]
fn context_agents_and_groups_of_version_two() {
    let agent = r#"{"objectType":"contextAgent","agent":{"mbox":"mailto:a@b.test"},"relevantTypes":["http://a.test/t"]}"#;
    let group = r#"{"objectType":"contextGroup","group":{"objectType":"Group","mbox":"mailto:a@b.test"}}"#;
    let context = |agent: &str, group: &str| {
        with("context", &format!(r#"{{"contextAgents":[{agent}],"contextGroups":[{group}]}}"#))
    };
    assert_eq!(breaches(&context(agent, group), Version::Two), Vec::<String>::new());
    assert_eq!(
        breaches(&context(agent, group), Version::One),
        ["$.context.contextAgents", "$.context.contextGroups"]
    );
    for (agent, place) in [
        (agent.replace("contextAgent", "agent "), "$.context.contextAgents[0].objectType"),
        (agent.replace("http://a.test/t", "t"), "$.context.contextAgents[0].relevantTypes[0]"),
        (agent.replace("\"http://a.test/t\"", ""), "$.context.contextAgents[0].relevantTypes"),
        (agent.replace("mailto:a@b.test", "x"), "$.context.contextAgents[0].agent.mbox"),
        (r#"{"objectType":"contextAgent"}"#.to_owned(), "$.context.contextAgents[0].agent"),
    ] {
        assert_eq!(breaches(&context(&agent, group), Version::Two), [place], "{agent}");
    }
    let no_group = group.replace("\"objectType\":\"Group\",", "");
    assert_eq!(
        breaches(&context(agent, &no_group), Version::Two),
        ["$.context.contextGroups[0].group.objectType"]
    );
}

#[test]
fn attachments_2_4_11() {
    let one = r#"{"usageType":"http://a.test/u","display":{"en":"x"},"contentType":"text/plain","length":3,"sha2":"HASH"}"#
        .replace("HASH", &"ab".repeat(32));
    let list = |json: &str| format!("[{json}]");
    for (json, place) in [
        (one.replace("3", "\"3\""), "length"),
        (one.replace(":3,", ":-3,"), "length"),
        (one.replace(":3,", ":3.5,"), "length"),
        (one.replace("http://a.test/u", "u"), "usageType"),
        (one.replace("text/plain", "text"), "contentType"),
        (one.replace("abab", "abxy"), "sha2"),
        (one.replace("\"display\":{\"en\":\"x\"},", ""), "display"),
        (one.replace("}", ",\"fileUrl\":\"x\"}").replacen(",\"fileUrl\":\"x\"}", "}", 1), "fileUrl"),
        (one.replace("http://a.test/u", "http://adlnet.gov/expapi/attachments/signature"), "contentType"),
    ] {
        let places = breaches(&with("attachments", &list(&json)), Version::One);
        assert_eq!(places, [format!("$.attachments[0].{place}")], "{json}");
    }
    let text = with("attachments", &list(&one));
    let statement = read_one(&text, Version::One).expect("a statement");
    assert_eq!((statement.attachments[0].length, statement.attachments[0].has_url), (3, false));
}

#[test]
fn a_statement_is_found_by_its_terms() {
    let statement = read_one(FULL, Version::One).expect("a statement");
    let terms = statement.terms(Some("account\nhttp://store.test\nkey"));
    for (kind, value) in [
        (TermKind::Agent, "mbox\nmailto:group@school.test"),
        (TermKind::Agent, "account\nhttp://learning.test\nt-001"),
        (TermKind::RelatedAgent, "mbox\nmailto:team@school.test"),
        (TermKind::RelatedAgent, "account\nhttp://store.test\nkey"),
        (TermKind::Verb, "http://adlnet.gov/expapi/verbs/answered"),
        (TermKind::Activity, "http://learning.test/quiz/1"),
        (TermKind::RelatedActivity, "http://learning.test/programme"),
        (TermKind::Registration, "ec531277-b57b-4c15-8d91-d292c5b2b8f7"),
    ] {
        assert!(terms.contains(&Term::of(kind, value)), "{kind:?} {value}");
    }
    assert_eq!(terms.len(), 17);
    let nested = read_one(NESTED, Version::One).expect("a statement");
    let terms = nested.terms(None);
    assert!(terms.contains(&Term::of(TermKind::RelatedAgent, "mbox\nmailto:teacher@school.test")));
    assert!(terms.contains(&Term::of(TermKind::RelatedActivity, "http://learning.test/visits")));
    assert!(!terms.contains(&Term::of(TermKind::Activity, "http://learning.test/open-lesson")));
    assert_eq!(nested.kind(), Kind::SubStatement);
}

#[test]
fn a_store_adds_its_own_and_changes_nothing_else() {
    let statement = read_one(FULL, Version::One).expect("a statement");
    let id = statement.id.expect("an id");
    let stamp = Stamp { id, authority: r#"{"mbox":"mailto:store@b.test"}"#, version: Version::One };
    let stored = statement.stamped(&stamp).finish(1_795_413_910_000_001);
    let value: serde_json::Value = serde_json::from_str(&stored).expect("JSON");
    assert_eq!(value["id"], "6690e6c9-3ef0-4ed3-8b37-7f3964730bee");
    assert_eq!(value["stored"], "2026-11-23T06:05:10.000001Z");
    assert_eq!(value["timestamp"], "2026-11-23T06:05:09.123000Z", "in UTC");
    assert_eq!(
        (&value["version"], &value["authority"]["mbox"]),
        (&"1.0.0".into(), &"mailto:store@b.test".into())
    );
    assert_eq!(value["context"]["contextActivities"]["parent"][0]["id"], "http://learning.test/course/1");
    assert!(stored.contains("\"n\":1.50"), "numbers as they were written");
    let again = Statement::stored(&stored).expect("a statement");
    assert!(again.likeness().fits(&statement.likeness()));
    let plain = read_one(SMALL, Version::Two).expect("a statement");
    let stamp = Stamp { id: Uuid::nil(), version: Version::Two, ..stamp };
    let stored = plain.stamped(&stamp).finish(0);
    assert!(
        stored.contains(r#""version":"2.0.0""#)
            && stored.contains(r#""timestamp":"1970-01-01T00:00:00.000000Z""#)
    );
    assert_eq!(breaches(&stored, Version::Two), Vec::<String>::new());
}

#[test]
fn statements_that_say_the_same_fit() {
    let original = read_one(FULL, Version::One).expect("a statement");
    let fits = |text: &str| {
        let other = read_one(text, Version::One).expect("a statement");
        original.likeness().fits(&other.likeness())
    };
    for (from, to) in [
        ("6690E6C9", "6690e6c9"),
        ("EC531277", "ec531277"),
        ("2026-11-23T14:05:09.123+08:00", "2026-11-23T06:05:09.123Z"),
        ("\"timestamp\": \"2026-11-23T14:05:09.123+08:00\",", ""),
        ("group@school.test", "group@SCHOOL.test"),
        ("\"作答\"", "\"已作答\""),
        ("第一题", "第二题"),
        ("somebody", "somebody else"),
        ("PT1H0.125S", "PT1H0.129S"),
        ("\"raw\": 100", "\"raw\": 1e2"),
        (r#"{"id": "http://learning.test/course/1"}"#, r#"[{"id": "http://learning.test/course/1"}]"#),
        ("\"language\": \"zh-CN\"", "\"language\": \"zh-cn\""),
    ] {
        let other = FULL.replace(from, to);
        assert_ne!(other, FULL, "{from}");
        assert!(fits(&other), "{from} → {to}");
    }
    let members = FULL.replace(r#"{"objectType": "Agent", "openid": "http://id.test/li"},"#, "");
    let reordered = members
        .replace(r#""member": ["#, r#""member": [{"openid": "http://id.test/li", "objectType": "Agent"},"#);
    assert!(fits(&reordered), "members in another order");
    for (from, to) in [
        ("verbs/answered", "verbs/passed"),
        ("2026-11-23T14:05:09.123+08:00", "2026-11-23T14:05:09.124+08:00"),
        ("PT1H0.125S", "PT60M0.125S"),
        ("\"raw\": 100", "\"raw\": 99"),
        ("Group\", \"name\": \"教研组\"", "Group\", \"name\": \"年级组\""),
        ("group@school.test", "Group@school.test"),
        ("\"platform\": \"平台\",", ""),
        ("\"length\": 3", "\"length\": 4"),
    ] {
        let other = FULL.replace(from, to);
        assert_ne!(other, FULL, "{from}");
        assert!(!fits(&other), "{from} → {to}");
    }
}

#[test]
fn other_forms_of_a_statement() {
    let statement = read_one(FULL, Version::One).expect("a statement");
    let mut ids = String::new();
    statement.write_ids(&mut ids);
    let value: serde_json::Value = serde_json::from_str(&ids).expect("JSON");
    assert_eq!(
        value["actor"],
        serde_json::json!({"objectType": "Group", "mbox": "mailto:group@school.test"})
    );
    assert_eq!(value["verb"], serde_json::json!({"id": "http://adlnet.gov/expapi/verbs/answered"}));
    assert_eq!(value["object"].get("definition"), None);
    assert_eq!(value["result"]["score"]["raw"], 100);
    let anonymous = FULL.replace(r#""mbox": "mailto:group@school.test", "#, "");
    let statement = read_one(&anonymous, Version::One).expect("a statement");
    ids.clear();
    statement.write_ids(&mut ids);
    let value: serde_json::Value = serde_json::from_str(&ids).expect("JSON");
    assert_eq!(value["actor"]["member"][0].get("name"), None);
    let definitions: Definitions = HashMap::from([(
        "http://learning.test/quiz/1".to_owned(),
        r#"{"name":{"en":"Canonical","zh":"规范"},"choices":[{"id":"a","description":{"en":"A","zh":"甲"}}]}"#.to_owned(),
    )]);
    let mut canonical = String::new();
    statement.write_canonical(&definitions, &Languages::parse("zh-CN, zh;q=0.9, en;q=0.1"), &mut canonical);
    let value: serde_json::Value = serde_json::from_str(&canonical).expect("JSON");
    assert_eq!(value["object"]["definition"]["name"], serde_json::json!({"zh": "规范"}));
    assert_eq!(value["object"]["definition"]["choices"][0]["description"], serde_json::json!({"zh": "甲"}));
    assert_eq!(value["verb"]["display"], serde_json::json!({"zh-CN": "作答"}));
    assert_eq!(value["actor"]["name"], "教研组");
}

#[test]
fn a_voiding_statement_names_what_it_voids() {
    let text = small("mailto:a@b.test", "http://adlnet.gov/expapi/verbs/voided", "http://a.test").replace(
        r#"{"id":"http://a.test"}"#,
        r#"{"objectType":"StatementRef","id":"9E13cefd-53d3-4eac-b5ed-2cf6693903bb"}"#,
    );
    let statement = read_one(&text, Version::One).expect("a statement");
    assert_eq!(
        statement.voids().map(|id| id.to_string()).as_deref(),
        Some("9e13cefd-53d3-4eac-b5ed-2cf6693903bb")
    );
    assert_eq!(read_one(FULL, Version::One).expect("a statement").voids(), None);
}
