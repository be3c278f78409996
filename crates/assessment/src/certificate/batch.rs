//! Issuing to many at once, and one file with all their documents.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;

use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tisheng_kernel::personal::holds_personal_number;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::files::Blob;
use tisheng_platform::jobs::{self, Claimed, Job, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::web::paging::{Cursor, Slice};
use tisheng_platform::{Ctx, DbError, Scope, Tx, audit};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people::Person;
use tisheng_registry::{access, people};
use uuid::Uuid;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::document::{Printed, document};
use super::issue::{Basis, ISSUERS, Origin, stated, write};
use super::model::{Certificate, CertificateError};
use super::store;
use super::store::ready::Named;

/// The job that issues to everyone below a node who is ready.
pub const BATCH_JOB: &str = "certificate.batch";
/// The job that puts the documents of a batch into one file.
pub const PRINT_JOB: &str = "certificate.print";
/// Certificates issued in one transaction of a batch.
const STEP: i64 = 50;
/// Documents after which the progress of a file is told again.
const TELL: usize = 20;

/// Many certificates issued in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its identifier.
    pub id: Id<Batch>,
    /// The programme.
    pub programme: Id<Programme>,
    /// Whose teachers: the path of the office that asked.
    pub path: String,
    /// The account that asked.
    pub by: Option<Uuid>,
    /// The job that issues.
    pub job: Id<Job>,
    /// When it was asked for.
    pub asked_at: Instant,
    /// Certificates issued so far.
    pub issued: i64,
    /// When the last one was issued.
    pub done_at: Option<Instant>,
    /// The job that makes the file, once it was asked for.
    pub print_job: Option<Id<Job>>,
    /// The file with all documents, once it is made.
    pub file: Option<Blob>,
    /// How many it leaves out who had met everything.
    pub left_out: i64,
    /// Why.
    pub left_reason: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct About {
    batch: Id<Batch>,
}

/// Whom a batch leaves out for now, and why.
#[derive(Debug, Clone, Default)]
pub struct LeftOut {
    /// Teachers; who does not wait for a certificate of the asker does not count.
    pub people: Vec<Id<Person>>,
    /// Why; needed when there is one.
    pub reason: String,
}

/// People whom a batch can leave out.
pub const MOST_LEFT_OUT: usize = 100;

/// What was begun: to how many a batch issues, and how many it leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// To so many.
    pub issues: i64,
    /// Not to so many.
    pub left_out: i64,
}

/// Issues to everyone below the asker's node who has met everything, but for those left out, as a job with
/// progress. Who was left out waits as before.
///
/// # Errors
/// Not an issuer: not found. [`CertificateError::Reason`], [`CertificateError::NumberWithin`],
/// [`CertificateError::ManyLeftOut`] and [`CertificateError::NobodyLeft`] say what is wrong with `left`.
pub async fn issue_batch(ctx: &Ctx, tx: &mut Tx, left: &LeftOut) -> Result<Asked, CertificateError> {
    let member = access::require(ctx, &ISSUERS)?;
    let programme = scheme::at(tx, &member.path).await?;
    let ready = store::ready::count_ready(tx, programme.id, &ctx.scope(), i64::MAX).await?;
    let reason = left.reason.trim();
    if !left.people.is_empty() {
        if left.people.len() > MOST_LEFT_OUT {
            return Err(CertificateError::ManyLeftOut);
        }
        if reason.is_empty() || reason.chars().count() > 200 {
            return Err(CertificateError::Reason);
        }
        if holds_personal_number(reason) {
            return Err(CertificateError::NumberWithin);
        }
    }
    let left = waiting_of(ctx, tx, &programme, &left.people).await?;
    let left_out = i64::try_from(left.len()).unwrap_or(i64::MAX);
    let asked = Asked { issues: ready - left_out, left_out };
    if ready == 0 {
        return Ok(asked);
    }
    if asked.issues == 0 {
        return Err(CertificateError::NobodyLeft);
    }
    let id: Id<Batch> = ctx.id();
    let job = jobs::enqueue_awaited(tx, ctx.at, BATCH_JOB, &id.to_string(), &About { batch: id }).await?;
    jobs::announce(tx, job, asked.issues).await?;
    let new = Batch {
        id,
        programme: programme.id,
        path: member.path.clone(),
        by: Some(member.account),
        job,
        asked_at: ctx.at,
        issued: 0,
        done_at: None,
        print_job: None,
        file: None,
        left_out,
        left_reason: if left.is_empty() { String::new() } else { reason.to_owned() },
    };
    store::batch::add(tx, &new).await?;
    for one in left {
        store::batch::leave_out(tx, id, one.person).await?;
        audit::record(ctx, tx, "certificate.left_out", one.person.uuid(), &(id, reason)).await?;
    }
    audit::record(ctx, tx, "certificate.batch_asked", id.uuid(), &(asked.issues, left_out)).await?;
    Ok(asked)
}

/// Those of `people` who wait for a certificate of the asker, each once.
async fn waiting_of(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    people: &[Id<Person>],
) -> Result<Vec<Named>, DbError> {
    let people: BTreeSet<Id<Person>> = people.iter().copied().collect();
    let mut found = Vec::new();
    for person in people {
        found.extend(store::ready::named_ready_one(tx, programme.id, &ctx.scope(), person).await?);
    }
    Ok(found)
}

/// What somebody looks at before they issue to many.
pub(super) struct Outlook {
    /// To how many, those left out included.
    pub ready: i64,
    /// A page of them.
    pub page: Slice<Named>,
    /// Whom the batch is to leave out, on whatever page.
    pub left: Vec<Named>,
    /// What will be printed for the first of the page, but for the number.
    pub sample: Option<(String, Printed)>,
}

/// To whom a batch of the asker would issue now, and what: the page after `after` of those whose name or
/// school begins with `words`.
///
/// # Errors
/// Not an issuer: not found.
pub(super) async fn outlook(
    ctx: &Ctx,
    tx: &mut Tx,
    (words, after): (&str, &Cursor),
    left: &LeftOut,
) -> Result<Outlook, CertificateError> {
    let member = access::require(ctx, &ISSUERS)?;
    let programme = scheme::at(tx, &member.path).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    let scope = ctx.scope();
    let ready = store::ready::count_ready(tx, programme.id, &scope, MANY + 1).await?;
    let found = store::ready::named_ready(tx, programme.id, &scope, (words, after)).await?;
    let page = Slice::cut(found, |one| (one.path.clone(), one.person.to_string()));
    let most = left.people.len().min(MOST_LEFT_OUT + 1);
    let left = waiting_of(ctx, tx, &programme, &left.people[..most]).await?;
    let basis = Basis { programme: &programme, version: programme.version, rules: &rules };
    let sample = match page.rows.first() {
        Some(first) => {
            let teacher = people::teacher(tx, first.person).await?;
            stated(ctx, tx, &basis, &teacher).await.map(Some)
        }
        None => Ok(None),
    };
    let sample = match sample {
        Ok(facts) => facts.map(|facts| (facts.name.clone(), Printed::of(&rules, &facts, ctx.at.date()))),
        // Something was taken back since the standing was written.
        Err(CertificateError::NotMet { .. }) => None,
        Err(other) => return Err(other),
    };
    Ok(Outlook { ready, page, left, sample })
}

/// How many teachers below a node have met everything and have never held a certificate; beyond
/// [`MANY`] nobody counts on.
///
/// # Errors
/// What the database reports.
pub async fn ready(tx: &mut Tx, programme: Id<Programme>, scope: &Scope) -> Result<i64, DbError> {
    store::ready::count_ready(tx, programme, scope, MANY + 1).await
}

/// How many are counted to be shown.
pub const MANY: i64 = 1_000;

/// A count as it is shown.
#[must_use]
pub fn shown(count: i64) -> String {
    if count > MANY { format!("{MANY} 多") } else { count.to_string() }
}

/// Goes on where an earlier worker stopped: whoever has a certificate is not ready any more.
pub(super) async fn batch_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let About { batch } = claimed.payload()?;
    let mut tx = ctx.read().await?;
    let Some(batch) = store::batch::of_id(&mut tx, batch).await?.filter(|b| b.done_at.is_none()) else {
        return Ok(());
    };
    let scope = Scope::below(&batch.path);
    let programme = scheme::of_id(&mut tx, batch.programme).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let ready = store::ready::count_ready(&mut tx, programme.id, &scope, i64::MAX).await?;
    let total = batch.issued + (ready - batch.left_out).max(0);
    drop(tx);
    let basis = Basis { programme: &programme, version: programme.version, rules: &rules };
    let origin = Origin { by: batch.by, batch: Some(batch.id.uuid()) };
    let (mut after, mut done) = ((scope.from.clone(), Uuid::nil()), batch.issued);
    loop {
        let mut tx = ctx.write().await?;
        let about = (programme.id, batch.asked_at);
        let ready = store::ready::ready(&mut tx, about, &scope, (&after.0, after.1), STEP).await?;
        let Some((path, last)) = ready.last() else {
            store::batch::done(&mut tx, batch.id, ctx.app.now()).await?;
            tx.commit().await?;
            return Ok(());
        };
        after = (path.clone(), last.uuid());
        let mut issued = 0;
        for (_, person) in &ready {
            let written = match people::teacher(&mut tx, *person).await {
                Ok(teacher) => write(&ctx, &mut tx, &basis, teacher, origin).await,
                Err(failure) => Err(failure.into()),
            };
            match written {
                Ok(_) => issued += 1,
                // Something was taken back since the standing was written, or somebody left: not
                // ready after all.
                Err(CertificateError::NotMet { .. } | CertificateError::Issued(_))
                | Err(CertificateError::Other(Failure::NotFound)) => {}
                Err(CertificateError::Other(failure)) => return Err(failure.into()),
                Err(other) => return Err(JobError(other.to_string())),
            }
        }
        store::batch::step(&mut tx, batch.id, issued).await?;
        tx.commit().await?;
        done += issued;
        jobs::progress(&ctx.app.db, claimed.id, done, total.max(done)).await?;
    }
}

/// A batch that the asker's own office asked for.
///
/// # Errors
/// Not an issuer, or a batch of another office: not found.
pub async fn own_batch(ctx: &Ctx, tx: &mut Tx, id: Id<Batch>) -> Result<Batch, CertificateError> {
    let member = access::require(ctx, &ISSUERS)?;
    let found = store::batch::of_id(tx, id).await?.filter(|batch| batch.path == member.path);
    found.ok_or(CertificateError::Other(Failure::NotFound))
}

/// Asks for one file with the documents of a batch, as a job with progress. While a job is under
/// way it is the one that is meant.
///
/// # Errors
/// As [`own_batch`]; [`CertificateError::Unfinished`] while certificates are still being issued.
pub async fn print(ctx: &Ctx, tx: &mut Tx, id: Id<Batch>) -> Result<(), CertificateError> {
    let batch = own_batch(ctx, tx, id).await?;
    if batch.done_at.is_none() {
        return Err(CertificateError::Unfinished);
    }
    if let Some(job) = batch.print_job {
        let state = jobs::state(tx, job).await?;
        if state.is_some_and(|state| state.done_at.is_none() && !state.given_up) {
            return Ok(());
        }
    }
    let key = format!("{id} {}", ctx.at.micros());
    let job = jobs::enqueue_awaited(tx, ctx.at, PRINT_JOB, &key, &About { batch: id }).await?;
    jobs::announce(tx, job, batch.issued).await?;
    store::batch::begin_print(tx, id, job).await?;
    audit::record(ctx, tx, "certificate.batch_printed", id.uuid(), &batch.issued).await?;
    Ok(())
}

/// Makes the file anew from the beginning whenever it runs; documents that were typeset before are
/// taken as they are. Certificates that are not valid any more are left out.
pub(super) async fn print_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let About { batch } = claimed.payload()?;
    let mut tx = ctx.read().await?;
    let numbers = store::batch::numbers(&mut tx, batch).await?;
    drop(tx);
    let total = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
    let place = ctx.app.files.incoming(&format!("certificates-{}", claimed.id));
    let mut archive = Archive::begin(place).await?;
    // A document is set on one core: as many are set at once as there are cores.
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut papers = stream::iter(numbers).map(|number| paper(&ctx, number)).buffered(cores).enumerate();
    while let Some((done, paper)) = papers.next().await {
        if let Some((place, pdf)) = paper? {
            archive = archive.add(place, pdf).await?;
        }
        if done % TELL == 0 {
            jobs::progress(&ctx.app.db, claimed.id, i64::try_from(done).unwrap_or(total), total).await?;
        }
    }
    let path = archive.end().await?;
    let file = ctx.app.files.take(&path).await.map_err(|error| JobError(error.to_string()))?;
    let mut tx = ctx.write().await?;
    store::batch::keep_file(&mut tx, batch, claimed.id, &file).await?;
    tx.commit().await?;
    jobs::progress(&ctx.app.db, claimed.id, total, total).await?;
    Ok(())
}

/// The document of a certificate that is valid, and where it stands in the file.
async fn paper(ctx: &Ctx, number: String) -> Result<Option<(String, Bytes)>, JobError> {
    let mut tx = ctx.read().await?;
    let certificate = store::of_number(&mut tx, &number).await?;
    drop(tx);
    let Some(certificate) = certificate else { return Ok(None) };
    let blob = document(ctx, &certificate).await.map_err(|error| JobError(error.to_string()))?;
    let pdf = ctx.app.files.get(&blob.digest).await.map_err(|error| JobError(error.to_string()))?;
    Ok(Some((place_of(&certificate), pdf)))
}

/// Where a document stands in the file: in a folder of its school, so that each school is handed
/// its own.
fn place_of(certificate: &Certificate) -> String {
    let plain = |text: &str| text.replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], "_");
    format!("{}/{}-{}.pdf", plain(&certificate.school), plain(&certificate.name), plain(&certificate.number))
}

/// A zip file that grows on the disk, never in memory.
struct Archive {
    path: PathBuf,
    zip: ZipWriter<File>,
}

impl Archive {
    async fn begin(path: PathBuf) -> Result<Self, JobError> {
        aside(move || Ok(Self { zip: ZipWriter::new(File::create(&path)?), path })).await
    }

    /// Documents are compressed already and are stored as they are.
    async fn add(mut self, name: String, bytes: Bytes) -> Result<Self, JobError> {
        aside(move || {
            let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
            self.zip.start_file(name, stored)?;
            self.zip.write_all(&bytes)?;
            Ok(self)
        })
        .await
    }

    async fn end(self) -> Result<PathBuf, JobError> {
        aside(move || {
            self.zip.finish()?.sync_all()?;
            Ok(self.path)
        })
        .await
    }
}

/// Work with the disk, away from the threads that answer requests.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, JobError> {
    let ended = tokio::task::spawn_blocking(work).await.map_err(|error| JobError(error.to_string()))?;
    ended.map_err(|error| JobError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::Archive;

    #[tokio::test]
    async fn a_file_of_documents_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut archive = Archive::begin(folder.path().join("documents")).await.expect("begun");
        for name in ["测试一小/教师甲-1.pdf", "测试二小/教师乙-2.pdf"] {
            archive = archive.add(name.to_owned(), name.as_bytes().to_vec().into()).await.expect("added");
        }
        let file = std::fs::File::open(archive.end().await.expect("ended")).expect("a file");
        let mut read = zip::ZipArchive::new(file).expect("an archive");
        assert_eq!(read.len(), 2);
        let mut first = read.by_name("测试一小/教师甲-1.pdf").expect("a document");
        assert_eq!(std::io::copy(&mut first, &mut std::io::sink()).expect("read"), 28);
    }
}
