//! The targets of the scheme measured, and the units that take no part.

use chrono::NaiveDate;
use tisheng_kernel::number::thousands;
use tisheng_platform::{DbError, Scope, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::{Kind, Node};
use tisheng_rules::Scheme;
use tisheng_rules::plan::{Target, TargetMeasure};

use super::life::Life;
use super::model::{Cover, Coverage, Due, Figures, Idle, Measured, Part, Stage};
use super::store::{self, Child};

/// Units of a kind that are named.
const NAMED: usize = 5;

/// The counties below a node that has some; of others none.
///
/// # Errors
/// What the database reports.
pub async fn counties(
    tx: &mut Tx,
    programme: &Programme,
    node: &Node,
    life: Life,
) -> Result<Vec<Child>, DbError> {
    match node.kind {
        Kind::Province | Kind::City => {
            store::counties(tx, programme.id, (&Scope::below(&node.path), life)).await
        }
        _ => Ok(Vec::new()),
    }
}

/// How far `counties` are covered.
#[must_use]
pub fn coverage(counties: &[Child]) -> Coverage {
    let reached = |cover: Cover| {
        let holds = |county: &&Child| Part::Has(cover).holds(&county.figures, county.doing);
        in_whole(counties.iter().filter(holds).count())
    };
    Coverage { units: in_whole(counties.len()), reached: Cover::ALL.map(reached) }
}

/// The targets that can be measured at a node, on `day`. `counties` are those below it.
#[must_use]
pub fn measured(
    (day, rules): (NaiveDate, &Scheme),
    node: &Node,
    figures: &Figures,
    counties: &[Child],
) -> Vec<Measured> {
    let place = format!("/monitor/{}", node.id);
    let of = |target: &Target| {
        let ((reached, all, unit), counted, [href, missing_href]) = match target.measure {
            TargetMeasure::TeachersFinished => {
                let (met, all) = (figures.of(Stage::Met), figures.of(Stage::Teachers));
                let counted = format!("{} / {} 名教师已达标", thousands(met), thousands(all));
                let key = Stage::Met.key();
                (
                    (met, all, "名"),
                    counted,
                    [key, &format!("not_{key}")].map(|state| format!("{place}/people?state={state}")),
                )
            }
            TargetMeasure::CountiesStarted if matches!(node.kind, Kind::Province | Kind::City) => {
                let begun = in_whole(counties.iter().filter(|county| county.figures.have_begun()).count());
                let all = in_whole(counties.len());
                let counted = format!("{begun} / {all} 个县（市、区）已有教师选学或获得学时");
                let both = [Part::Begun, Part::NotBegun];
                (
                    (begun, all, "个"),
                    counted,
                    both.map(|part| format!("{place}/counties?state={}", part.key())),
                )
            }
            TargetMeasure::CountiesStarted => return None,
        };
        let (key, title) = (target.key.clone(), target.title.value.clone());
        let due = Due::of(target, day);
        Some(Measured { key, title, reached, all, unit, counted, href, missing_href, due })
    };
    rules.targets.iter().filter_map(of).collect()
}

fn in_whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The units below a node that take no part, by kind and reason: counties and schools that have no
/// teachers, or of whose teachers none has done anything. A province looks at its counties, since its schools
/// are too many to be walked for a first page.
///
/// # Errors
/// What the database reports.
pub async fn idle(
    tx: &mut Tx,
    programme: &Programme,
    node: &Node,
    counties: &[Child],
) -> Result<Vec<Idle>, DbError> {
    let schools = match node.kind {
        Kind::City | Kind::County | Kind::Town => {
            store::idle_schools(tx, programme.id, &Scope::below(&node.path), in_whole(NAMED)).await?
        }
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for part in [Part::Empty, Part::Idle] {
        let some: Vec<&Child> =
            counties.iter().filter(|county| part.holds(&county.figures, county.doing)).collect();
        let first = some.iter().take(NAMED).map(|county| (county.id, county.name.clone())).collect();
        all.push(line(node, part, ("县（市、区）", "个", "counties"), (in_whole(some.len()), first)));
        let some: Vec<_> = schools.iter().filter(|school| school.is_empty == (part == Part::Empty)).collect();
        let first = some.iter().map(|school| (school.id, school.name.clone())).collect();
        let many = some.first().map_or(0, |school| school.many);
        all.push(line(node, part, ("学校", "所", "schools"), (many, first)));
    }
    Ok(all.into_iter().flatten().collect())
}

fn line(
    node: &Node,
    part: Part,
    (kind, unit, list): (&str, &str, &str),
    (count, first): (i64, Vec<(tisheng_kernel::Id<Node>, String)>),
) -> Option<Idle> {
    (count > 0).then(|| Idle {
        title: format!("{}的{kind}", part.title()),
        count: format!("{} {unit}", thousands(count)),
        href: format!("/monitor/{}/{list}?state={}", node.id, part.key()),
        is_more: count > in_whole(first.len()),
        first,
    })
}
