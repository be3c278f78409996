//! Targets of the scheme beside what is reached, and the counties that one of them counts.

use askama::Template;
use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_kernel::number::{chinese_date, percent, thousands};
use tisheng_platform::chart::bullet;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Filters, Page, Path};
use tisheng_platform::{Scope, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::{Kind, Node};
use tisheng_rules::Scheme;
use tisheng_rules::plan::{Target, TargetMeasure};

use super::{people_in, place};
use crate::monitoring::model::{Due, Figures, Stage};
use crate::monitoring::store::{self, Child};

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

/// The targets that can be measured at a node, on `day`.
pub(super) async fn targets(
    tx: &mut Tx,
    (day, rules): (NaiveDate, &Scheme),
    (programme, node): (&Programme, &Node),
    figures: &Figures,
) -> Result<Vec<TargetLine>, Failure> {
    let mut lines = Vec::new();
    for target in &rules.targets {
        match target.measure {
            TargetMeasure::TeachersFinished => {
                let (met, all) = (figures.of(Stage::Met), figures.of(Stage::Teachers));
                let counted = format!("{} / {} 名教师已达标", thousands(met), thousands(all));
                lines.push(line(target, day, (met, all), (counted, people_in(&node.id, Stage::Met.key()))));
            }
            TargetMeasure::CountiesStarted if matches!(node.kind, Kind::Province | Kind::City) => {
                let counties = store::counties(tx, programme.id, &Scope::below(&node.path)).await?;
                let begun = counties.iter().filter(|county| county.figures.have_begun()).count();
                let (begun, all) = (in_whole(begun), in_whole(counties.len()));
                let counted = format!("{begun} / {all} 个县（市、区）已有教师选学或获得学时");
                let href = format!("/monitor/{}/counties?state=begun", node.id);
                lines.push(line(target, day, (begun, all), (counted, href)));
            }
            TargetMeasure::CountiesStarted => {}
        }
    }
    Ok(lines)
}

fn in_whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn line(
    target: &Target,
    day: NaiveDate,
    (reached, all): (i64, i64),
    (counted, href): (String, String),
) -> TargetLine {
    let title = target.title.value.clone();
    let due = Due::of(target, day);
    let part = |share: u32| all * i64::from(share);
    let later: Vec<i64> = due.later.iter().map(|(_, share)| part(*share)).collect();
    let chart = bullet(&title, reached * 100, part(due.now), &later, all * 100);
    TargetLine { share: percent(reached, all), counted, href, due: in_words(&due), chart, title }
}

fn in_words(due: &Due) -> Vec<String> {
    let now = (due.now > 0).then(|| format!("现在应达到{}%（红线）", due.now));
    let later = due.later.iter().map(|(by, share)| format!("{}前应达到{share}%", chinese_date(*by)));
    now.into_iter().chain(later).collect()
}

#[derive(Template)]
#[template(path = "monitoring/pages/counties.html")]
struct CountiesPage {
    page: Page,
    counties: Vec<Child>,
    state: String,
}

impl CountiesPage {
    fn people_of(&self, node: &Id<Node>, state: &str) -> String {
        people_in(node, state)
    }
}

/// `GET /monitor/{node}/counties`: the counties below, or only those that have begun or have not.
pub(super) async fn counties(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let (node, programme) = place(&asker.ctx, &mut tx, node).await?;
    let mut counties = store::counties(&mut tx, programme.id, &Scope::below(&node.path)).await?;
    drop(tx);
    let state = filters.text("state").to_owned();
    match state.as_str() {
        "begun" => counties.retain(|county| county.figures.have_begun()),
        "not_begun" => counties.retain(|county| !county.figures.have_begun()),
        _ => {}
    }
    let page = Page::new(&asker, format!("{}：县（市、区）", node.name), "/monitor")
        .crumb(node.name.clone(), format!("/monitor/{}", node.id));
    show(&CountiesPage { page, counties, state })
}
