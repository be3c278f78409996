//! Counting: the schools an event concerns, one school, all of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tisheng_kernel::Id;
use tisheng_kernel::number::thousands;
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Scope, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;
use tisheng_registry::roster::{Kind, Passed, Teachers};
use uuid::Uuid;

use super::model::{Lagging, Stage};
use super::{COUNT_JOB, store};

/// Schools counted in one transaction, so that nobody waits long for the writer.
const TOGETHER: usize = 200;

/// What an event says about whom it concerns; rooms say what they know.
#[derive(Debug, Deserialize)]
struct Event {
    programme: Option<Id<Programme>>,
    person: Option<Id<Person>>,
    submission: Option<Uuid>,
    school: Option<Id<Node>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Marked {
    school: Id<Node>,
    /// How many events had concerned the school then.
    mark: i64,
}

fn told(failure: Failure) -> JobError {
    JobError(format!("{failure:?}"))
}

/// Puts a count of every school that the events concern on the table.
pub(super) async fn mark_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let mut tx = ctx.write().await?;
    let mut people: BTreeSet<Id<Person>> = BTreeSet::new();
    let mut schools: BTreeSet<Id<Node>> = BTreeSet::new();
    for event in claimed.payloads::<Event>()? {
        schools.extend(event.school);
        people.extend(match (event.person, event.programme, event.submission) {
            (Some(person), _, _) => Some(person),
            (None, Some(programme), Some(submission)) => {
                store::author(&mut tx, programme, submission).await?
            }
            _ => None,
        });
    }
    for person in people {
        schools.extend(store::schools_of_person(&mut tx, person).await?);
    }
    for school in schools {
        let mark = store::mark(&mut tx, school).await?;
        jobs::enqueue(&mut tx, ctx.at, COUNT_JOB, &format!("{school}.{mark}"), &Marked { school, mark })
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Counts a school, unless a count that began after the event has been here before: of many
/// events in a moment most need no count of their own. Marks are read before anything is counted,
/// so that an event whose mark is known is in the figures.
pub(super) async fn count_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let Marked { school, mark } = claimed.payload()?;
    let mut tx = ctx.write().await?;
    let (marked, counted) = store::marks(&mut tx, school).await?;
    if counted >= mark {
        return Ok(());
    }
    store::set_counted(&mut tx, school, marked).await?;
    let Some(path) = store::path_of_school(&mut tx, school).await? else { return Ok(()) };
    count_there(&ctx, &mut tx, (school, &path)).await?;
    tx.commit().await?;
    Ok(())
}

/// Counts every school below the node at which a file of teachers was taken or undone: a file may
/// concern all of them, and an event for each of a hundred thousand people would say no more.
pub(super) async fn recount_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let passed: Passed = claimed.payload()?;
    if passed.kind != Teachers::ABOUT.key {
        return Ok(());
    }
    let mut tx = ctx.read().await?;
    let schools = store::schools(&mut tx, &Scope::below(&passed.path)).await?;
    drop(tx);
    for some in schools.chunks(TOGETHER) {
        let mut tx = ctx.write().await?;
        for (school, path) in some {
            let mark = store::mark(&mut tx, *school).await?;
            store::set_counted(&mut tx, *school, mark).await?;
            count_there(&ctx, &mut tx, (*school, path)).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Counts a school in the programme that runs there, if one does.
async fn count_there(ctx: &Ctx, tx: &mut Tx, school: (Id<Node>, &str)) -> Result<(), JobError> {
    match scheme::at(tx, school.1).await {
        Ok(programme) => count(ctx, tx, programme.id, school).await.map_err(told),
        Err(Failure::NotFound) => Ok(()),
        Err(other) => Err(told(other)),
    }
}

async fn count(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    school: (Id<Node>, &str),
) -> Result<(), Failure> {
    let figures = store::count(tx, programme, school.0).await?;
    Ok(store::put(tx, programme, school, &figures, ctx.at).await?)
}

/// Counts every school of a programme afresh; says how many.
///
/// # Errors
/// What the database reports.
pub async fn rebuild(ctx: &Ctx, programme: &Programme) -> Result<usize, Failure> {
    let mut tx = ctx.read().await?;
    let schools = store::schools(&mut tx, &Scope::below(&programme.path)).await?;
    drop(tx);
    for some in schools.chunks(TOGETHER) {
        let mut tx = ctx.write().await?;
        for (school, path) in some {
            count(ctx, &mut tx, programme.id, (*school, path)).await?;
        }
        tx.commit().await?;
    }
    Ok(schools.len())
}

/// After something that concerns the teachers of a whole programme.
pub(super) async fn rebuild_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let event: Event = claimed.payload()?;
    let Some(programme) = event.programme else { return Ok(()) };
    let mut tx = ctx.read().await?;
    let programme = scheme::of_id(&mut tx, programme).await.map_err(told)?;
    drop(tx);
    rebuild(&ctx, &programme).await.map_err(told)?;
    Ok(())
}

/// How many schools were counted, and those whose figures are not what the fresh count gives.
///
/// # Errors
/// What the database reports.
pub async fn check_figures(ctx: &Ctx, programme: &Programme) -> Result<(usize, Vec<Id<Node>>), Failure> {
    let mut tx = ctx.read().await?;
    let mut wrong = Vec::new();
    let schools = store::schools(&mut tx, &Scope::below(&programme.path)).await?;
    for (school, _) in &schools {
        let fresh = store::count(&mut tx, programme.id, *school).await?;
        let kept = store::kept(&mut tx, programme.id, *school).await?.unwrap_or_default();
        if fresh != kept || store::parts_off(&mut tx, programme.id, *school).await? > 0 {
            wrong.push(*school);
        }
    }
    Ok((schools.len(), wrong))
}

/// The children of a node that are furthest behind, at most five; none when all have met
/// everything.
///
/// # Errors
/// What the database reports.
pub async fn lagging(tx: &mut Tx, programme: Id<Programme>, node: Id<Node>) -> Result<Vec<Lagging>, DbError> {
    let mut children = store::children(tx, programme, node).await?;
    children.retain(|child| child.figures.of(Stage::Met) < child.figures.of(Stage::Teachers));
    children.sort_by_key(|child| {
        let all = child.figures.of(Stage::Teachers);
        (child.figures.of(Stage::Met) * 1_000_000 / all, -all)
    });
    let row = |child: store::Child| Lagging {
        id: child.id,
        name: child.name,
        teachers: thousands(child.figures.of(Stage::Teachers)),
        met: thousands(child.figures.of(Stage::Met)),
        share: child.figures.share(Stage::Met),
    };
    Ok(children.into_iter().take(5).map(row).collect())
}
