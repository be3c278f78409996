//! How far a teacher has come: worked out after every change, and for all at once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tisheng_kernel::{Id, Level};
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Scope, Tx};
use tisheng_policy::scheme::{self, Programme, Version};
use tisheng_registry::people::{self, Person};
use tisheng_registry::roster::{Kind, Passed, Teachers};
use tisheng_rules::Verdict;
use uuid::Uuid;

use super::dossier::{self, Judges, Teacher};
use super::model::Standing;
use super::store;
use super::{ALL_REFRESHED, ISSUED, STANDING_CHANGED};

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
    let dossier = dossier::of_person(tx, programme.id, person).await?;
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

/// After a file of teachers: those whom it moved stand at their new schools.
pub(super) async fn follow_posts_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let passed: Passed = claimed.payload()?;
    if passed.kind == Teachers::ABOUT.key {
        let mut tx = ctx.write().await?;
        store::follow_posts(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(())
}

pub(super) fn told(failure: Failure) -> JobError {
    JobError(format!("{failure:?}"))
}

pub(super) async fn tell_issued(ctx: &Ctx, tx: &mut Tx, about: About) -> Result<(), DbError> {
    jobs::emit(tx, ctx.at, ISSUED, &about).await
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
        // Claimed before they are read: nobody else then writes an older verdict over this one.
        store::claim_standings(&mut tx, programme, &teachers, ctx.at).await?;
        let teachers = dossier::of_teachers(&mut tx, programme, teachers).await?;
        let fresh = judged(ctx, &mut tx, &mut judges, teachers).await?;
        done.changed += store::put_standings(&mut tx, programme.id, &fresh, ctx.at).await?;
        tx.commit().await?;
        done.teachers += u64::try_from(fresh.len()).unwrap_or(u64::MAX);
        done.met += fresh.iter().map(|standing| u64::from(standing.met)).sum::<u64>();
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
