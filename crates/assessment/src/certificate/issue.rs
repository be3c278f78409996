//! Issuing, revoking and reissuing certificates.

use chrono::Datelike;
use tisheng_kernel::personal::holds_personal_number;
use tisheng_kernel::{Id, Level};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit, jobs};
use tisheng_policy::scheme::{self, Programme, Version};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation;
use tisheng_registry::people::{self, Person, Teacher};
use tisheng_rules::{CertificateHolder, Scheme, Verdict};
use uuid::Uuid;

use super::facts::{Facts, sign};
use super::model::{Certificate, CertificateError, CertificateState};
use super::standing::refresh;
use super::{Action, Done, ISSUED, dossier, store};

/// Who issues and revokes.
pub(super) const ISSUERS: [Role; 3] = [Role::Province, Role::City, Role::County];

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
    let basis = Basis { programme: &programme, version: programme.version, rules: &rules };
    write(ctx, tx, &basis, teacher, Origin::of(ctx)).await
}

/// What a certificate is issued by.
pub(super) struct Basis<'a> {
    pub programme: &'a Programme,
    /// The version that judges, and its rules.
    pub version: Id<Version>,
    pub rules: &'a Scheme,
}

/// Where a certificate comes from: the account that asked for it, and the batch if there was one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    pub by: Option<Uuid>,
    pub batch: Option<Uuid>,
}

impl Origin {
    /// Issued singly by whoever asks.
    fn of(ctx: &Ctx) -> Self {
        Self { by: ctx.who.signature().0, batch: None }
    }
}

/// Issues to a teacher who may be issued to; whether the asker may is the caller's question.
pub(super) async fn write(
    ctx: &Ctx,
    tx: &mut Tx,
    basis: &Basis<'_>,
    teacher: Teacher,
    origin: Origin,
) -> Result<Certificate, CertificateError> {
    let Basis { programme, version, rules } = *basis;
    let person = teacher.person;
    if let Some(valid) = store::valid_of(tx, programme.id, person).await? {
        return Err(CertificateError::Issued(valid.number));
    }
    store::standing::claim_standing(tx, programme, person, ctx.at).await?;
    let mut facts = stated(ctx, tx, basis, &teacher).await?;
    let region = organisation::by_path(tx, &programme.path).await?.and_then(|node| node.code);
    let region = region.unwrap_or_default();
    let year = ctx.at.date().year();
    let sequence = store::next(tx, programme.id, &region, year).await?;
    let sequence = u32::try_from(sequence).map_err(|e| Failure::Internal(e.to_string()))?;
    facts.number = rules.certificate.number(&region, ctx.at.date(), sequence);
    let text = facts.text();
    let certificate = Certificate {
        number: facts.number,
        programme: programme.id,
        person,
        path: teacher.path,
        name: facts.name,
        school: facts.school,
        state: CertificateState::Valid,
        signature: sign(&ctx.app.keys, &text),
        facts: text,
        issued_at: ctx.at,
        ended_at: None,
        reason: String::new(),
        superseded_by: None,
        version,
    };
    let sort_key = store::sort_key(tx, person).await?;
    if !store::add(tx, &certificate, &sort_key, origin).await? {
        // Somebody else was faster while this one waited for the standing.
        let valid = store::valid_of(tx, programme.id, person).await?;
        return Err(valid.map_or(CertificateError::Taken(certificate.number), |valid| {
            CertificateError::Issued(valid.number)
        }));
    }
    store::hold(tx, programme.id, person, CertificateState::Valid).await?;
    refresh(ctx, tx, programme, person).await?;
    audit::record(ctx, tx, "certificate.issued", person.uuid(), &certificate.number).await?;
    tell(ctx, tx, &certificate, (Action::Issued, None)).await?;
    Ok(certificate)
}

/// What the certificate of a teacher states by today's facts; its number is given when it is issued.
///
/// # Errors
/// [`CertificateError::NotMet`] says what is missing.
pub(super) async fn stated(
    ctx: &Ctx,
    tx: &mut Tx,
    basis: &Basis<'_>,
    teacher: &Teacher,
) -> Result<Facts, CertificateError> {
    let Basis { programme, rules, .. } = *basis;
    let person = teacher.person;
    let verdict = dossier::of_person(tx, programme.id, person).await?.verdict(ctx, rules);
    let Some(level) = verdict.level else {
        return Err(CertificateError::NotMet { name: teacher.name.clone(), missing: verdict.sentence });
    };
    let record = people::visible(ctx, tx, person).await?;
    let chosen = tisheng_training::selection::chosen(tx, programme.id, person).await?;
    let holder = CertificateHolder { name: &teacher.name, school: &teacher.school_name, date: ctx.at.date() };
    Ok(state(rules, &record.paper_masked, (&verdict, &chosen, level), &holder))
}

fn state(
    rules: &Scheme,
    paper: &str,
    (verdict, chosen, level): (&Verdict, &[String], Level),
    holder: &CertificateHolder<'_>,
) -> Facts {
    let printed = rules.certificate_facts(verdict, chosen, level, holder);
    Facts {
        number: String::new(),
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
        sealed: true,
    }
}

/// Withdraws a certificate. It is not issued again with those of many: whoever revoked it, or
/// somebody after them, issues it to this teacher alone.
///
/// # Errors
/// Not an issuer, or a certificate elsewhere: not found. [`CertificateError::Ended`] when it is
/// not valid any more.
pub async fn revoke(ctx: &Ctx, tx: &mut Tx, number: &str, reason: &str) -> Result<(), CertificateError> {
    let found = ended(ctx, tx, number, reason).await?;
    end(ctx, tx, &found, CertificateState::Revoked, (reason, None)).await?;
    store::hold(tx, found.programme, found.person, CertificateState::Revoked).await?;
    // The result is open again, and the rules in force judge it.
    let programme = scheme::of_id(tx, found.programme).await?;
    refresh(ctx, tx, &programme, found.person).await?;
    Ok(tell(ctx, tx, &found, (Action::Revoked, None)).await?)
}

/// Tells others what was done with a certificate.
async fn tell(
    ctx: &Ctx,
    tx: &mut Tx,
    certificate: &Certificate,
    (action, by): (Action, Option<&str>),
) -> Result<(), DbError> {
    let done = Done {
        programme: certificate.programme,
        person: certificate.person,
        number: certificate.number.clone(),
        action,
        superseded_by: by.map(str::to_owned),
    };
    jobs::emit(tx, ctx.at, ISSUED, &done).await
}

/// Issues a corrected certificate in place of a valid one, by the version of the rules that judged
/// then; to a leaver with the school where they taught last.
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
    let holder = people::last_taught(tx, found.person).await?;
    let fresh = write(ctx, tx, &basis, holder, Origin::of(ctx)).await?;
    store::succeed(tx, number, &fresh.number).await?;
    tell(ctx, tx, &found, (Action::Superseded, Some(&fresh.number))).await?;
    Ok(fresh)
}

/// The valid certificate that is about to end, within what the asker may end.
async fn ended(ctx: &Ctx, tx: &mut Tx, number: &str, reason: &str) -> Result<Certificate, CertificateError> {
    access::require(ctx, &ISSUERS)?;
    let length = reason.trim().chars().count();
    if length == 0 || length > 200 {
        return Err(CertificateError::Reason);
    }
    if holds_personal_number(reason) {
        return Err(CertificateError::PersonalNumber);
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
