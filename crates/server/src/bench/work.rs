//! The heavy work behind the pages: who has met everything, figures of schools, certificates.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tisheng_assessment::certificate::{self, Certificate, CertificateError};
use tisheng_insight::monitoring;
use tisheng_kernel::Id;
use tisheng_platform::{App, Ctx};
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::load::Times;
use super::province::{Province, office};
use super::report::{Figure, Goal};
use super::store;
use super::{Failed, told};

/// Certificates that are issued and typeset.
const CERTIFICATES: usize = 1_000;
/// Teachers who change, one after the other.
const CHANGES: usize = 500;
/// Documents typeset at once.
const AT_ONCE: usize = 2;

/// Works out who has met everything, from nothing and once more, and for one after a change.
///
/// # Errors
/// What the rooms report.
pub async fn standings(app: &Arc<App>, province: &Province) -> Result<Vec<Figure>, Failed> {
    let ctx = Ctx::system(Arc::clone(app), "bench");
    let programme = &province.programme;
    let mut tx = ctx.read().await?;
    let started = Instant::now();
    store::rows_of_all(&mut tx).await?;
    let bare = started.elapsed();
    drop(tx);
    let started = Instant::now();
    certificate::refresh_all(&ctx, programme).await.map_err(told)?;
    let first = started.elapsed();
    let started = Instant::now();
    let again = certificate::refresh_all(&ctx, programme).await.map_err(told)?;
    let second = started.elapsed();
    if again.changed > 0 {
        return Err(format!("{} standings changed by being worked out again", again.changed).into());
    }
    let mut figures = vec![
        Figure::seconds("who has met everything, all teachers, from nothing", Goal::AtMost(10.0), first)
            .beside(first, bare),
        Figure::seconds("the same once more, nothing changed", Goal::AtMost(10.0), second)
            .beside(second, bare),
    ];
    let one = one_after_a_change(&ctx, province).await?;
    figures.push(Figure::millis("one teacher after a change, p50", Goal::AtMost(1.0), one.percentile(50)));
    figures.push(Figure::millis("one teacher after a change, p99", Goal::None, one.percentile(99)));
    Ok(figures)
}

/// The verdict on one teacher worked out and written in the transaction of the change.
async fn one_after_a_change(ctx: &Ctx, province: &Province) -> Result<Times, Failed> {
    let mut tx = ctx.read().await?;
    let teachers = store::teachers(&mut tx, Id::from_uuid(Uuid::nil()), 20_000).await?;
    drop(tx);
    let mut each = Vec::new();
    let began = Instant::now();
    let step = (teachers.len() / CHANGES).max(1);
    let mut tx = ctx.write().await?;
    for teacher in teachers.iter().step_by(step) {
        let started = Instant::now();
        let refreshed = certificate::refresh(ctx, &mut tx, &province.programme, teacher.person).await;
        refreshed.map_err(told)?;
        each.push(started.elapsed());
    }
    tx.commit().await?;
    Ok(Times::new(each, began.elapsed()))
}

/// Counts the figures of all schools.
///
/// # Errors
/// What the room reports.
pub async fn figures(app: &Arc<App>, province: &Province) -> Result<Figure, Failed> {
    let ctx = Ctx::system(Arc::clone(app), "bench");
    let started = Instant::now();
    monitoring::rebuild(&ctx, &province.programme).await.map_err(told)?;
    Ok(Figure::seconds("figures of all schools counted afresh", Goal::None, started.elapsed()))
}

/// Issues certificates and typesets them.
///
/// # Errors
/// What the room reports.
pub async fn certificates(app: &Arc<App>, province: &Province) -> Result<Vec<Figure>, Failed> {
    let ctx = office(app, &province.root);
    let started = Instant::now();
    let issued = issue(&ctx).await?;
    let issuing = started.elapsed();
    let share = issued.len();
    let (first, rest) = issued.split_first().ok_or("nobody has met everything")?;
    // What is loaded once in the life of a process is not part of the figure.
    certificate::document(&ctx, first).await?;
    let rest = Arc::new(rest.to_vec());
    let started = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..AT_ONCE {
        workers.spawn(typeset(ctx.clone(), Arc::clone(&rest), worker));
    }
    let mut each = Vec::new();
    while let Some(done) = workers.join_next().await {
        each.extend(done??);
    }
    let times = Times::new(each, started.elapsed());
    Ok(vec![
        Figure::seconds(format!("{share} certificates issued"), Goal::None, issuing),
        Figure::seconds(format!("{share} certificates typeset"), Goal::AtMost(5.0), started.elapsed()),
        Figure::millis("one certificate, p50", Goal::AtMost(50.0), times.percentile(50)),
        Figure::millis("one certificate, p99", Goal::None, times.percentile(99)),
    ])
}

/// Issues to those who are ready, as many as are wanted.
async fn issue(ctx: &Ctx) -> Result<Vec<Certificate>, Failed> {
    let mut issued: Vec<Certificate> = Vec::new();
    let mut after: Id<Person> = Id::from_uuid(Uuid::nil());
    while issued.len() < CERTIFICATES {
        let mut tx = ctx.write().await?;
        let teachers = store::teachers(&mut tx, after, 200).await?;
        let Some(last) = teachers.last() else { break };
        after = last.person;
        for teacher in teachers {
            match certificate::issue(ctx, &mut tx, teacher.person).await {
                Ok(one) => issued.push(one),
                Err(CertificateError::NotMet { .. } | CertificateError::Issued(_)) => {}
                Err(other) => return Err(other.into()),
            }
            if issued.len() == CERTIFICATES {
                break;
            }
        }
        tx.commit().await?;
    }
    Ok(issued)
}

async fn typeset(
    ctx: Ctx,
    certificates: Arc<Vec<Certificate>>,
    worker: usize,
) -> Result<Vec<Duration>, CertificateError> {
    let mut each = Vec::new();
    for one in certificates.iter().skip(worker).step_by(AT_ONCE) {
        let started = Instant::now();
        certificate::document(&ctx, one).await?;
        each.push(started.elapsed());
    }
    Ok(each)
}
