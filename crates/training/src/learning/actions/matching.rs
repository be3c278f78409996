//! Whose an account is.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::require;
use tisheng_registry::people::{self, Person};

use super::super::model::{Account, Fact, Learner, LearnerState};
use super::super::store;
use super::late::{Span, ask_again};
use super::{Ground, LearningError, NOT_THEIRS, ground, settle_one};
use crate::hours::{self, DESK};
use crate::platform::{self, Platform};

/// The account by which this system names a teacher to a platform, entered when there is none.
///
/// # Errors
/// What the database reports.
pub async fn learner_for(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: &Platform,
    person: Id<Person>,
) -> Result<Account, Failure> {
    let home = ctx.app.config.public_url.clone();
    let known = store::of_person(tx, platform.programme, person).await?;
    let own = known.into_iter().find(|l| l.platform == platform.id && l.account.home == home);
    if let Some(learner) = own {
        return Ok(learner.account);
    }
    let teacher = people::teacher(tx, person).await?;
    let id: Id<Learner> = ctx.id();
    let account = Account { home, name: id.to_string() };
    let new = store::New {
        id,
        account: &account,
        name: &teacher.name,
        school: &teacher.school_name,
        path: &teacher.path,
        person: Some(person),
    };
    store::add_learner(ctx, tx, platform, &new).await?;
    Ok(account)
}

/// The account that this system calls `name` to a platform, with its facts of one try that are not
/// voided; `None` where it has never called anybody so.
///
/// # Errors
/// What the database reports.
pub async fn own_facts(
    tx: &mut Tx,
    platform: Id<Platform>,
    (name, attempt): (&str, &str),
) -> Result<Option<(Account, Vec<Fact>)>, DbError> {
    let Ok(id) = name.parse::<Id<Learner>>() else { return Ok(None) };
    let known = store::of_id(tx, id).await?.filter(|l| l.platform == platform && l.account.name == name);
    let Some(learner) = known else { return Ok(None) };
    let facts = store::facts::of_attempt(tx, &learner, attempt).await?;
    Ok(Some((learner.account, facts)))
}

/// The account `id`, when the asker decides about it.
pub(in crate::learning) async fn visible(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Learner>,
) -> Result<Learner, Failure> {
    require(ctx, &DESK)?;
    let found = store::of_id(tx, id).await?;
    let scope = ctx.scope();
    found.filter(|l| l.programme == programme.id && scope.holds(&l.path)).ok_or(Failure::NotFound)
}

/// Says whose an account is: everything that came of it is worked out for that teacher, and so is
/// what comes later.
///
/// # Errors
/// [`LearningError::Decided`], [`LearningError::Own`]; 404 for an account or a teacher that the
/// asker may not see.
pub async fn match_learner(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (id, person): (Id<Learner>, Id<Person>),
) -> Result<(), LearningError> {
    let learner = visible(ctx, tx, programme, id).await?;
    people::visible(ctx, tx, person).await?;
    if ctx.who.member().is_some_and(|member| member.person == person.uuid()) {
        return Err(LearningError::Own);
    }
    let teacher = people::teacher(tx, person).await?;
    // The teacher before the account, as everywhere.
    hours::hold(tx, programme.id, person).await?;
    if learner.state == LearnerState::Matched
        || !store::set_person(ctx, tx, (id, learner.state), (person, &teacher.path)).await?
    {
        return Err(LearningError::Decided(learner.state));
    }
    audit::record(ctx, tx, "learning.matched", id.uuid(), &json!({ "person": person })).await?;
    work_out(ctx, tx, &learner, person).await
}

/// An account is nobody's of the programme: what came of it counts for nothing.
///
/// # Errors
/// [`LearningError::Decided`], [`LearningError::NoReason`]; 404 for an account that the asker may
/// not see.
pub async fn dismiss(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (id, reason): (Id<Learner>, &str),
) -> Result<(), LearningError> {
    part(ctx, tx, programme, id, (LearnerState::Dismissed, reason)).await
}

/// Takes back what was said about an account, such as a wrong match: what was credited because of
/// it is taken back too, and it waits again.
///
/// # Errors
/// As [`dismiss`].
pub async fn reopen(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (id, reason): (Id<Learner>, &str),
) -> Result<(), LearningError> {
    part(ctx, tx, programme, id, (LearnerState::Unmatched, reason)).await
}

async fn part(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Learner>,
    (to, reason): (LearnerState, &str),
) -> Result<(), LearningError> {
    let learner = visible(ctx, tx, programme, id).await?;
    if reason.trim().is_empty() {
        return Err(LearningError::NoReason);
    }
    if let Some(person) = learner.person {
        hours::hold(tx, programme.id, person).await?;
    }
    if learner.state == to || !store::decide(ctx, tx, (id, learner.state), (to, reason)).await? {
        return Err(LearningError::Decided(learner.state));
    }
    let detail = json!({ "state": to.key(), "was": learner.person, "reason": reason });
    audit::record(ctx, tx, "learning.parted", id.uuid(), &detail).await?;
    match learner.person {
        Some(person) => work_out(ctx, tx, &learner, person).await,
        None => Ok(()),
    }
}

/// Brings the ledger of `person` up to date with everything of which `learner` has facts.
async fn work_out(
    ctx: &Ctx,
    tx: &mut Tx,
    learner: &Learner,
    person: Id<Person>,
) -> Result<(), LearningError> {
    let platform = platform::of_id(tx, learner.platform).await?.ok_or(Failure::NotFound)?;
    let ground = Ground { why: NOT_THEIRS, ..ground(ctx, tx, &platform).await? };
    for course in store::facts::courses_of(tx, learner).await? {
        settle_one(ctx, tx, &ground, person, course).await?;
    }
    let mut span = Span::default();
    store::facts::span_of(tx, learner).await?.into_iter().flatten().for_each(|at| span.add(at));
    ask_again(ctx, tx, &ground, person, span).await
}
