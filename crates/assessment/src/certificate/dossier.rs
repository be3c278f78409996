//! What the verdict on a teacher follows from, read for many teachers at once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tisheng_kernel::{Id, Level, Seconds};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope, Tx};
use tisheng_policy::scheme::{self, Programme, Version};
use tisheng_registry::people::Person;
use tisheng_rules::{Facts, HourEntry, Outcome, PeerReviews, Scheme, UnderWay, Verdict};
use uuid::Uuid;

use super::store;
use super::store::standing::Basis;
use crate::review;

/// Everything about one teacher that the verdict follows from.
#[derive(Debug, Default)]
pub(super) struct Dossier {
    totals: Vec<(String, String, i64)>,
    chosen: Vec<String>,
    /// What was offered when the choice was made, the same for everybody who chose from it.
    offered: Arc<Vec<String>>,
    results: BTreeMap<String, Level>,
    /// Reviews of colleagues' work that fell to the teacher.
    peer_reviews: PeerReviews,
    /// How far work has come that has no result yet; `None` where nobody has looked.
    under_way: Option<BTreeMap<String, UnderWay>>,
    /// The version of the rules that the teacher's valid certificate was issued by: the result is
    /// final and stays on it.
    final_by: Option<Id<Version>>,
}

impl Dossier {
    /// The result by `scheme`, with its sentences.
    pub fn verdict(&self, ctx: &Ctx, scheme: &Scheme) -> Verdict {
        self.judged(ctx, |facts| scheme.verdict(facts))
    }

    /// The same without a word, for many at once.
    pub fn outcome(&self, ctx: &Ctx, scheme: &Scheme) -> Outcome {
        self.judged(ctx, |facts| scheme.outcome(facts))
    }

    fn judged<T>(&self, ctx: &Ctx, by: impl FnOnce(&Facts<'_>) -> T) -> T {
        let worked_on = ctx.at.date();
        let hours: Vec<HourEntry<'_>> = self
            .totals
            .iter()
            .map(|(category, kind, seconds)| HourEntry {
                category,
                kind: Some(kind.as_str()).filter(|kind| !kind.is_empty()),
                seconds: Seconds::new(*seconds),
                worked_on,
            })
            .collect();
        by(&Facts {
            hours: &hours,
            chosen: &self.chosen,
            offered: &self.offered,
            held: &self.chosen,
            results: &self.results,
            peer_reviews: self.peer_reviews,
            under_way: self.under_way.as_ref(),
            ..Facts::default()
        })
    }

    /// Whether the result is final: a valid certificate states it.
    pub const fn is_final(&self) -> bool {
        self.final_by.is_some()
    }
}

/// A teacher with an open post.
pub(super) struct Teacher {
    pub person: Id<Person>,
    /// Path of the school.
    pub path: String,
    pub dossier: Dossier,
}

/// The dossier of one person.
pub(super) async fn of_person(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Dossier, Failure> {
    let basis = store::standing::basis(tx, programme, person, person).await?;
    Ok(dossiers(basis).remove(&person).unwrap_or_default())
}

/// The same with the states of what has no result yet, for whoever is told what is missing.
pub(super) async fn told_of_person(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Dossier, Failure> {
    let under_way = review::under_way(tx, programme, person).await?;
    Ok(Dossier { under_way: Some(under_way), ..of_person(tx, programme, person).await? })
}

/// The next `limit` teachers of a programme after `after`, in the order of their identifiers.
pub(super) async fn after(
    tx: &mut Tx,
    programme: &Programme,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Teacher>, Failure> {
    let teachers = store::standing::teachers(tx, &Scope::below(&programme.path), after, limit).await?;
    of_teachers(tx, programme, teachers).await
}

/// The dossiers of teachers given with their paths, in the order of their identifiers.
pub(super) async fn of_teachers(
    tx: &mut Tx,
    programme: &Programme,
    teachers: Vec<(Id<Person>, String)>,
) -> Result<Vec<Teacher>, Failure> {
    let (Some((first, _)), Some((last, _))) = (teachers.first(), teachers.last()) else {
        return Ok(Vec::new());
    };
    let mut all = dossiers(store::standing::basis(tx, programme.id, *first, *last).await?);
    let with = |(person, path)| Teacher { person, path, dossier: all.remove(&person).unwrap_or_default() };
    Ok(teachers.into_iter().map(with).collect())
}

fn dossiers(basis: Basis) -> BTreeMap<Id<Person>, Dossier> {
    let mut all: BTreeMap<Id<Person>, Dossier> = BTreeMap::new();
    for (person, category, kind, seconds) in basis.totals {
        all.entry(person).or_default().totals.push((category, kind, seconds));
    }
    for (person, capability) in basis.chosen {
        all.entry(person).or_default().chosen.push(capability);
    }
    let mut offers: HashMap<Uuid, Vec<String>> = HashMap::new();
    for (offer, capability) in basis.offered {
        offers.entry(offer).or_default().push(capability);
    }
    let offers: HashMap<Uuid, Arc<Vec<String>>> =
        offers.into_iter().map(|(offer, capabilities)| (offer, Arc::new(capabilities))).collect();
    for (person, offer) in basis.chose_from {
        if let Some(capabilities) = offers.get(&offer) {
            let dossier = all.entry(person).or_default();
            dossier.offered = Arc::clone(capabilities);
        }
    }
    for (person, code, level) in basis.results {
        all.entry(person).or_default().results.insert(code, level);
    }
    for (person, reviews) in basis.peer_reviews {
        all.entry(person).or_default().peer_reviews = reviews;
    }
    for (person, version) in basis.certified {
        all.entry(person).or_default().final_by = Some(version);
    }
    all
}

/// The rules that judge the teachers of a programme: those in force, and earlier ones for final
/// results.
pub(super) struct Judges {
    in_force: Id<Version>,
    rules: BTreeMap<Id<Version>, Arc<Scheme>>,
}

impl Judges {
    /// With the rules in force.
    pub async fn of(ctx: &Ctx, tx: &mut Tx, programme: &Programme) -> Result<Self, Failure> {
        let rules = scheme::rules(&ctx.app, tx, programme).await?;
        Ok(Self { in_force: programme.version, rules: BTreeMap::from([(programme.version, rules)]) })
    }

    /// The rules that judge a teacher, and which version they are.
    pub async fn rules(
        &mut self,
        ctx: &Ctx,
        tx: &mut Tx,
        dossier: &Dossier,
    ) -> Result<(Arc<Scheme>, Id<Version>), Failure> {
        let version = dossier.final_by.unwrap_or(self.in_force);
        let rules = match self.rules.entry(version) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(scheme::rules_of(&ctx.app, tx, version).await?),
        };
        Ok((Arc::clone(rules), version))
    }
}
