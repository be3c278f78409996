//! The scheme in force, as everybody reads it.

use askama::Template;
use tisheng_platform::web::layout::Page;
use tisheng_platform::web::serve::download;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Filters, layout};
use tisheng_rules::Clause;

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

#[derive(Template)]
#[template(path = "scheme/pages/files.html")]
struct FilesPage {
    page: Page,
    /// Address, name, and whether it is the one shown.
    tabs: Vec<(String, String, bool)>,
    text: String,
    download: String,
}

/// `GET /scheme/files`: a file of a version, of the one in force unless `version` names another. For those
/// alone who hand in versions; everybody else reads the rules in sentences.
pub async fn files(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (_, programme) = owned(ctx, &mut tx).await?;
    let id = filters.text("version").parse().unwrap_or(programme.version);
    let version = actions::version(&mut tx, &programme, id).await?;
    let files = actions::files(&mut tx, id).await?;
    drop(tx);
    let asked = filters.text("file");
    let found = files.iter().find(|(name, _)| name == asked).or_else(|| files.first());
    let (name, text) = found.cloned().ok_or(Failure::NotFound)?;
    if filters.text("as") == "file" {
        return Ok(download(&name, "text/plain; charset=utf-8", text.into_bytes()));
    }
    layout::show(&FilesPage {
        page: Page::new(&asker, format!("规则文件（{}）", version.label), "/scheme")
            .crumb("实施方案与规则", "/scheme"),
        tabs: files.iter().map(|(one, _)| (filters.with("file", one), one.clone(), *one == name)).collect(),
        text,
        download: filters.with("as", "file"),
    })
}
