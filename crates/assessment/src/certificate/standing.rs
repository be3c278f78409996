//! How far a teacher has come: worked out after every change, and for all at once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tisheng_kernel::{Id, Level};
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope, Tx};
use tisheng_policy::scheme::{self, Programme, Version};
use tisheng_registry::people::{self, Person};
use tisheng_registry::roster::{Kind, Passed, Teachers};
use tisheng_rules::Verdict;
use uuid::Uuid;

use super::dossier::{self, Judges, Teacher};
use super::model::Standing;
use super::store;
use super::{ALL_REFRESHED, STANDING_CHANGED};

/// Teachers looked at in one transaction of a full computation.
const STEP: i64 = 2000;

/// What events about a teacher say of whom they concern: a change of the person concerns every
/// programme.
#[derive(Debug, Deserialize)]
struct Concerned {
    programme: Option<Id<Programme>>,
    person: Id<Person>,
}

/// What this room's own events carry.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct About {
    pub programme: Id<Programme>,
    pub person: Id<Person>,
}

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

/// The verdict on a teacher with every gate and its sentence: of the rules in force, or of those
/// by which a valid certificate was issued.
///
/// # Errors
/// What the database reports.
pub async fn verdict(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    person: Id<Person>,
) -> Result<Verdict, Failure> {
    let mut judges = Judges::of(ctx, tx, programme).await?;
    let dossier = dossier::told_of_person(tx, programme.id, person).await?;
    Ok(judges.verdict(ctx, tx, &dossier).await?.0)
}

/// Works a teacher's standing out again and writes it when it is another. A teacher without an
/// open post keeps the standing as it was. Whoever works out the same standing at the same time
/// waits, so that the later facts are the ones that stay.
///
/// # Errors
/// What the database reports.
pub async fn refresh(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    person: Id<Person>,
) -> Result<Verdict, Failure> {
    store::claim_standing(tx, programme, person, ctx.at).await?;
    let mut judges = Judges::of(ctx, tx, programme).await?;
    let dossier = dossier::of_person(tx, programme.id, person).await?;
    let (verdict, version) = judges.verdict(ctx, tx, &dossier).await?;
    let path = match people::teacher(tx, person).await {
        Ok(teacher) => teacher.path,
        Err(Failure::NotFound) => return Ok(verdict),
        Err(other) => return Err(other),
    };
    let standing = standing_of(version, person, path, &verdict);
    if store::put_standings(tx, programme.id, &[standing], ctx.at).await? > 0 {
        let about = About { programme: programme.id, person };
        jobs::emit(tx, ctx.at, STANDING_CHANGED, &about).await?;
    }
    Ok(verdict)
}

/// Works out again whoever the events concern, each of them once. A change of the person concerns
/// every programme in which they stand.
pub(super) async fn refresh_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let mut tx = ctx.write().await?;
    let mut concerned: BTreeSet<(Id<Programme>, Id<Person>)> = BTreeSet::new();
    for about in claimed.payloads::<Concerned>()? {
        let programmes = match about.programme {
            Some(programme) => vec![programme],
            None => store::programmes_of(&mut tx, about.person).await?,
        };
        concerned.extend(programmes.into_iter().map(|programme| (programme, about.person)));
    }
    let mut programmes: BTreeMap<Id<Programme>, Programme> = BTreeMap::new();
    for (id, person) in concerned {
        let programme = match programmes.entry(id) {
            Entry::Vacant(place) => place.insert(scheme::of_id(&mut tx, id).await.map_err(told)?),
            Entry::Occupied(place) => place.into_mut(),
        };
        refresh(&ctx, &mut tx, programme, person).await.map_err(told)?;
    }
    tx.commit().await?;
    Ok(())
}

/// After a file of teachers: those whom it moved stand at their new schools, and those whom it
/// brought have a standing, which says what they are to do.
pub(super) async fn follow_posts_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let passed: Passed = claimed.payload()?;
    if passed.kind == Teachers::ABOUT.key {
        let mut tx = ctx.write().await?;
        store::follow_posts(&mut tx).await?;
        tx.commit().await?;
        let mut tx = ctx.read().await?;
        let programmes = scheme::all(&mut tx).await.map_err(told)?;
        drop(tx);
        for programme in &programmes {
            receive(&ctx, programme).await.map_err(told)?;
        }
    }
    Ok(())
}

/// Gives a standing to every teacher of a programme who has none.
async fn receive(ctx: &Ctx, programme: &Programme) -> Result<(), Failure> {
    let mut tx = ctx.read().await?;
    let mut judges = Judges::of(ctx, &mut tx, programme).await?;
    drop(tx);
    let mut after = Uuid::nil();
    loop {
        let mut tx = ctx.write().await?;
        let scope = Scope::below(&programme.path);
        let teachers = store::newcomers(&mut tx, programme.id, &scope, after, STEP).await?;
        let Some((last, _)) = teachers.last() else { return Ok(()) };
        after = last.uuid();
        stand(ctx, &mut tx, (programme, &mut judges), teachers).await?;
        tx.commit().await?;
    }
}

/// Works the standings of some teachers out and writes those that are new or different.
async fn stand(
    ctx: &Ctx,
    tx: &mut Tx,
    (programme, judges): (&Programme, &mut Judges),
    teachers: Vec<(Id<Person>, String)>,
) -> Result<Refreshed, Failure> {
    // Claimed before they are read: nobody else then writes an older verdict over this one.
    store::claim_standings(tx, programme, &teachers, ctx.at).await?;
    let teachers = dossier::of_teachers(tx, programme, teachers).await?;
    let fresh = judged(ctx, tx, judges, teachers).await?;
    Ok(Refreshed {
        changed: store::put_standings(tx, programme.id, &fresh, ctx.at).await?,
        teachers: u64::try_from(fresh.len()).unwrap_or(u64::MAX),
        met: fresh.iter().map(|standing| u64::from(standing.met)).sum(),
    })
}

pub(super) fn told(failure: Failure) -> JobError {
    JobError(format!("{failure:?}"))
}

fn standing_of(version: Id<Version>, person: Id<Person>, path: String, verdict: &Verdict) -> Standing {
    let open = verdict.gates.iter().filter(|gate| !gate.met).map(|gate| gate.key.clone());
    Standing {
        person,
        path,
        met: verdict.met,
        open_gates: open.collect(),
        level: verdict.level.map_or("", Level::code).to_owned(),
        score: verdict.score.hundredths(),
        version,
    }
}

/// Fresh standings of some teachers.
async fn judged(
    ctx: &Ctx,
    tx: &mut Tx,
    judges: &mut Judges,
    teachers: Vec<Teacher>,
) -> Result<Vec<Standing>, Failure> {
    let mut fresh = Vec::with_capacity(teachers.len());
    for Teacher { person, path, dossier } in teachers {
        let (verdict, version) = judges.verdict(ctx, tx, &dossier).await?;
        fresh.push(standing_of(version, person, path, &verdict));
    }
    Ok(fresh)
}

/// Works the standing of every teacher of a programme out again, in steps of their own
/// transactions; may be stopped and begun anew at any time.
///
/// # Errors
/// What the database reports.
pub async fn refresh_all(ctx: &Ctx, programme: &Programme) -> Result<Refreshed, Failure> {
    let mut tx = ctx.read().await?;
    let mut judges = Judges::of(ctx, &mut tx, programme).await?;
    drop(tx);
    let (mut done, mut after) = (Refreshed::default(), Uuid::nil());
    loop {
        let mut tx = ctx.write().await?;
        let teachers = store::teachers(&mut tx, &Scope::below(&programme.path), after, STEP).await?;
        let Some((last, _)) = teachers.last() else { return Ok(done) };
        after = last.uuid();
        let step = stand(ctx, &mut tx, (programme, &mut judges), teachers).await?;
        tx.commit().await?;
        done.teachers += step.teachers;
        done.met += step.met;
        done.changed += step.changed;
    }
}

/// What the event of new rules in force says.
#[derive(Debug, Serialize, Deserialize)]
struct NewRules {
    programme: Id<Programme>,
}

/// New rules are in force: every open result is judged by them.
pub(super) async fn refresh_all_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let about: NewRules = claimed.payload()?;
    let mut tx = ctx.read().await?;
    let programme = scheme::of_id(&mut tx, about.programme).await.map_err(told)?;
    drop(tx);
    refresh_all(&ctx, &programme).await.map_err(told)?;
    let mut tx = ctx.write().await?;
    jobs::emit(&mut tx, ctx.at, ALL_REFRESHED, &about).await?;
    Ok(tx.commit().await?)
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
) -> Result<(usize, Vec<Id<Person>>), Failure> {
    let mut tx = ctx.read().await?;
    let mut judges = Judges::of(ctx, &mut tx, programme).await?;
    let (mut looked_at, mut wrong, mut after) = (0, Vec::new(), Uuid::nil());
    while wrong.len() < most {
        let teachers = dossier::after(&mut tx, programme, after, STEP).await?;
        let fresh = judged(ctx, &mut tx, &mut judges, teachers).await?;
        let (Some(first), Some(last)) = (fresh.first(), fresh.last()) else { break };
        after = last.person.uuid();
        looked_at += fresh.len();
        let kept = store::standings(&mut tx, programme.id, first.person, last.person).await?;
        let kept: BTreeMap<Id<Person>, Standing> = kept.into_iter().map(|s| (s.person, s)).collect();
        // Nobody has looked at a teacher yet who has no standing; whoever has met everything has one.
        let is_wrong = |s: &&Standing| kept.get(&s.person).map_or(s.met, |k| k != *s);
        wrong.extend(fresh.iter().filter(is_wrong).map(|s| s.person));
        wrong.extend(store::wrongly_held(&mut tx, programme.id, first.person, last.person).await?);
    }
    wrong.sort_unstable();
    wrong.dedup();
    wrong.truncate(most);
    Ok((looked_at, wrong))
}
