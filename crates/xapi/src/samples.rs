//! Invented statements, for the tests of this crate and of those above it.

/// A statement that uses nearly everything the standard has for both versions.
pub const FULL: &str = r#"{
    "id": "6690E6C9-3ef0-4ed3-8b37-7f3964730bee",
    "actor": {"objectType": "Group", "name": "教研组", "mbox": "mailto:group@school.test", "member": [
        {"name": "王芳", "account": {"homePage": "http://learning.test", "name": "t-001"}},
        {"objectType": "Agent", "openid": "http://id.test/li"},
        {"mbox_sha1sum": "ebd31e95054c018b10727ccffd2ef2ec3a016ee9"}
    ]},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/answered", "display": {"en": "answered", "zh-CN": "作答"}},
    "object": {"objectType": "Activity", "id": "http://learning.test/quiz/1", "definition": {
        "name": {"zh-CN": "第一题", "en-US": "Question 1"}, "description": {"zh-CN": "选择"},
        "type": "http://adlnet.gov/expapi/activities/cmi.interaction", "moreInfo": "http://learning.test/help",
        "interactionType": "choice", "correctResponsesPattern": ["a[,]b"],
        "choices": [{"id": "a", "description": {"zh-CN": "甲", "en": "A"}}, {"id": "b"}],
        "extensions": {"http://learning.test/level": null}
    }},
    "result": {"score": {"scaled": 1, "raw": 100, "min": 0, "max": 100}, "success": true, "completion": true,
        "response": "a[,]b", "duration": "PT1H0.125S", "extensions": {"http://learning.test/tries": {"n": 1.50}}},
    "context": {"registration": "EC531277-b57b-4c15-8d91-d292c5b2b8f7", "revision": "1", "platform": "平台",
        "language": "zh-CN", "instructor": {"mbox": "mailto:expert@centre.test"},
        "team": {"objectType": "Group", "mbox": "mailto:team@school.test"},
        "contextActivities": {"parent": {"id": "http://learning.test/course/1"},
            "grouping": [{"id": "http://learning.test/programme"}], "category": [], "other": []},
        "statement": {"objectType": "StatementRef", "id": "9e13cefd-53d3-4eac-b5ed-2cf6693903bb"},
        "extensions": {"http://learning.test/room": [1, null, "x"]}},
    "timestamp": "2026-11-23T14:05:09.123+08:00",
    "stored": "2026-11-23T14:05:10Z",
    "authority": {"objectType": "Agent", "account": {"homePage": "http://learning.test", "name": "somebody"}},
    "attachments": [{"usageType": "http://learning.test/use/essay", "display": {"zh-CN": "作业"},
        "contentType": "text/plain", "length": 3, "fileUrl": "http://learning.test/essay.txt",
        "sha2": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}]
}"#;

/// A statement with one within it.
pub const NESTED: &str = r#"{
    "actor": {"mbox": "mailto:planner@school.test"},
    "verb": {"id": "http://learning.test/verbs/planned"},
    "object": {"objectType": "SubStatement",
        "actor": {"objectType": "Agent", "mbox": "mailto:teacher@school.test"},
        "verb": {"id": "http://learning.test/verbs/visited"},
        "object": {"id": "http://learning.test/open-lesson"},
        "context": {"contextActivities": {"grouping": {"id": "http://learning.test/visits"}}},
        "timestamp": "2030-01-01T00:00:00Z"}
}"#;

/// The smallest statement of an actor with `mbox`, a verb and an activity.
#[must_use]
pub fn small(mbox: &str, verb: &str, activity: &str) -> String {
    format!(r#"{{"actor":{{"mbox":"{mbox}"}},"verb":{{"id":"{verb}"}},"object":{{"id":"{activity}"}}}}"#)
}
