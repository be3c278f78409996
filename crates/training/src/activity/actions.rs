//! What organisers, teachers and the school do to activities.

mod approval;

use chrono::TimeDelta;
use serde_json::json;
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit, jobs};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation::{self, Node};
use tisheng_registry::people::{self, Person};
use tisheng_rules::Scheme;

use super::model::{Activity, ActivityError, Plan, State, Step};
use super::store::{self, Moving};
use crate::hours;

pub use approval::{approve, hand_back, withdraw_approval};
pub(super) use approval::{judges, seen, who_approves};

/// The source under which activities report hours.
pub const SOURCE: &str = hours::ACTIVITIES;

/// Who plans activities and keeps their lists.
pub const ORGANISERS: [Role; 6] =
    [Role::Principal, Role::Cio, Role::ManagementTeam, Role::TrainingTeam, Role::GroupLead, Role::Clerk];

/// Who approves them at the school.
pub const APPROVERS: [Role; 3] = [Role::Principal, Role::Cio, Role::ManagementTeam];

/// Wrong codes that a person may give in [`MISS_MINUTES`].
const MISSES: i64 = 10;
/// Seconds after which wrong codes are forgotten.
const MISS_MINUTES: i64 = 30;

/// The school that the asker organises for: that of the role's node, or the one a subject group
/// belongs to.
///
/// # Errors
/// 404 for other roles.
pub(super) async fn own_school(ctx: &Ctx, tx: &mut Tx) -> Result<Node, Failure> {
    let member = access::require(ctx, &ORGANISERS)?;
    match access::role(ctx) {
        Some(Role::GroupLead) => {
            let teacher = people::teacher(tx, Id::from_uuid(member.person)).await?;
            organisation::by_path(tx, &teacher.path).await?.ok_or(Failure::NotFound)
        }
        _ => organisation::visible(ctx, tx, Id::from_uuid(member.node)).await,
    }
}

/// An activity of the asker's school.
///
/// # Errors
/// 404 when there is none.
pub async fn activity(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
) -> Result<Activity, Failure> {
    let school = own_school(ctx, tx).await?;
    let scope = tisheng_platform::Scope::below(&school.path);
    store::of_id(tx, programme.id, &scope, id).await?.ok_or(Failure::NotFound)
}

/// Plans an activity of the asker's school.
///
/// # Errors
/// [`ActivityError::Plan`]; 404 for other roles.
pub async fn plan(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    plan: Plan,
) -> Result<Id<Activity>, ActivityError> {
    let school = own_school(ctx, tx).await?;
    let member = access::require(ctx, &ORGANISERS)?;
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    check(&plan, &rules, &school)?;
    let new = Activity {
        id: ctx.id(),
        school: school.id,
        path: school.path,
        plan,
        state: State::Planned,
        code: String::new(),
        record: String::new(),
        planned_by: Id::from_uuid(member.person),
        approvals: 0,
        decision: String::new(),
        version: 1,
    };
    store::add(tx, programme.id, &new, ctx.at).await?;
    let detail = json!({ "school": new.school, "title": new.plan.title, "seconds": new.plan.seconds });
    audit::record(ctx, tx, "activity.planned", new.id.uuid(), &detail).await?;
    changed(ctx, tx, new.school).await?;
    Ok(new.id)
}

/// Changes the plan of an activity that has not begun.
///
/// # Errors
/// [`ActivityError::Plan`], [`ActivityError::NotNow`], [`ActivityError::Stale`]; 404 elsewhere.
pub async fn replan(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (id, version): (Id<Activity>, i64),
    plan: &Plan,
) -> Result<(), ActivityError> {
    let found = activity(ctx, tx, programme, id).await?;
    if !found.state.is_editable() {
        return Err(ActivityError::NotNow(found.state));
    }
    let school = own_school(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    check(plan, &rules, &school)?;
    if !store::replan(tx, id, version, plan).await? {
        return Err(ActivityError::Stale);
    }
    audit::record(ctx, tx, "activity.replanned", id.uuid(), &json!({ "title": plan.title })).await?;
    Ok(())
}

/// What is wrong with a plan, if anything.
fn check(plan: &Plan, rules: &Scheme, school: &Node) -> Result<(), ActivityError> {
    if plan.ends_at <= plan.begins_at {
        return Err(ActivityError::Plan("ends", "结束时间应晚于开始时间".to_owned()));
    }
    if plan.seconds <= Seconds::ZERO {
        return Err(ActivityError::Plan("hours", "学时应大于零".to_owned()));
    }
    if plan.seconds > plan.lasts() {
        let most = rules.hours.shown(plan.lasts());
        return Err(ActivityError::Plan("hours", format!("学时不能超过活动时长（{most}）")));
    }
    let outside = (*rules.identity.period).filter(|period| !period.contains(plan.begins_at.date()));
    if let Some(period) = outside {
        let message = format!("活动日期应在工程期限（{}）之内", period.chinese());
        return Err(ActivityError::Plan("begins", message));
    }
    let placed = rules.hours.category(&plan.category).is_some_and(|category| {
        if plan.kind.is_empty() {
            category.kinds.is_empty()
        } else {
            rules.hours.kind(&plan.category, &plan.kind).is_some()
        }
    });
    if !placed {
        return Err(ActivityError::Plan("place_of_hours", "请选择学时类别".to_owned()));
    }
    if !school.path.starts_with(&plan.audience) {
        return Err(ActivityError::Plan("audience", "请选择参加范围".to_owned()));
    }
    Ok(())
}

/// Takes a step that changes nothing but the state: opens, closes, cancels, returns.
///
/// # Errors
/// [`ActivityError::NotNow`], [`ActivityError::Stale`]; 404 elsewhere.
async fn step(
    ctx: &Ctx,
    tx: &mut Tx,
    found: &Activity,
    step: Step,
    moving: &Moving<'_>,
) -> Result<(), ActivityError> {
    let state = found.state.after(step)?;
    if !store::move_to(tx, found, state, moving).await? {
        return Err(ActivityError::Stale);
    }
    let detail = json!({ "from": found.state.code(), "to": state.code(), "reason": moving.decision });
    audit::record(ctx, tx, step.verb(), found.id.uuid(), &detail).await?;
    Ok(())
}

/// Lets those in the room sign in, with a fresh code that no other open activity has.
///
/// # Errors
/// [`ActivityError::TooEarly`], [`ActivityError::NotNow`], [`ActivityError::Stale`]; 404 elsewhere.
pub async fn open(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
) -> Result<(), ActivityError> {
    let found = activity(ctx, tx, programme, id).await?;
    found.opens_at(ctx.at)?;
    let mut code = fresh_code();
    while store::code_in_use(tx, programme.id, &code).await? {
        code = fresh_code();
    }
    step(ctx, tx, &found, Step::Open, &Moving { code: &code, ..Moving::default() }).await
}

/// Six digits.
fn fresh_code() -> String {
    format!("{:06}", rand::random_range(0..1_000_000_u32))
}

/// Ends the signing in.
///
/// # Errors
/// [`ActivityError::NotNow`], [`ActivityError::Stale`]; 404 elsewhere.
pub async fn close(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
) -> Result<(), ActivityError> {
    let found = activity(ctx, tx, programme, id).await?;
    step(ctx, tx, &found, Step::Close, &Moving::default()).await
}

/// Calls an activity off.
///
/// # Errors
/// [`ActivityError::NoReason`], [`ActivityError::NotNow`], [`ActivityError::Stale`]; 404 elsewhere.
pub async fn cancel(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
    reason: &str,
) -> Result<(), ActivityError> {
    let found = activity(ctx, tx, programme, id).await?;
    with_reason(reason)?;
    step(ctx, tx, &found, Step::Cancel, &Moving { decision: reason, ..Moving::default() }).await?;
    changed(ctx, tx, found.school).await
}

/// Says that a school has another activity, or one less.
async fn changed(ctx: &Ctx, tx: &mut Tx, school: Id<Node>) -> Result<(), ActivityError> {
    Ok(jobs::emit(tx, ctx.at, "activity.changed", &json!({ "school": school })).await?)
}

fn with_reason(reason: &str) -> Result<(), ActivityError> {
    if reason.trim().is_empty() { Err(ActivityError::NoReason) } else { Ok(()) }
}

/// Writes the minutes.
///
/// # Errors
/// [`ActivityError::NotNow`], [`ActivityError::Stale`]; 404 elsewhere.
pub async fn write_record(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (id, version): (Id<Activity>, i64),
    record: &str,
) -> Result<(), ActivityError> {
    let found = activity(ctx, tx, programme, id).await?;
    if !found.state.takes_attendance() {
        return Err(ActivityError::NotNow(found.state));
    }
    if !store::write_record(tx, id, version, record).await? {
        return Err(ActivityError::Stale);
    }
    let length = record.chars().count();
    audit::record(ctx, tx, "activity.record_written", id.uuid(), &json!({ "characters": length })).await?;
    Ok(())
}

/// Signs the asker in by the code shown in the room; twice is once.
///
/// # Errors
/// [`ActivityError::WrongCode`], [`ActivityError::TooManyCodes`]; 404 for whoever is no teacher.
/// A wrong code is to be counted with [`count_miss`] in a transaction that is kept.
pub async fn sign_in(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    code: &str,
) -> Result<Activity, ActivityError> {
    let member = access::require(ctx, &[Role::Teacher])?;
    let teacher = people::teacher(tx, Id::from_uuid(member.person)).await?;
    let stale = ctx.at + TimeDelta::minutes(-MISS_MINUTES);
    let misses = store::misses(tx, teacher.person).await?;
    if misses.is_some_and(|(count, since)| count >= MISSES && since >= stale) {
        return Err(ActivityError::TooManyCodes(MISS_MINUTES));
    }
    let found = store::of_code(tx, programme.id, code, &teacher.path).await?;
    let found = found.ok_or(ActivityError::WrongCode)?;
    if store::sign_by_code(tx, found.id, &teacher, ctx.at).await? {
        let detail = json!({ "person": teacher.person });
        audit::record(ctx, tx, "activity.signed_in", found.id.uuid(), &detail).await?;
    }
    Ok(found)
}

/// Counts a wrong code of the asker.
///
/// # Errors
/// What the database reports; 404 for whoever is no teacher.
pub async fn count_miss(ctx: &Ctx, tx: &mut Tx) -> Result<(), ActivityError> {
    let member = access::require(ctx, &[Role::Teacher])?;
    let stale = ctx.at + TimeDelta::minutes(-MISS_MINUTES);
    Ok(store::miss(tx, Id::from_uuid(member.person), ctx.at, stale).await?)
}

/// What became of several people of whom the list was to be put right.
#[derive(Debug, Default)]
pub struct Listed {
    /// How many were entered, or taken off.
    pub done: usize,
    /// The names of those who stood on the list, or did not, as they were to.
    pub left: Vec<String>,
}

/// Enters teachers of the school by hand, such as those whose phone was dead.
///
/// # Errors
/// [`ActivityError::NoReason`], [`ActivityError::NotNow`], [`ActivityError::OnList`] when all of them
/// stand on the list; 404 elsewhere and for a teacher who may not attend.
pub async fn enlist(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
    (whom, reason): (&[Id<Person>], &str),
) -> Result<Listed, ActivityError> {
    let found = activity(ctx, tx, programme, id).await?;
    if !found.state.takes_attendance() {
        return Err(ActivityError::NotNow(found.state));
    }
    with_reason(reason)?;
    let mut listed = Listed::default();
    for person in whom {
        people::visible(ctx, tx, *person).await?;
        let teacher = people::teacher(tx, *person).await?;
        if !teacher.path.starts_with(&found.plan.audience) {
            return Err(Failure::NotFound.into());
        }
        if store::sign_by_hand(ctx, tx, id, &teacher, reason).await? {
            let detail = json!({ "person": person, "reason": reason });
            audit::record(ctx, tx, "activity.enlisted", id.uuid(), &detail).await?;
            listed.done += 1;
        } else {
            listed.left.push(teacher.name);
        }
    }
    if listed.done == 0 { Err(ActivityError::OnList(listed.left.join("、"))) } else { Ok(listed) }
}

/// Takes people off the list who were not there.
///
/// # Errors
/// [`ActivityError::NoReason`], [`ActivityError::NotNow`], [`ActivityError::OffList`] when none of them
/// stands on the list; 404 elsewhere.
pub async fn strike(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
    (whom, reason): (&[Id<Person>], &str),
) -> Result<Listed, ActivityError> {
    let found = activity(ctx, tx, programme, id).await?;
    if !found.state.takes_attendance() {
        return Err(ActivityError::NotNow(found.state));
    }
    with_reason(reason)?;
    let mut listed = Listed::default();
    for person in whom {
        if store::strike(tx, id, *person, ctx.at, reason).await? {
            let detail = json!({ "person": person, "reason": reason });
            audit::record(ctx, tx, "activity.struck", id.uuid(), &detail).await?;
            listed.done += 1;
        } else {
            listed.left.push(people::visible(ctx, tx, *person).await?.name);
        }
    }
    if listed.done == 0 { Err(ActivityError::OffList(listed.left.join("、"))) } else { Ok(listed) }
}

/// Hands record and list to the school for approval.
///
/// # Errors
/// [`ActivityError::NotOver`], [`ActivityError::NoRecord`], [`ActivityError::Nobody`],
/// [`ActivityError::NotNow`], [`ActivityError::Stale`]; 404 elsewhere.
pub async fn submit(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
) -> Result<(), ActivityError> {
    let found = activity(ctx, tx, programme, id).await?;
    found.state.after(Step::Submit)?;
    found.is_over(ctx.at)?;
    if found.record.trim().is_empty() {
        return Err(ActivityError::NoRecord);
    }
    if store::count(tx, id).await? == 0 {
        return Err(ActivityError::Nobody);
    }
    step(ctx, tx, &found, Step::Submit, &Moving { submitted_at: Some(ctx.at), ..Moving::default() }).await
}
