//! Steps, appeals, sampling, gates and score: judgements that can be made at all.

use super::Found;
use crate::assessment::{Decision, Pool, Step, StepKind};
use crate::certification::{GateKind, Measure};
use crate::hours::{CategoryRole, ItemUnit};
use crate::scheme::Scheme;
use crate::source::Sourced;
use crate::territory::TierKey;

/// Working days that a step may take at most: a year of them.
const LONGEST_STEP: u32 = 250;

pub(super) fn check(scheme: &Scheme, found: &mut Found) {
    steps(scheme, found);
    appeals(scheme, found);
    sampling(scheme, found);
    gates(scheme, found);
    score(scheme, found);
    indicators(scheme, found);
}

fn steps(scheme: &Scheme, found: &mut Found) {
    let rule = &scheme.assessment;
    for step in &rule.steps {
        one_step(step, found);
        pools(scheme, &step.drawn_from, &format!("“{}”的评审人", step.title.as_str()), found);
    }
    pools(scheme, &rule.panel_members_by, "考核小组成员的考核", found);
    let decides = |step: &&Step| step.kind == StepKind::Panel && *step.decision != Decision::Advises;
    if !rule.steps.iter().any(|step| decides(&step)) {
        found.value(
            &rule.appeal_within,
            "没有作出结论的考核步骤",
            "至少一个 kind = \"panel\" 的步骤，decision 不为 \"advises\"",
        );
    }
    let last_panel = rule.steps.iter().rposition(|step| step.kind == StepKind::Panel);
    let notice = rule.steps.iter().position(|step| step.kind == StepKind::Notice);
    if let (Some(panel), Some(notice)) = (last_panel, notice)
        && notice < panel
        && let Some(step) = rule.steps.get(notice)
    {
        found.value(&step.title, "公示在考核之前", "公示应在最后一个考核小组步骤之后");
    }
    for step in rule.steps.iter().skip(1).filter(|step| step.kind == StepKind::SelfReview) {
        found.value(&step.title, "自评不是第一步", "自评应放在最前面，且只有一次");
    }
}

fn one_step(step: &Step, found: &mut Found) {
    let title = step.title.as_str();
    if !(1..=LONGEST_STEP).contains(&*step.days) {
        let wrong = format!("“{title}”的天数为 {}", *step.days);
        found.value(&step.days, wrong, format!("days 应在 1 到 {LONGEST_STEP} 之间"));
    }
    if step.kind == StepKind::Notice {
        if *step.reviewers != 0 {
            found.value(
                &step.reviewers,
                format!("“{title}”不评审，却要求 {} 名评审人", *step.reviewers),
                "reviewers 应为 0",
            );
        }
        return;
    }
    if step.kind != StepKind::SelfReview && step.drawn_from.contains(&Pool::Author) {
        found.value(
            &step.drawn_from,
            format!("“{title}”的评审人包括教师本人"),
            "\"author\" 只用于自评，请改写其他范围",
        );
    }
    if *step.reviewers == 0 {
        found.value(&step.reviewers, format!("“{title}”没有评审人"), "reviewers 应不少于 1");
    }
    if step.kind == StepKind::SelfReview && *step.reviewers != 1 {
        found.value(&step.reviewers, format!("“{title}”由教师本人完成"), "reviewers 应为 1");
    }
    if step.drawn_from.is_empty() {
        found.value(
            &step.drawn_from,
            format!("“{title}”没有写评审人从哪里产生"),
            "drawn_from 至少写一个范围",
        );
    }
    if *step.decision == Decision::Stands {
        found.value(&step.decision, format!("“{title}”须有评审结论"), "\"stands\" 只用于公示");
    }
    if let Some(lapse) = step.claim_lapses.as_ref().filter(|lapse| ***lapse == 0 || ***lapse > *step.days) {
        found.value(
            lapse,
            format!("“{title}”领取后 {} 天收回，本步共 {} 天", **lapse, *step.days),
            format!("应在 1 到 {} 之间", *step.days),
        );
    }
}

/// Whoever is drawn from a level is drawn from the next above it where the territory leaves that one out; where
/// there is none, nobody is ever found.
fn pools(scheme: &Scheme, of: &Sourced<Vec<Pool>>, what: &str, found: &mut Found) {
    let tier = |pool: &Pool| match pool {
        Pool::County => Some(TierKey::County),
        Pool::City => Some(TierKey::City),
        Pool::Province => Some(TierKey::Province),
        _ => None,
    };
    for wanted in of.iter().filter_map(tier) {
        if !scheme.tiers.iter().any(|there| there.key <= wanted) {
            found.value(
                of,
                format!("{what}来自 {}，但方案没有这一层级，也没有更高的层级", wanted.code()),
                "请改用方案中的层级",
            );
        }
    }
}

fn appeals(scheme: &Scheme, found: &mut Found) {
    for stage in scheme.assessment.appeals.iter().filter(|stage| scheme.tier(*stage.by).is_none()) {
        found.value(
            &stage.by,
            format!("申诉由 {} 受理，但方案没有这一层级", stage.by.code()),
            "请改用方案中的层级",
        );
    }
    let principal_by = &scheme.assessment.principal_by;
    if **principal_by == TierKey::Town {
        found.value(
            principal_by,
            "校长由 town 考核，但镇（街）、片没有考核小组",
            "请改用 county、city 或 province",
        );
    } else if scheme.tier(**principal_by).is_none() {
        found.value(
            principal_by,
            format!("校长由 {} 考核，但方案没有这一层级", principal_by.code()),
            "请改用方案中的层级",
        );
    }
}

fn sampling(scheme: &Scheme, found: &mut Found) {
    for rule in &scheme.assessment.samplings {
        if scheme.tier(rule.by).is_none() {
            found.value(
                &rule.percent,
                format!("由 {} 抽检，但方案没有这一层级", rule.by.code()),
                "请改用方案中的层级",
            );
        }
        for share in [&rule.percent, &rule.excellent_percent].into_iter().filter(|share| ***share > 100) {
            found.value(share, format!("抽检比例 {}% 超过 100%", **share), "应在 0 到 100 之间");
        }
    }
}

fn gates(scheme: &Scheme, found: &mut Found) {
    let rule = &scheme.certification;
    let has = |kind: &GateKind| rule.gates.iter().any(|gate| gate.kind == *kind);
    if !has(&GateKind::Hours) {
        found.value(
            &rule.excellent.score,
            "没有学时这一条件",
            "请写 [[certification.gate]] kind = \"hours\"",
        );
    }
    let earned_by_works = scheme.hours.categories.iter().filter(|c| c.role == CategoryRole::Practice);
    let work_kinds = earned_by_works.flat_map(|category| &category.kinds);
    for kind in work_kinds.filter(|kind| kind.item.as_ref().is_some_and(|item| item.unit == ItemUnit::Work)) {
        let gated = rule.gates.iter().any(|gate| matches!(gate.kind, GateKind::Work(_)));
        if !gated && kind.minimum.is_some() {
            found.value(
                &kind.title,
                format!("“{}”要求学时，却不要求作品通过", *kind.title),
                "请写 [[certification.gate]] kind = \"work\"",
            );
        }
    }
}

fn score(scheme: &Scheme, found: &mut Found) {
    let rule = &scheme.certification;
    let total: u32 = rule.score.iter().map(|part| *part.weight).sum();
    if total != 100 {
        let place = rule.score.first().map_or(&rule.excellent.score, |part| &part.weight);
        found.value(place, format!("得分各项权重之和为 {total}"), "权重之和应为 100");
    }
    let points = &rule.points;
    if *points.excellent > 100 || *points.pass > *points.excellent {
        found.value(&points.pass, "等级分值不对", "应满足 pass ≤ excellent ≤ 100");
    } else if total == 100 {
        excellence_is_reachable(scheme, found);
    }
    let there_are = u32::try_from(scheme.framework.capabilities.len()).unwrap_or(u32::MAX);
    if *rule.excellent.capabilities > there_are {
        let wanted = &rule.excellent.capabilities;
        found.value(
            wanted,
            format!("优秀须有 {} 个能力点优秀，框架只有 {there_are} 个", **wanted),
            format!("应不超过 {there_are}"),
        );
    }
    for share in
        [&rule.excellent.score, &rule.excellent.quota_percent].into_iter().filter(|value| ***value > 100)
    {
        found.value(share, format!("{} 超过 100", **share), "应在 0 到 100 之间");
    }
}

/// Whoever does everything as well as it can be done must be able to be 优秀, also while nobody
/// reports the figures that other rooms report: then the rest stands for the whole.
fn excellence_is_reachable(scheme: &Scheme, found: &mut Found) {
    let rule = &scheme.certification;
    let judged = |measure: &Measure| matches!(measure, Measure::Capabilities | Measure::Work(_));
    let computed = || rule.score.iter().filter(|part| !matches!(part.measure, Measure::Reported(_)));
    let most: u32 = computed()
        .map(|part| *part.weight * if judged(&part.measure) { *rule.points.excellent } else { 100 })
        .sum();
    let whole: u32 = computed().map(|part| *part.weight).sum();
    let most = most.checked_div(whole).unwrap_or(0);
    let wanted = &rule.excellent;
    if *wanted.score > most && *wanted.score <= 100 {
        found.value(
            &wanted.score,
            format!("优秀须得 {} 分，各项最多只能得 {most} 分", *wanted.score),
            format!("score 应不超过 {most}，或提高 [certification.points] 的 excellent"),
        );
    }
}

fn indicators(scheme: &Scheme, found: &mut Found) {
    let Some(first) = scheme.indicators.first() else { return };
    let total: u32 = scheme.indicators.iter().filter(|one| !one.bonus).map(|one| *one.points).sum();
    if total != 100 {
        found.value(&first.points, format!("评估指标分值之和为 {total}（不含加分）"), "分值之和应为 100");
    }
}
