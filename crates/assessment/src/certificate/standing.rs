//! How far a teacher has come: worked out after every change.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use tisheng_kernel::{Id, Level};
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::{self, Final, FinalBy, Programme};
use tisheng_registry::people::{self, Person};
use tisheng_rules::Verdict;

use super::STANDING_CHANGED;
use super::dossier::{self, Judges, Teacher};
use super::model::Standing;
use super::store;

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

/// A result is final while a valid certificate states it.
pub const FINAL_BY: FinalBy = FinalBy(final_by);

fn final_by<'a>(tx: &'a mut Tx, programme: Id<Programme>, people: &'a [Id<Person>]) -> Final<'a> {
    Box::pin(store::final_by(tx, programme, people))
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
    let (rules, _) = judges.rules(ctx, tx, &dossier).await?;
    Ok(dossier.verdict(ctx, &rules))
}

/// Works a teacher's standing out again and writes it when it is another; certificates go along to another
/// school. Whoever has left keeps the standing as it was, but while a certificate says that everything is
/// met it must still be true. Whoever works out the same standing at the same time waits, so that the
/// later facts are the ones that stay.
///
/// # Errors
/// What the database reports.
pub async fn refresh(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    person: Id<Person>,
) -> Result<(), Failure> {
    store::standing::claim_standing(tx, programme, person, ctx.at).await?;
    let path = match people::teacher(tx, person).await {
        Ok(teacher) => teacher.path,
        Err(Failure::NotFound) => match store::valid_of(tx, programme.id, person).await? {
            Some(certificate) => certificate.path,
            None => return Ok(()),
        },
        Err(other) => return Err(other),
    };
    let mut judges = Judges::of(ctx, tx, programme).await?;
    let dossier = dossier::of_person(tx, programme.id, person).await?;
    let standing = judges.standing(ctx, tx, Teacher { person, path, dossier }).await?;
    if store::standing::put_standings(tx, programme.id, &[standing], ctx.at).await? > 0 {
        store::follow_holder(tx, programme.id, person).await?;
        let about = About { programme: programme.id, person };
        jobs::emit(tx, ctx.at, STANDING_CHANGED, &about).await?;
    }
    Ok(())
}

/// Works out again whoever the events concern, each of them once. A change of the person concerns
/// every programme in which they stand.
pub(super) async fn refresh_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let mut tx = ctx.write().await?;
    let mut concerned: BTreeSet<(Id<Programme>, Id<Person>)> = BTreeSet::new();
    for about in claimed.payloads::<Concerned>()? {
        let programmes = match about.programme {
            Some(programme) => vec![programme],
            None => store::standing::programmes_of(&mut tx, about.person).await?,
        };
        concerned.extend(programmes.into_iter().map(|programme| (programme, about.person)));
    }
    let mut programmes: BTreeMap<Id<Programme>, Programme> = BTreeMap::new();
    for (id, person) in concerned {
        let programme = match programmes.entry(id) {
            Entry::Vacant(place) => place.insert(scheme::of_id(&mut tx, id).await?),
            Entry::Occupied(place) => place.into_mut(),
        };
        refresh(&ctx, &mut tx, programme, person).await?;
    }
    tx.commit().await?;
    Ok(())
}

impl Judges {
    /// What is kept of a teacher: the result without a word.
    pub(super) async fn standing(
        &mut self,
        ctx: &Ctx,
        tx: &mut Tx,
        teacher: Teacher,
    ) -> Result<Standing, Failure> {
        let (rules, version) = self.rules(ctx, tx, &teacher.dossier).await?;
        let outcome = teacher.dossier.outcome(ctx, &rules);
        Ok(Standing {
            person: teacher.person,
            path: teacher.path,
            met: outcome.met,
            open_gates: outcome.open,
            level: outcome.level.map_or("", Level::code).to_owned(),
            score: outcome.score.hundredths(),
            version,
        })
    }
}
