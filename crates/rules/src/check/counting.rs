//! Hours, offers, choices, targets and teams: numbers that must fit each other.

use tisheng_kernel::Seconds;

use super::{Found, national_floor};
use crate::choice::Cover;
use crate::hours::{CategoryRole, HourCategory, HoursRule, ItemUnit};
use crate::plan::Reading;
use crate::scheme::Scheme;
use crate::source::Sourced;

pub(super) fn check(scheme: &Scheme, found: &mut Found) {
    hours(scheme, found);
    offer_and_choice(scheme, found);
    targets(scheme, found);
    teams(scheme, found);
    phases(scheme, found);
}

fn hours(scheme: &Scheme, found: &mut Found) {
    let rule = &scheme.hours;
    if rule.categories.is_empty() {
        found.value(&rule.total, "没有任何学时类别", "请至少写一个 [[hours.category]]");
        return;
    }
    floor(rule, found);
    for category in &rule.categories {
        category_numbers(rule, category, found);
        for kind in &category.kinds {
            ceiling_holds(rule, &kind.title, kind.minimum.as_ref(), kind.ceiling.as_ref(), found);
            if let (Some(item), Some(ceiling)) = (&kind.item, &kind.ceiling)
                && *item.hours > **ceiling
            {
                let (each, most) = (rule.shown(*item.hours), rule.shown(**ceiling));
                let wrong = format!("“{}”每项 {each}，超过这一项目的计入上限 {most}", *kind.title);
                found.value(&item.hours, wrong, format!("item_hours 应不超过 {most}，或提高 ceiling"));
            }
            if kind.item.as_ref().is_some_and(|item| item.unit == ItemUnit::Work)
                && scheme.framework.works.is_empty()
            {
                found.value(
                    &kind.title,
                    format!("“{}”按作品计学时，但没有定义作品", *kind.title),
                    "请写 [[framework.work]]",
                );
            }
        }
    }
    let required: Seconds = rule.categories.iter().map(|category| *category.minimum).sum();
    if *rule.total < required {
        let (total, sum) = (rule.shown(*rule.total), rule.shown(required));
        let wrong = format!("总学时 {total} 低于各类最低学时之和 {sum}");
        found.value(&rule.total, wrong, format!("total 应不少于 {sum}，或降低各类 minimum"));
    }
    let reachable: Option<Seconds> = rule.categories.iter().map(most_countable).sum();
    if reachable.is_some_and(|most| most < *rule.total) {
        let wrong = format!("总学时 {} 无法达到：各类计入上限之和更少", rule.shown(*rule.total));
        found.value(&rule.total, wrong, "请降低 total 或提高 ceiling");
    }
}

fn floor(rule: &HoursRule, found: &mut Found) {
    let floor = national_floor(*rule.length);
    let by_category: Seconds = rule.categories.iter().map(|category| *category.minimum).sum();
    let required = by_category.max(*rule.total);
    if required < *floor.hours {
        let wrong = format!("总学时 {} 低于国家规定的 {}", rule.shown(required), rule.shown(*floor.hours));
        found.value(
            &rule.total,
            wrong,
            format!("total 应不少于 {}{}", rule.shown(*floor.hours), floor.hours.source),
        );
    }
    let practice: Seconds = practice_of(rule).map(|category| *category.minimum).sum();
    if practice.get() * 100 < required.get() * i64::from(*floor.practice_percent) {
        let place = practice_of(rule).next().map_or(&rule.total, |category| &category.minimum);
        let wrong = format!(
            "实践类最低 {}，不足总学时 {}的 {}%",
            rule.shown(practice),
            rule.shown(required),
            *floor.practice_percent
        );
        found.value(
            place,
            wrong,
            format!(
                "实践类（role = \"practice\"）的 minimum 之和应占总学时的 {}% 以上{}",
                *floor.practice_percent, floor.practice_percent.source
            ),
        );
    }
}

fn practice_of(rule: &HoursRule) -> impl Iterator<Item = &HourCategory> {
    rule.categories.iter().filter(|category| category.role == CategoryRole::Practice)
}

fn category_numbers(rule: &HoursRule, category: &HourCategory, found: &mut Found) {
    ceiling_holds(rule, &category.title, Some(&category.minimum), category.ceiling.as_ref(), found);
    let of_kinds: Seconds = category.kinds.iter().filter_map(|kind| kind.minimum.as_ref()).map(|m| **m).sum();
    if let Some(ceiling) = category.ceiling.as_ref().filter(|ceiling| ***ceiling < of_kinds) {
        let wrong = format!(
            "“{}”各项最低学时之和 {} 超过计入上限 {}",
            *category.title,
            rule.shown(of_kinds),
            rule.shown(**ceiling)
        );
        found.value(ceiling, wrong, "请提高 ceiling 或降低各项 minimum");
    }
    let most: Option<Seconds> = category.kinds.iter().map(|kind| kind.ceiling.as_ref().map(|c| **c)).sum();
    if !category.kinds.is_empty() && most.is_some_and(|most| most < *category.minimum) {
        let wrong =
            format!("“{}”最低 {}，但各项计入上限之和不够", *category.title, rule.shown(*category.minimum));
        found.value(&category.minimum, wrong, "请提高各项 ceiling 或降低 minimum");
    }
}

/// The most that can count in a category; `None` without a limit.
fn most_countable(category: &HourCategory) -> Option<Seconds> {
    category.ceiling.as_ref().map(|ceiling| **ceiling)
}

fn ceiling_holds(
    rule: &HoursRule,
    title: &str,
    minimum: Option<&Sourced<Seconds>>,
    ceiling: Option<&Sourced<Seconds>>,
    found: &mut Found,
) {
    if let (Some(minimum), Some(ceiling)) = (minimum, ceiling)
        && **ceiling < **minimum
    {
        let wrong = format!("“{title}”计入上限 {} 低于最低 {}", rule.shown(**ceiling), rule.shown(**minimum));
        found.value(ceiling, wrong, format!("ceiling 应不低于 {}", rule.shown(**minimum)));
    }
}

fn offer_and_choice(scheme: &Scheme, found: &mut Found) {
    let there_are = u32::try_from(scheme.framework.dimensions.len()).unwrap_or(u32::MAX);
    let exceptions = scheme.offer.exceptions.iter().map(|exception| &exception.dimensions);
    for needed in [&scheme.offer.dimensions].into_iter().chain(exceptions) {
        if **needed == 0 || **needed > there_are {
            found.value(
                needed,
                format!("要求提供 {} 个维度，框架有 {there_are} 个", **needed),
                format!("应在 1 到 {there_are} 之间"),
            );
        }
    }
    let choice = &scheme.choice;
    if *choice.minimum == 0 {
        found.value(&choice.minimum, "教师选学数量为 0", "应不少于 1");
    }
    if let Cover::AtLeast(least) = *choice.cover
        && (least == 0 || least > there_are)
    {
        found.value(
            &choice.cover,
            format!("要求覆盖 {least} 个维度，框架有 {there_are} 个"),
            format!("应在 1 到 {there_are} 之间，或写 \"every\""),
        );
    }
    if let Cover::AtLeast(least) = *choice.cover
        && least <= there_are
        && least > *scheme.offer.dimensions
    {
        let offered = *scheme.offer.dimensions;
        found.value(
            &choice.cover,
            format!("教师须覆盖 {least} 个维度，学校却只须提供 {offered} 个"),
            format!("cover 应不超过 {offered}，或提高 [offer] 的 dimensions"),
        );
    }
    if *scheme.offer.fit_environment {
        choosable_in_every_environment(scheme, found);
    }
}

/// In every environment a school must be able to offer what the rules ask for, and a teacher to
/// choose it.
fn choosable_in_every_environment(scheme: &Scheme, found: &mut Found) {
    let choice = &scheme.choice;
    for environment in &scheme.framework.environments {
        let fitting: Vec<_> = scheme
            .framework
            .capabilities
            .iter()
            .filter(|c| environment.fits.contains(&c.environment))
            .collect();
        let in_dimension = |key: &str| fitting.iter().filter(|c| c.dimension == key).count();
        let usable = scheme
            .framework
            .dimensions
            .iter()
            .filter(|dimension| in_dimension(&dimension.key) >= (*choice.per_dimension).max(1) as usize)
            .count();
        let usable = u32::try_from(usable).unwrap_or(u32::MAX);
        if usable < *scheme.offer.dimensions {
            let wrong =
                format!("{}适用的能力点只覆盖 {usable} 个维度，学校无法按要求提供", environment.title);
            found.value(
                &environment.fits,
                wrong,
                "请扩大 fits，或降低 [offer] 的 dimensions、[choice] 的 per_dimension",
            );
            continue;
        }
        let needed = choice.needed(*scheme.offer.dimensions) as usize;
        if fitting.len() < needed {
            let wrong = format!(
                "{}适用的能力点只有 {} 个，教师须选 {needed} 个，没有学校能够满足",
                environment.title,
                fitting.len()
            );
            found.value(&choice.minimum, wrong, format!("minimum 应不超过 {}", fitting.len()));
        }
    }
}

fn targets(scheme: &Scheme, found: &mut Found) {
    for target in &scheme.targets {
        if target.steps.is_empty() {
            found.value(&target.title, format!("目标“{}”没有步骤", *target.title), "请写 [[target.step]]");
        }
        for pair in target.steps.windows(2) {
            let [earlier, later] = pair else { continue };
            if later.by <= earlier.by {
                found.value(
                    &later.percent,
                    format!("“{}”的日期不晚于“{}”", later.title, earlier.title),
                    "各步骤应按时间先后排列",
                );
            }
            if *target.reading == Reading::InAll && *later.percent < *earlier.percent {
                found.value(
                    &later.percent,
                    format!("累计目标由 {}% 降到 {}%", *earlier.percent, *later.percent),
                    "累计目标不应下降",
                );
            }
        }
        let total: u32 = target.steps.iter().map(|step| *step.percent).sum();
        let is_teachers = target.measure == crate::plan::TargetMeasure::TeachersFinished;
        if *target.reading == Reading::OnTop && is_teachers && total != 100 {
            found.value(
                &target.title,
                format!("分年比例之和为 {total}%"),
                "应为 100%，或把 reading 改为 \"in_all\"",
            );
        }
        for step in target.steps.iter().filter(|step| *step.percent > 100) {
            found.value(&step.percent, format!("比例 {}% 超过 100%", *step.percent), "应在 0 到 100 之间");
        }
    }
}

fn teams(scheme: &Scheme, found: &mut Found) {
    for team in &scheme.teams {
        let of_roles = team.roles.iter().map(|role| *role.minimum).max().unwrap_or(0);
        if let Some(maximum) = &team.maximum {
            if **maximum < *team.minimum {
                found.value(
                    maximum,
                    format!("“{}”人数上限 {} 低于下限 {}", *team.title, **maximum, *team.minimum),
                    "maximum 应不小于 minimum",
                );
            }
            if **maximum < of_roles {
                found.value(
                    maximum,
                    format!("“{}”人数上限 {} 容不下 {of_roles} 名必备成员", *team.title, **maximum),
                    format!("maximum 应不小于 {of_roles}"),
                );
            }
        }
    }
}

fn phases(scheme: &Scheme, found: &mut Found) {
    for phase in &scheme.phases {
        if *phase.until < *phase.from {
            found.value(
                &phase.until,
                format!("“{}”结束早于开始", *phase.title),
                "如原文如此，请写可行的日期，并用 printed 照录原文",
            );
        }
    }
}
