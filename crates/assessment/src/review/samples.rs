//! A panel, and people who judge: for the demo and the stories of higher rooms.

use chrono::TimeDelta;
use serde_json::json;
use tisheng_kernel::{Id, Level};
use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, Who, audit};
use tisheng_registry::samples::Persona;
use uuid::Uuid;

use super::model::{Marks, Review, mark};
use super::steps::{Case, end_notice};
use super::{BEGIN_JOB, FINAL, Final, HOURS_JOB, SEATS_JOB, actions, panel, store};
use crate::evidence::{self, State, Submission};

/// The jobs of evidence and review with the reactions between them, as the server joins them.
#[must_use]
pub fn handlers() -> Handlers {
    let jobs = super::jobs(evidence::jobs(Handlers::default()));
    jobs.reaction(evidence::SUBMITTED, BEGIN_JOB)
        .reaction(FINAL, HOURS_JOB)
        .reaction("person.changed", SEATS_JOB)
}

/// Appoints the panel of the asker's node; the first of `people` leads it. Commits.
///
/// # Errors
/// What the actions report.
pub async fn panel_of(ctx: &Ctx, people: &[&Persona]) -> Result<(), Failure> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let mut tx = ctx.write().await?;
    for (place, persona) in people.iter().enumerate() {
        panel::seat(ctx, &mut tx, member, persona.person.uuid(), place == 0).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Marks of every piece that come to `level`.
fn marks(case: &Case, level: Level) -> Result<Vec<Marks>, Failure> {
    let reason =
        if level == Level::Fail { "合格标准没有全部达到，请补充说明。" } else { "" };
    let pieces = case.rules.framework.pieces(&case.submission.capability);
    let marks = pieces.iter().map(|piece| mark(piece, &[], Some(level), reason));
    marks.collect::<Result<_, _>>().map_err(|error| Failure::Internal(error.to_string()))
}

/// Judges a submission through all its steps at the moments of `author` and an hour later each,
/// everybody giving `level`, until it is on notice or final. Reviewers are those drawn. Commits.
///
/// # Errors
/// What the actions report.
pub async fn judged(author: &Ctx, submission: &Submission, level: Level) -> Result<(), Failure> {
    let (programme, id) = (submission.programme, submission.id);
    let mut ctx = author.clone();
    if submission.state == State::Submitted {
        let mut tx = ctx.write().await?;
        let case = actions::own(&ctx, &mut tx, id).await?;
        let own = marks(&case, level)?;
        actions::judge_own(&ctx, &mut tx, &case, &own, "").await?;
        tx.commit().await?;
    }
    loop {
        ctx.at = ctx.at + TimeDelta::hours(1);
        let mut tx = ctx.write().await?;
        let case = Case::load(&ctx, &mut tx, programme, id).await?;
        if !matches!(case.submission.state, State::Peers | State::Panel) {
            return Ok(());
        }
        super::steps::fill(&ctx, &mut tx, &case).await?;
        let case = Case::load(&ctx, &mut tx, programme, id).await?;
        let reviews = store::of_submission(&mut tx, &case.submission).await?;
        let open = reviews.into_iter().find(|review| review.state == super::ReviewState::Open);
        match open {
            Some(review) => {
                let desk = desk(&ctx, review, case);
                let given = marks(&desk.1.case, level)?;
                actions::judge(&desk.0, &mut tx, &desk.1, &given, "").await?;
                tx.commit().await?;
            }
            None => return tx.commit().await.map_err(Failure::from),
        }
    }
}

/// The desk of a drawn reviewer, as the installation sits down at it.
fn desk(ctx: &Ctx, review: Review, case: Case) -> (Ctx, actions::Desk) {
    let mut ctx = ctx.clone();
    ctx.who = Who::System("samples");
    (ctx, actions::Desk { review, case })
}

/// Ends the notice of a submission at the moment of `ctx`, when its days are over. Commits.
///
/// # Errors
/// What the actions report.
pub async fn notice_ended(ctx: &Ctx, programme: Uuid, id: Id<Submission>) -> Result<(), Failure> {
    let mut tx = ctx.write().await?;
    let case = Case::load(ctx, &mut tx, programme, id).await?;
    end_notice(ctx, &mut tx, &case).await?;
    tx.commit().await.map_err(Failure::from)
}

/// Writes the results of submissions that had none, without reviews, decisions or events; the audit trail
/// tells that each became final. For the bench.
///
/// # Errors
/// What the database reports.
pub async fn keep_results(ctx: &Ctx, tx: &mut Tx, results: &[(&Submission, Final)]) -> Result<u64, DbError> {
    let told = results.iter().map(|(of, result)| {
        let detail = json!({
            "capability": result.capability, "level": result.level.code(), "result": result.id,
            "scheme_version": result.scheme_version,
        });
        (of.id.uuid(), detail)
    });
    audit::record_all(ctx, tx, "review.final", told).await?;
    store::bulk::add_all(tx, results).await
}
