//! Sentences about assessment, its safeguards and what counts as having met everything.

use super::{Outline, level};
use crate::assessment::{SamplingRule, Step, StepKind};
use crate::certification::{CertificationRule, GateKind, Measure};
use crate::handover::{HandoverRule, When};
use crate::scheme::Scheme;

pub(super) fn steps(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("测评");
    let rule = &scheme.assessment;
    for (index, step) in rule.steps.iter().enumerate() {
        one_step(index + 1, step, outline);
    }
    let within = format!("对结果有异议的，可在公示开始后 {} 个工作日内申诉。", *rule.appeal_within);
    outline.value("appeal.within", &rule.appeal_within, within);
    for (index, stage) in rule.appeals.iter().enumerate() {
        let last = if index + 1 == rule.appeals.len() { "，为最终结论" } else { "" };
        let by = level(scheme, *stage.by);
        let sentence = format!("申诉第 {} 级由{by}在 {} 个工作日内答复{last}。", index + 1, *stage.days);
        let days = [("时限", &stage.days.source)];
        outline.joint(format!("appeal.{}", index + 1), sentence, &stage.by.source, days);
    }
    let elsewhere: Vec<&str> = rule.panel_members_by.iter().map(|pool| pool.chinese()).collect();
    let sentence = format!("考核小组成员本人的材料由{}评审，任何人不评审自己的材料。", elsewhere.join("或"));
    outline.value("panel_members_by", &rule.panel_members_by, sentence);
    let principal = format!("校长由{}考核。", level(scheme, *rule.principal_by));
    outline.value("principal_by", &rule.principal_by, principal);
    for sampling in &rule.samplings {
        one_sampling(level(scheme, sampling.by), sampling, outline);
    }
    for (index, consequence) in rule.consequences.iter().enumerate() {
        let sentence =
            format!("抽检推翻比例达到 {}% 的，{}。", *consequence.overturned_percent, *consequence.follows);
        let share = [("比例", &consequence.overturned_percent.source)];
        outline.joint(format!("consequence.{}", index + 1), sentence, &consequence.follows.source, share);
    }
}

fn one_sampling(by: &str, sampling: &SamplingRule, outline: &mut Outline) {
    let key = format!("sampling.{}", sampling.by.code());
    let each = if *sampling.per_school > 0 {
        format!("每校不少于 {} 人且不少于 {}%", *sampling.per_school, *sampling.percent)
    } else {
        format!("{}%", *sampling.percent)
    };
    let per_school = [("每校人数", &sampling.per_school.source)];
    outline.joint(key.as_str(), format!("{by}抽检{each}。"), &sampling.percent.source, per_school);
    let excellent = format!("{by}对优秀者抽检 {}%。", *sampling.excellent_percent);
    outline.value(format!("{key}.excellent"), &sampling.excellent_percent, excellent);
    let strata = format!("{by}抽检按{}分层。", sampling.strata.join("、"));
    outline.value(format!("{key}.strata"), &sampling.strata, strata);
}

fn one_step(number: usize, step: &Step, outline: &mut Outline) {
    let key = format!("step.{}", step.key);
    let kind = match step.kind {
        StepKind::SelfReview => "教师自评",
        StepKind::Peers => "同行互评",
        StepKind::Panel => "考核小组评审",
        StepKind::Notice => "公示，听取异议",
        StepKind::SpotCheck => "抽取一部分再次评审",
    };
    let title = format!("第 {number} 步：{}（{kind}）。", *step.title);
    outline.value(format!("{key}.title"), &step.title, title);
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
    let drawn = [("范围", &step.drawn_from.source)];
    outline.joint(format!("{key}.reviewers"), sentence, &step.reviewers.source, drawn);
    let blind = if *step.blind { "隐去作者姓名" } else { "不隐去作者姓名" };
    outline.value(format!("{key}.blind"), &step.blind, format!("{}：{blind}。", *step.title));
}

pub(super) fn certification(scheme: &Scheme, outline: &mut Outline) {
    outline.heading("合格、优秀与证书");
    let rule = &scheme.certification;
    gates(scheme, rule, outline);
    score(scheme, rule, outline);
    let points = &rule.points;
    let sentence = format!("等级折算：优秀 {}，合格 {}，不合格 0。", *points.excellent, *points.pass);
    outline.joint("points", sentence, &points.excellent.source, [("合格", &points.pass.source)]);
    let excellent = &rule.excellent;
    let sentence = format!(
        "得分不低于 {} 且不少于 {} 个能力点优秀的，具备优秀资格。",
        *excellent.score, *excellent.capabilities
    );
    let capabilities = [("个数", &excellent.capabilities.source)];
    outline.joint("excellent.score", sentence, &excellent.score.source, capabilities);
    let quota = format!("优秀人数不超过本校教师的 {}%。", *excellent.quota_percent);
    outline.value("excellent.quota", &excellent.quota_percent, quota);
    let certificate = &scheme.certificate;
    outline.value("certificate.title", &certificate.title, format!("证书名称：{}。", *certificate.title));
    outline.value("certificate.text", &certificate.text, format!("证书正文：{}", *certificate.text));
    outline.value("certificate.number", &certificate.number, format!("证书编号：{}。", *certificate.number));
    outline.value("certificate.issuer", &certificate.issuer, format!("证书由{}颁发。", *certificate.issuer));
}

fn gates(scheme: &Scheme, rule: &CertificationRule, outline: &mut Outline) {
    for gate in &rule.gates {
        let wanted = match &gate.kind {
            GateKind::Hours => "总学时和各类学时达到最低要求".to_owned(),
            GateKind::HourKinds => "各项学时达到最低要求".to_owned(),
            GateKind::Choice => "选学符合要求".to_owned(),
            GateKind::Levels => "所选能力点全部测评合格".to_owned(),
            GateKind::Work(work) => format!("“{}”通过", scheme.framework.label(work)),
        };
        let sentence = format!("合格条件“{}”：{wanted}。", *gate.title);
        outline.value(format!("gate.{}", gate.key), &gate.title, sentence);
    }
}

fn score(scheme: &Scheme, rule: &CertificationRule, outline: &mut Outline) {
    let category =
        |key: &str| scheme.hours.category(key).map(|known| known.title.as_str()).unwrap_or_default();
    let kind = |of: &str, key: &str| {
        let known = scheme.hours.kind(of, key).map(|known| known.title.as_str());
        format!("{}·{}", category(of), known.unwrap_or_default())
    };
    for part in &rule.score {
        let measure = match &part.measure {
            Measure::Capabilities => "按能力点等级的平均值".to_owned(),
            Measure::Category(of) => format!("按“{}”计入学时占最低学时的比例", category(of)),
            Measure::Kind(of, key) => format!("按“{}”计入学时占最低学时的比例", kind(of, key)),
            Measure::Work(of) => format!("按作品“{}”的等级", scheme.framework.label(of)),
            Measure::PeerReviews => "按时完成的互评占分到的互评的比例".to_owned(),
            Measure::Reported(of) => format!("按系统记录的应用情况（数据代码 {of}）"),
        };
        let sentence = format!("得分（只用于排序）：{} {} 分，{measure}。", *part.title, *part.weight);
        let title = [("名称", &part.title.source)];
        outline.joint(format!("score.{}", part.key), sentence, &part.weight.source, title);
    }
}

pub(super) fn handover(scheme: &Scheme, outline: &mut Outline) {
    let Some(rule) = &scheme.handover else { return };
    outline.heading("学时移交");
    let sentence = format!("学时按年度移交“{}”。", *rule.system);
    outline.value("handover.system", &rule.system, sentence);
    let sentence = match *rule.when {
        When::Certified => "教师取得证书以后移交。",
        When::YearEnd => "每个年度结束以后移交这一年度的学时，不论是否已取得证书。",
    };
    outline.value("handover.when", &rule.when, sentence);
    let sentence = format!("移交的学时计为“{}”。", *rule.subject);
    outline.value("handover.subject", &rule.subject, sentence);
    if let Some(bound) = &rule.per_year {
        let sentence =
            format!("每位教师每年度最多移交 {}，超出部分计入其他年度。", scheme.hours.shown(**bound));
        outline.value("handover.per_year", bound, sentence);
    }
    columns(rule, outline);
}

fn columns(rule: &HandoverRule, outline: &mut Outline) {
    for (index, column) in rule.columns.iter().enumerate() {
        let sentence =
            format!("移交文件第 {} 列为“{}”，填写{}。", index + 1, column.title, column.holds.chinese());
        outline.say(format!("handover.column.{}", column.title), sentence, &column.source);
    }
}
