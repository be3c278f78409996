//! What came late, and what stands already.

use chrono::{Days, NaiveDate};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::people::Person;

use super::super::doubts::doubt;
use super::super::model::credits;
use super::super::store::{self, Whose};
use super::{Ground, LearningError};
use crate::course::{self, Course};
use crate::hours;
use crate::platform;

/// The days that facts speak of, from the first to the last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span(Option<(NaiveDate, NaiveDate)>);

impl Span {
    /// Holds `at` too.
    pub fn add(&mut self, at: Instant) {
        let day = at.date();
        self.0 = Some(self.0.map_or((day, day), |(from, until)| (from.min(day), until.max(day))));
    }
}

/// Asks again what speaks against the hours that stand for a teacher on the days of `span` and the days
/// beside them, whatever platform reported them: what is hardly true now waits for a person, and what
/// is not doubted any more does not.
pub(super) async fn ask_again(
    ctx: &Ctx,
    tx: &mut Tx,
    ground: &Ground<'_>,
    person: Id<Person>,
    span: Span,
) -> Result<(), LearningError> {
    let (Some((from, until)), true) = (span.0, ground.rules.hours.plausibility.is_some()) else {
        return Ok(());
    };
    let (from, until) = (from - Days::new(1), until + Days::new(1));
    let courses = store::credits::courses_between(tx, (ground.programme.id, person), (from, until)).await?;
    for course in courses {
        if let Some(course) = course::of_id(tx, course).await? {
            of_course(ctx, tx, ground, (person, &course), (from, until)).await?;
        }
    }
    Ok(())
}

async fn of_course(
    ctx: &Ctx,
    tx: &mut Tx,
    ground: &Ground<'_>,
    (person, course): (Id<Person>, &Course),
    (from, until): (NaiveDate, NaiveDate),
) -> Result<(), LearningError> {
    let Some(limits) = &ground.rules.hours.plausibility else { return Ok(()) };
    let Some(platform) = platform::of_id(tx, course.platform).await? else { return Ok(()) };
    let whose = Whose { programme: ground.programme.id, platform: platform.id, person };
    let facts = store::facts::facts(tx, whose, course.id).await?;
    let credited = store::credits::credited(tx, whose, course.id).await?;
    let revision = credited.first().map(|credit| credit.revision);
    let Some(terms) = course::terms(tx, course, revision).await? else { return Ok(()) };
    let wanted = credits((course, person), &terms, *ground.rules.hours.by_year, &facts);
    let in_span = |day: NaiveDate| day >= from && day <= until;
    for credit in wanted.iter().filter(|credit| in_span(credit.worked_on)) {
        if !credited.iter().any(|known| known.says(credit)) {
            continue;
        }
        let report = (platform.name.as_str(), credit.number.as_str());
        match doubt(tx, limits, whose, (&terms, &facts, credit), true).await? {
            Some(why) => hours::doubt_entry(ctx, tx, &ground.programme, report, &why).await?,
            None => hours::trust_entry(ctx, tx, &ground.programme, report).await?,
        }
    }
    Ok(())
}
