//! The record store: how fast statements come in beside the bare engine, and how fast they are found.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tisheng_gateway::lrs::{self, Scope, Wanted};
use tisheng_platform::{App, Ctx};

use super::client::Connection;
use super::load::Times;
use super::machine::{Memory, memory};
use super::report::{Figure, Goal};
use super::served::Served;
use super::store::records as store;
use super::{Failed, Order, bare, note};

/// Statements that an agent has, and those of a registration.
const OF_AGENT: u64 = 50;
const OF_REGISTRATION: u64 = 10;
/// Verbs and activities there are.
const VERBS: u64 = 5;
const ACTIVITIES: u64 = 500;
/// Queries of each kind.
const QUERIES: u64 = 300;
/// Statements walked over, one page after the other.
const WALKED: u64 = 1_000_000;

/// A machine that sends statements, each with a number of its own.
#[derive(Clone)]
struct Sender {
    address: std::net::SocketAddr,
    headers: Arc<str>,
    next: Arc<AtomicU64>,
}

/// Fills the store with as many statements as are ordered, and measures it.
///
/// # Errors
/// What keeps the bench from its work.
pub async fn measure(app: &Arc<App>, order: &Order, folder: &Path) -> Result<Vec<Figure>, Failed> {
    let headers = credential(app).await?;
    let served = Served::start(folder, order.database.as_deref()).await?;
    let sender = Sender { address: served.address, headers, next: Arc::new(AtomicU64::new(0)) };
    let mut figures = Vec::new();
    let (singles, batched) =
        ((order.statements / 10).clamp(160, 20_000), (order.statements / 4).clamp(2_000, 50_000));
    for (name, connections, size, many) in [
        ("single statements, 16 connections", 16, 1, singles),
        ("statements in batches of 50, 4 connections", 4, 50, batched),
    ] {
        note(name);
        let own = sender.send(connections, size, many).await?;
        let rows = store::latest(&mut app.db.read().await?, i64::try_from(many)?).await?;
        bare::lay_out(app).await?;
        let way = (connections, usize::try_from(size)?);
        let beside = bare::written(app, Arc::new(rows), way, |tx, some| Box::pin(bare::write(tx, some)));
        let beside = beside.await?;
        figures.push(
            Figure::new(name, "/s", Goal::AtLeast(rate(many, beside) / 2.0), rate(many, own))
                .beside(own, beside),
        );
    }
    note("statements");
    let begun = sender.next.load(Ordering::Relaxed);
    let left = order.statements.saturating_sub(begun);
    let filling = sender.send(4, 200, left).await?;
    if left > 0 {
        figures.push(Figure::new(
            "statements in batches of 200, 4 connections",
            "/s",
            Goal::None,
            rate(left, filling),
        ));
    }
    bare::take_stock(app).await?;
    note("queries");
    figures.extend(sender.queries().await?);
    note("a walk over the pages");
    figures.push(sender.walk(&served).await?);
    Ok(figures)
}

/// Statements in a second.
fn rate(many: u64, time: Duration) -> f64 {
    // Counts of statements stay far below 2^52.
    #[allow(clippy::cast_precision_loss, reason = "a rate with three digits")]
    let many = many as f64;
    many / time.as_secs_f64().max(f64::EPSILON)
}

async fn credential(app: &Arc<App>) -> Result<Arc<str>, Failed> {
    let ctx = Ctx::system(Arc::clone(app), "bench");
    let mut tx = ctx.write().await?;
    let wanted = Wanted { rate: 1_000_000, ..Wanted::new("bench", &[Scope::All]) };
    let issued = lrs::create(&ctx, &mut tx, &wanted).await?;
    tx.commit().await?;
    let basic = STANDARD.encode(format!("{}:{}", issued.key, issued.secret));
    let headers = format!(
        "Authorization: Basic {basic}\r\nX-Experience-API-Version: 1.0.3\r\nContent-Type: application/json\r\n"
    );
    Ok(headers.into())
}

/// An invented statement as a learning platform would send it.
fn statement(n: u64) -> String {
    let (agent, verb, activity) = (n / OF_AGENT, n % VERBS, n * 7 % ACTIVITIES);
    let registration = n / OF_REGISTRATION;
    format!(
        r#"{{"actor":{{"account":{{"homePage":"https://learning.test","name":"s{agent}"}},"name":"学员{agent}"}},
"verb":{{"id":"http://learning.test/verbs/{verb}","display":{{"zh-CN":"学习"}}}},
"object":{{"id":"https://learning.test/lesson/{activity}"}},
"result":{{"duration":"PT25M","completion":true,"score":{{"scaled":0.9}}}},
"context":{{"registration":"00000000-0000-4000-8000-{registration:012x}","contextActivities":
{{"parent":[{{"id":"https://learning.test/course/{}"}}],"grouping":[{{"id":"https://learning.test/programme"}}]}}}},
"timestamp":"2026-11-23T06:05:09.123Z"}}"#,
        activity / 10
    )
}

impl Sender {
    /// Sends `many` statements, `size` in a request, over so many connections; gives how long it took.
    async fn send(&self, connections: u64, size: u64, many: u64) -> Result<Duration, Failed> {
        let requests = Arc::new(AtomicU64::new(many.div_ceil(size)));
        let started = Instant::now();
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..connections {
            workers.spawn(self.clone().work(Arc::clone(&requests), size));
        }
        while let Some(done) = workers.join_next().await {
            done?.map_err(|error| error.to_string())?;
        }
        Ok(started.elapsed())
    }

    async fn work(self, requests: Arc<AtomicU64>, size: u64) -> std::io::Result<()> {
        let mut connection = Connection::open(self.address, "").await?;
        while requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        {
            let first = self.next.fetch_add(size, Ordering::Relaxed);
            let statements: Vec<String> = (first..first + size).map(statement).collect();
            let body = if size == 1 { statements.concat() } else { format!("[{}]", statements.join(",")) };
            let head = format!(
                "POST /xapi/statements HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n",
                self.headers,
                body.len()
            );
            let answer = connection.exchange(&head, body.as_bytes()).await?;
            if answer.status != 200 {
                let told = String::from_utf8_lossy(connection.body()).into_owned();
                return Err(std::io::Error::other(format!("{} {told}", answer.status)));
            }
        }
        Ok(())
    }

    /// A page, and how long it took to come.
    async fn get(&self, connection: &mut Connection, path: &str) -> Result<(Value, Duration), Failed> {
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", self.headers);
        let started = Instant::now();
        let answer = connection.exchange(&head, b"").await?;
        let took = started.elapsed();
        if answer.status != 200 {
            return Err(format!("{path} answers {}", answer.status).into());
        }
        Ok((serde_json::from_slice(connection.body())?, took))
    }

    async fn queries(&self) -> Result<Vec<Figure>, Failed> {
        let all = self.next.load(Ordering::Relaxed);
        let agent = |n: u64| {
            let name = n / OF_AGENT;
            format!(
                "agent=%7B%22account%22%3A%7B%22homePage%22%3A%22https%3A%2F%2Flearning.test%22%2C%22name%22%3A%22s{name}%22%7D%7D"
            )
        };
        let verb =
            |n: u64| format!("verb=http://learning.test/verbs/{}&since=2026-01-01T00:00:00Z", n % VERBS);
        let activity = |n: u64| format!("activity=https://learning.test/lesson/{}", n % ACTIVITIES);
        let registration =
            |n: u64| format!("registration=00000000-0000-4000-8000-{:012x}", n / OF_REGISTRATION);
        let both = |n: u64| format!("{}&verb=http://learning.test/verbs/{}", agent(n), n % VERBS);
        let kinds: [(&str, &(dyn Fn(u64) -> String + Sync)); 5] = [
            ("agent", &agent),
            ("verb and since", &verb),
            ("activity", &activity),
            ("registration", &registration),
            ("agent and verb", &both),
        ];
        let mut connection = Connection::open(self.address, "").await?;
        let mut figures = Vec::new();
        for (name, query) in kinds {
            let (mut each, begun) = (Vec::new(), Instant::now());
            for n in 0..QUERIES {
                // Far apart, and the same in every run.
                let path = format!("/xapi/statements?{}", query(n * 982_451_653 % all.max(1)));
                let (page, took) = self.get(&mut connection, &path).await?;
                each.push(took);
                if page["statements"].as_array().is_none_or(Vec::is_empty) {
                    return Err(format!("{path} finds nothing").into());
                }
            }
            let times = Times::new(each, begun.elapsed());
            let what = |percent: u32| format!("a page by {name} of {all} statements, p{percent}");
            figures.push(Figure::millis(what(50), Goal::None, times.percentile(50)));
            figures.push(Figure::millis(what(99), Goal::AtMost(10.0), times.percentile(99)));
        }
        Ok(figures)
    }

    /// Walks over the pages of everything, and looks how much memory the server takes for it.
    async fn walk(&self, served: &Served) -> Result<Figure, Failed> {
        let now = || served.id().and_then(|id| memory(id, Memory::Own)).unwrap_or_default();
        let (before, mut most, mut walked) = (now(), 0.0_f64, 0);
        let mut connection = Connection::open(self.address, "").await?;
        let mut path = "/xapi/statements?ascending=true&limit=100".to_owned();
        while !path.is_empty() && walked < WALKED {
            let (page, _) = self.get(&mut connection, &path).await?;
            walked += u64::try_from(page["statements"].as_array().map_or(0, Vec::len))?;
            path = page["more"].as_str().unwrap_or_default().to_owned();
            most = most.max(now());
        }
        let grown = (most - before).max(0.01);
        Ok(Figure::new(
            format!("memory that a walk over {walked} statements takes"),
            "MiB",
            Goal::AtMost(32.0),
            grown,
        ))
    }
}
