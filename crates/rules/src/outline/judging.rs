//! Sentences about assessment, its safeguards and what counts as having met everything.

use super::Outline;
use crate::assessment::{Step, StepKind};
use crate::certification::{GateKind, Measure};
use crate::scheme::Scheme;
use crate::territory::TierKey;

pub(super) fn steps(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("测评");
    let rule = &scheme.assessment;
    for (index, step) in rule.steps.iter().enumerate() {
        one_step(index + 1, step, outline);
    }
    let title = |key: TierKey| scheme.tier(key).map_or("上级", |tier| tier.title.as_str()).to_owned();
    let within = format!("对结果有异议的，可在公示开始后 {} 个工作日内申诉。", *rule.appeal_within);
    outline.value("appeal.within", &rule.appeal_within, within);
    for (index, stage) in rule.appeals.iter().enumerate() {
        let last = if index + 1 == rule.appeals.len() { "，为最终结论" } else { "" };
        let sentence =
            format!("申诉第 {} 级由{}在 {} 个工作日内答复{last}。", index + 1, title(*stage.by), *stage.days);
        outline.value(format!("appeal.{}", index + 1), &stage.by, sentence);
    }
    let elsewhere: Vec<&str> = rule.panel_members_by.iter().map(|pool| pool.chinese()).collect();
    let sentence = format!("考核小组成员本人的材料由{}评审，任何人不评审自己的材料。", elsewhere.join("或"));
    outline.value("panel_members_by", &rule.panel_members_by, sentence);
    let principal = format!("校长由{}考核。", title(*rule.principal_by));
    outline.value("principal_by", &rule.principal_by, principal);
    for sampling in &rule.samplings {
        let each = if *sampling.per_school > 0 {
            format!("每校不少于 {} 人且不少于 {}%", *sampling.per_school, *sampling.percent)
        } else {
            format!("{}%", *sampling.percent)
        };
        let sentence = format!(
            "{}抽检{each}，优秀者抽检 {}%，按{}分层。",
            title(sampling.by),
            *sampling.excellent_percent,
            sampling.strata.join("、")
        );
        outline.value(format!("sampling.{}", sampling.by.code()), &sampling.percent, sentence);
    }
    for (index, consequence) in rule.consequences.iter().enumerate() {
        let sentence =
            format!("抽检推翻比例达到 {}% 的，{}。", *consequence.overturned_percent, *consequence.follows);
        outline.value(format!("consequence.{}", index + 1), &consequence.follows, sentence);
    }
}

fn one_step(number: usize, step: &Step, outline: &mut Outline) {
    let key = format!("step.{}", step.key);
    outline.value(format!("{key}.title"), &step.title, format!("第 {number} 步：{}。", *step.title));
    let days = format!("{}：{} 个工作日。", *step.title, *step.days);
    outline.value(format!("{key}.days"), &step.days, days);
    match step.kind {
        StepKind::Notice => {}
        StepKind::SelfReview => {
            outline.value(
                format!("{key}.reviewers"),
                &step.reviewers,
                format!("{}：由教师本人完成。", *step.title),
            );
        }
        StepKind::Peers | StepKind::Panel | StepKind::SpotCheck => who_judges(&key, step, outline),
    }
    outline.value(
        format!("{key}.decision"),
        &step.decision,
        format!("{}：{}。", *step.title, step.decision.chinese()),
    );
    if let Some(lapse) = &step.claim_lapses {
        let sentence = format!("{}：领取后 {} 天未评的，转给他人。", *step.title, **lapse);
        outline.value(format!("{key}.claim_lapses"), lapse, sentence);
    }
}

fn who_judges(key: &str, step: &Step, outline: &mut Outline) {
    let pools: Vec<&str> = step.drawn_from.iter().map(|pool| pool.chinese()).collect();
    let in_order = if pools.len() > 1 { "依次从" } else { "从" };
    let pools = pools.join("、");
    let sentence = format!("{}：每份材料由 {} 人评审，{in_order}{pools}产生。", *step.title, *step.reviewers);
    outline.value(format!("{key}.reviewers"), &step.reviewers, sentence);
    let blind = if *step.blind { "隐去作者姓名" } else { "不隐去作者姓名" };
    outline.value(format!("{key}.blind"), &step.blind, format!("{}：{blind}。", *step.title));
}

pub(super) fn certification(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("合格、优秀与证书");
    let rule = &scheme.certification;
    for gate in &rule.gates {
        let sentence = match &gate.kind {
            GateKind::Hours => "合格条件：总学时和各类学时达到最低要求。".to_owned(),
            GateKind::HourKinds => "合格条件：各项学时达到最低要求。".to_owned(),
            GateKind::Choice => "合格条件：选学符合要求。".to_owned(),
            GateKind::Levels => "合格条件：所选能力点全部测评合格。".to_owned(),
            GateKind::Work(work) => format!("合格条件：“{}”通过。", scheme.framework.label(work)),
        };
        outline.value(format!("gate.{}", gate.key), &gate.title, sentence);
    }
    for part in &rule.score {
        let measure = match &part.measure {
            Measure::Capabilities => "按能力点等级的平均值",
            Measure::Category(_) | Measure::Kind(..) => "按计入学时占最低学时的比例",
            Measure::Work(_) => "按作品等级",
            Measure::PeerReviews => "按时完成的互评占分到的互评的比例",
            Measure::Reported(_) => "按系统记录的应用情况",
        };
        let sentence = format!("得分（只用于排序）：{} {} 分，{measure}。", *part.title, *part.weight);
        outline.value(format!("score.{}", part.key), &part.weight, sentence);
    }
    let points = &rule.points;
    let sentence = format!("等级折算：优秀 {}，合格 {}，不合格 0。", *points.excellent, *points.pass);
    outline.value("points", &points.excellent, sentence);
    let excellent = &rule.excellent;
    let sentence = format!(
        "得分不低于 {} 且不少于 {} 个能力点优秀的，具备优秀资格。",
        *excellent.score, *excellent.capabilities
    );
    outline.value("excellent.score", &excellent.score, sentence);
    let quota = format!("优秀人数不超过本校教师的 {}%。", *excellent.quota_percent);
    outline.value("excellent.quota", &excellent.quota_percent, quota);
    let certificate = &scheme.certificate;
    outline.value("certificate.title", &certificate.title, format!("证书名称：{}。", *certificate.title));
    outline.value("certificate.text", &certificate.text, format!("证书正文：{}", *certificate.text));
    outline.value("certificate.number", &certificate.number, format!("证书编号：{}。", *certificate.number));
    outline.value("certificate.issuer", &certificate.issuer, format!("证书由{}颁发。", *certificate.issuer));
}

pub(super) fn handover(scheme: &Scheme, outline: &mut Outline) {
    let Some(rule) = &scheme.handover else { return };
    outline.heading("学时移交");
    let sentence = format!("取得证书的教师，学时按年度移交“{}”。", *rule.system);
    outline.value("handover.system", &rule.system, sentence);
    let sentence = format!("移交的学时计为“{}”。", *rule.subject);
    outline.value("handover.subject", &rule.subject, sentence);
    if let Some(bound) = &rule.per_year {
        let sentence =
            format!("每位教师每年度最多移交 {}，超出部分计入其他年度。", scheme.hours.shown(**bound));
        outline.value("handover.per_year", bound, sentence);
    }
    let titles: Vec<&str> = rule.columns.iter().map(|column| column.title.as_str()).collect();
    let sentence = format!("移交文件的列依次为：{}。", titles.join("、"));
    outline.value("handover.column", &rule.system, sentence);
}
