//! Every statement of the room; those about batches and the list beside.

pub mod batch;
pub mod listed;

use std::collections::BTreeMap;

use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::{DbError, Row, Scope, Shift, Tx, Value, args};
use tisheng_policy::scheme::{Programme, Version};
use tisheng_registry::people::Person;
use tisheng_rules::PeerReviews;
use uuid::Uuid;

use super::issue::Origin;
use super::model::{Certificate, CertificateState, Standing};
use crate::review;

const KEEPS_OF: &str = "select 1 from programme p
    where exists (select 1 from certificate c where c.programme = p.id and c.person = $1) limit 1";

const FOLLOW_STANDING: &str = "update standing set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOLLOW_CERTIFICATE: &str = "update certificate set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOLLOW_CERTIFICATE_BATCH: &str = "update certificate_batch set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

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

const FOLLOW_POSTS: &str = "update standing
    set path = (select p.path from post p where p.person = standing.person and p.until is null)
    where exists (select 1 from post p
        where p.person = standing.person and p.until is null and p.path <> standing.path)";

/// The condition never holds: nothing is written, and PostgreSQL locks the line all the same.
const CLAIM_TAIL: &str =
    "on conflict (programme, person) do update set at = excluded.at where standing.at is null";

/// There are few programmes and many standings, which are kept by programme.
const PROGRAMMES_OF: &str = "select p.id from programme p where exists
    (select 1 from standing s where s.programme = p.id and s.person = $1) order by p.id";

/// The next teachers in the order of their identifiers. The concatenation keeps the index on paths
/// out of it, which would have to sort the whole part of the tree for every step.
const TEACHERS: &str = "select person, path from post
    where until is null and person > $1 and path || '' >= $2 and path || '' < $3 order by person limit $4";

/// Those of them of whom nobody has worked out a standing.
const NEWCOMERS: &str = "select p.person, p.path from post p
    where p.until is null and p.person > $2 and p.path || '' >= $3 and p.path || '' < $4
    and not exists (select 1 from standing s where s.programme = $1 and s.person = p.person)
    order by p.person limit $5";

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

const FIELDS_OF_NUMBER: &str =
    "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version from certificate where number = $1";

const VALID_OF: &str = "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version from certificate
    where programme = $1 and person = $2 and state = 'valid'";

const REVOKED_OF: &str = "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version from certificate
    where programme = $1 and person = $2 and state = 'revoked' order by issued_at desc limit 1";

const ALL: &str = "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version from certificate
    where number > $1 order by number limit 1000";

const DOCUMENTS: &str = "select number, pdf from certificate
    where number > $1 and pdf is not null order by number limit 1000";

const ADD: &str =
    "insert into certificate (number, programme, person, path, name, school, sort_key, state, facts,
    signature, issued_at, issued_by, batch, reason, scheme_version)
    values ($1, $2, $3, $4, $5, $6, $7, 'valid', $8, $9, $10, $11, $12, '', $13)
    on conflict do nothing";

const END: &str = "update certificate set state = $2, ended_at = $3, reason = $4, superseded_by = $5
    where number = $1 and state = 'valid'";

const SUCCEED: &str = "update certificate set superseded_by = $2 where number = $1 and state = 'superseded'";

const KEEP_PDF: &str = "update certificate set pdf = $2, pdf_size = $3 where number = $1";

const PDF: &str = "select pdf, pdf_size from certificate where number = $1 and pdf is not null";

const NEXT: &str = "insert into certificate_sequence (programme, region, year, last) values ($1, $2, $3, 1)
    on conflict (programme, region, year) do update set last = certificate_sequence.last + 1 returning last";

/// In the order of their schools, in which the index has them.
const READY: &str = "select s.path, s.person from standing s
    where s.programme = $1 and (s.path, s.person) > ($2, $3) and s.path < $4 and s.met and s.held = ''
    and exists (select 1 from post p where p.person = s.person and p.until is null)
    order by s.path, s.person limit $5";

const COUNT_READY: &str = "select count(*) from (select 1 from standing s
    where s.programme = $1 and s.path >= $2 and s.path < $3 and s.met and s.held = ''
    and exists (select 1 from post p where p.person = s.person and p.until is null) limit $4) t";

/// The first of them as a page names them, in the order in which they are issued to.
const NAMED_READY: &str = "select s.person, pe.name, n.name from standing s
    join post p on p.person = s.person and p.until is null
    join person pe on pe.id = s.person join node n on n.id = p.school
    where s.programme = $1 and s.path >= $2 and s.path < $3 and s.met and s.held = ''
    order by s.path, s.person limit $4";

const HOLD: &str = "update standing set held = $3 where programme = $1 and person = $2";

const WRONGLY_HELD: &str = "select s.person from standing s
    where s.programme = $1 and s.person >= $2 and s.person <= $3
    and (s.held = 'valid') <> exists (select 1 from certificate c
        where c.programme = s.programme and c.person = s.person and c.state = 'valid')";

const SORT_KEY: &str = "select sort_key from person where id = $1";

fn certificate(row: &Row<'_>) -> Result<Certificate, DbError> {
    Ok(Certificate {
        number: row.get(0)?,
        programme: row.get(1)?,
        person: row.get(2)?,
        path: row.get(3)?,
        name: row.get(4)?,
        school: row.get(5)?,
        state: CertificateState::read(&row.get::<String>(6)?)?,
        facts: row.get(7)?,
        signature: row.get(8)?,
        issued_at: row.get(9)?,
        ended_at: row.get(10)?,
        reason: row.get(11)?,
        superseded_by: row.get(12)?,
        version: row.get(13)?,
    })
}

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

/// Those of them who have no standing.
pub async fn newcomers(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    after: Uuid,
    limit: i64,
) -> Result<Vec<(Id<Person>, String)>, DbError> {
    let range = args![programme, after, &scope.from, &scope.until, limit];
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

pub async fn of_number(tx: &mut Tx, number: &str) -> Result<Option<Certificate>, DbError> {
    tx.row_opt(FIELDS_OF_NUMBER, args![number], certificate).await
}

pub async fn valid_of(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Option<Certificate>, DbError> {
    tx.row_opt(VALID_OF, args![programme, person], certificate).await
}

/// The certificate of a teacher that was revoked last.
pub async fn revoked_of(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Option<Certificate>, DbError> {
    tx.row_opt(REVOKED_OF, args![programme, person], certificate).await
}

/// Up to 1000 certificates after a number.
pub async fn all(tx: &mut Tx, after: &str) -> Result<Vec<Certificate>, DbError> {
    tx.rows(ALL, args![after], certificate).await
}

/// Up to 1000 numbers after a number, with the digests of their documents.
pub async fn documents(tx: &mut Tx, after: &str) -> Result<Vec<(String, String)>, DbError> {
    tx.rows(DOCUMENTS, args![after], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Writes a new certificate; `false` when its number is taken or the teacher has a valid one.
pub async fn add(tx: &mut Tx, new: &Certificate, sort_key: &str, origin: Origin) -> Result<bool, DbError> {
    let row = args![
        &new.number,
        new.programme,
        new.person,
        &new.path,
        &new.name,
        &new.school,
        sort_key,
        &new.facts,
        &new.signature,
        new.issued_at,
        origin.by,
        origin.batch,
        new.version
    ];
    Ok(tx.run(ADD, row).await? == 1)
}

pub async fn sort_key(tx: &mut Tx, person: Id<Person>) -> Result<String, DbError> {
    tx.row(SORT_KEY, args![person], |row| row.get(0)).await
}

/// Ends a valid certificate; `false` when it is not valid any more.
pub async fn end(
    tx: &mut Tx,
    number: &str,
    state: CertificateState,
    at: Instant,
    reason: &str,
    by: Option<&str>,
) -> Result<bool, DbError> {
    Ok(tx.run(END, args![number, state.key(), at, reason, by]).await? == 1)
}

/// Names the certificate that stands in the place of a superseded one.
pub async fn succeed(tx: &mut Tx, number: &str, by: &str) -> Result<(), DbError> {
    tx.run(SUCCEED, args![number, by]).await.map(drop)
}

pub async fn keep_pdf(tx: &mut Tx, number: &str, digest: &str, size: i64) -> Result<(), DbError> {
    tx.run(KEEP_PDF, args![number, digest, size]).await.map(drop)
}

pub async fn pdf(tx: &mut Tx, number: &str) -> Result<Option<(String, i64)>, DbError> {
    tx.row_opt(PDF, args![number], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// The next sequence number of a region and year.
pub async fn next(tx: &mut Tx, programme: Id<Programme>, region: &str, year: i32) -> Result<i64, DbError> {
    tx.row(NEXT, args![programme, region, year], |row| row.get(0)).await
}

/// The next teachers who have met everything and have never held a certificate, with the paths of
/// their schools, behind the path and person `after`.
pub async fn ready(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    (path, person): (&str, Uuid),
    limit: i64,
) -> Result<Vec<(String, Id<Person>)>, DbError> {
    let row = args![programme, path, person, &scope.until, limit];
    tx.rows(READY, row, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// The first of them, each with name and school.
pub async fn named_ready(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    most: i64,
) -> Result<Vec<(Id<Person>, String, String)>, DbError> {
    let row = args![programme, &scope.from, &scope.until, most];
    tx.rows(NAMED_READY, row, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).await
}

/// How many of them there are, counted up to `most`.
pub async fn count_ready(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    most: i64,
) -> Result<i64, DbError> {
    tx.row(COUNT_READY, args![programme, &scope.from, &scope.until, most], |row| row.get(0)).await
}

/// Writes down what a teacher holds.
pub async fn hold(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
    state: CertificateState,
) -> Result<(), DbError> {
    tx.run(HOLD, args![programme, person, state.key()]).await.map(drop)
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

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_STANDING).await?;
    shift.apply(tx, FOLLOW_CERTIFICATE).await?;
    shift.apply(tx, FOLLOW_CERTIFICATE_BATCH).await.map(drop)
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

/// As [`claim_standing`], for many teachers; a line that is there is locked and not written.
pub async fn claim_standings(
    tx: &mut Tx,
    programme: &Programme,
    teachers: &[(Id<Person>, String)],
    at: Instant,
) -> Result<(), DbError> {
    let unknown = |(person, path): &(Id<Person>, String)| -> Vec<Value<'static>> {
        let empty = || String::new().into();
        let (key, version) = ((programme.id.into(), (*person).into()), programme.version.into());
        let path = path.clone().into();
        vec![key.0, key.1, path, false.into(), empty(), empty(), 0_i64.into(), version, at.into()]
    };
    let rows: Vec<Vec<Value<'static>>> = teachers.iter().map(unknown).collect();
    tx.bulk(PUT_HEAD, 9, CLAIM_TAIL, rows).await.map(drop)
}

/// The programmes in which a person has a standing.
pub async fn programmes_of(tx: &mut Tx, person: Id<Person>) -> Result<Vec<Id<Programme>>, DbError> {
    tx.rows(PROGRAMMES_OF, args![person], |row| row.get(0)).await
}

/// Puts every standing where its teacher's open post is.
pub async fn follow_posts(tx: &mut Tx) -> Result<u64, DbError> {
    tx.run(FOLLOW_POSTS, args![]).await
}

/// Whether the room keeps a certificate of a person.
///
/// # Errors
/// What the database reports.
pub async fn keeps_of(tx: &mut Tx, person: Uuid) -> Result<bool, DbError> {
    Ok(tx.row_opt(KEEPS_OF, args![person], |_| Ok(())).await?.is_some())
}
