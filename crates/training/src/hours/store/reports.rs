//! Reports that wait for a person, and what was decided about them.

use tisheng_kernel::{Id, Seconds};
use tisheng_platform::{Ctx, DbError, Row, Scope, Shift, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::super::model::{Entry, Report, Waiting, WaitingState, Whom};
use super::{coded, length, termed};

const FOLLOW_HOUR_REPORT: &str = "update hour_report set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const ADD: &str = "insert into hour_report (programme, id, state, path, source, source_id, digest, person, name,
    paper_masked, school, category, kind, seconds, hour_length, worked_on, title, why, against, received_at,
    actor, decision, channel, paper_key, long_day, phone_key)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, '', $22,
    $23, $24, $25)
    on conflict (programme, source, source_id, digest) do nothing";

const OF_DIGEST: &str = "select id, state, path, person, name, paper_masked, school, category, kind, seconds,
    hour_length, worked_on, title, source, source_id, why, against, received_at, decided_at, decision, entry, channel,
    paper_key, decided_by, long_day
    from hour_report where programme = $1 and source = $2 and source_id = $3 and digest = $4";

const OF_NUMBER: &str = "select id, state, path, person, name, paper_masked, school, category, kind, seconds,
    hour_length, worked_on, title, source, source_id, why, against, received_at, decided_at, decision, entry, channel,
    paper_key, decided_by, long_day
    from hour_report where programme = $1 and source = $2 and source_id = $3 order by id";

const OF_ID: &str = "select id, state, path, person, name, paper_masked, school, category, kind, seconds,
    hour_length, worked_on, title, source, source_id, why, against, received_at, decided_at, decision, entry, channel,
    paper_key, decided_by, long_day
    from hour_report where programme = $1 and id = $2 and path >= $3 and path < $4";

const OF_TEACHER: &str =
    "select id, state, path, person, name, paper_masked, school, category, kind, seconds,
    hour_length, worked_on, title, source, source_id, why, against, received_at, decided_at, decision, entry, channel,
    paper_key, decided_by, long_day
    from hour_report where programme = $1 and person = $2 order by id desc limit 200";

const OF_NAME: &str = "select id, state, path, person, name, paper_masked, school, category, kind, seconds,
    hour_length, worked_on, title, source, source_id, why, against, received_at, decided_at, decision, entry, channel,
    paper_key, decided_by, long_day
    from hour_report where programme = $1 and name = $2 and person is null
    and (paper_masked = '' or paper_masked = $3 or school = $4) order by id desc limit 50";

const COUNTS: &str = "select state, count(*) from hour_report
    where programme = $1 and path >= $2 and path < $3 and state in ('parked', 'held', 'conflict')
    and ($4 = '' or source = $4) group by state";

const MOVE: &str = "update hour_report set state = $4, person = $5, path = $6, why = $7, against = $8,
    long_day = $9 where programme = $1 and id = $2 and state = $3";

const DECIDE: &str = "update hour_report set state = $4, entry = $5, decision = $6, decided_at = $7,
    decided_by = $8 where programme = $1 and id = $2 and state = $3";

const WITHDRAW: &str =
    "update hour_report set state = 'withdrawn', decision = $4, decided_at = $5, decided_by = $6
    where programme = $1 and source = $2 and source_id = $3 and state in ('parked', 'held', 'conflict')";

const END_DOUBT: &str =
    "update hour_report set state = 'withdrawn', decision = $4, decided_at = $5, decided_by = $6
    where programme = $1 and source = $2 and source_id = $3 and state = 'held' and against is not null";

const FREE: &str = "update hour_report
    set state = 'withdrawn', entry = null, decision = $4, decided_at = $5, decided_by = $6
    where programme = $1 and source = $2 and source_id = $3
    and (state in ('entered', 'kept') or state = 'dismissed' and person is not null)";

const WITHDRAW_ONE: &str =
    "update hour_report set state = 'withdrawn', decision = $3, decided_at = $4, decided_by = $5
    where programme = $1 and id = $2 and state in ('parked', 'held', 'conflict')";

const REOPEN: &str = "update hour_report set state = $3, entry = null, decision = $4, decided_at = $5,
    decided_by = $6 where programme = $1 and id = $2 and state = 'entered'";

const OF_ENTRY: &str = "select id from hour_report where programme = $1 and person = $2 and entry = $3";

const RENEW: &str = "update hour_report set state = $3, path = $4, person = $5, why = $6, against = $7,
    received_at = $8, actor = $9, decision = '', decided_at = null, decided_by = null, long_day = $10,
    paper_key = $11, phone_key = $12 where programme = $1 and id = $2 and state = 'withdrawn'";

const NAME_OF: &str = "select p.name from account a join person p on p.id = a.person where a.id = $1";

const PASS_UP: &str =
    "update hour_report set path = $3 where programme = $1 and id = $2 and state = 'parked' and path <> $3";

const SET_LONG_DAY: &str = "update hour_report set long_day = $3 where programme = $1 and id = $2";

const HOLD: &str = "update hour_report set state = state where programme = $1 and id = $2";

const STATE: &str = "select state from hour_report where programme = $1 and id = $2";

pub(super) fn waiting(row: &Row<'_>) -> Result<Waiting, DbError> {
    Ok(Waiting {
        id: row.get(0)?,
        state: coded(row, 1)?,
        path: row.get(2)?,
        person: row.get(3)?,
        name: row.get(4)?,
        paper_masked: row.get(5)?,
        school: row.get(6)?,
        category: row.get(7)?,
        kind: row.get(8)?,
        seconds: Seconds::new(row.get(9)?),
        length: length(row, 10)?,
        worked_on: row.get(11)?,
        title: row.get(12)?,
        source: row.get(13)?,
        source_id: row.get(14)?,
        why: row.get(15)?,
        against: row.get(16)?,
        received_at: row.get(17)?,
        decided_at: row.get(18)?,
        decision: row.get(19)?,
        entry: row.get(20)?,
        channel: termed(row, 21)?,
        paper_key: row.get(22)?,
        decided_by: row.get(23)?,
        long_day: row.get(24)?,
    })
}

/// What a waiting report has beside what it says.
pub struct Putting<'a> {
    pub id: Id<Waiting>,
    pub state: WaitingState,
    pub path: &'a str,
    pub digest: &'a str,
    pub person: Option<Id<Person>>,
    pub name: &'a str,
    pub paper_masked: &'a str,
    /// Under which the paper would be found, and the phone.
    pub keys: [Option<&'a Vec<u8>>; 2],
    pub why: &'a str,
    pub against: Option<Id<Entry>>,
    /// Whether the day holds more than its 24 hours with it.
    pub long_day: bool,
}

/// Lets a report wait; says whether it is new.
pub async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    report: &Report,
    put: &Putting<'_>,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    let school = match &report.whom {
        Whom::Described(described) => described.school.as_str(),
        Whom::Known(_) => "",
    };
    let row = args![
        programme,
        put.id,
        put.state.code(),
        put.path,
        &report.source,
        &report.source_id,
        put.digest,
        put.person,
        put.name,
        put.paper_masked,
        school,
        &report.category,
        &report.kind,
        report.seconds.get(),
        report.length.minutes(),
        report.worked_on,
        &report.title,
        put.why,
        put.against,
        ctx.at,
        account,
        report.channel.key(),
        put.keys[0],
        put.long_day,
        put.keys[1]
    ];
    Ok(tx.run(ADD, row).await? == 1)
}

/// The row of exactly this report, if it waits or waited.
pub async fn of_digest(
    tx: &mut Tx,
    programme: Id<Programme>,
    report: &Report,
    digest: &str,
) -> Result<Option<Waiting>, DbError> {
    let args = args![programme, &report.source, &report.source_id, digest];
    tx.row_opt(OF_DIGEST, args, waiting).await
}

pub async fn of_id(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    id: Id<Waiting>,
) -> Result<Option<Waiting>, DbError> {
    tx.row_opt(OF_ID, args![programme, id, &scope.from, &scope.until], waiting).await
}

/// Reports about a teacher, newest first.
pub async fn of_teacher(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Waiting>, DbError> {
    tx.rows(OF_TEACHER, args![programme, person], waiting).await
}

/// Reports about nobody known that carry this name, and no other paper or the same school, newest
/// first.
pub async fn of_name(
    tx: &mut Tx,
    programme: Id<Programme>,
    (name, paper_masked, school): (&str, &str, &str),
) -> Result<Vec<Waiting>, DbError> {
    tx.rows(OF_NAME, args![programme, name, paper_masked, school], waiting).await
}

/// The name of whoever has this account.
pub async fn name_of(tx: &mut Tx, account: Uuid) -> Result<Option<String>, DbError> {
    tx.row_opt(NAME_OF, args![account], |row| row.get(0)).await
}

/// Lets a report that nobody below can match wait at the node `path`; says whether it was still parked.
pub async fn pass_up(
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Waiting>,
    path: &str,
) -> Result<bool, DbError> {
    Ok(tx.run(PASS_UP, args![programme, id, path]).await? == 1)
}

/// How many reports wait in each state, of one source where one is named.
pub async fn counts(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    source: &str,
) -> Result<Vec<(WaitingState, i64)>, DbError> {
    let args = args![programme, &scope.from, &scope.until, source];
    tx.rows(COUNTS, args, |row| Ok((coded(row, 0)?, row.get(1)?))).await
}

/// Where a waiting report goes on waiting.
pub struct Moving<'a> {
    pub state: WaitingState,
    pub person: Id<Person>,
    pub path: &'a str,
    pub why: &'a str,
    pub against: Option<Id<Entry>>,
    /// Whether the day holds more than its 24 hours with it.
    pub long_day: bool,
}

/// Lets a report wait for something else; says whether it was still in `from`.
pub async fn move_on(
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Waiting>,
    from: WaitingState,
    to: &Moving<'_>,
) -> Result<bool, DbError> {
    let args = args![
        programme,
        id,
        from.code(),
        to.state.code(),
        to.person,
        to.path,
        to.why,
        to.against,
        to.long_day
    ];
    Ok(tx.run(MOVE, args).await? == 1)
}

/// Lets a report that was withdrawn wait again, in the row `put.id`.
pub async fn renew(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    put: &Putting<'_>,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    let args = args![
        programme,
        put.id,
        put.state.code(),
        put.path,
        put.person,
        put.why,
        put.against,
        ctx.at,
        account,
        put.long_day,
        put.keys[0],
        put.keys[1]
    ];
    Ok(tx.run(RENEW, args).await? == 1)
}

/// The report that became `entry` of `person`, if it had to wait.
pub async fn of_entry(
    tx: &mut Tx,
    programme: Id<Programme>,
    (person, entry): (Id<Person>, Id<Entry>),
) -> Result<Option<Id<Waiting>>, DbError> {
    tx.row_opt(OF_ENTRY, args![programme, person, entry], |row| row.get(0)).await
}

/// A report whose entry is taken back with its file waits again, or is withdrawn too: `to`.
pub async fn reopen(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    (id, to): (Id<Waiting>, WaitingState),
    reason: &str,
) -> Result<(), DbError> {
    let (account, _, _) = ctx.who.signature();
    tx.run(REOPEN, args![programme, id, to.code(), reason, ctx.at, account]).await.map(drop)
}

/// Holds a report until the transaction ends.
pub async fn hold(tx: &mut Tx, programme: Id<Programme>, id: Id<Waiting>) -> Result<(), DbError> {
    tx.run(HOLD, args![programme, id]).await.map(drop)
}

/// What has become of a report.
pub async fn state(
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Waiting>,
) -> Result<Option<WaitingState>, DbError> {
    tx.row_opt(STATE, args![programme, id], |row| coded(row, 0)).await
}

/// Ends the waiting of a report whose file is undone; says whether it still waited.
pub async fn withdraw_one(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Waiting>,
    reason: &str,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    Ok(tx.run(WITHDRAW_ONE, args![programme, id, reason, ctx.at, account]).await? == 1)
}

/// All reports of a number that had to wait, the first first.
pub async fn of_number(
    tx: &mut Tx,
    programme: Id<Programme>,
    source: &str,
    source_id: &str,
) -> Result<Vec<Waiting>, DbError> {
    tx.rows(OF_NUMBER, args![programme, source, source_id], waiting).await
}

/// Ends the waiting of all reports of a number that its own source takes back; says whether any
/// waited.
pub async fn withdraw(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    (source, source_id): (&str, &str),
    reason: &str,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    Ok(tx.run(WITHDRAW, args![programme, source, source_id, reason, ctx.at, account]).await? > 0)
}

/// Ends the waiting of a doubt about what stands under a number.
pub async fn end_doubt(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    (source, source_id): (&str, &str),
    reason: &str,
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    Ok(tx.run(END_DOUBT, args![programme, source, source_id, reason, ctx.at, account]).await? > 0)
}

/// Withdraws what was decided about the reports of a number whose entries are taken back, so that none
/// of them is taken for known.
pub async fn free(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    (source, source_id): (&str, &str),
    reason: &str,
) -> Result<(), DbError> {
    let (account, _, _) = ctx.who.signature();
    tx.run(FREE, args![programme, source, source_id, reason, ctx.at, account]).await.map(drop)
}

/// Says whether the day holds more than its 24 hours with a report that becomes an entry.
pub async fn set_long_day(
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<Waiting>,
    long_day: bool,
) -> Result<(), DbError> {
    tx.run(SET_LONG_DAY, args![programme, id, long_day]).await.map(drop)
}

/// Ends the waiting; says whether the report was still in `from`.
pub async fn decide(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    (id, from): (Id<Waiting>, WaitingState),
    (to, entry, reason): (WaitingState, Option<Id<Entry>>, &str),
) -> Result<bool, DbError> {
    let (account, _, _) = ctx.who.signature();
    let args = args![programme, id, from.code(), to.code(), entry, reason, ctx.at, account];
    Ok(tx.run(DECIDE, args).await? == 1)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_HOUR_REPORT).await.map(drop)
}
