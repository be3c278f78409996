//! What a new version of the rules would change for teachers, as far as hours can tell.

use tisheng_kernel::{Id, Minutes};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Scope};
use tisheng_policy::scheme::trial::{Batch, Comparison, Examine, Examined};
use tisheng_policy::scheme::{Change, ChangeKind};
use tisheng_registry::people::Person;
use tisheng_rules::Tally;
use tisheng_rules::hours::HoursRule;

use super::store;
use super::store::Total;

/// Teachers looked at in one reading transaction.
const BATCH: i64 = 1000;

/// Compares the hours gates of all teachers. The certificate room has an [`Examine`] of its own
/// that compares whole verdicts; this one serves an installation without certificates.
pub const EXAMINE: Examine = Examine(examine);

fn examine(ctx: Ctx, comparison: Comparison, last: Option<Id<Person>>) -> Examined {
    Box::pin(compare(ctx, comparison, last))
}

async fn compare(ctx: Ctx, comparison: Comparison, last: Option<Id<Person>>) -> Result<Batch, Failure> {
    let Comparison { programme, now, draft } = comparison;
    let mut tx = ctx.read().await?;
    let scope = Scope::below(&programme.path);
    let teachers = store::teachers::after(&mut tx, programme.id, &scope, last, BATCH).await?;
    let changes = teachers.iter().filter_map(|(person, path, totals)| {
        let (was, becomes) = (tally(&now.hours, totals), tally(&draft.hours, totals));
        let kind = kind(&was, &becomes)?;
        Some(Change {
            person: *person,
            path: path.clone(),
            kind,
            was: sentence(&now.hours, &was),
            becomes: sentence(&draft.hours, &becomes),
        })
    });
    Ok(Batch {
        seen: i64::try_from(teachers.len()).unwrap_or(BATCH),
        last: teachers.last().map(|(person, _, _)| *person),
        changes: changes.collect(),
    })
}

fn tally(rule: &HoursRule, totals: &[Total]) -> Tally {
    let day = chrono::NaiveDate::default();
    let sums: Vec<_> = totals.iter().map(|total| total.for_rules(day)).collect();
    rule.tally(&sums)
}

fn kind(was: &Tally, becomes: &Tally) -> Option<ChangeKind> {
    match (was.is_met(), becomes.is_met()) {
        (true, false) => Some(ChangeKind::Losing),
        (false, true) => Some(ChangeKind::Gaining),
        _ if was.missing != becomes.missing => Some(ChangeKind::Other),
        _ => None,
    }
}

fn sentence(rule: &HoursRule, tally: &Tally) -> String {
    let counted = rule.shown(tally.counted);
    if tally.missing == Minutes::ZERO {
        format!("学时已达到要求，计入 {counted}")
    } else {
        format!("计入 {counted}，还差 {}", rule.shown(tally.missing))
    }
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::Minutes;
    use tisheng_policy::scheme::ChangeKind;
    use tisheng_rules::Scheme;
    use tisheng_rules::samples::{third_scheme, third_scheme_files};

    use super::{kind, tally};
    use crate::hours::store::Total;

    fn earned(scheme: &Scheme, per_category: impl Fn(Minutes) -> Minutes) -> Vec<Total> {
        let mut totals = Vec::new();
        for category in &scheme.hours.categories {
            let mut push = |kind: &str, minimum: Minutes| {
                totals.push(Total {
                    category: category.key.clone(),
                    kind: kind.to_owned(),
                    minutes: per_category(minimum),
                    entries: 1,
                });
            };
            if category.kinds.is_empty() {
                push("", *category.minimum);
            }
            for kind in &category.kinds {
                push(&kind.key, kind.minimum.as_ref().map_or(Minutes::ZERO, |minimum| **minimum));
            }
        }
        totals
    }

    #[test]
    fn stricter_rules_take_away_and_the_same_rules_change_nobody() {
        let now = third_scheme();
        assert_eq!(now.digest(), Scheme::from_files(third_scheme_files()).expect("right").digest());
        let mut stricter = third_scheme();
        for category in &mut stricter.hours.categories {
            category.minimum.value += Minutes::new(60);
        }
        let just_enough = earned(&now, |minimum| minimum);
        let (was, becomes) = (tally(&now.hours, &just_enough), tally(&stricter.hours, &just_enough));
        assert!(was.is_met(), "{was:?}");
        assert_eq!(kind(&was, &becomes), Some(ChangeKind::Losing));
        assert_eq!(kind(&becomes, &was), Some(ChangeKind::Gaining));
        assert_eq!(kind(&was, &was), None);
        let nothing = earned(&now, |_| Minutes::ZERO);
        let change = kind(&tally(&now.hours, &nothing), &tally(&stricter.hours, &nothing));
        assert_eq!(change, Some(ChangeKind::Other), "still missing, but more");
    }
}
