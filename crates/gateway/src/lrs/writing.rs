//! How statements come in: gathered, checked against what is there, kept.

use std::collections::{BTreeMap, HashMap, HashSet};

use tisheng_kernel::Instant;
use tisheng_platform::{App, DbError, Tx, jobs};
use tisheng_xapi::activity::{Author, merged};
use tisheng_xapi::json::Value;
use tisheng_xapi::{Likeness, Stamped, Statement, Term, TermKind};
use uuid::Uuid;

use super::STORED;
use super::fault::{Fault, Told};
use super::model::{Credential, StoredEvent};
use super::store::search::{self, Kept};
use super::store::{self, AttachmentRow, Known, NewRow, TermRow, credentials};

/// References followed from a statement, and back to it.
const FAR: usize = 32;
/// Attempts at a transaction that others are in the way of.
const ATTEMPTS: usize = 5;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// A statement ready to be kept.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub id: Uuid,
    pub likeness: Likeness,
    pub stamped: Stamped,
    pub terms: Vec<Term>,
    pub target: Option<Uuid>,
    pub voids: Option<Uuid>,
    pub attachments: Vec<AttachmentRow>,
}

/// The statements of one request.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub credential: Credential,
    pub statements: Vec<Prepared>,
    /// Definitions of activities in them, by IRI.
    pub definitions: Vec<(String, String)>,
}

impl Delivery {
    /// Whether one of the statements has another for its object.
    pub fn refers(&self) -> bool {
        self.statements.iter().any(|statement| statement.target.is_some())
    }
}

/// The term by which a credential finds what it wrote.
pub fn credential_term(credential: Uuid) -> Term {
    Term::of(TermKind::Credential, &credential.hyphenated().to_string())
}

/// Keeps `deliveries` from the moment `first` on, each in a transaction of its own.
pub async fn one_by_one(app: &App, deliveries: &[Delivery], mut first: i64) -> Vec<Told<()>> {
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        outcomes.push(alone(app, delivery, first).await);
        first += i64::try_from(delivery.statements.len()).unwrap_or_default();
    }
    outcomes
}

/// Keeps `deliveries` from the moment `first` on in one transaction; `false` when they have to be
/// taken one by one, and nothing is kept.
pub async fn together(app: &App, deliveries: &[Delivery], first: i64) -> bool {
    in_one(app, deliveries, first).await.unwrap_or_else(|error| {
        tracing::debug!(%error, "deliveries are taken one by one");
        false
    })
}

async fn in_one(app: &App, deliveries: &[Delivery], first: i64) -> Result<bool, DbError> {
    let mut tx = app.db.write().await?;
    let work = Work { deliveries, first, there: HashSet::new(), awaited: HashSet::new() };
    if work.write(app, &mut tx).await? != Outcome::Done {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

async fn alone(app: &App, delivery: &Delivery, first: i64) -> Told<()> {
    for _ in 0..ATTEMPTS {
        match attempt(app, delivery, first).await {
            Ok(Some(outcome)) => return outcome,
            Ok(None) | Err(DbError::Conflict(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(Fault::busy())
}

/// `None` when somebody else claimed one of the ids in between.
async fn attempt(app: &App, delivery: &Delivery, first: i64) -> Result<Option<Told<()>>, DbError> {
    let mut tx = app.db.write().await?;
    let (mut there, mut awaited) = (HashSet::new(), HashSet::new());
    for statement in &delivery.statements {
        match store::known(&mut tx, statement.id).await? {
            None => {}
            Some(Known::Awaited) => {
                awaited.insert(statement.id);
            }
            Some(Known::There(known)) if known.fits(&statement.likeness) => {
                there.insert(statement.id);
            }
            Some(Known::There(_)) => {
                let sentence = format!("another statement has the id {}", statement.id);
                return Ok(Some(Err(Fault::conflict(sentence))));
            }
        }
    }
    let new = delivery.statements.len() - there.len();
    let work = Work { deliveries: std::slice::from_ref(delivery), first, there, awaited };
    match work.write(app, &mut tx).await? {
        Outcome::Done => {
            tx.commit().await?;
            Ok(Some(Ok(())))
        }
        Outcome::Taken => Ok(None),
        Outcome::TooMany => {
            let quota = delivery.credential.quota.unwrap_or_default();
            if i64::try_from(new).is_ok_and(|new| new > quota) {
                return Ok(Some(Err(Fault::never_fits(quota))));
            }
            Ok(Some(Err(Fault::too_many(&format!("{quota} statements a day"), until_tomorrow(app.now())))))
        }
    }
}

/// Seconds until a day begins anew.
fn until_tomorrow(now: Instant) -> u32 {
    let begin = Instant::start_of(now.date()).micros();
    u32::try_from(DAY - (now.micros() - begin) / 1_000_000).unwrap_or(1)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Written, and may be committed.
    Done,
    /// One of the ids is taken after all.
    Taken,
    /// A credential has brought more than its quota of the day.
    TooMany,
}

/// What is done with an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It is nobody's yet, and claimed.
    Claim,
    /// Its place has been kept, and it is claimed.
    Arrive,
    /// Its place is kept, where it is not there.
    Wait,
}

/// A statement that is kept for the first time, with its moment.
#[derive(Debug, Clone, Copy)]
struct New<'d> {
    by: &'d Credential,
    one: &'d Prepared,
    stored: i64,
}

/// What one transaction is about.
struct Work<'d> {
    deliveries: &'d [Delivery],
    first: i64,
    /// Ids that are kept already, and are not written again.
    there: HashSet<Uuid>,
    /// Ids whose place others have kept.
    awaited: HashSet<Uuid>,
}

impl<'d> Work<'d> {
    fn fresh(&self) -> Vec<New<'d>> {
        let sent = self.deliveries.iter();
        sent.flat_map(|delivery| delivery.statements.iter().map(move |one| (&delivery.credential, one)))
            .filter(|(_, one)| !self.there.contains(&one.id))
            .zip(self.first..)
            .map(|((by, one), stored)| New { by, one, stored })
            .collect()
    }

    /// Writes what is not there yet.
    async fn write(&self, app: &App, tx: &mut Tx) -> Result<Outcome, DbError> {
        let new = self.fresh();
        if !self.claim(tx, &new).await? {
            return Ok(Outcome::Taken);
        }
        let (brought, day) = (brought(&new), app.now().date());
        for (credential, quota, many) in &brought {
            if credentials::brought(tx, *credential, day).await? + many > *quota {
                return Ok(Outcome::TooMany);
            }
        }
        keep_rows(tx, &new).await?;
        let mut tied: Vec<Uuid> =
            new.iter().filter(|new| new.one.target.is_some()).map(|new| new.one.id).collect();
        tied.extend(&self.awaited);
        tied.sort_unstable();
        tied.dedup();
        for id in tied {
            tie(tx, id).await?;
        }
        define(tx, self.deliveries).await?;
        // Counted late: until the commit nobody else brings anything with the same credential.
        for (credential, quota, many) in brought {
            if credentials::bring(tx, credential, day, many).await? > quota {
                return Ok(Outcome::TooMany);
            }
        }
        announce(app, tx, &new).await?;
        Ok(Outcome::Done)
    }

    /// Claims the ids, and keeps places for those that are referred to; `false` when one is taken.
    async fn claim(&self, tx: &mut Tx, new: &[New<'d>]) -> Result<bool, DbError> {
        // Whatever is done with them, in one order, so that two transactions never wait for each other.
        let mut steps = BTreeMap::new();
        for New { one, stored, .. } in new {
            let step = if self.awaited.contains(&one.id) { Step::Arrive } else { Step::Claim };
            if steps.insert(one.id, (step, *stored, Some(one.likeness))).is_some() {
                return Ok(false);
            }
        }
        for target in new.iter().filter_map(|new| new.one.target) {
            steps.entry(target).or_insert((Step::Wait, 0, None));
        }
        let steps: Vec<_> = steps.into_iter().collect();
        for run in steps.chunk_by(|(_, (one, ..)), (_, (next, ..))| one == next) {
            let said =
                run.iter().filter_map(|(id, (_, stored, likeness))| Some((*id, *stored, (*likeness)?)));
            match run[0].1.0 {
                Step::Claim => {
                    let free: Vec<_> = said.collect();
                    if store::claim(tx, &free).await? != u64::try_from(free.len()).unwrap_or_default() {
                        return Ok(false);
                    }
                }
                Step::Arrive => {
                    for (id, stored, likeness) in said {
                        if !store::arrive(tx, id, stored, &likeness).await? {
                            return Ok(false);
                        }
                    }
                }
                Step::Wait => {
                    let targets: Vec<Uuid> = run.iter().map(|(id, _)| *id).collect();
                    store::wait_for(tx, &targets).await?;
                }
            }
        }
        Ok(true)
    }
}

/// How many statements each credential with a quota brings: credential, quota, statements. In one
/// order, so that two transactions never wait for each other.
fn brought(new: &[New<'_>]) -> Vec<(Uuid, i64, i64)> {
    let mut brought: BTreeMap<(Uuid, i64), i64> = BTreeMap::new();
    for New { by, .. } in new {
        let Some(quota) = by.quota else { continue };
        *brought.entry((by.id.uuid(), quota)).or_default() += 1;
    }
    brought.into_iter().map(|((credential, quota), many)| (credential, quota, many)).collect()
}

async fn keep_rows(tx: &mut Tx, new: &[New<'_>]) -> Result<(), DbError> {
    let rows: Vec<NewRow> = new
        .iter()
        .map(|New { by, one, stored }| NewRow {
            stored: *stored,
            id: one.id,
            credential: by.id.uuid(),
            voiding: one.voids.is_some(),
            target: one.target,
            body: one.stamped.clone().finish(*stored),
        })
        .collect();
    store::add(tx, &rows).await?;
    let mut terms = Vec::with_capacity(new.len() * 10);
    for New { by, one, stored } in new {
        let all = one.terms.iter().copied().chain([credential_term(by.id.uuid())]);
        terms.extend(all.map(|term| TermRow { term, stored: *stored, id: one.id, via: 0 }));
    }
    terms.sort_unstable();
    store::add_terms(tx, &terms).await?;
    let mut references: Vec<(Uuid, Uuid)> =
        new.iter().filter_map(|new| Some((new.one.target?, new.one.id))).collect();
    references.sort_unstable();
    store::add_references(tx, &references).await?;
    let mut voided: Vec<_> = new
        .iter()
        .filter_map(|New { by, one, .. }| Some((one.voids?, one.id, by.id.uuid(), by.is_wide())))
        .collect();
    voided.sort_unstable();
    store::void(tx, &voided).await?;
    let attached: Vec<(Uuid, &AttachmentRow)> =
        new.iter().flat_map(|new| new.one.attachments.iter().map(|row| (new.one.id, row))).collect();
    store::attach(tx, &attached).await
}

/// A statement from which references lead to another, over so many of them.
#[derive(Debug, Clone, Copy)]
struct Above {
    id: Uuid,
    stored: i64,
    credential: Uuid,
    distance: usize,
}

/// Gives the statement `id` the terms of those it refers to, and its own and theirs to those that
/// refer to it.
pub async fn tie(tx: &mut Tx, id: Uuid) -> Result<(), DbError> {
    let Some(start) = search::one(tx, id).await? else { return Ok(()) };
    let begin = Above { id, stored: start.stored, credential: start.credential, distance: 0 };
    let mut below = vec![start];
    let mut seen = HashSet::from([id]);
    while let Some(target) = below.last().and_then(|kept| kept.target) {
        if below.len() >= FAR || !seen.insert(target) {
            break;
        }
        let Some(kept) = search::one(tx, target).await? else { break };
        below.push(kept);
    }
    let above = referring(tx, begin).await?;
    let mut rows = Vec::new();
    for (depth, kept) in below.iter().enumerate() {
        let terms = terms(kept)?;
        for one in above.iter().filter(|one| one.distance + depth > 0) {
            let (stored, id, via) =
                (one.stored, one.id, i64::try_from(one.distance + depth).unwrap_or_default());
            let all = terms.iter().copied().chain([credential_term(one.credential)]);
            rows.extend(all.map(|term| TermRow { term, stored, id, via }));
        }
    }
    rows.sort_unstable();
    store::complete_terms(tx, &rows).await
}

/// `begin` and everything from which references lead to it, near or far.
async fn referring(tx: &mut Tx, begin: Above) -> Result<Vec<Above>, DbError> {
    let mut above = vec![begin];
    let mut seen = HashSet::from([begin.id]);
    let mut place = 0;
    while let Some(reached) = above.get(place).copied() {
        place += 1;
        if reached.distance >= FAR {
            continue;
        }
        for (id, stored, credential) in store::referrers(tx, reached.id).await? {
            if seen.insert(id) {
                above.push(Above { id, stored, credential, distance: reached.distance + 1 });
            }
        }
    }
    Ok(above)
}

fn terms(kept: &Kept) -> Result<Vec<Term>, DbError> {
    let statement =
        Statement::stored(&kept.body).map_err(|e| DbError::Column { column: 4, problem: e.to_string() })?;
    let authority = statement.authority_key();
    Ok(statement.terms(authority.as_deref()))
}

/// Brings what is kept of activities up to what the deliveries say.
async fn define(tx: &mut Tx, deliveries: &[Delivery]) -> Result<(), DbError> {
    let mut said: Vec<(&str, &str, Uuid)> = Vec::new();
    for delivery in deliveries.iter().filter(|delivery| delivery.credential.defines()) {
        let by = delivery.credential.id.uuid();
        said.extend(
            delivery.definitions.iter().map(|(iri, definition)| (iri.as_str(), definition.as_str(), by)),
        );
    }
    // In one order, so that two processes never wait for each other; stable, so that the last counts.
    said.sort_by_key(|(iri, ..)| *iri);
    let mut told: HashMap<(&str, Uuid), &str> = HashMap::new();
    for (iri, definition, by) in said {
        if told.insert((iri, by), definition) != Some(definition) {
            describe(tx, iri, definition, by).await?;
        }
    }
    Ok(())
}

async fn describe(tx: &mut Tx, iri: &str, definition: &str, by: Uuid) -> Result<(), DbError> {
    for _ in 0..ATTEMPTS {
        let Some((kept, first)) = store::definition(tx, iri).await? else {
            if store::found_activity(tx, iri, by, definition).await? {
                return Ok(());
            }
            continue;
        };
        let author = if first == by { Author::Same } else { Author::Other };
        let (Ok(old), Ok(new)) = (Value::parse(&kept), Value::parse(definition)) else { return Ok(()) };
        let Some(changed) = merged(&old, &new, author) else { return Ok(()) };
        if store::redefine(tx, iri, &changed.to_string(), &kept).await? {
            return Ok(());
        }
    }
    Err(DbError::Conflict(format!("others describe {iri}")))
}

/// Tells the rooms above of what came from learning platforms, and of what came from them and is
/// taken back now, by whomever.
async fn announce(app: &App, tx: &mut Tx, new: &[New<'_>]) -> Result<(), DbError> {
    let mut by: HashMap<(Uuid, Uuid), Vec<Uuid>> = HashMap::new();
    for new in new {
        if let Some(platform) = new.by.platform {
            by.entry((new.by.id.uuid(), platform)).or_default().push(new.one.id);
        }
        if let Some(target) = new.one.voids
            && let Some(whose) = search::platform_of(tx, target).await?
        {
            by.entry(whose).or_default().push(target);
        }
    }
    for ((credential, platform), statements) in by {
        jobs::emit(tx, app.now(), STORED, &StoredEvent { credential, platform, statements }).await?;
    }
    Ok(())
}
