//! What a statement says of somebody's learning. Pure.

use sha2::{Digest, Sha256};
use tisheng_kernel::{Instant, Seconds};
use tisheng_training::learning::{Account, Happened, Said};
use tisheng_xapi::json::Value;
use tisheng_xapi::{Statement, time};
use uuid::Uuid;

use crate::lrs::Refusal;

/// Verbs that say what happened, by the end of their address: those of the ADL vocabulary and of
/// cmi5 (9.3). One that is not here says what its result says.
const VERBS: [(&str, Happened); 13] = [
    ("/verbs/initialized", Happened::Started),
    ("/verbs/launched", Happened::Started),
    ("/verbs/attempted", Happened::Started),
    ("/verbs/completed", Happened::Completed),
    ("/verbs/passed", Happened::Passed),
    ("/verbs/mastered", Happened::Passed),
    ("/verbs/failed", Happened::Failed),
    ("/verbs/terminated", Happened::Spent),
    ("/verbs/suspended", Happened::Spent),
    ("/verbs/exited", Happened::Spent),
    ("/verbs/abandoned", Happened::Spent),
    ("/verbs/experienced", Happened::Spent),
    ("/verbs/progressed", Happened::Spent),
];

/// Bytes of a text that is part of a key, and of a name.
const LONGEST_KEY: usize = 800;
const LONGEST_NAME: usize = 400;

/// A text as the ledger's tables can hold it: without U+0000, which a standard lets into JSON and a database
/// into no text, and no longer than `most` bytes; what is longer ends in its digest, so that two stay two.
fn kept(text: &str, most: usize) -> String {
    let text = text.replace('\0', "\\u0000");
    if text.len() <= most {
        return text;
    }
    let digest = hex::encode(Sha256::digest(&text));
    let end = text.floor_char_boundary(most - digest.len() - 1);
    format!("{}~{digest}", &text[..end])
}

/// What the statement `id` says, which was stored at `stored`; `None` where it is not about one
/// person and one activity, or says nothing that counts.
pub fn said(statement: &Statement<'_>, id: Uuid, stored: Instant) -> Option<Said> {
    let root = &statement.root;
    let actor = root.get("actor")?;
    let result = root.get("result");
    let of_result = |name: &str| result.and_then(|result| result.get(name));
    let spent = of_result("duration").and_then(Value::text).and_then(time::duration_seconds).unwrap_or(0);
    let registration = root.get("context").and_then(|context| context.get("registration"));
    Some(Said {
        record: id.to_string(),
        account: account(actor)?,
        name: kept(actor.get("name").and_then(Value::text).unwrap_or_default(), LONGEST_NAME),
        school: String::new(),
        activity: kept(statement.activity()?, LONGEST_KEY),
        attempt: registration.and_then(Value::text).unwrap_or_default().to_ascii_lowercase(),
        happened: happened(statement.verb(), of_result("completion"), of_result("success"), spent)?,
        permille: of_result("score").and_then(permille),
        spent: Seconds::new(spent),
        at: statement.timestamp.map_or(stored, Instant::from_micros),
    })
}

/// Why a statement says nothing that counts.
pub fn why_not(statement: &Statement<'_>) -> Refusal {
    if statement.root.get("actor").and_then(account).is_none() {
        Refusal::Group
    } else if statement.activity().is_none() {
        Refusal::NoActivity
    } else {
        Refusal::Nothing
    }
}

fn happened(
    verb: &str,
    completion: Option<&Value<'_>>,
    success: Option<&Value<'_>>,
    spent: i64,
) -> Option<Happened> {
    let known = VERBS.iter().find(|(end, _)| verb.ends_with(end)).map(|(_, happened)| *happened);
    let is = |value: Option<&Value<'_>>, wanted| value == Some(&Value::Bool(wanted));
    match known {
        Some(Happened::Spent) | None if is(success, true) => Some(Happened::Passed),
        Some(Happened::Spent) | None if is(success, false) => Some(Happened::Failed),
        Some(Happened::Spent) | None if is(completion, true) => Some(Happened::Completed),
        Some(Happened::Spent) | None => (spent > 0).then_some(Happened::Spent),
        known => known,
    }
}

/// The account behind an actor; a group is nobody's.
fn account(actor: &Value<'_>) -> Option<Account> {
    let text = |name: &str| actor.get(name).and_then(Value::text);
    if text("objectType") == Some("Group") {
        return None;
    }
    let of = |home: &str, name: &str| {
        Some(Account { home: kept(home, LONGEST_KEY), name: kept(name, LONGEST_KEY) })
    };
    if let Some(account) = actor.get("account") {
        let part = |name: &str| account.get(name).and_then(Value::text);
        return of(part("homePage")?, part("name")?);
    }
    let mailbox = text("mbox").map(|mbox| ("mailto", mbox.strip_prefix("mailto:").unwrap_or(mbox)));
    let hashed = text("mbox_sha1sum").map(|sum| ("mbox_sha1sum", sum));
    let (home, name) = mailbox.or(hashed).or_else(|| text("openid").map(|openid| ("openid", openid)))?;
    of(home, name)
}

/// A score in thousandths: as it is scaled, else by its place between lowest and highest.
fn permille(score: &Value<'_>) -> Option<i64> {
    let number = |name: &str| match score.get(name) {
        Some(Value::Number(number)) => number.parse::<f64>().ok(),
        _ => None,
    };
    let min = number("min").unwrap_or(0.0);
    let part = number("scaled").or_else(|| Some((number("raw")? - min) / (number("max")? - min)))?;
    // Between 0 and 1000 once it is bounded.
    #[allow(clippy::cast_possible_truncation, reason = "bounded just before")]
    part.is_finite().then_some((part.clamp(0.0, 1.0) * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::{Instant, Seconds};
    use tisheng_training::learning::{Happened, Said};
    use tisheng_xapi::Statement;
    use uuid::Uuid;

    use super::said;

    fn of(verb: &str, rest: &str) -> Option<Said> {
        let text = format!(
            r#"{{"actor":{{"account":{{"homePage":"https://a.test","name":"s1"}},"name":"王某"}},
            "verb":{{"id":"{verb}"}},"object":{{"id":"https://a.test/K1"}},"timestamp":"2021-03-10T01:00:00Z"{rest}}}"#
        );
        let statement = Statement::stored(&text).expect("a statement");
        said(&statement, Uuid::from_u128(1), Instant::from_micros(0))
    }

    fn result(inside: &str) -> String {
        format!(r#","result":{{{inside}}}"#)
    }

    #[test]
    fn what_a_statement_says() {
        let rest = format!(
            r#"{},"context":{{"registration":"EC531277-B57B-4C15-8D91-D292C5B2B8F7"}}"#,
            result(r#""duration":"PT1H30M","score":{"scaled":0.875}"#)
        );
        let found = of("http://adlnet.gov/expapi/verbs/passed", &rest).expect("a fact");
        assert_eq!(found.record, Uuid::from_u128(1).to_string());
        assert_eq!((found.account.home.as_str(), found.account.name.as_str()), ("https://a.test", "s1"));
        assert_eq!((found.name.as_str(), found.activity.as_str()), ("王某", "https://a.test/K1"));
        assert_eq!(found.attempt, "ec531277-b57b-4c15-8d91-d292c5b2b8f7");
        assert_eq!((found.happened, found.permille), (Happened::Passed, Some(875)));
        assert_eq!((found.spent, found.at.micros()), (Seconds::new(5_400), 1_615_338_000_000_000));
    }

    #[test]
    fn what_no_table_can_hold_is_held_in_another_form() {
        let with = |name: &str, account: &str| {
            let text = format!(
                r#"{{"actor":{{"account":{{"homePage":"https://a.test","name":"{account}"}},"name":"{name}"}},
                "verb":{{"id":"http://adlnet.gov/expapi/verbs/completed"}},
                "object":{{"id":"https://a.test/{}"}},"timestamp":"2021-03-10T01:00:00Z"}}"#,
                "k".repeat(5_000)
            );
            let statement = Statement::stored(&text).expect("a statement");
            said(&statement, Uuid::from_u128(1), Instant::from_micros(0)).expect("a fact")
        };
        let odd = with("王\\u0000某", "s\\u0000");
        assert_eq!((odd.name.as_str(), odd.account.name.as_str()), ("王\\u0000某", "s\\u0000"));
        assert_eq!(odd.activity.len(), 800);
        let (one, other) = ("学".repeat(400) + "甲", "学".repeat(400) + "乙");
        let (one, other) = (with("甲", &one).account.name, with("甲", &other).account.name);
        assert!(one.len() <= 800 && other.len() <= 800 && one != other);
        assert_eq!(with("甲", "s1").account.name, "s1");
    }

    #[test]
    fn what_happened_is_said_by_verb_or_result() {
        let happened = |verb: &str, inside: &str| of(verb, &result(inside)).map(|said| said.happened);
        let adl = |verb: &str| format!("http://adlnet.gov/expapi/verbs/{verb}");
        for (verb, inside, wanted) in [
            ("initialized", "", Some(Happened::Started)),
            ("completed", r#""success":false"#, Some(Happened::Completed)),
            ("failed", "", Some(Happened::Failed)),
            ("terminated", r#""duration":"PT5M""#, Some(Happened::Spent)),
            ("terminated", "", None),
            ("answered", "", None),
            ("answered", r#""success":true"#, Some(Happened::Passed)),
            ("exited", r#""completion":true,"duration":"PT5M""#, Some(Happened::Completed)),
            ("watched", r#""success":false,"completion":true"#, Some(Happened::Failed)),
        ] {
            assert_eq!(happened(&adl(verb), inside), wanted, "{verb} {inside}");
        }
    }

    #[test]
    fn a_score_is_scaled_or_has_a_place() {
        let permille = |score: &str| {
            let rest = result(&format!(r#""score":{{{score}}}"#));
            of("http://a.test/verbs/passed", &rest).expect("a fact").permille
        };
        assert_eq!(permille(r#""raw":15,"min":10,"max":20"#), Some(500));
        assert_eq!(permille(r#""raw":7,"max":10"#), Some(700));
        assert_eq!(permille(r#""scaled":-0.5"#), Some(0));
        assert_eq!(permille(r#""raw":7"#), None);
        assert_eq!(permille(r#""raw":7,"min":7,"max":7"#), None);
    }
}
