//! Codes that must be there once, and references that must lead somewhere.

use std::collections::BTreeSet;

use super::Found;
use crate::certificate::{NUMBER_PLACEHOLDERS, TEXT_PLACEHOLDERS, unknown_placeholders};
use crate::certification::{GateKind, Measure};
use crate::choice::SCHOOL_FACTS;
use crate::framework::Piece;
use crate::handover::Holds;
use crate::scheme::Scheme;
use crate::source::{Place, Source};
use crate::team::TEAMS;
use crate::territory::TierKey;

pub(super) fn check(scheme: &Scheme, found: &mut Found) {
    codes_once(scheme, found);
    tiers(scheme, found);
    framework(scheme, found);
    evidence(scheme, found);
    version(scheme, found);
    school_facts(scheme, found);
    teams(scheme, found);
    local_levels(scheme, found);
    references(scheme, found);
    certificate(scheme, found);
    handover(scheme, found);
}

/// The file can be matched with its receipt, and every column means one thing.
fn handover(scheme: &Scheme, found: &mut Found) {
    let Some(rule) = &scheme.handover else { return };
    let columns = &rule.columns;
    let needed =
        [(Holds::Line, "line"), (Holds::Year, "year"), (Holds::Hours, "hours"), (Holds::Paper, "paper")];
    for (holds, word) in needed {
        if columns.iter().all(|column| column.holds != holds) {
            let right = format!("请加上一列 [[handover.column]] holds = \"{word}\"");
            found.value(&rule.system, format!("移交文件没有 {word} 这一列"), right);
        }
    }
    let titles: BTreeSet<&str> = columns.iter().map(|column| column.title.as_str()).collect();
    if titles.len() < columns.len() {
        found.value(&rule.system, "移交文件有两列同名", "请改名");
    }
}

fn version(scheme: &Scheme, found: &mut Found) {
    if scheme.version().trim().is_empty() {
        found.value(
            &scheme.identity.title,
            "version 是空的",
            "请写版本号，如 version = \"1\"，每次修改都要换",
        );
    }
}

/// Teams that a school can put together are those of which the product knows what they are for.
fn teams(scheme: &Scheme, found: &mut Found) {
    for team in scheme.teams.iter().filter(|team| !TEAMS.contains(&team.key.as_str())) {
        unknown("团队", &team.key, TEAMS.into_iter(), &team.title.source.at, found);
    }
}

/// Levels that propose and accept local capabilities must be there.
fn local_levels(scheme: &Scheme, found: &mut Found) {
    let Some(rule) = &scheme.framework.local else { return };
    for key in rule.proposed_by.iter().filter(|key| scheme.tier(**key).is_none()) {
        let wrong = format!("地方能力点由 {} 提出，但方案没有这一层级", key.code());
        found.value(&rule.proposed_by, wrong, "请改用方案中的层级");
    }
    if scheme.tier(*rule.accepted_by).is_none() {
        let wrong = format!("地方能力点由 {} 审定，但方案没有这一层级", rule.accepted_by.code());
        found.value(&rule.accepted_by, wrong, "请改用方案中的层级");
    }
}

fn school_facts(scheme: &Scheme, found: &mut Found) {
    for exception in &scheme.offer.exceptions {
        if !SCHOOL_FACTS.contains(&exception.fact.as_str()) {
            let at = &exception.title.source.at;
            unknown("学校属性", &exception.fact, SCHOOL_FACTS.into_iter(), at, found);
        }
    }
}

fn once<'a>(what: &str, codes: impl Iterator<Item = (&'a str, &'a Source)>, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for (code, source) in codes {
        let valid = !code.is_empty()
            && code.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        if !valid {
            found.at(&source.at, format!("{what}的代码“{code}”不对"), "代码只用字母、数字、下划线和连字符");
        }
        if !seen.insert(code) {
            found.at(&source.at, format!("{what}“{code}”重复"), "每个代码只写一次");
        }
    }
}

fn codes_once(scheme: &Scheme, found: &mut Found) {
    let hours = &scheme.hours.categories;
    once("学时类别", hours.iter().map(|c| (c.key.as_str(), &c.title.source)), found);
    for category in hours {
        once("学时项目", category.kinds.iter().map(|k| (k.key.as_str(), &k.title.source)), found);
    }
    let framework = &scheme.framework;
    once("维度", framework.dimensions.iter().map(|d| (d.key.as_str(), &d.source)), found);
    once("环境", framework.environments.iter().map(|e| (e.key.as_str(), &e.description.source)), found);
    // Which of these stand twice was said when they were read.
    let capabilities = framework.capabilities.iter().map(|c| (c.code.as_str(), &c.source));
    once(
        "能力点",
        capabilities.chain(framework.works.iter().map(|w| (w.key.as_str(), &w.title.source))),
        found,
    );
    once("测评步骤", scheme.assessment.steps.iter().map(|s| (s.key.as_str(), &s.title.source)), found);
    once("条件", scheme.certification.gates.iter().map(|g| (g.key.as_str(), &g.title.source)), found);
    once("得分项", scheme.certification.score.iter().map(|s| (s.key.as_str(), &s.title.source)), found);
    once("目标", scheme.targets.iter().map(|t| (t.key.as_str(), &t.title.source)), found);
    once("计数", scheme.counters.iter().map(|c| (c.key.as_str(), &c.title.source)), found);
    once("团队", scheme.teams.iter().map(|t| (t.key.as_str(), &t.title.source)), found);
    once("项目", scheme.programmes.iter().map(|p| (p.key.as_str(), &p.title.source)), found);
    once("材料", scheme.documents.iter().map(|d| (d.key.as_str(), &d.title.source)), found);
    once("模板", scheme.templates.iter().map(|t| (t.key.as_str(), &t.title.source)), found);
    once("表册", scheme.registers.iter().map(|r| (r.key.as_str(), &r.title.source)), found);
    once("经费", scheme.funds.iter().map(|f| (f.key.as_str(), &f.title.source)), found);
}

fn tiers(scheme: &Scheme, found: &mut Found) {
    let title = &scheme.identity.title;
    for pair in scheme.tiers.windows(2) {
        let [upper, lower] = pair else { continue };
        if lower.key <= upper.key {
            found.value(
                &lower.title,
                format!("层级 {} 应在 {} 之上", lower.key.code(), upper.key.code()),
                "按 province、city、county、town、school 的顺序，每级一次",
            );
        }
    }
    if scheme.tier(TierKey::School).is_none_or(|school| school.optional) {
        found.value(
            title,
            "没有学校这一层级，或学校被写成可选",
            "请写 [[tier]] key = \"school\"，不写 optional",
        );
    }
    if scheme.tiers.first().is_some_and(|top| top.optional) {
        found.value(title, "最高层级不能是可选的", "删去最高层级的 optional");
    }
}

fn framework(scheme: &Scheme, found: &mut Found) {
    let framework = &scheme.framework;
    for capability in &framework.capabilities {
        if framework.dimension(&capability.dimension).is_none() {
            let known = framework.dimensions.iter().map(|d| d.key.as_str());
            unknown("维度", &capability.dimension, known, &capability.source.at, found);
        }
        if framework.environment(&capability.environment).is_none() {
            let known = framework.environments.iter().map(|e| e.key.as_str());
            unknown("环境", &capability.environment, known, &capability.source.at, found);
        }
    }
    for environment in &framework.environments {
        for fit in environment.fits.iter().filter(|fit| framework.environment(fit).is_none()) {
            let known = framework.environments.iter().map(|e| e.key.as_str());
            unknown("环境", fit, known, &environment.fits.source.at, found);
        }
    }
    for dimension in &framework.dimensions {
        if !framework.capabilities.iter().any(|capability| capability.dimension == dimension.key) {
            found.at(
                &dimension.source.at,
                format!("维度“{}”没有能力点", dimension.title),
                "删去该维度或补上能力点",
            );
        }
    }
}

fn evidence(scheme: &Scheme, found: &mut Found) {
    for capability in &scheme.framework.capabilities {
        if capability.pieces.is_empty() {
            found.at(
                &capability.source.at,
                format!("能力点 {} 没有要求任何证据", capability.code),
                format!("请写 [[evidence.piece]] of = \"{}\"", capability.code),
            );
        }
        capability.pieces.iter().for_each(|piece| piece_is_judgeable(piece, found));
    }
    for work in &scheme.framework.works {
        if work.pieces.is_empty() {
            found.value(
                &work.title,
                format!("作品“{}”没有要求任何证据", *work.title),
                format!("请写 [[evidence.piece]] of = \"{}\"", work.key),
            );
        }
        work.pieces.iter().for_each(|piece| piece_is_judgeable(piece, found));
    }
}

fn piece_is_judgeable(piece: &Piece, found: &mut Found) {
    if piece.kinds.is_empty() {
        found.at(&piece.source.at, format!("“{}”没有写可以提交什么", piece.name), "kinds 至少写一种");
    }
    if !piece.criteria.iter().any(|criterion| criterion.level == tisheng_kernel::Level::Pass) {
        found.at(&piece.source.at, format!("“{}”没有合格标准", piece.name), "pass 至少写一条");
    }
    for limit in
        [&piece.max_minutes, &piece.max_megabytes].into_iter().flatten().filter(|limit| ***limit == 0)
    {
        found.value(limit, format!("“{}”的限额为 0，什么也交不了", piece.name), "限额应不小于 1，不限则删去");
    }
}

fn references(scheme: &Scheme, found: &mut Found) {
    for gate in &scheme.certification.gates {
        if let GateKind::Work(work) = &gate.kind {
            work_exists(scheme, work, &gate.title.source.at, found);
        }
    }
    for part in &scheme.certification.score {
        let at = &part.title.source.at;
        match &part.measure {
            Measure::Work(work) => work_exists(scheme, work, at, found),
            Measure::Category(key) if scheme.hours.category(key).is_none() => {
                unknown("学时类别", key, scheme.hours.categories.iter().map(|c| c.key.as_str()), at, found);
            }
            Measure::Kind(category, kind) if scheme.hours.kind(category, kind).is_none() => {
                let kinds = scheme.hours.category(category).map(|c| c.kinds.as_slice()).unwrap_or_default();
                unknown("学时项目", kind, kinds.iter().map(|k| k.key.as_str()), at, found);
            }
            _ => {}
        }
    }
    for document in &scheme.documents {
        if let Some(template) =
            document.template.as_ref().filter(|t| !scheme.templates.iter().any(|k| k.key == **t))
        {
            unknown(
                "模板",
                template,
                scheme.templates.iter().map(|t| t.key.as_str()),
                &document.title.source.at,
                found,
            );
        }
    }
}

fn work_exists(scheme: &Scheme, work: &str, at: &Place, found: &mut Found) {
    if scheme.framework.work(work).is_none() {
        unknown("作品", work, scheme.framework.works.iter().map(|w| w.key.as_str()), at, found);
    }
}

fn unknown<'a>(what: &str, code: &str, known: impl Iterator<Item = &'a str>, at: &Place, found: &mut Found) {
    let known: Vec<&str> = known.collect();
    let right = if known.is_empty() {
        format!("请先定义{what}")
    } else {
        format!("可用的有：{}", known.join("、"))
    };
    found.at(at, format!("没有{what}“{code}”"), right);
}

fn certificate(scheme: &Scheme, found: &mut Found) {
    let rule = &scheme.certificate;
    for (value, known) in
        [(&rule.text, TEXT_PLACEHOLDERS.as_slice()), (&rule.number, NUMBER_PLACEHOLDERS.as_slice())]
    {
        for placeholder in unknown_placeholders(value, known) {
            let names: Vec<String> =
                known.iter().map(|(name, meaning)| format!("{name}（{meaning}）")).collect();
            found.value(value, format!("不认识占位符“{placeholder}”"), format!("可用：{}", names.join("、")));
        }
    }
    if !rule.text.contains("{name}") {
        found.value(&rule.text, "证书正文没有教师姓名", "请写入 {name}");
    }
    if !rule.number.contains("{sequence}") || !rule.number.contains("{year}") {
        found.value(&rule.number, "证书编号会重复", "编号须含 {year} 和 {sequence}");
    }
    if rule.number.contains("{check}") && !rule.number.ends_with("{check}") {
        found.value(&rule.number, "校验位不在编号末尾", "{check} 应写在最后");
    }
}
