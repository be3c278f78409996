//! Facts: what platforms say.

use tisheng_kernel::{Id, Instant, Seconds};
use tisheng_platform::{Ctx, DbError, Row, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::super::model::{Fact, Learner, Said};
use super::{Whose, termed};
use crate::course::Course;
use crate::hours::Channel;
use crate::platform::Platform;

const ADD_FACT: &str = "insert into learning_fact (programme, learner, id, platform, record, activity, course,
    attempt, happened, permille, spent, at, received_at, channel, voided_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict (platform, record) do nothing";

const FACTS: &str =
    "select f.record, f.attempt, f.happened, f.permille, f.spent, f.at, f.received_at, f.channel
    from learner l join learning_fact f on f.programme = l.programme and f.learner = l.id
    where l.programme = $1 and l.person = $2 and l.platform = $3 and f.course = $4 and f.voided_at is null
    order by f.at, f.record";

const OF_ATTEMPT: &str = "select record, attempt, happened, permille, spent, at, received_at, channel
    from learning_fact where programme = $1 and learner = $2 and attempt = $3 and voided_at is null
    order by at, record";

const COURSES_OF: &str = "select distinct course from learning_fact
    where programme = $1 and learner = $2 and course is not null";

const SPAN_OF: &str = "select min(at), max(at) from learning_fact where programme = $1 and learner = $2";

const PEOPLE_OF: &str = "select distinct l.person from learning_fact f
    join learner l on l.programme = f.programme and l.id = f.learner
    where f.course = $1 and l.person > $2 order by l.person limit $3";

const NAME_COURSE: &str =
    "update learning_fact set course = $3 where platform = $1 and activity = $2 and course is null";

const WHOSE: &str = "select learner, course, at from learning_fact where platform = $1 and record = $2";

const VOID_FACT: &str =
    "update learning_fact set voided_at = $3 where platform = $1 and record = $2 and voided_at is null";

const ADD_VOID: &str =
    "insert into learning_void (platform, record, at) values ($1, $2, $3) on conflict do nothing";

const IS_VOID: &str = "select 1 from learning_void where platform = $1 and record = $2";

const OVERLAPPING: &str = "select f.record, coalesce(c.title, f.activity), f.at, f.spent
    from learning_fact f join learner l on l.programme = f.programme and l.id = f.learner
    left join course c on c.id = f.course
    where l.programme = $1 and l.person = $2 and f.spent > 0 and f.voided_at is null
    and f.at > $3 and f.at < $4 and not (f.platform = $5 and f.record = $6)
    and ($7 = '' or not exists (select 1 from learning_credit d join platform p on p.id = f.platform
        join hour_report w on w.programme = d.programme and w.source = p.name and w.source_id = d.number
        where d.programme = $1 and d.person = $2 and d.course = f.course and w.against is null
        and (d.number = f.record or substr(d.number, 1, length(c.code) + 1) = c.code || '@') and w.state in ('held', 'refused', 'entered')))
    order by f.at, f.record limit 500";

const WITHIN: &str = "select count(*) from learning_fact f
    join learner l on l.programme = f.programme and l.id = f.learner
    where l.programme = $1 and l.person = $2 and f.at > $3 and f.at <= $4";

const TRAIL: &str =
    "select f.record, f.attempt, f.happened, f.permille, f.spent, f.at, f.received_at, f.channel,
    f.activity, p.name, coalesce(c.title, ''), coalesce(c.state, ''), f.voided_at,
    exists (select 1 from learning_credit d
        where d.programme = f.programme and d.person = l.person and d.course = f.course),
    coalesce((select t.pass_permille from course_terms t
        where t.course = c.id and t.revision = c.revision and t.counts = 'passed'), 0)
    from learning_fact f join learner l on l.programme = f.programme and l.id = f.learner
    join platform p on p.id = f.platform left join course c on c.id = f.course
    where l.programme = $1 and l.person = $2 order by f.received_at desc, f.record limit $3";

const UNKNOWN: &str = "select activity, count(*), max(received_at) from learning_fact
    where platform = $1 and course is null group by activity order by count(*) desc, activity limit $2";

const EVERY_LEARNT: &str = "select distinct l.person, f.course from learning_fact f
    join learner l on l.programme = f.programme and l.id = f.learner
    where f.programme = $1 and f.course is not null and (l.person, f.course) > ($2, $3)
    order by l.person, f.course limit $4";

fn fact(row: &Row<'_>) -> Result<Fact, DbError> {
    Ok(Fact {
        record: row.get(0)?,
        attempt: row.get(1)?,
        happened: termed(row, 2)?,
        permille: row.get(3)?,
        spent: Seconds::new(row.get(4)?),
        at: row.get(5)?,
        received_at: row.get(6)?,
        channel: termed(row, 7)?,
    })
}

/// Keeps a fact; says whether its number is new.
pub async fn add_fact(
    ctx: &Ctx,
    tx: &mut Tx,
    learner: &Learner,
    (said, channel, course): (&Said, Channel, Option<Id<Course>>),
) -> Result<bool, DbError> {
    let voided = tx.row_opt(IS_VOID, args![learner.platform, &said.record], |_| Ok(())).await?;
    let row = args![
        learner.programme,
        learner.id,
        ctx.id::<Fact>(),
        learner.platform,
        &said.record,
        &said.activity,
        course,
        &said.attempt,
        said.happened.key(),
        said.permille,
        said.spent.get(),
        said.at,
        ctx.at,
        channel.key(),
        voided.map(|()| ctx.at)
    ];
    Ok(tx.run(ADD_FACT, row).await? == 1)
}

/// The facts of a teacher about a course that are not voided.
pub async fn facts(tx: &mut Tx, whose: Whose, course: Id<Course>) -> Result<Vec<Fact>, DbError> {
    tx.rows(FACTS, args![whose.programme, whose.person, whose.platform, course], fact).await
}

/// The facts of a learner about one try that are not voided.
pub async fn of_attempt(tx: &mut Tx, learner: &Learner, attempt: &str) -> Result<Vec<Fact>, DbError> {
    tx.rows(OF_ATTEMPT, args![learner.programme, learner.id, attempt], fact).await
}

/// When the first and the last thing happened that is known of a learner.
pub async fn span_of(tx: &mut Tx, learner: &Learner) -> Result<[Option<Instant>; 2], DbError> {
    tx.row(SPAN_OF, args![learner.programme, learner.id], |row| Ok([row.get(0)?, row.get(1)?])).await
}

/// The courses of which a learner has facts.
pub async fn courses_of(tx: &mut Tx, learner: &Learner) -> Result<Vec<Id<Course>>, DbError> {
    tx.rows(COURSES_OF, args![learner.programme, learner.id], |row| row.get(0)).await
}

/// Teachers who have facts of a course, after `after`.
pub async fn people_of(
    tx: &mut Tx,
    course: Id<Course>,
    after: Id<Person>,
    most: i64,
) -> Result<Vec<Id<Person>>, DbError> {
    tx.rows(PEOPLE_OF, args![course, after, most], |row| row.get(0)).await
}

/// Facts that came before their course was known are of it now.
pub async fn name_course(
    tx: &mut Tx,
    platform: Id<Platform>,
    activity: &str,
    course: Id<Course>,
) -> Result<u64, DbError> {
    tx.run(NAME_COURSE, args![platform, activity, course]).await
}

/// Whose a record is, of which course, and when it happened.
pub async fn whose(
    tx: &mut Tx,
    platform: Id<Platform>,
    record: &str,
) -> Result<Option<(Id<Learner>, Option<Id<Course>>, Instant)>, DbError> {
    tx.row_opt(WHOSE, args![platform, record], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
}

/// A platform takes a record back, whether it has come or not; says whether a fact stood.
pub async fn void(ctx: &Ctx, tx: &mut Tx, platform: Id<Platform>, record: &str) -> Result<bool, DbError> {
    tx.run(ADD_VOID, args![platform, record, ctx.at]).await?;
    Ok(tx.run(VOID_FACT, args![platform, record, ctx.at]).await? == 1)
}

/// A time that a teacher has spent elsewhere.
pub struct Elsewhere {
    pub record: String,
    /// The title of the course, or what the platform calls it where the catalogue has none.
    pub course: String,
    pub at: Instant,
    pub spent: Seconds,
}

/// What a teacher has spent time on and ended between two moments, beside one record. Against hours that
/// stand, what a person has looked at or is to look at already says nothing.
pub async fn spent_between(
    tx: &mut Tx,
    (programme, person): (Id<Programme>, Id<Person>),
    (from, until): (Instant, Instant),
    (platform, record): (Id<Platform>, &str),
    stands: bool,
) -> Result<Vec<Elsewhere>, DbError> {
    let beside = if stands { "unseen" } else { "" };
    tx.rows(OVERLAPPING, args![programme, person, from, until, platform, record, beside], |row| {
        Ok(Elsewhere {
            record: row.get(0)?,
            course: row.get(1)?,
            at: row.get(2)?,
            spent: Seconds::new(row.get(3)?),
        })
    })
    .await
}

/// How many records of a teacher are dated after `from` and not after `until`.
pub async fn count_within(
    tx: &mut Tx,
    (programme, person): (Id<Programme>, Id<Person>),
    (from, until): (Instant, Instant),
) -> Result<i64, DbError> {
    tx.row(WITHIN, args![programme, person, from, until], |row| row.get(0)).await
}

/// A fact on a teacher's trail.
pub struct Trail {
    pub fact: Fact,
    pub activity: String,
    pub platform: String,
    pub course: String,
    pub course_state: String,
    pub voided_at: Option<Instant>,
    /// Whether something of the course counts, or waits for a person.
    pub is_credited: bool,
    /// The least score that counts, in thousandths; 0 where none is asked for.
    pub least: i64,
}

/// What has come about a teacher, the latest first.
pub async fn trail(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    most: i64,
) -> Result<Vec<Trail>, DbError> {
    tx.rows(TRAIL, args![programme, person, most], |row| {
        Ok(Trail {
            fact: fact(row)?,
            activity: row.get(8)?,
            platform: row.get(9)?,
            course: row.get(10)?,
            course_state: row.get(11)?,
            voided_at: row.get(12)?,
            is_credited: row.get(13)?,
            least: row.get(14)?,
        })
    })
    .await
}

/// What a platform speaks of that the catalogue has no course for: the name, how often, when last.
pub async fn unknown(
    tx: &mut Tx,
    platform: Id<Platform>,
    most: i64,
) -> Result<Vec<(String, i64, Instant)>, DbError> {
    tx.rows(UNKNOWN, args![platform, most], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
}

/// Teachers and courses with facts, after `after`.
pub async fn every_learnt(
    tx: &mut Tx,
    programme: Id<Programme>,
    after: (Id<Person>, Id<Course>),
    most: i64,
) -> Result<Vec<(Id<Person>, Id<Course>)>, DbError> {
    tx.rows(EVERY_LEARNT, args![programme, after.0, after.1, most], |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}
