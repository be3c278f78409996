//! How a submission walks through the steps of its rules: reviewers are drawn, judgements come
//! to a level or to none, the next step begins, a notice ends, the result stands.

use std::sync::Arc;

use chrono::{Days, NaiveDate, TimeDelta};
use serde_json::json;
use tisheng_kernel::{Id, Instant, Level, WorkCalendar};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope, Tx, audit, jobs};
use tisheng_registry::organisation::{self, Node};
use tisheng_rules::assessment::{Decision, Pool, Step, StepKind};
use tisheng_rules::{Scheme, TierKey};
use tisheng_training::hours::DisputeState;
use uuid::Uuid;

use super::model::{Candidate, Duty, Marks, Review, ReviewState, draw_order, explain, step_after};
use super::store::{self, Decided, Final};
use super::{FINAL, LAPSE_JOB, NOTICE_JOB, PEERS_JOB, objection, ruling};
use crate::evidence::{self, Onward, State, Submission};

/// A submission with the rules it is pinned to.
pub(super) struct Case {
    pub submission: Submission,
    pub rules: Arc<Scheme>,
}

impl Case {
    pub async fn load(ctx: &Ctx, tx: &mut Tx, programme: Uuid, id: Id<Submission>) -> Result<Self, Failure> {
        let submission = evidence::load(tx, programme, id).await?;
        let rules = evidence::rules_of(ctx, tx, &submission).await?;
        Ok(Self { submission, rules })
    }

    /// The step under way.
    pub fn step(&self) -> Option<&Step> {
        self.rules.assessment.step(&self.submission.step)
    }

    /// The last day of peers whose judgement decides nothing: nobody is waited for after it. None for other
    /// steps, or where the rules give no days.
    pub fn peers_until(&self) -> Option<NaiveDate> {
        let advises = |step: &&Step| step.kind == StepKind::Peers && *step.decision == Decision::Advises;
        let step = self.step().filter(advises).filter(|step| *step.days > 0)?;
        Some(WorkCalendar::default().after_working_days(self.submission.state_since.date(), *step.days))
    }
}

/// Draws what the step under way still needs, and goes on when it has all it can get. Harmless
/// when there is nothing to do.
pub(super) async fn fill(ctx: &Ctx, tx: &mut Tx, case: &Case) -> Result<(), Failure> {
    let Some(step) = drawing(case) else { return Ok(()) };
    let seed = hex::encode(rand::random::<[u8; 32]>());
    let seed = store::seed(tx, &case.submission, &step.key, &seed, ctx.at).await?;
    // Of two draws at once the second counts what the first gave; the work may have gone on while its row was held.
    store::hold(tx, case.submission.programme, case.submission.id, &step.key).await?;
    let case = &Case::load(ctx, tx, case.submission.programme, case.submission.id).await?;
    let Some(step) = drawing(case).filter(|now| now.key == step.key) else { return Ok(()) };
    let of_step = of_step(tx, case, step).await?;
    let active = of_step.iter().filter(|r| is_active(r)).count();
    let needed = usize::try_from(*step.reviewers).unwrap_or(usize::MAX);
    let until = case.peers_until();
    if let Some(until) = until {
        let key = format!("{}/{}/{until}", case.submission.id, step.key);
        let payload = json!({ "programme": case.submission.programme, "submission": case.submission.id });
        jobs::enqueue(tx, day_after(until), PEERS_JOB, &key, &payload).await?;
    }
    if active < needed && until.is_none_or(|until| ctx.at.date() <= until) {
        let mut left = needed - active;
        for (pool, candidate) in drawn(tx, case, step, &seed).await? {
            if left == 0 {
                break;
            }
            let duty = store::duty_in(step.kind);
            if hand_over(ctx, tx, case, step, duty, &candidate, pool.chinese()).await? {
                left -= 1;
            }
        }
    }
    Box::pin(settle(ctx, tx, case)).await
}

/// The step under way, where it draws who judges.
fn drawing(case: &Case) -> Option<&Step> {
    case.step().filter(|step| matches!(step.kind, StepKind::Peers | StepKind::Panel))
}

/// Whoever may still be drawn for a step, in the order in which they are asked, with where they come
/// from: pool after pool, in each by the seed, those who lead a panel last.
///
/// Nobody judges a work twice. Whoever has left it alone is not asked again as a peer; of a panel, which they
/// may have left for a while, once there is nobody else. Who will be needed on the school's panel is asked as a
/// peer only when there is nobody else, its chair never; and where peers are left out of a panel for having judged
/// already, those fill it who judge the works of its members. So they do where a panel judges again after an
/// objection: who judged what was set aside comes behind everybody else but the chairs.
async fn drawn(tx: &mut Tx, case: &Case, step: &Step, seed: &str) -> Result<Vec<(Pool, Candidate)>, Failure> {
    let of = &case.submission;
    let all = store::of_submission(tx, of).await?;
    let objectors = objectors(tx, of).await?;
    let has_lapsed = |c: &Candidate| {
        let lapsed = |r: &Review| r.step == step.key && r.state == ReviewState::Lapsed;
        all.iter().any(|r| r.reviewer == c.person && lapsed(r))
    };
    let is_known = |c: &Candidate| {
        let holds = |r: &Review| match r.state {
            ReviewState::Open | ReviewState::Done => r.step == step.key,
            ReviewState::Lapsed => r.step == step.key && step.kind != StepKind::Panel,
            ReviewState::Void => false,
        };
        c.person == of.person
            || objectors.contains(&c.person)
            || all.iter().any(|r| r.reviewer == c.person && holds(r))
    };
    let was_peer = |c: &Candidate| {
        let judged = |r: &Review| r.duty == Duty::Peer && r.state == ReviewState::Done;
        step.kind == StepKind::Panel && all.iter().any(|r| r.reviewer == c.person && judged(r))
    };
    let was_set_aside =
        |r: &Review| r.step == step.key && r.state == ReviewState::Void && r.done_at.is_some();
    let is_again = step.kind == StepKind::Panel && all.iter().any(was_set_aside);
    // The head of a school is judged above it, the second time as well.
    let goes_elsewhere = is_again && !store::leads_school(tx, of).await?;
    let has_judged = |c: &Candidate| all.iter().any(|r| r.reviewer == c.person && r.done_at.is_some());
    let mut pools = pools(tx, case, step).await?;
    let (mut found, mut at, declared) = (Vec::new(), 0, pools.len());
    while let Some(pool) = pools.get(at).copied() {
        at += 1;
        let candidates = candidates(tx, case, step, pool).await?;
        if candidates.iter().any(|c| was_peer(c) || goes_elsewhere && has_judged(c)) {
            let elsewhere = case.rules.assessment.panel_members_by.iter();
            let further: Vec<Pool> = elsewhere.copied().filter(|pool| !pools.contains(pool)).collect();
            pools.extend(further);
        }
        let mut of_pool = draw_order(seed, candidates);
        of_pool.retain(|c| !is_known(c) && !was_peer(c));
        of_pool.sort_by_key(|c| (c.chair, has_judged(c)));
        found.extend(of_pool.into_iter().map(|candidate| (pool, candidate)));
    }
    if pools.len() > declared || is_again {
        found.sort_by_key(|(_, c): &(Pool, Candidate)| (c.chair, has_judged(c)));
    }
    found.sort_by_key(|(_, c): &(Pool, Candidate)| has_lapsed(c));
    if step.kind == StepKind::Peers {
        let panel = seats(tx, case).await?;
        let seat = |c: &Candidate| panel.iter().find(|seat| seat.person == c.person);
        found.retain(|(_, c)| seat(c).is_none_or(|seat| !seat.chair));
        found.sort_by_key(|(_, c)| seat(c).is_some());
    }
    Ok(found)
}

/// How many judges the panel's step under way lacks, of whose work `reviews` are.
pub(super) fn lacking(case: &Case, reviews: &[Review]) -> usize {
    let Some(step) = case.step().filter(|step| step.kind == StepKind::Panel) else { return 0 };
    let active = reviews.iter().filter(|r| r.step == step.key && is_active(r)).count();
    usize::try_from(*step.reviewers).unwrap_or(usize::MAX).saturating_sub(active)
}

/// Whether the panel's step under way lacks judges although somebody can be drawn.
pub(super) async fn can_be_filled(tx: &mut Tx, case: &Case) -> Result<bool, Failure> {
    let reviews = store::of_submission(tx, &case.submission).await?;
    let Some(step) = case.step().filter(|_| lacking(case, &reviews) > 0) else { return Ok(false) };
    Ok(!drawn(tx, case, step, "").await?.is_empty())
}

/// Whoever objected to a level of the work, and so does not judge it.
pub(super) async fn objectors(tx: &mut Tx, of: &Submission) -> Result<Vec<Uuid>, Failure> {
    let mut all = objection::store::of_submission(tx, of).await?;
    all.retain(|objection| objection.state != DisputeState::Withdrawn);
    Ok(all.into_iter().map(|objection| objection.person).collect())
}

/// The panel of the author's school, where the rules have one judge.
async fn seats(tx: &mut Tx, case: &Case) -> Result<Vec<Candidate>, Failure> {
    if case.rules.assessment.steps.iter().all(|step| step.kind != StepKind::Panel) {
        return Ok(Vec::new());
    }
    Ok(store::panel_of(tx, case.submission.programme, case.submission.school).await?)
}

async fn of_step(tx: &mut Tx, case: &Case, step: &Step) -> Result<Vec<Review>, Failure> {
    let all = store::of_submission(tx, &case.submission).await?;
    Ok(all.into_iter().filter(|review| review.step == step.key).collect())
}

pub(super) fn is_active(review: &Review) -> bool {
    matches!(review.state, ReviewState::Open | ReviewState::Done)
        && matches!(review.duty, Duty::Peer | Duty::Panel)
}

/// Where reviewers of this author come from: nobody's own panel judges them, and the head of a
/// school is judged above it.
async fn pools(tx: &mut Tx, case: &Case, step: &Step) -> Result<Vec<Pool>, Failure> {
    let rule = &case.rules.assessment;
    if step.kind != StepKind::Panel {
        return Ok(step.drawn_from.value.clone());
    }
    if store::leads_school(tx, &case.submission).await? {
        return Ok(vec![pool_of(*rule.principal_by)]);
    }
    let own = step.drawn_from.contains(&Pool::School);
    if own && store::sits_in_own_panel(tx, &case.submission).await? {
        return Ok(rule.panel_members_by.value.clone());
    }
    Ok(step.drawn_from.value.clone())
}

const fn pool_of(tier: TierKey) -> Pool {
    match tier {
        TierKey::Province => Pool::Province,
        TierKey::City => Pool::City,
        TierKey::County | TierKey::Town => Pool::County,
        TierKey::School => Pool::School,
    }
}

async fn candidates(tx: &mut Tx, case: &Case, step: &Step, pool: Pool) -> Result<Vec<Candidate>, Failure> {
    let of = &case.submission;
    if step.kind == StepKind::Panel {
        return match pool {
            Pool::OtherSchool => other_panels(tx, case, step).await,
            Pool::County | Pool::City | Pool::Province => office_panel(tx, case, pool).await,
            Pool::Author => Ok(Vec::new()),
            Pool::SubjectGroup | Pool::NeighbouringGroup | Pool::School => {
                Ok(store::panel_of(tx, of.programme, of.school).await?)
            }
        };
    }
    Ok(match pool {
        Pool::Author => Vec::new(),
        Pool::SubjectGroup => store::subject_group(tx, of).await?,
        Pool::NeighbouringGroup => store::neighbours(tx, of).await?,
        Pool::School => store::school(tx, of).await?,
        Pool::OtherSchool | Pool::County | Pool::City | Pool::Province => {
            let wanted = if pool == Pool::OtherSchool { "county" } else { kind_of(pool) };
            let scope = match above(tx, of, wanted).await? {
                Some(node) => Scope::below(&node.path),
                None => Scope::nothing(),
            };
            store::region(tx, of, &scope).await?
        }
    })
}

/// The panels of other schools in the smallest part of the tree that has enough people.
async fn other_panels(tx: &mut Tx, case: &Case, step: &Step) -> Result<Vec<Candidate>, Failure> {
    let needed = usize::try_from(*step.reviewers).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let mut ancestors = organisation::ancestors(tx, &case.submission.path).await?;
    ancestors.sort_by_key(|node| std::cmp::Reverse(node.path.len()));
    for node in ancestors.iter().filter(|node| node.path != case.submission.path) {
        found = store::panels_below(tx, &case.submission, &Scope::below(&node.path)).await?;
        if found.len() >= needed {
            break;
        }
    }
    Ok(found)
}

async fn office_panel(tx: &mut Tx, case: &Case, pool: Pool) -> Result<Vec<Candidate>, Failure> {
    match above(tx, &case.submission, kind_of(pool)).await? {
        Some(node) => Ok(store::panel_of(tx, case.submission.programme, node.id.uuid()).await?),
        None => Ok(Vec::new()),
    }
}

const fn kind_of(pool: Pool) -> &'static str {
    match pool {
        Pool::Province => "province",
        Pool::City => "city",
        _ => "county",
    }
}

/// The node of `kind` above the author's school; the nearest level above it where the tree leaves that
/// level out.
pub(super) async fn above(tx: &mut Tx, of: &Submission, kind: &str) -> Result<Option<Node>, Failure> {
    const ORDER: [&str; 3] = ["county", "city", "province"];
    let ancestors = organisation::ancestors(tx, &of.path).await?;
    let levels = ORDER.iter().skip_while(|level| **level != kind);
    for level in levels {
        if let Some(node) = ancestors.iter().find(|node| node.kind.key() == *level) {
            return Ok(Some(node.clone()));
        }
    }
    Ok(None)
}

pub(super) async fn hand_over(
    ctx: &Ctx,
    tx: &mut Tx,
    case: &Case,
    step: &Step,
    duty: Duty,
    to: &Candidate,
    pool: &str,
) -> Result<bool, Failure> {
    let lapses = step.claim_lapses.as_ref().filter(|_| duty != Duty::Chair);
    let due = WorkCalendar::default().after_working_days(ctx.at.date(), *step.days);
    let review = Review {
        programme: case.submission.programme,
        id: ctx.id(),
        submission: case.submission.id,
        step: step.key.clone(),
        duty,
        reviewer: to.person,
        pool: pool.to_owned(),
        body: to.body,
        blind: *step.blind,
        state: ReviewState::Open,
        drawn_at: ctx.at,
        due_on: Some(case.peers_until().unwrap_or(due)),
        lapses_at: lapses.map(|days| ctx.at + TimeDelta::days(i64::from(days.value))),
        done_at: None,
        level: None,
        marks: Vec::new(),
        remark: String::new(),
    };
    if !store::add(tx, &review).await? {
        return Ok(false);
    }
    let detail = json!({ "review": review.id, "step": step.key, "duty": duty.code(), "pool": pool });
    audit::record(ctx, tx, "review.drawn", case.submission.id.uuid(), &detail).await?;
    if let Some(at) = review.lapses_at {
        let payload = json!({ "programme": review.programme, "review": review.id });
        jobs::enqueue(tx, at, LAPSE_JOB, &review.id.to_string(), &payload).await?;
    }
    Ok(true)
}

/// Looks whether the step under way has come to an end, and goes on if so.
pub(super) async fn settle(ctx: &Ctx, tx: &mut Tx, case: &Case) -> Result<(), Failure> {
    let Some(step) = case.step() else { return Ok(()) };
    let reviews = of_step(tx, case, step).await?;
    let judges: Vec<&Review> = reviews.iter().filter(|r| is_active(r)).collect();
    if judges.iter().any(|review| review.state == ReviewState::Open) {
        return Ok(());
    }
    let needed = usize::try_from(*step.reviewers).unwrap_or(usize::MAX);
    // Too few colleagues never hold a teacher up; a panel is waited for until there is one.
    if judges.len() < needed && step.kind == StepKind::Panel {
        return Ok(());
    }
    if *step.decision == Decision::Advises {
        return go_on(ctx, tx, case, step).await;
    }
    let given: Vec<Level> = judges.iter().filter_map(|review| review.level).collect();
    let chair = reviews.iter().find(|r| r.duty == Duty::Chair && r.state == ReviewState::Done);
    let Some(level) = step.decision.level(&given, chair.and_then(|review| review.level)) else {
        return ruling::ask(ctx, tx, case, step, &reviews).await;
    };
    let way = match chair {
        Some(_) => "chair",
        None if given.iter().all(|one| *one == level) => "agreed",
        None => "rule",
    };
    let pieces = case.rules.framework.pieces(&case.submission.capability);
    let decided = Decided {
        step: step.key.clone(),
        level,
        way: way.to_owned(),
        explanation: explain(pieces, &deciding(&reviews, &step.key, level), level),
        decided_at: ctx.at,
        notice_until: None,
    };
    store::decide(tx, &case.submission, &decided).await?;
    let detail = json!({ "step": step.key, "level": level.code(), "way": way });
    audit::record(ctx, tx, "review.decided", case.submission.id.uuid(), &detail).await?;
    go_on(ctx, tx, case, step).await
}

/// The marks by which `step` came to `level`: the chair's where the chair has ruled, otherwise those of the
/// judges who gave it.
pub(super) fn deciding<'r>(reviews: &'r [Review], step: &str, level: Level) -> Vec<&'r [Marks]> {
    let done = |review: &&Review| review.step == step && review.state == ReviewState::Done;
    match reviews.iter().filter(done).find(|review| review.duty == Duty::Chair) {
        Some(chair) => vec![chair.marks.as_slice()],
        None => {
            let gave_it = |review: &&Review| is_active(review) && review.level == Some(level);
            reviews.iter().filter(done).filter(gave_it).map(|review| review.marks.as_slice()).collect()
        }
    }
}

/// Leaves `step` for the next one.
pub(super) async fn go_on(ctx: &Ctx, tx: &mut Tx, case: &Case, step: &Step) -> Result<(), Failure> {
    let next = step_after(&case.rules.assessment, &step.key);
    let Some((next, state)) = next.and_then(|next| Some((next, State::during(next.kind)?))) else {
        return finalise(ctx, tx, case).await;
    };
    evidence::advance(ctx, tx, &case.submission, Onward::Step(state, &next.key)).await?;
    let case = Case::load(ctx, tx, case.submission.programme, case.submission.id).await?;
    if next.kind == StepKind::Notice {
        return put_up(ctx, tx, &case, next).await;
    }
    fill(ctx, tx, &case).await
}

async fn put_up(ctx: &Ctx, tx: &mut Tx, case: &Case, step: &Step) -> Result<(), Failure> {
    let last = standing(tx, &case.submission).await?;
    let until = WorkCalendar::default().after_working_days(ctx.at.date(), *step.days);
    store::put_up(tx, &case.submission, &last.step, until).await?;
    // Judged again after an objection, a work is on notice once more.
    let key = format!("{}/{}/{until}", case.submission.id, step.key);
    let payload = json!({ "programme": case.submission.programme, "submission": case.submission.id });
    jobs::enqueue(tx, day_after(until), NOTICE_JOB, &key, &payload).await?;
    Ok(())
}

/// The moment at which `day` is over.
pub(super) fn day_after(day: NaiveDate) -> Instant {
    Instant::start_of(day.checked_add_days(Days::new(1)).unwrap_or(day))
}

/// The decision that stands: the one of the last step that decides.
pub(super) async fn standing(tx: &mut Tx, of: &Submission) -> Result<Decided, Failure> {
    let last = store::decisions(tx, of).await?.pop();
    last.ok_or_else(|| Failure::Internal("a submission came to its end without a decision".to_owned()))
}

/// Ends a notice whose days are over and to which no objection is open, nor can be taken further.
pub(super) async fn end_notice(ctx: &Ctx, tx: &mut Tx, case: &Case) -> Result<(), Failure> {
    let Some(step) = case.step().filter(|step| step.kind == StepKind::Notice) else { return Ok(()) };
    let decided = standing(tx, &case.submission).await?;
    if decided.notice_until.is_none_or(|until| until >= ctx.at.date()) {
        return Ok(());
    }
    store::hold(tx, case.submission.programme, case.submission.id, &decided.step).await?;
    if objection::store::holds(tx, &case.submission).await?
        || objection::further::holds(ctx, tx, case).await?
    {
        return Ok(());
    }
    go_on(ctx, tx, case, step).await
}

/// Sets aside what was decided and is on notice: the step judges again, as it did at first.
pub(super) async fn judge_again(
    ctx: &Ctx,
    tx: &mut Tx,
    case: &Case,
    decided: &Decided,
) -> Result<(), Failure> {
    let step = case.rules.assessment.step(&decided.step);
    let Some((step, state)) = step.and_then(|step| Some((step, State::during(step.kind)?))) else {
        return Err(Failure::Internal(format!("no step {} judges", decided.step)));
    };
    store::set_aside(tx, &case.submission, &step.key).await?;
    evidence::advance(ctx, tx, &case.submission, Onward::Step(state, &step.key)).await?;
    let detail = json!({ "step": step.key, "level": decided.level.code() });
    audit::record(ctx, tx, "review.set_aside", case.submission.id.uuid(), &detail).await?;
    let case = Case::load(ctx, tx, case.submission.programme, case.submission.id).await?;
    fill(ctx, tx, &case).await
}

async fn finalise(ctx: &Ctx, tx: &mut Tx, case: &Case) -> Result<(), Failure> {
    let submission = &case.submission;
    let decided = standing(tx, submission).await?;
    evidence::advance(ctx, tx, submission, Onward::Final(decided.level)).await?;
    let result = Final {
        id: ctx.id(),
        capability: submission.capability.clone(),
        submission: submission.id,
        level: decided.level,
        final_at: ctx.at,
        scheme_version: submission.scheme_version,
        explanation: decided.explanation,
    };
    store::add_result(tx, submission, &result).await?;
    let detail = json!({
        "capability": submission.capability, "level": decided.level.code(), "result": result.id,
        "scheme_version": submission.scheme_version,
    });
    audit::record(ctx, tx, "review.final", submission.id.uuid(), &detail).await?;
    let payload = json!({
        "programme": submission.programme, "person": submission.person, "capability": submission.capability,
    });
    jobs::emit(tx, ctx.at, FINAL, &payload).await?;
    Ok(())
}
