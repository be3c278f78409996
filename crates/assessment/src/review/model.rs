//! Duties, marks and what follows from them. Pure.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Instant, Level};
use tisheng_rules::assessment::{AssessmentRule, Step, StepKind};
use tisheng_rules::capability_level;
use tisheng_rules::framework::Piece;
use uuid::Uuid;

use crate::evidence::Submission;

/// As what somebody reviews.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// 自评
    Own,
    /// 互评
    Peer,
    /// 考核小组成员
    Panel,
    /// 考核小组组长: settles a disagreement.
    Chair,
}

impl Duty {
    /// Every duty.
    pub const ALL: [Self; 4] = [Self::Own, Self::Peer, Self::Panel, Self::Chair];

    /// The form stored in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Peer => "peer",
            Self::Panel => "panel",
            Self::Chair => "chair",
        }
    }

    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Own => "自评",
            Self::Peer => "互评",
            Self::Panel => "考核小组评审",
            Self::Chair => "组长裁定",
        }
    }

    /// Whether a submission may be returned from it.
    #[must_use]
    pub const fn may_return(self) -> bool {
        matches!(self, Self::Panel | Self::Chair)
    }
}

/// How a review stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewState {
    /// In the reviewer's hands.
    Open,
    /// Judged.
    Done,
    /// Left alone for too long; it went to another.
    Lapsed,
    /// No longer counts: withdrawn, returned, set aside after an objection, or not waited for any more.
    Void,
}

impl ReviewState {
    /// The form stored in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Lapsed => "lapsed",
            Self::Void => "void",
        }
    }
}

/// The text is no word of this room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("没有这个词")]
pub struct NotAWord;

impl FromStr for Duty {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        Self::ALL.into_iter().find(|duty| duty.code() == text).ok_or(NotAWord)
    }
}

impl FromStr for ReviewState {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        let all = [Self::Open, Self::Done, Self::Lapsed, Self::Void];
        all.into_iter().find(|state| state.code() == text).ok_or(NotAWord)
    }
}

impl fmt::Display for Duty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.chinese())
    }
}

/// A submission in the hands of one reviewer.
#[derive(Debug, Clone)]
pub struct Review {
    /// Its programme.
    pub programme: Uuid,
    /// Its identifier.
    pub id: Id<Review>,
    /// What is judged.
    pub submission: Id<Submission>,
    /// Key of the scheme's step.
    pub step: String,
    /// As what.
    pub duty: Duty,
    /// The reviewer.
    pub reviewer: Uuid,
    /// Where the reviewer was drawn from.
    pub pool: String,
    /// The node whose panel the reviewer sits in.
    pub body: Option<Uuid>,
    /// Whether the author is hidden.
    pub blind: bool,
    /// How it stands.
    pub state: ReviewState,
    /// When it was drawn.
    pub drawn_at: Instant,
    /// The last day on which it is in time.
    pub due_on: Option<NaiveDate>,
    /// When it goes to another.
    pub lapses_at: Option<Instant>,
    /// When it was judged.
    pub done_at: Option<Instant>,
    /// The level given.
    pub level: Option<Level>,
    /// The marks of each piece.
    pub marks: Vec<Marks>,
    /// About the whole.
    pub remark: String,
}

impl Review {
    /// The last day on which it can be done: it goes to another, or is late.
    #[must_use]
    pub fn last_day(&self) -> Option<NaiveDate> {
        last_day(self.due_on, self.lapses_at)
    }

    /// Until when it can be done, in words; empty without a limit.
    #[must_use]
    pub fn limit(&self) -> String {
        match (self.last_day(), self.lapses_at) {
            (Some(day), Some(at)) if at.date() == day => format!("{at}前完成，逾期转给他人"),
            (Some(day), _) => format!("{}前完成", chinese_date(day)),
            (None, _) => String::new(),
        }
    }

    /// Whether it was done and not after the day on which it was due.
    #[must_use]
    pub fn was_in_time(state: ReviewState, done_at: Option<Instant>, due_on: Option<NaiveDate>) -> bool {
        let in_time = |at: Instant| due_on.is_none_or(|day| at.date() <= day);
        state == ReviewState::Done && done_at.is_some_and(in_time)
    }
}

/// The earlier of the day on which something is due and that on which it goes to another.
#[must_use]
pub(super) fn last_day(due_on: Option<NaiveDate>, lapses_at: Option<Instant>) -> Option<NaiveDate> {
    due_on.into_iter().chain(lapses_at.map(Instant::date)).min()
}

/// What a reviewer finds of one piece.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Key of the piece.
    pub piece: String,
    /// Codes of the criteria that hold.
    pub met: Vec<String>,
    /// The level that follows.
    pub level: Level,
    /// Why; needed for 不合格.
    pub reason: String,
}

/// Marks that contradict themselves, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Contradiction(pub String);

/// The marks of `piece` from what was ticked and, where one was chosen, the level: 优秀 says that
/// every criterion holds, 合格 that those of 合格 do.
///
/// # Errors
/// [`Contradiction`] when neither a level was said nor anything ticked, when ticks and level do not go together, or a reason
/// is missing.
pub fn mark(
    piece: &Piece,
    ticked: &[String],
    said: Option<Level>,
    reason: &str,
) -> Result<Marks, Contradiction> {
    let implied = |criterion: &&tisheng_rules::framework::Criterion| match said {
        Some(Level::Excellent) => true,
        Some(Level::Pass) => criterion.level == Level::Pass,
        Some(Level::Fail) | None => false,
    };
    let met: Vec<String> = piece
        .criteria
        .iter()
        .filter(|criterion| implied(criterion) || ticked.contains(&criterion.key))
        .map(|criterion| criterion.key.clone())
        .collect();
    // A reason alone is no judgement: whoever means 不合格 says so, or ticks what holds.
    if said.is_none() && met.is_empty() {
        return Err(Contradiction(format!("请评定“{}”", piece.name)));
    }
    let level = piece.level(&met);
    match said {
        Some(Level::Fail) if level != Level::Fail => {
            let text = format!("“{}”评为不合格，请取消勾选没有达到的合格标准", piece.name);
            return Err(Contradiction(text));
        }
        Some(Level::Pass) if level == Level::Excellent => {
            let text = format!("“{}”的各项标准都已勾选，等级应为优秀", piece.name);
            return Err(Contradiction(text));
        }
        _ => {}
    }
    if level == Level::Fail && reason.is_empty() {
        return Err(Contradiction(format!("“{}”不合格，请写明理由", piece.name)));
    }
    Ok(Marks { piece: piece.key.clone(), met, level, reason: reason.to_owned() })
}

/// The level of the whole: that of its weakest piece.
#[must_use]
pub fn level_of(marks: &[Marks]) -> Option<Level> {
    capability_level(&marks.iter().map(|marks| marks.level).collect::<Vec<_>>())
}

/// How many of those who judge in `step` judged in it before, and what they found was set aside.
#[must_use]
pub fn judging_twice(reviews: &[Review], step: &str) -> usize {
    let judges = |r: &&Review| r.step == step && matches!(r.duty, Duty::Peer | Duty::Panel);
    let is_active = |r: &&Review| matches!(r.state, ReviewState::Open | ReviewState::Done);
    let was_set_aside = |r: &&Review| r.state == ReviewState::Void && r.done_at.is_some();
    let before: Vec<Uuid> =
        reviews.iter().filter(judges).filter(was_set_aside).map(|review| review.reviewer).collect();
    reviews.iter().filter(judges).filter(is_active).filter(|r| before.contains(&r.reviewer)).count()
}

/// The step after `key` that leads to the result; spot checks come after it.
#[must_use]
pub fn step_after<'r>(rule: &'r AssessmentRule, key: &str) -> Option<&'r Step> {
    let mut next = rule.step_after(key);
    while let Some(step) = next.filter(|step| step.kind == StepKind::SpotCheck) {
        next = rule.step_after(&step.key);
    }
    next
}

/// The candidates in the order in which the seed draws them: by the SHA-256 of the seed followed
/// by their identifier, so that anyone can draw again.
#[must_use]
pub fn draw_order(seed: &str, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by_cached_key(|candidate| {
        Sha256::digest(format!("{seed}{}", candidate.person.simple()).as_bytes()).to_vec()
    });
    candidates
}

/// Somebody who may be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The person.
    pub person: Uuid,
    /// The node whose panel they sit in; `None` for colleagues.
    pub body: Option<Uuid>,
    /// Whether they lead that panel: they judge only when there is nobody else.
    pub chair: bool,
}

/// What was found of one piece.
#[derive(Debug)]
pub struct Found<'m> {
    /// The level that follows from what all who judged agree holds.
    pub level: Level,
    /// Why, in a sentence that names piece and level.
    pub sentence: String,
    /// The reasons that they wrote.
    pub reasons: Vec<&'m str>,
}

/// What those who `judged` found of `piece`; `None` where nobody judged it.
#[must_use]
pub fn found<'m>(piece: &Piece, judged: &[&'m [Marks]]) -> Option<Found<'m>> {
    let of_piece: Vec<&'m Marks> =
        judged.iter().filter_map(|marks| marks.iter().find(|m| m.piece == piece.key)).collect();
    let agreed: Vec<&str> = of_piece
        .first()?
        .met
        .iter()
        .map(String::as_str)
        .filter(|key| of_piece.iter().all(|marks| marks.met.iter().any(|met| met == key)))
        .collect();
    let reasons = of_piece.iter().map(|marks| marks.reason.as_str()).filter(|reason| !reason.is_empty());
    Some(Found { level: piece.level(&agreed), sentence: piece.explain(&agreed), reasons: reasons.collect() })
}

/// The level of the whole, in a sentence.
#[must_use]
pub fn conclusion(level: Level) -> String {
    format!("结论：{level}。各项材料中最低的等级即为该能力点的等级。")
}

/// Why a level was given: the pieces one by one, with what all who judged agree holds, and the
/// reasons they wrote.
#[must_use]
pub fn explain(pieces: &[Piece], judged: &[&[Marks]], level: Level) -> String {
    let mut lines = vec![conclusion(level)];
    for of_piece in pieces.iter().filter_map(|piece| found(piece, judged)) {
        lines.push(of_piece.sentence);
        lines.extend(of_piece.reasons.iter().map(|reason| format!("评语：{reason}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use tisheng_kernel::{Instant, Level};
    use tisheng_rules::samples::third_scheme;
    use uuid::Uuid;

    use super::{Candidate, Review, ReviewState, draw_order, explain, last_day, level_of, mark, step_after};

    #[test]
    fn ticks_and_level_must_go_together() {
        let scheme = third_scheme();
        let piece = &scheme.framework.pieces("P2")[0];
        let keys: Vec<String> = piece.criteria.iter().map(|c| c.key.clone()).collect();
        assert_eq!(mark(piece, &[], Some(Level::Excellent), "").expect("all holds").met, keys);
        assert_eq!(mark(piece, &[], Some(Level::Pass), "").expect("pass holds").level, Level::Pass);
        assert_eq!(mark(piece, &keys, None, "").expect("ticks are enough").level, Level::Excellent);
        assert_eq!(mark(piece, &keys[..1], None, "步骤缺失").expect("a reason").level, Level::Fail);
        for (ticks, said, reason) in [
            (&keys[..0], None, ""),
            (&keys[..0], None, "理由"),
            (&keys[..1], None, ""),
            (&keys[..], Some(Level::Fail), "理由"),
            (&keys[..], Some(Level::Pass), ""),
            (&keys[..0], Some(Level::Fail), ""),
        ] {
            assert!(mark(piece, ticks, said, reason).is_err(), "{ticks:?} {said:?} {reason}");
        }
    }

    proptest! {
        #[test]
        fn the_whole_is_as_good_as_its_weakest_piece(ticks in proptest::collection::vec(any::<bool>(), 12)) {
            let scheme = third_scheme();
            let pieces = scheme.framework.pieces("T1");
            let mut ticks = ticks.into_iter();
            let marks: Vec<_> = pieces
                .iter()
                .map(|piece| {
                    let met: Vec<String> = piece
                        .criteria
                        .iter()
                        .filter(|_| ticks.next().unwrap_or(false))
                        .map(|criterion| criterion.key.clone())
                        .collect();
                    let said = met.is_empty().then_some(Level::Fail);
                    mark(piece, &met, said, "理由").expect("ticks with a reason are marks")
                })
                .collect();
            let whole = level_of(&marks).expect("there are pieces");
            prop_assert!(marks.iter().all(|m| m.level >= whole));
            prop_assert!(marks.iter().any(|m| m.level == whole));
            for (piece, marks) in pieces.iter().zip(&marks) {
                let all = |level| piece.criteria.iter().filter(|c| c.level == level).all(|c| marks.met.contains(&c.key));
                prop_assert_eq!(marks.level.is_passed(), all(Level::Pass));
                prop_assert_eq!(marks.level == Level::Excellent, all(Level::Pass) && all(Level::Excellent));
            }
        }

        #[test]
        fn a_draw_is_the_same_again_and_leaves_nobody_out(people in proptest::collection::vec(any::<u128>(), 0..30)) {
            let people: Vec<Candidate> = people
                .into_iter()
                .map(|n| Candidate { person: Uuid::from_u128(n), body: None, chair: false })
                .collect();
            let mut turned = people.clone();
            turned.reverse();
            let drawn = draw_order("seed", people.clone());
            prop_assert_eq!(&draw_order("seed", turned), &drawn);
            prop_assert_eq!(drawn.len(), people.len());
        }
    }

    #[test]
    fn one_last_day_is_told_the_earlier_one() {
        let day = |d: u32| NaiveDate::from_ymd_opt(2021, 3, d).expect("a date");
        let at = |d: u32| Instant::start_of(day(d));
        assert_eq!(last_day(Some(day(24)), Some(at(13))), Some(day(13)));
        assert_eq!(last_day(Some(day(12)), Some(at(13))), Some(day(12)));
        assert_eq!(last_day(None, None), None);
        let in_time = |state, done: u32| Review::was_in_time(state, Some(at(done)), Some(day(12)));
        assert!(in_time(ReviewState::Done, 12) && !in_time(ReviewState::Done, 13));
        assert!(!in_time(ReviewState::Lapsed, 12));
    }

    #[test]
    fn steps_lead_to_the_result() {
        let scheme = third_scheme();
        let mut keys = vec![scheme.assessment.first_step().expect("a step").key.as_str()];
        while let Some(next) = step_after(&scheme.assessment, keys[keys.len() - 1]) {
            keys.push(&next.key);
        }
        assert_eq!(keys, ["self", "school_panel", "district_panel", "notice"]);
    }

    #[test]
    fn an_explanation_names_what_is_missing() {
        let scheme = third_scheme();
        let pieces = scheme.framework.pieces("P2");
        let one = [mark(&pieces[0], &[], Some(Level::Pass), "").expect("marks")];
        let other = [mark(&pieces[0], &[], Some(Level::Fail), "看不到步骤").expect("marks")];
        let text = explain(pieces, &[&one, &other], Level::Fail);
        assert!(
            text.contains("结论：不合格") && text.contains("步骤清楚") && text.contains("看不到步骤"),
            "{text}"
        );
    }
}
