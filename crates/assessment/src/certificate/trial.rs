//! What a new version of the rules would change for teachers (换规试算): the whole verdict on each,
//! by the rules in force and by the draft.

use tisheng_kernel::Id;
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::trial::{Batch, Comparison, Examine, Examined};
use tisheng_policy::scheme::{Change, ChangeKind};
use tisheng_registry::people::Person;
use tisheng_rules::{Condition, Verdict};

use super::dossier;

/// Teachers looked at in one reading transaction.
const BATCH: i64 = 1000;

/// Compares the verdicts on all teachers. Whoever holds a valid certificate is looked at and does
/// not change: the result is final.
pub const EXAMINE: Examine = Examine(examine);

fn examine(ctx: Ctx, comparison: Comparison, last: Option<Id<Person>>) -> Examined {
    Box::pin(compare(ctx, comparison, last))
}

async fn compare(ctx: Ctx, comparison: Comparison, last: Option<Id<Person>>) -> Result<Batch, Failure> {
    let Comparison { programme, now, draft } = comparison;
    let mut tx = ctx.read().await?;
    let after = last.map(Id::uuid).unwrap_or_default();
    let teachers = dossier::after(&mut tx, &programme, after, BATCH).await?;
    drop(tx);
    let open = teachers.iter().filter(|teacher| !teacher.dossier.is_final());
    let changes = open.filter_map(|teacher| {
        let (was, becomes) = (teacher.dossier.verdict(&ctx, &now), teacher.dossier.verdict(&ctx, &draft));
        Some(Change {
            person: teacher.person,
            path: teacher.path.clone(),
            kind: kind(&was, &becomes)?,
            was: sentence(&was, &becomes),
            becomes: sentence(&becomes, &was),
        })
    });
    Ok(Batch {
        seen: i64::try_from(teachers.len()).unwrap_or(BATCH),
        last: teachers.last().map(|teacher| teacher.person),
        changes: changes.collect(),
    })
}

fn open_gates(verdict: &Verdict) -> impl Iterator<Item = &Condition> {
    verdict.gates.iter().filter(|gate| !gate.met)
}

/// How a verdict changes; `None` when level and everything that is missing stay the same. Other
/// words for the same condition change nothing.
fn kind(was: &Verdict, becomes: &Verdict) -> Option<ChangeKind> {
    let missing = |verdict: &Verdict| -> Vec<(String, String, String)> {
        open_gates(verdict).map(|gate| (gate.key.clone(), gate.have.clone(), gate.need.clone())).collect()
    };
    match (was.met, becomes.met) {
        (true, false) => Some(ChangeKind::Losing),
        (false, true) => Some(ChangeKind::Gaining),
        _ if was.level != becomes.level || missing(was) != missing(becomes) => Some(ChangeKind::Other),
        _ => None,
    }
}

/// What holds by one verdict and not by the other.
fn sentence(verdict: &Verdict, other: &Verdict) -> String {
    if let Some(level) = verdict.level {
        return format!("已达到全部要求，等级为{}。", level.chinese());
    }
    let same = |a: &Condition, b: &Condition| (&a.key, &a.have, &a.need) == (&b.key, &b.have, &b.need);
    let own = open_gates(verdict).filter(|gate| !open_gates(other).any(|o| same(gate, o)));
    let sentences: String = own.map(|gate| gate.sentence.as_str()).collect();
    if sentences.is_empty() { "没有这些差距。".to_owned() } else { sentences }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::NaiveDate;
    use tisheng_kernel::Seconds;
    use tisheng_policy::scheme::ChangeKind;
    use tisheng_rules::samples::third_scheme;
    use tisheng_rules::{Facts, HourEntry, Scheme, Verdict};

    use super::{kind, sentence};

    /// The verdict on somebody with so many minutes in every category and nothing else.
    fn verdict(scheme: &Scheme, minutes: i64) -> Verdict {
        let hours: Vec<HourEntry<'_>> = scheme
            .hours
            .categories
            .iter()
            .map(|category| HourEntry {
                category: &category.key,
                kind: category.kinds.first().map(|kind| kind.key.as_str()),
                seconds: Seconds::of_minutes(minutes),
                worked_on: NaiveDate::default(),
            })
            .collect();
        let (results, reported) = (BTreeMap::new(), BTreeMap::new());
        let facts =
            Facts { hours: &hours, chosen: &[], offered: &[], results: &results, reported: &reported };
        scheme.verdict(&facts)
    }

    #[test]
    fn what_is_missing_is_compared_gate_by_gate() {
        let now = third_scheme();
        let mut stricter = third_scheme();
        for category in &mut stricter.hours.categories {
            category.minimum.value += Seconds::of_minutes(60);
        }
        let (was, becomes) = (verdict(&now, 45), verdict(&stricter, 45));
        assert_eq!(kind(&was, &becomes), Some(ChangeKind::Other), "more is missing");
        assert_eq!(kind(&was, &was), None);
        let told = sentence(&was, &becomes);
        assert!(told.contains("还差"), "{told}");
        assert!(!told.contains("选学"), "what stays is not told: {told}");
        assert_ne!(told, sentence(&becomes, &was));
        let mut renamed = third_scheme();
        for gate in &mut renamed.certification.gates {
            gate.title.value.push('新');
        }
        assert_eq!(kind(&was, &verdict(&renamed, 45)), None, "other words, the same rules");
    }

    #[test]
    fn whoever_loses_and_whoever_gains_are_told_apart() {
        let scheme = third_scheme();
        let open = verdict(&scheme, 45);
        let mut met = open.clone();
        met.met = true;
        met.level = Some(tisheng_kernel::Level::Pass);
        met.gates.iter_mut().for_each(|gate| gate.met = true);
        assert_eq!(kind(&met, &open), Some(ChangeKind::Losing));
        assert_eq!(kind(&open, &met), Some(ChangeKind::Gaining));
        let mut excellent = met.clone();
        excellent.level = Some(tisheng_kernel::Level::Excellent);
        assert_eq!(kind(&excellent, &met), Some(ChangeKind::Other), "the level counts too");
        assert!(sentence(&excellent, &met).contains("优秀"));
    }
}
