//! Where deliveries wait for their turn, and moments of storing are given away.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tisheng_platform::db::months::Month;
use tisheng_platform::{App, DbError};
use tokio::sync::oneshot;

use crate::pace::Pace;
use crate::proof::Remembered;

use super::MONTHS;
use super::fault::{Fault, Told};
use super::model::Credential;
use super::store;
use super::writing::{self, Delivery};

/// Deliveries that share a transaction at most.
const GATHERED: usize = 64;
/// Statements after which no further delivery joins them.
const FULL: usize = 1_000;

struct Waiting {
    delivery: Delivery,
    told: oneshot::Sender<Told<()>>,
}

/// Moments of storing, microseconds since 1970-01-01 UTC.
#[derive(Debug, Default)]
struct Moments {
    /// The last that was given away; `None` until the database has been asked.
    last: Option<i64>,
    /// The first of the transaction in hand.
    in_hand: Option<i64>,
    /// The month whose parts of the tables are there.
    month: Option<Month>,
}

/// Where the deliveries of this process are taken, one transaction at a time, those that wait
/// together sharing the next.
#[derive(Default)]
pub struct Desk {
    waiting: Mutex<VecDeque<Waiting>>,
    turn: tokio::sync::Mutex<()>,
    moments: Mutex<Moments>,
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

    /// Up to when everything that was stored through this process can be read.
    pub(super) fn consistent_through(&self, app: &App) -> i64 {
        let moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        moments.in_hand.map_or_else(|| app.now().micros(), |first| first - 1)
    }

    fn gather(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut gathered, mut statements) = (Vec::new(), 0);
        while gathered.len() < GATHERED && statements < FULL {
            let Some(next) = waiting.pop_front() else { break };
            statements += next.delivery.statements.len();
            gathered.push(next);
        }
        gathered
    }

    /// The first of `many` moments that nobody has, each later than all before.
    async fn begin(&self, app: &App, many: usize) -> Result<i64, DbError> {
        let is_new = self.moments.lock().unwrap_or_else(PoisonError::into_inner).last.is_none();
        let latest = if is_new { store::latest(&mut app.db.read().await?).await? } else { 0 };
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let first = app.now().micros().max(moments.last.unwrap_or(latest) + 1);
        moments.last = Some(first + i64::try_from(many).unwrap_or_default());
        moments.in_hand = Some(first);
        Ok(first)
    }

    fn end(&self) {
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).in_hand = None;
    }

    /// Makes the parts of the tables in which `moment` lies, once for each month.
    async fn make_room(&self, app: &App, moment: i64) {
        let month = Month::of(tisheng_kernel::Instant::from_micros(moment));
        if self.moments.lock().unwrap_or_else(PoisonError::into_inner).month == Some(month) {
            return;
        }
        if let Err(error) = MONTHS.ready(&app.db, month).await {
            // The rest takes what has no month, and gives it back when the month is made.
            tracing::warn!(%error, %month, "no part of its own for this month yet");
        }
        self.moments.lock().unwrap_or_else(PoisonError::into_inner).month = Some(month);
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
    let turn = desk.turn.lock().await;
    let (deliveries, told): (Vec<Delivery>, Vec<_>) =
        desk.gather().into_iter().map(|waiting| (waiting.delivery, waiting.told)).unzip();
    if deliveries.is_empty() {
        return;
    }
    let many = deliveries.iter().map(|delivery| delivery.statements.len()).sum();
    let outcomes = match desk.begin(&app, many).await {
        Ok(first) => {
            desk.make_room(&app, first).await;
            writing::all(&app, &deliveries, first).await
        }
        Err(error) => {
            let fault = Fault::from(error);
            deliveries.iter().map(|_| Err(fault.clone())).collect()
        }
    };
    desk.end();
    drop(turn);
    for (told, outcome) in told.into_iter().zip(outcomes) {
        // Whoever has gone away no longer wants to know.
        let _ = told.send(outcome);
    }
}
