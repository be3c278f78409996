//! In what a version differs from the one that it takes the place of.

use askama::Template;
use chrono::TimeDelta;
use tisheng_kernel::Id;
use tisheng_platform::web::layout::Page;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, layout};
use tisheng_platform::{Ctx, Tx};
use tisheng_rules::{Difference, diff};

use super::super::actions::{current, owned};
use super::super::due::{self, in_force_at};
use super::super::model::{Programme, State, Version};
use super::super::rulebook::rules_of;
use super::super::store;

/// A clause that differs.
pub struct DifferenceRow {
    pub heading: &'static str,
    pub kind: &'static str,
    pub before: String,
    pub after: String,
    pub source: String,
}

impl From<&Difference> for DifferenceRow {
    fn from(difference: &Difference) -> Self {
        let (clause, kind, before, after) = match difference {
            Difference::Added(clause) => (clause, "新增", String::new(), clause.sentence.clone()),
            Difference::Removed(clause) => (clause, "删去", clause.sentence.clone(), String::new()),
            Difference::Changed { from, to } => (to, "修改", from.sentence.clone(), to.sentence.clone()),
        };
        Self { heading: clause.heading, kind, before, after, source: clause.source.clone() }
    }
}

/// A version beside another, as shown.
#[derive(Default)]
pub struct Compared {
    /// What it is compared with, in words; empty for the first version there ever was.
    pub against: String,
    /// Clause by clause, in the order of the rules.
    pub rows: Vec<DifferenceRow>,
}

impl Compared {
    /// `version`, which is one of `all` of the programme, beside the one that it takes or took the
    /// place of.
    pub async fn of(
        ctx: &Ctx,
        tx: &mut Tx,
        programme: &Programme,
        all: &[Version],
        version: &Version,
    ) -> Result<Self, Failure> {
        let (against, base) = base_of(all, version, programme);
        let Some(base) = base else { return Ok(Self { against, rows: Vec::new() }) };
        let before = rules_of(&ctx.app, tx, base).await?;
        let after = rules_of(&ctx.app, tx, version.id).await?;
        Ok(Self { against, rows: diff(&before, &after).iter().map(DifferenceRow::from).collect() })
    }
}

/// With what a version is compared: a draft with the one in force, one that is or was in force
/// with the one that it took the place of.
fn base_of(all: &[Version], version: &Version, programme: &Programme) -> (String, Option<Id<Version>>) {
    let Some(since) = version.in_force_at else {
        return ("现行版本".to_owned(), Some(programme.version));
    };
    match in_force_at(all, since + TimeDelta::microseconds(-1)) {
        Some(before) => (format!("前一版本 {}", before.label), Some(before.id)),
        None => (String::new(), None),
    }
}

#[derive(Template)]
#[template(path = "scheme/pages/news.html")]
struct NewsPage {
    page: Page,
    /// What there is to say; empty when the rules have not changed lately.
    sentence: String,
    /// Whether it still waits for its day.
    waits: bool,
    compared: Compared,
    /// The page of the version, for the office that owns it.
    version: Option<String>,
}

/// `GET /scheme/news`: what changes or has changed in the rules, for everybody who works by them.
pub async fn news(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = current(ctx, &mut tx).await?;
    let all = store::versions(&mut tx, programme.id).await?;
    let page = Page::new(&asker, "规则的变化", "/scheme").crumb("实施方案与规则", "/scheme");
    let Some((version, sentence)) = due::news(&all, ctx.at) else {
        let (sentence, compared) = (String::new(), Compared::default());
        return layout::show(&NewsPage { page, sentence, waits: false, compared, version: None });
    };
    let compared = Compared::of(ctx, &mut tx, &programme, &all, version).await?;
    let owns = owned(ctx, &mut tx).await.is_ok();
    layout::show(&NewsPage {
        page,
        sentence,
        waits: version.state == State::Waiting,
        compared,
        version: owns.then(|| format!("/scheme/versions/{}", version.id)),
    })
}
