//! What becomes of a score, and what follows from it for learning. Pure.
//!
//! The last score of a teacher in the column is what the tool says now, and it is held against the
//! facts that followed from those before it:
//!
//! * *Completed* stands as long as `activityProgress` is `Completed`. One that is lower takes it back.
//! * *Passed* stands as long as the work is handed in and graded. `Failed`, `NotReady`, a score that
//!   is given no more, or work that is not handed in takes it back; while the grading goes on
//!   (`Pending`, `PendingManual` with a score) it stays as it was. Another score takes its place.
//! * *Time* that was worked stays worked, whatever comes of it, unless a score names the same begin:
//!   with another end it is corrected, with work that is not handed in it is taken back.
//!
//! What is taken back is voided in `training/learning`, as a statement of the record store would be,
//! and the hours are worked out anew from what stands.

use std::cmp::Ordering;

use tisheng_kernel::{Instant, Seconds};
use tisheng_training::learning::{Account, Fact, Happened, Said};

use super::score::Score;

/// What a score says of passing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The work has this share of the highest score, in thousandths.
    Stands(i64),
    /// It is being graded: what was said before stays.
    GoesOn,
    /// There is none, or none any more.
    Nothing,
}

impl Score {
    fn verdict(&self) -> Verdict {
        match (self.grading.as_str(), self.permille()) {
            _ if !self.is_over() => Verdict::Nothing,
            (_, Some(permille)) => Verdict::Stands(permille),
            ("Pending" | "PendingManual", None) if self.score.is_some() => Verdict::GoesOn,
            _ => Verdict::Nothing,
        }
    }

    /// How the number of the time ends that was worked from `from` on.
    fn time_of(from: Instant) -> String {
        format!("/{}/time", from.micros())
    }
}

/// The last score of a teacher in a column, as another one finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Last {
    /// When, by the tool's clock.
    pub at: Instant,
    /// Nanoseconds by which it is later than that.
    pub fine: i64,
    /// SHA-256 of what it says.
    pub likeness: Vec<u8>,
    /// Those of other scores of this moment that came before it, in hex, separated by spaces.
    pub others: String,
}

/// What becomes of a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reception {
    /// It takes the place of the last; with the likenesses of others of its moment.
    Taken(String),
    /// It came before: nothing is changed.
    Again,
    /// A later one stands.
    Late,
    /// More different scores of one moment than anybody means.
    TooMany,
}

/// Scores of one moment that say different things, at most.
const AT_ONCE: usize = 20;

/// What becomes of `score` where `last` stands. A score that is earlier is not taken, one that came
/// before changes nothing; of different ones of one moment the one that came last stands, since the
/// standard forbids only that an earlier takes the place of a later (3.4.9).
#[must_use]
pub fn decide(last: Option<&Last>, score: &Score) -> Reception {
    let Some(last) = last else { return Reception::Taken(String::new()) };
    match (score.at, score.fine).cmp(&(last.at, last.fine)) {
        Ordering::Greater => Reception::Taken(String::new()),
        Ordering::Less => Reception::Late,
        Ordering::Equal => {
            let this = hex::encode(&score.likeness);
            let mut known: Vec<String> = last.others.split_whitespace().map(str::to_owned).collect();
            known.push(hex::encode(&last.likeness));
            if known.contains(&this) {
                Reception::Again
            } else if known.len() >= AT_ONCE {
                Reception::TooMany
            } else {
                Reception::Taken(known.join(" "))
            }
        }
    }
}

/// The numbers of the `facts` of its teacher in its column that `score` takes back: see the head of
/// this file.
#[must_use]
pub fn withdrawn(score: &Score, facts: &[Fact]) -> Vec<String> {
    let moment = score.moment();
    // What was said of the same microsecond is not earlier, and could be taken for the later word.
    let is_of_now =
        |fact: &Fact| fact.record.strip_prefix(&moment).is_some_and(|rest| rest.starts_with(['/', '.']));
    let is_over = |fact: &&Fact| match fact.happened {
        Happened::Started => false,
        Happened::Completed => score.activity != "Completed",
        Happened::Passed | Happened::Failed => match score.verdict() {
            Verdict::Stands(_) => is_of_now(fact) && fact.record != score.graded(),
            Verdict::GoesOn => false,
            Verdict::Nothing => fact.happened == Happened::Passed,
        },
        Happened::Spent => score.worked.is_some_and(|(from, to)| {
            fact.record.ends_with(&Score::time_of(from))
                && (!score.is_over() || fact.spent.get() != (to - from).num_seconds())
        }),
    };
    facts.iter().filter(is_over).map(|fact| fact.record.clone()).collect()
}

/// What `score` says of learning where `facts` stand, each thing under a number of its own: of the
/// column, the teacher, the tool's moment and what is said, so that the same score sent twice says
/// nothing twice.
///
/// * Work that has been begun is begun, completed work is completed.
/// * A score that stands when the work is handed in passes with its share of the highest, unless it
///   is nothing; the terms of the course say which share is enough. A later score takes the place of
///   an earlier one: the column is one try.
/// * Time is what lies between begin and end of a submission that is handed in, once for each begin.
#[must_use]
pub fn said(
    score: &Score,
    facts: &[Fact],
    (course, account): (&str, &Account),
    shift: chrono::TimeDelta,
) -> Vec<Said> {
    let one = |record: String, happened: Happened, at: Instant| Said {
        record,
        account: account.clone(),
        name: String::new(),
        school: String::new(),
        activity: course.to_owned(),
        attempt: score.line.to_string(),
        happened,
        permille: None,
        spent: Seconds::ZERO,
        at: at + shift,
    };
    let mut all = Vec::new();
    if let Some((from, to)) = score.worked.filter(|_| score.is_over()) {
        let ending = Score::time_of(from);
        let is_known = |fact: &Fact| fact.happened == Happened::Spent && fact.record.ends_with(&ending);
        if !facts.iter().any(is_known) {
            let spent = Seconds::new((to - from).num_seconds());
            all.push(Said { spent, ..one(format!("{}{ending}", score.number), Happened::Spent, to) });
        }
    }
    match score.activity.as_str() {
        "Initialized" => {}
        "Completed" => all.push(one(score.number.clone(), Happened::Completed, score.at)),
        _ => all.push(one(score.number.clone(), Happened::Started, score.at)),
    }
    if let Verdict::Stands(permille) = score.verdict() {
        let happened = if permille > 0 { Happened::Passed } else { Happened::Failed };
        all.push(Said { permille: Some(permille), ..one(score.graded(), happened, score.at) });
    }
    all
}

/// Whether `facts` are what `score` says: it takes none of them back, and all that it says is there.
#[must_use]
pub fn is_told(score: &Score, (course, account): (&str, &Account), facts: &[Fact]) -> bool {
    let said = said(score, facts, (course, account), chrono::TimeDelta::zero());
    let is_there = |one: &Said| {
        let says = (&one.record, one.happened, one.permille, one.spent);
        facts.iter().any(|fact| (&fact.record, fact.happened, fact.permille, fact.spent) == says)
    };
    withdrawn(score, facts).is_empty() && said.iter().all(is_there)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tisheng_training::hours::Channel;
    use tisheng_training::learning::{Account, Fact, Happened, Said};

    use super::{Last, Reception, Verdict, decide, is_told, said, withdrawn};
    use crate::lti::score::tests::read;
    use crate::lti::score::{ACTIVITY, GRADING, Score};

    fn account() -> Account {
        Account { home: "https://tisheng.test".to_owned(), name: "u1".to_owned() }
    }

    fn fact(said: Said) -> Fact {
        let Said { record, attempt, happened, permille, spent, at, .. } = said;
        Fact { record, attempt, happened, permille, spent, at, received_at: at, channel: Channel::Lti }
    }

    /// What stands of the facts once `score` has come.
    fn after(score: &Score, mut facts: Vec<Fact>) -> Vec<Fact> {
        let gone = withdrawn(score, &facts);
        facts.retain(|fact| !gone.contains(&fact.record));
        for one in said(score, &facts, ("K1", &account()), TimeDelta::zero()).into_iter().map(fact) {
            if !facts.iter().any(|known| known.record == one.record) {
                facts.push(one);
            }
        }
        facts
    }

    /// What the tool has said one after the other, each with its changes; what happened by then.
    fn standing(all: &[Value]) -> Vec<(Happened, i64)> {
        let facts = all.iter().fold(Vec::new(), |facts, one| after(&read(one).expect("a score"), facts));
        facts.iter().map(|fact| (fact.happened, fact.spent.get() / 60)).collect()
    }

    fn kept(score: &Score, others: &str) -> Last {
        let others = others.to_owned();
        Last { at: score.at, fine: score.fine, likeness: score.likeness.clone(), others }
    }

    fn happened(changes: &Value) -> Vec<(Happened, Option<i64>)> {
        let score = read(changes).expect("a score");
        let said = said(&score, &[], ("K1", &account()), TimeDelta::zero());
        said.iter().map(|s| (s.happened, s.permille)).collect()
    }

    #[test]
    fn a_score_says_what_happened() {
        use Happened::{Completed, Failed, Passed, Spent, Started};
        assert_eq!(happened(&json!({})), [(Completed, None), (Passed, Some(700))]);
        assert_eq!(happened(&json!({ "scoreGiven": 0 })), [(Completed, None), (Failed, Some(0))]);
        assert_eq!(happened(&json!({ "gradingProgress": "Pending" })), [(Completed, None)]);
        let begun =
            json!({ "activityProgress": "InProgress", "gradingProgress": "NotReady", "scoreGiven": null });
        assert_eq!(happened(&begun), [(Started, None)]);
        let worked = json!({ "submission": { "startedAt": "2021-03-10T00:00:00Z", "submittedAt": "2021-03-10T00:50:00+00:00" } });
        assert_eq!(happened(&worked)[0], (Spent, None));
        assert_eq!(happened(&json!({ "scoreGiven": 12 }))[1], (Passed, Some(1000)), "more than all");
        let nothing =
            json!({ "activityProgress": "Initialized", "gradingProgress": "NotReady", "scoreGiven": null });
        assert_eq!(happened(&nothing), []);
    }

    #[test]
    fn what_a_tool_says_later_takes_back_what_it_contradicts() {
        use Happened::{Completed, Failed, Passed, Spent, Started};
        let later = |second: i64, changes: Value| {
            let mut changes = changes;
            changes["timestamp"] = json!(format!("2021-03-10T00:59:{second:02}Z"));
            changes
        };
        let first = later(1, json!({}));
        for (changes, left) in [
            (json!({ "activityProgress": "Submitted" }), &[Passed, Started, Passed][..]),
            (json!({ "activityProgress": "InProgress" }), &[Started]),
            (json!({ "gradingProgress": "Failed" }), &[Completed, Completed]),
            (json!({ "gradingProgress": "NotReady" }), &[Completed, Completed]),
            (json!({ "scoreGiven": null }), &[Completed, Completed]),
            (json!({ "gradingProgress": "PendingManual" }), &[Completed, Passed, Completed]),
            (json!({ "scoreGiven": 0 }), &[Completed, Passed, Completed, Failed]),
        ] {
            let stands = standing(&[first.clone(), later(2, changes.clone())]);
            assert_eq!(stands.iter().map(|(happened, _)| *happened).collect::<Vec<_>>(), left, "{changes}");
        }
        let worked = |second: i64, end: &str, activity: &str| {
            let submission = json!({ "startedAt": "2021-03-10T00:00:00Z", "submittedAt": end });
            let score = json!({ "submission": submission, "activityProgress": activity, "scoreGiven": null });
            later(second, score)
        };
        let (whole, less) = (worked(1, "2021-03-10T00:50:00Z", "Completed"), "2021-03-10T00:40:00Z");
        let time = |all: &[Value]| -> Vec<i64> {
            let stands = standing(all);
            stands.iter().filter(|(happened, _)| *happened == Spent).map(|(_, spent)| *spent).collect()
        };
        assert_eq!(time(&[whole.clone(), worked(2, less, "Completed")]), [40], "corrected");
        assert_eq!(time(&[whole.clone(), worked(2, less, "InProgress")]), [0_i64; 0], "not handed in");
        assert_eq!(time(&[whole.clone(), later(2, json!({ "activityProgress": "Started" }))]), [50]);
        let again =
            [whole.clone(), worked(2, less, "InProgress"), worked(3, "2021-03-10T00:50:00Z", "Completed")];
        assert_eq!(time(&again), [50], "and handed in again");
    }

    #[test]
    fn scores_of_one_moment_are_told_apart_by_what_they_say() {
        let (first, other) = (read(&json!({})).expect("a score"), json!({ "scoreGiven": 3 }));
        let other = read(&other).expect("a score");
        assert_eq!(decide(None, &first), Reception::Taken(String::new()));
        assert_eq!(decide(Some(&kept(&first, "")), &first), Reception::Again);
        let Reception::Taken(others) = decide(Some(&kept(&first, "")), &other) else { panic!("not taken") };
        assert_eq!(decide(Some(&kept(&other, &others)), &first), Reception::Again, "it came before");
        let many = vec!["ab"; 20].join(" ");
        assert_eq!(decide(Some(&kept(&other, &many)), &first), Reception::TooMany);
        let fine = |text: &str| read(&json!({ "timestamp": text })).expect("a score");
        let (early, late) =
            (fine("2021-03-10T00:59:00.123456007Z"), fine("2021-03-10T08:59:00.123456008+08:00"));
        assert_eq!((early.at, early.fine, late.fine), (late.at, 7, 8));
        assert_eq!(decide(Some(&kept(&early, "")), &late), Reception::Taken(String::new()));
        assert_eq!(decide(Some(&kept(&late, "")), &early), Reception::Late);
        assert_ne!(early.number, late.number);
    }

    proptest! {
        #[test]
        fn what_stands_is_what_the_last_score_says(
            all in prop::collection::vec(
                (0_i64..3, 0_usize..5, 0_usize..5, prop::option::of(0_i64..10), prop::option::of((0_i64..2, 1_i64..50))),
                1..10,
            ),
        ) {
            let (mut facts, mut last, mut second): (Vec<Fact>, Option<Last>, _) = (Vec::new(), None, 0);
            let mut passes = false;
            for (later, activity, grading, given, worked) in all {
                second += later;
                let submission = worked.map_or(Value::Null, |(from, minutes)| json!({
                    "startedAt": format!("2021-03-09T0{from}:00:00Z"), "submittedAt": format!("2021-03-09T0{from}:{minutes:02}:00Z"),
                }));
                let score = read(&json!({
                    "timestamp": format!("2021-03-10T00:{second:02}:00Z"), "activityProgress": ACTIVITY[activity],
                    "gradingProgress": GRADING[grading], "scoreGiven": given, "submission": submission,
                })).expect("a score");
                let Reception::Taken(others) = decide(last.as_ref(), &score) else { continue };
                last = Some(kept(&score, &others));
                facts = after(&score, facts);
                passes = match score.verdict() {
                    Verdict::Stands(permille) => permille > 0,
                    Verdict::GoesOn => passes,
                    Verdict::Nothing => false,
                };
                prop_assert!(is_told(&score, ("K1", &account()), &facts));
                let has = |what: Happened| facts.iter().any(|fact| fact.happened == what);
                prop_assert_eq!(has(Happened::Completed), score.activity == "Completed");
                let graded = |fact: &&Fact| matches!(fact.happened, Happened::Passed | Happened::Failed);
                let word = facts.iter().filter(graded).max_by_key(|fact| (fact.at, fact.record.clone()));
                prop_assert_eq!(word.is_some_and(|fact| fact.happened == Happened::Passed), passes);
                for from in [0, 1] {
                    let begun = format!("/{}/time", read(&json!({ "timestamp": format!("2021-03-09T0{from}:00:00Z") })).expect("a score").at.micros());
                    prop_assert!(facts.iter().filter(|fact| fact.record.ends_with(&begun)).count() <= 1);
                }
            }
        }
    }
}
