//! What became of what came in together. Pure.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tisheng_kernel::{Id, Seconds};
use tisheng_policy::scheme::Programme;
use uuid::Uuid;

use super::actions::Receipt;
use super::model::Logged;

/// The event that a file of hours was taken; its payload is [`Delivered`].
pub const DELIVERED: &str = "hours.delivered";

/// A file of hours that was taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Delivered {
    /// The programme.
    pub programme: Id<Programme>,
    /// The run of the clerk's loop.
    pub run: Uuid,
    /// What became of the rows of each source.
    pub sources: BTreeMap<String, Tally>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Records in all.
    pub records: u32,
    /// Entered into the ledger.
    pub entered: u32,
    /// Taken before.
    pub same: u32,
    /// Waiting for a person.
    pub waiting: u32,
    /// Kept, and earning nothing by themselves.
    pub noted: u32,
    /// Refused with a reason that the sender was told.
    pub refused: u32,
    /// Entered.
    pub seconds: Seconds,
}

impl Tally {
    /// Counts a report of `seconds` that the ledger has answered.
    pub fn count(&mut self, logged: Logged, seconds: Seconds) {
        self.records += 1;
        match logged {
            Logged::Entered(_) => {
                self.entered += 1;
                self.seconds += seconds;
            }
            Logged::Same => self.same += 1,
            Logged::Conflict(_) | Logged::Parked(_) | Logged::Held(_) => self.waiting += 1,
        }
    }

    /// Whether nothing came at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }
}

impl From<Receipt> for Tally {
    fn from(receipt: Receipt) -> Self {
        let waiting = receipt.conflict + receipt.parked + receipt.held;
        Self {
            records: receipt.entered + receipt.same + waiting,
            entered: receipt.entered,
            same: receipt.same,
            waiting,
            ..Self::default()
        }
    }
}
