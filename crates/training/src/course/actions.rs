//! What is done with courses.

use serde::{Deserialize, Serialize};
use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit, jobs};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{Role, require};

use super::model::{Course, CourseError, Draft, State, Terms, TermsState, decide};
use super::store;
use crate::platform::{self, OFFICES, Platform};

/// The event that a course counts by other terms, or is known by other addresses, from now on; its
/// payload is [`Approved`].
pub const APPROVED: &str = "course.approved";

/// Who hands courses in.
pub const AUTHORS: [Role; 3] = [Role::Province, Role::City, Role::Institution];

/// A course whose terms came into force.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Approved {
    /// The programme.
    pub programme: Id<Programme>,
    /// The course.
    pub course: Id<Course>,
}

/// The course `id`: whoever stands within its programme may look at what is on offer, the rest is
/// for those who see its platform.
///
/// # Errors
/// 404 when there is none, or none that the asker may see.
pub async fn course(ctx: &Ctx, tx: &mut Tx, id: Id<Course>) -> Result<Course, Failure> {
    let programme = scheme::current(ctx, tx).await?;
    let course = store::of_id(tx, id).await?.filter(|course| course.programme == programme.id);
    let course = course.ok_or(Failure::NotFound)?;
    if course.revision.is_none() || require(ctx, &[Role::Institution]).is_ok() {
        platform::visible(ctx, tx, course.platform).await?;
    }
    Ok(course)
}

/// The course by which `platform` means the address `iri`.
///
/// # Errors
/// What the database reports.
pub async fn of_activity(tx: &mut Tx, platform: Id<Platform>, iri: &str) -> Result<Option<Course>, DbError> {
    store::of_activity(tx, platform, iri).await
}

/// The course that has the number `code` on `platform`.
///
/// # Errors
/// What the database reports.
pub async fn of_code(tx: &mut Tx, platform: &Platform, code: &str) -> Result<Option<Course>, DbError> {
    store::of_code(tx, platform, code).await
}

/// What `platform` says of the course that has the number `code`: what waits for a decision, else what is in
/// force, else what was said last; `None` where there is no such course. What else is sent of it waits for the end of
/// the transaction.
///
/// # Errors
/// What the database reports.
pub async fn said(tx: &mut Tx, platform: &Platform, code: &str) -> Result<Option<Draft>, DbError> {
    store::hold(tx, platform, code).await?;
    let Some(course) = store::of_code(tx, platform, code).await? else { return Ok(None) };
    let revisions = store::terms(tx, course.id).await?;
    let open = revisions.iter().find(|terms| terms.state == TermsState::Submitted);
    let in_force = || revisions.iter().find(|terms| Some(terms.revision) == course.revision);
    let said = open.or_else(in_force).or_else(|| revisions.first()).cloned();
    Ok(said.map(|terms| Draft {
        code: course.code,
        title: course.title,
        source: terms.source,
        stages: terms.stages,
        subjects: terms.subjects,
        summary: course.summary,
        href: course.href,
        capabilities: terms.capabilities,
        activities: terms.activities,
        worth: terms.worth,
        length: terms.length,
        material: terms.material,
        category: terms.category,
        kind: terms.kind,
        counts: terms.counts,
        pass_permille: terms.pass_permille,
    }))
}

/// The terms of a course: those of `revision`, or else those in force; `None` while none are.
///
/// # Errors
/// What the database reports.
pub async fn terms(tx: &mut Tx, course: &Course, revision: Option<i64>) -> Result<Option<Terms>, DbError> {
    match revision.or(course.revision) {
        Some(revision) => store::terms_of(tx, course.id, revision).await,
        None => Ok(None),
    }
}

/// Courses on offer that teach `capability` to somebody who teaches that stage and subject, with
/// how they count.
///
/// # Errors
/// What the database reports.
pub async fn offered(
    tx: &mut Tx,
    programme: Id<Programme>,
    capability: &str,
    whom: (&str, &str),
) -> Result<Vec<(Course, Terms)>, DbError> {
    /// More than anybody looks through beside a task.
    const MOST: i64 = 20;
    let mut offered = Vec::new();
    for course in store::for_capability(tx, programme, capability, whom, MOST).await? {
        if let Some(terms) = terms(tx, &course, None).await? {
            offered.push((course, terms));
        }
    }
    Ok(offered)
}

/// What handing a course in has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submitted {
    /// It is new.
    New,
    /// It was known; its terms wait for a decision.
    Terms,
    /// It was known, and what is said of it is what is in force again: what waited is withdrawn.
    Withdrawn,
    /// It was known; only what is said about it beside its terms has changed.
    Words,
    /// It was known exactly so.
    Nothing,
}

/// Hands a course of `platform` in: a new one, or a known one with what has changed. Terms that
/// say something else (how it counts, what it teaches, for whom, by which addresses it is known) wait
/// for the office; until it has decided, those in force stay. Saying what is in force again
/// withdraws what waits.
///
/// # Errors
/// [`CourseError::Wrong`], [`CourseError::ActivityTaken`], [`CourseError::Stale`]; 404 for a
/// platform that the asker may not see.
pub async fn submit(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: &Platform,
    draft: &Draft,
) -> Result<(Id<Course>, Submitted), CourseError> {
    require(ctx, &AUTHORS)?;
    platform::visible(ctx, tx, platform.id).await?;
    hand_in(ctx, tx, platform, draft).await
}

/// As [`submit`], for another system that speaks for `platform`: whoever lets it in has made sure of
/// that.
///
/// # Errors
/// [`CourseError::Wrong`], [`CourseError::ActivityTaken`], [`CourseError::Stale`].
pub async fn hand_in(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: &Platform,
    draft: &Draft,
) -> Result<(Id<Course>, Submitted), CourseError> {
    let programme = scheme::of_id(tx, platform.programme).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    let wrong = decide(&rules, draft);
    if !wrong.is_empty() {
        return Err(CourseError::Wrong(wrong));
    }
    let known = store::of_code(tx, platform, &draft.code).await?;
    let (id, submitted) = match known {
        None => {
            let id = ctx.id();
            let terms = Terms::of(draft, 1, ctx.at);
            if !store::add(ctx, tx, (id, platform), draft).await?
                || !store::add_terms(ctx, tx, id, &terms).await?
            {
                return Err(CourseError::Stale);
            }
            if let Some(iri) = store::say(tx, (id, platform.id), &terms).await? {
                return Err(CourseError::ActivityTaken(iri));
            }
            (id, Submitted::New)
        }
        Some(course) => (course.id, resubmit(ctx, tx, &course, draft).await?),
    };
    if submitted != Submitted::Nothing {
        audit::record(ctx, tx, "course.submitted", id.uuid(), &json!({ "code": draft.code })).await?;
    }
    Ok((id, submitted))
}

async fn resubmit(ctx: &Ctx, tx: &mut Tx, course: &Course, draft: &Draft) -> Result<Submitted, CourseError> {
    let same_words =
        [&course.title, &course.summary, &course.href] == [&draft.title, &draft.summary, &draft.href];
    if !same_words && !store::amend(tx, course, draft, ctx.at).await? {
        return Err(CourseError::Stale);
    }
    let words = if same_words { Submitted::Nothing } else { Submitted::Words };
    let revisions = store::terms(tx, course.id).await?;
    let next = revisions.first().map_or(1, |latest| latest.revision + 1);
    let terms = Terms::of(draft, next, ctx.at);
    let open = revisions.iter().find(|terms| terms.state == TermsState::Submitted);
    if open.is_some_and(|open| open.agree(&terms)) {
        return Ok(words);
    }
    let in_force = revisions.iter().find(|terms| Some(terms.revision) == course.revision);
    if in_force.is_some_and(|in_force| in_force.agree(&terms)) {
        let Some(open) = open else { return Ok(words) };
        take_back(ctx, tx, course, open.revision).await?;
        return Ok(Submitted::Withdrawn);
    }
    if let Some(iri) = taken(tx, course, &terms.activities).await? {
        return Err(CourseError::ActivityTaken(iri));
    }
    if !store::add_terms(ctx, tx, course.id, &terms).await? {
        return Err(CourseError::Stale);
    }
    if course.revision.is_none() {
        // Nothing is in force that this could change, and what has come already may be about it.
        in_words(ctx, tx, course, &terms).await?;
    }
    Ok(Submitted::Terms)
}

/// The first of `activities` that belongs to another course of the platform.
async fn taken(tx: &mut Tx, course: &Course, activities: &[String]) -> Result<Option<String>, DbError> {
    for iri in activities {
        let owner = store::of_activity(tx, course.platform, iri).await?;
        if owner.is_some_and(|owner| owner.id != course.id) {
            return Ok(Some(iri.clone()));
        }
    }
    Ok(None)
}

/// Lets a course be what `terms` say, whose addresses are free; what has come is looked at again.
async fn in_words(ctx: &Ctx, tx: &mut Tx, course: &Course, terms: &Terms) -> Result<(), CourseError> {
    if store::say(tx, (course.id, course.platform), terms).await?.is_some() {
        return Err(CourseError::Stale);
    }
    let payload = Approved { programme: course.programme, course: course.id };
    Ok(jobs::emit(tx, ctx.at, APPROVED, &payload).await?)
}

async fn take_back(ctx: &Ctx, tx: &mut Tx, course: &Course, revision: i64) -> Result<(), CourseError> {
    if !store::decide(ctx, tx, (course.id, revision), (TermsState::Withdrawn, "")).await? {
        return Err(CourseError::Decided);
    }
    let detail = json!({ "revision": revision });
    Ok(audit::record(ctx, tx, "course.change_withdrawn", course.id.uuid(), &detail).await?)
}

/// Takes back the change `revision` of a course that waits for the office: what is in force stays. A
/// course of which nothing is in force yet is changed, not taken back.
///
/// # Errors
/// [`CourseError::Decided`]; 404 for whoever does not hand courses of its platform in.
pub async fn withdraw(ctx: &Ctx, tx: &mut Tx, (id, revision): (Id<Course>, i64)) -> Result<(), CourseError> {
    require(ctx, &AUTHORS)?;
    let course = course(ctx, tx, id).await?;
    platform::visible(ctx, tx, course.platform).await?;
    if course.revision.is_none() {
        return Err(CourseError::Decided);
    }
    take_back(ctx, tx, &course, revision).await
}

/// The terms that wait for a decision, which the office may take about a course: those it has
/// `seen`, where it says which.
async fn open_terms(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Course>,
    seen: Option<i64>,
) -> Result<(Course, Terms), CourseError> {
    require(ctx, &OFFICES)?;
    let course = course(ctx, tx, id).await?;
    let waiting = store::terms(tx, id).await?.into_iter().find(|terms| terms.state == TermsState::Submitted);
    let terms = waiting.ok_or(CourseError::Decided)?;
    if seen.is_some_and(|seen| seen != terms.revision) {
        return Err(CourseError::Stale);
    }
    let (account, _, _) = ctx.who.signature();
    if account.is_some() && store::submitted_by(tx, id, terms.revision).await? == account {
        return Err(CourseError::Own);
    }
    Ok((course, terms))
}

/// Approves the terms of a course that wait, those `seen` where it is said which: it is offered, is
/// what they say, and counts by them from now on. What has arrived of it before is looked at again.
///
/// # Errors
/// [`CourseError::Decided`], [`CourseError::Own`], [`CourseError::Stale`],
/// [`CourseError::ActivityTaken`]; 404 for whoever is no office of the programme.
pub async fn approve(ctx: &Ctx, tx: &mut Tx, id: Id<Course>, seen: Option<i64>) -> Result<(), CourseError> {
    let (course, terms) = open_terms(ctx, tx, id, seen).await?;
    let revision = terms.revision;
    if let Some(iri) = taken(tx, &course, &terms.activities).await? {
        return Err(CourseError::ActivityTaken(iri));
    }
    if !store::decide(ctx, tx, (id, revision), (TermsState::Approved, "")).await? {
        return Err(CourseError::Decided);
    }
    store::put_in_force(tx, id, revision, ctx.at).await?;
    audit::record(ctx, tx, "course.approved", id.uuid(), &json!({ "revision": revision })).await?;
    in_words(ctx, tx, &course, &terms).await
}

/// Sends the terms of a course that wait back with a reason.
///
/// # Errors
/// [`CourseError::NoReason`]; else as [`approve`].
pub async fn return_terms(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, seen): (Id<Course>, Option<i64>),
    reason: &str,
) -> Result<(), CourseError> {
    let revision = open_terms(ctx, tx, id, seen).await?.1.revision;
    if reason.trim().is_empty() {
        return Err(CourseError::NoReason);
    }
    if !store::decide(ctx, tx, (id, revision), (TermsState::Returned, reason)).await? {
        return Err(CourseError::Decided);
    }
    let detail = json!({ "revision": revision, "reason": reason });
    audit::record(ctx, tx, "course.returned", id.uuid(), &detail).await?;
    Ok(())
}

/// A course is offered no more, or again. What was credited stands; what arrives later of one that
/// is retired is kept and counts for nothing.
///
/// # Errors
/// [`CourseError::Stale`], [`CourseError::Decided`]; 404 for whoever is no office of the programme.
pub async fn retire(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Course>, i64),
    state: State,
) -> Result<(), CourseError> {
    require(ctx, &OFFICES)?;
    let course = course(ctx, tx, id).await?;
    if course.revision.is_none() || state == State::Submitted {
        return Err(CourseError::Decided);
    }
    if course.version != version || !store::set_state(tx, &course, state, ctx.at).await? {
        return Err(CourseError::Stale);
    }
    audit::record(ctx, tx, "course.turned", id.uuid(), &json!({ "state": state.key() })).await?;
    if state == State::Offered {
        let payload = Approved { programme: course.programme, course: id };
        jobs::emit(tx, ctx.at, APPROVED, &payload).await?;
    }
    Ok(())
}
