//! The scheme in force, as everybody reads it.

use askama::Template;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::layout::Page;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Filters, layout};
use tisheng_rules::Clause;
use tisheng_rules::plan::{Reading, Target};

use super::super::actions::{self, current, owned};
use super::super::force;
use super::super::rulebook::rules;

/// The clauses under one heading.
struct Chapter {
    heading: &'static str,
    clauses: Vec<Clause>,
}

#[derive(Template)]
#[template(path = "scheme/pages/rules.html")]
struct RulesPage {
    page: Page,
    title: String,
    issuer: String,
    number: String,
    version: String,
    in_force: String,
    words: String,
    chapters: Vec<Chapter>,
    may_change: bool,
    /// What there is to say of a version that waits or is new.
    news: Option<String>,
}

/// `GET /scheme`: every rule in a sentence with its source.
pub async fn show(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = current(ctx, &mut tx).await?;
    let scheme = rules(&ctx.app, &mut tx, &programme).await?;
    let version = actions::version(&mut tx, &programme, programme.version).await?;
    let may_change = owned(ctx, &mut tx).await.is_ok();
    let news = force::told(ctx, &mut tx, &programme).await?;
    let words = filters.text("q");
    let mut chapters: Vec<Chapter> = Vec::new();
    for clause in scheme.clauses() {
        if !clause.sentence.contains(words) && !clause.heading.contains(words) {
            continue;
        }
        if chapters.last().map(|chapter| chapter.heading) != Some(clause.heading) {
            chapters.push(Chapter { heading: clause.heading, clauses: Vec::new() });
        }
        if let Some(chapter) = chapters.last_mut() {
            chapter.clauses.push(clause);
        }
    }
    layout::show(&RulesPage {
        page: Page::new(&asker, "实施方案与规则", "/scheme"),
        title: scheme.identity.title.value.clone(),
        issuer: scheme.identity.issuer.value.clone(),
        number: scheme.identity.document_number.as_ref().map(|n| n.value.clone()).unwrap_or_default(),
        version: version.label,
        in_force: version.in_force_at.map(|at| at.chinese()).unwrap_or_default(),
        words: words.to_owned(),
        chapters,
        may_change,
        news,
    })
}

/// A target with its steps.
struct TargetRow {
    title: String,
    /// What the shares are of: in all up to a day, or of each step by itself.
    caption: String,
    steps: Vec<(String, String, u32, String)>,
    ambiguity: String,
}

/// A number to be reached.
struct CounterRow {
    plan: String,
    title: String,
    goal: u32,
    by: String,
    source: String,
}

#[derive(Template)]
#[template(path = "scheme/pages/targets.html")]
struct TargetsPage {
    page: Page,
    targets: Vec<TargetRow>,
    counters: Vec<CounterRow>,
}

/// `GET /scheme/targets`
pub async fn targets(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = current(ctx, &mut tx).await?;
    let scheme = rules(&ctx.app, &mut tx, &programme).await?;
    let targets = scheme.targets.iter().map(|target| TargetRow {
        title: target.title.value.clone(),
        caption: caption(target),
        steps: target
            .steps
            .iter()
            .map(|s| (s.title.clone(), chinese_date(s.by), *s.percent, s.percent.source.to_string()))
            .collect(),
        ambiguity: target.ambiguity.as_ref().map(|a| a.value.clone()).unwrap_or_default(),
    });
    let counters = scheme.counters.iter().map(|counter| CounterRow {
        plan: counter.plan.value.clone(),
        title: counter.title.value.clone(),
        goal: *counter.goal,
        by: counter.by.as_ref().map(|by| chinese_date(**by)).unwrap_or_default(),
        source: counter.goal.source.to_string(),
    });
    layout::show(&TargetsPage {
        page: Page::new(&asker, "目标", "/scheme").crumb("实施方案与规则", "/scheme"),
        targets: targets.collect(),
        counters: counters.collect(),
    })
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

#[derive(Template)]
#[template(path = "scheme/pages/files.html")]
struct FilesPage {
    page: Page,
    files: Vec<(String, String)>,
}

/// `GET /scheme/files`: the text of a version's files, of the one in force unless `version` names
/// another. What was never in force is for the owner alone.
pub async fn files(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = current(ctx, &mut tx).await?;
    let id = filters.text("version").parse().unwrap_or(programme.version);
    let version = actions::version(&mut tx, &programme, id).await?;
    if version.in_force_at.is_none() {
        owned(ctx, &mut tx).await?;
    }
    let files = actions::files(&mut tx, id).await?;
    layout::show(&FilesPage {
        page: Page::new(&asker, format!("规则文件（{}）", version.label), "/scheme")
            .crumb("实施方案与规则", "/scheme"),
        files,
    })
}
