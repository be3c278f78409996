//! Reports of another system, each with an answer of its own.

use std::collections::BTreeSet;

use serde_json::json;
use tisheng_platform::{Ctx, Scope, Tx, audit};
use tisheng_policy::scheme::Programme;

use super::super::delivery::Tally;
use super::super::model::{Channel, HoursError, Logged, Report, Waiting};
use super::super::store;
use super::super::told::{Outcome, ToldRow, told};
use super::{changed, take};

/// What the ledger answers to a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What became of it.
    pub logged: Logged,
    /// Why it waits, in a sentence; empty when it does not.
    pub why: String,
}

/// Takes reports of one source, each as [`super::log`] does, with one event for each teacher
/// concerned; gives an answer to each, in their order.
///
/// # Errors
/// As [`super::log`]; then none is taken.
pub async fn log_each(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (source, reports): (&str, &[Report]),
) -> Result<Vec<Answered>, HoursError> {
    let (mut answers, mut rows) = (Vec::with_capacity(reports.len()), Vec::new());
    let (mut concerned, mut tally) = (BTreeSet::new(), Tally::default());
    for report in reports {
        let (logged, person) = take(ctx, tx, programme, report).await?;
        tally.count(logged, report.seconds);
        let why = why(tx, programme, logged).await?;
        if matches!(logged, Logged::Entered(_)) {
            concerned.extend(person);
        }
        if logged != Logged::Same {
            let outcome = Outcome::of(logged);
            rows.push(ToldRow { number: report.source_id.clone(), outcome, reason: why.clone() });
        }
        answers.push(Answered { logged, why });
    }
    for person in concerned {
        changed(ctx, tx, programme, person).await?;
    }
    told(ctx, tx, programme, source, rows).await?;
    let detail = json!({ "source": source, "tally": tally });
    audit::record(ctx, tx, "hours.reports_taken", programme.id.uuid(), &detail).await?;
    Ok(answers)
}

/// Why a report waits.
async fn why(tx: &mut Tx, programme: &Programme, logged: Logged) -> Result<String, HoursError> {
    let (Logged::Conflict(id) | Logged::Parked(id) | Logged::Held(id)) = logged else {
        return Ok(String::new());
    };
    let waiting: Option<Waiting> = store::reports::of_id(tx, programme.id, &Scope::everything(), id).await?;
    Ok(waiting.map(|waiting| waiting.why).unwrap_or_default())
}

/// Tells what became of a report that another system sent by itself.
pub(super) async fn tell(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
    logged: Logged,
) -> Result<(), HoursError> {
    if matches!(report.channel, Channel::Own | Channel::File) || logged == Logged::Same {
        return Ok(());
    }
    let reason = why(tx, programme, logged).await?;
    let row = ToldRow { number: report.source_id.clone(), outcome: Outcome::of(logged), reason };
    Ok(told(ctx, tx, programme, &report.source, vec![row]).await?)
}
