//! Issuing, revoking and reissuing certificates, and their documents.

use bytes::Bytes;
use chrono::Datelike;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Level};
use tisheng_platform::files::Blob;
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope, Tx, audit};
use tisheng_policy::scheme::{self, Programme, Version};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation;
use tisheng_registry::people::{self, Person};
use tisheng_rules::{CertificateHolder, Scheme, Verdict};
use tisheng_typeset::Typesetter;
use uuid::Uuid;

use super::facts::{Facts, sign, trailer};
use super::model::{Certificate, CertificateError, CertificateState};
use super::standing::{About, refresh, tell_issued, told};
use super::{dossier, store};

/// The job that issues to everyone below a node who is ready.
pub const BATCH_JOB: &str = "certificate.batch";
/// Who issues and revokes.
pub(super) const ISSUERS: [Role; 3] = [Role::Province, Role::City, Role::County];
/// Certificates issued in one transaction of a batch.
const STEP: i64 = 50;

/// Issues a certificate to a teacher who has met everything.
///
/// # Errors
/// Not an issuer, or a teacher elsewhere: not found. [`CertificateError::NotMet`] and
/// [`CertificateError::Issued`] say why not.
pub async fn issue(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<Certificate, CertificateError> {
    access::require(ctx, &ISSUERS)?;
    people::visible(ctx, tx, person).await?;
    let teacher = people::teacher(tx, person).await?;
    let programme = scheme::at(tx, &teacher.path).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    write(ctx, tx, &Basis { programme: &programme, version: programme.version, rules: &rules }, person).await
}

/// What a certificate is issued by.
struct Basis<'a> {
    programme: &'a Programme,
    /// The version that judges, and its rules.
    version: Id<Version>,
    rules: &'a Scheme,
}

async fn write(
    ctx: &Ctx,
    tx: &mut Tx,
    basis: &Basis<'_>,
    person: Id<Person>,
) -> Result<Certificate, CertificateError> {
    let Basis { programme, version, rules } = *basis;
    if let Some(valid) = store::valid_of(tx, programme.id, person).await? {
        return Err(CertificateError::Issued(valid.number));
    }
    let teacher = people::teacher(tx, person).await?;
    store::claim_standing(tx, programme, person, ctx.at).await?;
    let verdict = dossier::of_person(tx, programme.id, person).await?.verdict(ctx, rules);
    let Some(level) = verdict.level else {
        return Err(CertificateError::NotMet { name: teacher.name, missing: verdict.sentence });
    };
    let region = organisation::by_path(tx, &programme.path).await?.and_then(|node| node.code);
    let region = region.unwrap_or_default();
    let year = ctx.at.date().year();
    let sequence = store::next(tx, programme.id, &region, year).await?;
    let sequence = u32::try_from(sequence).map_err(|e| Failure::Internal(e.to_string()))?;
    let number = rules.certificate.number(&region, ctx.at.date(), sequence);
    let record = people::visible(ctx, tx, person).await?;
    let chosen = tisheng_training::selection::chosen(tx, programme.id, person).await?;
    let holder = CertificateHolder { name: &teacher.name, school: &teacher.school_name, date: ctx.at.date() };
    let facts = state(rules, &number, &record.paper_masked, (&verdict, &chosen, level), &holder);
    let text = facts.text();
    let certificate = Certificate {
        number,
        programme: programme.id,
        person,
        path: teacher.path,
        name: teacher.name,
        school: teacher.school_name,
        state: CertificateState::Valid,
        signature: sign(&ctx.app.keys, &text),
        facts: text,
        issued_at: ctx.at,
        ended_at: None,
        reason: String::new(),
        superseded_by: None,
        version,
    };
    let by = ctx.who.signature().0;
    let sort_key = store::sort_key(tx, person).await?;
    if !store::add(tx, &certificate, &sort_key, by).await? {
        return Err(CertificateError::Issued(certificate.number));
    }
    refresh(ctx, tx, programme, person).await?;
    audit::record(ctx, tx, "certificate.issued", person.uuid(), &certificate.number).await?;
    tell_issued(ctx, tx, About { programme: programme.id, person }).await?;
    Ok(certificate)
}

fn state(
    rules: &Scheme,
    number: &str,
    paper: &str,
    (verdict, chosen, level): (&Verdict, &[String], Level),
    holder: &CertificateHolder<'_>,
) -> Facts {
    let printed = rules.certificate_facts(verdict, chosen, level, holder);
    Facts {
        number: number.to_owned(),
        name: printed.name,
        paper: paper.to_owned(),
        school: printed.school,
        programme: printed.programme,
        period: printed.period,
        hours: printed.hours,
        breakdown: printed.breakdown,
        capabilities: printed.capabilities,
        level: printed.level,
        date: holder.date.to_string(),
        issuer: rules.certificate.issuer.value.clone(),
        scheme: format!("{} {}", rules.code(), rules.version()),
    }
}

/// Withdraws a certificate.
///
/// # Errors
/// Not an issuer, or a certificate elsewhere: not found. [`CertificateError::Ended`] when it is
/// not valid any more.
pub async fn revoke(ctx: &Ctx, tx: &mut Tx, number: &str, reason: &str) -> Result<(), CertificateError> {
    let found = ended(ctx, tx, number, reason).await?;
    end(ctx, tx, &found, CertificateState::Revoked, (reason, None)).await?;
    // The result is open again, and the rules in force judge it.
    let programme = scheme::of_id(tx, found.programme).await?;
    refresh(ctx, tx, &programme, found.person).await?;
    tell_issued(ctx, tx, About { programme: found.programme, person: found.person }).await?;
    Ok(())
}

/// Issues a corrected certificate in place of a valid one, by the version of the rules that judged
/// then.
///
/// # Errors
/// As [`revoke`] and [`issue`].
pub async fn reissue(
    ctx: &Ctx,
    tx: &mut Tx,
    number: &str,
    reason: &str,
) -> Result<Certificate, CertificateError> {
    let found = ended(ctx, tx, number, reason).await?;
    let programme = scheme::of_id(tx, found.programme).await?;
    let rules = scheme::rules_of(&ctx.app, tx, found.version).await?;
    end(ctx, tx, &found, CertificateState::Superseded, (reason, None)).await?;
    let basis = Basis { programme: &programme, version: found.version, rules: &rules };
    let fresh = write(ctx, tx, &basis, found.person).await?;
    store::succeed(tx, number, &fresh.number).await?;
    Ok(fresh)
}

/// The valid certificate that is about to end, within what the asker may end.
async fn ended(ctx: &Ctx, tx: &mut Tx, number: &str, reason: &str) -> Result<Certificate, CertificateError> {
    access::require(ctx, &ISSUERS)?;
    let length = reason.trim().chars().count();
    if length == 0 || length > 200 {
        return Err(CertificateError::Reason);
    }
    let found = store::of_number(tx, number).await?.filter(|c| ctx.scope().holds(&c.path));
    let found = found.ok_or(Failure::NotFound)?;
    match found.state {
        CertificateState::Valid => Ok(found),
        other => Err(CertificateError::Ended(other.title())),
    }
}

async fn end(
    ctx: &Ctx,
    tx: &mut Tx,
    found: &Certificate,
    state: CertificateState,
    (reason, by): (&str, Option<&str>),
) -> Result<(), CertificateError> {
    if !store::end(tx, &found.number, state, ctx.at, reason.trim(), by).await? {
        return Err(CertificateError::Ended(found.state.title()));
    }
    let detail = (&found.number, state.key(), reason.trim());
    audit::record(ctx, tx, "certificate.ended", found.person.uuid(), &detail).await?;
    Ok(())
}

#[derive(Debug, Serialize, Deserialize)]
struct Batch {
    batch: Uuid,
    programme: Id<Programme>,
    path: String,
    by: Option<Uuid>,
}

/// Issues to everyone below the asker's node who has met everything, as a job with progress.
///
/// # Errors
/// Not an issuer: not found.
pub async fn issue_batch(ctx: &Ctx, tx: &mut Tx) -> Result<i64, CertificateError> {
    let member = access::require(ctx, &ISSUERS)?;
    let programme = scheme::at(tx, &member.path).await?;
    let ready = store::count_ready(tx, programme.id, &ctx.scope()).await?;
    if ready == 0 {
        return Ok(0);
    }
    let batch = ctx.id::<Batch>().uuid();
    let payload =
        Batch { batch, programme: programme.id, path: member.path.clone(), by: Some(member.account) };
    let job = jobs::enqueue_awaited(tx, ctx.at, BATCH_JOB, &batch.simple().to_string(), &payload).await?;
    store::add_batch(tx, batch, programme.id, &member.path, job.uuid(), (ctx.at, payload.by)).await?;
    audit::record(ctx, tx, "certificate.batch_asked", batch, &ready).await?;
    Ok(ready)
}

/// Goes on where an earlier worker stopped: whoever has a certificate is not ready any more.
pub(super) async fn batch_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let batch: Batch = claimed.payload()?;
    let scope = Scope::below(&batch.path);
    let mut tx = ctx.read().await?;
    if !store::is_batch_open(&mut tx, batch.batch).await? {
        return Ok(());
    }
    let programme = scheme::of_id(&mut tx, batch.programme).await.map_err(told)?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await.map_err(told)?;
    let basis = Basis { programme: &programme, version: programme.version, rules: &rules };
    let total = store::count_ready(&mut tx, programme.id, &scope).await?;
    drop(tx);
    let (mut after, mut done) = (Uuid::nil(), 0);
    loop {
        let mut tx = ctx.write().await?;
        let ready = store::ready(&mut tx, programme.id, &scope, after, STEP).await?;
        let Some(last) = ready.last() else {
            store::batch_done(&mut tx, batch.batch, ctx.app.now()).await?;
            tx.commit().await?;
            return Ok(());
        };
        after = last.uuid();
        let mut issued = 0;
        for person in &ready {
            match write(&ctx, &mut tx, &basis, *person).await {
                Ok(_) => issued += 1,
                // Something was taken back since the standing was written: not ready after all.
                Err(CertificateError::NotMet { .. } | CertificateError::Issued(_)) => {}
                Err(CertificateError::Other(failure)) => return Err(told(failure)),
                Err(other) => return Err(JobError(other.to_string())),
            }
        }
        store::batch_step(&mut tx, batch.batch, issued).await?;
        tx.commit().await?;
        done += i64::try_from(ready.len()).unwrap_or(STEP);
        jobs::progress(&ctx.app.db, claimed.id, done, total.max(done)).await?;
    }
}

/// The document of a certificate, typeset when it is first asked for and kept. Whether the asker
/// may have it is the caller's question.
///
/// # Errors
/// What typesetting or the store report.
pub async fn document(ctx: &Ctx, certificate: &Certificate) -> Result<Blob, CertificateError> {
    let mut tx = ctx.read().await?;
    if let Some((digest, size)) = store::pdf(&mut tx, &certificate.number).await? {
        return Ok(Blob { digest, size });
    }
    let programme = scheme::of_id(&mut tx, certificate.programme).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    drop(tx);
    let setter = ctx.app.parts.get::<Typesetter>().clone();
    let sheet = layout(&ctx.app.config.public_url, &rules, certificate)?;
    let made = tokio::task::spawn_blocking(move || setter.certificate(&sheet)).await;
    let mut pdf = made
        .map_err(|e| CertificateError::Typeset(e.to_string()))?
        .map_err(|e| CertificateError::Typeset(e.to_string()))?;
    pdf.extend_from_slice(trailer(&certificate.facts, &certificate.signature).as_bytes());
    let blob = ctx.app.files.put(Bytes::from(pdf)).await.map_err(Failure::from)?;
    let mut tx = ctx.write().await?;
    store::keep_pdf(&mut tx, &certificate.number, &blob.digest, blob.size).await?;
    tx.commit().await?;
    Ok(blob)
}

fn layout(
    public_url: &str,
    rules: &Scheme,
    certificate: &Certificate,
) -> Result<tisheng_typeset::Certificate, CertificateError> {
    let facts: Facts =
        serde_json::from_str(&certificate.facts).map_err(|e| CertificateError::Typeset(e.to_string()))?;
    let date = facts.date.parse().unwrap_or_else(|_| certificate.issued_at.date());
    let number = utf8_percent_encode(&facts.number, NON_ALPHANUMERIC).to_string();
    let text = rules.certificate.fill(&tisheng_rules::CertificateFacts {
        name: facts.name.clone(),
        school: facts.school.clone(),
        programme: facts.programme.clone(),
        period: facts.period.clone(),
        hours: facts.hours.clone(),
        breakdown: facts.breakdown.clone(),
        capabilities: facts.capabilities.clone(),
        level: facts.level.clone(),
        date,
    });
    let line = |label: &str, value: &str| (label.to_owned(), value.to_owned());
    Ok(tisheng_typeset::Certificate {
        title: rules.certificate.title.value.clone(),
        programme: facts.programme.clone(),
        body: text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect(),
        facts: vec![
            line("证件号码", &facts.paper),
            line("结果", &facts.level),
            line("学时", &facts.breakdown),
            line("能力点", &facts.capabilities),
        ],
        number: facts.number,
        issuer: facts.issuer,
        date: chinese_date(date),
        code: format!("{public_url}/verify/{number}?s={}", certificate.signature),
        code_note: format!("扫码或在 {public_url}/verify 输入编号查验"),
    })
}
