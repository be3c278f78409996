//! To the level above (申诉): what somebody does who objected and does not accept the answer, and to whom
//! anybody turns whose objection is not answered in time.
//!
//! The rules name who answers in order. Whoever has objected, the author or another, and was refused may turn
//! to the next of them that stands above the panel's node, within the rules' days after the answer; until
//! these are over, or that answer is there, the level does not come into force. What is late stands on the
//! desk of the next of them as it is: whoever appoints panels there answers it.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::json;
use tisheng_kernel::{Id, Instant, WorkCalendar};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit, jobs};
use tisheng_registry::organisation::Node;
use tisheng_rules::TierKey;
use tisheng_training::hours::{DisputeState, due_on};
use uuid::Uuid;

use super::Objection;
use super::actions::may_object;
use super::store;
use crate::evidence::{State, Submission};
use crate::review::actions::{owns, person, programme};
use crate::review::steps::{Case, above, day_after, standing};
use crate::review::store::{self as reviews, Decided};
use crate::review::{NOTICE_JOB, OBJECTED};

/// Who answers next, and until when they are asked.
#[derive(Debug, Clone)]
pub struct Further {
    /// The office.
    pub node: Node,
    /// Working days it has.
    pub days: u32,
    /// The last day on which it is turned to; none while the answer before is awaited.
    pub until: Option<NaiveDate>,
    /// Whether the rules name nobody above it: its answer is the last.
    pub is_last: bool,
}

/// The offices that the rules name above the school, in their order, with the working days that each has.
async fn offices(tx: &mut Tx, case: &Case) -> Result<Vec<(Node, u32)>, Failure> {
    let mut found = Vec::new();
    for stage in &case.rules.assessment.appeals {
        let kind = match *stage.by {
            TierKey::School => continue,
            TierKey::Town | TierKey::County => "county",
            TierKey::City => "city",
            TierKey::Province => "province",
        };
        let node = above(tx, &case.submission, kind).await?;
        found.extend(node.map(|node| (node, *stage.days)));
    }
    Ok(found)
}

/// The first of `offices` whose path is shorter than `length`, and whether none after it stands higher.
fn first_above(offices: &[(Node, u32)], length: usize) -> Option<(&Node, u32, bool)> {
    let mut from = offices.iter().skip_while(|(node, _)| node.path.len() >= length);
    let (node, days) = from.next()?;
    Some((node, *days, from.all(|(other, _)| other.path.len() >= node.path.len())))
}

/// Until when the node at `path`, whose panel has decided, answers what is objected on `today`; and the path of
/// the office that answers as well once that day is over.
pub async fn first(
    tx: &mut Tx,
    case: &Case,
    path: &str,
    today: NaiveDate,
) -> Result<(NaiveDate, Option<String>), Failure> {
    let (offices, calendar) = (offices(tx, case).await?, WorkCalendar::default());
    let own = offices.iter().find(|(node, _)| node.path == path);
    let due = match own {
        Some((_, days)) => calendar.after_working_days(today, *days),
        None => due_on(&case.rules, &calendar, today),
    };
    Ok((due, first_above(&offices, path.len()).map(|(node, ..)| node.path.clone())))
}

/// Who stands above the node that answers, or answered, `objection`; `None` where the rules name nobody
/// more: that answer is the last.
pub async fn next(tx: &mut Tx, case: &Case, objection: &Objection) -> Result<Option<Further>, Failure> {
    // What was late may have been answered from above: nobody below takes that up again.
    let answered = store::answered_at(tx, objection).await?;
    let shorter = |path: &String| !path.is_empty() && path.len() < objection.path.len();
    let below = Some(answered).filter(shorter).map_or(objection.path.len(), |path| path.len());
    let offices = offices(tx, case).await?;
    let within = *case.rules.assessment.appeal_within;
    let after = |at: Instant| WorkCalendar::default().after_working_days(at.date(), within);
    Ok(first_above(&offices, below).map(|(node, days, is_last)| Further {
        node: node.clone(),
        days,
        until: objection.answered_at.map(after),
        is_last,
    }))
}

/// Why `person` does not object to `decided` anew: an answer is taken to the level above, and the last one is
/// the last for the revision. `None` where nothing stands against it.
pub async fn bars(
    tx: &mut Tx,
    case: &Case,
    person: Uuid,
    decided: &Decided,
) -> Result<Option<&'static str>, Failure> {
    let mut own = store::of_submission(tx, &case.submission).await?;
    own.retain(|one| one.person == person && one.state == DisputeState::Rejected);
    for one in &own {
        if is_last(tx, case, one).await? {
            return Ok(Some("您的异议已由最后一级答复，为最终结论，不能再提出异议。"));
        }
    }
    let refused = own.iter().any(|one| one.opened_at >= decided.decided_at);
    Ok(refused.then_some("您对这个结论的异议已经答复，不能重复提出；不服答复的，请在期限内向上一级申诉。"))
}

/// The last objection of `person` to what stands, where it was rejected and somebody above can still be turned
/// to on `today`.
async fn open_to(
    tx: &mut Tx,
    case: &Case,
    person: Uuid,
    today: NaiveDate,
) -> Result<Option<(Objection, Further)>, Failure> {
    let of = &case.submission;
    if of.state != State::Notice {
        return Ok(None);
    }
    let since = standing(tx, of).await?.decided_at;
    let own = store::of_submission(tx, of).await?.into_iter().rfind(|one| one.person == person);
    let rejected = |one: &Objection| one.state == DisputeState::Rejected && one.opened_at >= since;
    let Some(last) = own.filter(rejected) else { return Ok(None) };
    let further = next(tx, case, &last).await?;
    Ok(further.filter(|to| to.until.is_some_and(|until| today <= until)).map(|to| (last, to)))
}

/// To whom whoever made `objection` turns next: for what is late, and for what was rejected and can still be
/// taken further.
pub async fn offered(
    ctx: &Ctx,
    tx: &mut Tx,
    case: &Case,
    objection: &Objection,
) -> Result<Option<Further>, Failure> {
    if objection.is_late(ctx.at.date()) {
        return next(tx, case, objection).await;
    }
    let open = open_to(tx, case, objection.person, ctx.at.date()).await?;
    Ok(open.filter(|(last, _)| last.id == objection.id).map(|(_, to)| to))
}

/// Whether `objection` was rejected by the last whom the rules name.
pub async fn is_last(tx: &mut Tx, case: &Case, objection: &Objection) -> Result<bool, Failure> {
    Ok(objection.state == DisputeState::Rejected && next(tx, case, objection).await?.is_none())
}

/// Whether the level waits for somebody who objected to turn to the level above; it is looked at again the day
/// after.
pub async fn holds(ctx: &Ctx, tx: &mut Tx, case: &Case) -> Result<bool, Failure> {
    let all = store::of_submission(tx, &case.submission).await?;
    let people: BTreeSet<Uuid> = all.iter().map(|one| one.person).collect();
    let mut held = false;
    for person in people {
        let open = open_to(tx, case, person, ctx.at.date()).await?;
        let Some((last, until)) = open.and_then(|(last, to)| Some((last, to.until?))) else { continue };
        let key = format!("{}/{}", case.submission.id, last.id);
        let payload = json!({ "programme": case.submission.programme, "submission": case.submission.id });
        jobs::enqueue(tx, day_after(until), NOTICE_JOB, &key, &payload).await?;
        held = true;
    }
    Ok(held)
}

/// The work `id`, to whose level the asker has objected or whose author the asker is; nobody who has left, or
/// is there to look only, takes anything further.
pub async fn own(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<Case, Failure> {
    let me = person(ctx)?;
    let programme = programme(ctx, tx).await?;
    let case = Case::load(ctx, tx, programme, id).await?;
    let objected = store::of_submission(tx, &case.submission).await?.iter().any(|one| one.person == me);
    if owns(ctx, &case.submission) || may_object(ctx) && objected { Ok(case) } else { Err(Failure::NotFound) }
}

/// Turns to the level above with what was rejected.
///
/// # Errors
/// [`Failure::NotFound`] for everybody who has neither made the work nor objected; [`Failure::Refused`] when
/// nobody can be turned to any more.
pub async fn raise(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>, text: &str) -> Result<(), Failure> {
    let me = person(ctx)?;
    let case = own(ctx, tx, id).await?;
    let programme = case.submission.programme;
    let over = || Failure::Refused("现在没有可以继续申诉的答复，或者申诉的期限已过。".to_owned());
    if case.submission.state != State::Notice {
        return Err(over());
    }
    let decided = standing(tx, &case.submission).await?;
    reviews::hold(tx, programme, id, &decided.step).await?;
    // It may have come into force while its row was held by another.
    let case = Case::load(ctx, tx, programme, id).await?;
    let (last, to) = open_to(tx, &case, me, ctx.at.date()).await?.ok_or_else(over)?;
    let offices = offices(tx, &case).await?;
    let objection = Objection {
        id: ctx.id(),
        body: to.node.id.uuid(),
        above: first_above(&offices, to.node.path.len()).map(|(node, ..)| node.path.clone()),
        path: to.node.path,
        person: me,
        level: decided.level,
        text: text.to_owned(),
        opened_at: ctx.at,
        due_on: WorkCalendar::default().after_working_days(ctx.at.date(), to.days),
        state: DisputeState::Open,
        answer: String::new(),
        answered_at: None,
        ..last.clone()
    };
    if !store::add(tx, &objection).await? {
        return Err(over());
    }
    let detail = json!({ "objection": objection.id, "after": last.id, "level": decided.level.code() });
    audit::record(ctx, tx, "review.appealed", id.uuid(), &detail).await?;
    let payload = json!({ "programme": programme, "submission": id, "objection": objection.id });
    Ok(jobs::emit(tx, ctx.at, OBJECTED, &payload).await?)
}

/// What was said before an objection was taken to the node that it lies before now.
pub async fn before(tx: &mut Tx, case: &Case, of: &Objection) -> Result<Vec<Objection>, Failure> {
    let mut all = store::of_submission(tx, &case.submission).await?;
    all.retain(|one| one.person == of.person && one.id != of.id && one.opened_at <= of.opened_at);
    all.retain(|one| one.state == DisputeState::Rejected);
    Ok(all)
}
