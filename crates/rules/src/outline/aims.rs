//! Sentences about the territory, its aims and who owes what.

use tisheng_kernel::number::chinese_date;

use super::{Outline, level, part};
use crate::plan::{
    Counter, DocumentOwed, FundRule, Reading, Register, TalentProgramme, Target, TargetMeasure, TeamRule,
};
use crate::scheme::Scheme;

pub(super) fn territory(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("方案与范围");
    let identity = &scheme.identity;
    outline.value("scheme.title", &identity.title, format!("方案名称：《{}》。", *identity.title));
    let short = format!("工程简称：{}。", *identity.short_title);
    outline.value("scheme.short_title", &identity.short_title, short);
    if let Some(number) = &identity.document_number {
        outline.value("scheme.document_number", number, format!("文号：{}。", **number));
    }
    outline.value("scheme.issuer", &identity.issuer, format!("由{}组织实施。", *identity.issuer));
    if let Some(code) = identity.territory.as_ref() {
        outline.value("scheme.territory", &identity.territory, format!("适用地区的区划代码为 {code}。"));
    }
    outline.value("scheme.covers", &identity.covers, format!("适用于{}教师。", identity.covers.join("、")));
    if let Some(period) = identity.period.as_ref() {
        let (source, from) = (&identity.period.source, [("开始", &identity.from_source)]);
        outline.joint("scheme.period", format!("自{}。", period.chinese()), source, from);
    }
    for tier in &scheme.tiers {
        let office =
            tier.office.as_ref().map(|office| format!("，办事机构为{}", **office)).unwrap_or_default();
        let optional = if tier.optional { "，可以没有" } else { "" };
        let sentence = format!("层级“{}”{office}{optional}。", *tier.title);
        let said = tier.optional_source.as_ref().map(|source| ("可以没有", source));
        let parts = part("办事机构", tier.office.as_ref()).into_iter().chain(said);
        outline.joint(format!("tier.{}", tier.key.code()), sentence, &tier.title.source, parts);
    }
}

pub(super) fn targets(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("目标");
    for target in &scheme.targets {
        one_target(target, outline);
    }
    for counter in &scheme.counters {
        one_counter(counter, outline);
    }
}

fn one_counter(counter: &Counter, outline: &mut Outline) {
    let by = counter.by.as_ref().map(|by| format!("{}前，", chinese_date(**by))).unwrap_or_default();
    let sentence = format!("{}：{by}{}达到 {}。", *counter.plan, *counter.title, counter.wanted());
    let bounds = part("上限", counter.most.as_ref()).into_iter().chain(part("期限", counter.by.as_ref()));
    let parts = [("计划", &counter.plan.source), ("内容", &counter.title.source)].into_iter().chain(bounds);
    outline.joint(format!("counter.{}", counter.key), sentence, &counter.goal.source, parts);
}

fn one_target(target: &Target, outline: &mut Outline) {
    let key = format!("target.{}", target.key);
    let reading = match *target.reading {
        Reading::OnTop => "各步骤的比例逐步相加",
        Reading::InAll => "各步骤的比例为累计数",
    };
    let measure = match target.measure {
        TargetMeasure::TeachersFinished => "按达到全部要求的教师占全体教师的比例计算",
        TargetMeasure::CountiesStarted => "按已启动的县级单位占全部县级单位的比例计算",
    };
    outline.value(key.as_str(), &target.title, format!("目标“{}”：{measure}。", *target.title));
    outline.value(format!("{key}.reading"), &target.reading, format!("目标“{}”：{reading}。", *target.title));
    for step in &target.steps {
        let sentence = format!(
            "目标“{}”：{}（{}前）{}%。",
            *target.title,
            step.title,
            chinese_date(step.by),
            *step.percent
        );
        outline.value(format!("{key}.{}", step.title), &step.percent, sentence);
    }
    if let Some(ambiguity) = &target.ambiguity {
        outline.value(format!("{key}.ambiguity"), ambiguity, format!("说明：{}", **ambiguity));
    }
}

pub(super) fn phases(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("实施阶段");
    for phase in &scheme.phases {
        let printed = phase.printed.as_ref().map(|p| format!("（原文印作“{}”）", **p)).unwrap_or_default();
        let sentence = format!(
            "{}：{}至{}{printed}。",
            *phase.title,
            chinese_date(*phase.from),
            chinese_date(*phase.until)
        );
        let parts = [("开始", &phase.from.source), ("结束", &phase.until.source)];
        let parts = parts.into_iter().chain(part("原文印法", phase.printed.as_ref()));
        outline.joint(format!("phase.{}", *phase.title), sentence, &phase.title.source, parts);
        let tasks = format!("{}任务：{}。", *phase.title, phase.tasks.join("；"));
        outline.value(format!("phase.{}.tasks", *phase.title), &phase.tasks, tasks);
    }
}

pub(super) fn teams(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("学校团队");
    for team in &scheme.teams {
        one_team(team, outline);
    }
}

fn one_team(team: &TeamRule, outline: &mut Outline) {
    let key = format!("team.{}", team.key);
    let size = match &team.maximum {
        Some(maximum) => format!("{} 至 {} 人", *team.minimum, **maximum),
        None => format!("不少于 {} 人", *team.minimum),
    };
    let least = [("最少", &team.minimum.source)];
    let parts = least.into_iter().chain(part("最多", team.maximum.as_ref()));
    outline.joint(key.as_str(), format!("{}：{size}。", *team.title), &team.title.source, parts);
    for role in &team.roles {
        let sentence = format!("{}须有{}不少于 {} 人。", *team.title, *role.title, *role.minimum);
        let least = [("人数", &role.minimum.source)];
        outline.joint(format!("{key}.{}", role.key), sentence, &role.title.source, least);
    }
}

pub(super) fn programmes(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("示范性培训项目");
    for programme in &scheme.programmes {
        one_programme(programme, outline);
    }
}

fn one_programme(programme: &TalentProgramme, outline: &mut Outline) {
    let mut sentence =
        format!("{}：对象为{}；时间为{}", *programme.title, *programme.audience, *programme.when);
    if let Some(hours) = &programme.hours {
        sentence.push_str(&format!("；{}", **hours));
    }
    match (&programme.classes, &programme.class_size) {
        (Some(classes), Some(size)) => sentence.push_str(&format!("；{} 期，每期 {} 人", **classes, **size)),
        (Some(classes), None) => sentence.push_str(&format!("；{} 期", **classes)),
        (None, Some(size)) => sentence.push_str(&format!("；{} 人", **size)),
        (None, None) => {}
    }
    if let Some(aim) = &programme.aim {
        sentence.push_str(&format!("；{}", **aim));
    }
    sentence.push('。');
    let numbers = [part("期数", programme.classes.as_ref()), part("人数", programme.class_size.as_ref())];
    let texts = [part("学时", programme.hours.as_ref()), part("目的", programme.aim.as_ref())];
    let parts = [("对象", &programme.audience.source), ("时间", &programme.when.source)].into_iter();
    let parts = parts.chain(numbers.into_iter().chain(texts).flatten());
    outline.joint(format!("programme.{}", programme.key), sentence, &programme.title.source, parts);
}

pub(super) fn documents(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("应报材料");
    for document in &scheme.documents {
        one_document(scheme, document, outline);
    }
    for template in &scheme.templates {
        let sentence = format!("《{}》的内容：{}。", *template.title, template.headings.join("；"));
        let title = [("名称", &template.title.source)];
        outline.joint(format!("template.{}", template.key), sentence, &template.headings.source, title);
    }
    for register in &scheme.registers {
        one_register(register, outline);
    }
}

fn one_document(scheme: &Scheme, document: &DocumentOwed, outline: &mut Outline) {
    let filed =
        document.filed_with.as_ref().map(|with| format!("，报{}审核备案", **with)).unwrap_or_default();
    let template = document.template.as_ref();
    let template = template.and_then(|key| scheme.templates.iter().find(|known| known.key == *key));
    let form = template.map(|known| format!("；按《{}》编写", *known.title)).unwrap_or_default();
    let sentence =
        format!("{}：由{}制定{filed}；时限：{}{form}。", *document.title, *document.owed_by, *document.due);
    let who = [("制定", &document.owed_by.source), ("时限", &document.due.source)];
    let parts = who.into_iter().chain(part("备案", document.filed_with.as_ref()));
    outline.joint(format!("document.{}", document.key), sentence, &document.title.source, parts);
}

fn one_register(register: &Register, outline: &mut Outline) {
    let copies = register.copies.as_ref().map(|n| format!("，纸质版 {} 份", **n)).unwrap_or_default();
    let due = register.due.as_ref().map(|day| format!("，{}前报送", chinese_date(**day))).unwrap_or_default();
    let closing = register.closing.as_ref().map(|c| format!("；{}", **c)).unwrap_or_default();
    let sentence = format!(
        "《{}》由{}填报{copies}{due}：人员为{}，栏目为{}{closing}。",
        *register.title,
        *register.owed_by,
        register.persons.join("、"),
        register.columns.join("、")
    );
    let form = [
        ("填报", &register.owed_by.source),
        ("人员", &register.persons.source),
        ("栏目", &register.columns.source),
    ];
    let how = [part("份数", register.copies.as_ref()), part("签章", register.closing.as_ref())];
    let how = how.into_iter().chain([part("时限", register.due.as_ref())]);
    let parts = form.into_iter().chain(how.flatten());
    outline.joint(format!("register.{}", register.key), sentence, &register.title.source, parts);
}

pub(super) fn funds(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("经费");
    for fund in &scheme.funds {
        one_fund(level(scheme, *fund.level), fund, outline);
    }
}

fn one_fund(held_by: &str, fund: &FundRule, outline: &mut Outline) {
    let only = if *fund.earmarked { "专项专用" } else { "可统筹使用" };
    let sentence = format!("{}：归{held_by}管理，{only}，用于{}。", *fund.title, fund.uses.join("、"));
    let parts = [("层级", &fund.level.source), ("专用", &fund.earmarked.source), ("用途", &fund.uses.source)];
    outline.joint(format!("fund.{}", fund.key), sentence, &fund.title.source, parts);
}

pub(super) fn duties(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("职责与其他规定");
    for responsibility in &scheme.responsibilities {
        let sentence = format!("{}：{}。", *responsibility.body, responsibility.duties.join("；"));
        let (source, body) = (&responsibility.duties.source, [("主体", &responsibility.body.source)]);
        outline.joint(format!("responsibility.{}", *responsibility.body), sentence, source, body);
    }
    for provision in &scheme.provisions {
        let sentence = format!("{}：{}", *provision.title, *provision.text);
        let (source, title) = (&provision.text.source, [("标题", &provision.title.source)]);
        outline.joint(format!("provision.{}", *provision.title), sentence, source, title);
    }
    for indicator in &scheme.indicators {
        let bonus = if indicator.bonus { "（加分）" } else { "" };
        let sentence =
            format!("评估指标“{}·{}”{} 分{bonus}。", indicator.group, *indicator.title, *indicator.points);
        let key = format!("indicator.{}.{}", indicator.group, *indicator.title);
        outline.joint(key, sentence, &indicator.points.source, [("名称", &indicator.title.source)]);
    }
}

pub(super) fn notes(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("对原文的说明");
    for (index, note) in scheme.notes.iter().enumerate() {
        outline.say(format!("note.{index}"), note.text.as_str(), &note.source);
    }
}
