//! Scores: what a tool says of a teacher's work, and what follows for learning. Pure.

use serde_json::Value;
use sha2::{Digest, Sha256};
use tisheng_kernel::{Id, Instant, Seconds};
use tisheng_training::learning::{Account, Happened, Said};
use tisheng_xapi::{Version, time};

use super::model::Line;

/// Characters of a remark that are kept.
const COMMENT: usize = 2_000;
/// Bytes of our name for a teacher at most.
const USER: usize = 100;
/// Microseconds by which a tool's clock may be ahead.
const AHEAD: i64 = 600 * 1_000_000;

/// How far somebody has come with the work (Assignment and Grade Services 2.0, 3.4.7).
pub const ACTIVITY: [&str; 5] = ["Initialized", "Started", "InProgress", "Submitted", "Completed"];
/// How far the grading has come (3.4.8).
pub const GRADING: [&str; 5] = ["FullyGraded", "Pending", "PendingManual", "Failed", "NotReady"];

/// A score as it was sent (Assignment and Grade Services 2.0, 3.4).
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// Whose, by our name for the teacher.
    pub user: String,
    /// When it changed, by the tool's clock.
    pub at: Instant,
    /// How far the work has come.
    pub activity: String,
    /// How far the grading has come.
    pub grading: String,
    /// The score and the highest possible one; `None` where there is none, or none any more.
    pub score: Option<(f64, f64)>,
    /// A remark.
    pub comment: String,
    /// When the work was begun and handed in, where that is said.
    pub worked: Option<(Instant, Instant)>,
    /// SHA-256 of what it says.
    pub likeness: Vec<u8>,
}

impl Score {
    /// Reads a score at the moment `now` of the world.
    ///
    /// # Errors
    /// What is wrong with it, for whoever wrote the tool.
    pub fn read(body: &[u8], now: Instant) -> Result<Self, String> {
        let said: Value = serde_json::from_slice(body).map_err(|e| format!("the score is no JSON: {e}"))?;
        let text = |name: &str| said.get(name).and_then(Value::as_str);
        let required = |name: &str| text(name).ok_or_else(|| format!("{name} has to be given as a text"));
        let user = required("userId")?.to_owned();
        if user.is_empty() || user.len() > USER || user.contains('\0') {
            return Err("userId is none that was given in a launch".to_owned());
        }
        let at = moment("timestamp", required("timestamp")?)?;
        if at.micros() > now.micros() + AHEAD {
            return Err("timestamp lies in the future: the clock of the tool has to be set".to_owned());
        }
        let activity = one_of("activityProgress", required("activityProgress")?, &ACTIVITY)?;
        let grading = one_of("gradingProgress", required("gradingProgress")?, &GRADING)?;
        let number = |name: &str| match said.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| format!("{name} has to be a number")),
        };
        let score = match (number("scoreGiven")?, number("scoreMaximum")?) {
            (None, _) => None,
            (Some(_), None) => return Err("scoreMaximum is needed beside scoreGiven".to_owned()),
            (Some(given), Some(most)) if given >= 0.0 && most > 0.0 => Some((given, most)),
            (Some(_), Some(_)) => {
                return Err("scoreGiven may not be negative, scoreMaximum has to be more than 0".to_owned());
            }
        };
        let comment = text("comment").unwrap_or_default();
        let comment: String = comment.chars().filter(|c| *c != '\0').take(COMMENT).collect();
        let worked = worked(said.get("submission"), now)?;
        let likeness =
            Sha256::digest(format!("{activity} {grading} {score:?} {worked:?} {comment}")).to_vec();
        Ok(Self { user, at, activity, grading, score, comment, worked, likeness })
    }

    /// The number of what it says, in `line`.
    #[must_use]
    pub fn number(&self, line: Id<Line>) -> String {
        format!("{line}/{}/{}", self.user, self.at.micros())
    }

    /// The score in thousandths of the highest, once it stands.
    #[must_use]
    pub fn permille(&self) -> Option<i64> {
        let (given, most) = self.score.filter(|_| self.grading == "FullyGraded")?;
        // Nobody passes by rounding; what is added makes good that 0.57 times 1000 is a little less
        // than 570. Between 0 and 1000 once it is bounded.
        #[allow(clippy::cast_possible_truncation, reason = "bounded just before")]
        Some(((given / most).clamp(0.0, 1.0) * 1000.0 + 1e-6).floor() as i64)
    }

    /// Whether the work is handed in: a score before that is that of a part.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.activity.as_str(), "Submitted" | "Completed")
    }
}

/// Begin and end of the work.
fn worked(submission: Option<&Value>, now: Instant) -> Result<Option<(Instant, Instant)>, String> {
    let text = |name: &str| submission.and_then(|s| s.get(name)).and_then(Value::as_str);
    let (Some(from), Some(to)) = (text("startedAt"), text("submittedAt")) else { return Ok(None) };
    let (from, to) = (moment("startedAt", from)?, moment("submittedAt", to)?);
    if to < from {
        return Err("submittedAt lies before startedAt".to_owned());
    }
    if to.micros() > now.micros() + AHEAD {
        return Err("submittedAt lies in the future: the clock of the tool has to be set".to_owned());
    }
    Ok(Some((from, to)))
}

fn moment(name: &str, text: &str) -> Result<Instant, String> {
    // Many tools write the zone without a colon, which the first version of xAPI takes as well; a
    // text without a zone is no moment.
    let clock = text.split_once(['T', 't']).map_or("", |(_, clock)| clock);
    let micros = clock.contains(['Z', 'z', '+', '-']).then(|| time::moment(text, Version::One)).flatten();
    micros
        .map(Instant::from_micros)
        .ok_or_else(|| format!("{name} has to be a timestamp with its zone (ISO 8601)"))
}

fn one_of(name: &str, text: &str, known: &[&str]) -> Result<String, String> {
    if known.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("{name} is one of {}", known.join(", ")))
    }
}

/// What `score` says of learning, each thing under a number of its own: of the column, the teacher
/// and the tool's moment, so that the same score sent twice says nothing twice.
///
/// * Work that has been begun is begun, completed work is completed.
/// * A score that stands when the work is handed in passes with its share of the highest, unless it
///   is nothing; the terms of the course say which share is enough. A later score takes the place of
///   an earlier one: the column is one try. One that the tool takes back (`had_score`) is passed no more.
/// * Time is what lies between begin and end of a submission that is handed in, once for each begin.
#[must_use]
pub fn said(
    score: &Score,
    had_score: bool,
    (line, course, account): (Id<Line>, &str, &Account),
    shift: chrono::TimeDelta,
) -> Vec<Said> {
    let one = |record: String, happened: Happened, at: Instant| Said {
        record,
        account: account.clone(),
        name: String::new(),
        school: String::new(),
        activity: course.to_owned(),
        attempt: line.to_string(),
        happened,
        permille: None,
        spent: Seconds::ZERO,
        at: at + shift,
    };
    let number = score.number(line);
    let mut all = Vec::new();
    if let Some((from, to)) = score.worked.filter(|_| score.is_over()) {
        // Of the course and not of the column: the same work is not done twice by being reported in two.
        let record = format!("{course}/{}/{}/time", score.user, from.micros());
        let spent = Seconds::new((to - from).num_seconds());
        all.push(Said { spent, ..one(record, Happened::Spent, to) });
    }
    match score.activity.as_str() {
        "Initialized" => {}
        "Completed" => all.push(one(number.clone(), Happened::Completed, score.at)),
        _ => all.push(one(number.clone(), Happened::Started, score.at)),
    }
    let graded = format!("{number}/score");
    match score.permille().filter(|_| score.is_over()) {
        Some(0) => all.push(Said { permille: Some(0), ..one(graded, Happened::Failed, score.at) }),
        permille @ Some(_) => all.push(Said { permille, ..one(graded, Happened::Passed, score.at) }),
        None if had_score && score.score.is_none() => all.push(one(graded, Happened::Failed, score.at)),
        None => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tisheng_kernel::{Id, Instant};
    use tisheng_training::learning::{Account, Happened};
    use uuid::Uuid;

    use super::{Score, said};

    const NOW: Instant = Instant::from_micros(1_615_338_000_000_000);

    fn sent(changes: &Value) -> Value {
        let mut score = json!({
            "userId": "u1", "timestamp": "2021-03-10T00:59:00.5Z", "activityProgress": "Completed",
            "gradingProgress": "FullyGraded", "scoreGiven": 7, "scoreMaximum": 10,
        });
        for (name, value) in changes.as_object().expect("an object") {
            score[name] = value.clone();
        }
        score
    }

    fn read(changes: &Value) -> Result<Score, String> {
        Score::read(sent(changes).to_string().as_bytes(), NOW)
    }

    fn happened(changes: &Value, had_score: bool) -> Vec<(Happened, Option<i64>)> {
        let account = Account { home: "https://tisheng.test".to_owned(), name: "u1".to_owned() };
        let score = read(changes).expect("a score");
        let whose = (Id::from_uuid(Uuid::nil()), "K1", &account);
        said(&score, had_score, whose, TimeDelta::zero()).iter().map(|s| (s.happened, s.permille)).collect()
    }

    #[test]
    fn a_score_says_what_happened() {
        use Happened::{Completed, Failed, Passed, Spent, Started};
        assert_eq!(happened(&json!({}), false), [(Completed, None), (Passed, Some(700))]);
        assert_eq!(happened(&json!({ "scoreGiven": 0 }), false), [(Completed, None), (Failed, Some(0))]);
        assert_eq!(happened(&json!({ "gradingProgress": "Pending" }), false), [(Completed, None)]);
        let begun =
            json!({ "activityProgress": "InProgress", "gradingProgress": "NotReady", "scoreGiven": null });
        assert_eq!(happened(&begun, false), [(Started, None)]);
        assert_eq!(happened(&begun, true), [(Started, None), (Failed, None)], "a score that is taken back");
        let worked = json!({ "submission": { "startedAt": "2021-03-10T00:00:00Z", "submittedAt": "2021-03-10T00:50:00+00:00" } });
        assert_eq!(happened(&worked, false)[0], (Spent, None));
        assert_eq!(happened(&json!({ "scoreGiven": 12 }), false)[1], (Passed, Some(1000)), "more than all");
        let nothing =
            json!({ "activityProgress": "Initialized", "gradingProgress": "NotReady", "scoreGiven": null });
        assert_eq!(happened(&nothing, false), []);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (changes, name) in [
            (json!({ "userId": null }), "userId"),
            (json!({ "userId": "a\0b" }), "userId"),
            (json!({ "timestamp": "yesterday" }), "timestamp"),
            (json!({ "timestamp": "2021-03-10T09:00:00" }), "timestamp"),
            (json!({ "timestamp": "2021-03-10T02:00:00Z" }), "future"),
            (json!({ "activityProgress": "done" }), "activityProgress"),
            (json!({ "gradingProgress": "" }), "gradingProgress"),
            (json!({ "scoreGiven": "7" }), "scoreGiven"),
            (json!({ "scoreGiven": -1 }), "negative"),
            (json!({ "scoreMaximum": null }), "scoreMaximum"),
            (json!({ "scoreMaximum": 0 }), "scoreMaximum"),
            (
                json!({ "submission": { "startedAt": "2021-03-10T00:50:00Z", "submittedAt": "2021-03-10T00:00:00Z" } }),
                "before",
            ),
        ] {
            let error = read(&changes).expect_err(name);
            assert!(error.contains(name), "{changes}: {error}");
        }
        assert!(Score::read(b"{", NOW).is_err() && Score::read(b"[]", NOW).is_err());
    }

    proptest! {
        #[test]
        fn nothing_that_is_sent_ends_otherwise_than_in_a_score_or_a_sentence(
            name in prop_oneof![
                Just("userId"), Just("timestamp"), Just("scoreGiven"), Just("scoreMaximum"), Just("comment"),
                Just("submission"), Just("activityProgress"),
            ],
            value in prop_oneof![
                Just(Value::Null), any::<f64>().prop_map(Value::from), ".{0,30}".prop_map(Value::from),
                any::<bool>().prop_map(Value::from),
            ],
        ) {
            if let Ok(score) = read(&json!({ name: value })) {
                prop_assert!(score.permille().is_none_or(|permille| (0..=1000).contains(&permille)));
            }
        }
    }
}
