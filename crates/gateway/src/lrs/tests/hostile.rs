//! Thousands of requests that were right once and had something done to them: none costs more than a refusal, and
//! nothing that is broken is kept.
//!
//! What is done follows from a seed, which a failure names; `TISHENG_SEED` sets it again.

use std::hash::{BuildHasher, RandomState};

use axum::http::Method;
use serde_json::{Value, json};
use tisheng_testkit::{Seen, story};
use tisheng_xapi::samples::{FULL, NESTED, small};

use super::super::reading::PARAMETERS;
use super::{LESSON, Machine, Scope, Store, VERB, VERSIONS, WANG, Wanted, text};

/// A source of numbers that is the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, many: usize) -> usize {
        usize::try_from(self.next() % (many.max(1) as u64)).unwrap_or_default()
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

fn seed() -> u64 {
    let given = std::env::var("TISHENG_SEED").ok().and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| RandomState::new().hash_one("a seed"))
}

/// The places of a value, as pointers; with what stands in extensions only if `free`.
fn places(value: &Value, at: &str, free: bool, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| free || *name != "extensions") {
                places(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), free, found);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                places(value, &format!("{at}/{place}"), free, found);
            }
        }
        _ => {}
    }
}

/// A statement that surely is none any more: a value of the wrong kind, `null`, a property that there is not, or one
/// that has to be there and is not.
fn broken(dice: &mut Dice, statement: &Value) -> Value {
    let mut changed = statement.clone();
    let mut all = Vec::new();
    places(&changed, "", false, &mut all);
    let needed =
        ["/actor", "/verb", "/object", "/verb/id", "/object/id", "/context/contextActivities/parent/id"];
    if dice.below(4) == 0 {
        let there: Vec<&&str> = needed.iter().filter(|at| changed.pointer(at).is_some()).collect();
        let (above, name) = dice.of(&there).rsplit_once('/').expect("a place");
        // An inner statement has its own identifier nowhere.
        if let Some(fields) = changed.pointer_mut(above).and_then(Value::as_object_mut) {
            fields.remove(name);
            return changed;
        }
    }
    let at = dice.of(&all).clone();
    let place = changed.pointer_mut(&at).expect("it is there");
    let other = match (dice.below(3), &place) {
        (0, Value::Object(_)) => {
            if let Some(fields) = place.as_object_mut() {
                fields.insert("nonsense".to_owned(), json!(1));
            }
            return changed;
        }
        (1, _) => Value::Null,
        (_, Value::Number(_) | Value::Bool(_)) => json!("x"),
        _ => json!(7),
    };
    *place = other;
    changed
}

/// Words of which some stand somewhere in statements and some nowhere.
const WORDS: [&str; 14] = [
    "actor",
    "id",
    "mailto:a@b.test",
    "http://a.test",
    "Group",
    "SubStatement",
    "StatementRef",
    "member",
    "",
    "\u{0}",
    "2.0.0",
    "ec531277-b57b-4c15-8d91-d292c5b2b8f1",
    "P1D",
    "zh-CN",
];

/// Any value, with strange ones among them.
fn anything(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(dice.next().is_multiple_of(2)),
        2 => json!(dice.next() as i64),
        3 => json!(1e300),
        4 => json!("x".repeat(dice.below(3_000))),
        5 => json!(*dice.of(&WORDS)),
        6 => (0..dice.below(4)).map(|_| anything(dice, depth - 1)).collect(),
        _ => {
            let pairs =
                (0..dice.below(4)).map(|_| ((*dice.of(&WORDS)).to_owned(), anything(dice, depth - 1)));
            Value::Object(pairs.collect())
        }
    }
}

/// A value with something else somewhere in it.
fn changed(dice: &mut Dice, value: &Value) -> Value {
    let mut changed = value.clone();
    for _ in 0..=dice.below(2) {
        let mut all = Vec::new();
        places(&changed, "", true, &mut all);
        let at = dice.of(&all).clone();
        let other = anything(dice, 3);
        let whole = value.pointer(&at).cloned();
        let place = changed.pointer_mut(&at).expect("it is there");
        *place = match dice.below(3) {
            0 => whole.map_or(other, |whole| json!([whole])),
            _ => other,
        };
    }
    changed
}

/// Bytes with pieces cut out, doubled, or replaced.
fn torn(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let mut torn = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        let at = dice.below(torn.len() + 1);
        let end = (at + dice.below(24)).min(torn.len());
        let piece: Vec<u8> = match dice.below(4) {
            0 => Vec::new(),
            1 => torn[at..end].repeat(2),
            2 => (0..dice.below(6)).map(|_| dice.next().to_le_bytes()[0]).collect(),
            _ => dice
                .of(&["\"", "{", "}", "[", "]", ",", ":", "\\u0000", "\\ud800", "null", "--edge", "\r\n"])
                .as_bytes()
                .to_vec(),
        };
        torn.splice(at..end, piece);
    }
    torn
}

/// The statements that things are done to.
fn valid() -> [Value; 3] {
    [FULL, NESTED, &small(WANG, VERB, LESSON)].map(|text| serde_json::from_str(text).expect("JSON"))
}

#[track_caller]
fn survived(seen: &Seen, seed: u64, what: &str) {
    assert!(!seen.status.is_server_error(), "seed {seed}: {} for {what}\n{}", seen.status, text(seen));
}

/// What the store has taken is a statement, and it is given back.
async fn kept_right(machine: &Machine<'_>, seen: &Seen, (seed, version): (u64, &str), what: &str) {
    let ids: Vec<String> = serde_json::from_slice(&seen.bytes).expect("identifiers");
    for id in ids {
        let path = format!("/xapi/statements?statementId={id}");
        let back = machine.speaks(version, Method::GET, &path, "").await;
        let voided =
            machine.speaks(version, Method::GET, &path.replace("statementId", "voidedStatementId"), "").await;
        assert!(back.status == 200 || voided.status == 200, "seed {seed}: lost {what}");
        let body = if back.status == 200 { text(&back) } else { text(&voided) };
        let read = tisheng_xapi::read_one(&body, tisheng_xapi::Version::Two);
        assert!(read.is_ok() || version == "1.0.3", "seed {seed}: {read:?} of {what}");
    }
}

async fn any_pace(store: &Store) -> Machine<'_> {
    store.wanted(&Wanted { rate: 1_000_000, ..Wanted::new("甲平台", &[Scope::All]) }).await
}

story!(no_statement_that_is_broken_is_kept, |engine| async move {
    let store = Store::start(engine).await;
    let machine = any_pace(&store).await;
    let (seed, valid) = (seed(), valid());
    let mut dice = Dice(seed);
    for round in 0..1_500 {
        let version = VERSIONS[round % 2];
        let statement = broken(&mut dice, dice_of(&valid, round)).to_string();
        let body =
            if round % 5 == 0 { format!("[{},{statement}]", small(WANG, VERB, LESSON)) } else { statement };
        let seen = machine.speaks(version, Method::POST, "/xapi/statements", &body).await;
        assert_eq!(seen.status, 400, "seed {seed}: {version} took {body}\n{}", text(&seen));
    }
    assert!(machine.finds("").await.is_empty(), "seed {seed}");
});

fn dice_of<T>(all: &[T], round: usize) -> &T {
    &all[round % all.len()]
}

story!(whatever_is_sent_as_a_statement_costs_no_more_than_a_refusal, |engine| async move {
    let store = Store::start(engine).await;
    let machine = any_pace(&store).await;
    let (seed, valid) = (seed(), valid());
    let mut dice = Dice(seed);
    for round in 0..1_500 {
        let version = VERSIONS[round % 2];
        let mut statement = dice_of(&valid, round).clone();
        if let Some(fields) = statement.as_object_mut() {
            fields.remove("id");
        }
        let body = match round % 3 {
            0 => torn(&mut dice, statement.to_string().as_bytes()),
            _ => changed(&mut dice, &statement).to_string().into_bytes(),
        };
        let what = String::from_utf8_lossy(&body).into_owned();
        let headers = [("x-experience-api-version", version)];
        let seen = machine.sends(Method::POST, "/xapi/statements", &headers, body).await;
        survived(&seen, seed, &what);
        if seen.status == 200 {
            kept_right(&machine, &seen, (seed, version), &what).await;
        }
    }
    for query in ["format=canonical", "format=ids", "attachments=true"] {
        survived(&machine.get(&format!("/xapi/statements?{query}")).await, seed, query);
    }
});

story!(whatever_is_asked_costs_no_more_than_a_refusal, |engine| async move {
    let store = Store::start(engine).await;
    let machine = any_pace(&store).await;
    let seed = seed();
    let mut dice = Dice(seed);
    machine.says(FULL).await;
    let of_documents = ["activityId", "stateId", "profileId", "method", ""];
    let names: Vec<&str> = PARAMETERS.iter().copied().chain(of_documents).collect();
    let agent = json!({ "mbox": WANG }).to_string();
    let values = [
        "true",
        "ids",
        "0",
        "-1",
        "99999999999999999999",
        "2021-03-10T01:00:00Z",
        "-271821-04-20T00:00:00Z",
        VERB,
        LESSON,
        &agent,
        "6690e6c9-3ef0-4ed3-8b37-7f3964730bee",
        "9223372036854775807_6690e6c9-3ef0-4ed3-8b37-7f3964730bee",
        "%",
        "\u{0}",
        "x",
        "{}",
        "[]",
        r#"{"account":{"homePage":"http://a.test","name":"x"}}"#,
    ];
    let resources = [
        "statements",
        "activities",
        "agents",
        "activities/state",
        "activities/profile",
        "agents/profile",
        "about",
        "x",
    ];
    let methods = [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::DELETE];
    for round in 0..1_000 {
        let pairs: Vec<(&str, String)> = (0..dice.below(5))
            .map(|_| {
                let value = *dice.of(&values);
                let is_torn = dice.below(3) == 0;
                let value = if is_torn {
                    String::from_utf8_lossy(&torn(&mut dice, value.as_bytes())).into_owned()
                } else {
                    value.to_owned()
                };
                (*dice.of(&names), value)
            })
            .collect();
        let query = serde_urlencoded::to_string(&pairs).expect("a query");
        let junk = if dice.below(6) == 0 { "&%ff=%00&=&&a" } else { "" };
        let path = format!("/xapi/{}?{query}{junk}", dice.of(&resources));
        let method = dice.of(&methods).clone();
        let body = if matches!(method, Method::PUT | Method::POST) {
            torn(&mut dice, b"{\"a\":[1,{}]}")
        } else {
            Vec::new()
        };
        let kinds =
            ["application/json", "text/plain", "multipart/mixed", "x", "application/json; charset=gbk"];
        let tags = ["*", "\"\"", "\"x\", W/\"y\"", ","];
        let tag = *dice.of(&tags);
        let more = [("if-match", tag), ("if-none-match", tag), ("accept-language", "zh;q=x,;*")];
        let headers = [
            ("x-experience-api-version", VERSIONS[round % 2]),
            ("content-type", *dice.of(&kinds)),
            *dice.of(&more),
        ];
        let seen = machine.sends(method.clone(), &path, &headers, body).await;
        survived(&seen, seed, &format!("{method} {path} {headers:?}"));
    }
});

story!(whatever_is_sent_in_parts_costs_no_more_than_a_refusal, |engine| async move {
    let store = Store::start(engine).await;
    let machine = any_pace(&store).await;
    let seed = seed();
    let mut dice = Dice(seed);
    let mut statement: Value = serde_json::from_str(&small(WANG, VERB, LESSON)).expect("JSON");
    let sha2 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    statement["attachments"] = json!([{
        "usageType": "http://learning.test/use/essay", "display": { "zh": "作业" }, "contentType": "text/plain",
        "length": 3, "sha2": sha2,
    }]);
    let whole = format!(
        "--edge\r\nContent-Type: application/json\r\n\r\n{statement}\r\n--edge\r\nContent-Type: text/plain\r\n\
         Content-Transfer-Encoding: binary\r\nX-Experience-API-Hash: {sha2}\r\n\r\nabc\r\n--edge--\r\n"
    );
    for round in 0..700 {
        let version = VERSIONS[round % 2];
        let body = torn(&mut dice, whole.as_bytes());
        let what = String::from_utf8_lossy(&body).into_owned();
        let kinds = [
            "multipart/mixed; boundary=edge",
            "multipart/mixed; boundary=\"edge\"",
            "multipart/mixed; boundary=",
        ];
        let headers = [("x-experience-api-version", version), ("content-type", *dice.of(&kinds))];
        let seen = machine.sends(Method::POST, "/xapi/statements", &headers, body).await;
        survived(&seen, seed, &what);
        if seen.status == 200 {
            kept_right(&machine, &seen, (seed, version), &what).await;
        }
    }
    survived(&machine.get("/xapi/statements?attachments=true").await, seed, "all of it");
});
