//! A territory of the demonstration: its regions, offices and schools.

use tisheng_kernel::RegionCode;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme;
use tisheng_registry::access::Role;
use tisheng_registry::organisation::{self, Kind, Node};
use tisheng_registry::samples::{Builder, Persona, beginning, hashed_password};
use tisheng_rules::{Scheme, TierKey};

use super::senders::{Territory, ToolSide};
use super::{school, study, works};
use crate::scheme_files::{SchemeFiles, no_region};

/// Counties that get schools.
const COUNTIES: usize = 2;
/// Schools of each of them.
const SCHOOLS: usize = 2;
/// People are numbered from here on in each territory, so that no two share a paper's number.
const PEOPLE: u32 = 2000;

/// Builds the territory of `scheme`, which states `rules`, the `number`th of this installation, with
/// platforms whose tool is as `side` says.
pub async fn build(
    ctx: &Ctx,
    (scheme, rules): (&SchemeFiles, &Scheme),
    number: u32,
    side: &ToolSide,
) -> Result<(Vec<Persona>, Territory), Failure> {
    let code = rules.code();
    let region = rules.identity.territory.value.as_ref().ok_or(Failure::NotFound)?.to_string();
    let mut tx = ctx.write().await?;
    organisation::seed_regions(ctx, &mut tx, &scheme.regions, Some(&region), beginning()).await?;
    let root = organisation::by_code(&mut tx, &region).await?;
    let root = root.ok_or_else(|| Failure::Internal(no_region(&region)))?;
    let programme = scheme::open(ctx, &mut tx, (root.id, &root.path), &scheme.files)
        .await
        .map_err(|e| Failure::Internal(e.to_string()))?;
    let lowest = if rules.tier(TierKey::County).is_some() { Kind::County } else { Kind::Town };
    let counties = counties(&mut tx, &root, lowest).await?;
    let towns = towns(&mut tx, rules, &counties).await?;
    tx.commit().await?;
    let below: Vec<&Node> = counties.iter().chain(towns.iter().flatten()).collect();
    let mut people = offices(ctx, code, number, &root, &below).await?;
    let mut finished = Vec::new();
    for (place, county) in counties.iter().enumerate() {
        for school in 0..SCHOOLS {
            let index = place * SCHOOLS + school;
            // The last one of a county stands in a town, where there are towns.
            let town = towns[place].as_ref().filter(|_| school == SCHOOLS - 1);
            let above = town.unwrap_or(county);
            let plan = school::Plan { code, number, index, county, above, programme: &programme, rules };
            let built = school::build(ctx, &plan).await?;
            people.extend(built.people);
            finished.extend(built.finished);
        }
    }
    // One of them still waits for the office.
    finished.pop();
    let office = people.iter().find(|one| one.node.id == root.id && one.role != Role::Auditor);
    works::certify(ctx, office.ok_or(Failure::NotFound)?, &finished).await?;
    let plan = study::Plan { code, number, root: &root, programme: &programme, rules, people: &people };
    let (lecturers, senders) = study::build(ctx, &plan, side).await?;
    people.extend(lecturers);
    Ok((people, senders))
}

/// The first counties of the territory; the first towns where the scheme has no counties.
async fn counties(tx: &mut Tx, root: &Node, lowest: Kind) -> Result<Vec<Node>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(node) = open.pop() {
        let mut below = organisation::children(tx, node.id).await?;
        below.retain(|child| child.kind.is_region());
        below.reverse();
        for child in below {
            if child.kind == lowest { found.push(child) } else { open.push(child) }
        }
        if found.len() >= COUNTIES {
            break;
        }
    }
    found.sort_by(|a, b| a.code.cmp(&b.code));
    found.truncate(COUNTIES);
    Ok(found)
}

/// The first town of each county, where the scheme has towns and the list of regions names some.
async fn towns(tx: &mut Tx, rules: &Scheme, counties: &[Node]) -> Result<Vec<Option<Node>>, Failure> {
    let mut first = Vec::new();
    for county in counties {
        let below = organisation::children(tx, county.id).await?;
        let town = below.into_iter().find(|child| child.kind == Kind::Town);
        first.push(town.filter(|_| rules.tier(TierKey::Town).is_some()));
    }
    Ok(first)
}

/// An office at every place of `below` and at those above the first of them.
async fn offices(
    ctx: &Ctx,
    code: &str,
    number: u32,
    root: &Node,
    below: &[&Node],
) -> Result<Vec<Persona>, Failure> {
    let hashed = hashed_password().await?;
    let short = short(code);
    let mut tx = ctx.write().await?;
    let above = match below.first() {
        Some(county) => organisation::ancestors(&mut tx, &county.path).await?,
        None => Vec::new(),
    };
    let mut builder = Builder::new(ctx, &mut tx, hashed, number * PEOPLE);
    let mut people = Vec::new();
    for node in above.iter().chain(below.iter().copied()) {
        let role = match node.kind {
            Kind::Province => Role::Province,
            Kind::City => Role::City,
            Kind::Town => Role::Town,
            _ => Role::County,
        };
        let login = format!("{short}.{}.{}", role.key(), node.code.as_deref().unwrap_or("0"));
        people.push(builder.official("演示办公室", &login, role, node).await?);
    }
    let auditor = format!("{short}.auditor");
    people.push(builder.official("演示审计", &auditor, Role::Auditor, root).await?);
    if let Some(county) = below.first() {
        let expert = format!("{short}.expert");
        people.push(builder.official("演示专家", &expert, Role::Expert, county).await?);
    }
    let evaluator = format!("{short}.evaluator");
    people.push(builder.official("演示评估员", &evaluator, Role::Evaluator, root).await?);
    tx.commit().await?;
    Ok(people)
}

/// What logins of a territory begin with.
pub fn short(code: &str) -> &str {
    code.split('-').next().unwrap_or(code)
}

/// The number of the first who acts for an institution.
pub const fn first_lecturer(number: u32) -> u32 {
    number * PEOPLE + 50
}

/// The number of the first person of a school.
pub fn first_person(number: u32, index: usize) -> u32 {
    number * PEOPLE + 100 + u32::try_from(index).unwrap_or(0) * 100
}

/// The code of a school, made from that of its county.
pub fn school_code(county: &Node, index: usize) -> String {
    let region = county.code.as_deref().and_then(|code| code.parse::<RegionCode>().ok());
    let region = region.map_or_else(|| "880000".to_owned(), |code| code.to_string());
    format!("{}{:0width$}", &region[..6], 9001 + index, width = 4)
}
