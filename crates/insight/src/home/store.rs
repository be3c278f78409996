//! What waits for somebody, counted where it lies.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_training::platform::Platform;
use uuid::Uuid;

const WAITING: &str = "select
    (select count(*) from hour_report where programme = $1 and state in ('parked', 'conflict', 'held')
        and path >= $2 and path < $3),
    (select count(*) from hour_dispute where programme = $1 and state in ('open', 'mending')
        and path >= $2 and path < $3),
    (select count(*) from choice_change where programme = $1 and state = 'asked' and path >= $2 and path < $3),
    (select count(*) from activity where programme = $1 and state = 'submitted' and path >= $2 and path < $3
        and planned_by <> $5),
    (select count(*) from submission where programme = $1 and state = 'panel' and superseded_by is null
        and path >= $2 and path < $3),
    (select count(*) from learner where programme = $1 and state = 'unmatched' and path >= $2 and path < $3),
    (select count(*) from course_terms t join course c on c.id = t.course
        where t.state = 'submitted' and c.programme = $1),
    (select count(*) from platform where programme = $1 and state = 'active'
        and case when last_arrival > created_at then last_arrival else created_at end
            + silent_hours * cast(3600000000 as bigint) < $4),
    (select count(*) from objection o join submission s on s.programme = o.programme and s.id = o.submission
        where o.programme = $1 and o.state = 'open' and s.person <> $5
        and (o.path >= $6 and o.path < $7 or o.above = $6 and o.due_on < $8 or exists (select 1 from panel_member c where c.programme = o.programme
            and c.node = o.body and c.person = $5 and c.chair and c.until is null))
        and not exists (select 1 from objection m where m.programme = o.programme
            and m.submission = o.submission and m.person = $5)
        and not exists (select 1 from objection b join account k on k.id = b.answered_by
            where b.programme = o.programme and b.submission = o.submission and b.person = o.person
            and b.path <> o.path and k.person = $5)
        and not exists (select 1 from review r where r.programme = o.programme
            and r.submission = o.submission and r.reviewer = $5 and r.done_at is not null)),
    (select count(*) from activity a where a.programme = $1 and a.state = 'submitted' and a.path >= $2 and a.path < $3
        and a.planned_by <> $5 and not exists (select 1 from role_grant g where g.node = a.school
            and g.role in ('principal', 'cio', 'management_team') and g.person <> a.planned_by
            and g.since <= $8 and (g.until is null or g.until > $8)
            and exists (select 1 from account k where k.person = g.person and k.disabled_at is null))),
    (select count(*) from choice_change c where c.programme = $1 and c.state = 'asked' and c.path >= $2 and c.path < $3
        and c.person <> $5 and not exists (select 1 from role_grant g where g.path = c.path
            and g.role in ('principal', 'cio', 'management_team', 'clerk') and g.person <> c.person
            and g.since <= $8 and (g.until is null or g.until > $8)
            and exists (select 1 from account k where k.person = g.person and k.disabled_at is null)))";

/// How many things wait for a decision below a node.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Reports of hours that match nobody, contradict, or are not plausible.
    pub reports: i64,
    /// Disputes about hours that are to be answered, or upheld and to be mended.
    pub disputes: i64,
    /// Changes of choices asked for.
    pub changes: i64,
    /// Activities whose attendance is to be approved.
    pub activities: i64,
    /// Submissions before a panel.
    pub panel: i64,
    /// Accounts on platforms that are nobody's yet.
    pub learners: i64,
    /// Courses whose terms are to be approved.
    pub courses: i64,
    /// Platforms that have not delivered for longer than agreed.
    pub silent: i64,
    /// Objections to levels on notice that whoever looks is to answer.
    pub objections: i64,
    /// Activities whose attendance nobody at their school may approve.
    pub activities_above: i64,
    /// Changes of choices that nobody at their school may decide about.
    pub changes_above: i64,
}

/// What waits in `scope`. `heads` is the part of the tree whose objections `person` answers, and its head the
/// office to which late ones go.
pub async fn waiting(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, heads): (&Scope, &Scope),
    (at, person): (Instant, Uuid),
) -> Result<Waiting, DbError> {
    let asked = args![programme, &scope.from, &scope.until, at, person, &heads.from, &heads.until, at.date()];
    tx.row(WAITING, asked, |row| {
        Ok(Waiting {
            reports: row.get(0)?,
            disputes: row.get(1)?,
            changes: row.get(2)?,
            activities: row.get(3)?,
            panel: row.get(4)?,
            learners: row.get(5)?,
            courses: row.get(6)?,
            silent: row.get(7)?,
            objections: row.get(8)?,
            activities_above: row.get(9)?,
            changes_above: row.get(10)?,
        })
    })
    .await
}

const DELIVERED: &str = "select
    (select cast(coalesce(sum(records), 0) as bigint) from platform_arrival where platform = $1 and at >= $2),
    (select cast(coalesce(sum(refused), 0) as bigint) from platform_arrival where platform = $1 and at >= $2),
    (select count(*) from learner where platform = $1 and state = 'unmatched'),
    (select count(*) from course where platform = $1 and state = 'submitted')";

/// What came from a platform since a moment, and what of it waits for others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Records in all.
    pub records: i64,
    /// Those that were refused.
    pub refused: i64,
    /// Accounts that are nobody's yet.
    pub learners: i64,
    /// Courses no terms of which are in force yet.
    pub courses: i64,
}

/// What came from `platform` since `since`, and what of it waits.
pub async fn delivered(tx: &mut Tx, platform: Id<Platform>, since: Instant) -> Result<Delivered, DbError> {
    tx.row(DELIVERED, args![platform, since], |row| {
        Ok(Delivered {
            records: row.get(0)?,
            refused: row.get(1)?,
            learners: row.get(2)?,
            courses: row.get(3)?,
        })
    })
    .await
}
