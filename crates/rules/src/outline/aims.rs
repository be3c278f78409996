//! Sentences about the territory, its aims and who owes what.

use tisheng_kernel::number::chinese_date;

use super::Outline;
use crate::plan::{Reading, Target};
use crate::scheme::Scheme;

pub(super) fn territory(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("方案与范围");
    let identity = &scheme.identity;
    let number = identity.document_number.as_ref().map(|n| format!("（{}）", **n)).unwrap_or_default();
    outline.value("scheme.title", &identity.title, format!("方案名称：《{}》{number}。", *identity.title));
    outline.value("scheme.issuer", &identity.issuer, format!("由{}组织实施。", *identity.issuer));
    if let Some(code) = identity.territory.as_ref() {
        outline.value("scheme.territory", &identity.territory, format!("适用地区的区划代码为 {code}。"));
    }
    outline.value("scheme.covers", &identity.covers, format!("适用于{}教师。", identity.covers.join("、")));
    if let Some(period) = identity.period.as_ref() {
        outline.value("scheme.period", &identity.period, format!("自{}。", period.chinese()));
    }
    for tier in &scheme.tiers {
        let office =
            tier.office.as_ref().map(|office| format!("，办事机构为{}", **office)).unwrap_or_default();
        let optional = if tier.optional { "，可以没有" } else { "" };
        outline.value(
            format!("tier.{}", tier.key.code()),
            &tier.title,
            format!("层级“{}”{office}{optional}。", *tier.title),
        );
    }
}

pub(super) fn targets(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("目标");
    for target in &scheme.targets {
        one_target(target, outline);
    }
    for counter in &scheme.counters {
        let by = counter.by.as_ref().map(|by| format!("{}前，", chinese_date(**by))).unwrap_or_default();
        let sentence = format!("{}：{by}{}达到 {}。", *counter.plan, *counter.title, *counter.goal);
        outline.value(format!("counter.{}", counter.key), &counter.goal, sentence);
    }
}

fn one_target(target: &Target, outline: &mut Outline) {
    let key = format!("target.{}", target.key);
    let reading = match *target.reading {
        Reading::OnTop => "各步骤的比例逐步相加",
        Reading::InAll => "各步骤的比例为累计数",
    };
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
        outline.value(format!("phase.{}", *phase.title), &phase.until, sentence);
        let tasks = format!("{}任务：{}。", *phase.title, phase.tasks.join("；"));
        outline.value(format!("phase.{}.tasks", *phase.title), &phase.tasks, tasks);
    }
}

pub(super) fn teams(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("学校团队");
    for team in &scheme.teams {
        let size = match &team.maximum {
            Some(maximum) => format!("{} 至 {} 人", *team.minimum, **maximum),
            None => format!("不少于 {} 人", *team.minimum),
        };
        outline.value(format!("team.{}", team.key), &team.minimum, format!("{}：{size}。", *team.title));
        for role in &team.roles {
            let sentence = format!("{}须有{}不少于 {} 人。", *team.title, *role.title, *role.minimum);
            outline.value(format!("team.{}.{}", team.key, role.key), &role.title, sentence);
        }
    }
}

pub(super) fn programmes(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("示范性培训项目");
    for programme in &scheme.programmes {
        let mut sentence =
            format!("{}：对象为{}；时间为{}", *programme.title, *programme.audience, *programme.when);
        if let Some(hours) = &programme.hours {
            sentence.push_str(&format!("；{}", **hours));
        }
        match (&programme.classes, &programme.class_size) {
            (Some(classes), Some(size)) => {
                sentence.push_str(&format!("；{} 期，每期 {} 人", **classes, **size))
            }
            (None, Some(size)) => sentence.push_str(&format!("；{} 人", **size)),
            _ => {}
        }
        if let Some(aim) = &programme.aim {
            sentence.push_str(&format!("；{}", **aim));
        }
        sentence.push('。');
        outline.value(format!("programme.{}", programme.key), &programme.title, sentence);
    }
}

pub(super) fn documents(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("应报材料");
    for document in &scheme.documents {
        let filed =
            document.filed_with.as_ref().map(|with| format!("，报{}审核备案", **with)).unwrap_or_default();
        let sentence =
            format!("{}：由{}制定{filed}；时限：{}。", *document.title, *document.owed_by, *document.due);
        outline.value(format!("document.{}", document.key), &document.title, sentence);
    }
    for template in &scheme.templates {
        let sentence = format!("《{}》的内容：{}。", *template.title, template.headings.join("；"));
        outline.value(format!("template.{}", template.key), &template.headings, sentence);
    }
    for register in &scheme.registers {
        let copies = register.copies.as_ref().map(|n| format!("，纸质版 {} 份", **n)).unwrap_or_default();
        let due =
            register.due.as_ref().map(|day| format!("，{}前报送", chinese_date(**day))).unwrap_or_default();
        let closing = register.closing.as_ref().map(|c| format!("；{}", **c)).unwrap_or_default();
        let sentence = format!(
            "《{}》由{}填报{copies}{due}：人员为{}，栏目为{}{closing}。",
            *register.title,
            *register.owed_by,
            register.persons.join("、"),
            register.columns.join("、")
        );
        outline.value(format!("register.{}", register.key), &register.title, sentence);
    }
}

pub(super) fn funds(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("经费");
    for fund in &scheme.funds {
        let only = if *fund.earmarked { "专项专用" } else { "可统筹使用" };
        let sentence = format!("{}：{only}，用于{}。", *fund.title, fund.uses.join("、"));
        outline.value(format!("fund.{}", fund.key), &fund.title, sentence);
    }
}

pub(super) fn duties(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("职责与其他规定");
    for responsibility in &scheme.responsibilities {
        let sentence = format!("{}：{}。", *responsibility.body, responsibility.duties.join("；"));
        outline.value(format!("responsibility.{}", *responsibility.body), &responsibility.duties, sentence);
    }
    for provision in &scheme.provisions {
        let sentence = format!("{}：{}", *provision.title, *provision.text);
        outline.value(format!("provision.{}", *provision.title), &provision.text, sentence);
    }
    for indicator in &scheme.indicators {
        let bonus = if indicator.bonus { "（加分）" } else { "" };
        let sentence =
            format!("评估指标“{}·{}”{} 分{bonus}。", indicator.group, *indicator.title, *indicator.points);
        outline.value(
            format!("indicator.{}.{}", indicator.group, *indicator.title),
            &indicator.points,
            sentence,
        );
    }
}

pub(super) fn notes(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("对原文的说明");
    for (index, note) in scheme.notes.iter().enumerate() {
        outline.say(format!("note.{index}"), note.text.as_str(), &note.source);
    }
}
