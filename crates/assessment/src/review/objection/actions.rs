//! Objecting, answering, taking back.

use serde_json::json;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Level};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope, Tx, audit, jobs};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation;
use tisheng_training::hours::DisputeState;
use uuid::Uuid;

use super::store::{self, Answered};
use super::{Objection, further};
use crate::evidence::{State, Submission};
use crate::review::actions::{leads, owns, person, programme};
use crate::review::model::{self, Review, ReviewState};
use crate::review::panel::APPOINTERS;
use crate::review::steps::{Case, end_notice, judge_again, standing};
use crate::review::store::{self as reviews, Decided};
use crate::review::{OBJECTED, OBJECTION_ANSWERED};

/// What those are told whose objection was open when another was upheld.
const JUDGED_AGAIN: &str = "另一项异议已经成立，结论由考核小组重新评审。";

/// What whoever would answer but has to do with the work is told, before whose turn it is.
const INVOLVED: &str =
    "您是这份材料的作者、评审人或者异议的当事人，不能答复对它的异议，请由本单位的其他负责人答复。";

/// Whether the asker sees `decided` on notice: a level that fails is told to its author and to those
/// who lead alone.
pub fn sees(ctx: &Ctx, of: &Submission, decided: &Decided) -> bool {
    let is_public = decided.level != Level::Fail && ctx.scope().holds(&of.path);
    of.state == State::Notice && (owns(ctx, of) || leads(ctx, of) || is_public)
}

/// Whether the asker's role lets them object: not whoever is there to look only.
pub fn may_object(ctx: &Ctx) -> bool {
    const LOOKERS: [Role; 3] = [Role::Auditor, Role::Evaluator, Role::Institution];
    access::role(ctx).is_some_and(|role| !LOOKERS.contains(&role))
}

/// Whether the asker may object to `decided` now: its days are not over.
pub fn is_heard(ctx: &Ctx, decided: &Decided) -> bool {
    may_object(ctx) && decided.notice_until.is_some_and(|until| ctx.at.date() <= until)
}

/// Whether the asker may object to `decided` as things stand: it is heard, and nothing that the asker has said
/// before is open or was answered.
pub async fn may_object_to(ctx: &Ctx, tx: &mut Tx, case: &Case, decided: &Decided) -> Result<bool, Failure> {
    if case.submission.state != State::Notice || !is_heard(ctx, decided) {
        return Ok(false);
    }
    // Who has left reads only.
    let Ok(me) = person(ctx) else { return Ok(false) };
    let own = store::of_submission(tx, &case.submission).await?;
    let is_waiting = own.iter().any(|one| one.person == me && one.is_open());
    Ok(!is_waiting && further::bars(tx, case, me, decided).await?.is_none())
}

/// A work with what stands of it on notice, as the asker sees it.
async fn noticed(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<(Case, Decided), Failure> {
    let programme = programme(ctx, tx).await?;
    let case = Case::load(ctx, tx, programme, id).await?;
    let decided = reviews::decisions(tx, &case.submission).await?.pop().ok_or(Failure::NotFound)?;
    if sees(ctx, &case.submission, &decided) { Ok((case, decided)) } else { Err(Failure::NotFound) }
}

/// Objects to a level on notice.
///
/// # Errors
/// [`Failure::NotFound`] when the asker sees no such level; [`Failure::Refused`] when its days are
/// over or an objection of the asker's is open.
pub async fn object(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>, text: &str) -> Result<(), Failure> {
    let (case, decided) = noticed(ctx, tx, id).await?;
    reviews::hold(tx, case.submission.programme, id, &decided.step).await?;
    // It may have come into force while its row was held by another.
    let (case, decided) = noticed(ctx, tx, id).await?;
    if !is_heard(ctx, &decided) {
        return Err(Failure::Refused("公示期已过，或您当前的身份只能查看，不能提出异议。".to_owned()));
    }
    let of = &case.submission;
    let all = reviews::of_submission(tx, of).await?;
    let judged = |r: &&Review| r.step == decided.step && r.state == ReviewState::Done;
    let body = all.iter().filter(judged).find_map(|r| r.body).unwrap_or(of.school);
    let path = store::path_of_panel(tx, of.programme, body).await?.unwrap_or_else(|| of.path.clone());
    let me = person(ctx)?;
    if let Some(why) = further::bars(tx, &case, me, &decided).await? {
        return Err(Failure::Refused(why.to_owned()));
    }
    let (due_on, above) = further::first(tx, &case, &path, ctx.at.date()).await?;
    let objection = Objection {
        programme: of.programme,
        id: ctx.id(),
        submission: id,
        capability: of.capability.clone(),
        author: String::new(),
        school: String::new(),
        body,
        path,
        above,
        person: me,
        name: String::new(),
        level: decided.level,
        text: text.to_owned(),
        opened_at: ctx.at,
        due_on,
        state: DisputeState::Open,
        answer: String::new(),
        answered_at: None,
    };
    if !store::add(tx, &objection).await? {
        return Err(Failure::Refused("您对这个结论的异议正在等待答复，不必重复提出。".to_owned()));
    }
    let detail = json!({ "objection": objection.id, "step": decided.step, "level": decided.level.code() });
    audit::record(ctx, tx, "review.objected", id.uuid(), &detail).await?;
    let payload = json!({ "programme": of.programme, "submission": id, "objection": objection.id });
    jobs::emit(tx, ctx.at, OBJECTED, &payload).await?;
    Ok(())
}

/// Whose objections the asker answers by appointing the panel: those of the own node; the principal's reach to
/// what belongs to the school. At an office they are not those of the schools below: these answer first.
pub fn heads(ctx: &Ctx) -> Scope {
    match (access::role(ctx), ctx.who.member()) {
        (Some(Role::Principal), _) => ctx.scope(),
        (Some(role), Some(member)) if APPOINTERS.contains(&role) => Scope::only(&member.path),
        _ => Scope::nothing(),
    }
}

/// Whether the asker appoints panels above the node that answers `objection`.
fn is_above(ctx: &Ctx, objection: &Objection) -> bool {
    let appoints = access::role(ctx).is_some_and(|role| APPOINTERS.contains(&role));
    appoints && ctx.scope().holds(&objection.path)
}

/// Whether the asker has to do with the work: as its author, by an objection, by a judgement, by the
/// answer that `about` is taken further from.
async fn is_involved(ctx: &Ctx, tx: &mut Tx, of: &Submission, about: &Objection) -> Result<bool, Failure> {
    let me = person(ctx)?;
    if store::has_answered(tx, about, me).await? {
        return Ok(true);
    }
    let judged = reviews::of_submission(tx, of).await?;
    let objected = store::of_submission(tx, of).await?;
    Ok(of.person == me
        || judged.iter().any(|review| review.reviewer == me && review.done_at.is_some())
        || objected.iter().any(|objection| objection.person == me))
}

/// What waits for the asker's answer.
pub async fn waiting(ctx: &Ctx, tx: &mut Tx, programme: Uuid) -> Result<Vec<Objection>, Failure> {
    let mut found = Vec::new();
    for objection in store::waiting(tx, programme, (person(ctx)?, &heads(ctx)), ctx.at.date()).await? {
        let case = Case::load(ctx, tx, programme, objection.submission).await?;
        if !is_involved(ctx, tx, &case.submission, &objection).await? {
            found.push(objection);
        }
    }
    Ok(found)
}

/// An objection that the asker may answer or has to know of as one who could.
///
/// # Errors
/// [`Failure::Refused`] for the levels above whose turn it is not, and for whoever would answer but has to do with
/// the work; [`Failure::NotFound`] for everybody else.
pub async fn to_answer(ctx: &Ctx, tx: &mut Tx, id: Id<Objection>) -> Result<(Objection, Case), Failure> {
    let programme = programme(ctx, tx).await?;
    let objection = store::by_id(tx, programme, id).await?.ok_or(Failure::NotFound)?;
    let is_chair = reviews::chair_of(tx, programme, objection.body).await? == Some(person(ctx)?);
    let case = Case::load(ctx, tx, programme, objection.submission).await?;
    let desk = heads(ctx);
    let is_next = objection.above.as_deref() == Some(desk.from.as_str());
    let is_on = is_chair || desk.holds(&objection.path) || is_next && objection.is_late(ctx.at.date());
    if !is_on && !is_next && !is_above(ctx, &objection) {
        return Err(Failure::NotFound);
    }
    if is_involved(ctx, tx, &case.submission, &objection).await? {
        if !objection.is_open() || !is_on && !is_next {
            return Err(Failure::NotFound);
        }
        let turn = whose_turn(tx, &objection).await?;
        return Err(Failure::Refused(format!("{INVOLVED}{turn}")));
    }
    if objection.is_open() && !is_on {
        return Err(Failure::Refused(whose_turn(tx, &objection).await?));
    }
    Ok((objection, case))
}

/// Who answers `objection` now, and who after them.
async fn whose_turn(tx: &mut Tx, objection: &Objection) -> Result<String, Failure> {
    let mut names = Vec::new();
    for path in [Some(&objection.path), objection.above.as_ref()].into_iter().flatten() {
        names.extend(organisation::by_path(tx, path).await?.map(|node| node.name));
    }
    let due = chinese_date(objection.due_on);
    Ok(match names.as_slice() {
        [own, above] => {
            format!("这项异议由{own}在{due}前答复；逾期未答复，或者对答复不服提出申诉的，由{above}答复。")
        }
        [own] => format!("这项异议由{own}在{due}前答复。"),
        _ => format!("这项异议由作出结论的单位在{due}前答复。"),
    })
}

/// Answers an objection. When it is `upheld` the work is judged again, else the notice goes on. Gives how many of
/// the judges judge it a second time, since there are not enough others.
///
/// # Errors
/// [`Failure::NotFound`] as [`to_answer`]; [`Failure::Refused`] when it is not open any more.
pub async fn answer(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Objection>,
    (upheld, text): (bool, &str),
) -> Result<usize, Failure> {
    let (objection, case) = to_answer(ctx, tx, id).await?;
    if !objection.is_open() {
        return Err(closed());
    }
    let of = &case.submission;
    let decided = standing(tx, of).await?;
    reviews::hold(tx, of.programme, of.id, &decided.step).await?;
    let state = if upheld { DisputeState::Upheld } else { DisputeState::Rejected };
    settle(ctx, tx, of, &objection, (state, text)).await?;
    if !upheld {
        end_notice(ctx, tx, &case).await?;
        return Ok(0);
    }
    for other in store::of_submission(tx, of).await?.iter().filter(|other| other.is_open()) {
        settle(ctx, tx, of, other, (state, JUDGED_AGAIN)).await?;
    }
    judge_again(ctx, tx, &case, &decided).await?;
    Ok(model::judging_twice(&reviews::of_submission(tx, of).await?, &decided.step))
}

/// Writes the answer to an objection and tells of it.
async fn settle(
    ctx: &Ctx,
    tx: &mut Tx,
    of: &Submission,
    objection: &Objection,
    (state, text): (DisputeState, &str),
) -> Result<(), Failure> {
    let (account, _, _) = ctx.who.signature();
    let path = ctx.who.member().map_or("", |member| member.path.as_str());
    if !store::answer(tx, objection, &Answered { state, text, at: ctx.at, account, path }).await? {
        return Err(closed());
    }
    let detail = json!({ "objection": objection.id, "state": state.code(), "level": objection.level.code() });
    audit::record(ctx, tx, "review.objection_answered", of.id.uuid(), &detail).await?;
    let payload = json!({
        "programme": of.programme, "person": of.person, "submission": of.id, "objection": objection.id,
        "state": state.code(),
    });
    Ok(jobs::emit(tx, ctx.at, OBJECTION_ANSWERED, &payload).await?)
}

/// Takes an objection of the asker's own back.
///
/// # Errors
/// [`Failure::NotFound`] for another's; [`Failure::Refused`] when it is not open any more.
pub async fn withdraw(ctx: &Ctx, tx: &mut Tx, id: Id<Objection>) -> Result<Objection, Failure> {
    let programme = programme(ctx, tx).await?;
    let me = person(ctx)?;
    let found = store::by_id(tx, programme, id).await?.filter(|objection| objection.person == me);
    let objection = found.ok_or(Failure::NotFound)?;
    let case = Case::load(ctx, tx, programme, objection.submission).await?;
    // Locks are taken in the order in which an answer takes them.
    let decided = standing(tx, &case.submission).await?;
    reviews::hold(tx, programme, case.submission.id, &decided.step).await?;
    if !store::withdraw(tx, &objection, me, ctx.at).await? {
        return Err(closed());
    }
    let detail = json!({ "objection": id });
    audit::record(ctx, tx, "review.objection_withdrawn", objection.submission.uuid(), &detail).await?;
    end_notice(ctx, tx, &case).await?;
    Ok(objection)
}

fn closed() -> Failure {
    Failure::Refused("这项异议已经处理。".to_owned())
}
