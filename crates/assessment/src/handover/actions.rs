//! Wishing, finding out what is new, and taking the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Datelike;
use serde::{Deserialize, Serialize};
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::jobs::{self as queue, Claimed, Handlers, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope, Tx, audit};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{self, Role};
use tisheng_registry::people::{self, Person};
use tisheng_rules::Scheme;
use tisheng_rules::handover::{HandoverRule, Holds, When};
use tisheng_training::hours;
use uuid::Uuid;

use super::model::{Batch, HandoverError, Line, LineState, number, owed};
use super::store::{self, Told};

/// The job that finds the lines of a batch.
pub const BATCH_JOB: &str = "handover.batch";
/// Who hands over.
pub const OFFICES: [Role; 3] = [Role::Province, Role::City, Role::County];
/// People looked at in one transaction.
const STEP: i64 = 100;
/// Lines of one file at most: what is left comes with the next.
const MOST: i64 = 5_000;
/// Signs of a batch's code.
const CODE: usize = 6;

/// The jobs of this room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    handlers.job(BATCH_JOB, batch_job)
}

/// What the rules of a programme say about handing over.
pub struct Ruled {
    pub programme: Programme,
    pub rules: Arc<Scheme>,
}

impl Ruled {
    /// Of the programme that runs where the asker acts.
    ///
    /// # Errors
    /// Not found where none runs.
    pub async fn of(ctx: &Ctx, tx: &mut Tx) -> Result<Self, Failure> {
        let programme = scheme::current(ctx, tx).await?;
        let rules = scheme::rules(&ctx.app, tx, &programme).await?;
        Ok(Self { programme, rules })
    }

    /// How hours are handed over.
    ///
    /// # Errors
    /// [`HandoverError::NotRuled`].
    pub fn rule(&self) -> Result<&HandoverRule, HandoverError> {
        self.rules.handover.as_ref().ok_or(HandoverError::NotRuled)
    }

    /// The years of the programme.
    pub fn years(&self) -> Vec<i32> {
        self.rules.identity.period.as_ref().map(tisheng_kernel::Period::years).unwrap_or_default()
    }
}

/// A teacher's hours, by the year of the work and by the year that they are registered for.
#[derive(Debug, Clone, Default)]
pub struct Years {
    pub worked: BTreeMap<i32, Seconds>,
    pub wished: BTreeMap<i32, Seconds>,
    pub right: BTreeMap<i32, Seconds>,
    pub handed: BTreeMap<i32, Seconds>,
}

/// How a teacher's hours lie over the years, whether or not there is a certificate yet.
///
/// # Errors
/// [`HandoverError::NotRuled`]; what the database reports.
pub async fn years_of(tx: &mut Tx, ruled: &Ruled, person: Id<Person>) -> Result<Years, HandoverError> {
    let programme = ruled.programme.id;
    let entries = hours::entries(tx, programme, person).await?;
    let facts: Vec<_> = entries.iter().map(hours::Entry::for_rules).collect();
    let worked = ruled.rules.hours.tally(&facts).by_year;
    let wished = store::wish(tx, programme, person).await?;
    let right = ruled.rule()?.spread(&ruled.years(), &worked, &wished);
    let handed = store::handed(tx, programme, person).await?;
    Ok(Years { worked, wished, right, handed })
}

/// The asker, a teacher, wants the hours registered for these years; none: for those of the work.
///
/// # Errors
/// [`HandoverError::Sum`], [`HandoverError::TooMuch`], [`HandoverError::NoYear`].
pub async fn wish(ctx: &Ctx, tx: &mut Tx, wish: &BTreeMap<i32, Seconds>) -> Result<(), HandoverError> {
    let member = access::require(ctx, &[Role::Teacher])?;
    let ruled = Ruled::of(ctx, tx).await?;
    let rule = ruled.rule()?;
    let person = Id::from_uuid(member.person);
    let worked = years_of(tx, &ruled, person).await?.worked;
    let total: Seconds = worked.values().copied().sum();
    let (years, shown) = (ruled.years(), |seconds| ruled.rules.hours.shown(seconds));
    if !wish.is_empty() && !rule.keeps(&years, total, wish) {
        if wish.keys().any(|year| !years.contains(year)) {
            return Err(HandoverError::NoYear);
        }
        let is: Seconds = wish.values().copied().sum();
        if is != total {
            return Err(HandoverError::Sum { should: shown(total), is: shown(is) });
        }
        return Err(HandoverError::TooMuch(rule.per_year.as_ref().map(|b| shown(**b)).unwrap_or_default()));
    }
    store::put_wish(tx, ruled.programme.id, person, wish).await?;
    let detail: BTreeMap<i32, i64> = wish.iter().map(|(year, seconds)| (*year, seconds.get())).collect();
    audit::record(ctx, tx, "handover.wished", person.uuid(), &detail).await?;
    Ok(())
}

#[derive(Debug, Serialize, Deserialize)]
struct About {
    batch: Id<Batch>,
}

/// Asks for a file of what is new or different for `year` below the asker's office; a job finds
/// its lines.
///
/// # Errors
/// [`HandoverError::NotRuled`], [`HandoverError::NoYear`], [`HandoverError::NotOver`],
/// [`HandoverError::Nothing`]; not found for who does not hand over.
pub async fn ask(ctx: &Ctx, tx: &mut Tx, year: i32) -> Result<Id<Batch>, HandoverError> {
    let member = access::require(ctx, &OFFICES)?;
    let ruled = Ruled::of(ctx, tx).await?;
    if !ruled.years().contains(&year) {
        return Err(HandoverError::NoYear);
    }
    if !ruled.rule()?.is_due(year, ctx.at.date().year()) {
        return Err(HandoverError::NotOver(year));
    }
    if is_nothing(tx, &ruled, (&member.path, year)).await? {
        return Err(HandoverError::Nothing(year));
    }
    let id: Id<Batch> = ctx.id();
    let job = queue::enqueue_awaited(tx, ctx.at, BATCH_JOB, &id.to_string(), &About { batch: id }).await?;
    let code: String = id.uuid().simple().to_string().chars().rev().take(CODE).collect();
    let new = Batch {
        id,
        programme: ruled.programme.id,
        path: member.path.clone(),
        year,
        code: format!("{year}{}", code.to_uppercase()),
        job,
        asked_at: ctx.at,
        lines: 0,
        seconds: Seconds::ZERO,
        done_at: None,
    };
    store::add_batch(tx, &new, Some(member.account)).await?;
    audit::record(ctx, tx, "handover.asked", id.uuid(), &year).await?;
    Ok(id)
}

/// Whether it is plain at once that nothing is to be handed over: nobody is owed anything, of no more people
/// than the job looks at in one step. Of more it is the job that finds out.
async fn is_nothing(tx: &mut Tx, ruled: &Ruled, (path, year): (&str, i32)) -> Result<bool, HandoverError> {
    for gone in [false, true] {
        let looked = look_at(tx, ruled, (path, year), (Uuid::nil(), gone), STEP).await?;
        let is_more = i64::try_from(looked.len()).is_ok_and(|many| many >= STEP);
        if is_more || looked.iter().any(|one| one.seconds != Seconds::ZERO) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Somebody who is looked at for a file.
struct Looked {
    person: Id<Person>,
    certificate: String,
    /// What the other system does not have yet, or has too much of.
    seconds: Seconds,
}

/// The next people below `path`: those who have a certificate, or have it no more (`gone`); or whoever has
/// earned hours where the end of the year decides.
async fn look_at(
    tx: &mut Tx,
    ruled: &Ruled,
    (path, year): (&str, i32),
    (after, gone): (Uuid, bool),
    most: i64,
) -> Result<Vec<Looked>, HandoverError> {
    let (programme, scope) = (ruled.programme.id, Scope::below(path));
    let by_year = *ruled.rule()?.when == When::YearEnd;
    let people = if by_year && gone {
        // Nobody loses hours by having no certificate there.
        Vec::new()
    } else if by_year {
        store::earning(tx, programme, &scope, (after, most)).await?
    } else if gone {
        store::without(tx, programme, (&scope, year), (after, most)).await?
    } else {
        store::certified(tx, programme, &scope, (after, most)).await?
    };
    let mut looked = Vec::with_capacity(people.len());
    for (person, certificate) in people {
        let Years { right, handed, .. } = years_of(tx, ruled, person).await?;
        let right = if gone { BTreeMap::new() } else { right };
        looked.push(Looked { person, certificate, seconds: owed(&right, &handed, year) });
    }
    Ok(looked)
}

fn told(error: HandoverError) -> JobError {
    JobError(error.to_string())
}

/// Goes on where an earlier worker stopped: what stands in a line is not new any more.
async fn batch_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let About { batch } = claimed.payload()?;
    let mut tx = ctx.read().await?;
    let Some(found) = store::batch_of_id(&mut tx, batch).await? else { return Ok(()) };
    let programme = scheme::of_id(&mut tx, found.programme).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    drop(tx);
    let ruled = Ruled { programme, rules };
    for gone in [false, true] {
        let mut after = Uuid::nil();
        while let Some(last) = step(&ctx, &ruled, batch, (after, gone)).await.map_err(told)? {
            after = last;
        }
    }
    let mut tx = ctx.write().await?;
    store::done(&mut tx, batch, ctx.app.now()).await?;
    Ok(tx.commit().await?)
}

/// Looks at the next people and writes what is owed to them; gives the last of them, nothing at the end or when
/// the file is full.
async fn step(
    ctx: &Ctx,
    ruled: &Ruled,
    batch: Id<Batch>,
    (after, gone): (Uuid, bool),
) -> Result<Option<Uuid>, HandoverError> {
    let mut tx = ctx.write().await?;
    store::take_turn(&mut tx, ruled.programme.id, ctx.at).await?;
    let Some(batch) = store::batch_of_id(&mut tx, batch).await? else { return Ok(None) };
    let room = (MOST - batch.lines).min(STEP);
    if batch.done_at.is_some() || room <= 0 {
        return Ok(None);
    }
    let looked = look_at(&mut tx, ruled, (&batch.path, batch.year), (after, gone), room).await?;
    let Some(last) = looked.last().map(|one| one.person.uuid()) else { return Ok(None) };
    let owed = looked.into_iter().filter(|one| one.seconds != Seconds::ZERO);
    let lines: Vec<Line> = owed
        .zip(batch.lines + 1..)
        .map(|(one, place)| Line {
            number: number(&batch.code, place),
            person: one.person,
            year: batch.year,
            seconds: one.seconds,
            certificate: one.certificate,
            state: LineState::Sent,
            note: String::new(),
        })
        .collect();
    store::add_lines(&mut tx, &batch, &lines).await?;
    tx.commit().await?;
    Ok(Some(last))
}

/// A batch of an office within the asker's part of the tree.
///
/// # Errors
/// Not found otherwise.
pub async fn visible(ctx: &Ctx, tx: &mut Tx, id: Id<Batch>) -> Result<Batch, Failure> {
    access::require(ctx, &OFFICES)?;
    let found = store::batch_of_id(tx, id).await?.ok_or(Failure::NotFound)?;
    if ctx.scope().holds(&found.path) { Ok(found) } else { Err(Failure::NotFound) }
}

/// The file of a batch, in the layout of the scheme: titles and rows. Every whole number in it is a
/// look that is recorded.
///
/// # Errors
/// [`HandoverError::NotRuled`]; [`HandoverError::Nothing`] for one without lines; not found for a batch of
/// somebody else.
pub async fn file(
    ctx: &Ctx,
    tx: &mut Tx,
    batch: &Batch,
) -> Result<(Vec<String>, Vec<Vec<String>>), HandoverError> {
    let ruled = Ruled::of(ctx, tx).await?;
    let rule = ruled.rule()?;
    if batch.lines == 0 {
        return Err(HandoverError::Nothing(batch.year));
    }
    let why = format!("学时移交{}，文件 {}", *rule.system, batch.code);
    let mut rows = Vec::new();
    for told in store::lines(tx, batch.id, "", ("", MOST)).await? {
        let mut cells = Vec::with_capacity(rule.columns.len());
        for column in &rule.columns {
            let cell = match column.holds {
                Holds::Paper => paper(ctx, tx, told.line.person, &why).await?,
                holds => of_line(&ruled, rule, holds, &told),
            };
            cells.push(cell);
        }
        rows.push(cells);
    }
    audit::record(ctx, tx, "handover.file_taken", batch.id.uuid(), &rows.len()).await?;
    Ok((rule.columns.iter().map(|column| column.title.clone()).collect(), rows))
}

/// The whole number of a person's paper; nothing for who is not the asker's to look after any more.
async fn paper(ctx: &Ctx, tx: &mut Tx, person: Id<Person>, why: &str) -> Result<String, HandoverError> {
    match people::show_paper(ctx, tx, person, why).await.map_err(Failure::from) {
        Ok(number) => Ok(number),
        Err(Failure::NotFound) => Ok(String::new()),
        Err(other) => Err(other.into()),
    }
}

fn of_line(ruled: &Ruled, rule: &HandoverRule, holds: Holds, told: &Told) -> String {
    let line = &told.line;
    match holds {
        Holds::Line => line.number.clone(),
        Holds::Name => told.name.clone(),
        Holds::School => told.school.clone(),
        Holds::SchoolCode => told.school_code.clone(),
        Holds::Year => line.year.to_string(),
        Holds::Subject => rule.subject.value.clone(),
        Holds::Hours => line.seconds.in_hours(*ruled.rules.hours.length),
        Holds::Certificate => line.certificate.clone(),
        Holds::Programme => ruled.programme.title.clone(),
        Holds::Paper => String::new(),
    }
}
