//! Where deliveries wait for a writer, and are told that they are kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tisheng_platform::db::months::Month;
use tisheng_platform::{App, DbError};
use tokio::sync::{RwLock, oneshot};

use crate::pace::Pace;
use crate::proof::Remembered;

use super::MONTHS;
use super::fault::{Fault, Told};
use super::model::Credential;
use super::moments::Moments;
use super::store;
use super::writing::{self, Delivery};

/// Deliveries that share a transaction at most.
const GATHERED: usize = 64;
/// Statements after which no further delivery joins them.
const FULL: usize = 1_000;
/// Microseconds after which it is tried again to make the parts of a month.
const AGAIN: i64 = 600_000_000;

struct Waiting {
    delivery: Delivery,
    told: oneshot::Sender<Told<()>>,
}

/// How each delivery of a group fared, and who is to hear it.
type Answers = Vec<(oneshot::Sender<Told<()>>, Told<()>)>;

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// Writers at work.
    writers: usize,
    moments: Moments<Answers>,
    /// The latest month for which there is room, as there is for the one after it.
    month: Option<Month>,
    /// The moment from which on it may be tried again to make room.
    again: Option<i64>,
}

/// Where the deliveries of this process are taken: by as many writers as the engine takes side by
/// side, those that wait together sharing a transaction.
#[derive(Default)]
pub struct Desk {
    state: Mutex<State>,
    /// Statements that refer to others are written while nothing else is: what the way over several
    /// references leads to must not come unseen on the other side.
    references: RwLock<()>,
    pub(super) remembered: Remembered<Credential>,
    pub(super) pace: Pace,
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

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to when everything that is ever stored through this process can be read.
    pub(super) async fn through(&self, app: &App) -> Result<i64, DbError> {
        self.go_on(app).await?;
        Ok(self.state().moments.through(app.now().micros()))
    }

    /// Asks the database once which moments are behind us.
    async fn go_on(&self, app: &App) -> Result<(), DbError> {
        if self.state().moments.is_new() {
            let latest = store::latest(&mut app.db.read().await?).await?;
            self.state().moments.go_on_after(latest);
        }
        Ok(())
    }

    /// Those that wait, as far as they fit into one transaction; `None` when the writer may go.
    fn gather(&self) -> Option<Vec<Waiting>> {
        let mut state = self.state();
        let (mut gathered, mut statements) = (Vec::new(), 0);
        while gathered.len() < GATHERED && statements < FULL {
            let Some(next) = state.waiting.pop_front() else { break };
            statements += next.delivery.statements.len();
            gathered.push(next);
        }
        if gathered.is_empty() {
            state.writers -= 1;
            return None;
        }
        Some(gathered)
    }

    /// Makes the parts of the tables for the month in which `moment` lies, once for each month, and those
    /// of the next, which nobody needs yet and which can be tried again.
    async fn make_room(&self, app: &App, moment: i64) {
        let month = Month::of(tisheng_kernel::Instant::from_micros(moment));
        {
            let state = self.state();
            if state.month >= Some(month) || state.again > Some(moment) {
                return;
            }
        }
        let made = async {
            MONTHS.ready(&app.db, month).await?;
            MONTHS.ready(&app.db, month.next()).await
        }
        .await;
        let mut state = self.state();
        match made {
            Ok(()) => state.month = state.month.max(Some(month)),
            Err(error) => {
                // The rest takes what has no month.
                tracing::warn!(%error, %month, "not every part of this month and the next is there yet");
                state.again = Some(moment + AGAIN);
            }
        }
    }
}

/// Keeps `delivery`; on return it is durable, and with it everything stored before it.
pub async fn keep(app: &Arc<App>, delivery: Delivery) -> Told<()> {
    let (told, heard) = oneshot::channel();
    let is_free = {
        let mut state = app.parts.get::<Desk>().state();
        state.waiting.push_back(Waiting { delivery, told });
        let is_free = state.writers < app.db.writers();
        state.writers += usize::from(is_free);
        is_free
    };
    if is_free {
        // A task of its own: whoever sent this may go away, and others' deliveries are in the same turn.
        tokio::spawn(work(Arc::clone(app)));
    }
    heard.await.unwrap_or_else(|_| Err(went_away()))
}

fn went_away() -> Fault {
    Fault::internal("the desk went away")
}

/// A writer, who goes on as long as something waits.
async fn work(app: Arc<App>) {
    let desk = app.parts.get::<Desk>();
    while let Some(gathered) = desk.gather() {
        let (deliveries, told): (Vec<Delivery>, Vec<_>) =
            gathered.into_iter().map(|waiting| (waiting.delivery, waiting.told)).unzip();
        let many = deliveries.iter().map(|delivery| delivery.statements.len()).sum();
        if let Err(error) = desk.go_on(&app).await {
            let fault = Fault::from(error);
            tell(told.into_iter().map(|told| (told, Err(fault.clone()))));
            continue;
        }
        let first = desk.state().moments.begin(app.now().micros(), many);
        // Whatever happens in there, the moments come to their end.
        let outcomes = tokio::spawn(write(Arc::clone(&app), deliveries, first)).await;
        let answers = match outcomes {
            Ok(outcomes) => told.into_iter().zip(outcomes).collect(),
            Err(_) => told.into_iter().map(|told| (told, Err(went_away()))).collect(),
        };
        let heard = desk.state().moments.end(first, answers);
        tell(heard.into_iter().flatten());
    }
}

async fn write(app: Arc<App>, deliveries: Vec<Delivery>, first: i64) -> Vec<Told<()>> {
    let desk = app.parts.get::<Desk>();
    desk.make_room(&app, first).await;
    let kept = |deliveries: &[Delivery]| deliveries.iter().map(|_| Ok(())).collect();
    let refers = deliveries.iter().any(Delivery::refers);
    if !refers {
        let _beside_others = desk.references.read().await;
        if writing::together(&app, &deliveries, first).await {
            return kept(&deliveries);
        }
    }
    // What others refer to may be among them.
    let _alone = desk.references.write().await;
    if refers && writing::together(&app, &deliveries, first).await {
        return kept(&deliveries);
    }
    writing::one_by_one(&app, &deliveries, first).await
}

fn tell(answers: impl Iterator<Item = (oneshot::Sender<Told<()>>, Told<()>)>) {
    for (told, outcome) in answers {
        // Whoever has gone away no longer wants to know.
        let _ = told.send(outcome);
    }
}
