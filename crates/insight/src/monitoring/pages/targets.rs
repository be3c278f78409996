//! Targets of the scheme beside what is reached: on a dashboard, and as the plan has them.

use askama::Template;
use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::chart::bullet;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Page};
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::{access, organisation};
use tisheng_rules::Scheme;
use tisheng_rules::plan::{Reading, Target};

use super::SEERS;
use crate::monitoring::life::Life;
use crate::monitoring::measure;
use crate::monitoring::model::{Due, Measured};
use crate::monitoring::store;

/// A target of the scheme beside what is reached.
pub(super) struct TargetLine {
    pub title: String,
    /// The share reached.
    pub share: String,
    /// Of what it is the share.
    pub counted: String,
    /// The rows that it counts.
    pub href: String,
    /// What is due, and when: a part of the sentence for each step.
    pub due: Vec<String>,
    pub chart: String,
}

/// What was measured, as a dashboard shows it.
pub(super) fn lines(measured: &[Measured]) -> Vec<TargetLine> {
    let line = |target: &Measured| TargetLine {
        title: target.title.clone(),
        share: target.share(),
        counted: target.counted.clone(),
        href: target.href.clone(),
        due: in_words(&target.due),
        chart: chart(target),
    };
    measured.iter().map(line).collect()
}

fn chart(target: &Measured) -> String {
    let part = |share: u32| target.all * i64::from(share);
    let later: Vec<i64> = target.due.later.iter().map(|(_, share)| part(*share)).collect();
    bullet(&target.title, target.reached * 100, part(target.due.now), &later, target.all * 100)
}

fn in_words(due: &Due) -> Vec<String> {
    let now = (due.now > 0).then(|| format!("现在应达到{}%（红线）", due.now));
    let later = due.later.iter().map(|(by, share)| format!("{}前应达到{share}%", chinese_date(*by)));
    now.into_iter().chain(later).collect()
}

/// A step of a target.
struct StepRow {
    title: String,
    by: String,
    percent: u32,
    /// What is to be reached in all by then.
    in_all: u32,
    source: String,
    /// How it stands, with the colour of the badge; empty where nobody has counted.
    state: (&'static str, &'static str),
}

/// A target with its steps.
struct TargetRow {
    title: String,
    /// What the shares are of: in all up to a day, or of each step by itself.
    caption: String,
    /// Whether each step comes on top of those before it.
    is_on_top: bool,
    steps: Vec<StepRow>,
    ambiguity: String,
    /// What is reached at the asker's node; nothing for whoever sees no figures.
    now: Option<TargetLine>,
}

/// A number to be reached.
struct CounterRow {
    plan: String,
    title: String,
    goal: String,
    by: String,
    source: String,
}

#[derive(Template)]
#[template(path = "monitoring/pages/targets.html")]
struct TargetsPage {
    page: Page,
    targets: Vec<TargetRow>,
    counters: Vec<CounterRow>,
    /// Whose figures stand beside the targets; empty for whoever sees none.
    node: String,
}

/// `GET /scheme/targets`: what the scheme wants, for everybody; what is reached, for those who see
/// figures.
pub(super) async fn page(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let (node, measured) = own(ctx, &mut tx, (&programme, &rules)).await?;
    drop(tx);
    let row = |target: &Target| {
        let found = measured.iter().find(|measured| measured.key == target.key);
        row(target, found, ctx.at.date())
    };
    let counters = rules.counters.iter().map(|counter| CounterRow {
        plan: counter.plan.value.clone(),
        title: counter.title.value.clone(),
        goal: counter.wanted(),
        by: counter.by.as_ref().map(|by| chinese_date(**by)).unwrap_or_default(),
        source: counter.goal.source.to_string(),
    });
    show(&TargetsPage {
        page: Page::new(&asker, "目标", "/scheme").crumb("实施方案与规则", "/scheme"),
        targets: rules.targets.iter().map(row).collect(),
        counters: counters.collect(),
        node,
    })
}

/// The name of the asker's node and what is measured there.
async fn own(
    ctx: &Ctx,
    tx: &mut Tx,
    (programme, rules): (&Programme, &Scheme),
) -> Result<(String, Vec<Measured>), Failure> {
    let Ok(member) = access::require(ctx, &SEERS) else { return Ok((String::new(), Vec::new())) };
    let node = organisation::visible(ctx, tx, Id::from_uuid(member.node)).await?;
    let (figures, _) = store::figures_below(tx, programme.id, &ctx.scope()).await?;
    let counties = measure::counties(tx, programme, &node, Life::Open).await?;
    let measured = measure::measured((ctx.at.date(), rules), &node, &figures, &counties);
    Ok((node.name, measured))
}

fn row(target: &Target, measured: Option<&Measured>, today: NaiveDate) -> TargetRow {
    let step = |step: &tisheng_rules::plan::TargetStep| {
        let in_all = target.percent_by(step.by);
        let state = match measured {
            Some(measured) if measured.all > 0 && measured.has(in_all) => ("good", "已达到"),
            Some(_) if step.by < today => ("bad", "逾期未达到"),
            Some(_) => ("plain", "未达到"),
            None => ("", ""),
        };
        let (title, by) = (step.title.clone(), chinese_date(step.by));
        let source = step.percent.source.to_string();
        StepRow { title, by, percent: *step.percent, in_all, source, state }
    };
    TargetRow {
        title: target.title.value.clone(),
        caption: caption(target),
        is_on_top: *target.reading == Reading::OnTop,
        steps: target.steps.iter().map(step).collect(),
        ambiguity: target.ambiguity.as_ref().map(|a| a.value.clone()).unwrap_or_default(),
        now: measured.and_then(|measured| lines(std::slice::from_ref(measured)).pop()),
    }
}

fn caption(target: &Target) -> String {
    match *target.reading {
        Reading::InAll => "截至各阶段累计应达到的比例".to_owned(),
        Reading::OnTop => {
            let total: u32 = target.steps.iter().map(|step| *step.percent).sum();
            format!("各阶段分别应完成的比例，合计 {total}%")
        }
    }
}
