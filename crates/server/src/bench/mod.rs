//! `tisheng bench`: a synthetic province, and how fast the platform is in it.
//!
//! The province is filled through the rooms' own doors: schools and teachers as rolls that a clerk
//! brings, everything after them in bulk. Pages are then asked for over HTTP from a process of its
//! own that serves the same data. Only ratios within one run compare machines; see `docs/figures.md`.

mod api;
mod bare;
mod bare_hours;
mod client;
mod learning;
mod load;
mod machine;
mod pages;
mod province;
mod records;
mod report;
mod served;
mod store;
mod work;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};
use tisheng_platform::config::Settings;
use tisheng_platform::db::Engine;
use tisheng_platform::web::Failure;
use tisheng_platform::{App, jobs};
use tisheng_typeset::Fonts;

use crate::{Ended, assembly, reactions};
use machine::MIB;
use pages::Visitors;
use province::{Province, Rolls};
use report::{Curve, Figure, Goal, Report};
use served::Served;

/// Remembers in the data folder that it is filled.
const FILLED: &str = "bench.json";

/// Why a run ended early: a sentence for whoever ordered it.
type Failed = Box<dyn std::error::Error + Send + Sync>;

/// A part of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// A province with its teachers, and their pages.
    Province,
    /// The record store with its statements.
    Xapi,
    /// Hours that a platform reports by the API.
    Api,
}

/// What is measured.
#[derive(Debug, Clone, Args)]
pub struct Order {
    /// Which part.
    #[arg(long, value_enum, default_value_t = Part::Province)]
    part: Part,
    /// How many statements the record store has.
    #[arg(long, default_value_t = 100_000)]
    statements: u64,
    /// How many rows of hours are reported by the API.
    #[arg(long, default_value_t = 20_000)]
    rows: u64,
    /// How many teachers the province has. Several sizes, with commas between, are measured one after
    /// the other, and what each figure comes to with the teachers is shown.
    #[arg(
        long = "teachers",
        default_value = "10000",
        value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(100..=8_000_000)
    )]
    sizes: Vec<u32>,
    /// The size that is measured now.
    #[arg(skip)]
    teachers: u32,
    /// The same seed fills the same province.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The scheme of the province; the first for a whole province where none is named.
    #[arg(long)]
    scheme: Option<String>,
    /// An empty PostgreSQL database; without it SQLite in the data folder.
    #[arg(long)]
    database: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// What is known of a data folder that was filled before.
#[derive(Debug, Serialize, Deserialize)]
struct Filled {
    teachers: u32,
    seed: u64,
    rolls: Rolls,
    entries: u64,
    learning: Duration,
}

/// Fills a province, unless the data folder holds it already, and measures it. A folder that was
/// named is kept, any other removed.
pub async fn command(order: &Order, data: Option<&Path>) -> Ended {
    let own = std::env::temp_dir().join(format!("tisheng-bench-{}", std::process::id()));
    let folder = data.map_or_else(|| own.clone(), Path::to_owned);
    let measured = curve(order, &folder).await;
    if data.is_none() {
        std::fs::remove_dir_all(&own)?;
    }
    let curve = measured?;
    match (order.json, curve.sizes.as_slice()) {
        (true, [one]) => println!("{}", serde_json::to_string_pretty(one)?),
        (true, _) => println!("{}", serde_json::to_string_pretty(&curve)?),
        (false, _) => print!("{curve}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Measures each size that was ordered, the smallest first: one in the folder itself, several in a folder
/// of their own each.
async fn curve(order: &Order, folder: &Path) -> Result<Curve, Failed> {
    let mut wanted = order.sizes.clone();
    wanted.sort_unstable();
    wanted.dedup();
    let several = wanted.len() > 1;
    if several && (order.part != Part::Province || order.database.is_some()) {
        return Err("several sizes are measured of provinces on SQLite; with --database name one size".into());
    }
    let mut sizes = Vec::new();
    for teachers in wanted {
        let folder = if several { folder.join(teachers.to_string()) } else { folder.to_owned() };
        sizes.push(measure(&Order { teachers, ..order.clone() }, &folder).await?);
    }
    Ok(Curve { sizes })
}

/// A failure of an action in words.
fn told(failure: Failure) -> Failed {
    format!("{failure:?}").into()
}

async fn open(order: &Order, folder: &Path) -> Result<Arc<App>, Failed> {
    // Only what the command line says: a configuration lying about may name data that matter.
    let mut settings = Settings::default();
    settings.set("--data", "data.folder", folder.display().to_string())?;
    if let Some(url) = &order.database {
        settings.set("--database", "data.database", url.clone())?;
    }
    assembly::open(settings.finish()?).await
}

async fn measure(order: &Order, folder: &Path) -> Result<Report, Failed> {
    let app = open(order, folder).await?;
    if order.part == Part::Xapi {
        let figures = records::measure(&app, order, folder).await?;
        return report(&app, (0, order.statements), figures);
    }
    if order.part == Part::Api {
        let figures = api::measure(&app, order, folder).await?;
        return report(&app, (order.teachers, 0), figures);
    }
    let mark = folder.join(FILLED);
    let known = match std::fs::read_to_string(&mark) {
        Ok(text) => Some(serde_json::from_str::<Filled>(&text)?),
        Err(_) => None,
    };
    let nodes = store::nodes(&mut app.db.read().await?).await?;
    let filled = match known {
        Some(known) if (known.teachers, known.seed) != (order.teachers, order.seed) => {
            return Err(
                format!("{} holds {} teachers of another run", folder.display(), known.teachers).into()
            );
        }
        Some(known) => known,
        None if nodes > 0 => return Err("the database is not empty; the bench fills one of its own".into()),
        None => {
            let filled = fill(&app, order).await?;
            std::fs::write(&mark, serde_json::to_string(&filled)?)?;
            filled
        }
    };
    let province = Province::open(&app, order.scheme.as_deref()).await?;
    let mut figures = rolls(&app, &filled).await?;
    note("who has met everything");
    figures.extend(work::standings(&app, &province).await?);
    figures.push(work::figures(&app, &province).await?);
    note("certificates");
    figures.extend(work::certificates(&app, &province).await?);
    // What the work has left to be done would otherwise be done while pages are measured.
    jobs::run_due(&app, &reactions::handlers()).await?;
    note("pages");
    figures.extend(served(&app, &province, order, folder).await?);
    report(&app, (order.teachers, 0), figures)
}

fn report(app: &App, (teachers, statements): (u32, u64), figures: Vec<Figure>) -> Result<Report, Failed> {
    Ok(Report {
        teachers,
        statements,
        engine: match app.db.engine() {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        },
        processors: std::thread::available_parallelism()?.get(),
        figures,
    })
}

/// Says on standard error what is going on.
fn note(what: &str) {
    eprintln!("tisheng bench: {what}");
}

async fn fill(app: &Arc<App>, order: &Order) -> Result<Filled, Failed> {
    let province = Province::open(app, order.scheme.as_deref()).await?;
    note("rolls of schools and teachers");
    let rolls = province.settle(app, order.teachers).await?;
    note("choices, hours, evidence, results");
    let started = Instant::now();
    let entries = learning::fill(app, &province, order.seed).await?;
    let learning = started.elapsed();
    note("the database takes stock");
    app.db.tend().await?;
    if app.db.engine() == Engine::Postgres {
        let mut tx = app.db.write().await?;
        store::analyze(&mut tx).await?;
        tx.commit().await?;
    }
    Ok(Filled { teachers: order.teachers, seed: order.seed, rolls, entries, learning })
}

/// What filling has shown.
async fn rolls(app: &Arc<App>, filled: &Filled) -> Result<Vec<Figure>, Failed> {
    let Rolls { schools, most, last } = filled.rolls;
    let memory = most.memory.into_iter().chain(last.memory).fold(0.0, f64::max);
    // Goals are for 100,000 rows and for a million; smaller rolls have their share of them.
    let share = f64::from(last.rows) / 100_000.0;
    let whole = f64::from(filled.teachers) / 1_000_000.0;
    let started = Instant::now();
    store::roll_anew(app.db.write().await?).await?;
    let bare =
        started.elapsed().mul_f64((f64::from(last.rows) / f64::from(filled.teachers.min(100_000))).min(1.0));
    let all = most.time + last.time;
    Ok(vec![
        Figure::seconds(format!("{} schools checked and taken", schools.rows), Goal::None, schools.time),
        Figure::seconds(
            format!("the last {} teachers checked and taken", last.rows),
            Goal::AtMost(8.0 * share),
            last.time,
        )
        .beside(last.time, bare),
        Figure::seconds(
            format!("all {} teachers checked and taken", filled.teachers),
            Goal::AtMost(90.0 * whole),
            all,
        ),
        Figure::new("memory while they are taken, at most", "MiB", Goal::AtMost(512.0), memory),
        Figure::seconds(
            format!("{} lines of the ledger and what goes with them filled in", filled.entries),
            Goal::None,
            filled.learning,
        ),
    ])
}

/// Everything that the serving process shows.
async fn served(
    app: &Arc<App>,
    province: &Province,
    order: &Order,
    folder: &Path,
) -> Result<Vec<Figure>, Failed> {
    let visitors = Visitors::sign_in(app, province, order).await?;
    let served = Served::start(folder, order.database.as_deref()).await?;
    let mut figures = pages::homes(app, province, &served, &visitors).await?;
    figures.extend(pages::looks(province, &served, &visitors).await?);
    figures.push(Figure::millis("start to the first page", Goal::AtMost(300.0), served.start));
    let megabytes = |what: &str, goal, value: f64| Figure::new(what, "MiB", goal, value);
    figures.extend(served.idle.map(|idle| megabytes("memory at rest", Goal::AtMost(80.0), idle)));
    figures.extend(served.peak().map(|peak| megabytes("memory under load, at most", Goal::None, peak)));
    let program: PathBuf = std::env::current_exe()?;
    // A program is some hundred million bytes at most.
    #[allow(clippy::cast_precision_loss, reason = "shown with three digits")]
    let (program, fonts) = (std::fs::metadata(program)?.len() as f64, Fonts::bytes() as f64);
    figures.push(megabytes("the program, fonts included", Goal::None, program / MIB));
    if !cfg!(debug_assertions) {
        figures.push(megabytes("the program without fonts", Goal::AtMost(60.0), (program - fonts) / MIB));
    }
    if app.db.engine() == Engine::Sqlite {
        figures.push(megabytes("data folder", Goal::None, machine::size(folder)?));
    }
    Ok(figures)
}
