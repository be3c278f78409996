//! Reports that wait for a decision, and disputes that wait for an answer, go with their teachers: whoever looks
//! after the school decides about them.

use serde::Deserialize;
use tisheng_kernel::Id;
use tisheng_platform::jobs::{Claimed, Handlers, JobError};
use tisheng_platform::{Ctx, Scope};
use tisheng_policy::scheme;
use tisheng_registry::people::Person;
use tisheng_registry::roster::{self, Kind, Passed, Teachers};

use super::super::store::moved as store;

/// The job after changes of people.
const PEOPLE_JOB: &str = "hours.follow_people";
/// The job after a file of teachers.
const ROLL_JOB: &str = "hours.follow_roll";

#[derive(Debug, Deserialize)]
struct Concerned {
    person: Id<Person>,
}

/// Adds the jobs that follow teachers to their schools.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    let handlers = handlers.gathering(PEOPLE_JOB, follow_people).reaction("person.changed", PEOPLE_JOB);
    handlers.job(ROLL_JOB, follow_roll).reaction(roster::PASSED, ROLL_JOB)
}

async fn follow_people(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let people = claimed.payloads::<Concerned>()?;
    let mut tx = ctx.write().await?;
    for programme in scheme::all(&mut tx).await? {
        for Concerned { person } in &people {
            store::follow_teacher(&mut tx, programme.id, *person).await?;
        }
    }
    Ok(tx.commit().await?)
}

async fn follow_roll(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let passed = claimed.payload::<Passed>()?;
    if passed.kind != Teachers::ABOUT.key {
        return Ok(());
    }
    let mut tx = ctx.write().await?;
    for programme in scheme::all(&mut tx).await? {
        store::follow_teachers(&mut tx, programme.id, &Scope::below(&passed.path)).await?;
    }
    Ok(tx.commit().await?)
}
