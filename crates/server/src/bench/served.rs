//! The platform as it is run: this program once more, with `serve`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::Failed;
use super::client::{Connection, Request};
use super::machine::{Memory, memory};

/// How long it may rest before its memory is looked at.
const REST: Duration = Duration::from_secs(2);

/// A serving process; it ends with this value.
#[derive(Debug)]
pub struct Served {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to its first page.
    pub start: Duration,
    /// MiB of memory of its own at rest.
    pub idle: Option<f64>,
}

impl Served {
    /// Starts it over the data in `folder`, or the database named.
    ///
    /// # Errors
    /// When it does not come up.
    pub async fn start(folder: &Path, database: Option<&str>) -> Result<Self, Failed> {
        let began = Instant::now();
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("--data").arg(folder).args(["--listen", "127.0.0.1:0", "serve"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        if let Some(url) = database {
            command.env("TISHENG_DATA_DATABASE", url);
        }
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or("the server has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = lines.next_line().await?.ok_or("the server ended at once; try `tisheng serve`")?;
        let address = line.rsplit('/').next().unwrap_or_default().parse()?;
        let page = Request { path: "/sign-in".to_owned(), cookie: String::new() };
        let answer = Connection::open(address, "").await?.get(&page).await?;
        if answer.status != 200 {
            return Err(format!("the first page answers {}", answer.status).into());
        }
        let start = began.elapsed();
        tokio::time::sleep(REST).await;
        let idle = child.id().and_then(|id| memory(id, Memory::Own));
        Ok(Self { child, address, start, idle })
    }

    /// The number of its process.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// MiB of memory it has held at most.
    pub fn peak(&self) -> Option<f64> {
        self.id().and_then(|id| memory(id, Memory::Peak))
    }
}
