//! Reports that wait for a decision, and disputes that wait for an answer, go with their teachers: whoever looks
//! after the school decides about them.

use std::collections::BTreeSet;

use serde::Deserialize;
use tisheng_kernel::Id;
use tisheng_platform::jobs::{Claimed, Handlers, JobError};
use tisheng_platform::{Ctx, DbError, Scope, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people::Person;
use tisheng_registry::roster::{self, Kind, Passed, Run, Teachers};

use super::super::store::{moved as store, turns};

/// The job after changes of people.
const PEOPLE_JOB: &str = "hours.follow_people";
/// The job after a file of teachers.
const ROLL_JOB: &str = "hours.follow_roll";

/// Posts of a file that are looked at together.
const STEP: i64 = 2_000;

/// Teachers whose turns are taken at once: others write as well.
const AT_ONCE: usize = 100;

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
    let people: BTreeSet<Id<Person>> =
        claimed.payloads::<Concerned>()?.into_iter().map(|one| one.person).collect();
    let mut tx = ctx.write().await?;
    for programme in scheme::all(&mut tx).await? {
        follow(&mut tx, &programme, &people).await?;
    }
    Ok(tx.commit().await?)
}

async fn follow_roll(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let passed = claimed.payload::<Passed>()?;
    if passed.kind != Teachers::ABOUT.key {
        return Ok(());
    }
    let mut tx = ctx.write().await?;
    let programmes = scheme::all(&mut tx).await?;
    for programme in &programmes {
        store::follow_teachers(&mut tx, programme.id, &Scope::below(&passed.path)).await?;
    }
    let has_rivals = tx.has_rivals();
    tx.commit().await?;
    if has_rivals { follow_run(&ctx, &programmes, passed.run).await } else { Ok(()) }
}

/// Whoever was moved by the file is looked at again: what others were writing in that moment was not there yet.
async fn follow_run(ctx: &Ctx, programmes: &[Programme], run: Id<Run>) -> Result<(), JobError> {
    let mut after = 0;
    loop {
        let mut tx = ctx.read().await?;
        let posts = roster::posts_taken_up(&mut tx, run, after, STEP).await?;
        let Some((last, _)) = posts.last() else { return Ok(()) };
        after = *last;
        let all = || posts.iter().map(|(_, post)| *post);
        let (Some(first), Some(last)) = (all().min(), all().max()) else { return Ok(()) };
        let moved = store::moved_to(&mut tx, (first, last)).await?;
        drop(tx);
        for some in moved.chunks(AT_ONCE) {
            let people: BTreeSet<Id<Person>> = some.iter().copied().collect();
            let mut tx = ctx.write().await?;
            for programme in programmes {
                follow(&mut tx, programme, &people).await?;
            }
            tx.commit().await?;
        }
    }
}

/// What is being written of these teachers is there before it is looked at; what is written later finds them where
/// they are by now.
async fn follow(tx: &mut Tx, programme: &Programme, people: &BTreeSet<Id<Person>>) -> Result<(), DbError> {
    turns::hold_all(tx, programme.id, people).await?;
    for person in people {
        store::follow_teacher(tx, programme.id, *person).await?;
    }
    Ok(())
}
