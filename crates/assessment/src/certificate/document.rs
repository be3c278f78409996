//! The document of a certificate.

use bytes::Bytes;
use chrono::NaiveDate;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tisheng_kernel::number::chinese_date;
use tisheng_platform::audit::Due;
use tisheng_platform::files::Blob;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx};
use tisheng_policy::scheme;
use tisheng_rules::Scheme;
use tisheng_typeset::Typesetter;

use super::facts::{Facts, stamped};
use super::model::{Certificate, CertificateError, CertificateState};
use super::{facts, store};

/// The characters of `text` that no font has, as a page names them; empty where everything can be printed.
/// A certificate is issued all the same: its facts are right, and fonts can be added.
pub(super) fn unprintable(ctx: &Ctx, text: &str) -> String {
    let missing = ctx.app.parts.get::<Typesetter>().missing(text);
    missing.iter().map(char::to_string).collect::<Vec<_>>().join("、")
}

/// The document of a certificate, typeset when it is first asked for and kept; one with empty boxes is not
/// kept, and is whole as soon as there is a font. Whether the asker may have it is the caller's question.
///
/// # Errors
/// [`CertificateError::Tampered`] when the facts are not what was signed; what typesetting or the
/// store report.
pub async fn document(ctx: &Ctx, certificate: &Certificate) -> Result<Blob, CertificateError> {
    if !facts::is_genuine(&ctx.app.keys, certificate) {
        return Err(CertificateError::Tampered(certificate.number.clone()));
    }
    let is_whole = unprintable(ctx, &certificate.facts).is_empty();
    let mut tx = ctx.read().await?;
    if let Some((digest, size)) = store::pdf(&mut tx, &certificate.number).await?.filter(|_| is_whole) {
        return Ok(Blob { digest, size });
    }
    let rules = scheme::rules_of(&ctx.app, &mut tx, certificate.version).await?;
    drop(tx);
    let setter = ctx.app.parts.get::<Typesetter>().clone();
    let sheet = layout(&ctx.app.config.public_url, &rules, certificate)?;
    let made = tokio::task::spawn_blocking(move || setter.certificate(&sheet)).await;
    let pdf = made
        .map_err(|e| CertificateError::Typeset(e.to_string()))?
        .map_err(|e| CertificateError::Typeset(e.to_string()))?;
    let pdf = stamped(&ctx.app.keys, &pdf, &certificate.facts, &certificate.signature);
    let blob = ctx.app.files.put(Bytes::from(pdf)).await.map_err(Failure::from)?;
    let mut tx = ctx.write().await?;
    store::keep_pdf(&mut tx, &certificate.number, Some(&blob).filter(|_| is_whole)).await?;
    tx.commit().await?;
    Ok(blob)
}

/// How many certificates there are, and the numbers of those whose record is not what was signed,
/// at most `most` of them.
///
/// # Errors
/// What the database reports.
pub async fn check_certificates(ctx: &Ctx, most: usize) -> Result<(usize, Vec<String>), Failure> {
    let mut tx = ctx.read().await?;
    let (mut looked_at, mut wrong, mut after) = (0, Vec::new(), String::new());
    loop {
        let some = store::all(&mut tx, &after).await?;
        let Some(last) = some.last() else { break };
        after.clone_from(&last.number);
        looked_at += some.len();
        wrong.extend(
            some.into_iter()
                .filter(|c| !facts::is_genuine(&ctx.app.keys, c))
                .map(|certificate| certificate.number),
        );
    }
    wrong.truncate(most);
    Ok((looked_at, wrong))
}

/// How many certificates there are, and the numbers of those that do not stand where their holder teaches or taught
/// last, at most `most` of them.
///
/// # Errors
/// What the database reports.
pub async fn check_places(ctx: &Ctx, most: usize) -> Result<(usize, Vec<String>), DbError> {
    let mut tx = ctx.read().await?;
    let (mut looked_at, mut wrong, mut after) = (0, Vec::new(), String::new());
    loop {
        let some = store::places(&mut tx, &after).await?;
        let Some(last) = some.last() else { break };
        after.clone_from(&last.number);
        looked_at += some.len();
        wrong.extend(some.into_iter().filter(|place| !place.holds).map(|place| place.number));
    }
    wrong.truncate(most);
    Ok((looked_at, wrong))
}

/// Puts certificates where their holders teach or taught last; gives how many stood elsewhere. Nobody else waits
/// where all is well.
///
/// # Errors
/// What the database reports.
pub async fn mend_places(ctx: &Ctx) -> Result<usize, DbError> {
    let (mut mended, mut after) = (0, String::new());
    loop {
        let mut tx = ctx.read().await?;
        let some = store::places(&mut tx, &after).await?;
        drop(tx);
        let Some(last) = some.last() else { return Ok(mended) };
        after.clone_from(&last.number);
        if some.iter().all(|place| place.holds) {
            continue;
        }
        let mut tx = ctx.write().await?;
        for astray in some.iter().filter(|place| !place.holds) {
            // Its holder may have moved meanwhile, and it with them.
            mended += usize::from(store::place_again(&mut tx, &astray.number).await?);
        }
        tx.commit().await?;
    }
}

/// What the audit trail must tell of up to 1000 certificates after the number `after`, and the last of
/// their numbers: that each was issued, and that it ended where it did.
///
/// # Errors
/// What the database reports.
pub async fn trail(tx: &mut Tx, after: &str) -> Result<(Vec<Due>, String), DbError> {
    let some = store::all(tx, after).await?;
    let last = some.last().map(|certificate| certificate.number.clone()).unwrap_or_default();
    let told = |certificate: &Certificate, action, like, times| Due {
        subject: certificate.person.uuid(),
        done: action,
        undone: action,
        like,
        times,
    };
    let each = some.iter().flat_map(|certificate| {
        let (number, ended) = (&certificate.number, certificate.state != CertificateState::Valid);
        [
            told(certificate, "certificate.issued", format!("\"{number}\""), 1),
            told(certificate, "certificate.ended", format!("[\"{number}\",%"), i64::from(ended)),
        ]
    });
    Ok((each.collect(), last))
}

/// Up to 1000 numbers with the digests of their typeset documents, after the number `after`: for
/// whoever checks that the bytes are there.
///
/// # Errors
/// What the database reports.
pub async fn documents(tx: &mut Tx, after: &str) -> Result<Vec<(String, String)>, DbError> {
    store::documents(tx, after).await
}

/// The words of a certificate, as they are printed.
pub(super) struct Printed {
    /// The line above the heading.
    pub programme: String,
    /// The heading.
    pub title: String,
    /// The paragraphs of the text.
    pub body: Vec<String>,
    /// Who issues it.
    pub issuer: String,
    /// The day of issue, as officials write it.
    pub date: String,
}

impl Printed {
    /// What `rules` let a certificate say that states `facts` and is issued on `date`.
    pub fn of(rules: &Scheme, facts: &Facts, date: NaiveDate) -> Self {
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
        Self {
            programme: facts.programme.clone(),
            title: rules.certificate.title.value.clone(),
            body: text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect(),
            issuer: facts.issuer.clone(),
            date: chinese_date(date),
        }
    }
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
    let printed = Printed::of(rules, &facts, date);
    // What the text says already does not stand below it once more.
    let stands = |placeholder: &str| rules.certificate.text.contains(placeholder);
    let lines = [
        ("证件号码", &facts.paper, false),
        ("结果", &facts.level, stands("{level}")),
        ("学时", &facts.breakdown, stands("{breakdown}")),
        ("能力点", &facts.capabilities, stands("{capabilities}")),
    ];
    let lines = lines.into_iter().filter(|(_, _, said)| !said);
    Ok(tisheng_typeset::Certificate {
        title: printed.title,
        programme: printed.programme,
        body: printed.body,
        facts: lines.map(|(label, value, _)| (label.to_owned(), value.clone())).collect(),
        number: facts.number,
        issuer: printed.issuer,
        date: printed.date,
        code: format!("{public_url}/verify/{number}?s={}", certificate.signature),
        code_note: format!("扫码或在 {public_url}/verify 输入编号查验"),
    })
}
