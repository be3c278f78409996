//! Every statement of the room; those about who may approve stand beside.

pub mod approvers;

use std::str::FromStr;

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant, Seconds};
use tisheng_platform::db::Column;
use tisheng_platform::web::paging::{Cursor, ROWS};
use tisheng_platform::{Ctx, DbError, Row, Scope, Shift, Tx, Value, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::{Person, Teacher};
use uuid::Uuid;

use super::model::{Activity, Attendee, Overlap, Plan, State};

const KEEPS_OF: &str = "select 1 from attendance where person = $1 limit 1";

const FOLLOW_ACTIVITY: &str = "update activity set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOLLOW_ATTENDANCE: &str = "update attendance set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOLLOW_AUDIENCE: &str =
    "update activity set audience = $3 || substr(audience, cast(cast($4 as bigint) as integer))
    where audience >= $1 and audience < $2";

const ADD: &str =
    "insert into activity (id, programme, school, path, audience, form, title, content, place, host,
    begins_at, ends_at, category, kind, seconds, state, code, record, planned_by, created_at, approvals,
    decision, version)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'planned', '', '', $16, $17, 0,
    '', 1)";

const OF_ID: &str =
    "select id, school, path, form, title, content, place, host, begins_at, ends_at, category, kind,
    seconds, audience, state, code, record, planned_by, approvals, decision, version
    from activity where programme = $1 and id = $2 and path >= $3 and path < $4";

/// One that nobody has closed is shown for a week after its end: those to come are not pushed out.
const FOR_TEACHER: &str =
    "select id, school, path, form, title, content, place, host, begins_at, ends_at, category,
    kind, seconds, audience, state, code, record, planned_by, approvals, decision, version
    from activity where programme = $1 and substr($2, 1, length(audience)) = audience
    and (state = 'open' and ends_at >= $3 - cast(604800000000 as bigint) or state = 'planned' and ends_at >= $3)
    order by case state when 'open' then 0 else 1 end, begins_at, id limit 50";

const ATTENDED: &str = "select a.id, a.school, a.path, a.form, a.title, a.content, a.place, a.host, a.begins_at,
    a.ends_at, a.category, a.kind, a.seconds, a.audience, a.state, a.code, a.record, a.planned_by, a.approvals,
    a.decision, a.version
    from attendance t join activity a on a.id = t.activity
    where a.programme = $1 and t.person = $2 and t.struck_at is null order by a.begins_at desc, a.id limit 200";

const OF_CODE: &str =
    "select id, school, path, form, title, content, place, host, begins_at, ends_at, category,
    kind, seconds, audience, state, code, record, planned_by, approvals, decision, version
    from activity where programme = $1 and code = $2 and state = 'open'
    and substr($3, 1, length(audience)) = audience order by id limit 1";

const LIST: &str =
    "select id, school, path, form, title, content, place, host, begins_at, ends_at, category, kind,
    seconds, audience, state, code, record, planned_by, approvals, decision, version
    from activity where programme = $1 and path >= $2 and path < $3
    and ($4 = '' or state = $4) and ($5 = '' or form = $5) and ($6 = '' or title like '%' || $6 || '%')
    and (cast($7 as bigint) = 0 or (begins_at, id) < (cast($7 as bigint), $8)) order by begins_at desc, id desc limit $9";

/// Of the schools below an office, what is its to approve: `$10` is the day on which nobody else may.
const LIST_ABOVE: &str =
    "select id, school, path, form, title, content, place, host, begins_at, ends_at, category, kind,
    seconds, audience, state, code, record, planned_by, approvals, decision, version
    from activity a where programme = $1 and path >= $2 and path < $3 and state = case when $4 = '' then 'submitted' else $4 end
    and state in ('submitted', 'approved') and ($5 = '' or form = $5) and ($6 = '' or title like '%' || $6 || '%')
    and (cast($7 as bigint) = 0 or (begins_at, id) < (cast($7 as bigint), $8))
    and not exists (select 1 from role_grant g where g.node = a.school
        and g.role in ('principal', 'cio', 'management_team') and g.person <> a.planned_by
        and g.since <= $10 and (g.until is null or g.until > $10)
        and exists (select 1 from account c where c.person = g.person and c.disabled_at is null))
    order by begins_at desc, id desc limit $9";

const WAITING_ABOVE: &str =
    "select count(*) from activity a where programme = $1 and path >= $2 and path < $3 and state = 'submitted'
    and not exists (select 1 from role_grant g where g.node = a.school
        and g.role in ('principal', 'cio', 'management_team') and g.person <> a.planned_by
        and g.since <= $4 and (g.until is null or g.until > $4)
        and exists (select 1 from account c where c.person = g.person and c.disabled_at is null))";

const WAITING: &str =
    "select count(*) from activity where programme = $1 and state = 'submitted' and path >= $2 and path < $3";

const REPLAN: &str = "update activity set form = $3, title = $4, content = $5, place = $6, host = $7,
    begins_at = $8, ends_at = $9, category = $10, kind = $11, seconds = $12, audience = $13,
    version = version + 1 where id = $1 and version = $2 and state = 'planned'";

const MOVE: &str = "update activity set state = $4, code = $5, decision = $6, approvals = approvals + $7,
    submitted_at = coalesce($8, submitted_at), approved_at = $9, approved_by = $10, version = version + 1
    where id = $1 and state = $2 and version = $3";

const RECORD: &str = "update activity set record = $3, version = version + 1
    where id = $1 and version = $2 and state in ('open', 'closed')";

const CODE_IN_USE: &str =
    "select count(*) from activity where programme = $1 and code = $2 and state = 'open'";

const SIGN: &str = "insert into attendance (activity, person, path, signed_at, manner, listed_by, reason)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (activity, person)
    do update set struck_at = null, signed_at = excluded.signed_at, manner = excluded.manner,
    listed_by = excluded.listed_by, reason = excluded.reason where attendance.struck_at is not null";

const STRIKE: &str = "update attendance set struck_at = $3, reason = $4
    where activity = $1 and person = $2 and struck_at is null";

const ATTENDEES: &str = "select t.person, p.name, coalesce(n.name, ''), t.signed_at, t.manner, t.reason
    from attendance t join person p on p.id = t.person left join node n on n.path = t.path
    where t.activity = $1 and t.struck_at is null order by p.sort_key, t.person";

const OVERLAPPING: &str = "select mine.person, a.title, a.begins_at, a.ends_at from attendance mine
    join attendance other on other.person = mine.person and other.activity <> mine.activity
    join activity a on a.id = other.activity
    where mine.activity = $1 and mine.struck_at is null and other.struck_at is null and a.programme = $2
    and a.state = 'approved' and a.begins_at < $4 and a.ends_at > $3 order by a.begins_at, a.id";

const COUNT: &str = "select count(*) from attendance where activity = $1 and struck_at is null";

const MISSES: &str = "select misses, since from attendance_miss where person = $1";

const MISS: &str = "insert into attendance_miss (person, misses, since) values ($1, 1, $2)
    on conflict (person) do update set
    misses = case when attendance_miss.since < $3 then 1 else attendance_miss.misses + 1 end,
    since = case when attendance_miss.since < $3 then excluded.since else attendance_miss.since end";

fn coded<T: FromStr<Err = String>>(row: &Row<'_>, column: usize) -> Result<T, DbError> {
    String::read(row, column)?.parse().map_err(|problem| DbError::Column { column, problem })
}

fn activity(row: &Row<'_>) -> Result<Activity, DbError> {
    Ok(Activity {
        id: row.get(0)?,
        school: row.get(1)?,
        path: row.get(2)?,
        plan: Plan {
            form: coded(row, 3)?,
            title: row.get(4)?,
            content: row.get(5)?,
            place: row.get(6)?,
            host: row.get(7)?,
            begins_at: row.get(8)?,
            ends_at: row.get(9)?,
            category: row.get(10)?,
            kind: row.get(11)?,
            seconds: Seconds::new(row.get(12)?),
            audience: row.get(13)?,
        },
        state: coded(row, 14)?,
        code: row.get(15)?,
        record: row.get(16)?,
        planned_by: row.get(17)?,
        approvals: row.get(18)?,
        decision: row.get(19)?,
        version: row.get(20)?,
    })
}

pub async fn add(tx: &mut Tx, programme: Id<Programme>, new: &Activity, at: Instant) -> Result<(), DbError> {
    let plan = &new.plan;
    let row = args![
        new.id,
        programme,
        new.school,
        &new.path,
        &plan.audience,
        plan.form.code(),
        &plan.title,
        &plan.content,
        &plan.place,
        &plan.host,
        plan.begins_at,
        plan.ends_at,
        &plan.category,
        &plan.kind,
        plan.seconds.get(),
        new.planned_by,
        at
    ];
    tx.run(ADD, row).await.map(drop)
}

pub async fn of_id(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    id: Id<Activity>,
) -> Result<Option<Activity>, DbError> {
    tx.row_opt(OF_ID, args![programme, id, &scope.from, &scope.until], activity).await
}

/// What a teacher at the school at `path` may attend: what one can sign in for, however late it has become,
/// then what has not ended by `at`, the next first.
pub async fn for_teacher(
    tx: &mut Tx,
    programme: Id<Programme>,
    path: &str,
    at: Instant,
) -> Result<Vec<Activity>, DbError> {
    tx.rows(FOR_TEACHER, args![programme, path, at], activity).await
}

/// What a teacher has attended, the latest first.
pub async fn attended(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Activity>, DbError> {
    tx.rows(ATTENDED, args![programme, person], activity).await
}

/// The open activity with this code that a teacher at the school at `path` may attend.
pub async fn of_code(
    tx: &mut Tx,
    programme: Id<Programme>,
    code: &str,
    path: &str,
) -> Result<Option<Activity>, DbError> {
    tx.row_opt(OF_CODE, args![programme, code, path], activity).await
}

/// What a list is narrowed to; empty texts narrow nothing.
#[derive(Debug, Clone, Default)]
pub struct Narrow {
    /// Code of a state.
    pub state: String,
    /// Code of a form.
    pub form: String,
    /// Part of a title.
    pub words: String,
}

/// What both lists are asked with.
fn narrowed<'v>(
    programme: Id<Programme>,
    scope: &'v Scope,
    narrow: &'v Narrow,
    cursor: &Cursor,
) -> Vec<Value<'v>> {
    let begins: i64 = cursor.key.parse().unwrap_or(0);
    args![
        programme,
        &scope.from,
        &scope.until,
        &narrow.state,
        &narrow.form,
        &narrow.words,
        begins,
        cursor.uuid(),
        ROWS + 1
    ]
    .to_vec()
}

/// Activities within `scope`, the latest first; one more than a page.
pub async fn list(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    narrow: &Narrow,
    cursor: &Cursor,
) -> Result<Vec<Activity>, DbError> {
    tx.rows(LIST, &narrowed(programme, scope, narrow, cursor), activity).await
}

/// The same of what nobody at its school may approve on `day`, beside whoever planned it; what is
/// submitted unless `narrow` names another state.
pub async fn list_above(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, day): (&Scope, NaiveDate),
    narrow: &Narrow,
    cursor: &Cursor,
) -> Result<Vec<Activity>, DbError> {
    let mut asked = narrowed(programme, scope, narrow, cursor);
    asked.push(Value::from(day));
    tx.rows(LIST_ABOVE, &asked, activity).await
}

/// How many of those wait for approval.
pub async fn waiting_above(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    day: NaiveDate,
) -> Result<i64, DbError> {
    tx.row(WAITING_ABOVE, args![programme, &scope.from, &scope.until, day], |row| row.get(0)).await
}

/// How many activities wait for approval.
pub async fn waiting(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<i64, DbError> {
    tx.row(WAITING, args![programme, &scope.from, &scope.until], |row| row.get(0)).await
}

/// Changes a plan of that version; says whether it was still the latest.
pub async fn replan(tx: &mut Tx, id: Id<Activity>, version: i64, plan: &Plan) -> Result<bool, DbError> {
    let args = args![
        id,
        version,
        plan.form.code(),
        &plan.title,
        &plan.content,
        &plan.place,
        &plan.host,
        plan.begins_at,
        plan.ends_at,
        &plan.category,
        &plan.kind,
        plan.seconds.get(),
        &plan.audience
    ];
    Ok(tx.run(REPLAN, args).await? == 1)
}

/// What changes with a state.
#[derive(Default)]
pub struct Moving<'a> {
    pub code: &'a str,
    pub decision: &'a str,
    pub approvals: i64,
    pub submitted_at: Option<Instant>,
    pub approved: Option<(Instant, Id<Person>)>,
}

/// Moves an activity to another state; says whether it was still as it was read.
pub async fn move_to(
    tx: &mut Tx,
    activity: &Activity,
    state: State,
    moving: &Moving<'_>,
) -> Result<bool, DbError> {
    let args = args![
        activity.id,
        activity.state.code(),
        activity.version,
        state.code(),
        moving.code,
        moving.decision,
        moving.approvals,
        moving.submitted_at,
        moving.approved.map(|(at, _)| at),
        moving.approved.map(|(_, person)| person)
    ];
    Ok(tx.run(MOVE, args).await? == 1)
}

/// Writes the minutes; says whether the activity was still as it was read.
pub async fn write_record(
    tx: &mut Tx,
    id: Id<Activity>,
    version: i64,
    record: &str,
) -> Result<bool, DbError> {
    Ok(tx.run(RECORD, args![id, version, record]).await? == 1)
}

pub async fn code_in_use(tx: &mut Tx, programme: Id<Programme>, code: &str) -> Result<bool, DbError> {
    Ok(tx.row(CODE_IN_USE, args![programme, code], |row| row.get::<i64>(0)).await? > 0)
}

/// Signs somebody in by the code; says whether they were not on the list already.
pub async fn sign_by_code(
    tx: &mut Tx,
    id: Id<Activity>,
    teacher: &Teacher,
    at: Instant,
) -> Result<bool, DbError> {
    let nobody: Option<Uuid> = None;
    let args = args![id, teacher.person, &teacher.path, at, "code", nobody, ""];
    Ok(tx.run(SIGN, args).await? == 1)
}

/// Enters somebody by hand; says whether they were not on the list already.
pub async fn sign_by_hand(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Activity>,
    teacher: &Teacher,
    reason: &str,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    let args = args![id, teacher.person, &teacher.path, ctx.at, "listed", account, reason];
    Ok(tx.run(SIGN, args).await? == 1)
}

/// Takes somebody off the list; says whether they were on it.
pub async fn strike(
    tx: &mut Tx,
    id: Id<Activity>,
    person: Id<Person>,
    at: Instant,
    reason: &str,
) -> Result<bool, DbError> {
    Ok(tx.run(STRIKE, args![id, person, at, reason]).await? == 1)
}

pub async fn attendees(tx: &mut Tx, id: Id<Activity>) -> Result<Vec<Attendee>, DbError> {
    tx.rows(ATTENDEES, args![id], |row| {
        Ok(Attendee {
            person: row.get(0)?,
            name: row.get(1)?,
            school: row.get(2)?,
            signed_at: row.get(3)?,
            by_code: row.get::<String>(4)? == "code",
            reason: row.get(5)?,
        })
    })
    .await
}

/// The approved activities that those on the list of `activity` attended while it was held.
pub async fn overlapping(
    tx: &mut Tx,
    programme: Id<Programme>,
    activity: &Activity,
) -> Result<Vec<Overlap>, DbError> {
    let plan = &activity.plan;
    let args = args![activity.id, programme, plan.begins_at, plan.ends_at];
    tx.rows(OVERLAPPING, args, |row| {
        Ok(Overlap { person: row.get(0)?, title: row.get(1)?, begins_at: row.get(2)?, ends_at: row.get(3)? })
    })
    .await
}

pub async fn count(tx: &mut Tx, id: Id<Activity>) -> Result<i64, DbError> {
    tx.row(COUNT, args![id], |row| row.get(0)).await
}

/// How many wrong codes somebody has given, and since when they are counted.
pub async fn misses(tx: &mut Tx, person: Id<Person>) -> Result<Option<(i64, Instant)>, DbError> {
    tx.row_opt(MISSES, args![person], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Counts a wrong code; those from before `stale` are forgotten.
pub async fn miss(tx: &mut Tx, person: Id<Person>, at: Instant, stale: Instant) -> Result<(), DbError> {
    tx.run(MISS, args![person, at, stale]).await.map(drop)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_ACTIVITY).await?;
    shift.apply(tx, FOLLOW_ATTENDANCE).await?;
    shift.apply(tx, FOLLOW_AUDIENCE).await.map(drop)
}

/// Whether the room keeps attendances of a person.
///
/// # Errors
/// What the database reports.
pub async fn keeps_of(tx: &mut Tx, person: Uuid) -> Result<bool, DbError> {
    Ok(tx.row_opt(KEEPS_OF, args![person], |_| Ok(())).await?.is_some())
}
