//! Reports of another system, each with an answer of its own.

use std::collections::BTreeSet;

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::{Ctx, Scope, Tx, audit};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::super::delivery::Tally;
use super::super::model::{Channel, HoursError, Logged, Report, Waiting};
use super::super::store;
use super::super::told::{Outcome, ToldRow, told};
use super::reversal::people_of;
use super::withdrawal::{Withdrawal, Withdrawn, withdraw};
use super::{Found, changed, find, take};

/// What another system says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Somebody worked.
    Report(Box<Report>),
    /// It takes back what it has reported.
    Withdrawal(Withdrawal),
}

/// What the ledger answers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// To a report.
    Report {
        /// What became of it.
        logged: Logged,
        /// Why it waits, in a sentence; empty when it does not.
        why: String,
    },
    /// To a withdrawal.
    Withdrawal(Withdrawn),
}

/// Takes what one source sends, one after the other, reports each as [`super::log`] does, with one
/// event for each teacher concerned; gives an answer to each, in their order.
///
/// # Errors
/// As [`super::log`]; then none is taken.
pub async fn log_each(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (source, sent): (&str, &[Sent]),
) -> Result<Vec<Answered>, HoursError> {
    take_turns_of_sent(ctx, tx, programme, (source, sent)).await?;
    let (mut answers, mut rows) = (Vec::with_capacity(sent.len()), Vec::new());
    let (mut concerned, mut tally) = (BTreeSet::new(), Tally::default());
    for one in sent {
        let report = match one {
            Sent::Report(report) => report,
            Sent::Withdrawal(withdrawal) => {
                let (withdrawn, people, done) = withdraw(ctx, tx, programme, source, withdrawal).await?;
                concerned.extend(people);
                if done {
                    let (number, reason) = (withdrawal.number.clone(), withdrawal.reason.clone());
                    rows.push(ToldRow { number, outcome: Outcome::Withdrawn, reason });
                }
                tally.records += 1;
                tally.noted += 1;
                answers.push(Answered::Withdrawal(withdrawn));
                continue;
            }
        };
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
        answers.push(Answered::Report { logged, why });
    }
    for person in concerned {
        changed(ctx, tx, programme, person).await?;
    }
    told(ctx, tx, programme, source, rows).await?;
    let detail = json!({ "source": source, "tally": tally });
    audit::record(ctx, tx, "hours.reports_taken", programme.id.uuid(), &detail).await?;
    Ok(answers)
}

/// Takes the turns of everybody whom `reports` are about, before the first of them is taken: two batches that name
/// the same teachers in different orders do not wait for each other.
pub(in crate::hours) async fn take_turns(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    reports: &[&Report],
) -> Result<(), HoursError> {
    if !tx.has_rivals() {
        return Ok(());
    }
    let mut people = BTreeSet::new();
    for report in reports {
        people.extend(about(ctx, tx, report).await?);
    }
    Ok(store::turns::hold_all(tx, programme.id, &people).await?)
}

/// The same of what another system sends.
async fn take_turns_of_sent(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (source, sent): (&str, &[Sent]),
) -> Result<(), HoursError> {
    if !tx.has_rivals() {
        return Ok(());
    }
    let mut people = BTreeSet::new();
    for one in sent {
        match one {
            Sent::Report(report) => people.extend(about(ctx, tx, report).await?),
            Sent::Withdrawal(Withdrawal { number, .. }) => {
                let entries = store::of_number(tx, programme.id, source, number).await?;
                let reports = store::reports::of_number(tx, programme.id, source, number).await?;
                people.extend(people_of(&entries, &reports));
            }
        }
    }
    Ok(store::turns::hold_all(tx, programme.id, &people).await?)
}

/// Whom a report is about, where that is sure.
async fn about(ctx: &Ctx, tx: &mut Tx, report: &Report) -> Result<Option<Id<Person>>, HoursError> {
    Ok(match find(ctx, tx, &report.whom).await? {
        Found::One(person) => Some(person),
        Found::NotSure(_) => None,
    })
}

/// Why a report waits.
pub(in crate::hours) async fn why(
    tx: &mut Tx,
    programme: &Programme,
    logged: Logged,
) -> Result<String, HoursError> {
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
