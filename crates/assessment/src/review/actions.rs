//! What authors, reviewers and chairs do.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::{Failure, Fields, FormErrors};
use tisheng_platform::{Ctx, Tx, audit, jobs};
use tisheng_policy::scheme;
use tisheng_registry::access::{self, Role};
use tisheng_registry::people;
use tisheng_rules::assessment::StepKind;
use tisheng_rules::framework::Piece;
use uuid::Uuid;

use super::draft::Place;
use super::model::{Duty, Marks, Review, ReviewState, level_of, mark};
use super::steps::{Case, fill, go_on, settle};
use super::store::drafts;
use super::store::person::{self as of_person, InHand};
use super::{PEER_ENDED, RETURNED, objection, store};
use crate::evidence::{self, Onward, State, Submission};

/// Characters of a reason or remark.
const REASON: usize = 1000;

/// A review in the hands of the asker, with what is judged.
pub(super) struct Desk {
    pub review: Review,
    pub case: Case,
}

/// The programme of the asker.
pub(super) async fn programme(ctx: &Ctx, tx: &mut Tx) -> Result<Uuid, Failure> {
    Ok(scheme::current(ctx, tx).await?.id.uuid())
}

/// The asker as a person; nobody who has left judges or objects.
pub(super) fn person(ctx: &Ctx) -> Result<Uuid, Failure> {
    let member = ctx.who.member().filter(|member| !member.only_reads());
    Ok(member.ok_or(Failure::NotFound)?.person)
}

/// Who sees results of their node besides the author.
const LEADERS: [Role; 7] =
    [Role::Principal, Role::Cio, Role::ManagementTeam, Role::Town, Role::County, Role::City, Role::Province];

/// Whether the asker is the author, at work as a teacher or reading the own record.
pub(super) fn owns(ctx: &Ctx, of: &Submission) -> bool {
    access::of_own_record(ctx).is_ok_and(|member| member.person == of.person)
}

/// Whether the asker sees results of the author's school.
pub(super) fn leads(ctx: &Ctx, of: &Submission) -> bool {
    access::role(ctx).is_some_and(|role| LEADERS.contains(&role)) && ctx.scope().holds(&of.path)
}

/// The review `id`, while it is in the asker's hands. Whatever was not drawn for the asker, or is
/// not any more, is not found.
pub(super) async fn in_hand(ctx: &Ctx, tx: &mut Tx, id: Id<Review>) -> Result<Desk, Failure> {
    let me = person(ctx)?;
    let programme = programme(ctx, tx).await?;
    let found = store::by_id(tx, programme, id).await?;
    let review = found
        .filter(|review| review.reviewer == me && review.state == ReviewState::Open)
        .ok_or(Failure::NotFound)?;
    let case = Case::load(ctx, tx, programme, review.submission).await?;
    if case.submission.step != review.step {
        return Err(Failure::NotFound);
    }
    Ok(Desk { review, case })
}

/// The same while nobody else judges the step: who waits for its judgement does not come after it.
pub(super) async fn held(ctx: &Ctx, tx: &mut Tx, id: Id<Review>) -> Result<Desk, Failure> {
    let Desk { review, .. } = in_hand(ctx, tx, id).await?;
    store::hold(tx, review.programme, review.submission, &review.step).await?;
    in_hand(ctx, tx, id).await
}

/// A review that was drawn for the asker and is not in their hands any more, for who still sends something to
/// it.
///
/// # Errors
/// [`Failure::NotFound`] for what was never drawn for the asker, and for what is in their hands.
pub(super) async fn gone(ctx: &Ctx, tx: &mut Tx, id: Id<Review>) -> Result<Desk, Failure> {
    let me = person(ctx)?;
    let programme = programme(ctx, tx).await?;
    let found = store::by_id(tx, programme, id).await?;
    let was_drawn = |review: &Review| review.reviewer == me && review.duty != Duty::Own;
    let is_gone = |review: &Review| review.state != ReviewState::Open;
    let review = found.filter(|review| was_drawn(review) && is_gone(review)).ok_or(Failure::NotFound)?;
    let case = Case::load(ctx, tx, programme, review.submission).await?;
    Ok(Desk { review, case })
}

/// The asker's own submission while the own judgement is awaited.
pub(super) async fn own(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<Case, Failure> {
    let member = access::require(ctx, &[Role::Teacher])?;
    let programme = programme(ctx, tx).await?;
    let case = Case::load(ctx, tx, programme, id).await?;
    if case.submission.person != member.person {
        return Err(Failure::NotFound);
    }
    Ok(case)
}

/// The same while its own judgement can still be given, and nobody gives it meanwhile.
///
/// # Errors
/// [`Failure::Refused`] when it has been given already.
pub(super) async fn own_open(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<Case, Failure> {
    people::hold(tx, Id::from_uuid(person(ctx)?)).await?;
    let case = own(ctx, tx, id).await?;
    if case.submission.state != State::Submitted {
        return Err(Failure::Refused("自评已经完成。".to_owned()));
    }
    Ok(case)
}

/// The marks that a form gives for `pieces`.
///
/// # Errors
/// What contradicts itself or is missing, by field.
pub(super) fn read_marks(pieces: &[Piece], fields: &Fields) -> Result<Vec<Marks>, FormErrors> {
    let ticked: Vec<String> = fields.all("met").map(ToOwned::to_owned).collect();
    let (mut marks, mut check) = (Vec::new(), fields.check());
    for piece in pieces {
        let name = format!("reason-{}", piece.key);
        let reason = check.optional(&name, "理由", REASON);
        let said = fields.text(&format!("level-{}", piece.key)).parse().ok();
        match mark(piece, &ticked, said, reason) {
            Ok(found) => marks.push(found),
            Err(contradiction) => {
                let field = format!("piece-{}", piece.key);
                check.title(&field, &piece.name);
                check.fail(&field, contradiction.to_string());
            }
        }
    }
    check.optional("remark", "总体意见", REASON);
    let errors = check.errors();
    if errors.is_empty() { Ok(marks) } else { Err(errors) }
}

/// What `of` has still to judge.
///
/// # Errors
/// What the database reports.
pub async fn in_hand_of(ctx: &Ctx, tx: &mut Tx, programme: Uuid, of: Uuid) -> Result<InHand, Failure> {
    let (others, due) = of_person::of_others(tx, programme, of).await?;
    let objections = objection::store::led(tx, programme, of).await?;
    let mut found = InHand { others, due, objections, ..InHand::default() };
    let mine = evidence::current(tx, programme, of).await?;
    for work in mine.iter().filter(|work| work.state == State::Submitted) {
        let rules = evidence::rules_of(ctx, tx, work).await?;
        found.own += 1;
        found.own_work = (found.own == 1).then_some(work.id);
        found.own_due = found.own_due.into_iter().chain(work.own_due(&rules)).min();
    }
    Ok(found)
}

/// Judges a review in the asker's hands.
///
/// # Errors
/// [`Failure::NotFound`] when it is not in the asker's hands (any more).
pub(super) async fn judge(
    ctx: &Ctx,
    tx: &mut Tx,
    desk: &Desk,
    marks: &[Marks],
    remark: &str,
) -> Result<(), Failure> {
    let level = level_of(marks).ok_or_else(|| Failure::Internal("a capability without pieces".to_owned()))?;
    store::hold(tx, desk.review.programme, desk.review.submission, &desk.review.step).await?;
    if !store::judge(tx, &desk.review, ctx.at, level, marks, remark).await? {
        return Err(Failure::NotFound);
    }
    drafts::discard(tx, &Place::of(&desk.review)).await?;
    let detail = json!({
        "review": desk.review.id, "duty": desk.review.duty.code(), "step": desk.review.step, "level": level.code(),
    });
    audit::record(ctx, tx, "review.judged", desk.review.submission.uuid(), &detail).await?;
    tell_peer(ctx, tx, &desk.review).await?;
    settle(ctx, tx, &desk.case).await
}

/// Tells that a review of a colleague's work came to an end: it counts for its reviewer.
async fn tell_peer(ctx: &Ctx, tx: &mut Tx, review: &Review) -> Result<(), Failure> {
    if review.duty == Duty::Peer {
        let payload = json!({ "programme": review.programme, "person": review.reviewer });
        jobs::emit(tx, ctx.at, PEER_ENDED, &payload).await?;
    }
    Ok(())
}

/// The author's own judgement; the first step then ends.
///
/// # Errors
/// [`Failure::Refused`] when it has been given already.
pub(super) async fn judge_own(
    ctx: &Ctx,
    tx: &mut Tx,
    case: &Case,
    marks: &[Marks],
    remark: &str,
) -> Result<(), Failure> {
    let step = case.step().filter(|step| step.kind == StepKind::SelfReview);
    let step = step.ok_or_else(|| Failure::Refused("自评已经完成。".to_owned()))?;
    let level = level_of(marks).ok_or_else(|| Failure::Internal("a capability without pieces".to_owned()))?;
    let review = Review {
        programme: case.submission.programme,
        id: ctx.id(),
        submission: case.submission.id,
        step: step.key.clone(),
        duty: Duty::Own,
        reviewer: case.submission.person,
        pool: "教师本人".to_owned(),
        body: None,
        blind: false,
        state: ReviewState::Open,
        drawn_at: ctx.at,
        due_on: case.submission.own_due(&case.rules),
        lapses_at: None,
        done_at: None,
        level: None,
        marks: Vec::new(),
        remark: String::new(),
    };
    store::add(tx, &review).await?;
    store::judge(tx, &review, ctx.at, level, marks, remark).await?;
    drafts::discard(tx, &Place::of(&review)).await?;
    let detail = json!({ "review": review.id, "duty": "self", "step": step.key, "level": level.code() });
    audit::record(ctx, tx, "review.judged", case.submission.id.uuid(), &detail).await?;
    go_on(ctx, tx, case, step).await
}

/// Returns a submission to its author, until the panel has decided.
///
/// # Errors
/// [`Failure::NotFound`] for a duty that may not return.
pub(super) async fn send_back(ctx: &Ctx, tx: &mut Tx, desk: &Desk, reason: &str) -> Result<(), Failure> {
    if !desk.review.duty.may_return() || desk.case.submission.state != State::Panel {
        return Err(Failure::NotFound);
    }
    let submission = &desk.case.submission;
    evidence::advance(ctx, tx, submission, Onward::Returned(reason)).await?;
    store::void(tx, submission, false).await?;
    drafts::discard_all(tx, submission.programme, submission.id).await?;
    let detail = json!({ "review": desk.review.id, "reason": reason });
    audit::record(ctx, tx, "review.returned", submission.id.uuid(), &detail).await?;
    let payload = json!({
        "programme": submission.programme, "person": submission.person, "capability": submission.capability,
        "submission": submission.id,
    });
    jobs::emit(tx, ctx.at, RETURNED, &payload).await?;
    Ok(())
}

/// Takes the asker's own submission back, until somebody else has judged it.
///
/// # Errors
/// [`Failure::Refused`] when somebody has.
pub(super) async fn withdraw(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<(), Failure> {
    let case = own(ctx, tx, id).await?;
    let reviews = store::of_submission(tx, &case.submission).await?;
    // What was set aside after an objection was judged all the same.
    if reviews.iter().any(|review| review.done_at.is_some() && review.duty != Duty::Own) {
        return Err(Failure::Refused("已经有人评审，不能撤回；如需修改，请等待考核小组退回。".to_owned()));
    }
    evidence::reopen(ctx, tx, &case.submission).await?;
    store::void(tx, &case.submission, true).await?;
    drafts::discard_all(tx, case.submission.programme, id).await?;
    store::drop_seeds(tx, &case.submission).await?;
    Ok(())
}

/// Begins the step that a submission has just entered, or draws what it lacks.
pub(super) async fn look_after(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Uuid,
    id: Id<Submission>,
) -> Result<(), Failure> {
    let case = Case::load(ctx, tx, programme, id).await?;
    fill(ctx, tx, &case).await
}

/// Takes a review away from somebody who has left it alone, and draws another.
pub(super) async fn lapse(ctx: &Ctx, tx: &mut Tx, programme: Uuid, id: Id<Review>) -> Result<(), Failure> {
    let Some(review) = store::by_id(tx, programme, id).await? else { return Ok(()) };
    store::hold(tx, programme, review.submission, &review.step).await?;
    let due = review.lapses_at.is_some_and(|at| at <= ctx.at);
    if due { take_away(ctx, tx, &review).await } else { Ok(()) }
}

/// Takes a review that is not done from its reviewer, with what was typed for it, and draws another. The
/// caller holds the step.
pub(super) async fn take_away(ctx: &Ctx, tx: &mut Tx, review: &Review) -> Result<(), Failure> {
    if take_back(ctx, tx, review, ReviewState::Lapsed).await? {
        look_after(ctx, tx, review.programme, review.submission).await?;
    }
    Ok(())
}

/// Ends the judging of peers whose days are over: the work goes on with what came, since they decide nothing.
/// Whoever was drawn so late that the own days were not over is not counted as having left it alone.
pub(super) async fn end_peers(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Uuid,
    id: Id<Submission>,
) -> Result<(), Failure> {
    let step = Case::load(ctx, tx, programme, id).await?.submission.step;
    store::hold(tx, programme, id, &step).await?;
    // It may have gone on while its row was held by another.
    let case = Case::load(ctx, tx, programme, id).await?;
    if case.peers_until().is_none_or(|until| ctx.at.date() <= until) {
        return Ok(());
    }
    let mut open = store::of_submission(tx, &case.submission).await?;
    open.retain(|review| review.step == case.submission.step && review.state == ReviewState::Open);
    for review in &open {
        let had_time = review.lapses_at.is_none_or(|at| at <= ctx.at);
        let state = if had_time { ReviewState::Lapsed } else { ReviewState::Void };
        take_back(ctx, tx, review, state).await?;
    }
    fill(ctx, tx, &case).await
}

/// Takes a review out of its reviewer's hands, with what was typed for it; says whether it was there.
pub(super) async fn take_back(
    ctx: &Ctx,
    tx: &mut Tx,
    review: &Review,
    state: ReviewState,
) -> Result<bool, Failure> {
    if !store::take_back(tx, review, state).await? {
        return Ok(false);
    }
    drafts::discard(tx, &Place::of(review)).await?;
    let detail = json!({ "review": review.id, "step": review.step, "state": state.code() });
    audit::record(ctx, tx, "review.lapsed", review.submission.uuid(), &detail).await?;
    tell_peer(ctx, tx, review).await?;
    Ok(true)
}
