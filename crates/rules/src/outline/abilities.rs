//! Sentences about capabilities, where they are taught, and the evidence they ask for.

use tisheng_kernel::Level;

use super::{Outline, level, part};
use crate::framework::{Capability, Criterion, Environment, Framework, LocalRule, Piece};
use crate::scheme::Scheme;

pub(super) fn framework(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("能力框架");
    let framework = &scheme.framework;
    for dimension in &framework.dimensions {
        let sentence = format!("“{}”是能力点的一个维度。", dimension.title);
        outline.say(format!("dimension.{}", dimension.key), sentence, &dimension.source);
    }
    for environment in &framework.environments {
        one_environment(framework, environment, outline);
    }
    for capability in &framework.capabilities {
        one_capability(framework, capability, outline);
    }
    for work in &framework.works {
        let sentence = format!("能力点之外，每位教师还应完成“{}”。", *work.title);
        outline.value(format!("work.{}", work.key), &work.title, sentence);
    }
    if let Some(rule) = &framework.local {
        local(scheme, rule, outline);
    }
}

fn one_environment(framework: &Framework, environment: &Environment, outline: &mut Outline) {
    let key = format!("environment.{}", environment.key);
    let sentence = format!("{}：{}", environment.title, *environment.description);
    outline.value(key.as_str(), &environment.description, sentence);
    let fitting = environment.fits.iter().filter_map(|fit| framework.environment(fit));
    let titles: Vec<&str> = fitting.map(|fit| fit.title.as_str()).collect();
    let fits = format!("{}的学校可以提供{}的能力点。", environment.title, titles.join("、"));
    outline.value(format!("{key}.fits"), &environment.fits, fits);
}

fn one_capability(framework: &Framework, capability: &Capability, outline: &mut Outline) {
    let (key, label) = (format!("capability.{}", capability.code), capability.label());
    let dimension = framework.dimension(&capability.dimension).map_or("", |known| known.title.as_str());
    let environment = framework.environment(&capability.environment).map_or("", |known| known.title.as_str());
    let sentence = format!("{label}：属于“{dimension}”维度，所属环境为{environment}。");
    outline.say(key.as_str(), sentence, &capability.source);
    let description = format!("{label}：{}", capability.description);
    outline.say(format!("{key}.description"), description, &capability.source);
}

fn local(scheme: &Scheme, rule: &LocalRule, outline: &mut Outline) {
    let by: Vec<&str> = rule.proposed_by.iter().map(|key| level(scheme, *key)).collect();
    let sentence = format!("{}可以增加地方特色能力点。", by.join("、"));
    outline.value("local.proposed_by", &rule.proposed_by, sentence);
    let sentence = format!("地方特色能力点经{}审核后方可选学。", level(scheme, *rule.accepted_by));
    outline.value("local.accepted_by", &rule.accepted_by, sentence);
    let sentence = format!("地方特色能力点的编号以 {} 开头。", *rule.prefix);
    outline.value("local.prefix", &rule.prefix, sentence);
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
    let (key, name) = (format!("piece.{}", piece.key), format!("{of}的“{}”", piece.name));
    let kinds: Vec<&str> = piece.kinds.iter().map(|kind| kind.chinese()).collect();
    let minutes = piece.max_minutes.as_ref().map(|m| format!("，不超过 {} 分钟", **m)).unwrap_or_default();
    let size = piece.max_megabytes.as_ref().map(|m| format!("，不超过 {} MB", **m)).unwrap_or_default();
    let sentence = format!("{of}：提交“{}”（{}{minutes}{size}）。", piece.name, kinds.join("或"));
    let limits = part("时长", piece.max_minutes.as_ref())
        .into_iter()
        .chain(part("大小", piece.max_megabytes.as_ref()));
    let parts = [("形式", &piece.kinds.source)].into_iter().chain(limits);
    outline.joint(key.as_str(), sentence, &piece.source, parts);
    if let Some(guide) = &piece.guide {
        outline.value(format!("{key}.guide"), guide, format!("{name}怎样准备：{}", **guide));
    }
    for (level, sign) in [(Level::Pass, "pass"), (Level::Excellent, "excellent")] {
        let criteria: Vec<&Criterion> = piece.criteria.iter().filter(|one| one.level == level).collect();
        let Some(first) = criteria.first() else { continue };
        let texts: Vec<&str> = criteria.iter().map(|criterion| criterion.text.as_str()).collect();
        let needs = if level == Level::Pass { "合格须" } else { "优秀另须" };
        outline.say(format!("{key}.{sign}"), format!("{name}{needs}：{}。", texts.join("；")), &first.source);
    }
}
