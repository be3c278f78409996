//! Reports that wait for a decision, and disputes that wait for an answer, go with their teachers: whoever looks
//! after the school decides about them.

use std::collections::BTreeSet;

use serde::Deserialize;
use tisheng_kernel::Id;
use tisheng_platform::jobs::{self, Claimed, Handlers, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Scope};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people::Person;
use tisheng_registry::roster::{self, Kind, Passed, PutBack, Teachers};

use super::super::store::{moved as store, turns};

/// The job after changes of people.
const PEOPLE_JOB: &str = "hours.follow_people";
/// The job after a file of teachers.
const ROLL_JOB: &str = "hours.follow_roll";

/// The job after a part of a file of teachers was undone.
const BACK_JOB: &str = "hours.follow_back";

/// The job for those whose turn somebody keeps for long: it is put off until the turn is free, and holds up nobody.
const LATER_JOB: &str = "hours.follow_later";

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
    let handlers = handlers.job(ROLL_JOB, follow_roll).reaction(roster::PASSED, ROLL_JOB);
    handlers.job(BACK_JOB, follow_back).reaction(roster::PUT_BACK, BACK_JOB).job(LATER_JOB, follow_later)
}

async fn follow_people(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let people: BTreeSet<Id<Person>> =
        claimed.payloads::<Concerned>()?.into_iter().map(|one| one.person).collect();
    let people: Vec<Id<Person>> = people.into_iter().collect();
    let programmes = programmes(&ctx).await?;
    Ok(follow_or_later(&ctx, &claimed, &programmes, &people).await?)
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
    if has_rivals { follow_run(&ctx, &claimed, &programmes, &passed).await } else { Ok(()) }
}

/// Whoever was moved by the file is looked at again: what others were writing in that moment was not there yet.
async fn follow_run(
    ctx: &Ctx,
    claimed: &Claimed,
    programmes: &[Programme],
    passed: &Passed,
) -> Result<(), JobError> {
    let mut after = 0;
    loop {
        let mut tx = ctx.read().await?;
        let posts = roster::posts_taken_up(&mut tx, passed.run, after, STEP).await?;
        let Some((last, _)) = posts.last() else { return Ok(()) };
        after = *last;
        let all = || posts.iter().map(|(_, post)| *post);
        let (Some(first), Some(last)) = (all().min(), all().max()) else { return Ok(()) };
        let moved = store::moved_to(&mut tx, (first, last)).await?;
        drop(tx);
        follow_or_later(ctx, claimed, programmes, &moved).await?;
    }
}

/// The same of those whom a file that was undone had moved: of them the run knows nothing any more.
async fn follow_back(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let back = claimed.payload::<PutBack>()?;
    let programmes = programmes(&ctx).await?;
    Ok(follow_or_later(&ctx, &claimed, &programmes, &back.people).await?)
}

/// Those of whom somebody was writing for long.
async fn follow_later(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let people = claimed.payload::<Vec<Id<Person>>>()?;
    let programmes = programmes(&ctx).await?;
    Ok(follow(&ctx, &programmes, &people).await?)
}

async fn programmes(ctx: &Ctx) -> Result<Vec<Programme>, Failure> {
    let mut tx = ctx.read().await?;
    scheme::all(&mut tx).await
}

/// Follows `people`, some at a time; where a turn is kept for long, those of that time are left to a job of their own.
async fn follow_or_later(
    ctx: &Ctx,
    claimed: &Claimed,
    programmes: &[Programme],
    people: &[Id<Person>],
) -> Result<(), DbError> {
    for some in people.chunks(AT_ONCE) {
        let Some(first) = some.first() else { continue };
        match follow(ctx, programmes, some).await {
            Err(DbError::Conflict(_)) => {
                // Under one key for as long as the job is the same: begun anew, it leaves nobody twice.
                let key = format!("{}.{first}", claimed.id);
                let mut tx = ctx.write().await?;
                jobs::enqueue(&mut tx, ctx.at, LATER_JOB, &key, &some).await?;
                tx.commit().await?;
            }
            done => done?,
        }
    }
    Ok(())
}

/// What is being written of these teachers is there before it is looked at; what is written later finds them where
/// they are by now.
async fn follow(ctx: &Ctx, programmes: &[Programme], some: &[Id<Person>]) -> Result<(), DbError> {
    let people: BTreeSet<Id<Person>> = some.iter().copied().collect();
    let mut tx = ctx.write().await?;
    for programme in programmes {
        turns::hold_all(&mut tx, programme.id, &people).await?;
        for person in &people {
            store::follow_teacher(&mut tx, programme.id, *person).await?;
        }
    }
    tx.commit().await
}
