//! The hours that results earn (LEARN-3): what the scheme gives for an accepted capability or
//! work is in the ledger exactly as long as the result stands.

use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use tisheng_kernel::{Id, Level};
use tisheng_platform::jobs::{Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people::Person;
use tisheng_rules::hours::ItemUnit;
use tisheng_training::hours::{self, Channel, Logged, Report, Whom};
use uuid::Uuid;

use super::store::{self, Final};

/// Why the hours of a result that stands no longer are taken back.
const NO_LONGER: &str = "成果已重新考核，原结果不再有效";

/// The payload of [`super::FINAL`].
#[derive(Deserialize)]
struct OfResult {
    programme: Id<Programme>,
    person: Id<Person>,
    capability: String,
}

/// A result of a teacher for one capability or work, standing or not.
pub(super) struct Earned {
    /// The result.
    pub id: Id<Final>,
    /// The level.
    pub level: Level,
    /// The version of the rules it was judged by.
    pub scheme_version: Uuid,
    /// The day on which the work was handed in.
    pub worked_on: NaiveDate,
    /// Whether no later result has taken its place.
    pub stands: bool,
}

/// Brings the ledger in line with the results of a teacher for a capability. Done twice, it comes
/// to the same: a result is one number of the ledger's source.
pub(super) async fn job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let of: OfResult = claimed.payload()?;
    let mut tx = ctx.write().await?;
    book(&ctx, &mut tx, &of).await?;
    Ok(tx.commit().await?)
}

async fn book(ctx: &Ctx, tx: &mut Tx, of: &OfResult) -> Result<(), Failure> {
    let programme = scheme::of_id(tx, of.programme).await?;
    for result in store::earned(tx, of.programme, of.person, &of.capability).await? {
        let number = result.id.to_string();
        match report(ctx, tx, of, &result).await? {
            Some(report) => {
                if let Logged::Entered(entry) = hours::log(ctx, tx, &programme, &report).await? {
                    let detail = json!({ "capability": of.capability, "entry": entry });
                    audit::record(ctx, tx, "review.hours_earned", result.id.uuid(), &detail).await?;
                }
            }
            None => {
                let report = (hours::RESULTS, number.as_str());
                hours::reverse_report(ctx, tx, &programme, report, NO_LONGER).await?;
            }
        }
    }
    Ok(())
}

/// What a result has to say to the ledger; `None` when it earns nothing (any more).
async fn report(ctx: &Ctx, tx: &mut Tx, of: &OfResult, result: &Earned) -> Result<Option<Report>, Failure> {
    if !result.stands || !result.level.is_passed() {
        return Ok(None);
    }
    let rules = scheme::rules_of(&ctx.app, tx, Id::from_uuid(result.scheme_version)).await?;
    let is_work = rules.framework.work(&of.capability).is_some();
    let unit = if is_work { ItemUnit::Work } else { ItemUnit::Capability };
    Ok(hours::earning(&rules, unit).map(|earning| Report {
        whom: Whom::Known(of.person),
        category: earning.category,
        kind: earning.kind,
        seconds: earning.seconds,
        length: earning.length,
        worked_on: result.worked_on,
        title: rules.framework.label(&of.capability),
        source: hours::RESULTS.to_owned(),
        source_id: result.id.to_string(),
        channel: Channel::Own,
        doubt: None,
    }))
}
