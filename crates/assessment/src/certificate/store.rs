//! Every statement of the room; those about batches, the list, those who wait and standings beside.

pub mod batch;
pub mod listed;
pub mod ready;
pub mod standing;

use std::collections::HashMap;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::files::Blob;
use tisheng_platform::{DbError, Row, Scope, Shift, Tx, Value, args};
use tisheng_policy::scheme::{Programme, Version};
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::issue::Origin;
use super::model::{Certificate, CertificateState};

/// The city or county above a path; empty where there is none.
macro_rules! above {
    ($kind:literal, $path:literal) => {
        concat!(
            "coalesce((select n.path from node n where n.kind = '",
            $kind,
            "' and n.path <= ",
            $path,
            " and ",
            $path,
            " < substr(n.path, 1, length(n.path) - 1) || '0'), '')"
        )
    };
}

/// Writes the city and the county above certificates.
macro_rules! put_above {
    ($which:literal) => {
        concat!(
            "update certificate set city = ",
            above!("city", "certificate.path"),
            ", county = ",
            above!("county", "certificate.path"),
            " where ",
            $which
        )
    };
}

/// Where somebody teaches, or taught last; null for somebody who never had a post.
macro_rules! taught {
    ($person:literal) => {
        concat!(
            "(select p.path from post p where p.person = ",
            $person,
            " order by case when p.until is null then 0 else 1 end, p.since desc, p.id desc limit 1)"
        )
    };
}

const KEEPS_OF: &str = "select 1 from programme p
    where exists (select 1 from certificate c where c.programme = p.id and c.person = $1) limit 1";

const FOLLOW_STANDING: &str = "update standing set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FOLLOW_CERTIFICATE: &str = "update certificate set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

/// The city and the county above a school, looked for anew within a range of paths.
const FOLLOW_ABOVE: &str = put_above!("path >= $1 and path < $2");

/// Certificates of somebody who teaches elsewhere now; of a leaver, who taught elsewhere last.
const FOLLOW_HOLDER: &str = concat!(
    "update certificate
    set path = ",
    taught!("$2"),
    "
    where programme = $1 and person = $2 and path <> ",
    taught!("$2")
);

const FOLLOW_ABOVE_HOLDER: &str = put_above!("programme = $1 and person = $2");

/// Holders in a part of the tree who neither teach there now nor taught there last.
const ASTRAY_WITHIN: &str = concat!(
    "select distinct c.person from certificate c
    where c.programme = $1 and c.path >= $2 and c.path < $3
    and c.path <> ",
    taught!("c.person")
);

/// Up to 1000 certificates and whether each stands, with the city and the county above, where its holder teaches or
/// taught last; somebody who never had a post leaves it where it is.
const PLACES: &str = concat!(
    "select c.number, c.path = h.place
    and c.city = ",
    above!("city", "h.place"),
    "
    and c.county = ",
    above!("county", "h.place"),
    "
    from (select f.number, coalesce(",
    taught!("f.person"),
    ", f.path) as place
        from certificate f where f.number > $1 order by f.number limit 1000) h
    cross join certificate c where c.number = h.number order by c.number"
);

const PLACE_AGAIN: &str = concat!(
    "update certificate
    set path = ",
    taught!("certificate.person"),
    "
    where number = $1 and path <> ",
    taught!("certificate.person")
);

const PLACE_ABOVE_AGAIN: &str = concat!(
    put_above!("number = $1 and (city <> "),
    above!("city", "certificate.path"),
    "
        or county <> ",
    above!("county", "certificate.path"),
    ")"
);

const FOLLOW_CERTIFICATE_BATCH: &str = "update certificate_batch set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const FIELDS_OF_NUMBER: &str =
    "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version from certificate where number = $1";

const VALID_OF: &str = "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version from certificate
    where programme = $1 and person = $2 and state = 'valid'";

/// Of [`TOGETHER`] people.
const FINAL_BY: &str = "select person, scheme_version from certificate
    where programme = $1 and state = 'valid' and person in (
    $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
    $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35,
    $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51)";

/// People asked about in one statement.
const TOGETHER: usize = 50;

const REVOKED_OF: &str = "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version from certificate
    where programme = $1 and person = $2 and state = 'revoked' order by issued_at desc limit 1";

const OF_PERSON: &str = "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version from certificate
    where programme = $1 and person = $2 order by issued_at desc";

const ALL: &str = "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version from certificate
    where number > $1 order by number limit 1000";

const DOCUMENTS: &str = "select number, pdf from certificate
    where number > $1 and pdf is not null order by number limit 1000";

const ADD: &str =
    "insert into certificate (number, programme, person, path, name, school, sort_key, state, facts,
    signature, issued_at, issued_by, batch, reason, scheme_version, city, county)
    values ($1, $2, $3, $4, $5, $6, $7, 'valid', $8, $9, $10, $11, $12, '', $13,
    coalesce((select n.path from node n where n.kind = 'city' and n.path <= $4
        and $4 < substr(n.path, 1, length(n.path) - 1) || '0'), ''),
    coalesce((select n.path from node n where n.kind = 'county' and n.path <= $4
        and $4 < substr(n.path, 1, length(n.path) - 1) || '0'), ''))
    on conflict do nothing";

const END: &str = "update certificate set state = $2, ended_at = $3, reason = $4, superseded_by = $5
    where number = $1 and state = 'valid'";

const SUCCEED: &str = "update certificate set superseded_by = $2 where number = $1 and state = 'superseded'";

const KEEP_PDF: &str = "update certificate set pdf = $2, pdf_size = $3 where number = $1";

const PDF: &str = "select pdf, pdf_size from certificate where number = $1 and pdf is not null";

const NEXT: &str = "insert into certificate_sequence (programme, region, year, last) values ($1, $2, $3, 1)
    on conflict (programme, region, year) do update set last = certificate_sequence.last + 1 returning last";

const HOLD: &str = "update standing set held = $3 where programme = $1 and person = $2";

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

pub async fn of_number(tx: &mut Tx, number: &str) -> Result<Option<Certificate>, DbError> {
    tx.row_opt(FIELDS_OF_NUMBER, args![number], certificate).await
}

/// Certificates that take each other's place, at most: nobody is issued a corrected one so often.
const LINE: usize = 100;

/// What stands in the end in the place of a superseded certificate, whatever has become of it.
pub async fn successor(tx: &mut Tx, superseded: &Certificate) -> Result<Option<Certificate>, DbError> {
    let (mut last, mut next) = (None, superseded.superseded_by.clone());
    for _ in 0..LINE {
        let Some(number) = next else { break };
        let Some(found) = of_number(tx, &number).await? else { break };
        next = found.superseded_by.clone();
        last = Some(found);
    }
    Ok(last)
}

pub async fn valid_of(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Option<Certificate>, DbError> {
    tx.row_opt(VALID_OF, args![programme, person], certificate).await
}

/// The versions of the rules by which valid certificates of these people were issued.
pub async fn final_by(
    tx: &mut Tx,
    programme: Id<Programme>,
    people: &[Id<Person>],
) -> Result<HashMap<Id<Person>, Id<Version>>, DbError> {
    let mut all = HashMap::new();
    for some in people.chunks(TOGETHER) {
        // Whoever is named last fills the places that are left.
        let padded = some.iter().chain(some.last().into_iter().cycle()).take(TOGETHER);
        let mut row: Vec<Value<'_>> = vec![programme.into()];
        row.extend(padded.map(|person| Value::from(*person)));
        tx.each(FINAL_BY, &row, |row| {
            all.insert(row.get(0)?, row.get(1)?);
            Ok(())
        })
        .await?;
    }
    Ok(all)
}

/// The certificate of a teacher that was revoked last.
pub async fn revoked_of(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Option<Certificate>, DbError> {
    tx.row_opt(REVOKED_OF, args![programme, person], certificate).await
}

/// Every certificate of a teacher, the latest first.
pub async fn of_person(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Certificate>, DbError> {
    tx.rows(OF_PERSON, args![programme, person], certificate).await
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

pub async fn keep_pdf(tx: &mut Tx, number: &str, pdf: Option<&Blob>) -> Result<(), DbError> {
    let (digest, size) = (pdf.map(|pdf| pdf.digest.as_str()), pdf.map(|pdf| pdf.size));
    tx.run(KEEP_PDF, args![number, digest, size]).await.map(drop)
}

pub async fn pdf(tx: &mut Tx, number: &str) -> Result<Option<(String, i64)>, DbError> {
    tx.row_opt(PDF, args![number], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// The next sequence number of a region and year.
pub async fn next(tx: &mut Tx, programme: Id<Programme>, region: &str, year: i32) -> Result<i64, DbError> {
    tx.row(NEXT, args![programme, region, year], |row| row.get(0)).await
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

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_STANDING).await?;
    shift.apply(tx, FOLLOW_CERTIFICATE).await?;
    let moved = shift.made();
    tx.run(FOLLOW_ABOVE, args![&moved.from, &moved.until]).await?;
    shift.apply(tx, FOLLOW_CERTIFICATE_BATCH).await.map(drop)
}

/// Puts the certificates of a person where they teach or, after they have left, where they taught last.
pub async fn follow_holder(tx: &mut Tx, programme: Id<Programme>, person: Id<Person>) -> Result<(), DbError> {
    if tx.run(FOLLOW_HOLDER, args![programme, person]).await? > 0 {
        tx.run(FOLLOW_ABOVE_HOLDER, args![programme, person]).await?;
    }
    Ok(())
}

/// Whoever has a certificate in a part of the tree that is not where it belongs.
pub async fn astray_within(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
) -> Result<Vec<Id<Person>>, DbError> {
    tx.rows(ASTRAY_WITHIN, args![programme, &scope.from, &scope.until], |row| row.get(0)).await
}

/// A certificate by its number, and whether it stands where it belongs.
pub struct Place {
    pub number: String,
    pub holds: bool,
}

/// Up to 1000 certificates after a number.
pub async fn places(tx: &mut Tx, after: &str) -> Result<Vec<Place>, DbError> {
    tx.rows(PLACES, args![after], |row| Ok(Place { number: row.get(0)?, holds: row.get(1)? })).await
}

/// Puts a certificate where it belongs, wherever it was thought to be; gives whether it stood elsewhere.
pub async fn place_again(tx: &mut Tx, number: &str) -> Result<bool, DbError> {
    let moved = tx.run(PLACE_AGAIN, args![number]).await?;
    let above = tx.run(PLACE_ABOVE_AGAIN, args![number]).await?;
    Ok(moved + above > 0)
}

/// Whether the room keeps a certificate of a person.
///
/// # Errors
/// What the database reports.
pub async fn keeps_of(tx: &mut Tx, person: Uuid) -> Result<bool, DbError> {
    Ok(tx.row_opt(KEEPS_OF, args![person], |_| Ok(())).await?.is_some())
}
