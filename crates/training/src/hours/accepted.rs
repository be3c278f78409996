//! What a teacher's accepted evidence has earned, item by item.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::model::{Entry, RESULTS};
use super::store;

/// A capability or work that has been accepted and whose hours stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its label when it was accepted, which begins with the code of a capability.
    pub label: String,
    /// The day to which its hours are booked.
    pub worked_on: NaiveDate,
}

impl Accepted {
    /// Whether it is the capability or work of that code, now called `label`.
    #[must_use]
    pub fn is_of(&self, code: &str, label: &str) -> bool {
        self.label == label || self.label.split(' ').next() == Some(code)
    }
}

/// What a teacher has had accepted and nobody has taken back since.
///
/// # Errors
/// What the database reports.
pub async fn accepted(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Accepted>, DbError> {
    Ok(standing(&store::entries(tx, programme, person).await?))
}

fn standing(entries: &[Entry]) -> Vec<Accepted> {
    let gone: BTreeSet<Id<Entry>> = entries.iter().filter_map(|entry| entry.reverses).collect();
    let stands =
        |entry: &&Entry| entry.source == RESULTS && entry.reverses.is_none() && !gone.contains(&entry.id);
    let accepted = |entry: &Entry| Accepted { label: entry.title.clone(), worked_on: entry.worked_on };
    entries.iter().filter(stands).map(accepted).collect()
}
