//! What has become of reports, told to whoever sent them.

use serde::{Deserialize, Serialize};
use tisheng_kernel::Id;
use tisheng_platform::{Ctx, DbError, Tx, jobs};
use tisheng_policy::scheme::Programme;

use super::dispute::Dispute;
use super::model::{Logged, WaitingState};

/// The event that reports of a source have come to something; its payload is [`Told`].
pub const TOLD: &str = "hours.told";

/// The event that a teacher's dispute was answered; its payload is [`DisputeAnswered`].
pub const DISPUTE_ANSWERED: &str = "hours.dispute_answered";

/// A dispute that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeAnswered {
    /// The programme.
    pub programme: Id<Programme>,
    /// Which.
    pub dispute: Id<Dispute>,
    /// Path of the teacher's school.
    pub path: String,
    /// Source and number of the line that it is about; `None` when one is missing.
    pub report: Option<(String, String)>,
    /// Code of what was answered.
    pub state: String,
    /// The answer.
    pub answer: String,
}

/// Reports of one source that have come to something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The programme.
    pub programme: Id<Programme>,
    /// The name under which they were reported.
    pub source: String,
    /// Each of them.
    pub rows: Vec<ToldRow>,
}

/// A report that has come to something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRow {
    /// The source's own number.
    pub number: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in a sentence; empty where nothing is to be explained.
    pub reason: String,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is in the ledger.
    Entered,
    /// It was taken before.
    Same,
    /// It is about nobody known for sure and waits for a person.
    Parked,
    /// It can hardly be true and waits for a person.
    Held,
    /// It says otherwise than an entry of its number and waits for a person.
    Conflict,
    /// A person did not believe it, or found that it is about nobody of the programme.
    Refused,
    /// A person kept the entry that was there.
    Kept,
    /// A person took it back.
    Reversed,
    /// Its own source took it back.
    Withdrawn,
}

impl Outcome {
    /// What the ledger answered at once.
    #[must_use]
    pub const fn of(logged: Logged) -> Self {
        match logged {
            Logged::Entered(_) => Self::Entered,
            Logged::Same => Self::Same,
            Logged::Conflict(_) => Self::Conflict,
            Logged::Parked(_) => Self::Parked,
            Logged::Held(_) => Self::Held,
        }
    }

    /// What a person decided; `None` while a report still waits, or its source withdrew it.
    #[must_use]
    pub const fn decided(state: WaitingState) -> Option<Self> {
        match state {
            WaitingState::Entered => Some(Self::Entered),
            WaitingState::Dismissed | WaitingState::Refused => Some(Self::Refused),
            WaitingState::Kept => Some(Self::Kept),
            _ => None,
        }
    }
}

/// Tells what became of reports of `source`.
pub(super) async fn told(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    source: &str,
    rows: Vec<ToldRow>,
) -> Result<(), DbError> {
    if rows.is_empty() {
        return Ok(());
    }
    let told = Told { programme: programme.id, source: source.to_owned(), rows };
    jobs::emit(tx, ctx.at, TOLD, &told).await
}
