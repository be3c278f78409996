//! Every statement of the room; those that write many rows at once beside.

pub mod bulk;
pub mod trail;

use std::collections::BTreeMap;

use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::{DbError, Row, Shift, Tx, args};
use uuid::Uuid;

use super::content::Content;
use super::model::{Body, Consent, Item, Named, State, StoredFile, Submission};
use super::tus::Upload;

const KEEPS_OF: &str = "select 1 from programme p
    where exists (select 1 from submission s where s.programme = p.id and s.person = $1
        and s.superseded_by is null) limit 1";

const FOLLOW_SUBMISSION: &str = "update submission set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

const BY_ID: &str = "select programme, id, person, capability, revision, state, step, school, path, subject,
    stage, scheme_version, consent, digest, note, level, version, submitted_at, state_since, superseded_by
    from submission where programme = $1 and id = $2";
const CURRENT: &str =
    "select programme, id, person, capability, revision, state, step, school, path, subject,
    stage, scheme_version, consent, digest, note, level, version, submitted_at, state_since, superseded_by
    from submission where programme = $1 and person = $2 and superseded_by is null order by capability";
const REVISIONS: &str =
    "select programme, id, person, capability, revision, state, step, school, path, subject,
    stage, scheme_version, consent, digest, note, level, version, submitted_at, state_since, superseded_by
    from submission where programme = $1 and person = $2 and capability = $3 order by revision";
const BEGIN: &str =
    "insert into submission (programme, id, person, capability, revision, state, step, school,
    path, sort_key, subject, stage, scheme_version, consent, note, version, begun_at, state_since)
    values ($1, $2, $3, $4, $5, 'draft', '', $6, $7, (select sort_key from person where id = $3), $8, $9, $10,
    'unasked', '', 1, $11, $11)
    on conflict do nothing";
const SUPERSEDE: &str = "update submission set superseded_by = $3, version = version + 1
    where programme = $1 and id = $2 and superseded_by is null";
const FREEZE: &str = "update submission set state = $4, step = $5, digest = $6, consent = $7, school = $8,
    path = $9, sort_key = (select p.sort_key from person p where p.id = submission.person),
    subject = $10, stage = $11, submitted_at = $12, state_since = $12, version = version + 1
    where programme = $1 and id = $2 and version = $3 and state = 'draft'";
const REOPEN: &str = "update submission set state = 'draft', step = '', digest = null, submitted_at = null,
    state_since = $4, version = version + 1 where programme = $1 and id = $2 and version = $3";
const MOVE: &str = "update submission set state = $4, step = $5, note = $6, level = $7, state_since = $8,
    version = version + 1 where programme = $1 and id = $2 and version = $3";

/// Up to 1000 that are or were frozen.
const FROZEN: &str = "select id, capability, revision, digest from submission
    where programme = $1 and id > $2 and digest is not null order by id limit 1000";
/// What belongs to a run of them.
const ITEMS_OF_RUN: &str =
    "select id, piece, kind, title, body, blob, content, size, seconds, place, version, saved_at, author_at,
    school_at, submission from evidence_item where programme = $1 and submission >= $2 and submission <= $3";
const ITEMS: &str =
    "select id, piece, kind, title, body, blob, content, size, seconds, place, version, saved_at, author_at,
    school_at from evidence_item where programme = $1 and submission = $2 order by piece, place, id";
const ADD_ITEM: &str = "insert into evidence_item (programme, submission, id, piece, kind, title, body, blob,
    content, size, seconds, place, version, saved_at, author_at, school_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $14, $15) on conflict do nothing";
const SAVE_TEXT: &str = "update evidence_item set body = $5, version = version + 1, saved_at = $6
    where programme = $1 and submission = $2 and piece = $3 and kind = 'text' and version = $4";
const NEXT_PLACE: &str = "select coalesce(max(place), 0) + 1 from evidence_item
    where programme = $1 and submission = $2 and piece = $3";
const REMOVE_ITEM: &str = "delete from evidence_item where programme = $1 and submission = $2 and id = $3";
const HOLD: &str = "update submission set version = version where programme = $1 and id = $2";
const SET_PLACE: &str =
    "update evidence_item set place = $4 where programme = $1 and submission = $2 and id = $3";
const SET_SECONDS: &str =
    "update evidence_item set seconds = $4 where programme = $1 and submission = $2 and id = $3";
const COPY_ITEM: &str =
    "insert into evidence_item (programme, submission, id, piece, kind, title, body, blob,
    content, size, seconds, place, version, saved_at, author_at, school_at)
    select programme, $3, $5, piece, kind, title, body, blob, content, size, seconds, place, 1, $6, author_at,
    school_at from evidence_item where programme = $1 and submission = $2 and id = $4";
const ADD_BLOB: &str = "insert into blob (digest, size, first_at) values ($1, $2, $3) on conflict do nothing";
const BLOBS: &str = "select digest, size from blob where digest > $1 order by digest limit 1000";

const ADD_UPLOAD: &str =
    "insert into upload (id, programme, submission, piece, person, name, length, received,
    begun_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9)";
const UPLOAD: &str =
    "select id, programme, submission, piece, person, name, length, received, item, expires_at
    from upload where id = $1";
const RECEIVED: &str = "update upload set received = $2, expires_at = $3 where id = $1 and item is null";
const ENDED: &str = "update upload set item = $2 where id = $1 and item is null";
const REMOVE_UPLOAD: &str = "delete from upload where id = $1";
/// All that are open, and those of one name and length.
const OPEN_UPLOADS: &str =
    "select count(*), count(case when name = $5 and length = $6 then 1 end) from upload
    where programme = $1 and submission = $2 and piece = $3 and item is null and expires_at > $4";
/// What has arrived under a name and with a length, and stands there still.
const SENT: &str = "select count(*) from upload u
    where u.programme = $1 and u.submission = $2 and u.piece = $3 and u.name = $4 and u.length = $5
    and exists (select 1 from evidence_item i where i.programme = u.programme and i.submission = u.submission
        and i.id = u.item)";

fn submission(row: &Row<'_>) -> Result<Submission, DbError> {
    let wrong = |column: usize| move |_| DbError::Column { column, problem: "an unknown word".to_owned() };
    Ok(Submission {
        programme: row.get(0)?,
        id: row.get(1)?,
        person: row.get(2)?,
        capability: row.get(3)?,
        revision: row.get(4)?,
        state: row.get::<String>(5)?.parse().map_err(wrong(5))?,
        step: row.get(6)?,
        school: row.get(7)?,
        path: row.get(8)?,
        subject: row.get(9)?,
        stage: row.get(10)?,
        scheme_version: row.get(11)?,
        consent: row.get::<String>(12)?.parse().map_err(wrong(12))?,
        digest: row.get(13)?,
        note: row.get(14)?,
        level: row.get::<Option<String>>(15)?.and_then(|code| code.parse().ok()),
        version: row.get(16)?,
        submitted_at: row.get(17)?,
        state_since: row.get(18)?,
        superseded_by: row.get(19)?,
    })
}

fn item(row: &Row<'_>) -> Result<Item, DbError> {
    let wrong = |_| DbError::Column { column: 6, problem: "an unknown kind of file".to_owned() };
    let body = match row.get::<Option<String>>(5)? {
        None => Body::Text(row.get(4)?),
        Some(digest) => Body::File(StoredFile {
            title: row.get(3)?,
            digest,
            size: row.get(7)?,
            content: row.get::<String>(6)?.parse::<Content>().map_err(wrong)?,
            seconds: row.get(8)?,
            named: Named { author: row.get(12)?, school: row.get(13)? },
        }),
    };
    Ok(Item {
        id: row.get(0)?,
        piece: row.get(1)?,
        body,
        place: row.get(9)?,
        version: row.get(10)?,
        saved_at: row.get(11)?,
    })
}

fn upload(row: &Row<'_>) -> Result<Upload, DbError> {
    Ok(Upload {
        id: row.get(0)?,
        programme: row.get(1)?,
        submission: row.get(2)?,
        piece: row.get(3)?,
        person: row.get(4)?,
        name: row.get(5)?,
        length: row.get(6)?,
        received: row.get(7)?,
        item: row.get(8)?,
        expires_at: row.get(9)?,
    })
}

pub async fn by_id(tx: &mut Tx, programme: Uuid, id: Uuid) -> Result<Option<Submission>, DbError> {
    tx.row_opt(BY_ID, args![programme, id], submission).await
}

pub async fn current(tx: &mut Tx, programme: Uuid, person: Uuid) -> Result<Vec<Submission>, DbError> {
    tx.rows(CURRENT, args![programme, person], submission).await
}

pub async fn revisions(
    tx: &mut Tx,
    programme: Uuid,
    person: Uuid,
    capability: &str,
) -> Result<Vec<Submission>, DbError> {
    tx.rows(REVISIONS, args![programme, person, capability], submission).await
}

/// What a revision begins with.
pub struct Beginning<'a> {
    pub programme: Uuid,
    pub person: Uuid,
    pub capability: &'a str,
    pub revision: i64,
    pub author: &'a super::actions::Desk,
}

/// Says whether the revision was new.
pub async fn begin(
    tx: &mut Tx,
    id: Id<Submission>,
    at: Instant,
    from: &Beginning<'_>,
) -> Result<bool, DbError> {
    let desk = from.author;
    let row = args![
        from.programme,
        id,
        from.person,
        from.capability,
        from.revision,
        desk.school,
        desk.path.as_str(),
        desk.subject.as_str(),
        desk.stage.as_str(),
        desk.version,
        at,
    ];
    Ok(tx.run(BEGIN, row).await? == 1)
}

pub async fn supersede(tx: &mut Tx, old: &Submission, new: Id<Submission>) -> Result<bool, DbError> {
    Ok(tx.run(SUPERSEDE, args![old.programme, old.id, new]).await? == 1)
}

/// What a revision is frozen with.
pub struct Frozen<'a> {
    pub state: State,
    pub step: &'a str,
    pub digest: &'a str,
    pub consent: Consent,
}

/// Says whether nobody had changed the revision in between.
pub async fn freeze(
    tx: &mut Tx,
    of: &Submission,
    desk: &super::actions::Desk,
    at: Instant,
    with: &Frozen<'_>,
) -> Result<bool, DbError> {
    let row = args![
        of.programme,
        of.id,
        of.version,
        with.state.code(),
        with.step,
        with.digest,
        with.consent.code(),
        desk.school,
        desk.path.as_str(),
        desk.subject.as_str(),
        desk.stage.as_str(),
        at,
    ];
    Ok(tx.run(FREEZE, row).await? == 1)
}

pub async fn reopen(tx: &mut Tx, of: &Submission, at: Instant) -> Result<bool, DbError> {
    Ok(tx.run(REOPEN, args![of.programme, of.id, of.version, at]).await? == 1)
}

/// Where a revision goes next.
pub struct Move<'a> {
    pub state: State,
    pub step: &'a str,
    pub note: &'a str,
    pub level: Option<Level>,
}

/// Says whether nobody had changed the revision in between.
pub async fn go(tx: &mut Tx, of: &Submission, at: Instant, to: &Move<'_>) -> Result<bool, DbError> {
    let level = to.level.map(Level::code);
    let row = args![of.programme, of.id, of.version, to.state.code(), to.step, to.note, level, at];
    Ok(tx.run(MOVE, row).await? == 1)
}

pub async fn items(tx: &mut Tx, programme: Uuid, of: Id<Submission>) -> Result<Vec<Item>, DbError> {
    tx.rows(ITEMS, args![programme, of], item).await
}

/// A revision that is or was frozen.
pub struct Sealed {
    /// Which.
    pub id: Uuid,
    /// Its capability.
    pub capability: String,
    /// Its number.
    pub revision: i64,
    /// The digest that froze it.
    pub digest: String,
}

/// Up to 1000 revisions that are frozen, after `after`.
pub async fn frozen(tx: &mut Tx, programme: Uuid, after: Uuid) -> Result<Vec<Sealed>, DbError> {
    tx.rows(FROZEN, args![programme, after], |row| {
        Ok(Sealed { id: row.get(0)?, capability: row.get(1)?, revision: row.get(2)?, digest: row.get(3)? })
    })
    .await
}

/// The items of the revisions from `first` to `last`, by revision.
pub async fn items_of_run(
    tx: &mut Tx,
    programme: Uuid,
    (first, last): (Uuid, Uuid),
) -> Result<BTreeMap<Uuid, Vec<Item>>, DbError> {
    let mut items: BTreeMap<Uuid, Vec<Item>> = BTreeMap::new();
    tx.each(ITEMS_OF_RUN, args![programme, first, last], |row| {
        items.entry(row.get(14)?).or_default().push(item(row)?);
        Ok(())
    })
    .await?;
    Ok(items)
}

/// Adds an item at the end of its piece; says whether it was added: a piece has one text.
pub async fn add_item(tx: &mut Tx, of: &Submission, new: &Item) -> Result<bool, DbError> {
    let place: i64 =
        tx.row(NEXT_PLACE, args![of.programme, of.id, new.piece.as_str()], |row| row.get(0)).await?;
    let file = new.file();
    let row = args![
        of.programme,
        of.id,
        new.id,
        new.piece.as_str(),
        if file.is_some() { "file" } else { "text" },
        file.map_or("", |file| file.title.as_str()),
        new.text(),
        file.map(|file| file.digest.as_str()),
        file.map_or("", |file| file.content.code()),
        file.map_or(0, |file| file.size),
        file.and_then(|file| file.seconds),
        if new.place > 0 { new.place } else { place },
        new.saved_at,
        file.map_or("", |file| file.named.author.as_str()),
        file.map_or("", |file| file.named.school.as_str()),
    ];
    if let Some(file) = file {
        tx.run(ADD_BLOB, args![file.digest.as_str(), file.size, new.saved_at]).await?;
    }
    Ok(tx.run(ADD_ITEM, row).await? == 1)
}

/// Says whether the text was still at `version`.
pub async fn save_text(
    tx: &mut Tx,
    of: &Submission,
    piece: &str,
    version: i64,
    body: &str,
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(SAVE_TEXT, args![of.programme, of.id, piece, version, body, at]).await? == 1)
}

pub async fn remove_item(tx: &mut Tx, of: &Submission, item: Id<Item>) -> Result<bool, DbError> {
    Ok(tx.run(REMOVE_ITEM, args![of.programme, of.id, item]).await? == 1)
}

/// Whoever else holds it waits until this transaction has ended.
pub async fn hold(tx: &mut Tx, of: &Submission) -> Result<(), DbError> {
    tx.run(HOLD, args![of.programme, of.id]).await.map(drop)
}

pub async fn set_place(tx: &mut Tx, of: &Submission, item: Id<Item>, place: i64) -> Result<(), DbError> {
    tx.run(SET_PLACE, args![of.programme, of.id, item, place]).await.map(drop)
}

pub async fn set_seconds(
    tx: &mut Tx,
    of: &Submission,
    item: Id<Item>,
    seconds: i64,
) -> Result<bool, DbError> {
    Ok(tx.run(SET_SECONDS, args![of.programme, of.id, item, seconds]).await? == 1)
}

pub async fn copy_item(
    tx: &mut Tx,
    from: &Submission,
    item: Id<Item>,
    to: Id<Submission>,
    copy: Id<Item>,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(COPY_ITEM, args![from.programme, from.id, to, item, copy, at]).await.map(drop)
}

/// Up to 1000 stored files after `digest`, with their sizes.
pub async fn blobs(tx: &mut Tx, after: &str) -> Result<Vec<(String, i64)>, DbError> {
    tx.rows(BLOBS, args![after], |row| Ok((row.get(0)?, row.get(1)?))).await
}

pub async fn add_upload(tx: &mut Tx, new: &Upload, at: Instant) -> Result<(), DbError> {
    let row = args![
        new.id,
        new.programme,
        new.submission,
        new.piece.as_str(),
        new.person,
        new.name.as_str(),
        new.length,
        at,
        new.expires_at,
    ];
    tx.run(ADD_UPLOAD, row).await.map(drop)
}

pub async fn upload_of(tx: &mut Tx, id: Id<Upload>) -> Result<Option<Upload>, DbError> {
    tx.row_opt(UPLOAD, args![id], upload).await
}

pub async fn received(tx: &mut Tx, id: Id<Upload>, bytes: i64, expires: Instant) -> Result<(), DbError> {
    tx.run(RECEIVED, args![id, bytes, expires]).await.map(drop)
}

/// Says whether the upload had not ended before.
pub async fn ended(tx: &mut Tx, id: Id<Upload>, item: Id<Item>) -> Result<bool, DbError> {
    Ok(tx.run(ENDED, args![id, item]).await? == 1)
}

pub async fn remove_upload(tx: &mut Tx, id: Id<Upload>) -> Result<(), DbError> {
    tx.run(REMOVE_UPLOAD, args![id]).await.map(drop)
}

/// How many uploads to a piece are open at the moment `at`, and how many of them are of this name and length.
pub async fn open_uploads(
    tx: &mut Tx,
    of: &Submission,
    (piece, name, length): (&str, &str, i64),
    at: Instant,
) -> Result<(i64, i64), DbError> {
    let row = args![of.programme, of.id, piece, at, name, length];
    tx.row(OPEN_UPLOADS, row, |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Whether a file of this name and length was uploaded to a piece not long ago, and stands there.
pub async fn was_sent(
    tx: &mut Tx,
    of: &Submission,
    (piece, name, length): (&str, &str, i64),
) -> Result<bool, DbError> {
    let sent: i64 = tx.row(SENT, args![of.programme, of.id, piece, name, length], |row| row.get(0)).await?;
    Ok(sent > 0)
}

/// Follows a move of the tree with the paths that this room keeps.
///
/// # Errors
/// What the database reports.
pub async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, FOLLOW_SUBMISSION).await.map(drop)
}

/// Whether the room keeps evidence of a person.
///
/// # Errors
/// What the database reports.
pub async fn keeps_of(tx: &mut Tx, person: Uuid) -> Result<bool, DbError> {
    Ok(tx.row_opt(KEEPS_OF, args![person], |_| Ok(())).await?.is_some())
}
