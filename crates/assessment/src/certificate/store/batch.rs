//! Statements about batches.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::files::Blob;
use tisheng_platform::jobs::Job;
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use crate::certificate::batch::Batch;

const ADD: &str =
    "insert into certificate_batch (id, programme, path, job, asked_at, asked_by, issued, left_out, left_reason)
    values ($1, $2, $3, $4, $5, $6, 0, $7, $8)";

const LEAVE_OUT: &str = "insert into certificate_left_out (person, batch) values ($1, $2)";

const OF_ID: &str =
    "select id, programme, path, asked_by, job, asked_at, issued, done_at, print_job, file, file_size,
    left_out, left_reason from certificate_batch where id = $1";

const LATEST: &str =
    "select id, programme, path, asked_by, job, asked_at, issued, done_at, print_job, file, file_size,
    left_out, left_reason from certificate_batch where programme = $1 and path >= $2 and path < $3
    order by asked_at desc, id desc limit $4";

const STEP: &str = "update certificate_batch set issued = issued + $2 where id = $1";

const DONE: &str = "update certificate_batch set done_at = $2 where id = $1 and done_at is null";

const BEGIN_PRINT: &str = "update certificate_batch set print_job = $2 where id = $1";

/// A job that was overtaken by a later one leaves the later file.
const KEEP_FILE: &str =
    "update certificate_batch set file = $3, file_size = $4 where id = $1 and print_job = $2";

const NUMBERS: &str = "select number from certificate where batch = $1 and state = 'valid'
    order by path, sort_key, number";

const COUNT_VALID: &str = "select count(*) from certificate where batch = $1 and state = 'valid'";

fn batch(row: &Row<'_>) -> Result<Batch, DbError> {
    let file = match (row.get::<Option<String>>(9)?, row.get::<Option<i64>>(10)?) {
        (Some(digest), Some(size)) => Some(Blob { digest, size }),
        _ => None,
    };
    Ok(Batch {
        id: row.get(0)?,
        programme: row.get(1)?,
        path: row.get(2)?,
        by: row.get(3)?,
        job: row.get(4)?,
        asked_at: row.get(5)?,
        issued: row.get(6)?,
        done_at: row.get(7)?,
        print_job: row.get(8)?,
        file,
        left_out: row.get(11)?,
        left_reason: row.get(12)?,
    })
}

pub async fn add(tx: &mut Tx, new: &Batch) -> Result<(), DbError> {
    let (left_out, reason) = (new.left_out, &new.left_reason);
    let row = args![new.id, new.programme, &new.path, new.job, new.asked_at, new.by, left_out, reason];
    tx.run(ADD, row).await.map(drop)
}

/// Keeps a person out of a batch.
pub async fn leave_out(tx: &mut Tx, id: Id<Batch>, person: Id<Person>) -> Result<(), DbError> {
    tx.run(LEAVE_OUT, args![person, id]).await.map(drop)
}

pub async fn of_id(tx: &mut Tx, id: Id<Batch>) -> Result<Option<Batch>, DbError> {
    tx.row_opt(OF_ID, args![id], batch).await
}

/// The latest batches below a node, the last one first.
pub async fn latest(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    most: i64,
) -> Result<Vec<Batch>, DbError> {
    tx.rows(LATEST, args![programme, &scope.from, &scope.until, most], batch).await
}

pub async fn step(tx: &mut Tx, id: Id<Batch>, issued: i64) -> Result<(), DbError> {
    tx.run(STEP, args![id, issued]).await.map(drop)
}

pub async fn done(tx: &mut Tx, id: Id<Batch>, at: Instant) -> Result<(), DbError> {
    tx.run(DONE, args![id, at]).await.map(drop)
}

pub async fn begin_print(tx: &mut Tx, id: Id<Batch>, job: Id<Job>) -> Result<(), DbError> {
    tx.run(BEGIN_PRINT, args![id, job]).await.map(drop)
}

pub async fn keep_file(tx: &mut Tx, id: Id<Batch>, job: Id<Job>, file: &Blob) -> Result<(), DbError> {
    tx.run(KEEP_FILE, args![id, job, &file.digest, file.size]).await.map(drop)
}

/// The numbers of the valid certificates of a batch, school by school.
pub async fn numbers(tx: &mut Tx, id: Id<Batch>) -> Result<Vec<String>, DbError> {
    tx.rows(NUMBERS, args![id], |row| row.get(0)).await
}

/// How many certificates of a batch are valid.
pub async fn count_valid(tx: &mut Tx, id: Id<Batch>) -> Result<i64, DbError> {
    tx.row(COUNT_VALID, args![id], |row| row.get(0)).await
}
