//! Scores as tools send them (Assignment and Grade Services 2.0, 3.4). Pure.

use serde_json::Value;
use sha2::{Digest, Sha256};
use tisheng_kernel::{Id, Instant};
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
    /// The column.
    pub line: Id<Line>,
    /// The number under which learning knows of it.
    pub number: String,
    /// Whose, by our name for the teacher.
    pub user: String,
    /// When it changed, by the tool's clock.
    pub at: Instant,
    /// Nanoseconds by which it is later than that: a moment is compared with all its digits.
    pub fine: i64,
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
    /// Reads a score in `line` at the moment `now` of the world.
    ///
    /// # Errors
    /// What is wrong with it, for whoever wrote the tool.
    pub fn read(body: &[u8], line: Id<Line>, now: Instant) -> Result<Self, String> {
        let said: Value = serde_json::from_slice(body).map_err(|e| format!("the score is no JSON: {e}"))?;
        let text = |name: &str| said.get(name).and_then(Value::as_str);
        let required = |name: &str| text(name).ok_or_else(|| format!("{name} has to be given as a text"));
        let user = required("userId")?.to_owned();
        if user.is_empty() || user.len() > USER || user.contains('\0') {
            return Err("userId is none that was given in a launch".to_owned());
        }
        let at = moment("timestamp", required("timestamp")?)?;
        let fine = fine(required("timestamp")?);
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
        let mut score = Self {
            line,
            number: String::new(),
            user,
            at,
            fine,
            activity,
            grading,
            score,
            comment,
            worked,
            likeness,
        };
        score.number = score.own_number();
        Ok(score)
    }

    /// What the numbers begin with of everything that scores of this microsecond say.
    pub(super) fn moment(&self) -> String {
        format!("{}/{}/{}", self.line, self.user, self.at.micros())
    }

    /// Scores of one moment that say different things have different numbers.
    fn own_number(&self) -> String {
        let fine = if self.fine > 0 { format!(".{:03}", self.fine) } else { String::new() };
        let likeness = hex::encode(self.likeness.get(..6).unwrap_or(&self.likeness));
        format!("{}{fine}/{likeness}", self.moment())
    }

    /// The number of what it says of passing.
    pub(super) fn graded(&self) -> String {
        format!("{}/score", self.number)
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

/// Digits of a moment below its microseconds, as nanoseconds; further ones are too fine for any clock.
fn fine(text: &str) -> i64 {
    let fraction = text.split_once(['.', ',']).map_or("", |(_, fraction)| fraction);
    let digits = fraction.chars().take_while(char::is_ascii_digit).chain("000000000".chars());
    digits.skip(6).take(3).collect::<String>().parse().unwrap_or(0)
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

#[cfg(test)]
pub mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tisheng_kernel::{Id, Instant};
    use uuid::Uuid;

    use super::Score;

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

    /// A score with `changes`.
    pub fn read(changes: &Value) -> Result<Score, String> {
        Score::read(sent(changes).to_string().as_bytes(), Id::from_uuid(Uuid::nil()), NOW)
    }

    #[test]
    fn every_way_to_write_a_moment_that_the_standard_shows_is_read() {
        // Assignment and Grade Services 2.0, 3.4.9.1.
        let moments =
            ["2017-04-16T18:54:36.736+00:00", "2017-04-16T18:54:36.736Z", "2017-04-16T18:54:36.736+00"];
        for text in moments {
            assert_eq!(read(&json!({ "timestamp": text })).expect(text).at.micros(), 1_492_368_876_736_000);
        }
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
        let line = Id::from_uuid(Uuid::nil());
        assert!(Score::read(b"{", line, NOW).is_err() && Score::read(b"[]", line, NOW).is_err());
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
