//! How far a teacher has come: worked out after every change, and for all at once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tisheng_kernel::{Id, Level, Minutes};
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Scope, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people::{self, Person};
use tisheng_registry::roster::{Kind, Passed, Teachers};
use tisheng_rules::{Facts, HourEntry, Scheme, Verdict};
use uuid::Uuid;

use super::model::Standing;
use super::store::{self, Basis};
use super::{ISSUED, STANDING_CHANGED};

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

/// Everything about one teacher that the verdict follows from, taken out of a [`Basis`].
#[derive(Debug, Default)]
struct Dossier {
    totals: Vec<(String, String, i64)>,
    chosen: Vec<String>,
    offered: Vec<String>,
    results: BTreeMap<String, Level>,
}

impl Dossier {
    fn verdict(&self, ctx: &Ctx, scheme: &Scheme) -> Verdict {
        let hours: Vec<HourEntry<'_>> = self
            .totals
            .iter()
            .map(|(category, kind, minutes)| HourEntry {
                category,
                kind: Some(kind.as_str()).filter(|kind| !kind.is_empty()),
                minutes: Minutes::new(*minutes),
                worked_on: ctx.at.date(),
            })
            .collect();
        scheme.verdict(&Facts {
            hours: &hours,
            chosen: &self.chosen,
            offered: &self.offered,
            results: &self.results,
            reported: &BTreeMap::new(),
        })
    }
}

/// The verdict of the rules in force on a teacher, with every gate and its sentence.
///
/// # Errors
/// What the database reports.
pub async fn verdict(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    person: Id<Person>,
) -> Result<Verdict, Failure> {
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    let basis = store::basis(tx, programme.id, person, person).await?;
    Ok(dossiers(basis).remove(&person).unwrap_or_default().verdict(ctx, &rules))
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
    let verdict = verdict(ctx, tx, programme, person).await?;
    let path = match people::teacher(tx, person).await {
        Ok(teacher) => teacher.path,
        Err(Failure::NotFound) => return Ok(verdict),
        Err(other) => return Err(other),
    };
    let standing = standing_of(programme, person, path, &verdict);
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

fn standing_of(programme: &Programme, person: Id<Person>, path: String, verdict: &Verdict) -> Standing {
    let open = verdict.gates.iter().filter(|gate| !gate.met).map(|gate| gate.key.clone());
    Standing {
        person,
        path,
        met: verdict.met,
        open_gates: open.collect(),
        level: verdict.level.map_or("", Level::code).to_owned(),
        score: verdict.score.hundredths(),
        version: programme.version,
    }
}

fn dossiers(basis: Basis) -> BTreeMap<Id<Person>, Dossier> {
    let mut all: BTreeMap<Id<Person>, Dossier> = BTreeMap::new();
    for (person, category, kind, minutes) in basis.totals {
        all.entry(person).or_default().totals.push((category, kind, minutes));
    }
    for (person, capability) in basis.chosen {
        all.entry(person).or_default().chosen.push(capability);
    }
    for (person, capability) in basis.offered {
        all.entry(person).or_default().offered.push(capability);
    }
    for (person, code, level) in basis.results {
        all.entry(person).or_default().results.insert(code, level);
    }
    all
}

/// Fresh standings of the teachers in one step of a walk over all.
async fn step(
    ctx: &Ctx,
    tx: &mut Tx,
    (programme, rules): (&Programme, &Scheme),
    after: Uuid,
) -> Result<Vec<Standing>, DbError> {
    let teachers = store::teachers(tx, &Scope::below(&programme.path), after, STEP).await?;
    let (Some((first, _)), Some((last, _))) = (teachers.first(), teachers.last()) else {
        return Ok(Vec::new());
    };
    let mut all = dossiers(store::basis(tx, programme.id, *first, *last).await?);
    let fresh = teachers.into_iter().map(|(person, path)| {
        let verdict = all.remove(&person).unwrap_or_default().verdict(ctx, rules);
        standing_of(programme, person, path, &verdict)
    });
    Ok(fresh.collect())
}

/// Works the standing of every teacher of a programme out again, in steps of their own
/// transactions; may be stopped and begun anew at any time.
///
/// # Errors
/// What the database reports.
pub async fn refresh_all(ctx: &Ctx, programme: &Programme) -> Result<Refreshed, Failure> {
    let mut tx = ctx.read().await?;
    let rules = scheme::rules(&ctx.app, &mut tx, programme).await?;
    drop(tx);
    let (mut done, mut after) = (Refreshed::default(), Uuid::nil());
    loop {
        let mut tx = ctx.read().await?;
        let fresh = step(ctx, &mut tx, (programme, &rules), after).await?;
        drop(tx);
        let Some(last) = fresh.last() else { return Ok(done) };
        after = last.person.uuid();
        let mut tx = ctx.write().await?;
        done.changed += store::put_standings(&mut tx, programme.id, &fresh, ctx.at).await?;
        tx.commit().await?;
        done.teachers += u64::try_from(fresh.len()).unwrap_or(u64::MAX);
        done.met += fresh.iter().map(|standing| u64::from(standing.met)).sum::<u64>();
    }
}

/// The teachers whose standing is not what a fresh computation gives, at most `most` of them: the
/// proof that a derived figure is right.
///
/// # Errors
/// What the database reports.
pub async fn check_standings(
    ctx: &Ctx,
    programme: &Programme,
    most: usize,
) -> Result<Vec<Id<Person>>, Failure> {
    let mut tx = ctx.read().await?;
    let rules = scheme::rules(&ctx.app, &mut tx, programme).await?;
    let (mut wrong, mut after) = (Vec::new(), Uuid::nil());
    while wrong.len() < most {
        let fresh = step(ctx, &mut tx, (programme, &rules), after).await?;
        let (Some(first), Some(last)) = (fresh.first(), fresh.last()) else { break };
        after = last.person.uuid();
        let kept = store::standings(&mut tx, programme.id, first.person, last.person).await?;
        let kept: BTreeMap<Id<Person>, Standing> = kept.into_iter().map(|s| (s.person, s)).collect();
        // A teacher nobody has looked at yet stands where an empty record stands.
        wrong.extend(fresh.iter().filter(|s| kept.get(&s.person).is_some_and(|k| k != *s)).map(|s| s.person));
    }
    wrong.truncate(most);
    Ok(wrong)
}
