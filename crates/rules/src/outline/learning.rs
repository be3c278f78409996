//! Sentences about hours, capabilities, their evidence and the choice among them.

use tisheng_kernel::{Level, Seconds};

use super::Outline;
use crate::choice::Cover;
use crate::framework::{Capability, Piece};
use crate::hours::{HourCategory, HourKind, ItemUnit, Plausibility, Surplus};
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
    let sentence = format!("同一教师在 {minutes} 分钟之内的学习记录超过 {most} 条的，由人核实。");
    outline.value("hours.plausibility.burst", &limits.burst, sentence);
    let sentence = format!("平台报送的时间比本系统的钟快 {} 分钟以上的，由人核实。", *limits.ahead_minutes);
    outline.value("hours.plausibility.ahead_minutes", &limits.ahead_minutes, sentence);
}

fn one_category(scheme: &Scheme, category: &HourCategory, outline: &mut Outline) {
    let key = format!("hours.{}", category.key);
    limits(scheme, &key, &category.title, Some(&category.minimum), category.ceiling.as_ref(), outline);
    for kind in &category.kinds {
        one_kind(scheme, category, kind, outline);
    }
}

fn one_kind(scheme: &Scheme, category: &HourCategory, kind: &HourKind, outline: &mut Outline) {
    let key = format!("hours.{}.{}", category.key, kind.key);
    let title = format!("{}·{}", *category.title, *kind.title);
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

pub(super) fn framework(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("能力框架");
    let framework = &scheme.framework;
    for dimension in &framework.dimensions {
        let of_dimension = framework.capabilities.iter().filter(|c| c.dimension == dimension.key);
        let labels: Vec<String> = of_dimension.map(Capability::label).collect();
        let sentence =
            format!("维度“{}”有 {} 个能力点：{}。", dimension.title, labels.len(), labels.join("、"));
        outline.say(format!("dimension.{}", dimension.key), sentence, &dimension.source);
    }
    for environment in &framework.environments {
        let titles =
            environment.fits.iter().filter_map(|key| framework.environment(key)).map(|e| e.title.as_str());
        let titles: Vec<&str> = titles.collect();
        let sentence = format!("{}：{}", environment.title, *environment.description);
        outline.value(format!("environment.{}", environment.key), &environment.description, sentence);
        let fits = format!("{}的学校可以提供{}的能力点。", environment.title, titles.join("、"));
        outline.value(format!("environment.{}.fits", environment.key), &environment.fits, fits);
    }
    for work in &framework.works {
        let sentence = format!("能力点之外，每位教师还应完成“{}”。", *work.title);
        outline.value(format!("work.{}", work.key), &work.title, sentence);
    }
    if let Some(local) = &framework.local {
        let by: Vec<&str> =
            local.proposed_by.iter().filter_map(|key| scheme.tier(*key)).map(|t| t.title.as_str()).collect();
        outline.value(
            "local.proposed_by",
            &local.proposed_by,
            format!("{}可以增加地方特色能力点。", by.join("、")),
        );
        let accepted = scheme.tier(*local.accepted_by).map_or("上级", |tier| tier.title.as_str());
        outline.value(
            "local.accepted_by",
            &local.accepted_by,
            format!("地方特色能力点经{accepted}审核后方可选学。"),
        );
        outline.value(
            "local.prefix",
            &local.prefix,
            format!("地方特色能力点的编号以 {} 开头。", *local.prefix),
        );
    }
}

pub(super) fn selection(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("选学");
    let offer = &scheme.offer;
    let sentence = format!("学校应从至少 {} 个维度选择能力点供教师选学。", *offer.dimensions);
    outline.value("offer.dimensions", &offer.dimensions, sentence);
    for exception in &offer.exceptions {
        let sentence = format!("{}应从至少 {} 个维度选择。", *exception.title, *exception.dimensions);
        outline.value(format!("offer.exception.{}", exception.fact), &exception.dimensions, sentence);
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

pub(super) fn evidence(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("证据与标准");
    for capability in &scheme.framework.capabilities {
        for piece in &capability.pieces {
            one_piece(&capability.label(), piece, outline);
        }
    }
    for work in &scheme.framework.works {
        for piece in &work.pieces {
            one_piece(&work.title, piece, outline);
        }
    }
}

fn one_piece(of: &str, piece: &Piece, outline: &mut Outline) {
    let kinds: Vec<&str> = piece.kinds.iter().map(|kind| kind.chinese()).collect();
    let minutes = piece.max_minutes.as_ref().map(|m| format!("，不超过 {} 分钟", **m)).unwrap_or_default();
    let size = piece.max_megabytes.as_ref().map(|m| format!("，不超过 {} MB", **m)).unwrap_or_default();
    let texts = |level: Level| {
        let of_level = piece.criteria.iter().filter(|criterion| criterion.level == level);
        of_level.map(|criterion| criterion.text.as_str()).collect::<Vec<_>>().join("；")
    };
    let sentence = format!(
        "{of}：提交“{}”（{}{minutes}{size}）。合格：{}。优秀另须：{}。",
        piece.name,
        kinds.join("或"),
        texts(Level::Pass),
        texts(Level::Excellent)
    );
    outline.say(format!("piece.{}", piece.key), sentence, &piece.source);
}
