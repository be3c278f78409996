//! Many requests over several connections, each sent when the answer before it has come.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::client::{Connection, Request};

/// How long each of many things took.
#[derive(Debug, Clone)]
pub struct Times {
    sorted: Vec<Duration>,
    wall: Duration,
}

impl Times {
    /// Of things that took `each`, all of them together `wall`.
    pub fn new(mut each: Vec<Duration>, wall: Duration) -> Self {
        each.sort_unstable();
        Self { sorted: each, wall }
    }

    /// The time that `percent` of a hundred do not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let place = (self.sorted.len() * percent).div_ceil(100).saturating_sub(1);
        self.sorted.get(place).copied().unwrap_or_default()
    }

    /// How many there were in a second.
    pub fn per_second(&self) -> f64 {
        // Counts of requests stay far below 2^52.
        #[allow(clippy::cast_precision_loss, reason = "a rate with three digits")]
        let count = self.sorted.len() as f64;
        count / self.wall.as_secs_f64().max(f64::EPSILON)
    }
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Crowd {
    /// Where the server listens.
    pub address: SocketAddr,
    /// Connections open at once.
    pub connections: usize,
    /// Encodings that they understand, as a browser lists them.
    pub encodings: &'static str,
}

/// Sends `count` requests, taken from `requests` in turn.
///
/// # Errors
/// When an answer is not 200, with the path that was asked for.
pub async fn run(crowd: Crowd, requests: &Arc<Vec<Request>>, count: usize) -> io::Result<Times> {
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..crowd.connections {
        workers.spawn(work(crowd, Arc::clone(requests), Arc::clone(&next), count));
    }
    let mut each = Vec::with_capacity(count);
    while let Some(done) = workers.join_next().await {
        each.extend(done.map_err(io::Error::other)??);
    }
    Ok(Times::new(each, started.elapsed()))
}

async fn work(
    crowd: Crowd,
    requests: Arc<Vec<Request>>,
    next: Arc<AtomicUsize>,
    count: usize,
) -> io::Result<Vec<Duration>> {
    let mut connection = Connection::open(crowd.address, crowd.encodings).await?;
    let mut each = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = requests.get(number % requests.len().max(1)).filter(|_| number < count) else {
            return Ok(each);
        };
        let started = Instant::now();
        let answer = connection.get(request).await?;
        each.push(started.elapsed());
        if answer.status != 200 {
            return Err(io::Error::other(format!("{} answers {}", request.path, answer.status)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Times;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let each = (1..=200).rev().map(Duration::from_millis).collect();
        let times = Times::new(each, Duration::from_secs(2));
        assert_eq!(times.percentile(50), Duration::from_millis(100));
        assert_eq!(times.percentile(99), Duration::from_millis(198));
        assert_eq!(times.percentile(100), Duration::from_millis(200));
        assert!((times.per_second() - 100.0).abs() < 1e-9);
        assert_eq!(Times::new(Vec::new(), Duration::ZERO).percentile(50), Duration::ZERO);
    }
}
