//! Hours by the API: how fast batches of a platform come in beside the bare engine.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use tisheng_gateway::token::{self, Scope, Wanted};
use tisheng_platform::{App, Scope as Part};
use tisheng_registry::roster::samples::{roll_of_teachers, school_codes};
use tisheng_training::platform;

use super::client::Connection;
use super::load::Times;
use super::province::{Province, office};
use super::report::{Figure, Goal};
use super::served::Served;
use super::store::{self, hours as ledger};
use super::{Failed, Order, bare, bare_hours, note, told};

/// Rows of a batch.
const BATCH: u32 = 100;
/// Connections over which they come.
const CONNECTIONS: u64 = 4;
/// The platform that reports.
const PLATFORM: &str = "合成平台";

/// A platform that reports hours of teachers, one after the other and then the next day.
#[derive(Clone)]
struct Sender {
    address: std::net::SocketAddr,
    bearer: Arc<str>,
    /// Name and phone of each.
    teachers: Arc<Vec<(String, String)>>,
    begin: NaiveDate,
    next: Arc<AtomicU64>,
    batches: u64,
}

/// Takes a province's teachers in, and measures how their hours come.
///
/// # Errors
/// What keeps the bench from its work.
pub async fn measure(app: &Arc<App>, order: &Order, folder: &Path) -> Result<Vec<Figure>, Failed> {
    if store::nodes(&mut app.db.read().await?).await? > 0 {
        return Err("the database is not empty; the bench fills one of its own".into());
    }
    let province = Province::open(app, order.scheme.as_deref()).await?;
    note("rolls of schools and teachers");
    province.settle(app, order.teachers).await?;
    app.db.tend().await?;
    let codes = school_codes(app, &Part::below(&province.root.path)).await.map_err(told)?;
    let roll = String::from_utf8(roll_of_teachers(&codes, 0, order.teachers))?;
    let teachers = roll.lines().skip(1).filter_map(|line| {
        let mut fields = line.split(',');
        Some((fields.next()?.to_owned(), fields.nth(1)?.to_owned()))
    });
    let bearer = token(app, &province).await?;
    let served = Served::start(folder, order.database.as_deref()).await?;
    let batches = order.rows.div_ceil(u64::from(BATCH));
    let sender = Sender {
        address: served.address,
        bearer,
        teachers: Arc::new(teachers.collect()),
        begin: province.rules.identity.period.map_or(NaiveDate::MIN, |period| period.from()),
        next: Arc::new(AtomicU64::new(0)),
        batches,
    };
    note("batches of hours");
    let started = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        workers.spawn(sender.clone().work());
    }
    let mut each = Vec::new();
    while let Some(done) = workers.join_next().await {
        each.extend(done?.map_err(|error| error.to_string())?);
    }
    let own = started.elapsed();
    let times = Times::new(each, own);
    drop(served);
    note("the same rows, as the bare engine writes them");
    let many = batches * u64::from(BATCH);
    let rows = ledger::entries(&mut app.db.read().await?, PLATFORM, i64::try_from(many)?).await?;
    if rows.len() as u64 != many {
        return Err(format!("{many} rows were acknowledged, {} are in the ledger", rows.len()).into());
    }
    bare_hours::lay_out(app).await?;
    let way = (CONNECTIONS, BATCH as usize);
    let beside = bare::written(app, Arc::new(rows), way, |tx, some| Box::pin(bare_hours::write(tx, some)));
    let beside = beside.await?;
    bare_hours::clear(app).await?;
    let what =
        |percent: usize| format!("a batch of {BATCH} rows of hours, {CONNECTIONS} connections, p{percent}");
    Ok(vec![
        Figure::new(
            format!("rows of hours in batches of {BATCH}, {CONNECTIONS} connections"),
            "/s",
            Goal::None,
            times.per_second() * f64::from(BATCH),
        )
        .beside(own, beside),
        Figure::millis(what(50), Goal::None, times.percentile(50)),
        Figure::millis(what(99), Goal::None, times.percentile(99)),
    ])
}

async fn token(app: &Arc<App>, province: &Province) -> Result<Arc<str>, Failed> {
    let ctx = office(app, &province.root);
    let mut tx = ctx.write().await?;
    let above = (&province.root, 1, PLATFORM);
    let made = platform::samples::platform(&ctx, &mut tx, &province.programme, above).await;
    let (_, platform) = made.map_err(|error| error.to_string())?;
    let wanted = Wanted {
        name: "bench".to_owned(),
        node: (province.root.id, province.root.path.clone()),
        platform: Some(platform),
        scopes: vec![Scope::HoursWrite],
        rate: 1_000_000,
        days: 1,
    };
    let issued = token::create(&ctx, &mut tx, &wanted).await?;
    tx.commit().await?;
    Ok(issued.word().into())
}

impl Sender {
    /// Row `n`: no day of a teacher holds more than one.
    fn row(&self, n: usize) -> Value {
        let count = self.teachers.len().max(1);
        let (name, phone) = self.teachers.get(n % count).cloned().unwrap_or_default();
        json!({
            "id": format!("r{n}"), "person": { "name": name, "phone": phone }, "title": "合成课程",
            "hours": "1", "date": self.begin + Days::new((n / count) as u64),
        })
    }

    /// Sends batches until all are sent; gives how long each took.
    async fn work(self) -> std::io::Result<Vec<std::time::Duration>> {
        let mut connection = Connection::open(self.address, "").await?;
        let mut each = Vec::new();
        loop {
            let batch = self.next.fetch_add(1, Ordering::Relaxed);
            if batch >= self.batches {
                return Ok(each);
            }
            let first = usize::try_from(batch).map_err(std::io::Error::other)? * BATCH as usize;
            let rows: Vec<Value> = (first..first + BATCH as usize).map(|n| self.row(n)).collect();
            let body = json!({ "rows": rows }).to_string();
            let (bearer, length) = (&self.bearer, body.len());
            let head = format!(
                "POST /api/v1/hours HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {bearer}\r\n\
                 Idempotency-Key: b{batch}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
            );
            let started = Instant::now();
            let answer = connection.exchange(&head, body.as_bytes()).await?;
            each.push(started.elapsed());
            let told: Value = serde_json::from_slice(connection.body()).unwrap_or_default();
            if answer.status != 200 || told["tally"]["entered"] != BATCH {
                let told = String::from_utf8_lossy(connection.body()).into_owned();
                return Err(std::io::Error::other(format!("{} {told}", answer.status)));
            }
        }
    }
}
