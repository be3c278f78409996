//! Whether what was credited is what the facts ask for: for whoever checks.

use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::model::credits;
use super::store::{self, Whose};
use crate::course::{self, Course, State};
use crate::platform;

/// Teachers and courses looked at in one go.
const AT_ONCE: i64 = 1_000;

/// How many teachers with courses there are that facts or credits speak of, and those for whom
/// credits are not what the facts ask for; at most `most` of them.
///
/// # Errors
/// What the database reports.
pub async fn check_credits(
    ctx: &Ctx,
    programme: &Programme,
    most: usize,
) -> Result<(usize, Vec<Id<Person>>), Failure> {
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut after = beginning();
    loop {
        let mut tx = ctx.read().await?;
        let some = store::facts::every_learnt(&mut tx, programme.id, after, AT_ONCE).await?;
        let Some(last) = some.last() else { break };
        after = *last;
        count += some.len();
        for (person, course) in some {
            if wrong.len() < most && !is_right(ctx, &mut tx, programme, (person, course)).await? {
                wrong.push(person);
            }
        }
    }
    // Credits whose facts are all gone.
    after = beginning();
    loop {
        let mut tx = ctx.read().await?;
        let some = store::credits::every_credit(&mut tx, programme.id, after, AT_ONCE).await?;
        let Some(last) = some.last() else { break };
        after = *last;
        for (person, course) in some {
            if wrong.len() < most && !is_right(ctx, &mut tx, programme, (person, course)).await? {
                wrong.push(person);
            }
        }
    }
    wrong.sort_unstable();
    wrong.dedup();
    Ok((count, wrong))
}

fn beginning() -> (Id<Person>, Id<Course>) {
    (Id::from_uuid(Uuid::nil()), Id::from_uuid(Uuid::nil()))
}

async fn is_right(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (person, course): (Id<Person>, Id<Course>),
) -> Result<bool, Failure> {
    let Some(course) = course::of_id(tx, course).await? else { return Ok(false) };
    let Some(platform) = platform::of_id(tx, course.platform).await? else { return Ok(false) };
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    let whose = Whose { programme: programme.id, platform: platform.id, person };
    let facts = store::facts::facts(tx, whose, course.id).await?;
    let credited = store::credits::credited(tx, whose, course.id).await?;
    let revision = credited.first().map(|credit| credit.revision);
    let Some(terms) = course::terms(tx, &course, revision).await? else { return Ok(credited.is_empty()) };
    let wanted = credits((&course, person), &terms, *rules.hours.by_year, &facts);
    let complete = course.state != State::Offered || wanted.len() == credited.len();
    Ok(complete && credited.iter().all(|known| wanted.iter().any(|credit| known.says(credit))))
}
