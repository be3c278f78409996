//! Hours, offers, choices, targets and teams: numbers that must fit each other.

use chrono::NaiveDate;
use tisheng_kernel::Seconds;

use super::{Found, national_floor};
use crate::choice::Cover;
use crate::framework::{Capability, Environment, Framework};
use crate::hours::{CategoryRole, HourCategory, HoursRule, ItemUnit};
use crate::plan::{Reading, TargetMeasure};
use crate::scheme::Scheme;
use crate::source::{Place, Sourced};
use crate::territory::TierKey;

pub(super) fn check(scheme: &Scheme, found: &mut Found) {
    hours(scheme, found);
    offer_and_choice(scheme, found);
    targets(scheme, found);
    teams(scheme, found);
    phases(scheme, found);
    handover(scheme, found);
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
    let practice = rule.least_practice();
    if practice.get() * 100 < required.get() * i64::from(*floor.practice_percent) {
        let place = practice_of(rule).next().map_or(&rule.total, |category| &category.minimum);
        let wrong = format!(
            "按这些规则，实践类学满 {} 就能达标，不足总学时 {}的 {}%",
            rule.shown(practice),
            rule.shown(required),
            *floor.practice_percent
        );
        found.value(
            place,
            wrong,
            format!(
                "实践类（role = \"practice\"）的 minimum 之和应占总学时的 {}% 以上，且不能由其他类多出的学时抵充{}",
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

/// The years of the period together have room for what everybody earns.
fn handover(scheme: &Scheme, found: &mut Found) {
    let bound = scheme.handover.as_ref().and_then(|rule| rule.per_year.as_ref());
    let (Some(bound), Some(period)) = (bound, *scheme.identity.period) else { return };
    let years = period.years().len();
    let room: Seconds = std::iter::repeat_n(**bound, years).sum();
    if room < *scheme.hours.total {
        let wrong = format!(
            "每年最多移交 {}，{years} 年装不下要求的 {}",
            scheme.hours.shown(**bound),
            scheme.hours.shown(*scheme.hours.total)
        );
        found.value(bound, wrong, "请提高 per_year");
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
    choosable_everywhere(scheme, found);
}

/// What a school of one environment may offer; without environments that bind, the whole framework.
struct Reach<'a> {
    title: &'a str,
    at: &'a Place,
    fitting: Vec<&'a Capability>,
}

fn reaches(scheme: &Scheme) -> Vec<Reach<'_>> {
    let framework = &scheme.framework;
    if !*scheme.offer.fit_environment {
        let fitting = framework.capabilities.iter().collect();
        return vec![Reach { title: "框架", at: &scheme.choice.minimum.source.at, fitting }];
    }
    framework.environments.iter().map(|environment| Reach::of(framework, environment)).collect()
}

impl<'a> Reach<'a> {
    fn of(framework: &'a Framework, environment: &'a Environment) -> Self {
        let fits = |c: &&Capability| environment.fits.contains(&c.environment);
        let fitting = framework.capabilities.iter().filter(fits).collect();
        Self { title: &environment.title, at: &environment.fits.source.at, fitting }
    }

    /// In how many dimensions there are as many capabilities as a teacher must choose of each.
    fn dimensions(&self, scheme: &Scheme) -> u32 {
        let each = (*scheme.choice.per_dimension).max(1) as usize;
        let in_dimension = |key: &str| self.fitting.iter().filter(|c| c.dimension == key).count();
        let usable = scheme.framework.dimensions.iter().filter(|d| in_dimension(&d.key) >= each).count();
        u32::try_from(usable).unwrap_or(u32::MAX)
    }

    /// Whether a school can offer so many dimensions, and a teacher choose from them what the rule asks for.
    fn serves(&self, scheme: &Scheme, dimensions: u32) -> bool {
        self.dimensions(scheme) >= dimensions
            && self.fitting.len() >= scheme.choice.needed(dimensions) as usize
    }
}

/// In every environment a school must be able to offer what the rules ask for, and a teacher to choose it;
/// what is asked of schools that are counted otherwise, in one of them at least.
fn choosable_everywhere(scheme: &Scheme, found: &mut Found) {
    let (choice, offer) = (&scheme.choice, &scheme.offer);
    let reaches = reaches(scheme);
    for reach in &reaches {
        let (title, usable) = (reach.title, reach.dimensions(scheme));
        if usable < *offer.dimensions {
            let wrong = format!("{title}适用的能力点只覆盖 {usable} 个维度，学校无法按要求提供");
            let right = "请扩大 fits，或降低 [offer] 的 dimensions、[choice] 的 per_dimension";
            found.at(reach.at, wrong, right);
            continue;
        }
        let (there, needed) = (reach.fitting.len(), choice.needed(*offer.dimensions));
        if there < needed as usize {
            let wrong = format!("{title}适用的能力点只有 {there} 个，教师须选 {needed} 个，没有学校能够满足");
            found.value(&choice.minimum, wrong, format!("minimum 应不超过 {there}"));
        }
    }
    for exception in &offer.exceptions {
        let asked = &exception.dimensions;
        if **asked > *offer.dimensions && !reaches.iter().any(|reach| reach.serves(scheme, **asked)) {
            let wrong = format!(
                "“{}”须提供 {} 个维度，没有一种环境适用的能力点够教师按要求选学",
                *exception.title, **asked
            );
            found.value(asked, wrong, "请降低这里的 dimensions，或扩大环境的 fits");
        }
    }
}

/// Whether a day lies outside the programme; a scheme without a readable period has none outside.
fn is_outside(scheme: &Scheme, day: NaiveDate) -> bool {
    scheme.identity.period.is_some_and(|period| !period.contains(day))
}

fn targets(scheme: &Scheme, found: &mut Found) {
    for target in &scheme.targets {
        if target.measure == TargetMeasure::CountiesStarted && scheme.tier(TierKey::County).is_none() {
            let wrong = format!("“{}”按县（市、区）计，但方案没有这一层级", *target.title);
            found.value(&target.title, wrong, "请改用其他 measure，或写 [[tier]] key = \"county\"");
        }
        for step in target.steps.iter().filter(|step| is_outside(scheme, step.by)) {
            let wrong = format!("“{}”的日期 {} 不在工程期间内", step.title, step.by);
            found.value(&step.percent, wrong, "请改日期，或改 [scheme] 的 from、until");
        }
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
        let is_teachers = target.measure == TargetMeasure::TeachersFinished;
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
        for day in [&phase.from, &phase.until] {
            if is_outside(scheme, **day) {
                let wrong = format!("“{}”的日期 {} 不在工程期间内", *phase.title, **day);
                found.value(day, wrong, "请改日期，或改 [scheme] 的 from、until");
            }
        }
        if *phase.until < *phase.from {
            found.value(
                &phase.until,
                format!("“{}”结束早于开始", *phase.title),
                "如原文如此，请写可行的日期，并用 printed 照录原文",
            );
        }
    }
}
