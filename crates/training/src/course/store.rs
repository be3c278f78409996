//! Every statement of the room.

use std::str::FromStr;

use tisheng_kernel::{HourLength, Id, Instant, Seconds, UnknownCode};
use tisheng_platform::db::Column;
use tisheng_platform::web::paging::{Cursor, ROWS};
use tisheng_platform::{Ctx, DbError, Row, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::roster::Work;
use uuid::Uuid;

use super::model::{Course, Draft, State, Terms, TermsState, sorted};
use crate::hours::{Report, Worth};
use crate::platform::Platform;

const ADD: &str =
    "insert into course (id, programme, platform, code, title, source, stages, subjects, summary,
    href, revision, state, entered_at, changed_at, version)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, null, 'submitted', $11, $11, 1)
    on conflict (programme, platform, code) do nothing";

const AMEND: &str = "update course set title = $3, summary = $4, href = $5, changed_at = $6,
    version = version + 1 where id = $1 and version = $2";

const SAY: &str = "update course set source = $2, stages = $3, subjects = $4 where id = $1";

const PUT_IN_FORCE: &str = "update course set revision = $2, state = 'offered', changed_at = $3,
    version = version + 1 where id = $1";

const SET_STATE: &str = "update course set state = $3, changed_at = $4, version = version + 1
    where id = $1 and version = $2";

const REMOVE: &str = "delete from course where id = $1 and revision is null";

const OF_ID: &str = "select id, programme, platform, code, title, source, stages, subjects, summary, href,
    revision, state, version from course where id = $1";

const OF_CODE: &str = "select id, programme, platform, code, title, source, stages, subjects, summary, href,
    revision, state, version from course where programme = $1 and platform = $2 and code = $3";

const HOLD: &str = "update course set version = version where programme = $1 and platform = $2 and code = $3";

const OF_ACTIVITY: &str =
    "select c.id, c.programme, c.platform, c.code, c.title, c.source, c.stages, c.subjects,
    c.summary, c.href, c.revision, c.state, c.version
    from course_activity a join course c on c.id = a.course where a.platform = $1 and a.iri = $2";

/// What the courses of one title are worth together that a platform has or had.
const WORTH: &str = "select cast(sum(t.seconds) as bigint), min(t.hour_length)
    from platform p join course c on c.platform = p.id and c.programme = p.programme
    join course_terms t on t.course = c.id and t.revision = c.revision
    where p.programme = $1 and p.name = $2 and c.title = $3 group by c.title";

const LIST: &str = "select c.id, c.programme, c.platform, c.code, c.title, c.source, c.stages, c.subjects,
    c.summary, c.href, c.revision, c.state, c.version
    from course c where c.programme = $1 and c.state = $2 and ($3 = '' or c.title like '%' || $3 || '%' or c.code = $3)
    and ($4 = '' or c.stages = '' or c.stages like '%' || $4 || '%')
    and ($5 = '' or c.subjects = '' or c.subjects like '%' || $5 || '%')
    and ($6 = '' or c.source = $6)
    and ($7 = '' or exists (select 1 from course_capability k where k.course = c.id and k.capability = $7))
    and exists (select 1 from platform p where p.id = c.platform and p.path >= $8 and p.path < $9
        and ($10 = '' or p.name = $10))
    and (c.title, c.id) > ($11, $12) order by c.title, c.id limit $13";

const CATALOGUE: &str =
    "select c.id, c.programme, c.platform, c.code, c.title, c.source, c.stages, c.subjects,
    c.summary, c.href, c.revision, c.state, c.version
    from course c where c.programme = $1 and c.state = 'offered' and c.id > $2 order by c.id limit $3";

const CATALOGUE_OF: &str =
    "select c.id, c.programme, c.platform, c.code, c.title, c.source, c.stages, c.subjects,
    c.summary, c.href, c.revision, c.state, c.version
    from course c where c.programme = $1 and c.platform = $2 and c.id > $3 order by c.id limit $4";

const WAITING: &str = "select c.id, c.programme, c.platform, c.code, c.title, c.source, c.stages, c.subjects,
    c.summary, c.href, c.revision, c.state, c.version
    from course_terms t join course c on c.id = t.course
    where t.state = 'submitted' and c.programme = $1
    and ($2 = '' or c.title like '%' || $2 || '%' or c.code = $2)
    and exists (select 1 from platform p where p.id = c.platform and p.path >= $3 and p.path < $4)
    and (c.title, c.id) > ($5, $6) order by c.title, c.id limit $7";

const COUNT_WAITING: &str = "select count(*) from course_terms t join course c on c.id = t.course
    where t.state = 'submitted' and c.programme = $1";

const FOR_CAPABILITY: &str =
    "select c.id, c.programme, c.platform, c.code, c.title, c.source, c.stages, c.subjects,
    c.summary, c.href, c.revision, c.state, c.version
    from course_capability k join course c on c.id = k.course
    where c.programme = $1 and k.capability = $2 and c.state = 'offered'
    and ($3 = '' or c.stages = '' or c.stages like '%' || $3 || '%')
    and ($4 = '' or c.subjects = '' or c.subjects like '%' || $4 || '%')
    order by c.title, c.id limit $5";

const CAPABILITIES: &str = "select capability from course_capability where course = $1 order by capability";
const ACTIVITIES: &str = "select iri from course_activity where course = $1 order by iri";
const CLEAR_CAPABILITIES: &str = "delete from course_capability where course = $1";
const CLEAR_ACTIVITIES: &str = "delete from course_activity where course = $1";
const ADD_CAPABILITY: &str =
    "insert into course_capability (course, capability) values ($1, $2) on conflict do nothing";
const ADD_ACTIVITY: &str =
    "insert into course_activity (platform, iri, course) values ($1, $2, $3) on conflict do nothing";

const TERMS: &str = "select revision, seconds, hour_length, material_seconds, category, kind, counts,
    pass_permille, source, stages, subjects, capabilities, activities, state, submitted_at, decision
    from course_terms where course = $1 order by revision desc";

const TERMS_OF: &str = "select revision, seconds, hour_length, material_seconds, category, kind, counts,
    pass_permille, source, stages, subjects, capabilities, activities, state, submitted_at, decision
    from course_terms where course = $1 and revision = $2";

const ADD_TERMS: &str = "insert into course_terms (course, revision, seconds, hour_length, material_seconds,
    category, kind, counts, pass_permille, source, stages, subjects, capabilities, activities, state,
    submitted_at, submitted_by, decision)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'submitted', $15, $16, '')
    on conflict (course, revision) do nothing";

const SUBMITTED_BY: &str = "select submitted_by from course_terms where course = $1 and revision = $2";

const DECIDE: &str = "update course_terms set state = $3, decided_at = $4, decided_by = $5, decision = $6
    where course = $1 and revision = $2 and state = 'submitted'";

const SUPERSEDE: &str = "update course_terms set state = 'superseded'
    where course = $1 and revision < $2 and state in ('submitted', 'approved')";

const DROP_OPEN: &str =
    "delete from course_terms where course = $1 and revision = $2 and state = 'submitted'";

fn coded<T: FromStr<Err = UnknownCode>>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    String::read(row, column)?
        .parse()
        .map_err(|e: UnknownCode| DbError::Column { column, problem: e.to_string() })
}

fn course(row: &Row<'_>) -> Result<Course, DbError> {
    Ok(Course {
        id: row.get(0)?,
        programme: row.get(1)?,
        platform: row.get(2)?,
        code: row.get(3)?,
        title: row.get(4)?,
        source: coded(row, 5)?,
        stages: row.get(6)?,
        subjects: row.get(7)?,
        summary: row.get(8)?,
        href: row.get(9)?,
        revision: row.get(10)?,
        state: coded(row, 11)?,
        version: row.get(12)?,
    })
}

fn length(row: &Row<'_>, column: usize) -> Result<HourLength, DbError> {
    let minutes: i64 = row.get(column)?;
    let length = u16::try_from(minutes).ok().and_then(|minutes| HourLength::new(minutes).ok());
    length.ok_or_else(|| DbError::Column { column, problem: format!("not a length of an hour: {minutes}") })
}

fn terms_row(row: &Row<'_>) -> Result<Terms, DbError> {
    Ok(Terms {
        revision: row.get(0)?,
        worth: Seconds::new(row.get(1)?),
        length: length(row, 2)?,
        material: Seconds::new(row.get(3)?),
        category: row.get(4)?,
        kind: row.get(5)?,
        counts: coded(row, 6)?,
        pass_permille: row.get(7)?,
        source: coded(row, 8)?,
        stages: row.get(9)?,
        subjects: row.get(10)?,
        capabilities: split(&String::read(row, 11)?, ','),
        // What an older version stored is in the order of the engine's collation.
        activities: sorted(&split(&String::read(row, 12)?, ' ')),
        state: coded(row, 13)?,
        submitted_at: row.get(14)?,
        decision: row.get(15)?,
    })
}

fn split(text: &str, between: char) -> Vec<String> {
    text.split(between).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Enters a course; says whether its number was free.
pub async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, platform): (Id<Course>, &Platform),
    draft: &Draft,
) -> Result<bool, DbError> {
    let row = args![
        id,
        platform.programme,
        platform.id,
        &draft.code,
        &draft.title,
        draft.source.key(),
        &draft.stages,
        &draft.subjects,
        &draft.summary,
        &draft.href,
        ctx.at
    ];
    Ok(tx.run(ADD, row).await? == 1)
}

/// Writes what is said of a course beside its terms; says whether the version was still that one.
pub async fn amend(tx: &mut Tx, course: &Course, draft: &Draft, at: Instant) -> Result<bool, DbError> {
    let row = args![course.id, course.version, &draft.title, &draft.summary, &draft.href, at];
    Ok(tx.run(AMEND, row).await? == 1)
}

/// Writes what terms say of a course in place of what was known; gives the first address that belongs
/// to another course.
pub async fn say(
    tx: &mut Tx,
    (id, platform): (Id<Course>, Id<Platform>),
    terms: &Terms,
) -> Result<Option<String>, DbError> {
    tx.run(SAY, args![id, terms.source.key(), &terms.stages, &terms.subjects]).await?;
    tx.run(CLEAR_CAPABILITIES, args![id]).await?;
    for capability in &terms.capabilities {
        tx.run(ADD_CAPABILITY, args![id, capability]).await?;
    }
    tx.run(CLEAR_ACTIVITIES, args![id]).await?;
    for iri in &terms.activities {
        if tx.run(ADD_ACTIVITY, args![platform, iri, id]).await? == 0 {
            return Ok(Some(iri.clone()));
        }
    }
    Ok(None)
}

/// Puts terms in force: the course is offered by them from now on.
pub async fn put_in_force(
    tx: &mut Tx,
    course: Id<Course>,
    revision: i64,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(SUPERSEDE, args![course, revision]).await?;
    tx.run(PUT_IN_FORCE, args![course, revision, at]).await.map(drop)
}

/// Puts a course in `state`; says whether the version was still that one.
pub async fn set_state(tx: &mut Tx, course: &Course, state: State, at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(SET_STATE, args![course.id, course.version, state.key(), at]).await? == 1)
}

/// Removes a course of which no terms were ever in force; says whether it was one.
pub async fn remove(tx: &mut Tx, course: Id<Course>) -> Result<bool, DbError> {
    if tx.run(REMOVE, args![course]).await? == 0 {
        return Ok(false);
    }
    tx.run(CLEAR_CAPABILITIES, args![course]).await?;
    tx.run(CLEAR_ACTIVITIES, args![course]).await?;
    for terms in terms(tx, course).await? {
        tx.run(DROP_OPEN, args![course, terms.revision]).await?;
    }
    Ok(true)
}

/// What the courses of which a report speaks are worth, for the ledger: those that its source has or had
/// under that title and whose terms are or were in force.
pub fn worth<'a>(
    tx: &'a mut Tx,
    programme: Id<Programme>,
    report: &'a Report,
) -> Work<'a, Option<Worth>, DbError> {
    let read = |row: &Row<'_>| Ok(Worth { seconds: Seconds::new(row.get(0)?), length: length(row, 1)? });
    Box::pin(async move { tx.row_opt(WORTH, args![programme, &report.source, &report.title], read).await })
}

/// The course `id`.
///
/// # Errors
/// What the database reports.
pub async fn of_id(tx: &mut Tx, id: Id<Course>) -> Result<Option<Course>, DbError> {
    tx.row_opt(OF_ID, args![id], course).await
}

pub async fn of_code(tx: &mut Tx, platform: &Platform, code: &str) -> Result<Option<Course>, DbError> {
    tx.row_opt(OF_CODE, args![platform.programme, platform.id, code], course).await
}

/// Lets what is sent of a course come one after the other.
pub async fn hold(tx: &mut Tx, platform: &Platform, code: &str) -> Result<(), DbError> {
    tx.run(HOLD, args![platform.programme, platform.id, code]).await.map(drop)
}

pub async fn of_activity(tx: &mut Tx, platform: Id<Platform>, iri: &str) -> Result<Option<Course>, DbError> {
    tx.row_opt(OF_ACTIVITY, args![platform, iri], course).await
}

/// What a list is narrowed to; empty texts narrow nothing.
#[derive(Debug, Clone, Copy)]
pub struct Filter<'a> {
    pub state: State,
    pub words: &'a str,
    pub stage: &'a str,
    pub subject: &'a str,
    pub source: &'a str,
    pub capability: &'a str,
    pub platform: &'a str,
}

/// Courses of platforms within the range of paths, by title; one more than a page.
pub async fn list(
    tx: &mut Tx,
    programme: Id<Programme>,
    (from, until): (&str, &str),
    filter: &Filter<'_>,
    cursor: &Cursor,
) -> Result<Vec<Course>, DbError> {
    let row = args![
        programme,
        filter.state.key(),
        filter.words,
        filter.stage,
        filter.subject,
        filter.source,
        filter.capability,
        from,
        until,
        filter.platform,
        &cursor.key,
        cursor.uuid(),
        ROWS + 1
    ];
    tx.rows(LIST, row, course).await
}

/// At most `most` courses after `place`: those of a platform whatever their state, else all that are
/// on offer.
///
/// # Errors
/// What the database reports.
pub async fn catalogue(
    tx: &mut Tx,
    (programme, platform): (Id<Programme>, Option<Id<Platform>>),
    place: Id<Course>,
    most: i64,
) -> Result<Vec<Course>, DbError> {
    match platform {
        Some(platform) => tx.rows(CATALOGUE_OF, args![programme, platform, place, most], course).await,
        None => tx.rows(CATALOGUE, args![programme, place, most], course).await,
    }
}

/// Courses whose terms wait for a decision, by title; one more than a page.
pub async fn waiting(
    tx: &mut Tx,
    programme: Id<Programme>,
    (from, until): (&str, &str),
    words: &str,
    cursor: &Cursor,
) -> Result<Vec<Course>, DbError> {
    let row = args![programme, words, from, until, &cursor.key, cursor.uuid(), ROWS + 1];
    tx.rows(WAITING, row, course).await
}

pub async fn count_waiting(tx: &mut Tx, programme: Id<Programme>) -> Result<i64, DbError> {
    tx.row(COUNT_WAITING, args![programme], |row| row.get(0)).await
}

/// Courses on offer that teach `capability` to somebody of that stage and subject.
pub async fn for_capability(
    tx: &mut Tx,
    programme: Id<Programme>,
    capability: &str,
    (stage, subject): (&str, &str),
    most: i64,
) -> Result<Vec<Course>, DbError> {
    tx.rows(FOR_CAPABILITY, args![programme, capability, stage, subject, most], course).await
}

/// Codes of the capabilities that a course teaches.
///
/// # Errors
/// What the database reports.
pub async fn capabilities(tx: &mut Tx, course: Id<Course>) -> Result<Vec<String>, DbError> {
    tx.rows(CAPABILITIES, args![course], |row| row.get(0)).await
}

/// The addresses by which its platform speaks of a course.
///
/// # Errors
/// What the database reports.
pub async fn activities(tx: &mut Tx, course: Id<Course>) -> Result<Vec<String>, DbError> {
    tx.rows(ACTIVITIES, args![course], |row| row.get(0)).await
}

/// Every revision of a course's terms, the latest first.
pub async fn terms(tx: &mut Tx, course: Id<Course>) -> Result<Vec<Terms>, DbError> {
    tx.rows(TERMS, args![course], terms_row).await
}

pub async fn terms_of(tx: &mut Tx, course: Id<Course>, revision: i64) -> Result<Option<Terms>, DbError> {
    tx.row_opt(TERMS_OF, args![course, revision], terms_row).await
}

/// Hands terms in; says whether nobody else has done so at the same moment.
pub async fn add_terms(ctx: &Ctx, tx: &mut Tx, course: Id<Course>, terms: &Terms) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    tx.run(SUPERSEDE_OPEN, args![course]).await?;
    let row = args![
        course,
        terms.revision,
        terms.worth.get(),
        terms.length.minutes(),
        terms.material.get(),
        &terms.category,
        &terms.kind,
        terms.counts.key(),
        terms.pass_permille,
        terms.source.key(),
        &terms.stages,
        &terms.subjects,
        terms.capabilities.join(","),
        terms.activities.join(" "),
        terms.submitted_at,
        account
    ];
    Ok(tx.run(ADD_TERMS, row).await? == 1)
}

const SUPERSEDE_OPEN: &str =
    "update course_terms set state = 'superseded' where course = $1 and state = 'submitted'";

/// Who handed terms in.
pub async fn submitted_by(tx: &mut Tx, course: Id<Course>, revision: i64) -> Result<Option<Uuid>, DbError> {
    Ok(tx.row_opt(SUBMITTED_BY, args![course, revision], |row| row.get(0)).await?.flatten())
}

/// Decides about terms that wait; says whether they still did.
pub async fn decide(
    ctx: &Ctx,
    tx: &mut Tx,
    (course, revision): (Id<Course>, i64),
    (to, reason): (TermsState, &str),
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    Ok(tx.run(DECIDE, args![course, revision, to.key(), ctx.at, account, reason]).await? == 1)
}

/// Takes terms back that wait; says whether they still did.
pub async fn drop_open(tx: &mut Tx, course: Id<Course>, revision: i64) -> Result<bool, DbError> {
    Ok(tx.run(DROP_OPEN, args![course, revision]).await? == 1)
}
