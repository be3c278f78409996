//! Statements about standings and what they follow from.

use std::collections::BTreeMap;

use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::{DbError, Row, Scope, Tx, Value, args};
use tisheng_policy::scheme::{Programme, Version};
use tisheng_registry::people::Person;
use tisheng_rules::PeerReviews;
use uuid::Uuid;

use crate::certificate::model::Standing;
use crate::review;

const PUT_HEAD: &str = "insert into standing
    (programme, person, path, met, open_gates, level, score, scheme_version, at) values";

/// Writes only what differs, so that the count says what has changed.
const PUT_TAIL: &str = "on conflict (programme, person) do update set
    path = excluded.path, met = excluded.met, open_gates = excluded.open_gates, level = excluded.level,
    score = excluded.score, scheme_version = excluded.scheme_version, at = excluded.at
    where standing.path <> excluded.path or standing.met <> excluded.met
    or standing.open_gates <> excluded.open_gates or standing.level <> excluded.level
    or standing.score <> excluded.score or standing.scheme_version <> excluded.scheme_version";

/// The standing of somebody whose facts nobody has looked at; a line that is there stays.
const CLAIM: &str = "insert into standing
    (programme, person, path, met, open_gates, level, score, scheme_version, at)
    values ($1, $2, '', false, '', '', 0, $3, $4)
    on conflict (programme, person) do update set at = standing.at";

/// Those of a part of the tree whose standing is not where their open post is.
const MOVED_WITHIN: &str = "select s.person from standing s
    where s.programme = $1 and s.path >= $2 and s.path < $3
    and exists (select 1 from post p where p.person = s.person and p.until is null and p.path <> s.path)";

/// Those with certain open posts whose standing is elsewhere.
/// The way leads from the few posts to their standings: `cross join` keeps SQLite from walking all standings instead.
const MOVED_TO: &str = "select s.person from post p cross join standing s
    where p.id >= $2 and p.id <= $3 and p.until is null
    and s.programme = $1 and s.person = p.person and s.path <> p.path";

const FOLLOW_POST: &str = "update standing
    set path = (select p.path from post p where p.person = standing.person and p.until is null)
    where programme = $1 and person = $2
    and exists (select 1 from post p where p.person = standing.person and p.until is null)";

/// There are few programmes and many standings, which are kept by programme.
const PROGRAMMES_OF: &str = "select p.id from programme p where exists
    (select 1 from standing s where s.programme = p.id and s.person = $1) order by p.id";

/// The next teachers in the order of their identifiers. The concatenation keeps the index on paths
/// out of it, which would have to sort the whole part of the tree for every step.
const TEACHERS: &str = "select person, path from post
    where until is null and person > $1 and path || '' >= $2 and path || '' < $3 order by person limit $4";

const TEACHERS_BETWEEN: &str = "select person, path from post
    where until is null and person >= $1 and person <= $2 and path || '' >= $3 and path || '' < $4
    order by person";

const COUNT_BETWEEN: &str = "select count(*) from (select 1 from post
    where until is null and person >= $1 and person <= $2 limit $3) t";

/// Those with certain open posts of whom nobody has worked out a standing.
const NEWCOMERS: &str = "select p.person, p.path from post p
    where p.id >= $2 and p.id <= $3 and p.until is null and p.path || '' >= $4 and p.path || '' < $5
    and not exists (select 1 from standing s where s.programme = $1 and s.person = p.person)
    order by p.person";

const RESULTS: &str = "select person, capability, level from result
    where programme = $1 and person >= $2 and person <= $3 and superseded_by is null order by person";

const TOTALS: &str = "select person, category, kind, seconds from hour_total
    where programme = $1 and person >= $2 and person <= $3 order by person";

const CHOSEN: &str = "select person, capability from choice_capability
    where programme = $1 and person >= $2 and person <= $3 and dropped_at is null order by person, capability";

const CHOSE_FROM: &str = "select person, offer from choice
    where programme = $1 and person >= $2 and person <= $3 order by person";

/// A school's offer is read once for all of its teachers.
const OFFERED: &str = "select o.offer, o.capability from offer_capability o
    where o.offer in (select c.offer from choice c
        where c.programme = $1 and c.person >= $2 and c.person <= $3) order by o.offer, o.capability";

const CERTIFIED: &str = "select person, scheme_version from certificate
    where programme = $1 and person >= $2 and person <= $3 and state = 'valid'";

const STANDINGS: &str = "select person, path, met, open_gates, level, score, scheme_version
    from standing where programme = $1 and person >= $2 and person <= $3 order by person";

const WRONGLY_HELD: &str = "select s.person from standing s
    where s.programme = $1 and s.person >= $2 and s.person <= $3
    and (s.held = 'valid') <> exists (select 1 from certificate c
        where c.programme = s.programme and c.person = s.person and c.state = 'valid')";

fn standing_row(row: &Row<'_>) -> Result<Standing, DbError> {
    let open: String = row.get(3)?;
    Ok(Standing {
        person: row.get(0)?,
        path: row.get(1)?,
        met: row.get(2)?,
        open_gates: open.split(',').filter(|key| !key.is_empty()).map(str::to_owned).collect(),
        level: row.get(4)?,
        score: row.get(5)?,
        version: row.get(6)?,
    })
}

/// Writes standings; says how many were new or different.
pub async fn put_standings(
    tx: &mut Tx,
    programme: Id<Programme>,
    standings: &[Standing],
    at: Instant,
) -> Result<u64, DbError> {
    let row = |s: &Standing| -> Vec<Value<'static>> {
        vec![
            programme.into(),
            s.person.into(),
            s.path.clone().into(),
            s.met.into(),
            s.open_gates.join(",").into(),
            s.level.clone().into(),
            s.score.into(),
            s.version.into(),
            at.into(),
        ]
    };
    let rows: Vec<Vec<Value<'static>>> = standings.iter().map(row).collect();
    tx.bulk(PUT_HEAD, 9, PUT_TAIL, rows).await
}

/// The next `limit` teachers after `after` with the paths of their schools.
pub async fn teachers(
    tx: &mut Tx,
    scope: &Scope,
    after: Uuid,
    limit: i64,
) -> Result<Vec<(Id<Person>, String)>, DbError> {
    let range = args![after, &scope.from, &scope.until, limit];
    tx.rows(TEACHERS, range, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// All teachers from `first` to `last`.
pub async fn teachers_between(
    tx: &mut Tx,
    scope: &Scope,
    first: Id<Person>,
    last: Id<Person>,
) -> Result<Vec<(Id<Person>, String)>, DbError> {
    let range = args![first, last, &scope.from, &scope.until];
    tx.rows(TEACHERS_BETWEEN, range, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Whether from `first` to `last` there are hardly more teachers than these `many`.
pub async fn are_side_by_side(
    tx: &mut Tx,
    first: Id<Person>,
    last: Id<Person>,
    many: usize,
) -> Result<bool, DbError> {
    let most = i64::try_from(many).unwrap_or(i64::MAX).saturating_mul(4);
    let between: i64 = tx.row(COUNT_BETWEEN, args![first, last, most + 1], |row| row.get(0)).await?;
    Ok(between <= most)
}

/// Those with open posts from `first` to `last` who have no standing in a programme.
pub async fn newcomers(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    (first, last): (Uuid, Uuid),
) -> Result<Vec<(Id<Person>, String)>, DbError> {
    let range = args![programme, first, last, &scope.from, &scope.until];
    tx.rows(NEWCOMERS, range, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Everything that verdicts follow from, of the people whose identifiers lie in a range, each
/// list in the order of the people.
#[derive(Debug, Default)]
pub struct Basis {
    /// Person, category, kind, seconds.
    pub totals: Vec<(Id<Person>, String, String, i64)>,
    /// Person, capability chosen.
    pub chosen: Vec<(Id<Person>, String)>,
    /// Person, the offer from which the choice was made.
    pub chose_from: Vec<(Id<Person>, Uuid)>,
    /// An offer, a capability of it.
    pub offered: Vec<(Uuid, String)>,
    /// Person, capability or work, final level.
    pub results: Vec<(Id<Person>, String, Level)>,
    /// Reviews of colleagues' work that fell to a person.
    pub peer_reviews: BTreeMap<Id<Person>, PeerReviews>,
    /// Person, version of the rules by which the valid certificate was issued.
    pub certified: Vec<(Id<Person>, Id<Version>)>,
}

pub async fn basis(
    tx: &mut Tx,
    programme: Id<Programme>,
    first: Id<Person>,
    last: Id<Person>,
) -> Result<Basis, DbError> {
    let range = args![programme, first, last];
    let level = |row: &Row<'_>| {
        let code: String = row.get(2)?;
        let level = code.parse().map_err(|_| DbError::Column { column: 2, problem: code })?;
        Ok((row.get(0)?, row.get(1)?, level))
    };
    Ok(Basis {
        totals: tx.rows(TOTALS, range, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))).await?,
        chosen: tx.rows(CHOSEN, range, |r| Ok((r.get(0)?, r.get(1)?))).await?,
        chose_from: tx.rows(CHOSE_FROM, range, |r| Ok((r.get(0)?, r.get(1)?))).await?,
        offered: tx.rows(OFFERED, range, |r| Ok((r.get(0)?, r.get(1)?))).await?,
        results: tx.rows(RESULTS, range, level).await?,
        peer_reviews: review::peer_reviews(tx, programme, first, last).await?,
        certified: tx.rows(CERTIFIED, range, |r| Ok((r.get(0)?, r.get(1)?))).await?,
    })
}

pub async fn standings(
    tx: &mut Tx,
    programme: Id<Programme>,
    first: Id<Person>,
    last: Id<Person>,
) -> Result<Vec<Standing>, DbError> {
    tx.rows(STANDINGS, args![programme, first, last], standing_row).await
}

/// Those between two people whose standing does not say what they hold.
pub async fn wrongly_held(
    tx: &mut Tx,
    programme: Id<Programme>,
    first: Id<Person>,
    last: Id<Person>,
) -> Result<Vec<Id<Person>>, DbError> {
    tx.rows(WRONGLY_HELD, args![programme, first, last], |row| row.get(0)).await
}

/// Keeps everybody else from a teacher's standing until the transaction ends.
pub async fn claim_standing(
    tx: &mut Tx,
    programme: &Programme,
    person: Id<Person>,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(CLAIM, args![programme.id, person, programme.version, at]).await.map(drop)
}

/// The programmes in which a person has a standing.
pub async fn programmes_of(tx: &mut Tx, person: Id<Person>) -> Result<Vec<Id<Programme>>, DbError> {
    tx.rows(PROGRAMMES_OF, args![person], |row| row.get(0)).await
}

/// Whoever has a standing in a part of the tree that is not where the open post is.
pub async fn moved_within(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
) -> Result<Vec<Id<Person>>, DbError> {
    tx.rows(MOVED_WITHIN, args![programme, &scope.from, &scope.until], |row| row.get(0)).await
}

/// Whoever has an open post from `first` to `last` and a standing elsewhere.
pub async fn moved_to(
    tx: &mut Tx,
    programme: Id<Programme>,
    (first, last): (Uuid, Uuid),
) -> Result<Vec<Id<Person>>, DbError> {
    tx.rows(MOVED_TO, args![programme, first, last], |row| row.get(0)).await
}

/// Puts a standing where the teacher's open post is.
pub async fn follow_post(tx: &mut Tx, programme: Id<Programme>, person: Id<Person>) -> Result<(), DbError> {
    tx.run(FOLLOW_POST, args![programme, person]).await.map(drop)
}
