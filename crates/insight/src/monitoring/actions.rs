//! Counting: the schools an event concerns, one school, all of them.

use std::collections::{BTreeMap, BTreeSet};

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
use tisheng_rules::Scheme;
use uuid::Uuid;

use super::model::{Doing, Figures, Lagging, Stage};
use super::store::{CountedWork, Unit};
use super::{COUNT_JOB, store};

/// Schools counted in one transaction, so that nobody waits long for the writer.
const TOGETHER: usize = 200;
/// Units added up in one transaction, for the same reason.
const UNITS_TOGETHER: usize = 20;

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
    count_there(&ctx, &mut tx, &[(school, path)]).await?;
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
        for (school, _) in some {
            let mark = store::mark(&mut tx, *school).await?;
            store::set_counted(&mut tx, *school, mark).await?;
        }
        count_there(&ctx, &mut tx, some).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Counts each school in the programme that runs there, if one does.
async fn count_there(ctx: &Ctx, tx: &mut Tx, schools: &[(Id<Node>, String)]) -> Result<(), JobError> {
    let mut units = BTreeMap::new();
    for (school, path) in schools {
        match scheme::at(tx, path).await {
            Ok(programme) => units.extend(count(ctx, tx, &programme, (*school, path)).await?),
            Err(Failure::NotFound) => {}
            Err(other) => return Err(other.into()),
        }
    }
    let units: Vec<Unit> = units.into_iter().collect();
    Ok(store::add_up(tx, &units).await?)
}

/// Counts a school afresh; gives the unit whose sums it changes, which many schools share.
async fn count(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    school: (Id<Node>, &str),
) -> Result<Option<Unit>, Failure> {
    let fresh = Fresh::count(ctx, tx, programme, school.0).await?;
    store::put(tx, programme.id, school, (&fresh.figures, fresh.doing), ctx.at).await?;
    store::put_dimensions(tx, programme.id, school.0, &fresh.dimensions).await?;
    store::put_works(tx, programme.id, school.0, &fresh.works).await?;
    Ok(store::unit_of(tx, programme.id, school.0).await?)
}

/// What a fresh count gives of a school; hours and capabilities are compared where they are kept.
#[derive(Debug, PartialEq)]
struct Fresh {
    figures: Figures,
    doing: Doing,
    dimensions: Vec<(String, i64)>,
    works: Vec<CountedWork>,
}

impl Fresh {
    async fn count(ctx: &Ctx, tx: &mut Tx, programme: &Programme, school: Id<Node>) -> Result<Self, Failure> {
        let rules = scheme::rules(&ctx.app, tx, programme).await?;
        let chosen = store::chosen(tx, programme.id, school).await?;
        Ok(Self {
            figures: store::count(tx, programme.id, school).await?,
            doing: store::count_doing(tx, programme.id, school).await?,
            dimensions: by_dimension(&rules, &chosen),
            works: store::count_works(tx, programme.id, school).await?,
        })
    }

    /// What is kept of a school.
    async fn kept(tx: &mut Tx, programme: Id<Programme>, school: Id<Node>) -> Result<Self, Failure> {
        let (figures, doing) = store::kept(tx, programme, school).await?.unwrap_or_default();
        let dimensions = store::dimensions(tx, programme, school).await?;
        Ok(Self { figures, doing, dimensions, works: store::works(tx, programme, school).await? })
    }
}

/// How many have chosen something of each dimension; whoever has chosen twice from one counts once.
fn by_dimension(rules: &Scheme, chosen: &[(Id<Person>, String)]) -> Vec<(String, i64)> {
    let of = |(person, code): &(Id<Person>, String)| {
        rules.framework.capability(code).map(|capability| (capability.dimension.clone(), *person))
    };
    let teachers: BTreeSet<(String, Id<Person>)> = chosen.iter().filter_map(of).collect();
    let mut counts = BTreeMap::new();
    for (dimension, _) in teachers {
        *counts.entry(dimension).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

/// Counts every school of a programme afresh, and adds up every unit that is or was in it; says how many
/// schools.
///
/// # Errors
/// What the database reports.
pub async fn rebuild(ctx: &Ctx, programme: &Programme) -> Result<usize, Failure> {
    let mut tx = ctx.read().await?;
    let schools = store::schools(&mut tx, &Scope::below(&programme.path)).await?;
    drop(tx);
    let mut units = BTreeMap::new();
    for some in schools.chunks(TOGETHER) {
        let mut tx = ctx.write().await?;
        for (school, path) in some {
            units.extend(count(ctx, &mut tx, programme, (*school, path)).await?);
        }
        tx.commit().await?;
    }
    let mut tx = ctx.write().await?;
    store::place_units(&mut tx, programme.id).await?;
    // Also those that have no schools any more.
    units.extend(store::units(&mut tx, programme.id).await?);
    tx.commit().await?;
    let units: Vec<Unit> = units.into_iter().collect();
    for some in units.chunks(UNITS_TOGETHER) {
        let mut tx = ctx.write().await?;
        store::add_up(&mut tx, some).await?;
        tx.commit().await?;
    }
    Ok(schools.len())
}

/// After something that concerns the teachers of a whole programme; of every one where none is named.
pub(super) async fn rebuild_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let event: Event = claimed.payload()?;
    let mut tx = ctx.read().await?;
    let programmes = match event.programme {
        Some(programme) => vec![scheme::of_id(&mut tx, programme).await?],
        None => scheme::all(&mut tx).await?,
    };
    drop(tx);
    for programme in &programmes {
        rebuild(&ctx, programme).await?;
    }
    Ok(())
}

/// How many schools were counted, and those whose figures are not what the fresh count gives; also the
/// units whose sums are not what their schools add up to.
///
/// # Errors
/// What the database reports.
pub async fn check_figures(ctx: &Ctx, programme: &Programme) -> Result<(usize, Vec<Id<Node>>), Failure> {
    let mut tx = ctx.read().await?;
    let mut wrong = Vec::new();
    let schools = store::schools(&mut tx, &Scope::below(&programme.path)).await?;
    let mut units: BTreeMap<_, _> = store::units(&mut tx, programme.id).await?.into_iter().collect();
    for (school, _) in &schools {
        let fresh = Fresh::count(ctx, &mut tx, programme, *school).await?;
        let kept = Fresh::kept(&mut tx, programme.id, *school).await?;
        if fresh != kept || store::parts_off(&mut tx, programme.id, *school).await? > 0 {
            wrong.push(*school);
        }
        units.extend(store::unit_of(&mut tx, programme.id, *school).await?);
    }
    for unit in units.into_keys() {
        if store::sums_off(&mut tx, unit).await? > 0 {
            wrong.push(unit.1);
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
