//! Whether the sums are those of the entries, and the way back when they are not.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

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

/// Sums the entries of a programme again; says how many sums there are.
///
/// # Errors
/// What the database reports.
pub async fn sum_again(tx: &mut Tx, programme: Id<Programme>) -> Result<u64, DbError> {
    store::sum_again(tx, programme).await
}
