//! A synthetic province: the regions and rules of a scheme, invented schools and teachers, brought
//! in as a clerk brings them.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tisheng_platform::{App, Ctx, Member, Scope, Tx, Who};
use tisheng_policy::scheme::{self, File, Programme};
use tisheng_registry::access::Role;
use tisheng_registry::organisation::{self, Kind, Node};
use tisheng_registry::roster::samples::{
    OF_A_SCHOOL, Rehearsal, rehearse, roll_of_schools, roll_of_teachers, school_codes,
};
use tisheng_registry::samples::beginning;
use tisheng_rules::{Scheme, builtin};
use uuid::Uuid;

use super::machine::Watch;
use super::{Failed, told};
use crate::reactions;

/// Teachers of the roll that is measured by itself, once the others are there.
const LAST_ROLL: u32 = 100_000;

/// The territory that is measured.
#[derive(Debug, Clone)]
pub struct Province {
    /// The programme that runs in it.
    pub programme: Programme,
    /// Its rules.
    pub rules: Arc<Scheme>,
    /// Its highest node.
    pub root: Node,
    /// Its cities.
    pub cities: Vec<Node>,
    /// The counties of the first city.
    pub counties: Vec<Node>,
}

/// How a roll was taken.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Taken {
    /// Its rows.
    pub rows: u32,
    /// From the upload to the receipt, without the clerk's own time.
    pub time: Duration,
    /// MiB of memory of its own held at most meanwhile.
    pub memory: Option<f64>,
}

impl Taken {
    fn of(rows: u32, rehearsal: &Rehearsal, memory: Option<f64>) -> Self {
        let time = (rehearsal.check + rehearsal.take).to_std().unwrap_or_default();
        Self { rows, time, memory }
    }
}

/// How the rolls were taken.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Rolls {
    /// All schools.
    pub schools: Taken,
    /// The teachers but for the last.
    pub most: Taken,
    /// The last teachers.
    pub last: Taken,
}

/// The scheme that comes with the program for a whole province, or the one of that code.
fn files(code: Option<&str>) -> Result<Vec<File>, Failed> {
    let known = builtin::all().into_iter().map(|(code, _)| code);
    let wanted: Vec<&str> = code.map_or_else(|| known.collect(), |code| vec![code]);
    for code in wanted {
        let files = builtin::files(code).ok_or_else(|| format!("no scheme {code}"))?;
        let files: Vec<File> =
            files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let region = territory(&files)?;
        if builtin::regions().iter().any(|r| r.code.to_string() == region && r.parent.is_none()) {
            return Ok(files);
        }
    }
    Err("no scheme for a whole province".into())
}

fn territory(files: &[File]) -> Result<String, Failed> {
    let rules = Scheme::from_files(files).map_err(|problems| format!("{problems:?}"))?;
    let region = rules.identity.territory.value.as_ref().ok_or("a scheme without a territory")?;
    Ok(region.to_string())
}

impl Province {
    /// Founds the regions and opens the programme, or finds them again.
    ///
    /// # Errors
    /// What the actions report.
    pub async fn open(app: &Arc<App>, code: Option<&str>) -> Result<Self, Failed> {
        let files = files(code)?;
        let region = territory(&files)?;
        let ctx = Ctx::system(Arc::clone(app), "bench");
        let mut tx = ctx.write().await?;
        let table = builtin::regions_table();
        organisation::seed_regions(&ctx, &mut tx, table, Some(&region), beginning()).await?;
        let root = organisation::by_code(&mut tx, &region).await?.ok_or("the territory is not founded")?;
        let programme = match scheme::at(&mut tx, &root.path).await {
            Ok(programme) => programme,
            Err(_) => scheme::open(&ctx, &mut tx, (root.id, &root.path), &files).await?,
        };
        let rules = scheme::rules(app, &mut tx, &programme).await.map_err(told)?;
        let cities = below(&mut tx, &root).await?;
        let counties = match cities.first() {
            Some(city) => below(&mut tx, city).await?,
            None => Vec::new(),
        };
        tx.commit().await?;
        Ok(Self { programme, rules, root, cities, counties })
    }

    /// Takes invented schools and `count` invented teachers in.
    ///
    /// # Errors
    /// What the check or the taking says against it.
    pub async fn settle(&self, app: &Arc<App>, count: u32) -> Result<Rolls, Failed> {
        let mut counties = Vec::new();
        let mut tx = app.db.read().await?;
        for city in &self.cities {
            counties.extend(below(&mut tx, city).await?.into_iter().filter_map(|county| county.code));
        }
        drop(tx);
        let number = count.div_ceil(OF_A_SCHOOL);
        let schools = self.bring(app, ("schools", number), roll_of_schools(&counties, number)).await?;
        let codes = school_codes(app, &Scope::below(&self.root.path)).await.map_err(told)?;
        let last = LAST_ROLL.min(count / 2);
        let first = count - last;
        let most = self.bring(app, ("teachers", first), roll_of_teachers(&codes, 0, first)).await?;
        let last = self.bring(app, ("teachers", last), roll_of_teachers(&codes, first, last)).await?;
        Ok(Rolls { schools, most, last })
    }

    async fn bring(&self, app: &Arc<App>, (kind, rows): (&str, u32), file: Vec<u8>) -> Result<Taken, Failed> {
        let jobs = reactions::handlers();
        let clerk = member(Role::Province, &self.root, Uuid::nil());
        let watch = Watch::start();
        let rehearsal = rehearse(app, &jobs, &clerk, kind, file).await.map_err(told)?;
        let taken = Taken::of(rows, &rehearsal, watch.most());
        if rehearsal.tally.new != rows {
            return Err(format!("{rows} {kind} were brought, {} are new", rehearsal.tally.new).into());
        }
        Ok(taken)
    }
}

/// The regions directly below `node`.
async fn below(tx: &mut Tx, node: &Node) -> Result<Vec<Node>, Failed> {
    let mut below = organisation::children(tx, node.id).await?;
    below.retain(|child| child.kind.is_region() && child.kind != Kind::Town);
    Ok(below)
}

/// Somebody with `role` at `node`; an invented person where `person` is nil.
pub fn member(role: Role, node: &Node, person: Uuid) -> Member {
    Member {
        account: Uuid::now_v7(),
        person,
        name: "合成人员".to_owned(),
        role: role.key().to_owned(),
        role_title: role.title().to_owned(),
        node: node.id.uuid(),
        node_name: node.name.clone(),
        path: node.path.clone(),
        has_other_roles: false,
    }
}

/// The office of the territory as it asks.
pub fn office(app: &Arc<App>, root: &Node) -> Ctx {
    Ctx::new(Arc::clone(app), Who::Member(Box::new(member(Role::Province, root, Uuid::nil()))))
}
