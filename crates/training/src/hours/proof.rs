//! Whether the sums are those of the entries, and the way back when they are not; whether the ledger
//! keeps what a source was told.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::model::Entry;
use super::store;

/// How many sums there are, and teachers whose sums are not those of their entries, at most `most`.
///
/// # Errors
/// What the database reports.
pub async fn check_totals(
    tx: &mut Tx,
    programme: Id<Programme>,
    most: i64,
) -> Result<(i64, Vec<Id<Person>>), DbError> {
    Ok((store::count_totals(tx, programme).await?, store::wrong_totals(tx, programme, most).await?))
}

/// What a source was told of one of its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// It was entered as this.
    Entered(Id<Entry>),
    /// It waits for a person.
    Waits,
    /// It was known before.
    Known,
    /// It was taken back; with this entry, where it had become one.
    TakenBack(Option<Id<Entry>>),
}

/// Whether the ledger keeps what `source` was told of `number`: the fact is there, what was taken back
/// is reversed, and never do two entries of one number stand.
///
/// # Errors
/// What the database reports.
pub async fn is_kept(
    tx: &mut Tx,
    programme: Id<Programme>,
    (source, number): (&str, &str),
    promise: Promise,
) -> Result<bool, DbError> {
    let facts = store::listed::facts_of_number(tx, programme, (source, number)).await?;
    if facts.iter().filter(|(_, reversed)| !reversed).count() > 1 {
        return Ok(false);
    }
    let (wanted, reversed) = match promise {
        Promise::Entered(entry) => (Some(entry), false),
        Promise::TakenBack(entry) => (entry, true),
        Promise::Waits | Promise::Known => (None, false),
    };
    match wanted {
        // What was entered may have been taken back since; what was taken back never comes again.
        Some(wanted) => Ok(facts.iter().any(|(entry, gone)| *entry == wanted && (*gone || !reversed))),
        None if promise != Promise::Waits && !facts.is_empty() => Ok(true),
        None => Ok(!store::reports::of_number(tx, programme, source, number).await?.is_empty()),
    }
}

/// Sums the entries of a programme again; says how many sums there are.
///
/// # Errors
/// What the database reports.
pub async fn sum_again(tx: &mut Tx, programme: Id<Programme>) -> Result<u64, DbError> {
    store::sum_again(tx, programme).await
}
