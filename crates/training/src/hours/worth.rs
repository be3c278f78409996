//! What a course is worth that reports speak of: told by a room above.

use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::{DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use tisheng_registry::roster::Work;

use super::doubt::Doubt;
use super::model::{Channel, Report};
use super::store;

/// What a source's courses of one title are worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    /// All of them together.
    pub seconds: Seconds,
    /// Length of an hour in which that was stated.
    pub length: HourLength,
}

type Tell = for<'a> fn(&'a mut Tx, Id<Programme>, &'a Report) -> Work<'a, Option<Worth>, DbError>;

/// Tells what the courses of a report's source with its title are worth, where the catalogue has any. A part
/// of the application.
#[derive(Debug, Clone, Copy)]
pub struct Worths(pub Tell);

/// What speaks against a report with which a teacher would have more of a course than it is worth, by
/// whichever ways the rest has come.
pub(super) async fn beyond(
    worths: &Worths,
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    report: &Report,
) -> Result<Option<Doubt>, DbError> {
    if report.channel == Channel::Own || report.title.is_empty() {
        return Ok(None);
    }
    let Some(worth) = (worths.0)(tx, programme, report).await? else { return Ok(None) };
    let booked = store::booked_of_course(tx, programme, person, report).await?;
    Ok((booked + report.seconds > worth.seconds).then_some(Doubt::Beyond { worth, booked }))
}
