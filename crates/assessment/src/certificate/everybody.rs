//! The standings of everybody: looked at side by side without holding up a writer, and written
//! where they are others.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::thread::available_parallelism;

use futures::stream::{self, Stream, TryStreamExt};
use serde::{Deserialize, Serialize};
use tisheng_kernel::Id;
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::ALL_REFRESHED;
use super::dossier::{self, Judges};
use super::model::Standing;
use super::store;

/// Teachers looked at in one reading transaction.
pub(super) const STEP: i64 = 2000;

/// Steps looked at side by side at most, of the eight or sixteen connections that everybody shares.
const MOST_AT_ONCE: usize = 3;

/// What a full computation came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Teachers looked at.
    pub teachers: u64,
    /// Of them, how many have met everything.
    pub met: u64,
    /// Standings that were new or different.
    pub changed: u64,
}

/// Some teachers of a programme in the order of their identifiers, with the paths of their schools.
pub(super) type Step = Vec<(Id<Person>, String)>;

/// What a look at some teachers found.
pub(super) struct Look {
    first: Id<Person>,
    last: Id<Person>,
    teachers: u64,
    met: u64,
    /// Those whose standing is another than the one that is kept, or has none.
    pub different: Vec<Different>,
}

/// A standing that is not the one that is kept.
pub(super) struct Different {
    fresh: Standing,
    is_new: bool,
    /// Whether the teacher stood at another school.
    has_moved: bool,
}

/// Works the standing of every teacher of a programme out again, writing in steps of their own
/// transactions; may be stopped and begun anew at any time. While nothing differs nothing is
/// written.
///
/// # Errors
/// What the database reports.
pub async fn refresh_all(ctx: &Ctx, programme: &Programme) -> Result<Refreshed, Failure> {
    let mut looks = pin!(looks(ctx, programme));
    let mut done = Refreshed::default();
    while let Some(look) = looks.try_next().await? {
        done.teachers += look.teachers;
        done.met += look.met;
        done.changed += settle(ctx, programme, look.different).await?;
    }
    Ok(done)
}

/// Looks at everybody, several steps at once, in the order of the identifiers.
fn looks(ctx: &Ctx, programme: &Programme) -> impl Stream<Item = Result<Look, Failure>> {
    let scope = Scope::below(&programme.path);
    let steps = stream::try_unfold(Uuid::nil(), move |after| next(ctx.clone(), scope.clone(), after));
    let looked_at = move |step: Step| {
        let look = tokio::spawn(look(ctx.clone(), programme.clone(), step));
        async { look.await.map_err(|error| Failure::Internal(error.to_string()))? }
    };
    // Pages and writers need readers and processors as well.
    let at_once = available_parallelism().map_or(1, usize::from).min(MOST_AT_ONCE);
    steps.map_ok(looked_at).try_buffered(at_once)
}

/// The teachers of the next step and the last of them, after whom it goes on.
async fn next(ctx: Ctx, scope: Scope, after: Uuid) -> Result<Option<(Step, Uuid)>, Failure> {
    let mut tx = ctx.read().await?;
    let step = store::standing::teachers(&mut tx, &scope, after, STEP).await?;
    let last = step.last().map(|(last, _)| last.uuid());
    Ok(last.map(|last| (step, last)))
}

pub(super) async fn look(ctx: Ctx, programme: Programme, step: Step) -> Result<Look, Failure> {
    let (Some((first, _)), Some((last, _))) = (step.first(), step.last()) else {
        return Err(Failure::Internal("a step of nobody".to_owned()));
    };
    let (first, last) = (*first, *last);
    let mut tx = ctx.read().await?;
    let fresh = standings(&ctx, &mut tx, &programme, step).await?;
    let kept = store::standing::standings(&mut tx, programme.id, first, last).await?;
    let kept: BTreeMap<Id<Person>, Standing> = kept.into_iter().map(|s| (s.person, s)).collect();
    let (teachers, met) = (fresh.len(), fresh.iter().filter(|standing| standing.met).count());
    let different = fresh.into_iter().filter_map(|fresh| match kept.get(&fresh.person) {
        Some(kept) => {
            let has_moved = kept.path != fresh.path;
            (*kept != fresh).then_some(Different { fresh, is_new: false, has_moved })
        }
        None => Some(Different { fresh, is_new: true, has_moved: false }),
    });
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Ok(Look { first, last, teachers: count(teachers), met: count(met), different: different.collect() })
}

/// The standings of the teachers of a step by the facts of now.
async fn standings(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    step: Step,
) -> Result<Vec<Standing>, Failure> {
    let mut judges = Judges::of(ctx, tx, programme).await?;
    let teachers = dossier::of_teachers(tx, programme, step).await?;
    let mut standings = Vec::with_capacity(teachers.len());
    for teacher in teachers {
        standings.push(judges.standing(ctx, tx, teacher).await?);
    }
    Ok(standings)
}

/// Writes what differs. Facts may have changed since they were looked at: what was found is put,
/// which holds the lines, so that nobody else writes an older verdict over a newer one; then the
/// facts are read once more. Whoever has moved or gone meanwhile is left to that change.
pub(super) async fn settle(
    ctx: &Ctx,
    programme: &Programme,
    different: Vec<Different>,
) -> Result<u64, Failure> {
    let (Some(first), Some(last)) = (different.first(), different.last()) else { return Ok(0) };
    let (first, last) = (first.fresh.person, last.fresh.person);
    let moved: BTreeSet<Id<Person>> =
        different.iter().filter(|different| different.has_moved).map(|one| one.fresh.person).collect();
    let mut found: BTreeMap<Id<Person>, Standing> =
        different.into_iter().map(|different| (different.fresh.person, different.fresh)).collect();
    let mut tx = ctx.write_alone().await?;
    let scope = Scope::below(&programme.path);
    let mut step = store::standing::teachers_between(&mut tx, &scope, first, last).await?;
    step.retain(|(person, path)| found.get(person).is_some_and(|standing| standing.path == *path));
    let held: Vec<Standing> = step.iter().filter_map(|(person, _)| found.remove(person)).collect();
    let changed = store::standing::put_standings(&mut tx, programme.id, &held, ctx.at).await?;
    for standing in held.iter().filter(|standing| moved.contains(&standing.person)) {
        store::follow_holder(&mut tx, programme.id, standing.person).await?;
    }
    let mut fresh = standings(ctx, &mut tx, programme, step).await?;
    let held: BTreeMap<Id<Person>, Standing> = held.into_iter().map(|s| (s.person, s)).collect();
    fresh.retain(|standing| held.get(&standing.person) != Some(standing));
    store::standing::put_standings(&mut tx, programme.id, &fresh, ctx.at).await?;
    tx.commit().await?;
    Ok(changed)
}

/// What the event of new rules in force says; an update that reads rules in a new way names no programme.
#[derive(Debug, Serialize, Deserialize)]
struct NewRules {
    programme: Option<Id<Programme>>,
}

/// New rules are in force: every open result is judged by them.
pub(super) async fn refresh_all_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let about: NewRules = claimed.payload()?;
    let mut tx = ctx.read().await?;
    let programmes = match about.programme {
        Some(id) => vec![scheme::of_id(&mut tx, id).await?],
        None => scheme::all(&mut tx).await?,
    };
    drop(tx);
    for programme in programmes {
        refresh_all(&ctx, &programme).await?;
        let mut tx = ctx.write().await?;
        let about = NewRules { programme: Some(programme.id) };
        jobs::emit(&mut tx, ctx.at, ALL_REFRESHED, &about).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// How many standings were looked at, and the teachers whose standing is not what a fresh
/// computation gives, at most `most` of them: the proof that a derived figure is right.
///
/// # Errors
/// What the database reports.
pub async fn check_standings(
    ctx: &Ctx,
    programme: &Programme,
    most: usize,
) -> Result<(u64, Vec<Id<Person>>), Failure> {
    let mut looks = pin!(looks(ctx, programme));
    let (mut looked_at, mut wrong) = (0, Vec::new());
    while wrong.len() < most {
        let Some(look) = looks.try_next().await? else { break };
        looked_at += look.teachers;
        // Nobody has looked at a teacher yet who has no standing; whoever has met everything has one.
        let is_wrong = |different: &&Different| !different.is_new || different.fresh.met;
        wrong.extend(look.different.iter().filter(is_wrong).map(|different| different.fresh.person));
        let mut tx = ctx.read().await?;
        wrong.extend(store::standing::wrongly_held(&mut tx, programme.id, look.first, look.last).await?);
    }
    wrong.sort_unstable();
    wrong.dedup();
    wrong.truncate(most);
    Ok((looked_at, wrong))
}
