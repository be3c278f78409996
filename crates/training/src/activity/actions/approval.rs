//! Approving, by the school, or above it when nobody there may: nobody approves what they planned.

use std::collections::BTreeSet;

use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access;
use tisheng_registry::organisation;
use tisheng_registry::people::Person;

use super::super::model::{Activity, ActivityError, Overlap, State, Step};
use super::super::store::{self, Moving};
use super::{APPROVERS, SOURCE, activity, step, with_reason};
use crate::hours::{self, Channel, Report, Whom};

/// Whether the asker's role lets them approve, at their school or for the schools below them.
pub fn judges(ctx: &Ctx) -> bool {
    access::is_office(ctx) || access::require(ctx, &APPROVERS).is_ok()
}

/// Whether an activity is the offices' to approve: its school has nobody who may but whoever planned it.
async fn goes_up(ctx: &Ctx, tx: &mut Tx, of: &Activity) -> Result<bool, DbError> {
    let is_held = matches!(of.state, State::Submitted | State::Approved);
    Ok(is_held && store::approvers::at_school(tx, of, ctx.at.date()).await?.is_empty())
}

/// An activity that the asker may look at: one of the own school, or one that is the offices' to approve.
///
/// # Errors
/// 404 when there is none.
pub async fn seen(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
) -> Result<Activity, Failure> {
    if !access::is_office(ctx) {
        return activity(ctx, tx, programme, id).await;
    }
    let found = store::of_id(tx, programme.id, &ctx.scope(), id).await?.ok_or(Failure::NotFound)?;
    if goes_up(ctx, tx, &found).await? { Ok(found) } else { Err(Failure::NotFound) }
}

/// Who approves an activity, in a sentence without its full stop.
///
/// # Errors
/// What the database reports.
pub async fn who_approves(ctx: &Ctx, tx: &mut Tx, of: &Activity) -> Result<String, Failure> {
    let day = ctx.at.date();
    let at_school = store::approvers::at_school(tx, of, day).await?;
    if !at_school.is_empty() {
        return Ok(format!("由{}审核", at_school.join("、")));
    }
    for above in organisation::ancestors(tx, &of.path).await?.iter().rev() {
        if store::approvers::has_office(tx, above.id, of, day).await? {
            return Ok(format!("本校除组织者外没有可以审核的负责人，由上级工程办（{}）审核", above.name));
        }
    }
    Ok("本校除组织者外没有可以审核的负责人，请学校增补首席信息官或管理团队成员".to_owned())
}

/// An activity whose approval is the asker's to give or to withdraw.
async fn to_judge(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
) -> Result<(Activity, Id<Person>), ActivityError> {
    if !judges(ctx) {
        return Err(Failure::NotFound.into());
    }
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let found = seen(ctx, tx, programme, id).await?;
    if found.planned_by.uuid() == member.person {
        return Err(ActivityError::Own);
    }
    Ok((found, Id::from_uuid(member.person)))
}

/// Approves record and list, and books the hours of everyone on it. Whoever has hours of another
/// activity at the same time waits for a person.
///
/// # Errors
/// [`ActivityError::Own`], [`ActivityError::NotNow`], [`ActivityError::Stale`]; 404 elsewhere.
pub async fn approve(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
) -> Result<hours::Receipt, ActivityError> {
    let (found, approver) = to_judge(ctx, tx, programme, id).await?;
    let moving = Moving { approvals: 1, approved: Some((ctx.at, approver)), ..Moving::default() };
    step(ctx, tx, &found, Step::Approve, &moving).await?;
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    let attendees = store::attendees(tx, id).await?;
    let overlaps = store::overlapping(tx, programme.id, &found).await?;
    let reports: Vec<Report> = attendees
        .iter()
        .map(|attendee| Report {
            whom: Whom::Known(attendee.person),
            category: found.plan.category.clone(),
            kind: found.plan.kind.clone(),
            seconds: found.plan.seconds,
            length: *rules.hours.length,
            worked_on: found.plan.begins_at.date(),
            title: found.plan.title.clone(),
            source: SOURCE.to_owned(),
            source_id: found.source_id(attendee.person, found.approvals + 1),
            channel: Channel::Own,
            doubt: overlaps.iter().find(|other| other.person == attendee.person).map(Overlap::doubt),
        })
        .collect();
    Ok(hours::log_all(ctx, tx, programme, &reports).await?)
}

/// Hands record and list back to be mended.
///
/// # Errors
/// [`ActivityError::NoReason`], [`ActivityError::Own`], [`ActivityError::NotNow`],
/// [`ActivityError::Stale`]; 404 elsewhere.
pub async fn hand_back(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
    reason: &str,
) -> Result<(), ActivityError> {
    with_reason(reason)?;
    let (found, _) = to_judge(ctx, tx, programme, id).await?;
    step(ctx, tx, &found, Step::Return, &Moving { decision: reason, ..Moving::default() }).await
}

/// Withdraws an approval; the hours it booked are taken back with the reason.
///
/// # Errors
/// [`ActivityError::NoReason`], [`ActivityError::Own`], [`ActivityError::NotNow`],
/// [`ActivityError::Stale`]; 404 elsewhere.
pub async fn withdraw_approval(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
    reason: &str,
) -> Result<(), ActivityError> {
    with_reason(reason)?;
    let (found, _) = to_judge(ctx, tx, programme, id).await?;
    let moving = Moving { decision: reason, ..Moving::default() };
    step(ctx, tx, &found, Step::WithdrawApproval, &moving).await?;
    let attendees = store::attendees(tx, id).await?;
    let people: BTreeSet<Id<Person>> = attendees.iter().map(|attendee| attendee.person).collect();
    hours::hold_all(tx, programme.id, &people).await?;
    for attendee in attendees {
        let number = found.source_id(attendee.person, found.approvals);
        hours::reverse_report(ctx, tx, programme, (SOURCE, &number), reason).await?;
    }
    Ok(())
}
