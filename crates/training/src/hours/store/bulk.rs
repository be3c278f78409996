//! Many entries at once.

use std::collections::BTreeMap;

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, DbError, Tx, Value, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use crate::hours::model::{Entry, Report};

const ENTRIES: &str = "insert into hour_entry (programme, person, id, category, kind, seconds, hour_length,
    worked_on, title, source, source_id, revision, received_at, actor, reason, reverses, channel) values";

const TOTALS: &str = "insert into hour_total (programme, person, category, kind, seconds, entries) values";

const ADD_TO_TOTALS: &str = "on conflict (programme, person, category, kind)
    do update set seconds = hour_total.seconds + excluded.seconds, entries = hour_total.entries + excluded.entries";

/// Writes entries whose numbers are new, and their sums.
pub async fn add_all(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    reports: &[(Id<Person>, Report)],
) -> Result<u64, DbError> {
    let (account, _, _) = ctx.who.signature();
    let mut sums: BTreeMap<(Id<Person>, &str, &str), (i64, i64)> = BTreeMap::new();
    for (person, report) in reports {
        let sum = sums.entry((*person, &report.category, &report.kind)).or_default();
        *sum = (sum.0 + report.seconds.get(), sum.1 + 1);
    }
    let entries = reports.iter().map(|(person, report)| {
        let row: &[Value<'_>] = args![
            programme,
            *person,
            ctx.id::<Entry>(),
            &report.category,
            &report.kind,
            report.seconds.get(),
            report.length.minutes(),
            report.worked_on,
            &report.title,
            &report.source,
            &report.source_id,
            1_i64,
            ctx.at,
            account,
            "",
            None::<Id<Entry>>,
            report.channel.key()
        ];
        row.to_vec()
    });
    let written = tx.bulk(ENTRIES, 17, "", entries.collect::<Vec<_>>()).await?;
    let totals = sums.into_iter().map(|((person, category, kind), (seconds, entries))| {
        args![programme, person, category, kind, seconds, entries].to_vec()
    });
    tx.bulk(TOTALS, 6, ADD_TO_TOTALS, totals.collect::<Vec<_>>()).await?;
    Ok(written)
}
