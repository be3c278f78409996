//! Sentences about hours and the choice among capabilities.

use tisheng_kernel::Seconds;

use super::Outline;
use crate::choice::Cover;
use crate::hours::{CategoryRole, HourCategory, HourKind, ItemUnit, Plausibility, Surplus};
use crate::scheme::Scheme;
use crate::source::Sourced;

pub(super) fn hours(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("学时");
    let rule = &scheme.hours;
    outline.value("hours.length", &rule.length, format!("1 学时为 {}。", *rule.length));
    outline.value("hours.total", &rule.total, format!("每位教师总学时不少于 {}。", rule.shown(*rule.total)));
    outline.value(
        "hours.training_day",
        &rule.training_day,
        format!("集中培训一天计 {}。", rule.shown(*rule.training_day)),
    );
    for category in &rule.categories {
        one_category(scheme, category, outline);
    }
    let surplus = match *rule.surplus {
        Surplus::Stays => "一类或一项多出的学时不能抵充另一类、另一项。",
        Surplus::WithinCategory => "同一类之内，一项多出的学时可以抵充另一项；各类之间不能抵充。",
        Surplus::Anywhere => "一类或一项多出的学时可以抵充其他各类、各项。",
    };
    outline.value("hours.surplus", &rule.surplus, surplus);
    let by_year = if *rule.by_year {
        "学时按实际发生的日期分年度登记。"
    } else {
        "学时不分年度登记。"
    };
    outline.value("hours.by_year", &rule.by_year, by_year);
    if let Some(counts_as) = &rule.counts_as {
        outline.value("hours.counts_as", counts_as, format!("学时计入{}。", **counts_as));
    }
    if let Some(limits) = &rule.plausibility {
        plausibility(limits, outline);
    }
}

fn plausibility(limits: &Plausibility, outline: &mut Outline) {
    let sentence = format!("用时不到学习材料时长的 {}% 就完成的课程，由人核实。", *limits.fastest);
    outline.value("hours.plausibility.fastest", &limits.fastest, sentence);
    let sentence = format!("两次学习的时间重叠超过 {} 分钟的，由人核实。", *limits.overlap_minutes);
    outline.value("hours.plausibility.overlap_minutes", &limits.overlap_minutes, sentence);
    let (most, minutes) = (*limits.burst, *limits.burst_minutes);
    let sentence = format!(
        "同一教师在 {minutes} 分钟之内的学习记录超过 {most} 条的，由人核实；只有日期、没有时刻的，一天之内超过 {most} 条的由人核实。"
    );
    let within = [("时间", &limits.burst_minutes.source)];
    outline.joint("hours.plausibility.burst", sentence, &limits.burst.source, within);
    let sentence = format!("平台报送的时间比本系统的钟快 {} 分钟以上的，由人核实。", *limits.ahead_minutes);
    outline.value("hours.plausibility.ahead_minutes", &limits.ahead_minutes, sentence);
}

fn one_category(scheme: &Scheme, category: &HourCategory, outline: &mut Outline) {
    let key = format!("hours.{}", category.key);
    let role = match category.role {
        CategoryRole::Online => "不算作国家要求的实践应用",
        CategoryRole::Practice => "算作国家要求的实践应用",
    };
    outline.value(key.as_str(), &category.title, format!("“{}”{role}。", *category.title));
    limits(scheme, &key, &category.title, Some(&category.minimum), category.ceiling.as_ref(), outline);
    for kind in &category.kinds {
        one_kind(scheme, category, kind, outline);
    }
}

fn one_kind(scheme: &Scheme, category: &HourCategory, kind: &HourKind, outline: &mut Outline) {
    let key = format!("hours.{}.{}", category.key, kind.key);
    let title = format!("{}·{}", *category.title, *kind.title);
    outline.value(key.as_str(), &kind.title, format!("“{}”包括“{}”。", *category.title, *kind.title));
    limits(scheme, &key, &title, kind.minimum.as_ref(), kind.ceiling.as_ref(), outline);
    if let Some(item) = &kind.item {
        let unit = match item.unit {
            ItemUnit::Capability => "每个能力点",
            ItemUnit::Activity => "每次活动",
            ItemUnit::Work => "每件作品",
        };
        let sentence = format!("“{title}”{unit}计 {}。", scheme.hours.shown(*item.hours));
        outline.value(format!("{key}.item"), &item.hours, sentence);
    }
}

fn limits(
    scheme: &Scheme,
    key: &str,
    title: &str,
    minimum: Option<&Sourced<Seconds>>,
    ceiling: Option<&Sourced<Seconds>>,
    outline: &mut Outline,
) {
    if let Some(minimum) = minimum {
        let sentence = format!("“{title}”不少于 {}。", scheme.hours.shown(**minimum));
        outline.value(format!("{key}.minimum"), minimum, sentence);
    }
    if let Some(ceiling) = ceiling {
        let sentence = format!("“{title}”最多计入 {}，超出部分保留但不计入。", scheme.hours.shown(**ceiling));
        outline.value(format!("{key}.ceiling"), ceiling, sentence);
    }
}

pub(super) fn selection(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("选学");
    let offer = &scheme.offer;
    let sentence = format!("学校应从至少 {} 个维度选择能力点供教师选学。", *offer.dimensions);
    outline.value("offer.dimensions", &offer.dimensions, sentence);
    for exception in &offer.exceptions {
        let sentence = format!("{}应从至少 {} 个维度选择。", *exception.title, *exception.dimensions);
        let title = [("名称", &exception.title.source)];
        let key = format!("offer.exception.{}", exception.fact);
        outline.joint(key, sentence, &exception.dimensions.source, title);
    }
    let fit = if *offer.fit_environment {
        "学校提供的能力点须适合本校信息化教学环境。"
    } else {
        "学校提供能力点不受环境限制。"
    };
    outline.value("offer.fit_environment", &offer.fit_environment, fit);
    let choice = &scheme.choice;
    outline.value("choice.minimum", &choice.minimum, format!("教师至少选学 {} 个能力点。", *choice.minimum));
    let cover = match *choice.cover {
        Cover::EveryOffered => {
            "教师选学须覆盖学校提供的每个维度；提供的维度多于选学数量时，选学数量随之增加。".to_owned()
        }
        Cover::AtLeast(least) => format!("教师选学至少覆盖 {least} 个维度。"),
    };
    outline.value("choice.cover", &choice.cover, cover);
    let per = format!("须覆盖的每个维度不少于 {} 个能力点。", *choice.per_dimension);
    outline.value("choice.per_dimension", &choice.per_dimension, per);
}
