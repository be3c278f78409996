//! How statements come in: gathered, checked against what is there, kept.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tisheng_platform::{App, DbError, Tx, jobs};
use tisheng_xapi::activity::{Author, merged};
use tisheng_xapi::json::Value;
use tisheng_xapi::{Likeness, Stamped, Statement, Term};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::STORED;
use super::credential::Remembered;
use super::fault::{Fault, Told};
use super::model::{Credential, StoredEvent};
use super::store::{self, AttachmentRow, Kept, NewRow, TermRow};

/// Deliveries that share a transaction at most.
const GATHERED: usize = 64;
/// References followed from a statement, and back to it.
const FAR: usize = 32;
/// Attempts at a transaction that others are in the way of.
const ATTEMPTS: usize = 5;

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

struct Waiting {
    delivery: Delivery,
    told: oneshot::Sender<Told<()>>,
}

/// Where the deliveries of this process are taken, one transaction at a time, those that wait
/// together sharing the next.
#[derive(Default)]
pub struct Desk {
    waiting: Mutex<VecDeque<Waiting>>,
    /// The last moment of storing that was given away.
    turn: tokio::sync::Mutex<i64>,
    /// The first moment of storing of the transaction in hand; 0 for none.
    in_hand: AtomicI64,
    pub(super) remembered: Remembered,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

impl Desk {
    /// Lets this process ask anew for every credential.
    pub fn forget(&self) {
        self.remembered.forget();
    }

    /// Up to when everything that was stored through this process can be read.
    pub(super) fn consistent_through(&self, now: i64) -> i64 {
        match self.in_hand.load(Ordering::SeqCst) {
            0 => now,
            first => now.min(first - 1),
        }
    }

    fn gather(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let many = waiting.len().min(GATHERED);
        waiting.drain(..many).collect()
    }
}

/// Keeps `delivery`; on return it is durable.
pub async fn keep(app: &Arc<App>, delivery: Delivery) -> Told<()> {
    let (told, heard) = oneshot::channel();
    let desk = app.parts.get::<Desk>();
    desk.waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back(Waiting { delivery, told });
    // A task of its own: whoever sent this may go away, and others' deliveries are in the same turn.
    tokio::spawn(take_turn(Arc::clone(app)));
    heard.await.unwrap_or_else(|_| Err(Fault::internal("the desk went away")))
}

async fn take_turn(app: Arc<App>) {
    let desk = app.parts.get::<Desk>();
    let mut last = desk.turn.lock().await;
    let gathered = desk.gather();
    if gathered.is_empty() {
        return;
    }
    let many: usize = gathered.iter().map(|waiting| waiting.delivery.statements.len()).sum();
    let first = app.now().micros().max(*last + 1);
    *last = first + i64::try_from(many).unwrap_or_default();
    desk.in_hand.store(first, Ordering::SeqCst);
    let (deliveries, told): (Vec<Delivery>, Vec<_>) =
        gathered.into_iter().map(|waiting| (waiting.delivery, waiting.told)).unzip();
    let outcomes = all(&app, &deliveries, first).await;
    desk.in_hand.store(0, Ordering::SeqCst);
    drop(last);
    for (told, outcome) in told.into_iter().zip(outcomes) {
        // Whoever has gone away no longer wants to know.
        let _ = told.send(outcome);
    }
}

/// All in one transaction; each in its own where one of them says something that is there already.
async fn all(app: &App, deliveries: &[Delivery], mut first: i64) -> Vec<Told<()>> {
    if let Ok(true) = together(app, deliveries, first).await {
        return deliveries.iter().map(|_| Ok(())).collect();
    }
    let mut outcomes = Vec::with_capacity(deliveries.len());
    for delivery in deliveries {
        outcomes.push(alone(app, delivery, first).await);
        first += i64::try_from(delivery.statements.len()).unwrap_or_default();
    }
    outcomes
}

async fn together(app: &App, deliveries: &[Delivery], first: i64) -> Result<bool, DbError> {
    let mut tx = app.db.write().await?;
    if !write(app, &mut tx, deliveries, first, &HashSet::new()).await? {
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
    let mut there = HashSet::new();
    for statement in &delivery.statements {
        let Some(known) = store::known(&mut tx, statement.id).await? else { continue };
        if !known.fits(&statement.likeness) {
            let sentence = format!("another statement has the id {}", statement.id);
            return Ok(Some(Err(Fault::conflict(sentence))));
        }
        there.insert(statement.id);
    }
    if !write(app, &mut tx, std::slice::from_ref(delivery), first, &there).await? {
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(Ok(())))
}

/// Writes what is not `there` yet; `false` when one of the ids is taken after all.
async fn write(
    app: &App,
    tx: &mut Tx,
    deliveries: &[Delivery],
    first: i64,
    there: &HashSet<Uuid>,
) -> Result<bool, DbError> {
    let sent =
        deliveries.iter().flat_map(|delivery| delivery.statements.iter().map(move |one| (delivery, one)));
    let new: Vec<(&Delivery, &Prepared, i64)> = sent
        .filter(|(_, one)| !there.contains(&one.id))
        .zip(first..)
        .map(|((delivery, one), stored)| (delivery, one, stored))
        .collect();
    let mut ids: Vec<_> = new.iter().map(|(_, one, stored)| (one.id, *stored, one.likeness)).collect();
    // In one order, so that two processes never wait for each other.
    ids.sort_unstable_by_key(|(id, ..)| *id);
    if store::claim(tx, &ids).await? != u64::try_from(ids.len()).unwrap_or_default() {
        return Ok(false);
    }
    keep_rows(tx, &new).await?;
    let last = first + i64::try_from(new.len()).unwrap_or_default();
    let mut tied: HashSet<Uuid> = store::awaited(tx, first, last).await?.into_iter().collect();
    tied.extend(new.iter().filter(|(_, one, _)| one.target.is_some()).map(|(_, one, _)| one.id));
    for id in tied {
        tie(tx, id).await?;
    }
    define(tx, deliveries).await?;
    announce(app, tx, &new).await?;
    Ok(true)
}

async fn keep_rows(tx: &mut Tx, new: &[(&Delivery, &Prepared, i64)]) -> Result<(), DbError> {
    let rows: Vec<NewRow> = new
        .iter()
        .map(|(delivery, one, stored)| NewRow {
            stored: *stored,
            id: one.id,
            credential: delivery.credential.id.uuid(),
            voiding: one.voids.is_some(),
            target: one.target,
            body: one.stamped.clone().finish(*stored),
        })
        .collect();
    store::add(tx, &rows).await?;
    let own = |(_, one, stored): &(&Delivery, &Prepared, i64)| {
        let (id, stored) = (one.id, *stored);
        one.terms.iter().map(move |term| TermRow { term: *term, stored, id, via: 0 }).collect::<Vec<_>>()
    };
    let mut terms: Vec<TermRow> = new.iter().flat_map(own).collect();
    terms.sort_unstable();
    store::add_terms(tx, &terms).await?;
    let mut references: Vec<(Uuid, Uuid)> =
        new.iter().filter_map(|(_, one, _)| Some((one.target?, one.id))).collect();
    references.sort_unstable();
    store::add_references(tx, &references).await?;
    let mut voided: Vec<_> = new
        .iter()
        .filter_map(|(by, one, _)| {
            Some((one.voids?, one.id, by.credential.id.uuid(), by.credential.is_wide()))
        })
        .collect();
    voided.sort_unstable();
    store::void(tx, &voided).await?;
    let attached: Vec<(Uuid, &AttachmentRow)> =
        new.iter().flat_map(|(_, one, _)| one.attachments.iter().map(|row| (one.id, row))).collect();
    store::attach(tx, &attached).await
}

/// Gives the statement `id` the terms of those it refers to, and its own and theirs to those that
/// refer to it.
async fn tie(tx: &mut Tx, id: Uuid) -> Result<(), DbError> {
    let Some(start) = store::one(tx, id).await? else { return Ok(()) };
    let mut below = vec![start];
    let mut seen = HashSet::from([id]);
    while let Some(target) = below.last().and_then(|kept| kept.target) {
        if below.len() >= FAR || !seen.insert(target) {
            break;
        }
        let Some(kept) = store::one(tx, target).await? else { break };
        below.push(kept);
    }
    let mut above: Vec<(Uuid, i64, usize)> = vec![(id, below[0].stored, 0)];
    let mut seen = HashSet::from([id]);
    let mut place = 0;
    while let Some((reached, _, distance)) = above.get(place).copied() {
        place += 1;
        if distance >= FAR {
            continue;
        }
        for (referrer, stored) in store::referrers(tx, reached).await? {
            if seen.insert(referrer) {
                above.push((referrer, stored, distance + 1));
            }
        }
    }
    let mut rows = Vec::new();
    for (depth, kept) in below.iter().enumerate() {
        let terms = terms(kept)?;
        for (id, stored, height) in above.iter().filter(|(_, _, height)| height + depth > 0) {
            let via = i64::try_from(height + depth).unwrap_or_default();
            rows.extend(terms.iter().map(|term| TermRow { term: *term, stored: *stored, id: *id, via }));
        }
    }
    rows.sort_unstable();
    store::add_terms(tx, &rows).await
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
        if told.insert((iri, by), definition) == Some(definition) {
            continue;
        }
        let Some((kept, first)) = store::definition(tx, iri).await? else {
            store::found_activity(tx, iri, by, definition).await?;
            continue;
        };
        let author = if first == by { Author::Same } else { Author::Other };
        let (Ok(old), Ok(new)) = (Value::parse(&kept), Value::parse(definition)) else { continue };
        if let Some(changed) = merged(&old, &new, author) {
            store::redefine(tx, iri, &changed.to_string()).await?;
        }
    }
    Ok(())
}

/// Tells the rooms above of what came from learning platforms.
async fn announce(app: &App, tx: &mut Tx, new: &[(&Delivery, &Prepared, i64)]) -> Result<(), DbError> {
    let mut by: HashMap<(Uuid, Uuid), Vec<Uuid>> = HashMap::new();
    for (delivery, one, _) in new {
        if let Some(platform) = delivery.credential.platform {
            by.entry((delivery.credential.id.uuid(), platform)).or_default().push(one.id);
        }
    }
    for ((credential, platform), statements) in by {
        jobs::emit(tx, app.now(), STORED, &StoredEvent { credential, platform, statements }).await?;
    }
    Ok(())
}
